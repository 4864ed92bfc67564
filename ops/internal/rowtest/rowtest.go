// Package rowtest tests tables of operations: those of ops and of the packages below it, in
// one way.
package rowtest

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/sources"
	"descent/ops"
)

type node = graph.Node

// Check tests the table of the package whose test calls it. Names of flat operations are
// those whose gradient is 0 or none.
func Check(t *testing.T, table []ops.Row, flat ...string) {
	t.Run("Derivatives", func(t *testing.T) { derivatives(t, table) })
	t.Run("Complete", func(t *testing.T) { complete(t, table) })
	t.Run("BadInputs", func(t *testing.T) { badInputs(t, table) })
	t.Run("Sensitive", func(t *testing.T) { sensitive(t, table, flat) })
}

// derivatives compares those of first and second order with differences, and float32 with
// float64, for six samples or more of each row.
func derivatives(t *testing.T, table []ops.Row) {
	for _, c := range ops.Cases(table) {
		t.Run(c.Name, func(t *testing.T) {
			if n := len(c.Samples); c.Samples != nil && n < 6 {
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

// complete demands a row of every exported function that makes a node, and a function of
// every row.
func complete(t *testing.T, table []ops.Row) {
	plain := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
	rows := map[string]bool{}
	for _, r := range table {
		if rows[plain(r.Name)] {
			t.Errorf("two rows %q", r.Name)
		}
		rows[plain(r.Name)] = true
	}
	for _, fn := range sources.Functions(t, ".") {
		if fn.Recv != nil || !fn.Name.IsExported() || !makesNode(fn) {
			continue
		}
		if name := plain(fn.Name.Name); !rows[name] {
			t.Errorf("%s has no row", fn.Name.Name)
		} else {
			delete(rows, name)
		}
	}
	for name := range rows {
		t.Errorf("row %q has no function", name)
	}
}

func makesNode(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil || len(fn.Type.Results.List) != 1 {
		return false
	}
	star, ok := fn.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && id.Name == "node"
}

// badInputs gives every operation a bad input, with settings and without: the result is bad
// for the same reason, and nothing panics.
func badInputs(t *testing.T, table []ops.Row) {
	for _, c := range ops.Cases(table) {
		sample := c.Each()[0]
		for k := range sample.Shapes {
			g := graph.New(graph.Float64, 1)
			reason := ops.Sum(g.Input("x", 3), 7)
			var in []*node
			for i, d := range sample.Shapes {
				in = append(in, g.Input(strings.Repeat("y", i+1), d...))
			}
			in[k] = reason
			for _, y := range []*node{c.Node(sample, in), c.Build(in, nil)} {
				if y.Err() != reason.Err() {
					t.Errorf("%s: %v", c.Name, y.Err())
				}
			}
		}
	}
}

// tamper is the identity with a wrong gradient.
type tamper struct{ factor float64 }

func (tamper) Name() string                                         { return "tamper" }
func (o tamper) Describe() graph.Call                               { return graph.CallOf("tamper", "factor", o.factor) }
func (tamper) Shape(in []graph.Shape) (graph.Shape, error)          { return in[0], nil }
func (o tamper) Grad(_, dy *node) []*node                           { return []*node{ops.Scale(o.factor, dy)} }
func (tamper) Lower(_ *graph.Builder, in []graph.Value) graph.Value { return in[0] }

// sensitive spoils the gradient of every row: domains and shapes are such that it is caught.
func sensitive(t *testing.T, table []ops.Row, flat []string) {
	for _, c := range ops.Cases(table) {
		if slices.Contains(flat, c.Name) {
			continue
		}
		samples := c.Each()
		for _, factor := range []float64{-1, 1 + 1e-4} {
			caught := slices.ContainsFunc(samples, func(s graphtest.Sample) bool {
				c.Samples = []graphtest.Sample{s.By(func(in []*node) *node { return graph.Apply(tamper{factor}, c.Node(s, in)) })}
				return !(graphtest.Check(c, 1).Worst1 <= graphtest.Bound1)
			})
			if !caught {
				t.Errorf("%s: a gradient %v times too large is not caught", c.Name, factor)
			}
		}
	}
}
