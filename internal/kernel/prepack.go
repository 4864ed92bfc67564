package kernel

// Prepack makes of a product one whose B is packed once, by [Product.Pack], for many
// runs: a weight that a loop uses in each of its steps. It reports whether that is
// possible, and of use: for one row B is read as it is. Then runs look at what was packed and not at their B. No sum changes its
// order.
func (p *Product[T]) Prepack() bool {
	if p.kernels == nil || p.swapped || p.dots || p.wide || p.k == 0 || p.m == 0 || p.n == 0 {
		return false
	}
	p.packedA, p.packedB, p.direct = false, true, nil
	p.whole, p.chunk = p.region(p.m, p.n), p.region(p.chunk.rows, p.chunk.cols)
	p.packed = place[T](roundUp(p.n, 2*p.kernels.lanes) * p.k)
	for i := range p.work {
		p.work[i] = p.newWorkspace()
	}
	return true
}

// Pack packs B, panels of two vectors for each block of k.
func (p *Product[T]) Pack(b *T) {
	w := &p.work[0]
	for l := 0; l < p.k; l += p.block {
		p.startBlock(w, l)
		w.b = p.packedAt(w, l, 0)
		p.packB(w, b, l, 0, p.n)
	}
}

// UsePacked makes a product whose B is packed before use what another of the same shape
// packs.
func (p *Product[T]) UsePacked(q *Product[T]) { p.packed = q.packed }

// packedAt is where the panels from a column on, of the block of k that starts at l,
// were packed.
func (p *Product[T]) packedAt(w *workspace[T], l, col int) *T {
	return element(p.packed, l*roundUp(p.n, 2*p.kernels.lanes)+col*w.args.k)
}
