package kernel

import (
	"math"
	"unsafe"
)

// A region is a rectangle of C and how to compute it.
type region struct {
	row, rows, col, cols int

	packA, packB   bool
	blockM, blockN int  // rows and columns per packed block
	wide           bool // few rows: four vectors at a time
	prefetch       bool // C is too large to be in the caches
}

// workspace is what one worker needs to run a region.
type workspace[T Float] struct {
	args panelArgs
	a, b *T // packed blocks
	bias []T
}

// chunkMicroseconds is the least time that a chunk should take: less is lost in
// handing it to another worker.
const chunkMicroseconds = 25

// maxChunks bounds the number of chunks: the smaller they are, the more often
// the same operands are packed.
const maxChunks = 16

func newProduct[T Float](isa ISA, m, n, k int, o ProductOptions) *Product[T] {
	var z T
	p := &Product[T]{m: m, n: n, k: k, o: o, kernels: gemmFor(isa, unsafe.Sizeof(z) == 8)}
	p.simplify()
	p.block = max(k, 1)
	if g := p.kernels; g != nil {
		p.dots = p.o.TransB && p.m <= 3 && (!p.o.TransA || p.m == 1)
		if !p.dots {
			blocks := max(1, (k+g.blockK-1)/g.blockK)
			p.block = max(1, (k+blocks-1)/blocks)
		}
	}
	p.whole = p.plan(p.m, p.n)
	p.divide()
	p.work = []workspace[T]{p.newWorkspace()}
	return p
}

// simplify replaces the problem by an easier one with the same memory layout. A
// column is computed as the row Cᵀ = op(B)ᵀ·op(A)ᵀ: a row keeps whole vectors
// of C. An operand that is a vector is its own transpose.
func (p *Product[T]) simplify() {
	if p.n == 1 && p.m > 1 && p.kernels != nil {
		p.swapped = true
		p.m, p.n = p.n, p.m
		p.o.TransA, p.o.TransB = !p.o.TransB, !p.o.TransA
	}
	if p.m == 1 || p.k == 1 {
		p.o.TransA = false
	}
	if p.n == 1 || p.k == 1 {
		p.o.TransB = p.n == 1 && p.k > 1 // a single dot product
	}
}

// stridesA returns the distances in elements between the rows and between the
// columns of op(A).
func (p *Product[T]) stridesA() (row, col int) {
	if p.o.TransA {
		return 1, p.m
	}
	return p.k, 1
}

func (p *Product[T]) stridesB() (row, col int) {
	if p.o.TransB {
		return 1, p.k
	}
	return p.n, 1
}

// plan decides how to compute a rectangle of C. Nothing decided here changes
// the order of a sum.
func (p *Product[T]) plan(rows, cols int) region {
	r := region{rows: rows, cols: cols}
	g := p.kernels
	if g == nil || p.dots {
		return r
	}
	pair := 2 * g.lanes
	// Packing B costs k·n, the product m·k·n. It pays for rows that are far
	// apart, when a row of tiles uses it often enough.
	stride := p.n * g.size
	r.packB = p.o.TransB || rows >= 24 && stride >= 4096 || rows >= 64 && stride > 1024 || rows > 512
	// A is packed when its rows compete for the same sets of the cache.
	r.packA = r.packB && cols > 2*pair && rows > g.tile
	if p.o.TransA {
		r.packA = r.packA && p.m*g.size >= 2048
	} else {
		r.packA = r.packA && p.k*g.size >= 4096 && rows*p.block*g.size > 256<<10
	}
	r.wide = !r.packB && rows <= 3
	r.prefetch = r.packB
	r.blockM, r.blockN = rows, cols
	switch {
	case r.packA:
		r.blockM, r.blockN = min(rows, g.blockM), min(cols, g.blockN)
	case r.packB && cols*p.block*g.size > 16<<10:
		// A is not moved for each block of B, so the blocks can be small:
		// packed panels are used while they are in the first caches.
		r.blockN = min(cols, 128)
		if p.o.TransB {
			r.blockN = min(cols, 32)
		}
	}
	return r
}

// divide chooses the chunks: of the grids with enough work in each rectangle,
// the one whose rectangles take the least time. Every rectangle reads and packs
// its own rows of A and columns of B.
func (p *Product[T]) divide() {
	p.chunk, p.across = p.whole, 1
	const element, packed = 4, 20 // cost of reading or packing one, in flops
	tile, pair, gflops := 4, 4, 2
	if g := p.kernels; g != nil {
		tile, pair, gflops = g.tile, 2*g.lanes, g.gflops
	}
	parts := min(maxChunks, 2*p.m*p.n*p.k/(gflops*1000*chunkMicroseconds))
	best := math.MaxInt
	for down := 1; down <= parts; down++ {
		rows := min(p.m, roundUp((p.m+down-1)/down, tile))
		cols := min(p.n, roundUp((p.n+parts/down-1)/(parts/down), pair))
		r := p.plan(rows, cols)
		time := 2*rows*cols + element*(rows+cols)
		if r.packA {
			time += packed * rows
		}
		if r.packB {
			time += packed * cols
		}
		if time < best {
			best = time
			p.chunk, p.across = r, (p.n+cols-1)/cols
		}
	}
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

func (p *Product[T]) newWorkspace() workspace[T] {
	var w workspace[T]
	g := p.kernels
	if p.swapped && p.o.Bias {
		w.bias = make([]T, p.n)
	}
	if g == nil || p.dots {
		return w
	}
	var sizeA, sizeB int
	for _, r := range []*region{&p.whole, &p.chunk} {
		if r.packA {
			// Packing stores whole vectors, past the end of the block.
			sizeA = max(sizeA, r.blockM*packedRow(p.block, g.size)+2*g.lanes)
		}
		if r.packB {
			pair := 2 * g.lanes
			sizeB = max(sizeB, roundUp(r.blockN, pair)*p.block)
		}
	}
	w.a, w.b = aligned[T](sizeA), aligned[T](sizeB)
	return w
}

// fillBias makes a row of one number, for a column that is computed as a row.
func (w *workspace[T]) fillBias(x T, r *region) *T {
	for j := range w.bias[r.col : r.col+r.cols] {
		w.bias[r.col+j] = x
	}
	return &w.bias[0]
}

// packedRow returns the spacing in elements of packed rows.
func packedRow(n, size int) int { return n + cacheLine/size }

const cacheLine = 64

// aligned allocates n elements at the start of a cache line.
func aligned[T Float](n int) *T {
	if n == 0 {
		return nil
	}
	var z T
	size := int(unsafe.Sizeof(z))
	s := make([]T, n+cacheLine/size)
	past := int(uintptr(unsafe.Pointer(&s[0])) % cacheLine)
	return &s[(cacheLine-past)%cacheLine/size]
}

// evenTiles returns the rows per tile that divide rows as evenly as the largest
// tile allows.
func evenTiles(rows, tile int) int {
	tiles := (rows + tile - 1) / tile
	return (rows + tiles - 1) / tiles
}
