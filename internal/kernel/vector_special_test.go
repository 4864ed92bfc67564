package kernel

import (
	"math"
	"os"
	"testing"
	"unsafe"
)

// slow tells tests to do all that they can think of, which takes minutes,
// instead of a selection. It is no variable: go test sees, and tells cached
// results apart by, only what is read of the environment while tests run.
func slow() bool { return os.Getenv("DESCENT_SLOW") != "" }

// specials are operands that fast loops leave out: NaN of every kind, infinities,
// zeros, denormals, and numbers on either side of where results overflow, vanish
// or become denormal.
func specials[T Float]() []T {
	var x []T
	if unsafe.Sizeof(T(0)) == 4 {
		for _, bits := range []uint32{
			0x7fc00000, 0x7fffffff, 0x7f800001, 0x7fa5a5a5, // NaN, the last two signalling
			0x7f800000, 0x7f7fffff, 0, 1, 0x007fffff, 0x00800000, 0x00800001,
		} {
			x = append(x, T(math.Float32frombits(bits)), T(math.Float32frombits(bits|1<<31)))
		}
	} else {
		for _, bits := range []uint64{
			0x7ff8000000000000, 0x7fffffffffffffff, 0x7ff0000000000001, 0x7ff5a5a5a5a5a5a5,
			0x7ff0000000000000, 0x7fefffffffffffff, 0, 1, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
		} {
			x = append(x, T(math.Float64frombits(bits)), T(math.Float64frombits(bits|1<<63)))
		}
	}
	for _, v := range []float64{
		86.9, 87, 87.4, 88.72283, 88.7229, 103.9, 104.1, 707.9, 708, 708.5, 709.78, 709.79, 745, 746,
		1, 1.25, 3, 20.5, 40.5, 1 << 17, 1 << 24, 1 << 28, 1 << 53, 1e19, 1e30,
	} {
		x = append(x, T(v), T(-v))
	}
	return x
}

// bitsOf is for comparisons that tell every NaN and zero from every other.
func bitsOf[T Float](x []T) string {
	return unsafe.String((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(x[0])))
}

// TestVectorSpecial puts a special operand at every place of arrays of every
// length, among ordinary ones. It must have the result that it has alone, and
// that the definition gives it, and the others must keep the bits they have in
// an ordinary array. With DESCENT_SLOW every special operand goes to every
// place; without it they take turns.
func TestVectorSpecial(t *testing.T) {
	testVectorSpecial[float32](t)
	testVectorSpecial[float64](t)
}

func testVectorSpecial[T Float](t *testing.T) {
	const longest = 100
	some := specials[T]()
	forKernels(t, func(t *testing.T, c Code, f Func[T]) {
		var src [3][]T
		for j := range src {
			src[j] = make([]T, longest)
			for i := range src[j] {
				src[j][i] = T(0.3 + 0.07*float64(j) + 0.05*float64(i%61)) // in the domain of every primitive
				if c != Log && c != Pow && i%3 == 1 {
					src[j][i] *= -0.2
				}
			}
		}
		got, want := make([]T, longest), make([]T, longest)
		for i := range want {
			f(&want[i], &src[0][i], &src[1][i], &src[2][i], 1)
		}
		turn := 0
		for operands := 1; operands < 1<<c.Arity(); operands++ { // which ones are special
			for n := 1; n <= longest; n++ {
				f(&got[0], &src[0][0], &src[1][0], &src[2][0], n)
				if bitsOf(got[:n]) != bitsOf(want[:n]) {
					t.Fatalf("%d ordinary operands: %v, want %v", n, got[:n], want[:n])
				}
				for at := range n {
					tries := len(some)
					if !slow() {
						tries = 3
					}
					for range tries {
						turn++
						var saved [3]T
						for j := range src {
							saved[j] = src[j][at]
							if operands>>j&1 == 1 {
								src[j][at] = some[(turn+j*turn/len(some))%len(some)]
							}
						}
						ordinary := want[at]
						f(&want[at], &src[0][at], &src[1][at], &src[2][at], 1)
						f(&got[0], &src[0][0], &src[1][0], &src[2][0], n)
						if bitsOf(got[:n]) != bitsOf(want[:n]) {
							t.Fatalf("(%v, %v, %v) at %d of %d: %v, want %v",
								src[0][at], src[1][at], src[2][at], at, n, got[:n], want[:n])
						}
						checkSpecial(t, c, src[0][at], src[1][at], src[2][at], got[at])
						want[at] = ordinary
						for j := range src {
							src[j][at] = saved[j]
						}
					}
				}
			}
		}
	})
}

// checkSpecial compares one result with the definition.
func checkSpecial[T Float](t *testing.T, c Code, x, y, z, got T) {
	t.Helper()
	plain := Eval(c, float64(x), float64(y), float64(z))
	if sameNumber(got, T(plain)) {
		return
	}
	bound := ulpBound[T](c)
	if bound != 0 && plain == plain && math.Signbit(plain) == math.Signbit(float64(got)) {
		// The definition may be a unit off itself, and round to the other side of
		// where the numbers end.
		if ulps(float64(got), newBig(float64(T(plain))), unsafe.Sizeof(x) == 4) <= bound+1 {
			return
		}
	}
	t.Fatalf("%s(%v, %v, %v) = %v, want %v", c, x, y, z, got, T(plain))
}
