package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"

	"descent/data"
	"descent/data/series"
	"descent/internal/plot"
	"descent/internal/terminal"
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
	for _, flag := range []string{"keep", "unknown", "outside", "output", "interval"} {
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
	if err := writable(o.plot); err != nil {
		return err
	}
	p, err := m.predictor()
	if err != nil {
		return err
	}
	pred, _, err := p.Predict(x)
	if err != nil {
		return err
	}
	rows, err := m.forecastRows(s, m.Series.Own(pred))
	if err != nil {
		return err
	}
	if o.plot != "" {
		if err := m.forecastPicture(s, rows).Save(o.plot); err != nil {
			return err
		}
	}
	if o.json {
		return printJSON(w, rows)
	}
	return m.printForecast(terminal.Verbatim(w), rows)
}

// A forecastRow is a step of a forecast, as JSON has it.
type forecastRow struct {
	Step       int     `json:"step"`
	Time       string  `json:"time"`
	Prediction float64 `json:"prediction"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
}

// forecastRows are what follows a series.
func (m *saved) forecastRows(s *series.Series, pred []float64) (rows []forecastRow, err error) {
	times := s.Following(len(pred))
	for h, y := range pred {
		if math.IsNaN(y) {
			return nil, fmt.Errorf("step %d: the model computes no number; the rows are too far from those that it was trained on", h+1)
		}
		rows = append(rows, forecastRow{h + 1, s.Written(times[h]), y, y + m.Series.Interval.Low[h], y + m.Series.Interval.High[h]})
	}
	return rows, nil
}

// printForecast writes CSV, whose first column is called as that of the times is.
func (m *saved) printForecast(w io.Writer, rows []forecastRow) error {
	out := csv.NewWriter(w)
	number := func(x float64) string { return fmt.Sprintf("%.7g", x) }
	if err := out.Write([]string{m.Series.Time, "prediction", "low", "high"}); err != nil {
		return err
	}
	for _, r := range rows {
		if err := out.Write([]string{r.Time, number(r.Prediction), number(r.Low), number(r.High)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// forecastPicture draws the rows that the model saw, and what follows them.
func (m *saved) forecastPicture(s *series.Series, rows []forecastRow) *plot.Figure {
	y := s.Target()[s.Steps()-m.Series.Window:]
	line := plot.Line{Name: m.Target, Color: 1}
	for i, v := range y {
		line.X, line.Y = append(line.X, float64(i-len(y)+1)), append(line.Y, v)
	}
	forecast := plot.Line{Name: fmt.Sprintf("forecast, and %.0f %% interval", 100*m.Series.Interval.Level), Color: 2, Marks: true}
	for _, r := range rows {
		forecast.X, forecast.Y = append(forecast.X, float64(r.Step)), append(forecast.Y, r.Prediction)
		forecast.Lo, forecast.Hi = append(forecast.Lo, r.Low), append(forecast.Hi, r.High)
	}
	last := s.Written(s.Times[s.Steps()-1])
	return &plot.Figure{Title: fmt.Sprintf("%s from %s to %s", m.Target, rows[0].Time, rows[len(rows)-1].Time),
		X: plot.Axis{Label: fmt.Sprintf("rows after %s %s", m.Series.Time, last)}, Y: plot.Axis{Label: m.Target}, Layers: []plot.Layer{line, forecast}, Width: 860, Height: 380}
}
