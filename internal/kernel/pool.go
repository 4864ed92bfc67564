package kernel

import (
	"math"
	"unsafe"
)

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
type Pool[T Float] struct {
	PoolShape
	kernels *gemmKernels
	rows    []span
	runs    []poolRun[T]
	starts  []T // for each row, the index in a plane of its windows' first elements
	// divisors are those of means, for each row and run of it.
	divisors []T
	apart    bool // no element is in two windows
	all      bool // each is in one
}

// A span is the elements of an axis in the window of a place: lo, lo+step, … below
// hi; a mean with padding is of full ones.
type span struct{ lo, hi, step, full int }

func (s span) count() int { return max(0, (s.hi-s.lo+s.step-1)/s.step) }

// A poolRun is neighbouring places of a row whose windows are alike, each beginning
// move elements after the one before.
type poolRun[T Float] struct {
	first, places, move int
	span                // of the first
	offsets             []int
	// ids are the indices of the elements of a window in a plane, from the first,
	// row by row; columns those of the first of each place, from that of a row.
	ids, columns []T
}

// NewPool plans a pool.
func NewPool[T Float](s PoolShape) *Pool[T] { return newPool[T](Active(), s) }

func newPool[T Float](isa ISA, s PoolShape) *Pool[T] {
	p := &Pool[T]{PoolShape: s, kernels: gemmFor(isa, unsafe.Sizeof(T(0)) == 8), rows: s.spans(s.Rows)}
	columns := s.spans(s.Columns)
	tall := 0
	for _, r := range p.rows {
		tall = max(tall, r.count())
		p.starts = append(p.starts, T(r.lo*s.Columns.In))
	}
	for first := 0; first < len(columns); {
		n, move := alike(columns[first:])
		p.runs = append(p.runs, p.run(first, n, move, columns[first], tall))
		first += n
	}
	for _, r := range p.rows {
		for _, c := range p.runs {
			p.divisors = append(p.divisors, T(s.divisor(r, c.span)))
		}
	}
	apart, all := partition(p.rows, s.Rows.In)
	p.apart, p.all = partition(columns, s.Columns.In)
	p.apart, p.all = p.apart && apart, p.all && all
	return p
}

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

// alike returns how many of the first spans differ only in where they begin, the next
// always move elements later.
func alike(s []span) (n, move int) {
	same := func(a, b span) bool { return a.hi-a.lo == b.hi-b.lo && a.step == b.step && a.full == b.full }
	if len(s) > 1 {
		move = s[1].lo - s[0].lo
	}
	for n = 1; n < len(s) && same(s[n], s[0]) && s[n].lo-s[n-1].lo == move; n++ {
	}
	return n, move
}

// partition reports whether spans of n elements do not overlap, and whether all
// elements are in them.
func partition(s []span, n int) (apart, all bool) {
	apart, total := true, 0
	for i, x := range s {
		apart = apart && (i == 0 || x.lo >= s[i-1].hi)
		total += x.count()
	}
	return apart, apart && total == n
}

// run describes the places of a run, of windows that are up to so many rows tall.
func (p *Pool[T]) run(first, places, move int, s span, tall int) poolRun[T] {
	r := poolRun[T]{first: first, places: places, move: move, span: s}
	step := 1
	if !p.Adaptive {
		step = p.Rows.Dilation
	}
	for i := range tall {
		for j := range s.count() {
			id := i*step*p.Columns.In + j*s.step
			r.ids, r.offsets = append(r.ids, T(id)), append(r.offsets, id*p.Channels*int(unsafe.Sizeof(T(0))))
		}
	}
	for o := range places {
		r.columns = append(r.columns, T(s.lo+o*move))
	}
	return r
}

// divisor returns what the sum of a window is divided by.
func (p *PoolShape) divisor(row, col span) int {
	switch {
	case p.Divisor != 0:
		return p.Divisor
	case p.Inside:
		return (row.hi - row.lo) * (col.hi - col.lo)
	}
	return row.full * col.full
}

// sizes returns the elements of an image before and after.
func (p *PoolShape) sizes() (x, y int) {
	return p.Rows.In * p.Columns.In * p.Channels, p.Rows.Out * p.Columns.Out * p.Channels
}

// windows are the places of a run in a row of an image.
type windows[T Float] struct {
	*poolRun[T]
	x, y    int // elements before those of the first window, and of its place
	move    int // elements from window to window
	taps    int // elements of a window, of one channel
	start   *T
	divisor *T
}

// each visits the places of the images lo to hi-1, image by image, row by row.
func (p *Pool[T]) each(lo, hi int, visit func(w windows[T])) {
	if p.Channels == 0 {
		return
	}
	in, out := p.sizes()
	for n := lo; n < hi; n++ {
		for r, row := range p.rows {
			for k := range p.runs {
				run := &p.runs[k]
				visit(windows[T]{
					poolRun: run, taps: row.count() * run.count(), move: run.move * p.Channels,
					x:     n*in + (row.lo*p.Columns.In+run.lo)*p.Channels,
					y:     n*out + (r*p.Columns.Out+run.first)*p.Channels,
					start: &p.starts[r], divisor: &p.divisors[r*len(p.runs)+k],
				})
			}
		}
	}
}

// Max sets, for the images lo to hi-1, the first result to the largest element of
// each window and the second to its pixel: that of the first of them, row by row. A
// NaN is larger than all; a window of padding alone has no element, -Inf and -1.
func (p *Pool[T]) Max(dst, src [][]T, lo, hi int) {
	c, g, size := p.Channels, p.kernels, int(unsafe.Sizeof(T(0)))
	x := unsafe.SliceData(src[0])
	lowest := T(math.Inf(-1))
	p.each(lo, hi, func(w windows[T]) {
		y, index := dst[0][w.y:][:w.places*c], dst[1][w.y:][:w.places*c]
		switch {
		case w.taps == 0:
			for k := range y {
				y[k], index[k] = lowest, -1
			}
		case g != nil:
			g.poolMax(bytes(&y[0]), bytes(&index[0]), bytes(element(x, w.x)), (*byte)(unsafe.Pointer(&w.offsets[0])), bytes(w.start),
				bytes(&w.columns[0]), bytes(&w.ids[0]), w.move*size, c*size, w.taps, w.places, c*size)
		default:
			w.largest(y, index, src[0], c)
		}
	})
}

// largest is Max in plain Go.
func (w *windows[T]) largest(y, index, x []T, c int) {
	for o := range w.places {
		best, which := y[o*c:][:c], index[o*c:][:c]
		for k := range best {
			best[k], which[k] = T(math.Inf(-1)), 0
		}
		for t, offset := range w.offsets[:w.taps] {
			for k, v := range x[w.x+o*w.move+offset/int(unsafe.Sizeof(T(0))):][:c] {
				if v > best[k] || v != v {
					best[k], which[k] = v, w.ids[t]
				}
			}
		}
		for k := range which {
			which[k] += w.columns[o] + *w.start
		}
	}
}

// Unpool sets an array to 0, and adds each element of the first operand at the pixel
// that the second says. Those that are none are left out.
func (p *Pool[T]) Unpool(dst, src [][]T, lo, hi int) {
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

// Mean sets each place to the mean of its window.
func (p *Pool[T]) Mean(dst, src [][]T, lo, hi int) {
	c, g, size := p.Channels, p.kernels, int(unsafe.Sizeof(T(0)))
	x := unsafe.SliceData(src[0])
	p.each(lo, hi, func(w windows[T]) {
		y := dst[0][w.y:][:w.places*c]
		if g != nil && w.taps > 0 {
			g.poolMean(bytes(&y[0]), bytes(element(x, w.x)), (*byte)(unsafe.Pointer(&w.offsets[0])), bytes(w.divisor),
				w.move*size, c*size, w.taps, w.places, c*size)
			return
		}
		clear(y)
		for o := range w.places {
			sum := y[o*c:][:c]
			for _, offset := range w.offsets[:w.taps] {
				for k, v := range src[0][w.x+o*w.move+offset/size:][:c] {
					sum[k] += v
				}
			}
			for k := range sum {
				sum[k] /= *w.divisor
			}
		}
	})
}

// Share is the gradient of Mean: it sets each element of an array to the sum of its
// shares in the means.
func (p *Pool[T]) Share(dst, src [][]T, lo, hi int) {
	in, _ := p.sizes()
	c, g, size := p.Channels, p.kernels, int(unsafe.Sizeof(T(0)))
	x := unsafe.SliceData(dst[0])
	if !p.all {
		clear(dst[0][lo*in : hi*in])
	}
	p.each(lo, hi, func(w windows[T]) {
		if w.taps == 0 {
			return
		}
		y := src[0][w.y:][:w.places*c]
		if g != nil {
			share := g.poolAdd
			if p.apart {
				share = g.poolSet
			}
			share(bytes(element(x, w.x)), bytes(&y[0]), (*byte)(unsafe.Pointer(&w.offsets[0])), bytes(w.divisor),
				w.move*size, c*size, w.taps, w.places, c*size)
			return
		}
		for o := range w.places {
			for _, offset := range w.offsets[:w.taps] {
				sum := dst[0][w.x+o*w.move+offset/size:][:c]
				for k, v := range y[o*c:][:c] {
					if v /= *w.divisor; p.apart {
						sum[k] = v
					} else {
						sum[k] += v
					}
				}
			}
		}
	})
}
