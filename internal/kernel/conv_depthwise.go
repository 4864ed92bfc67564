package kernel

import "unsafe"

// Where every channel is convolved alone there are no products of matrices: a
// pixel's channels are multiplied by those of an element of the kernel, a tap, and
// added up.

// tapArgs are the arguments of the kernels for that, which do whole vectors of
// channels; the assembly knows the layout. Distances are in bytes.
type tapArgs struct {
	x       unsafe.Pointer
	xPixel  int
	w       unsafe.Pointer
	wTap    int
	y       unsafe.Pointer
	yPixel  int
	offsets unsafe.Pointer // of the taps, from the first
	step    int            // of gradients: from tap to tap
	taps    int
	pixels  int
	width   int
}

// gradTaps is how many taps a kernel of gradients takes at a time.
const gradTaps = 5

// tapsOf are the taps of phases of rows and columns, in the order of their weights.
type tapsOf struct {
	rows, columns *phase
	offsets       []int // from the first of some that lie in the image; taps are equally spaced
	packed        int   // where their weights are
}

// planTaps lists the taps.
func (c *Conv[T]) planTaps() {
	_, width, channels := c.source()
	pitch, at := (c.before+width+c.after)*channels, 0
	for i := range c.parts {
		t := tapsOf{rows: &c.parts[i].rows, columns: &c.parts[i].columns, packed: at}
		for _, row := range t.rows.taps {
			for _, col := range t.columns.taps {
				down, across := row.at-t.rows.taps[0].at, col.at-t.columns.taps[0].at
				t.offsets = append(t.offsets, (down*pitch+across*channels)*c.size)
			}
		}
		at += len(t.offsets) * channels
		c.taps = append(c.taps, t)
	}
	c.packed = place[T](c.Weights())
}

// prepareTaps puts the weights in the order of the taps.
func (c *Conv[T]) prepareTaps(w *T) {
	for _, t := range c.taps {
		at := t.packed
		for _, row := range t.rows.taps {
			for _, col := range t.columns.taps {
				copy(unsafe.Slice(element(c.packed, at), c.Out), unsafe.Slice(element(w, (row.k*c.Columns.Kernel+col.k)*c.Out), c.Out))
				at += c.Out
			}
		}
	}
}

// depthwiseBand computes the rows first to last-1 of an image of the result.
func (c *Conv[T]) depthwiseBand(w *convWork[T], n, first, last int, dst, a, bias *T) {
	height, width, channels := c.result()
	lo, hi := c.read(first, last)
	image, pitch := c.padded(w, n, lo, hi, a)
	dst = element(dst, n*height*width*channels)
	for i := range c.taps {
		t := &c.taps[i]
		if t.columns.count == 0 {
			continue
		}
		for k := t.rows.from(first); k < t.rows.from(last); k++ {
			to := element(dst, ((t.rows.first+k*t.rows.step)*width+t.columns.first)*channels)
			c.tapRow(w, t, k, to, image, pitch)
			for s := range t.columns.count {
				c.finishPixel(unsafe.Slice(element(to, s*t.columns.step*channels), channels), bias)
			}
		}
	}
}

// tapRow computes the pixels of a row of the result.
func (c *Conv[T]) tapRow(w *convWork[T], t *tapsOf, row int, to, image *T, pitch int) {
	height, _, _ := c.source()
	lo, hi := t.rows.inside(row, height)
	across, channels := len(t.columns.taps), c.Out
	if hi == lo || across == 0 {
		for p := range t.columns.count {
			clear(unsafe.Slice(element(to, p*t.columns.step*channels), channels))
		}
		return
	}
	x := &w.taps
	x.xPixel, x.yPixel, x.wTap = t.columns.move*channels*c.size, t.columns.step*channels*c.size, channels*c.size
	x.taps, x.pixels = (hi-lo)*across, t.columns.count
	x.x = unsafe.Pointer(element(image, (row*t.rows.move+t.rows.taps[lo].at)*pitch+(c.before+t.columns.taps[0].at)*channels))
	x.y, x.w = unsafe.Pointer(to), unsafe.Pointer(element(c.packed, t.packed+lo*across*channels))
	x.offsets = unsafe.Pointer(&t.offsets[0])
	done := 0
	if g := c.kernels; g != nil {
		if done = channels / g.lanes * g.lanes; done > 0 {
			x.width = done * c.size
			g.taps((*byte)(unsafe.Pointer(x)))
		}
	}
	c.tapRest(x, t.offsets[:x.taps], done)
}

// tapRest computes the channels from first on, in plain Go.
func (c *Conv[T]) tapRest(x *tapArgs, offsets []int, first int) {
	if first == c.Out {
		return
	}
	for p := range x.pixels {
		y := unsafe.Slice((*T)(unsafe.Add(x.y, p*x.yPixel)), c.Out)[first:]
		clear(y)
		for t, offset := range offsets {
			v := unsafe.Slice((*T)(unsafe.Add(x.x, p*x.xPixel+offset)), c.Out)[first:]
			w := unsafe.Slice((*T)(unsafe.Add(x.w, t*x.wTap)), c.Out)[first:]
			for k := range y {
				y[k] += T(v[k] * w[k])
			}
		}
	}
}

// finishPixel adds the bias and takes max(y, 0).
func (c *Conv[T]) finishPixel(y []T, bias *T) {
	if c.Bias {
		for k, b := range unsafe.Slice(bias, len(y)) {
			y[k] += b
		}
	}
	if c.ReLU {
		for k, v := range y {
			y[k] = max(v, 0)
		}
	}
}

// depthwiseWeights adds an image to dw.
func (c *Conv[T]) depthwiseWeights(w *convWork[T], n int, dw, a, dy *T) {
	image, pitch := c.padded(w, n, 0, c.Rows.In, a)
	_, each := c.image()
	dy = element(dy, n*each)
	x := &w.taps
	x.xPixel, x.yPixel, x.wTap = c.Columns.Stride*c.In*c.size, c.Out*c.size, c.Out*c.size
	x.step, x.pixels = c.Columns.Dilation*c.In*c.size, c.Columns.Out
	for r := range c.Rows.Out {
		x.y = unsafe.Pointer(element(dy, r*c.Columns.Out*c.Out))
		lo, hi := c.Rows.Inside(r)
		for i := lo; i < hi; i++ {
			for j := 0; j < c.Columns.Kernel; j += gradTaps {
				x.taps = min(gradTaps, c.Columns.Kernel-j)
				x.x = unsafe.Pointer(element(image, c.Rows.At(r, i)*pitch+(c.before+c.Columns.At(0, j))*c.In))
				x.w = unsafe.Pointer(element(dw, (i*c.Columns.Kernel+j)*c.Out))
				c.tapGrads(x)
			}
		}
	}
}

// tapGrads adds the products of a row of pixels.
func (c *Conv[T]) tapGrads(x *tapArgs) {
	done := 0
	if g := c.kernels; g != nil {
		if done = c.Out / g.lanes * g.lanes; done > 0 {
			x.width = done * c.size
			g.tapGrads((*byte)(unsafe.Pointer(x)))
		}
	}
	for t := 0; t < x.taps && done < c.Out; t++ {
		sum := unsafe.Slice((*T)(unsafe.Add(x.w, t*x.wTap)), c.Out)[done:]
		for p := range x.pixels {
			d := unsafe.Slice((*T)(unsafe.Add(x.y, p*x.yPixel)), c.Out)[done:]
			v := unsafe.Slice((*T)(unsafe.Add(x.x, p*x.xPixel+t*x.step)), c.Out)[done:]
			for k := range sum {
				sum[k] += T(v[k] * d[k])
			}
		}
	}
}
