package kernel

import "unsafe"

// bandPixels is how many pixels of dy are multiplied at a time: what stays in the
// first-level cache while the rows of the kernel and the panels pass.
const bandPixels = 128

// weights adds an image to dw: for a row of the kernel, the product of the pixels
// that it meets, transposed where they lie, and dy. Rows of pixels are segments of
// one sum.
func (c *Conv[T]) weights(w *convWork[T], n int, dw, x, dy *T) {
	if c.Columns.Out == 0 {
		return
	}
	image, pitch := c.padded(w, n, 0, c.Rows.In, x)
	_, each := c.image()
	dy = element(dy, n*each)
	y := &w.args
	y.aRow, y.aCol, y.bRow, y.cRow = c.size, c.Columns.Stride*c.In*c.size, c.Out*c.size, c.Out*c.size
	y.k, y.flags = c.Columns.Out, panelAccumulate
	y.aSeg = c.Rows.Stride*pitch*c.size - y.k*y.aCol
	band := evenBlocks(c.Rows.Out, max(1, bandPixels/c.Columns.Out))
	for first := 0; first < c.Rows.Out; first += band {
		last := min(c.Rows.Out, first+band)
		for i := range c.Rows.Kernel {
			c.weightBand(y, i, first, last, dw, image, dy, pitch)
		}
	}
}

// weightBand adds the rows first to last-1 of dy for a row of the kernel.
func (c *Conv[T]) weightBand(y *panelArgs, i, first, last int, dw, image, dy *T, pitch int) {
	for first < last && c.Rows.At(first, i) < 0 {
		first++
	}
	for first < last && c.Rows.At(last-1, i) >= c.Rows.In {
		last--
	}
	if first == last {
		return
	}
	y.more = last - first - 1
	panels := c.parts[0].panels
	for p := range panels {
		q := &panels[p]
		y.tail = q.tail
		y.b = unsafe.Pointer(element(dy, first*c.Columns.Out*c.Out+q.to))
		for r := range q.runs {
			run := &q.runs[r]
			if run.k == 0 {
				continue
			}
			y.m, y.tileRows = run.k, evenBlocks(run.k, q.tile)
			y.aTile = y.tileRows * y.aRow
			y.a = unsafe.Pointer(element(image, c.Rows.At(first, i)*pitch+(c.before+run.at)*c.In+q.from))
			y.c = unsafe.Pointer(element(dw, (i*c.Columns.Kernel+run.taps[0].k)*c.in()*c.Out+q.to))
			c.run(y, q)
		}
	}
}
