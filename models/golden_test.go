package models_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

type node = graph.Node

// nets are the nets of testdata/nets.json, as their notes have them.
var nets = map[string]func(note string, in map[string]*node) *node{
	"conv_pool_dense": func(note string, in map[string]*node) *node {
		acts := map[string]models.Layer{"gelu": ops.GELU, "silu": ops.SiLU, "relu": ops.ReLU, "tanh": ops.Tanh, "softplus": ops.Softplus, "sigmoid": ops.Sigmoid, "elu": func(x *node) *node { return ops.ELU(x, 1) }}
		act := acts[regexp.MustCompile(`avg_pool2d\((\w+)\(`).FindStringSubmatch(note)[1]]
		y := ops.Add(ops.Conv(in["x"], in["w1"], ops.ConvOptions{Same: true}), ops.Reshape(in["b1"], -1, 1, 1))
		y = models.Flatten()(ops.AvgPool(act(y), ops.PoolOptions{Kernel: []int{2}}))
		return ops.Add(ops.MatMul(y, in["w2"]), in["b2"])
	},
	"conv_norm_maxpool_dense": func(_ string, in map[string]*node) *node {
		y := ops.Standardize(ops.Conv(in["x"], in["w1"], ops.ConvOptions{Padding: []int{1}}), 1e-5, 0, 2, 3)
		y = ops.Tanh(ops.Add(ops.Mul(y, ops.Reshape(in["g"], -1, 1, 1)), ops.Reshape(in["b"], -1, 1, 1)))
		return ops.MatMul(models.Flatten()(ops.MaxPool(y, ops.PoolOptions{Kernel: []int{3}})), in["w2"])
	},
	"residual": func(note string, in map[string]*node) *node {
		stride := 1
		if strings.Contains(note, "stride=2") {
			stride = 2
		}
		short := ops.Slice(ops.Slice(in["x"], 2, 0, ops.End, stride), 3, 0, ops.End, stride)
		y := ops.Tanh(ops.Conv(in["x"], in["w1"], ops.ConvOptions{Stride: []int{stride}, Padding: []int{1}}))
		y = ops.Add(short, ops.Conv(y, in["w2"], ops.ConvOptions{Padding: []int{1}}))
		return ops.MatMul(ops.Mean(y, 2, 3), in["w3"])
	},
	"lstm_dense": func(_ string, in map[string]*node) *node {
		x := in["x"]
		_, both := in["weight_ih_l0_reverse"]
		y, _ := models.NewRecurrent(models.RecurrentOptions{Cell: models.LSTM(0), Units: in["weight_hh_l0"].Shape().Dim(1), Bidirectional: both}).Run(x, nil, nil)
		return ops.MatMul(ops.Mean(withWeights("lstm", []*node{y}, in)[0], 1), in["w3"])
	},
	"separable": func(note string, in map[string]*node) *node {
		o := ops.ConvOptions{Groups: 3, Same: true}
		if strings.Contains(note, "dilation 2") {
			o.Dilation = []int{2}
		}
		y := ops.Tanh(ops.Conv(ops.Conv(in["x"], in["w1"], o), in["w2"], ops.ConvOptions{}))
		return ops.MatMul(ops.Mean(y, 2, 3), in["w3"])
	},
}

// TestNets compares whole nets with PyTorch's: values, gradients, products with the
// Hessian.
func TestNets(t *testing.T) {
	for _, c := range golden.Cases(t, "testdata/nets.json") {
		golden.Compare(t, &c, func(in map[string]*node) map[string]*node {
			y := nets[c.Op](c.Note, in)
			return map[string]*node{"y": ops.Mean(ops.SoftmaxNLL(y, in["target"]))}
		})
	}
}

// TestBatchNormAgainstPyTorch trains for a few batches: outputs, gradients and
// running statistics, by momentum or as the mean of batches, and evaluation after
// them.
func TestBatchNormAgainstPyTorch(t *testing.T) {
	for _, c := range golden.Cases(t, "testdata/batch_norm.json") {
		o := models.NormOptions{Eps: c.Args["eps"].(float64), Plain: c.Args["affine"] == false}
		o.Momentum, _ = c.Args["momentum"].(float64)
		layer := models.BatchNormWith(o)
		first := graph.New(graph.Float64, 1)
		for i := 1; c.Inputs[fmt.Sprint("x", i)].Shape != nil; i++ {
			last := c.Inputs[fmt.Sprint("x", i+1)].Shape == nil
			normBatch(t, &c, layer, first.Sibling(), i, last && c.Args["last"] == "eval")
		}
		for name, v := range map[string]string{"running_mean": "batchnorm.mean", "running_var": "batchnorm.var"} {
			golden.Near(t, c.Name+" "+name, first.Store().Lookup(v).Float64s(), c.Outputs[name].Data)
		}
	}
}

// normBatch runs one batch, which moves the running statistics.
func normBatch(t *testing.T, c *golden.Case, layer models.Layer, g *graph.Graph, i int, eval bool) {
	if eval {
		g.Evaluation()
	}
	drawn := c.Inputs[fmt.Sprint("x", i)]
	x := g.Input("x", drawn.Shape...)
	y := layer(x)
	for name, of := range map[string]string{"weight": "batchnorm.gain", "bias": "batchnorm.shift"} {
		if v := g.Store().Lookup(of); v != nil {
			if err := v.Set(c.Inputs[name].Values()); err != nil {
				t.Fatal(err)
			}
		}
	}
	name := fmt.Sprint("y", i)
	loss := ops.Sum(ops.Mul(y, g.Array(golden.Uniform(c.Cotangents[name], y.Shape().Size(), -1, 1), y.Shape().Dims()...)))
	dx := graph.Grad(loss, x)[0]
	p, err := graph.Function{Outputs: []*node{y, dx}, Updates: g.Kept()}.Compile()
	if err == nil {
		err = p.Run(graph.Let(x, drawn.Values()))
	}
	if err != nil {
		t.Fatal(err)
	}
	golden.Near(t, c.Name+" "+name, p.Float64s(y), c.Outputs[name].Data)
	golden.Near(t, fmt.Sprint(c.Name, " dx", i), p.Float64s(dx), c.Grads[fmt.Sprint("x", i)])
}

// TestLeNetTrains holds the losses of 30 steps of Adam against PyTorch's.
func TestLeNetTrains(t *testing.T) {
	var f struct {
		Digits struct{ Images, Labels []float64 }
		Case   trained
	}
	golden.Read(t, "testdata/lenet.json", &f)
	spec, err := models.Parse("conv(4, 3) | relu | avg_pool(2) | conv(8, 3, padding=valid) | relu | avg_pool(2) | dense(16) | relu")
	if err != nil {
		t.Fatal(err)
	}
	model, _, err := spec.For([]int{8, 8}, 10)
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Float64, 1)
	n := len(f.Digits.Labels)
	x, labels := g.Input("x", n, 64), g.Indices("y", n)
	step := optimizers.Descend(losses.CrossEntropy(model(x), labels), optimizers.Adam())
	here := strings.NewReplacer("conv1.", "conv.", "fc1.", "dense.", "fc2.", "dense2.", "weight", "w", "bias", "b")
	for _, w := range f.Case.Weights {
		values := slices.Repeat([]float64{w.Constant}, graph.Dims(w.Shape...).Size())
		if w.Seed != 0 {
			values = golden.Uniform(w.Seed, len(values), -1, 1)
		}
		for i := range values {
			if w.Seed != 0 {
				values[i] *= w.Scale
			}
		}
		if len(w.Shape) == 2 {
			values = transposed(values, w.Shape[0])
		}
		if err := g.Store().Lookup(here.Replace(w.Name)).Set(values); err != nil {
			t.Fatal(err)
		}
	}
	images := slices.Clone(f.Digits.Images)
	for i := range images {
		images[i] /= 16
	}
	classes := make([]int, n)
	for i, c := range f.Digits.Labels {
		classes[i] = int(c)
	}
	p, err := graph.Function{Outputs: []*node{step.Loss}, Updates: step.Updates}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range f.Case.Losses {
		if err := p.Run(graph.Let(x, images), graph.Let(labels, classes), graph.Let(step.LR, []float64{0.01})); err != nil {
			t.Fatal(err)
		}
		if got := p.Scalar(step.Loss); !(math.Abs(got-want) <= 1e-10) {
			t.Fatalf("the loss before step %d is %v, want %v", i, got, want)
		}
	}
}

// transposed is the transpose of a matrix of some rows.
func transposed(x []float64, rows int) []float64 {
	y, columns := make([]float64, len(x)), len(x)/rows
	for i, v := range x {
		y[i%columns*rows+i/columns] = v
	}
	return y
}
