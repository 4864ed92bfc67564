package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets in kernel.panelArgs.
const (
	argA = 8 * iota
	argARow
	argACol
	argATile
	argB
	argBRow
	argC
	argCRow
	argBias
	argM
	argK
	argTileRows
	argTail
	argFlags
	argMore
	argASeg
	argCount
	argLines
	argALine
	argCLine
)

// Bits of kernel.panelArgs.flags.
const (
	flagAccumulate = 1 << iota
	flagBias
	flagReLU
	flagPrefetch
	flagRowBias
	flagScale
)

// A panel describes a panel kernel: all rows of C, vecs vectors wide, in tiles
// of up to rows rows; then so many further lines of as many rows.
type panel struct {
	machine
	name       string
	rows, vecs int
	unroll     int
	masked     bool // only the first argTail elements of the last vector exist
	rowsFirst  bool // keep the column of A in registers instead of the row of B
}

// args is the register that points to the arguments.
type args struct{ base GPVirtual }

func (a args) at(offset int) Mem { return Mem{Base: a.base}.Offset(offset) }

func (a args) load(offset int) GPVirtual {
	r := GP64()
	MOVQ(a.at(offset), r)
	return r
}

// ifFlag emits body so that it runs when the flag is set.
func (a args) ifFlag(flag int, label string, body func()) {
	TESTQ(U32(uint32(flag)), a.at(argFlags))
	JZ(LabelRef(label))
	body()
	Label(label)
}

func (p panel) generate() {
	TEXT("gemm"+p.name+p.suffix(), NOSPLIT, "func(args *byte)")
	Doc(fmt.Sprintf("gemm%s%s is a panel kernel with tiles of up to %d×%d.", p.name, p.suffix(), p.rows, p.vecs*p.lanes()))
	Pragma("noescape")
	x := args{Load(Param("args"), GP64()).(GPVirtual)}
	a, c, m := x.load(argA), x.load(argC), x.load(argM)

	Label("next")
	rows := x.load(argTileRows)
	CMPQ(rows, m)
	CMOVQGT(m, rows)
	for r := p.rows; r >= 1; r-- {
		CMPQ(rows, Imm(uint64(r)))
		JEQ(LabelRef(fmt.Sprint("tile", r)))
	}
	JMP(LabelRef("done")) // m is 0
	for r := p.rows; r >= 1; r-- {
		Label(fmt.Sprint("tile", r))
		p.tile(r, x, a, c, m)
		ADDQ(x.at(argATile), a)
		step := x.load(argCRow)
		IMUL3Q(Imm(uint64(r)), step, step)
		ADDQ(step, c)
		SUBQ(Imm(uint64(r)), m)
		JNZ(LabelRef("next"))
		JMP(LabelRef("done"))
	}
	Label("done")
	DECQ(x.at(argLines))
	JLT(LabelRef("end"))
	ADDQ(x.at(argALine), a)
	ADDQ(x.at(argCLine), c)
	MOVQ(x.at(argM), m)
	JMP(LabelRef("next"))
	Label("end")
	VZEROUPPER()
	RET()
}

// tile emits the product of r rows.
func (p panel) tile(r int, x args, a, c, m GPVirtual) {
	label := func(s string) string { return fmt.Sprint(s, r) }
	var k mask
	if p.masked {
		k = p.mask(x.load(argTail))
	}
	load := func(m Mem, j int, v VecVirtual) {
		if p.masked && j == p.vecs-1 {
			p.loadMasked(m, k, v)
		} else {
			p.load(m, v)
		}
	}
	sum := make([][]VecVirtual, r)
	for i := range sum {
		sum[i] = make([]VecVirtual, p.vecs)
		for j := range sum[i] {
			sum[i][j] = p.vec()
			p.zero(sum[i][j])
		}
	}
	x.ifFlag(flagPrefetch, label("noprefetch"), func() {
		q, stride := GP64(), x.load(argCRow)
		MOVQ(c, q)
		for i := range r {
			PREFETCHT1(Mem{Base: q})
			PREFETCHT1(Mem{Base: q}.Offset(p.vecs*p.width() - 1))
			if i+1 < r {
				ADDQ(stride, q)
			}
		}
	})

	n, b := x.load(argMore), x.load(argB)
	MOVQ(n, x.at(argCount))
	aCol, bRow := x.load(argACol), x.load(argBRow)
	at := rowPointers(a, x.load(argARow), r)
	step := func() {
		p.step(at, b, sum, load)
		ADDQ(bRow, b)
		at.advance(aCol)
	}
	Label(label("segment"))
	MOVQ(x.at(argK), n)
	repeat(n, p.unroll, label, step)
	DECQ(x.at(argCount))
	JLT(LabelRef(label("sum")))
	at.advance(x.at(argASeg))
	JMP(LabelRef(label("segment")))
	Label(label("sum"))

	p.finish(r, x, c, m, sum, k, load)
}

// step emits the products of one column of A with one row of B.
func (p panel) step(at *pointers, b GPVirtual, sum [][]VecVirtual, load func(Mem, int, VecVirtual)) {
	if p.rowsFirst {
		col := make([]VecVirtual, len(sum))
		for i := range col {
			col[i] = p.vec()
			p.broadcast(at.row(i), col[i])
		}
		for j := range p.vecs {
			v := p.vec()
			load(Mem{Base: b}.Offset(j*p.width()), j, v)
			for i := range col {
				p.fma(v, col[i], sum[i][j])
			}
		}
		return
	}
	row := make([]VecVirtual, p.vecs)
	for j := range row {
		row[j] = p.vec()
		load(Mem{Base: b}.Offset(j*p.width()), j, row[j])
	}
	for i := range sum {
		if p.isa == avx512 && p.vecs == 1 { // a broadcast of its own would be used once
			p.fmaBroadcast(at.row(i), row[0], sum[i][0])
			continue
		}
		v := p.vec()
		p.broadcast(at.row(i), v)
		for j := range row {
			p.fma(v, row[j], sum[i][j])
		}
	}
}

// repeat emits body to run n times; n may be zero.
func repeat(n GPVirtual, unroll int, label func(string) string, body func()) {
	SUBQ(Imm(uint64(unroll)), n)
	JLT(LabelRef(label("rest")))
	Label(label("loop"))
	for range unroll {
		body()
	}
	SUBQ(Imm(uint64(unroll)), n)
	JGE(LabelRef(label("loop")))
	Label(label("rest"))
	ADDQ(Imm(uint64(unroll)), n)
	JZ(LabelRef(label("end")))
	Label(label("single"))
	body()
	DECQ(n)
	JNZ(LabelRef(label("single")))
	Label(label("end"))
}

// finish emits the epilogue: C = relu(scale·sum + C + bias), each part on request,
// the bias one for each column or for each row. The scale is in the bias' place.
func (p panel) finish(r int, x args, c, m GPVirtual, sum [][]VecVirtual, k mask, load func(Mem, int, VecVirtual)) {
	label := func(s string) string { return fmt.Sprint(s, r) }
	stride := x.load(argCRow)
	// each calls f with the address of every vector of the tile.
	each := func(f func(i, j int, at Mem)) {
		q := GP64()
		MOVQ(c, q)
		for i := range sum {
			for j := range sum[i] {
				f(i, j, Mem{Base: q}.Offset(j*p.width()))
			}
			if i+1 < r {
				ADDQ(stride, q)
			}
		}
	}
	x.ifFlag(flagScale, label("noscale"), func() {
		v := p.vec()
		p.broadcast(Mem{Base: x.load(argBias)}, v)
		for i := range sum {
			for j := range sum[i] {
				p.mul(v, sum[i][j], sum[i][j])
			}
		}
	})
	x.ifFlag(flagAccumulate, label("noaccumulate"), func() {
		each(func(i, j int, at Mem) {
			v := p.vec()
			load(at, j, v)
			p.add(v, sum[i][j], sum[i][j])
		})
	})
	x.ifFlag(flagBias, label("nobias"), func() {
		bias := x.load(argBias)
		for j := range p.vecs {
			v := p.vec()
			load(Mem{Base: bias}.Offset(j*p.width()), j, v)
			for i := range sum {
				p.add(v, sum[i][j], sum[i][j])
			}
		}
	})
	x.ifFlag(flagRowBias, label("norowbias"), func() {
		bias, row := x.load(argBias), x.load(argM)
		SUBQ(m, row) // m rows are left
		LEAQ(Mem{Base: bias, Index: row, Scale: uint8(p.elem())}, bias)
		for i := range sum {
			v := p.vec()
			p.broadcast(Mem{Base: bias}.Offset(i*p.elem()), v)
			for j := range sum[i] {
				p.add(v, sum[i][j], sum[i][j])
			}
		}
	})
	x.ifFlag(flagReLU, label("norelu"), func() {
		zero := p.vec()
		p.zero(zero)
		for i := range sum {
			for j := range sum[i] {
				p.relu(sum[i][j], zero)
			}
		}
	})
	each(func(i, j int, at Mem) {
		if p.masked && j == p.vecs-1 {
			p.storeMasked(sum[i][j], k, at)
		} else {
			p.store(sum[i][j], at)
		}
	})
}
