package kernel

import (
	"math"
	"unsafe"
)

// A Fold names a reduction.
type Fold uint8

// The reductions. Sums accumulate in float64 (pairwise for float64), so that
// they do not lose what a float32 running total loses.
const (
	FoldSum Fold = iota
	FoldProd
	FoldMax // NaN if any element is NaN
	FoldMin
	FoldArgMax // index of the first largest element; a NaN counts as largest
	FoldArgMin
)

var foldNames = [...]string{"sum", "prod", "max", "min", "argmax", "argmin"}

// String returns the reduction's name.
func (f Fold) String() string { return foldNames[f] }

// A Reducer reduces the middle axis of an outer×n×inner array: dst has
// outer·inner elements. n may be zero: the result is then the identity (0, 1,
// ∓Inf), and 0 for an index.
type Reducer[T Float] func(dst, src *T, outer, n, inner int)

// Reduction returns the fastest loop for a reduction on this machine.
func Reduction[T Float](f Fold) Reducer[T] { return portableReduce[T](f) }

// Total returns the sum of n elements, accumulated in float64 in an order that
// depends only on n.
func Total[T Float](src *T, n int) float64 {
	return pairwise(unsafe.Slice(src, n))
}

func pairwise[T Float](x []T) float64 {
	if len(x) <= 128 {
		var s float64
		for _, v := range x {
			s += float64(v)
		}
		return s
	}
	h := (len(x)/2 + 63) &^ 63
	return pairwise(x[:h]) + pairwise(x[h:])
}

func portableReduce[T Float](f Fold) Reducer[T] {
	return func(dst, src *T, outer, n, inner int) {
		d, s := unsafe.Slice(dst, outer*inner), unsafe.Slice(src, outer*n*inner)
		for o := range outer {
			for i := range inner {
				d[o*inner+i] = fold1(f, s[o*n*inner:(o+1)*n*inner], i, n, inner)
			}
		}
	}
}

// fold1 reduces n elements of s that are stride apart, from offset.
func fold1[T Float](f Fold, s []T, offset, n, stride int) T {
	switch f {
	case FoldSum:
		return T(stridedSum(s, offset, n, stride))
	case FoldProd:
		p := 1.0
		for k := range n {
			p *= float64(s[offset+k*stride])
		}
		return T(p)
	}
	best, at, flip := math.Inf(-1), 0, 1.0
	if f == FoldMin || f == FoldArgMin {
		flip = -1
	}
	for k := range n {
		v := flip * float64(s[offset+k*stride])
		if v > best || v != v {
			best, at = v, k
		}
		if v != v {
			break
		}
	}
	if f == FoldMax || f == FoldMin {
		return T(flip * best)
	}
	return T(at)
}

func stridedSum[T Float](s []T, offset, n, stride int) float64 {
	if n <= 128 {
		var t float64
		for k := range n {
			t += float64(s[offset+k*stride])
		}
		return t
	}
	h := (n/2 + 63) &^ 63
	return stridedSum(s, offset, h, stride) + stridedSum(s, offset+h*stride, n-h, stride)
}
