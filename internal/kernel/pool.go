package kernel

import "math"

// PoolShape says what a pool is of: images × rows × columns × channels.
type PoolShape struct {
	Batch, Channels int
	Rows, Columns   Window
	// Adaptive says that the array is divided into as many windows as there are
	// places; the windows' own sizes are not looked at.
	Adaptive bool
	// Inside says that means are over what lies in the array, not over padding
	// too; Divisor, if it is not 0, is what sums are divided by.
	Inside  bool
	Divisor int
}

// A Pool is a planned pool: it knows its windows.
type Pool struct {
	PoolShape
	rows, columns []span
}

// A span is the elements of an axis in the window of a place: lo, lo+step, … below
// hi; a mean with padding is of full ones.
type span struct{ lo, hi, step, full int }

// NewPool plans a pool.
func NewPool(s PoolShape) *Pool { return &Pool{s, s.spans(s.Rows), s.spans(s.Columns)} }

// spans are those of all places.
func (p *PoolShape) spans(w Window) []span {
	all := make([]span, w.Out)
	for o := range all {
		if p.Adaptive {
			lo, hi := o*w.In/w.Out, ((o+1)*w.In+w.Out-1)/w.Out
			all[o] = span{lo, hi, 1, hi - lo}
			continue
		}
		a, b := w.Inside(o)
		all[o] = span{w.At(o, a), min(w.At(o, b), w.In), w.Dilation, min(w.Kernel, w.In+w.Before-w.At(o, 0))}
	}
	return all
}

// sizes returns the elements of an image before and after.
func (p *PoolShape) sizes() (x, y int) {
	return p.Rows.In * p.Columns.In * p.Channels, p.Rows.Out * p.Columns.Out * p.Channels
}

// each visits the places of an image, row by row: start with the divisor of a
// mean, then visit with the pixel of each element of the window, row by row.
func (p *Pool) each(start func(place, divisor int), visit func(place, at int)) {
	for r, row := range p.rows {
		for c, col := range p.columns {
			place, divisor := r*p.Columns.Out+c, row.full*col.full
			switch {
			case p.Divisor != 0:
				divisor = p.Divisor
			case p.Inside:
				divisor = (row.hi - row.lo) * (col.hi - col.lo)
			}
			start(place, divisor)
			for i := row.lo; i < row.hi; i += row.step {
				for j := col.lo; j < col.hi; j += col.step {
					visit(place, i*p.Columns.In+j)
				}
			}
		}
	}
}

// MaxPool sets, for the images lo to hi-1, the first result to the largest element
// of each window and the second to its pixel: that of the first of them, row by
// row. A NaN is larger than all; a window of padding alone has no element, -Inf and
// -1.
func MaxPool[T Float](p *Pool, dst, src [][]T, lo, hi int) {
	in, out := p.sizes()
	c := p.Channels
	for n := lo; n < hi; n++ {
		y, index, x := dst[0][n*out:][:out], dst[1][n*out:][:out], src[0][n*in:][:in]
		first := false
		p.each(func(place, _ int) {
			first = true
			for k := place * c; k < (place+1)*c; k++ {
				y[k], index[k] = T(math.Inf(-1)), -1
			}
		}, func(place, at int) {
			best, which, from := y[place*c:][:c], index[place*c:][:c], x[at*c:][:c]
			for k, v := range from {
				if first || v > best[k] || v != v {
					best[k], which[k] = v, T(at)
				}
			}
			first = false
		})
	}
}

// MaxUnpool sets an array to 0, and adds each element of the first operand at the
// pixel that the second says. Those that are none are left out.
func MaxUnpool[T Float](p *Pool, dst, src [][]T, lo, hi int) {
	in, out := p.sizes()
	c := p.Channels
	clear(dst[0][lo*in : hi*in])
	for n := lo; n < hi; n++ {
		x, y, index := dst[0][n*in:][:in], src[0][n*out:][:out], src[1][n*out:][:out]
		for at := 0; at < out; at += c {
			for k, i := range index[at:][:c] {
				if i >= 0 && int(i)*c < in {
					x[int(i)*c+k] += y[at+k]
				}
			}
		}
	}
}

// AvgPool sets each place to the mean of its window.
func AvgPool[T Float](p *Pool, dst, src [][]T, lo, hi int) {
	in, out := p.sizes()
	c := p.Channels
	clear(dst[0][lo*out : hi*out])
	for n := lo; n < hi; n++ {
		y, x := dst[0][n*out:][:out], src[0][n*in:][:in]
		p.each(func(int, int) {}, func(place, at int) {
			sum := y[place*c:][:c]
			for k, v := range x[at*c:][:c] {
				sum[k] += v
			}
		})
		p.each(func(place, divisor int) {
			sum := y[place*c:][:c]
			for k := range sum {
				sum[k] /= T(divisor)
			}
		}, func(int, int) {})
	}
}

// AvgPoolGrad sets each element of an array to the sum of its shares in the means.
func AvgPoolGrad[T Float](p *Pool, dst, src [][]T, lo, hi int) {
	in, out := p.sizes()
	c := p.Channels
	clear(dst[0][lo*in : hi*in])
	for n := lo; n < hi; n++ {
		x, y := dst[0][n*in:][:in], src[0][n*out:][:out]
		by := T(1)
		p.each(func(_, divisor int) { by = T(divisor) }, func(place, at int) {
			sum := x[at*c:][:c]
			for k, v := range y[place*c:][:c] {
				sum[k] += v / by
			}
		})
	}
}
