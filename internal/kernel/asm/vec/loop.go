package main

import (
	"cmp"
	"fmt"
	"log"
	"slices"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

// A formula computes a result from its operands. The mask, which may be nil,
// tells the lanes that it cannot do.
type formula func(m *machine, x []value) (value, mask)

// A kernel is a formula with a loop around it.
type kernel struct {
	name    string
	arity   int
	unroll  int  // vectors per step of the main loop
	single  bool // for float32 only
	mixed   bool // has constants of both types, and keeps none in registers
	partial bool // the formula cannot do every operand
	formula formula
	// fast, if not nil, is for the main loop with AVX2. It returns a formula and,
	// written before it, so that the operands need not be kept for it, the mask of
	// the lanes that the formula cannot do. From there on the other one does all.
	fast func(m *machine, x []value) (mask, func() value)
}

// generate writes the kernel, with as many of its constants in registers as
// there are registers, and fewer vectors per step if there are not enough.
func (k kernel) generate(out *machine) {
	for ; k.unroll > 0; k.unroll-- {
		uses, ok := k.fits(out, nil)
		if !ok {
			continue
		}
		hoist := uses.order
		if k.mixed {
			hoist = nil
		}
		slices.SortStableFunc(hoist, func(a, b argument) int { return cmp.Compare(uses.uses[b], uses.uses[a]) })
		for ; len(hoist) > 0; hoist = hoist[:len(hoist)-1] {
			if _, ok := k.fits(out, hoist); ok {
				break
			}
		}
		k.write(out, hoist)
		return
	}
	log.Fatalf("%s%s does not fit", k.name, out.suffix())
}

// fits reports whether the registers suffice, by writing the kernel to a file
// that is thrown away.
func (k kernel) fits(out *machine, hoist []argument) (*machine, bool) {
	m := *out
	m.Context = build.NewContext()
	m.globals = map[string]Mem{}
	k.write(&m, hoist)
	f, err := m.Result()
	if err != nil {
		log.Fatalf("%s%s: %v", k.name, m.suffix(), err)
	}
	compile := pass.Concat(pass.Compile, pass.FunctionPass(checkRegisters))
	return &m, compile.Execute(f) == nil
}

// write writes the kernel as a function
//
//	func(dst, a, b, c *T, n int)
//
// that returns how many elements it has done if it is partial. The main loop
// does several vectors a step; what remains is done by one vector or part of a
// vector a step.
func (k kernel) write(m *machine, hoist []argument) {
	l := k.begin(m, hoist)
	l.main()
	l.remains()
	m.Label("end")
	if k.partial {
		m.SHRQ(U8(m.shift()), l.i)
		m.Store(l.i, m.ReturnIndex(0))
	}
	m.VZEROUPPER()
	m.RET()
}

// A loop is a kernel being written and what it keeps in registers.
type loop struct {
	m    *machine
	k    kernel
	dst  reg.Register
	src  []reg.Register
	i, n reg.GPVirtual // bytes: done, and in all
}

// begin starts the function, and loads its parameters and the constants that it
// keeps in registers.
func (k kernel) begin(m *machine, hoist []argument) loop {
	m.uses, m.order, m.labels = map[argument]int{}, nil, 0
	m.hoisted = map[argument]reg.VecVirtual{}

	signature := fmt.Sprintf("func(dst, a, b, c *%s, n int)", m.ctype())
	if k.partial {
		signature += " int"
	}
	m.Function("vec" + k.name + m.suffix())
	m.Attributes(attr.NOSPLIT)
	m.SignatureExpr(signature)
	m.Pragma("noescape")

	l := loop{m: m, k: k, dst: m.Load(m.Param("dst"), m.GP64())}
	for _, name := range []string{"a", "b", "c"}[:k.arity] {
		l.src = append(l.src, m.Load(m.Param(name), m.GP64()))
	}
	l.n = m.GP64()
	m.Load(m.Param("n"), l.n)
	m.SHLQ(U8(m.shift()), l.n)
	for _, c := range hoist {
		m.hoisted[c] = m.loaded(c)
	}
	l.i = m.GP64()
	m.XORQ(l.i, l.i)
	return l
}

// at is the place of a vector of the current step.
func (l loop) at(base reg.Register, vector int) Mem {
	return Mem{Base: base, Index: l.i, Scale: 1}.Offset(vector * l.m.width())
}

// step is the number of bytes that the main loop does at a time.
func (l loop) step() int { return l.k.unroll * l.m.width() }

// main writes the loop over several vectors, which a partial kernel leaves at
// the first that the formula cannot do. In it n is less by a step: the last place
// to start at.
func (l loop) main() {
	m := l.m
	m.SUBQ(U32(l.step()), l.n)
	m.JL(LabelRef("remains"))
	m.Label("main")
	m.unroll = l.k.unroll
	x := make([]value, l.k.arity)
	for j := range x {
		x[j] = m.value()
		for u := range x[j] {
			m.emit("VMOVUP#", l.at(l.src[j], u), x[j][u])
		}
	}
	for u, y := range l.compute(x) {
		m.emit("VMOVUP#", y, l.at(l.dst, u))
	}
	m.ADDQ(U32(l.step()), l.i)
	m.CMPQ(l.i, l.n)
	m.JLE(LabelRef("main"))
}

// compute writes the formula of the main loop.
func (l loop) compute(x []value) value {
	m, k := l.m, l.k
	if k.fast != nil && m.isa == avx2 {
		cannot, f := k.fast(m, x)
		m.jumpIfAny(cannot, "remains")
		return f()
	}
	y, cannot := k.formula(m, x)
	if k.partial {
		m.jumpIfAny(cannot, "remains")
	}
	return y
}

// remains writes the loop over one vector or part of a vector.
func (l loop) remains() {
	m, k, i, n := l.m, l.k, l.i, l.n
	m.Label("remains")
	m.unroll = 1
	m.ADDQ(U32(l.step()), n)
	m.SUBQ(i, n) // now n is what remains
	m.JLE(LabelRef("end"))
	m.Label("one")
	part := m.part(n)
	x := make([]value, k.arity)
	for j := range x {
		x[j] = m.value()
		part.load(l.at(l.src[j], 0), x[j][0])
	}
	y, cannot := k.formula(m, x)
	if k.partial {
		m.jumpIfAny(part.only(cannot), "end")
	}
	m.CMPQ(n, U32(m.width()))
	m.JL(LabelRef("some"))
	m.emit("VMOVUP#", y[0], l.at(l.dst, 0))
	m.ADDQ(U32(m.width()), i)
	m.SUBQ(U32(m.width()), n)
	m.JNZ(LabelRef("one"))
	m.JMP(LabelRef("end"))
	m.Label("some")
	part.store(y[0], l.at(l.dst, 0))
	if k.partial {
		m.ADDQ(n, i)
	}
}

// A part is the first elements of a vector.
type part struct {
	m     *machine
	bytes reg.GPVirtual // at least those it may be
	mask  reg.Register
}

// part returns the first elements of a vector that are among the next bytes.
func (m *machine) part(bytes reg.GPVirtual) part {
	count := m.GP64()
	m.MOVQ(U32(m.width()), count)
	m.CMPQ(bytes, count)
	m.CMOVQLT(bytes, count)
	p := part{m: m, bytes: bytes}
	if m.isa == avx512 {
		m.SHRQ(U8(m.shift()), count)
		ones := m.GP64()
		m.MOVQ(I32(-1), ones)
		m.BZHIQ(count, ones, ones)
		k := m.K()
		m.KMOVW(ones.As32(), k)
		p.mask = k
		return p
	}
	address := m.GP64()
	m.LEAQ(m.ones().Offset(32), address)
	m.SUBQ(count, address)
	k := m.YMM()
	m.emit("VMOVUP#", Mem{Base: address}, k)
	p.mask = k
	return p
}

// load loads the elements of the part and zeros the others.
func (p part) load(a Mem, v reg.VecVirtual) {
	if p.m.isa == avx512 {
		p.m.emit("VMOVUP#_Z", a, p.mask, v)
		return
	}
	p.m.emit("VMASKMOVP#", a, p.mask, v)
}

// only returns the lanes of a mask that are in the part.
func (p part) only(k mask) mask {
	if p.m.isa == avx512 {
		d := p.m.K()
		p.m.KANDW(p.mask, k[0], d)
		return mask{d}
	}
	d := p.m.YMM()
	p.m.emit("VANDP#", p.mask, k[0], d)
	return mask{d}
}

// store stores the elements of a part that is not a whole vector. The masked
// store of AVX2 takes more than ten cycles on AMD's processors, so it is done in
// pieces of half the size each.
func (p part) store(v reg.VecVirtual, a Mem) {
	m := p.m
	if m.isa == avx512 {
		m.emit("VMOVUP#", v, p.mask, a)
		return
	}
	x, address := m.XMM(), m.GP64()
	m.LEAQ(a, address)
	a = Mem{Base: address}
	m.VMOVAPS(v.AsX(), x)

	no16, no8, no4 := m.label(), m.label(), m.label()
	m.TESTQ(U32(16), p.bytes)
	m.JZ(LabelRef(no16))
	m.VMOVUPS(x, a)
	m.VEXTRACTF128(U8(1), v, x)
	m.ADDQ(U8(16), address)
	m.Label(no16)
	m.TESTQ(U32(8), p.bytes)
	m.JZ(LabelRef(no8))
	m.VMOVSD(x, a)
	if !m.double {
		m.VPSRLDQ(U8(8), x, x)
		m.ADDQ(U8(8), address)
	}
	m.Label(no8)
	if !m.double {
		m.TESTQ(U32(4), p.bytes)
		m.JZ(LabelRef(no4))
		m.VMOVSS(x, a)
		m.Label(no4)
	}
}
