package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/train/score"
)

// A labelsReport is what train tells of the probabilities of labels.
type labelsReport struct {
	On     string                        `json:"on"` // val or left out
	Labels map[string]*score.Calibration `json:"labels"`
	// Notes say which labels are as the model has them, or miss what --threshold asked for.
	Notes []string `json:"notes,omitempty"`
}

// calibrate corrects the probability of each label, and chooses thresholds, on rows that were
// not trained on.
func (t *targetsRun) calibrate() error {
	c, s := &t.calibration, t.Targets
	if !c.does(t.trainOptions) {
		return nil
	}
	rows, on, none := c.unseen(t.trainOptions, t.parts.Val, t.trainer)
	if t.r.notCalibrated = none; rows == nil {
		return nil
	}
	s.Calibrations = make([]score.Calibration, len(rows))
	r := &labelsReport{On: on, Labels: map[string]*score.Calibration{}}
	for j, x := range rows {
		if !slices.Contains(x.Truth, 0) || !slices.Contains(x.Truth, 1) {
			r.Notes = append(r.Notes, fmt.Sprintf("label %s is left as it is: the %s say nothing of it, since %s of them has it", s.Names[j], calibratedOn(len(x.Truth), on), map[bool]string{true: "each", false: "none"}[slices.Contains(x.Truth, 1)]))
			continue
		}
		fitted, unmet, err := c.fit(x, nil)
		if err != nil {
			return err
		}
		if unmet != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("--threshold of label %s: %v", s.Names[j], unmet))
		}
		s.Calibrations[j], r.Labels[s.Names[j]] = *fitted, fitted
	}
	t.r.Calibration = r
	return nil
}

// says puts it in words.
func (r *labelsReport) says(s *targetsSetup) (lines []string) {
	var how, above []string
	var before, after float64
	var of *score.Calibration
	for _, name := range s.Names {
		c := r.Labels[name]
		if c == nil {
			continue
		}
		if of = c; c.Temperature > 0 {
			how = append(how, fmt.Sprintf("%s %.3g", name, c.Temperature))
		}
		if c.Aim != "" {
			above = append(above, fmt.Sprintf("%s %.4g", name, c.Threshold()))
		}
		before, after = before+c.Before/float64(len(r.Labels)), after+c.After/float64(len(r.Labels))
	}
	if of != nil && of.Method != "" {
		method := of.Method
		if how != nil {
			method += ": " + strings.Join(how, ", ")
		}
		lines = append(lines, fmt.Sprintf("probabilities are calibrated (%s) on %s: their mean log loss %.4f became %.4f", method, calibratedOn(of.Rows, r.On), before, after))
	}
	if above != nil {
		lines = append(lines, fmt.Sprintf("labels are predicted above probabilities of their own (%s), chosen for %s on %s", strings.Join(above, ", "), of.Aim, calibratedOn(of.Rows, r.On)))
	}
	return append(lines, r.Notes...)
}
