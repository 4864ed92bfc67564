// Command gemm writes the matrix product kernels of package kernel for amd64.
//
// A panel kernel computes a block of C that is one or a few vectors wide over
// all its rows, in tiles of up to rows×vecs accumulators that stay in
// registers. The packers bring operands that are badly placed for the panel
// kernels into a small dense buffer first. Convolutions of every channel alone and
// pools are loops over pixels and vectors of their channels.
//
// With -lines it writes the transforms of convolutions of sequences instead, which are a
// file of their own.
package main

import (
	"flag"

	"github.com/mmcloughlin/avo/build"
)

func main() {
	lines := flag.Bool("lines", false, "write the transforms of sequences")
	flag.Parse()
	build.ConstraintExpr("amd64")
	if *lines {
		generateLines(machine{isa: avx2})
		generateLines(machine{isa: avx512})
		build.Generate()
		return
	}
	for _, m := range []machine{
		{isa: avx2}, {isa: avx2, double: true},
		{isa: avx512}, {isa: avx512, double: true},
	} {
		for _, p := range panels(m) {
			p.generate()
		}
		generateDots(m)
		generateCopy(m)
		generateTranspose(m)
		generateTaps(m)
		generateTapGrads(m)
		generatePoolMax(m)
		generatePoolMean(m)
		generatePoolShare(m)
		if !m.double {
			generateTiles(m)
		}
	}
	build.Generate()
}

// panels lists the panel kernels of a machine. The accumulators take all
// registers but those for one row of B, one broadcast element of A and, with
// AVX2, the mask.
func panels(m machine) []panel {
	rows, rows1 := 6, 12
	if m.isa == avx512 {
		rows, rows1 = 12, 24
	}
	all := []panel{
		{machine: m, name: "Pair", rows: rows, vecs: 2, unroll: 4},
		{machine: m, name: "PairTail", rows: rows, vecs: 2, unroll: 2, masked: true},
		{machine: m, name: "Single", rows: rows1, vecs: 1, unroll: 2, masked: true},
		// Few rows: more vectors keep enough sums in flight, and read
		// longer runs of B.
		{machine: m, name: "Wide", rows: 3, vecs: 4, unroll: 2, rowsFirst: true},
	}
	if m.isa == avx512 {
		// Where a vector is computed as two halves, an empty one costs as
		// much as a full one.
		m.half = true
		all = append(all, panel{machine: m, name: "Half", rows: rows1, vecs: 1, unroll: 2, masked: true})
	}
	return all
}
