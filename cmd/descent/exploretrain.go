package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/bench/journal"
	"descent/data"
	"descent/optimizers"
	"descent/train"
)

// train scores a trial in a fold, or finds its score in the journal.
func (e *explorer) train(ctx context.Context, own *folder, at placed) (out outcome, fresh bool, err error) {
	p, err := e.searches[at.search].parts[at.fold]()
	if err != nil {
		return out, false, err
	}
	texts := e.trials[at.trial].Texts
	key, err := journal.Key(e.common, e.by.Name, p.sum, at.fold, texts)
	if err != nil {
		return out, false, err
	}
	kept := e.journal != nil && !e.programs && !strings.Contains(strings.Join(texts, " "), "exec:")
	if kept {
		if found, err := e.journal.Get(key, &out); found || err != nil {
			return out, false, err
		}
	}
	t, q, err := e.fit(ctx, own, texts, at.fold, p.Parts)
	if diverged := (*train.DivergedError)(nil); errors.As(err, &diverged) {
		out, err = outcome{Score: math.NaN(), Loss: math.NaN(), Failed: diverged.Error()}, nil
	} else if err == nil {
		out, err = own.outcome(t, q.Test, e.by.Name)
	}
	if err == nil && kept {
		err = e.journal.Put(key, out)
	}
	return out, true, err
}

// fit trains what texts say on the rows of a fold. The net is compiled anew only where the
// one before was another. The parts that come back have targets in the unit of the loss.
func (e *explorer) fit(ctx context.Context, own *folder, texts []string, fold int, p *data.Parts) (*train.Trainer, *data.Parts, error) {
	own.trainOptions = e.base
	if err := own.take(e.joint, texts); err != nil {
		return nil, nil, err
	}
	p = ownTargets(p)
	if err := own.choose(p); err != nil {
		return nil, nil, usage(err)
	}
	own.Calibration, own.run.Workers, own.run.Seed = nil, 1, e.base.seed+uint64(fold)
	if own.Mean != nil && own.origin.of == nil {
		own.Mean, own.Deviation = p.Train.ChannelScale()
	}
	own.origin.unit(&own.setup, p.Train)
	if err := own.inUnits(p, own.raw()); err != nil {
		return nil, nil, err
	}
	net := fmt.Sprint(own.Model, own.Loss, optimizers.Format(own.optimizer.Rule), own.Features, own.Shape, own.Classes, own.ClassWeights, own.Weighted, own.Raw, own.Mean)
	if own.trainer == nil || own.net != net || own.Raw || own.Mean != nil {
		t, err := own.trainOptions.trainer()
		if err != nil {
			return nil, nil, err
		}
		own.trainer, own.net = t, net
	}
	if err := own.reset(own.trainer, own.run.Seed); err != nil {
		return nil, nil, err
	}
	return own.trainer, p, own.again(ctx, own.trainer, p.Train, p.Val)
}

// ownTargets are parts whose targets may be scaled.
func ownTargets(p *data.Parts) *data.Parts {
	q := *p
	for _, d := range []**data.Dataset{&q.Train, &q.Val, &q.Test} {
		own := **d
		own.Y = slices.Clone(own.Y)
		*d = &own
	}
	return &q
}

// outcome scores a trainer on rows that it has not seen.
func (own *folder) outcome(t *train.Trainer, d *data.Dataset, by string) (out outcome, err error) {
	if own.Targets != nil {
		return own.targetsOutcome(t, d, by)
	}
	var r foldRun
	if own.Classes > 0 {
		r.classes, err = t.Classes(d)
	} else {
		r.numbers, err = t.Numbers(d)
	}
	if err != nil {
		return out, err
	}
	s := r.scores(&own.trainOptions)
	score, ok := s.Metrics[by]
	if !ok {
		return out, usage(fmt.Errorf("--score %s: these rows have no such score", by))
	}
	out = outcome{Score: score, Loss: s.Metrics["rmse"]}
	if own.Classes > 0 {
		out.Loss = s.Metrics["log_loss"]
	}
	return out, nil
}

// nested trains what the search within each fold has found on the rows of that fold, and
// predicts those that the search has not seen.
func (e *explorer) nested(ctx context.Context) (runs []foldRun, trained []int, err error) {
	runs, trained = make([]foldRun, e.outer.Len()), make([]int, e.outer.Len())
	err = train.CrossValidate(ctx, len(runs), e.base.run.Workers, func() (func(context.Context, int) error, error) {
		own := &folder{}
		return func(ctx context.Context, i int) error {
			p, err := e.outer.Parts(i)
			if err != nil {
				return e.base.inFlags(err)
			}
			t, p, err := e.fit(ctx, own, e.trials[e.best(1+i)].Texts, i, p)
			if errors.As(err, new(*train.DivergedError)) {
				return fmt.Errorf("fold %d, with what was found in it: %w; --folds 0 leaves the nested score out", i+1, err)
			}
			if err != nil {
				return err
			}
			trained[i] = p.Train.Rows() + p.Val.Rows()
			runs[i], err = own.predicted(ctx, t, p)
			return err
		}, nil
	})
	return runs, trained, err
}
