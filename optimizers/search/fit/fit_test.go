package fit

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/optimizers/search"
)

func table(t *testing.T, columns ...data.Column) *data.Table {
	t.Helper()
	tb, err := data.NewTable("data", columns...)
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

func column(name string, values ...float64) data.Column {
	return data.Column{Name: name, Kind: data.Numeric, Values: data.ArrayOf(values, 1)}
}

func fitted(t *testing.T, text string, tb *data.Table, params []Parameter, w Weights, how How) *Fit {
	t.Helper()
	m, err := New(text, tb, params, w)
	if err != nil {
		t.Fatal(err)
	}
	return solved(t, m, how)
}

// solved fits a model, by default in up to 1000 steps, with intervals of 95 %.
func solved(t *testing.T, m *Model, how How) *Fit {
	t.Helper()
	if how.Steps == 0 {
		how.Steps, how.Level = 1000, 0.95
	}
	f, err := m.Fit(context.Background(), how)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Anscombe's first set: the line, its errors and its interval as R's lm and
// confint print them (Anscombe 1973, https://doi.org/10.1080/00031305.1973.10478966).
func TestAnscombe(t *testing.T) {
	tb := table(t, column("x", 10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5), column("y", 8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68))
	params := []Parameter{{Name: "a", Start: 3}, {Name: "b", Start: 1}}
	for name, how := range map[string]How{"marquardt": {}, "lbfgs": {Method: search.NewLBFGS(), Steps: 1000, Level: 0.95}} {
		f := fitted(t, "y ~ a + b*x", tb, params, Weights{}, how)
		a, b := f.Parameters["a"], f.Parameters["b"]
		for i, c := range [][2]float64{{a.Estimate, 3.0001}, {a.Stderr, 1.1247}, {b.Estimate, 0.5001}, {b.Stderr, 0.1179}, {f.RSD, 1.237}, {f.R2, 0.6665},
			{a.Lower, 0.4557369}, {a.Upper, 5.5444449}, {b.Lower, 0.2333701}, {b.Upper, 0.7668117}} {
			if !(math.Abs(c[0]-c[1]) <= 6e-5*math.Max(1, 10*c[1])) {
				t.Errorf("%s: number %d is %v, R prints %v", name, i, c[0], c[1])
			}
		}
		if !f.Converged || f.DOF != 9 || f.Rows != 11 || f.Dropped != 0 {
			t.Errorf("%s: %+v", name, f)
		}
		// The band of a line is narrowest at the mean of x, where its half width is
		// that of the mean of y.
		rows, err := f.Predict(table(t, column("x", 9, math.NaN(), 100)))
		if err != nil {
			t.Fatal(err)
		}
		half := f.quantile * f.RSD / math.Sqrt(11)
		if mean := 82.51 / 11; math.Abs(rows[0].Value-mean) > 1e-8 || math.Abs(rows[0].Upper-mean-half) > 1e-8 || !math.IsNaN(rows[1].Value) || rows[2].Upper-rows[2].Lower < 10*half {
			t.Errorf("%s: %+v, want %v ± %v", name, rows, mean, half)
		}
	}
}

// Rows of which a cell is missing, or that have no weight, do not count.
func TestRows(t *testing.T) {
	nan := math.NaN()
	tb := table(t, column("x", 1, 2, 3, nan, 5), column("y", 2, 4, 6, 8, 100), column("w", 1, 2, 1, 1, 0), column("spare", nan, nan, nan, nan, nan))
	f := fitted(t, "y ~ a*x", tb, []Parameter{{Name: "a", Start: 1}}, Weights{Weight: "w"}, How{})
	if f.Rows != 3 || f.Dropped != 2 || math.Abs(f.Parameters["a"].Estimate-2) > 1e-12 || !f.Exact {
		t.Errorf("%+v", f)
	}
	r, err := f.Fitted()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Response, []float64{2, 4, 6}) || !slices.Equal(r.Columns["x"], []float64{1, 2, 3}) || len(r.Columns) != 1 || math.Abs(r.Fitted[2]-6) > 1e-12 {
		t.Errorf("%+v", r)
	}
}

// Mistakes name settings in words; an interface may give them names of its own.
func TestErrors(t *testing.T) {
	tb := table(t, column("x", 1, 2), column("y", 2, 4))
	a := Parameter{Name: "a", Start: 1}
	for _, c := range []struct {
		text   string
		params []Parameter
		w      Weights
		want   string
	}{
		{"y ~ a*x", []Parameter{a, a}, Weights{}, "start: a is given twice"},
		{"y ~ a*x", []Parameter{a, {Name: "x"}}, Weights{}, "start: x is a column of data"},
		{"y ~ a*x", []Parameter{a, {Name: "c"}}, Weights{}, "start: c is not in the formula, which has a, x"},
		{"y ~ a*x", []Parameter{{Name: "a", Start: 1, Bound: search.Bound{Lo: 2, Hi: 3}}}, Weights{}, "bounds: the start a=1 is not within its bounds 2 to 3"},
		{"y ~ a*x+b", []Parameter{a}, Weights{}, "nor in start: add start b=1"},
		{"y ~ x", nil, Weights{}, "start is missing"},
		{"y ~ a*x", []Parameter{a}, Weights{Weight: "x", Sigma: "x"}, "weight and sigma say the same"},
		{"y ~ a*x", []Parameter{a}, Weights{Absolute: true}, "absolute-sigma needs sigma"},
		{"y = a*x", []Parameter{a}, Weights{}, "write response ~ formula"},
	} {
		_, err := New(c.text, tb, c.params, c.w)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "{}") || strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
		var e *Error
		if errors.As(err, &e) {
			if text := e.Text(func(setting string) string { return "<" + setting + ">" }); text == err.Error() || !strings.Contains(text, "<") {
				t.Errorf("%s: %s names no setting", c.text, text)
			}
		}
	}
	m, err := New("y ~ a*log(x-5)", tb, []Parameter{a}, Weights{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Fit(context.Background(), How{Steps: 9, Level: 0.95}); err == nil || !strings.Contains(err.Error(), "row 0: the model is not finite at start: it is NaN where x = 1") {
		t.Error(err)
	}
}

// What is orthogonal to all lines, with few elements.
func TestComplement(t *testing.T) {
	for _, lines := range [][][]float64{{{1, -1}}, {{1, 2, 3}}, {{1, 0, 1, 0}, {0, 1, 0, -2}}, {{0, 0, 1}}, {{1, 1, 0}, {0, 1, 1}}} {
		out := complement(lines)
		if len(out) != len(lines[0])-len(lines) {
			t.Errorf("%v: %v", lines, out)
		}
		for _, v := range out {
			for _, l := range lines {
				sum := 0.0
				for i := range v {
					sum += v[i] * l[i]
				}
				if math.Abs(sum) > 1e-12 {
					t.Errorf("%v is not orthogonal to %v", v, l)
				}
			}
		}
	}
}

// Combinations are written as formulas, whole where they nearly are.
func TestInvariants(t *testing.T) {
	b := &bundle{params: []int{0, 2}, names: []string{"a", "x", "b"}}
	for _, c := range []struct {
		line []float64
		logs int
		want string
	}{
		{[]float64{1, -1}, 0, "a + b"}, {[]float64{1, 1}, 0, "a - b"}, {[]float64{1, -1}, 3, "a*b"}, {[]float64{1, 1}, 3, "a/b"},
		{[]float64{1, -2.0000000001}, 3, "a^2*b"}, {[]float64{1, -1}, 1, "a*exp(b)"}, {[]float64{0, 1}, 0, "a"}, {[]float64{1, -0.25}, 0, "a + 4*b"},
	} {
		if got := b.invariants([][]float64{c.line}, c.logs); len(got) != 1 || got[0] != c.want {
			t.Errorf("along %v with logarithms %b: %q, want %q", c.line, c.logs, got, c.want)
		}
	}
}

// Vectors that share a parameter stay together, others do not.
func TestTogether(t *testing.T) {
	var got [][]int
	for _, b := range together([][]float64{{1, 1, 0, 0, 0}, {0, 0, 1, 0, 1}, {0, 1, 0, 1, 0}}) {
		got = append(got, b.params)
	}
	if len(got) != 2 || !slices.Equal(got[0], []int{0, 1, 3}) || !slices.Equal(got[1], []int{2, 4}) {
		t.Errorf("%v", got)
	}
}

// A step of Gauss and Newton for a line is the whole way, so only its end is
// stationary; a lower point is found from anywhere else.
func TestEndings(t *testing.T) {
	tb := table(t, column("x", 1, 2, 3), column("y", 2.1, 3.9, 6.2))
	m, err := New("y ~ a*x", tb, []Parameter{{Name: "a", Start: 1}}, Weights{})
	if err == nil {
		m.kept, err = m.keep()
	}
	if err != nil {
		t.Fatal(err)
	}
	best := (2.1 + 7.8 + 18.6) / 14
	for _, c := range []struct {
		a    float64
		want bool
	}{{best, true}, {best + 1e-9, true}, {best + 1e-3, false}, {0, false}} {
		s, err := m.system([]float64{c.a}, false)
		if err != nil {
			t.Fatal(err)
		}
		p, err := search.ResidualProblem(s.residual(), s.params, s.feeds...)
		if err != nil {
			t.Fatal(err)
		}
		m.limit(p)
		e := &ending{problem: p, residuals: p, result: &search.Result{X: []float64{c.a}, F: p.Func([]float64{c.a})}}
		if _, found := e.lower(); e.stationary() != c.want || found == c.want {
			t.Errorf("a = %v: stationary %t, lower %t", c.a, e.stationary(), found)
		}
	}
}
