package main

import (
	"context"
	"fmt"
	"slices"

	"descent/bench/inference"
	"descent/data"
	"descent/train/score"
)

// targetFolds are what folds say of several targets.
type targetFolds struct {
	Folds   int                  `json:"folds"`
	Repeats int                  `json:"repeats"`
	Trained int                  `json:"trained_on"` // rows, in the mean
	Method  string               `json:"method"`     // of the intervals
	Score   string               `json:"score"`      // what the means are of
	Mean    foldScore            `json:"mean"`       // over targets
	Targets map[string]foldScore `json:"targets"`
	Beats   []foldDifference     `json:"beats"`
	Trials  int                  `json:"trials,omitempty"` // of a search within each fold

	share float64 // rows that are held out for each that is trained on
}

// folds trains on each division of the rows and scores what was held out.
func (t *targetsRun) folds(ctx context.Context) error {
	f := &t.folding
	switch {
	case t.exploring.found != nil: // the nested folds are in their place
		t.tellSearch()
		return nil
	case f.k <= 0:
		return nil
	}
	rows, runs, trained, err := f.train(ctx, t.trainOptions, t.w)
	if err != nil {
		return err
	}
	all := t.correctedFolds(rows, runs)
	t.r.Folds = t.foldsReport(rows, trained, runs, t.foldScores(all))
	if f.oof == "" {
		return nil
	}
	return t.Targets.write(f, rows, all)
}

// correctedFolds are the rows that folds hold out, the probabilities of labels corrected as
// those of the model are.
func (t *targetsRun) correctedFolds(rows *data.Divisions, runs []foldRun) []*targetRows {
	all := make([]*targetRows, len(runs))
	for i := range runs {
		own := *runs[i].several.rows
		own.labels = slices.Clone(own.labels)
		all[i] = &own
	}
	for j := range t.Targets.Calibrations {
		raw := make([]*score.Classes, len(runs))
		for i := range runs {
			raw[i] = all[i].labels[j]
		}
		for i, c := range t.folding.corrected(t.trainOptions, &t.Targets.Calibrations[j], raw, rows.Time != "") {
			all[i].labels[j] = c
		}
	}
	return all
}

// foldScores are those of the rows that folds hold out.
func (t *targetsRun) foldScores(all []*targetRows) (scores []*targetScores) {
	for _, x := range all {
		scores = append(scores, t.Targets.scores(x))
	}
	return scores
}

// over is the mean of a score over folds, with its interval.
func (f *targetFolds) over(scores []*targetScores, name string, of func(s *targetScores) float64) foldScore {
	var each []float64
	for _, s := range scores {
		each = append(each, of(s))
	}
	mean, ci := inference.Resampled(each, f.share)
	return foldScore{mean, within(name, ci), each}
}

// foldsReport makes intervals of the scores of folds.
func (t *targetsRun) foldsReport(rows *data.Divisions, trained []int, runs []foldRun, scores []*targetScores) *targetFolds {
	r := &targetFolds{Folds: t.folding.k, Repeats: rows.Len() / t.folding.k, Targets: map[string]foldScore{}}
	r.Trained, r.share, r.Method = learned(rows, trained)
	r.Score, _ = t.Targets.usual()
	r.Mean = r.over(scores, r.Score, func(s *targetScores) float64 { return s.Mean })
	for _, name := range t.Targets.Names {
		r.Targets[name] = r.over(scores, r.Score, func(s *targetScores) float64 { return s.Targets[name][r.Score] })
	}
	beats := func(than string, of func(h *targetsHeld) *targetScores) {
		var each []float64
		for i, run := range runs {
			other := of(run.several)
			if other == nil {
				return
			}
			each = append(each, scores[i].Mean-other.Mean)
		}
		mean, ci := inference.Resampled(each, r.share)
		r.Beats = append(r.Beats, foldDifference{than, r.Score, mean, ci})
	}
	beats("constant", func(h *targetsHeld) *targetScores { return h.constant })
	beats("linear", func(h *targetsHeld) *targetScores { return h.linear })
	return r
}

// write writes what each row was predicted to be.
func (s *targetsSetup) write(f *folding, rows *data.Divisions, all []*targetRows) error {
	var head []string
	for _, name := range s.Names {
		if head = append(head, "truth_"+name, "prediction_"+name); s.Labels {
			head = append(head, "p_"+name)
		}
	}
	return f.writeRows(rows, head, func(fold, k int) (cells []string) {
		for _, x := range all[fold].numbers {
			cells = append(cells, exactly(x.Truth[k]), exactly(x.Predicted[k]))
		}
		for _, c := range all[fold].labels {
			cells = append(cells, labelWords[c.Truth[k]], labelWords[c.Decided[k]], exactly(c.P[2*k+1]))
		}
		return cells
	})
}

// says puts the folds in words.
func (f *targetFolds) says(names []string) (lines []string) {
	times := ""
	if f.Repeats > 1 {
		times = fmt.Sprintf(" x %d", f.Repeats)
	}
	if f.Trials > 0 {
		times += fmt.Sprintf(", a search of %d trials in each", f.Trials)
	}
	lines = append(lines, fmt.Sprintf("%d folds%s: models trained on %d rows, with 95 %% intervals (%s): mean %s %.4f, %.4f to %.4f", f.Folds, times, f.Trained, f.Method, f.Score, f.Mean.Mean, f.Mean.CI.Lo, f.Mean.CI.Hi))
	for _, name := range names {
		s := f.Targets[name]
		lines = append(lines, fmt.Sprintf("%s: %s %.4f, %.4f to %.4f", name, f.Score, s.Mean, s.CI.Lo, s.CI.Hi))
	}
	for _, d := range f.Beats {
		than := "always saying the means"
		if d.Than == "linear" {
			than = "the solved linear model"
		}
		lines = append(lines, d.compares(than))
	}
	return lines
}
