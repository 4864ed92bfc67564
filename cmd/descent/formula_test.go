package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What a new user gets wrong has an answer of one line.
func TestFormulaMistakes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.csv", "x,y\n1,2\n2,4.1\n3,5.9\n")
	empty := write("empty.csv", "")
	header := write("header.csv", "x,y\n")
	hole := write("hole.csv", "x,y\n1,2\n2,\n3,6\n")
	words := write("words.csv", "x,y\n1,a\n2,b\n3,a\n")
	for _, c := range []struct {
		args   []string
		want   string
		status int
	}{
		{[]string{"grad"}, "0 arguments given; it is called as descent grad", 2},
		{[]string{"grad", "sine(x)", "x=1"}, `did you mean "sin"`, 2},
		{[]string{"grad", "x^2"}, "no value is given for x: add x=1", 2},
		{[]string{"grad", "rate^2", "rtae=1"}, `did you mean "rtae"`, 2},
		{[]string{"grad", "x^2", "x=1", "y=2"}, "y is given, but it is not in the formula", 2},
		{[]string{"grad", "x^2", "x"}, "not of the form name=value", 2},
		{[]string{"grad", "x^2", "x="}, "x=: the formula is empty", 2},
		{[]string{"grad", "x^2", "x=1", "x=2"}, "x is given twice", 2},
		{[]string{"grad", "v^2", "v=[1,2]"}, "write sum(...) or mean(...)", 2},
		{[]string{"grad", "sum(a@b)", "a=[1,2]", "b=[1,2,3]"}, "2 and 3", 2},
		{[]string{"grad", "x^2", "x=1", "--wrt", "z"}, `no name "z"`, 2},
		{[]string{"grad", "x^2", "x=1", "--direction", "z=1"}, "z is not differentiated by", 2},
		{[]string{"grad", "x^2", "x=1", "--direction", "x=0"}, "its length is 0", 2},
		{[]string{"grad", "x^2", "x=1", "--graph", "a.gif"}, "must end with .dot or .svg", 2},
		{[]string{"grad", "-x", "x=1"}, "goes into brackets", 2},
		{[]string{"grad", strings.Repeat("(", 100_000) + "x" + strings.Repeat(")", 100_000), "x=1"}, "at most 65536", 2},
		{[]string{"grad", strings.Repeat("(", 20_000) + "x" + strings.Repeat(")", 20_000), "x=1"}, "nested more than 256 deep", 2},
		{[]string{"min", "x^2"}, "--start is missing", 2},
		{[]string{"min", "x^2", "--start", "x=1", "-o", "adma"}, `did you mean "adam"`, 2},
		{[]string{"min", "x^2", "--start", "x=1", "-o", "lbfsg"}, `did you mean "lbfgs"`, 2},
		{[]string{"min", "x^2", "--start", "x=1", "--bounds", "x=2:1"}, "nothing is between 2 and 1", 2},
		{[]string{"min", "x^2", "--start", "x=5", "--bounds", "x=0:1"}, "not within its bounds", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--plot", "a.gif"}, "must end with .svg or .png", 2},
		{[]string{"min", "[x,x]", "--start", "x=1"}, "only a number has a gradient", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "x<1"}, "write <=", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "x+1"}, "'x + y <= 1'", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "0 <= x <= 1"}, "write two formulas with one of", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "x >= [1"}, "x >= [1", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "[x,x] <= [1,2,3]"}, "[x,x] <= [1,2,3]", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "x+z >= 1"}, "no value is given for z", 2},
		{[]string{"min", "x^2", "--start", "x=1", "--subject-to", "x >= 1", "--anneal"}, "--multistart", 2},
		{[]string{"fit", "y ~ a*x", good}, "a is neither a column", 2},
		{[]string{"fit", "y = a*x", good, "--start", "a=1"}, "write response ~ formula", 2},
		{[]string{"fit", "y ~ a*xx", good, "--start", "a=1"}, `did you mean "x"`, 2},
		{[]string{"fit", "y ~ a*x", good, "--start", "b=1"}, "b is not in the formula", 2},
		{[]string{"fit", "y ~ a*x", empty, "--start", "a=1"}, "the file is empty", 1},
		{[]string{"fit", "y ~ a*x", header, "--start", "a=1"}, "header.csv", 1},
		{[]string{"fit", "y ~ a*x", hole, "--start", "a=1", "--weight", "v"}, "no column \"v\"", 2},
		{[]string{"fit", "y ~ a*x", words, "--start", "a=1"}, "has words", 1},
		{[]string{"fit", "y ~ a*x", filepath.Join(dir, "none.csv"), "--start", "a=1"}, "none.csv", 1},
		{[]string{"fit", "log(y-9) ~ a*x", good, "--start", "a=1"}, "not finite at --start", 1},
	} {
		status, out, errs := descent(c.args...)
		what := fmt.Sprintf("%.60q", c.args)
		if status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, %q; want %d, %q", what, status, errs, c.status, c.want)
		}
		if strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("%s: not one line: %q %q", what, out, errs)
		}
	}
}

func TestGradJSON(t *testing.T) {
	status, out, errs := descent("grad", "mean((w*x+b-y)^2)", "w=3", "b=1", "x=[-1,0,1]", "y=[-3,0,1]", "--json", "--check", "--hessian", "--wrt", "w,b")
	var r struct {
		Value    float64
		Gradient map[string]float64
		Hessian  map[string]map[string]float64
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
		t.Fatal(err, errs)
	}
	if math.Abs(r.Value-11.0/3) > 1e-15 || math.Abs(r.Gradient["w"]-4.0/3) > 1e-15 || math.Abs(r.Gradient["b"]-10.0/3) > 1e-15 || math.Abs(r.Hessian["w"]["w"]-4.0/3) > 1e-15 {
		t.Errorf("%+v", r)
	}
	status, out, _ = descent("grad", "sum(M@v)", "M=[[1,2],[3,4]]", "v=[1,0]", "--json")
	if want := `[[1,0],[1,0]]`; status != 0 || !strings.Contains(strings.Join(strings.Fields(out), ""), want) {
		t.Errorf("%s lacks %s", out, want)
	}
}

// Points where a value or a derivative is a matter of convention, or none.
func TestGradRemarks(t *testing.T) {
	for _, c := range []struct{ formula, at, want string }{
		{"1/x", "x=0", "trap: 1/x: the value is +Inf at x = 0"},
		{"log(x)", "x=-1", "trap: log(x): the value is NaN at x = -1"},
		{"sqrt(x)", "x=0", "trap: sqrt(x): the derivative by its operand is +Inf"},
		{"abs(x)", "x=0", "kink: abs(x): the argument is 0"},
		{"max(x, 2)", "x=2", "kink: max(x, 2): both sides are 2"},
		{"norm([x, 0])", "x=0", "kink: norm("},
		{"floor(x)", "x=1", "kink: floor(x)"},
		{"logsumexp(x)", "x=[-inf,-inf]", "trap: logsumexp(x): the derivative by its operand is NaN: all 2 elements are -Inf"},
		{"softmax(x)[0]", "x=[-inf,-inf]", "trap: logsoftmax(x): the value is NaN"},
		{"max(sqrt(x), 1e-10)", "x=0", "d/dx  0\n"},
		{"log(exp(x)+1)", "x=1000", "hint: log(exp(x) + 1): exp overflows: write softplus(x)"},
		{"x*log(x)", "x=0", "write xlogy(x, x)"},
		{"mean(([1,2,3]-[[1],[2],[3]])^2)*x", "x=1", "shapes: "},
	} {
		status, out, errs := descent("grad", c.formula, c.at)
		if status != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%s: %s%s lacks %q", c.formula, out, errs, c.want)
		}
	}
	if status, out, _ := descent("min", "mean(([1,2,3]-[[1],[2],[3]]*x)^2)", "--start", "x=0"); status != 0 || !strings.Contains(out, "shapes: ") {
		t.Errorf("min does not mention the shapes: %q", out)
	}
	if status, out, _ := descent("grad", "1/0"); status != 0 || !strings.Contains(out, "the value is +Inf") {
		t.Errorf("1/0: %q", out)
	}
}

// What min says of a point, in text, JSON and its exit status.
func TestMinKinds(t *testing.T) {
	for _, c := range []struct {
		args   []string
		want   string
		status int
		errs   string
	}{
		{[]string{"(x-3)^2", "--start", "x=0"}, "minimum", 0, ""},
		{[]string{"x^2-y^2", "--start", "x=1,y=0"}, "saddle", 0, ""},
		{[]string{"(x-3)^2", "--start", "x=0", "--bounds", "x=0:2"}, "minimum at a bound", 0, ""},
		{[]string{"(-(x-3)^2)", "--start", "x=0", "--maximize"}, "maximum", 0, ""},
		{[]string{"x", "--start", "x=0", "--maximize"}, "unbounded: the value rises without bound in the direction x", 1, "unbounded"},
		{[]string{"(x-y)^2", "--start", "x=3,y=1"}, "minimum, flat in these directions: x + y", 0, ""},
		{[]string{"log(x)", "--start", "x=-1"}, "not finite", 1, "at the start, x = -1: start inside of the domain"},
		{[]string{"x^2+10*sin(x)+y^2+5*sin(y)", "--start", "x=4,y=3", "-o", "sgd(lr=0.05)", "--steps", "50"}, "not converged", 1, "not converged after 50 steps; give it more --steps"},
		{[]string{"(-2*log(p)-log(1-p))", "--start", "p=0.05", "-o", "sgd(lr=0.1)"}, "not converged: the run diverged", 1, "after 1 steps the value or the gradient is not finite, at p = 3.94"},
		{[]string{"x^2", "--start", "x=5", "-o", "sgd(lr=1.1)", "--steps", "10"}, "not converged: the run diverged", 1, "the value is 958.4399981, and it was 25 at the start"},
		{[]string{"100*(x[1]-x[0]^2)^2+(1-x[0])^2", "--start", "x=[-1.2,1]", "-o", "bfgs"}, "minimum", 0, ""},
	} {
		status, out, errs := descent(append([]string{"min", "--json"}, c.args...)...)
		var r struct {
			Runs []struct {
				Kind      string
				Converged bool
			}
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Errorf("%q: %v %s", c.args, err, errs)
			continue
		}
		if r.Runs[0].Kind != c.want || r.Runs[0].Converged != (c.status == 0) {
			t.Errorf("%q: %+v, want %q", c.args, r.Runs[0], c.want)
		}
		if status != c.status || !strings.Contains(errs, c.errs) || strings.Count(errs, "\n") != c.status {
			t.Errorf("%q: status %d, %q; want %d, %q", c.args, status, errs, c.status, c.errs)
		}
		if _, out, _ := descent(append([]string{"min"}, c.args...)...); !strings.Contains(out, "\n  "+c.want) {
			t.Errorf("%q: %s lacks %q", c.args, out, c.want)
		}
	}
}

// The models of docs/min.md, against what scikit-learn 1.2.1 and R find
// (ops/linalg/testdata/gaussian_process.py, ops/joint/plain_test.go).
func TestMinOfModels(t *testing.T) {
	text, err := os.ReadFile("../../docs/min.md")
	if err != nil {
		t.Fatal(err)
	}
	for begin, want := range map[string]map[string]float64{
		"let l = ":     {"f": 8.741463228099803, "a": math.Log(0.99068396), "b": math.Log(1.10265206), "c": math.Log(0.03754169)},
		"sum(cox(b*x,": {"f": 3.358975, "b": 1.676857},
	} {
		_, rest, found := strings.Cut(string(text), "    descent min '"+begin)
		formula, rest, _ := strings.Cut(rest, "' ")
		line, _, _ := strings.Cut(strings.Replace(rest, "\\\n", "", 1), "\n")
		_, out, errs := descent(append([]string{"min", "--json", begin + formula}, strings.Fields(line)...)...)
		var r struct {
			Runs []struct {
				F         float64
				Converged bool
				X         map[string]float64
			}
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil || !found || len(r.Runs) != 1 || !r.Runs[0].Converged {
			t.Fatalf("%s: %v %s %s", begin, err, out, errs)
		}
		got := maps.Clone(r.Runs[0].X)
		got["f"] = r.Runs[0].F
		for name, w := range want {
			if math.Abs(got[name]-w) > 1e-5 {
				t.Errorf("%s: %s is %v, want %v", begin, name, got[name], w)
			}
		}
	}
}

// TestNIST fits the reference problems from both starts: every parameter to 6
// certified digits, standard errors to 5.
func TestNIST(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "nist")
	text, err := os.ReadFile(filepath.Join(dir, "certified.json"))
	if err != nil {
		t.Skip("the NIST problems are not here: ", err)
	}
	var problems []struct {
		Name, Expr, Response, RSS, RSD string
		Start1, Start2                 []float64
		Certified                      []string
		SD                             []string `json:"certified_sd"`
		DOF                            int
	}
	if err := json.Unmarshal(text, &problems); err != nil {
		t.Fatal(err)
	}
	if len(problems) != 14 {
		t.Errorf("%d problems", len(problems))
	}
	for _, p := range problems {
		for i, start := range [][]float64{p.Start1, p.Start2} {
			var from []string
			for k, x := range start {
				from = append(from, fmt.Sprintf("b%d=%v", k+1, x))
			}
			status, out, errs := descent("fit", p.Response+" ~ "+p.Expr, filepath.Join(dir, p.Name+".csv"), "--start", strings.Join(from, ","), "--json")
			var f struct {
				Parameters map[string]struct{ Estimate, Stderr float64 }
				RSS, RSD   float64
				DOF        int
			}
			if err := json.Unmarshal([]byte(out), &f); err != nil || status != 0 {
				t.Errorf("%s from start %d: %v %s", p.Name, i+1, err, errs)
				continue
			}
			for k := range start {
				got := f.Parameters[fmt.Sprint("b", k+1)]
				if d := agreement(got.Estimate, p.Certified[k]); d < 6 {
					t.Errorf("%s from start %d: b%d = %v, certified %s: %.1f digits", p.Name, i+1, k+1, got.Estimate, p.Certified[k], d)
				}
				if d := agreement(got.Stderr, p.SD[k]); d < 5 {
					t.Errorf("%s from start %d: the error of b%d is %v, certified %s: %.1f digits", p.Name, i+1, k+1, got.Stderr, p.SD[k], d)
				}
			}
			if agreement(f.RSS, p.RSS) < 6 || agreement(f.RSD, p.RSD) < 6 || f.DOF != p.DOF {
				t.Errorf("%s from start %d: rss %v rsd %v dof %d, certified %s %s %d", p.Name, i+1, f.RSS, f.RSD, f.DOF, p.RSS, p.RSD, p.DOF)
			}
		}
	}
}

// agreement is how many digits agree: -log10 of the relative error.
func agreement(got float64, certified string) float64 {
	want, err := strconv.ParseFloat(certified, 64)
	if err != nil {
		return -1
	}
	return min(-math.Log10(math.Abs(got-want)/math.Abs(want)), 15)
}
