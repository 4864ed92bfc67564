package kernel

import "unsafe"

// gemmKernels are the assembly kernels of one instruction set and element type,
// and what the planner must know about them.
type gemmKernels struct {
	// Panel kernels: blocks of C that are two vectors wide, up to two, up to
	// one, up to half of one if there is such a kernel, and exactly four. See
	// asm/gemm.
	pair, pairTail, single, half, wide func(args *byte)
	dots                               func(args *byte)
	copyRows, transpose                func(dst, src *byte, dstRow, srcRow, k, w int)
	taps, tapGrads                     func(args *byte) // see tapArgs
	tileIn, tileOut, tileGrad          func(args *byte) // see tileArgs
	tileWeights, tileSum               func(args *byte)
	lineIn, lineOut, lineGrad          func(args *byte)
	lineWeights, lineSum               func(args *byte)
	poolMax                            func(y, index, x, offsets, row, columns, ids *byte, xPixel, yPixel, taps, pixels, width int)
	poolMean                           func(y, x, offsets, divisor *byte, xPixel, yPixel, taps, pixels, width int)
	poolSet, poolAdd                   func(x, y, offsets, divisor *byte, xPixel, yPixel, taps, pixels, width int)

	size, lanes      int // bytes in an element, elements in a vector
	tile, singleTile int // rows of a tile of pair and of single
	blockK, packedK  int // elements of k per pass; where A is packed
	gflops           int // speed, to estimate the cost of a chunk

	// B of the gradient of a weight is packed, and otherwise left where it is if rows
	// are short.
	packDeep bool

	// A is packed if its rows are at least farA bytes apart; a transposed A,
	// from deepA elements of k. keepA bytes of it stay in the second-level
	// cache.
	farA, deepA, keepA int
}

// panelArgs are the arguments of a panel kernel; the assembly knows the layout.
// Strides are in bytes.
type panelArgs struct {
	a                 unsafe.Pointer
	aRow, aCol, aTile int // aTile: from one tile's rows to the next
	b                 unsafe.Pointer
	bRow              int
	c                 unsafe.Pointer
	cRow              int
	bias              unsafe.Pointer // of the first column, or with panelRowBias row; or the scale
	m, k              int
	tileRows          int
	tail              int // elements of the last vector of the panel
	flags             int
	// The sum goes on over more segments of k elements: those of A begin aSeg after
	// the end of the last, those of B follow it. count is the kernel's own.
	more, aSeg, count int
	// Of a convolution, further lines of m rows: those of A begin aLine after the end of the
	// last tile, those of C cLine after the last row. The kernel counts them down.
	lines, aLine, cLine int
}

const (
	panelAccumulate = 1 << iota
	panelBias
	panelReLU
	panelPrefetch
	panelRowBias
	panelScale
)

// runPanels computes a region with the panel kernels.
func (p *Product[T]) runPanels(w *workspace[T], r *region, c, a, b, bias *T) {
	w.args.cRow = p.rowOfC(r) * p.kernels.size
	if p.packedA {
		p.runPacked(w, r, c, a, b, bias)
		return
	}
	for col := r.col; col < r.col+r.cols; col += r.blockN {
		cols := min(r.blockN, r.col+r.cols-col)
		block := element(c, col)
		if p.turned {
			block = w.c
		}
		for l := 0; l == 0 || l < p.k; l += p.block {
			p.startBlock(w, l)
			switch {
			case p.packed != nil:
				w.b = p.packedAt(w, l, col)
			case p.packedB:
				p.packB(w, b, l, col, cols)
			}
			for row := r.row; row < r.row+r.rows; row += r.blockM {
				p.placeA(w, a, row, min(r.blockM, r.row+r.rows-row), l)
				p.panels(w, b, l, block, bias, row, col, cols)
			}
		}
		if p.turned {
			p.turn(element(c, col*p.rowC), w.c, p.rowOfC(r), cols)
		}
	}
}

// runPacked computes a region with packed operands. A block of A stays in the
// second-level cache while the panels of B pass by.
func (p *Product[T]) runPacked(w *workspace[T], r *region, c, a, b, bias *T) {
	packed := w.b
	for l := 0; l < p.k; l += p.block {
		p.startBlock(w, l)
		for row := r.row; row < r.row+r.rows; row += r.blockM {
			p.placeA(w, a, row, min(r.blockM, r.row+r.rows-row), l)
			for col := r.col; col < r.col+r.cols; col += r.blockN {
				cols := min(r.blockN, r.col+r.cols-col)
				if r.keepB {
					w.b = element(packed, (col-r.col)*w.args.k)
				}
				if row == r.row || !r.keepB {
					p.packB(w, b, l, col, cols)
				}
				p.panels(w, b, l, element(c, col), bias, row, col, cols)
			}
		}
	}
	w.b = packed
}

// startBlock sets the arguments for the block of k that starts at l.
func (p *Product[T]) startBlock(w *workspace[T], l int) {
	w.args.k = min(p.block, p.k-l)
	w.args.flags = p.panelFlags(l)
}

// panelFlags returns what to do with C after the block of k that starts at l.
func (p *Product[T]) panelFlags(l int) int {
	f := 0
	if l > 0 || p.o.Accumulate || p.o.Scale {
		f |= panelAccumulate
	}
	if p.o.Scale {
		f |= panelScale
	}
	if l+p.block >= p.k {
		switch {
		case p.o.Bias && p.swapped:
			f |= panelRowBias
		case p.o.Bias:
			f |= panelBias
		}
		if p.o.ReLU {
			f |= panelReLU
		}
	}
	if p.packedB { // C is too large to be in the first cache
		f |= panelPrefetch
	}
	return f
}

// panels runs the panel kernels over a block of C, whose columns start at c. A
// is in place.
func (p *Product[T]) panels(w *workspace[T], b *T, l int, c, bias *T, row, col, cols int) {
	g := p.kernels
	x := &w.args
	pair := 2 * g.lanes
	rows, aTile := x.tileRows, x.aTile
	for j, width := 0, 0; j < cols; j += width {
		x.c = unsafe.Add(unsafe.Pointer(c), row*x.cRow+j*g.size)
		if p.o.Bias || p.o.Scale {
			x.bias = unsafe.Pointer(element(bias, p.biasAt(row, col+j)))
		}
		if p.packedB {
			x.b = unsafe.Pointer(element(w.b, j*x.k))
			x.bRow = pair * g.size
		} else {
			x.b = unsafe.Pointer(element(b, l*p.rowB+col+j))
			x.bRow = p.rowB * g.size
		}
		var kernel func(*byte)
		kernel, width = p.panel(x, cols-j)
		kernel((*byte)(unsafe.Pointer(x)))
		x.tileRows, x.aTile = rows, aTile
	}
}

// panel chooses the kernel for the next of the columns that are left, and
// returns how many it computes.
func (p *Product[T]) panel(x *panelArgs, left int) (kernel func(*byte), width int) {
	g := p.kernels
	switch pair := 2 * g.lanes; {
	case p.wide && left >= 2*pair:
		return g.wide, 2 * pair
	case left >= pair:
		return g.pair, pair
	case left > g.lanes:
		x.tail = left - g.lanes
		return g.pairTail, left
	}
	x.tail = left
	if !p.packedA { // rows are equally spaced, so taller tiles will do
		x.tileRows = evenBlocks(x.m, g.singleTile)
		x.aTile = x.tileRows * x.aRow
	}
	if g.half != nil && left <= g.lanes/2 {
		return g.half, left
	}
	return g.single, left
}

// rowOfC returns the distance in elements between the rows that the panel
// kernels write for a region.
func (p *Product[T]) rowOfC(r *region) int {
	if p.turned {
		return packedRow(r.blockN, p.kernels.size)
	}
	return p.rowC
}

// biasAt returns which element of the bias belongs to an element of C. A scale is
// one number.
func (p *Product[T]) biasAt(row, col int) int {
	switch {
	case p.o.Scale:
		return 0
	case p.swapped:
		return row
	}
	return col
}

// turn stores the transpose of the first columns of from, whose p.m rows are
// stride apart, as dense rows at c.
func (p *Product[T]) turn(c, from *T, stride, columns int) {
	g := p.kernels
	if p.rowC > p.m {
		p.turnApart(c, from, stride, columns)
		return
	}
	// The transposer stores whole vectors, and what they have past the end of
	// a row is overwritten by what comes later. The last rows, past whose end
	// nothing may be written, come one by one.
	last := (p.m - 1) / g.lanes * g.lanes
	whole := max(0, columns+1-(last+g.lanes+p.m-1)/p.m)
	if whole > 0 {
		for i := last; i >= 0; i -= g.lanes {
			g.transpose(bytes(element(c, i)), bytes(element(from, i*stride)),
				p.m*g.size, stride*g.size, whole, min(g.lanes, p.m-i))
		}
	}
	for j := whole; j < columns; j++ {
		for i := range p.m {
			*element(c, j*p.m+i) = *element(from, i*stride+j)
		}
	}
}

// turnApart is turn where there is something between the rows of C.
func (p *Product[T]) turnApart(c, from *T, stride, columns int) {
	g, i := p.kernels, 0
	for ; i+g.lanes <= p.m; i += g.lanes {
		g.transpose(bytes(element(c, i)), bytes(element(from, i*stride)), p.rowC*g.size, stride*g.size, columns, g.lanes)
	}
	for ; i < p.m; i++ {
		for j := range columns {
			*element(c, j*p.rowC+i) = *element(from, i*stride+j)
		}
	}
}

// placeA points the arguments to a block of A, packed or where it is.
func (p *Product[T]) placeA(w *workspace[T], a *T, row, rows, l int) {
	g := p.kernels
	x := &w.args
	x.m = rows
	depth := x.k
	x.tileRows = evenBlocks(rows, g.tile)
	rowStride, colStride := p.stridesA()
	from := element(a, row*rowStride+l*colStride)
	if !p.packedA {
		x.a = unsafe.Pointer(from)
		x.aRow, x.aCol = rowStride*g.size, colStride*g.size
		x.aTile = x.tileRows * x.aRow
		return
	}
	x.a = unsafe.Pointer(w.a)
	if p.o.TransA {
		// Strips of the rows of one tile, so that a tile reads forward. The
		// copy of a strip ends with a whole vector.
		strip := x.tileRows*depth + g.lanes
		for l := 0; l < depth; l += few {
			for i := 0; i < rows; i += x.tileRows {
				g.copyRows(bytes(element(w.a, i/x.tileRows*strip+l*x.tileRows)), bytes(element(from, l*p.rowA+i)),
					x.tileRows*g.size, p.rowA*g.size, min(few, depth-l), min(x.tileRows, rows-i))
			}
		}
		x.aRow, x.aCol = g.size, x.tileRows*g.size
		x.aTile = strip * g.size
		return
	}
	// Rows, spaced so that those of a tile do not compete for the same sets
	// of the first-level cache.
	stride := packedRow(depth, g.size)
	for i := range rows {
		copy(unsafe.Slice(element(w.a, i*stride), depth), unsafe.Slice(element(from, i*rowStride), depth))
	}
	x.aRow, x.aCol = stride*g.size, g.size
	x.aTile = x.tileRows * x.aRow
}

// few rows at a time are copied of all panels or strips: the processor can
// foresee a few long runs, but not many short ones.
const few = 8

// packB packs a block of B into panels of two vectors.
func (p *Product[T]) packB(w *workspace[T], b *T, l, col, cols int) {
	if p.o.TransB {
		p.packTransposed(w, b, l, col, cols)
		return
	}
	g := p.kernels
	depth := w.args.k
	pair := 2 * g.lanes
	for i := 0; i < depth; i += few {
		for j := 0; j < cols; j += pair {
			g.copyRows(bytes(element(w.b, j*depth+i*pair)), bytes(element(b, (l+i)*p.rowB+col+j)),
				pair*g.size, p.rowB*g.size, min(few, depth-i), min(pair, cols-j))
		}
	}
}

// packTransposed packs a block of B that is stored transposed.
func (p *Product[T]) packTransposed(w *workspace[T], b *T, l, col, cols int) {
	g := p.kernels
	depth := w.args.k
	pair := 2 * g.lanes
	for j := 0; j < cols; j += g.lanes {
		to := element(w.b, j/pair*pair*depth+j%pair)
		g.transpose(bytes(to), bytes(element(b, (col+j)*p.rowB+l)),
			pair*g.size, p.rowB*g.size, depth, min(g.lanes, cols-j))
	}
}

// runDots computes rows of C as dot products of a row of A and the rows of the
// transpose of B.
func (p *Product[T]) runDots(w *workspace[T], r *region, c, a, b, bias *T) {
	g := p.kernels
	x := &w.args
	x.bRow, x.k = p.rowB*g.size, p.k
	x.flags = p.panelFlags(0)
	for col := r.col; col < r.col+r.cols; col += r.blockN {
		x.m = min(r.blockN, r.col+r.cols-col)
		x.b = unsafe.Pointer(element(b, col*p.rowB))
		if p.o.Bias {
			x.bias = unsafe.Pointer(element(bias, p.biasAt(r.row, col)))
		}
		for i := r.row; i < r.row+r.rows; i++ {
			x.a = unsafe.Pointer(element(a, i*p.rowA))
			x.c = unsafe.Pointer(element(c, i*p.rowC+col))
			g.dots((*byte)(unsafe.Pointer(x)))
		}
	}
}

func bytes[T Float](p *T) *byte { return (*byte)(unsafe.Pointer(p)) }
