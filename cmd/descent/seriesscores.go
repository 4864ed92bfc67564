package main

import (
	"context"
	"fmt"
	"io"

	"descent/data/series"
	"descent/losses"
	"descent/train"
)

// The interval of a forecast is to cover so much.
const intervalLevel = 0.9

// seriesWeights is the largest number of weights of a linear model that is solved to
// compare with.
const seriesWeights = 20_000

// forecasts returns what a trainer says of the windows of a series, in the target's unit.
func (t *seriesRun) forecasts(by *train.Trainer, s *series.Series) ([]float64, error) {
	rows, err := t.Series.Rows(s)
	if err != nil {
		return nil, err
	}
	pred, _, err := by.Predict(rows)
	return t.Series.Own(pred), err
}

// score finds the interval in the rows of validation, and scores the model and what it
// is compared with in those of testing.
func (t *seriesRun) score(ctx context.Context) error {
	c, r := t.Series, &t.r
	pred, err := t.forecasts(t.trainer, t.val)
	if err != nil {
		return err
	}
	c.Interval = series.NewInterval(intervalLevel, pred, c.Truth(t.val), c.Horizon)
	if t.pred, err = t.forecasts(t.trainer, t.tests); err != nil {
		return err
	}
	truth := c.Truth(t.tests)
	c.Interval.Coverage = c.Interval.Covers(t.pred, truth)
	r.Interval, r.Scores = c.Interval, series.Score(t.pred, truth, c.Horizon)
	r.Baselines = map[string]series.Scores{"last value": series.Score(c.Seasonal(t.tests, 1), truth, c.Horizon)}
	if r.Season = t.order.season; r.Season == 0 {
		r.Season = c.Season(t.learned)
	}
	if r.Season > 1 {
		r.Baselines["seasonal"] = series.Score(c.Seasonal(t.tests, r.Season), truth, c.Horizon)
	}
	if (c.Features()+1)*c.Horizon <= seriesWeights {
		if pred, err = t.linear(ctx); err != nil {
			return err
		}
		r.Baselines["linear"] = series.Score(pred, truth, c.Horizon)
	}
	return nil
}

// linear returns the forecasts of the rows of testing by a linear model of the window
// that is solved in those of training.
func (t *seriesRun) linear(ctx context.Context) ([]float64, error) {
	plain := setup{Series: t.Series}
	plain.Loss = must(losses.ByName("mse"))
	by, err := plain.solvedLinear(ctx, t.run.Train, t.Series.Horizon, t.seed)
	if err != nil {
		return nil, err
	}
	return t.forecasts(by, t.tests)
}

// compared are the forecasts that a model is compared with, in the order of tables.
var compared = []string{"last value", "seasonal", "linear"}

// headline says how good the forecasts are.
func (t *seriesRun) headline() string {
	windows := len(t.pred) / t.r.Horizon
	return fmt.Sprintf("in %d windows of the last %d rows, held out: mean absolute error %.4g, root of the mean square %.4g", windows, t.r.Rows[2], t.r.Scores.MAE, t.r.Scores.RMSE)
}

// sentences say what the model is to be compared with, and what its interval is worth.
func (t *seriesRun) sentences() (lines []string) {
	r := &t.r
	for _, name := range compared {
		s, ok := r.Baselines[name]
		if !ok {
			continue
		}
		switch name {
		case "seasonal":
			name = fmt.Sprintf("what was %d rows before", r.Season)
		case "linear":
			name = "a linear model of the window, solved"
		}
		lines = append(lines, fmt.Sprintf("%s: mean absolute error %.4g, root of the mean square %.4g", name, s.MAE, s.RMSE))
	}
	return append(lines, fmt.Sprintf("interval: %.0f %% of the errors in %d windows of validation; it covers %.1f %% of the held-out rows", 100*r.Interval.Level, r.Interval.Windows, 100*r.Interval.Coverage))
}

func (t *seriesRun) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", t.headline())
	for _, line := range t.sentences() {
		fmt.Fprintln(w, line)
	}
	fmt.Fprint(w, "\nmean absolute error by the step\n   step      model")
	for _, name := range compared {
		if _, ok := t.r.Baselines[name]; ok {
			fmt.Fprintf(w, " %10s", name)
		}
	}
	for h, e := range t.r.Scores.Steps {
		fmt.Fprintf(w, "\n%7d %10.4g", h+1, e)
		for _, name := range compared {
			if s, ok := t.r.Baselines[name]; ok {
				fmt.Fprintf(w, " %10.4g", s.Steps[h])
			}
		}
	}
	_, err := fmt.Fprintln(w)
	return err
}
