package kernel

import (
	"math"
	"unsafe"
)

// Some kernels cannot do every operand fast: the sine of 1e30 takes thousands
// of bits of π. A partial kernel stops before the first vector with an operand
// outside its domain, and returns how many elements it has done.
type partialFunc[T Float] func(dst, a, b, c *T, n int) int

var partial32 = [...][NumCodes]partialFunc[float32]{
	AVX2:   {Sin: vecSinF32AVX2, Cos: vecCosF32AVX2, Tan: vecTanF32AVX2, Pow: vecPowF32AVX2},
	AVX512: {Sin: vecSinF32AVX512, Cos: vecCosF32AVX512, Tan: vecTanF32AVX512, Pow: vecPowF32AVX512},
}

var partial64 = [...][NumCodes]partialFunc[float64]{
	AVX2:   {Sin: vecSinF64AVX2, Cos: vecCosF64AVX2, Tan: vecTanF64AVX2},
	AVX512: {Sin: vecSinF64AVX512, Cos: vecCosF64AVX512, Tan: vecTanF64AVX512},
}

func partial[T Float](isa ISA, c Code) partialFunc[T] {
	if f, ok := any(partial32[isa][c]).(partialFunc[T]); ok {
		return f
	}
	return any(partial64[isa][c]).(partialFunc[T])
}

// The domains of the partial kernels, as the assembly tests them.
const (
	turnBound32 = 1 << 17
	turnBound64 = 1 << 28
)

// partialDomain tells the operands that a partial kernel can do.
func partialDomain[T Float](c Code) func(a, b T) bool {
	if c == Pow {
		infinity := T(math.Inf(1))
		return func(a, b T) bool {
			return a != 0 && -infinity < a && a < infinity && -infinity < b && b < infinity
		}
	}
	bound := T(turnBound32)
	if unsafe.Sizeof(bound) == 8 {
		bound = turnBound64
	}
	return func(a, _ T) bool { return -bound < a && a < bound }
}

// completed is a partial kernel with the portable loop for what it cannot do.
// Where it stops, elements are done one by one, each by the loop that its own
// operands call for: an element must not depend on its neighbours.
func completed[T Float](kernel partialFunc[T], portable Func[T], can func(a, b T) bool) Func[T] {
	const vector = 64 / 4 // elements of the largest
	return func(dst, a, b, c *T, n int) {
		if b == nil {
			b = a
		}
		for {
			done := kernel(dst, a, b, c, n)
			if done == n {
				return
			}
			stop := min(done+vector, n)
			for i := done; i < stop; i++ {
				d, x, y := element(dst, i), element(a, i), element(b, i)
				if can(*x, *y) {
					kernel(d, x, y, nil, 1)
				} else {
					portable(d, x, y, nil, 1)
				}
			}
			if n -= stop; n == 0 {
				return
			}
			dst, a, b = element(dst, stop), element(a, stop), element(b, stop)
		}
	}
}
