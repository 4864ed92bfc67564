package shape_test

import (
	"go/ast"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/sources"
	"descent/ops"
	"descent/ops/shape"
)

func TestTable(t *testing.T) {
	for _, c := range ops.Cases(shape.Table) {
		t.Run(c.Name, func(t *testing.T) {
			if n := len(c.Samples); n < 6 {
				t.Errorf("%d samples", n)
			}
			graphtest.TestCase(t, c)
		})
	}
}

// TestTableIsComplete fails when an exported function that makes a node has no row, or
// a row no function.
func TestTableIsComplete(t *testing.T) {
	plain := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
	rows := map[string]bool{}
	for _, c := range shape.Table {
		rows[plain(c.Name)] = true
	}
	if len(rows) != len(shape.Table) {
		t.Errorf("%d names of %d rows", len(rows), len(shape.Table))
	}
	for _, fn := range sources.Functions(t, ".") {
		if !fn.Name.IsExported() || fn.Recv != nil || !makesNode(fn) {
			continue
		}
		if name := plain(fn.Name.Name); !rows[name] {
			t.Errorf("shape.%s has no row in shape.Table", fn.Name.Name)
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

// A bad input makes a result that is bad for the same reason.
func TestBadInputsStaySilent(t *testing.T) {
	for _, c := range ops.Cases(shape.Table) {
		sample := c.Each()[0]
		for k := range sample.Shapes {
			g := graph.New(graph.Float64, 1)
			reason := ops.Sum(g.Input("x", 3), 7)
			var in []*node
			for i, d := range sample.Shapes {
				in = append(in, g.Input(strings.Repeat("y", i+1), d...))
			}
			in[k] = reason
			if y := c.Node(sample, in); y.Err() != reason.Err() {
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

// The samples of every row are such that a wrong gradient is caught.
func TestEveryRowIsSensitive(t *testing.T) {
	for _, c := range ops.Cases(shape.Table) {
		samples := c.Each()
		for _, factor := range []float64{-1, 1 + 1e-4} {
			c.Samples = nil
			for _, s := range samples {
				c.Samples = append(c.Samples, s.By(func(in []*node) *node { return graph.Apply(tamper{factor}, c.Node(s, in)) }))
			}
			if r := graphtest.Check(c, 1); r.Worst1 <= graphtest.Bound1 {
				t.Errorf("%s: a gradient %v times too large is not caught", c.Name, factor)
			}
		}
	}
}

// What makes no sense is reported with what is wrong and where.
func TestMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	m, x, v := g.Input("m", 3, 4), g.Input("x", 2, 6, 4, 5), g.Input("v", 5)
	for _, c := range []struct {
		n    *node
		want string
	}{
		{shape.Pad(m, 0, 1), "ends [1]: two numbers for the last axis of 3x4"},
		{shape.Pad(v, 0, 1, 1, 1, 1), "ends [1 1 1 1]"},
		{shape.Pad(v, 0, -3, -3), "3 and 3 elements cannot be taken from 5 along axis 0"},
		{shape.PadReflect(m, 4, 0), "4 and 0 mirrored elements of 4 along axis 1"},
		{shape.PadCircular(m, 0, 5), "0 and 5 elements from the other end of 4"},
		{shape.PadReplicate(g.Input("e", 2, 0), 1, 0), "no element to repeat along axis 1"},
		{shape.Roll(m, []int{1, 2}, 0), "2 shifts for 1 axes"},
		{shape.Roll(m, []int{1}, 2), "axis 2 of an array of 2 axes"},
		{shape.Tril(v, 0), "5 is not a matrix"},
		{shape.PixelShuffle(x, 2), "6 channels are not whole blocks of 2 places along each of 2 axes"},
		{shape.PixelShuffle(m, 2), "3x4 is not images x channels x one, two or three lengths"},
		{shape.PixelUnshuffle(x, 2), "a length of 5 does not divide into 2"},
		{shape.ChannelShuffle(x, 4), "do not divide into 4 groups"},
		{shape.Upsample(x, shape.UpsampleOptions{}), "lengths or a scale say what the result is"},
		{shape.Upsample(x, shape.UpsampleOptions{Lengths: []int{2}, Scale: []float64{2}}), "and not both"},
		{shape.Upsample(x, shape.UpsampleOptions{Lengths: []int{2, 3, 4}}), "lengths [2 3 4]: one number, or one for each of 2 axes"},
		{shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{0.1}}), "a length of 4 times 0.1 is no length"},
		{shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{2}, Corners: true}), "corners are for the modes linear and cubic"},
		{shape.Upsample(x, shape.UpsampleOptions{Scale: []float64{2}, Mode: "area"}), `mode "area"; there are nearest`},
		{shape.Resample(m, 2, 3, shape.Linear, false, 0), "axis 2 of an array of 2 axes"},
		{shape.Resample(m, 0, -1, shape.Linear, false, 0), "lengths 3 and -1"},
		{shape.Unfold(x, shape.WindowOptions{Kernel: []int{6}}), "a window of 6 elements does not fit in a length of 4 with 0 of padding"},
		{shape.Unfold(x, shape.WindowOptions{Kernel: []int{2}, Stride: []int{0}}), "stride 0; at least 1 is needed"},
		{shape.Fold(x, shape.WindowOptions{Kernel: []int{2}}, 3), "2x6x4x5 is not images x columns x places"},
		{shape.Fold(g.Input("c", 1, 4, 5), shape.WindowOptions{Kernel: []int{2}}, 3, 3), "windows of 4 elements at 4 places are not what 1x4x5 has"},
		{shape.ConvTranspose(x, g.Input("w", 6, 2, 3), shape.TransposeOptions{}), "the kernel 6x2x3 has not as many axes as 2x6x4x5"},
		{shape.ConvTranspose(x, g.Input("k", 4, 2, 3, 3), shape.TransposeOptions{}), "the kernel 4x2x3x3 in 1 groups is not for the 6 channels"},
		{shape.ConvTranspose(x, g.Input("l", 6, 2, 3, 3), shape.TransposeOptions{OutputPadding: []int{1}}), "output padding 1 is not below the stride 1"},
		{shape.ConvTranspose(x, g.Input("n", 6, 2, 3, 3), shape.TransposeOptions{Padding: []int{3}}), "a length of 4 with a kernel of 3 makes one of 0"},
		{shape.LPPool(x, 0, ops.PoolOptions{Kernel: []int{2}}), "p=0; it is a number above 0"},
		{shape.Einsum("ij,jk", m), `"ij,jk" has 2 operands, and there are 1`},
		{shape.Einsum("ijk->i", m), `"ijk" names the axes of operand 1, 3x4, which has 2`},
		{shape.Einsum("ij->ii", m), `the result has 'i' twice`},
		{shape.Einsum("ij->k", m), `no operand has 'k'`},
		{shape.Einsum("i2->i", m), `'2' in "i2" is no letter of an axis`},
		{shape.Einsum("ii->i", m), `lengths 3 and 4 of 'i'`},
		{shape.Einsum("ij,j->i", m, v), `lengths 4 and 5 of j`},
		{shape.Einsum("...,...", m, x), `lengths 3 and 4 of ...`},
	} {
		err := c.n.Err()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "table_test.go:") {
			t.Errorf("%v: %v, want %q", c.n, err, c.want)
		}
	}
}
