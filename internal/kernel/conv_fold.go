package kernel

import "unsafe"

// Where x has few channels, its gradient is a product for each row of the kernel whose
// columns are the channels of all elements of that row, added up over the rows: what a pixel
// of dy gives to its neighbours, side by side. Each pixel of dx then is the sum of what it
// has been given.

// folded is a plan of that.
type folded[T Float] struct {
	conv   *Conv[T] // of elements of the kernel as channels, from row to row of dy
	phases []foldPhase
	before int // pixels of no row, before and after those of dy, which give nothing
	row    int // elements of a row with these
	rows   []*T
	one    T
}

// A foldPhase is places of a row of dx that sum elements at the same offsets, in bytes.
type foldPhase struct {
	phase
	offsets []int
}

// foldable reports whether that pays.
func (c *Conv[T]) foldable() bool {
	if c.Mode != ConvInput || c.kernels == nil || c.Groups > 1 || c.Batch*c.In*c.Out == 0 {
		return false
	}
	taps := 0
	for _, p := range c.Columns.backward() {
		if len(p.taps) == 0 {
			return false
		}
		taps += p.count * len(p.taps)
	}
	deep := c.Out * max(1, c.Rows.Kernel/c.Rows.Stride)
	direct := taps * c.vectors(c.In) * deep
	products := c.Columns.Out * c.vectors(c.Columns.Kernel*c.In) * deep
	sums := (5*taps + 16*c.Columns.In) * c.vectors(c.In) // in the time of products, as measured
	return 4*(products+sums) < 3*direct
}

// planFold divides the work.
func (c *Conv[T]) planFold(isa ISA) {
	s, n := c.ConvShape, c.Columns.Out
	s.In *= c.Columns.Kernel
	s.Columns = Window{In: n, Out: n, Kernel: 1, Stride: 1, Dilation: 1}
	f := &folded[T]{conv: convOf[T](isa, s), one: 1}
	f.conv.plan(isa)
	columns := c.Columns.backward()
	before, after := reach(columns, n)
	f.before, f.row = before, (before+n+after)*s.In
	for _, p := range columns {
		var offsets []int
		for _, t := range p.taps {
			offsets = append(offsets, (t.at*s.In+t.k*c.In)*c.size)
		}
		f.phases = append(f.phases, foldPhase{p, offsets})
	}
	c.folded = f
}

// reserve makes it ready for n workers.
func (f *folded[T]) reserve(n int) {
	f.conv.Reserve(n)
	for len(f.rows) < n {
		f.rows = append(f.rows, place[T](f.row))
	}
}

// foldedBand computes the rows first to last-1 of image n.
func (c *Conv[T]) foldedBand(worker, n, first, last int, dst, a *T) {
	f := c.folded
	from := element(f.rows[worker], f.before*f.conv.In)
	for r := first; r < last; r++ {
		f.conv.bandOf(&f.conv.work[worker], n, r, r+1, from, a, nil)
		for i := range f.phases {
			p := &f.phases[i]
			to := element(dst, ((n*c.Rows.In+r)*c.Columns.In+p.first)*c.In)
			c.kernels.poolMean(bytes(to), bytes(from), (*byte)(unsafe.Pointer(&p.offsets[0])), bytes(&f.one),
				f.conv.In*c.size, p.step*c.In*c.size, len(p.offsets), p.count, c.In*c.size)
		}
	}
}
