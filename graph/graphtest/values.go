package graphtest

import (
	"testing"

	"descent/graph"
)

// Values compiles and runs nodes of a graph without inputs. It returns the
// elements of each.
func Values(t *testing.T, nodes ...*graph.Node) [][]float64 {
	t.Helper()
	p, err := graph.Function{Outputs: nodes, Verify: true}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for _, n := range nodes {
		out = append(out, p.Float64s(n))
	}
	return out
}
