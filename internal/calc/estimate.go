package calc

import (
	"fmt"
	"math"

	"descent/data"
	"descent/internal/plot"
	"descent/optimizers"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// A Fit is a fitted model, with the numbers that NIST and R print.
type Fit struct {
	Parameters  map[string]Estimate           `json:"parameters"`
	RSS         Value                         `json:"rss"` // residual sum of squares
	RSD         Value                         `json:"rsd"` // residual standard deviation
	DOF         int                           `json:"dof"`
	R2          Value                         `json:"r2"`
	Correlation map[string]map[string]float64 `json:"correlation,omitempty"`
	Level       float64                       `json:"level"` // of the confidence intervals
	Loss        *float64                      `json:"loss,omitempty"`
	Rows        int                           `json:"rows"`
	Steps       int                           `json:"steps"`
	Evaluations int                           `json:"evaluations"`
	Stopped     string                        `json:"stopped"`
	Notes       []string                      `json:"notes,omitempty"`

	model      *Model
	at         []float64  // the estimates
	covariance *mat.Dense // nil where there is none
	quantile   float64
}

// An Estimate is a parameter's value, and how sure it is.
type Estimate struct {
	Estimate float64 `json:"estimate"`
	Stderr   Value   `json:"stderr"`
	Lower    Value   `json:"lower"` // the confidence interval
	Upper    Value   `json:"upper"`
}

// finish computes everything that follows from the estimates.
func (f *Fit) finish() error {
	s, err := f.model.system(f.model.Table, f.at, false, true)
	if err != nil {
		return err
	}
	n, k := s.rows, len(f.at)
	fitted, jac, err := s.linearise(f.at)
	if err != nil {
		return err
	}
	p, err := optimizers.ResidualProblem(s.response, s.params, s.feeds...)
	if err != nil {
		return err
	}
	y := make([]float64, n)
	p.Residuals(f.at, y, make([]float64, n*k))
	mean := 0.0
	for _, v := range y {
		mean += v / float64(n)
	}
	rss, tss := 0.0, 0.0
	for i, v := range y {
		rss += (v - fitted[i]) * (v - fitted[i])
		tss += (v - mean) * (v - mean)
	}
	f.Rows, f.DOF, f.RSS, f.R2 = n, n-k, Number(rss), Number(1-rss/tss)
	f.RSD = Number(math.Sqrt(rss / float64(f.DOF)))
	f.spread(jac, n, k)
	return nil
}

// linearise returns the model's values at each row and their derivatives by
// the parameters.
func (s *system) linearise(at []float64) (values, jac []float64, err error) {
	p, err := optimizers.ResidualProblem(s.model, s.params, s.feeds...)
	if err != nil {
		return nil, nil, err
	}
	values, jac = make([]float64, s.rows), make([]float64, s.rows*len(at))
	p.Residuals(at, values, jac)
	return values, jac, nil
}

// spread computes standard errors, intervals and correlations from the
// Jacobian's QR factorisation: the covariance is s²(RᵀR)⁻¹.
func (f *Fit) spread(jac []float64, n, k int) {
	names := f.model.Start
	unknown := Number(math.NaN())
	f.Parameters = map[string]Estimate{}
	for i, b := range names {
		f.Parameters[b.Name] = Estimate{f.at[i], unknown, unknown, unknown}
	}
	if f.Loss != nil {
		f.Notes = append(f.Notes, "standard errors are those of least squares; for another loss there are none")
		return
	}
	if f.DOF < 1 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d rows leave no degree of freedom for %d parameters: there are no standard errors", n, k))
		return
	}
	scale := make([]float64, k)
	for i, v := range jac {
		scale[i%k] = math.Hypot(scale[i%k], v)
	}
	a := mat.NewDense(n, k, nil)
	for i, v := range jac {
		if scale[i%k] > 0 {
			a.Set(i/k, i%k, v/scale[i%k])
		}
	}
	var qr mat.QR
	qr.Factorize(a)
	var r, inv mat.Dense
	qr.RTo(&r)
	if c := qr.Cond(); math.IsInf(c, 0) || math.IsNaN(c) || c > 1e14 || inv.Inverse(r.Slice(0, k, 0, k)) != nil && inv.IsEmpty() {
		f.Notes = append(f.Notes, "the parameters cannot be told apart by these data (the Jacobian has not full rank): there are no standard errors")
		return
	}
	f.covariance = mat.NewDense(k, k, nil)
	f.covariance.Mul(&inv, inv.T())
	s2 := f.RSD.Data[0] * f.RSD.Data[0]
	f.covariance.Apply(func(i, j int, v float64) float64 { return v * s2 / (scale[i] * scale[j]) }, f.covariance)
	f.quantile = distuv.StudentsT{Sigma: 1, Nu: float64(f.DOF)}.Quantile((1 + f.Level) / 2)
	f.Correlation = map[string]map[string]float64{}
	for i, b := range names {
		se := math.Sqrt(f.covariance.At(i, i))
		x := f.at[i]
		f.Parameters[b.Name] = Estimate{x, Number(se), Number(x - f.quantile*se), Number(x + f.quantile*se)}
		f.Correlation[b.Name] = map[string]float64{}
		for j, c := range names {
			f.Correlation[b.Name][c.Name] = f.covariance.At(i, j) / (se * math.Sqrt(f.covariance.At(j, j)))
		}
		if f.model.Bounds[b.Name].filled().at(x) {
			f.Notes = append(f.Notes, fmt.Sprintf("%s is at a bound: standard errors mean little", b.Name))
		}
	}
}

// Names are the parameters, in the order of the start.
func (f *Fit) Names() (out []string) {
	for _, b := range f.model.Start {
		out = append(out, b.Name)
	}
	return out
}

// A Prediction is the model at a row, with the confidence interval of its
// value (of the curve, not of a new observation).
type Prediction struct {
	Value Value `json:"value"`
	Lower Value `json:"lower"`
	Upper Value `json:"upper"`
}

// Predict returns the model's value at each row of a table.
func (f *Fit) Predict(t *data.Table) ([]Prediction, error) {
	s, err := f.model.system(t, f.at, false, false)
	if err != nil {
		return nil, err
	}
	values, jac, err := s.linearise(f.at)
	if err != nil {
		return nil, err
	}
	k := len(f.at)
	out := make([]Prediction, len(values))
	for i, v := range values {
		half := math.NaN()
		if f.covariance != nil {
			row := mat.NewVecDense(k, jac[i*k:(i+1)*k])
			half = f.quantile * math.Sqrt(max(0, mat.Inner(row, f.covariance, row)))
		}
		out[i] = Prediction{Number(v), Number(v - half), Number(v + half)}
	}
	return out, nil
}

// Picture draws the data and the curve with its band, if the model depends on
// one column; else the fitted values against those observed.
func (f *Fit) Picture() (*plot.Figure, error) {
	s, err := f.model.system(f.model.Table, f.at, false, true)
	if err != nil {
		return nil, err
	}
	p, err := optimizers.ResidualProblem(s.response, s.params, s.feeds...)
	if err != nil {
		return nil, err
	}
	y := make([]float64, s.rows)
	p.Residuals(f.at, y, make([]float64, s.rows*len(f.at)))
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
	x, err := column1(f.model.Table, name)
	if err != nil {
		return nil, err
	}
	lo, hi := span(x)
	grid := make([]float64, samples)
	for i := range grid {
		grid[i] = lo + (hi-lo)*float64(i)/(samples-1)
	}
	table, err := data.NewTable("curve", data.Column{Name: name, Kind: data.Numeric, Values: grid})
	if err != nil {
		return nil, err
	}
	curve, err := f.Predict(table)
	if err != nil {
		return nil, err
	}
	line := plot.Line{Name: "fit", X: grid}
	if f.covariance != nil {
		line.Name = fmt.Sprintf("fit, %v%% band", 100*f.Level)
	}
	for _, c := range curve {
		line.Y = append(line.Y, c.Value.Data[0])
		if f.covariance != nil {
			line.Lo, line.Hi = append(line.Lo, c.Lower.Data[0]), append(line.Hi, c.Upper.Data[0])
		}
	}
	fig.X.Label = name
	fig.Layers = []plot.Layer{line, plot.Scatter{Name: "data", X: x, Y: y}}
	return fig, nil
}

func span(x []float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}
