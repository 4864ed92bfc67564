package kernel

import "unsafe"

// MaxRank is the largest number of axes that a strided copy walks.
const MaxRank = 8

// A View is a strided walk over an array: element (i0, i1, …) of an array of
// shape Dims is at Offset + Σ i·Stride. A stride of zero repeats.
type View struct {
	Rank   int
	Dims   [MaxRank]int
	Stride [MaxRank]int
	Offset int
}

// Len returns the number of elements that the walk visits.
func (v *View) Len() int {
	n := 1
	for _, d := range v.Dims[:v.Rank] {
		n *= d
	}
	return n
}

// Gather copies dst[k] = src[k-th element of the walk].
func Gather[T Float](dst, src *T, v *View) {
	if v.Rank > 1 && v.Dims[v.Rank-1] <= shortRow {
		gatherShort(dst, src, v)
		return
	}
	walk(v, func(at, k, n, stride int) {
		d := unsafe.Slice(at0(dst, k), n)
		if stride == 1 {
			copy(d, unsafe.Slice(at0(src, at), n))
			return
		}
		for i := range d {
			d[i] = *at0(src, at+i*stride)
		}
	})
}

// shortRow is how many elements are copied sooner one by one than by a call for each
// row.
const shortRow = 8

// gatherShort is Gather of short rows, as windows over images have: all rows of the
// last axis but one at a time.
func gatherShort[T Float](dst, src *T, v *View) {
	rows := *v
	rows.Rank--
	n, stride := v.Dims[v.Rank-1], v.Stride[v.Rank-1]
	walk(&rows, func(at, k, m, step int) {
		d := unsafe.Slice(at0(dst, k*n), m*n)
		for len(d) > 0 {
			for i := range d[:n] {
				d[i] = *at0(src, at+i*stride)
			}
			d = d[n:]
			at += step
		}
	})
}

// Scatter copies dst[k-th element of the walk] = src[k]. Other elements of dst
// keep their values.
func Scatter[T Float](dst, src *T, v *View) {
	walk(v, func(at, k, n, stride int) {
		s := unsafe.Slice(at0(src, k), n)
		if stride == 1 {
			copy(unsafe.Slice(at0(dst, at), n), s)
			return
		}
		for i, x := range s {
			*at0(dst, at+i*stride) = x
		}
	})
}

func at0[T Float](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), i*int(unsafe.Sizeof(*p))))
}

// walk calls row for each run along the last axis: at is the offset in the
// strided array, k the position in the dense one.
func walk(v *View, row func(at, k, n, stride int)) {
	if v.Len() == 0 {
		return
	}
	if v.Rank == 0 {
		row(v.Offset, 0, 1, 1)
		return
	}
	last := v.Rank - 1
	n := v.Dims[last]
	var idx [MaxRank]int
	at, k := v.Offset, 0
	for {
		row(at, k, n, v.Stride[last])
		k += n
		a := last - 1
		for ; a >= 0; a-- {
			idx[a]++
			at += v.Stride[a]
			if idx[a] < v.Dims[a] {
				break
			}
			at -= v.Dims[a] * v.Stride[a]
			idx[a] = 0
		}
		if a < 0 {
			return
		}
	}
}
