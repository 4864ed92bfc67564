package fit

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/losses"
	"descent/optimizers/search"
)

// Puromycin's treated cells and the first run of DNase, of R's data sets (Bates, Watts
// 1988, A1.3; Davidian, Giltinan 1995, 5.2.4).
var (
	puromycin = []data.Column{column("conc", .02, .02, .06, .06, .11, .11, .22, .22, .56, .56, 1.1, 1.1), column("rate", 76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200)}
	dnase     = []data.Column{
		column("conc", .04882812, .04882812, .1953125, .1953125, .390625, .390625, .78125, .78125, 1.5625, 1.5625, 3.125, 3.125, 6.25, 6.25, 12.5, 12.5),
		column("density", .017, .018, .121, .124, .206, .215, .377, .374, .614, .609, 1.019, 1.001, 1.334, 1.364, 1.73, 1.71)}
)

// near tells whether numbers agree up to a relative error.
func near(a, b, tol float64) bool { return math.Abs(a-b) <= tol*math.Abs(b) }

// Profiles and criteria are what R 4.2.2 prints by confint, AIC, BIC and logLik; R
// interpolates profiles by splines.
func TestProfilesOfR(t *testing.T) {
	for _, c := range []struct {
		text             string
		columns          []data.Column
		params           []Parameter
		w                Weights
		aic, bic, loglik float64
		ends             map[string][2]float64
	}{
		{"rate ~ Vm*conc/(K+conc)", puromycin, []Parameter{{Name: "Vm", Start: 200}, {Name: "K", Start: 0.05}}, Weights{}, 95.2709686490, 96.7256885984, -44.6354843245,
			map[string][2]float64{"Vm": {197.3021276, 229.2900641}, "K": {0.0469251672, 0.0861599525}}},
		{"density ~ Asym/(1+exp((xmid-log(conc))/scal))", dnase, []Parameter{{Name: "Asym", Start: 2}, {Name: "xmid", Start: 1}, {Name: "scal", Start: 1}}, Weights{}, -76.4164242043, -73.3260693153, 42.2082121021,
			map[string][2]float64{"Asym": {2.193543747, 2.538803511}, "xmid": {1.321453963, 1.678751367}, "scal": {0.974307157, 1.114938577}}},
	} {
		f := fitted(t, c.text, table(t, c.columns...), c.params, c.w, How{Intervals: Profile{}, Steps: 1000, Level: 0.95})
		for name, ends := range c.ends {
			if p := f.Parameters[name]; !near(p.Lower, ends[0], 2e-4) || !near(p.Upper, ends[1], 2e-4) {
				t.Errorf("%s: %v to %v, R has %v", name, p.Lower, p.Upper, ends)
			}
		}
		if k := f.Criteria; !near(k.AIC, c.aic, 1e-9) || !near(k.BIC, c.bic, 1e-9) || !near(k.LogLikelihood, c.loglik, 1e-9) {
			t.Errorf("%s: %+v", c.text, k)
		}
	}
}

// At the ends of K's profile the sum of squares, least over Vm, which is a quotient
// of sums, has risen by t²s².
func TestProfileEnds(t *testing.T) {
	f := fitted(t, "rate ~ Vm*conc/(K+conc)", table(t, puromycin...), []Parameter{{Name: "Vm", Start: 200}, {Name: "K", Start: 0.05}}, Weights{}, How{Intervals: Profile{}, Steps: 1000, Level: 0.9})
	conc, rate := puromycin[0].Values.Numbers(), puromycin[1].Values.Numbers()
	least := func(k float64) float64 {
		var xy, xx, sum float64
		for i, c := range conc {
			x, y := c/(k+c), rate[i]
			xy, xx = xy+x*y, xx+x*x
		}
		for i, c := range conc {
			r := rate[i] - xy/xx*c/(k+c)
			sum += r * r
		}
		return sum
	}
	const quantile = 1.812461122811676 // of Student's distribution with 10 degrees of freedom, at 0.95
	for _, end := range []float64{f.Parameters["K"].Lower, f.Parameters["K"].Upper} {
		if rise := (least(end) - f.RSS) / (f.RSD * f.RSD); !near(math.Sqrt(rise), quantile, 1e-8) {
			t.Errorf("at %v: √%v, want %v", end, rise, quantile)
		}
	}
}

// The profile of a linear model is its Wald interval, also with weights.
func TestProfileOfALine(t *testing.T) {
	tb := table(t, column("x", 0, 1, 3, 4, 6), column("y", 1, 3.1, 6.8, 9.3, 12.9), column("s", .1, .2, .1, .4, .2))
	for _, w := range []Weights{{}, {Sigma: "s"}, {Sigma: "s", Absolute: true}} {
		how := How{Steps: 1000, Level: 0.95}
		wald := fitted(t, "y ~ a*x+b", tb, []Parameter{{Name: "a", Start: 1}, {Name: "b"}}, w, how)
		how.Intervals = Profile{}
		profile := fitted(t, "y ~ a*x+b", tb, []Parameter{{Name: "a", Start: 1}, {Name: "b"}}, w, how)
		for name, p := range profile.Parameters {
			if q := wald.Parameters[name]; !near(p.Lower, q.Lower, 1e-8) || !near(p.Upper, q.Upper, 1e-8) {
				t.Errorf("%+v %s: %+v, want %+v", w, name, p, q)
			}
		}
	}
}

// Ends that are not there: the data do not limit the asymptote, or a bound does.
func TestProfilesWithoutEnd(t *testing.T) {
	tb := table(t, column("x", 1, 2, 3, 4, 5, 6), column("y", 1.1, 1.95, 3.1, 3.85, 5.1, 5.7))
	params := []Parameter{{Name: "a", Start: 20, Bound: search.Bound{Lo: 0, Hi: math.Inf(1)}}, {Name: "b", Start: 0.05}}
	f := fitted(t, "y ~ a*(1-exp(-b*x))", tb, params, Weights{}, How{Intervals: Profile{}, Steps: 1000, Level: 0.95})
	if !math.IsInf(f.Parameters["a"].Upper, 1) || !strings.Contains(strings.Join(f.Notes, "\n"), "a: the profile does not rise enough up to") {
		t.Errorf("%+v", f)
	}
	params[0].Bound.Hi = 100
	f = fitted(t, "y ~ a*(1-exp(-b*x))", tb, params, Weights{}, How{Intervals: Profile{}, Steps: 1000, Level: 0.95})
	if f.Parameters["a"].Upper != 100 || !strings.Contains(strings.Join(f.Notes, "\n"), "up to its bound 100") {
		t.Errorf("%+v", f)
	}
	exact := table(t, column("x", 1, 2, 3), column("y", 2, 4, 6))
	if f := fitted(t, "y ~ a*x", exact, params[:1], Weights{}, How{Intervals: Profile{}, Steps: 1000, Level: 0.95}); !strings.Contains(strings.Join(f.Notes, "\n"), "no profiles") {
		t.Errorf("%q", f.Notes)
	}
}

// Replicates of a line by closed form, of the same draws; the percentiles are those of
// any number of workers.
func TestBootstrapOfALine(t *testing.T) {
	x, y, s := []float64{0, 1, 3, 4, 6, 7}, []float64{1, 3.1, 6.8, 9.3, 12.9, 15}, []float64{.1, .2, .1, .4, .2, .3}
	n := len(x)
	line := func(x, y, s []float64) (a, b float64) {
		var w, wx, wy, wxx, wxy float64
		for i := range x {
			k := 1 / (s[i] * s[i])
			w, wx, wy, wxx, wxy = w+k, wx+k*x[i], wy+k*y[i], wxx+k*x[i]*x[i], wxy+k*x[i]*y[i]
		}
		a = (w*wxy - wx*wy) / (w*wxx - wx*wx)
		return a, (wy - a*wx) / w
	}
	a0, b0 := line(x, y, s)
	noise, mean := make([]float64, n), 0.0
	for i := range x {
		noise[i] = (y[i] - a0*x[i] - b0) / s[i]
		mean += noise[i] / float64(n)
	}
	tb := table(t, column("x", x...), column("y", y...), column("s", s...))
	for _, what := range []string{Residuals, TableRows} {
		var slopes []float64
		const replicates = 200
		for k := range replicates {
			rng := rand.New(rand.NewPCG(7, uint64(k)))
			var dx, dy, ds []float64
			for i := range n {
				j := rng.IntN(n)
				if what == TableRows {
					dx, dy, ds = append(dx, x[j]), append(dy, y[j]), append(ds, s[j])
				} else {
					dx, ds = append(dx, x[i]), append(ds, s[i])
					dy = append(dy, a0*x[i]+b0+(noise[j]-mean)*math.Sqrt(float64(n)/float64(n-2))*s[i])
				}
			}
			if a, _ := line(dx, dy, ds); !math.IsNaN(a) && slices.Max(dx) > slices.Min(dx) {
				slopes = append(slopes, a)
			}
		}
		var fits []*Fit
		for _, workers := range []int{1, 3} {
			how := How{Intervals: Bootstrap{replicates, what, 7}, Workers: workers, Steps: 1000, Level: 0.8}
			fits = append(fits, fitted(t, "y ~ a*x+b", tb, []Parameter{{Name: "a", Start: 1}, {Name: "b"}}, Weights{Sigma: "s"}, how))
		}
		if !reflect.DeepEqual(fits[0].Parameters, fits[1].Parameters) {
			t.Errorf("%s: %v by one worker, %v by three", what, fits[0].Parameters, fits[1].Parameters)
		}
		got := fits[0].samples
		for k := range min(len(got), len(slopes)) {
			if !near(got[k][0], slopes[k], 1e-9) {
				t.Fatalf("%s: replicate %d has slope %v, want %v", what, k, got[k][0], slopes[k])
			}
		}
		slices.Sort(slopes)
		if p := fits[0].Parameters["a"]; len(got) != len(slopes) || p.Lower < slopes[15] || p.Lower > slopes[25] || p.Upper < slopes[len(slopes)-25] {
			t.Errorf("%s: %+v of %d, want %d", what, p, len(got), len(slopes))
		}
		row := table(t, column("x", 2, 5), column("y", 0, 0), column("s", 1, 1))
		if p, err := fits[0].Predict(row); err != nil || !(p[0].Lower < p[0].Value && p[0].Value < p[0].Upper) {
			t.Errorf("%s: %+v, %v", what, p, err)
		}
	}
}

// The least absolute error of a constant is a median, and so is that of each replicate.
func TestBootstrapOfAMedian(t *testing.T) {
	y := []float64{3, 1, 4, 1.5, 9, 2.6, 5}
	loss, err := losses.ByName("mae")
	if err != nil {
		t.Fatal(err)
	}
	how := How{Loss: loss.Loss, Intervals: Bootstrap{30, TableRows, 1}, Steps: 1000, Level: 0.9}
	f := fitted(t, "y ~ a+0*x", table(t, column("x", 1, 2, 3, 4, 5, 6, 7), column("y", y...)), []Parameter{{Name: "a", Start: 2}}, Weights{}, how)
	for k, x := range f.samples {
		rng := rand.New(rand.NewPCG(1, uint64(k)))
		var drawn []float64
		for range y {
			drawn = append(drawn, y[rng.IntN(len(y))])
		}
		if slices.Sort(drawn); math.Abs(x[0]-drawn[3]) > 1e-4 {
			t.Errorf("replicate %d: %v, the median is %v", k, x[0], drawn[3])
		}
	}
	if len(f.samples) != 30 || !(f.Parameters["a"].Stderr > 0) {
		t.Errorf("%+v", f)
	}
}

// Every way to make intervals has a row, and mistakes in their text say what to write.
func TestIntervalTexts(t *testing.T) {
	for _, e := range IntervalTable {
		way, err := ParseIntervals(e.Name, 3)
		if err != nil || reflect.TypeOf(way) != reflect.TypeOf(e.Structs()[0]) || e.Doc == "" || e.Source == "" {
			t.Errorf("%s: %v, %v", e.Name, way, err)
		}
	}
	if way, err := ParseIntervals("bootstrap(200, resample=rows)", 9); err != nil || way != (Bootstrap{200, TableRows, 9}) {
		t.Errorf("%v, %v", way, err)
	}
	for text, want := range map[string]string{"profil": `did you mean "profile"`, "bootstrap(2)": "[10,1000000]", "bootstrap(resample=columns)": "residuals", "wald(1)": "has no settings", "": "missing"} {
		if _, err := ParseIntervals(text, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	loss, err := losses.ByName("mae")
	if err != nil {
		t.Fatal(err)
	}
	m, err := New("y ~ a*x", table(t, column("x", 1, 2), column("y", 2, 4)), []Parameter{{Name: "a", Start: 1}}, Weights{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Fit(context.Background(), How{Loss: loss.Loss, Intervals: Profile{}, Steps: 10, Level: 0.9}); err == nil || !strings.Contains(err.Error(), "bootstrap") {
		t.Error(err)
	}
}
