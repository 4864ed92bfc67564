package kernel

import "unsafe"

// The columns of a long array are added up in stripes, which are some rows each:
// ColumnChain stripes element by element, in the type of the array, and what that
// comes to in float64. So an element costs one addition, and takes part in
// ColumnChain roundings at most. Blocks of ColumnBlock stripes are independent.
const (
	stripeElements = 1024
	ColumnChain    = 16
	ColumnBlock    = 64
)

// ColumnStripe returns how many rows of n elements a stripe has: whole vectors, unless
// rows are long.
func ColumnStripe(n int) int {
	rows, whole := stripeElements/n, 16
	for ; n%2 == 0 && whole > 1; n /= 2 {
		whole /= 2
	}
	if rows >= whole || rows >= 4 {
		rows = max(whole, rows/whole*whole)
	}
	return min(max(1, rows), columnBlock)
}

// AddColumns adds the sums of the columns of a stripe, rows of n elements, to totals.
func AddColumns[T Float](totals []float64, src *T, rows, n int) {
	addColumns(Active(), totals, src, rows, n)
}

func portableAddColumns[T Float](totals []float64, src *T, rows, n int) {
	x := unsafe.Slice(src, rows*n)
	for i := range n {
		totals[i] += columnReduce(x[i:], rows, n, 0, add)
	}
}
