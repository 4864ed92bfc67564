package train

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"descent/data"
	"descent/graph"
)

// An Influence says what a training without a row would change.
type Influence struct {
	Row int
	// Own is by how much the row's own loss would be larger: large where the model follows
	// the row and nothing else says what it says, as where a label is wrong. NaN is unknown.
	Own float64
	// Held is by how much the mean loss of held-out rows would be larger; below 0 the row
	// does harm.
	Held float64
}

const (
	curvedRows  = 2048 // of which the curvature is taken, at most
	leastDamped = 1e-4 // of the largest curvature
	powerRounds = 20
	solveRounds = 200  // of conjugate gradients, at most
	solveExact  = 1e-3 // of the right-hand side: what may be left
)

// Influence estimates, without another training, what training without each row of d would
// change, by influence functions (Koh and Liang 2017, https://arxiv.org/abs/1703.04730): the
// parameters would move by (H+λ)⁻¹g/n, g the gradient of the row's loss, H the Hessian of the
// mean loss over the n rows, or over 2048 of more, at the parameters of the trainer. Systems
// are solved by conjugate gradients with Hessian-vector products; λ is 1e-4 of the largest
// curvature, or four times that and so on until none is negative. Held of all rows takes one
// system; Own takes one for each of so many rows, those with the largest gradients.
//
// What is minimised must be the task's loss, near a minimum of which the trainer is. It is an
// error if the loss changes from pass to pass, as with dropout.
func (t *Trainer) Influence(ctx context.Context, d, held data.Rows, own int) (all []Influence, err error) {
	err = t.alone(func() error {
		all, err = t.influence(ctx, d, held, own)
		return err
	})
	return all, err
}

var errFlat = errors.New("train: the loss has no curvature at the parameters of the trainer: no influence follows from it")

func (t *Trainer) influence(ctx context.Context, d, held data.Rows, own int) ([]Influence, error) {
	w, err := t.surface(d, nil)
	if err != nil {
		return nil, err
	}
	if every := (d.Rows() + curvedRows - 1) / curvedRows; every > 1 {
		w.rows = w.rows[:0]
		for i := 0; i < d.Rows(); i += every {
			w.rows = append(w.rows, i)
		}
	}
	unpenalised := func(params []*graph.Node) *graph.Node { return params[0].Graph().Const(0) }
	rows, err1 := t.surface(d, unpenalised)
	on, err2 := t.surface(held, unpenalised)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	outward, err := on.gradient(on.rows)
	if err != nil {
		return nil, err
	}
	largest, err := w.steepest(outward)
	if err != nil || largest == 0 {
		return nil, cmp.Or(err, errFlat)
	}
	pull, err := w.solve(ctx, outward, largest)
	if err != nil {
		return nil, err
	}
	n := float64(d.Rows())
	all, slopes := make([]Influence, d.Rows()), make([][]float64, d.Rows())
	for i := range all {
		if slopes[i], err = rows.gradient(rows.rows[i : i+1]); err != nil {
			return nil, err
		}
		all[i] = Influence{Row: i, Own: math.NaN(), Held: inner(pull, slopes[i]) / n}
	}
	order := slices.Clone(rows.rows)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(inner(slopes[b], slopes[b]), inner(slopes[a], slopes[a])) })
	for _, i := range order[:min(own, len(order))] {
		move, err := w.solve(ctx, slopes[i], largest)
		if err != nil {
			return nil, err
		}
		if all[i].Own, err = rows.rise(i, move, 1/n); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// A surface is the mean loss of rows around the parameters of a trainer.
type surface struct {
	*objective
	x []float64
}

func (t *Trainer) surface(d data.Rows, penalty func(params []*graph.Node) *graph.Node) (*surface, error) {
	o, err := t.objective(d, penalty)
	if err != nil {
		return nil, err
	}
	s := &surface{objective: o, x: o.start()}
	return s, o.put(o.twin, s.x)
}

// total adds up what a mode derives of some rows, each chunk with its share; the mode curve
// has a direction.
func (s *surface) total(m mode, sum, direction []float64, which []int) error {
	part := make([]float64, s.n)
	clear(sum)
	for from := 0; from < len(which); from += chunkRows {
		chunk := which[from:min(from+chunkRows, len(which))]
		p, err := s.twin.program(len(chunk), m)
		if err != nil {
			return err
		}
		p.direct(direction)
		if p, err = s.run(m, chunk); err != nil {
			return err
		}
		p.derivatives(part)
		for i, d := range part {
			sum[i] += float64(d * float64(len(chunk)) / float64(len(which)))
		}
	}
	return nil
}

// gradient is that of the mean loss of some rows.
func (s *surface) gradient(which []int) ([]float64, error) {
	g := make([]float64, s.n)
	return g, s.total(slope, g, nil, which)
}

// rise is by how much the loss of a row is larger where the parameters have moved.
func (s *surface) rise(row int, move []float64, share float64) (float64, error) {
	at := make([]float64, s.n)
	for i, x := range s.x {
		at[i] = x + float64(share*move[i])
	}
	var loss [2]float64
	for k, x := range [][]float64{at, s.x} { // and back
		if err := s.put(s.twin, x); err != nil {
			return 0, err
		}
		p, err := s.run(value, s.rows[row:row+1])
		if err != nil {
			return 0, err
		}
		loss[k] = p.p.Scalar(p.objective)
	}
	return loss[0] - loss[1], nil
}

// product is that of the Hessian with a direction.
func (s *surface) product(v, hv []float64) error { return s.total(curve, hv, v, s.rows) }

// steepest estimates the largest curvature, by the power method from a direction.
func (s *surface) steepest(from []float64) (float64, error) {
	v, hv := slices.Clone(from), make([]float64, s.n)
	for range powerRounds {
		size := math.Sqrt(inner(v, v))
		if size == 0 {
			return 0, nil
		}
		for i := range v {
			v[i] /= size
		}
		if err := s.product(v, hv); err != nil {
			return 0, err
		}
		v, hv = hv, v
	}
	return math.Sqrt(inner(v, v)), nil
}

// solve returns x of (H+λ)x = b, where largest is about the largest curvature.
func (s *surface) solve(ctx context.Context, b []float64, largest float64) ([]float64, error) {
	for damping := float64(leastDamped * largest); ; damping *= 4 {
		x, positive, err := s.conjugate(ctx, b, damping)
		if err != nil || positive {
			return x, err
		}
	}
}

// conjugate solves by conjugate gradients; it ends where the curvature is not positive.
func (s *surface) conjugate(ctx context.Context, b []float64, damping float64) (x []float64, positive bool, err error) {
	x, hp := make([]float64, s.n), make([]float64, s.n)
	r, p := slices.Clone(b), slices.Clone(b)
	rr := inner(r, r)
	enough := float64(solveExact*solveExact) * rr
	for round := 0; round < solveRounds && rr > enough; round++ {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if err := s.product(p, hp); err != nil {
			return nil, false, err
		}
		for i := range hp {
			hp[i] += float64(damping * p[i])
		}
		curvature := inner(p, hp)
		if !(curvature > 0) {
			return nil, false, nil
		}
		for i := range x {
			x[i] += float64(rr / curvature * p[i])
			r[i] -= float64(rr / curvature * hp[i])
		}
		next := inner(r, r)
		for i := range p {
			p[i] = r[i] + float64(next/rr*p[i])
		}
		rr = next
	}
	return x, true, nil
}

// inner is the inner product.
func inner(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += float64(x * b[i])
	}
	return sum
}
