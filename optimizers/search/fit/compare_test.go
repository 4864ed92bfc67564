package fit

import (
	"context"
	"math"
	"strings"
	"testing"

	"descent/data"
	"descent/losses"
)

func compared(t *testing.T, tb *data.Table, params []Parameter, nested bool, texts ...string) (*Comparison, error) {
	t.Helper()
	models, err := NewAll(texts, tb, params, Weights{})
	if err != nil {
		t.Fatal(err)
	}
	return Compare(context.Background(), models, How{Steps: 1000, Level: 0.95}, nested)
}

// Criteria and the F test of two logistic curves and Gompertz' as R 4.2.2 prints them by
// AIC, BIC and anova.
func TestCompareWithR(t *testing.T) {
	tb := table(t, dnase...)
	c, err := compared(t, tb, nil, false, "density ~ SSlogis(log(conc))", "density ~ SSfpl(log(conc))", "density ~ SSgompertz(log(conc))")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, want := range [][3]float64{{4, -76.4164242043, -73.3260693153}, {5, -74.6937921299, -70.8308485187}, {4, -65.6935471220, -62.6031922330}} {
		m := c.Models[i]
		if k := m.Criteria; float64(k.K) != want[0] || !near(k.AIC, want[1], 1e-9) || !near(k.BIC, want[2], 1e-9) {
			t.Errorf("%s: %+v, want %v", m.Model, k, want)
		}
		if !near(m.AICWeight/c.Models[0].AICWeight, math.Exp((c.Models[0].Criteria.AIC-m.Criteria.AIC)/2), 1e-9) {
			t.Errorf("%s: weight %v", m.Model, m.AICWeight)
		}
		sum += m.BICWeight
	}
	if math.Abs(sum-1) > 1e-12 || c.Best != "density ~ SSlogis(log(conc))" || c.Rows != 16 {
		t.Errorf("%+v", c)
	}
	if c, err = compared(t, tb, nil, true, "density ~ SSfpl(log(conc))", "density ~ SSlogis(log(conc))"); err != nil {
		t.Fatal(err)
	}
	if f := c.Models[1].F; f == nil || !near(f.F, 0.209839525207, 1e-6) || !near(f.P, 0.65507759649, 1e-6) || f.Numerator != 1 || f.Denominator != 12 {
		t.Errorf("%+v", f)
	}
}

// All models are fitted to the same rows; what cannot be compared is refused, or noted.
func TestComparisons(t *testing.T) {
	nan := math.NaN()
	tb := table(t, column("x", 1, 2, 3, 4, 5, 6), column("z", 1, nan, 9, 16, 25, 35), column("y", 2.1, 3.9, 6.2, 7.8, 10.1, 12.2))
	params := []Parameter{{Name: "a", Start: 1}, {Name: "b", Start: 1}}
	c, err := compared(t, tb, params, false, "y ~ a*x", "y ~ a*z+b")
	if err != nil || c.Rows != 5 || c.Dropped != 1 || c.Models[0].DOF != 4 {
		t.Errorf("%+v, %v", c, err)
	}
	few := table(t, column("x", 1, 2, 3, 4), column("y", 2.1, 3.9, 6.2, 7.8))
	if c, err := compared(t, few, params, false, "y ~ a*x^2+b", "y ~ a*x+b"); err != nil || c.By != "AIC" || c.Best != "y ~ a*x+b" || c.Weight(&c.Models[1]) < 0.5 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := compared(t, tb, params, true, "y ~ a*x", "y ~ b*z"); err == nil || !strings.Contains(err.Error(), "as many parameters") {
		t.Error(err)
	}
	if c, err := compared(t, tb, params, true, "y ~ a*x", "y ~ a*z+b"); err != nil || len(c.Notes) == 0 || !strings.Contains(c.Notes[0], "is not within") || c.Models[1].F != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := compared(t, tb, params, false, "y ~ a*x", "log(y) ~ b*z"); err == nil || !strings.Contains(err.Error(), "same one") {
		t.Error(err)
	}
	if _, err := compared(t, tb, params[:1], false, "y ~ a*x"); err == nil || !strings.Contains(err.Error(), "two formulas") {
		t.Error(err)
	}
	if _, err := NewAll([]string{"y ~ a*x", "y ~ a*z"}, tb, params, Weights{}); err == nil || !strings.Contains(err.Error(), "b is in none of the formulas") {
		t.Error(err)
	}
	loss, err := losses.ByName("mae")
	if err != nil {
		t.Fatal(err)
	}
	models, err := NewAll([]string{"y ~ a*x", "y ~ a*x+b"}, tb, params, Weights{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compare(context.Background(), models, How{Loss: loss.Loss, Steps: 9}, false); err == nil || !strings.Contains(err.Error(), "least squares") {
		t.Error(err)
	}
}
