package onnx

import (
	"fmt"
	"slices"
)

func readBatchNorm(r *reader, s *step, _ string) (string, func(*chain) error) {
	m := module{}
	for i, name := range []string{"weight", "bias", "running_mean", "running_var"} {
		if m[name] = r.constant(s, i+1); m[name] == nil {
			return "", nil
		}
	}
	return s.in[0], func(c *chain) error { return c.whole("batch_norm", m, c.view.dims(), "eps", s.number("epsilon", 1e-5)) }
}

func readLayerNorm(r *reader, s *step, _ string) (string, func(*chain) error) {
	gain, shift := r.constant(s, 1), r.constant(s, 2)
	if gain == nil || shift == nil && len(s.in) > 2 && s.in[2] != "" {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		axis, ok := counted(s.whole("axis", -1), len(c.view.axes))
		if !ok {
			return fmt.Errorf("axis %d", s.whole("axis", -1))
		}
		return c.overLast("layer_norm", shifted(gain, shift), len(c.view.axes)-axis, s.number("epsilon", 1e-5))
	}
}

// shifted are the arrays of a layer norm, whose shift is 0 if there is none.
func shifted(gain, shift *tensor) module {
	if shift == nil {
		shift = &tensor{dims: gain.dims, floats: make([]float32, len(gain.floats))}
	}
	return module{"weight": gain, "bias": shift}
}

// overLast adds a norm over the last axes.
func (c *chain) overLast(name string, m module, axes int, eps float64) error {
	if !c.innermost(axes) {
		if err := c.settle(); err != nil {
			return err
		}
	}
	settings := []any{"axes", axes, "eps", eps}
	if m == nil {
		settings = append(settings, "affine", false)
	}
	return c.each(name, m, settings...)
}

// A norm is numbers divided by the root of their mean square and a little.
type norm struct {
	from    string
	centred bool // their mean is taken off first
	axes    []int
	eps     float64
}

// norm finds x/√(mean(x²) + eps), as a division or a product, of x or of x - mean(x).
func (r *reader) norm(value string) (n norm, ok bool) {
	x, root := "", (*step)(nil)
	if div := r.of(value, "Div"); div != nil && len(div.in) == 2 {
		x, root = div.in[0], r.of(div.in[1], "Sqrt")
	} else if mul := r.of(value, "Mul"); mul != nil && len(mul.in) == 2 {
		for i := range 2 {
			if inverse := r.inverseRoot(mul.in[i]); inverse != nil {
				x, root = mul.in[1-i], inverse
			}
		}
	}
	if root == nil {
		return n, false
	}
	sum := r.of(root.in[0], "Add")
	if sum == nil {
		return n, false
	}
	variance, eps := r.operand(sum)
	square := r.of(variance, "ReduceMean")
	if square == nil || len(eps.floats) != 1 || !r.squares(square.in[0], x) || square.whole("keepdims", 1) != 1 {
		return n, false
	}
	n.from, n.eps = x, shortest(eps.floats[0])
	if n.axes, ok = r.list(square, "axes", 1); !ok {
		return n, false
	}
	if sub := r.of(x, "Sub"); sub != nil && len(sub.in) == 2 {
		mean := r.of(sub.in[1], "ReduceMean")
		if mean == nil || mean.in[0] != sub.in[0] || mean.whole("keepdims", 1) != 1 {
			return n, true
		}
		if axes, _ := r.list(mean, "axes", 1); slices.Equal(axes, n.axes) {
			n.from, n.centred = sub.in[0], true
		}
	}
	return n, true
}

// inverseRoot is the root whose inverse a value is.
func (r *reader) inverseRoot(value string) *step {
	if s := r.of(value, "Reciprocal"); s != nil {
		return r.of(s.in[0], "Sqrt")
	}
	if s := r.of(value, "Div"); s != nil && len(s.in) == 2 {
		if one := r.constant(s, 0); one != nil && one.size() == 1 && one.at(0) == 1 {
			return r.of(s.in[1], "Sqrt")
		}
	}
	return nil
}

// squares tells whether a value is the square of another.
func (r *reader) squares(value, of string) bool {
	if s := r.of(value, "Mul"); s != nil {
		return len(s.in) == 2 && s.in[0] == of && s.in[1] == of
	}
	s := r.of(value, "Pow")
	if s == nil || len(s.in) != 2 || s.in[0] != of {
		return false
	}
	two := r.constants[s.in[1]]
	return two != nil && two.size() == 1 && two.at(0) == 2
}

// add adds the norm as a layer, with arrays if it has some.
func (n norm) add(c *chain, m module) error {
	axes := len(c.view.axes)
	for i, a := range n.axes {
		if at, ok := counted(a, axes); !ok || at != axes-len(n.axes)+i {
			return fmt.Errorf("a norm over axes %v; a layer norm is over the last", n.axes)
		}
	}
	if groups := c.groups(len(n.axes)); n.centred && m == nil && groups > 0 {
		return c.each("group_norm", nil, "groups", groups, "eps", n.eps, "affine", false)
	}
	return c.overLast(map[bool]string{true: "layer_norm", false: "rms_norm"}[n.centred], m, len(n.axes), n.eps)
}

// groups is how many groups of channels, each with all their lengths, the last n axes of the
// value are one of; 0 if they are none, or what is before them are rows.
func (c *chain) groups(n int) int {
	to := c.view.dims()
	same, ok := contiguous(c.dims).reshape(to)
	if n >= len(to) || !ok || !same.equal(c.view) {
		return 0
	}
	if groups := length(slices.Concat(c.view.axes[:len(to)-n]...)) / c.dims[0]; groups > 1 && c.dims[1]%groups == 0 {
		return groups
	}
	return 0
}

// readNorm reads one without arrays.
func readNorm(r *reader, _ *step, value string) (string, func(*chain) error) {
	n, ok := r.norm(value)
	if !ok {
		return "", nil
	}
	return n.from, func(c *chain) error { return n.add(c, nil) }
}

// readScaled reads a norm with a gain and no shift.
func readScaled(r *reader, s *step, _ string) (string, func(*chain) error) {
	from, gain := r.operand(s)
	if from == "" || gain.floats == nil || gain.size() < 2 {
		return "", nil
	}
	if n, ok := r.norm(from); ok && n.centred {
		return n.from, func(c *chain) error { return n.add(c, shifted(gain, nil)) }
	} else if ok {
		return n.from, func(c *chain) error { return n.add(c, module{"weight": gain}) }
	}
	return "", nil
}

// readShifted reads a norm with a gain and a shift.
func readShifted(r *reader, s *step, _ string) (string, func(*chain) error) {
	scaled, shift := r.operand(s)
	mul := r.of(scaled, "Mul")
	if mul == nil || shift.floats == nil {
		return "", nil
	}
	from, gain := r.operand(mul)
	if from == "" || gain.floats == nil || gain.size() < 2 {
		return "", nil
	}
	if n, ok := r.norm(from); ok && n.centred {
		return n.from, func(c *chain) error { return n.add(c, shifted(gain, shift)) }
	}
	return "", nil
}

// readInstanceNorm reads a norm of each channel of each picture, or of groups of channels,
// which were put side by side.
func readInstanceNorm(r *reader, s *step, _ string) (string, func(*chain) error) {
	gain, shift := r.constant(s, 1), r.constant(s, 2)
	if gain == nil || shift == nil {
		return "", nil
	}
	neutral := !slices.ContainsFunc(gain.floats, func(x float32) bool { return x != 1 }) && !slices.ContainsFunc(shift.floats, func(x float32) bool { return x != 0 })
	return s.in[0], func(c *chain) error {
		eps := s.number("epsilon", 1e-5)
		if groups := c.groups(len(c.view.axes) - 2); groups > 0 && !c.plain() && neutral {
			return c.each("group_norm", nil, "groups", groups, "eps", eps, "affine", false)
		}
		m := module{"weight": gain, "bias": shift}
		if neutral {
			m = nil
		}
		return c.whole("instance_norm", m, c.view.dims(), "eps", eps, "affine", !neutral)
	}
}
