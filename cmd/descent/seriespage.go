package main

import (
	"context"
	"fmt"

	"descent/cmd/descent/internal/draw"
	"descent/internal/plot"
)

// writePage makes the page of --report and --watch.
func (t *seriesRun) writePage(context.Context) error {
	c, r := t.Series, &t.r
	_, sum, err := t.Model.For([]int{c.Window, len(c.Columns)}, c.Horizon)
	if err != nil {
		return err
	}
	return t.writeRulePage(&draw.Training{Title: r.Data, Summary: sum.String(), Lead: t.headline(), Sentences: t.sentences(),
		Subtitle: fmt.Sprintf("%s, %d rows ahead; %d rows for training, %d for validation, %d for testing", r.Target, r.Horizon, r.Rows[0], r.Rows[1], r.Rows[2]),
		Sections: []draw.Section{{Title: "Forecasts of held-out rows", Figures: []*plot.Figure{t.picture()}}}}, r.Notes)
}

// picture draws the held-out rows, and forecasts of them, each with its interval, that
// begin where the one before ends.
func (t *seriesRun) picture() *plot.Figure {
	const most = 6 // forecasts
	c := t.Series
	y := t.tests.Target()
	windows := len(t.pred) / c.Horizon
	shown := min(most, (windows-1)/c.Horizon+1)
	first := windows - 1 - (shown-1)*c.Horizon // of the windows
	var line, forecast plot.Line
	line.Name, forecast.Name = t.r.Target, fmt.Sprintf("forecast, and %.0f %% interval", 100*c.Interval.Level)
	line.Color, forecast.Color = 1, 2
	for i := first; i < len(y); i++ {
		line.X, line.Y = append(line.X, float64(i-len(y)+1)), append(line.Y, y[i])
	}
	layers := []plot.Layer{line}
	for k := range shown {
		f := forecast
		if k > 0 {
			f.Name = ""
		}
		for h, v := range t.pred[(first+k*c.Horizon)*c.Horizon:][:c.Horizon] {
			f.X = append(f.X, float64(first+k*c.Horizon+c.Window+h-len(y)+1))
			f.Y, f.Lo, f.Hi = append(f.Y, v), append(f.Lo, v+c.Interval.Low[h]), append(f.Hi, v+c.Interval.High[h])
		}
		f.Marks = true
		layers = append(layers, f)
	}
	return &plot.Figure{X: plot.Axis{Label: "rows before the last"}, Y: plot.Axis{Label: t.r.Target}, Layers: layers, Width: 860, Height: 380}
}
