package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// patterns are the layers that are found, by the operators that they end with; of several
// for one operator, the first that fits. The functions of the table walk through it, which
// is why it is filled in here.
var patterns []pattern

func init() {
	patterns = slices.Concat([]pattern{
		{"Gather", readEmbed}, {"MatMul", readAttention}, {"Gemm", readGemm}, {"MatMul", readMatMul}, {"Add", readBias},
		{"Conv", readConv}, {"ConvTranspose", readConvTranspose}, {"Resize", readResize}, {"Upsample", readResize},
		{"BatchNormalization", readBatchNorm}, {"LayerNormalization", readLayerNorm}, {"InstanceNormalization", readInstanceNorm},
		{"Add", readShifted}, {"Mul", readScaled}, {"Div", readNorm}, {"Mul", readNorm},
		{"MaxPool", readMaxPool}, {"AveragePool", readAvgPool}, {"GlobalAveragePool", globally("mean")}, {"GlobalMaxPool", globally("max")}, {"ReduceMean", readReduced}, {"ReduceMax", readReduced},
		{"LSTM", readRecurrent}, {"GRU", readRecurrent}, {"RNN", readRecurrent},
		{"Mul", readGELU}, {"Mul", readGELUTanh}, {"Mul", readGated}, {"Mul", readTimes}, {"Div", readTimes}, {"Add", readWith}, {"Sub", readWith}, {"Mul", readWith}, {"Div", readWith}, {"Add", readSum}, {"Concat", readConcat},
		{"Softmax", readSoftmax}, {"LogSoftmax", readSoftmax}, {"Pad", readPad}, {"Clip", readClip},
	}, activations())
	for op := range moving {
		patterns = append(patterns, pattern{op, readMove})
	}
}

// activations are operators that are layers by themselves.
func activations() (all []pattern) {
	for op, name := range map[string]string{"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Selu": "selu", "Softplus": "softplus", "Mish": "mish", "Gelu": "gelu"} {
		all = append(all, pattern{op, func(r *reader, s *step, _ string) (string, func(*chain) error) {
			return r.live(s), func(c *chain) error { return c.each(name, nil) }
		}})
	}
	for op, a := range map[string]struct {
		name, setting string
		byDefault     float64
	}{"LeakyRelu": {"leaky_relu", "slope", 0.01}, "Elu": {"elu", "alpha", 1}} {
		all = append(all, pattern{op, func(r *reader, s *step, _ string) (string, func(*chain) error) {
			return r.live(s), func(c *chain) error { return c.each(a.name, nil, a.setting, s.number("alpha", a.byDefault)) }
		}})
	}
	return all
}

// each adds a layer that makes as many numbers as it is given, each of its own alone or of
// those beside it, so that other axes may be in any order.
func (c *chain) each(name string, m module, settings ...any) error {
	dims, view := c.dims, c.view
	err := c.layer(name, m, dims, settings...)
	c.view = view
	return err
}

// readMove reads what puts elements elsewhere.
func readMove(r *reader, s *step, value string) (string, func(*chain) error) {
	if r.constants[s.in[0]] != nil {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		out, ok := moving[s.op](r, s, c.view)
		at := slices.Index(s.out, value)
		if !ok || at < 0 || at >= len(out) {
			return fmt.Errorf("what it makes of axes of %v depends on more than their lengths, or takes them apart as no layer does", shown(c.view.dims()))
		}
		if c.view = out[at]; r.next {
			return nil
		}
		if done, err := c.atTheEnd(); done || err != nil {
			return err
		}
		_, err := c.chosen()
		return err
	}
}

// readTimes reads a product with a number, or a division by one.
func readTimes(r *reader, s *step, _ string) (string, func(*chain) error) {
	from, t := r.operand(s)
	if from == "" || t.floats == nil || t.size() != 1 || s.op == "Div" && from != s.in[0] {
		return "", nil
	}
	return from, func(c *chain) error {
		if s.op == "Div" {
			c.by /= t.at(0)
		} else {
			c.by *= t.at(0)
		}
		if !(math.Abs(c.by) > 0 && math.Abs(c.by) <= math.MaxFloat32) {
			return fmt.Errorf("a product with %v", c.by)
		}
		return nil
	}
}

// readClip reads a hardtanh.
func readClip(r *reader, s *step, _ string) (string, func(*chain) error) {
	lo, hi := s.number("min", math.Inf(-1)), s.number("max", math.Inf(1))
	if a, b := r.constant(s, 1), r.constant(s, 2); a != nil && b != nil && a.size() == 1 && b.size() == 1 {
		lo, hi = a.at(0), b.at(0)
	}
	if lo != -1 || hi != 1 {
		return "", nil
	}
	return s.in[0], func(c *chain) error { return c.each("hardtanh", nil) }
}

func readSoftmax(r *reader, s *step, _ string) (string, func(*chain) error) {
	return r.live(s), func(c *chain) error {
		n := len(c.view.axes)
		if axis, ok := counted(s.whole("axis", -1), n); !ok || axis != n-1 || !c.innermost(1) {
			return fmt.Errorf("over axis %d of %v; it is known over the last", s.whole("axis", -1), shown(c.view.dims()))
		}
		if c.link != "" {
			return errors.New("one is there already")
		}
		if err := c.absorb(); err != nil {
			return err
		}
		if c.link = "softmax"; s.op == "LogSoftmax" {
			c.link = "log_softmax"
		}
		return nil
	}
}

// linear adds a dense layer of a matrix, outputs × inputs, and a bias, which may be nil.
func (c *chain) linear(w, b *tensor) error {
	if !c.innermost(1) {
		if err := c.settle(); err != nil {
			return err
		}
	}
	units, n := w.dims[0], len(c.dims)
	if c.dims[n-1] != w.dims[1] {
		return fmt.Errorf("a matrix of %d × %d of %d numbers", w.dims[1], units, c.dims[n-1])
	}
	if c.by != 1 {
		w, c.by = w.times(c.by), 1
	}
	m := module{"weight": w}
	settings := []any{"units", units}
	switch {
	case b == nil:
		settings = append(settings, "bias", false)
	case b.size() == 1: // one for all
		m["bias"] = &tensor{dims: []int{units}, floats: slices.Repeat(b.floats, units)}
	case b.size() != units:
		return fmt.Errorf("a bias of %d numbers for %d outputs", b.size(), units)
	default:
		m["bias"] = &tensor{dims: []int{units}, floats: b.floats}
	}
	view := c.widened(units)
	if own := c.unprojected(); own != nil && units == c.dims[n-1] && units == own["in_proj_weight"].dims[1] {
		c.project(own, w, m["bias"])
		c.view = view
		return nil
	}
	if n > 2 {
		settings = append(settings, "steps", true)
	}
	err := c.layer("dense", m, append(slices.Clone(c.dims[:n-1]), units), settings...)
	c.view = view
	return err
}

// turnedMatrix is a matrix transposed.
func turnedMatrix(t *tensor) *tensor {
	rows, columns := t.dims[0], t.dims[1]
	out := &tensor{dims: []int{columns, rows}, floats: make([]float32, len(t.floats))}
	for i, x := range t.floats {
		out.floats[i%columns*rows+i/columns] = x
	}
	return out
}

// matrix tells whether a constant is a matrix with elements.
func matrix(t *tensor) bool { return t != nil && len(t.dims) == 2 && len(t.floats) > 0 }

func readGemm(r *reader, s *step, _ string) (string, func(*chain) error) {
	w, b := r.constant(s, 1), r.constant(s, 2)
	if !matrix(w) || s.whole("transA", 0) != 0 || s.number("alpha", 1) != 1 || s.number("beta", 1) != 1 || len(s.in) > 2 && s.in[2] != "" && b == nil {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		if s.whole("transB", 0) == 0 {
			return c.linear(turnedMatrix(w), b)
		}
		return c.linear(w, b)
	}
}

func readMatMul(r *reader, s *step, _ string) (string, func(*chain) error) {
	w := r.constant(s, 1)
	if !matrix(w) {
		return "", nil
	}
	return s.in[0], func(c *chain) error { return c.linear(turnedMatrix(w), nil) }
}

// readBias reads a product of a matrix with a bias behind it.
func readBias(r *reader, s *step, _ string) (string, func(*chain) error) {
	from, b := r.operand(s)
	product := r.of(from, "MatMul")
	if product == nil || b.floats == nil || len(b.dims) > 1 && b.dims[len(b.dims)-1] != len(b.floats) {
		return "", nil
	}
	w := r.constant(product, 1)
	if !matrix(w) {
		return "", nil
	}
	return product.in[0], func(c *chain) error { return c.linear(turnedMatrix(w), b) }
}

// readGELU reads x·(1 + erf(x/√2))/2, in whatever order its factors are.
func readGELU(r *reader, s *step, value string) (string, func(*chain) error) {
	in, half := r.factors(value)
	if len(in) != 2 || half != 0.5 {
		return "", nil
	}
	for i, x := range in {
		erf := r.plusOne(in[1-i], "Erf")
		if erf == nil {
			continue
		}
		if z, by := r.factors(erf.in[0]); len(z) == 1 && z[0] == x && math.Abs(by-math.Sqrt2/2) < 1e-6 {
			return x, func(c *chain) error { return c.each("gelu", nil) }
		}
	}
	return "", nil
}

// readGELUTanh reads x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.
func readGELUTanh(r *reader, s *step, value string) (string, func(*chain) error) {
	in, half := r.factors(value)
	if len(in) != 2 || half != 0.5 {
		return "", nil
	}
	for i, x := range in {
		curve := r.plusOne(in[1-i], "Tanh")
		if curve == nil {
			continue
		}
		sum, by := r.factors(curve.in[0])
		if len(sum) != 1 || math.Abs(by-math.Sqrt(2/math.Pi)) > 1e-6 {
			continue
		}
		add := r.of(sum[0], "Add")
		if add == nil || len(add.in) != 2 || !slices.Contains(add.in, x) {
			continue
		}
		cube := add.in[0]
		if cube == x {
			cube = add.in[1]
		}
		if r.cubed(cube, x) {
			return x, func(c *chain) error { return c.each("gelu_tanh", nil) }
		}
	}
	return "", nil
}

// cubed tells whether a value is 0.044715 times the cube of another.
func (r *reader) cubed(value, of string) bool {
	in, by := r.factors(value)
	if math.Abs(by-0.044715) > 1e-6 {
		return false
	}
	if len(in) == 1 {
		pow := r.of(in[0], "Pow")
		three := (*tensor)(nil)
		if pow != nil {
			three = r.operandAt(pow, 1)
		}
		return three != nil && pow.in[0] == of && three.size() == 1 && three.at(0) == 3
	}
	return slices.Equal(in, []string{of, of, of})
}

// plusOne is the node of an operator to which a value adds 1.
func (r *reader) plusOne(value, op string) *step {
	add := r.of(value, "Add")
	if add == nil {
		return nil
	}
	from, one := r.operand(add)
	if from == "" || one.size() != 1 || one.at(0) != 1 {
		return nil
	}
	return r.of(from, op)
}

// maxFactors bounds what is multiplied in one layer.
const maxFactors = 8

// factors are the values that are multiplied to make one, and the number by which they are.
func (r *reader) factors(value string) (in []string, by float64) {
	by = 1
	for rest := []string{value}; len(rest) > 0 && len(in)+len(rest) <= maxFactors; {
		name := rest[0]
		rest = rest[1:]
		s := r.made[name]
		t := r.constants[name]
		switch {
		case t != nil && t.size() == 1:
			by *= t.at(0)
		case s != nil && s.op == "Mul" && len(s.in) == 2:
			rest = append(rest, s.in...)
		case s != nil && s.op == "Div" && r.constant(s, 1) != nil && r.constant(s, 1).size() == 1:
			by /= r.constant(s, 1).at(0)
			rest = append(rest, s.in[0])
		default:
			in = append(in, name)
		}
	}
	return in, by
}

// readGated reads x·sigmoid(x) and x·tanh(softplus(x)).
func readGated(r *reader, s *step, _ string) (string, func(*chain) error) {
	if len(s.in) != 2 {
		return "", nil
	}
	for i, x := range s.in {
		gate := s.in[1-i]
		if g := r.of(gate, "Sigmoid"); g != nil && g.in[0] == x {
			return x, func(c *chain) error { return c.each("silu", nil) }
		}
		if g := r.of(gate, "Tanh"); g != nil {
			if p := r.of(g.in[0], "Softplus"); p != nil && p.in[0] == x {
				return x, func(c *chain) error { return c.each("mish", nil) }
			}
		}
	}
	return "", nil
}
