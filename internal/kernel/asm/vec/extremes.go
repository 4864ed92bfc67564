package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An extreme is the largest or smallest of some numbers. The instructions that
// compare do not tell 0 from -0. AVX-512 has one that does, and is given as the
// immediate operand. With AVX2 the sign bits are joined: the largest number has
// those of all numbers joined by "and", the smallest by "or".
type extreme struct {
	name, compare string
	signed        uint8
	join          string
	identity      float64
}

func extremes() []extreme {
	return []extreme{
		{"Max", "VMAXP#", 5, "VANDP#", math.Inf(-1)},
		{"Min", "VMINP#", 4, "VORP#", math.Inf(1)},
	}
}

// step makes d the extreme of b and a.
func (e extreme) step(m *machine, b, a, d Op) {
	if m.isa == avx512 {
		m.emit("VRANGEP#", U8(e.signed), b, a, d)
		return
	}
	m.emit(e.compare, b, a, d)
}

// setSign gives x the sign bit of s.
func (m *machine) setSign(x, s reg.VecVirtual) {
	v := m.or(m.and(value{x}, m.absBits()), m.and(value{s}, m.signBit()))
	m.emit("VMOVAP#", v[0], x)
}

// extremeRows writes a kernel
//
//	func(dst, src *T, rows, n int)
//
// for the largest or smallest element of each row, or NaN if there is one, or
// the index of the first such element.
func (m *machine) extremeRows(e extreme, index bool) {
	name := e.name
	if index {
		name = "Arg" + name
	}
	r := m.function(name+"Rows", []string{"dst *" + m.ctype(), "src *" + m.ctype()}, []string{"rows", "n"})
	const vectors = 4
	worst := m.reg()
	m.broadcast(m.memory(m.k(e.identity)), worst)
	best, nan := make([]reg.VecVirtual, vectors), m.reg()
	for i := range best {
		best[i] = m.reg()
	}
	op := func(b, a, d Op) { e.step(m, b, a, d) }
	signs, signed := m.reg(), m.isa == avx2 && !index
	join := func(b, a, d Op) {
		if signed {
			m.emit(e.join, b, a, d)
		}
	}
	if index { // of either zero
		op = func(b, a, d Op) { m.emit(e.compare, b, a, d) }
	}

	rest := m.GP64()
	m.MOVQ(r["n"], rest)
	m.ANDQ(U32(m.lanes()-1), rest)
	some := m.first(rest, m.lanes())
	p, count := m.GP64(), m.GP64()

	m.TESTQ(r["rows"], r["rows"])
	m.JZ(LabelRef("end"))
	m.Label("row")
	for _, b := range best {
		m.emit("VMOVAP#", worst, b)
	}
	m.VXORPS(nan, nan, nan)
	if signed {
		m.emit("VMOVAP#", worst, signs)
	}
	m.MOVQ(r["src"], p)
	m.MOVQ(r["n"], count)
	m.SUBQ(U32(vectors*m.lanes()), count)
	m.JL(LabelRef("rest"))
	m.Label("many")
	for i, b := range best {
		x := m.reg()
		m.emit("VMOVUP#", Mem{Base: p}.Offset(i*m.width()), x)
		op(x, b, b)
		join(x, signs, signs)
		m.sticky(x, nan)
	}
	m.ADDQ(U32(vectors*m.width()), p)
	m.SUBQ(U32(vectors*m.lanes()), count)
	m.JGE(LabelRef("many"))

	m.Label("rest")
	m.ADDQ(U32(vectors*m.lanes()), count)
	m.Label("one")
	m.SUBQ(U32(m.lanes()), count)
	m.JL(LabelRef("some"))
	x := m.reg()
	m.emit("VMOVUP#", Mem{Base: p}, x)
	op(x, best[0], best[0])
	join(x, signs, signs)
	m.sticky(x, nan)
	m.ADDQ(U32(m.width()), p)
	m.JMP(LabelRef("one"))
	m.Label("some")
	m.TESTQ(rest, rest)
	m.JZ(LabelRef("fold"))
	x = m.reg()
	some.load(Mem{Base: p}, x)
	m.sticky(x, nan)
	x = some.fill(x, worst)
	op(x, best[0], best[0])
	join(x, signs, signs)

	m.Label("fold")
	for w := vectors / 2; w > 0; w /= 2 {
		for i := range w {
			op(best[i+w], best[i], best[i])
		}
	}
	m.halves(best[0], op)
	if signed {
		m.halves(signs, join)
		m.setSign(best[0], signs)
	}
	m.jumpIfAny(m.compare(unordered, value{nan}, value{nan}), "nan")
	if index {
		m.search(r["src"], r["n"], func(x reg.VecVirtual) mask {
			same := m.reg()
			m.emit("VBROADCASTS#", best[0].AsX(), same)
			return m.compare(equal, value{x}, value{same})
		}, r["dst"], some, rest)
		m.JMP(LabelRef("next"))
		m.Label("nan")
		m.search(r["src"], r["n"], func(x reg.VecVirtual) mask {
			return m.compare(unordered, value{x}, value{x})
		}, r["dst"], some, rest)
	} else {
		m.emit("VMOVS#", best[0].AsX(), Mem{Base: r["dst"]})
		m.JMP(LabelRef("next"))
		m.Label("nan")
		x := m.XMM()
		m.emit("VMOVS#", m.memory(m.k(math.NaN())), x)
		m.emit("VMOVS#", x, Mem{Base: r["dst"]})
	}
	m.Label("next")
	m.LEAQ(Mem{Base: r["src"]}.Idx(r["n"], uint8(m.elem())), p)
	m.MOVQ(p, r["src"])
	m.ADDQ(U8(m.elem()), r["dst"])
	m.DECQ(r["rows"])
	m.JNZ(LabelRef("row"))
	m.Label("end")
	m.VZEROUPPER()
	m.RET()
}

// search stores the index of the first element that is found; 0 if n is.
func (m *machine) search(src, n reg.GPVirtual, found func(x reg.VecVirtual) mask, dst reg.GPVirtual, some few, rest reg.GPVirtual) {
	at, stop, bits := m.GP64(), m.GP64(), m.GP64()
	loop, last, hit, done := m.label(), m.label(), m.label(), m.label()
	m.XORQ(at, at)
	m.MOVQ(n, stop)
	m.SUBQ(rest, stop) // whole vectors
	a := Mem{Base: src, Index: at, Scale: uint8(m.elem())}
	m.Label(loop)
	m.CMPQ(at, stop)
	m.JGE(LabelRef(last))
	x := m.reg()
	m.emit("VMOVUP#", a, x)
	m.maskBits(found(x)[0], bits)
	m.TESTQ(bits, bits)
	m.JNZ(LabelRef(hit))
	m.ADDQ(U8(m.lanes()), at)
	m.JMP(LabelRef(loop))
	m.Label(last)
	m.TESTQ(n, n)
	m.JZ(LabelRef(done))
	x = m.reg()
	some.load(a, x)
	m.maskBits(found(x)[0], bits)
	m.Label(hit)
	m.BSFQ(bits, bits)
	m.ADDQ(bits, at)
	m.Label(done)
	f := m.XMM()
	m.VXORPS(f, f, f)
	m.emit("VCVTSI2S#Q", at, f, f)
	m.emit("VMOVS#", f, Mem{Base: dst})
}

// maskBits moves a mask to a general register.
func (m *machine) maskBits(k Op, bits reg.GPVirtual) {
	if m.isa == avx512 {
		m.KMOVW(k, bits.As32())
	} else {
		m.emit("VMOVMSKP#", k, bits.As32())
	}
}
