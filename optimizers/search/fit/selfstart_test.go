package fit

import (
	"bufio"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/data"
	"descent/internal/elementary"
	"descent/optimizers/search"
)

// numbersOf reads numbers that spaces divide.
func numbersOf(t *testing.T, text string) (out []float64) {
	t.Helper()
	for _, word := range strings.Fields(text) {
		x, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// Without a start, R's self-starting models come to R's estimates on its data sets. R
// stops at 1e-5 of the residuals.
func TestSelfStartsOfR(t *testing.T) {
	file, err := os.Open("testdata/self_start.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	count := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		count++
		cells := strings.Split(lines.Text(), " | ")
		var columns []data.Column
		for _, c := range strings.Split(cells[6], "; ") {
			name, values, _ := strings.Cut(c, "=")
			columns = append(columns, column(name, numbersOf(t, values)...))
		}
		f := fitted(t, cells[1], table(t, columns...), nil, Weights{}, How{})
		estimates, errors, rss := numbersOf(t, cells[3]), numbersOf(t, cells[4]), numbersOf(t, cells[5])[0]
		for i, name := range strings.Fields(cells[2]) {
			if p := f.Parameters[name]; !near(p.Estimate, estimates[i], 3e-5) || !near(p.Stderr, errors[i], 1e-4) {
				t.Errorf("%s, %s: %s is %v ± %v, R has %v ± %v", cells[0], cells[1], name, p.Estimate, p.Stderr, estimates[i], errors[i])
			}
		}
		if !near(f.RSS, rss, 1e-8) || !f.Converged {
			t.Errorf("%s, %s: %v, R has %v: %s", cells[0], cells[1], f.RSS, rss, f.Stopped)
		}
	}
	if count < 30 {
		t.Errorf("%d fits", count)
	}
}

// truths are parameters of each shape, and the range of x that shows them.
var truths = map[string]struct {
	at     []float64
	lo, hi float64
}{
	"exponential": {[]float64{5, 0.7}, 0, 6}, "decay": {[]float64{2, -3, 0.01}, 0, 400}, "asymptotic": {[]float64{100, -8, -3.2}, 1, 40}, "asymptotic_origin": {[]float64{30, -6}, 0, 1500},
	"asymptotic_offset": {[]float64{40, -4.4, 50}, 60, 1000}, "biexponential": {[]float64{3, 0.6, 1, -1.3}, 0.1, 8}, "first_order": {[]float64{-2.5, 0.4, -3}, 0.2, 24},
	"stretched": {[]float64{7, 0.02, 0.6}, 1, 300}, "michaelis_menten": {[]float64{200, 0.06}, 0.02, 1.1}, "haldane": {[]float64{9, 2, 30}, 0.1, 100}, "hill": {[]float64{50, 3, 2.2}, 0.1, 40},
	"hill4": {[]float64{4, 90, 1e-6, 1.4}, 1e-8, 1e-4}, "logistic": {[]float64{250, 700, 150}, 100, 1600}, "logistic4": {[]float64{90, 10, 3, 0.4}, -2, 8}, "logistic5": {[]float64{5, 60, 2, 0.8, 0.5}, -4, 9},
	"gompertz": {[]float64{5, 4, 0.6}, 0, 12}, "weibull": {[]float64{160, 110, -6, 2.6}, 2, 21}, "gaussian": {[]float64{4, 30, 2}, 20, 40}, "gaussian_base": {[]float64{10, -4, 0.3, 0.05}, 0, 1},
	"lorentzian": {[]float64{1, 20, 500, 12}, 400, 600}, "power": {[]float64{3, -0.7}, 0.5, 50}, "power_offset": {[]float64{10, 2, 1.6}, 0, 9}, "arrhenius": {[]float64{1e9, 60000}, 280, 380},
	"langmuir": {[]float64{8, 0.05}, 1, 200}, "freundlich": {[]float64{4, 2.5}, 1, 90}, "hyperbola": {[]float64{6, 0.3}, 0, 20}, "ricker": {[]float64{3, 0.01}, 5, 400}, "beverton_holt": {[]float64{4, 0.02}, 2, 300},
	"antoine": {[]float64{8, 1700, 230}, 10, 100}, "sine": {[]float64{3, 2, -1, 7.3}, 0, 50}, "line": {[]float64{1, -2}, 0, 9}, "parabola": {[]float64{1, -2, 0.5}, -3, 9},
}

// Each shape finds its start: a fit of data with noise is no worse than from the truth.
// Its derivatives there agree with differences.
func TestShapes(t *testing.T) {
	for i, s := range Shapes {
		truth, ok := truths[s.Name]
		if !ok || len(truth.at) != len(s.Params) || s.Doc == "" || s.Source == "" {
			t.Errorf("%s: no truth, doc or source", s.Name)
			continue
		}
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		const rows = 25
		x, y, dose := make([]float64, rows), make([]float64, rows), slices.Repeat([]float64{4}, rows)
		for k := range x {
			if x[k] = truth.lo + (truth.hi-truth.lo)*float64(k)/(rows-1); truth.hi/truth.lo > 1000 && truth.lo > 0 {
				x[k] = truth.lo * math.Pow(truth.hi/truth.lo, float64(k)/(rows-1))
			}
		}
		var params []Parameter
		for k, p := range s.Params {
			params = append(params, Parameter{Name: p.Name, Start: truth.at[k]})
		}
		call := strings.NewReplacer("x", "x1").Replace(strings.ReplaceAll(s.Usage(), s.Name, ""))
		text := "y ~ " + s.Name + call
		made, err := New(text, table(t, column("x1", x...), column("y", y...), column("dose", dose...)), params, Weights{})
		if err != nil {
			t.Fatal(err)
		}
		y = differentiated(t, made, truth.at)
		size := 0.0
		for _, v := range y {
			size = max(size, math.Abs(v))
		}
		for k := range y {
			y[k] += 0.01 * size * elementary.Normal(rng)
		}
		tb := table(t, column("x1", x...), column("y", y...), column("dose", dose...))
		f, best := fitted(t, text, tb, nil, Weights{}, How{}), fitted(t, text, tb, params, Weights{}, How{})
		if !f.Converged || f.RSS > best.RSS*(1+1e-6) {
			t.Errorf("%s: %v, from the truth %v: %s, %v", s.Name, f.RSS, best.RSS, f.Stopped, f.Parameters)
		}
	}
}

// differentiated returns a model's values and holds its derivatives against differences.
func differentiated(t *testing.T, m *Model, at []float64) []float64 {
	t.Helper()
	var err error
	if m.kept, err = m.keep(); err != nil {
		t.Fatal(err)
	}
	s, err := m.system(at, false)
	if err != nil {
		t.Fatal(err)
	}
	values, jac, err := s.linearise(at)
	if err != nil {
		t.Fatal(err)
	}
	for k := range at {
		h := 1e-5 * math.Abs(at[k])
		moved := func(step float64) []float64 {
			x := slices.Clone(at)
			x[k] += step
			v, _, err := s.linearise(x)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		low, high := moved(-h), moved(h)
		for i := range values {
			if d := jac[i*len(at)+k]; math.Abs(d-(high[i]-low[i])/(2*h)) > 1e-6*(math.Abs(d)+math.Abs(values[i]/at[k])) {
				t.Errorf("%s: row %d has derivative %v by %s, by differences %v", m.Text, i, d, m.Params[k].Name, (high[i]-low[i])/(2*h))
			}
		}
	}
	return values
}

// A shape takes what is given, names of the caller's, and weights; mistakes say what to
// write.
func TestCallsOfShapes(t *testing.T) {
	tb := table(t, append([]data.Column{column("w", 1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1)}, puromycin...)...)
	f := fitted(t, "rate ~ SSmicmen(conc, top, half)", tb, []Parameter{{Name: "half", Start: 0.05}, {Name: "top", Start: math.NaN(), Bound: search.Bound{Lo: 0, Hi: 200}}}, Weights{Weight: "w"}, How{})
	if p := f.Parameters["top"]; !f.Converged || p.Estimate != 200 || slices.Compare(f.Names(), []string{"top", "half"}) != 0 {
		t.Errorf("%+v", f)
	}
	for text, want := range map[string]string{
		"rate ~ micaelis_menten(conc)":            `did you mean the shape "michaelis_menten"`,
		"rate ~ michaelis_menten(conc, a)":        "write michaelis_menten(x), or with other names of its parameters after that: Vm, K",
		"rate ~ michaelis_menten(conc, a, 2)":     `"2" is no name for the parameter K`,
		"rate ~ michaelis_menten(conc, rate, K)":  "rate is a column of data; give the parameters of michaelis_menten names",
		"rate ~ michaelis_menten(log(conc-0.06))": "is not finite in some row",
		"rate ~ michaelis_menten(conc))":          "column",
		"rate ~ first_order(conc)":                "write first_order(dose, x)",
		"rate ~ michaelis_menten(nosuch)":         "nosuch is neither a column",
	} {
		if _, err := New(text, tb, nil, Weights{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
