package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// columns writes a kernel
//
//	func(dst, src *T, n, inner int)
//
// that sums or multiplies n rows of inner elements, each column in float64. The
// sums of sumBlock rows are made first, so that errors stay small. With onto it
// is
//
//	func(dst *float64, src *T, n, inner, stride int)
//
// for rows that are stride apart, and goes on from the totals in dst.
func (m *machine) columns(name, instruction string, identity float64, onto bool) {
	const sumBlock = 128
	r := m.columnFunction(name, "float64", onto)
	d := m.accumulator()
	one := d.reg()
	d.broadcast(d.memory(d.k(identity)), one)
	op := func(b, a reg.VecVirtual) { d.emit(instruction, b, a, a) }
	lanes := m.width() / 8

	m.groups(r, lanes, 4, onto, func(vectors int, rows rowLoop, load, old func(a Mem, v reg.VecVirtual)) []reg.VecVirtual {
		total, acc := make([]reg.VecVirtual, vectors), make([]reg.VecVirtual, vectors)
		for i := range total {
			total[i], acc[i] = d.reg(), d.reg()
			if onto {
				old(Mem{Base: r["dst"]}.Offset(i*m.width()), total[i])
			} else {
				m.VMOVAPD(one, total[i])
			}
		}
		rows.blocks(sumBlock, func() {
			for _, a := range acc {
				m.VMOVAPD(one, a)
			}
		}, func(p reg.Register) {
			for i, a := range acc {
				x := d.reg()
				load(Mem{Base: p}.Offset(i*lanes*m.elem()), x)
				op(x, a)
			}
		}, func() {
			for i, a := range acc {
				op(a, total[i])
			}
		})
		return total
	})
}

// columnFunction starts a kernel of columns.
func (m *machine) columnFunction(name, total string, onto bool) map[string]reg.GPVirtual {
	if onto {
		return m.function(name+"ColumnsOnto", []string{"dst *" + total, "src *" + m.ctype()}, []string{"n", "inner", "stride"})
	}
	return m.function(name+"Columns", []string{"dst *" + m.ctype(), "src *" + m.ctype()}, []string{"n", "inner"})
}

// extremeColumns is columns for the largest or smallest, or NaN.
func (m *machine) extremeColumns(e extreme, onto bool) {
	r := m.columnFunction(e.name, m.ctype(), onto)
	worst := m.reg()
	m.broadcast(m.memory(m.k(e.identity)), worst)
	none := m.reg() // -0: adding that changes nothing
	m.broadcast(m.memory(m.signBit()), none)
	m.groups(r, m.lanes(), 4, onto, func(vectors int, rows rowLoop, load, old func(a Mem, v reg.VecVirtual)) []reg.VecVirtual {
		best := make(value, vectors)
		nan, signs := make(value, vectors), make(value, vectors)
		for i := range best {
			best[i], nan[i], signs[i] = m.reg(), m.reg(), m.reg()
			m.emit("VMOVAP#", worst, best[i])
			m.emit("VMOVAP#", none, nan[i])
			if onto {
				old(Mem{Base: r["dst"]}.Offset(i*m.width()), best[i])
				m.sticky(best[i], nan[i])
			}
			if m.isa == avx2 {
				m.emit("VMOVAP#", best[i], signs[i])
			}
		}
		rows.blocks(1<<30, func() {}, func(p reg.Register) {
			for i := range best {
				x := m.reg()
				load(Mem{Base: p}.Offset(i*m.width()), x)
				e.step(m, x, best[i], best[i])
				if m.isa == avx2 {
					m.emit(e.join, x, signs[i], signs[i])
				}
				m.sticky(x, nan[i])
			}
		}, func() {})
		for i := range best {
			m.emit("VADDP#", nan[i], best[i], best[i]) // NaN + anything, or -0 + best
			if m.isa == avx2 {
				m.setSign(best[i], signs[i])
			}
		}
		return best
	})
}

// sticky makes the lanes of nan NaN where x is.
func (m *machine) sticky(x, nan reg.VecVirtual) {
	if m.isa == avx512 {
		k := m.K()
		m.emit("VCMPP#", U8(unordered), x, x, k)
		m.emit("VMOVAP#", x, k, nan)
		return
	}
	k := m.reg()
	m.emit("VCMPP#", U8(unordered), x, x, k)
	m.emit("VORP#", k, nan, nan)
}

// A rowLoop goes down the rows below a pointer.
type rowLoop struct {
	m              *machine
	src, n, stride reg.GPVirtual
}

// blocks runs step for each row, with begin and end around each block of rows.
func (l rowLoop) blocks(rows int, begin func(), step func(p reg.Register), end func()) {
	m := l.m
	p, left, block := m.GP64(), m.GP64(), m.GP64()
	outer, inner, done := m.label(), m.label(), m.label()
	m.MOVQ(l.src, p)
	m.MOVQ(l.n, left)
	m.Label(outer)
	m.MOVQ(U32(rows), block)
	m.CMPQ(left, block)
	m.CMOVQLT(left, block)
	m.SUBQ(block, left)
	m.TESTQ(block, block)
	m.JZ(LabelRef(done))
	begin()
	m.Label(inner)
	step(p)
	m.ADDQ(l.stride, p)
	m.DECQ(block)
	m.JNZ(LabelRef(inner))
	end()
	m.JMP(LabelRef(outer))
	m.Label(done)
}

// groups goes over the columns, as many vectors at a time as vectors says, then
// one vector and then the rest. A vector is as many elements as lanes says:
// those of a whole register, or half as many that are widened to float64. With
// onto the results are as wide in memory as in registers, and old loads them.
func (m *machine) groups(r map[string]reg.GPVirtual, lanes, vectors int, onto bool,
	column func(vectors int, rows rowLoop, load, old func(a Mem, v reg.VecVirtual)) []reg.VecVirtual) {
	stride := m.GP64()
	if onto {
		m.MOVQ(r["stride"], stride)
	} else {
		m.MOVQ(r["inner"], stride)
	}
	m.SHLQ(U8(m.shift()), stride)
	rows := rowLoop{m, r["src"], r["n"], stride}

	load, widened := m.widen, lanes != m.lanes()
	if !widened {
		load = func(a Mem, v reg.VecVirtual) { m.emit("VMOVUP#", a, v) }
	}
	whole := func(a Mem, v reg.VecVirtual) { m.VMOVUPS(a, v) }
	result := lanes * m.elem() // bytes
	if onto {
		result = m.width()
	}
	store := func(v reg.VecVirtual, a Mem) {
		switch {
		case !widened || onto:
			m.emit("VMOVUP#", v, a)
		case m.isa == avx512:
			y := m.YMM()
			m.VCVTPD2PS(v, y)
			m.VMOVUPS(y, a)
		default:
			x := m.XMM()
			m.VCVTPD2PSY(v, x)
			m.VMOVUPS(x, a)
		}
	}
	step := func(vectors int, label, next string) {
		m.Label(label)
		m.CMPQ(r["inner"], U32(vectors*lanes))
		m.JL(LabelRef(next))
		for i, v := range column(vectors, rows, load, whole) {
			store(v, Mem{Base: r["dst"]}.Offset(i*result))
		}
		m.ADDQ(U32(vectors*lanes*m.elem()), r["src"])
		m.ADDQ(U32(vectors*result), r["dst"])
		m.SUBQ(U32(vectors*lanes), r["inner"])
		m.JMP(LabelRef(label))
	}
	step(vectors, "many", "one")
	step(1, "one", "some")
	m.Label("some")
	m.TESTQ(r["inner"], r["inner"])
	m.JZ(LabelRef("end"))
	some := m.first(r["inner"], lanes)
	part := some
	if onto && widened {
		part = m.accumulator().first(r["inner"], lanes)
	}
	v := column(1, rows, some.load, part.load)[0]
	part.store(v, Mem{Base: r["dst"]})
	m.Label("end")
	m.VZEROUPPER()
	m.RET()
}
