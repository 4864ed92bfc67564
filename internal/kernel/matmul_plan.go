package kernel

import (
	"math"
	"unsafe"
)

// A region is a rectangle of C and the size of the blocks that it is computed
// in.
type region struct {
	row, rows, col, cols int
	blockM, blockN       int
	keepB                bool // all panels of B are kept packed, for the next rows
}

// workspace is what one worker needs to run a region.
type workspace[T Float] struct {
	args panelArgs
	a, b *T // packed blocks
	c    *T // a block of the transpose of C
}

// chunkMicroseconds is the least time that a chunk should take: less is lost in
// handing it to another worker.
const chunkMicroseconds = 25

// maxChunks bounds the number of chunks: the smaller they are, the more often
// the same operands are packed.
const maxChunks = 16

func newProduct[T Float](isa ISA, m, n, k int, o ProductOptions) *Product[T] {
	p := planned[T](isa, m, n, k, o)
	p.planDirect()
	p.divide()
	p.work = []workspace[T]{p.newWorkspace()}
	return p
}

// planned returns a product for which it is decided how it is computed.
func planned[T Float](isa ISA, m, n, k int, o ProductOptions) *Product[T] {
	var z T
	p := &Product[T]{m: m, n: n, k: k, o: o, kernels: gemmFor(isa, unsafe.Sizeof(z) == 8)}
	p.simplify()
	p.block = max(k, 1)
	if g := p.kernels; g != nil {
		p.dots = p.o.TransB && p.m <= 3 && !p.turned && !p.o.TransA
		if !p.dots {
			p.choosePacking()
			p.chooseBlock()
		}
	}
	p.whole = p.region(p.m, p.n)
	return p
}

// simplify replaces the problem by an easier one. A narrow C is computed as
// Cᵀ = op(B)ᵀ·op(A)ᵀ, so that whole vectors of it are used. An operand that is
// a vector is its own transpose.
func (p *Product[T]) simplify() {
	p.spaceRows()
	if p.kernels != nil && p.narrow() {
		p.swapped, p.turned = true, p.n > 1 || p.rowC > 1
		p.m, p.n = p.n, p.m
		p.rowA, p.rowB = p.rowB, p.rowA
		p.o.TransA, p.o.TransB = !p.o.TransB, !p.o.TransA
	}
	switch {
	case p.k == 1 && p.o.TransA: // one row of m elements is a column
		p.o.TransA, p.rowA = false, 1
	case p.m == 1 && p.rowA == 1:
		p.o.TransA, p.rowA = false, p.k
	}
	switch {
	case p.k == 1 && p.o.TransB && p.rowB == 1:
		p.o.TransB, p.rowB = false, p.n
	case p.k > 1 && p.n == 1 && p.rowB == 1: // a single dot product
		p.o.TransB, p.rowB = true, p.k
	}
}

// spaceRows sets how far apart stored rows are.
func (p *Product[T]) spaceRows() {
	p.rowA, p.rowB, p.rowC = max(p.o.RowA, p.k), max(p.o.RowB, p.n), max(p.o.RowC, p.n)
	if p.o.TransA {
		p.rowA = max(p.o.RowA, p.m)
	}
	if p.o.TransB {
		p.rowB = max(p.o.RowB, p.k)
	}
}

// narrow reports whether to compute Cᵀ: whether C is a column, or that is
// estimated to take less time, counted in operations on whole vectors. The
// constants are measured, on Zen 4.
func (p *Product[T]) narrow() bool {
	if p.n == 1 || p.m <= 1 || p.o.Accumulate || p.o.Scale {
		return p.n == 1 && p.m > 1 && (p.rowC == 1 || !p.o.Accumulate && !p.o.Scale)
	}
	const (
		single    = 1.35 // per operation: with one vector, broadcasts set the pace
		half      = 0.72 // likewise
		transpose = 4.2  // per vector
		call      = 64   // of the transposer
	)
	g := p.kernels
	rows, cols := (p.m+g.lanes-1)/g.lanes, (p.n+g.lanes-1)/g.lanes
	direct := float64(p.m * p.k * cols)
	switch {
	case g.half != nil && p.n <= g.lanes/2:
		direct *= half
	case cols == 1:
		direct *= single
	}
	turned := float64(rows*p.n*p.k) + float64(float64(cols)*(call+float64(transpose*float64(rows*g.lanes))))
	if !p.o.TransA {
		turned += float64(transpose * float64(rows*p.k))
	}
	return turned < direct
}

// stridesA returns the distances in elements between the rows and between the
// columns of op(A).
func (p *Product[T]) stridesA() (row, col int) {
	if p.o.TransA {
		return 1, p.rowA
	}
	return p.rowA, 1
}

func (p *Product[T]) stridesB() (row, col int) {
	if p.o.TransB {
		return 1, p.rowB
	}
	return p.rowB, 1
}

// choosePacking decides which operands are packed.
func (p *Product[T]) choosePacking() {
	g := p.kernels
	// Packing B costs k·n, the product m·k·n. It pays for rows that are far
	// apart, when enough tiles use it.
	stride := p.rowB * g.size
	p.packedB = p.o.TransB || p.m >= 24 && stride >= 4096 || p.m >= 64 && stride > 1024 || p.m > 512
	// The gradient of a weight has a transposed A, and many k.
	switch deep := p.o.TransA && !p.o.TransB && p.k >= 512; {
	case deep && g.packDeep:
		p.packedB = p.packedB || p.k >= 1024 && p.m*g.size >= 512 && p.n >= 4*g.lanes
	case deep:
		p.packedB = p.packedB && (p.rowA*g.size >= 4096 || stride > 2048)
	}
	// A is packed when its rows compete for the same sets of the cache.
	if p.o.TransA {
		p.packedA = p.packedB && p.rowA*g.size >= 2048 && p.k >= g.deepA && p.n > 4*g.lanes || p.packsDeep()
	} else {
		p.packedA = p.packedB && p.rowA*g.size >= g.farA && p.n > 4*g.lanes
	}
	p.packedA = p.packedA && !p.turned && p.k > 0 && p.m > g.tile
	p.packedB = p.packedB || p.packedA
	p.wide = !p.packedB && p.m <= 3
}

// packsDeep reports whether A of the gradient of a weight is packed where that is not
// for the cache's sets alone: where its rows are a page apart, or where A is larger than a
// second-level cache and every panel of B would fetch it from behind that anew. Enough
// columns must share what packing takes. The sizes are measured, on Sapphire Rapids.
func (p *Product[T]) packsDeep() bool {
	const page, cache = 4 << 10, 2 << 20
	row, columns := p.rowA*p.kernels.size, p.n*p.kernels.size
	large := p.m*p.k*p.kernels.size > cache
	far := row >= page || large && row >= page/2
	return p.k >= 512 && (far && columns >= 128 || large && columns >= 256)
}

// chooseBlock divides k.
func (p *Product[T]) chooseBlock() {
	limit := p.kernels.blockK
	if p.packedA {
		limit = p.kernels.packedK
	}
	p.block = max(1, evenBlocks(p.k, limit))
}

// region returns a rectangle of C with its blocks. They do not change the order
// of any sum. A block also bounds the time of one call of a kernel, which cannot
// be interrupted.
func (p *Product[T]) region(rows, cols int) region {
	const cached = 256 << 10 // a part of the second-level cache
	r := region{rows: rows, cols: cols, blockM: rows, blockN: cols}
	switch g := p.kernels; {
	case g == nil:
	case p.dots:
		r.blockN = min(cols, max(64, cached/(p.block*g.size)))
	case p.packedA:
		r.blockM = roundUp(evenBlocks(rows, g.keepA/(p.block*g.size)), g.tile)
		r.blockN = min(cols, 128)
		r.keepB = r.blockM < rows && cols*p.block*g.size <= 2<<20
	case p.turned && !p.packedB:
		r.blockN = min(cols, 512)
	default:
		r.blockM = roundUp(evenBlocks(rows, max(64, cached/(p.block*g.size))), g.tile)
		if p.packedB && cols*p.block*g.size > 16<<10 {
			// A is not moved for each block of B, so the blocks can be
			// small: packed panels are used while they are in the first
			// caches.
			r.blockN = min(cols, 128)
			if p.o.TransB {
				r.blockN = min(cols, 32)
			}
		}
	}
	return r
}

// packedN returns for how many columns of B there must be room.
func (r *region) packedN() int {
	if r.keepB {
		return r.cols
	}
	return r.blockN
}

// Nanoseconds estimates the time of the product on one processor.
func (p *Product[T]) Nanoseconds() int {
	const bytesPerNanosecond = 16
	size, gflops := 8, 2
	if g := p.kernels; g != nil {
		size, gflops = g.size, g.gflops
	}
	return 2*p.m*p.n*p.k/gflops + (p.m*p.k+p.k*p.n+p.m*p.n)*size/bytesPerNanosecond
}

// divide chooses the chunks: of the grids with enough work in each rectangle,
// the one that takes two, four and eight workers the least time. Every rectangle
// reads and packs its own rows of A and columns of B.
func (p *Product[T]) divide() {
	p.unitM, p.unitN = 4, 4
	if g := p.kernels; g != nil {
		p.unitM, p.unitN = 1, 2*g.lanes
	}
	chunks := min(maxChunks, p.Nanoseconds()/(1000*chunkMicroseconds))
	// Costs per element of k, in flops.
	costA, costB := 4, 4
	if p.packedA {
		costA += 20
	}
	if p.packedB {
		costB += 20
	}
	bands, panels := p.units()
	p.down, p.across, p.chunk = 1, 1, p.whole
	best := math.MaxInt
	for down := 1; down <= min(chunks, bands) && (down == 1 || !p.turned); down++ {
		for across := 1; across <= min(chunks/down, panels); across++ {
			rows := min(p.m, (bands+down-1)/down*p.unitM)
			cols := min(p.n, (panels+across-1)/across*p.unitN)
			time := 0
			for _, workers := range [...]int{2, 4, 8} {
				turns := (down*across + workers - 1) / workers
				time += workers * turns * (2*rows*cols + costA*rows + costB*cols)
			}
			if time < best {
				best = time
				p.down, p.across, p.chunk = down, across, p.region(rows, cols)
			}
		}
	}
}

// units returns how many units of rows and of columns C has.
func (p *Product[T]) units() (bands, panels int) {
	return (p.m + p.unitM - 1) / p.unitM, (p.n + p.unitN - 1) / p.unitN
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

func (p *Product[T]) newWorkspace() workspace[T] {
	var w workspace[T]
	g := p.kernels
	if g == nil || p.dots {
		return w
	}
	var sizeA, sizeB, sizeC int
	if p.packedA {
		rows := roundUp(max(p.whole.blockM, p.chunk.blockM), g.tile)
		sizeA = rows * packedRow(p.block, g.size)
	}
	if p.packedB && p.packed == nil {
		sizeB = roundUp(max(p.whole.packedN(), p.chunk.packedN()), 2*g.lanes) * p.block
	}
	if p.turned {
		sizeC = p.m * packedRow(max(p.whole.blockN, p.chunk.blockN), g.size)
	}
	w.a, w.b, w.c = place[T](sizeA), place[T](sizeB), place[T](sizeC)
	return w
}

// place returns the memory of n elements.
func place[T Float](n int) *T {
	if n == 0 {
		return nil
	}
	return &Aligned[T](n)[0]
}

// packedRow returns the spacing in elements of packed rows.
func packedRow(n, size int) int { return n + cacheLine/size }

// evenBlocks returns the longest block when n is divided, as evenly as possible,
// into blocks of at most limit.
func evenBlocks(n, limit int) int {
	blocks := max(1, (n+limit-1)/limit)
	return (n + blocks - 1) / blocks
}
