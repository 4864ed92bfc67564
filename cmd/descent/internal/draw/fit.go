package draw

import (
	"fmt"
	"slices"

	"descent/data"
	"descent/internal/plot"
	"descent/optimizers/search/fit"
)

// Fit draws the data and the curve with its band, if the model depends on one
// column; else the fitted values against those observed.
func Fit(f *fit.Fit) (*plot.Figure, error) {
	rows, err := f.Fitted()
	if err != nil {
		return nil, err
	}
	m, y := f.Model(), rows.Response
	fig := &plot.Figure{Title: m.Text, Y: plot.Axis{Label: m.Response.Text}}
	if len(m.Columns()) != 1 {
		fig.X.Label = "fitted"
		ends := []float64{min(slices.Min(rows.Fitted), slices.Min(y)), max(slices.Max(rows.Fitted), slices.Max(y))}
		fig.Layers = []plot.Layer{plot.Scatter{Name: "rows", X: rows.Fitted, Y: y}, plot.Line{Name: "fitted = observed", X: ends, Y: ends}}
		return fig, nil
	}
	name := m.Columns()[0]
	fig.X.Label = name
	if f.By != "" {
		return fig, groups(fig, f, rows, name)
	}
	x := rows.Columns[name]
	line, err := curve(f, name, "", slices.Min(x), slices.Max(x))
	if err != nil {
		return nil, err
	}
	fig.Layers = []plot.Layer{line, plot.Scatter{Name: "data", X: x, Y: y}}
	return fig, nil
}

// groups draws the data and the curve of each group in its colour. Bands are left out
// where there are so many that they would hide each other.
func groups(fig *plot.Figure, f *fit.Fit, rows *fit.Rows, name string) error {
	const banded = 3
	colors := plot.Colors(f.Groups...)
	for k, label := range f.Groups {
		points := plot.Scatter{Color: colors[label]}
		for i, g := range rows.Groups {
			if g == k {
				points.X, points.Y = append(points.X, rows.Columns[name][i]), append(points.Y, rows.Response[i])
			}
		}
		line, err := curve(f, name, label, slices.Min(points.X), slices.Max(points.X))
		if err != nil {
			return err
		}
		if line.Name, line.Color = f.By+" "+label, colors[label]; len(f.Groups) > banded {
			line.Lo, line.Hi = nil, nil
		}
		fig.Layers = append(fig.Layers, line, points)
	}
	return nil
}

// curve is the model over a range of its only column, of a group if there are several.
func curve(f *fit.Fit, name, group string, lo, hi float64) (plot.Line, error) {
	line := plot.Line{Name: "fit"}
	for i := range samples {
		line.X = append(line.X, lo+float64((hi-lo)*float64(i)/(samples-1)))
	}
	columns := []data.Column{{Name: name, Kind: data.Numeric, Values: data.ArrayOf(line.X, 1)}}
	if group != "" {
		columns = append(columns, data.Words(f.By, slices.Repeat([]string{group}, samples)))
	}
	table, err := data.NewTable("curve", columns...)
	if err != nil {
		return line, err
	}
	values, err := f.Predict(table)
	if err != nil {
		return line, err
	}
	if f.Banded() {
		line.Name = fmt.Sprintf("fit, %v%% band", 100*f.Level)
	}
	for _, v := range values {
		line.Y = append(line.Y, v.Value)
		if f.Banded() {
			line.Lo, line.Hi = append(line.Lo, v.Lower), append(line.Hi, v.Upper)
		}
	}
	return line, nil
}
