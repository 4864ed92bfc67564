package kernel

import "unsafe"

// ConvMode is which of the three forms that are linear in x, in w and in dy is
// computed.
type ConvMode uint8

// The modes.
const (
	ConvForward ConvMode = iota // y of x and w
	ConvInput                   // dx of dy and w
	ConvWeights                 // dw of x and dy
)

// ConvShape says what a convolution is of. Arrays have channels last: x is
// images × rows × columns × channels, w is rows × columns × channels of a group ×
// channels of the result.
type ConvShape struct {
	Mode          ConvMode
	Batch         int // images
	In, Out       int // channels
	Groups        int // into which channels are divided; each is convolved alone
	Rows, Columns Window
	Bias, ReLU    bool // add a number to each channel of y; then take max(y, 0)
}

// Weights returns the number of elements of w.
func (s *ConvShape) Weights() int { return s.Rows.Kernel * s.Columns.Kernel * s.in() * s.Out }

// in and out are the channels of a group.
func (s *ConvShape) in() int  { return s.In / s.Groups }
func (s *ConvShape) out() int { return s.Out / s.Groups }

// depthwise reports whether every channel is convolved alone.
func (s *ConvShape) depthwise() bool { return s.in() == 1 && s.out() == 1 }

// image returns the elements of an image of x and of y.
func (s *ConvShape) image() (x, y int) {
	return s.Rows.In * s.Columns.In * s.In, s.Rows.Out * s.Columns.Out * s.Out
}

// A Conv is a planned convolution. As in a [Product], everything that depends on
// the shape is decided when it is planned, each element is summed in an order
// that depends on the shape and the instruction set only, and running does not
// allocate.
//
// Nothing is unrolled into columns: for a row of the kernel, the elements that
// neighbouring elements of the kernel meet lie side by side, so a row of pixels is
// a product of a matrix that lies in the image, its rows overlapping, and of
// weights packed into panels. The rows of the kernel are segments of one sum.
type Conv[T Float] struct {
	ConvShape
	kernels *gemmKernels
	add     Func[T]
	size    int // bytes of an element
	pair    int // columns of a panel
	deep    int // elements of a sum that are added in one go

	parts   []convPart
	before  int // padding at the left and the right of a row that is read
	after   int
	length  int // elements of the packed weights
	packed  *T
	taps    []tapsOf // of what is convolved channel by channel
	tiles   *winograd[T]
	lines   *lines[T]
	folded  *folded[T]
	abreast *abreast[T]

	each, count int // units, bands of images, of a chunk; and chunks
	bands, band int // bands of an image, and rows of a band
	sums        []T // of ConvWeights: a sum for each chunk but the first
	work        []convWork[T]
}

// convWork is what one worker needs.
type convWork[T Float] struct {
	args  panelArgs
	taps  tapArgs
	tiles tileArgs
	image *T // with its padding
	v, m  *T // transforms of tiles
	edge  *T // a tile, and a row that is nobody's
}

// A convPart is the places of a result in a phase of rows and one of columns, and how
// they are computed.
type convPart struct {
	rows, columns phase
	panels        []convPanel
}

// A convPanel is some channels of a result, as many as a panel has.
type convPanel struct {
	kernel      func(*byte)
	width, tail int
	tile        int // rows of a tile
	from, to    int // first channel that is read, and that is written
	runs        []convRun
}

// A convRun is a product: elements of the kernel side by side, in all of its rows.
type convRun struct {
	at, k  int // column that is read first, and elements of the sum in a row
	packed int // where its weights are
	taps   []tap
}

// NewConv plans a convolution.
func NewConv[T Float](s ConvShape) *Conv[T] { return newConv[T](Active(), s) }

func newConv[T Float](isa ISA, s ConvShape) *Conv[T] {
	c := convOf[T](isa, s)
	if n := c.abreastPixels(); n > 1 {
		c.planAbreast(isa, n)
	} else {
		c.plan(isa)
		c.divide()
	}
	c.Reserve(1)
	return c
}

// convOf returns a convolution that is not planned yet.
func convOf[T Float](isa ISA, s ConvShape) *Conv[T] {
	var z T
	c := &Conv[T]{ConvShape: s, size: int(unsafe.Sizeof(z)), add: vector[T](isa, Add)}
	c.kernels, c.pair, c.deep = gemmFor(isa, c.size == 8), 4, 1
	if c.kernels != nil {
		c.pair, c.deep = 2*c.kernels.lanes, c.kernels.blockK
	}
	return c
}

// plan chooses how products are made, and of what.
func (c *Conv[T]) plan(isa ISA) {
	if c.foldable() {
		c.planFold(isa)
		return
	}
	rows, columns := c.Rows.forward(), c.Columns.forward()
	if c.Mode == ConvInput {
		rows, columns = c.Rows.backward(), c.Columns.backward()
	}
	_, width, _ := c.source()
	c.before, c.after = reach(columns, width)
	for _, r := range rows {
		for _, p := range columns {
			c.parts = append(c.parts, convPart{r, p, c.panels(&r, &p)})
		}
	}
	switch {
	case c.tileable():
		c.planTiles()
	case c.lineable():
		c.planLines()
	case c.Mode == ConvWeights:
	case c.depthwise():
		c.planTaps()
	default:
		c.packed = place[T](c.length)
	}
}

// source returns the image that is read in rows of columns of channels, y's in
// ConvInput, else x's.
func (s *ConvShape) source() (rows, columns, channels int) {
	if s.Mode == ConvInput {
		return s.Rows.Out, s.Columns.Out, s.Out
	}
	return s.Rows.In, s.Columns.In, s.In
}

// panels divides the channels of the result. In ConvWeights the result has those
// of dy.
func (c *Conv[T]) panels(rows, columns *phase) (all []convPanel) {
	if c.depthwise() {
		return nil
	}
	read, write := c.in(), c.out()
	if c.Mode == ConvInput {
		read, write = write, read
	}
	for g := range c.Groups {
		for col := 0; col < write; {
			q := convPanel{from: g * read, to: g*write + col}
			q.kernel, q.width, q.tail, q.tile = c.kernel(write - col)
			for _, taps := range columns.runs(c.Groups > 1) {
				q.runs = append(q.runs, convRun{taps[0].at, len(taps) * read, c.length, taps})
				c.length += len(rows.taps) * len(taps) * read * c.pair
			}
			col += q.width
			all = append(all, q)
		}
	}
	return all
}

// kernel chooses the panel kernel for the next of the channels that are left.
func (c *Conv[T]) kernel(left int) (kernel func(*byte), width, tail, tile int) {
	g := c.kernels
	switch {
	case g == nil:
		return nil, min(left, c.pair), 0, 4
	case left >= c.pair:
		return g.pair, c.pair, 0, g.tile
	case left > g.lanes:
		return g.pairTail, left, left - g.lanes, g.tile
	case g.half != nil && left <= g.lanes/2:
		return g.half, left, left, g.singleTile
	}
	return g.single, left, left, g.singleTile
}

// divide chooses the chunks. A unit is an image, or a band of one where images are
// few; sums over images are not divided within an image.
func (c *Conv[T]) divide() {
	chunks := min(maxChunks, max(1, c.Nanoseconds()/(1000*chunkMicroseconds)))
	height := c.Rows.Out
	if c.Mode == ConvInput {
		height = c.Rows.In
	}
	c.bands = 1
	if c.Mode == ConvWeights {
		chunks = min(chunks, 8) // each has a sum of its own
	} else if c.Batch < chunks && c.Batch > 0 {
		c.bands = min(max(1, height), (chunks+c.Batch-1)/c.Batch)
	}
	c.band = (height + c.bands - 1) / c.bands
	if c.tiles != nil && c.bands > 1 { // which are two rows
		c.band += c.band % 2
		c.bands = (height + c.band - 1) / c.band
	}
	units := c.Batch * c.bands
	c.each = max(1, (units+chunks-1)/chunks)
	c.count = max(1, (units+c.each-1)/c.each)
	switch {
	case c.Mode != ConvWeights:
	case c.transforms():
		c.sums = Aligned[T](c.count * c.sumLength())
	case c.count > 1:
		c.sums = Aligned[T]((c.count - 1) * c.Weights())
	}
}

// Nanoseconds estimates the time on one processor.
func (c *Conv[T]) Nanoseconds() int {
	gflops := 2
	switch {
	case c.kernels == nil:
	case c.depthwise():
		gflops = c.kernels.gflops / 4
	case c.transforms():
		gflops = c.kernels.gflops
	default:
		gflops = c.kernels.gflops * 3 / 5
	}
	_, y := c.image()
	return 2 * c.Batch * y * c.Rows.Kernel * c.Columns.Kernel * c.in() / gflops
}

// transforms reports whether products are of transforms.
func (c *Conv[T]) transforms() bool { return c.tiles != nil || c.lines != nil }

// sumLength is how many elements a sum of dw, or of its transform, has.
func (c *Conv[T]) sumLength() int {
	switch {
	case c.tiles != nil:
		return 16 * c.In * c.Out
	case c.lines != nil:
		return 4 * c.lines.parts * c.In * c.Out
	}
	return c.Weights()
}

// Chunks returns the number of independent chunks. It depends on the shape only.
func (c *Conv[T]) Chunks() int { return c.count }

// Reserve makes it ready for RunChunk by the workers 0 to n-1.
func (c *Conv[T]) Reserve(n int) {
	if b := c.abreast; b != nil {
		b.reserve(n)
		return
	}
	if f := c.folded; f != nil {
		f.reserve(n)
	}
	for len(c.work) < n {
		var w convWork[T]
		if c.before+c.after > 0 {
			rows, columns, channels := c.source()
			w.image = place[T](rows * (c.before + columns + c.after) * channels)
		}
		if t := c.tiles; t != nil {
			w.v, w.m = place[T](16*c.planeOf(t.read)), place[T](16*c.planeOf(t.written))
			w.edge = place[T]((4 + 2*t.across) * t.written)
		}
		if l := c.lines; l != nil {
			w.v, w.m = place[T](4*l.planeOf(l.read, c.size)), place[T](4*l.planeOf(l.written, c.size))
			w.edge = place[T](2 * l.written)
		}
		c.work = append(c.work, w)
	}
}

// Run computes the whole: y of x, w and a bias, which is not looked at if there is
// none; dx of dy and w; or dw of x and dy.
func (c *Conv[T]) Run(dst, a, b, bias *T) {
	c.Prepare(b)
	for i := range c.count {
		c.RunChunk(i, 0, dst, a, b, bias)
	}
	c.Finish(dst)
}

// RunChunk computes chunk i in the name of one of the reserved workers, after
// Prepare and before Finish. Workers may run chunks at the same time, in any order.
func (c *Conv[T]) RunChunk(i, worker int, dst, a, b, bias *T) {
	if c.abreast != nil {
		c.runAbreast(i, worker, dst, a, b, bias)
		return
	}
	w := &c.work[worker]
	lo, hi := i*c.each, min((i+1)*c.each, c.Batch*c.bands)
	if c.Mode == ConvWeights {
		dst = c.sum(i, dst)
	}
	height, width, channels := c.result()
	for unit, images := lo, 1; unit < hi; unit += images {
		if c.tiles != nil && c.bands == 1 {
			images = min(c.tiles.images, hi-unit)
		}
		n, first := unit/c.bands, unit%c.bands*c.band
		last := min(height, first+c.band)
		switch {
		case c.Mode == ConvWeights && c.tiles != nil:
			c.tiledWeights(w, n, images, dst, a, b)
		case c.Mode == ConvWeights && c.lines != nil:
			c.linedWeights(w, n, dst, a, b)
		case c.Mode == ConvWeights && c.depthwise():
			c.depthwiseWeights(w, n, dst, a, b)
		case c.Mode == ConvWeights:
			c.weights(w, n, dst, a, b)
		case c.tiles != nil:
			c.tiled(w, n, images, first, last, dst, a, bias)
		case c.lines != nil:
			c.lined(w, n, dst, a, bias)
		case c.depthwise():
			c.depthwiseBand(w, n, first, last, dst, a, bias)
		case c.folded != nil:
			c.foldedBand(worker, n, first, last, dst, a)
		default:
			c.bandOf(w, n, first, last, element(dst, (n*height+first)*width*channels), a, bias)
		}
	}
}

// sum returns what chunk i of ConvWeights adds to, which is zero: the first to dst, others
// to sums of their own; all those of transforms do.
func (c *Conv[T]) sum(i int, dst *T) *T {
	n := c.sumLength()
	switch {
	case c.transforms():
		dst = &c.sums[i*n]
	case i > 0:
		dst = &c.sums[(i-1)*n]
	}
	if n > 0 {
		clear(unsafe.Slice(dst, n))
	}
	return dst
}

// Finish adds up the sums of chunks, in their order.
func (c *Conv[T]) Finish(dst *T) {
	switch {
	case c.abreast != nil:
		c.finishAbreast(dst)
		return
	case c.Mode != ConvWeights:
		return
	case c.tiles != nil:
		c.finishTiles(dst)
		return
	case c.lines != nil:
		c.finishLines(dst)
		return
	}
	n := c.Weights()
	for i := range c.count - 1 {
		c.add(dst, dst, &c.sums[i*n], nil, n)
	}
}

// padded returns the rows lo to hi-1 of an image that is read, with their padding,
// from row 0 on, and the distance of rows in elements. Other rows hold anything.
func (c *Conv[T]) padded(w *convWork[T], n, lo, hi int, a *T) (image *T, pitch int) {
	rows, columns, channels := c.source()
	from := element(a, n*rows*columns*channels)
	if c.before+c.after == 0 {
		return from, columns * channels
	}
	pitch = (c.before + columns + c.after) * channels
	left, length := c.before*channels, columns*channels
	for r := lo; r < hi; r++ {
		row := unsafe.Slice(element(w.image, r*pitch), pitch)
		clear(row[:left])
		copy(row[left:], unsafe.Slice(element(from, r*length), length))
		clear(row[left+length:])
	}
	return w.image, pitch
}
