package onnx

import (
	"errors"
	"fmt"
	"slices"

	"descent/internal/spec"
)

// What walks along time, or joins what is computed of one value.

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
		if err := c.timeFirst(); err != nil {
			return err
		}
		directions, units := w.dims[0], u.dims[2]
		n := len(cell.gates) * units
		way, _ := s.get("direction").(string)
		switch {
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
		rows, steps, width := c.dims[0], c.dims[1], directions*units
		if err := c.layer(cell.name, m, []int{rows, steps, width}, settings...); err != nil {
			return err
		}
		row := steps * width
		switch way := []digit{{directions, units}}; value {
		case s.out[0]:
			c.view = layout{axes: [][]digit{{{steps, width}}, way, {{rows, row}}, {{units, 1}}}}
		case s.out[min(1, len(s.out)-1)]:
			way[0].stride = backward(steps, units)
			c.view = layout{row - width, [][]digit{way, {{rows, row}}, {{units, 1}}}}
		default:
			return errors.New("its memory is used")
		}
		for i, axis := range c.view.axes {
			c.view.axes[i] = merged(axis)
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
	if len(s.in) != 2 || s.in[0] == s.in[1] || r.constants[s.in[0]] != nil || r.constants[s.in[1]] != nil {
		return "", nil
	}
	fork := r.fork(s.in)
	if fork == "" {
		return "", nil
	}
	return fork, func(c *chain) error {
		branches, err := r.branches(s.in, fork, c)
		if err != nil {
			return err
		}
		f, skip := branches[0], branches[1]
		if err := errors.Join(f.absorb(), skip.absorb()); err != nil {
			return err
		}
		if len(f.calls) == 0 || len(skip.calls) > len(f.calls) {
			f, skip = skip, f
		}
		if !f.view.equal(skip.view) || !slices.Equal(f.dims, skip.dims) {
			if err := errors.Join(f.settle(), skip.settle()); err != nil {
				return err
			}
		}
		if !slices.Equal(f.dims, skip.dims) || len(f.calls) == 0 {
			return fmt.Errorf("it adds arrays of %v and %v, which no layer does", shown(f.dims), shown(skip.dims))
		}
		call := spec.Call{Name: "residual", Args: []spec.Arg{{Value: f.calls}}}
		modules := f.modules
		if len(skip.calls) > 0 {
			call.Args = append(call.Args, spec.Arg{Name: "skip", Value: skip.calls})
			modules = append(modules, skip.modules...)
		}
		return c.join(call, modules, f.dims, f.view)
	}
}

// readConcat reads what is made of one value side by side.
func readConcat(r *reader, s *step, value string) (string, func(*chain) error) {
	fork := r.fork(s.in)
	if len(s.in) < 2 || fork == "" {
		return "", nil
	}
	return fork, func(c *chain) error {
		branches, err := r.branches(s.in, fork, c)
		if err != nil {
			return err
		}
		axis, ok := counted(s.whole("axis", 1), len(branches[0].view.axes))
		if view, same := beside(branches, axis); ok && same {
			c.view = view
			return nil
		}
		if done, err := c.headsOf(branches, axis); done || err != nil {
			return err
		}
		call := spec.Call{Name: "concat"}
		var modules []module
		for _, b := range branches {
			if err := errors.Join(b.absorb(), b.settle()); err != nil {
				return err
			}
			if len(b.calls) == 0 {
				b.calls = spec.Chain{spec.Of("identity")}
			}
			call.Args = append(call.Args, spec.Arg{Value: b.calls})
			modules = append(modules, b.modules...)
		}
		if axis != 1 || !ok || r.dims[value] == nil {
			return fmt.Errorf("along axis %d; layers join channels", s.whole("axis", 1))
		}
		return c.join(call, modules, r.dims[value], contiguous(r.dims[value]))
	}
}

// beside is the layout of parts of one value, equally far apart, that are put side by side
// along an axis; ok is false if they are none.
func beside(parts []*chain, axis int) (out layout, ok bool) {
	first := parts[0].view
	by := parts[1].view.offset - first.offset
	for i, p := range parts {
		at := p.view
		at.offset -= i * by
		if len(p.calls) > 0 || !at.equal(first) {
			return out, false
		}
	}
	out = layout{first.offset, slices.Clone(first.axes)}
	if axis < 0 || axis >= len(out.axes) {
		return out, false
	}
	out.axes[axis] = merged(append([]digit{{len(parts), by}}, out.axes[axis]...))
	return out, true
}

// branches are the layers from a value to each of others.
func (r *reader) branches(to []string, from string, c *chain) (all []*chain, err error) {
	if err := c.absorb(); err != nil {
		return nil, err
	}
	_ = c.settle() // if it cannot be, a layer behind it says so
	for _, value := range to {
		b, err := r.walk(value, from, c)
		if err != nil {
			return nil, err
		}
		if b.link != "" {
			return nil, errors.New("what it joins does not end with a layer")
		}
		all = append(all, b)
	}
	return all, nil
}

// join adds a layer that holds others.
func (c *chain) join(call spec.Call, modules []module, dims []int, view layout) error {
	if err := c.add(call, nil); err != nil {
		return err
	}
	c.modules, c.dims, c.view, c.tokens = append(c.modules, modules...), dims, view, false
	return nil
}
