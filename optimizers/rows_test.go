package optimizers

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/graph"
	"descent/ops"
)

// embedded is a step that pulls the rows of a table of n rows at six indices towards
// ones; bent hides from the rule that rows were taken.
func embedded(t *testing.T, rule Rule, n int, bent bool, team *graph.Team) (run func(index ...int), w *node, p *graph.Program) {
	t.Helper()
	g := graph.New(graph.Float64, 3)
	w = g.Param("w", func(_ *rand.Rand, _ graph.Shape, dst []float64) {
		for i := range dst {
			dst[i] = math.Sin(float64(i))
		}
	}, n, 4)
	index, of := g.Indices("index", 2, 3), w
	if bent {
		of = ops.Scale(1, w)
	}
	x := ops.Take(of, index, 0)
	loss := ops.Sum(ops.Square(ops.Shift(-1, ops.Mul(x, g.Const(0.5, 2, 3, 4)))))
	step := Descend(loss, rule)
	p, err := graph.Function{Outputs: []*node{step.Loss}, Updates: step.Updates, Team: team}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return func(at ...int) {
		t.Helper()
		if err := p.Run(graph.Let(index, at), graph.Let(step.LR, []float64{0.1})); err != nil {
			t.Fatal(err)
		}
	}, w, p
}

var usedRows = [][]int{{1, 5, 1, 0, 1, 6}, {2, 2, 2, 2, 2, 2}, {0, 1, 2, 3, 4, 5}, {6, 5, 6, 5, 1, 1}}

// TestRowsAlone compares updates of the rows that were used with those of the whole
// table, whose other rows have gradient 0.
func TestRowsAlone(t *testing.T) {
	for _, rule := range []Rule{SGD(), AdaGrad(), OptaxAdaGrad(), AdaGradRule{Eps: 1e-10, Decay: 0.1, Initial: 0.2}, Chain{ClipValue(0.3), SGD()}} {
		run, w, _ := embedded(t, rule, 8, false, nil)
		whole, want, _ := embedded(t, rule, 8, true, nil)
		for _, at := range usedRows {
			run(at...)
			whole(at...)
			if x, y := w.Variable().Float64s(), want.Variable().Float64s(); !slices.Equal(x, y) {
				t.Errorf("%s: %v, want %v", Format(rule), x, y)
			}
		}
	}
}

// TestLazyAdam compares with a plain loop.
func TestLazyAdam(t *testing.T) {
	r := LazyAdam()
	run, w, _ := embedded(t, r, 8, false, nil)
	p := w.Variable().Float64s()
	m, v := make([]float64, 32), make([]float64, 32)
	for step, at := range usedRows {
		run(at...)
		grad := map[int]float64{}
		for _, row := range at {
			for j := range 4 {
				grad[row*4+j] += 0.5 * 2 * (0.5*p[row*4+j] - 1)
			}
		}
		for i, g := range grad {
			m[i], v[i] = r.Beta1*m[i]+(1-r.Beta1)*g, r.Beta2*v[i]+(1-r.Beta2)*g*g
			mean, square := m[i]/(1-math.Pow(r.Beta1, float64(step+1))), v[i]/(1-math.Pow(r.Beta2, float64(step+1)))
			p[i] -= 0.1 * mean / (math.Sqrt(square) + r.Eps)
		}
		for i, x := range w.Variable().Float64s() {
			if !(math.Abs(x-p[i]) <= 1e-12) {
				t.Errorf("step %d: element %d is %v, want %v", step, i, x, p[i])
			}
		}
	}
}

// TestRowsCost holds the memory that a step needs, and the lines of its program,
// against those of a table a thousand times as long: nothing in it has a table's
// length.
func TestRowsCost(t *testing.T) {
	for _, rule := range []Rule{SGD(), AdaGrad(), LazyAdam(), Chain{Clip(1), LazyAdam()}} {
		_, _, short := embedded(t, rule, 100, false, nil)
		_, _, long := embedded(t, rule, 100_000, false, nil)
		if a, b := short.Stats(), long.Stats(); a != b {
			t.Errorf("%s: %+v for a table of 100 rows, %+v for one of 100,000", Format(rule), a, b)
		}
	}
}

// TestRowsByTeams trains large tables with one, two and three workers.
func TestRowsByTeams(t *testing.T) {
	train := func(workers int) []float64 {
		team := graph.NewTeam(workers)
		defer team.Close()
		g := graph.New(graph.Float64, 3)
		w, index := g.Param("w", graph.Fill(0.3), 500, 64), g.Indices("index", 4000)
		x := ops.Take(w, index, 0)
		step := Descend(ops.Sum(ops.Square(ops.Sub(x, g.Input("y", 4000, 64)))), LazyAdam())
		p, err := graph.Function{Updates: step.Updates, Team: team}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		at, y := make([]int, 4000), make([]float64, 4000*64)
		for i := range y {
			y[i] = math.Sin(float64(i))
		}
		for i := range at {
			at[i] = i * i % 500
		}
		for range 3 {
			if err := p.Run(graph.Let(index, at), graph.Let(g.Leaf("y"), y), graph.Let(step.LR, []float64{0.1})); err != nil {
				t.Fatal(err)
			}
		}
		return w.Variable().Float64s()
	}
	one := train(1)
	for _, workers := range []int{2, 3} {
		if !slices.Equal(one, train(workers)) {
			t.Errorf("%d workers give other bits than one", workers)
		}
	}
}
