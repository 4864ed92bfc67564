package main

import (
	"errors"
	"fmt"
	"io"
	"math"

	"descent/data"
	"descent/data/series"
)

// checkSeries reports a model of a series that was not saved so.
func (m *saved) checkSeries() error {
	if err := m.Series.Check(); err != nil {
		return err
	}
	if m.Series.Interval == nil || math.IsNaN(m.Series.Interval.Level) {
		return errors.New("a series without the interval of its forecasts")
	}
	return nil
}

// forecast predicts what follows the last rows of a table.
func (o *predictOptions) forecast(w io.Writer, m *saved, name string) error {
	for _, flag := range []string{"keep", "unknown", "outside", "output"} {
		if o.cmd.Flags().Changed(flag) {
			return usage(fmt.Errorf("--%s: a series is forecast as a whole; --%s is for rows that are predicted one by one", flag, flag))
		}
	}
	src, err := o.open(name, nil)
	if err != nil {
		return err
	}
	if src.Table == nil {
		return o.otherKind(m, name)
	}
	s, err := series.Read(src.Table, m.Series.Time, m.Series.Columns)
	if err != nil {
		return err
	}
	var notes []data.Note
	for _, n := range s.Notes {
		notes = append(notes, data.Note{Text: n})
	}
	o.tell(notes)
	x, err := m.Series.Last(s)
	if err != nil {
		return fmt.Errorf("%s: %w", called(name), err)
	}
	p, err := m.predictor()
	if err != nil {
		return err
	}
	pred, _, err := p.Predict(x)
	if err != nil {
		return err
	}
	return m.printForecast(w, m.Series.Own(pred), o.json)
}

// A forecastRow is a step of a forecast, as JSON has it.
type forecastRow struct {
	Step       int     `json:"step"`
	Prediction float64 `json:"prediction"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

func (m *saved) printForecast(w io.Writer, pred []float64, json bool) error {
	var rows []forecastRow
	for h, y := range pred {
		if math.IsNaN(y) {
			return fmt.Errorf("step %d: the model computes no number; the rows are too far from those that it was trained on", h+1)
		}
		rows = append(rows, forecastRow{h + 1, y, y + m.Series.Interval.Low[h], y + m.Series.Interval.High[h]})
	}
	if json {
		return printJSON(w, rows)
	}
	fmt.Fprintln(w, "step,prediction,low,high")
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%d,%.7g,%.7g,%.7g\n", r.Step, r.Prediction, r.Low, r.High); err != nil {
			return err
		}
	}
	return nil
}
