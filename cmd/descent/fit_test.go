package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fitResult is what fit --json prints, as its readers see it.
type fitResult struct {
	Parameters map[string]struct {
		Estimate             float64
		Stderr, Lower, Upper any // a number or "nan"
	}
	Converged, Exact   bool
	RSS, R2            any
	DOF, Rows, Dropped int
	Undetermined       []struct {
		Parameters, Determined []string
		Local                  bool
	}
	Notes []string
}

func fitJSON(t *testing.T, args ...string) (fitResult, int) {
	t.Helper()
	status, out, errs := descent(append([]string{"fit", "--json"}, args...)...)
	var f fitResult
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		t.Fatalf("%q: status %d, %v: %s%s", args, status, err, out, errs)
	}
	return f, status
}

func close(got any, want, tol float64) bool {
	x, ok := got.(float64)
	return ok && math.Abs(x-want) <= tol*math.Abs(want)
}

// Weighted lines, by the closed form in exact fractions, and falls from a
// height, by that of a line through 0: 1/√a is its slope.
func TestFitWeights(t *testing.T) {
	line := file(t, "line.csv", "x,y,s,w\n0,1,.1,1\n1,3.1,.2,2\n3,6.8,.1,0.5\n4,9.3,.4,4\n6,12.9,.2,1\n7,90,.1,0\n8,,.1,1\n9,1,,\n")
	falls := file(t, "falls.csv", "t,h,s\n1.4,10,0.08944271909999159\n2.1,20,0.11547005383792516\n2.6,30,0.07071067811865475\n3,40,0.051639777949432225\n3.3,50,0.03651483716701107\n")
	for name, c := range map[string]struct {
		args          []string
		a, b, ea, eb  float64
		rss, r2       float64
		rows, dropped int
	}{
		"weight":         {[]string{"y ~ a*x+b", line, "--start", "a=1,b=0", "--weight", "w"}, 2.0166666666666666, 1.0911764705882352, 0.05079970493798652, 0.17981525398889156, 0.23225490196078433, 0.9981000181256185, 5, 3},
		"sigma":          {[]string{"y ~ a*x+b", file(t, "five.csv", "x,y,s\n0,1,.1\n1,3.1,.2\n3,6.8,.1\n4,9.3,.4\n6,12.9,.2\n"), "--start", "a=1,b=0", "--sigma", "s"}, 1.9687861271676301, 0.9901734104046243, 0.03166339022480243, 0.08678423572744398, 2.8554913294797686, 0.9992246422430632, 5, 0},
		"absolute":       {[]string{"y ~ a*x+b", file(t, "five.csv", "x,y,s\n0,1,.1\n1,3.1,.2\n3,6.8,.1\n4,9.3,.4\n6,12.9,.2\n"), "--start", "a=1,b=0", "--sigma", "s", "--absolute-sigma"}, 1.9687861271676301, 0.9901734104046243, 0.03245470139907343, 0.08895309177836369, 2.8554913294797686, 0.9992246422430632, 5, 0},
		"falls":          {[]string{"t ~ sqrt(2*h/a)", falls, "--start", "a=9", "--sigma", "s"}, 9.095253237548645, 0, 0.10176244951404054, 0, 1.6860358572889118, 0.99641581504462, 5, 0},
		"absolute falls": {[]string{"t ~ sqrt(2*h/a)", falls, "--start", "a=9", "--sigma", "s", "--absolute-sigma"}, 9.095253237548645, 0, 0.1567415527068408, 0, 1.6860358572889118, 0.99641581504462, 5, 0},
	} {
		const tol = 1e-11
		f, status := fitJSON(t, c.args...)
		a, b := f.Parameters["a"], f.Parameters["b"]
		if status != 0 || !f.Converged || !close(a.Estimate, c.a, tol) || !close(a.Stderr, c.ea, 10*tol) || c.b != 0 && (!close(b.Estimate, c.b, tol) || !close(b.Stderr, c.eb, 10*tol)) {
			t.Errorf("%s: status %d, a %v, b %v", name, status, a, b)
		}
		if !close(f.RSS, c.rss, 10*tol) || !close(f.R2, c.r2, tol) || f.Rows != c.rows || f.Dropped != c.dropped {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// What the data do not determine is named, with the combination that they do,
// and costs the others nothing. The sums of squares are scipy's.
func TestFitUndetermined(t *testing.T) {
	dir := filepath.Join("testdata", "fit")
	product, twice := filepath.Join(dir, "product.csv"), file(t, "twice.csv", "x,z,y\n1,2,3.1\n2,4,4.9\n3,6,7.2\n4,8,8.9\n5,10,11.1\n")
	for _, c := range []struct {
		formula, path, start string
		rss                  float64
		parameters, combined string // of the group, joined by commas
		determined           string // a parameter that has a standard error
	}{
		{"y ~ a*b*x", product, "a=1,b=1", 6.202209084, "a,b", "a*b", ""},
		{"y ~ a*b*c*x", product, "a=1,b=1,c=2", 6.202209084, "a,b,c", "a*b*c", ""},
		{"y ~ a/b*x+c", product, "a=1,b=1,c=2", 5.140384762, "a,b", "a/b", "c"},
		{"y ~ (a+b)*x+c", product, "a=1,b=1,c=2", 5.140384762, "a,b", "a + b", "c"},
		{"y ~ a^2*b*x+c", product, "a=1,b=1,c=2", 5.140384762, "a,b", "a^2*b", "c"},
		{"y ~ a*x+b+0*q", product, "a=1,b=1,q=2", 5.140384762, "q", "", "a"},
		{"y ~ a*x+b*z+c", twice, "a=1,b=1,c=1", 0.072, "a,b", "a + 2*b", "c"},
		{"y ~ a*exp(b-c*x)+d", filepath.Join(dir, "exponential.csv"), "a=1,b=1,c=1e-3,d=1", 67.33275066, "a,b", "a*exp(b)", "c"},
		{"y ~ a+b*r^(x-m)+c*x", filepath.Join(dir, "decay_and_line.csv"), "a=-3,b=5,c=0.5,r=0.7,m=1", 0.1032612149, "b,m", "b*exp(0.528928*m)", "r"},
	} {
		f, status := fitJSON(t, c.formula, c.path, "--start", c.start)
		if status != 0 || !f.Converged || !close(f.RSS, c.rss, 1e-8) || len(f.Undetermined) != 1 {
			t.Errorf("%s: status %d, %+v", c.formula, status, f)
			continue
		}
		u := f.Undetermined[0]
		if strings.Join(u.Parameters, ",") != c.parameters || strings.Join(u.Determined, ",") != c.combined || u.Local {
			t.Errorf("%s: %+v, want %s of %s", c.formula, u, c.combined, c.parameters)
		}
		for _, n := range u.Parameters {
			if f.Parameters[n].Stderr != "nan" {
				t.Errorf("%s: the error of %s is %v", c.formula, n, f.Parameters[n].Stderr)
			}
		}
		if x, ok := f.Parameters[c.determined].Stderr.(float64); c.determined != "" && !(ok && x > 0) {
			t.Errorf("%s: the error of %s is %v", c.formula, c.determined, f.Parameters[c.determined].Stderr)
		}
	}
	// A dead parameter changes no error and no degree of freedom: R's lm.
	steel := file(t, "steel.csv", "x,y\n603000,0.4\n679000,0.45\n754000,0.5\n830000,0.55\n905000,0.6\n981000,0.65\n")
	f, _ := fitJSON(t, "y ~ a*x+b+0*q", steel, "--start", "a=1,b=1,q=2")
	if !close(f.Parameters["a"].Stderr, 6.13182e-10, 1e-5) || !close(f.Parameters["b"].Stderr, 4.92041e-4, 1e-5) || f.DOF != 4 {
		t.Errorf("%+v", f)
	}
}

// fit says what it found: the exit status is 1 if that is not a minimum.
func TestFitVerdict(t *testing.T) {
	line := file(t, "line.csv", "x,y,one\n1,2,1\n2,4,1\n3,6,1\n4,8,1\n")
	noisy := file(t, "noisy.csv", "x,y\n0,1\n1,3.1\n2,4.8\n3,7.2\n4,9\n5,10.8\n6,13.1\n")
	hill := file(t, "hill.csv", "x,y\n0,10.06441\n0,10.07247\n0.01,9.77051\n0.03,9.47582\n0.1,8.90057\n0.3,8.04326\n1,6.51277\n3,4.97635\n10,3.68591\n30,2.88177\n100,2.42909\n")
	for _, c := range []struct {
		args      []string
		converged bool
		note      string // "" for none
	}{
		{[]string{"y ~ a*x", line, "--start", "a=1"}, true, "fitted exactly, but for rounding"},
		{[]string{"one ~ a*x+b", line, "--start", "a=1,b=3"}, true, "the same in each row: R2 has no meaning"},
		{[]string{"y ~ a", noisy, "--start", "a=1"}, true, "no better than a constant: R2 is 0"},
		{[]string{"y ~ a*x^2", noisy, "--start", "a=-1.5", "--bounds", "a=-2:-1"}, true, "no better than a constant: R2 is -"},
		{[]string{"y ~ a*exp(b*x)", noisy, "--start", "a=1,b=0.1", "--steps", "1"}, false, "not converged (the limit of iterations)"},
		{[]string{"y ~ a*exp(b*x)", noisy, "--start", "a=1,b=0.1", "-o", "adam", "--steps", "20"}, false, "not converged (the limit of iterations)"},
		{[]string{"y ~ a*x+b", noisy, "--start", "a=1,b=0", "--loss", "mae"}, true, "standard errors are those of least squares"},
		{[]string{"y ~ a*x+b", noisy, "--start", "a=1,b=0", "--loss", "huber(delta=0.1)"}, true, "standard errors are those of least squares"},
		{[]string{"y ~ a*x+b", noisy, "--start", "a=1,b=0", "--loss", "mae", "--steps", "2"}, false, "not converged (the limit of iterations)"},
		{[]string{"y ~ a*x+b", noisy, "--start", "a=1,b=0", "-o", "lbfgs"}, true, ""},
		// The search would stay at the start: the derivatives by a and b are 1e-16 there.
		{[]string{"y ~ a*exp(-b*x)+c", filepath.Join("testdata", "fit", "growth.csv"), "--start", "a=1,b=1,c=1", "-o", "lbfgs"}, false, "but lower values are near"},
		// By the chain rule the derivative by k at x = 0 is 0·∞.
		{[]string{"y ~ a+(b-a)/(1+(x/k)^n)", hill, "--start", "a=1,b=9,k=1,n=0.8"}, true, ""},
	} {
		f, status := fitJSON(t, c.args...)
		want := exitFailure
		if c.converged {
			want = 0
		}
		notes := strings.Join(f.Notes, "; ")
		if f.Converged != c.converged || status != want || !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%q: converged %v, status %d, notes %q", c.args, f.Converged, status, notes)
		}
	}
	f, _ := fitJSON(t, "y ~ a+(b-a)/(1+(x/k)^n)", hill, "--start", "a=1,b=9,k=1,n=0.8")
	for n, want := range map[string][2]float64{"a": {2.0115224494, 0.0482767009}, "b": {10.0479296637, 0.0213185275}, "k": {1.4126009101, 0.0388014255}, "n": {0.6868519327, 0.0107226628}} { // scipy
		if p := f.Parameters[n]; !close(p.Estimate, want[0], 1e-8) || !close(p.Stderr, want[1], 1e-7) {
			t.Errorf("%s: %v, want %v", n, p, want)
		}
	}
}

// Names of columns that are no words, or those of constants; what is wrong with
// rows names them.
func TestFitColumns(t *testing.T) {
	homes := file(t, "homes.csv", "living area,price ~,e\n1,3.1,1\n2,5.2,2\n3,6.9,3\n4,9.1,4\n")
	f, status := fitJSON(t, "`price ~` ~ a*`living area`+b", homes, "--start", "a=1,b=0")
	if status != 0 || !close(f.Parameters["a"].Estimate, 1.97, 1e-12) {
		t.Errorf("status %d, %+v", status, f)
	}
	if f, _ = fitJSON(t, "`price ~` ~ a*e+b", homes, "--start", "a=1,b=0"); !close(f.Parameters["a"].Estimate, 1.97, 1e-12) {
		t.Errorf("the column e: %+v", f)
	}
	status, out, errs := descent("fit", "`price ~` ~ a*`living area`+b", homes, "--start", "a=1,b=0", "--predict", "`living area`=[10, 20]")
	if status != 0 || !strings.Contains(out, "row 2: 40.55") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	rows := file(t, "rows.csv", "x,y,w,s\n\n1,2,1,1\n-1,0,1,1\n2,5,-1,0\n")
	for _, c := range []struct {
		args   []string
		want   string
		status int
	}{
		{[]string{"y ~ a*log(x)", rows, "--start", "a=1"}, "rows.csv:4: the model is not finite at --start: it is NaN where x = -1", 1},
		{[]string{"log(y) ~ a*x", rows, "--start", "a=1"}, "rows.csv:4: the response log(y) is -Inf where y = 0", 1},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--weight", "w"}, "rows.csv:5: the weight w is -1", 1},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--sigma", "s"}, "rows.csv:5: the standard deviation s is 0", 1},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--sigma", "q"}, `no column "q"`, 2},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--absolute-sigma"}, "needs --sigma", 2},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--weight", "w", "--sigma", "s"}, "give one of them", 2},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--weight", "w", "--loss", "mae"}, "weights are those of least squares", 2},
		{[]string{"`price ~` ~ a*living area+b", homes, "--start", "a=1,b=1"}, `an operator is missing before "area"; a product is living*area; the column "living area" is written ` + "`living area`", 2},
		{[]string{"y ~ a*x", rows, "--start", "a=1", "--bounds", "a=2:3"}, "--bounds: the start a=1 is not within its bounds 2 to 3", 2},
		{[]string{"1 ~ a*x", rows, "--start", "a=1"}, "has no column", 2},
		{[]string{"y ~ a*x", file(t, "gaps.csv", "x,y\n1,\n,2\n"), "--start", "a=1"}, "no row has a value of each of y, x", 1},
		{[]string{"y ~ a*x", file(t, "commas.csv", "x;y\n1;two\n2;four\n"), "--start", "a=1", "--comma", ";"}, "such as \"four\"; a fit needs numbers", 1},
		{[]string{"y ~ a*d", file(t, "dates.csv", "d,y\n2024-01-02,1\n2024-02-03,2\n"), "--start", "a=1"}, "column d has dates; a fit needs numbers", 1},
		{[]string{"y ~ a*x", os.DevNull, "--start", "a=1"}, "the file is empty", 1},
	} {
		status, out, errs := descent(append([]string{"fit"}, c.args...)...)
		if status != c.status || !strings.Contains(errs, c.want) || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: status %d, %s%s; want %d, %s", c.args, status, out, errs, c.status, c.want)
		}
	}
}

// The least squares of a model with a kink may have a row at the kink: there the
// slopes of two sides meet, and no gradient is 0. The minima are those of a fine
// search over the place of the kink, the rest solved for.
func TestFitAtKink(t *testing.T) {
	table := file(t, "kink.csv", "x,y\n0,5.1\n1,2.2\n2,3.9\n3,0.4\n4,1.5\n5,0.2\n6,1.1\n7,4.4\n8,3.1\n9,6.8\n")
	for formula, c := range map[string]struct {
		start string
		rss   float64
	}{
		"y ~ a*abs(x-b)+c":           {"a=1,b=4,c=0", 12.654},
		"y ~ max(a, b+c*x)":          {"a=1,b=-4,c=1", 24.3025}, // at x = 6
		"y ~ 100*a+1e-3*c*relu(x-b)": {"a=1,b=5,c=1", 24.3025},
		"y ~ where(x<b, a, c)":       {"a=4,b=2.5,c=1", 25.4},
	} {
		f, status := fitJSON(t, formula, table, "--start", c.start)
		if status != 0 || !f.Converged || !close(f.RSS, c.rss, 1e-8) {
			t.Errorf("%s: status %d, %+v", formula, status, f)
		}
	}
}

// Intervals, criteria and what is said of them are printed.
func TestFitIntervals(t *testing.T) {
	rates := file(t, "rates.csv", "conc,rate\n.02,76\n.02,47\n.06,97\n.06,107\n.11,123\n.11,139\n.22,159\n.22,152\n.56,191\n.56,201\n1.1,207\n1.1,200\n")
	call := func(args ...string) []string {
		return append([]string{"fit", "rate ~ Vm*conc/(K+conc)", rates, "--start", "Vm=200,K=0.05"}, args...)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   []string
	}{
		{nil, 0, []string{"AIC, AICc, BIC               95.27097, 98.27097, 96.72569 (log-likelihood -44.63548 of 3 parameters)"}},
		{[]string{"--intervals", "profile"}, 0, []string{"95% confidence interval, profile", "197.302 to 229.289", "0.0469203 to 0.0861569"}},
		{[]string{"--intervals", "bootstrap(100)", "--workers", "2"}, 0, []string{"95% confidence interval, bootstrap(replicates=100)", "percentiles of 100 fits to residuals drawn anew"}},
		{[]string{"--intervals", "bootstrap(50, resample=rows)", "--loss", "huber", "--predict", "conc=1"}, 0, []string{"fits to rows drawn anew", "row 1: "}},
		{[]string{"--intervals", "profile", "--loss", "huber"}, 2, []string{"with --loss there is --intervals bootstrap"}},
		{[]string{"--intervals", "jackknife"}, 2, []string{"there are wald, profile, bootstrap"}},
		{[]string{"--workers", "-1"}, 2, []string{"--workers not negative"}},
	} {
		status, out, errs := descent(call(c.args...)...)
		if status != c.status {
			t.Errorf("%q: status %d: %s%s", c.args, status, out, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%q: no %q in\n%s%s", c.args, want, out, errs)
			}
		}
	}
}

// Shapes need no start, formulas are compared, and mistakes in both say what to write.
func TestFitShapesAndCompare(t *testing.T) {
	rates := file(t, "rates.csv", "conc,rate\n.02,76\n.02,47\n.06,97\n.06,107\n.11,123\n.11,139\n.22,159\n.22,152\n.56,191\n.56,201\n1.1,207\n1.1,200\n")
	for _, c := range []struct {
		args   []string
		status int
		want   []string
	}{
		{[]string{"rate ~ michaelis_menten(conc)", rates}, 0, []string{"Vm  ", "212.6837", "0.0641212"}},
		{[]string{"rate ~ SSmicmen(conc)", rates, "--bounds", "Vm=0:200"}, 0, []string{"Vm is at a bound"}},
		{[]string{"rate ~ SSmicmen(conc)", rates, "--bounds", "V=0:200"}, 2, []string{"V is not in the formula"}},
		{[]string{"rate ~ a*conc", rates, "--start", "a=1", "--bounds", "b=0:1"}, 2, []string{"--bounds: b is not a parameter; there are a"}},
		{[]string{"rate ~ mikaelis_menten(conc)", rates}, 2, []string{`did you mean the shape "michaelis_menten"`}},
		{[]string{"compare", "rate ~ michaelis_menten(conc)", "rate ~ hill(conc)", rates, "--nested"}, 0, []string{"model ", "F = ", "on 1 and 9 degrees of freedom", "least AICc: rate ~ "}},
		{[]string{"compare", "rate ~ a*conc+b", "rate ~ a*log(conc)+b", rates, "--start", "a=1,b=1", "--json"}, 0, []string{`"aic_weight"`, `"best": "rate ~ a*log(conc)+b"`}},
		{[]string{"compare", "rate ~ a*conc", "rate ~ b*conc", rates, "--start", "a=1,b=1", "--nested"}, 2, []string{"--nested: ", "as many parameters"}},
		{[]string{"compare", "rate ~ a*conc", "conc ~ a*rate", rates, "--start", "a=1"}, 2, []string{"responses"}},
		{[]string{"compare", "rate ~ a*conc", "rate ~ a*conc^2", rates, "--start", "a=1,b=2"}, 2, []string{"--start, --bounds: b is in none of the formulas"}},
		{[]string{"compare", "rate ~ a*conc", "rate ~ a*conc^2", rates, "--start", "a=1", "--steps", "0"}, 2, []string{"--steps must be positive"}},
		{[]string{"shapes"}, 0, []string{"michaelis_menten(x), SSmicmen, monod: ", "Vm*x/(K+x)", "first_order(dose, x), SSfol"}},
	} {
		status, out, errs := descent(append([]string{"fit"}, c.args...)...)
		if status != c.status {
			t.Errorf("%q: status %d: %s%s", c.args, status, out, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%q: no %q in\n%s%s", c.args, want, out, errs)
			}
		}
	}
}

// Groups have parameters of their own, a curve each, and predictions each.
func TestFitGroups(t *testing.T) {
	path := file(t, "groups.csv", "x,y,kind\n1,2.1,a\n2,3.9,a\n3,6.1,a\n1,11.8,b\n2,14.3,b\n3,16,b\n4,17.9,b\n")
	picture := filepath.Join(t.TempDir(), "groups.svg")
	for _, c := range []struct {
		args   []string
		status int
		want   []string
	}{
		{[]string{"--by", "kind", "--shared", "a", "--plot", picture, "--predict", "x=[1,10]"}, 0, []string{"b[a]", "b[b]", "row 1, kind a: ", "row 4, kind b: "}},
		{[]string{"--by", "kind", "--json", "--predict", "x=1"}, 0, []string{`"a[a]"`, `"by": "kind"`, `"group": "b"`}},
		{[]string{"--by", "nosuch"}, 2, []string{"nosuch"}},
		{[]string{"--by", "x"}, 2, []string{"--by: x is in the formula"}},
		{[]string{"--shared", "a"}, 2, []string{"--by names their column"}},
		{[]string{"--by", "kind", "--shared", "q"}, 2, []string{"--shared: q is not a parameter; there are a, b"}},
	} {
		status, out, errs := descent(append([]string{"fit", "y ~ a*x+b", path, "--start", "a=1,b=1"}, c.args...)...)
		if status != c.status {
			t.Errorf("%q: status %d: %s%s", c.args, status, out, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(out+errs, want) {
				t.Errorf("%q: no %q in\n%s%s", c.args, want, out, errs)
			}
		}
	}
	if svg, err := os.ReadFile(picture); err != nil || !strings.Contains(string(svg), "kind a") || !strings.Contains(string(svg), "kind b") {
		t.Errorf("no curves of groups: %v", err)
	}
}
