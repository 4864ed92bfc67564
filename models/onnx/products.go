package onnx

import (
	"math"
	"slices"

	"descent/graph"
)

// Rows of products: of matrices, convolutions, attention.

var products = []Row{
	{"matmul", "MatMul, Transpose", func(w *writer, p pair, c call) string {
		return w.one("MatMul", w.turned(p.arg(0), c.flag("tx")), w.turned(p.arg(1), c.flag("ty")))
	}},
	{"conv", "Conv", func(w *writer, p pair, c call) string { return w.conv(p, c, w.args(p)) }},
	{"attention", "MatMul, Softmax", writeAttention},
}

// conv writes a convolution of some operands.
func (w *writer) conv(p pair, c call, in []string) string {
	kernel := p.arg(1).dims()[2:]
	settings := []attribute{set("kernel_shape", kernel)}
	for _, s := range []struct {
		ours, theirs string
		byDefault    []int
	}{{"stride", "strides", []int{1}}, {"padding", "pads", []int{0, 0}}, {"dilation", "dilations", []int{1}}} {
		list := c.wholes(s.ours)
		if list == nil {
			list = slices.Repeat(s.byDefault, len(kernel))
		}
		settings = append(settings, set(s.theirs, list))
	}
	if groups := c.whole("groups"); groups > 1 {
		settings = append(settings, set("group", groups))
	}
	return w.add("Conv", in, settings...)
}

// writeAdd writes a sum; that of a product of matrices, or a convolution, and a bias is one
// operator of ONNX.
func writeAdd(w *writer, p pair, _ call) string {
	x, b := p.arg(0), p.arg(1)
	c, ok := x.a.Describe()
	switch {
	case ok && c.Name == "matmul" && len(x.arg(0).dims()) == 2 && len(x.arg(1).dims()) == 2 && bias(b) && len(b.dims()) == 1:
		settings := []attribute{}
		for _, s := range [][2]string{{"tx", "transA"}, {"ty", "transB"}} {
			if (call{c}).flag(s[0]) {
				settings = append(settings, set(s[1], 1))
			}
		}
		return w.add("Gemm", append(w.args(x), w.name(b)), settings...)
	case ok && c.Name == "conv" && perChannel(b, len(x.dims())):
		return w.conv(x, call{c}, append(w.args(x), w.name(b.arg(0))))
	}
	return w.add("Add", w.args(p))
}

// bias tells whether a node is a parameter.
func bias(p pair) bool { return p.a.Role() == graph.Param }

// perChannel tells whether a node is a vector, a parameter, with a number for each channel
// of an array of so many axes.
func perChannel(p pair, rank int) bool {
	c, ok := p.a.Describe()
	if !ok || c.Name != "reshape" || !bias(p.arg(0)) {
		return false
	}
	from, to := p.arg(0).dims(), p.dims()
	return len(from) == 1 && len(to) == rank-1 && to[0] == from[0]
}

// turned is a matrix, or one of each of a batch, transposed if it is to be.
func (w *writer) turned(p pair, transposed bool) string {
	if !transposed {
		return w.name(p)
	}
	return w.exchanged(w.name(p), len(p.dims()))
}

// exchanged is an array with its last two axes exchanged.
func (w *writer) exchanged(x string, rank int) string {
	order := make([]int, rank)
	for i := range order {
		order[i] = i
	}
	order[rank-2], order[rank-1] = rank-1, rank-2
	return w.add("Transpose", []string{x}, set("perm", order))
}

// writeAttention writes softmax(q·kᵀ·scale)·v.
func writeAttention(w *writer, p pair, c call) string {
	if c.flag("seen") {
		return w.fail("%v: an attention that is told which keys it sees cannot be written", p.a)
	}
	q, k := p.arg(0).dims(), p.arg(1).dims()
	rank := len(q)
	scale := c.number("scale")
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(q[rank-1]))
	}
	z := w.one("Mul", w.one("MatMul", w.name(p.arg(0)), w.turned(p.arg(1), true)), w.number(scale))
	if c.flag("causal") {
		queries, keys := q[rank-2], k[rank-2]
		hidden := make([]float64, queries*keys)
		for i := range hidden {
			if i%keys > i/keys {
				hidden[i] = math.Inf(-1)
			}
		}
		z = w.one("Add", z, w.constant("hidden", []int{queries, keys}, hidden))
	}
	return w.one("MatMul", w.add("Softmax", []string{z}, set("axis", rank-1)), w.name(p.arg(2)))
}

var pools = []Row{
	{"max_pool", "MaxPool", func(w *writer, p pair, c call) string {
		o := poolOf(p, c)
		settings := o.settings()
		if slices.Max(o.dilation) > 1 {
			settings = append(settings, set("dilations", o.dilation))
		}
		return w.add("MaxPool", w.args(p), settings...)
	}},
	{"avg_pool", "AveragePool, Mul", writeAvgPool},
	{"adaptive_avg_pool", "ReduceMean, Slice, Concat", func(w *writer, p pair, _ call) string { return w.adaptive(p, "ReduceMean") }},
	{"adaptive_max_pool", "ReduceMax, Slice, Concat", func(w *writer, p pair, _ call) string { return w.adaptive(p, "ReduceMax") }},
}

// A pool is how windows walk: for each axis.
type pool struct{ kernel, stride, before, after, dilation, in, out []int }

func poolOf(p pair, c call) pool {
	o := pool{kernel: c.wholes("kernel"), stride: c.wholes("stride"), before: c.wholes("padding"), dilation: c.wholes("dilation"), in: p.arg(0).dims()[2:], out: p.dims()[2:]}
	n := len(o.in)
	if o.stride == nil {
		o.stride = o.kernel
	}
	if o.before == nil {
		o.before = make([]int, n)
	}
	if o.dilation == nil {
		o.dilation = slices.Repeat([]int{1}, n)
	}
	for i := range n { // as much as the last window reaches
		reach := (o.out[i]-1)*o.stride[i] + o.dilation[i]*(o.kernel[i]-1) + 1
		o.after = append(o.after, max(0, reach-o.in[i]-o.before[i]))
	}
	return o
}

func (o pool) settings() []attribute {
	return []attribute{set("kernel_shape", o.kernel), set("strides", o.stride), set("pads", slices.Concat(o.before, o.after))}
}

// writeAvgPool writes means over whole windows, and corrects those that count fewer
// elements, or are divided by another number.
func writeAvgPool(w *writer, p pair, c call) string {
	o := poolOf(p, c)
	settings := o.settings()
	if slices.Max(slices.Concat(o.before, o.after)) > 0 {
		settings = append(settings, set("count_include_pad", 1))
	}
	y := w.add("AveragePool", w.args(p), settings...)
	factors, same := []float64{1}, true
	area := 1
	for i, out := range o.out {
		area *= o.kernel[i]
		var next []float64
		for _, f := range factors {
			for at := range out {
				next = append(next, f*float64(o.counts(i, at, c.flag("inside"))))
			}
		}
		factors = next
	}
	for i, n := range factors {
		if d := c.number("divisor"); d > 0 {
			n = d
		}
		factors[i] = float64(area) / n
		same = same && factors[i] == 1
	}
	if same {
		return y
	}
	return w.one("Mul", y, w.constant("factors", append([]int{1, 1}, o.out...), factors))
}

// counts is how many elements of a window count along an axis: those of the array, and
// of the padding that it was told to have, if that counts.
func (o pool) counts(axis, at int, inside bool) int {
	first := at*o.stride[axis] - o.before[axis]
	lo, hi := -o.before[axis], o.in[axis]+o.before[axis]
	if inside {
		lo, hi = 0, o.in[axis]
	}
	return min(first+o.kernel[axis], hi) - max(first, lo)
}

// adaptive reduces, along each axis of pictures, as many windows as are wanted: window i
// of m over n elements has those from ⌊i·n/m⌋ to before ⌈(i+1)·n/m⌉.
func (w *writer) adaptive(p pair, op string) string {
	x := w.name(p.arg(0))
	for i, m := range p.dims()[2:] {
		axis, n := i+2, p.arg(0).dims()[i+2]
		var parts []string
		for k := range m {
			part := x
			if m > 1 {
				part = w.one("Slice", x, w.list(k*n/m), w.list(((k+1)*n+m-1)/m), w.list(axis))
			}
			parts = append(parts, w.add(op, []string{part}, set("axes", []int{axis}), set("keepdims", 1)))
		}
		if x = parts[0]; m > 1 {
			x = w.add("Concat", parts, set("axis", axis))
		}
	}
	return x
}
