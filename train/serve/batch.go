package serve

import (
	"context"
	"slices"
	"sync"

	"descent/data"
	"descent/train"
)

// batchRows is how many rows are computed at once. A batch is always filled up, with
// rows of other requests that wait or with copies of its last, so that the program that
// computes a row, and with it each bit of the answer, is the same whoever else asks. It is
// one of the sizes of a predictor's programs, so a batch is one run.
const batchRows = 16

// A batcher computes rows of requests that come at the same time together. Nothing waits
// for company: rows that arrive while batches run are in the next. Requests take turns,
// so that one of many rows does not keep the others waiting.
type batcher struct {
	predictor *train.Predictor

	mu         sync.Mutex
	waiting    []*request
	idle       int    // workers that may still be started
	runs, rows uint64 // so far
}

// A request is rows that wait, or are computed.
type request struct {
	rows       *data.Dataset
	next, left int // the first row that no batch has taken; how many are not done
	out        []train.Output
	err        error
	done       chan struct{}
}

// A part is rows of a request that are in a batch.
type part struct {
	of       *request
	first, n int
}

func newBatcher(p *train.Predictor, workers int) *batcher {
	return &batcher{predictor: p, idle: workers}
}

// with is the predictor whose rows are computed in batches, until ctx ends.
func (b *batcher) with(ctx context.Context) Predictor {
	return &joined{b.predictor, b, ctx}
}

type joined struct {
	*train.Predictor
	batcher *batcher
	ctx     context.Context
}

// Each implements [Predictor].
func (j *joined) Each(rows data.Rows, f func(first, n int, out []train.Output) error) error {
	d, ok := rows.(*data.Dataset)
	if !ok || d.Rows() == 0 {
		return j.Predictor.Each(rows, f)
	}
	r := &request{rows: d, left: d.Rows(), out: j.Outputs(), done: make(chan struct{})}
	for i := range r.out {
		r.out[i].Values = make([]float64, d.Rows()*width(&r.out[i]))
	}
	j.batcher.add(r)
	select {
	case <-r.done:
	case <-j.ctx.Done():
		j.batcher.drop(r)
		return j.ctx.Err()
	}
	if r.err != nil {
		return r.err
	}
	return f(0, d.Rows(), r.out)
}

func width(o *train.Output) int {
	n := 1
	for _, d := range o.Shape {
		n *= d
	}
	return n
}

// add lets a request wait, and starts a worker if none is free to see it.
func (b *batcher) add(r *request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, r)
	if b.idle > 0 {
		b.idle--
		go b.work()
	}
}

// drop takes back what waits of a request.
func (b *batcher) drop(r *request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = slices.DeleteFunc(b.waiting, func(w *request) bool { return w == r })
}

// work computes batches until none waits.
func (b *batcher) work() {
	var parts []part
	var x []float64
	for {
		if parts = b.take(parts[:0]); len(parts) == 0 {
			return
		}
		x = slices.Grow(x[:0], batchRows*parts[0].of.rows.Features())
		b.give(parts, b.run(x, parts))
	}
}

// take returns the rows of the next batch; none ends the worker.
func (b *batcher) take(parts []part) []part {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := batchRows
	for room > 0 && len(b.waiting) > 0 {
		r := b.waiting[0]
		n := min(room, r.rows.Rows()-r.next)
		parts = append(parts, part{r, r.next, n})
		r.next, room = r.next+n, room-n
		b.waiting = slices.Delete(b.waiting, 0, 1)
		if r.next < r.rows.Rows() {
			b.waiting = append(b.waiting, r) // its turn comes again
		}
	}
	if len(parts) == 0 {
		b.idle++
	} else {
		b.runs, b.rows = b.runs+1, b.rows+uint64(batchRows-room)
	}
	return parts
}

// run computes a batch, whose inputs it appends to x.
func (b *batcher) run(x []float64, parts []part) error {
	d := parts[0].of.rows
	w := d.Features()
	var rows [batchRows]int
	for _, p := range parts {
		for i := range p.n {
			rows[i] = p.first + i
		}
		data.GatherArray(x[len(x):len(x)+p.n*w], p.of.rows.X, rows[:p.n])
		x = x[:len(x)+p.n*w]
	}
	for len(x) < batchRows*w {
		x = append(x, x[len(x)-w:]...)
	}
	batch := data.Dataset{Inputs: d.Inputs, Shape: d.Shape, Levels: d.Levels, X: data.ArrayOf(x, w)}
	return b.predictor.Each(&batch, func(_, _ int, out []train.Output) error {
		for i := range out {
			w, from := width(&out[i]), 0
			for _, p := range parts {
				from += copy(p.of.out[i].Values[p.first*w:(p.first+p.n)*w], out[i].Values[from:])
			}
		}
		return nil
	})
}

// give tells the requests of a batch that it is done.
func (b *batcher) give(parts []part, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range parts {
		if err != nil {
			p.of.err = err
		}
		if p.of.left -= p.n; p.of.left == 0 {
			close(p.of.done)
		}
	}
}

// counts returns how many batches there were, and rows in them.
func (b *batcher) counts() (runs, rows uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.runs, b.rows
}
