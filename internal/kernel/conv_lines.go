package kernel

import "unsafe"

// In one dimension Winograd's F(2, 3) makes two pixels of the result with 4 products of
// channels where the definition has 6, and F(2, 2) with 3 where it has 4. A kernel of odd
// length is pairs of elements and three at its end. All read the same transforms, of tiles
// of four pixels that begin two pixels apart, so each of the 4 elements of the transforms
// is one product of matrices, whose rows overlap: tile t and those after it, one for each
// part of the kernel, times the transforms of the parts. Pairs have no last element.

const (
	lineChannels = 32 // from which that pays
	lineLength   = 16
)

// lines is a plan of that.
type lines[T Float] struct {
	read, written int // channels of the array that is read, and of what is made of it or multiplied by it
	parts         int // of the kernel
	tiles, block  int // of a row of y, or of dx; and those that are done together
	left          int // of the first tile: where it is read
	raw           *T  // a part of a panel before it is transformed
}

// lineable reports whether a convolution is done in lines.
func (c *Conv[T]) lineable() bool {
	g, w := c.kernels, c.Columns
	if direct || g == nil || g.lineIn == nil || c.Groups > 1 || c.Batch == 0 || c.Rows != (Window{In: 1, Out: 1, Kernel: 1, Stride: 1, Dilation: 1}) ||
		w.Kernel%2 == 0 || w.Kernel < 3 || w.Stride != 1 || w.Dilation != 1 || min(w.In, w.Out) < lineLength {
		return false
	}
	few, most := min(c.In, c.Out), max(c.In, c.Out)
	return few >= lineChannels && w.Kernel/2*most <= g.blockK && c.In%g.lanes == 0 && c.Out%g.lanes == 0
}

// planLines divides a row.
func (c *Conv[T]) planLines() {
	_, width, _ := c.result()
	_, columns, channels := c.source()
	p := &c.parts[0]
	l := &lines[T]{read: channels, written: c.In + c.Out - channels, parts: c.Columns.Kernel / 2, tiles: (width + 1) / 2, left: p.columns.taps[0].at}
	l.block = evenBlocks(l.tiles, max(1, tileCache/(4*(c.In+c.Out)*c.size)))
	c.after = max(c.after, l.left+2*(l.tiles+l.parts)-columns)
	if c.Mode != ConvWeights {
		l.raw = place[T](3 * l.read * c.pair)
		c.packed = place[T](len(p.panels) * 4 * l.parts * l.read * c.pair)
	}
	c.lines = l
}

// planeOf returns the distance of planes of so many channels, in elements.
func (l *lines[T]) planeOf(channels, size int) int {
	return (l.block+l.parts-1)*channels + cacheLine/size
}

// element returns which channels of the overlapping rows, from one on, element e of the
// transforms has.
func (l *lines[T]) element(e int) (from, channels int) {
	if e == 3 {
		return (l.parts - 1) * l.read, l.read
	}
	return 0, l.parts * l.read
}

// prepareLines transforms the weights.
func (c *Conv[T]) prepareLines(w *T) {
	l, p := c.lines, &c.parts[0]
	n := l.read * c.pair
	for i := range p.panels {
		for j := range l.parts {
			for k := range 3 {
				to := element(l.raw, k*n)
				if k == 2 && j < l.parts-1 {
					clear(unsafe.Slice(to, n))
					continue
				}
				c.pack(to, w, &p.panels[i], p.columns.taps[2*j+k].k)
			}
			c.kernels.lineWeights((*byte)(unsafe.Pointer(c.lineWeight(l.raw, element(c.packed, (4*i*l.parts+j)*n), n))))
		}
	}
}

// lineWeight returns the arguments for n weights of a part, and their transforms.
func (c *Conv[T]) lineWeight(w, planes *T, n int) *tileArgs {
	x := &c.work[0].tiles
	x.rows[0], x.planes = unsafe.Pointer(w), unsafe.Pointer(planes)
	x.pixel, x.width, x.plane, x.tiles = n*c.size, n*c.size, c.lines.parts*n*c.size, 1
	return x
}

// lined computes image n of the result.
func (c *Conv[T]) lined(w *convWork[T], n int, dst, a, bias *T) {
	_, width, channels := c.result()
	image, _ := c.padded(w, n, 0, 1, a)
	for from := 0; from < c.lines.tiles; from += c.lines.block {
		tiles := min(c.lines.block, c.lines.tiles-from)
		c.linesIn(w, from, tiles, image)
		c.multiplyLines(w, tiles)
		c.linesOut(w, tiles, min(2*tiles, width-2*from), element(dst, (n*width+2*from)*channels), bias)
	}
}

// linesIn transforms some tiles of a padded image, and those that later parts of the
// kernel read.
func (c *Conv[T]) linesIn(w *convWork[T], from, tiles int, image *T) {
	x, l := &w.tiles, c.lines
	x.rows[0] = unsafe.Pointer(element(image, (c.before+l.left+2*from)*l.read))
	x.pixel, x.width, x.next = l.read*c.size, l.read*c.size, l.read*c.size
	x.planes, x.plane, x.tiles = unsafe.Pointer(w.v), l.planeOf(l.read, c.size)*c.size, tiles+l.parts-1
	c.kernels.lineIn((*byte)(unsafe.Pointer(x)))
}

// multiplyLines makes the products of transforms.
func (c *Conv[T]) multiplyLines(w *convWork[T], tiles int) {
	x, l := &w.args, c.lines
	x.aRow, x.aCol, x.bRow, x.cRow = l.read*c.size, c.size, c.pair*c.size, l.written*c.size
	x.m, x.flags, x.more = tiles, 0, 0
	panels := c.parts[0].panels
	for e := range 4 {
		from, channels := l.element(e)
		x.k = channels
		x.a = unsafe.Pointer(element(w.v, e*l.planeOf(l.read, c.size)+from))
		for i := range panels {
			q := &panels[i]
			x.tail, x.tileRows = q.tail, evenBlocks(x.m, q.tile)
			x.aTile = x.tileRows * x.aRow
			x.b = unsafe.Pointer(element(c.packed, ((4*i+e)*l.parts*l.read+from)*c.pair))
			x.c = unsafe.Pointer(element(w.m, e*l.planeOf(l.written, c.size)+q.to))
			c.run(x, q)
		}
	}
}

// writtenLines points the arguments to so many tiles of what is written, or multiplied.
func (c *Conv[T]) writtenLines(w *convWork[T], tiles int, y *T) *tileArgs {
	x, l := &w.tiles, c.lines
	x.rows[0], x.planes = unsafe.Pointer(y), unsafe.Pointer(w.m)
	x.pixel, x.width, x.next = l.written*c.size, l.written*c.size, l.written*c.size
	x.plane, x.tiles = l.planeOf(l.written, c.size)*c.size, tiles
	return x
}

// lastLine points them to the last tile, which has one pixel, in memory of its own.
func (c *Conv[T]) lastLine(w *convWork[T], x *tileArgs, tiles int) {
	x.rows[0], x.planes, x.tiles = unsafe.Pointer(w.edge), unsafe.Pointer(element(w.m, (tiles-1)*c.lines.written)), 1
}

// linesOut makes pixels of the result, two for each tile, of the last perhaps one.
func (c *Conv[T]) linesOut(w *convWork[T], tiles, pixels int, dst, bias *T) {
	x := c.writtenLines(w, pixels/2, dst)
	x.bias, x.relu = nil, 0
	if c.Bias {
		x.bias = unsafe.Pointer(bias)
	}
	if c.ReLU {
		x.relu = 1
	}
	if x.tiles > 0 {
		c.kernels.lineOut((*byte)(unsafe.Pointer(x)))
	}
	if pixels%2 == 1 {
		c.lastLine(w, x, tiles)
		c.kernels.lineOut((*byte)(unsafe.Pointer(x)))
		copy(unsafe.Slice(element(dst, (pixels-1)*c.lines.written), c.lines.written), unsafe.Slice(w.edge, c.lines.written))
	}
}

// linedWeights adds image n to the transform of dw.
func (c *Conv[T]) linedWeights(w *convWork[T], n int, sum, a, dy *T) {
	_, width, channels := c.result()
	image, _ := c.padded(w, n, 0, 1, a)
	for from := 0; from < c.lines.tiles; from += c.lines.block {
		tiles := min(c.lines.block, c.lines.tiles-from)
		c.linesIn(w, from, tiles, image)
		c.linesGrad(w, tiles, min(2*tiles, width-2*from), element(dy, (n*width+2*from)*channels))
		c.multiplyLineGrads(w, tiles, sum)
	}
}

// linesGrad transforms pixels of dy.
func (c *Conv[T]) linesGrad(w *convWork[T], tiles, pixels int, dy *T) {
	x := c.writtenLines(w, pixels/2, dy)
	if x.tiles > 0 {
		c.kernels.lineGrad((*byte)(unsafe.Pointer(x)))
	}
	if pixels%2 == 1 {
		c.lastLine(w, x, tiles)
		edge := unsafe.Slice(w.edge, 2*c.lines.written)
		clear(edge[copy(edge[:c.lines.written], unsafe.Slice(element(dy, (pixels-1)*c.lines.written), c.lines.written)):])
		c.kernels.lineGrad((*byte)(unsafe.Pointer(x)))
	}
}

// multiplyLineGrads adds the products of transforms.
func (c *Conv[T]) multiplyLineGrads(w *convWork[T], tiles int, sum *T) {
	x, l := &w.args, c.lines
	x.aRow, x.aCol, x.bRow, x.cRow = c.size, l.read*c.size, l.written*c.size, l.written*c.size
	x.k, x.flags, x.more = tiles, panelAccumulate, 0
	panels := c.parts[0].panels
	for e := range 4 {
		from, channels := l.element(e)
		x.m = channels
		x.a = unsafe.Pointer(element(w.v, e*l.planeOf(l.read, c.size)+from))
		for i := range panels {
			q := &panels[i]
			x.tail, x.tileRows = q.tail, evenBlocks(x.m, q.tile)
			x.aTile = x.tileRows * x.aRow
			x.b = unsafe.Pointer(element(w.m, e*l.planeOf(l.written, c.size)+q.to))
			x.c = unsafe.Pointer(element(sum, (e*l.parts*l.read+from)*l.written+q.to))
			c.run(x, q)
		}
	}
}

// finishLines adds up the sums of chunks, in their order, and transforms them. What a pair
// leaves in the place of a third element the next part replaces.
func (c *Conv[T]) finishLines(dst *T) {
	n, s := c.sumLength(), &c.sums[0]
	for i := 1; i < c.count; i++ {
		c.add(s, s, &c.sums[i*n], nil, n)
	}
	each := c.In * c.Out
	for j := range c.lines.parts {
		c.kernels.lineSum((*byte)(unsafe.Pointer(c.lineWeight(element(dst, 2*j*each), element(s, j*each), each))))
	}
}
