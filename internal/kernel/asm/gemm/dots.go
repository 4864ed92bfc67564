package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// generateDots emits the kernel for one row of C: the dot products of the row a
// and of m rows of b. Four rows of b at a time share the loads of a. Every sum
// is made in the same order whether it is one of four or alone.
func generateDots(m machine) {
	TEXT("gemmDots"+m.suffix(), NOSPLIT, "func(args *byte)")
	Doc("gemmDots" + m.suffix() + " computes the dot products of the row a and m rows of b.")
	Pragma("noescape")
	x := args{Load(Param("args"), GP64()).(GPVirtual)}
	b, c, n := x.load(argB), x.load(argC), x.load(argM)
	bRow, bias := x.load(argBRow), x.load(argBias)
	for _, rows := range []int{4, 1} {
		name := fmt.Sprint("rows", rows)
		Label(name)
		CMPQ(n, Imm(uint64(rows)))
		JLT(LabelRef(name + "done"))
		m.dots(rows, x, b, bRow, c, bias)
		for range rows {
			ADDQ(bRow, b)
		}
		ADDQ(Imm(uint64(rows*m.elem())), c)
		ADDQ(Imm(uint64(rows*m.elem())), bias)
		SUBQ(Imm(uint64(rows)), n)
		JMP(LabelRef(name))
		Label(name + "done")
	}
	VZEROUPPER()
	RET()
}

// dots emits rows dot products.
func (m machine) dots(rows int, x args, b, bRow, c, bias GPVirtual) {
	label := func(s string) string { return fmt.Sprint(s, rows) }
	const chains = 2 // partial sums per product
	var sum [4][chains]VecVirtual
	for i := range sum {
		for j := range sum[i] {
			sum[i][j] = m.vec()
			m.zero(sum[i][j])
		}
	}
	a, k := x.load(argA), x.load(argK)
	at := rowPointers(b, bRow, rows)
	// step multiplies n vectors of each row.
	step := func(n int) {
		for j := range n {
			v := m.vec()
			m.load(Mem{Base: a}.Offset(j*m.width()), v)
			for i := range rows {
				m.fma(at.row(i).Offset(j*m.width()), v, sum[i][j])
			}
		}
		ADDQ(Imm(uint64(n*m.width())), a)
		at.advance(Imm(uint64(n * m.width())))
	}
	SUBQ(Imm(uint64(chains*m.lanes())), k)
	JLT(LabelRef(label("vector")))
	Label(label("vectors"))
	step(chains)
	SUBQ(Imm(uint64(chains*m.lanes())), k)
	JGE(LabelRef(label("vectors")))
	Label(label("vector"))
	ADDQ(Imm(uint64((chains-1)*m.lanes())), k)
	JLT(LabelRef(label("tail")))
	step(1)
	SUBQ(Imm(uint64(m.lanes())), k)
	Label(label("tail"))
	ADDQ(Imm(uint64(m.lanes())), k)
	JZ(LabelRef(label("sum")))
	mask := m.mask(k)
	u := m.vec()
	m.loadMasked(Mem{Base: a}, mask, u)
	for i := range rows {
		v := m.vec()
		m.loadMasked(at.row(i), mask, v)
		m.fma(v, u, sum[i][chains-1])
	}
	Label(label("sum"))
	for i := range sum {
		m.add(sum[i][1], sum[i][0], sum[i][0])
	}
	s := m.sum4(sum[0][0], sum[1][0], sum[2][0], sum[3][0])
	m.finishDots(rows, x, s, c, bias)
}

// sum4 sums the elements of four vectors each, into four elements.
func (m machine) sum4(v ...VecVirtual) VecVirtual {
	if m.isa == avx512 {
		for i, z := range v {
			high := YMM()
			VEXTRACTF64X4(Imm(1), z, high)
			half := machine{isa: avx2, double: m.double}
			v[i] = YMM()
			half.add(high, z.AsY().(VecVirtual), v[i])
		}
	}
	a, b := YMM(), YMM()
	if m.double {
		VHADDPD(v[1], v[0], a)
		VHADDPD(v[3], v[2], b)
		low, high := YMM(), YMM()
		VPERM2F128(Imm(0x20), b, a, low)
		VPERM2F128(Imm(0x31), b, a, high)
		VADDPD(high, low, low)
		return low
	}
	VHADDPS(v[1], v[0], a)
	VHADDPS(v[3], v[2], b)
	VHADDPS(b, a, a)
	high := XMM()
	VEXTRACTF128(Imm(1), a, high)
	VADDPS(high, a.AsX(), high)
	return high
}

// finishDots emits the epilogue for one or four sums.
func (m machine) finishDots(rows int, x args, s VecVirtual, c, bias GPVirtual) {
	label := func(l string) string { return fmt.Sprint(l, rows) }
	vec := func() VecVirtual {
		if m.double {
			return YMM()
		}
		return XMM()
	}
	load := func(at Mem, v VecVirtual) {
		switch {
		case rows == 4:
			m.load(at, v)
		case m.double:
			VMOVSD(at, v.AsX())
		default:
			VMOVSS(at, v)
		}
	}
	x.ifFlag(flagAccumulate, label("noaccumulate"), func() {
		v := vec()
		load(Mem{Base: c}, v)
		m.add(v, s, s)
	})
	x.ifFlag(flagBias, label("nobias"), func() {
		v := vec()
		load(Mem{Base: bias}, v)
		m.add(v, s, s)
	})
	x.ifFlag(flagRowBias, label("norowbias"), func() {
		v := vec()
		at := Mem{Base: x.load(argBias)}
		if m.double {
			VBROADCASTSD(at, v)
		} else {
			VBROADCASTSS(at, v)
		}
		m.add(v, s, s)
	})
	x.ifFlag(flagReLU, label("norelu"), func() {
		zero := vec()
		m.zero(zero)
		m.relu(s, zero)
	})
	switch {
	case rows == 4:
		m.store(s, Mem{Base: c})
	case m.double:
		VMOVSD(s.AsX(), Mem{Base: c})
	default:
		VMOVSS(s, Mem{Base: c})
	}
}
