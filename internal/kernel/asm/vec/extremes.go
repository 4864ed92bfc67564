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
	k := m.extremeKernel(e, index, r)
	m.eachRow(r["rows"], func() {
		k.begin()
		k.wholeVectors()
		k.tail()
		k.joinLanes()
		k.result()
		m.LEAQ(Mem{Base: k.src}.Idx(k.n, uint8(m.elem())), k.p)
		m.MOVQ(k.p, k.src)
		m.ADDQ(U8(m.elem()), k.dst)
	})
}

// An extremeKernel is what extremeRows keeps in registers.
type extremeKernel struct {
	m              *machine
	e              extreme
	index          bool
	dst, src, n    reg.GPVirtual // of the current row
	p, count, rest reg.GPVirtual // the next element, those that remain, those behind the last whole vector
	some           few           // rest elements
	worst          reg.VecVirtual
	best           []reg.VecVirtual // several, so that a step need not wait for the one before
	nan            reg.VecVirtual   // NaN in the lanes that met one
	signs          reg.VecVirtual   // the sign bits joined, if they are needed
}

// extremeKernel sets up what is the same for all rows.
func (m *machine) extremeKernel(e extreme, index bool, r map[string]reg.GPVirtual) extremeKernel {
	k := extremeKernel{m: m, e: e, index: index, dst: r["dst"], src: r["src"], n: r["n"]}
	k.worst = m.reg()
	m.broadcast(m.memory(m.k(e.identity)), k.worst)
	k.nan, k.best = m.reg(), make([]reg.VecVirtual, 4)
	for i := range k.best {
		k.best[i] = m.reg()
	}
	k.signs = m.reg()
	k.rest = m.GP64()
	m.MOVQ(k.n, k.rest)
	m.ANDQ(U32(m.lanes()-1), k.rest)
	k.some = m.first(k.rest, m.lanes())
	k.p, k.count = m.GP64(), m.GP64()
	return k
}

// signed tells whether signs are needed: an index is that of either zero.
func (k extremeKernel) signed() bool { return k.m.isa == avx2 && !k.index }

// step makes d the extreme of b and a.
func (k extremeKernel) step(b, a, d Op) {
	if k.index {
		k.m.emit(k.e.compare, b, a, d)
		return
	}
	k.e.step(k.m, b, a, d)
}

// join makes d the joined sign bits of b and a.
func (k extremeKernel) join(b, a, d Op) {
	if k.signed() {
		k.m.emit(k.e.join, b, a, d)
	}
}

// take brings x into best and the signs. A lane without an element holds the
// identity, which changes neither.
func (k extremeKernel) take(x, best reg.VecVirtual) {
	k.step(x, best, best)
	k.join(x, k.signs, k.signs)
}

// takeVector takes a whole vector, and notes its NaNs, which a comparison may
// lose.
func (k extremeKernel) takeVector(a Mem, best reg.VecVirtual) {
	x := k.m.reg()
	k.m.emit("VMOVUP#", a, x)
	k.take(x, best)
	k.m.sticky(x, k.nan)
}

// begin begins a row.
func (k extremeKernel) begin() {
	m := k.m
	for _, b := range k.best {
		m.emit("VMOVAP#", k.worst, b)
	}
	m.VXORPS(k.nan, k.nan, k.nan)
	if k.signed() {
		m.emit("VMOVAP#", k.worst, k.signs)
	}
	m.MOVQ(k.src, k.p)
	m.MOVQ(k.n, k.count)
}

// wholeVectors takes as many vectors at a time as there are of best, and then
// one at a time.
func (k extremeKernel) wholeVectors() {
	m, many := k.m, len(k.best)
	m.SUBQ(U32(many*m.lanes()), k.count)
	m.JL(LabelRef("rest"))
	m.Label("many")
	for i, b := range k.best {
		k.takeVector(Mem{Base: k.p}.Offset(i*m.width()), b)
	}
	m.ADDQ(U32(many*m.width()), k.p)
	m.SUBQ(U32(many*m.lanes()), k.count)
	m.JGE(LabelRef("many"))

	m.Label("rest")
	m.ADDQ(U32(many*m.lanes()), k.count)
	m.Label("one")
	m.SUBQ(U32(m.lanes()), k.count)
	m.JL(LabelRef("some"))
	k.takeVector(Mem{Base: k.p}, k.best[0])
	m.ADDQ(U32(m.width()), k.p)
	m.JMP(LabelRef("one"))
}

// tail takes the elements behind the last whole vector.
func (k extremeKernel) tail() {
	m := k.m
	m.Label("some")
	m.TESTQ(k.rest, k.rest)
	m.JZ(LabelRef("join"))
	x := m.reg()
	k.some.load(Mem{Base: k.p}, x)
	m.sticky(x, k.nan)
	k.take(k.some.fill(x, k.worst), k.best[0])
}

// joinLanes makes the first element of best[0] the extreme of all lanes.
func (k extremeKernel) joinLanes() {
	m := k.m
	m.Label("join")
	m.joinLanes(k.best, k.step)
	if k.signed() {
		m.halves(k.signs, k.join)
		m.setSign(k.best[0], k.signs)
	}
}

// result stores the extreme, NaN, or the index of the first of them.
func (k extremeKernel) result() {
	m, number, nan := k.m, k.storeExtreme, k.storeNaN
	if k.index {
		number, nan = k.searchExtreme, k.searchNaN
	}
	m.jumpIfAny(m.compare(unordered, value{k.nan}, value{k.nan}), "nan")
	number()
	m.JMP(LabelRef("next"))
	m.Label("nan")
	nan()
	m.Label("next")
}

func (k extremeKernel) storeExtreme() {
	k.m.emit("VMOVS#", k.best[0].AsX(), Mem{Base: k.dst})
}

func (k extremeKernel) storeNaN() {
	x := k.m.XMM()
	k.m.emit("VMOVS#", k.m.memory(k.m.k(math.NaN())), x)
	k.m.emit("VMOVS#", x, Mem{Base: k.dst})
}

func (k extremeKernel) searchExtreme() {
	k.search(func(x reg.VecVirtual) mask {
		same := k.m.reg()
		k.m.emit("VBROADCASTS#", k.best[0].AsX(), same)
		return k.m.compare(equal, value{x}, value{same})
	})
}

func (k extremeKernel) searchNaN() {
	k.search(func(x reg.VecVirtual) mask { return k.m.compare(unordered, value{x}, value{x}) })
}

// search stores the index of the first element that is found; 0 if n is.
func (k extremeKernel) search(found func(x reg.VecVirtual) mask) {
	m := k.m
	at, stop, bits := m.GP64(), m.GP64(), m.GP64()
	loop, last, hit, done := m.label(), m.label(), m.label(), m.label()
	m.XORQ(at, at)
	m.MOVQ(k.n, stop)
	m.SUBQ(k.rest, stop) // whole vectors
	a := Mem{Base: k.src, Index: at, Scale: uint8(m.elem())}
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
	m.TESTQ(k.n, k.n)
	m.JZ(LabelRef(done))
	x = m.reg()
	k.some.load(a, x)
	m.maskBits(found(x)[0], bits)
	m.Label(hit)
	m.BSFQ(bits, bits)
	m.ADDQ(bits, at)
	m.Label(done)
	f := m.XMM()
	m.VXORPS(f, f, f)
	m.emit("VCVTSI2S#Q", at, f, f)
	m.emit("VMOVS#", f, Mem{Base: k.dst})
}

// maskBits moves a mask to a general register.
func (m *machine) maskBits(k Op, bits reg.GPVirtual) {
	if m.isa == avx512 {
		m.KMOVW(k, bits.As32())
	} else {
		m.emit("VMOVMSKP#", k, bits.As32())
	}
}
