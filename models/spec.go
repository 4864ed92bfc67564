package models

import (
	"errors"
	"fmt"
	"slices"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
)

// A Spec is a model as text has it, layers joined by |:
//
//	dense(64) | relu | dropout(0.2) | dense(10)
//	mlp(64, 32)                  short for dense(64) | relu | dense(32) | relu
//	mlp(64, act=tanh, dropout=0.2, norm=batch, init=he)
//	linear                       no layer but the output layer
//	vae(400, 20)                 a model that learns its inputs, see [Spec.Coder]
//	conv(16, 3) | relu | pool(2) | residual(conv(16, 3) | relu | conv(16, 3)) | dense(64) | relu
//
// A model whose last layer is dense ends with it; to others a dense layer of as
// many units as the task asks for is added. The zero Spec is the linear model.
// A Spec prints as it is parsed.
type Spec struct {
	text   string
	layers []element
}

// An element is a layer of a Spec.
type element struct {
	call   spec.Call
	row    *Row
	args   spec.Args
	inside []Spec // the layers that it is told to apply
}

// Parse reads a model. Names and settings are those of [Table].
func Parse(text string) (Spec, error) {
	s := Spec{text: text}
	calls, err := spec.ParseChain(text)
	if err != nil {
		return s, fmt.Errorf("model %w", err)
	}
	for _, c := range calls {
		if err := s.add(c); err != nil {
			return s, fmt.Errorf("model %q: %w", text, err)
		}
	}
	return s, nil
}

// add adds a layer, or those that a name is short for.
func (s *Spec) add(c spec.Call) error {
	row, err := spec.Find("layer", Table, c.Name)
	if err != nil {
		return err
	}
	a, err := row.Bind(c)
	if err != nil {
		return err
	}
	if row.check != nil {
		if err := row.check(a); err != nil {
			return err
		}
	}
	e := element{call: a.Call(), row: row, args: a}
	e.call.At = c.At
	for _, chain := range row.chains(a) {
		inner := Spec{text: s.text}
		for _, c := range chain {
			if err := inner.add(c); err != nil {
				return err
			}
		}
		e.inside = append(e.inside, inner)
	}
	s.layers = append(s.layers, e)
	if len(s.layers) > 1 && (row.alone() || s.layers[0].row.alone()) {
		return errors.New("linear, logistic and softmax have no layers: they stand alone")
	}
	if len(s.layers) > 1 && (row.codes || s.Codes()) {
		return errors.New("autoencoder and vae stand alone: what is before and after a code are their encoder and decoder")
	}
	return nil
}

// chains are the layers that a row is told to apply.
func (row *Row) chains(a spec.Args) (all []spec.Chain) {
	for _, s := range row.Settings {
		switch {
		case s.Kind == spec.Branches:
			all = append(all, a.Branches(s.Name)...)
		case s.Kind == spec.Calls && a.Given(s.Name):
			all = append(all, a.Chain(s.Name))
		}
	}
	return all
}

// alone reports whether the row is a model of no layers.
func (row *Row) alone() bool { return row.layers != nil && row.linear }

// String writes the model as it is parsed; the names of the linear model are
// one.
func (s Spec) String() string {
	if s.linear() {
		return "linear"
	}
	var calls spec.Chain
	for _, e := range s.layers {
		calls = append(calls, e.call)
	}
	return calls.String()
}

// Long writes the model without names that are short for layers.
func (s Spec) Long() string {
	if s.linear() {
		return "linear"
	}
	var calls spec.Chain
	for _, e := range s.layers {
		if e.row.layers == nil {
			calls = append(calls, e.call)
		} else {
			calls = append(calls, e.row.layers(e.args)...)
		}
	}
	return calls.String()
}

func (s Spec) linear() bool { return len(s.layers) == 0 || s.layers[0].row.alone() }

// Pictures reports whether a layer takes pictures or sequences, not rows of numbers.
func (s Spec) Pictures() bool {
	return slices.ContainsFunc(s.layers, func(e element) bool {
		return e.row.Pictures || slices.ContainsFunc(e.inside, Spec.Pictures)
	})
}

// Tokens reports whether the model takes whole numbers, such as tokens: it begins
// with a layer that does.
func (s Spec) Tokens() bool {
	return len(s.layers) > 0 && (s.layers[0].row.Tokens || slices.ContainsFunc(s.layers[0].inside, Spec.Tokens))
}

// Loss returns the loss that the model's name asks for, "" if it does not.
func (s Spec) Loss() string {
	if len(s.layers) == 0 {
		return ""
	}
	return s.layers[0].row.Loss
}

// Layer returns the layers alone, whatever the task.
func (s Spec) Layer() (Layer, error) {
	layers, _, err := s.build()
	return Sequential(layers...), err
}

// Task returns what the model's name says of the target.
func (s Spec) Task() Task {
	if len(s.layers) == 0 {
		return Any
	}
	return s.layers[0].row.Task
}

// MarshalText implements encoding.TextMarshaler.
func (s Spec) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler by [Parse].
func (s *Spec) UnmarshalText(text []byte) (err error) {
	*s, err = Parse(string(text))
	return err
}

// Build returns the model with the given number of outputs.
func (s Spec) Build(outputs int) (Layer, error) { return s.end(DenseOptions{Units: outputs}) }

// Steps returns the model with the given number of outputs for each step of a
// sequence.
func (s Spec) Steps(outputs int) (Layer, error) {
	return s.end(DenseOptions{Units: outputs, Steps: true})
}

// end returns the model with its last layer, which is added if it is not there.
func (s Spec) end(output DenseOptions) (Layer, error) {
	outputs := output.Units
	layers, last, err := s.build()
	switch {
	case err != nil:
		return nil, err
	case s.linear():
		return linear(outputs), nil
	case last == 0:
		layers = append(layers, DenseWith(output))
	case last != outputs:
		return nil, fmt.Errorf("model %s: its last layer has %d units, and the task needs %d: write dense(%d) there, or put an activation after it",
			s, last, outputs, outputs)
	}
	return Sequential(layers...), nil
}

// For is [Spec.Build] for rows of numbers, to which it gives the given shape if the
// model takes pictures. Its error says which layer does not fit.
func (s Spec) For(shape []int, outputs int) (Layer, *Summary, error) {
	model, err := s.Build(outputs)
	if err != nil {
		return nil, nil, err
	}
	features := 1
	for _, d := range shape {
		features *= d
	}
	if s.Pictures() && !s.Tokens() {
		model = Sequential(Pictures(shape...), model)
	}
	sum, err := Summarize(model, features)
	return model, sum, fitting(err)
}

// ForSequence is [Spec.For] for rows that are sequences of so many steps of features, and not
// pictures of one channel.
func (s Spec) ForSequence(steps, features, outputs int) (Layer, *Summary, error) {
	model, err := s.Build(outputs)
	if err != nil {
		return nil, nil, err
	}
	first := func(x *node) *node {
		if x.Err() != nil {
			return x
		}
		return ops.Reshape(x, x.Shape().Dim(0), steps, features)
	}
	model = Sequential(first, model)
	sum, err := Summarize(model, steps*features)
	return model, sum, fitting(err)
}

// fitting returns the layer that does not fit, of a model's mistakes.
func fitting(err error) error {
	var m *misfit
	if errors.As(err, &m) {
		return m
	}
	return err
}

// ForTokens is [Spec.Steps] for sequences of so many tokens, with as many outputs as there
// are tokens: what comes next. Its error says which layer does not fit.
func (s Spec) ForTokens(length, tokens int) (Layer, *Summary, error) {
	model, err := s.Steps(tokens)
	if err != nil {
		return nil, nil, err
	}
	sum, err := SummarizeTokens(model, length, tokens)
	if err = fitting(err); err == nil {
		err = stepwise(sum, s, length, tokens)
	}
	return model, sum, err
}

// ForSteps is [Spec.Steps] for sequences of so many steps of features, with outputs for
// each. Its error says which layer does not fit.
func (s Spec) ForSteps(steps, features, outputs int) (Layer, *Summary, error) {
	model, err := s.Steps(outputs)
	if err != nil {
		return nil, nil, err
	}
	sum, err := summarize(model, func(g *graph.Graph) *node { return g.Input("x", 1, steps, features) })
	if err = fitting(err); err == nil {
		err = stepwise(sum, s, steps, outputs)
	}
	return model, sum, err
}

// stepwise reports a model that does not give so many outputs for each step.
func stepwise(sum *Summary, s Spec, length, outputs int) error {
	if !slices.Equal(sum.output, []int{length, outputs}) {
		return fmt.Errorf("model %q: it makes %v of a sequence of %d steps, and not %d numbers for each", s, sum.output, length, outputs)
	}
	return nil
}

// build makes the layers. last is the units of the last one if it is dense,
// else 0.
func (s Spec) build() (layers []Layer, last int, err error) {
	for _, e := range s.layers {
		if e.row.codes {
			return nil, 0, fmt.Errorf("model %s learns its inputs: it is no layer, and predicts no target", s)
		}
		if e.row.layers != nil {
			short := Spec{text: s.text}
			for _, c := range e.row.layers(e.args) {
				if err := short.add(c); err != nil {
					return nil, 0, err
				}
			}
			more, end, err := short.build()
			if err != nil {
				return nil, 0, err
			}
			for _, l := range more {
				layers = append(layers, s.at(e.call, l))
			}
			last = end
			continue
		}
		var inside []Layer
		end := 0 // of the last of them
		for _, in := range e.inside {
			more, units, err := in.build()
			if err != nil {
				return nil, 0, err
			}
			inside, end = append(inside, Sequential(more...)), units
		}
		layers = append(layers, s.at(e.call, e.row.make(e.args, inside)))
		switch e.row.Name {
		case "dense":
			last = e.args.Whole("units")
		case frozen:
			last = end
		default:
			last = 0
		}
	}
	return layers, last, nil
}

// A misfit is a layer that cannot take its input.
type misfit struct {
	text  string
	layer spec.Call
	input graph.Shape
	err   error
}

func (m *misfit) Error() string {
	in := "n"
	for _, d := range m.input.Dims()[min(1, m.input.Rank()):] {
		in += fmt.Sprintf(" x %d", d)
	}
	return fmt.Sprintf("model %q: %s (character %d), whose input is %s: %v", m.text, m.layer, len([]rune(m.text[:m.layer.At]))+1, in, m.err)
}

// at makes mistakes of a layer say which it is. Those of a layer inside say so
// already.
func (s Spec) at(c spec.Call, l Layer) Layer {
	return func(x *node) *node {
		y := l(x)
		var known *misfit
		if y.Err() == nil || x.Err() != nil || errors.As(y.Err(), &known) {
			return y
		}
		err := y.Err()
		for b := (*graph.BuildError)(nil); errors.As(err, &b); {
			err = b.Err
		}
		return graph.Bad(&misfit{s.text, c, x.Shape(), err}, c.Name, x)
	}
}
