package train

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/graph"
	"descent/optimizers/search"
)

// An objective is the loss of a task over all rows of a set, with its penalty, as a
// function of the parameters. Whatever the trainer's element type it is computed in
// float64, for searches compare values that differ in their last digits, and by
// programs over chunks of rows, whose sums have one order: memory is bounded, and the
// bits are the same for any number of workers.
type objective struct {
	twin *Trainer // in float64, with the parameters that are tried
	of   *Trainer // whose parameters they are
	d    data.Rows
	rows []int // 0, 1, 2, ...
	n    int   // parameters, as one vector
	vars []*graph.Variable

	passes int      // over the rows
	recent []result // of passes since [objective.at] was asked
}

// A result is what a pass has found: the objective, the loss without the penalty, and
// the task's losses.
type result struct {
	value, loss float64
	parts       []float64
}

// chunkRows is the number of rows in a chunk.
const chunkRows = 1024

// objective returns the loss over the rows of d, with a penalty, or if that is nil
// with the task's.
func (t *Trainer) objective(d data.Rows, penalty func(params []*graph.Node) *graph.Node) (*objective, error) {
	o := &objective{of: t, rows: make([]int, d.Rows()), twin: t.twin()}
	if penalty != nil {
		o.twin.task.Penalty = penalty
	}
	for i := range o.rows {
		o.rows[i] = i
	}
	if err := t.stateless(); err != nil {
		return nil, err
	}
	p, err := o.twin.program(min(d.Rows(), chunkRows), slope)
	if err != nil {
		return nil, err
	}
	o.d = data.Convert[float64](d, p.numbers()...)
	for _, v := range o.twin.Store().Variables() {
		if t.Store().Lookup(v.Name()) == nil {
			return nil, fmt.Errorf("train: the model has no %s the second time it is built", v.Name())
		}
	}
	for _, w := range p.g.Params() {
		o.vars = append(o.vars, w.Variable())
		o.n += w.Shape().Size()
	}
	for _, v := range o.twin.Store().Variables() { // also what is frozen
		if err := v.Set(t.Store().Lookup(v.Name()).Float64s()); err != nil {
			return nil, err
		}
	}
	if d.Rows() > chunkRows {
		return o, o.adds()
	}
	return o, nil
}

// twin returns a trainer of the same task in float64, with parameters of its own.
func (t *Trainer) twin() *Trainer {
	return &Trainer{task: t.task, root: graph.New(graph.Float64, t.Store().Seed()), programs: map[programKey]*program{}, team: t.team}
}

// stateless reports a model that is more than a function of its parameters: dropout
// draws anew in each pass, and batch normalisation depends on what else is in a chunk
// and keeps means that change.
func (t *Trainer) stateless() error {
	g := graph.New(t.root.Dtype(), 0)
	t.task.compute(&Batch{g: g, n: 1})
	kept := g.Kept()
	if len(kept) == 0 {
		return nil
	}
	state := kept[0].Target.Name()
	layer, _, _ := strings.Cut(state, ".")
	return fmt.Errorf("train: %s changes %s in each pass: a search needs a loss that is the same whenever the parameters are; "+
		"leave dropout and batch normalisation out, or train by a rule such as adam", layer, state)
}

// adds reports a loss that is not the mean of its rows', which chunks do not add up
// to.
func (o *objective) adds() error {
	n := 16
	some := make([]int, n) // spread evenly: neighbours may be alike
	for i := range some {
		some[i] = i * (len(o.rows) - 1) / (n - 1)
	}
	loss := func(rows []int) (float64, error) {
		p, err := o.run(value, rows)
		if err != nil {
			return 0, err
		}
		return p.p.Scalar(p.objective), nil
	}
	if err := o.put(o.twin, o.start()); err != nil {
		return err
	}
	whole, err := loss(some)
	mean, size := 0.0, 0.0
	for i := 0; i < n && err == nil; i++ {
		var x float64
		x, err = loss(some[i : i+1])
		mean, size = mean+float64(x/float64(n)), max(size, math.Abs(x))
	}
	if err == nil && math.Abs(whole-mean) > 1e-8*size {
		err = fmt.Errorf("train: the loss of %d rows is %.6g, the mean of theirs %.6g: a search adds rows up in chunks of %d, so that a loss must be a mean over rows, without sums and weights of classes", n, whole, mean, chunkRows)
	}
	return err
}

// start returns the parameters of the trainer.
func (o *objective) start() (x []float64) {
	for _, v := range o.vars {
		x = append(x, o.of.Store().Lookup(v.Name()).Float64s()...)
	}
	return x
}

// put gives parameters to a trainer: the twin, or that whose they are.
func (o *objective) put(t *Trainer, x []float64) error {
	for _, v := range o.vars {
		size := v.Shape().Size()
		if err := t.Store().Lookup(v.Name()).Set(x[:size]); err != nil {
			return err
		}
		x = x[size:]
	}
	return nil
}

// run computes what the mode says for some rows. The rows of a set that is one chunk
// are loaded once.
func (o *objective) run(m mode, rows []int) (*program, error) {
	p, err := o.twin.program(len(rows), m)
	if err != nil {
		return nil, err
	}
	if p.holds != &rows[0] {
		if err := p.load(o.d, rows, false); err != nil {
			return nil, err
		}
		p.holds = &rows[0]
	}
	return p, p.p.Run(p.feeds...)
}

// pass computes what the mode says for all rows, in chunks of some, and gives add
// each with its share of the rows. It ends the search where it cannot.
func (o *objective) pass(m mode, x []float64, chunk int, add func(p *program, row int, share float64) error) *result {
	o.passes++
	r := result{parts: make([]float64, len(o.of.parts))}
	if err := o.put(o.twin, x); err != nil {
		search.Fail(err)
	}
	for from := 0; from < len(o.rows); from += chunk {
		rows := o.rows[from:min(from+chunk, len(o.rows))]
		share := float64(len(rows)) / float64(len(o.rows))
		p, err := o.run(m, rows)
		if err == nil {
			err = add(p, from, share)
		}
		if err != nil {
			search.Fail(err)
		}
		r.value += float64(share * p.p.Scalar(p.objective))
		r.loss += float64(share * p.p.Scalar(p.loss))
		for i, l := range p.reported() {
			r.parts[i] += float64(share * p.p.Scalar(l.Node))
		}
	}
	o.recent = append(o.recent, r)
	return &o.recent[len(o.recent)-1]
}

// at returns the result of the pass whose value a method has chosen, and forgets the
// others.
func (o *objective) at(value float64) result {
	i := slices.IndexFunc(o.recent, func(r result) bool { return r.value == value })
	if i < 0 {
		return result{value: value, loss: value} // of a method that makes values of its own
	}
	r := o.recent[i]
	o.recent = o.recent[:0]
	return r
}

// problem returns the objective as methods know it.
func (o *objective) problem() *search.Problem {
	part := make([]float64, o.n)
	into := func(sum []float64) func(*program, int, float64) error {
		clear(sum)
		return func(p *program, _ int, share float64) error {
			p.derivatives(part)
			for i, d := range part {
				sum[i] += float64(share * d)
			}
			return nil
		}
	}
	p := &search.Problem{
		Start: o.start(),
		Move:  func(x []float64) error { return o.put(o.of, x) },
		Func: func(x []float64) float64 {
			return o.pass(value, x, chunkRows, func(*program, int, float64) error { return nil }).value
		},
		Grad: func(x, grad []float64) float64 { return o.pass(slope, x, chunkRows, into(grad)).value },
		HVP: func(x, v, hv []float64) {
			for from := 0; from < len(o.rows); from += chunkRows { // one program, or two
				p, err := o.twin.program(min(chunkRows, len(o.rows)-from), curve)
				if err != nil {
					search.Fail(err)
				}
				p.direct(v)
			}
			o.pass(curve, x, chunkRows, into(hv))
		},
	}
	if width := o.twin.task.residuals(o.of.one); width > 0 {
		p.Count = width * len(o.rows)
		p.Residuals = func(x, r, jac []float64) {
			at := o.pass(squares, x, 1, func(p *program, row int, share float64) error {
				scale := math.Sqrt(2 * share)
				r, jac := r[row*width:(row+1)*width], jac[row*width*o.n:(row+1)*width*o.n]
				if !p.residuals(r, jac) {
					return errNotTheirs
				}
				for _, values := range [][]float64{r, jac} {
					for i := range values {
						values[i] *= scale
					}
				}
				return nil
			})
			at.value = 0
			for _, x := range r {
				at.value += float64(x * x)
			}
			at.value *= 0.5
		}
	}
	return p
}

var errNotTheirs = errors.New("train: a loss is not the mean of the squares of its Residuals, row by row; least squares needs those that it is")
