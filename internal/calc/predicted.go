package calc

import (
	"fmt"
	"math"

	"descent/data"
	"descent/internal/plot"
)

// A Prediction is the model at a row, with the confidence interval of its
// value (of the curve, not of a new observation). It is NaN where a cell is
// missing, and the interval where the data do not determine the value.
type Prediction struct {
	Value float64 `json:"value"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Predict returns the model's value at each row of a table.
func (f *Fit) Predict(t *data.Table) ([]Prediction, error) {
	whole, _, err := complete(t, f.model.columns)
	if err != nil {
		return nil, err
	}
	nan := math.NaN()
	out := make([]Prediction, t.Rows())
	for i := range out {
		out[i] = Prediction{nan, nan, nan}
	}
	if len(whole) == 0 {
		return out, nil
	}
	s, _, err := f.model.over(t, whole, f.model.columns, f.at, false)
	if err != nil {
		return nil, err
	}
	values, jac, err := s.linearise(f.at)
	if err != nil {
		return nil, err
	}
	band := f.band()
	for i, row := range whole {
		v, half := values[i], band(jac[i*len(f.at):(i+1)*len(f.at)])
		out[row] = Prediction{v, v - half, v + half}
	}
	return out, nil
}

// band returns half the width of the interval of a value by its derivatives.
// What the data do not determine has none.
func (f *Fit) band() func(by []float64) float64 {
	if f.factor == nil {
		return func([]float64) float64 { return math.NaN() }
	}
	k, cov, null := len(f.at), f.factor.Covariance(), f.factor.Null()
	return func(by []float64) float64 {
		for _, d := range null {
			along, size := 0.0, 0.0
			for i, x := range d {
				along += float64(by[i] * x)
				size += math.Abs(by[i] * x)
			}
			if math.Abs(along) > 1e-8*size {
				return math.NaN()
			}
		}
		square := 0.0
		for i := range by {
			for j := range by {
				square += float64(by[i] * cov[i*k+j] * by[j])
			}
		}
		return f.quantile * math.Sqrt(max(0, square)*f.variance)
	}
}

// Picture draws the data and the curve with its band, if the model depends on
// one column; else the fitted values against those observed.
func (f *Fit) Picture() (*plot.Figure, error) {
	s, err := f.model.system(f.at, false)
	if err != nil {
		return nil, err
	}
	y, err := s.observed()
	if err != nil {
		return nil, err
	}
	fig := &plot.Figure{Title: f.model.Text, Y: plot.Axis{Label: f.model.Response.Text}}
	if len(f.model.columns) != 1 {
		fitted, _, err := s.linearise(f.at)
		if err != nil {
			return nil, err
		}
		fig.X.Label = "fitted"
		lo, hi := span(append(append([]float64{}, fitted...), y...))
		fig.Layers = []plot.Layer{plot.Scatter{Name: "rows", X: fitted, Y: y}, plot.Line{Name: "fitted = observed", X: []float64{lo, hi}, Y: []float64{lo, hi}}}
		return fig, nil
	}
	name := f.model.columns[0]
	x, err := numbers(f.model.Table, name, f.model.kept.rows)
	if err != nil {
		return nil, err
	}
	line, err := f.curve(name, x)
	if err != nil {
		return nil, err
	}
	fig.X.Label = name
	fig.Layers = []plot.Layer{line, plot.Scatter{Name: "data", X: x, Y: y}}
	return fig, nil
}

// curve is the model over the range of its only column.
func (f *Fit) curve(name string, x []float64) (plot.Line, error) {
	lo, hi := span(x)
	line := plot.Line{Name: "fit"}
	for i := range samples {
		line.X = append(line.X, lo+float64((hi-lo)*float64(i)/(samples-1)))
	}
	table, err := data.NewTable("curve", data.Column{Name: name, Kind: data.Numeric, Values: line.X})
	if err != nil {
		return line, err
	}
	curve, err := f.Predict(table)
	if err != nil {
		return line, err
	}
	if f.factor != nil {
		line.Name = fmt.Sprintf("fit, %v%% band", 100*f.Level)
	}
	for _, c := range curve {
		line.Y = append(line.Y, c.Value)
		if f.factor != nil {
			line.Lo, line.Hi = append(line.Lo, c.Lower), append(line.Hi, c.Upper)
		}
	}
	return line, nil
}

func span(x []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}
