package fit

import (
	"fmt"
	"math"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/leastsq"
	"descent/optimizers/search"
)

// A Fit is a fitted model, with the numbers that NIST and R print. Numbers of
// the residuals are weighted if the rows are.
type Fit struct {
	Parameters   map[string]Estimate           `json:"parameters"`
	By           string                        `json:"by,omitempty"` // column of the groups
	Groups       []string                      `json:"groups,omitempty"`
	Shared       []string                      `json:"shared,omitempty"` // parameters
	Converged    bool                          `json:"converged"`
	RSS          float64                       `json:"rss"` // residual sum of squares
	RSD          float64                       `json:"rsd"` // residual standard deviation
	DOF          int                           `json:"dof"` // rows less the parameters that the data determine
	R2           float64                       `json:"r2"`
	Exact        bool                          `json:"exact"` // the residuals are rounding
	Undetermined []Undetermined                `json:"undetermined,omitempty"`
	Correlation  map[string]map[string]float64 `json:"correlation,omitempty"`
	Condition    float64                       `json:"condition"` // of the Jacobian, its columns scaled to norm 1
	Level        float64                       `json:"level"`     // of the confidence intervals
	Intervals    string                        `json:"intervals"` // how those are made
	Absolute     bool                          `json:"absolute_sigma,omitempty"`
	Criteria     *Criteria                     `json:"criteria,omitempty"` // of least squares
	Bootstrap    *Resampled                    `json:"bootstrap,omitempty"`
	Loss         *float64                      `json:"loss,omitempty"`
	Rows         int                           `json:"rows"`
	Dropped      int                           `json:"dropped"` // rows left out: a cell is missing, or the weight is 0
	Steps        int                           `json:"steps"`
	Evaluations  int                           `json:"evaluations"`
	Stopped      string                        `json:"stopped"`
	Notes        []string                      `json:"notes,omitempty"`

	model    *Model
	at       []float64       // the estimates
	factor   *leastsq.Factor // of the weighted Jacobian, nil without standard errors
	variance float64         // of a residual of weight 1
	quantile float64
	samples  [][]float64 // estimates of a bootstrap
	// determined tells whether the data determine a parameter; nil if that is not known.
	determined func(k int) bool
}

// An Estimate is a parameter's value, and how sure it is: NaN where the data
// do not determine it.
type Estimate struct {
	Estimate float64 `json:"estimate"`
	Stderr   float64 `json:"stderr"`
	Lower    float64 `json:"lower"` // the confidence interval
	Upper    float64 `json:"upper"`
}

// rounding is how large residuals may be, relative to the response, that are
// only rounding.
const rounding = 1e-12

// finish computes everything that follows from the estimates.
func (f *Fit) finish() error {
	s, err := f.model.system(f.at, false)
	if err != nil {
		return err
	}
	fitted, jac, err := s.linearise(f.at)
	if err != nil {
		return err
	}
	y, err := s.observed()
	if err != nil {
		return err
	}
	if f.model.base != nil {
		f.By, f.Groups, f.Shared = f.model.by.Column, f.model.by.labels, f.model.by.Shared
	}
	f.Rows, f.Dropped = s.rows, f.model.Table.Rows()-s.rows
	f.Notes = append(f.Notes, f.model.kept.notes()...)
	root := f.model.kept.root
	if root != nil {
		for i := range jac {
			jac[i] *= root[i/len(f.at)]
		}
	}
	if slices.ContainsFunc(fitted, notFinite) || slices.ContainsFunc(jac, notFinite) {
		f.Condition, f.DOF = math.NaN(), s.rows-len(f.at)
		f.residuals(y, fitted, root)
		f.Notes = append(f.Notes, "the model or a derivative is not finite at the estimates: there are no standard errors")
		f.Parameters = f.unsure()
		return nil
	}
	f.factor = leastsq.New(jac, s.rows, len(f.at))
	f.DOF, f.Condition = s.rows-f.factor.Rank(), f.factor.Condition()
	f.residuals(y, fitted, root)
	if f.determined = f.factor.Identified; f.Loss == nil {
		f.Criteria = f.criteria(root)
	}
	return f.spread()
}

// residuals computes what the residuals tell. With weights w, the mean that R2
// compares with is the weighted one.
func (f *Fit) residuals(y, fitted, root []float64) {
	weight := func(i int) float64 {
		if root == nil {
			return 1
		}
		return root[i] * root[i]
	}
	var total, sum leastsq.Sum
	for i, v := range y {
		total.Add(weight(i))
		sum.AddProduct(weight(i), v)
	}
	mean := sum.Value() / total.Value()
	var rss, tss, square leastsq.Sum
	for i, v := range y {
		rss.AddProduct(weight(i)*(v-fitted[i]), v-fitted[i])
		tss.AddProduct(weight(i)*(v-mean), v-mean)
		square.AddProduct(weight(i)*v, v)
	}
	f.RSS, f.R2 = rss.Value(), 1-rss.Value()/tss.Value()
	if f.RSD = math.NaN(); f.DOF > 0 {
		f.RSD = math.Sqrt(f.RSS / float64(f.DOF))
	}
	f.Exact = f.RSS <= rounding*rounding*square.Value()
	switch {
	case tss.Value() == 0:
		f.R2 = math.NaN()
		f.Notes = append(f.Notes, "the response is the same in each row: R2 has no meaning")
	case f.R2 <= rounding:
		f.Notes = append(f.Notes, fmt.Sprintf("no better than a constant: R2 is %.4g", f.R2))
	}
	if f.Exact {
		f.Notes = append(f.Notes, "the data are fitted exactly, but for rounding")
	}
}

// linearise returns the model's values at each row and their derivatives by
// the parameters.
func (s *system) linearise(at []float64) (values, jac []float64, err error) {
	p, err := search.ResidualProblem(s.model, s.params, s.feeds...)
	if err != nil {
		return nil, nil, err
	}
	values, jac = make([]float64, s.rows), make([]float64, s.rows*len(at))
	p.Residuals(at, values, jac)
	return values, jac, nil
}

// spread computes standard errors, intervals and correlations: the covariance
// is s²(JᵀJ)⁺, where s² is the variance of a residual, 1 if sigma is absolute.
func (f *Fit) spread() error {
	names := f.Names()
	f.Parameters = f.unsure()
	if f.Loss != nil {
		f.factor = nil
		return nil
	}
	if err := f.undetermined(); err != nil {
		return err
	}
	f.Absolute, f.variance = f.model.Weights.Absolute, f.RSD*f.RSD
	f.quantile = elementary.StudentQuantile((1+f.Level)/2, max(1, float64(f.DOF)))
	switch {
	case f.Absolute:
		f.variance, f.quantile = 1, math.Sqrt2*elementary.Erfinv(f.Level)
	case f.DOF < 1:
		f.factor = nil
		f.Notes = append(f.Notes, fmt.Sprintf("%s leave no degree of freedom for %d parameters: there are no standard errors", rows(f.Rows), len(names)))
		return nil
	}
	if f.Exact && !f.Absolute {
		f.Notes = append(f.Notes, "standard errors are those of the rounding")
	}
	if hard := 1e10; f.Condition > hard {
		f.Notes = append(f.Notes, fmt.Sprintf("the data hardly tell the parameters apart (condition %.1g): the standard errors have few digits", f.Condition))
	}
	f.Correlation = map[string]map[string]float64{}
	k, cov := len(names), f.factor.Covariance()
	for i, a := range names {
		if !f.factor.Identified(i) {
			continue
		}
		se, x := math.Sqrt(cov[i*k+i]*f.variance), f.at[i]
		f.Parameters[a] = Estimate{x, se, x - float64(f.quantile*se), x + float64(f.quantile*se)}
		f.Correlation[a] = map[string]float64{}
		for j, b := range names {
			if f.factor.Identified(j) {
				f.Correlation[a][b] = cov[i*k+j] / (math.Sqrt(cov[i*k+i]) * math.Sqrt(cov[j*k+j]))
			}
		}
		if f.model.Params[i].Bound.Side(x) != 0 {
			f.Notes = append(f.Notes, fmt.Sprintf("%s is at a bound: standard errors mean little", a))
		}
	}
	return nil
}

// unsure are the estimates without standard errors.
func (f *Fit) unsure() map[string]Estimate {
	out, nan := map[string]Estimate{}, math.NaN()
	for i, n := range f.Names() {
		out[n] = Estimate{f.at[i], nan, nan, nan}
	}
	return out
}

// Names are the parameters, in the order of the start.
func (f *Fit) Names() (out []string) {
	for _, p := range f.model.Params {
		out = append(out, p.Name)
	}
	return out
}

// Weighted says whether rows count differently.
func (f *Fit) Weighted() bool { return f.model.Weights.given() }

// observed are the response's values.
func (s *system) observed() ([]float64, error) {
	p, err := graph.Compile(s.response)
	if err == nil {
		err = p.Run(s.feeds...)
	}
	if err != nil {
		return nil, err
	}
	return p.Float64s(s.response), nil
}
