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

// setWeights gives parameters the weights of a training elsewhere: matrices of layers that have
// the other layout, whose names end with w, are transposed.
func setWeights(t *testing.T, store *graph.Store, c trained, here func(string) string) {
	t.Helper()
	for _, w := range c.Weights {
		values := slices.Repeat([]float64{w.Constant}, graph.Dims(w.Shape...).Size())
		if w.Seed != 0 {
			values = golden.Uniform(w.Seed, len(values), -1, 1)
		}
		for i := range values {
			if w.Seed != 0 {
				values[i] *= w.Scale
			}
		}
		name := here(w.Name)
		if len(w.Shape) == 2 && strings.HasPrefix(name, "dense") {
			values = transposed(values, w.Shape[0])
		}
		v := store.Lookup(name)
		if v == nil {
			t.Fatalf("no parameter %s, which is PyTorch's %s", name, w.Name)
		}
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNanoGPTTrains holds the losses of 30 steps of Adam against PyTorch's.
func TestNanoGPTTrains(t *testing.T) {
	var f struct {
		Text, Vocabulary string
		Case             trained
	}
	golden.Read(t, "testdata/nanogpt.json", &f)
	spec, err := models.Parse("embed(16) | gpt(layers=2, heads=2, hidden=32) | dense(28, bias=false, steps=true)")
	if err != nil {
		t.Fatal(err)
	}
	model, err := spec.Steps(len(f.Vocabulary))
	if err != nil {
		t.Fatal(err)
	}
	const batch, length = 8, 16
	g := graph.New(graph.Float64, 1)
	x, y := g.Indices("x", batch, length), g.Indices("y", batch*length)
	graph.LimitIndex(x, len(f.Vocabulary), nil)
	logits := ops.Reshape(model(x), batch*length, len(f.Vocabulary))
	step := optimizers.Descend(losses.CrossEntropy(logits, y), optimizers.Adam())
	setWeights(t, g.Store(), f.Case, func(name string) string {
		return map[string]string{"pos": "position.w", "emb.weight": "embed.w", "head.weight": "dense5.w", "norm.weight": "layernorm5.gain", "norm.bias": "layernorm5.shift"}[name] + blockName(name)
	})
	p, err := graph.Function{Outputs: []*node{step.Loss}, Updates: step.Updates}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := make([]int, batch*length), make([]int, batch*length)
	for i, want := range f.Case.Losses {
		starts := golden.Uniform(uint32(7000+i), batch, 0, 1<<32)
		for b := range batch {
			from := int(starts[b]) >> 8 % (len(f.Text) - length)
			for k := range length {
				xs[b*length+k], ys[b*length+k] = strings.IndexByte(f.Vocabulary, f.Text[from+k]), strings.IndexByte(f.Vocabulary, f.Text[from+k+1])
			}
		}
		if err := p.Run(graph.Let(x, xs), graph.Let(y, ys), graph.Let(step.LR, []float64{0.003})); err != nil {
			t.Fatal(err)
		}
		if got := p.Scalar(step.Loss); !(math.Abs(got-want) <= 1e-10) {
			t.Fatalf("the loss before step %d is %v, want %v", i, got, want)
		}
	}
}

// blockName is what PyTorch calls a parameter of block 0 or 1, here.
func blockName(name string) string {
	var block int
	var rest string
	if _, err := fmt.Sscanf(name, "blocks.%d.%s", &block, &rest); err != nil {
		return ""
	}
	number := func(k int) string {
		if k == 1 {
			return ""
		}
		return fmt.Sprint(k)
	}
	part, last, _ := strings.Cut(rest, ".")
	switch part {
	case "self_attn":
		return "attention" + number(block+1) + "." + last
	case "norm1", "norm2":
		return "layernorm" + number(2*block+int(part[4]-'0')) + "." + map[string]string{"weight": "gain", "bias": "shift"}[last]
	}
	return "dense" + number(2*block+int(part[6]-'0')) + "." + map[string]string{"weight": "w", "bias": "b"}[last]
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
	setWeights(t, g.Store(), f.Case, strings.NewReplacer("conv1.", "conv.", "fc1.", "dense.", "fc2.", "dense2.", "weight", "w", "bias", "b").Replace)
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
