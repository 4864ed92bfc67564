package models_test

import (
	"fmt"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

// The program of docs/layers.md.
func Example_pictures() {
	net := models.Sequential(
		models.Conv(16, 3), models.BatchNorm(0.1), ops.ReLU, models.Pool(ops.MaxPool, ops.PoolOptions{Kernel: []int{2}}),
		models.Residual(models.Sequential(models.Conv(16, 3), ops.ReLU, models.Conv(16, 3)), nil),
		models.GlobalPool(ops.GlobalAvgPool), models.Dense(10))
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", 32, 1, 8, 8), g.Indices("y", 32)
	step := optimizers.Descend(losses.CrossEntropy(net(x), y), optimizers.Adam())
	program, err := graph.Function{Outputs: []*graph.Node{step.Loss}, Updates: step.Updates}.Compile()
	if err != nil {
		panic(err)
	}
	images, labels := make([]float32, 32*64), make([]int, 32)
	for i := range images { // half of them are bright above, half below
		labels[i/64] = i / 64 % 2
		if i%64/32 == labels[i/64] {
			images[i] = 1
		}
	}
	var first float64
	for i := range 40 {
		if err := program.Run(graph.Let(x, images), graph.Let(y, labels), graph.Let(step.LR, []float64{0.01})); err != nil {
			panic(err)
		}
		if i == 0 {
			first = program.Scalar(step.Loss)
		}
	}
	fmt.Println(first > 10*program.Scalar(step.Loss))
	// Output: true
}

func ExampleSummarize() {
	s, err := models.Summarize(models.Sequential(
		models.Dense(64), models.BatchNorm(0.1), ops.ReLU, models.Dropout(0.2),
		models.Dense(10),
	), 784)
	if err != nil {
		panic(err)
	}
	fmt.Print(s)
	// Output:
	// Layer (type)           Output shape  Param #  Mult-adds
	// dense (Dense)          (n, 64)        50,240     50,176
	// batchnorm (BatchNorm)  (n, 64)           256          0
	// dropout (Dropout)      (n, 64)             0          0
	// dense2 (Dense)         (n, 10)           650        640
	// Total params: 51,146 (trainable 51,018, non-trainable 128); mult-adds for one row: 50,816
}

func ExampleParse() {
	spec, err := models.Parse("mlp(64, 32, act=tanh)")
	if err != nil {
		panic(err)
	}
	fmt.Println(spec)
	_, err = models.Parse("mlp(64, act=tahn)")
	fmt.Println(err)
	// Output:
	// mlp(64, 32, act=tanh)
	// model "mlp(64, act=tahn)": mlp: act=tahn is unknown; did you mean "tanh"? there are relu, tanh, sigmoid, leaky_relu, elu, selu, gelu, gelu_tanh, silu, mish, softplus, hardtanh, identity
}
