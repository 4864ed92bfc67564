package models

import (
	"errors"
	"fmt"

	"descent/internal/spec"
)

// A Spec is a model as text has it, layers joined by |:
//
//	dense(64) | relu | dropout(0.2) | dense(10)
//	mlp(64, 32)                  short for dense(64) | relu | dense(32) | relu
//	mlp(64, act=tanh, dropout=0.2, norm=batch, init=he)
//	linear                       no layer but the output layer
//
// A model whose last layer is dense ends with it; to others a dense layer of as
// many units as the task asks for is added. The zero Spec is the linear model.
// A Spec prints as it is parsed.
type Spec struct {
	calls spec.Chain
	rows  []*Row
	args  []spec.Args
}

// Parse reads a model. Names and settings are those of [Table].
func Parse(text string) (Spec, error) {
	var s Spec
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
	s.calls, s.rows, s.args = append(s.calls, a.Call()), append(s.rows, row), append(s.args, a)
	if len(s.rows) > 1 && (row.alone() || s.rows[0].alone()) {
		return errors.New("linear, logistic and softmax have no layers: they stand alone")
	}
	return nil
}

// alone reports whether the row is a model of no layers.
func (row *Row) alone() bool { return row.layers != nil && len(row.Settings) == 0 }

// String writes the model as it is parsed; the names of the linear model are
// one.
func (s Spec) String() string {
	if len(s.rows) == 0 || s.rows[0].alone() {
		return "linear"
	}
	return s.calls.String()
}

// Loss returns the loss that the model's name asks for, "" if it does not.
func (s Spec) Loss() string {
	if len(s.rows) == 0 {
		return ""
	}
	return s.rows[0].Loss
}

// Layer returns the layers alone, whatever the task.
func (s Spec) Layer() (Layer, error) {
	layers, _, err := s.build()
	return Sequential(layers...), err
}

// Task returns what the model's name says of the target.
func (s Spec) Task() Task {
	if len(s.rows) == 0 {
		return Any
	}
	return s.rows[0].Task
}

// MarshalText implements encoding.TextMarshaler.
func (s Spec) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler by [Parse].
func (s *Spec) UnmarshalText(text []byte) (err error) {
	*s, err = Parse(string(text))
	return err
}

// Build returns the model with the given number of outputs.
func (s Spec) Build(outputs int) (Layer, error) {
	layers, last, err := s.build()
	switch {
	case err != nil:
		return nil, err
	case len(layers) == 0:
		return linear(outputs), nil
	case last == 0:
		layers = append(layers, Dense(outputs))
	case last != outputs:
		return nil, fmt.Errorf("model %s: its last layer has %d units, and the task needs %d: write dense(%d) there, or put an activation after it",
			s, last, outputs, outputs)
	}
	return Sequential(layers...), nil
}

// build makes the layers. last is the units of the last one if it is dense,
// else 0.
func (s Spec) build() (layers []Layer, last int, err error) {
	for i, row := range s.rows {
		if row.make != nil {
			layers = append(layers, row.make(s.args[i]))
			if last = 0; row.Name == "dense" {
				last = s.args[i].Whole("units")
			}
			continue
		}
		var short Spec
		for _, c := range row.layers(s.args[i]) {
			if err := short.add(c); err != nil {
				return nil, 0, err
			}
		}
		more, end, err := short.build()
		if err != nil {
			return nil, 0, err
		}
		layers, last = append(layers, more...), end
	}
	return layers, last, nil
}

// Weights returns how many numbers the model has that training changes, for
// rows of so many features.
func (s Spec) Weights(features, outputs int) (int, error) {
	model, err := s.Build(outputs)
	if err != nil {
		return 0, err
	}
	sum, err := Summarize(model, features)
	if err != nil {
		return 0, err
	}
	return sum.Trainable, nil
}
