package train

import (
	"context"
	"errors"
	"fmt"

	"descent/optimizers/schedule"
)

// FindLR trains as r says, but with a rate that grows at each step until the loss
// explodes, and returns the curve and the rate at which the loss fell fastest; it is
// an error if it never fell. The trainer is put back as it was. Of r it takes the rows, the
// batches, their order and the workers.
// Smith 2015, https://arxiv.org/abs/1506.01186.
func (t *Trainer) FindLR(ctx context.Context, r Run, rates schedule.Range) (curve []schedule.Trial, best float64, err error) {
	if err := rates.Check(); err != nil {
		return nil, 0, err
	}
	f := schedule.Finder{Range: rates}
	losses, rows := 0.0, 0 // of the batches that make a step
	look := func(s *State) error {
		if s.Ended != nil {
			return nil
		}
		losses, rows = losses+float64(s.Last*float64(s.BatchRows)), rows+s.BatchRows
		if !s.Stepped {
			return nil
		}
		if !f.Add(s.LR, losses/float64(rows)) {
			s.Stop("the loss has exploded")
		}
		if losses, rows = 0, 0; s.Trainer.Steps() == rates.Steps {
			s.Stop("all rates are tried")
		}
		return nil
	}
	err = t.alone(func() error {
		if err := t.declare(r.Accumulate); err != nil {
			return err
		}
		var before snapshot
		before.take(t)
		defer before.restore(t)
		t.step = 0
		_, err := t.fit(ctx, Run{Train: r.Train, Generate: r.Generate, Batch: r.Batch, Seed: r.Seed, InOrder: r.InOrder,
			Accumulate: r.Accumulate, Workers: r.Workers, Epochs: rates.Steps, Schedule: rates, Callbacks: []Callback{look}})
		return err
	})
	var diverged *DivergedError
	if err != nil && !errors.As(err, &diverged) {
		return f.Curve, 0, err
	}
	if best = f.Best(); best == 0 {
		return f.Curve, 0, fmt.Errorf("train: at none of the rates from %v to %v did the loss fall for long: give a rate, or other rows in a batch", rates.From, rates.To)
	}
	return f.Curve, best, nil
}
