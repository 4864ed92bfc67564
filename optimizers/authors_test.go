package optimizers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/ops"
	"descent/optimizers/kronecker"
)

// SOAP that turns no axes is Adam a step later.
func TestSOAPWithoutAxesIsAdam(t *testing.T) {
	var G [][]float64
	for i := range 30 {
		G = append(G, []float64{math.Sin(float64(i)), 1 / float64(i+1), -0.3, math.Cos(float64(2 * i))})
	}
	var a, b [][]float64
	at := []float64{1, -2, 0.5, 0}
	soap := kronecker.SOAP()
	soap.Longest = 1
	adam := AdamRule{Beta1: soap.Beta1, Beta2: soap.Beta2, Eps: soap.Eps, EpsHat: true}
	matrix(t, at, G, soap, 0.01, func(x []float64) { a = append(a, x) })
	matrix(t, at, G[1:], adam, 0.01, func(x []float64) { b = append(b, x) })
	if !slices.Equal(a[0], at) {
		t.Errorf("the first step moves to %v", a[0])
	}
	if d := apart(a[1:], b); d > 1e-13 {
		t.Errorf("%g apart", d)
	}
}

// matrix feeds gradients of a matrix of two columns to a rule.
func matrix(t *testing.T, x0 []float64, G [][]float64, r Rule, lr float64, see func(x []float64)) {
	t.Helper()
	g := graph.New(graph.Float64, 1)
	p, in := g.Param("p", graph.From(x0...), len(x0)/2, 2), g.Input("g", len(x0)/2, 2)
	tr := Descend(ops.Sum(ops.Mul(p, in)), r)
	prog, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for _, grad := range G {
		if err := prog.Run(graph.Let(in, grad), graph.Let(tr.LR, []float64{lr})); err != nil {
			t.Fatal(err)
		}
		see(p.Variable().Float64s())
	}
}

// The authors' own programs: SOAP's from its first axes on, which it has from an
// eigendecomposition, and but for the 1e-6 of steadied; PSGD's to rounding.
func TestAxesAgainstAuthors(t *testing.T) {
	var runs []struct {
		Rule     string
		Shape    []int
		Settings map[string]any
		Axes     [][]float64
		Values   [][]float64
	}
	golden.Read(t, "testdata/axes_torch.json", &runs)
	settings := map[string]string{"precondition_frequency": "every", "max_precond_dim": "longest", "lr_preconditioner": "rate", "betaL": "beta_l", "preconditioner_max_size": "longest"}
	for _, run := range runs {
		text, tol := run.Rule+"(", 1e-5
		if run.Rule == "psgd" {
			text, tol = text+"damping=0", 1e-11
		} else {
			text += "eps=1e-8"
		}
		for name, v := range run.Settings {
			if betas, ok := v.([]any); ok {
				text += fmt.Sprint(", beta1=", betas[0], ", beta2=", betas[1])
			} else {
				text += fmt.Sprint(", ", settings[name], "=", v)
			}
		}
		o, err := Parse(text + ")")
		if err != nil {
			t.Fatal(err)
		}
		g := graph.New(graph.Float64, 1)
		w, in := g.Param("w", graph.Zeros, run.Shape...), g.Input("g", run.Shape...)
		tr := Descend(ops.Sum(ops.Mul(w, in)), o.Rule)
		p, err := tr.Compile()
		if err != nil {
			t.Fatal(err)
		}
		grad := make([]float64, w.Shape().Size())
		for step, want := range run.Values {
			for i := range grad {
				grad[i] = 0.7*math.Sin(1.3*float64(step)+2.1*float64(i)) + 0.2*math.Cos(0.4*float64(step*(i+1)))
			}
			if err := p.Run(graph.Let(in, grad), graph.Let(tr.LR, []float64{0.01})); err != nil {
				t.Fatal(err)
			}
			if d := apart([][]float64{want}, [][]float64{w.Variable().Float64s()}); !(d <= tol) {
				t.Errorf("%s of %v, step %d: %g apart", text, run.Shape, step+1, d)
				break
			}
			for axis, q := range run.Axes {
				if state := g.Leaf(fmt.Sprint("w/0.axes", axis)); step == 0 && len(q) > 0 && state != nil {
					if err := state.Variable().Set(q); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
