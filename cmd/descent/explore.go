package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"descent/bench"
	"descent/bench/journal"
	"descent/bench/tuning"
	"descent/data"
	"descent/internal/terminal"
	"descent/train"

	"github.com/spf13/cobra"
)

// An explorer searches: it draws trials, trains them on folds of the rows, more folds for
// those that do well, and does the same within each fold of the nested score.
type explorer struct {
	base     trainOptions // the flags as they were given
	joint    tuning.Joint
	searches []*searched // the first is on the rows for training, the others are nested
	outer    *data.Divisions
	repeats  int              // of outer
	journal  *journal.Journal // nil is none
	common   []any            // what the journal knows of all trainings
	programs bool             // the optimizer is a program, which may do anything: nothing is kept
	line     *terminal.Line
	by       train.Metric // the score that ranks

	trials   []tuning.Point
	drawn    int        // points, with those that were there before
	mu       sync.Mutex // of what follows
	fresh    int        // trainings that were not in the journal
	done     int
	seconds  float64 // of them
	outcomes map[placed]outcome
}

// A searched is rows that are searched on.
type searched struct {
	folds  *data.Divisions
	parts  []func() (*dividedRows, error)
	finals []int // trials that all folds have scored

	trained int // rows of training in the last fold
}

// dividedRows are the parts of a fold, and the sum of their rows.
type dividedRows struct {
	*data.Parts
	sum string
}

// placed is a trial in a fold of a search.
type placed struct{ search, fold, trial int }

// An outcome is what came of a training, as the journal keeps it.
type outcome struct {
	Score  float64 `json:"score"`
	Loss   float64 `json:"loss"` // decides between equal scores
	Failed string  `json:"failed,omitempty"`
}

// Trials are drawn in groups of nine. The first fold scores all of a group, three folds the
// best third, all folds the best of these: successive halving (Jamieson, Talwalkar 2016,
// https://arxiv.org/abs/1502.07943) over folds, so that each training is a whole one.
const (
	searchGroup = 9
	searchFolds = 5
	searchEta   = 3
)

// rungs are up to which fold trials are scored that have come so far.
var rungs = []int{1, 3, searchFolds}

// keptCells is how many numbers of encoded folds are kept in memory; else a fold is encoded
// for each training.
const keptCells = 3e7

// newExplorer divides the rows.
func newExplorer(cmd *cobra.Command, o *trainOptions, p *data.Parts) (*explorer, error) {
	e := &explorer{base: *o, line: terminal.NewLine(o.progress(cmd)), outcomes: map[placed]outcome{}}
	flags := o.exploring.common(cmd)
	e.programs = strings.Contains(strings.Join(flags, " "), "exec:")
	e.common = []any{"search", flags, o.origin.sum(), bench.Revision(), bench.ThisMachine().Instructions}
	for _, c := range o.exploring.choices {
		if c.open() {
			e.joint = append(e.joint, tuning.Choice{Name: c.name, Alternatives: c.given})
		}
	}
	first := *o
	if err := first.choose(p); err != nil {
		return nil, usage(err)
	}
	if err := e.rankBy(&first, p); err != nil {
		return nil, err
	}
	if err := e.roomy(o, p); err != nil {
		return nil, err
	}
	switch e.base.task = string(data.Regression); { // a part of the rows may look otherwise
	case o.labels():
		e.base.task = string(data.Labels)
	case len(p.Train.Classes) > 0:
		e.base.task = string(data.Classification)
	}
	if o.src.Table == nil {
		e.base.task = ""
	}
	rows := &data.Source{Name: o.src.Name, Images: p.Train}
	if o.src.Table != nil {
		rows = o.src.Subset(slices.Sorted(slices.Values(slices.Concat(p.From[0], p.From[1]))))
	}
	if err := e.search(rows); err != nil {
		return nil, err
	}
	if first.folding.decide(&first, p); first.folding.k > 0 {
		return e, e.nest(first.folding.k, o)
	}
	return e, nil
}

// rankBy finds the score that ranks among those of a task.
func (e *explorer) rankBy(o *trainOptions, p *data.Parts) error {
	name := o.exploring.by
	if o.Targets != nil {
		m, err := o.Targets.ranking(name)
		e.by = m
		return err
	}
	switch {
	case name != "":
		m, err := train.ParseMetric(name, p.Train.Classes)
		if err != nil {
			return usage(fmt.Errorf("--score: %w", err))
		}
		name = m.Name
	case o.Classes == 0:
		name = "r2"
	default:
		all := map[string]float64{}
		for _, m := range train.Metrics {
			all[m.Name] = 1
		}
		name = o.judgedBy(&train.Scores{Confusion: [][]int{}, Metrics: all})
	}
	for _, m := range slices.Concat(o.Metrics, train.Metrics) {
		if m.Name == name {
			e.by = m
			return nil
		}
	}
	return usage(fmt.Errorf("--score %s: these rows have no such score", name))
}

// roomy refuses nets for which there is no memory, the largest of each alternative, one for
// each processor.
func (e *explorer) roomy(o *trainOptions, p *data.Parts) error {
	for i := range e.joint {
		for k := range e.joint[i].Alternatives {
			var texts []string
			for c, choice := range e.joint {
				t := choice.Alternatives[0]
				if c == i {
					t = choice.Alternatives[k]
				}
				texts = append(texts, t.At(slices.Repeat([]float64{1}, len(t.Ranges))...))
			}
			own := *o
			if err := own.take(e.joint, texts); err != nil {
				return usage(err)
			}
			if err := own.choose(p); err != nil {
				return usage(err)
			}
			task, err := own.setup.task()
			if err != nil {
				return usage(err)
			}
			n, err := train.Memory(task, own.optimizer.Rule, dtypes[own.dtype], own.run, p.Test, p.Train)
			if err != nil {
				return err
			}
			if err := own.memory.allow("a search with "+strings.Join(texts, ", "), int64(n*own.run.Workers)); err != nil {
				return err
			}
		}
	}
	return nil
}

// nest prepares a search within each of k folds.
func (e *explorer) nest(k int, o *trainOptions) (err error) {
	if e.repeats = 1; o.given("repeats") {
		e.repeats = o.folding.repeats
	}
	src := o.src
	if e.outer, err = e.divide(src, k, e.repeats); err != nil {
		return err
	}
	if e.outer.Time != "" {
		e.repeats = 1
	}
	for i := range e.outer.Len() {
		var inside []int
		if src.Table != nil {
			p, err := e.outer.Parts(i)
			if err != nil {
				return o.inFlags(err)
			}
			inside = slices.Sorted(slices.Values(slices.Concat(p.From[0], p.From[1])))
		} else {
			inside = others(src.Images.Rows(), e.outer.Held[i])
		}
		if err := e.search(src.Subset(inside)); err != nil {
			return err
		}
	}
	return nil
}

// divide divides rows into folds.
func (e *explorer) divide(src *data.Source, k, repeats int) (*data.Divisions, error) {
	prepare := e.base.prepareOptions(src)
	prepare.Fractions.Test = 0
	folds, err := src.Folds(e.base.target, prepare, data.Folds{K: k, Repeats: repeats})
	if err != nil {
		return nil, usage(e.base.inFlags(err))
	}
	return folds, nil
}

// search adds rows to be searched on.
func (e *explorer) search(src *data.Source) error {
	folds, err := e.divide(src, searchFolds, 1)
	if err != nil {
		return err
	}
	s := &searched{folds: folds}
	for i := range folds.Len() {
		one := func() (*dividedRows, error) {
			p, err := folds.Parts(i)
			if err != nil {
				return nil, e.base.inFlags(err)
			}
			return &dividedRows{p, p.Sum()}, nil
		}
		s.parts = append(s.parts, one)
	}
	e.searches = append(e.searches, s)
	p, err := s.parts[len(s.parts)-1]()
	if err != nil {
		return err
	}
	s.trained = p.Train.Rows() + p.Val.Rows()
	if cells := (p.Train.Rows() + p.Val.Rows() + p.Test.Rows()) * p.Train.Features(); float64(cells)*searchFolds*(1+searchFolds) < keptCells {
		for i := range s.parts {
			s.parts[i] = sync.OnceValues(s.parts[i])
		}
	}
	return nil
}

// draw makes group number g of trials: points that are not among those before. A space of
// few points has no more.
func (e *explorer) draw(most int) (group []int) {
	const tries = 1000 // in a row that were there before
	seen := map[string]bool{}
	for _, p := range e.trials {
		seen[strings.Join(p.Texts, "\n")] = true
	}
	for misses := 0; len(group) < most && misses < tries; {
		e.drawn++
		p := e.joint.Draw(e.base.seed, e.drawn)
		key := strings.Join(p.Texts, "\n")
		if seen[key] {
			misses++
			continue
		}
		seen[key], misses = true, 0
		group = append(group, len(e.trials))
		e.trials = append(e.trials, p)
	}
	return group
}

// run searches with n trials, or until the time is over.
func (e *explorer) run(ctx context.Context, n int, limit time.Duration) error {
	began := time.Now()
	defer e.line.Clear()
	for groups := 1; ; groups++ {
		size := searchGroup
		if n > 0 {
			size = min(size, n-len(e.trials))
		}
		group := e.draw(size)
		if len(group) == 0 {
			break
		}
		if err := e.halve(ctx, group, n); err != nil {
			return err
		}
		spent := time.Since(began)
		if n > 0 && len(e.trials) >= n || len(group) < size || n == 0 && spent+spent/time.Duration(groups) > limit {
			break
		}
	}
	return nil
}

// halve scores a group of trials: those that do well on more folds.
func (e *explorer) halve(ctx context.Context, group []int, n int) error {
	left := make([][]int, len(e.searches))
	for s := range left {
		left[s] = group
	}
	from := 0
	for r, to := range rungs {
		wanted := map[int][]placed{}
		for s := range left {
			for _, trial := range left[s] {
				for fold := from; fold < min(to, len(e.searches[s].parts)); fold++ {
					wanted[trial] = append(wanted[trial], placed{s, fold, trial})
				}
			}
		}
		if err := e.score(ctx, group, wanted, n); err != nil {
			return err
		}
		for s := range left {
			left[s] = e.ranked(s, left[s], to)
			if r < len(rungs)-1 {
				left[s] = left[s][:(len(left[s])+searchEta-1)/searchEta]
			}
		}
		from = to
	}
	for s := range left {
		e.searches[s].finals = append(e.searches[s].finals, left[s]...)
	}
	return nil
}

// score trains what is wanted of each trial, a trial after another on each processor, so
// that a net is compiled once for all folds.
func (e *explorer) score(ctx context.Context, group []int, wanted map[int][]placed, n int) error {
	var trials []int
	for _, t := range group {
		if len(wanted[t]) > 0 {
			trials = append(trials, t)
		}
	}
	return train.CrossValidate(ctx, len(trials), e.base.run.Workers, func() (func(context.Context, int) error, error) {
		worker := &folder{}
		return func(ctx context.Context, i int) error {
			for _, at := range wanted[trials[i]] {
				began := time.Now()
				out, fresh, err := e.train(ctx, worker, at)
				if err != nil {
					return err
				}
				e.mu.Lock()
				e.outcomes[at] = out
				if e.done++; fresh {
					e.fresh++
					e.seconds += time.Since(began).Seconds()
				}
				e.line.Draw(e.share(n), func() string { return fmt.Sprintf("%d trials, %d trainings", len(e.trials), e.done) })
				e.mu.Unlock()
			}
			return nil
		}, nil
	})
}

// share is how much of a search is done.
func (e *explorer) share(n int) float64 {
	if n == 0 {
		return 0
	}
	return min(0.999, float64(len(e.trials)-1)/float64(n))
}

// mean is the mean outcome of a trial in the first folds of a search.
func (e *explorer) mean(search, trial, folds int) (m outcome) {
	folds = min(folds, len(e.searches[search].parts))
	for fold := range folds {
		out := e.outcomes[placed{search, fold, trial}]
		m.Score += out.Score / float64(folds)
		m.Loss += out.Loss / float64(folds)
	}
	return m
}

// ranked orders trials by their scores in the first folds of a search, the best first.
func (e *explorer) ranked(search int, trials []int, folds int) []int {
	sign := 1.0
	if e.by.Larger {
		sign = -1
	}
	out := slices.Clone(trials)
	slices.SortStableFunc(out, func(a, b int) int {
		x, y := e.mean(search, a, folds), e.mean(search, b, folds)
		return cmp.Or(last(x.Score, y.Score), cmp.Compare(sign*x.Score, sign*y.Score), cmp.Compare(x.Loss, y.Loss), cmp.Compare(a, b))
	})
	return out
}

// last puts a number that is none behind others.
func last(x, y float64) int {
	return bool2int(math.IsNaN(x)) - bool2int(math.IsNaN(y))
}

func bool2int(x bool) int {
	if x {
		return 1
	}
	return 0
}

// best is the trial that a search has found.
func (e *explorer) best(search int) int {
	return e.ranked(search, e.searches[search].finals, searchFolds)[0]
}
