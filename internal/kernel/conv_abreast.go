package kernel

import "unsafe"

// Where y has few channels, most of a panel would be empty. Neighbouring pixels of y are
// then one pixel that has the channels of all, and lies in memory as they do: their
// kernels, each moved on by the stride, are one that is wider, with zeros where a pixel does
// not read. The gradient by the weights is that of the wide kernel, in which each pixel has
// its part.

// abreast is a plan of that.
type abreast[T Float] struct {
	conv   *Conv[T]
	pixels int
	wide   []T   // weights of conv, or their gradient
	bias   [][]T // by worker: one for each pixel
}

// abreastPixels returns how many pixels are one. In float64 none are where y is made: an
// infinite pixel of x times zeros would make NaN of the pixels beside those that read it.
func (c *Conv[T]) abreastPixels() int {
	if c.size == 8 && c.Mode == ConvForward {
		return 1
	}
	if c.kernels == nil || c.Mode == ConvInput || c.Groups > 1 || c.Columns.Dilation > 1 || c.Batch*c.In*c.Out == 0 {
		return 1
	}
	best, least := 1, 0.8*c.abreastCost(1)
	for n := 2; n*c.Out <= c.pair; n++ {
		if cost := c.abreastCost(n); c.Columns.Out%n == 0 && cost < least {
			best, least = n, cost
		}
	}
	return best
}

// abreastCost is how many products of vectors a pixel and a row of the kernel take if n
// pixels are one. Sums wait for themselves if there are fewer than eight.
func (c *Conv[T]) abreastCost(n int) float64 {
	taps, vectors := c.Columns.Kernel+(n-1)*c.Columns.Stride, c.vectors(n*c.Out)
	if c.Mode == ConvWeights {
		return float64(max(8, taps*c.In*vectors)) / float64(n)
	}
	return float64(taps*c.In*vectors) / float64(n)
}

// vectors returns how many vectors have n elements.
func (c *Conv[T]) vectors(n int) int { return (n + c.kernels.lanes - 1) / c.kernels.lanes }

// planAbreast makes n pixels one.
func (c *Conv[T]) planAbreast(isa ISA, n int) {
	s := c.ConvShape
	s.Out *= n
	s.Columns.Out /= n
	s.Columns.Kernel += (n - 1) * s.Columns.Stride
	s.Columns.Stride *= n
	b := &abreast[T]{conv: convOf[T](isa, s), pixels: n, wide: Aligned[T](s.Weights())}
	b.conv.plan(isa)
	b.conv.divide()
	c.abreast, c.count = b, b.conv.count
}

// eachPart visits the parts that pixels have in the wide kernel: weights of an element of
// the kernel and a channel of x, in w and in wide.
func (c *Conv[T]) eachPart(w *T, visit func(w, wide []T)) {
	columns := &c.abreast.conv.Columns
	for row := range c.Rows.Kernel {
		for i := range c.Columns.Kernel * c.In {
			from := element(w, (row*c.Columns.Kernel*c.In+i)*c.Out)
			for p := range c.abreast.pixels {
				at := (row*columns.Kernel+p*c.Columns.Stride)*c.In + i
				visit(unsafe.Slice(from, c.Out), c.abreast.wide[(at*c.abreast.pixels+p)*c.Out:][:c.Out])
			}
		}
	}
}

// prepareAbreast makes the wide kernel.
func (c *Conv[T]) prepareAbreast(w *T) {
	if c.Mode == ConvForward {
		c.eachPart(w, func(w, wide []T) { copy(wide, w) })
		c.abreast.conv.Prepare(&c.abreast.wide[0])
	}
}

// runAbreast computes chunk i.
func (c *Conv[T]) runAbreast(i, worker int, dst, a, b, bias *T) {
	x := c.abreast
	switch {
	case c.Mode == ConvWeights:
		dst = &x.wide[0]
	case c.Bias:
		for p := range x.pixels {
			copy(x.bias[worker][p*c.Out:], unsafe.Slice(bias, c.Out))
		}
		bias = &x.bias[worker][0]
	}
	x.conv.RunChunk(i, worker, dst, a, b, bias)
}

// finishAbreast adds up what pixels have in the gradient by the wide kernel.
func (c *Conv[T]) finishAbreast(dw *T) {
	if c.Mode == ConvWeights {
		c.abreast.conv.Finish(&c.abreast.wide[0])
		clear(unsafe.Slice(dw, c.Weights()))
		c.eachPart(dw, func(dw, wide []T) {
			for k, v := range wide {
				dw[k] += v
			}
		})
	}
}

// reserve makes it ready for n workers.
func (b *abreast[T]) reserve(n int) {
	b.conv.Reserve(n)
	for len(b.bias) < n {
		b.bias = append(b.bias, Aligned[T](b.conv.Out))
	}
}
