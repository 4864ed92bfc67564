package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/mmcloughlin/avo/attr"
)

type isa int

const (
	avx2 isa = iota
	avx512
)

// A machine is an instruction set and an element type. Its methods are the
// vector instructions that depend on them.
type machine struct {
	isa    isa
	double bool
	half   bool // AVX-512 with vectors of half the width
}

// suffix ends the names of the machine's kernels.
func (m machine) suffix() string {
	s := "F32"
	if m.double {
		s = "F64"
	}
	if m.isa == avx512 {
		return s + "AVX512"
	}
	return s + "AVX2"
}

func (m machine) elem() int { // bytes
	if m.double {
		return 8
	}
	return 4
}

func (m machine) width() int { // bytes in a vector
	if m.isa == avx512 && !m.half {
		return 64
	}
	return 32
}

func (m machine) lanes() int { return m.width() / m.elem() }

func (m machine) vec() VecVirtual {
	if m.width() == 64 {
		return ZMM()
	}
	return YMM()
}

func (m machine) load(a Mem, v VecVirtual) {
	if m.double {
		VMOVUPD(a, v)
	} else {
		VMOVUPS(a, v)
	}
}

func (m machine) store(v VecVirtual, a Mem) {
	if m.double {
		VMOVUPD(v, a)
	} else {
		VMOVUPS(v, a)
	}
}

func (m machine) broadcast(a Mem, v VecVirtual) {
	if m.double {
		VBROADCASTSD(a, v)
	} else {
		VBROADCASTSS(a, v)
	}
}

// fma adds a·b to c. a may be in memory.
func (m machine) fma(a Op, b, c VecVirtual) {
	if m.double {
		VFMADD231PD(a, b, c)
	} else {
		VFMADD231PS(a, b, c)
	}
}

// fmaBroadcast adds a·b to c, a being one element in memory.
func (m machine) fmaBroadcast(a Mem, b, c VecVirtual) {
	if m.double {
		VFMADD231PD_BCST(a, b, c)
	} else {
		VFMADD231PS_BCST(a, b, c)
	}
}

func (m machine) mul(a Op, b, c VecVirtual) {
	if m.double {
		VMULPD(a, b, c)
	} else {
		VMULPS(a, b, c)
	}
}

func (m machine) add(a Op, b, c VecVirtual) {
	if m.double {
		VADDPD(a, b, c)
	} else {
		VADDPS(a, b, c)
	}
}

func (m machine) zero(v VecVirtual) { VXORPS(v, v, v) }

// relu sets v to max(v, 0). Of two operands that are not ordered the
// instruction returns the one that is first in Go's order, which keeps NaN, and
// adding +0 makes -0 into +0.
func (m machine) relu(v, zero VecVirtual) {
	if m.double {
		VMAXPD(v, zero, v)
	} else {
		VMAXPS(v, zero, v)
	}
	m.add(zero, v, v)
}

// A mask selects the first elements of a vector.
type mask struct{ v VecVirtual } // AVX2 only; with AVX-512 it is in K1

// ones is 32 bytes of ones before 32 bytes of zeros: the 32 bytes that start n
// bytes before the middle are a mask of the first n bytes.
var ones *Mem

// mask makes the mask of the first n elements, 1 <= n <= lanes.
func (m machine) mask(n GPVirtual) mask {
	t := GP64()
	if m.isa == avx512 {
		XORL(t.As32(), t.As32())
		BTSQ(n, t)
		DECQ(t)
		KMOVW(t.As32(), K1)
		return mask{}
	}
	if ones == nil {
		table := GLOBL("gemmOnes", attr.RODATA|attr.NOPTR)
		for i, word := range [8]U64{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1} {
			DATA(8*i, word)
		}
		ones = &table
	}
	offset := GP64()
	IMUL3Q(I32(int32(-m.elem())), n, offset)
	LEAQ(*ones, t)
	v := YMM()
	VMOVUPS(Mem{Base: t, Index: offset, Scale: 1}.Offset(32), v)
	return mask{v}
}

// loadMasked loads the elements of the mask and zeros the others.
func (m machine) loadMasked(a Mem, k mask, v VecVirtual) {
	switch {
	case m.isa == avx512 && m.double:
		VMOVUPD_Z(a, K1, v)
	case m.isa == avx512:
		VMOVUPS_Z(a, K1, v)
	case m.double:
		VMASKMOVPD(a, k.v, v)
	default:
		VMASKMOVPS(a, k.v, v)
	}
}

// storeMasked stores the elements of the mask. AVX2's masked stores are slow: it has
// them in pieces.
func (m machine) storeMasked(v VecVirtual, k mask, a Mem) {
	switch {
	case m.isa == avx512 && m.double:
		VMOVUPD(v, K1, a)
	case m.isa == avx512:
		VMOVUPS(v, K1, a)
	default:
		m.storePieces(v, k, a)
	}
}

// labels is how many labels of pieces there are.
var labels int

// storePieces stores the first elements of a vector: halves, which are four or two, two
// and one, as many as there are of each.
func (m machine) storePieces(v VecVirtual, k mask, a Mem) {
	left, at, rest := GP64(), GP64(), XMM()
	if m.double {
		VMOVMSKPD(k.v, left.As32())
	} else {
		VMOVMSKPS(k.v, left.As32())
	}
	LEAQ(a, at)
	VMOVAPS(v.AsX(), rest)
	piece := func(elements int, store, shift func()) {
		skip := fmt.Sprint("piece", labels)
		labels++
		TESTQ(U32(1<<(elements-1)), left)
		JZ(LabelRef(skip))
		store()
		if shift != nil {
			shift()
			ADDQ(Imm(uint64(elements*m.elem())), at)
			SHRQ(Imm(uint64(elements)), left)
		}
		Label(skip)
	}
	half := 16 / m.elem()
	for range 2 {
		piece(half, func() { VMOVUPS(rest, Mem{Base: at}) }, func() { VEXTRACTF128(Imm(1), v.AsY(), rest) })
	}
	if m.double {
		piece(1, func() { VMOVSD(rest, Mem{Base: at}) }, nil)
		return
	}
	piece(2, func() { VMOVLPS(rest, Mem{Base: at}) }, func() { VMOVHLPS(rest, rest, rest) })
	piece(1, func() { VMOVSS(rest, Mem{Base: at}) }, nil)
}

// pointers addresses n rows that are stride apart with few registers and no
// arithmetic in loops: each pointer reaches the rows at 0, 1, 2, 3 and 4
// strides.
type pointers struct {
	stride, stride3 GPVirtual
	at              []GPVirtual
}

func rowPointers(base, stride GPVirtual, n int) *pointers {
	p := &pointers{stride: stride, at: []GPVirtual{GP64()}}
	MOVQ(base, p.at[0])
	if n > 3 {
		p.stride3 = GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, p.stride3)
	}
	for i := 5; i < n; i += 5 {
		next := GP64()
		LEAQ(Mem{Base: p.at[len(p.at)-1], Index: stride, Scale: 4}, next)
		ADDQ(stride, next)
		p.at = append(p.at, next)
	}
	return p
}

func (p *pointers) row(i int) Mem {
	a := Mem{Base: p.at[i/5]}
	switch i % 5 {
	case 1, 2, 4:
		a.Index, a.Scale = p.stride, uint8(i%5)
	case 3:
		a.Index, a.Scale = p.stride3, 1
	}
	return a
}

func (p *pointers) advance(by Op) {
	for _, r := range p.at {
		ADDQ(by, r)
	}
}
