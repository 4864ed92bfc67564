package kernel

import "math"

// An AttentionShape says of what an attention is: for each of Pairs matrices of
// queries, keys and values, y = softmax(Scale·q·kᵀ)·v, row by row.
type AttentionShape struct {
	Pairs         int // of a batch and a head
	Queries, Keys int // rows of q; of k and v
	Width, Values int // columns of q and k; of v
	Scale         float64
	Causal        bool // query i sees the keys 0 to i
	// Heads says that there is a mask of Pairs/Heads rows of Keys numbers, one for
	// so many pairs: keys whose number is 0 are not seen. With 0 there is none.
	Heads int
}

// mostKept is how many weights, softmax(Scale·q·kᵀ), are kept for the way back;
// beyond that they are computed again, a few rows at a time.
const mostKept = 1 << 20

// Kept is how many weights are kept of each pair, 0 if they are not.
func (s AttentionShape) Kept() (n int) {
	for row := 0; row < s.Queries; row += s.Block() {
		n += s.rows(row) * s.seen(row)
	}
	if n*s.Pairs > mostKept {
		return 0
	}
	return n
}

// Block is how many queries are done at a time. Where a query sees those before it
// only, short blocks leave out most of what is not seen.
func (s AttentionShape) Block() int {
	if s.Causal {
		return min(max(s.Queries/4&^15, 16), 64)
	}
	return 64
}

// rows is how many queries there are in the block that begins at row.
func (s AttentionShape) rows(row int) int { return min(s.Block(), s.Queries-row) }

// seen is how many keys the block that begins at row sees: the first ones.
func (s AttentionShape) seen(row int) int {
	if s.Causal {
		return min(s.Keys, row+s.rows(row))
	}
	return s.Keys
}

// Nanoseconds estimates the time of a pair.
func (s AttentionShape) Nanoseconds() int {
	return 1 + s.Queries*s.Keys*(s.Width+s.Values+20)/30
}

// An attentionBlock is some queries, with the products that they need.
type attentionBlock[T Float] struct {
	row, rows, keys, at    int         // at: where its weights are among those that are kept
	scores, out            *Product[T] // q·kᵀ, weights·v
	dScores, dq, dk, dv    *Product[T]
	queries, scored, dOuts []T // parts of the worker's memory
}

// An AttentionWorker computes pairs of an attention, one at a time.
type AttentionWorker[T Float] struct {
	s      AttentionShape
	wide   int // columns of q and k: one more with a mask
	blocks []attentionBlock[T]
	keys   []T // k with the mask as one more column
	values []T // v with ones as one more column
	lse    []T
	mul    Func[T]
}

// NewAttentionWorker plans the pairs of an attention, forward or its gradient.
func NewAttentionWorker[T Float](s AttentionShape, back bool) *AttentionWorker[T] {
	w := &AttentionWorker[T]{s: s, wide: s.Width, mul: Vector[T](Mul), lse: make([]T, s.Block())}
	if s.Heads > 0 {
		w.wide++
		w.keys = make([]T, s.Keys*w.wide)
	}
	queries, scored, dOuts := Aligned[T](s.Block()*w.wide), Aligned[T](2*s.Block()*s.Keys), []T(nil)
	if back {
		w.values = Aligned[T](s.Keys * (s.Values + 1))
		dOuts = Aligned[T](s.Block() * (s.Values + 1))
	}
	at := 0
	for row := 0; row < s.Queries; row += s.Block() {
		m, n := s.rows(row), s.seen(row)
		b := attentionBlock[T]{row: row, rows: m, keys: n, at: at, queries: queries, scored: scored, dOuts: dOuts,
			scores: NewProduct[T](m, n, w.wide, false, true), out: NewProduct[T](m, s.Values, n, false, false)}
		if back {
			sum := ProductOptions{TransA: true, Accumulate: row+m < s.Queries} // the last block is the first
			b.dScores, b.dq = NewProduct[T](m, n, s.Values+1, false, true), NewProduct[T](m, s.Width, n, false, false)
			b.dk, b.dv = NewProductWith[T](n, s.Width, m, sum), NewProductWith[T](n, s.Values, m, sum)
		}
		w.blocks = append(w.blocks, b)
		at += m * n
	}
	return w
}

// Forward computes y of pair i, and its weights if they are kept.
func (w *AttentionWorker[T]) Forward(i int, y, weights, q, k, v, mask []T) {
	s := w.s
	q, v, y = part(q, i, s.Queries*s.Width), part(v, i, s.Keys*s.Values), part(y, i, s.Queries*s.Values)
	k = w.masked(i, k, mask)
	if s.Keys == 0 || s.Values == 0 {
		clear(y)
		return
	}
	for j := range w.blocks {
		b := &w.blocks[j]
		p := w.weigh(b, b.room(s, weights, i), q, k)
		b.out.Run(&y[b.row*s.Values], &p[0], &v[0])
	}
}

// room is where the weights of a block of pair i go.
func (b *attentionBlock[T]) room(s AttentionShape, weights []T, i int) []T {
	if n := s.Kept(); n > 0 {
		return weights[i*n+b.at:][:b.rows*b.keys]
	}
	return b.scored[:b.rows*b.keys]
}

// part is matrix i of n elements each.
func part[T Float](x []T, i, n int) []T { return x[i*n:][:n] }

// masked returns the keys of pair i. With a mask there is one more column, of -∞
// for those that are not seen, else 0; queries have 1 there.
func (w *AttentionWorker[T]) masked(i int, k, mask []T) []T {
	s := w.s
	k = part(k, i, s.Keys*s.Width)
	if s.Heads == 0 {
		return k
	}
	mask = part(mask, i/s.Heads, s.Keys)
	for j, m := range mask {
		row := w.keys[j*w.wide:][:w.wide]
		copy(row, k[j*s.Width:][:s.Width])
		if row[s.Width] = 0; m == 0 {
			row[s.Width] = T(math.Inf(-1))
		}
	}
	return w.keys
}

// weigh computes the weights of a block.
func (w *AttentionWorker[T]) weigh(b *attentionBlock[T], p, q, k []T) []T {
	s := w.s
	scale, some := T(s.Scale), b.queries[:b.rows*w.wide]
	for r := range b.rows {
		row := some[r*w.wide:][:w.wide]
		for j, x := range q[(b.row+r)*s.Width:][:s.Width] {
			row[j] = x * scale
		}
		if w.wide > s.Width {
			row[s.Width] = 1
		}
	}
	if w.wide == 0 {
		clear(p)
	} else {
		b.scores.Run(&p[0], &some[0], &k[0])
	}
	if s.Causal {
		for r := range b.rows {
			row := p[r*b.keys:][:b.keys]
			for j := b.row + r + 1; j < b.keys; j++ {
				row[j] = T(math.Inf(-1))
			}
		}
	}
	SoftmaxRows(&p[0], &w.lse[0], &p[0], b.rows, b.keys)
	return p
}

// Backward computes the gradients by q, k and v of pair i from that by y. weights
// are those that [AttentionWorker.Forward] has kept, if they are.
func (w *AttentionWorker[T]) Backward(i int, dq, dk, dv, q, k, v, mask, y, dy, weights []T) {
	s := w.s
	dq, dk, dv = part(dq, i, s.Queries*s.Width), part(dk, i, s.Keys*s.Width), part(dv, i, s.Keys*s.Values)
	if s.Queries == 0 || s.Keys == 0 || s.Values == 0 || s.Width == 0 {
		clear(dq)
		clear(dk)
		clear(dv)
		return
	}
	q, v = part(q, i, s.Queries*s.Width), part(v, i, s.Keys*s.Values)
	y, dy = part(y, i, s.Queries*s.Values), part(dy, i, s.Queries*s.Values)
	plain := part(k, i, s.Keys*s.Width)
	k = w.masked(i, k, mask)
	for j := range s.Keys {
		row := w.values[j*(s.Values+1):][:s.Values+1]
		copy(row, v[j*s.Values:][:s.Values])
		row[s.Values] = 1
	}
	last := w.blocks[len(w.blocks)-1].keys
	clear(dk[last*s.Width:])
	clear(dv[last*s.Values:])
	for j := len(w.blocks) - 1; j >= 0; j-- {
		b := &w.blocks[j]
		p := b.room(s, weights, i)
		if s.Kept() == 0 {
			w.weigh(b, p, q, k)
		}
		w.lessMean(b, y, dy)
		// dS = p·(dy·vᵀ - Σ y·dy), times the scale: one product, for the sum is one
		// more column.
		ds := b.scored[len(b.scored)/2:][:b.rows*b.keys]
		b.dScores.Run(&ds[0], &b.dOuts[0], &w.values[0])
		w.mul(&ds[0], &ds[0], &p[0], nil, len(ds))
		b.dq.Run(&dq[b.row*s.Width], &ds[0], &plain[0])
		b.dk.Run(&dk[0], &ds[0], &q[b.row*s.Width])
		b.dv.Run(&dv[0], &p[0], &dy[b.row*s.Values])
	}
}

// lessMean sets the rows of dOuts to Scale·dy, and behind each -Scale·Σ y·dy.
func (w *AttentionWorker[T]) lessMean(b *attentionBlock[T], y, dy []T) {
	n, scale := w.s.Values, T(w.s.Scale)
	for r := range b.rows {
		row := b.dOuts[r*(n+1):][:n+1]
		y, dy, sum := y[(b.row+r)*n:][:n], dy[(b.row+r)*n:][:n], 0.0
		for j, d := range dy {
			sum += float64(float64(d) * float64(y[j]))
			row[j] = d * scale
		}
		row[n] = -T(sum) * scale
	}
}
