package graphtest_test

import (
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// inverse is 1/x whose gradient is off by a factor.
type inverse struct{ factor float64 }

func (inverse) Name() string                                { return "inverse" }
func (inverse) Shape(in []graph.Shape) (graph.Shape, error) { return in[0], nil }
func (inverse) Lower(b *graph.Builder, in []graph.Value) graph.Value {
	return b.Div(b.Const(1), in[0])
}
func (o inverse) Grad(y, dy *node) []*node {
	return []*node{ops.Scale(-o.factor, ops.Mul(dy, ops.Square(y)))}
}

func one(name string, d graphtest.Domain, f func(x *node) *node) graphtest.Case {
	return graphtest.Case{Name: name, Inputs: 1, Domain: []graphtest.Domain{d}, Partial: true,
		Build: func(in []*node, _ []float64) *node { return f(in[0]) }}
}

// Beside a pole, where differences of the usual step are far off, a right
// gradient is right and a wrong one wrong.
func TestBesidePoles(t *testing.T) {
	for _, d := range []graphtest.Domain{graphtest.Normal, graphtest.Range(-0.01, 0.01), graphtest.Range(1e-4, 1e-3)} {
		for _, factor := range []float64{1, 1 + 1e-4, 0.5, -1, 0} {
			r := graphtest.Check(one("inverse", d, func(x *node) *node { return graph.Apply(inverse{factor}, x) }), 10)
			if err := r.Err(); (err == nil) != (factor == 1) || r.Points1 == 0 {
				t.Errorf("factor %v: %d points: %v", factor, r.Points1, err)
			}
		}
	}
	for name, c := range map[string]graphtest.Case{
		"log":  one("log", graphtest.Range(0, 1e-3), ops.Log),
		"sqrt": one("sqrt", graphtest.Range(0, 1e-3), ops.Sqrt),
		"tan":  one("tan", graphtest.Range(1.55, 1.57), ops.Tan),
		"acos": one("acos", graphtest.Range(0.999, 1), ops.Acos),
		"abs":  one("abs", graphtest.Range(-1e-3, 1e-3), ops.Abs),
	} {
		r := graphtest.Check(c, 10)
		if err := r.Err(); err != nil || r.Points1 <= r.Unreliable {
			t.Errorf("%s: %d points, %d unreliable: %v", name, r.Points1, r.Unreliable, err)
		}
	}
}

// Points that say nothing are counted, and are not all.
func TestPointsThatSayNothing(t *testing.T) {
	c := one("log", graphtest.Normal, ops.Log)
	c.Samples = []graphtest.Sample{graphtest.One(nil)}
	if r := graphtest.Check(c, 40); r.NotFinite < 10 || r.Points1 < 10 || r.NotFinite+r.Points1+r.Unreliable < 50 || r.Err() != nil {
		t.Errorf("%+v: %v", r, r.Err())
	}
	c.Partial = false
	if r := graphtest.Check(c, 40); r.Err() == nil || !strings.Contains(r.Err().Error(), "NaN") {
		t.Error("NaN within the domain of an operation: not caught")
	}
	wild := one("wild", graphtest.Normal, func(x *node) *node { return ops.Sin(ops.Scale(1e8, x)) })
	wild.Samples = c.Samples
	if r := graphtest.Check(wild, 5); r.Err() == nil || r.Unreliable == 0 || r.Points1 > 0 || !strings.Contains(r.Err().Error(), "differences say nothing") {
		t.Errorf("%+v: %v", r, r.Err())
	}
}
