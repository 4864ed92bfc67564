package kernel

import "unsafe"

// A directPanel is a call of a panel kernel whose arguments are known when the
// product is planned, but for the operands.
type directPanel struct {
	kernel func(args *byte)
	args   panelArgs
	at     int // bytes from the first column
	biasAt int
}

// planDirect prepares the calls of a small product that packs nothing and is
// computed in one block: there the decisions would take longer than the work.
func (p *Product[T]) planDirect() {
	const most = 4 // panels
	g, r := p.kernels, &p.whole
	if g == nil || p.dots || p.packedA || p.packedB || p.m == 0 || p.n == 0 || p.k == 0 ||
		p.block < p.k || r.blockM < p.m || r.blockN < p.n || p.n > 2*most*g.lanes {
		return
	}
	row, col := p.stridesA()
	x := panelArgs{
		aRow: row * g.size, aCol: col * g.size, bRow: p.rowB * g.size, cRow: p.rowOfC(r) * g.size,
		m: p.m, k: p.k, flags: p.panelFlags(0),
	}
	for j, width := 0, 0; j < p.n; j += width {
		x.tileRows = evenBlocks(p.m, g.tile)
		x.aTile = x.tileRows * x.aRow
		d := directPanel{at: j * g.size, biasAt: p.biasAt(0, j) * g.size}
		d.kernel, width = p.panel(&x, p.n-j)
		d.args = x
		p.direct = append(p.direct, d)
	}
}

// runDirect makes the prepared calls.
func (p *Product[T]) runDirect(w *workspace[T], c, a, b, bias *T) {
	to := unsafe.Pointer(c)
	if p.swapped {
		a, b = b, a
		if p.turned {
			to = unsafe.Pointer(w.c)
		}
	}
	for i := range p.direct {
		d := &p.direct[i]
		x := &d.args
		x.a = unsafe.Pointer(a)
		x.b = unsafe.Add(unsafe.Pointer(b), d.at)
		x.c = unsafe.Add(to, d.at)
		if p.o.Bias || p.o.Scale {
			x.bias = unsafe.Add(unsafe.Pointer(bias), d.biasAt)
		}
		d.kernel((*byte)(unsafe.Pointer(x)))
	}
	if p.turned {
		p.turn(c, w.c, p.rowOfC(&p.whole), p.n)
	}
}
