package onnx

import (
	"fmt"
	"slices"
)

// Sums and products with constants: positions of steps, or a number for each channel or each
// feature, which is put into the arrays of the layer before, or is a batch norm.

// readWith reads one.
func readWith(r *reader, s *step, _ string) (string, func(*chain) error) {
	from, t := r.operand(s)
	if from == "" || t.floats == nil || from != s.in[0] && (s.op == "Div" || s.op == "Sub") {
		return "", nil
	}
	return from, func(c *chain) error {
		switch s.op {
		case "Add":
			if w := c.positions(t); w != nil {
				return c.each("position", module{"weight": w})
			}
			return c.affine(nil, t)
		case "Sub":
			return c.affine(nil, t.times(-1))
		case "Div":
			inverse := &tensor{dims: t.dims}
			for _, x := range t.floats {
				inverse.floats = append(inverse.floats, 1/x)
			}
			t = inverse
		}
		return c.affine(t, nil)
	}
}

// positions are constants as an array of steps × features, nil if they are none of sequences.
func (c *chain) positions(t *tensor) *tensor {
	if len(c.dims) != 3 || len(t.dims) > len(c.view.axes) {
		return nil
	}
	steps, width := c.dims[1], c.dims[2]
	axes := slices.Concat(make([][]digit, len(c.view.axes)-len(t.dims)), contiguous(t.dims).axes)
	row, each := c.view, 1 // where the first row is in the value, and its steps in the constants
	for i, axis := range c.view.apart(c.dims).axes {
		for _, d := range axis {
			if d.stride >= steps*width {
				row, _ = row.slice(i, 0, 1, 1)
			}
		}
		n := length(row.axes[i])
		each *= length(axes[i])
		if n > 1 && len(axes[i]) == 0 {
			axes[i] = []digit{{n, 0}}
		}
		if length(axes[i]) != n {
			return nil
		}
	}
	if each != steps*width || length(slices.Concat(row.axes...)) != steps*width || row.offset != 0 {
		return nil
	}
	w, to := &tensor{dims: []int{steps, width}, floats: make([]float32, steps*width)}, row.offsets()
	for i, at := range (layout{axes: axes}).offsets() {
		w.floats[to[i]] = t.floats[at]
	}
	return w
}

// affine multiplies by constants, and adds others; nil does nothing.
func (c *chain) affine(by, plus *tensor) error {
	if err := c.absorb(); err != nil {
		return err
	}
	if c.perLast(by) && c.perLast(plus) && c.innermost(1) {
		for name, prefix := range map[string]string{"dense": "", "attention": "out_proj."} {
			if c.last(name) {
				c.put(prefix, by, plus)
				return nil
			}
		}
	}
	if err := c.settle(); err != nil {
		return err
	}
	if !c.perChannel(by) || !c.perChannel(plus) {
		return fmt.Errorf("constants of %v, which are neither one for each channel nor for each feature of a dense layer", shown(append(dimsOf(by), dimsOf(plus)...)))
	}
	switch {
	case c.last("batch_norm"), c.last("conv"), c.last("conv_transpose") && by == nil:
	case c.last("group_norm"), c.last("instance_norm"):
		if c.calls[len(c.calls)-1].Get("affine") == false {
			c.tell("affine", true)
			c.modules = append(c.modules, neutral(c.dims[1]))
		}
	default:
		m := neutral(c.dims[1])
		m["running_mean"], m["running_var"] = constantOf(0, c.dims[1]), constantOf(1, c.dims[1])
		const nothing = 1e-12 // beside a variance of 1
		if err := c.layer("batch_norm", m, c.dims, "eps", nothing); err != nil {
			return err
		}
	}
	c.put("", by, plus)
	return nil
}

func dimsOf(t *tensor) []int {
	if t == nil {
		return nil
	}
	return slices.Clone(t.dims)
}

// neutral are the arrays of a norm that do nothing.
func neutral(n int) module { return module{"weight": constantOf(1, n), "bias": constantOf(0, n)} }

func constantOf(x float32, n int) *tensor {
	return &tensor{dims: []int{n}, floats: slices.Repeat([]float32{x}, n)}
}

// perLast tells whether there is a constant for each place of the last axis, or one for all.
func (c *chain) perLast(t *tensor) bool {
	return t == nil || t.size() == 1 || t.size() == t.dims[len(t.dims)-1] && t.size() == c.dims[len(c.dims)-1]
}

// perChannel tells whether there is one for each channel, or for all.
func (c *chain) perChannel(t *tensor) bool {
	if t == nil || t.size() == 1 {
		return true
	}
	at := len(t.dims) - len(c.dims) + 1
	return at >= 0 && at < len(t.dims) && t.dims[at] == c.dims[1] && t.size() == c.dims[1]
}

// put multiplies what the last layer makes by constants, and adds others, by its weights and
// biases.
func (c *chain) put(prefix string, by, plus *tensor) {
	last := len(c.modules) - 1
	m := module{}
	for name, t := range c.modules[last] {
		m[name] = t
	}
	c.modules[last] = m
	weight, bias := m[prefix+"weight"], m[prefix+"bias"]
	n := weight.dims[0]
	if c.last("conv_transpose") { // inputs × outputs of a group
		n = c.dims[1]
	}
	w := &tensor{dims: weight.dims, floats: slices.Clone(weight.floats)}
	b := constantOf(0, n)
	if bias != nil {
		copy(b.floats, bias.floats)
	}
	of := len(w.floats) / n
	for i := range b.floats {
		if by != nil {
			x := by.floats[i%by.size()]
			for k := range of {
				w.floats[i*of+k] *= x
			}
			b.floats[i] *= x
		}
		if plus != nil {
			b.floats[i] += plus.floats[i%plus.size()]
		}
	}
	if m[prefix+"weight"] = w; bias == nil && plus == nil {
		return
	}
	if m[prefix+"bias"] = b; bias == nil {
		c.tell("bias", true)
	}
	if bias == nil && c.last("attention") {
		m["in_proj_bias"] = constantOf(0, 3*n)
	}
}
