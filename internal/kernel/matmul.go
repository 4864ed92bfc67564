package kernel

// ProductOptions says what a matrix product does beside multiplying.
type ProductOptions struct {
	TransA, TransB bool // A is stored k×m, B n×k
	Accumulate     bool // add to C instead of setting it
	Bias           bool // add a row vector of n elements to every row
	ReLU           bool // then C = max(C, 0); NaN stays
	// Scale makes C += s·op(A)·op(B), with the bits of the product, its
	// multiple and the sum one after another; s is in the place of the bias. It
	// goes with no other option but those of storage, and where [CanScale]
	// says so.
	Scale bool
	// How many elements a stored row of A, B or C is behind the one before it, if
	// that is more than it has: 0 if they lie side by side.
	RowA, RowB, RowC int
}

// A Product is a planned matrix product C = op(A)·op(B), with C m×n, op(A) m×k
// and op(B) k×n, all row-major, C overlapping neither operand.
// Everything that depends on the shape is decided when it is planned; running
// only computes and does not allocate.
//
// Each element of C is summed in an order that depends on the shape and the
// instruction set only. Run and any division of the chunks among workers give
// the same bits.
type Product[T Float] struct {
	m, n, k          int
	o                ProductOptions
	rowA, rowB, rowC int  // elements from a stored row to the next
	swapped          bool // computes Cᵀ = op(B)ᵀ·op(A)ᵀ, see simplify
	turned           bool // and then transposes it
	kernels          *gemmKernels
	block            int  // elements of k per pass over C
	dots             bool // every element is a dot product of rows
	packedA, packedB bool
	wide             bool          // few rows: four vectors at a time
	direct           []directPanel // the whole of a small product
	whole            region
	chunk            region // the largest chunk
	down, across     int    // chunks one below another and side by side
	unitM, unitN     int    // rows and columns that chunks do not divide
	work             []workspace[T]
	packed           *T // B, if it is packed before, see Prepack
}

// NewProduct plans a product. With ta, A is stored k×m; with tb, B is stored
// n×k. With k = 0, C is zero.
func NewProduct[T Float](m, n, k int, ta, tb bool) *Product[T] {
	return NewProductWith[T](m, n, k, ProductOptions{TransA: ta, TransB: tb})
}

// CanScale reports whether a product with [ProductOptions.Scale] has the bits of
// the product that is stored first: whether every element is computed in one go,
// in the same way.
func CanScale[T Float](m, n, k int, ta, tb bool) bool {
	return canScale[T](Active(), m, n, k, ta, tb)
}

func canScale[T Float](isa ISA, m, n, k int, ta, tb bool) bool {
	p := planned[T](isa, m, n, k, ProductOptions{TransA: ta, TransB: tb})
	return k > 0 && p.block >= k && !p.swapped && !p.dots
}

// NewProductWith plans a product with options.
func NewProductWith[T Float](m, n, k int, o ProductOptions) *Product[T] {
	return newProduct[T](Active(), m, n, k, o)
}

// Run computes a product that has no bias.
func (p *Product[T]) Run(c, a, b *T) { p.RunBias(c, a, b, nil) }

// RunBias computes the product. bias is not looked at if the options have neither
// a bias nor a scale.
// One goroutine at a time may run a Product.
func (p *Product[T]) RunBias(c, a, b, bias *T) {
	if p.direct != nil {
		p.runDirect(&p.work[0], c, a, b, bias)
	} else {
		p.run(&p.work[0], &p.whole, c, a, b, bias)
	}
}

// Chunks returns the number of independent chunks that the product divides into.
// It depends on the shape only. A product too small to be worth sharing is one
// chunk.
func (p *Product[T]) Chunks() int {
	if p.m == 0 || p.n == 0 {
		return 1
	}
	return p.down * p.across
}

// Reserve makes the product ready for RunChunk by the workers 0 to n-1.
func (p *Product[T]) Reserve(n int) {
	for len(p.work) < n {
		p.work = append(p.work, p.newWorkspace())
	}
}

// RunChunk computes chunk i of the product in the name of one of the reserved
// workers. Workers may run chunks at the same time, in any order.
func (p *Product[T]) RunChunk(i, worker int, c, a, b, bias *T) {
	r := p.chunk
	row, col := i/p.across, i%p.across
	bands, panels := p.units()
	r.row = row * bands / p.down * p.unitM
	r.rows = min(p.m, (row+1)*bands/p.down*p.unitM) - r.row
	r.col = col * panels / p.across * p.unitN
	r.cols = min(p.n, (col+1)*panels/p.across*p.unitN) - r.col
	p.run(&p.work[worker], &r, c, a, b, bias)
}

// run computes one region of C.
func (p *Product[T]) run(w *workspace[T], r *region, c, a, b, bias *T) {
	if p.k == 0 {
		a, b = c, c // empty, perhaps nil: any valid address will do
	}
	if p.swapped {
		a, b = b, a
	}
	switch {
	case r.rows == 0 || r.cols == 0:
	case p.kernels == nil:
		p.runPortable(r, c, a, b, bias)
	case p.dots:
		p.runDots(w, r, c, a, b, bias)
	default:
		p.runPanels(w, r, c, a, b, bias)
	}
}
