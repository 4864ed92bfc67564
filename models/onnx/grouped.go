package onnx

import (
	"slices"

	"descent/internal/spec"
)

// grouped are layers with those together that have a name: blocks of transformers.
func grouped(calls spec.Chain) (out spec.Chain) {
	for _, c := range calls {
		c.Args = slices.Clone(c.Args)
		for i, a := range c.Args {
			switch v := a.Value.(type) {
			case spec.Chain:
				c.Args[i].Value = grouped(v)
			case []spec.Chain:
				var all []spec.Chain
				for _, inner := range v {
					all = append(all, grouped(inner))
				}
				c.Args[i].Value = all
			}
		}
		out = append(out, c)
		for _, rule := range []func(spec.Chain) spec.Chain{before, after, again} {
			out = rule(out)
		}
	}
	return out
}

// isNorm tells whether a layer is the norm of a block.
func isNorm(c spec.Call) bool {
	return c.String() == spec.Of("layer_norm", "axes", 1, "eps", 1e-5).String()
}

// added are the layers of a residual that has no others.
func added(c spec.Call) spec.Chain {
	if c.Name != "residual" || len(c.Args) != 1 {
		return nil
	}
	inner, _ := c.Args[0].Value.(spec.Chain)
	return inner
}

// plainly are the activations without settings.
var plainly = []string{"relu", "tanh", "sigmoid", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "hardtanh"}

// blockOf is the transformer whose attention and dense layers are given, if they are such.
func blockOf(attention, feed spec.Chain, norm string) (block spec.Call, ok bool) {
	if len(attention) != 1 || attention[0].Name != "attention" || attention[0].Get("bias") != true || len(feed) != 3 || len(feed[1].Args) > 0 || !slices.Contains(plainly, feed[1].Name) {
		return block, false
	}
	for _, i := range []int{0, 2} {
		if feed[i].Name != "dense" || feed[i].Get("steps") != true || feed[i].Get("bias") != nil {
			return block, false
		}
	}
	block = spec.Of("transformer", "heads", attention[0].Get("heads"), "layers", 1, "hidden", feed[0].Get("units"), "causal", attention[0].Get("causal"))
	if norm != "pre" {
		block.Args = append(block.Args, spec.Of("", "norm", norm).Args...)
	}
	block.Args = append(block.Args, spec.Of("", "act", feed[1].Name).Args...)
	return block, true
}

// before joins the last layers into a block whose norms come first.
func before(all spec.Chain) spec.Chain {
	n := len(all) - 2
	if n < 0 {
		return all
	}
	first, second := added(all[n]), added(all[n+1])
	if len(first) != 2 || len(second) != 4 || !isNorm(first[0]) || !isNorm(second[0]) {
		return all
	}
	if block, ok := blockOf(first[1:], second[1:], "pre"); ok {
		return append(all[:n], block)
	}
	return all
}

// after joins them into one whose norms come after the sums.
func after(all spec.Chain) spec.Chain {
	n := len(all) - 4
	if n < 0 || !isNorm(all[n+1]) || !isNorm(all[n+3]) {
		return all
	}
	if block, ok := blockOf(added(all[n]), added(all[n+2]), "post"); ok {
		return append(all[:n], block)
	}
	return all
}

// again joins a block with those before it that are like it.
func again(all spec.Chain) spec.Chain {
	n := len(all) - 2
	if n < 0 || all[n].Name != "transformer" || all[n+1].Name != "transformer" {
		return all
	}
	last := chain{calls: spec.Chain{all[n]}}
	layers, _ := all[n].Get("layers").(float64)
	last.tell("layers", 1.0)
	if last.calls[0].String() != all[n+1].String() {
		return all
	}
	last.tell("layers", layers+1)
	return append(all[:n], last.calls[0])
}
