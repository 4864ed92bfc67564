package main

import (
	"math"
	"math/bits"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// laneRowMax is the longest row that is done in a lane of a vector.
const laneRowMax = 32

// softmaxLanes writes the kernel of softmaxRows for rows of 1 to laneRowMax
// elements. Along a short row there is little to do at once, and most of the
// time goes into waiting for its maximum, sum and logarithm; here as many rows
// as there are lanes go side by side.
func (m *machine) softmaxLanes(name string, logOnly bool) {
	r := m.softmaxFunction(name+"Lanes", logOnly)
	m.Attributes(0) // there may be no room for the columns without a check of the stack
	l := m.sideBySide(r)
	turn, together := l.squares(), 2
	if m.isa == avx512 {
		turn, together = l.blocks(), 4
	}
	m.Label("group")
	turn.read()
	top := l.top()
	sums := l.exponentials(together, top, !logOnly)
	narrow := m.narrowValue
	if m.double {
		sums = m.add(sums[:1], sums[1:])
		narrow = func(v value) value { return v }
	}
	log := m.add(value{top}, logFormula(m, narrow(sums)))[0]
	l.writeLog(log, r["lse"])
	if !logOnly {
		d := m.accumulator()
		d.unroll = len(sums)
		turn.write(narrow(d.div(d.k(1), sums))[0])
	}
	l.advance(l.src)
	m.ADDQ(U8(m.width()), r["lse"])
	m.SUBQ(U8(m.lanes()), l.rows)
	m.JLE(LabelRef("end"))
	turn.next()
	m.JMP(LabelRef("group"))
	m.Label("end")
	m.VZEROUPPER()
	m.RET()
}

// subtrahend is the largest element, or 0 where it is infinite, which would make
// every difference NaN.
func (m *machine) subtrahend(top reg.VecVirtual) reg.VecVirtual {
	finite := m.compare(less, m.and(value{top}, m.absBits()), m.k(math.Inf(1)))
	nan := m.compare(unordered, value{top}, value{top})
	return m.where(m.either(finite, nan), value{top})[0]
}

// lanes goes over rows, one in each lane. A column is an element of each of
// them, in columns.
type lanes struct {
	m               *machine
	dst, src        reg.GPVirtual // of the first row
	rows, n, stride reg.GPVirtual // the rows that remain, the elements of each and their bytes
	columns         reg.GPVirtual // room for laneRowMax vectors
}

// sideBySide sets up what is the same for all groups of rows.
func (m *machine) sideBySide(r map[string]reg.GPVirtual) lanes {
	l := lanes{m: m, dst: r["dst"], src: r["src"], rows: r["rows"], n: r["n"], stride: m.GP64(), columns: m.GP64()}
	m.MOVQ(l.n, l.stride)
	m.SHLQ(U8(m.shift()), l.stride)
	m.LEAQ(m.AllocLocal((laneRowMax+1)*m.width()).Offset(m.width()-1), l.columns)
	m.ANDQ(I32(-m.width()), l.columns) // aligned, for which there is a vector more
	return l
}

// top is the subtrahend of each row.
func (l lanes) top() reg.VecVirtual {
	m := l.m
	top := m.reg()
	m.emit("VMOVAP#", l.column(nil, 0), top)
	l.eachColumn(1, func(c []Mem) { m.emit("VMAXP#", c[0], top, top) })
	return m.subtrahend(top)
}

// exponentials makes exp(x - top) of the columns, so many together, and keeps
// them if they are to be written. It returns their sums in float64: two of a
// column each, so that errors grow half as fast, or the two halves of the lanes
// of float32.
func (l lanes) exponentials(together int, top reg.VecVirtual, keep bool) value {
	m := l.m
	sums := value{m.reg(), m.reg()}
	for _, s := range sums {
		m.VXORPS(s, s, s)
	}
	l.eachColumn(together, func(c []Mem) {
		x := m.value()
		for u := range x {
			x[u] = m.reg()
			m.emit("VMOVAP#", c[u], x[u])
			m.emit("VSUBP#", top, x[u], x[u])
		}
		e := expFormula(m, x)
		for u := range e {
			if keep {
				m.emit("VMOVAP#", e[u], c[u])
			}
			if m.double {
				m.VADDPD(e[u], sums[u%2], sums[u%2])
			} else {
				l.addWide(e[u], sums)
			}
		}
	})
	return sums
}

// column is a column before or after the one at an offset in bytes.
func (l lanes) column(at reg.GPVirtual, i int) Mem {
	a := Mem{Base: l.columns}.Offset(i * l.m.width())
	if at != nil {
		a = a.Idx(at, 1)
	}
	return a
}

// advance moves a pointer to the rows of the next group.
func (l lanes) advance(p reg.GPVirtual) {
	group := l.m.GP64()
	l.m.MOVQ(l.stride, group)
	l.m.SHLQ(U8(bits.TrailingZeros(uint(l.m.lanes()))), group)
	l.m.ADDQ(group, p)
}

// eachColumn runs body for so many columns at a time, and for the last ones if
// they are fewer.
func (l lanes) eachColumn(count int, body func(c []Mem)) {
	m := l.m
	at, end := m.GP64(), m.GP64()
	m.XORQ(at, at)
	for ; count > 0; count /= 2 {
		m.MOVQ(l.n, end)
		m.SHLQ(U8(bits.TrailingZeros(uint(m.width()))), end)
		m.SUBQ(U32(count*m.width()), end)
		loop, next := m.label(), m.label()
		m.Label(loop)
		m.CMPQ(at, end)
		m.JG(LabelRef(next))
		var c []Mem
		for i := range count {
			c = append(c, l.column(at, i))
		}
		m.unroll = count
		body(c)
		m.unroll = 1
		m.ADDQ(U32(count*m.width()), at)
		m.JMP(LabelRef(loop))
		m.Label(next)
	}
}

// addWide adds the lanes of v to float64 sums, one per lane.
func (l lanes) addWide(v reg.VecVirtual, sums value) {
	m := l.m
	saved := m.unroll
	m.unroll = 1
	_, w := m.widenValue(value{v})
	m.unroll = saved
	for i, s := range sums {
		m.VADDPD(w[i], s, s)
	}
}

// A transposer reads the rows into columns, and multiplies the columns and
// writes them back. next is called before the next group of rows.
type transposer struct {
	read  func()
	write func(scale reg.VecVirtual)
	next  func()
}

// squares goes along the rows a square of elements at a time. Where there are
// fewer rows than lanes the last one is repeated.
func (l lanes) squares() transposer { return transposer{l.readSquares, l.writeSquares, func() {}} }

func (l lanes) readSquares() {
	m := l.m
	at, p, q, left, bytes := m.GP64(), m.GP64(), m.GP64(), m.GP64(), m.GP64()
	column := m.GP64()
	m.XORQ(at, at)
	m.MOVQ(l.columns, column)
	loop := m.label()
	m.Label(loop)
	m.MOVQ(l.stride, bytes)
	m.SUBQ(at, bytes)
	some := m.part(bytes)
	m.LEAQ(Mem{Base: l.src}.Idx(at, 1), p)
	m.MOVQ(l.rows, left)
	v := make([]reg.VecVirtual, m.lanes())
	for i := range v {
		v[i] = m.reg()
		some.load(Mem{Base: p}, v[i])
		if i < len(v)-1 {
			m.LEAQ(Mem{Base: p}.Idx(l.stride, 1), q)
			m.CMPQ(l.rows, U8(i+1))
			m.CMOVQGT(q, p)
		}
	}
	for i, c := range m.transpose(v) {
		m.emit("VMOVAP#", c, Mem{Base: column}.Offset(i*m.width()))
	}
	m.ADDQ(U32(m.lanes()*m.width()), column)
	m.ADDQ(U8(m.width()), at)
	m.CMPQ(at, l.stride)
	m.JL(LabelRef(loop))
}

// writeSquares transposes the columns back. Whole vectors are stored, even if the row ends within one: what is then wrong is the beginning
// of the next rows, which are stored later, so the last columns come first. Only
// behind the last row nothing may be written.
func (l lanes) writeSquares(scale reg.VecVirtual) {
	m := l.m
	at, p, end, rest, column := m.GP64(), m.GP64(), m.GP64(), m.GP64(), m.GP64()
	m.MOVQ(U32(m.lanes()), end)
	m.CMPQ(l.rows, end)
	m.CMOVQLT(l.rows, end)
	m.IMULQ(l.stride, end)
	m.ADDQ(l.dst, end)
	m.LEAQ(Mem{Base: l.stride}.Offset(-1), at)
	m.ANDQ(I32(-m.width()), at)
	m.MOVQ(l.stride, rest)
	m.ANDQ(U8(m.width()-1), rest)
	loop, out := m.label(), m.label()
	m.Label(loop)
	m.MOVQ(at, column)
	m.SHLQ(U8(5-m.shift()), column) // a column is as wide as a row's vector
	v := make([]reg.VecVirtual, m.lanes())
	for i := range v {
		v[i] = m.reg()
		m.emit("VMULP#", l.column(column, i), scale, v[i])
	}
	m.LEAQ(Mem{Base: l.dst}.Idx(at, 1), p)
	beyond := m.GP64()
	for i, row := range m.transpose(v) {
		if i > 0 {
			m.CMPQ(l.rows, U8(i))
			m.JLE(LabelRef(out))
		}
		short, next := m.label(), m.label()
		m.LEAQ(Mem{Base: p}.Offset(m.width()), beyond)
		m.CMPQ(beyond, end)
		m.JG(LabelRef(short))
		m.emit("VMOVUP#", row, Mem{Base: p})
		m.JMP(LabelRef(next))
		m.Label(short)
		part{m: m, bytes: rest}.store(row, Mem{Base: p})
		m.Label(next)
		m.ADDQ(l.stride, p)
	}
	m.Label(out)
	m.SUBQ(U8(m.width()), at)
	m.JGE(LabelRef(loop))
	m.MOVQ(end, l.dst)
}

// writeLog stores one element per row.
func (l lanes) writeLog(v reg.VecVirtual, lse reg.GPVirtual) {
	m := l.m
	bytes := m.GP64()
	some, done := m.label(), m.label()
	m.CMPQ(l.rows, U8(m.lanes()))
	m.JL(LabelRef(some))
	m.emit("VMOVUP#", v, Mem{Base: lse})
	m.JMP(LabelRef(done))
	m.Label(some)
	m.MOVQ(l.rows, bytes)
	m.SHLQ(U8(m.shift()), bytes)
	m.part(bytes).store(v, Mem{Base: lse})
	m.Label(done)
}

// transpose returns the columns of a square of elements whose rows are given.
func (m *machine) transpose(v []reg.VecVirtual) []reg.VecVirtual {
	v = m.transposeQuarters(v)
	half := len(v) / 2
	d := make([]reg.VecVirtual, len(v))
	for i := range half {
		d[i], d[i+half] = m.reg(), m.reg()
		m.emit("VPERM2F128", U8(0x20), v[i+half], v[i], d[i])
		m.emit("VPERM2F128", U8(0x31), v[i+half], v[i], d[i+half])
	}
	return d
}

// transposeQuarters transposes squares that are 16 bytes wide: element i of
// quarter j of vector k becomes element k of quarter j of vector i.
func (m *machine) transposeQuarters(v []reg.VecVirtual) []reg.VecVirtual {
	// pairs interleaves elements of rows that are apart by a distance.
	pairs := func(low, high string, v []reg.VecVirtual, distance int) []reg.VecVirtual {
		d := make([]reg.VecVirtual, len(v))
		for i := range v {
			if i&distance != 0 {
				continue
			}
			j := i + distance
			d[i], d[j] = m.reg(), m.reg()
			m.emit(low, v[j], v[i], d[i])
			m.emit(high, v[j], v[i], d[j])
		}
		return d
	}
	if m.double {
		return pairs("VUNPCKLPD", "VUNPCKHPD", v, 1)
	}
	v = pairs("VUNPCKLPS", "VUNPCKHPS", v, 1)
	v = pairs("VUNPCKLPD", "VUNPCKHPD", v, 2)
	for i := 0; i < len(v); i += 4 { // columns 0, 2, 1 and 3 of four rows
		v[i+1], v[i+2] = v[i+2], v[i+1]
	}
	return v
}
