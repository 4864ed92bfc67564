package search

import (
	"math"
	"math/rand/v2"
	"testing"

	"descent/graph"
	"descent/ops"
)

// constrained is a problem of two matrices with constraints of both kinds.
func constrained(t *testing.T) *Problem {
	t.Helper()
	g := graph.New(graph.Float64, 3)
	a, b := g.Param("a", graph.Fill(0.1), 2, 2), g.Param("b", graph.Fill(0.2), 2)
	product := ops.MatMul(a, ops.Reshape(b, 2, 1))
	p, err := ProblemOf(ops.Sum(ops.Square(ops.Shift(-1, ops.Exp(product)))), []*node{a, b})
	if err != nil {
		t.Fatal(err)
	}
	c := ops.Concat(0, ops.Reshape(ops.Mul(product, product), 2), ops.Sin(b))
	if err := p.Constrain(c, []bool{true, false, false, true}); err != nil {
		t.Fatal(err)
	}
	if p.Constrain(c, []bool{true}) == nil {
		t.Error("four constraints of which one is described")
	}
	inf := math.Inf(1)
	p.Lower, p.Upper = []float64{-inf, -3, -inf, -2, -3, -4}, []float64{inf, inf, 4, 5, 3, inf}
	return p
}

// The augmented Lagrangian's gradient, its products with the Hessian and those of the
// constraints agree with differences.
func TestLagrangianDerivatives(t *testing.T) {
	p, n := constrained(t), 6
	rng := rand.New(rand.NewPCG(1, 1))
	vector := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64() / 2
		}
		return x
	}
	s := &lagrangian{run: newRun(t.Context(), p, Stop{}), n: n, unit: 3, size: []float64{1, 2, 0.5, 4}, lambda: []float64{-1, 2, 0.5, 1}, rho: 7,
		x: vector(n), g: vector(n), c: vector(4), w: vector(4), at: vector(n)}
	for i := range n {
		s.bounds = append(s.bounds, p.bound(i))
	}
	const h = 1e-5
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-6*max(1, math.Abs(want)) {
			t.Errorf("%s: %v, by differences %v", what, got, want)
		}
	}
	for range 20 {
		u, v, w := vector(n), vector(n), vector(4)
		left, right := axpy(vector(n), u, -h, v), axpy(vector(n), u, h, v)
		grad, ahead, behind, hv := vector(n), vector(n), vector(n), vector(n)
		s.gradient(u, grad)
		near("gradient", dot(grad, v), (s.value(right)-s.value(left))/(2*h))
		s.gradient(right, ahead)
		s.gradient(left, behind)
		s.product(u, v, hv)
		for i := range n {
			near("Hessian", hv[i], (ahead[i]-behind[i])/(2*h))
		}
		c, push, pull, bend := p.Constraints, vector(4), vector(n), vector(n)
		low, high := vector(4), vector(4)
		c.Value(left, low)
		c.Value(right, high)
		c.Push(u, v, push)
		for i := range push {
			near("push", push[i], (high[i]-low[i])/(2*h))
		}
		c.Pull(u, w, pull)
		near("pull", dot(pull, v), dot(push, w))
		c.Pull(right, w, ahead)
		c.Pull(left, w, behind)
		c.Bend(u, w, v, bend)
		for i := range n {
			near("bend", bend[i], (ahead[i]-behind[i])/(2*h))
		}
	}
}

// Weights of which none is negative: no change of one makes the rest shorter.
func TestNonNegative(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		rows, n := 1+rng.IntN(5), 1+rng.IntN(7)
		columns, free := make([][]float64, n), make([]bool, n)
		for i := range columns {
			for range rows {
				columns[i] = append(columns[i], rng.NormFloat64())
			}
			free[i] = rng.IntN(4) == 0
		}
		target := make([]float64, rows)
		for j := range target {
			target[j] = rng.NormFloat64()
		}
		w := nonNegative(columns, free, target)
		rest := append([]float64(nil), target...)
		for i, c := range columns {
			axpy(rest, rest, -w[i], c)
		}
		for i, c := range columns {
			slope := dot(c, rest)
			if !free[i] && (w[i] < 0 || slope > 1e-9) || (free[i] || w[i] > 0) && math.Abs(slope) > 1e-9 {
				t.Errorf("weight %v with slope %v", w[i], slope)
			}
		}
	}
}
