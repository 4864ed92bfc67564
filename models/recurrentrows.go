package models

import (
	"fmt"
	"slices"

	"descent/internal/spec"
	"descent/ops"
)

// recurrents are the layers that walk along time.
var recurrents = append(slices.Clone(cells), bothWays, odes)

// cells are the recurrent layers.
var cells = []Row{
	recurrent(spec.Row{Name: "rnn", Doc: "a recurrent layer: h ← act(W·x + U·h + b)", Examples: []string{"64", "64, act=relu"}, Aliases: []string{"elman"}, Source: "Elman 1990, https://doi.org/10.1207/s15516709cog1402_1",
		Settings: []spec.Setting{{Name: "act", Doc: "the activation", Kind: spec.Word, Default: "tanh", Choices: []string{"tanh", "relu"}}}},
		func(a spec.Args) Cell {
			return RNN(map[string]Layer{"tanh": ops.Tanh, "relu": ops.ReLU}[a.Word("act")])
		}),
	recurrent(spec.Row{Name: "lstm", Doc: "a recurrent layer with a memory that gates write, keep and show", Examples: []string{"128", "64, layers=2, last=true"}, Source: "Hochreiter, Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735",
		Settings: []spec.Setting{{Name: "forget", Doc: "where the bias of the gate that keeps starts", Kind: spec.Number, Default: 1.0}}},
		func(a spec.Args) Cell { return LSTM(a.Number("forget")) }),
	recurrent(spec.Row{Name: "gru", Doc: "a recurrent layer whose state is its memory, with two gates", Examples: []string{"64"}, Source: "Cho and others 2014, https://arxiv.org/abs/1406.1078"},
		func(spec.Args) Cell { return GRU() }),
	recurrent(spec.Row{Name: "leaky", Doc: "a leaky integrator: h ← (1-leak)·h + leak·tanh(W·x + U·h + b)", Examples: []string{"64, leak=0.05"}, Aliases: []string{"ctrnn"}, Source: "Jaeger and others 2007, https://doi.org/10.1016/j.neunet.2007.04.016",
		Settings: []spec.Setting{{Name: "leak", Doc: "how fast it forgets", Kind: spec.Number, Default: 0.1, Range: "(0,1]"}}},
		func(a spec.Args) Cell { return Leaky(a.Number("leak")) }),
}

var bothWays = Row{Row: spec.Row{Name: "bidirectional", Doc: "a recurrent layer, and beside it one that walks from the last step to the first", Examples: []string{"gru(64)"},
	Settings: []spec.Setting{{Name: "layer", Doc: "rnn, lstm, gru or leaky", Kind: spec.Calls, Required: true}}}, layers: turned, check: oneCell}

var odes = Row{Row: spec.Row{Name: "ode", Doc: "follows dx/dt = f(x), f being layers, for a time", Examples: []string{"dense(64) | tanh, steps=20"}, Source: "Chen and others 2018, https://arxiv.org/abs/1806.07366",
	Settings: []spec.Setting{{Name: "layers", Doc: "f, whose result has the shape of x", Kind: spec.Calls, Required: true},
		{Name: "steps", Doc: "of equal length", Kind: spec.Whole, Default: 10.0, Range: "[1,100000]"},
		{Name: "time", Doc: "until when", Kind: spec.Number, Default: 1.0},
		{Name: "method", Doc: "of integration", Kind: spec.Word, Default: "rk4", Choices: integratorNames()}}},
	make: func(a spec.Args, inside []Layer) Layer {
		return ODE(inside[0], ODEOptions{Method: a.Word("method"), Steps: a.Whole("steps"), Time: a.Number("time")})
	}}

func integratorNames() (names []string) {
	for _, m := range Integrators {
		names = append(names, m.Name)
	}
	return names
}

// recurrent is the row of a layer with a cell, whose settings come after those that
// all have.
func recurrent(row spec.Row, cell func(a spec.Args) Cell) Row {
	first := spec.Setting{Name: "units", Doc: "numbers in its output", Kind: spec.Whole, Range: units, Required: true}
	row.Settings = slices.Concat([]spec.Setting{first}, row.Settings, []spec.Setting{
		{Name: "layers", Doc: "one above the other", Kind: spec.Whole, Default: 1.0, Range: "[1,100]"},
		{Name: "bidirectional", Doc: "both ways", Kind: spec.Flag, Default: false},
		{Name: "last", Doc: "a row of what the last step makes, not a sequence", Kind: spec.Flag, Default: false},
		{Name: "bias", Doc: "add biases", Kind: spec.Flag, Default: true},
		{Name: "init", Doc: "initialiser of what weighs the input", Kind: spec.Word, Default: "glorot", Choices: initNames()},
		{Name: "recurrent", Doc: "initialiser of what weighs the state", Kind: spec.Word, Default: "orthogonal", Choices: initNames()},
	})
	return Row{Row: row, Pictures: true, make: func(a spec.Args, _ []Layer) Layer {
		return NewRecurrent(RecurrentOptions{Cell: cell(a), Units: a.Whole("units"), Layers: a.Whole("layers"), Bidirectional: a.Flag("bidirectional"), Last: a.Flag("last"),
			NoBias: !a.Flag("bias"), Input: initOf(a), Recurrent: initNamed(a.Word("recurrent"))}).Layer()
	}}
}

// oneCell says what is wrong with what is to walk both ways.
func oneCell(a spec.Args) error {
	chain := a.Chain("layer")
	if _, err := spec.Find("layer", cells, chain[0].Name); err != nil || len(chain) > 1 {
		return fmt.Errorf("bidirectional(%v): one of rnn, lstm, gru and leaky can walk both ways", chain)
	}
	return nil
}

// turned is a recurrent layer that is told to walk both ways.
func turned(a spec.Args) spec.Chain {
	c := a.Chain("layer")[0]
	c.Args = append(slices.Clone(c.Args), spec.Of("", "bidirectional", true).Args...)
	return spec.Chain{c}
}
