package onnx

import "slices"

// lengths are those of what operators make that move no elements; nil if they are not
// known.
var lengths map[string]func(r *reader, s *step, x []int) [][]int

func init() {
	lengths = map[string]func(r *reader, s *step, x []int) [][]int{
		"MatMul": ofMatMul, "Gemm": ofGemm, "Conv": ofWindow, "MaxPool": ofWindow, "AveragePool": ofWindow, "ConvTranspose": ofTransposed,
		"GlobalAveragePool": ofGlobal, "GlobalMaxPool": ofGlobal, "ReduceMean": ofReduced, "ReduceSum": ofReduced, "ReduceMax": ofReduced, "ReduceL2": ofReduced,
		"Concat": ofConcat, "Gather": ofGather, "LSTM": ofRecurrent, "GRU": ofRecurrent, "RNN": ofRecurrent, "Pad": ofPad, "Resize": ofResize, "Upsample": ofResize,
	}
	for _, op := range []string{"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Where", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "PRelu"} {
		lengths[op] = ofAll
	}
	for _, op := range []string{"Relu", "Tanh", "Sigmoid", "Selu", "Softplus", "Mish", "Gelu", "LeakyRelu", "Elu", "Erf", "Exp", "Log", "Sqrt", "Neg", "Abs", "Not", "Reciprocal", "Sin", "Cos",
		"Softmax", "LogSoftmax", "Clip", "BatchNormalization", "LayerNormalization", "InstanceNormalization", "HardSigmoid", "HardSwish"} {
		lengths[op] = func(_ *reader, _ *step, x []int) [][]int { return [][]int{x} }
	}
}

// ofAll are the lengths of what is computed element by element.
func ofAll(r *reader, s *step, x []int) [][]int {
	for _, in := range s.in[1:] {
		d, ok := r.dims[in]
		if ok {
			x, ok = broadcast(x, d)
		}
		if !ok {
			return nil
		}
	}
	return [][]int{x}
}

func ofMatMul(r *reader, s *step, x []int) [][]int {
	if len(s.in) != 2 {
		return nil
	}
	y := r.dims[s.in[1]]
	if len(x) < 2 || len(y) < 2 || x[len(x)-1] != y[len(y)-2] {
		return nil
	}
	lead, ok := broadcast(x[:len(x)-2], y[:len(y)-2])
	if !ok {
		return nil
	}
	return [][]int{append(lead, x[len(x)-2], y[len(y)-1])}
}

func ofGemm(r *reader, s *step, x []int) [][]int {
	w := r.dims[s.in[min(1, len(s.in)-1)]]
	if len(x) != 2 || len(w) != 2 {
		return nil
	}
	return [][]int{{x[s.whole("transA", 0)&1], w[1-s.whole("transB", 0)&1]}}
}

// ofWindow are the lengths of what a window that walks makes: of a convolution, or a pool.
func ofWindow(r *reader, s *step, x []int) [][]int {
	kernel, strides, pads, dilations := s.wholes("kernel_shape"), s.wholes("strides"), s.wholes("pads"), s.wholes("dilations")
	w := r.dims[s.in[min(1, len(s.in)-1)]]
	if s.op != "Conv" {
		w = x[1:]
	} else if len(w) > 2 && kernel == nil {
		kernel = w[2:]
	}
	n := len(kernel)
	if len(x) != n+2 || len(w) < 1 || n == 0 || pads != nil && len(pads) != 2*n || strides != nil && len(strides) != n || dilations != nil && len(dilations) != n {
		return nil
	}
	out := []int{x[0], w[0]}
	for i, k := range kernel {
		size, by := x[i+2]-k, 1
		if dilations != nil {
			size = x[i+2] - (k-1)*dilations[i] - 1
		}
		if pads != nil {
			size += pads[i] + pads[n+i]
		}
		if strides != nil {
			by = max(1, strides[i])
		}
		if s.whole("ceil_mode", 0) == 1 {
			size += by - 1
		}
		out = append(out, size/by+1)
	}
	return [][]int{out}
}

func ofTransposed(r *reader, s *step, x []int) [][]int {
	w := r.dims[s.in[min(1, len(s.in)-1)]]
	n := len(x) - 2
	if n < 1 || len(w) != len(x) || s.get("output_shape") != nil {
		return nil
	}
	out := []int{x[0], w[1] * s.whole("group", 1)}
	at := func(name string, i, byDefault int) int {
		if list := s.wholes(name); i < len(list) {
			return list[i]
		}
		return byDefault
	}
	for i := range n {
		out = append(out, (x[i+2]-1)*at("strides", i, 1)+at("dilations", i, 1)*(w[i+2]-1)+1-at("pads", i, 0)-at("pads", n+i, 0)+at("output_padding", i, 0))
	}
	return [][]int{out}
}

func ofGlobal(_ *reader, _ *step, x []int) [][]int {
	if len(x) < 3 {
		return nil
	}
	return [][]int{append(slices.Clone(x[:2]), slices.Repeat([]int{1}, len(x)-2)...)}
}

func ofReduced(r *reader, s *step, x []int) [][]int {
	axes, given := r.list(s, "axes", 1)
	if len(s.in) > 1 && !given {
		return nil
	}
	var out []int
	for i, n := range x {
		switch {
		case given && !slices.Contains(axes, i) && !slices.Contains(axes, i-len(x)):
			out = append(out, n)
		case s.whole("keepdims", 1) == 1:
			out = append(out, 1)
		}
	}
	return [][]int{out}
}

func ofConcat(r *reader, s *step, x []int) [][]int {
	axis, ok := counted(s.whole("axis", 0), len(x))
	if !ok {
		return nil
	}
	out := slices.Clone(x)
	for _, in := range s.in[1:] {
		d := r.dims[in]
		if len(d) != len(out) {
			return nil
		}
		out[axis] += d[axis]
	}
	return [][]int{out}
}

func ofGather(r *reader, s *step, x []int) [][]int {
	axis, ok := counted(s.whole("axis", 0), len(x))
	if !ok || len(s.in) != 2 {
		return nil
	}
	index, known := r.dims[s.in[1]]
	if !known {
		return nil
	}
	return [][]int{slices.Concat(x[:axis], index, x[axis+1:])}
}

func ofRecurrent(r *reader, s *step, x []int) [][]int {
	if len(s.in) < 3 || len(x) != 3 || len(r.dims[s.in[2]]) != 3 {
		return nil
	}
	u := r.dims[s.in[2]]
	states := []int{u[0], x[1], u[2]}
	return [][]int{{x[0], u[0], x[1], u[2]}, states, states}
}

func ofPad(r *reader, s *step, x []int) [][]int {
	pads, ok := r.list(s, "pads", 1)
	if !ok || len(pads) != 2*len(x) || len(s.in) > 3 {
		return nil
	}
	out := slices.Clone(x)
	for i := range out {
		out[i] += pads[i] + pads[len(x)+i]
	}
	return [][]int{out}
}

// ofResize are lengths times scales, or those that are given.
func ofResize(r *reader, s *step, x []int) [][]int {
	scales := s.scales(r)
	if sizes, ok := r.list(s, "", 3); ok && len(sizes) == len(x) {
		return [][]int{sizes}
	}
	if len(scales) != len(x) {
		return nil
	}
	out := slices.Clone(x)
	for i, by := range scales {
		if y := float64(x[i]) * float64(by); y >= 1 && y < maxSize {
			out[i] = int(y)
		}
	}
	return [][]int{out}
}

// scales are those of a Resize: an input, or, of old, a setting.
func (s *step) scales(r *reader) []float32 {
	if t := r.constant(s, min(2, len(s.in)-1)); t != nil && len(s.in) > 1 {
		return t.floats
	}
	list, _ := s.get("scales").([]float32)
	return list
}
