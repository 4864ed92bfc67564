package models

import (
	"fmt"
	"strconv"
	"strings"

	"descent/graph"
	"descent/internal/suggest"
	"descent/ops"
)

// A Spec is a model as text has it:
//
//	linear                      x·w + b
//	mlp(64,32)                  two hidden layers with ReLU between
//	mlp(64,act=tanh,dropout=0.2,norm=batch,init=he)
//
// Its output layer gets as many units as the task asks for. The zero Spec is
// the linear model. A Spec prints as it is parsed.
type Spec struct {
	Hidden  []int   // units of the hidden layers
	Act     string  // between layers, of Activations; relu if empty
	Dropout float64 // after each activation
	Norm    string  // before each activation: "", "layer" or "batch"
	Init    string  // of hidden weights, of Inits; glorot if empty
}

// maxUnits bounds what one slip of the finger may ask for.
const maxUnits = 1 << 20

// Activations are the activation functions by name.
var Activations = []struct {
	Name string
	Func Layer
}{
	{"relu", ops.ReLU},
	{"tanh", ops.Tanh},
	{"sigmoid", ops.Sigmoid},
	{"leaky_relu", func(x *node) *node { return ops.LeakyReLU(x, 0.01) }},
	{"elu", func(x *node) *node { return ops.ELU(x, 1) }},
	{"selu", ops.SELU},
	{"gelu", ops.GELU},
	{"silu", ops.SiLU},
	{"mish", ops.Mish},
	{"softplus", ops.Softplus},
	{"hardtanh", ops.HardTanh},
	{"identity", func(x *node) *node { return x }},
}

// Parse reads a model. The names logistic and softmax are read as linear.
func Parse(text string) (Spec, error) {
	var s Spec
	name, args, hasArgs := strings.Cut(strings.TrimSpace(text), "(")
	if hasArgs {
		var ok bool
		if args, ok = strings.CutSuffix(args, ")"); !ok {
			return s, fmt.Errorf("model %q: the closing parenthesis is missing", text)
		}
	}
	switch name = strings.TrimSpace(name); name {
	case "linear", "logistic", "softmax":
		if strings.TrimSpace(args) != "" {
			return s, fmt.Errorf("model %q: %s has no settings", text, name)
		}
		return s, nil
	case "mlp":
	default:
		return s, fmt.Errorf("model %q: unknown; models are linear, logistic, softmax and mlp(UNITS,...)", text)
	}
	for _, a := range strings.Split(args, ",") {
		if err := s.set(strings.TrimSpace(a)); err != nil {
			return s, fmt.Errorf("model %q: %w", text, err)
		}
	}
	if len(s.Hidden) == 0 {
		return s, fmt.Errorf("model %q: an mlp has at least one hidden layer, as in mlp(64)", text)
	}
	return s, nil
}

// set reads one argument of mlp.
func (s *Spec) set(arg string) error {
	key, value, named := strings.Cut(arg, "=")
	if !named {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 1 || n > maxUnits {
			return fmt.Errorf("%q is not a number of units", arg)
		}
		s.Hidden = append(s.Hidden, n)
		return nil
	}
	switch key, value = strings.TrimSpace(key), strings.TrimSpace(value); key {
	case "act":
		s.Act = value
		return known("activation", value, activationNames())
	case "init":
		s.Init = value
		return known("initialiser", value, initNames())
	case "norm":
		s.Norm = value
		return known("norm", value, []string{"layer", "batch"})
	case "dropout":
		p, err := strconv.ParseFloat(value, 64)
		if err != nil || !(p >= 0 && p < 1) {
			return fmt.Errorf("dropout=%s: a rate is at least 0 and below 1", value)
		}
		s.Dropout = p
		return nil
	}
	return known("setting", key, []string{"act", "dropout", "init", "norm"})
}

func known(what, name string, names []string) error {
	for _, n := range names {
		if n == name {
			return nil
		}
	}
	near := ""
	if n := suggest.Nearest(name, names); n != "" {
		near = fmt.Sprintf(" (did you mean %s?)", n)
	}
	return fmt.Errorf("unknown %s %q%s; known are %s", what, name, near, strings.Join(names, ", "))
}

func activationNames() (names []string) {
	for _, a := range Activations {
		names = append(names, a.Name)
	}
	return names
}

func initNames() (names []string) {
	for _, i := range Inits {
		names = append(names, i.Name)
	}
	return names
}

// String formats the model as it is parsed.
func (s Spec) String() string {
	if len(s.Hidden) == 0 {
		return "linear"
	}
	var args []string
	for _, n := range s.Hidden {
		args = append(args, strconv.Itoa(n))
	}
	for _, kv := range [][2]string{{"act", s.Act}, {"norm", s.Norm}, {"init", s.Init}} {
		if kv[1] != "" {
			args = append(args, kv[0]+"="+kv[1])
		}
	}
	if s.Dropout != 0 {
		args = append(args, fmt.Sprintf("dropout=%v", s.Dropout))
	}
	return "mlp(" + strings.Join(args, ",") + ")"
}

// Weights returns about how many numbers the model would have, in floating
// point since the sizes may be anything.
func (s Spec) Weights(features, outputs int) float64 {
	n, in := 0.0, float64(features)
	for _, units := range append(s.Hidden[:len(s.Hidden):len(s.Hidden)], outputs) {
		n, in = n+(in+1)*float64(units), float64(units)
	}
	return n
}

// Build returns the model with the given number of outputs.
func (s Spec) Build(outputs int) Layer {
	if len(s.Hidden) == 0 {
		return linear(outputs)
	}
	act, init := Activations[0].Func, graph.Init(Glorot)
	for _, a := range Activations {
		if a.Name == s.Act {
			act = a.Func
		}
	}
	for _, i := range Inits {
		if i.Name == s.Init {
			init = i.Init
		}
	}
	var layers []Layer
	for _, n := range s.Hidden {
		layers = append(layers, DenseWith(DenseOptions{Units: n, Weight: init}))
		switch s.Norm {
		case "layer":
			layers = append(layers, LayerNorm())
		case "batch":
			layers = append(layers, BatchNorm(0.1))
		}
		layers = append(layers, act)
		if s.Dropout > 0 {
			layers = append(layers, Dropout(s.Dropout))
		}
	}
	return Sequential(append(layers, Dense(outputs))...)
}
