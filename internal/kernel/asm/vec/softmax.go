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
	r := m.softmaxFunction(name+"Rows", logOnly)
	s := softmaxRow{rowSteps: m.rowSteps(r["n"]), dst: r["dst"], src: r["src"], logOnly: logOnly}
	m.eachRow(r["rows"], func() {
		top := s.top()
		sum := s.exponentials(top)
		log := m.add(value{top}, logFormula(m, value{m.spread(sum)}))
		m.emit("VMOVS#", log[0].AsX(), Mem{Base: r["lse"]})
		if !logOnly {
			s.scale(m.spread(m.reciprocal(sum)))
			m.LEAQ(Mem{Base: s.dst}.Idx(s.n, uint8(m.elem())), s.dst)
		}
		m.LEAQ(Mem{Base: s.src}.Idx(s.n, uint8(m.elem())), s.src)
		m.ADDQ(U8(m.elem()), r["lse"])
	})
}

// softmaxFunction starts a kernel of softmaxRows.
func (m *machine) softmaxFunction(name string, logOnly bool) map[string]reg.GPVirtual {
	pointers := []string{"dst *" + m.ctype(), "lse *" + m.ctype(), "src *" + m.ctype()}
	if logOnly {
		pointers = pointers[1:]
	}
	return m.function(name, pointers, []string{"rows", "n"})
}

// A softmaxRow goes along a row three times: for the largest element, for the
// exponentials and their sum, and to divide by that.
type softmaxRow struct {
	rowSteps
	dst, src reg.GPVirtual
	logOnly  bool
}

// at is the place of a vector of the current step.
func (s softmaxRow) at(base reg.GPVirtual, vector int) Mem {
	return Mem{Base: base, Index: s.i, Scale: uint8(s.m.elem())}.Offset(vector * s.m.width())
}

// load loads vectors, or what is left, and behind that another number.
func (s softmaxRow) load(whole bool, other reg.VecVirtual) value {
	m := s.m
	x := m.value()
	for u := range x {
		if whole {
			m.emit("VMOVUP#", s.at(s.src, u), x[u])
		} else {
			s.some.load(s.at(s.src, u), x[u])
			x[u] = s.some.fill(x[u], other)
		}
	}
	return x
}

func (s softmaxRow) store(y value, whole bool) {
	for u := range y {
		if whole {
			s.m.emit("VMOVUP#", y[u], s.at(s.dst, u))
		} else {
			part{m: s.m, bytes: s.restBytes, mask: s.some.mask}.store(y[u], s.at(s.dst, u))
		}
	}
}

// top is the subtrahend of the row in all lanes.
func (s softmaxRow) top() reg.VecVirtual {
	m := s.m
	top, none := m.reg(), m.constant(m.k(math.Inf(-1)))
	m.emit("VMOVAP#", none, top)
	s.steps(1, func(whole bool) { m.emit("VMAXP#", s.load(whole, none)[0], top, top) })
	m.halves(top, func(b, a, d Op) { m.emit("VMAXP#", b, a, d) })
	m.emit("VBROADCASTS#", top.AsX(), top)
	return m.subtrahend(top)
}

// exponentials stores exp(x - top) unless only the logarithm is asked for, and
// returns their sum, the first lane of a float64 vector.
func (s softmaxRow) exponentials(top reg.VecVirtual) reg.VecVirtual {
	m, d := s.m, s.m.accumulator()
	sum := d.reg()
	m.VXORPS(sum, sum, sum)
	s.steps(2, func(whole bool) {
		x := s.load(whole, top)
		tops := make(value, len(x))
		for u := range tops {
			tops[u] = top
		}
		e := expFormula(m, m.sub(x, tops))
		if !whole { // not by exp(-Inf): Intel's processors take long for what underflows
			zero := m.reg()
			m.VXORPS(zero, zero, zero)
			e[0] = s.some.fill(e[0], zero)
		}
		if !s.logOnly {
			s.store(e, whole)
		}
		for _, v := range e {
			m.addWide(v, sum)
		}
	})
	d.halves(sum, func(b, a, c Op) { d.emit("VADDPD", b, a, c) })
	return sum
}

// scale multiplies the exponentials.
func (s softmaxRow) scale(by reg.VecVirtual) {
	m := s.m
	s.steps(1, func(whole bool) {
		y := m.reg()
		if whole {
			m.emit("VMULP#", s.at(s.dst, 0), by, y)
		} else {
			s.some.load(s.at(s.dst, 0), y)
			m.emit("VMULP#", y, by, y)
		}
		s.store(value{y}, whole)
	})
}

// reciprocal is 1 over the first lane of a float64 vector, in the first lane.
func (m *machine) reciprocal(x reg.VecVirtual) reg.VecVirtual {
	d := m.accumulator()
	one := d.reg()
	m.VMOVSD(d.memory(d.k(1)), one.AsX())
	m.VDIVSD(x.AsX(), one.AsX(), one.AsX())
	return one
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

// rowSteps sets up what is the same for all rows of n elements.
func (m *machine) rowSteps(n reg.GPVirtual) rowSteps {
	s := rowSteps{m: m, n: n, rest: m.GP64(), restBytes: m.GP64(), i: m.GP64()}
	m.MOVQ(n, s.rest)
	m.ANDQ(U32(m.lanes()-1), s.rest)
	m.MOVQ(s.rest, s.restBytes)
	m.SHLQ(U8(m.shift()), s.restBytes)
	s.some = m.first(s.rest, m.lanes())
	return s
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
