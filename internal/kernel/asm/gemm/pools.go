package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Kernels of pools: some pixels, each the result of a window of pixels, which are
// at offsets from the first.

// Predicates of VCMPPS.
const (
	isUnordered = 3
	isGreater   = 30
)

// access loads and stores a vector, or what there is of one.
type access struct {
	load  func(a Mem, v VecVirtual)
	store func(v VecVirtual, a Mem)
}

// places emits body for each place and each vector of its channels, the last of which
// may be a part: of half a vector, if that is enough. col is where it begins; next goes
// on to the next place.
func (m machine) places(body func(m machine, label func(string) string, col GPVirtual, io access), next func()) {
	named := func(name string) func(string) string { return func(s string) string { return name + s } }
	elements, pixels := param("width"), param("pixels") // first, those of a part
	ANDQ(Imm(uint64(m.width()-1)), elements)
	SHRQ(Imm(uint64(map[int]int{4: 2, 8: 3}[m.elem()])), elements)
	k, col := m.mask(elements), GP64()
	part := func(m machine) {
		name := named(fmt.Sprint("part", m.width()))
		body(m, name, col, access{func(a Mem, v VecVirtual) { m.loadMasked(a, k, v) }, func(v VecVirtual, a Mem) { m.storeMasked(v, k, a) }})
	}
	Label("place")
	XORQ(col, col)
	last := param("width")
	SUBQ(Imm(uint64(m.width())), last)
	JLT(LabelRef("part"))
	Label("whole")
	body(m, named("whole"), col, access{m.load, m.store})
	ADDQ(Imm(uint64(m.width())), col)
	CMPQ(col, last)
	JLE(LabelRef("whole"))
	Label("part")
	TESTQ(elements, elements)
	JZ(LabelRef("done"))
	if m.isa == avx512 {
		half := m
		half.half = true
		CMPQ(elements, Imm(uint64(half.lanes())))
		JGT(LabelRef("large"))
		part(half)
		JMP(LabelRef("done"))
		Label("large")
	}
	part(m)
	Label("done")
	next()
	DECQ(pixels)
	JNZ(LabelRef("place"))
	VZEROUPPER()
	RET()
}

// poolFunction starts a kernel.
func (m machine) poolFunction(name, signature, doc string) {
	TEXT("gemm"+name+m.suffix(), NOSPLIT, "func("+signature+")")
	Doc("gemm" + name + m.suffix() + " " + doc)
	Pragma("noescape")
}

// generatePoolMax emits the largest element of each window and its index, which is
// the sum of those of the row, of the pixel and of the tap.
func generatePoolMax(m machine) {
	m.poolFunction("PoolMax", "y, index, x, offsets, row, columns, ids *byte, xPixel, yPixel, taps, pixels, width int",
		"finds the largest element of windows, NaN above all, and where it is.")
	y, index, x, columns := param("y"), param("index"), param("x"), param("columns")
	m.places(func(m machine, label func(string) string, col GPVirtual, io access) {
		best, which, v, id := m.vec(), m.vec(), m.vec(), m.vec()
		m.lowest(best)
		m.zero(which)
		ids, offsets, n := param("ids"), param("offsets"), param("taps")
		from := GP64()
		LEAQ(Mem{Base: x, Index: col, Scale: 1}, from)
		Label(label("Tap"))
		at := GP64()
		MOVQ(Mem{Base: offsets}, at)
		io.load(Mem{Base: from, Index: at, Scale: 1}, v)
		m.broadcast(Mem{Base: ids}, id)
		m.take(v, best, id, which)
		ADDQ(Imm(8), offsets)
		ADDQ(Imm(uint64(m.elem())), ids)
		DECQ(n)
		JNZ(LabelRef(label("Tap")))
		for _, base := range []GPVirtual{columns, param("row")} {
			m.broadcast(Mem{Base: base}, id)
			m.add(id, which, which)
		}
		io.store(best, Mem{Base: y, Index: col, Scale: 1})
		io.store(which, Mem{Base: index, Index: col, Scale: 1})
	}, func() {
		step := param("yPixel")
		ADDQ(step, y)
		ADDQ(step, index)
		ADDQ(param("xPixel"), x)
		ADDQ(Imm(uint64(m.elem())), columns)
	})
}

// lowest sets v to -Inf.
func (m machine) lowest(v VecVirtual) {
	bits := GP64()
	if m.double {
		MOVQ(U64(0xfff0<<48), bits)
		VMOVQ(bits, v.AsX())
		VBROADCASTSD(v.AsX(), v)
		return
	}
	MOVL(U32(0xff80<<16), bits.As32())
	VMOVD(bits.As32(), v.AsX())
	VBROADCASTSS(v.AsX(), v)
}

// take puts v in the place of best, and id in that of which, where v is larger or NaN.
func (m machine) take(v, best, id, which VecVirtual) {
	compare := func(how uint8, a, b VecVirtual, to Op) {
		if m.double {
			VCMPPD(U8(how), a, b, to)
		} else {
			VCMPPS(U8(how), a, b, to)
		}
	}
	if m.isa == avx512 {
		larger, nan := K(), K()
		compare(isGreater, best, v, larger)
		compare(isUnordered, v, v, nan)
		KORW(larger, nan, larger)
		if m.double {
			VBLENDMPD(v, best, larger, best)
			VBLENDMPD(id, which, larger, which)
		} else {
			VBLENDMPS(v, best, larger, best)
			VBLENDMPS(id, which, larger, which)
		}
		return
	}
	larger, nan := m.vec(), m.vec()
	compare(isGreater, best, v, larger)
	compare(isUnordered, v, v, nan)
	VORPS(nan, larger, larger)
	if m.double {
		VBLENDVPD(larger, v, best, best)
		VBLENDVPD(larger, id, which, which)
	} else {
		VBLENDVPS(larger, v, best, best)
		VBLENDVPS(larger, id, which, which)
	}
}

func (m machine) div(b, a, c VecVirtual) {
	if m.double {
		VDIVPD(b, a, c)
	} else {
		VDIVPS(b, a, c)
	}
}

// generatePoolMean emits the means of windows.
func generatePoolMean(m machine) {
	m.poolFunction("PoolMean", "y, x, offsets, divisor *byte, xPixel, yPixel, taps, pixels, width int", "divides the sums of windows.")
	y, x := param("y"), param("x")
	m.places(func(m machine, label func(string) string, col GPVirtual, io access) {
		sum, v := m.vec(), m.vec()
		m.zero(sum)
		offsets, n := param("offsets"), param("taps")
		from := GP64()
		LEAQ(Mem{Base: x, Index: col, Scale: 1}, from)
		Label(label("Tap"))
		at := GP64()
		MOVQ(Mem{Base: offsets}, at)
		io.load(Mem{Base: from, Index: at, Scale: 1}, v)
		m.add(v, sum, sum)
		ADDQ(Imm(8), offsets)
		DECQ(n)
		JNZ(LabelRef(label("Tap")))
		m.broadcast(Mem{Base: param("divisor")}, v)
		m.div(v, sum, sum)
		io.store(sum, Mem{Base: y, Index: col, Scale: 1})
	}, func() {
		ADDQ(param("yPixel"), y)
		ADDQ(param("xPixel"), x)
	})
}

// generatePoolShare emits the gradient of that: a share for each pixel of a window,
// added to what is there or in its place.
func generatePoolShare(m machine) {
	for _, onto := range []bool{false, true} {
		name := map[bool]string{false: "PoolSet", true: "PoolAdd"}[onto]
		m.poolFunction(name, "x, y, offsets, divisor *byte, xPixel, yPixel, taps, pixels, width int", "gives windows their shares of means.")
		y, x := param("y"), param("x")
		m.places(func(m machine, label func(string) string, col GPVirtual, io access) {
			share, v := m.vec(), m.vec()
			io.load(Mem{Base: y, Index: col, Scale: 1}, share)
			m.broadcast(Mem{Base: param("divisor")}, v)
			m.div(v, share, share)
			offsets, n := param("offsets"), param("taps")
			from := GP64()
			LEAQ(Mem{Base: x, Index: col, Scale: 1}, from)
			Label(label("Tap"))
			at := GP64()
			MOVQ(Mem{Base: offsets}, at)
			to := Mem{Base: from, Index: at, Scale: 1}
			if onto {
				io.load(to, v)
				m.add(share, v, v)
				io.store(v, to)
			} else {
				io.store(share, to)
			}
			ADDQ(Imm(8), offsets)
			DECQ(n)
			JNZ(LabelRef(label("Tap")))
		}, func() {
			ADDQ(param("yPixel"), y)
			ADDQ(param("xPixel"), x)
		})
	}
}
