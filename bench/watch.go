package bench

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"

	"descent/bench/diagnosis"
	"descent/data"
	"descent/graph"
	"descent/optimizers"
	"descent/train"
)

// watched is a problem with one run, which is looked at after some steps and at its end.
// The run does not notice: nothing of its trainer is changed.
type watched struct {
	Problem
	info *ProblemInfo
	at   []int // steps after which to look
	out  *Diagnosis

	a           *Attempt
	rule        optimizers.Rule // nil of a method
	derivatives *train.Derivatives
	rows        data.Rows
	batches     [][]int
	before, now []float64 // the parameters
	lr          float64
}

const (
	mostBatches     = 128
	fewestBatches   = 16 // of less, batches are smaller than those of training
	curvedRows      = 256
	curvedBatches   = 8    // or more, until they have so many rows
	eigenvalueError = 0.01 // of the larger magnitude
	mostProducts    = 48
)

// Describe implements [Problem].
func (w *watched) Describe() (ProblemInfo, error) { return *w.info, nil }

// Prepare implements [Problem].
func (w *watched) Prepare(e Entrant) (*train.Trainer, error) {
	w.rule = e.Rule
	t, err := w.Problem.Prepare(e)
	if err == nil {
		w.derivatives, err = t.Derivatives()
	}
	return t, err
}

// Begin implements [Problem].
func (w *watched) Begin(a *Attempt) (train.Run, error) {
	run, err := w.Problem.Begin(a)
	switch {
	case err != nil:
		return run, err
	case run.Train == nil:
		return run, errors.New("it cannot be looked at, since its batches are generated and no rows are there to look at")
	}
	w.a, w.rows, w.now = a, run.Train, parameters(a.Trainer, nil)
	w.divide(run.Batch)
	run.Callbacks = append(run.Callbacks, w.see)
	return run, nil
}

// divide draws the batches that are looked at, the same for all optimizers. A function has
// one.
func (w *watched) divide(batch int) {
	n := w.rows.Rows()
	size := min(cmp.Or(w.info.Batch, batch, n), max(n/fewestBatches, 1))
	if w.info.function() {
		n, size = 1, 1
	}
	order := rand.New(rand.NewPCG(seedOf(w.a.Seed, "rows", 0), 0)).Perm(n)
	for len(order) >= size && len(w.batches) < mostBatches {
		w.batches = append(w.batches, order[:size])
		order = order[size:]
	}
	w.out.Parameters, w.out.Size = w.derivatives.Size(), size
	w.out.Batches, w.out.Curved = len(w.batches), min(len(w.batches), max(curvedBatches, curvedRows/size))
}

// parameters copies all parameters to one vector, in the memory of another.
func parameters(t *train.Trainer, x []float64) []float64 {
	x = x[:0]
	for _, v := range t.Store().Variables() {
		if v.Role() == graph.Param {
			x = v.Append(x)
		}
	}
	return x
}

// step is the number of gradient evaluations done.
func (w *watched) step() int { return w.a.Trainer.Steps() * w.a.unit }

// see is called after each step of a rule and each move of a method.
func (w *watched) see(s *train.State) error {
	if s.Ended != nil {
		return nil
	}
	w.before, w.now, w.lr = w.now, parameters(w.a.Trainer, w.before), s.LR
	due := false
	for len(w.at) > 0 && w.step() >= w.at[0] {
		w.at, due = w.at[1:], true
	}
	if !due {
		return nil
	}
	return w.look()
}

// Score implements [Problem], and looks at what a run has come to that ended early.
func (w *watched) Score(a *Attempt) error {
	if err := w.Problem.Score(a); err != nil {
		return err
	}
	if n := len(w.out.Looks); len(w.at) == 0 || n > 0 && w.out.Looks[n-1].Step == w.step() {
		return nil
	}
	return w.look()
}

// look looks at the run. What is not finite is no look.
func (w *watched) look() error {
	l := Look{Step: w.step(), LR: w.lr, Update: moved(w.before, w.now), Bound: stable(w.rule, w.lr)}
	var noise diagnosis.Noise
	if err := w.derivatives.Gradients(w.rows, w.batches, noise.Add); err != nil {
		return err
	}
	l.Gradient = noise.Gradient()
	if x, ok := noise.Scale(w.out.Size, w.rows.Rows()); ok {
		l.NoiseScale = &x
	}
	ends, err := diagnosis.Eigenvalues(w.out.Parameters, func(v, hv []float64) error {
		return w.derivatives.Product(w.rows, w.batches[:w.out.Curved], v, hv)
	}, eigenvalueError, mostProducts, w.a.Seed)
	if l.Largest, l.Lowest, l.Error = ends.Largest, ends.Lowest, ends.Error; finite(l.Gradient) && finite(l.Largest) {
		w.out.Looks = append(w.out.Looks, l)
	}
	return err
}

// moved is the length of a step over that of where it began, nil if that is 0.
func moved(from, to []float64) *float64 {
	step, size := 0.0, 0.0
	for i, x := range from {
		step += float64((to[i] - x) * (to[i] - x))
		size += float64(x * x)
	}
	if size == 0 {
		return nil
	}
	return new(math.Sqrt(step / size))
}

// stable is the curvature of the quadratic functions on which the rule's steps alternate
// for ever; where it is larger they grow. Of gradient descent it is 2/lr; with momentum μ
// and dampening τ it is (2+2μ)/(lr·(1-τ)), and with Nesterov's (2+2μ)/(lr·(1+μ+μ·(1-τ))).
// It is nil of other rules. Cohen et al. 2021, https://arxiv.org/abs/2103.00065, appendix B.
func stable(rule optimizers.Rule, lr float64) *float64 {
	r, ok := rule.(optimizers.SGDRule)
	fresh := 1 - r.Dampening
	if r.Momentum == 0 {
		fresh = 1 // the rule has no use for it
	}
	if r.Nesterov {
		fresh = 1 + r.Momentum + float64(r.Momentum*fresh)
	}
	if !ok || lr == 0 || fresh == 0 {
		return nil
	}
	return new((2 + float64(2*r.Momentum)) / (lr * fresh))
}
