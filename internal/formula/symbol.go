package formula

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/graph"
)

// Text writes nodes as formulas, simplified: parsed again, they have the same
// values but for rounding. Leaves are written by their names.
func Text(nodes ...*graph.Node) ([]string, error) {
	a := &algebra{known: map[string]*term{}, terms: map[*graph.Node]*term{}}
	out := make([]string, len(nodes))
	for i, n := range nodes {
		t, err := a.term(n)
		if err != nil {
			return nil, err
		}
		out[i] = write(t)
		// Multiplied out it is shorter if like terms meet.
		if wide := write(a.stretch(a.expand(t), n.Shape())); len(wide) < len(out[i]) {
			out[i] = wide
		}
	}
	return out, nil
}

// Describe writes a node for people: one formula, which may lack the stretching
// of a number to an array.
func Describe(n *graph.Node) string {
	a := &algebra{known: map[string]*term{}, terms: map[*graph.Node]*term{}}
	if n.Op() != nil && n.Op().Name() == "div" { // 1/0 would be inf
		x, err := a.term(n.Arg(0))
		y, also := a.term(n.Arg(1))
		if err == nil && also == nil && x.kind == number && y.kind == number {
			return write(x) + "/" + write(y)
		}
	}
	t, err := a.term(n)
	if err != nil {
		return n.Op().Name()
	}
	return write(bare(t))
}

// infix are the comparisons, and calls the functions, whose names in formulas
// are others than in graphs.
var (
	infix = map[string]string{"less": "<", "lessEqual": "<=", "equal": "==", "notEqual": "!="}
	calls = map[string]string{"hardTanh": "clamp", "leakyReLU": "leaky_relu", "hardShrink": "hardshrink", "hardSwish": "hardswish", "softShrink": "softshrink", "maximum": "max", "minimum": "min",
		"stopGradient": "stop_gradient", "stop": "stop_gradient", "logcosh": "logcosh", "take": "take",
		"normCDF": "normcdf", "logAddExp": "log_add_exp", "sincDerivative": "sinc_derivative", "isNaN": "isnan", "isInf": "isinf", "isFinite": "isfinite"}
)

// term turns a node into a term.
func (a *algebra) term(n *graph.Node) (*term, error) {
	if t := a.terms[n]; t != nil {
		return t, nil
	}
	if n.Err() != nil {
		return nil, n.Err()
	}
	t, err := a.convert(n)
	if err != nil {
		return nil, err
	}
	if t.shape != n.Shape() {
		t = a.stretch(t, n.Shape())
	}
	a.terms[n] = t
	return t, nil
}

func (a *algebra) convert(n *graph.Node) (*term, error) {
	if n.Op() == nil {
		return a.intern(term{kind: leaf, fn: n.Name(), shape: n.Shape()}), nil
	}
	if x, ok := n.IsConst(); ok {
		return a.number(x), nil
	}
	if n.Arity() == 0 {
		return a.constant(n)
	}
	args := make([]*term, n.Arity())
	for i := range args {
		var err error
		if args[i], err = a.term(n.Arg(i)); err != nil {
			return nil, err
		}
	}
	name, num := SplitName(n.Op().Name())
	if t := a.elementwise(n, name, num, args); t != nil {
		return t, nil
	}
	if t := a.moving(n, name, num, args); t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("%s cannot be written as a formula", n.Op().Name())
}

// constant is an array without inputs: a list.
func (a *algebra) constant(n *graph.Node) (*term, error) {
	p, err := graph.Compile(n)
	if err != nil {
		return nil, err
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	if n.Shape().Size() > MaxNodes/2 || n.Shape().Size() == 0 {
		return nil, fmt.Errorf("a list of shape %v cannot be written", n.Shape())
	}
	return a.intern(term{kind: call, fn: "list", k: p.Float64s(n), shape: n.Shape()}), nil
}

// SplitName divides the name of an op into a word and numbers: "clamp{-1 1}",
// "logsumexp[0 1]", "take[0]".
func SplitName(name string) (word string, num []float64) {
	i := strings.IndexAny(name, "{[")
	if i < 0 {
		return name, nil
	}
	for _, f := range strings.Fields(strings.Trim(name[i:], "{}[]")) {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return name, nil
		}
		num = append(num, x)
	}
	return name[:i], num
}

// elementwise turns an elementwise op into a term, or returns nil.
func (a *algebra) elementwise(n *graph.Node, name string, num []float64, args []*term) *term {
	if l, ok := n.Op().(interface{ Locality() graph.Locality }); !ok || l.Locality() != graph.Elementwise {
		return nil
	}
	for i, x := range args {
		args[i] = bare(x)
	}
	s := wide(args)
	one := []float64{1, 1}
	zero := a.number(0)
	switch name {
	case "add":
		return a.sum(0, args, one)
	case "sub":
		return a.sum(0, args, []float64{1, -1})
	case "neg":
		return a.sum(0, args, []float64{-1})
	case "mul":
		return a.product(1, args, one)
	case "div":
		return a.product(1, args, []float64{1, -1})
	case "sqrt":
		return a.product(1, args, []float64{0.5})
	case "pow":
		if args[1].kind == number && args[1].num != 0 && !math.IsInf(args[1].num, 0) {
			return a.product(1, args[:1], []float64{args[1].num})
		}
		return a.call("^", s, nil, args...)
	case "exp":
		if x := args[0]; x.kind == call && x.fn == "logsoftmax" {
			return a.call("softmax", s, x.k, x.args...)
		}
	case "mask":
		return a.call("where", s, nil, args[0], args[1], zero)
	case "mask[not]":
		return a.call("where", s, nil, args[0], zero, args[1])
	case "polygamma", "sincDerivative": // the derivatives of order 0 have names of their own
		if order := args[0]; order.kind == number && order.num == 0 {
			return a.call(map[string]string{"polygamma": "digamma", "sincDerivative": "sinc"}[name], s, nil, args[1])
		}
	case "chosen":
		return a.chosen(s, args[0], args[1])
	case "alive":
		return a.call("!=", s, nil, args[0], zero)
	case "alive[not]":
		return a.call("==", s, nil, args[0], zero)
	case "bce":
		return a.call("bce(reduction=none)", s, nil, args...)
	case "logcosh":
		return a.call("log_cosh(reduction=none)", s, nil, args[0], a.stretch(zero, s))
	}
	if op, ok := infix[name]; ok {
		return a.call(op, s, nil, args...)
	}
	if fn, ok := calls[name]; ok {
		name = fn
	}
	if _, ok := allFunctions()[name]; !ok {
		return nil
	}
	return a.call(name, s, num, args...)
}

// chosen writes d where c is above 0, else c, for people: a choice between
// numbers is that between d times each.
func (a *algebra) chosen(s graph.Shape, c, d *term) *term {
	switch {
	case c.kind == call && c.fn == "where":
		return a.call("where", s, nil, c.args[0], a.chosen(s, c.args[1], a.given(d, c, c.args[1])), a.chosen(s, c.args[2], a.given(d, c, c.args[2])))
	case c.kind == call && c.fn == "stop_gradient":
		return a.number(math.NaN())
	case c.kind == number && c.num == 0:
		return c
	case c.kind == number:
		return d
	}
	return a.call("where", s, nil, a.call("<", s, nil, a.number(0), c), d, c)
}

// given is d, a product that may have the factor c, for a value of c.
func (a *algebra) given(d, c, value *term) *term {
	if d == c {
		return value
	}
	if d.kind != product {
		return d
	}
	args := slices.Clone(d.args)
	for i, x := range args {
		if x == c && d.k[i] == 1 {
			args[i] = value
		}
	}
	return a.product(d.num, args, d.k)
}

// moving turns the other ops into terms.
func (a *algebra) moving(n *graph.Node, name string, num []float64, args []*term) *term {
	x, to := args[0], n.Shape()
	if s, stride, offset, placed, ok := n.Walk(); ok {
		return a.walk(x, to, s, stride, offset, placed)
	}
	switch {
	case strings.HasPrefix(name, "sum to"):
		return a.sumTo(x, to)
	case strings.HasPrefix(name, "broadcast to"):
		return a.stretch(bare(x), to)
	case strings.HasPrefix(name, "reshape to"):
		return a.reshape(x, to)
	case strings.HasPrefix(name, "matmul"):
		words := n.Op().Name()
		return a.call("@", to, nil, a.transposed(x, strings.Contains(words, "xᵀ")), a.transposed(args[1], strings.Contains(words, "yᵀ")))
	case strings.HasPrefix(name, "scatter of"):
		along := 0.0
		if strings.Contains(name, "gather") {
			along = 1
		}
		_, axis := SplitName(strings.TrimPrefix(n.Op().Name(), "scatter of "))
		return a.call("scatter", to, slices.Concat(axis, []float64{along}, floats(to.Dims())), args...)
	}
	switch name {
	case "softmax_nll_grad":
		return a.sum(0, []*term{a.call("softmax", to, []float64{1}, x), a.call("onehot", to, []float64{float64(to.Dim(1))}, args[1])}, []float64{1, -1})
	case "softmax_nll":
		return a.call(name, to, nil, args...)
	case "norm", "logsumexp", "amax", "amin", "argmax", "argmin", "max_first", "min_first": // they keep axes
		axes := num
		if len(num) == x.shape.Rank() && !strings.HasPrefix(name, "arg") && !strings.HasSuffix(name, "first") {
			axes = nil
		}
		return a.reshape(a.call(name, drop(x.shape, ints(num)), axes, x), to)
	case "concat":
		if v := a.vector(to, args); v != nil {
			return v
		}
		return a.call(name, to, num, args...)
	case "logsoftmax":
		if len(num) == to.Rank() {
			num = nil
		}
		return a.call(name, to, num, args...)
	case "take", "gather", "onehot":
		return a.call(name, to, num, args...)
	}
	return nil
}

// vector is a list of numbers that are joined, [x, y, 0].
func (a *algebra) vector(to graph.Shape, args []*term) *term {
	elements := make([]*term, len(args))
	for i, x := range args {
		if elements[i] = bare(x); to.Rank() != 1 || elements[i].shape.Rank() != 0 || x.shape.Size() != 1 {
			return nil
		}
	}
	return a.call("vector", to, nil, elements...)
}

func (a *algebra) transposed(x *term, yes bool) *term {
	if !yes {
		return x
	}
	order := make([]float64, x.shape.Rank())
	d := x.shape.Dims()
	for i := range order {
		order[i] = float64(i)
	}
	r := len(order)
	order[r-1], order[r-2] = order[r-2], order[r-1]
	d[r-1], d[r-2] = d[r-2], d[r-1]
	if r == 2 {
		order = nil
	}
	if x.kind == call && x.fn == "transpose" && order == nil && x.k == nil {
		return x.args[0]
	}
	return a.call("transpose", graph.Dims(d...), order, x)
}

// sumTo sums over the axes that broadcasting had stretched.
func (a *algebra) sumTo(x *term, to graph.Shape) *term {
	lead := x.shape.Rank() - to.Rank()
	var axes []int
	for i, d := range x.shape.Dims() {
		if i < lead || to.Dim(i-lead) != d {
			axes = append(axes, i)
		}
	}
	return a.reshape(a.total(x, axes), to)
}

// walk writes views as what they mean to people where that is simple.
func (a *algebra) walk(x *term, to, s graph.Shape, stride []int, offset int, placed bool) *term {
	inner := x.shape
	if placed {
		inner = to
	}
	if placed && s.Size() == 1 && to.Rank() == 1 && to.Size() <= 64 {
		unit := make([]float64, to.Size())
		unit[offset] = 1
		e := a.intern(term{kind: call, fn: "list", k: unit, shape: to})
		return a.product(1, []*term{a.reshape(x, graph.Shape{}), e}, []float64{1, 1})
	}
	if !placed && s.Rank() == 2 && inner.Rank() == 2 && offset == 0 && stride[0] == 1 && stride[1] == s.Dim(0) && s.Size() == inner.Size() {
		return a.transposed(x, true)
	}
	if !placed && s.Rank() == 1 && inner.Rank() == 1 {
		if s.Dim(0) == 1 {
			return a.reshape(a.call("element", graph.Shape{}, []float64{float64(offset)}, x), s)
		}
		if stride[0] == 1 {
			return a.call("slice", s, []float64{0, float64(offset), float64(offset + s.Dim(0)), 1}, x)
		}
	}
	num := slices.Concat([]float64{float64(s.Rank())}, floats(s.Dims()), floats(stride), []float64{float64(offset)})
	if placed {
		return a.call("place", to, append(num, floats(to.Dims())...), x)
	}
	return a.call("view", s, num, x)
}
