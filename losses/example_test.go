package losses_test

import (
	"fmt"

	"descent/graph"
	"descent/losses"
	"descent/ops"
)

// Pinball is the quantile loss: its minimiser is the tau-quantile of y given x.
func Pinball(tau float64) losses.Loss {
	return func(pred, y *graph.Node) *graph.Node {
		e := ops.Sub(y, pred)
		return ops.Mean(ops.Max(ops.Scale(tau, e), ops.Scale(tau-1, e)))
	}
}

// A loss of your own is a function; its gradient needs no derivation.
func ExampleLoss() {
	g := graph.New(graph.Float64, 1)
	pred, y := g.Param("pred", graph.From(1, 2, 3), 3), g.Input("y", 3)
	loss := Pinball(0.9)(pred, y)
	grad := graph.Grad(loss, pred)[0]
	program, err := graph.Compile(loss, grad)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := program.Run(graph.Let(y, []float64{2, 1, 5})); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n%.4f\n", program.Scalar(loss), program.Float64s(grad))
	// Output:
	// 0.9333
	// [-0.3000 0.0333 -0.3000]
}

func ExampleByName() {
	loss, err := losses.ByName("huber(delta=2)")
	fmt.Println(loss, err)
	_, err = losses.ByName("huber(dleta=2)")
	fmt.Println(err)
	// Output:
	// huber(delta=2) <nil>
	// loss "huber(dleta=2)": huber has no setting "dleta"; did you mean "delta"? its settings are delta, reduction
}

// A wrong shape is reported when the graph is compiled, not stretched to fit.
func ExampleMSE() {
	g := graph.New(graph.Float64, 1)
	pred, y := g.Input("pred", 32, 1), g.Input("y", 32)
	_, err := graph.Compile(losses.MSE(pred, y))
	fmt.Println(err)
	// Output:
	// example_test.go:54: mse(pred (32x1), y (32)): the prediction is 32x1 and the target 32: declare the target as 32x1, or ops.Reshape one of them
}

func ExampleCrossEntropyWith() {
	g := graph.New(graph.Float64, 1)
	logits, class := g.Input("logits", 2, 3), g.Indices("class", 2)
	loss := losses.CrossEntropyWith(losses.CrossEntropyOptions{
		Weight:         []float64{1, 1, 4}, // class 2 is rare
		IgnoreIndex:    new(0),
		LabelSmoothing: 0.1,
	})(logits, class)
	program, err := graph.Compile(loss)
	if err != nil {
		fmt.Println(err)
		return
	}
	program.Run(graph.Let(logits, []float64{1, 0, -1, 0, 0, 1}), graph.Let(class, []int{0, 2}))
	fmt.Printf("%.4f\n", program.Scalar(loss))
	// Output:
	// 0.5405
}
