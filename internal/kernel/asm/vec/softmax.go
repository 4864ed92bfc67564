package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmaxRows writes a kernel
//
//	func(dst, lse, src *T, rows, n int)
//
// that computes exp(x) over the sum of exp(x) in each row, and the logarithm of
// the sum. With logOnly there is no dst, and only the logarithm is computed.
// The sum is made in float64.
func (m *machine) softmaxRows(name string, logOnly bool) {
	pointers := []string{"dst", "lse", "src"}
	if logOnly {
		pointers = pointers[1:]
	}
	for i := range pointers {
		pointers[i] += " *" + m.ctype()
	}
	r := m.function(name+"Rows", pointers, []string{"rows", "n"})
	row := rowSteps{m: m, n: r["n"], rest: m.GP64(), restBytes: m.GP64(), i: m.GP64()}
	m.MOVQ(r["n"], row.rest)
	m.ANDQ(U32(m.lanes()-1), row.rest)
	m.MOVQ(row.rest, row.restBytes)
	m.SHLQ(U8(m.shift()), row.restBytes)
	row.some = m.first(row.rest, m.lanes())
	at := func(base reg.GPVirtual, vector int) Mem {
		return Mem{Base: base, Index: row.i, Scale: uint8(m.elem())}.Offset(vector * m.width())
	}
	load := func(whole bool) value {
		x := m.value()
		for u := range x {
			if whole {
				m.emit("VMOVUP#", at(r["src"], u), x[u])
			} else { // the other lanes add nothing to a sum of exponentials
				row.some.load(at(r["src"], u), x[u])
				x[u] = row.some.fill(x[u], m.constant(m.k(math.Inf(-1))))
			}
		}
		return x
	}
	store := func(y value, whole bool) {
		for u := range y {
			if whole {
				m.emit("VMOVUP#", y[u], at(r["dst"], u))
			} else {
				part{m: m, bytes: row.restBytes, mask: row.some.mask}.store(y[u], at(r["dst"], u))
			}
		}
	}

	m.TESTQ(r["rows"], r["rows"])
	m.JZ(LabelRef("end"))
	m.Label("row")
	top := m.reg()
	m.emit("VMOVAP#", m.constant(m.k(math.Inf(-1))), top)
	row.steps(1, func(whole bool) {
		m.emit("VMAXP#", load(whole)[0], top, top)
	})
	m.halves(top, func(b, a, d Op) { m.emit("VMAXP#", b, a, d) })
	m.emit("VBROADCASTS#", top.AsX(), top)
	top = m.subtrahend(top)

	d := m.accumulator()
	sum := d.reg()
	m.VXORPS(sum, sum, sum)
	row.steps(2, func(whole bool) {
		x := load(whole)
		tops := make(value, len(x))
		for u := range tops {
			tops[u] = top
		}
		e := expFormula(m, m.sub(x, tops))
		if !logOnly {
			store(e, whole)
		}
		for _, v := range e {
			m.addWide(v, sum)
		}
	})
	d.halves(sum, func(b, a, c Op) { d.emit("VADDPD", b, a, c) })
	log := m.add(value{top}, logFormula(m, value{m.spread(sum)}))
	m.emit("VMOVS#", log[0].AsX(), Mem{Base: r["lse"]})
	if !logOnly {
		scale := m.spread(d.div(d.k(1), value{sum})[0])
		row.steps(1, func(whole bool) {
			y := m.reg()
			if whole {
				m.emit("VMULP#", at(r["dst"], 0), scale, y)
			} else {
				row.some.load(at(r["dst"], 0), y)
				m.emit("VMULP#", y, scale, y)
			}
			store(value{y}, whole)
		})
		m.LEAQ(Mem{Base: r["dst"]}.Idx(r["n"], uint8(m.elem())), r["dst"])
	}
	m.LEAQ(Mem{Base: r["src"]}.Idx(r["n"], uint8(m.elem())), r["src"])
	m.ADDQ(U8(m.elem()), r["lse"])
	m.DECQ(r["rows"])
	m.JNZ(LabelRef("row"))
	m.Label("end")
	m.VZEROUPPER()
	m.RET()
}

// spread fills a vector with the first element of a float64 one.
func (m *machine) spread(x reg.VecVirtual) reg.VecVirtual {
	v := m.reg()
	if m.double {
		m.VBROADCASTSD(x.AsX(), v)
	} else {
		f := m.XMM()
		m.VCVTSD2SS(x.AsX(), x.AsX(), f)
		m.VBROADCASTSS(f, v)
	}
	return v
}

// addWide adds the lanes of v to float64 sums.
func (m *machine) addWide(v, sum reg.VecVirtual) {
	if m.double {
		m.VADDPD(v, sum, sum)
		return
	}
	saved := m.unroll
	m.unroll = 1
	_, w := m.widenValue(value{v})
	m.unroll = saved
	m.VADDPD(w[0], sum, sum)
	m.VADDPD(w[1], sum, sum)
}

// rowSteps goes along a row; i is the index of the element that a step starts
// at.
type rowSteps struct {
	m                     *machine
	n, rest, restBytes, i reg.GPVirtual
	some                  few
}

// steps runs body for as many vectors at a time as it says, then for one vector
// and then for what is left, which is not a whole vector.
func (s rowSteps) steps(vectors int, body func(whole bool)) {
	m := s.m
	last := m.GP64()
	m.XORQ(s.i, s.i)
	for v := vectors; v > 0; v /= 2 {
		loop, next := m.label(), m.label()
		m.MOVQ(s.n, last)
		m.SUBQ(U32(v*m.lanes()), last)
		m.Label(loop)
		m.CMPQ(s.i, last)
		m.JG(LabelRef(next))
		m.unroll = v
		body(true)
		m.unroll = 1
		m.ADDQ(U32(v*m.lanes()), s.i)
		m.JMP(LabelRef(loop))
		m.Label(next)
	}
	done := m.label()
	m.TESTQ(s.rest, s.rest)
	m.JZ(LabelRef(done))
	body(false)
	m.Label(done)
}
