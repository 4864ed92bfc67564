package train

import (
	"context"
	"fmt"
	"time"

	"descent/data"
	"descent/graph"
	"descent/optimizers/search"
)

// solved is the gradient at which [Trainer.Solve] ends, over that at its start.
const solved = 1e-9

// solveSteps bounds the steps of [Trainer.Solve]. Newton's method needs few,
// unless the optimum lies at infinity, as with classes that a line separates.
const solveSteps = 50

// Solve moves the parameters to the minimum of the task's loss over all rows of
// d, by Newton's method in float64 from where they are. That is for convex and
// smooth problems: linear and logistic regression. A penalty, if not nil, is
// added, in place of the task's. The history has one epoch, whose step is the
// number of Newton's.
func (t *Trainer) Solve(ctx context.Context, d data.Rows, penalty func(params []*graph.Node) *graph.Node) (h *History, err error) {
	h = &History{}
	if err := t.Match(d); err != nil {
		return h, err
	}
	err = t.alone(func() (err error) {
		h, err = t.solve(ctx, d, penalty)
		return err
	})
	return h, err
}

func (t *Trainer) solve(ctx context.Context, d data.Rows, penalty func(params []*graph.Node) *graph.Node) (*History, error) {
	began, h := time.Now(), &History{}
	o, err := t.objective(d, penalty)
	if err != nil {
		return h, err
	}
	res, err := search.Minimize(ctx, o.problem(), search.NewtonCG{}, search.Stop{Relative: solved, Iterations: solveSteps})
	if err != nil {
		return h, err
	}
	t.step += res.Iterations
	mean, err := t.meanLoss(d)
	h.Epochs = []Epoch{{Epoch: 1, Step: t.step, Loss: mean, Seconds: time.Since(began).Seconds()}}
	if res.Reason == search.MaxIterations {
		h.Reason = fmt.Sprintf("%d steps of Newton's method; the loss still falls slowly, as where classes can be separated", res.Iterations)
	}
	if err == nil {
		err = ctx.Err()
	}
	return h, err
}

// meanLoss is the loss of the rows as evaluation has it.
func (t *Trainer) meanLoss(d data.Rows) (sum float64, err error) {
	for rows := range data.NewBatches(d.Rows(), evalRows, 0, false).Epoch(0) {
		loss, err := t.run(d, rows, evaluate, 0, 0)
		if err != nil {
			return 0, err
		}
		sum += float64(loss * float64(len(rows)) / float64(d.Rows()))
	}
	return sum, nil
}
