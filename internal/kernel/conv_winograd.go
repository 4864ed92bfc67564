package kernel

import (
	"fmt"
	"os"
	"unsafe"
)

// Winograd's F(2×2, 3×3) makes four pixels of the result with 16 products of channels
// where the definition has 36: the image is divided into tiles of 4×4 pixels that
// overlap, and is transformed, as are the weights; then each of the 16 elements of the
// transforms is a product of matrices, tiles × channels × channels. After Lavin and
// Gray, "Fast Algorithms for Convolutional Neural Networks", 2015. The gradient by the
// weights is F(3×3, 2×2), with the same transform of the image.

// tileArgs are the arguments of the transforms; the assembly knows the layout.
// Distances are in bytes.
type tileArgs struct {
	rows   [4]unsafe.Pointer // of pixels, at the first tile
	pixel  int               // from pixel to pixel
	next   int               // from the end of the channels to the next tile
	planes unsafe.Pointer    // of the first tile
	plane  int
	bias   unsafe.Pointer // or nil
	relu   int
	tiles  int
	width  int // of the channels
}

// methodVariable chooses how convolutions are computed: "direct" is by their
// definition.
const methodVariable = "DESCENT_CONV"

var direct, methodErr = chooseMethod(os.Getenv(methodVariable))

func chooseMethod(name string) (direct bool, err error) {
	switch name {
	case "", "winograd":
		return false, nil
	case "direct":
		return true, nil
	}
	return false, fmt.Errorf("%s=%q: want winograd, direct", methodVariable, name)
}

const (
	tileChannels = 16        // from which Winograd's pays
	tileCache    = 384 << 10 // of the second-level cache, for what a block of tiles needs
)

// winograd is a plan of tiles.
type winograd[T Float] struct {
	read, written int // channels of the image that is read, and of what is made of it or multiplied by it
	across, down  int // tiles of an image of y, or of dx
	block         int // rows of tiles that are done together
	images        int // that are, if they are small
	top, left     int // of the first tile: where it is read
	raw           *T  // weights of a panel before they are transformed
	zero          *T  // a row of padding
}

// tileable reports whether a convolution is done in tiles.
func (c *Conv[T]) tileable() bool {
	g := c.kernels
	if direct || g == nil || g.tileIn == nil || c.Groups > 1 || c.Batch == 0 {
		return false
	}
	for _, w := range [...]Window{c.Rows, c.Columns} {
		if w.Kernel != 3 || w.Stride != 1 || w.Dilation != 1 || w.In < 4 || w.Out < 4 {
			return false
		}
	}
	few, most := min(c.In, c.Out), max(c.In, c.Out)
	return few >= tileChannels && most <= g.blockK && c.In%g.lanes == 0 && c.Out%g.lanes == 0
}

// planTiles divides an image into tiles.
func (c *Conv[T]) planTiles() {
	height, width, _ := c.result()
	p := &c.parts[0]
	_, columns, channels := c.source()
	t := &winograd[T]{read: channels, written: c.In + c.Out - channels,
		across: (width + 1) / 2, down: (height + 1) / 2, top: p.rows.taps[0].at, left: p.columns.taps[0].at}
	rows := max(1, tileCache/(16*(c.In+c.Out)*c.size*t.across))
	t.block, t.images = evenBlocks(t.down, rows), min(c.Batch, max(1, rows/t.down))
	c.after = max(c.after, t.left+2*t.across+2-columns) // of odd widths the last pixel is nobody's
	t.zero = place[T](max((c.before+columns+c.after)*t.read, width*t.written))
	if c.Mode != ConvWeights {
		t.raw = place[T](9 * t.read * c.pair)
		c.packed = place[T](len(p.panels) * 16 * t.read * c.pair)
	}
	c.tiles = t
}

// planeOf returns the distance of planes of so many channels, in elements: not that of
// a cache's sets.
func (c *Conv[T]) planeOf(channels int) int {
	return c.tiles.images*c.tiles.block*c.tiles.across*channels + cacheLine/c.size
}

// prepareTiles transforms the weights: U = G·g·Gᵀ for each panel.
func (c *Conv[T]) prepareTiles(w *T) {
	p := &c.parts[0]
	n := c.tiles.read * c.pair
	for i := range p.panels {
		for r, row := range p.rows.taps {
			for k, col := range p.columns.taps {
				c.pack(element(c.tiles.raw, (3*r+k)*n), w, &p.panels[i], row.k*3+col.k)
			}
		}
		c.kernels.tileWeights((*byte)(unsafe.Pointer(c.weightTile(c.tiles.raw, element(c.packed, i*16*n), n))))
	}
}

// weightTile returns the arguments for n weights, 3×3 of each, and their transforms.
func (c *Conv[T]) weightTile(w, planes *T, n int) *tileArgs {
	x := &c.work[0].tiles
	for i := range 3 {
		x.rows[i] = unsafe.Pointer(element(w, 3*i*n))
	}
	x.pixel, x.plane, x.width, x.tiles = n*c.size, n*c.size, n*c.size, 1
	x.planes = unsafe.Pointer(planes)
	return x
}

// tiled computes the rows first to last-1, which begin with a row of tiles, of some
// images of the result, from n on: of several if they are whole.
func (c *Conv[T]) tiled(w *convWork[T], n, images, first, last int, dst, a, bias *T) {
	height, width, channels := c.result()
	for from := first / 2; from < (last+1)/2; from += c.tiles.block {
		to := min((last+1)/2, from+c.tiles.block)
		tiles := (to - from) * c.tiles.across
		for i := range images {
			c.tilesIn(w, n+i, from, to, i*tiles, a)
		}
		c.multiplyTiles(w, images*tiles)
		for i := range images {
			y := element(dst, (n+i)*height*width*channels)
			for r := from; r < to; r++ {
				c.tilesOut(w, r, i*tiles+(r-from)*c.tiles.across, y, bias)
			}
		}
	}
}

// tilesIn transforms the rows of tiles from up to to-1 of image n, to the planes' tile at
// and those after it.
func (c *Conv[T]) tilesIn(w *convWork[T], n, from, to, at int, a *T) {
	height, _, channels := c.source()
	image, pitch := c.padded(w, n, max(0, 2*from+c.tiles.top), min(height, 2*to+2+c.tiles.top), a)
	x := &w.tiles
	x.pixel, x.width = channels*c.size, channels*c.size
	x.next, x.plane = x.pixel, c.planeOf(channels)*c.size
	for r := from; r < to; r++ {
		for i := range x.rows {
			row := c.tiles.zero
			if k := 2*r + c.tiles.top + i; k >= 0 && k < height {
				row = element(image, k*pitch)
			}
			x.rows[i] = unsafe.Pointer(element(row, (c.before+c.tiles.left)*channels))
		}
		x.planes = unsafe.Pointer(element(w.v, (at+(r-from)*c.tiles.across)*channels))
		x.tiles = c.tiles.across
		c.kernels.tileIn((*byte)(unsafe.Pointer(x)))
	}
}

// multiplyTiles makes the products of transforms, so many tiles of each.
func (c *Conv[T]) multiplyTiles(w *convWork[T], tiles int) {
	read, written := c.tiles.read, c.tiles.written
	x := &w.args
	x.aRow, x.aCol, x.bRow, x.cRow = read*c.size, c.size, c.pair*c.size, written*c.size
	x.m, x.k, x.flags, x.more = tiles, read, 0, 0
	panels := c.parts[0].panels
	for e := range 16 {
		x.a = unsafe.Pointer(element(w.v, e*c.planeOf(read)))
		for i := range panels {
			q := &panels[i]
			x.tail, x.tileRows = q.tail, evenBlocks(x.m, q.tile)
			x.aTile = x.tileRows * x.aRow
			x.b = unsafe.Pointer(element(c.packed, (16*i+e)*read*c.pair))
			x.c = unsafe.Pointer(element(w.m, e*c.planeOf(written)+q.to))
			c.run(x, q)
		}
	}
}

// tilesOut makes row r of tiles of the result, which begins with tile at of the planes.
func (c *Conv[T]) tilesOut(w *convWork[T], r, at int, dst, bias *T) {
	height, width, channels := c.result()
	x := c.pixels(w, at)
	x.bias, x.relu = nil, 0
	if c.Bias {
		x.bias = unsafe.Pointer(bias)
	}
	if c.ReLU {
		x.relu = 1
	}
	x.rows[0] = unsafe.Pointer(element(dst, 2*r*width*channels))
	x.rows[1] = unsafe.Pointer(element(w.edge, 4*channels)) // if the height is odd, it is nobody's
	if 2*r+1 < height {
		x.rows[1] = unsafe.Pointer(element(dst, (2*r+1)*width*channels))
	}
	if x.tiles = width / 2; x.tiles > 0 {
		c.kernels.tileOut((*byte)(unsafe.Pointer(x)))
	}
	if width%2 == 0 {
		return
	}
	c.last(w, at)
	c.kernels.tileOut((*byte)(unsafe.Pointer(x)))
	for i := range min(2, height-2*r) {
		copy(unsafe.Slice(element(dst, ((2*r+i)*width+width-1)*channels), channels), unsafe.Slice(element(w.edge, 2*i*channels), channels))
	}
}

// pixels points the arguments to the planes of a row of tiles of what is written, or
// multiplied.
func (c *Conv[T]) pixels(w *convWork[T], at int) *tileArgs {
	x, channels := &w.tiles, c.tiles.written
	x.pixel, x.width = channels*c.size, channels*c.size
	x.next, x.plane = x.pixel, c.planeOf(channels)*c.size
	x.planes = unsafe.Pointer(element(w.m, at*channels))
	return x
}

// last points the arguments to the last tile of a row, in memory of its own, as is
// needed if the width is odd.
func (c *Conv[T]) last(w *convWork[T], at int) {
	x, channels := &w.tiles, c.tiles.written
	x.rows[0], x.rows[1] = unsafe.Pointer(w.edge), unsafe.Pointer(element(w.edge, 2*channels))
	x.planes = unsafe.Pointer(element(w.m, (at+c.tiles.across-1)*channels))
	x.tiles = 1
}

// tiledWeights adds some images, from n on, to the transform of dw.
func (c *Conv[T]) tiledWeights(w *convWork[T], n, images int, sum, a, dy *T) {
	_, each := c.image()
	for from := 0; from < c.tiles.down; from += c.tiles.block {
		to := min(c.tiles.down, from+c.tiles.block)
		tiles := (to - from) * c.tiles.across
		for i := range images {
			c.tilesIn(w, n+i, from, to, i*tiles, a)
			for r := from; r < to; r++ {
				c.tilesGrad(w, r, i*tiles+(r-from)*c.tiles.across, element(dy, (n+i)*each))
			}
		}
		c.multiplyGrads(w, images*tiles, sum)
	}
}

// tilesGrad transforms row r of tiles of dy.
func (c *Conv[T]) tilesGrad(w *convWork[T], r, at int, dy *T) {
	height, width, channels := c.result()
	x := c.pixels(w, at)
	x.rows[0], x.rows[1] = unsafe.Pointer(element(dy, 2*r*width*channels)), unsafe.Pointer(c.tiles.zero)
	if 2*r+1 < height {
		x.rows[1] = unsafe.Pointer(element(dy, (2*r+1)*width*channels))
	}
	if x.tiles = width / 2; x.tiles > 0 {
		c.kernels.tileGrad((*byte)(unsafe.Pointer(x)))
	}
	if width%2 == 0 {
		return
	}
	c.last(w, at)
	edge := unsafe.Slice(w.edge, 4*channels)
	clear(edge)
	for i := range min(2, height-2*r) {
		copy(edge[2*i*channels:], unsafe.Slice(element(dy, ((2*r+i)*width+width-1)*channels), channels))
	}
	c.kernels.tileGrad((*byte)(unsafe.Pointer(x)))
}

// multiplyGrads adds the products of transforms, so many tiles of each.
func (c *Conv[T]) multiplyGrads(w *convWork[T], tiles int, sum *T) {
	read, written := c.tiles.read, c.tiles.written
	x := &w.args
	x.aRow, x.aCol, x.bRow, x.cRow = c.size, read*c.size, written*c.size, written*c.size
	x.m, x.k, x.flags, x.more = read, tiles, panelAccumulate, 0
	panels := c.parts[0].panels
	for e := range 16 {
		x.a = unsafe.Pointer(element(w.v, e*c.planeOf(read)))
		for i := range panels {
			q := &panels[i]
			x.tail, x.tileRows = q.tail, evenBlocks(x.m, q.tile)
			x.aTile = x.tileRows * x.aRow
			x.b = unsafe.Pointer(element(w.m, e*c.planeOf(written)+q.to))
			x.c = unsafe.Pointer(element(sum, e*read*written+q.to))
			c.run(x, q)
		}
	}
}

// finishTiles adds up the sums of chunks, in their order, and transforms them:
// dw = Gᵀ·S·G.
func (c *Conv[T]) finishTiles(dst *T) {
	n := c.In * c.Out
	s := &c.sums[0]
	for i := 1; i < c.count; i++ {
		c.add(s, s, &c.sums[16*n*i], nil, 16*n)
	}
	c.kernels.tileSum((*byte)(unsafe.Pointer(c.weightTile(dst, s, n))))
}
