package ops_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/spec"
	"descent/ops"
	"descent/ops/formula"
	"descent/ops/formula/formulatest"
)

// Cap returns the smaller of x and limit, with gradient 0 where they are equal.
func Cap(x *graph.Node, limit float64) *graph.Node { return graph.Apply(capped{limit}, x) }

type capped struct{ limit float64 }

func (o capped) Name() string                              { return graph.Title(o.Describe()) }
func (o capped) Describe() graph.Call                      { return graph.CallOf("cap", "limit", o.limit) }
func (capped) Locality() graph.Locality                    { return graph.Elementwise }
func (capped) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }

func (o capped) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Min(in[0], b.Const(o.limit))
}

func (o capped) Grad(y, dy *graph.Node) []*graph.Node {
	x := y.Arg(0)
	return []*graph.Node{graph.Chosen(ops.Less(x, x.Graph().Const(o.limit)), dy)}
}

func (o capped) Kink() graph.Kink {
	return graph.Kink{Takes: "the derivative there is 0", Met: func(in [][]float64, _ []float64) string {
		if in[0][0] == o.limit {
			return "the argument is the limit"
		}
		return ""
	}}
}

var capRow = ops.Row{
	Row: spec.Row{Name: "cap", Doc: "the smaller of x and a limit",
		Settings: []spec.Setting{{Name: "limit", Doc: "the largest value", Kind: spec.Number, Default: 1.0}}},
	Inputs: 1, Make: func(in []*graph.Node, a spec.Args) *graph.Node { return Cap(in[0], a.Number("limit")) },
	Domain: []graphtest.Domain{graphtest.Away(0.5)}, Samples: graphtest.Shapes(1, 0.5),
}

// The example of docs/adding-an-op.md: from a block and a row come the checks, the
// formula, the derivative as text, the kink and the listing.
func TestAddingAnOp(t *testing.T) {
	read := func(text string) (*formula.Formula, error) { return formula.Parse(text, formula.Operation(&capRow)) }
	graphtest.TestCase(t, capRow.Case())
	if err := formulatest.RoundTrip(capRow.Case(), read); err != nil {
		t.Error(err)
	}
	if f := formula.Operation(&capRow); f.Usage() != "cap(x, limit=1)" {
		t.Error(f.Usage())
	}
	f, err := read("cap(x, limit=2)^2")
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.Fill(2))
	y, err := f.Build(g, map[string]*graph.Node{"x": x})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := formula.Text(y, graph.Grad(y, x)[0])
	if want := "cap(x, limit=2)^2, where(x < 2, 2*cap(x, limit=2), 0)"; err != nil || strings.Join(texts, ", ") != want {
		t.Errorf("%v %v, want %s", texts, err, want)
	}
	twice := formula.Function("twice", 1, func(in ...*graph.Node) *graph.Node { return ops.Scale(2, in[0]) })
	if f, err = formula.Parse("twice(cap(x))", formula.Operation(&capRow), twice); err != nil {
		t.Fatal(err)
	}
	if z, err := f.Build(g, map[string]*graph.Node{"x": x}); err != nil || graphtest.Values(t, z)[0][0] != 2 {
		t.Error(z, err)
	}
	n := y.Arg(0)
	if got := n.Kink().Met([][]float64{{2}}, []float64{2}); got != "the argument is the limit" {
		t.Error(got)
	}
	if n.Op().Name() != "cap(limit=2)" {
		t.Error(n)
	}
}

// renamed is that operation, describing itself as something else; without a call
// it does not describe itself.
type (
	renamed struct {
		graph.Op
		title string
		limit float64
	}
	silent struct{ graph.Op }
)

func (o renamed) Describe() graph.Call { return graph.CallOf(o.title, "limit", o.limit) }

// What does not describe itself, or describes something else, is caught.
func TestDescriptionsAreChecked(t *testing.T) {
	read := func(text string) (*formula.Formula, error) { return formula.Parse(text, formula.Operation(&capRow)) }
	for _, c := range []struct {
		op   graph.Op
		want string
	}{
		{silent{capped{0.5}}, "does not describe itself"},
		{renamed{capped{0.5}, "cup", 0.5}, `unknown function "cup"; did you mean "cap"?`},
		{renamed{capped{0.5}, "elu", 0.5}, `elu has no setting "limit"`},
		{renamed{capped{0.5}, "cap", 0.25}, "is ["},
	} {
		row := capRow.Case()
		row.Build = func(in []*graph.Node, _ []float64) *graph.Node { return graph.Apply(c.op, in...) }
		if err := formulatest.RoundTrip(row, read); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
