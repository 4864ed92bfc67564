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
		{"Gemm", readGemm}, {"MatMul", readMatMul}, {"Add", readBias},
		{"Conv", readConv}, {"BatchNormalization", readBatchNorm}, {"LayerNormalization", readLayerNorm}, {"Add", readLayerNormParts},
		{"MaxPool", readMaxPool}, {"AveragePool", readAvgPool}, {"GlobalAveragePool", globally("mean")}, {"GlobalMaxPool", globally("max")}, {"ReduceMean", readMeanOfPlanes},
		{"Flatten", readFlatten}, {"Reshape", readReshape}, {"Transpose", readTranspose}, {"Squeeze", readSqueeze}, {"Gather", readGather},
		{"LSTM", readRecurrent}, {"GRU", readRecurrent}, {"RNN", readRecurrent},
		{"Mul", readGELU}, {"Mul", readGated}, {"Add", readSum}, {"Concat", readConcat},
		{"Softmax", readSoftmax}, {"LogSoftmax", readSoftmax},
		{"Identity", readNothing}, {"Dropout", readNothing}, {"Pad", readNoPad}, {"Clip", readClip},
	}, activations())
}

// activations are operators that are layers by themselves.
func activations() (all []pattern) {
	for op, name := range map[string]string{"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Selu": "selu", "Softplus": "softplus", "Mish": "mish", "Gelu": "gelu"} {
		all = append(all, pattern{op, func(r *reader, s *step, _ string) (string, func(*chain) error) {
			return r.live(s), func(c *chain) error { return c.layer(name, nil) }
		}})
	}
	for op, a := range map[string]struct {
		name, setting string
		byDefault     float64
	}{"LeakyRelu": {"leaky_relu", "slope", 0.01}, "Elu": {"elu", "alpha", 1}} {
		all = append(all, pattern{op, func(r *reader, s *step, _ string) (string, func(*chain) error) {
			return r.live(s), func(c *chain) error { return c.layer(a.name, nil, a.setting, s.number("alpha", a.byDefault)) }
		}})
	}
	return all
}

// readNothing reads what does nothing in prediction.
func readNothing(r *reader, s *step, _ string) (string, func(*chain) error) {
	return s.in[0], func(*chain) error { return nil }
}

// readNoPad reads padding by nothing.
func readNoPad(r *reader, s *step, value string) (string, func(*chain) error) {
	if pads, ok := r.list(s, "pads", 1); !ok || len(pads) == 0 || slices.ContainsFunc(pads, func(n int) bool { return n != 0 }) {
		return "", nil
	}
	return readNothing(r, s, value)
}

// readClip reads a hardtanh.
func readClip(r *reader, s *step, _ string) (string, func(*chain) error) {
	lo, hi := r.constant(s, 1), r.constant(s, 2)
	if lo == nil || hi == nil || len(lo.floats) != 1 || len(hi.floats) != 1 || lo.floats[0] != -1 || hi.floats[0] != 1 {
		return "", nil
	}
	return s.in[0], func(c *chain) error { return c.layer("hardtanh", nil) }
}

func readSoftmax(r *reader, s *step, _ string) (string, func(*chain) error) {
	return r.live(s), func(c *chain) error {
		if axis := s.whole("axis", -1); c.rank != 2 || axis != -1 && axis != 1 {
			return fmt.Errorf("over axis %d of %d; it is known over the last of rows", axis, c.rank)
		}
		if c.link != "" {
			return errors.New("one is there already")
		}
		if c.link = "softmax"; s.op == "LogSoftmax" {
			c.link = "log_softmax"
		}
		return nil
	}
}

// linear is a dense layer of a matrix, outputs × inputs, and a bias, which may be nil.
func (c *chain) linear(w, b *tensor) error {
	units := w.dims[0]
	m := module{"weight": w}
	settings := []any{"units", units}
	switch {
	case b == nil:
		settings = append(settings, "bias", false)
	case len(b.floats) == 1 && units > 1: // one for all
		m["bias"] = &tensor{dims: []int{units}, floats: slices.Repeat(b.floats, units)}
	case len(b.floats) != units:
		return fmt.Errorf("a bias of %d numbers for %d outputs", len(b.floats), units)
	default:
		m["bias"] = &tensor{dims: []int{units}, floats: b.floats}
	}
	if c.rank > 2 {
		settings = append(settings, "steps", true)
	}
	return c.layer("dense", m, settings...)
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
	if product == nil || len(b.dims) > 1 && b.dims[len(b.dims)-1] != len(b.floats) {
		return "", nil
	}
	w := r.constant(product, 1)
	if !matrix(w) {
		return "", nil
	}
	return product.in[0], func(c *chain) error { return c.linear(turnedMatrix(w), b) }
}

// window are the settings of a window that walks; ok is false if no layer has them.
func (s *step) window(stride string) (settings []any, ok bool) {
	kernel, pads := s.wholes("kernel_shape"), s.wholes("pads")
	n := len(kernel)
	if auto, _ := s.get("auto_pad").(string); n == 0 || auto != "" && auto != "NOTSET" || pads != nil && len(pads) != 2*n {
		return nil, false
	}
	if pads == nil {
		pads = make([]int, 2*n)
	}
	if !slices.Equal(pads[:n], pads[n:]) {
		return nil, false
	}
	strides := s.wholes("strides")
	if strides == nil {
		strides = slices.Repeat([]int{1}, n)
	}
	return []any{stride, kernel, "stride", strides, "padding", pads[:n]}, len(strides) == n
}

func readConv(r *reader, s *step, _ string) (string, func(*chain) error) {
	w, b := r.constant(s, 1), r.constant(s, 2)
	settings, ok := s.window("kernel")
	if !ok || w == nil || len(w.dims) < 3 || len(s.in) > 2 && s.in[2] != "" && b == nil {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		m := module{"weight": w}
		if b != nil {
			m["bias"] = b
		}
		settings = append([]any{"filters", w.dims[0]}, settings...)
		settings = append(settings, "groups", s.whole("group", 1), "bias", b != nil)
		if d := s.wholes("dilations"); d != nil {
			settings = append(settings, "dilation", d)
		}
		return c.layer("conv", m, settings...)
	}
}

func readBatchNorm(r *reader, s *step, _ string) (string, func(*chain) error) {
	m := module{}
	for i, name := range []string{"weight", "bias", "running_mean", "running_var"} {
		if m[name] = r.constant(s, i+1); m[name] == nil {
			return "", nil
		}
	}
	return s.in[0], func(c *chain) error { return c.layer("batch_norm", m, "eps", s.number("epsilon", 1e-5)) }
}

func readLayerNorm(r *reader, s *step, _ string) (string, func(*chain) error) {
	gain, shift := r.constant(s, 1), r.constant(s, 2)
	if gain == nil || shift == nil {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		axis := s.whole("axis", -1)
		if axis < 0 {
			axis += c.rank
		}
		return c.layer("layer_norm", module{"weight": gain, "bias": shift}, "axes", c.rank-axis, "eps", s.number("epsilon", 1e-5))
	}
}

// readLayerNormParts reads (x - mean)/√(variance + eps)·gain + shift, as operators before
// opset 17 write it.
func readLayerNormParts(r *reader, s *step, _ string) (string, func(*chain) error) {
	scaled, shift := r.operand(s)
	mul := r.of(scaled, "Mul")
	if mul == nil {
		return "", nil
	}
	normal, gain := r.operand(mul)
	div := r.of(normal, "Div")
	if div == nil || len(div.in) != 2 || gain.floats == nil || shift.floats == nil {
		return "", nil
	}
	sub, root := r.of(div.in[0], "Sub"), r.of(div.in[1], "Sqrt")
	if sub == nil || root == nil || len(sub.in) != 2 {
		return "", nil
	}
	mean, sum := r.of(sub.in[1], "ReduceMean"), r.of(root.in[0], "Add")
	if mean == nil || sum == nil || mean.in[0] != sub.in[0] {
		return "", nil
	}
	variance, eps := r.operand(sum)
	square := r.of(variance, "ReduceMean")
	if square == nil || len(eps.floats) != 1 || !r.squares(square.in[0], div.in[0]) {
		return "", nil
	}
	axes, ok := r.list(mean, "axes", 1)
	also, _ := r.list(square, "axes", 1)
	if !ok || !slices.Equal(axes, also) || mean.whole("keepdims", 1) != 1 {
		return "", nil
	}
	return sub.in[0], func(c *chain) error {
		for i, a := range axes {
			if want := i - len(axes); a != want && a != c.rank+want {
				return fmt.Errorf("a norm over axes %v; a layer norm is over the last", axes)
			}
		}
		return c.layer("layer_norm", module{"weight": gain, "bias": shift}, "axes", len(axes), "eps", shortest(eps.floats[0]))
	}
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
	return two != nil && (len(two.floats) == 1 && two.floats[0] == 2 || len(two.ints) == 1 && two.ints[0] == 2)
}

func readMaxPool(r *reader, s *step, value string) (string, func(*chain) error) {
	settings, ok := s.window("size")
	if d := s.wholes("dilations"); !ok || d != nil && slices.Max(d) > 1 || value != s.out[0] {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		return c.layer("pool", nil, append(settings, "ceil", s.whole("ceil_mode", 0) == 1)...)
	}
}

func readAvgPool(r *reader, s *step, _ string) (string, func(*chain) error) {
	settings, ok := s.window("size")
	if !ok {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		return c.layer("avg_pool", nil, append(settings, "ceil", s.whole("ceil_mode", 0) == 1, "inside", s.whole("count_include_pad", 0) == 0)...)
	}
}

// globally reads the mean, or the largest, of each channel; a row of them is what follows.
func globally(of string) func(r *reader, s *step, _ string) (string, func(*chain) error) {
	return func(r *reader, s *step, _ string) (string, func(*chain) error) {
		return s.in[0], func(c *chain) error {
			err := c.layer("global_pool", nil, "of", of)
			c.rank = 2
			return err
		}
	}
}

func readMeanOfPlanes(r *reader, s *step, value string) (string, func(*chain) error) {
	axes, ok := r.list(s, "axes", 1)
	if !ok {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		for i, a := range axes {
			if a != i+2 && a != i+2-c.rank {
				return fmt.Errorf("a mean over axes %v of %d; a global pool is over all lengths", axes, c.rank)
			}
		}
		if len(axes) != c.rank-2 || len(axes) == 0 {
			return fmt.Errorf("a mean over axes %v of %d; a global pool is over all lengths", axes, c.rank)
		}
		_, then := globally("mean")(r, s, value)
		return then(c)
	}
}

// readGELU reads x·(1 + erf(x/√2))/2, as PyTorch writes it.
func readGELU(r *reader, s *step, _ string) (string, func(*chain) error) {
	product, half := r.operand(s)
	mul := r.of(product, "Mul")
	if mul == nil || len(mul.in) != 2 || len(half.floats) != 1 || half.floats[0] != 0.5 {
		return "", nil
	}
	for i, x := range mul.in {
		add := r.of(mul.in[1-i], "Add")
		if add == nil {
			continue
		}
		value, one := r.operand(add)
		erf := r.of(value, "Erf")
		if erf == nil || len(one.floats) != 1 || one.floats[0] != 1 {
			continue
		}
		div := r.of(erf.in[0], "Div")
		if div == nil {
			continue
		}
		if from, root := r.operand(div); from == x && len(root.floats) == 1 && math.Abs(float64(root.floats[0])-math.Sqrt2) < 1e-6 {
			return x, func(c *chain) error { return c.layer("gelu", nil) }
		}
	}
	return "", nil
}

// readGated reads x·sigmoid(x) and x·tanh(softplus(x)).
func readGated(r *reader, s *step, _ string) (string, func(*chain) error) {
	if len(s.in) != 2 {
		return "", nil
	}
	for i, x := range s.in {
		gate := s.in[1-i]
		if g := r.of(gate, "Sigmoid"); g != nil && g.in[0] == x {
			return x, func(c *chain) error { return c.layer("silu", nil) }
		}
		if g := r.of(gate, "Tanh"); g != nil {
			if p := r.of(g.in[0], "Softplus"); p != nil && p.in[0] == x {
				return x, func(c *chain) error { return c.layer("mish", nil) }
			}
		}
	}
	return "", nil
}
