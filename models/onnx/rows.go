package onnx

import (
	"slices"

	"descent/graph"
)

// A Row says how an operation is written.
type Row struct {
	Name  string // as it describes itself, see [graph.Node.Describe]
	Ops   string // operators of ONNX that it becomes
	write func(w *writer, p pair, c call) string
}

// Table has a row for each operation that can be written. Operands broadcast alike.
var Table = slices.Concat(elementwise, moves, sums, products, pools, shapes)

// A call is an operation as data.
type call struct{ graph.Call }

func (c call) number(name string) float64 { x, _ := c.Get(name).(float64); return x }
func (c call) whole(name string) int      { return int(c.number(name)) }
func (c call) flag(name string) bool      { x, _ := c.Get(name).(bool); return x }

func (c call) wholes(name string) (list []int) {
	switch v := c.Get(name).(type) {
	case float64:
		list = append(list, int(v))
	case []float64:
		for _, x := range v {
			list = append(list, int(x))
		}
	}
	return list
}

func (c call) numbers(name string) []float64 {
	list, _ := c.Get(name).([]float64)
	return list
}

// same is a row of an operation that ONNX has.
func same(name, op string) Row {
	return Row{name, op, func(w *writer, p pair, _ call) string { return w.add(op, w.args(p)) }}
}

// with is one that has a number by another name there.
func with(name, op, number, theirs string) Row {
	return Row{name, op, func(w *writer, p pair, c call) string {
		return w.add(op, w.args(p), set(theirs, float32(c.number(number))))
	}}
}

// between is one that clips its operand.
func between(name string) Row {
	return Row{name, "Clip", func(w *writer, p pair, c call) string {
		return w.one("Clip", w.name(p.arg(0)), w.number(c.number("lo")), w.number(c.number("hi")))
	}}
}

var elementwise = []Row{
	{"add", "Add, Gemm, Conv", writeAdd}, same("sub", "Sub"), same("mul", "Mul"), same("div", "Div"), same("pow", "Pow"), same("max", "Max"), same("min", "Min"),
	same("neg", "Neg"), same("abs", "Abs"), same("sign", "Sign"), same("floor", "Floor"), same("ceil", "Ceil"), same("round", "Round"), same("sqrt", "Sqrt"), same("stop_gradient", "Identity"),
	{"exp", "Exp, Softmax", writeExp}, same("log", "Log"), same("erf", "Erf"),
	same("sin", "Sin"), same("cos", "Cos"), same("tan", "Tan"), same("asin", "Asin"), same("acos", "Acos"), same("atan", "Atan"),
	same("sinh", "Sinh"), same("cosh", "Cosh"), same("tanh", "Tanh"), same("asinh", "Asinh"), same("acosh", "Acosh"), same("atanh", "Atanh"),
	same("sigmoid", "Sigmoid"), same("softplus", "Softplus"), same("relu", "Relu"), same("prelu", "PRelu"),
	with("leaky_relu", "LeakyRelu", "slope", "alpha"), with("elu", "Elu", "alpha", "alpha"), between("hardtanh"), between("clamp"),
	{"where", "Where", func(w *writer, p pair, _ call) string {
		return w.one("Where", w.boolean(p.arg(0)), w.name(p.arg(1)), w.name(p.arg(2)))
	}},
}

// writeExp writes the exponential of logarithms of probabilities as these.
func writeExp(w *writer, p pair, _ call) string {
	x := p.arg(0)
	if c, ok := x.a.Describe(); ok && c.Name == "logsoftmax" {
		if axes := (call{c}).wholes("axis"); len(axes) == 1 {
			return w.add("Softmax", []string{w.name(x.arg(0))}, set("axis", axes[0]))
		}
	}
	return w.one("Exp", w.name(x))
}

// comparisons are operations of booleans, by the operators that make them.
var comparisons = map[string]string{"less": "Less", "less_equal": "LessOrEqual", "greater": "Greater", "greater_equal": "GreaterOrEqual", "equal": "Equal", "isnan": "IsNaN", "isinf": "IsInf"}

// truth writes a comparison as booleans; "" if the node is none.
func (w *writer) truth(p pair) string {
	if w.truths[p.a] == "" {
		c, ok := p.a.Describe()
		if op := comparisons[c.Name]; ok && op != "" {
			defer w.in(w.depth(p.a))()
			w.truths[p.a] = w.add(op, w.args(p))
		}
	}
	return w.truths[p.a]
}

// boolean is the value of a node as booleans: where it is not 0.
func (w *writer) boolean(p pair) string {
	if truth := w.truth(p); truth != "" {
		return truth
	}
	return w.cast(w.name(p), bools)
}

var moves = []Row{
	{"constant", "constants, Expand", func(w *writer, p pair, c call) string {
		n, fixed := size(p.dims())
		if fixed {
			return w.constant("constant", p.dims(), slices.Repeat([]float64{c.number("value")}, n))
		}
		return w.one("Expand", w.number(c.number("value")), w.lengths(p))
	}},
	{"array", "constants", func(w *writer, p pair, c call) string {
		if _, fixed := size(p.dims()); !fixed {
			return w.fail("an array of constants that depends on the rows: %v", p.a)
		}
		return w.constant("array", p.dims(), c.numbers("values"))
	}},
	{"reshape", "Reshape", func(w *writer, p pair, _ call) string { return w.reshape(w.name(p.arg(0)), p.dims()) }},
	{"broadcast", "Expand", func(w *writer, p pair, _ call) string { return w.one("Expand", w.name(p.arg(0)), w.lengths(p)) }},
	{"concat", "Concat", func(w *writer, p pair, c call) string {
		return w.add("Concat", w.args(p), set("axis", c.whole("axis")))
	}},
	{"view", "Slice, Reshape, Transpose, Gather", writeView},
	{"onehot", "Equal", func(w *writer, p pair, c call) string {
		levels := make([]float64, c.whole("depth"))
		for i := range levels {
			levels[i] = float64(i)
		}
		index := w.one("Unsqueeze", w.name(p.arg(0)), w.list(-1))
		return w.cast(w.one("Equal", index, w.constant("levels", []int{len(levels)}, levels)), float32s)
	}},
	{"take", "Gather", writeTake}, {"embed", "Gather", writeTake},
}

// writeTake writes rows of a table. An index below 0 is of no row, and takes zeros: those
// that are put behind the table, where ONNX counts -1 from.
func writeTake(w *writer, p pair, c call) string {
	table, index, axis := w.name(p.arg(0)), p.arg(1), c.whole("axis")
	if index.a.Role() != graph.Index {
		d := p.arg(0).dims()
		d[axis] = 1
		n, fixed := size(d)
		if !fixed {
			return w.fail("rows of a table that depends on the rows: %v", p.a)
		}
		table = w.add("Concat", []string{table, w.constant("zeros", d, make([]float64, n))}, set("axis", axis))
	}
	return w.add("Gather", []string{table, w.integer(index)}, set("axis", axis))
}

// reduced is a row of a reduction that keeps its axes.
func reduced(name, op string) Row {
	return Row{name, op, func(w *writer, p pair, c call) string {
		return w.add(op, w.args(p), set("axes", c.wholes("axis")), set("keepdims", 1))
	}}
}

// arg is a row of the index of the largest, or smallest, of an axis.
func arg(name, op string) Row {
	return Row{name, op, func(w *writer, p pair, c call) string {
		w.whole[p.a] = w.add(op, w.args(p), set("axis", c.whole("axis")), set("keepdims", 1))
		return w.cast(w.whole[p.a], float32s)
	}}
}

var sums = []Row{
	{"sum_to", "ReduceSum, Reshape", func(w *writer, p pair, _ call) string {
		from, to := p.arg(0).dims(), p.dims()
		var axes []int
		for i, d := range from {
			if k := i - len(from) + len(to); k < 0 || to[k] == 1 && d != 1 {
				axes = append(axes, i)
			}
		}
		return w.reshape(w.add("ReduceSum", []string{w.name(p.arg(0)), w.list(axes...)}, set("keepdims", 1)), to)
	}},
	reduced("amax", "ReduceMax"), reduced("norm", "ReduceL2"), reduced("amin", "ReduceMin"), reduced("logsumexp", "ReduceLogSumExp"), arg("argmax", "ArgMax"), arg("argmin", "ArgMin"),
	{"logsoftmax", "LogSoftmax, ReduceLogSumExp", func(w *writer, p pair, c call) string {
		x, axes := w.name(p.arg(0)), c.wholes("axis")
		if len(axes) == 1 {
			return w.add("LogSoftmax", []string{x}, set("axis", axes[0]))
		}
		return w.one("Sub", x, w.add("ReduceLogSumExp", []string{x}, set("axes", axes), set("keepdims", 1)))
	}},
	{"standardize", "ReduceMean, Sub, Mul, Sqrt, Div", func(w *writer, p pair, c call) string {
		return w.normal(w.centred(w.name(p.arg(0)), c), c)
	}},
	{"normalize", "ReduceMean, Sub, Mul, Sqrt, Div, Add", func(w *writer, p pair, c call) string {
		y := w.normal(w.centred(w.name(p.arg(0)), c), c)
		return w.one("Add", w.one("Mul", y, w.name(p.arg(1))), w.name(p.arg(2)))
	}},
	{"rms_norm", "ReduceMean, Mul, Sqrt, Div", func(w *writer, p pair, c call) string { return w.normal(w.name(p.arg(0)), c) }},
}

// mean is the mean over the axes of a call.
func (w *writer) mean(x string, c call) string {
	return w.add("ReduceMean", []string{x}, set("axes", c.wholes("axis")), set("keepdims", 1))
}

// centred is x with its mean taken off.
func (w *writer) centred(x string, c call) string { return w.one("Sub", x, w.mean(x, c)) }

// normal is x divided by the root of its mean square and a little.
func (w *writer) normal(x string, c call) string {
	square := w.mean(w.one("Mul", x, x), c)
	return w.one("Div", x, w.one("Sqrt", w.one("Add", square, w.number(c.number("eps")))))
}
