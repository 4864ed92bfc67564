package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent/internal/elementary"
)

// A Comparison is of several models of the same response in the same rows.
type Comparison struct {
	Models  []Compared `json:"models"`
	Rows    int        `json:"rows"`
	Dropped int        `json:"dropped"`
	Best    string     `json:"best"`    // the model with the least of the criterion
	By      string     `json:"best_by"` // AICc, or AIC where the rows are too few for that
	Notes   []string   `json:"notes,omitempty"`
}

// Compared is a model beside others. Its weights are exp(-Δ/2) over their sum, for the
// differences Δ from the least criterion: how likely it is to be the best of these.
// Burnham, Anderson 2002, https://doi.org/10.1007/b97636.
type Compared struct {
	Model      string    `json:"model"`
	Converged  bool      `json:"converged"`
	RSS        float64   `json:"rss"`
	DOF        int       `json:"dof"`
	Criteria   *Criteria `json:"criteria"`
	AICWeight  float64   `json:"aic_weight"`
	AICcWeight float64   `json:"aicc_weight"`
	BICWeight  float64   `json:"bic_weight"`
	F          *FTest    `json:"f_test,omitempty"` // against the model before it

	Fit *Fit `json:"-"`
}

// An FTest asks whether a model that has another within it is better by more than
// chance: F = (ΔRSS/Δdof)/(RSS/dof).
type FTest struct {
	F           float64 `json:"f"`
	Numerator   int     `json:"numerator"` // degrees of freedom
	Denominator int     `json:"denominator"`
	P           float64 `json:"p"`
}

// Compare fits models of one response to the rows in which none of them lacks a cell.
// With nested, each is within the next, which the models themselves do not tell.
func Compare(ctx context.Context, models []*Model, how How, nested bool) (*Comparison, error) {
	switch {
	case len(models) < 2:
		return nil, fail("a comparison is of two formulas or more")
	case how.Loss != nil:
		return nil, fail("a comparison is of least squares: {loss} has no likelihood")
	}
	var used []string
	for _, m := range models {
		if m.Response.Text != models[0].Response.Text {
			return nil, fail("the models have the responses %q and %q; only of the same one are sums of squares and criteria comparable", models[0].Response.Text, m.Response.Text)
		}
		used = append(used, m.columns...)
	}
	c := &Comparison{}
	for _, m := range models {
		m.with = used
		f, err := m.Fit(ctx, how)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Text, err)
		}
		if f.Criteria == nil {
			return nil, fail("%s: the model is not finite at the estimates", m.Text)
		}
		if c.Rows, c.Dropped = f.Rows, f.Dropped; !f.Converged {
			c.Notes = append(c.Notes, fmt.Sprintf("%s: not converged (%s)", m.Text, f.Stopped))
		}
		c.Models = append(c.Models, Compared{Model: m.Text, Converged: f.Converged, RSS: f.RSS, DOF: f.DOF, Criteria: f.Criteria, Fit: f})
	}
	c.weigh()
	if nested {
		return c, c.test()
	}
	return c, nil
}

// weigh fills in the weights, and names the best.
func (c *Comparison) weigh() {
	for _, w := range []struct {
		name string
		of   func(*Criteria) float64
		to   func(*Compared) *float64
	}{
		{"BIC", func(k *Criteria) float64 { return k.BIC }, func(m *Compared) *float64 { return &m.BICWeight }},
		{"AIC", func(k *Criteria) float64 { return k.AIC }, func(m *Compared) *float64 { return &m.AICWeight }},
		{"AICc", func(k *Criteria) float64 { return k.AICc }, func(m *Compared) *float64 { return &m.AICcWeight }},
	} {
		least, sum := math.Inf(1), 0.0
		for _, m := range c.Models {
			if v := w.of(m.Criteria); v < least {
				least, c.Best, c.By = v, m.Model, w.name
			}
		}
		for i := range c.Models {
			at := w.to(&c.Models[i])
			if *at = 1; w.of(c.Models[i].Criteria) != least { // which may be infinite
				*at = elementary.Exp((least - w.of(c.Models[i].Criteria)) / 2)
			}
			sum += *at
		}
		for i := range c.Models {
			*w.to(&c.Models[i]) /= sum
		}
	}
}

// Weight is the one by the criterion that names the best.
func (c *Comparison) Weight(m *Compared) float64 {
	if c.By == "AICc" {
		return m.AICcWeight
	}
	return m.AICWeight
}

// test compares each model with the one that has the next fewer parameters.
func (c *Comparison) test() error {
	slices.SortStableFunc(c.Models, func(a, b Compared) int { return b.DOF - a.DOF })
	for i := range c.Models[1:] {
		small, large := &c.Models[i], &c.Models[i+1]
		d := small.DOF - large.DOF
		if d == 0 {
			return fail("{nested}: %s and %s have as many parameters: neither is within the other", small.Model, large.Model)
		}
		if large.RSS > small.RSS*(1+1e-9) {
			c.Notes = append(c.Notes, fmt.Sprintf("%s is not within %s, or its least sum of squares was not found: that is the larger one", small.Model, large.Model))
			continue
		}
		f := (small.RSS - large.RSS) / float64(d) / (large.RSS / float64(large.DOF))
		if large.DOF < 1 {
			f = math.NaN()
		}
		large.F = &FTest{f, d, large.DOF, elementary.FisherTail(f, float64(d), float64(large.DOF))}
	}
	return nil
}
