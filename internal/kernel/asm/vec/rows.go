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

// halves joins a vector to its first element: upper half onto lower half.
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

// joinLanes joins vectors to the first element of the first one.
func (m *machine) joinLanes(v []reg.VecVirtual, f func(b, a, d Op)) {
	for w := len(v) / 2; w > 0; w /= 2 {
		for i := range w {
			f(v[i+w], v[i], v[i])
		}
	}
	m.halves(v[0], f)
}

// eachRow runs body for each row, and ends the function.
func (m *machine) eachRow(rows reg.GPVirtual, body func()) {
	m.TESTQ(rows, rows)
	m.JZ(LabelRef("end"))
	m.Label("row")
	body()
	m.DECQ(rows)
	m.JNZ(LabelRef("row"))
	m.Label("end")
	m.VZEROUPPER()
	m.RET()
}

// rows writes a kernel
//
//	func(dst, src *T, rows, n int)
//
// that sums or multiplies the n elements of each row in float64.
func (m *machine) rows(name, instruction string, identity float64) {
	r := m.function(name+"Rows", []string{"dst *" + m.ctype(), "src *" + m.ctype()}, []string{"rows", "n"})
	s := m.rowSums(instruction, identity, r["src"], r["n"])
	m.eachRow(r["rows"], func() {
		for _, a := range s.acc {
			m.VMOVAPD(s.one, a)
		}
		m.MOVQ(r["n"], s.count)
		s.allSums()
		s.wholeVectors()
		s.tail()
		m.Label("join")
		s.d.joinLanes(s.acc, s.op)
		if m.double {
			m.VMOVSD(s.acc[0].AsX(), Mem{Base: r["dst"]})
			m.ADDQ(U8(8), r["dst"])
		} else {
			x := m.XMM()
			m.VCVTSD2SS(s.acc[0].AsX(), s.acc[0].AsX(), x)
			m.VMOVSS(x, Mem{Base: r["dst"]})
			m.ADDQ(U8(4), r["dst"])
		}
	})
}

// rowSums is the running sums, or products, of a row.
type rowSums struct {
	m, d             *machine // of the elements and of the sums
	instruction      string
	identity         float64
	lanes            int              // of float64
	acc              []reg.VecVirtual // sumLanes sums
	one              reg.VecVirtual   // the identity in all lanes
	src, count, rest reg.GPVirtual    // the next element, those that remain, those behind the last whole vector
	some             few              // rest elements
}

// rowSums sets up what is the same for all rows.
func (m *machine) rowSums(instruction string, identity float64, src, n reg.GPVirtual) rowSums {
	s := rowSums{m: m, d: m.accumulator(), instruction: instruction, identity: identity, lanes: m.width() / 8, src: src}
	s.acc = make([]reg.VecVirtual, sumLanes/s.lanes)
	for i := range s.acc {
		s.acc[i] = s.d.reg()
	}
	s.one = s.d.reg()
	s.d.broadcast(s.d.memory(s.d.k(identity)), s.one)
	s.rest, s.count = m.GP64(), m.GP64()
	m.MOVQ(n, s.rest)
	m.ANDQ(U32(s.lanes-1), s.rest)
	s.some = m.first(s.rest, s.lanes)
	return s
}

// op makes c the sum of b and a.
func (s rowSums) op(b, a, c Op) { s.d.emit(s.instruction, b, a, c) }

// at is the place of a vector's elements.
func (s rowSums) at(vector int) Mem {
	return Mem{Base: s.src}.Offset(vector * s.lanes * s.m.elem())
}

// allSums goes along the row as long as there are elements for all sums.
func (s rowSums) allSums() {
	m := s.m
	m.SUBQ(U32(sumLanes), s.count)
	m.JL(LabelRef("rest"))
	m.Label("loop")
	for i, a := range s.acc {
		if m.double {
			s.op(s.at(i), a, a)
			continue
		}
		x := s.d.reg()
		m.widen(s.at(i), x)
		s.op(x, a, a)
	}
	m.ADDQ(U32(sumLanes*m.elem()), s.src)
	m.SUBQ(U32(sumLanes), s.count)
	m.JGE(LabelRef("loop"))
	m.Label("rest")
	m.ADDQ(U32(sumLanes), s.count)
}

// wholeVectors adds the vectors that are left, each to its sums. Where they end
// tells which sums the elements behind them are for, so each has an exit.
func (s rowSums) wholeVectors() {
	m := s.m
	for i, a := range s.acc {
		m.SUBQ(U32(s.lanes), s.count)
		m.JL(LabelRef(fmt.Sprintf("some%d", i)))
		if i == len(s.acc)-1 {
			break // there are fewer than sumLanes left
		}
		x := s.d.reg()
		m.widen(s.at(0), x)
		s.op(x, a, a)
		m.ADDQ(U32(s.lanes*m.elem()), s.src)
	}
}

// tail adds the elements behind the last whole vector, and moves src to the next
// row.
func (s rowSums) tail() {
	m := s.m
	for i, a := range s.acc {
		m.Label(fmt.Sprintf("some%d", i))
		m.TESTQ(s.rest, s.rest)
		m.JZ(LabelRef("join"))
		x := s.d.reg()
		s.some.load(s.at(0), x)
		if s.identity != 0 {
			x = s.some.fill(x, s.one)
		}
		s.op(x, a, a)
		if i < len(s.acc)-1 {
			m.JMP(LabelRef("step"))
		}
	}
	m.Label("step")
	t := m.GP64()
	m.LEAQ(Mem{Base: s.src, Index: s.rest, Scale: uint8(m.elem())}, t)
	m.MOVQ(t, s.src)
}
