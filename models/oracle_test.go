package models_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"descent/graph"
	"descent/models"
)

// Every row of the table against a plain loop over rows of numbers, with every
// parameter drawn at random, in training and in evaluation.

// net has the parameters by name, and says whether it is being trained. Pictures are
// rows of numbers, of channels, rows and columns.
type net struct {
	dims  []int
	p     map[string][]float64
	train bool
	count map[string]int // layers of each kind so far
}

// next is the prefix of the next layer of a kind: dense, dense2, …
func (n *net) next(kind string) string {
	n.count[kind]++
	if k := n.count[kind]; k > 1 {
		return fmt.Sprint(kind, k, ".")
	}
	return kind + "."
}

type matrix = [][]float64

// A layerOracle is a layer's value. Settings are those of the text that the
// row is tested with.
type layerOracle func(n *net, x matrix) matrix

func elements(f func(float64) float64) layerOracle {
	return func(_ *net, x matrix) matrix {
		return rowwise(x, func(r []float64) (out []float64) {
			for _, v := range r {
				out = append(out, f(v))
			}
			return out
		})
	}
}

// stillOf is a layer as it is in evaluation.
func stillOf(layer layerOracle) layerOracle {
	return func(n *net, x matrix) matrix {
		was := n.train
		defer func() { n.train = was }()
		n.train = false
		return layer(n, x)
	}
}

func rowwise(x matrix, f func([]float64) []float64) (out matrix) {
	for _, r := range x {
		out = append(out, f(r))
	}
	return out
}

func denseOf(n *net, x matrix) matrix {
	name := n.next("dense")
	w, b := n.p[name+"w"], n.p[name+"b"]
	return rowwise(x, func(r []float64) []float64 {
		units := len(w) / len(r)
		y := make([]float64, units)
		for j := range y {
			if b != nil {
				y[j] = b[j]
			}
			for i, v := range r {
				y[j] += v * w[i*units+j]
			}
		}
		return y
	})
}

// embedOf takes rows of a table of some width.
func embedOf(width int) layerOracle {
	return func(n *net, x matrix) matrix {
		w := n.p[n.next("embed")+"w"]
		return rowwise(x, func(r []float64) (out []float64) {
			for _, v := range r {
				out = append(out, w[int(v)*width:int(v+1)*width]...)
			}
			return out
		})
	}
}

// eachStep applies a layer to each step of sequences of so many features.
func eachStep(features int, layer layerOracle) layerOracle {
	return func(n *net, x matrix) (out matrix) {
		var steps matrix
		for _, r := range x {
			for t := 0; t < len(r); t += features {
				steps = append(steps, r[t:t+features])
			}
		}
		each := len(steps) / len(x)
		for i, y := range layer(n, steps) {
			if i%each == 0 {
				out = append(out, nil)
			}
			out[i/each] = append(out[i/each], y...)
		}
		return out
	}
}

// transposeOf makes features × time of sequences of time × features.
func transposeOf(features int) layerOracle {
	return func(_ *net, x matrix) matrix {
		return rowwise(x, func(r []float64) (out []float64) {
			for f := range features {
				for t := f; t < len(r); t += features {
					out = append(out, r[t])
				}
			}
			return out
		})
	}
}

// standard returns (x-mean)/√(variance+ε)·gain + shift.
func standard(x, mean, variance, gain, shift float64) float64 {
	return (x-mean)/math.Sqrt(variance+1e-5)*gain + shift
}

func meanAndVariance(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, variance
}

func layerNormOf(n *net, x matrix) matrix {
	name := n.next("layernorm")
	return rowwise(x, func(r []float64) (out []float64) {
		mean, variance := meanAndVariance(r)
		for j, v := range r {
			out = append(out, standard(v, mean, variance, n.p[name+"gain"][j], n.p[name+"shift"][j]))
		}
		return out
	})
}

func batchNormOf(n *net, x matrix) matrix {
	name := n.next("batchnorm")
	each := 1 // numbers of a channel
	if len(n.dims) == 3 {
		each = n.dims[1] * n.dims[2]
	}
	mean, variance := n.p[name+"mean"], n.p[name+"var"]
	if n.train {
		mean, variance = make([]float64, len(x[0])/each), make([]float64, len(x[0])/each)
		for c := range mean {
			var all []float64
			for _, r := range x {
				all = append(all, r[c*each:(c+1)*each]...)
			}
			mean[c], variance[c] = meanAndVariance(all)
		}
	}
	return rowwise(x, func(r []float64) (out []float64) {
		for j, v := range r {
			out = append(out, standard(v, mean[j/each], variance[j/each], n.p[name+"gain"][j/each], n.p[name+"shift"][j/each]))
		}
		return out
	})
}

func chain(layers ...layerOracle) layerOracle {
	return func(n *net, x matrix) matrix {
		for _, l := range layers {
			x = l(n, x)
		}
		return x
	}
}

func above0(x, low float64) float64 {
	if x > 0 {
		return x
	}
	return low
}

var (
	tanhOf = elements(math.Tanh)
	reluOf = elements(func(x float64) float64 { return above0(x, 0) })
	expOf  = func(alpha float64) func(float64) float64 {
		return func(x float64) float64 { return above0(x, alpha*(math.Exp(x)-1)) }
	}
	leakOf = func(slope float64) func(float64) float64 {
		return func(x float64) float64 { return above0(x, slope*x) }
	}
	identity = elements(func(x float64) float64 { return x })
	geluOf   = elements(func(x float64) float64 { return x * (1 + math.Erf(x/math.Sqrt2)) / 2 })
)

// layers has texts that name each row of the table, with all its settings
// between them. What random numbers decide is not compared, but looked at in
// TestDropout and TestInits.
var layers = map[string]map[string]layerOracle{
	"linear":   {"linear": denseOf},
	"softmax":  {"softmax": denseOf},
	"logistic": {"logistic": denseOf},
	"mlp": {
		"mlp(3)":                                chain(denseOf, reluOf, denseOf),
		"mlp(4, 3, act=tanh, init=he)":          chain(denseOf, tanhOf, denseOf, tanhOf, denseOf),
		"mlp(3, norm=layer, act=selu)":          chain(denseOf, layerNormOf, elements(selu), denseOf),
		"mlp(3, 2, norm=batch, act=identity)":   chain(denseOf, batchNormOf, denseOf, batchNormOf, denseOf),
		"mlp(3, act=leaky_relu)":                chain(denseOf, elements(leakOf(0.01)), denseOf),
		"mlp(3, act=elu) | dense(2)":            chain(denseOf, elements(expOf(1)), denseOf),
		"mlp(3) | mlp(2) | tanh":                chain(denseOf, reluOf, denseOf, reluOf, tanhOf, denseOf),
		"mlp(3, norm=layer, act=tanh) | mlp(4)": chain(denseOf, layerNormOf, tanhOf, denseOf, reluOf, denseOf),
	},
	"embed": {
		"embed(3, rows=7)": chain(embedOf(3), denseOf),
		"embedding(2, rows=7, padding=1, sd=0.1) | tanh": chain(embedOf(2), tanhOf, denseOf),
		"embed(3, rows=7) | dense(2, steps=true) | relu": chain(embedOf(3), eachStep(3, denseOf), reluOf, denseOf),
	},
	"attention": {
		"embed(4, rows=7) | attention(2)":                         chain(embedOf(4), attentionOf(4, 2, false), denseOf),
		"embed(3, rows=7) | attention(1, causal=true) | dense(2)": chain(embedOf(3), attentionOf(3, 1, true), denseOf),
	},
	"position": {
		"embed(4, rows=7) | position":                chain(embedOf(4), learnedOf, denseOf),
		"embed(4, rows=7) | position(kind=sinusoid)": chain(embedOf(4), sinusoidOf(4), denseOf),
	},
	"transformer": {
		"embed(4, rows=7) | transformer(2)":                                             chain(embedOf(4), blockOf(4, 2, false, false, geluOf), denseOf),
		"embed(4, rows=7) | transformer(1, layers=2, causal=true, norm=post, act=tanh)": chain(embedOf(4), blockOf(4, 1, true, true, tanhOf), blockOf(4, 1, true, true, tanhOf), denseOf),
	},
	"gpt":       {"embed(4, rows=7) | gpt(heads=2, layers=2)": chain(embedOf(4), learnedOf, blockOf(4, 2, true, false, geluOf), blockOf(4, 2, true, false, geluOf), eachStep(4, layerNormOf), denseOf)},
	"nanogpt":   {},
	"transpose": {"embed(3, rows=7) | transpose | tanh": chain(embedOf(3), transposeOf(3), tanhOf, denseOf)},
	"dense": {
		"dense(3) | tanh": chain(denseOf, tanhOf, denseOf), "dense(3, bias=false, init=normal) | dense(2)": chain(denseOf, denseOf),
		"dense(3, norm=weight) | tanh": chain(madeOf("dense", "v", 3, 3, byLength, denseOf), tanhOf, denseOf), "dense(3, norm=spectral) | tanh": chain(madeOf("dense", "orig", 3, 3, bySpectrum, denseOf), tanhOf, denseOf),
	},
	"dropout": {"dropout(0)": denseOf}, "spatial_dropout": {"conv(2, 1) | spatial_dropout(0)": chain(convOf(2, 1, 1, 1, 1, 0, 0), denseOf)}, "gaussian_noise": {"gaussian_noise(0)": denseOf},
	"instance_norm": {"instance_norm": chain(instanceNormOf(1e-5, false), denseOf), "conv(2, 1) | instance_norm(eps=0.1, affine=true)": chain(convOf(2, 1, 1, 1, 1, 0, 0), instanceNormOf(0.1, true), denseOf)},
	"conv_transpose": {
		"conv_transpose(2, 3)": chain(transposedOf(2, 3, 1, 0, 0, 1), denseOf), "conv(4, 1) | conv_transpose(2, 3, stride=2, padding=1, output_padding=1, groups=2, bias=false)": chain(convOf(4, 1, 1, 1, 1, 0, 0), transposedOf(2, 3, 2, 1, 1, 2), denseOf),
	},
	"upsample":      {"upsample(2)": chain(nearestOf, denseOf), "conv(2, 1) | upsample(size=[7, 3], mode=linear)": chain(convOf(2, 1, 1, 1, 1, 0, 0), linearOf, denseOf), "upsample(2, mode=linear, corners=true)": chain(cornersOf, denseOf)},
	"pixel_shuffle": {"conv(8, 1) | pixel_shuffle(2)": chain(convOf(8, 1, 1, 1, 1, 0, 0), pixelsOf, denseOf)},
	"pad": {
		"pad(1) | tanh": chain(framedOf(1, 1, 1, 1, zerosBeyond), tanhOf, denseOf), "pad([1, 2, 0, 3], mode=reflect)": chain(framedOf(1, 2, 0, 3, mirrored), denseOf),
		"pad([2, 1], mode=replicate)":        chain(framedOf(2, 1, 0, 0, func(i, n int) int { return max(0, min(n-1, i)) }), denseOf),
		"conv(2, 1) | pad(2, mode=circular)": chain(convOf(2, 1, 1, 1, 1, 0, 0), framedOf(2, 2, 2, 2, func(i, n int) int { return (i + n) % n }), denseOf),
	},
	"layer_norm": {"layer_norm": chain(layerNormOf, denseOf), "layernorm | layer_norm": chain(layerNormOf, layerNormOf, denseOf)},
	"rms_norm":   {"rms_norm": chain(rmsNormOf, denseOf), "rms_norm(affine=false)": chain(rmsOnlyOf, denseOf)},
	"group_norm": {
		"group_norm(2) | tanh":                chain(groupNormOf(2), tanhOf, denseOf),
		"conv(4, 1) | group_norm(2, eps=0.1)": chain(convOf(4, 1, 1, 1, 1, 0, 0), groupNormOf(2, 0.1), denseOf),
	},
	"conv": {
		"conv(3, 3) | relu | conv(2, 2, padding=valid)": chain(convOf(3, 3, 1, 1, 1, 1, 1), reluOf, convOf(2, 2, 1, 1, 1, 0, 0), denseOf),
		"conv(4, [1, 3], stride=[2, 1], bias=false)":    chain(convOf2(4, [2]int{1, 3}, [2]int{2, 1}, 1, 1, [2]int{0, 1}, [2]int{0, 1}), denseOf),
		"conv(4, 2) | conv(6, 2, groups=2, dilation=2)": chain(convOf(4, 2, 1, 1, 1, 0, 1), convOf(6, 2, 1, 2, 2, 1, 1), denseOf),
		"conv(3, 2, padding=0, norm=weight)":            chain(madeOf("conv", "v", 3, 1, byLength, convOf(3, 2, 1, 1, 1, 0, 0)), denseOf),
		"conv(3, 2, padding=0, norm=spectral)":          chain(madeOf("conv", "orig", 3, 1, bySpectrum, convOf(3, 2, 1, 1, 1, 0, 0)), denseOf),
		"conv1d(2, 3, padding=2, init=normal)":          chain(convOf(2, 3, 1, 1, 1, 2, 2), denseOf),
	},
	"depthwise": {
		"conv(2, 1) | depthwise(3)":                           chain(convOf(2, 1, 1, 1, 1, 0, 0), convOf(2, 3, 1, 1, 2, 1, 1), denseOf),
		"conv(2, 1) | depthwise(2, multiplier=3, padding=0) ": chain(convOf(2, 1, 1, 1, 1, 0, 0), convOf(6, 2, 1, 1, 2, 0, 0), denseOf),
	},
	"pool":          {"pool(2)": chain(poolOf(2, 2, 0, largest), denseOf), "conv(2, 1) | maxpool(3, stride=1, padding=1)": chain(convOf(2, 1, 1, 1, 1, 0, 0), poolOf(3, 1, 1, largest), denseOf)},
	"avg_pool":      {"avg_pool(2)": chain(poolOf(2, 2, 0, average), denseOf), "avgpool(3, stride=2, padding=1, inside=true)": chain(poolOf(3, 2, 1, average), denseOf)},
	"adaptive_pool": {"adaptive_pool(2)": chain(adaptivePoolOf(average), denseOf), "adaptive_pool([2, 2], of=max)": chain(adaptivePoolOf(largest), denseOf)},
	"global_pool": {
		"conv(3, 1) | global_pool":         chain(convOf(3, 1, 1, 1, 1, 0, 0), globalPoolOf(average), denseOf),
		"conv(3, 1) | global_pool(of=max)": chain(convOf(3, 1, 1, 1, 1, 0, 0), globalPoolOf(largest), denseOf),
	},
	"flatten": {"flatten": denseOf, "conv(2, 1) | flatten | tanh": chain(convOf(2, 1, 1, 1, 1, 0, 0), tanhOf, denseOf)},
	"residual": {
		"residual(dense(4) | tanh)":      chain(plus(chain(denseOf, tanhOf), identity), denseOf),
		"residual(dense(3) | tanh)":      chain(plus(chain(denseOf, tanhOf), denseOf), denseOf),
		"residual(tanh, skip=relu)":      chain(plus(tanhOf, reluOf), denseOf),
		"residual(conv(1, 3) | relu)":    chain(plus(chain(convOf(1, 3, 1, 1, 1, 1, 1), reluOf), identity), denseOf),
		"residual(conv(2, 3, stride=2))": chain(plus(convOf(2, 3, 2, 1, 1, 1, 1), chain(convOf(2, 1, 2, 1, 1, 0, 0), batchNormOf)), denseOf),
	},
	"freeze": {
		"freeze(dense(4) | batch_norm | tanh | dropout(0.5))":          chain(stillOf(chain(denseOf, batchNormOf, tanhOf)), denseOf),
		"batch_norm | freeze(dense(3) | batch_norm | relu) | dense(2)": chain(batchNormOf, stillOf(chain(denseOf, batchNormOf, reluOf)), denseOf),
		"dense(3) | freeze(batch_norm | dense(2))":                     chain(denseOf, stillOf(chain(batchNormOf, denseOf))),
	},
	"concat": {
		"concat(dense(2), tanh)":                          chain(beside(denseOf, tanhOf), denseOf),
		"concat(conv(2, 1), conv(1, 3) | relu, identity)": chain(beside(convOf(2, 1, 1, 1, 1, 0, 0), chain(convOf(1, 3, 1, 1, 1, 1, 1), reluOf), identity), denseOf),
	},
	"autoencoder": {}, "vae": {}, // see coder_test.go
	"lenet":      {},
	"resnet":     {"resnet(8, width=2)": resnetOf},
	"batch_norm": {"conv(2, 2) | norm | relu": chain(convOf(2, 2, 1, 1, 1, 0, 1), batchNormOf, reluOf, denseOf), "batch_norm": chain(batchNormOf, denseOf), "batchnorm(0.3) | dense(2)": chain(batchNormOf, denseOf)},
	"relu":       {"relu": chain(reluOf, denseOf)},
	"tanh":       {"tanh": chain(tanhOf, denseOf)},
	"sigmoid":    {"sigmoid": chain(elements(sigmoid), denseOf)},
	"leaky_relu": {"leaky_relu": chain(elements(leakOf(0.01)), denseOf), "leaky_relu(0.2)": chain(elements(leakOf(0.2)), denseOf)},
	"elu":        {"elu": chain(elements(expOf(1)), denseOf), "elu(2)": chain(elements(expOf(2)), denseOf)},
	"selu":       {"selu": chain(elements(selu), denseOf)},
	"gelu":       {"gelu": chain(geluOf, denseOf)},
	"gelu_tanh": {"gelu_tanh": chain(elements(func(x float64) float64 {
		return x * sigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))
	}), denseOf)},
	"silu":     {"silu": chain(elements(func(x float64) float64 { return x * sigmoid(x) }), denseOf)},
	"mish":     {"mish": chain(elements(func(x float64) float64 { return x * math.Tanh(math.Log(1+math.Exp(x))) }), denseOf)},
	"softplus": {"softplus": chain(elements(func(x float64) float64 { return math.Log(1 + math.Exp(x)) }), denseOf)},
	"hardtanh": {"hardtanh": chain(elements(func(x float64) float64 { return math.Max(-1, math.Min(1, x)) }), denseOf)},
	"identity": {"identity": chain(identity, denseOf)},
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func selu(x float64) float64 {
	return 1.0507009873554805 * expOf(1.6732632423543772)(x)
}

func TestLayersAgainstPlainLoops(t *testing.T) {
	for _, row := range models.Table {
		if layers[row.Name] == nil {
			t.Errorf("%s has no plain loop: add one to layers", row.Name)
		}
	}
	if len(layers) != len(models.Table) {
		t.Errorf("%d plain loops for %d rows", len(layers), len(models.Table))
	}
	for _, texts := range layers {
		for text, want := range texts {
			for _, train := range []bool{true, false} {
				compareLayer(t, text, want, train)
			}
		}
	}
}

// compareLayer builds a model of two outputs for rows of four numbers.
func compareLayer(t *testing.T, text string, want layerOracle, train bool) {
	t.Helper()
	spec, err := models.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var model models.Layer
	g := graph.New(graph.Float64, 1)
	if !train {
		g = g.Evaluation()
	}
	rng := rand.New(rand.NewPCG(5, 6))
	draw := func(n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = math.Round(rng.NormFloat64()*64) / 32 // now and then 0
		}
		return x
	}
	rows, shape := 5, []int{4}
	if spec.Pictures() {
		shape = []int{4, 5}
	}
	features := graph.Dims(shape...).Size()
	x := draw(rows * features)
	if spec.Tokens() {
		for i := range x {
			x[i] = float64(rng.IntN(7))
		}
	}
	if model, _, err = spec.For(shape, 2); err != nil {
		t.Fatal(err)
	}
	y := model(g.Param("x", graph.From(x...), rows, features))
	n := &net{dims: append([]int{1}, shape...), p: map[string][]float64{}, train: train, count: map[string]int{}}
	p, err := graph.Function{Outputs: []*graph.Node{y}, Updates: g.Kept()}.Compile()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	for _, v := range g.Store().Variables() {
		if v.Name() == "x" {
			continue
		}
		values := draw(v.Shape().Size())
		if strings.HasSuffix(v.Name(), ".var") {
			for i := range values {
				values[i] = math.Abs(values[i]) + 0.5
			}
		}
		n.p[v.Name()] = values
		if err := v.Set(values); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	in := matrix{}
	for i := range rows {
		in = append(in, x[i*features:(i+1)*features])
	}
	got := p.Float64s(y)
	for i, r := range want(n, in) {
		for j, w := range r {
			if g := got[i*2+j]; math.Abs(g-w) > 1e-13*(1+math.Abs(w)) {
				t.Errorf("%q, training %v: element %d, %d is %v, want %v", text, train, i, j, g, w)
				return
			}
		}
	}
}

// The setting init of a layer, and of mlp, reaches the weights.
func TestInitsByName(t *testing.T) {
	for _, i := range models.Inits {
		for _, text := range []string{"dense(40, init=%s) | tanh", "mlp(40, init=%s)"} {
			spec, err := models.Parse(fmt.Sprintf(text, i.Name))
			if err != nil {
				t.Fatal(err)
			}
			model, err := spec.Build(1)
			if err != nil {
				t.Fatal(err)
			}
			g := graph.New(graph.Float64, 1)
			model(g.Input("x", 1, 60))
			h := graph.New(graph.Float64, 1)
			want := h.Param("dense.w", i.Init, 60, 40).Variable().Float64s()
			for k, w := range g.Store().Lookup("dense.w").Float64s() {
				if w != want[k] {
					t.Errorf("%s of %s: weight %d is %v, want %v", i.Name, text, k, w, want[k])
					break
				}
			}
		}
	}
}
