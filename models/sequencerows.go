package models

import (
	"descent/internal/spec"
	"descent/ops"
)

// Rows of the table: layers of sequences.

const vaswani = "Vaswani et al. 2017, https://arxiv.org/abs/1706.03762"

var (
	heads   = spec.Setting{Name: "heads", Doc: "into which features are divided", Kind: spec.Whole, Range: small, Required: true}
	heads4  = spec.Setting{Name: "heads", Doc: heads.Doc, Kind: spec.Whole, Range: small, Default: 4.0}
	blocks  = blocksOf(1)
	hidden  = spec.Setting{Name: "hidden", Doc: "units between the dense layers; 4 times the features if 0", Kind: spec.Whole, Default: 0.0, Range: "[0,1048576]"}
	causal  = spec.Setting{Name: "causal", Doc: "a step sees itself and those before it", Kind: spec.Flag, Default: false}
	rotary  = spec.Setting{Name: "rotary", Doc: "queries and keys are turned by their position", Kind: spec.Flag, Default: false}
	dropped = spec.Setting{Name: "dropout", Doc: "of what is added, and of what the first dense layer makes", Kind: spec.Number, Default: 0.0, Range: "[0,1)"}
)

func blocksOf(n float64) spec.Setting {
	return spec.Setting{Name: "layers", Doc: "blocks, one after another", Kind: spec.Whole, Default: n, Range: "[1,1000]"}
}

func transformer(a spec.Args, _ []Layer) Layer {
	o := TransformerOptions{Heads: a.Whole("heads"), Hidden: a.Whole("hidden"), Causal: a.Flag("causal"), Rotary: a.Flag("rotary"),
		PostNorm: a.Word("norm") == "post", Dropout: a.Number("dropout"), Act: actOf(a.Word("act"))}
	var all []Layer
	for range a.Whole("layers") {
		all = append(all, TransformerWith(o))
	}
	return Sequential(all...)
}

// actOf returns an activation by its name.
func actOf(name string) Layer {
	for i := range activating {
		if activating[i].Name == name {
			return activating[i].make(must(activating[i].Bind(spec.Call{Name: name})), nil)
		}
	}
	return nil
}

// must is for what only this package writes.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func gpt(a spec.Args) (chain spec.Chain) {
	kind := a.Word("position")
	if kind == "learned" || kind == "sinusoid" {
		chain = append(chain, spec.Of("position", "kind", kind))
	}
	block := spec.Of("transformer", "heads", a.Whole("heads"), "layers", a.Whole("layers"), "causal", true)
	for _, more := range []struct {
		name  string
		given bool
		value any
	}{{"hidden", a.Whole("hidden") > 0, a.Whole("hidden")}, {"rotary", kind == "rotary", true}, {"dropout", a.Number("dropout") > 0, a.Number("dropout")}} {
		if more.given {
			block.Args = append(block.Args, spec.Of("", more.name, more.value).Args...)
		}
	}
	return append(chain, block, spec.Of("layer_norm", "axes", 1))
}

func nanogpt(a spec.Args) spec.Chain {
	g := spec.Of("gpt", "layers", a.Whole("layers"), "heads", a.Whole("heads"))
	if p := a.Number("dropout"); p > 0 {
		g = spec.Of("gpt", "layers", a.Whole("layers"), "heads", a.Whole("heads"), "dropout", p)
	}
	return spec.Chain{spec.Of("embed", "width", a.Whole("width")), g}
}

var sequences = []Row{
	{Row: spec.Row{Name: "embed", Aliases: []string{"embedding"}, Doc: "a row of a table that is learned for each token: sequences of so many features", Examples: []string{"64", "8, rows=100, padding=0"},
		Settings: []spec.Setting{
			{Name: "width", Doc: "numbers for each token", Kind: spec.Whole, Range: units, Required: true},
			{Name: "rows", Doc: "of the table; as many as there are tokens if 0", Kind: spec.Whole, Default: 0.0, Range: "[0,16777216]"},
			{Name: "padding", Doc: "a token that is not learned; none if it is negative", Kind: spec.Whole, Default: -1.0, Range: "[-1,16777215]"},
			{Name: "sd", Doc: "standard deviation at the start", Kind: spec.Number, Default: 1.0, Range: "[0,inf)"},
		}},
		make: func(a spec.Args, _ []Layer) Layer {
			return EmbedWith(EmbedOptions{Width: a.Whole("width"), Rows: a.Whole("rows"), Weight: Normal(a.Number("sd")),
				EmbedOptions: ops.EmbedOptions{Pad: a.Whole("padding") >= 0, Padding: max(0, a.Whole("padding"))}})
		}, Tokens: true},
	{Row: spec.Row{Name: "attention", Doc: "each step of a sequence as a mean of projections of all steps, weighted anew by so many heads", Examples: []string{"4", "heads=2, causal=true"}, Source: vaswani,
		Settings: []spec.Setting{heads, causal, rotary, bias}},
		make: func(a spec.Args, _ []Layer) Layer {
			return AttentionWith(AttentionOptions{Heads: a.Whole("heads"), Causal: a.Flag("causal"), Rotary: a.Flag("rotary"), NoBias: !a.Flag("bias")})
		}},
	{Row: spec.Row{Name: "transformer", Doc: "blocks of an attention and two dense layers for each step, each added to what it is given", Examples: []string{"4", "heads=2, layers=3, norm=post, act=relu"}, Source: vaswani,
		Settings: []spec.Setting{heads, blocks, hidden, causal, rotary,
			{Name: "norm", Doc: "before what is added, or after the sum", Kind: spec.Word, Default: "pre", Choices: []string{"pre", "post"}},
			{Name: "act", Doc: "activation between the dense layers", Kind: spec.Word, Default: "gelu", Choices: activations()}, dropped}},
		make: transformer},
	{Row: spec.Row{Name: "position", Doc: "adds to each step of a sequence where it stands: a row that is learned, or sines and cosines", Source: vaswani,
		Settings: []spec.Setting{{Name: "kind", Doc: "of rows", Kind: spec.Word, Default: "learned", Choices: []string{"learned", "sinusoid"}}}},
		make: func(a spec.Args, _ []Layer) Layer {
			if a.Word("kind") == "sinusoid" {
				return Sinusoids()
			}
			return Positions()
		}},
	{Row: spec.Row{Name: "gpt", Doc: "a transformer in which each step sees those before it, with positions and a last norm: for what comes next in a sequence", Examples: []string{"layers=4, heads=4"}, Source: "Radford et al. 2019, Language models are unsupervised multitask learners",
		Settings: []spec.Setting{heads, blocks, hidden,
			{Name: "position", Doc: "how a step knows where it stands", Kind: spec.Word, Default: "learned", Choices: []string{"learned", "sinusoid", "rotary", "none"}}, dropped}},
		layers: gpt},
	{Row: spec.Row{Name: "nanogpt", Doc: "a small gpt with its embedding", Source: "Karpathy 2022, https://github.com/karpathy/nanoGPT",
		Settings: []spec.Setting{{Name: "width", Doc: "numbers for each token", Kind: spec.Whole, Default: 64.0, Range: units}, blocksOf(4), heads4, dropped}},
		layers: nanogpt, Tokens: true},
	{Row: spec.Row{Name: "transpose", Doc: "exchanges time and features of sequences: what convolutions take, and back"},
		make: func(spec.Args, []Layer) Layer { return Transpose() }},
}
