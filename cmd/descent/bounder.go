package main

import (
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/internal/atomicfile"
	"descent/train"
	"descent/train/conformal"
)

// A bounder adds intervals, or sets, to predictions.
type bounder struct {
	*setup
	found     *savedInterval
	committee *train.Committee // nil where errors are those of the model itself
	level     float64          // in percent
}

// bounder returns what makes intervals of a saved model.
func (m *saved) bounder(dir string, level float64) (*bounder, error) {
	s := m.Interval
	switch {
	case m.Targets != nil && m.Targets.Labels:
		return nil, usage(fmt.Errorf("--interval %v: %s predicts labels, whose probabilities say how sure it is of each; leave --interval out", level, dir))
	case s == nil:
		return nil, usage(fmt.Errorf("--interval %v: %s does not know how far its predictions are from the truth; train --interval makes a model that does", level, dir))
	case level > 100*conformal.Largest(s.Rows()):
		return nil, usage(fmt.Errorf("--interval %v: the %d rows of %s say nothing above %.4g", level, s.Rows(), dir, 100*conformal.Largest(s.Rows())))
	}
	b := &bounder{setup: &m.setup, found: s, level: level}
	if s.Models == "" {
		return b, nil
	}
	_, files, err := modelSet(dir).Load(membersFile)
	if err == nil && atomicfile.Sum(files[membersFile]) != s.Models {
		err = fmt.Errorf("%s was replaced meanwhile; do it again", membersFile)
	}
	if err != nil {
		return nil, err
	}
	task, err := m.task()
	if err != nil {
		return nil, err
	}
	if b.committee, err = train.DecodeCommittee(task, dtypes[m.DType], files[membersFile]); err != nil {
		return nil, fmt.Errorf("%s: %w", membersFile, err)
	}
	if n := b.committee.Len(); n != len(s.Scores) && s.Method != ensembleMethod {
		return nil, fmt.Errorf("%s: %d models, and errors of %d", membersFile, n, len(s.Scores))
	}
	return b, nil
}

// of returns what adds the interval or the set of row i of some rows to its prediction,
// whose outputs are given.
func (b *bounder) of(rows data.Rows, where func(row int) string) (func(i int, out []float64, by decider, x *prediction), error) {
	var outs [][]float64
	var width int
	if b.committee != nil {
		var err error
		if outs, width, err = b.committee.Predict(rows); err != nil {
			return nil, err
		}
	}
	for _, out := range outs {
		if i := slices.IndexFunc(out, math.IsNaN); i >= 0 {
			return nil, fmt.Errorf("%s: a model of the interval computes no number; the row is too far from those that it was trained on", where(i/width))
		}
	}
	models := max(1, len(outs))
	numbers, probabilities := make([]float64, models), make([][]float64, models)
	together, k := b.found.Method == ensembleMethod, b.numbers()
	return func(i int, out []float64, by decider, x *prediction) {
		of := func(k int) []float64 {
			if outs == nil {
				return out
			}
			return outs[k][i*width : (i+1)*width]
		}
		if b.Classes > 0 {
			for k := range models {
				probabilities[k] = by.Probabilities(of(k))
			}
			said := probabilities
			if together {
				said = [][]float64{meanOf(probabilities)}
			}
			x.set = b.found.Set(b.level/100, said, by.Decide(out))
			return
		}
		for j := range k {
			for k := range models {
				numbers[k] = b.number(of(k), j)
			}
			m, unit, said := b.found.of(j), 1.0, numbers
			if together {
				mean, apart := spread(numbers)
				unit = apart + m.Floor
				said = []float64{mean / unit}
			}
			lo, hi := m.Interval(b.level/100, said)
			y := b.number(out, j)
			x.bounds = append(x.bounds, [2]float64{min(lo*unit, y), max(hi*unit, y)}) // what is predicted is always within
		}
	}, nil
}
