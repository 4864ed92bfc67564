package main

import (
	"fmt"
	"strings"

	"descent/internal/baseline"
	"descent/train"
	"descent/train/score"
)

// judgedBy names the score by which the model must beat the baselines: what was asked
// for, else accuracy or R2.
func (o *trainOptions) judgedBy(s *train.Scores) string {
	switch goal := o.calibration.goal; {
	case goal != nil && s.Metrics[goal.Text] > 0:
		return goal.Text
	case goal != nil && strings.Contains(goal.Text, "@"):
		return "f1"
	case goal != nil || o.ClassWeights != nil:
		return "balanced_accuracy"
	}
	return baseline.Usual(s)
}

// remark fills in what scores say to somebody who has to decide what to do with the
// model. C is nil where there are no probabilities.
func (r *report) remark(o *trainOptions, s *train.Scores, c *score.Classes) {
	add := func(format string, args ...any) { r.Remarks = append(r.Remarks, fmt.Sprintf(format, args...)) }
	if s.Confusion == nil {
		own, constant := s.Metrics["rmse"], r.Baselines.Constant["rmse"]
		if own < constant {
			add("its errors (RMSE) are %.0f %% smaller than those of always saying the mean of the training rows", 100*(1-own/constant))
		}
		if s.Metrics["r2"] < 0 {
			add("R2 is below 0: the mean of these very rows, which nobody knows beforehand, has smaller errors")
		}
		return
	}
	r.remarkRare(o, s, add)
	if c == nil {
		return
	}
	loss, constant := s.Metrics["log_loss"], r.Baselines.Constant["log_loss"]
	switch ece, chance := s.Metrics["ece"], c.ECEByChance(); {
	case !(loss < constant):
		add("its probabilities say no more than how frequent the classes are: log loss %.4f, and %.4f of the frequencies", loss, constant)
	case ece <= float64(1.5*chance)+0.005:
		add("its probabilities can be believed: they are off by %.3f in the mean (ECE), and chance alone would make %.3f of %d rows", ece, chance, s.Rows)
	default:
		advice := "more rows for training, or --calibrate platt or isotonic with --val, may help"
		if o.calibration.method == uncalibrated {
			advice = "leave out --calibrate none"
		}
		add("its probabilities are off by %.3f in the mean (ECE), of which %.3f would be chance: %s", ece, chance, advice)
	}
}

// remarkRare says which classes are hardly found, and what accuracy is worth where one
// is frequent.
func (r *report) remarkRare(o *trainOptions, s *train.Scores, add func(format string, args ...any)) {
	var never []string
	for k, x := range s.Each {
		if x.Support > 0 && x.Recall == 0 {
			never = append(never, r.Classes[k])
		}
	}
	switch {
	case len(never) > 0 && len(never) <= 5 && o.ClassWeights == nil && o.calibration.goal == nil && !(o.Calibration != nil && o.Calibration.Aim != ""):
		way := "--class-weight balanced"
		if o.Classes == 2 && o.GivesProbabilities() {
			way += ", or --threshold f1,"
		}
		add("%s is never found in these rows: %s finds more, at the price of false alarms", strings.Join(never, ", "), way)
	case len(never) > 0 && len(never) <= 5:
		add("%s is never found in these rows", strings.Join(never, ", "))
	}
	if most := r.Baselines.Constant["accuracy"]; most >= 0.9 {
		add("one class is %.1f %% of the rows, so that accuracy says little: look at recall, average_precision and mcc", 100*most)
	}
}
