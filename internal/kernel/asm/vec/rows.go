package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumLanes is the number of running sums of a row: element i goes to sum i mod
// sumLanes, and the sums are then added in halves. It is the same for all
// instruction sets and element types, and so are the bits of the result.
const sumLanes = 32

// function starts a function with integer and pointer parameters, and loads
// them.
func (m *machine) function(name string, pointers, integers []string) map[string]reg.GPVirtual {
	m.labels, m.unroll = 0, 1
	m.uses, m.hoisted = map[argument]int{}, map[argument]reg.VecVirtual{}
	signature := "func("
	for i, p := range pointers {
		if i > 0 {
			signature += ", "
		}
		signature += p
	}
	m.Function("vec" + name + m.suffix())
	m.Attributes(attr.NOSPLIT)
	for _, n := range integers {
		signature += ", " + n + " int"
	}
	m.SignatureExpr(signature + ")")
	m.Pragma("noescape")
	r := map[string]reg.GPVirtual{}
	for _, p := range append(pointers, integers...) {
		var name string
		fmt.Sscan(p, &name)
		r[name] = m.GP64()
		m.Load(m.Param(name), r[name])
	}
	return r
}

// accumulator is the machine of the float64 running sums.
func (m *machine) accumulator() *machine {
	d := *m
	d.double = true
	return &d
}

// widen loads as many elements as there are float64 lanes, as float64.
func (m *machine) widen(a Mem, v reg.VecVirtual) {
	if m.double {
		m.VMOVUPD(a, v)
	} else {
		m.VCVTPS2PD(a, v)
	}
}

// A few is the first elements of a vector of so many lanes: all lanes of a
// register, or half as many elements that are widened to float64.
type few struct {
	m       *machine
	widened bool
	mask    reg.Register
}

// first is the mask of the first count elements, fewer than lanes.
func (m *machine) first(count reg.GPVirtual, lanes int) few {
	f := few{m: m, widened: lanes != m.lanes()}
	t := m.GP64()
	if m.isa == avx512 {
		k := m.K()
		m.MOVQ(I32(-1), t)
		m.BZHIQ(count, t, t)
		m.KMOVW(t.As32(), k)
		f.mask = k
		return f
	}
	offset := m.GP64()
	m.MOVQ(count, offset)
	m.SHLQ(U8(m.shift()), offset)
	m.LEAQ(m.ones().Offset(32), t)
	m.SUBQ(offset, t)
	k := m.YMM()
	m.VMOVUPS(Mem{Base: t}, k)
	f.mask = k
	return f
}

// load loads the elements and puts zeros in the other lanes.
func (f few) load(a Mem, v reg.VecVirtual) {
	m := f.m
	switch {
	case f.widened && m.isa == avx512:
		m.VCVTPS2PD_Z(a, f.mask, v)
	case f.widened:
		x := m.XMM()
		m.VMASKMOVPS(a, f.mask.(reg.VecVirtual).AsX(), x)
		m.VCVTPS2PD(x, v)
	case m.isa == avx512:
		m.emit("VMOVUP#_Z", a, f.mask, v)
	default:
		m.emit("VMASKMOVP#", a, f.mask, v)
	}
}

// store narrows the elements if they are widened, and stores them.
func (f few) store(v reg.VecVirtual, a Mem) {
	m := f.m
	switch {
	case f.widened && m.isa == avx512:
		y := m.YMM()
		m.VCVTPD2PS(v, y)
		m.VMOVUPS(y, f.mask, a)
	case f.widened:
		x := m.XMM()
		m.VCVTPD2PSY(v, x)
		m.VMASKMOVPS(x, f.mask.(reg.VecVirtual).AsX(), a)
	case m.isa == avx512:
		m.emit("VMOVUP#", v, f.mask, a)
	default:
		m.emit("VMASKMOVP#", v, f.mask, a)
	}
}

// fill returns x with the other lanes replaced.
func (f few) fill(x, other reg.VecVirtual) reg.VecVirtual {
	m := f.m
	v := m.reg()
	switch {
	case f.widened && m.isa == avx512:
		m.VBLENDMPD(x, other, f.mask, v)
	case f.widened:
		k := m.YMM()
		m.VPMOVSXDQ(f.mask.(reg.VecVirtual).AsX(), k)
		m.VBLENDVPD(k, x, other, v)
	case m.isa == avx512:
		m.emit("VBLENDMP#", x, other, f.mask, v)
	default:
		m.emit("VBLENDVP#", f.mask, x, other, v)
	}
	return v
}

// ones is 32 bytes of ones followed by 32 of zeros.
func (m *machine) ones() Mem {
	const ones = 1<<64 - 1
	return m.global("vecOnes", ones, ones, ones, ones, 0, 0, 0, 0)
}

// halves folds a vector to its first element: upper half onto lower half.
func (m *machine) halves(v reg.VecVirtual, f func(b, a, d Op)) {
	if m.isa == avx512 {
		h := m.YMM()
		m.VEXTRACTF64X4(U8(1), v, h)
		f(h, v.AsY(), v.AsY())
	}
	h := m.XMM()
	m.VEXTRACTF128(U8(1), v.AsY(), h)
	f(h, v.AsX(), v.AsX())
	m.VPSRLDQ(U8(8), v.AsX(), h)
	f(h, v.AsX(), v.AsX())
	if !m.double {
		m.VPSRLDQ(U8(4), v.AsX(), h)
		f(h, v.AsX(), v.AsX())
	}
}

// rows writes a kernel
//
//	func(dst *out, src *T, rows, n int)
//
// that sums or multiplies the n elements of each row in float64.
func (m *machine) rows(name, out, instruction string, identity float64) {
	r := m.function(name+"Rows", []string{"dst *" + out, "src *" + m.ctype()}, []string{"rows", "n"})
	d := m.accumulator()
	lanes := m.width() / 8
	acc := make([]reg.VecVirtual, sumLanes/lanes)
	for i := range acc {
		acc[i] = d.reg()
	}
	one := d.reg()
	d.broadcast(d.memory(d.k(identity)), one)
	op := func(b, a, c Op) { d.emit(instruction, b, a, c) }
	at := func(i int) Mem { return Mem{Base: r["src"]}.Offset(i * lanes * m.elem()) }

	rest, count := m.GP64(), m.GP64()
	m.MOVQ(r["n"], rest)
	m.ANDQ(U32(lanes-1), rest)
	some := m.first(rest, lanes)

	m.TESTQ(r["rows"], r["rows"])
	m.JZ(LabelRef("end"))
	m.Label("row")
	for _, a := range acc {
		m.VMOVAPD(one, a)
	}
	m.MOVQ(r["n"], count)
	m.SUBQ(U32(sumLanes), count)
	m.JL(LabelRef("rest"))
	m.Label("loop")
	for i, a := range acc {
		if m.double {
			op(at(i), a, a)
			continue
		}
		x := d.reg()
		m.widen(at(i), x)
		op(x, a, a)
	}
	m.ADDQ(U32(sumLanes*m.elem()), r["src"])
	m.SUBQ(U32(sumLanes), count)
	m.JGE(LabelRef("loop"))

	m.Label("rest")
	m.ADDQ(U32(sumLanes), count)
	for i, a := range acc {
		m.SUBQ(U32(lanes), count)
		m.JL(LabelRef(fmt.Sprintf("some%d", i)))
		if i == len(acc)-1 {
			break // there are fewer than sumLanes left
		}
		x := d.reg()
		m.widen(at(0), x)
		op(x, a, a)
		m.ADDQ(U32(lanes*m.elem()), r["src"])
	}
	for i, a := range acc {
		m.Label(fmt.Sprintf("some%d", i))
		m.TESTQ(rest, rest)
		m.JZ(LabelRef("fold"))
		x := d.reg()
		some.load(at(0), x)
		if identity != 0 {
			x = some.fill(x, one)
		}
		op(x, a, a)
		if i < len(acc)-1 {
			m.JMP(LabelRef("step"))
		}
	}
	m.Label("step")
	t := m.GP64()
	m.LEAQ(Mem{Base: r["src"], Index: rest, Scale: uint8(m.elem())}, t)
	m.MOVQ(t, r["src"])

	m.Label("fold")
	for w := len(acc) / 2; w > 0; w /= 2 {
		for i := range w {
			op(acc[i+w], acc[i], acc[i])
		}
	}
	d.halves(acc[0], op)
	if out == "float64" {
		m.VMOVSD(acc[0].AsX(), Mem{Base: r["dst"]})
		m.ADDQ(U8(8), r["dst"])
	} else {
		x := m.XMM()
		m.VCVTSD2SS(acc[0].AsX(), acc[0].AsX(), x)
		m.VMOVSS(x, Mem{Base: r["dst"]})
		m.ADDQ(U8(4), r["dst"])
	}
	m.DECQ(r["rows"])
	m.JNZ(LabelRef("row"))
	m.Label("end")
	m.VZEROUPPER()
	m.RET()
}
