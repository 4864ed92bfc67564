package kernel

import (
	"math"
	"unsafe"
)

// A Reduction is a way to reduce an axis.
type Reduction uint8

// The reductions. Sums accumulate in float64, but for some numbers at a time (see
// [Chains] and [ColumnStripe]), and in blocks, so that they do not lose what one running
// total loses.
const (
	ReduceSum Reduction = iota
	ReduceProd
	ReduceMax // NaN if any element is NaN; -0 is less than 0
	ReduceMin
	ReduceArgMax // index of the first largest element; a NaN counts as largest
	ReduceArgMin

	numReductions
)

var reductionNames = [...]string{"sum", "prod", "max", "min", "argmax", "argmin"}

// String returns the reduction's name.
func (how Reduction) String() string { return reductionNames[how] }

// A Reducer reduces the middle axis of an outer×n×inner array: dst has
// outer·inner elements. n may be zero: the result is then the identity (0, 1,
// ∓Inf), and 0 for an index.
type Reducer[T Float] func(dst, src *T, outer, n, inner int)

// ReducerOf returns the fastest loop for a reduction on this machine. Sums and
// products are the same bits on every machine: the order of operations is part
// of the definition, and depends on the shape only.
func ReducerOf[T Float](how Reduction) Reducer[T] { return reducer[T](Active(), how) }

func reducer[T Float](isa ISA, how Reduction) Reducer[T] {
	if r := assemblyReducer[T](isa, how); r != nil {
		return r
	}
	return portableReduce[T](how)
}

// Total returns the sum of n elements.
func Total[T Float](src *T, n int) float64 { return total(Active(), src, n) }

// SumBlock is how many elements of a row are summed in one go: of float64 with sumLanes
// running sums, taken in turn, which are then added in halves, of float32 in [Chains]. A
// longer row is two rows.
const SumBlock = 2048

const (
	sumLanes    = 32
	columnBlock = 128 // a column is summed so many elements at a time
)

// total sums a row of any length.
func total[T Float](isa ISA, src *T, n int) float64 {
	if n <= SumBlock {
		return blockSum(isa, src, n)
	}
	h := firstHalf(n)
	return total(isa, src, h) + total(isa, element(src, h), n-h)
}

// firstHalf returns how many elements of a row of more than one block are summed
// apart from the others: whole blocks.
func firstHalf(n int) int { return (n/2 + SumBlock - 1) &^ (SumBlock - 1) }

// JoinBlocks returns the sum of n elements, given the sums of each SumBlock of
// them: the same bits as [Total].
func JoinBlocks(sums []float64, n int) float64 {
	if n <= SumBlock {
		return sums[0]
	}
	h := firstHalf(n)
	return JoinBlocks(sums[:h/SumBlock], h) + JoinBlocks(sums[h/SumBlock:], n-h)
}

// laneReduce reduces a row in lanes.
func laneReduce[T Float](x []T, identity float64, op func(a, b float64) float64) float64 {
	var lane [sumLanes]float64
	for i := range lane {
		lane[i] = identity
	}
	for i, v := range x {
		lane[i%sumLanes] = op(lane[i%sumLanes], float64(v))
	}
	for w := sumLanes / 2; w > 0; w /= 2 {
		for i := range w {
			lane[i] = op(lane[i], lane[i+w])
		}
	}
	return lane[0]
}

// columnReduce reduces n elements of x that are stride apart.
func columnReduce[T Float](x []T, n, stride int, identity float64, op func(a, b float64) float64) float64 {
	total, block := identity, identity
	for k := range n {
		block = op(block, float64(x[k*stride]))
		if (k+1)%columnBlock == 0 || k == n-1 {
			total, block = op(total, block), identity
		}
	}
	return total
}

func add(a, b float64) float64 { return a + b }
func mul(a, b float64) float64 { return a * b }

func portableReduce[T Float](how Reduction) Reducer[T] {
	return func(dst, src *T, outer, n, inner int) {
		d, s := unsafe.Slice(dst, outer*inner), unsafe.Slice(src, outer*n*inner)
		for o := range outer {
			for i := range inner {
				d[o*inner+i] = reduce1(how, s[o*n*inner:(o+1)*n*inner], i, n, inner)
			}
		}
	}
}

// reduce1 reduces n elements of s that are stride apart, from offset.
func reduce1[T Float](how Reduction, s []T, offset, n, stride int) T {
	if n > 0 {
		s = s[offset:]
	}
	switch {
	case how == ReduceSum && stride == 1:
		return T(total(Portable, unsafe.SliceData(s), n))
	case how == ReduceProd && stride == 1:
		return T(laneReduce(s, 1, mul))
	case how == ReduceSum:
		return T(columnReduce(s, n, stride, 0, add))
	case how == ReduceProd:
		return T(columnReduce(s, n, stride, 1, mul))
	}
	best, at, flip := math.Inf(-1), 0, 1.0
	if how == ReduceMin || how == ReduceArgMin {
		flip = -1
	}
	for k := range n {
		v := flip * float64(s[k*stride])
		if v > best || v != v {
			best, at = v, k
		}
		if v != v {
			break
		}
	}
	if how == ReduceMax || how == ReduceMin {
		for k := 0; k < n && best == 0; k++ { // 0 is larger than -0
			best = max(best, flip*float64(s[k*stride]))
		}
		return T(flip * best)
	}
	return T(at)
}
