package formula

import (
	"fmt"
	"math"
	"slices"

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
	if c, ok := n.Describe(); ok && c.Name == "div" { // 1/0 would be inf
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
	c, ok := n.Describe()
	if !ok {
		return nil, fmt.Errorf("%s cannot be written as a formula: the operation does not describe itself", n.Op().Name())
	}
	return a.called(application{c, args, n.Shape(), elementwise(n)}), nil
}

func elementwise(n *graph.Node) bool {
	l, ok := n.Op().(interface{ Locality() graph.Locality })
	return ok && l.Locality() == graph.Elementwise
}

// constant is an operation without inputs: a list, or a call of no arguments.
func (a *algebra) constant(n *graph.Node) (*term, error) {
	c, ok := n.Describe()
	if !ok {
		return nil, fmt.Errorf("%s cannot be written as a formula: the operation does not describe itself", n.Op().Name())
	}
	values, list := c.Get("values").([]float64)
	switch {
	case !list:
		return a.call(c.Name, n.Shape(), c.Args), nil
	case len(values) > MaxNodes/2 || len(values) == 0:
		return nil, fmt.Errorf("a list of shape %v cannot be written", n.Shape())
	}
	return a.intern(term{kind: call, fn: "list", k: values, shape: n.Shape()}), nil
}

// chosen writes d where c is above 0, else c, for people: a choice between
// numbers is that between d times each.
func (a *algebra) chosen(s graph.Shape, c, d *term) *term {
	switch {
	case c.kind == call && c.fn == "where":
		return a.call("where", s, nil, c.args[0], a.chosen(s, c.args[1], a.given(d, c, c.args[1])), a.chosen(s, c.args[2], a.given(d, c, c.args[2])))
	case c.kind == call && c.fn == "stop_gradient":
		return a.number(math.NaN())
	case c.isCall("<"), c.isCall("<="), c.isCall("=="), c.isCall("!="):
		return a.where(s, c, d, a.number(0))
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
	if x.kind == call && x.fn == "transpose" && order == nil && x.set == nil {
		return x.args[0]
	}
	return a.call("transpose", graph.Dims(d...), over("order", order), x)
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

// walk writes reads and writes of elements as what they mean to people where
// that is simple.
func (a *algebra) walk(c application, placed bool) *term {
	x, to := c.args[0], c.shape
	s, inner := to, x.shape
	if placed {
		s, inner = x.shape, to
	}
	stride, _ := c.Get("strides").([]float64)
	offset, _ := c.Get("offset").(float64)
	switch at := int(offset); {
	case placed && s.Size() == 1 && to.Rank() == 1 && to.Size() <= 64:
		unit := make([]float64, to.Size())
		unit[at] = 1
		e := a.intern(term{kind: call, fn: "list", k: unit, shape: to})
		return a.product(1, []*term{a.reshape(x, graph.Shape{}), e}, []float64{1, 1})
	case placed:
	case s.Rank() == 2 && inner.Rank() == 2 && offset == 0 && stride[0] == 1 && stride[1] == float64(s.Dim(0)) && s.Size() == inner.Size():
		return a.transposed(x, true)
	case s.Rank() == 1 && inner.Rank() == 1 && s.Dim(0) == 1:
		return a.reshape(a.intern(term{kind: call, fn: "element", args: []*term{x}, k: []float64{offset}}), s)
	case s.Rank() == 1 && inner.Rank() == 1 && stride[0] == 1:
		return a.call("slice", s, settings("axis", 0, "start", at, "stop", at+s.Dim(0)), x)
	}
	return nil
}
