package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"descent/optimizers/search"
)

// maxPairs is the largest number of parameters of which a method may keep a number
// for each pair: 512 MB. maxJacobian is that of the elements of a Jacobian: 1 GB.
const (
	maxPairs    = 1 << 13
	maxJacobian = 1 << 27
)

// checkMethod reports what a run by a method cannot have, or why the method cannot
// search for the minimum of the task.
func (r *Run) checkMethod(t *Trainer) error {
	switch {
	case r.Generate != nil:
		return errors.New("train: Method needs one set of rows, Train; what is generated differs from pass to pass")
	case r.Batch != 0 || r.Accumulate > 1 || r.InOrder:
		return errors.New("train: a method takes all rows at once: Batch, Accumulate and InOrder are for rules")
	case r.Schedule != nil:
		return errors.New("train: a method finds the length of its steps itself: Schedule is for rules")
	case r.Checkpoint != "" || r.Resume:
		return errors.New("train: a search cannot be resumed, for what a method has learned of the loss is not in a file: leave Checkpoint and Resume out; " +
			"Save keeps the weights, and a new search may start from them")
	}
	if err := t.stateless(); err != nil {
		return err
	}
	return t.suits(r.Method, r.Train.Rows())
}

// suits reports why a method cannot search for the minimum of the task over so many
// rows, and names those that can.
func (t *Trainer) suits(m search.Method, rows int) error {
	e := search.EntryOf(m)
	if e == nil {
		return nil
	}
	why := t.against(e, rows)
	if why == nil {
		return nil
	}
	var others []string
	for i := range search.Table {
		if o := &search.Table[i]; t.against(o, rows) == nil {
			others = append(others, o.Name)
		}
	}
	return fmt.Errorf("train: %s %w; %s can", e.Name, why, strings.Join(others, ", "))
}

// against says what of a row of methods does not suit the task.
func (t *Trainer) against(e *search.Entry, rows int) error {
	n := 0
	for _, w := range t.one.g.Params() {
		n += w.Shape().Size()
	}
	switch width := t.task.residuals(t.one); {
	case e.Pairs && n > maxPairs:
		return fmt.Errorf("keeps a number for each pair of parameters and cannot have the %d of this model, at most %d", n, maxPairs)
	case e.Squares && width == 0 && t.task.Penalty != nil:
		return errors.New("minimises sums of squares and cannot have a penalty")
	case e.Squares && width == 0:
		return errors.New("minimises sums of squares, such as the loss mse, and cannot minimise this one")
	case e.Squares && width*rows*n > maxJacobian:
		return fmt.Errorf("keeps a derivative for each residual and parameter and cannot have %d times %d, at most %d", width*rows, n, maxJacobian)
	}
	return nil
}

// search trains by the run's method. A pass over the rows counts as an epoch, and
// each point that the method moves to is in the history, with the passes so far. The
// trainer gets the best point.
func (f *fit) search(ctx context.Context) error {
	o, err := f.t.objective(f.run.Train, nil)
	if err != nil {
		return err
	}
	within, stop := context.WithCancel(ctx)
	defer stop()
	last := math.Inf(1)
	visited := func(x []float64, value float64) {
		if last = value; math.IsInf(value, 1) {
			return
		}
		if err := f.visit(o, x, value); err != nil {
			search.Fail(err)
		}
		if f.hist.Reason != "" {
			stop()
		}
	}
	res, err := search.Minimize(within, o.problem(), f.run.Method, search.Stop{Evaluations: f.run.Epochs, Relative: solved, Visited: visited})
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case math.IsInf(res.F, 1):
		return errors.New("train: the loss is not finite where the search starts: scale inputs and targets, or start from other weights")
	case f.hist.Reason != "":
		return nil
	}
	if res.F < last { // it was on its way to a better point
		err = f.visit(o, res.X, res.F)
	}
	if f.hist.Reason == "" && res.Reason != search.MaxEvaluations {
		f.hist.Reason = string(res.Reason)
	}
	return err
}

// visit tells everybody of a point, which the trainer gets.
func (f *fit) visit(o *objective, x []float64, value float64) error {
	if err := o.put(f.t, x); err != nil {
		return err
	}
	r, n := o.at(value), len(o.rows)
	f.t.step += o.passes - f.Epoch
	f.done, f.Epoch = o.passes, o.passes-1
	f.last, f.lastRows, f.stepped = r.loss, n, true
	f.Batch, f.Sum = 1, r.loss*float64(n)
	if err := f.call(nil); err != nil || f.hist.Reason != "" {
		return err
	}
	return f.finish(Epoch{Epoch: o.passes, Step: f.t.step, Loss: r.loss, Losses: f.t.named(r.parts), Seconds: f.elapsed()})
}
