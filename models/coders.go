package models

import (
	"errors"
	"fmt"

	"descent/internal/spec"
)

// Rows of the table: models that learn their inputs.

var (
	codeUnits = spec.Setting{Name: "units", Doc: "of the hidden layers before the code, then numbers of the code; the layers after it are those before it, mirrored", Kind: spec.Wholes, Range: units, Required: true, By: spec.Rest}
	codeAct   = spec.Setting{Name: "act", Doc: "activation after each hidden layer", Kind: spec.Word, Default: "relu", Choices: activations()}
	encoder   = spec.Setting{Name: "encoder", Doc: "layers before the code, in place of hidden ones", Kind: spec.Calls}
	decoder   = spec.Setting{Name: "decoder", Doc: "layers after the code, likewise", Kind: spec.Calls}
)

var coders = []Row{
	{Row: spec.Row{Name: "autoencoder", Doc: "makes a code of its inputs, and the inputs again; stands alone", Examples: []string{"128, 16", "16, encoder=conv(8, 3, stride=2) | relu, decoder=dense(128) | relu"},
		Settings: []spec.Setting{codeUnits, codeAct, encoder, decoder}}, codes: true, check: coderSettings},
	{Row: spec.Row{Name: "vae", Doc: "a variational autoencoder, whose codes are distributions; stands alone", Examples: []string{"400, 20", "20, encoder=conv(8, 3, stride=2) | relu, decoder=dense(128) | relu"},
		Settings: []spec.Setting{codeUnits, codeAct, encoder, decoder, {Name: "beta", Doc: "weight of the divergence from the standard normal distribution", Kind: spec.Number, Default: 1.0, Range: "[0,inf)"}},
		Source:   "Kingma, Welling 2014, https://arxiv.org/abs/1312.6114"}, codes: true, check: coderSettings},
}

// coderSettings refuses what would be given twice.
func coderSettings(a spec.Args) error {
	if n := len(a.Wholes("units")); n > 1 && (a.Given("encoder") || a.Given("decoder")) {
		return fmt.Errorf("%s: %d units are hidden layers and a code; with encoder or decoder there is the code alone", a.Row().Name, n)
	}
	return nil
}

// mirrored are the hidden layers before a code and after it.
func mirrored(a spec.Args) (before, after spec.Chain) {
	hidden := a.Wholes("units")
	hidden = hidden[:len(hidden)-1]
	for i, n := range hidden {
		before = append(before, spec.Of("dense", "units", n), spec.Of(a.Word("act")))
		after = append(after, spec.Of("dense", "units", hidden[len(hidden)-1-i]), spec.Of(a.Word("act")))
	}
	return before, after
}

// Codes reports whether the model is an autoencoder: it learns its inputs, and has
// no target.
func (s Spec) Codes() bool { return len(s.layers) > 0 && s.layers[0].row.codes }

// Code is how many numbers the code of an autoencoder has, 0 of other models.
func (s Spec) Code() int {
	if !s.Codes() {
		return 0
	}
	units := s.layers[0].args.Wholes("units")
	return units[len(units)-1]
}

// Beta is the weight of the divergence that the loss of a variational autoencoder has,
// 0 of other models.
func (s Spec) Beta() float64 {
	if !s.Codes() || !s.layers[0].args.Has("beta") {
		return 0
	}
	return s.layers[0].args.Number("beta")
}

// Coder returns the autoencoder for rows of a shape, and what it consists of.
func (s Spec) Coder(shape []int) (*Coder, *Summary, error) {
	if !s.Codes() {
		return nil, nil, fmt.Errorf("model %s is no autoencoder", s)
	}
	e := s.layers[0]
	before, after := e.args.Chain("encoder"), e.args.Chain("decoder")
	if len(e.args.Wholes("units")) > 1 {
		before, after = mirrored(e.args)
	}
	o := CoderOptions{Features: 1, Code: s.Code(), Variational: e.args.Has("beta")}
	for _, d := range shape {
		o.Features *= d
	}
	var err1, err2 error
	o.Encoder, err1 = s.chain(before)
	o.Decoder, err2 = s.chain(after)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	if s.Pictures() {
		o.Encoder = Sequential(Pictures(shape...), o.Encoder)
	}
	c := NewCoder(o)
	sum, err := Summarize(s.at(e.call, c.Layer), o.Features)
	return c, sum, fitting(err)
}

// chain makes layers of a part of the model's text.
func (s Spec) chain(calls spec.Chain) (Layer, error) {
	part := Spec{text: s.text}
	for _, c := range calls {
		if err := part.add(c); err != nil {
			return nil, err
		}
	}
	return part.Layer()
}
