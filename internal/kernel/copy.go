package kernel

import (
	"slices"
	"unsafe"
)

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
	if g := gemmFor(Active(), unsafe.Sizeof(*dst) == 8); g != nil {
		if w := v.joined(); w.turns(g.lanes) {
			gatherTurned(g, dst, src, &w)
			return
		}
	}
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

// joined is the same walk with as few axes as it can have.
func (v *View) joined() View {
	w := View{Offset: v.Offset}
	for i, d := range v.Dims[:v.Rank] {
		last := w.Rank - 1
		switch {
		case d == 1 && v.Rank > 1:
		case last >= 0 && w.Stride[last] == d*v.Stride[i]:
			w.Dims[last], w.Stride[last] = w.Dims[last]*d, v.Stride[i]
		default:
			w.Dims[w.Rank], w.Stride[w.Rank] = d, v.Stride[i]
			w.Rank++
		}
	}
	return w
}

// turns reports whether the last axis is at least as long as a vector and has its
// elements at a distance, while those of another lie side by side.
func (v *View) turns(lanes int) bool {
	last := v.Rank - 1
	return last > 0 && v.Dims[last] >= lanes && v.Stride[last] > 1 && slices.Contains(v.Stride[:last], 1)
}

// gatherTurned is Gather of a walk that turns: of matrices that are transposed.
func gatherTurned[T Float](g *gemmKernels, dst, src *T, v *View) {
	last, size := v.Rank-1, g.size
	side := slices.Index(v.Stride[:last], 1)
	columns, apart := v.Dims[last], v.Stride[last]
	// The rest of the axes, and how far apart their elements are in dst.
	outer, to, stride := View{Rank: v.Rank, Offset: v.Offset}, [MaxRank]int{}, 1
	for i := last; i >= 0; i-- {
		outer.Dims[i], outer.Stride[i], to[i] = v.Dims[i], v.Stride[i], stride
		stride *= v.Dims[i]
	}
	outer.Dims[last], outer.Dims[side] = 1, 1
	rows, pitch := v.Dims[side], to[side]
	walk(&outer, func(at, k, _, _ int) {
		from, into := at0(src, at), dst
		for i := last; i >= 0; i-- { // k counts in the axes that are left
			into = at0(into, k%outer.Dims[i]*to[i])
			k /= outer.Dims[i]
		}
		j := 0
		for ; j+g.lanes <= columns; j += g.lanes {
			g.transpose(bytes(at0(into, j)), bytes(at0(from, j*apart)), pitch*size, apart*size, rows, g.lanes)
		}
		for ; j < columns; j++ {
			for i := range rows {
				*at0(into, i*pitch+j) = *at0(from, j*apart+i)
			}
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
