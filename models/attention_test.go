package models_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"descent/graph"
	"descent/internal/golden"
	"descent/models"
	"descent/ops"
)

// TestTransformersAgainstPyTorch compares attentions of several heads and blocks of
// transformers, whose weights are PyTorch's.
func TestTransformersAgainstPyTorch(t *testing.T) {
	for _, c := range golden.Cases(t, "testdata/transformer.json") {
		golden.Compare(t, &c, func(in map[string]*node) map[string]*node {
			y := blocks[c.Op](&c, in)
			return map[string]*node{"y": pytorchWeights(y, in)}
		})
	}
}

// blocks are the layers of testdata/transformer.json, on weights of their own.
var blocks = map[string]func(c *golden.Case, in map[string]*node) *node{
	"multi_head_attention": func(c *golden.Case, in map[string]*node) *node {
		attend := models.CrossAttention(models.AttentionOptions{Heads: c.Wholes("heads")[0], Causal: c.Args["causal"] == true, NoBias: c.Args["bias"] == false})
		swap := func(x *node) *node { // batch and time
			if c.Args["batch_first"] == false {
				return ops.Transpose(x, 1, 0, 2)
			}
			return x
		}
		q := swap(in["q"])
		k, v := q, q
		if c.Args["self"] == false {
			k, v = swap(in["k"]), swap(in["v"])
		}
		return swap(attend(q, k, v, seen(in)))
	},
	"transformer_encoder_layer": func(c *golden.Case, in map[string]*node) *node {
		if in["key_padding_mask"] != nil { // no block has a mask: the same, layer by layer
			attend := models.CrossAttention(models.AttentionOptions{Heads: c.Wholes("heads")[0], Causal: c.Args["causal"] == true})
			norm := func() models.Layer { return models.LayerNormWith(models.NormOptions{Axes: 1}) }
			first, second := norm(), norm()
			x := first(ops.Add(in["x"], attend(in["x"], in["x"], in["x"], seen(in))))
			return second(ops.Add(x, feed(c, x)))
		}
		return models.TransformerWith(options(c))(in["x"])
	},
	"transformer_decoder_layer": func(c *golden.Case, in map[string]*node) *node {
		heads := c.Wholes("heads")[0]
		self := models.AttentionWith(models.AttentionOptions{Heads: heads, Causal: true})
		cross := models.CrossAttention(models.AttentionOptions{Heads: heads})
		x := in["x"]
		for _, layer := range []models.Layer{self, func(x *node) *node { return cross(x, in["memory"], in["memory"], nil) }, func(x *node) *node { return feed(c, x) }} {
			norm := models.LayerNormWith(models.NormOptions{Axes: 1})
			if c.Args["norm_first"] == true {
				x = ops.Add(x, layer(norm(x)))
			} else {
				x = norm(ops.Add(x, layer(x)))
			}
		}
		return x
	},
}

func options(c *golden.Case) models.TransformerOptions {
	o := models.TransformerOptions{Heads: c.Wholes("heads")[0], Hidden: c.Wholes("hidden")[0], Causal: c.Args["causal"] == true, PostNorm: c.Args["norm_first"] == false}
	if c.Args["activation"] == "relu" {
		o.Act = ops.ReLU
	}
	return o
}

func feed(c *golden.Case, x *node) *node {
	act := ops.GELU
	if c.Args["activation"] == "relu" {
		act = ops.ReLU
	}
	return models.Sequential(models.DenseWith(models.DenseOptions{Units: c.Wholes("hidden")[0], Steps: true}), act,
		models.DenseWith(models.DenseOptions{Units: x.Shape().Dim(2), Steps: true}))(x)
}

// seen turns a mask of what is left out round.
func seen(in map[string]*node) *node {
	if m := in["key_padding_mask"]; m != nil {
		return ops.Shift(1, ops.Neg(m))
	}
	return nil
}

// pytorchWeights is y with parameters of our names replaced by PyTorch's.
func pytorchWeights(y *node, in map[string]*node) *node {
	names := strings.NewReplacer("attention.", "", "out_proj.", "out_proj__")
	var from, to []*node
	for _, p := range y.Graph().Params() {
		name := p.Name()
		if in[name] != nil {
			continue
		}
		var of *node
		layer, last, _ := strings.Cut(name, ".")
		switch number := strings.TrimLeft(layer, "abcdefghijklmnopqrstuvwxyz"); {
		case in[names.Replace(name)] != nil:
			of = in[names.Replace(name)]
		case strings.HasPrefix(layer, "attention"):
			of = in[map[string]string{"": "self_attn__", "2": "multihead_attn__"}[number]+strings.ReplaceAll(last, ".", "__")]
		case last == "w":
			of = ops.Transpose(in["linear"+max("1", number)+"__weight"])
		default:
			kind := map[string]string{"b": "linear%s__bias", "gain": "norm%s__weight", "shift": "norm%s__bias"}[last]
			of = in[fmt.Sprintf(kind, max("1", number))]
		}
		from, to = append(from, p), append(to, of)
	}
	return graph.Substitute([]*node{y}, from, to)[0]
}

// TestStepByStep feeds a gpt one token after another: what it makes of each is what it
// makes of that step of the whole.
func TestStepByStep(t *testing.T) {
	for _, text := range []string{"embed(8) | gpt(layers=2, heads=2)", "embed(8) | gpt(heads=4, position=rotary)", "embed(8) | gpt(heads=1, position=sinusoid) | dense(3, steps=true) | tanh"} {
		spec, err := models.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		model, err := spec.Steps(5)
		if err != nil {
			t.Fatal(err)
		}
		const length = 6
		g := graph.New(graph.Float64, 1)
		tokens := []int{3, 1, 4, 1, 0, 2}
		whole := run(t, model, g, tokens)
		one := g.Sibling().StepByStep(length)
		x := one.Indices("x", 1, 1)
		graph.LimitIndex(x, 5, nil)
		y := model(x)
		p, err := graph.Function{Outputs: []*node{y}, Updates: one.Kept()}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		position, _ := one.Stepwise()
		for i, token := range tokens {
			if err := p.Run(graph.Let(x, []int{token}), graph.Let(position, []int{i})); err != nil {
				t.Fatal(err)
			}
			golden.Near(t, fmt.Sprintf("%s, step %d", text, i), p.Float64s(y), whole[i*5:(i+1)*5])
		}
	}
}

// run returns what a model makes of a sequence of tokens below 5.
func run(t *testing.T, model models.Layer, g *graph.Graph, tokens []int) []float64 {
	t.Helper()
	x := g.Indices("x", 1, len(tokens))
	graph.LimitIndex(x, 5, nil)
	y := model(x)
	p, err := graph.Compile(y)
	if err == nil {
		err = p.Run(graph.Let(x, tokens))
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.Float64s(y)
}

// heads of the oracle: a self-attention of sequences of so many features.
func attentionOf(features, heads int, causal bool) layerOracle {
	return func(n *net, x matrix) matrix {
		name := n.next("attention")
		w, b, out, c := n.p[name+"in_proj_weight"], n.p[name+"in_proj_bias"], n.p[name+"out_proj.weight"], n.p[name+"out_proj.bias"]
		head := features / heads
		return rowwise(x, func(r []float64) (y []float64) {
			steps := len(r) / features
			project := func(part, t, j int) float64 {
				sum := b[part*features+j]
				for i := range features {
					sum += r[t*features+i] * w[(part*features+j)*features+i]
				}
				return sum
			}
			for t := range steps {
				mixed := make([]float64, features)
				for h := range heads {
					var weights []float64
					total := 0.0
					for s := range steps {
						score := 0.0
						for j := h * head; j < (h+1)*head; j++ {
							score += project(0, t, j) * project(1, s, j)
						}
						e := math.Exp(score / math.Sqrt(float64(head)))
						if causal && s > t {
							e = 0
						}
						weights = append(weights, e)
						total += e
					}
					for s, e := range weights {
						for j := h * head; j < (h+1)*head; j++ {
							mixed[j] += e / total * project(2, s, j)
						}
					}
				}
				for j := range features {
					sum := c[j]
					for i, m := range mixed {
						sum += m * out[j*features+i]
					}
					y = append(y, sum)
				}
			}
			return y
		})
	}
}

// blockOf is a block of a transformer with norms before its layers, or after the sums.
func blockOf(features, heads int, causal, post bool, act layerOracle) layerOracle {
	norm, dense := eachStep(features, layerNormOf), func(in int) layerOracle { return eachStep(in, denseOf) }
	hidden := 4 * features
	layers := []layerOracle{attentionOf(features, heads, causal), chain(dense(features), act, dense(hidden))}
	return func(n *net, x matrix) matrix {
		for _, l := range layers {
			if post {
				x = norm(n, plus(l, identity)(n, x))
			} else {
				x = plus(chain(norm, l), identity)(n, x)
			}
		}
		return x
	}
}

// learnedOf adds a row for each step.
func learnedOf(n *net, x matrix) matrix {
	w := n.p[n.next("position")+"w"]
	return rowwise(x, func(r []float64) (out []float64) {
		for i, v := range r {
			out = append(out, v+w[i])
		}
		return out
	})
}

// sinusoidOf adds sines and cosines of the step.
func sinusoidOf(features int) layerOracle {
	return func(_ *net, x matrix) matrix {
		return rowwise(x, func(r []float64) (out []float64) {
			for i, v := range r {
				t, j := i/features, i%features
				a := float64(t) * math.Pow(10000, -float64(j/2*2)/float64(features))
				out = append(out, v+[]float64{math.Sin(a), math.Cos(a)}[j%2])
			}
			return out
		})
	}
}
