package onnx

import (
	"errors"
	"fmt"
	"slices"

	"descent/internal/spec"
)

// What changes the shape, walks along time, or joins what is computed of one value.

func readFlatten(r *reader, s *step, _ string) (string, func(*chain) error) {
	return s.in[0], func(c *chain) error {
		if axis := s.whole("axis", 1); axis != 1 && axis != 1-c.rank {
			return fmt.Errorf("axis %d; rows are flattened from axis 1 on", axis)
		}
		return c.flatten()
	}
}

func (c *chain) flatten() error {
	if c.rank == 2 {
		return nil
	}
	c.rank = 2
	return c.layer("flatten", nil)
}

// readReshape reads what makes rows, rows × -1, of what has more axes, and what puts the
// directions of a recurrent layer side by side.
func readReshape(r *reader, s *step, _ string) (string, func(*chain) error) {
	if len(s.in) != 2 {
		return "", nil
	}
	axes := 0
	if shape := r.constants[s.in[1]]; shape != nil {
		axes = len(shape.ints)
	} else if parts := r.of(s.in[1], "Concat"); parts != nil {
		axes = len(parts.in)
	}
	return s.in[0], func(c *chain) error {
		if c.apart && axes == 3 {
			c.apart = false
			return nil
		}
		if axes != 2 {
			return fmt.Errorf("it makes %d axes; layers make rows", axes)
		}
		return c.flatten()
	}
}

func readTranspose(r *reader, s *step, _ string) (string, func(*chain) error) {
	perm := s.wholes("perm")
	return s.in[0], func(c *chain) error {
		switch {
		case c.apart && slices.Equal(perm, []int{0, 2, 1, 3}):
			return nil
		case slices.Equal(perm, []int{1, 0, 2}) && c.rank == 3 && !c.apart:
			c.timeFirst = !c.timeFirst
			return nil
		case slices.Equal(perm, []int{0, 2, 1}) && c.rank == 3 && !c.timeFirst:
			return c.layer("transpose", nil)
		}
		return fmt.Errorf("the order %v of axes", perm)
	}
}

// readSqueeze reads what takes the one direction of a recurrent layer.
func readSqueeze(r *reader, s *step, _ string) (string, func(*chain) error) {
	return s.in[0], func(c *chain) error {
		if !c.apart || c.both() {
			return errors.New("it is known behind a recurrent layer of one direction")
		}
		c.apart = false
		return nil
	}
}

// both tells whether the last layer walks both ways.
func (c *chain) both() bool {
	if len(c.calls) == 0 {
		return false
	}
	both, _ := c.calls[len(c.calls)-1].Get("bidirectional").(bool)
	return both
}

// readGather reads what takes the last step of sequences.
func readGather(r *reader, s *step, _ string) (string, func(*chain) error) {
	if len(s.in) != 2 {
		return "", nil
	}
	index := r.constants[s.in[1]]
	if index == nil || len(index.ints) != 1 {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		at, axis := index.ints[0], s.whole("axis", 0)
		steps := 1
		if c.timeFirst {
			steps = 0
		}
		switch {
		case c.apart && c.rank == 2 && axis == 0 && !c.both() && (at == 0 || at == -1): // of the states at the end
			c.apart = false
			return nil
		case c.apart || c.rank != 3 || axis != steps || at != -1 || c.both():
			return fmt.Errorf("element %d of axis %d; the last step of a recurrent layer of one direction is known", at, axis)
		}
		c.rank, c.timeFirst = 2, false
		return c.last()
	}
}

// last makes the last layer, which is recurrent, give its last step alone.
func (c *chain) last() error {
	if n := len(c.calls); n > 0 {
		for i, a := range c.calls[n-1].Args {
			if a.Name == "last" {
				c.calls[n-1].Args[i].Value = true
				return nil
			}
		}
	}
	return errors.New("it takes a step of what is no recurrent layer")
}

// recurrences are the cells of ONNX: by which of its gates PyTorch's are.
var recurrences = map[string]struct {
	name  string
	gates []int
}{
	"RNN":  {"rnn", []int{0}},
	"LSTM": {"lstm", []int{0, 2, 3, 1}}, // i o f c are i f g o
	"GRU":  {"gru", []int{1, 0, 2}},     // z r h are r z n
}

func readRecurrent(r *reader, s *step, value string) (string, func(*chain) error) {
	cell := recurrences[s.op]
	w, u, b := r.constant(s, 1), r.constant(s, 2), r.constant(s, 3)
	if w == nil || u == nil || len(w.dims) != 3 || len(u.dims) != 3 || len(s.in) > 3 && s.in[3] != "" && b == nil || len(s.in) > 4 && s.in[4] != "" {
		return "", nil
	}
	for _, start := range s.in[min(5, len(s.in)):] {
		if start != "" && !r.zero(start) {
			return "", nil
		}
	}
	return s.in[0], func(c *chain) error {
		directions, units := w.dims[0], u.dims[2]
		n := len(cell.gates) * units
		way, _ := s.get("direction").(string)
		switch {
		case !c.timeFirst || c.rank != 3:
			return errors.New("it is known of sequences whose steps come first")
		case directions < 1 || directions > 2 || (directions == 2) != (way == "bidirectional") || way == "reverse":
			return fmt.Errorf("direction %q of %d", way, directions)
		case w.dims[1] != n || u.dims[0] != directions || u.dims[1] != n || b != nil && !slices.Equal(b.dims, []int{directions, 2 * n}):
			return fmt.Errorf("arrays of %v and %v do not fit", w.dims, u.dims)
		case s.op == "GRU" && s.whole("linear_before_reset", 0) == 0:
			return errors.New("a GRU whose reset gate acts before the product")
		case s.get("clip") != nil || s.whole("layout", 0) != 0:
			return errors.New("a clip, or another layout")
		}
		settings := []any{"units", units, "bidirectional", directions == 2, "bias", b != nil, "last", false}
		acts, _ := s.get("activations").([]string)
		if s.op == "RNN" && len(acts) > 0 && acts[0] == "Relu" {
			settings = append(settings, "act", "relu")
		} else if usual := map[string][]string{"RNN": {"Tanh"}, "GRU": {"Sigmoid", "Tanh"}, "LSTM": {"Sigmoid", "Tanh", "Tanh"}}[s.op]; acts != nil && !slices.Equal(acts[:min(len(usual), len(acts))], usual) {
			return fmt.Errorf("activations %v", acts)
		}
		m := module{}
		for d := range directions {
			suffix := []string{"_l0", "_l0_reverse"}[d]
			m["weight_ih"+suffix], m["weight_hh"+suffix] = gatesOf(w, d, cell.gates, 0, 1), gatesOf(u, d, cell.gates, 0, 1)
			if b != nil {
				m["bias_ih"+suffix], m["bias_hh"+suffix] = gatesOf(b, d, cell.gates, 0, 2), gatesOf(b, d, cell.gates, 1, 2)
			}
		}
		if err := c.layer(cell.name, m, settings...); err != nil {
			return err
		}
		c.apart = true
		if len(s.out) > 1 && value == s.out[1] {
			c.rank, c.timeFirst = 2, false
			return c.last()
		}
		if value != s.out[0] {
			return errors.New("its memory is used")
		}
		return nil
	}
}

// gatesOf takes the gates of a direction in PyTorch's order, from a part of so many.
func gatesOf(t *tensor, direction int, gates []int, part, parts int) *tensor {
	of := len(t.floats) / t.dims[0] / parts
	from := t.floats[(direction*parts+part)*of:][:of]
	size := of / len(gates)
	out := &tensor{dims: slices.Clone(t.dims[1:])}
	out.dims[0] /= parts
	for _, g := range gates {
		out.floats = append(out.floats, from[g*size:][:size]...)
	}
	return out
}

// zero tells whether a value is zeros.
func (r *reader) zero(value string) bool {
	if t := r.constants[value]; t != nil {
		return !slices.ContainsFunc(t.floats, func(x float32) bool { return x != 0 })
	}
	s := r.made[value]
	if s == nil {
		return false
	}
	switch s.op {
	case "ConstantOfShape":
		t, ok := s.get("value").(*tensor)
		return !ok || !slices.ContainsFunc(t.floats, func(x float32) bool { return x != 0 })
	case "Expand", "Slice", "Reshape", "Unsqueeze", "Squeeze":
		return len(s.in) > 0 && r.zero(s.in[0])
	}
	return false
}

// readSum reads a residual: the sum of two values that are made of one.
func readSum(r *reader, s *step, _ string) (string, func(*chain) error) {
	if len(s.in) != 2 || s.in[0] == s.in[1] {
		return "", nil
	}
	fork := r.fork(s.in)
	if fork == "" || fork == s.in[0] && fork == s.in[1] {
		return "", nil
	}
	return fork, func(c *chain) error {
		branches, err := r.branches(s.in, fork, c)
		if err != nil {
			return err
		}
		f, skip := branches[0], branches[1]
		if len(f.calls) == 0 || len(skip.calls) > len(f.calls) {
			f, skip = skip, f
		}
		call := spec.Call{Name: "residual", Args: []spec.Arg{{Value: f.calls}}}
		modules := f.modules
		if len(skip.calls) > 0 {
			call.Args = append(call.Args, spec.Arg{Name: "skip", Value: skip.calls})
			modules = append(modules, skip.modules...)
		}
		return c.join(call, modules, f)
	}
}

// readConcat reads what is made of one value side by side.
func readConcat(r *reader, s *step, _ string) (string, func(*chain) error) {
	fork := r.fork(s.in)
	if len(s.in) < 2 || fork == "" {
		return "", nil
	}
	return fork, func(c *chain) error {
		branches, err := r.branches(s.in, fork, c)
		if err != nil {
			return err
		}
		if axis := s.whole("axis", 1); axis != 1 && axis != 1-branches[0].rank {
			return fmt.Errorf("along axis %d; layers join channels", axis)
		}
		call := spec.Call{Name: "concat"}
		var modules []module
		for _, b := range branches {
			if len(b.calls) == 0 {
				b.calls = spec.Chain{spec.Of("identity")}
			}
			call.Args = append(call.Args, spec.Arg{Value: b.calls})
			modules = append(modules, b.modules...)
		}
		return c.join(call, modules, branches[0])
	}
}

// branches are the layers from a value to each of others.
func (r *reader) branches(to []string, from string, c *chain) (all []*chain, err error) {
	if c.apart || c.timeFirst {
		return nil, errors.New("of sequences whose steps come first")
	}
	for _, value := range to {
		b, err := r.walk(value, from, *c)
		if err != nil {
			return nil, err
		}
		if b.link != "" || b.apart || b.timeFirst {
			return nil, errors.New("what it joins does not end with a layer")
		}
		all = append(all, b)
	}
	return all, nil
}

// join adds a layer that holds others.
func (c *chain) join(call spec.Call, modules []module, like *chain) error {
	if err := c.add(call, nil); err != nil {
		return err
	}
	c.modules, c.rank = append(c.modules, modules...), like.rank
	return nil
}
