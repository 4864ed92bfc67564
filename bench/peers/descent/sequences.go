package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
)

const tokens = 65

// gptOf is a gpt of some layers with four heads, on tokens.
func gptOf(layers, width, context int) (models.Layer, error) {
	spec, err := models.Parse(fmt.Sprintf("embed(%d) | gpt(4, layers=%d) | dense(%d, bias=false, steps=true)", width, layers, tokens))
	if err != nil {
		return nil, err
	}
	model, _, err := spec.ForTokens(context, tokens)
	return model, err
}

// gptSeeds are those of the parameters of a gpt.
func gptSeeds(layers int) map[string]int {
	seeds := blockSeeds(layers, 102)
	seeds["position.w"], seeds["embed.w"] = 100, 101
	return seeds
}

// token predicts what follows token 3 and 63 others, whose keys and values are kept.
func token() (task, error) {
	const layers, heads, width, context = 4, 4, 128, 64
	model, err := gptOf(layers, width, context)
	if err != nil {
		return task{}, err
	}
	whole := graph.New(graph.Float32, 1)
	model(models.Tokens(whole, "x", 1, context, tokens)) // makes the parameters, all positions among them
	g := whole.Sibling().StepByStep(context)
	x := models.Tokens(g, "x", 1, 1, tokens)
	at, _ := g.Stepwise()
	z := model(x)
	start(g, gptSeeds(layers))
	for seed, name := range []string{"keys", "values"} {
		all := uniform(1+seed, layers*heads*(context-1)*width/heads, -1, 1)
		for layer := range layers {
			kept := make([]float64, context*width)
			for i, v := range all[layer*(context-1)*width:][:(context-1)*width] {
				h, t, d := i/(width/heads)/(context-1), i/(width/heads)%(context-1), i%(width/heads)
				kept[t*width+h*width/heads+d] = float64(v)
			}
			must(g.Store().Lookup(nth("attention", layer, name)).Set(kept))
		}
	}
	return called([]*node{z}, g.Kept(), graph.Let(x, []int{3}), graph.Let(at, []int{context - 1}))
}

// gpt is a step of Adam on a gpt.
func gpt(layers, width, context, batch int, team *graph.Team) (task, error) {
	model, err := gptOf(layers, width, context)
	if err != nil {
		return task{}, err
	}
	g := graph.New(graph.Float32, 1)
	x, y := models.Tokens(g, "x", batch, context, tokens), g.Indices("y", batch*context)
	loss := losses.CrossEntropy(ops.Reshape(model(x), batch*context, tokens), y)
	start(g, gptSeeds(layers))
	t := optimizers.Descend(loss, optimizers.Adam())
	return trained(loss, t, 0.001, team, graph.Let(x, classesOf(1, tokens, batch*context)), graph.Let(y, classesOf(2, tokens, batch*context)))
}

// columns is a step of Adam on a transformer whose steps are the numbers of rows, each
// times a row of weights, and one more, of which classes are read.
// Gorishniy and others 2021, https://arxiv.org/abs/2106.11959.
func columns(count, layers, width, batch int, team *graph.Team) (task, error) {
	const kinds = 10
	g := graph.New(graph.Float32, 1)
	x, y := g.Input("x", batch, count), g.Indices("y", batch)
	w, at, read := g.Param("w", graph.Zeros, count, width), g.Param("at", graph.Zeros, count, width), g.Param("read", graph.Zeros, 1, 1, width)
	h := ops.Concat(1, ops.Broadcast(read, batch, 1, width), ops.Add(ops.Mul(ops.ExpandDims(x, 2), w), at))
	for range layers {
		h = models.Transformer(4)(h)
	}
	first := ops.Reshape(ops.Slice(h, 1, 0, 1, 1), batch, width)
	loss := losses.CrossEntropy(models.Dense(kinds)(models.LayerNorm()(first)), y)
	seeds := blockSeeds(layers, 103)
	seeds["w"], seeds["at"], seeds["read"] = 100, 101, 102
	start(g, seeds)
	half, xs := uniform(1, batch/2*count, -1, 1), make([]float32, batch*count)
	for r := range batch { // each row twice, of two classes
		copy(xs[r*count:(r+1)*count], half[r/2*count:])
	}
	return trained(loss, optimizers.Descend(loss, optimizers.Adam()), 0.001, team, graph.Let(x, xs), graph.Let(y, classesOf(2, kinds, batch)))
}

// blockSeeds are those of the matrices of blocks of a transformer, the norm and the dense
// layer behind them, by name: the number of each among PyTorch's parameters, and 100. The
// parameters of the blocks begin with the first.
func blockSeeds(layers, first int) map[string]int {
	seeds := map[string]int{}
	for b := range layers {
		for i, name := range []string{nth("attention", b, "in_proj_weight"), nth("attention", b, "out_proj.weight"), nth("dense", 2*b, "w"), nth("dense", 2*b+1, "w")} {
			seeds[name] = first + 12*b + 4 + 2*i // norms come first
		}
	}
	seeds[nth("dense", 2*layers, "w")] = first + 12*layers + 2
	return seeds
}

// nth is the name of a parameter of layer k of a kind.
func nth(kind string, k int, last string) string {
	if k > 0 {
		kind = fmt.Sprint(kind, k+1)
	}
	return kind + "." + last
}

// start sets weights to those of every peer.
func start(g *graph.Graph, seeds map[string]int) {
	for name, seed := range seeds {
		v := g.Store().Lookup(name)
		must(v.Set(sequenceWeights(name, seed, v.Shape())))
	}
}

// sequenceWeights are those of every peer: of a dense layer in the order of its
// transpose.
func sequenceWeights(name string, seed int, s graph.Shape) []float64 {
	bound := 1 / math.Sqrt(float64(s.Dim(1)))
	switch name, _, _ := strings.Cut(name, "."); {
	case strings.HasPrefix(name, "dense"):
		return peerWeights(seed, s)
	case slices.Contains([]string{"embed", "position", "at", "read"}, name):
		bound = 0.1
	}
	w := make([]float64, s.Size())
	for i := range w {
		w[i] = float64(between(-1, 1, hash(seed, i))) * bound
	}
	return w
}

// classesOf are whole numbers below n.
func classesOf(seed, n, count int) []int {
	out := make([]int, count)
	for i := range out {
		out[i] = int(hash(seed, i)>>8) % n
	}
	return out
}

// attention is one of 16·4 pairs of 64 steps of 32 numbers, and its gradients.
func attention(kind string) (task, error) {
	g := graph.New(graph.Float32, 1)
	var in []*node
	var feeds []graph.Feed
	for i, name := range []string{"q", "k", "v", "dy"} {
		x := g.Input(name, 16, 4, 64, 32)
		in, feeds = append(in, x), append(feeds, graph.Let(x, uniform(1+i, x.Shape().Size(), -1, 1)))
	}
	y := ops.Attention(in[0], in[1], in[2], ops.AttentionOptions{Causal: kind == "causal"})
	return measured(graph.VJP([]*node{y}, in[3:], in[:3]...), feeds, y)
}

// embedding takes rows of a table and adds up gradients of them.
func embedding(rows, width, taken int) (task, error) {
	g := graph.New(graph.Float32, 1)
	w, index, dy := g.Input("w", rows, width), g.Indices("index", taken), g.Input("dy", taken, width)
	y := ops.Take(w, index, 0)
	sums, used := ops.SumRows(dy, index, rows), ops.FirstRows(index, rows)
	return measured([]*node{sums}, []graph.Feed{graph.Let(w, uniform(3, rows*width, -1, 1)), graph.Let(index, classesOf(1, rows, taken)), graph.Let(dy, uniform(2, taken*width, -1, 1))}, y, used)
}

// measured is what makes derivatives, and more; its number is the mean size of their
// elements.
func measured(derivatives []*node, feeds []graph.Feed, more ...*node) (task, error) {
	p, err := graph.Compile(append(more, derivatives...)...)
	if err != nil {
		return task{}, err
	}
	must(p.Run(feeds...))
	return task{step: func() { p.Run() }, number: func() (sum float64) {
		for _, d := range derivatives {
			sum += meanAbs(graph.Output[float32](p, d)) / float64(len(derivatives))
		}
		return sum
	}}, nil
}
