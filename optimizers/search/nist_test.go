package search

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"descent/graph"
	"descent/ops"
)

// nist is where NIST's problems are: beside the repository.
const nist = "../../../shared/data/nist"

type nistProblem struct {
	Name, Expr     string
	Start1, Start2 []float64
	Certified      []string
	Deviations     []string `json:"certified_sd"`
	RSS            string
}

// nistModels are the models as functions of x and of the parameters b.
var nistModels = map[string]func(x *node, b []*node) *node{
	"b1*(1-exp(-b2*x))": func(x *node, b []*node) *node {
		return saturates(b[0], ops.Mul(b[1], x))
	},
	"exp(-b1*x)/(b2+b3*x)": func(x *node, b []*node) *node {
		return ops.Div(fades(b[0], x), line(b[1], b[2], x))
	},
	"b1*x^b2": func(x *node, b []*node) *node {
		return ops.Mul(b[0], ops.Pow(x, b[1]))
	},
	"b1*(1-(1+b2*x/2)^(-2))":   func(x *node, b []*node) *node { return misra(b, x, -2, 2) },
	"b1*(1-(1+2*b2*x)^(-0.5))": func(x *node, b []*node) *node { return misra(b, x, -0.5, 0.5) },
	"b1*b2*x/(1+b2*x)": func(x *node, b []*node) *node {
		bx := ops.Mul(b[1], x)
		return ops.Mul(b[0], ops.Div(bx, ops.Shift(1, bx)))
	},
	"b1/(1+exp(b2-b3*x))": func(x *node, b []*node) *node {
		return ops.Div(b[0], ops.Shift(1, ops.Exp(ops.Sub(b[1], ops.Mul(b[2], x)))))
	},
	"(b1+b2*x+b3*x^2)/(1+b4*x+b5*x^2)": func(x *node, b []*node) *node {
		x2 := ops.Square(x)
		return ops.Div(ops.Add(line(b[0], b[1], x), ops.Mul(b[2], x2)), ops.Shift(1, ops.Add(ops.Mul(b[3], x), ops.Mul(b[4], x2))))
	},
	"b1*exp(-b2*x)+b3*exp(-(x-b4)^2/b5^2)+b6*exp(-(x-b7)^2/b8^2)": func(x *node, b []*node) *node {
		peak := func(h, at, width *node) *node {
			return ops.Mul(h, ops.Exp(ops.Neg(ops.Square(ops.Div(ops.Sub(x, at), width)))))
		}
		return ops.Add(ops.Add(ops.Mul(b[0], fades(b[1], x)), peak(b[2], b[3], b[4])), peak(b[5], b[6], b[7]))
	},
	"b1*exp(-b2*x)+b3*exp(-b4*x)+b5*exp(-b6*x)": func(x *node, b []*node) *node {
		s := ops.Mul(b[0], fades(b[1], x))
		return ops.Add(ops.Add(s, ops.Mul(b[2], fades(b[3], x))), ops.Mul(b[4], fades(b[5], x)))
	},
}

func fades(b, x *node) *node   { return ops.Exp(ops.Neg(ops.Mul(b, x))) }
func line(a, b, x *node) *node { return ops.Add(a, ops.Mul(b, x)) }
func saturates(b, z *node) *node {
	return ops.Mul(b, ops.Neg(ops.Expm1(ops.Neg(z))))
}
func misra(b []*node, x *node, power, over float64) *node {
	z := ops.Shift(1, ops.Div(ops.Mul(b[1], x), x.Graph().Const(over)))
	return ops.Mul(b[0], ops.Sub(x.Graph().Const(1), ops.Pow(z, x.Graph().Const(power))))
}

// columns reads a CSV file of numbers with a header.
func columns(t *testing.T, path string) map[string][]float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for k, name := range rows[0] {
		for _, row := range rows[1:] {
			v, err := strconv.ParseFloat(row[k], 64)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = append(out[name], v)
		}
	}
	return out
}

func nistProblems(t *testing.T) []nistProblem {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(nist, "certified.json"))
	if err != nil {
		t.Skipf("NIST's problems are not beside the repository: %v", err)
	}
	var ps []nistProblem
	if err := json.Unmarshal(data, &ps); err != nil {
		t.Fatal(err)
	}
	return ps
}

// residuals builds y - model at a start.
func (p *nistProblem) residuals(t *testing.T, start []float64) *node {
	t.Helper()
	cols := columns(t, filepath.Join(nist, p.Name+".csv"))
	g := graph.New(graph.Float64, 1)
	column := func(name string) *node {
		v := cols[name]
		return g.State("data/"+name, graph.From(v...), len(v))
	}
	if p.Name == "Nelson" { // log(y) = b1 - b2·x1·exp(-b3·x2)
		b := params(g, start)
		return ops.Sub(ops.Log(column("y")), ops.Sub(b[0], ops.Mul(b[1], ops.Mul(column("x1"), fades(b[2], column("x2"))))))
	}
	model := nistModels[p.Expr]
	if model == nil {
		t.Fatalf("no model for %s", p.Expr)
	}
	return ops.Sub(column("y"), model(column("x"), params(g, start)))
}

func params(g *graph.Graph, start []float64) []*node {
	b := make([]*node, len(start))
	for i, v := range start {
		b[i] = g.Param("b"+strconv.Itoa(i+1), graph.Fill(v))
	}
	return b
}

// digits is the log relative error of the worst parameter.
func (p *nistProblem) digits(x []float64) float64 { return digits(x, p.Certified) }

func digits(x []float64, certified []string) float64 {
	worst := 11.0
	for i, c := range certified {
		want, _ := strconv.ParseFloat(c, 64)
		if d := math.Abs(x[i]-want) / math.Abs(want); d > 0 || math.IsNaN(d) {
			worst = math.Min(worst, -math.Log10(d))
		}
	}
	return worst
}

func TestNISTByLevenbergMarquardt(t *testing.T) {
	for _, p := range nistProblems(t) {
		for i, start := range [][]float64{p.Start1, p.Start2} {
			prob, err := ResidualProblem(p.residuals(t, start), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := Minimize(context.Background(), prob, LevenbergMarquardt{}, Stop{Iterations: 2000})
			if err != nil {
				t.Fatal(err)
			}
			d := p.digits(res.X)
			e := digits(stderrs(prob, res.X), p.Deviations)
			t.Logf("%-9s start %d: %4.1f digits, errors %4.1f, %d evaluations, %s", p.Name, i+1, d, e, res.Evaluations, res.Reason)
			if d < 9 || !res.Reason.Converged() {
				t.Errorf("%s from start %d: %.1f digits: %v, want %v: %s", p.Name, i+1, d, res.X, p.Certified, res.Reason)
			}
			if e < 7 {
				t.Errorf("%s from start %d: %.1f digits of the standard errors", p.Name, i+1, e)
			}
		}
	}
}

// Quasi-Newton methods see only the sum of squares; they are reported beside.
func TestNISTByQuasiNewton(t *testing.T) {
	for _, m := range []Method{BFGS{}, NewLBFGS()} {
		six, all := 0, 0
		for _, p := range nistProblems(t) {
			for _, start := range [][]float64{p.Start1, p.Start2} {
				r := p.residuals(t, start)
				prob, err := ProblemOf(ops.Scale(0.5, ops.Sum(ops.Square(r))), nil)
				if err != nil {
					t.Fatal(err)
				}
				res, err := Minimize(context.Background(), prob, m, Stop{Iterations: 5000})
				if err != nil {
					t.Fatal(err)
				}
				all++
				if p.digits(res.X) >= 6 {
					six++
				}
			}
		}
		t.Logf("%T: 6 digits in %d of %d runs", m, six, all)
		if six < 1 {
			t.Errorf("%T solves nothing", m)
		}
	}
}

// Residuals that can all be 0, too few of them, and a parameter that nothing
// depends on.
func TestLevenbergMarquardtAtTheEdges(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	w := g.Param("w", graph.From(-1.2, 1), 2)
	x, y := ops.Slice(w, 0, 0, 1, 1), ops.Slice(w, 0, 1, 2, 1)
	rosenbrock := ops.Concat(0, ops.Sub(g.Const(1, 1), x), ops.Scale(10, ops.Sub(y, ops.Square(x))))
	for _, r := range []*node{rosenbrock, ops.Shift(-2, ops.Add(ops.Square(x), y)), ops.Shift(-3, ops.Square(x))} {
		if err := w.Variable().Set([]float64{-1.2, 1}); err != nil {
			t.Fatal(err)
		}
		p, err := ResidualProblem(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := Minimize(context.Background(), p, LevenbergMarquardt{}, Stop{Iterations: 200})
		if err != nil {
			t.Fatal(err)
		}
		if !(res.F < 1e-20) || res.Reason == MaxIterations {
			t.Errorf("%v: %v at %v, %s after %d iterations", r, res.F, res.X, res.Reason, res.Iterations)
		}
	}
}
