package models

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// A Row says how a layer, or a model that is short for several, is named in
// text and made.
type Row struct {
	spec.Row
	// make makes it, given the layers that it is told to apply.
	make     func(a spec.Args, inside []Layer) Layer
	layers   func(a spec.Args) spec.Chain // those that it is short for, if it is
	linear   bool                         // it is short for none
	codes    bool                         // it is an autoencoder
	check    func(a spec.Args) error      // what is wrong with settings, if not each by itself
	Pictures bool                         // it takes pictures, n × channels × rows × columns, or n × channels × length
	Tokens   bool                         // it takes whole numbers, n × time
	Loss     string                       // that goes with a model of this name, if not what suits the target
	Task     Task                         // that a model of this name is for
}

// A Task is what a model's name says of its target.
type Task uint8

// The tasks.
const (
	Any            Task = iota // nothing
	Regression                 // a number
	Binary                     // one of two classes
	Classification             // a class
)

// Table has a row for each layer and each model with a name.
var Table = slices.Concat(whole, coders, plain, norms, pictures, widening, recurrents, sequences, joints, activating)

// whole are the models with names.
var whole = []Row{
	{Row: spec.Row{Name: "linear", Doc: "x·w + b, from weights of 0: linear and logistic regression"}, layers: nothing, linear: true, Task: Regression},
	{Row: spec.Row{Name: "softmax", Doc: "the linear model of classes"}, layers: nothing, linear: true, Task: Classification},
	{Row: spec.Row{Name: "logistic", Doc: "the linear model of two classes"}, layers: nothing, linear: true, Loss: "bce_logits", Task: Binary},
	{Row: spec.Row{Name: "mlp", Doc: "a multilayer perceptron: hidden layers of so many units", Examples: []string{"64", "64, 32, act=tanh, dropout=0.2"},
		Settings: []spec.Setting{
			{Name: "units", Doc: "of the hidden layers", Kind: spec.Wholes, Range: units, Required: true, By: spec.Rest},
			{Name: "act", Doc: "activation after each", Kind: spec.Word, Default: "relu", Choices: activations()},
			{Name: "norm", Doc: "before each activation", Kind: spec.Word, Choices: []string{"layer", "batch"}},
			initial,
			{Name: "dropout", Doc: "after each activation", Kind: spec.Number, Default: 0.0, Range: "[0,1)"},
		}}, layers: mlp},
	{Row: spec.Row{Name: "lenet", Doc: "LeNet-5 with rectifiers, for pictures of 28x28", Source: "LeCun, Bottou, Bengio, Haffner 1998, https://doi.org/10.1109/5.726791"}, layers: lenet, Pictures: true},
	{Row: spec.Row{Name: "resnet", Doc: "a residual net of 6n+2 layers for small pictures", Examples: []string{"8", "20"}, Source: "He, Zhang, Ren, Sun 2015, https://arxiv.org/abs/1512.03385",
		Settings: []spec.Setting{{Name: "depth", Doc: "layers: 8, 14, 20, …", Kind: spec.Whole, Default: 8.0, Range: "[8,200]"},
			{Name: "width", Doc: "filters of the first third; 2 and 4 times as many after it", Kind: spec.Whole, Default: 16.0, Range: "[1,1024]", By: spec.InOrder}}}, layers: resnet, check: resnetDepth, Pictures: true},
}

// plain are layers of rows.
var plain = []Row{
	{Row: spec.Row{Name: "dense", Doc: "x·w + b", Examples: []string{"64", "64, init=he, bias=false"},
		Settings: []spec.Setting{
			{Name: "units", Doc: "numbers in its output", Kind: spec.Whole, Range: units, Required: true},
			initial,
			{Name: "bias", Doc: "add b", Kind: spec.Flag, Default: true},
			ofWeights,
			{Name: "steps", Doc: "each step of a sequence is a row by itself, not all its numbers one", Kind: spec.Flag, Default: false},
		}},
		make: func(a spec.Args, _ []Layer) Layer {
			return DenseWith(DenseOptions{Units: a.Whole("units"), Weight: initOf(a), NoBias: !a.Flag("bias"), Norm: WeightNorm(a.Word("norm")), Steps: a.Flag("steps")})
		}, check: directed},
	{Row: spec.Row{Name: "dropout", Doc: "sets inputs to 0 in training", Examples: []string{"0.2"}, Source: "Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html",
		Settings: []spec.Setting{{Name: "rate", Doc: "probability of 0", Kind: spec.Number, Default: 0.5, Range: "[0,1)"}}},
		make: func(a spec.Args, _ []Layer) Layer { return Dropout(a.Number("rate")) }},
	{Row: spec.Row{Name: "spatial_dropout", Aliases: []string{"dropout2d"}, Doc: "sets whole channels to 0 in training", Examples: []string{"0.2"}, Source: "Tompson et al. 2015, https://arxiv.org/abs/1411.4280",
		Settings: []spec.Setting{{Name: "rate", Doc: "probability of 0", Kind: spec.Number, Default: 0.5, Range: "[0,1)"}}},
		make: func(a spec.Args, _ []Layer) Layer { return SpatialDropout(a.Number("rate")) }, Pictures: true},
	{Row: spec.Row{Name: "gaussian_noise", Aliases: []string{"gaussiannoise"}, Doc: "adds normal numbers in training", Examples: []string{"0.1"},
		Settings: []spec.Setting{{Name: "sd", Doc: "standard deviation", Kind: spec.Number, Default: 0.1, Range: "[0,inf)"}}},
		make: func(a spec.Args, _ []Layer) Layer { return GaussianNoise(a.Number("sd")) }},
}

// activating are the activations.
var activating = []Row{
	activation("relu", "max(x, 0)", ops.ReLU),
	activation("tanh", "the hyperbolic tangent", ops.Tanh),
	activation("sigmoid", "1/(1 + exp(-x))", ops.Sigmoid),
	slope("leaky_relu", "x, below 0 times slope", "slope", 0.01, ops.LeakyReLU),
	slope("elu", "x, below 0 alpha·(exp(x) - 1)", "alpha", 1, ops.ELU),
	activation("selu", "elu with the scale that keeps mean and variance", ops.SELU),
	activation("gelu", "x times the normal distribution function", ops.GELU),
	activation("gelu_tanh", "gelu by a hyperbolic tangent, as GPT-2 has it", ops.GELUTanh),
	activation("silu", "x·sigmoid(x)", ops.SiLU),
	activation("mish", "x·tanh(softplus(x))", ops.Mish),
	activation("softplus", "log(1 + exp(x))", ops.Softplus),
	activation("hardtanh", "x within -1 and 1", ops.HardTanh),
	activation("identity", "x", func(x *node) *node { return x }),
}

// units bounds what one slip of the finger may ask for.
const units = "[1,1048576]"

var initial = spec.Setting{Name: "init", Doc: "initialiser of weights", Kind: spec.Word, Default: "glorot", Choices: initNames()}

// ofWeights is how weights are made.
var ofWeights = spec.Setting{Name: "norm", Doc: "of weights: a direction and a length for each output, or over their largest singular value", Kind: spec.Word, Choices: []string{string(ByLength), string(Spectral)}}

// directed checks that weights which are made of a direction have one.
func directed(a spec.Args) error {
	if a.Word("norm") != "" && a.Word("init") == "zeros" {
		return fmt.Errorf("%s: weights of 0 have no norm=%s", a.Row().Name, a.Word("norm"))
	}
	return nil
}

func activation(name, doc string, f Layer) Row {
	return Row{Row: spec.Row{Name: name, Doc: doc}, make: func(spec.Args, []Layer) Layer { return f }}
}

func slope(name, doc, setting string, by float64, f func(x *node, slope float64) *node) Row {
	return Row{Row: spec.Row{Name: name, Doc: doc, Settings: []spec.Setting{{Name: setting, Doc: "of what is below 0", Kind: spec.Number, Default: by}}},
		make: func(a spec.Args, _ []Layer) Layer { return func(x *node) *node { return f(x, a.Number(setting)) } }}
}

// activations are the names that mlp may put between its layers.
func activations() []string {
	return []string{"relu", "tanh", "sigmoid", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "hardtanh", "identity"}
}

func initNames() (names []string) {
	for _, i := range Inits {
		names = append(names, i.Name)
	}
	return names
}

func initOf(a spec.Args) graph.Init { return initNamed(a.Word("init")) }

// initNamed returns the initialiser of a name.
func initNamed(name string) graph.Init {
	for _, i := range Inits {
		if i.Name == name {
			return i.Init
		}
	}
	return Glorot
}

func nothing(spec.Args) spec.Chain { return nil }

func mlp(a spec.Args) (chain spec.Chain) {
	for _, n := range a.Wholes("units") {
		chain = append(chain, spec.Of("dense", "units", n, "init", a.Word("init")))
		if norm := a.Word("norm"); norm != "" {
			chain = append(chain, spec.Of(norm+"_norm"))
		}
		chain = append(chain, spec.Of(a.Word("act")))
		if p := a.Number("dropout"); p > 0 {
			chain = append(chain, spec.Of("dropout", "rate", p))
		}
	}
	return chain
}
