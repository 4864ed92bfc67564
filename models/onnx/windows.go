package onnx

import (
	"fmt"
	"slices"
)

// Layers of pictures: what walks over them, makes them larger, or puts a frame around them.

// whole adds a layer that takes what is before it as that makes it, and makes the value of
// a node.
func (c *chain) whole(name string, m module, dims []int, settings ...any) error {
	if err := c.settle(); err != nil {
		return err
	}
	return c.layer(name, m, dims, settings...)
}

// A window is what walks over pictures.
type window struct{ kernel, strides, dilations, before, after []int }

// window is that of a node; ok is false if no layer has its settings.
func (s *step) window(kernel []int) (w window, ok bool) {
	if list := s.wholes("kernel_shape"); list != nil {
		kernel = list
	}
	n := len(kernel)
	w = window{kernel: kernel, strides: slices.Repeat([]int{1}, n), dilations: slices.Repeat([]int{1}, n), before: make([]int, n), after: make([]int, n)}
	for name, to := range map[string]*[]int{"strides": &w.strides, "dilations": &w.dilations} {
		if list := s.wholes(name); list != nil {
			*to = list
		}
	}
	pads := s.wholes("pads")
	if pads != nil && len(pads) == 2*n {
		w.before, w.after = pads[:n], pads[n:]
	}
	auto, _ := s.get("auto_pad").(string)
	return w, n > 0 && (auto == "" || auto == "NOTSET") && len(w.strides) == n && len(w.dilations) == n && (pads == nil || len(pads) == 2*n)
}

// settings are those of a layer with as much padding at the end as at the beginning.
func (w *window) settings(first string) []any {
	return []any{first, w.kernel, "stride", w.strides, "padding", w.before}
}

// reach is how many places a window has in lengths, if there is as much padding at the end
// as at the beginning.
func (w *window) reach(lengths []int, ceil bool) (out []int) {
	for i, n := range lengths {
		n += 2*w.before[i] - w.dilations[i]*(w.kernel[i]-1) - 1
		by := max(1, w.strides[i])
		if ceil {
			n += by - 1
		}
		out = append(out, n/by+1)
	}
	return out
}

// filters are the weight, the bias, nil if there is none, and the window of a convolution; ok
// is false if no layer has such.
func (r *reader) filters(s *step) (weight, bias *tensor, w window, ok bool) {
	weight, bias = r.constant(s, 1), r.constant(s, 2)
	if weight == nil || len(weight.dims) < 3 || len(s.in) > 2 && s.in[2] != "" && bias == nil {
		return nil, nil, w, false
	}
	w, ok = s.window(weight.dims[2:])
	return weight, bias, w, ok
}

func readConv(r *reader, s *step, value string) (string, func(*chain) error) {
	weight, b, w, ok := r.filters(s)
	if !ok {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		dims := r.dims[value]
		if err := c.settle(); err != nil {
			return err
		}
		if len(c.dims) != len(w.kernel)+2 || len(dims) != len(c.dims) {
			return fmt.Errorf("a kernel of %d axes of an array of %v", len(w.kernel), shown(c.dims))
		}
		if !slices.Equal(w.reach(c.dims[2:], false), dims[2:]) { // other padding at the end
			if err := c.framed(w); err != nil {
				return err
			}
			w.before = make([]int, len(w.kernel))
		}
		settings := append([]any{"filters", weight.dims[0]}, w.settings("kernel")...)
		return c.layer("conv", withBias(weight, b), dims, append(settings, "groups", s.whole("group", 1), "bias", b != nil, "dilation", w.dilations)...)
	}
}

func withBias(w, b *tensor) module {
	m := module{"weight": w}
	if b != nil {
		m["bias"] = b
	}
	return m
}

// framed adds the padding of a window as a layer.
func (c *chain) framed(w window) error {
	var ends []int // those of the last axis first
	dims := slices.Clone(c.dims)
	for i := len(w.kernel) - 1; i >= 0; i-- {
		if w.before[i] < 0 || w.after[i] < 0 {
			return fmt.Errorf("%v and %v around", w.before, w.after)
		}
		ends = append(ends, w.before[i], w.after[i])
		dims[i+2] += w.before[i] + w.after[i]
	}
	return c.layer("pad", nil, dims, "size", ends)
}

func readConvTranspose(r *reader, s *step, value string) (string, func(*chain) error) {
	weight, b, w, ok := r.filters(s)
	if !ok {
		return "", nil
	}
	longer := make([]int, len(w.kernel)) // at the end
	copy(longer, s.wholes("output_padding"))
	for i := range longer {
		if longer[i] += w.before[i] - w.after[i]; longer[i] < 0 {
			return "", nil
		}
	}
	return s.in[0], func(c *chain) error {
		groups := s.whole("group", 1)
		settings := append([]any{"filters", weight.dims[1] * groups}, w.settings("kernel")...)
		settings = append(settings, "groups", groups, "bias", b != nil, "dilation", w.dilations, "output_padding", longer)
		return c.whole("conv_transpose", withBias(weight, b), r.dims[value], settings...)
	}
}

func readMaxPool(r *reader, s *step, value string) (string, func(*chain) error) {
	w, ok := s.window(nil)
	if !ok || slices.Max(w.dilations) > 1 || value != s.out[0] {
		return "", nil
	}
	return s.in[0], func(c *chain) error { return c.walked("pool", w, r.dims[value]) }
}

func readAvgPool(r *reader, s *step, value string) (string, func(*chain) error) {
	w, ok := s.window(nil)
	if !ok {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		inside := s.whole("count_include_pad", 0) == 0
		if err := c.settle(); err != nil {
			return err
		}
		if !inside && !slices.Equal(w.before, w.after) && len(c.dims) == len(w.kernel)+2 {
			if err := c.framed(w); err != nil {
				return err
			}
			w.before = make([]int, len(w.kernel))
		}
		return c.walked("avg_pool", w, r.dims[value], "inside", inside)
	}
}

// walked adds a pool: its windows are where those of a layer are that has as much padding at
// the end as at the beginning, or hang over the end.
func (c *chain) walked(name string, w window, dims []int, settings ...any) error {
	if err := c.settle(); err != nil {
		return err
	}
	if len(c.dims) != len(w.kernel)+2 || len(dims) != len(c.dims) {
		return fmt.Errorf("a window of %d axes of an array of %v", len(w.kernel), shown(c.dims))
	}
	for _, ceil := range []bool{false, true} {
		if slices.Equal(w.reach(c.dims[2:], ceil), dims[2:]) {
			return c.layer(name, nil, dims, slices.Concat(w.settings("size"), []any{"ceil", ceil}, settings)...)
		}
	}
	return fmt.Errorf("%v before and %v behind", w.before, w.after)
}

// pooled adds the mean, or the largest, of each channel; a row of them is what follows, of
// whatever axes the value has.
func (c *chain) pooled(of string, dims []int) error {
	if len(c.dims) < 3 || dims == nil {
		return fmt.Errorf("it is known of pictures and sequences, not of rows")
	}
	if err := c.layer("global_pool", nil, c.dims[:2], "of", of); err != nil {
		return err
	}
	view, ok := c.view.reshape(dims)
	if !ok {
		return fmt.Errorf("%v of them", shown(dims))
	}
	c.view = view
	return nil
}

func globally(of string) func(r *reader, s *step, _ string) (string, func(*chain) error) {
	return func(r *reader, s *step, value string) (string, func(*chain) error) {
		return s.in[0], func(c *chain) error {
			if err := c.settle(); err != nil {
				return err
			}
			return c.pooled(of, r.dims[value])
		}
	}
}

// readReduced reads the mean, or the largest, over all lengths of pictures, or over the
// steps of sequences.
func readReduced(r *reader, s *step, value string) (string, func(*chain) error) {
	axes, ok := r.list(s, "axes", 1)
	if !ok || len(axes) == 0 {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		if err := c.settle(); err != nil {
			return err
		}
		n, over := len(c.dims), []int{}
		for _, a := range axes {
			a, _ = counted(a, n)
			over = append(over, a)
		}
		slices.Sort(over)
		switch {
		case n == 3 && slices.Equal(over, []int{1}):
			if err := c.layer("transpose", nil, []int{c.dims[0], c.dims[2], c.dims[1]}); err != nil {
				return err
			}
		case over[0] != 2 || len(over) != n-2 || over[len(over)-1] != n-1:
			return fmt.Errorf("over axes %v of %d; a global pool is over all lengths, or the steps of sequences", axes, n)
		}
		return c.pooled(map[string]string{"ReduceMean": "mean", "ReduceMax": "max"}[s.op], r.dims[value])
	}
}

// readPad reads a frame, or none.
func readPad(r *reader, s *step, value string) (string, func(*chain) error) {
	pads, ok := r.list(s, "pads", 1)
	mode, _ := s.get("mode").(string)
	ours := map[string]string{"": "zeros", "constant": "zeros", "reflect": "reflect", "edge": "replicate"}[mode]
	if t := r.operandAt(s, 2); !ok || ours == "" || len(s.in) > 2 && s.in[2] != "" && (t == nil || t.size() != 1 || t.at(0) != 0) || s.number("value", 0) != 0 {
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		if !slices.ContainsFunc(pads, func(n int) bool { return n != 0 }) {
			return nil
		}
		n := len(pads) / 2
		if n < 2 || len(pads)%2 != 0 || slices.ContainsFunc(pads, func(n int) bool { return n < 0 }) || pads[0]+pads[n] != 0 {
			return fmt.Errorf("%v around; a frame is around lengths and channels, not rows", pads)
		}
		var ends []int // those of the last axis first
		for i := n - 1; i > 0 && slices.ContainsFunc(slices.Concat(pads[1:i+1], pads[n+1:n+i+1]), func(n int) bool { return n != 0 }); i-- {
			ends = append(ends, pads[i], pads[n+i])
		}
		return c.whole("pad", nil, r.dims[value], "size", ends, "mode", ours)
	}
}

// readResize reads other lengths, by one of the ways that PyTorch has.
func readResize(r *reader, s *step, value string) (string, func(*chain) error) {
	mode, _ := s.get("mode").(string)
	places, _ := s.get("coordinate_transformation_mode").(string)
	nearest, _ := s.get("nearest_mode").(string)
	var settings []any
	switch {
	case mode == "nearest" && (places == "asymmetric" && nearest == "floor" || s.op == "Upsample" || s.set != nil && len(s.in) == 2):
		settings = []any{"mode", "nearest"}
	case mode == "nearest" && places == "half_pixel" && (nearest == "round_prefer_floor" || nearest == "round_prefer_ceil"):
		settings = []any{"mode", "nearest_exact"}
	case (mode == "linear" || mode == "cubic") && (places == "half_pixel" || places == "pytorch_half_pixel" || places == "align_corners") && (mode == "linear" || s.number("cubic_coeff_a", -0.75) == -0.75):
		settings = []any{"mode", mode, "corners", places == "align_corners"}
	default:
		return "", nil
	}
	return s.in[0], func(c *chain) error {
		dims := r.dims[value]
		n := len(c.dims)
		if whole, ok := contiguous(c.dims).reshape(c.view.dims()); len(c.view.axes) > n && len(dims) == len(c.view.axes) && ok && whole.equal(c.view) && !slices.ContainsFunc(dims[n:], func(n int) bool { return n != 1 }) {
			c.view = contiguous(c.dims) // but for axes of one
		} else if n = len(dims); n < 3 {
			return fmt.Errorf("lengths that are not known")
		}
		how := []any{"size", dims[2:n]}
		for i, by := range s.scales(r) {
			if i > 1 && i < n && float64(by)*float64(c.dims[i]) != float64(dims[i]) {
				how = []any{"scale", numbersOf(s.scales(r)[2:n])} // which is not that of the lengths
			}
		}
		err := c.whole("upsample", nil, dims[:n], append(how, settings...)...)
		c.view = contiguous(dims)
		return err
	}
}

func numbersOf(list []float32) (out []float64) {
	for _, x := range list {
		out = append(out, shortest(x))
	}
	return out
}
