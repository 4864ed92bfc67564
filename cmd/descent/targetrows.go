package main

import (
	"descent/train/score"
)

// A targetRows is the truth of rows and what is said of them, target by target.
type targetRows struct {
	numbers []*score.Numbers // in their own units
	labels  []*score.Classes // of two classes: without and with the label
}

// rows divides truth and predictions, both rows × targets in the targets' own units, into
// targets; weight is that of each row, nil if all count the same.
func (s *targetsSetup) rows(truth, said, weight []float64) *targetRows {
	r, k := &targetRows{}, len(s.Names)
	for j := range k {
		x, c := &score.Numbers{Weight: weight}, &score.Classes{K: 2, Weight: weight}
		for i := j; i < len(truth); i += k {
			x.Truth, x.Predicted = append(x.Truth, truth[i]), append(x.Predicted, said[i])
			c.Truth, c.P = append(c.Truth, int(truth[i])), append(c.P, 1-said[i], said[i])
		}
		if s.Labels {
			r.labels = append(r.labels, (&score.Calibration{}).Applied(c))
		} else {
			r.numbers = append(r.numbers, x)
		}
	}
	return r
}

// calibrated are rows of labels, each with what corrects it; nil leaves them as they are.
func (r *targetRows) calibrated(by []score.Calibration) *targetRows {
	if by == nil {
		return r
	}
	all := &targetRows{}
	for j, c := range r.labels {
		all.labels = append(all.labels, by[j].Applied(c))
	}
	return all
}

// right are for each row whether all labels are.
func (r *targetRows) right() []bool {
	all := make([]bool, len(r.labels[0].Truth))
	for i := range all {
		all[i] = true
		for _, c := range r.labels {
			all[i] = all[i] && c.Decided[i] == c.Truth[i]
		}
	}
	return all
}
