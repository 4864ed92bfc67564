package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// generateCopy emits the packer that copies k rows of w elements, w at most two
// vectors. It stores whole vectors: each row may be followed by rubbish up to
// the next vector boundary, which the next row overwrites where it overlaps.
func generateCopy(m machine) {
	TEXT("gemmCopy"+m.suffix(), NOSPLIT, "func(dst, src *byte, dstRow, srcRow, k, w int)")
	Doc("gemmCopy" + m.suffix() + " copies k rows of w elements, w at most two vectors.")
	Pragma("noescape")
	dst, src := param("dst"), param("src")
	dstRow, srcRow := param("dstRow"), param("srcRow")
	k, w := param("k"), param("w")

	// loop emits the copy of rows of n vectors, the last one masked by tail.
	loop := func(name string, n int, tail *mask) {
		repeat(k, 4, func(s string) string { return s + name }, func() {
			// The processor does not foresee the next rows.
			PREFETCHT0(Mem{Base: src, Index: srcRow, Scale: 8})
			v := make([]VecVirtual, n)
			for j := range v {
				v[j] = m.vec()
				at := Mem{Base: src}.Offset(j * m.width())
				if tail != nil && j == n-1 {
					m.loadMasked(at, *tail, v[j])
				} else {
					m.load(at, v[j])
				}
			}
			for j := range v {
				m.store(v[j], Mem{Base: dst}.Offset(j*m.width()))
			}
			ADDQ(srcRow, src)
			ADDQ(dstRow, dst)
		})
		VZEROUPPER()
		RET()
	}
	CMPQ(w, Imm(uint64(2*m.lanes())))
	JEQ(LabelRef("two"))
	CMPQ(w, Imm(uint64(m.lanes())))
	JGT(LabelRef("twoMasked"))
	tail := m.mask(w)
	loop("One", 1, &tail)
	Label("two")
	loop("Two", 2, nil)
	Label("twoMasked")
	SUBQ(Imm(uint64(m.lanes())), w)
	tail2 := m.mask(w)
	loop("TwoMasked", 2, &tail2)
}

func param(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// generateTranspose emits the packer dst[l][j] = src[j][l] for 0 <= j < w and
// 0 <= l < k, with w at most one vector. It stores whole vectors; elements from
// w on are zero.
func generateTranspose(m machine) {
	TEXT("gemmTranspose"+m.suffix(), NOSPLIT, "func(dst, src *byte, dstRow, srcRow, k, w int)")
	Doc("gemmTranspose" + m.suffix() + " transposes w rows of k elements, w at most one vector.")
	Pragma("noescape")
	dst, src := param("dst"), param("src")
	dstRow, srcRow := param("dstRow"), param("srcRow")
	k, w := param("k"), param("w")
	n := m.lanes()
	at := rowPointers(src, srcRow, n)

	// block emits the transposition of n×n elements. With few, rows from w on
	// do not exist.
	block := func(tail *mask, few bool, label string) []VecVirtual {
		row := make([]VecVirtual, n)
		for i := range row {
			row[i] = m.vec()
			if few {
				m.zero(row[i])
			}
		}
		for i := range row {
			if few && i > 0 {
				CMPQ(w, Imm(uint64(i)))
				JLE(LabelRef(label))
			}
			if tail != nil {
				m.loadMasked(at.row(i), *tail, row[i])
			} else {
				m.load(at.row(i), row[i])
			}
		}
		if few {
			Label(label)
		}
		return m.transpose(row)
	}
	for _, few := range []bool{false, true} {
		name := func(s string) string { return fmt.Sprintf("%sFew%v", s, few) }
		if !few {
			CMPQ(w, Imm(uint64(n)))
			JLT(LabelRef("few"))
		} else {
			Label("few")
		}
		SUBQ(Imm(uint64(n)), k)
		JLT(LabelRef(name("tail")))
		Label(name("loop"))
		for _, v := range block(nil, few, name("rows")) {
			m.store(v, Mem{Base: dst})
			ADDQ(dstRow, dst)
		}
		at.advance(Imm(uint64(m.width())))
		SUBQ(Imm(uint64(n)), k)
		JGE(LabelRef(name("loop")))
		Label(name("tail"))
		ADDQ(Imm(uint64(n)), k)
		JZ(LabelRef(name("done")))
		tail := m.mask(k)
		for _, v := range block(&tail, few, name("tailRows")) {
			m.store(v, Mem{Base: dst})
			ADDQ(dstRow, dst)
			DECQ(k)
			JZ(LabelRef(name("done")))
		}
		Label(name("done"))
		VZEROUPPER()
		RET()
	}
}

// transpose emits the transposition of a square block: first the 2×2 or 4×4
// blocks inside the 128-bit lanes, then the lanes.
func (m machine) transpose(row []VecVirtual) []VecVirtual {
	per := 16 / m.elem() // elements in a lane
	in := make([]VecVirtual, len(row))
	for i := 0; i < len(row); i += per {
		copy(in[i:], m.transposeLanes(row[i:i+per]))
	}
	// in[i+q] holds column q of each lane, for the rows i, i+1, ….
	out := make([]VecVirtual, len(row))
	for q := range per {
		var v []VecVirtual
		for i := q; i < len(row); i += per {
			v = append(v, in[i])
		}
		for l, u := range m.exchangeLanes(v) {
			out[l*per+q] = u
		}
	}
	return out
}

// transposeLanes transposes the square blocks in each 128-bit lane.
func (m machine) transposeLanes(r []VecVirtual) []VecVirtual {
	op := func(f func(...Op), a, b VecVirtual) VecVirtual {
		v := m.vec()
		f(b, a, v)
		return v
	}
	if m.double {
		return []VecVirtual{op(VUNPCKLPD, r[0], r[1]), op(VUNPCKHPD, r[0], r[1])}
	}
	a, b := op(VUNPCKLPS, r[0], r[1]), op(VUNPCKHPS, r[0], r[1])
	c, d := op(VUNPCKLPS, r[2], r[3]), op(VUNPCKHPS, r[2], r[3])
	return []VecVirtual{op(VUNPCKLPD, a, c), op(VUNPCKHPD, a, c), op(VUNPCKLPD, b, d), op(VUNPCKHPD, b, d)}
}

// exchangeLanes transposes the matrix whose elements are 128-bit lanes.
func (m machine) exchangeLanes(r []VecVirtual) []VecVirtual {
	op := func(select8 uint8, a, b VecVirtual) VecVirtual {
		v := m.vec()
		if m.isa == avx512 {
			VSHUFF32X4(U8(select8), b, a, v)
		} else {
			VPERM2F128(U8(select8), b, a, v)
		}
		return v
	}
	if m.isa == avx2 {
		return []VecVirtual{op(0x20, r[0], r[1]), op(0x31, r[0], r[1])}
	}
	a, b := op(0x44, r[0], r[1]), op(0xee, r[0], r[1]) // lanes 0,1 and 2,3
	c, d := op(0x44, r[2], r[3]), op(0xee, r[2], r[3])
	return []VecVirtual{op(0x88, a, c), op(0xdd, a, c), op(0x88, b, d), op(0xdd, b, d)}
}
