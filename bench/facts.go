package bench

import (
	"cmp"
	"context"
	"sync"

	"descent/data"
	"descent/internal/baseline"
	"descent/train"
)

// facts are what a net finds out about its rows, once.
type facts struct {
	once      sync.Once
	err       error
	sum       string // SHA-256 of the parts
	fixed     bool   // all cases are the same division
	baselines *Baselines
	linear    *train.Scores // of the solved linear model on the validation rows; nil if there is none
}

// Baselines are accuracies, or R2, or what ranks, on the test rows of case 0: of the most frequent
// class, or the mean; and of the solved linear model, see docs/bench.md.
type Baselines struct {
	Constant float64  `json:"constant"`
	Linear   *float64 `json:"linear"` // nil if it is too large
	scores   *baseline.Scores
}

func (f *facts) find(n *Net) error {
	f.once.Do(func() {
		f.sum = n.Parts.Sum()
		if n.Cases != nil {
			var other *data.Parts
			if other, f.err = n.Cases(1); f.err != nil {
				return
			}
			f.fixed = other.Sum() == f.sum // held out by time, for one
		}
		f.err = f.beat(n)
	})
	return f.err
}

// beat scores what a model has to beat.
func (f *facts) beat(n *Net) error {
	d := n.Parts.Train
	if d.Y == nil && d.Class == nil {
		return nil
	}
	b, err := baseline.All(context.Background(), &n.Task, d, n.Parts.Test, n.Parts.Val)
	if err != nil {
		return err
	}
	by := cmp.Or(n.RankBy, baseline.Usual(b[0].Constant))
	f.baselines = &Baselines{Constant: b[0].Constant.Metrics[by], scores: b[0]}
	if b[0].Linear != nil {
		f.baselines.Linear, f.linear = new(b[0].Linear.Metrics[by]), b[1].Linear
	}
	return nil
}

// target is the value on validation rows that steps to target refer to, nil if there
// is none, and of what it is.
func (n *Net) target() (*float64, string) {
	classes := n.Task.Classes > 0
	switch {
	case n.Reference != nil && classes:
		return &n.Reference.Target, "accuracy"
	case n.Reference != nil:
		return &n.Reference.Target, "loss"
	case n.facts.linear == nil:
		return nil, ""
	case classes:
		return new(n.facts.linear.Metrics["accuracy"]), "accuracy"
	}
	return new(n.facts.linear.Metrics["r2"]), "R²"
}

// reaches tells whether scores reach a target.
func reaches(s *train.Scores, of string, target float64) bool {
	switch of {
	case "accuracy":
		return s.Metrics["accuracy"] >= target
	case "R²":
		return s.Metrics["r2"] >= target
	}
	return s.Loss <= target
}

// keptCases is how many divisions of a net's rows are kept in memory beside its own.
// Jobs of one case follow one another.
const keptCases = 4

// cases are the divisions of a net's rows that are in memory.
type cases struct {
	mu   sync.Mutex
	kept map[int]*divided
	old  []int // in the order in which they were made, but for 0
}

// divided is a division, and the rows that runs go over often in the element type.
type divided struct {
	*data.Parts
	train, val data.Rows
}

// of returns a division of a net's rows.
func (c *cases) of(n *Net, k int, t *train.Trainer) (*divided, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.Cases == nil || n.facts.fixed {
		k = 0
	}
	if d := c.kept[k]; d != nil {
		return d, nil
	}
	parts := n.Parts
	if k > 0 {
		var err error
		if parts, err = n.Cases(k); err != nil {
			return nil, err
		}
		if c.old = append(c.old, k); len(c.old) > keptCases {
			delete(c.kept, c.old[0])
			c.old = c.old[1:]
		}
	}
	if c.kept == nil {
		c.kept = map[int]*divided{}
	}
	d := &divided{parts, t.Convert(parts.Train), t.Convert(parts.Val)}
	c.kept[k] = d
	return d, nil
}
