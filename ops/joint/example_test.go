package joint_test

import (
	"fmt"

	"descent/graph"
	"descent/ops"
	"descent/ops/joint"
)

func values(nodes ...*graph.Node) *graph.Program {
	p, err := graph.Compile(nodes...)
	if err == nil {
		err = p.Run()
	}
	if err != nil {
		panic(err)
	}
	return p
}

// Scores that are far behind have no probability at all.
func ExampleSparsemax() {
	g := graph.New(graph.Float64, 1)
	y := joint.Sparsemax(g.Array([]float64{1, 0.5, -1}, 3), 0)
	fmt.Println(values(y).Float64s(y))
	// Output:
	// [0.75 0.25 0]
}

// The labels 1 2 in four steps, of logits that say 1, 1, blank, 2. The loss is -log of the
// probability of all ways to say them.
func ExampleCTC() {
	g := graph.New(graph.Float64, 1)
	logits := g.Array([]float64{0, 3, 0, 0, 3, 0, 3, 0, 0, 0, 0, 3}, 4, 1, 3)
	labels, steps, lengths := g.Array([]float64{1, 2}, 1, 2), g.Array([]float64{4}, 1), g.Array([]float64{2}, 1)
	loss := joint.CTC(ops.LogSoftmax(logits, 2), labels, steps, lengths, joint.CTCOptions{})
	fmt.Printf("%.4f\n", values(loss).Float64s(loss)[0])
	// Output:
	// 0.1853
}

// How much longer the second group of patients stays well: the hazard is e^b times the
// first's. With b = 0 all are the same.
func ExampleCox() {
	g := graph.New(graph.Float64, 1)
	b := g.Param("b", graph.Zeros)
	group := g.Array([]float64{0, 0, 0, 1, 1, 1}, 6)
	time, event := g.Array([]float64{1, 3, 4, 5, 8, 9}, 6), g.Array([]float64{1, 1, 1, 1, 0, 1}, 6)
	loss := ops.Sum(joint.Cox(ops.Mul(b, group), time, event, true))
	slope := graph.Grad(loss, b)[0]
	p := values(loss, slope)
	fmt.Printf("%.4f, falling with b: %v\n", p.Scalar(loss), p.Scalar(slope) > 0)
	// Output:
	// 5.8861, falling with b: true
}
