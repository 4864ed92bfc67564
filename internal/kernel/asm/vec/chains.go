package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowChains is the number of chains in which a row of float32 is added up, and
// chainLen the most vectors of as many elements that a part of the row has.
const (
	rowChains = 16
	chainLen  = 16
)

// chains writes the kernel
//
//	func(dst, src *float32, rows, n int)
//
// that adds the elements of each part of a row in rowChains chains. What is behind
// the last whole vector of chains is added to the last part.
func (m *machine) chains() {
	r := m.function("Chains", []string{"dst *float32", "src *float32"}, []string{"rows", "n"})
	left, count, rest, most := m.GP64(), m.GP64(), m.GP64(), m.GP64()
	m.MOVQ(r["n"], rest)
	m.ANDQ(U8(rowChains-1), rest)
	m.SHRQ(U8(4), r["n"])
	some := m.chainRest(rest)
	acc := make([]reg.VecVirtual, rowChains/m.lanes())
	for i := range acc {
		acc[i] = m.reg()
	}
	add := func() {
		for i, a := range acc {
			m.VADDPS(Mem{Base: r["src"]}.Offset(i*m.width()), a, a)
		}
	}
	m.eachRow(r["rows"], func() {
		m.MOVQ(r["n"], left)
		m.Label("part")
		for _, a := range acc {
			m.VXORPS(a, a, a)
		}
		m.MOVQ(U32(chainLen), most)
		m.MOVQ(left, count)
		m.CMPQ(count, most)
		m.CMOVQGT(most, count)
		m.SUBQ(count, left)
		m.TESTQ(count, count)
		m.JZ(LabelRef("rest"))
		m.Label("vector")
		add()
		m.ADDQ(U8(rowChains*4), r["src"])
		m.DECQ(count)
		m.JNZ(LabelRef("vector"))
		m.TESTQ(left, left)
		m.JNZ(LabelRef("store"))
		m.Label("rest")
		m.TESTQ(rest, rest)
		m.JZ(LabelRef("store"))
		for i, a := range acc {
			x := m.reg()
			some[i].load(Mem{Base: r["src"]}.Offset(i*m.width()), x)
			m.VADDPS(x, a, a)
		}
		m.LEAQ(Mem{Base: r["src"], Index: rest, Scale: 4}, r["src"])
		m.Label("store")
		for i, a := range acc {
			m.VMOVUPS(a, Mem{Base: r["dst"]}.Offset(i*m.width()))
		}
		m.ADDQ(U8(rowChains*4), r["dst"])
		m.TESTQ(left, left)
		m.JNZ(LabelRef("part"))
	})
}

// chainRest is the masks of rest elements, fewer than there are chains.
func (m *machine) chainRest(rest reg.GPVirtual) (some []few) {
	zero, lanes := m.GP64(), m.GP64()
	m.XORQ(zero, zero)
	m.MOVQ(U32(m.lanes()), lanes)
	for i := range rowChains / m.lanes() {
		count := m.GP64()
		m.MOVQ(rest, count)
		m.SUBQ(U8(i*m.lanes()), count)
		m.CMOVQLT(zero, count)
		m.CMPQ(count, lanes)
		m.CMOVQGT(lanes, count)
		some = append(some, m.first(count, m.lanes()))
	}
	return some
}

// joinChains writes the kernel
//
//	func(dst *out, src *float32, n int)
//
// that adds the chains of each of n parts in halves, in float64: of several parts at
// a time, whose sums are then side by side.
func (m *machine) joinChains(out string) {
	name := "JoinChains"
	if out == "float64" {
		name = "WideJoinChains"
	}
	r := m.function(name, []string{"dst *" + out, "src *float32"}, []string{"n"})
	d := m.accumulator()
	wide := map[string]int{"float32": 4, "float64": 8}[out]
	m.Label("many")
	m.SUBQ(U8(d.lanes()), r["n"])
	m.JL(LabelRef("rest"))
	sums := m.sideBySideSums(r["src"])
	switch {
	case out == "float64":
		m.VMOVUPD(sums, Mem{Base: r["dst"]})
	case m.isa == avx512:
		m.VCVTPD2PS(sums, sums.AsY())
		m.VMOVUPS(sums.AsY(), Mem{Base: r["dst"]})
	default:
		m.VCVTPD2PSY(sums, sums.AsX())
		m.VMOVUPS(sums.AsX(), Mem{Base: r["dst"]})
	}
	m.ADDQ(I32(d.lanes()*rowChains*4), r["src"])
	m.ADDQ(U8(d.lanes()*wide), r["dst"])
	m.JMP(LabelRef("many"))
	m.Label("rest")
	m.ADDQ(U8(d.lanes()), r["n"])
	m.eachRow(r["n"], func() {
		s := m.chainSum(r["src"], 0)
		d.quarters(s)
		if out == "float64" {
			m.VMOVSD(s.AsX(), Mem{Base: r["dst"]})
		} else {
			m.VCVTSD2SS(s.AsX(), s.AsX(), s.AsX())
			m.VMOVSS(s.AsX(), Mem{Base: r["dst"]})
		}
		m.ADDQ(U8(rowChains*4), r["src"])
		m.ADDQ(U8(wide), r["dst"])
	})
}

// chainSum adds the chains of a part in halves, down to the lanes of one vector.
func (m *machine) chainSum(src reg.GPVirtual, part int) reg.VecVirtual {
	d := m.accumulator()
	v := make([]reg.VecVirtual, rowChains/d.lanes())
	for i := range v {
		v[i] = d.reg()
		m.widen(Mem{Base: src}.Offset(part*rowChains*4+i*d.lanes()*4), v[i])
	}
	for w := len(v) / 2; w > 0; w /= 2 {
		for i := range w {
			m.VADDPD(v[i+w], v[i], v[i])
		}
	}
	return v[0]
}

// quarters joins the lanes of a vector to its first element.
func (d *machine) quarters(v reg.VecVirtual) {
	d.halves(v, func(b, a, c Op) { d.VADDPD(b, a, c) })
}

// sideBySideSums is the sums of as many parts as a vector has lanes. Each step adds
// halves of two vectors, and leaves the sums of both in one.
func (m *machine) sideBySideSums(src reg.GPVirtual) reg.VecVirtual {
	d := m.accumulator()
	join := func(low, high func(a, b, c reg.VecVirtual), v []reg.VecVirtual) []reg.VecVirtual {
		var sums []reg.VecVirtual
		for i := 0; i < len(v); i += 2 {
			l, h := d.reg(), d.reg()
			low(v[i], v[i+1], l)
			high(v[i], v[i+1], h)
			m.VADDPD(h, l, l)
			sums = append(sums, l)
		}
		return sums
	}
	quarters := func(imm uint8) func(a, b, c reg.VecVirtual) {
		if m.isa == avx512 {
			return func(a, b, c reg.VecVirtual) { m.VSHUFF64X2(U8(imm), b, a, c) }
		}
		return func(a, b, c reg.VecVirtual) { m.VPERM2F128(U8(imm), b, a, c) }
	}
	// The last step takes elements of two vectors in turn: even parts, then odd ones.
	var v []reg.VecVirtual
	for odd := range 2 {
		for i := odd; i < d.lanes(); i += 2 {
			v = append(v, m.chainSum(src, i))
		}
	}
	if m.isa == avx512 {
		v = join(quarters(0x44), quarters(0xee), v)
		v = join(quarters(0x88), quarters(0xdd), v)
	} else {
		v = join(quarters(0x20), quarters(0x31), v)
	}
	return join(func(a, b, c reg.VecVirtual) { m.VUNPCKLPD(b, a, c) }, func(a, b, c reg.VecVirtual) { m.VUNPCKHPD(b, a, c) }, v)[0]
}
