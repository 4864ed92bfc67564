package models_test

import (
	"fmt"

	"descent/models"
	"descent/ops"
)

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
	// Layer (type)           Output shape  Param #
	// dense (Dense)          (n, 64)        50,240
	// batchnorm (BatchNorm)  (n, 64)           256
	// dropout (Dropout)      (n, 64)             0
	// dense2 (Dense)         (n, 10)           650
	// Total params: 51,146 (trainable 51,018, non-trainable 128)
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
	// model "mlp(64, act=tahn)": mlp: act=tahn is unknown; did you mean "tanh"? there are relu, tanh, sigmoid, leaky_relu, elu, selu, gelu, silu, mish, softplus, hardtanh, identity
}
