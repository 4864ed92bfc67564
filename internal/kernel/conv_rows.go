package kernel

import "unsafe"

// Convolutions of rows of pixels: y, and dx, which is a convolution of dy with
// turned weights for each phase of rows and columns.

// Prepare packs the weights, once for all chunks.
func (c *Conv[T]) Prepare(b *T) {
	switch {
	case c.abreast != nil:
		c.prepareAbreast(b)
		return
	case c.Mode == ConvWeights:
		return
	case c.folded != nil:
		c.folded.conv.Prepare(b)
		return
	case c.tiles != nil:
		c.prepareTiles(b)
		return
	case c.lines != nil:
		c.prepareLines(b)
		return
	case c.depthwise():
		c.prepareTaps(b)
		return
	}
	for i := range c.parts {
		p := &c.parts[i]
		for j := range p.panels {
			q := &p.panels[j]
			for _, r := range q.runs {
				to := r.packed
				for _, row := range p.rows.taps {
					for _, t := range r.taps {
						c.pack(element(c.packed, to), b, q, row.k*c.Columns.Kernel+t.k)
						to += r.k / len(r.taps) * c.pair
					}
				}
			}
		}
	}
}

// UsePrepared makes a convolution use what another of the same shape has prepared.
func (c *Conv[T]) UsePrepared(d *Conv[T]) {
	switch {
	case c.abreast != nil:
		c.abreast.conv.UsePrepared(d.abreast.conv)
	case c.folded != nil:
		c.folded.conv.UsePrepared(d.folded.conv)
	}
	c.packed = d.packed
}

// pack copies the weights of an element of the kernel into a panel. They are a
// matrix of the channels of x by those of y; dx is of its transpose.
func (c *Conv[T]) pack(to, w *T, q *convPanel, at int) {
	if c.in() == 0 || c.out() == 0 {
		return
	}
	g := c.kernels
	if c.Mode == ConvForward {
		from := element(w, at*c.in()*c.Out+q.to)
		if g != nil {
			g.copyRows(bytes(to), bytes(from), c.pair*g.size, c.Out*g.size, c.in(), q.width)
			return
		}
		for k := range c.in() {
			copy(unsafe.Slice(element(to, k*c.pair), q.width), unsafe.Slice(element(from, k*c.Out), q.width))
		}
		return
	}
	from := element(w, (at*c.in()+q.to%c.in())*c.Out+q.from)
	for j := 0; j < q.width; j++ {
		if g != nil {
			g.transpose(bytes(element(to, j)), bytes(element(from, j*c.Out)), c.pair*g.size, c.Out*g.size, c.out(), min(g.lanes, q.width-j))
			j += g.lanes - 1
			continue
		}
		for k := range c.out() {
			*element(to, k*c.pair+j) = *element(from, j*c.Out+k)
		}
	}
}

// bandOf computes the rows first to last-1 of image n of the result; the first is at dst.
func (c *Conv[T]) bandOf(w *convWork[T], n, first, last int, dst, a, bias *T) {
	_, width, channels := c.result()
	lo, hi := c.read(first, last)
	image, pitch := c.padded(w, n, lo, hi, a)
	_, _, read := c.source()
	for i := range c.parts {
		p := &c.parts[i]
		x := &w.args
		x.aRow, x.aCol, x.bRow, x.cRow = p.columns.move*read*c.size, c.size, c.pair*c.size, p.columns.step*channels*c.size
		x.m = p.columns.count
		from, to := p.rows.from(first), p.rows.from(last)
		for j := range p.panels {
			q := &p.panels[j]
			x.tail, x.tileRows = q.tail, evenBlocks(x.m, q.tile)
			x.aTile = x.tileRows * x.aRow
			if c.Bias {
				x.bias = unsafe.Pointer(element(bias, q.to))
			}
			for t, n := from, 0; t < to; t += n {
				n = c.alike(q, &p.rows, t, to, x.m)
				at := element(dst, ((p.rows.first+t*p.rows.step-first)*width+p.columns.first)*channels+q.to)
				x.aLine = p.rows.move*pitch*c.size - (x.m+x.tileRows-1)/max(1, x.tileRows)*x.aTile
				x.cLine = p.rows.step*width*channels*c.size - x.m*x.cRow
				c.row(x, q, &p.rows, t, n, at, image, pitch)
			}
		}
	}
}

// lineWork is how many products of an element with a row of a panel are done in one call,
// which cannot be interrupted: some tens of microseconds.
const lineWork = 1 << 16

// alike returns how many rows of m pixels, from t on and below end, meet all rows of the
// kernel and are computed in one call; or 1.
func (c *Conv[T]) alike(q *convPanel, rows *phase, t, end, m int) int {
	if c.kernels == nil || t+1 == end || m == 0 {
		return 1
	}
	height, _, _ := c.source()
	lo, hi := rows.inside(t, height)
	if hi == lo || hi-lo < len(rows.taps) || len(q.runs) == 0 || q.runs[0].k == 0 {
		return 1
	}
	last := (height - 1 - rows.taps[hi-1].at) / rows.move
	return min(end-t, last+1-t, max(1, lineWork/(m*q.runs[0].k*hi)))
}

// result returns the rows, columns and channels of an image of the result.
func (s *ConvShape) result() (rows, columns, channels int) {
	if s.Mode == ConvInput {
		return s.Rows.In, s.Columns.In, s.In
	}
	return s.Rows.Out, s.Columns.Out, s.Out
}

// from returns how many places of the phase are before row.
func (p *phase) from(row int) int {
	if p.step == 1 { // a division takes long
		return min(p.count, max(0, row-p.first))
	}
	return min(p.count, max(0, (row-p.first+p.step-1)/p.step))
}

// read returns which rows are read by the rows first to last-1 of the result.
func (c *Conv[T]) read(first, last int) (lo, hi int) {
	height, _, _ := c.source()
	lo = height
	for i := range c.parts {
		p := &c.parts[i].rows
		from, to := p.from(first), p.from(last)
		if from < to && len(p.taps) > 0 {
			lo = min(lo, from*p.move+p.taps[0].at)
			hi = max(hi, (to-1)*p.move+p.taps[len(p.taps)-1].at+1)
		}
	}
	return max(0, lo), min(height, hi)
}

// row computes row t of a panel, or n of them: the products of all rows of the kernel that
// meet the image.
func (c *Conv[T]) row(x *panelArgs, q *convPanel, rows *phase, t, n int, to, image *T, pitch int) {
	height, _, read := c.source()
	lo, hi := rows.inside(t, height)
	at := t * rows.move
	x.c = unsafe.Pointer(to)
	if hi == lo || len(q.runs) == 0 || q.runs[0].k == 0 {
		c.empty(x, q, to)
		return
	}
	x.flags = 0
	for j := range q.runs {
		r := &q.runs[j]
		x.k = r.k
		each := evenBlocks(hi-lo, max(1, c.deep/r.k)) // rows of the kernel at a time
		for i := lo; i < hi; i += each {
			x.more = min(each, hi-i) - 1
			x.aSeg = (rows.apart()*pitch - r.k) * c.size
			if i+x.more == hi-1 && j == len(q.runs)-1 {
				x.flags |= c.epilogue()
			}
			x.a = unsafe.Pointer(element(image, (at+rows.taps[i].at)*pitch+(c.before+r.at)*read+q.from))
			x.b = unsafe.Pointer(element(c.packed, r.packed+i*r.k*c.pair))
			x.lines = n - 1
			c.run(x, q)
			x.flags |= panelAccumulate
		}
	}
}

// run computes a panel.
func (c *Conv[T]) run(x *panelArgs, q *convPanel) {
	if q.kernel != nil {
		q.kernel((*byte)(unsafe.Pointer(x)))
	} else {
		portablePanel[T](x, q.width)
	}
}

// epilogue returns the flags of the last product of an element.
func (c *Conv[T]) epilogue() (flags int) {
	if c.Bias {
		flags |= panelBias
	}
	if c.ReLU {
		flags |= panelReLU
	}
	return flags
}

// empty sets pixels at which no element of the kernel meets the image.
func (c *Conv[T]) empty(x *panelArgs, q *convPanel, to *T) {
	for i := range x.m {
		row := unsafe.Slice(element(to, i*x.cRow/c.size), q.width)
		clear(row)
		if c.Bias {
			copy(row, unsafe.Slice((*T)(x.bias), q.width))
		}
		for k, v := range row {
			if c.ReLU {
				row[k] = max(v, 0)
			}
		}
	}
}

// portablePanel is a panel kernel in plain Go, at most four columns wide.
func portablePanel[T Float](x *panelArgs, width int) {
	one := *x
	one.flags &= panelAccumulate
	for range x.more {
		portableSegment[T](&one, width)
		one.a = unsafe.Add(one.a, x.k*x.aCol+x.aSeg)
		one.b = unsafe.Add(one.b, x.k*x.bRow)
		one.flags |= panelAccumulate
	}
	one.flags |= x.flags
	portableSegment[T](&one, width)
}

// portableSegment is one segment of that.
func portableSegment[T Float](x *panelArgs, width int) {
	size := int(unsafe.Sizeof(T(0)))
	a, b := (*T)(x.a), (*T)(x.b)
	aRow, aCol, bRow := x.aRow/size, x.aCol/size, x.bRow/size
	for i := 0; i < x.m; i += 4 {
		rows := min(4, x.m-i)
		var s [4][4]T
		if rows == 4 && width == 4 {
			tile4x4(&s, element(a, i*aRow), b, aRow, aCol, bRow, 1, x.k)
		} else {
			tileEdge(&s, rows, width, element(a, i*aRow), b, aRow, aCol, bRow, 1, x.k)
		}
		for r := range rows {
			c := unsafe.Slice((*T)(unsafe.Add(x.c, (i+r)*x.cRow)), width)
			for k := range c {
				v := s[r][k]
				if x.flags&panelAccumulate != 0 {
					v += c[k]
				}
				if x.flags&panelBias != 0 {
					v += *element((*T)(x.bias), k)
				}
				if x.flags&panelReLU != 0 {
					v = max(v, 0)
				}
				c[k] = v
			}
		}
	}
}
