package optimizers

import (
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/ops"
)

// slow is a rule whose direction is its bias correction, 1 - βᵗ with a β so near
// to 1 that float32 would show where counting ends.
type slow struct{ beta float64 }

func (r slow) Update(s *Step) *node {
	n := s.Scalar("n", 1<<24)
	s.Set(n, ops.Shift(1, n))
	return ops.Mul(ops.Sub(n, s.Const(1<<24)), ops.Sub(s.Const(1), ops.Pow(s.Const(r.beta), s.T)))
}

// TestStepsGoOn: in float32 graphs, too, the number of the step, bias corrections
// and scalars of rules go on beyond 2²⁴ steps.
func TestStepsGoOn(t *testing.T) {
	const from, steps = 1<<24 - 3, 9
	g := graph.New(graph.Float32, 1)
	w := g.Param("w", graph.Zeros, 2)
	tr := Descend(ops.Sum(w), slow{1 - 1e-8})
	p, err := tr.Compile(ops.Sub(g.Const(0), tr.T))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.T.Variable().Set([]float64{from}); err != nil {
		t.Fatal(err)
	}
	want := float32(0)
	for k := range steps {
		if err := p.Run(graph.Let(tr.LR, []float64{1})); err != nil {
			t.Fatal(err)
		}
		want -= float32(float64(k) * (1 - math.Pow(1-1e-8, float64(from+k+1))))
		if got := w.Variable().Float64s()[1]; math.Abs(got-float64(want)) > 1e-6*math.Abs(float64(want)) {
			t.Fatalf("after step %d the parameter is %v, want %v", k, got, want)
		}
	}
	if got := tr.T.Variable().Float64s()[0]; got != from+steps {
		t.Errorf("%v steps counted", got)
	}
}

// TestOwnScalarsAreWide: no rule keeps a number of its own as float32, where it
// would lose what float64 has. What has the parameter's shape has its type.
func TestOwnScalarsAreWide(t *testing.T) {
	for i := range Table {
		g := graph.New(graph.Float32, 1)
		w := g.Param("w", ramp, 4, 3)
		tr := Descend(ops.Sum(ops.Square(w)), with(&Table[i], Table[i].New()))
		if err := graph.Mistakes(tr.Loss); err != nil {
			t.Fatal(err)
		}
		for _, v := range g.Store().Variables() {
			if wide := v.Dtype() == graph.Float64; wide != (v.Shape().Rank() == 0) {
				t.Errorf("%s: %s (%v) is %v", Table[i].Name, v.Name(), v.Shape(), v.Dtype())
			}
		}
	}
}

// TestScheduleGoesOn: weights of a schedule-free average are sums of as many
// terms as there are steps.
func TestScheduleGoesOn(t *testing.T) {
	g := graph.New(graph.Float32, 1)
	w := g.Param("w", graph.Fill(1), 2)
	tr := Descend(ops.Sum(ops.Square(w)), ScheduleFreeSGD())
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	var sum *graph.Variable
	for _, v := range g.Store().Variables() {
		if strings.HasSuffix(v.Name(), "weight") {
			sum = v
		}
	}
	if err := sum.Set([]float64{1 << 24}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := p.Run(graph.Let(tr.LR, []float64{0.5})); err != nil {
			t.Fatal(err)
		}
	}
	if got := sum.Float64s()[0]; got != 1<<24+0.75 {
		t.Errorf("the sum of weights is %v", got)
	}
}
