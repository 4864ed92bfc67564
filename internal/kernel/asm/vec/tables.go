package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// takeRows writes a kernel
//
//	func(dst, x, index *T, rows, n, inner int)
//
// that copies, for each index from 0 to n-1, that row of x, of inner elements, to the
// next row of dst; for any other it makes that row 0. The rows of a table are far apart:
// it is by few and wide moves that the processor waits for many of them at a time.
func (m *machine) takeRows() {
	r := m.function("TakeRows", []string{"dst *" + m.ctype(), "x *" + m.ctype(), "index *" + m.ctype()}, []string{"rows", "n", "inner"})
	c := rowCopy{m: m, dst: r["dst"], src: m.GP64(), i: m.GP64(), bytes: m.GP64(), end: m.rowEnd(r["inner"]), zero: m.reg()}
	m.VXORPS(c.zero, c.zero, c.zero)
	m.MOVQ(r["inner"], c.bytes)
	m.SHLQ(U8(m.shift()), c.bytes)
	index, count, row, none, done := m.XMM(), m.XMM(), m.GP64(), "none", "done"
	m.emit("VCVTSI2S#Q", r["n"], c.zero.AsX(), count)
	m.eachRow(r["rows"], func() {
		m.emit("VMOVS#", Mem{Base: r["index"]}, index)
		m.ADDQ(U8(m.elem()), r["index"])
		m.XORQ(c.i, c.i)
		m.emit("VUCOMIS#", c.zero.AsX(), index)
		m.JB(LabelRef(none)) // also if it is NaN
		m.emit("VUCOMIS#", count, index)
		m.JAE(LabelRef(none))
		m.emit("VCVTTS#2SIQ", index, row)
		m.IMULQ(c.bytes, row)
		m.LEAQ(Mem{Base: r["x"], Index: row, Scale: 1}, c.src)
		c.copy()
		m.JMP(LabelRef(done))
		m.Label(none)
		c.clear()
		m.Label(done)
		m.ADDQ(c.bytes, c.dst)
	})
}

// A rowCopy goes along a row of so many bytes; i are done.
type rowCopy struct {
	m                  *machine
	dst, src, i, bytes reg.GPVirtual
	end                rowEnd
	zero               reg.VecVirtual
}

func (c rowCopy) at(base reg.GPVirtual, vector int) Mem {
	return Mem{Base: base, Index: c.i, Scale: 1}.Offset(vector * c.m.width())
}

func (c rowCopy) copy() {
	m, v := c.m, value{}
	for range 4 {
		v = append(v, m.reg())
	}
	vectors := func(v value) {
		c.whole(len(v), func() {
			for u := range v {
				m.emit("VMOVUP#", c.at(c.src, u), v[u])
			}
			for u := range v {
				m.emit("VMOVUP#", v[u], c.at(c.dst, u))
			}
		})
	}
	vectors(v)
	vectors(v[:1])
	c.rest(func() { c.end.load(c.at(c.src, 0), v[0]) }, v[0])
}

func (c rowCopy) clear() {
	c.whole(1, func() { c.m.emit("VMOVUP#", c.zero, c.at(c.dst, 0)) })
	c.rest(func() {}, c.zero)
}

// whole runs body as long as there are so many whole vectors.
func (c rowCopy) whole(vectors int, body func()) {
	m, loop, done, t := c.m, c.m.label(), c.m.label(), c.m.GP64()
	m.Label(loop)
	m.LEAQ(Mem{Base: c.i}.Offset(vectors*m.width()), t)
	m.CMPQ(t, c.bytes)
	m.JG(LabelRef(done))
	body()
	m.MOVQ(t, c.i)
	m.JMP(LabelRef(loop))
	m.Label(done)
}

// rest stores what is behind the last whole vector, if there is any.
func (c rowCopy) rest(load func(), v reg.VecVirtual) {
	m, done := c.m, c.m.label()
	m.CMPQ(c.i, c.bytes)
	m.JGE(LabelRef(done))
	load()
	c.end.store(v, c.at(c.dst, 0))
	m.Label(done)
}
