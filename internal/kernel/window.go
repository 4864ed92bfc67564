package kernel

// A Window is how a kernel, or a window of a pool, walks along one axis of an
// array.
type Window struct {
	In, Out          int // elements of the array, and places of the kernel
	Kernel           int // its elements
	Stride, Dilation int // from place to place, and from element to element
	Before           int // padding before the array
}

// At returns which element of the array lies under element k of the kernel at
// place o. In padding it is below 0, or at least w.In.
func (w Window) At(o, k int) int { return o*w.Stride + k*w.Dilation - w.Before }

// Inside returns the elements lo to hi-1 of the kernel that lie in the array at
// place o.
func (w Window) Inside(o int) (lo, hi int) {
	first := w.At(o, 0)
	if first < 0 {
		lo = (-first + w.Dilation - 1) / w.Dilation
	}
	if first < w.In {
		hi = min(w.Kernel, (w.In-1-first)/w.Dilation+1)
	}
	return min(lo, hi), hi
}

// A tap is an element of the kernel, and the element of an array that it reads,
// from where a place begins.
type tap struct{ k, at int }

// A phase is those places of an axis of a result that read the same elements of
// the kernel: first, first+step, … The t-th of them begins at t·move.
type phase struct {
	first, step, count, move int
	taps                     []tap // in the order of at
}

// forward returns the phase of a convolution: all places.
func (w Window) forward() []phase {
	p := phase{step: 1, count: w.Out, move: w.Stride}
	for k := range w.Kernel {
		p.taps = append(p.taps, tap{k, w.At(0, k)})
	}
	return []phase{p}
}

// backward returns the phases of a convolution's gradient: elements of the array
// that are Stride apart have been read by the same elements of the kernel.
func (w Window) backward() (all []phase) {
	for first := range min(w.Stride, w.In) {
		p := phase{first: first, step: w.Stride, count: (w.In - first + w.Stride - 1) / w.Stride, move: 1}
		for k := w.Kernel - 1; k >= 0; k-- {
			if from := first + w.Before - k*w.Dilation; from%w.Stride == 0 {
				p.taps = append(p.taps, tap{k, from / w.Stride})
			}
		}
		all = append(all, p)
	}
	return all
}

// apart returns how far apart the taps are: all the same.
func (p *phase) apart() int {
	if len(p.taps) < 2 {
		return 0
	}
	return p.taps[1].at - p.taps[0].at
}

// inside returns the taps lo to hi-1 that lie in an axis of n elements at place t.
func (p *phase) inside(t, n int) (lo, hi int) {
	lo, hi = 0, len(p.taps)
	for lo < hi && t*p.move+p.taps[lo].at < 0 {
		lo++
	}
	for hi > lo && t*p.move+p.taps[hi-1].at >= n {
		hi--
	}
	return lo, hi
}

// runs divides the taps into runs of neighbours, or into single ones.
func (p *phase) runs(single bool) (all [][]tap) {
	for i := 0; i < len(p.taps); {
		n := 1
		for !single && i+n < len(p.taps) && p.taps[i+n].at == p.taps[i].at+n {
			n++
		}
		all = append(all, p.taps[i:i+n])
		i += n
	}
	return all
}

// reach returns how far beyond an axis of n elements phases read, at both ends.
func reach(phases []phase, n int) (before, after int) {
	for _, p := range phases {
		if len(p.taps) == 0 || p.count == 0 {
			continue
		}
		before = max(before, -p.taps[0].at)
		after = max(after, (p.count-1)*p.move+p.taps[len(p.taps)-1].at+1-n)
	}
	return before, after
}
