package linalg_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/golden"
	"descent/internal/sources"
	"descent/ops"
	"descent/ops/linalg"
)

type node = graph.Node

// Derivatives of first and second order are those of differences, float32 is near
// float64, and nothing depends on how a program is run.
func TestTable(t *testing.T) {
	for _, c := range ops.Cases(linalg.Table) {
		t.Run(c.Name, func(t *testing.T) {
			if n := len(c.Samples); n < 6 {
				t.Errorf("%d samples", n)
			}
			r := graphtest.Check(c, 20)
			if err := r.Err(); err != nil {
				t.Error(err)
			}
			t.Logf("worst errors: first order %.1e, second %.1e, float32 %.1e", r.Worst1, r.Worst2, r.Worst32)
		})
	}
}

// Every exported function that makes a node has a row, and every row a function.
func TestTableIsComplete(t *testing.T) {
	plain := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
	rows := map[string]bool{}
	for _, r := range linalg.Table {
		rows[plain(r.Name)] = true
	}
	for _, fn := range sources.Functions(t, ".") {
		if fn.Recv == nil && fn.Name.IsExported() {
			if !rows[plain(fn.Name.Name)] {
				t.Errorf("linalg.%s has no row", fn.Name.Name)
			}
			delete(rows, plain(fn.Name.Name))
		}
	}
	for name := range rows {
		t.Errorf("row %s has no function", name)
	}
}

// A bad input makes a bad result, for the same reason.
func TestBadInputsStaySilent(t *testing.T) {
	for _, c := range ops.Cases(linalg.Table) {
		for k := range c.Samples[0].Shapes {
			g := graph.New(graph.Float64, 1)
			reason := ops.Sum(g.Input("x", 3), 7)
			var in []*node
			for i, d := range c.Samples[0].Shapes {
				in = append(in, g.Input(strings.Repeat("y", i+1), d...))
			}
			in[k] = reason
			for _, y := range []*node{c.Node(c.Samples[0], in), c.Build(in, nil)} {
				if y.Err() != reason.Err() {
					t.Errorf("%s: %v", c.Name, y.Err())
				}
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	a, wide, v, s := g.Input("a", 3, 3), g.Input("wide", 2, 3), g.Input("v", 4), g.Input("s")
	two, three := g.Input("two", 2, 3, 3), g.Input("three", 3, 3, 1)
	for _, c := range []struct {
		n    *node
		want string
	}{
		{linalg.Solve(wide, v), "2x3 is no square matrix, nor many"},
		{linalg.Solve(a, v), "3x3 equations have no right sides 4x1"},
		{linalg.Solve(a, s), "3x3 equations have no right sides scalar"},
		{linalg.Solve(two, three), "2x3x3 equations have no right sides 3x3x1"},
		{linalg.SolveTriangular(a, v, linalg.Triangle{}), "equations have no right sides"},
		{linalg.CholeskySolve(a, v), "equations have no right sides"},
		{linalg.Cholesky(wide), "2x3 is no square matrix"},
		{linalg.Cholesky(v), "4 is no square matrix"},
		{linalg.Inverse(s), "scalar is no square matrix"},
		{linalg.Det(wide), "is no square matrix"},
		{linalg.Cofactor(wide), "is no square matrix"},
		{linalg.LogDet(wide), "is no square matrix"},
		{linalg.LogAbsDet(wide), "is no square matrix"},
		{linalg.Eigenvalues(wide), "is no square matrix"},
		{linalg.Eigenvectors(wide), "is no square matrix"},
		{linalg.Diagonal(v), "4 is no matrix"},
		{linalg.Trace(v), "4 is no matrix"},
		{linalg.Diag(s), "a number is no diagonal"},
		{linalg.AddDiagonal(wide, s), "is no square matrix"},
		{linalg.AddDiagonal(a, v), "do not broadcast"},
	} {
		err := c.n.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "linalg_test.go:") {
			t.Errorf("%v: %v, want %q", c.n, err, c.want)
		}
	}
}

// tamper is the identity with a wrong gradient.
type tamper struct{ factor float64 }

func (tamper) Name() string                                         { return "tamper" }
func (tamper) Shape(in []graph.Shape) (graph.Shape, error)          { return in[0], nil }
func (o tamper) Grad(_, dy *node) []*node                           { return []*node{ops.Scale(o.factor, dy)} }
func (tamper) Lower(_ *graph.Builder, in []graph.Value) graph.Value { return in[0] }

// The samples are such that a wrong gradient is noticed.
func TestEveryRowIsSensitive(t *testing.T) {
	for _, c := range ops.Cases(linalg.Table) {
		samples := c.Samples
		c.Samples = nil
		for _, s := range samples {
			c.Samples = append(c.Samples, s.By(func(in []*node) *node { return graph.Apply(tamper{1 + 1e-4}, c.Node(s, in)) }))
		}
		if r := graphtest.Check(c, 1); r.Worst1 <= graphtest.Bound1 {
			t.Errorf("%s: a gradient that is too large is not noticed", c.Name)
		}
	}
}

// definite is what testdata/generate.py makes of x for operations that need it.
func definite(x *node) *node {
	return linalg.AddDiagonal(ops.MatMul(x, transposed(x)), x.Graph().Const(0.5))
}

func transposed(x *node) *node {
	order := make([]int, x.Shape().Rank())
	for i := range order {
		order[i] = i
	}
	n := len(order)
	order[n-2], order[n-1] = n-1, n-2
	return ops.Transpose(x, order...)
}

func of(f func(*node) *node) func(x, b *node) *node { return func(x, _ *node) *node { return f(x) } }

// theirs says what each case of testdata/torch.json is here.
var theirs = map[string]func(x, b *node) *node{
	"solve":          linalg.Solve,
	"cholesky":       of(func(x *node) *node { return linalg.Cholesky(definite(x)) }),
	"cholesky_solve": func(x, b *node) *node { return linalg.CholeskySolve(linalg.Cholesky(definite(x)), b) },
	"inverse":        of(linalg.Inverse), "det": of(linalg.Det), "log_abs_det": of(linalg.LogAbsDet),
	"logdet":      of(func(x *node) *node { return linalg.LogDet(definite(x)) }),
	"eigenvalues": of(linalg.Eigenvalues), "eigenvectors": of(linalg.Eigenvectors),
	"diagonal": of(linalg.Diagonal), "diag": of(linalg.Diag), "trace": of(linalg.Trace),
	// PyTorch has no such function; plain sums are its test.
	"add_diagonal": nil,
	// A gradient of PyTorch's determinant; TestLaws and TestSingular have it.
	"cofactor": nil,
}

// triangular is a system that a name ends in the flags of.
func triangular(flags string) func(x, b *node) *node {
	o := linalg.Triangle{Upper: flags[0] == '1', Transposed: flags[1] == '1', Unit: flags[2] == '1'}
	return func(x, b *node) *node {
		if !o.Unit {
			x = linalg.AddDiagonal(x, x.Graph().Const(2))
		}
		return linalg.SolveTriangular(x, b, o)
	}
}

// Values, gradients and products with the Hessian are PyTorch's.
func TestPyTorch(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range golden.Cases(t, "testdata/torch.json") {
		name, flags, _ := strings.Cut(c.Op, " ")
		f := theirs[name]
		if flags != "" {
			f = triangular(flags)
		}
		seen[name] = true
		golden.Compare(t, &c, func(in map[string]*node) map[string]*node {
			return map[string]*node{"y": f(in["x"], in["b"])}
		})
	}
	for _, r := range linalg.Table {
		if f, known := theirs[r.Name]; !seen[r.Name] && (f != nil || !known) {
			t.Errorf("no case of %s", r.Name)
		}
	}
}
