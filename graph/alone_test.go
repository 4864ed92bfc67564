package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"

	"gorgonia.org/gorgonia"
)

// alone evaluates a node by the gorgonia.Op of each node under it: no pass sees
// more than one op.
func alone(t *testing.T, n *node, known map[*node]gorgonia.Value) gorgonia.Value {
	if v := known[n]; v != nil {
		return v
	}
	if v := n.Variable(); v != nil {
		known[n] = v.Tensor()
		if n.Shape().Rank() == 0 {
			known[n] = gorgonia.NewF64(v.Float64s()[0])
		}
		return known[n]
	}
	in := make([]gorgonia.Value, n.Arity())
	for i := range in {
		in[i] = alone(t, n.Arg(i), known)
	}
	v, err := n.Expr().Op().Do(in...)
	if err != nil {
		t.Fatal(err)
	}
	known[n] = v
	return v
}

// hasProduct reports whether n depends on a matrix product. A product that has
// taken in the transposes of its operands may add in another order.
func hasProduct(n *node) bool {
	if n.Op() != nil && strings.HasPrefix(n.Op().Name(), "matmul") {
		return true
	}
	for i := range n.Arity() {
		if hasProduct(n.Arg(i)) {
			return true
		}
	}
	return false
}

func near(a, b []float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-12*(1+math.Abs(b[i])) {
			return false
		}
	}
	return len(a) == len(b)
}

// TestProgramsAgreeWithOps: a program computes, bit for bit but for products,
// what its ops compute one at a time, whatever the passes made of them.
func TestProgramsAgreeWithOps(t *testing.T) {
	for trial := range 40 {
		rng := rand.New(rand.NewPCG(uint64(trial), 5))
		g := graph.New(graph.Float64, 5)
		pool := randomPool(rng, g, 3+rng.IntN(12))
		loss := ops.Mean(ops.Mul(pool[len(pool)-1], pool[len(pool)-2]))
		out := append(append(pool, loss), graph.Grad(loss, g.Params()...)...)
		known := map[*node]gorgonia.Value{}
		for i, got := range graphtest.Values(t, out...) {
			v := alone(t, out[i], known)
			want, ok := v.Data().([]float64)
			if !ok {
				want = []float64{v.Data().(float64)}
			}
			if !slices.Equal(got, want) && !(hasProduct(out[i]) && near(got, want)) {
				t.Fatalf("trial %d: %v is %v, alone %v", trial, out[i], got, want)
			}
		}
	}
}
