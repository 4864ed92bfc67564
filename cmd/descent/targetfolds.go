package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"descent/bench/inference"
	"descent/data"
	"descent/train"
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
}

// folds trains on each division of the rows and scores what was held out.
func (t *targetsRun) folds(ctx context.Context) error {
	f := &t.folding
	if f.k <= 0 {
		return nil
	}
	rows, err := f.divide(t.trainOptions, t.src)
	if err != nil {
		return err
	}
	all := make([]targetsReport, rows.Len())
	trained, err := f.over(ctx, t.trainOptions, rows, t.w, func() (func(context.Context, int, *data.Parts) error, error) {
		return func(ctx context.Context, i int, p *data.Parts) (err error) {
			all[i], err = t.fold(ctx, i, p)
			return err
		}, nil
	})
	if err != nil {
		return err
	}
	r := &targetFolds{Folds: f.k, Repeats: rows.Len() / f.k, Targets: map[string]foldScore{}}
	var share float64
	r.Trained, share, r.Method = learned(rows, trained)
	usual, _ := t.Targets.usual()
	r.Score = usual
	over := func(of func(r *targetsReport) float64) foldScore {
		var each []float64
		for i := range all {
			each = append(each, of(&all[i]))
		}
		mean, ci := inference.Resampled(each, share)
		return foldScore{mean, ci, each}
	}
	r.Mean = over(func(r *targetsReport) float64 { return r.Scores.Mean })
	r.Mean.CI = within(usual, r.Mean.CI)
	for _, name := range t.Targets.Names {
		s := over(func(r *targetsReport) float64 { return r.Scores.Targets[name][usual] })
		s.CI = within(usual, s.CI)
		r.Targets[name] = s
	}
	for than, of := range map[string]func(r *targetsReport) *targetScores{
		"constant": func(r *targetsReport) *targetScores { return r.Constant },
		"linear":   func(r *targetsReport) *targetScores { return r.Linear },
	} {
		if slices.ContainsFunc(all, func(r targetsReport) bool { return of(&r) == nil }) {
			continue
		}
		d := over(func(r *targetsReport) float64 { return r.Scores.Mean - of(r).Mean })
		r.Beats = append(r.Beats, foldDifference{than, usual, d.Mean, d.CI})
	}
	slices.SortFunc(r.Beats, func(a, b foldDifference) int { return cmp.Compare(a.Than, b.Than) })
	t.r.Folds = r
	return nil
}

// fold trains on the rows of a division and scores those that are held out. Its seed is that
// of the run and the number of the division.
func (t *targetsRun) fold(ctx context.Context, i int, p *data.Parts) (r targetsReport, err error) {
	own, options := *t, *t.trainOptions
	own.trainOptions, own.parts, own.r = &options, p, targetsReport{}
	own.Of(p.Train) // what came early may have other inputs, as of the months that there were
	own.Targets = &targetsSetup{Names: t.Targets.Names, Labels: t.Targets.Labels, metrics: t.Targets.metrics}
	own.inUnits()
	if own.trainer, err = own.trainOptions.trainer(); err != nil {
		return r, err
	}
	run := train.Run{Train: p.Train, Epochs: t.run.Epochs, Batch: t.run.Batch, Seed: t.seed + uint64(i), Accumulate: t.run.Accumulate, Schedule: t.rate(p.Train.Rows())}
	if err := own.reset(own.trainer, run.Seed); err != nil {
		return r, err
	}
	if p.Val.Rows() > 0 {
		run.Val, run.Stop = p.Val, t.run.Stop
	}
	if _, err := own.trainer.Fit(ctx, run); err != nil {
		return r, err
	}
	return own.r, own.score(ctx)
}

// says puts the folds in words.
func (f *targetFolds) says(names []string) (lines []string) {
	times := ""
	if f.Repeats > 1 {
		times = fmt.Sprintf(" x %d", f.Repeats)
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
