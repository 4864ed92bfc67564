package fit

import (
	"math"
	"slices"

	"descent/data"
	"descent/internal/stats"
	"descent/optimizers/search"
)

// A Prediction is the model at a row, with the confidence interval of its
// value (of the curve, not of a new observation). It is NaN where a cell is
// missing, and the interval where the data do not determine the value.
type Prediction struct {
	Group string  `json:"group,omitempty"` // if rows are grouped
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
		out[i] = Prediction{"", nan, nan, nan}
	}
	if f.model.base != nil {
		of, err := f.model.by.rows(t)
		if err != nil {
			return nil, err
		}
		whole = slices.DeleteFunc(whole, func(row int) bool { return of[row] < 0 })
		for row, k := range of {
			if k >= 0 {
				out[row].Group = f.model.by.labels[k]
			}
		}
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
	if len(f.samples) > 1 {
		return out, f.percentiles(s, whole, values, out)
	}
	band := f.band()
	for i, row := range whole {
		v, half := values[i], band(jac[i*len(f.at):(i+1)*len(f.at)])
		out[row].Value, out[row].Lower, out[row].Upper = v, v-half, v+half
	}
	return out, nil
}

// percentiles fills in the intervals that the samples of a bootstrap give.
func (f *Fit) percentiles(s *system, whole []int, values []float64, out []Prediction) error {
	p, err := search.ResidualProblem(s.model, s.params, s.feeds...)
	if err != nil {
		return err
	}
	all := make([][]float64, len(whole))
	at, jac := make([]float64, s.rows), make([]float64, s.rows*len(f.at))
	for _, x := range f.samples {
		p.Residuals(x, at, jac)
		for i, v := range at {
			all[i] = append(all[i], v)
		}
	}
	for i, row := range whole {
		slices.Sort(all[i])
		out[row].Value, out[row].Lower, out[row].Upper = values[i], stats.Quantile(all[i], (1-f.Level)/2), stats.Quantile(all[i], (1+f.Level)/2)
	}
	return nil
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

// Banded reports whether predictions have intervals.
func (f *Fit) Banded() bool { return f.factor != nil || len(f.samples) > 1 }

// Model is what was fitted.
func (f *Fit) Model() *Model { return f.model }

// Columns are the columns that the formula uses.
func (m *Model) Columns() []string { return m.columns }

// Rows are what was fitted: the response in each row that counts, the model's
// values there, and the columns that the formula uses.
type Rows struct {
	Response, Fitted []float64
	Columns          map[string][]float64
	Groups           []int // of each row, among those of the fit; nil if all are one
}

// Fitted returns the rows that were fitted.
func (f *Fit) Fitted() (*Rows, error) {
	s, err := f.model.system(f.at, false)
	if err != nil {
		return nil, err
	}
	r := &Rows{Columns: map[string][]float64{}, Groups: s.groups}
	if r.Response, err = s.observed(); err != nil {
		return nil, err
	}
	if r.Fitted, _, err = s.linearise(f.at); err != nil {
		return nil, err
	}
	for _, name := range f.model.columns {
		if r.Columns[name], err = numbers(f.model.Table, name, f.model.kept.rows); err != nil {
			return nil, err
		}
	}
	return r, nil
}
