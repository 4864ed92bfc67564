package ops_test

import (
	"go/ast"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/sources"
	"descent/ops"
)

func TestTable(t *testing.T) {
	for _, c := range ops.Cases(ops.Table) {
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

// plain is a name without case and underscores.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// TestTableIsComplete fails when an exported function that makes a node has no
// row, or a row no function.
func TestTableIsComplete(t *testing.T) {
	rows := map[string]bool{}
	for _, c := range ops.Table {
		if rows[plain(c.Name)] {
			t.Errorf("two rows %q", c.Name)
		}
		rows[plain(c.Name)] = true
	}
	for _, fn := range sources.Functions(t, ".") {
		if fn.Recv != nil || !fn.Name.IsExported() || !makesNode(fn) {
			continue
		}
		if name := plain(fn.Name.Name); !rows[name] {
			t.Errorf("ops.%s has no row in ops.Table", fn.Name.Name)
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

// TestMistakes makes nodes that make no sense: each is reported with what is
// wrong and where.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, v, s := g.Input("x", 3, 4), g.Input("v", 5), g.Input("s")
	empty, label := g.Input("empty", 2, 0), g.Indices("label", 7)
	for _, c := range []struct {
		n    *node
		want string
	}{
		{ops.Add(x, v), "shapes 3x4 and 5 do not broadcast"},
		{ops.Where(x, x, v), "do not broadcast"},
		{ops.Clamp(x, 2, 1), "nothing is between 2 and 1"},
		{ops.Sum(x, 2), "axis 2 of an array of 2 axes"},
		{ops.Mean(x, -3), "axis -3 of an array of 2 axes"},
		{ops.Sum(x, 1, -1), "axis -1 twice"},
		{ops.Softmax(s, 0), "axis 0 of an array of 0 axes"},
		{ops.AMax(empty, 1), "2x0 has no elements to choose from"},
		{ops.ArgMin(empty, 1), "2x0 has no elements to choose from"},
		{ops.MaxFirst(empty, 1), "2x0 has no elements to choose from"},
		{ops.MatMul(x, x), "cannot multiply 3x4 by 3x4"},
		{ops.MatMul(x, s), "matrices have two axes"},
		{ops.MatMul(v, x), "cannot multiply 1x5 by 3x4"},
		{ops.Outer(x, v), "3x4 and 5 are not both vectors"},
		{ops.Dot(s, s), "axis -1 of an array of 0 axes"},
		{ops.Reshape(x, 5, 2), "3x4 has 12 elements, 5x2 has 10"},
		{ops.Reshape(x, 5, -1), "12 elements do not divide into [5 -1]"},
		{ops.Reshape(x, -2), "-2 is not a length"},
		{ops.Reshape(x, 1, 1, 1, 1, 1, 1, 1, 3, 4), "more than 8 axes"},
		{ops.ExpandDims(x, 3), "axis 3 of an array of 3 axes"},
		{ops.Squeeze(x, 0), "axis 0 of 3x4 is not of length 1"},
		{ops.Broadcast(x, 4), "cannot stretch 3x4 to 4"},
		{ops.Transpose(x, 0), "an order of 1 axes for 3x4"},
		{ops.Transpose(x, 0, -2), "axis -2 twice"},
		{ops.Transpose(x, 0, 2), "axis 2 of an array of 2 axes"},
		{ops.Slice(x, 0, 1, 4, 1), "no elements 1 to 4 along axis 0 of 3x4"},
		{ops.Slice(x, 0, -4, 2, 1), "no elements -1 to 2"},
		{ops.Slice(x, 0, 2, 1, 1), "no elements 2 to 1"},
		{ops.Slice(x, 1, 0, 2, 0), "step 0"},
		{ops.Slice(x, 5, 0, 2, 1), "axis 5"},
		{ops.Concat(0, x, v), "cannot join 3x4 and 5 along axis 0"},
		{ops.Concat(0, x, ops.Transpose(x)), "cannot join 3x4 and 4x3 along axis 0"},
		{ops.Concat(2, x, x), "axis 2 of an array of 2 axes"},
		{ops.Stack(0, x, v), "shapes 3x4 and 5 differ"},
		{ops.Stack(4, x, x), "axis 4"},
		{ops.OneHot(label, -1), "depth -1"},
		{ops.Take(x, label, 2), "axis 2 of an array of 2 axes"},
		{ops.Gather(x, label, 1), "indices of shape 7 do not choose along axis 1 of 3x4"},
		{ops.Pick(x, label), "do not choose along axis 1 of 3x4"},
		{ops.Dropout(x, 1.5, s, ""), "probability 1.5"},
		{ops.Dropout(x, 1.00001, s, ""), "probability 1.00001"},
		{ops.Dropout(x, -1e-9, s, ""), "probability -1e-09"},
		{ops.Reshape(x, -1, -1), "-1 is not a length"},
		{ops.MatMul(v, v), "matrices have two axes"},
		{ops.SoftmaxNLL(x, label), "logits are N x C"},
		{ops.SoftmaxNLL(v, v), "logits are N x C"},
		{ops.Uniform(v, "", 3), "the step is 5, not a scalar"},
		{ops.Keep(v, x, 1), "5 has 5 elements, 3x1 has 3"},
	} {
		err := c.n.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "table_test.go:") {
			t.Errorf("%v: %v, want %q", c.n, err, c.want)
		}
	}
}

// TestBadInputsStaySilent gives every operation a bad input: the result is bad
// for the same reason and nothing panics.
func TestBadInputsStaySilent(t *testing.T) {
	for _, c := range ops.Cases(ops.Table) {
		samples := c.Each()
		for k := range samples[0].Shapes {
			g := graph.New(graph.Float64, 1)
			reason := ops.Sum(g.Input("x", 3), 7)
			var in []*node
			for i, d := range samples[0].Shapes {
				in = append(in, g.Input(strings.Repeat("y", i+1), d...))
			}
			in[k] = reason
			if y := c.Node(samples[0], in); y.Err() != reason.Err() {
				t.Errorf("%s: %v", c.Name, y.Err())
			}
		}
	}
}

// tamper is the identity with a wrong gradient.
type tamper struct{ factor float64 }

func (tamper) Name() string                                         { return "tamper" }
func (tamper) Shape(in []graph.Shape) (graph.Shape, error)          { return in[0], nil }
func (o tamper) Grad(_, dy *node) []*node                           { return []*node{ops.Scale(o.factor, dy)} }
func (tamper) Lower(_ *graph.Builder, in []graph.Value) graph.Value { return in[0] }

// TestEveryRowIsSensitive spoils the gradient of every row: the domain and the
// shapes must be such that it is caught.
func TestEveryRowIsSensitive(t *testing.T) {
	flat := map[string]bool{"sign": true, "floor": true, "ceil": true, "round": true, "stop_gradient": true, "less": true, "less_equal": true,
		"greater": true, "greater_equal": true, "equal": true, "not_equal": true, "argmax": true, "argmin": true, "onehot": true, "uniform": true, "normal": true, "rademacher": true,
		"isnan": true, "isinf": true, "isfinite": true, "heaviside": true, "size": true, "first_rows": true, "max_pool_index": true, "adaptive_max_pool_index": true, "argcummax": true, "argcummin": true, "argsort": true}
	for _, c := range ops.Cases(ops.Table) {
		samples := c.Each()
		for _, factor := range []float64{-1, 1 + 1e-4} {
			c.Samples = nil
			for _, s := range samples {
				c.Samples = append(c.Samples, s.By(func(in []*node) *node { return graph.Apply(tamper{factor}, c.Node(s, in)) }))
			}
			if r := graphtest.Check(c, 1); r.Worst1 <= graphtest.Bound1 && !flat[c.Name] {
				t.Errorf("%s: a gradient %v times too large is not caught", c.Name, factor)
			}
		}
	}
}
