package linalg_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/ops"
	"descent/ops/internal/rowtest"
	"descent/ops/linalg"
)

type node = graph.Node

func TestTable(t *testing.T) { rowtest.Check(t, linalg.Table) }

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
