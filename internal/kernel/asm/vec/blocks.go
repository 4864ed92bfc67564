package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// blocks is the transposer for AVX-512. A block is 16 bytes of each row: quarter
// j of vector i is from row 4j+i, or 2j+i in float64, and the columns are found
// within the quarters.
type blocks struct {
	lanes
	offsets        Mem // of each row from the first; where there are fewer than lanes, the last is repeated
	at, left, mask reg.GPVirtual
	column         reg.GPVirtual   // where those of the block begin
	masks          [4]reg.Register // of the elements of a block, for each quarter
}

func (l lanes) blocks() transposer {
	m := l.m
	b := blocks{lanes: l, offsets: m.AllocLocal(8 * m.lanes()), at: m.GP64(), left: m.GP64(), mask: m.GP64(), column: m.GP64()}
	for i := range b.masks {
		b.masks[i] = m.K()
	}
	b.setOffsets()
	return transposer{b.read, b.write, b.next}
}

// across is the number of elements of a row in a block.
func (b blocks) across() int { return 16 / b.m.elem() }

// each runs body for each block, with the offset of the block in its row.
func (b blocks) each(body func()) {
	m := b.m
	loop := m.label()
	m.XORQ(b.at, b.at)
	m.MOVQ(b.n, b.left)
	m.MOVQ(b.columns, b.column)
	m.Label(loop)
	m.MOVQ(I32(1<<b.across()-1), b.mask)
	m.BZHIQ(b.left, b.mask, b.mask)
	m.KMOVW(b.mask.As32(), b.masks[0])
	for i := 1; i < len(b.masks); i++ {
		m.KSHIFTLW(U8(i*b.across()), b.masks[0], b.masks[i])
	}
	body()
	m.ADDQ(U8(16), b.at)
	m.ADDQ(U32(b.across()*m.width()), b.column)
	m.SUBQ(U8(b.across()), b.left)
	m.JG(LabelRef(loop))
}

// row returns the place of a row's block.
func (b blocks) row(base reg.GPVirtual, i int) Mem {
	t := b.m.GP64()
	b.m.MOVQ(b.offsets.Offset(8*i), t)
	return Mem{Base: base, Index: t, Scale: 1}
}

// setOffsets is for the rows that remain.
func (b blocks) setOffsets() {
	m := b.m
	row, last := m.GP64(), m.GP64()
	m.XORQ(row, row)
	m.MOVQ(b.rows, last)
	m.DECQ(last)
	m.IMULQ(b.stride, last)
	for i := range m.lanes() {
		m.MOVQ(row, b.offsets.Offset(8*i))
		m.ADDQ(b.stride, row)
		m.CMPQ(row, last)
		m.CMOVQGT(last, row)
	}
}

func (b blocks) read() {
	m := b.m
	p := m.GP64()
	b.each(func() {
		m.LEAQ(Mem{Base: b.src}.Idx(b.at, 1), p)
		v := make([]reg.VecVirtual, b.across())
		for i := range v {
			v[i] = m.reg()
			m.quarter("_Z", b.row(p, i), b.masks[0], v[i])
			for j := 1; j < len(b.masks); j++ {
				m.quarter("", b.row(p, j*len(v)+i), b.masks[j], v[i])
			}
		}
		for i, c := range m.transposeQuarters(v) {
			m.emit("VMOVAP#", c, Mem{Base: b.column}.Offset(i*m.width()))
		}
	})
}

func (b blocks) write(scale reg.VecVirtual) {
	m := b.m
	p := m.GP64()
	b.each(func() {
		v := make([]reg.VecVirtual, b.across())
		for i := range v {
			v[i] = m.reg()
			m.emit("VMULP#", Mem{Base: b.column}.Offset(i*m.width()), scale, v[i])
		}
		m.LEAQ(Mem{Base: b.dst}.Idx(b.at, 1), p)
		for i, w := range m.transposeQuarters(v) {
			for j := range b.masks {
				x := w.AsX()
				if j > 0 {
					x = m.XMM()
					m.VEXTRACTF32X4(U8(j), w, x)
				}
				m.emit("VMOVUP#", x, b.masks[0], b.row(p, j*len(v)+i))
			}
		}
	})
	b.advance(b.dst)
}

// next is for a last group with fewer rows.
func (b blocks) next() {
	m := b.m
	enough := m.label()
	m.CMPQ(b.rows, U8(m.lanes()))
	m.JGE(LabelRef(enough))
	b.setOffsets()
	m.Label(enough)
}

// quarter loads the elements of the mask from 16 bytes that are repeated in all
// quarters. The others are zero, or as they are.
func (m *machine) quarter(zero string, a Mem, mask reg.Register, v reg.VecVirtual) {
	name := "VBROADCASTF32X4"
	if m.double {
		name = "VBROADCASTF64X2"
	}
	m.emit(name+zero, a, mask, v)
}
