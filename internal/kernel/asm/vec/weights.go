package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// weightRows writes a kernel
//
//	func(dst, src, scale *T, rows, n, seen, more int)
//
// that computes the softmax of scale·x over the first seen elements of each row of n,
// 0 < seen, and 0 for the others. Of each row there are more seen than of the one
// before it, up to n. dst may be src. The sum is made in float64, of pairs of vectors.
func (m *machine) weightRows() {
	r := m.function("WeightRows", []string{"dst *" + m.ctype(), "src *" + m.ctype(), "scale *" + m.ctype()}, []string{"rows", "n", "seen", "more"})
	w := weightRow{m: m, dst: r["dst"], src: r["src"], n: r["n"], end: m.rowEnd(r["n"]), by: m.reg()}
	m.broadcast(Mem{Base: r["scale"]}, w.by)
	m.eachRow(r["rows"], func() {
		count := m.GP64()
		m.MOVQ(r["seen"], count)
		m.CMPQ(count, w.n)
		m.CMOVQGT(w.n, count)
		w.rowSteps = m.rowSteps(count)
		sum := w.exponentials(w.top())
		w.finish(m.spread(m.reciprocal(sum)))
		m.LEAQ(Mem{Base: w.src, Index: w.n, Scale: uint8(m.elem())}, w.src)
		m.LEAQ(Mem{Base: w.dst, Index: w.n, Scale: uint8(m.elem())}, w.dst)
		m.ADDQ(r["more"], r["seen"])
	})
}

// A rowEnd is what is behind the last whole vector of a row.
type rowEnd struct {
	few
	bytes reg.GPVirtual
}

func (m *machine) rowEnd(n reg.GPVirtual) rowEnd {
	rest, bytes := m.GP64(), m.GP64()
	m.MOVQ(n, rest)
	m.ANDQ(U32(m.lanes()-1), rest)
	m.MOVQ(rest, bytes)
	m.SHLQ(U8(m.shift()), bytes)
	return rowEnd{m.first(rest, m.lanes()), bytes}
}

func (e rowEnd) store(v reg.VecVirtual, a Mem) {
	part{m: e.m, bytes: e.bytes, mask: e.mask}.store(v, a)
}

// A weightRow goes along the part of a row that is seen, of count elements, and then
// along the whole row.
type weightRow struct {
	rowSteps
	m           *machine
	dst, src, n reg.GPVirtual
	end         rowEnd
	by          reg.VecVirtual // the scale
}

func (w weightRow) at(base reg.GPVirtual, vector int) Mem {
	return Mem{Base: base, Index: w.i, Scale: uint8(w.m.elem())}.Offset(vector * w.m.width())
}

// within emits one of two bodies: for a vector that ends within the row, and for the
// last of the row that does not.
func (w weightRow) within(whole, last func()) {
	m, t, outside, done := w.m, w.m.GP64(), w.m.label(), w.m.label()
	m.LEAQ(Mem{Base: w.i}.Offset(m.lanes()), t)
	m.CMPQ(t, w.n)
	m.JG(LabelRef(outside))
	whole()
	m.JMP(LabelRef(done))
	m.Label(outside)
	last()
	m.Label(done)
}

// load is scale·x, -Inf behind what is seen.
func (w weightRow) load(whole bool) value {
	m := w.m
	x := m.value()
	for u := range x {
		if whole {
			m.emit("VMULP#", w.at(w.src, u), w.by, x[u])
			continue
		}
		w.within(func() { m.emit("VMOVUP#", w.at(w.src, u), x[u]) }, func() { w.end.load(w.at(w.src, u), x[u]) })
		m.emit("VMULP#", w.by, x[u], x[u])
		x[u] = w.some.fill(x[u], m.constant(m.k(math.Inf(-1))))
	}
	return x
}

// top is the subtrahend of the row in all lanes.
func (w weightRow) top() reg.VecVirtual {
	m := w.m
	top := m.reg()
	m.emit("VMOVAP#", m.constant(m.k(math.Inf(-1))), top)
	w.steps(1, func(whole bool) { m.emit("VMAXP#", w.load(whole)[0], top, top) })
	m.halves(top, func(b, a, d Op) { m.emit("VMAXP#", b, a, d) })
	m.emit("VBROADCASTS#", top.AsX(), top)
	return m.subtrahend(top)
}

// exponentials stores exp(scale·x - top) and returns their sum, the first lane of a
// float64 vector.
func (w weightRow) exponentials(top reg.VecVirtual) reg.VecVirtual {
	m, d := w.m, w.m.accumulator()
	sum, together := d.reg(), 2
	if m.isa == avx2 && m.double {
		together = 1 // for want of registers
	}
	m.VXORPS(sum, sum, sum)
	w.steps(together, func(whole bool) {
		x := w.load(whole)
		for u := range x {
			m.emit("VSUBP#", top, x[u], x[u])
		}
		e := m.expBelow0(x)
		for u := range e {
			if whole {
				m.emit("VMOVUP#", e[u], w.at(w.dst, u))
			} else {
				w.within(func() { m.emit("VMOVUP#", e[u], w.at(w.dst, u)) }, func() { w.end.store(e[u], w.at(w.dst, u)) })
			}
		}
		pair := e[0]
		if len(e) > 1 {
			pair = m.reg()
			m.emit("VADDP#", e[1], e[0], pair)
		}
		m.addWide(pair, sum)
	})
	d.halves(sum, func(b, a, c Op) { d.emit("VADDPD", b, a, c) })
	return sum
}

// expBelow0 is exp(x) for x <= 0, and 0 where that is not a normal number: Intel's
// processors take over a hundred cycles for a result that is not.
func (m *machine) expBelow0(x value) value {
	least := m.pick(-87, -708)
	normal := m.compare(notLess, x, least)
	x = m.maximum(least, x)
	if m.isa == avx512 {
		return m.where(normal, m.exp(x))
	}
	return m.where(normal, m.expModerate(x))
}

// finish multiplies what was seen, up to the end of its last vector, and makes the
// rest of the row 0.
func (w weightRow) finish(by reg.VecVirtual) {
	m := w.m
	zero := m.reg()
	m.VXORPS(zero, zero, zero)
	scale, clear, tail, some, done := m.label(), m.label(), m.label(), m.label(), m.label()
	next := func() {
		t := m.GP64()
		m.LEAQ(Mem{Base: w.i}.Offset(m.lanes()), t)
		m.CMPQ(t, w.n)
		m.JG(LabelRef(tail))
	}
	m.XORQ(w.i, w.i)
	m.Label(scale)
	next()
	m.CMPQ(w.i, w.rowSteps.n)
	m.JGE(LabelRef(clear))
	y := m.reg()
	m.emit("VMULP#", w.at(w.dst, 0), by, y)
	m.emit("VMOVUP#", y, w.at(w.dst, 0))
	m.ADDQ(U8(m.lanes()), w.i)
	m.JMP(LabelRef(scale))
	m.Label(clear)
	m.emit("VMOVUP#", zero, w.at(w.dst, 0))
	m.ADDQ(U8(m.lanes()), w.i)
	next()
	m.JMP(LabelRef(clear))
	m.Label(tail)
	m.CMPQ(w.i, w.n)
	m.JGE(LabelRef(done))
	m.CMPQ(w.i, w.rowSteps.n)
	m.JGE(LabelRef(some))
	w.end.load(w.at(w.dst, 0), zero)
	m.emit("VMULP#", by, zero, zero)
	m.Label(some)
	w.end.store(zero, w.at(w.dst, 0))
	m.Label(done)
}

// weightGradRows writes a kernel
//
//	func(dp, p, scale *T, rows, n int)
//
// that makes of the gradient by the weights p the one by what their softmax is of:
// dp = scale·p·(dp - Σ p·dp) in each row of n. The sum is made as that of weightRows.
func (m *machine) weightGradRows() {
	r := m.function("WeightGradRows", []string{"dp *" + m.ctype(), "p *" + m.ctype(), "scale *" + m.ctype()}, []string{"rows", "n"})
	s := softmaxRow{rowSteps: m.rowSteps(r["n"]), dst: r["dp"], src: r["dp"]}
	by := m.reg()
	m.broadcast(Mem{Base: r["scale"]}, by)
	at := func(base reg.GPVirtual, u int, whole bool) reg.VecVirtual {
		v := m.reg()
		if whole {
			m.emit("VMOVUP#", s.at(base, u), v)
		} else {
			s.some.load(s.at(base, u), v)
		}
		return v
	}
	d := m.accumulator()
	m.eachRow(r["rows"], func() {
		sum := d.reg()
		m.VXORPS(sum, sum, sum)
		s.steps(2, func(whole bool) {
			t := at(r["p"], 0, whole)
			m.emit("VMULP#", at(s.dst, 0, whole), t, t)
			if m.unroll > 1 {
				u := at(r["p"], 1, whole)
				m.emit("VMULP#", at(s.dst, 1, whole), u, u)
				m.emit("VADDP#", u, t, t)
			}
			m.addWide(t, sum)
		})
		d.halves(sum, func(b, a, c Op) { d.emit("VADDPD", b, a, c) })
		mean := m.spread(sum)
		s.steps(1, func(whole bool) {
			v, p := at(s.dst, 0, whole), at(r["p"], 0, whole)
			m.emit("VSUBP#", mean, v, v)
			m.emit("VMULP#", by, p, p)
			m.emit("VMULP#", p, v, v)
			s.store(value{v}, whole)
		})
		m.LEAQ(Mem{Base: s.dst, Index: s.n, Scale: uint8(m.elem())}, s.dst)
		m.LEAQ(Mem{Base: r["p"], Index: s.n, Scale: uint8(m.elem())}, r["p"])
	})
}
