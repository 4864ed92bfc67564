package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.tileArgs.
const (
	tileRow   = 8 * iota // of four pointers
	tilePixel = 8 * (3 + iota)
	tileNext
	tilePlanes
	tilePlane
	tileBias
	tileReLU
	tileCount
	tileWidth
)

// generateTiles emits the transforms of Winograd's F(2×2, 3×3), after Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks", 2015: between tiles of pixels and
// the 16 elements of their transforms, which are planes of tiles × channels. Channels
// are whole vectors.
func generateTiles(m machine) {
	m.tiles("TileIn", "sets planes to Bᵀ·d·B of tiles d of 4×4 pixels.", 4, 16, func(t tile) {
		for i := range 4 {
			var row [4]VecVirtual
			for j := range row {
				row[j] = m.differ(i, func(k int) Op { return t.pixel(k, j) })
			}
			for j := range row {
				m.store(m.differ(j, func(k int) Op { return row[k] }), t.plane(i, j))
			}
		}
	})
	m.tiles("TileOut", "sets tiles y of 2×2 pixels to Aᵀ·M·A + bias of planes M, and to max(y, 0) on request.", 2, 16, func(t tile) {
		for i := range 2 {
			var row [4]VecVirtual
			for j := range row {
				row[j] = m.join(i, func(k int) Op { return t.plane(k, j) })
			}
			for j := range 2 {
				t.finish(i, j, m.join(j, func(k int) Op { return row[k] }))
			}
		}
	})
	m.tiles("TileWeights", "sets planes to G·w·Gᵀ of weights w of 3×3 pixels.", 3, 16, func(t tile) {
		half := m.halves()
		for i := range 4 {
			var row [3]VecVirtual
			for j := range row {
				row[j] = m.average(i, half, func(k int) Op { return t.pixel(k, j) })
			}
			for j := range 4 {
				m.store(m.average(j, half, func(k int) Op { return row[k] }), t.plane(i, j))
			}
		}
	})
	m.tiles("TileSum", "sets weights w of 3×3 pixels to Gᵀ·S·G of planes S.", 3, 16, func(t tile) {
		half := m.halves()
		for i := range 3 {
			var row [4]VecVirtual
			for j := range row {
				row[j] = m.gather(i, half, func(k int) Op { return t.plane(k, j) })
			}
			for j := range 3 {
				m.store(m.gather(j, half, func(k int) Op { return row[k] }), t.pixel(i, j))
			}
		}
	})
	m.tiles("TileGrad", "sets planes to A·y·Aᵀ of tiles y of 2×2 pixels.", 2, 16, func(t tile) {
		var y [2][2]VecVirtual
		for i := range y {
			for j := range y[i] {
				y[i][j] = m.value(t.pixel(i, j))
			}
		}
		for i := range 4 {
			first, second := m.spread(i, y[0][0], y[1][0]), m.spread(i, y[0][1], y[1][1])
			for j := range 4 {
				m.store(m.spread(j, first, second), t.plane(i, j))
			}
		}
	})
}

// generateLines emits the same in one dimension, F(2, 3), of which a tile is a row and its
// transform has 4 elements.
func generateLines(m machine) {
	m.tiles("LineIn", "sets planes to Bᵀ·d of tiles d of 4 pixels.", 1, 4, func(t tile) {
		for i := range 4 {
			m.store(m.differ(i, func(k int) Op { return t.pixel(0, k) }), t.plane(0, i))
		}
	})
	m.tiles("LineOut", "sets tiles y of 2 pixels to Aᵀ·M + bias of planes M, and to max(y, 0) on request.", 1, 4, func(t tile) {
		for i := range 2 {
			t.finish(0, i, m.join(i, func(k int) Op { return t.plane(0, k) }))
		}
	})
	m.tiles("LineWeights", "sets planes to G·w of weights w of 3 pixels.", 1, 4, func(t tile) {
		half := m.halves()
		for i := range 4 {
			m.store(m.average(i, half, func(k int) Op { return t.pixel(0, k) }), t.plane(0, i))
		}
	})
	m.tiles("LineSum", "sets weights w of 3 pixels to Gᵀ·S of planes S.", 1, 4, func(t tile) {
		half := m.halves()
		for i := range 3 {
			m.store(m.gather(i, half, func(k int) Op { return t.plane(0, k) }), t.pixel(0, i))
		}
	})
	m.tiles("LineGrad", "sets planes to A·y of tiles y of 2 pixels.", 1, 4, func(t tile) {
		first, second := m.value(t.pixel(0, 0)), m.value(t.pixel(0, 1))
		for i := range 4 {
			m.store(m.spread(i, first, second), t.plane(0, i))
		}
	})
}

// value is a vector in a register.
func (m machine) value(x Op) VecVirtual {
	if v, ok := x.(VecVirtual); ok {
		return v
	}
	v := m.vec()
	m.load(x.(Mem), v)
	return v
}

func (m machine) plus(a, b Op) VecVirtual {
	v := m.vec()
	m.add(b, m.value(a), v)
	return v
}

func (m machine) minus(a, b Op) VecVirtual {
	v := m.vec()
	VSUBPS(b, m.value(a), v)
	return v
}

// differ is element i of Bᵀ·d.
func (m machine) differ(i int, d func(int) Op) VecVirtual {
	switch i {
	case 0:
		return m.minus(d(0), d(2))
	case 1:
		return m.plus(d(1), d(2))
	case 2:
		return m.minus(d(2), d(1))
	}
	return m.minus(d(1), d(3))
}

// join is element i of Aᵀ·d.
func (m machine) join(i int, d func(int) Op) VecVirtual {
	if i == 0 {
		return m.plus(m.plus(d(0), d(1)), d(2))
	}
	return m.minus(m.minus(d(1), d(2)), d(3))
}

// average is element i of G·g.
func (m machine) average(i int, half VecVirtual, g func(int) Op) VecVirtual {
	switch i {
	case 0:
		return m.value(g(0))
	case 1:
		return m.times(half, m.plus(m.plus(g(0), g(2)), g(1)))
	case 2:
		return m.times(half, m.minus(m.plus(g(0), g(2)), g(1)))
	}
	return m.value(g(2))
}

// gather is element i of Gᵀ·s.
func (m machine) gather(i int, half VecVirtual, s func(int) Op) VecVirtual {
	switch i {
	case 0:
		return m.plus(m.times(half, m.plus(s(1), s(2))), s(0))
	case 1:
		return m.times(half, m.minus(s(1), s(2)))
	}
	return m.plus(m.times(half, m.plus(s(1), s(2))), s(3))
}

func (m machine) times(a, b VecVirtual) VecVirtual {
	v := m.vec()
	m.mul(a, b, v)
	return v
}

// halves is a vector of ½.
func (m machine) halves() VecVirtual {
	v, bits := m.vec(), GP64()
	MOVL(U32(0x3f000000), bits.As32())
	VMOVD(bits.As32(), v.AsX())
	VBROADCASTSS(v.AsX(), v)
	return v
}

// spread is element i of A·(a, b).
func (m machine) spread(i int, a, b VecVirtual) VecVirtual {
	switch i {
	case 0:
		return a
	case 1:
		return m.plus(a, b)
	case 2:
		return m.minus(a, b)
	}
	zero := m.vec()
	m.zero(zero)
	return m.minus(zero, b)
}

// A tile addresses a vector of the channels of a tile.
type tile struct {
	machine
	x             args
	rows          []GPVirtual
	pixels, three GPVirtual // from pixel to pixel, and three times that
	planes        *pointers
	col           GPVirtual
}

func (t tile) pixel(i, j int) Mem {
	a := Mem{Base: t.rows[i]}
	switch j {
	case 1, 2:
		a.Index, a.Scale = t.pixels, uint8(j)
	case 3:
		a.Index, a.Scale = t.three, 1
	}
	return a
}

func (t tile) plane(i, j int) Mem { return t.planes.row(4*i + j) }

// finish stores a pixel of the result.
func (t tile) finish(i, j int, v VecVirtual) {
	name := func(s string) string { return s + string(rune('0'+2*i+j)) }
	bias := t.x.load(tileBias)
	TESTQ(bias, bias)
	JZ(LabelRef(name("nobias")))
	t.add(Mem{Base: bias, Index: t.col, Scale: 1}, v, v)
	Label(name("nobias"))
	CMPQ(t.x.at(tileReLU), Imm(0))
	JE(LabelRef(name("norelu")))
	zero := t.vec()
	t.zero(zero)
	t.relu(v, zero)
	Label(name("norelu"))
	t.store(v, t.pixel(i, j))
}

// tiles emits a kernel: loops over tiles and vectors.
func (m machine) tiles(name, doc string, rows, planes int, body func(t tile)) {
	TEXT("gemm"+name+m.suffix(), NOSPLIT, "func(args *byte)")
	Doc("gemm" + name + m.suffix() + " " + doc)
	Pragma("noescape")
	t := tile{machine: m, x: args{Load(Param("args"), GP64()).(GPVirtual)}}
	for i := range rows {
		t.rows = append(t.rows, t.x.load(tileRow+8*i))
	}
	t.pixels, t.three, t.col = t.x.load(tilePixel), GP64(), GP64()
	LEAQ(Mem{Base: t.pixels, Index: t.pixels, Scale: 2}, t.three)
	t.planes = rowPointers(t.x.load(tilePlanes), t.x.load(tilePlane), planes)
	Label("tile")
	XORQ(t.col, t.col)
	Label("vector")
	body(t)
	width := Imm(uint64(m.width()))
	for _, r := range append(append([]GPVirtual{t.col}, t.rows...), t.planes.at...) {
		ADDQ(width, r)
	}
	CMPQ(t.col, t.x.at(tileWidth))
	JLT(LabelRef("vector"))
	for _, r := range t.rows {
		ADDQ(t.x.at(tileNext), r)
	}
	DECQ(t.x.at(tileCount))
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}
