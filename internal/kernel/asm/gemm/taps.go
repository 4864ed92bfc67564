package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.tapArgs.
const (
	tapX = 8 * iota
	tapXPixel
	tapW
	tapWTap
	tapY
	tapYPixel
	tapOffsets
	tapStep
	tapTaps
	tapPixels
	tapWidth
)

// generateTaps emits the kernel of a convolution of every channel alone: for each
// pixel, y = Σ x·w over taps, elements of x at offsets from the pixel's, for whole
// vectors of channels. Memory is read in order: four pixels, all their channels, then
// the next four.
func generateTaps(m machine) {
	TEXT("gemmTaps"+m.suffix(), NOSPLIT, "func(args *byte)")
	Doc("gemmTaps" + m.suffix() + " convolves the channels of pixels, each alone.")
	Pragma("noescape")
	x := args{Load(Param("args"), GP64()).(GPVirtual)}
	a, y, n := x.load(tapX), x.load(tapY), x.load(tapPixels)
	for _, pixels := range []int{4, 1} {
		label := func(s string) string { return fmt.Sprint(s, pixels) }
		Label(label("pixels"))
		CMPQ(n, Imm(uint64(pixels)))
		JLT(LabelRef(label("done")))
		col := GP64()
		XORQ(col, col)
		Label(label("vector"))
		m.taps(pixels, x, a, y, col)
		ADDQ(Imm(uint64(m.width())), col)
		CMPQ(col, x.at(tapWidth))
		JLT(LabelRef(label("vector")))
		for range pixels {
			ADDQ(x.at(tapXPixel), a)
			ADDQ(x.at(tapYPixel), y)
		}
		SUBQ(Imm(uint64(pixels)), n)
		JMP(LabelRef(label("pixels")))
		Label(label("done"))
	}
	VZEROUPPER()
	RET()
}

// taps emits a vector of channels of some pixels.
func (m machine) taps(pixels int, x args, a, y, col GPVirtual) {
	sum := make([]VecVirtual, pixels)
	for i := range sum {
		sum[i] = m.vec()
		m.zero(sum[i])
	}
	to, row := GP64(), x.load(tapYPixel)
	LEAQ(Mem{Base: y, Index: col, Scale: 1}, to)
	if pixels == 4 { // stores to lines that are not there wait for each other
		next := GP64()
		LEAQ(Mem{Base: to, Index: row, Scale: 4}, next)
		ahead := rowPointers(next, row, pixels)
		for i := range sum {
			PREFETCHT0(ahead.row(i))
		}
	}
	left, offset, w, pixel := x.load(tapTaps), x.load(tapOffsets), x.load(tapW), x.load(tapXPixel)
	ADDQ(col, w)
	tap := fmt.Sprint("tap", pixels)
	Label(tap)
	at := GP64()
	MOVQ(Mem{Base: offset}, at)
	ADDQ(a, at)
	ADDQ(col, at)
	v := m.vec()
	m.load(Mem{Base: w}, v)
	from := rowPointers(at, pixel, pixels)
	for i := range sum {
		m.fma(from.row(i), v, sum[i])
	}
	ADDQ(x.at(tapWTap), w)
	ADDQ(Imm(8), offset)
	DECQ(left)
	JNZ(LabelRef(tap))
	out := rowPointers(to, row, pixels)
	for i := range sum {
		m.store(sum[i], out.row(i))
	}
}

// mostTaps is how many sums of one channel a kernel keeps in registers.
const mostTaps = 5

// generateTapGrads emits the gradient of that by w: w += Σ x·y over pixels, for up to
// mostTaps taps that are a step apart.
func generateTapGrads(m machine) {
	TEXT("gemmTapGrads"+m.suffix(), NOSPLIT, "func(args *byte)")
	Doc("gemmTapGrads" + m.suffix() + " adds up the products of the channels of pixels.")
	Pragma("noescape")
	x := args{Load(Param("args"), GP64()).(GPVirtual)}
	taps := x.load(tapTaps)
	for r := 1; r <= mostTaps; r++ {
		CMPQ(taps, Imm(uint64(r)))
		JEQ(LabelRef(fmt.Sprint("taps", r)))
	}
	for r := 1; r <= mostTaps; r++ {
		Label(fmt.Sprint("taps", r))
		col, left := GP64(), x.load(tapWidth)
		XORQ(col, col)
		for _, vecs := range []int{2, 1} {
			label := func(s string) string { return fmt.Sprint(s, r, "x", vecs) }
			Label(label("vectors"))
			CMPQ(left, Imm(uint64(vecs*m.width())))
			JLT(LabelRef(label("done")))
			m.tapGrads(r, vecs, x, col, label("pixel"))
			ADDQ(Imm(uint64(vecs*m.width())), col)
			SUBQ(Imm(uint64(vecs*m.width())), left)
			JMP(LabelRef(label("vectors")))
			Label(label("done"))
		}
		JMP(LabelRef("end"))
	}
	Label("end")
	VZEROUPPER()
	RET()
}

// tapGrads emits the sums of r taps of some vectors of channels.
func (m machine) tapGrads(r, vecs int, x args, col GPVirtual, loop string) {
	begin := func(field int) GPVirtual {
		p := x.load(field)
		ADDQ(col, p)
		return p
	}
	each := func(f func(t, v int)) {
		for t := range r {
			for v := range vecs {
				f(t, v)
			}
		}
	}
	var sum [mostTaps][2]VecVirtual
	at := rowPointers(begin(tapW), x.load(tapWTap), r)
	each(func(t, v int) {
		sum[t][v] = m.vec()
		m.load(at.row(t).Offset(v*m.width()), sum[t][v])
	})
	from, d, n := rowPointers(begin(tapX), x.load(tapStep), r), begin(tapY), x.load(tapPixels)
	xPixel, yPixel := x.load(tapXPixel), x.load(tapYPixel)
	Label(loop)
	var dy [2]VecVirtual
	for v := range vecs {
		dy[v] = m.vec()
		m.load(Mem{Base: d}.Offset(v*m.width()), dy[v])
	}
	each(func(t, v int) { m.fma(from.row(t).Offset(v*m.width()), dy[v], sum[t][v]) })
	ADDQ(yPixel, d)
	from.advance(xPixel)
	DECQ(n)
	JNZ(LabelRef(loop))
	to := rowPointers(begin(tapW), x.load(tapWTap), r)
	each(func(t, v int) { m.store(sum[t][v], to.row(t).Offset(v*m.width())) })
}
