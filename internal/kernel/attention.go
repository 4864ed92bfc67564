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

// AttentionRows say where an array has the matrices of pairs: that of batch b and head
// h begins at Start + b·Batch + h·Head, and its rows are Row elements apart.
type AttentionRows struct{ Start, Heads, Batch, Head, Row int }

// DenseRows is where matrices lie one behind the other.
func DenseRows(rows, columns int) AttentionRows {
	return AttentionRows{Heads: 1, Batch: rows * columns, Row: columns}
}

// matrix returns x from the matrix of pair i on.
func matrix[T Float](x []T, r AttentionRows, i int) []T {
	return x[r.Start+i/r.Heads*r.Batch+i%r.Heads*r.Head:]
}

// empty makes rows of a matrix 0.
func empty[T Float](x []T, r AttentionRows, from, rows, columns int) {
	for i := from; i < rows; i++ {
		clear(x[i*r.Row:][:columns])
	}
}

// AttentionPlaces are where an attention, or its gradient, has its operands and
// results: Y is y, or dy.
type AttentionPlaces struct{ Q, K, V, Y, DQ, DK, DV AttentionRows }

// Dense are the places of arrays that have nothing else in them.
func (s AttentionShape) Dense() AttentionPlaces {
	q, k, v := DenseRows(s.Queries, s.Width), DenseRows(s.Keys, s.Width), DenseRows(s.Keys, s.Values)
	return AttentionPlaces{Q: q, K: k, V: v, Y: DenseRows(s.Queries, s.Values), DQ: q, DK: k, DV: v}
}

// An attentionBlock is some queries, with the products that they need.
type attentionBlock[T Float] struct {
	row, rows, keys, at int         // at: where its weights are among those that are kept
	scores, out         *Product[T] // q·kᵀ, weights·v
	dWeights            *Product[T] // dy·vᵀ
	dq, dk, dv          *Product[T]
}

// An AttentionWorker computes pairs of an attention, one at a time.
type AttentionWorker[T Float] struct {
	s             AttentionShape
	at            AttentionPlaces
	kept          int // weights of a pair
	scale         *T
	blocks        []attentionBlock[T]
	weights, dp   []T           // of a block; those that are not kept, and their gradient
	queries, keys []T           // with a mask: a block of q, and k, with one more column
	wideQ, wideK  AttentionRows // where these are
}

// NewAttentionWorker plans the pairs of an attention, forward or its gradient.
func NewAttentionWorker[T Float](s AttentionShape, at AttentionPlaces, back bool) *AttentionWorker[T] {
	w := &AttentionWorker[T]{s: s, at: at, kept: s.Kept(), scale: new(T), wideQ: at.Q, wideK: at.K}
	*w.scale = T(s.Scale)
	wide := s.Width
	if s.Heads > 0 {
		wide++
		w.wideQ, w.wideK = DenseRows(0, wide), DenseRows(0, wide)
		w.queries, w.keys = Aligned[T](s.Block()*wide), Aligned[T](s.Keys*wide)
	}
	if w.kept == 0 {
		w.weights = Aligned[T](s.Block() * s.Keys)
	}
	if back {
		w.dp = Aligned[T](s.Block() * s.Keys)
	}
	from := 0
	for row := 0; row < s.Queries; row += s.Block() {
		m, n := s.rows(row), s.seen(row)
		b := attentionBlock[T]{row: row, rows: m, keys: n, at: from}
		b.scores = NewProductWith[T](m, n, wide, ProductOptions{TransB: true, RowA: w.wideQ.Row, RowB: w.wideK.Row})
		if back {
			sum := ProductOptions{TransA: true, Accumulate: row+m < s.Queries} // the last block is the first
			key, value := sum, sum
			key.RowB, key.RowC, value.RowB, value.RowC = at.Q.Row, at.DK.Row, at.Y.Row, at.DV.Row
			b.dWeights = NewProductWith[T](m, n, s.Values, ProductOptions{TransB: true, RowA: at.Y.Row, RowB: at.V.Row})
			b.dq = NewProductWith[T](m, s.Width, n, ProductOptions{RowB: at.K.Row, RowC: at.DQ.Row})
			b.dk, b.dv = NewProductWith[T](n, s.Width, m, key), NewProductWith[T](n, s.Values, m, value)
		} else {
			b.out = NewProductWith[T](m, s.Values, n, ProductOptions{RowB: at.V.Row, RowC: at.Y.Row})
		}
		w.blocks = append(w.blocks, b)
		from += m * n
	}
	return w
}

// Forward computes y of pair i, and its weights if they are kept.
func (w *AttentionWorker[T]) Forward(i int, y, weights, q, k, v, mask []T) {
	s := w.s
	y = matrix(y, w.at.Y, i)
	if s.Keys == 0 || s.Values == 0 {
		empty(y, w.at.Y, 0, s.Queries, s.Values)
		return
	}
	q, v, k = matrix(q, w.at.Q, i), matrix(v, w.at.V, i), w.masked(i, k, mask)
	for j := range w.blocks {
		b := &w.blocks[j]
		p := w.room(b, weights, i)
		w.weigh(b, p, q, k)
		b.out.Run(&y[b.row*w.at.Y.Row], &p[0], &v[0])
	}
}

// room is where the weights of a block of pair i go.
func (w *AttentionWorker[T]) room(b *attentionBlock[T], weights []T, i int) []T {
	if w.kept > 0 {
		return weights[i*w.kept+b.at:][:b.rows*b.keys]
	}
	return w.weights[:b.rows*b.keys]
}

// masked returns the keys of pair i. With a mask there is one more column, which
// makes the scores -∞ of those that are not seen; queries have 1 there.
func (w *AttentionWorker[T]) masked(i int, k, mask []T) []T {
	s := w.s
	k = matrix(k, w.at.K, i)
	if s.Heads == 0 {
		return k
	}
	for j, m := range mask[i/s.Heads*s.Keys:][:s.Keys] {
		row := w.keys[j*w.wideK.Row:][:w.wideK.Row]
		copy(row[:s.Width], k[j*w.at.K.Row:])
		if row[s.Width] = 0; m == 0 {
			row[s.Width] = T(math.Inf(-1) * s.Scale)
		}
	}
	return w.keys
}

// weigh computes the weights of a block.
func (w *AttentionWorker[T]) weigh(b *attentionBlock[T], p, q, k []T) {
	s, from := w.s, b.row*w.at.Q.Row
	if s.Heads > 0 {
		for r := range b.rows {
			row := w.queries[r*w.wideQ.Row:][:w.wideQ.Row]
			copy(row[:s.Width], q[(b.row+r)*w.at.Q.Row:])
			row[s.Width] = 1
		}
		q, from = w.queries, 0
	}
	if w.wideQ.Row == 0 {
		clear(p)
	} else {
		b.scores.Run(&p[0], &q[from], &k[0])
	}
	seen, more := b.keys, 0
	if s.Causal {
		seen, more = min(b.row+1, b.keys), 1
	}
	WeightRows(&p[0], &p[0], w.scale, b.rows, b.keys, seen, more)
}

// Backward computes the gradients by q, k and v of pair i from that by y. weights
// are those that [AttentionWorker.Forward] has kept, if they are.
func (w *AttentionWorker[T]) Backward(i int, dq, dk, dv, q, k, v, mask, dy, weights []T) {
	s, at := w.s, w.at
	dq, dk, dv = matrix(dq, at.DQ, i), matrix(dk, at.DK, i), matrix(dv, at.DV, i)
	if s.Queries == 0 || s.Keys == 0 || s.Values == 0 || s.Width == 0 {
		empty(dq, at.DQ, 0, s.Queries, s.Width)
		empty(dk, at.DK, 0, s.Keys, s.Width)
		empty(dv, at.DV, 0, s.Keys, s.Values)
		return
	}
	q, v, dy = matrix(q, at.Q, i), matrix(v, at.V, i), matrix(dy, at.Y, i)
	plain := matrix(k, at.K, i)
	k = w.masked(i, k, mask)
	last := w.blocks[len(w.blocks)-1].keys
	empty(dk, at.DK, last, s.Keys, s.Width)
	empty(dv, at.DV, last, s.Keys, s.Values)
	for j := len(w.blocks) - 1; j >= 0; j-- {
		b := &w.blocks[j]
		p, dp, of, by := w.room(b, weights, i), w.dp[:b.rows*b.keys], &q[b.row*at.Q.Row], &dy[b.row*at.Y.Row]
		if w.kept == 0 {
			w.weigh(b, p, q, k)
		}
		b.dWeights.Run(&dp[0], by, &v[0])
		WeightGradRows(&dp[0], &p[0], w.scale, b.rows, b.keys)
		b.dq.Run(&dq[b.row*at.DQ.Row], &dp[0], &plain[0])
		b.dk.Run(&dk[0], &dp[0], of)
		b.dv.Run(&dv[0], &p[0], by)
	}
}
