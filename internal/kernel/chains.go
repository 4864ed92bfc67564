package kernel

import "unsafe"

// A row of float32 is added up in chains: element i is of chain i mod rowChains. So an
// element costs one addition in its own type, as in columns. What chains come to is
// added in float64, and after chainLen elements of each there are new ones: the
// elements of a part of the row. Those behind the last rowChains of them are the last
// part's as well.
const (
	rowChains = 16
	chainLen  = 16
	partLen   = rowChains * chainLen
)

// rowParts returns how many parts a row of n elements has.
func rowParts(n int) int { return max(1, (n/rowChains+chainLen-1)/chainLen) }

// Chains returns how many chains a row of n elements has, up to [SumBlock].
func Chains(n int) int { return rowParts(n) * rowChains }

// JoinChains sets dst to the sums of rows of n elements, given the chains of each.
func JoinChains[D Float](dst *D, chains *float32, rows, n int) {
	joinRows(Active(), dst, chains, rows, rowParts(n))
}

// sumRows sets dst to the sums of rows of n elements, up to SumBlock.
func sumRows[D Float](isa ISA, dst *D, src *float32, rows, n int) {
	var chains [SumBlock / chainLen]float32
	parts := rowParts(n)
	for step := len(chains) / (parts * rowChains); rows > 0; rows -= step {
		m := min(step, rows)
		addChains(isa, &chains[0], src, m, n)
		joinRows(isa, dst, &chains[0], m, parts)
		if rows > step {
			dst, src = element(dst, step), element(src, step*n)
		}
	}
}

// joinRows adds the chains of the parts of rows, and then the parts.
func joinRows[D Float](isa ISA, dst *D, chains *float32, rows, parts int) {
	if parts == 1 {
		joinChains(isa, dst, chains, rows)
		return
	}
	var sums [SumBlock / partLen]float64
	for r := range rows {
		joinChains(isa, &sums[0], element(chains, r*parts*rowChains), parts)
		var sum float64
		for _, s := range sums[:parts] {
			sum += s
		}
		*element(dst, r) = D(sum)
	}
}

func portableAddChains(chains, src *float32, rows, n int) {
	parts := rowParts(n)
	c, x := unsafe.Slice(chains, rows*parts*rowChains), unsafe.Slice(src, rows*n)
	clear(c)
	for r := range rows {
		for i, v := range x[r*n:][:n] {
			c[(r*parts+min(i/partLen, parts-1))*rowChains+i%rowChains] += v
		}
	}
}

// portableJoinChains adds the chains of n parts in halves.
func portableJoinChains[D Float](dst *D, chains *float32, n int) {
	for i := range n {
		*element(dst, i) = D(laneReduce(unsafe.Slice(element(chains, i*rowChains), rowChains), 0, add))
	}
}
