package kernel

import "unsafe"

// weights adds an image to dw: for a row of the kernel, the product of the pixels
// that it meets, transposed where they lie, and dy.
func (c *Conv[T]) weights(w *convWork[T], n int, dw, x, dy *T) {
	image, pitch := c.padded(w, n, 0, c.Rows.In, x)
	_, each := c.image()
	dy = element(dy, n*each)
	y := &w.args
	y.aRow, y.aCol, y.bRow, y.cRow = c.size, c.Columns.Stride*c.In*c.size, c.Out*c.size, c.Out*c.size
	y.k, y.flags = c.Columns.Out, panelAccumulate
	for i := range c.Rows.Kernel {
		for p := range c.columns[0].panels {
			q := &c.columns[0].panels[p]
			y.tail = q.tail
			for r := range q.runs {
				run := &q.runs[r]
				y.m, y.tileRows = run.k, evenBlocks(run.k, q.tile)
				y.aTile = y.tileRows * y.aRow
				y.c = unsafe.Pointer(element(dw, (i*c.Columns.Kernel+run.taps[0].k)*c.in()*c.Out+q.to))
				c.weightRows(y, q, i, element(image, (c.before+run.at)*c.In+q.from), dy, pitch)
			}
		}
	}
}

// weightRows adds the rows of an image for a row of the kernel.
func (c *Conv[T]) weightRows(y *panelArgs, q *convPanel, i int, image, dy *T, pitch int) {
	if y.m == 0 || y.k == 0 {
		return
	}
	for r := range c.Rows.Out {
		from := c.Rows.At(r, i)
		if from < 0 || from >= c.Rows.In {
			continue
		}
		y.a = unsafe.Pointer(element(image, from*pitch))
		y.b = unsafe.Pointer(element(dy, r*c.Columns.Out*c.Out+q.to))
		if q.kernel != nil {
			q.kernel((*byte)(unsafe.Pointer(y)))
		} else {
			portablePanel[T](y, q.width)
		}
	}
}
