package gorgoniavm

import (
	"fmt"
	"reflect"

	"descent/graph"
	"descent/ops"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

type node = graph.Node

// A translator makes nodes of ours of gorgonia's. Its leaves are what its user
// makes of variables.
type translator struct {
	src  *source
	g    *graph.Graph
	user leaves
	made map[*gnode]*node
	all  []*gnode // that were made, inputs first

	losses []loss // of the source's objectives

	fuses  bool             // convolutions become one node each
	inside map[*gnode]*node // nodes of such, no steps from its images to it: their elements, or nil

	theirs  bool            // gradients as gorgonia has them
	byDo    map[string]int  // ops that run by their own Do, and how many
	changes []change        // what may be different in the next run
	moving  map[*gnode]bool // slices that have been changed: their indices are fed
}

// leaves are the parts of a translation that depend on what it is for.
type leaves interface {
	// variable is a variable of gorgonia's: its value is what it is bound to.
	variable(t *translator, n *gnode) (*node, error)
	// drawn is a value that an op without inputs makes, anew for each run.
	drawn(t *translator, n *gnode, draw func() (gorgonia.Value, error)) (*node, error)
	// lent is a tensor of an op's that runs change: a state over its memory.
	lent(t *translator, name string, v tensor.Tensor) (*node, error)
	// count is the number of the run.
	count(t *translator) *node
	// fed are whole numbers of an op's that a user may change between runs.
	fed(t *translator, n *gnode, size int, now func() ([]int, error)) *node
}

// A change of an op's settings, which users make between runs, asks for
// another program.
type change func() bool

func newTranslator(src *source, dt graph.Dtype, user leaves) *translator {
	return &translator{src: src, g: graph.New(dt, 1), user: user, made: map[*gnode]*node{}, inside: map[*gnode]*node{}, moving: map[*gnode]bool{}, byDo: map[string]int{}}
}

// elements is the type of the elements of a program for nodes: the larger where
// there are both.
func elements(nodes []*gnode) graph.Dtype {
	dt := graph.Float64
	for _, n := range nodes {
		if isStatement(n) || isConstant(n) {
			continue
		}
		switch n.Dtype() {
		case tensor.Float64:
			return graph.Float64
		case tensor.Float32:
			dt = graph.Float32
		}
	}
	return dt
}

// node returns our node of n, with all that it depends on.
func (t *translator) node(n *gnode) (*node, error) {
	if x := t.made[n]; x != nil {
		return x, nil
	}
	x, err := t.make(n)
	if err == nil {
		err = x.Err()
	}
	if err == nil && x.Shape() != graph.Dims(dims(n)...) {
		err = fmt.Errorf("its shape is %v in gorgonia and %v here", n.Shape(), x.Shape())
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", n, err)
	}
	t.made[n] = x
	t.all = append(t.all, n)
	return x, nil
}

func (t *translator) make(n *gnode) (*node, error) {
	if isStatement(n) {
		return nil, fmt.Errorf("a statement has no value")
	}
	if c, ok := constantOf(n); ok {
		return t.constant(n, c)
	}
	if n.Op() == nil {
		return t.user.variable(t, n)
	}
	kids := t.src.children(n)
	if len(kids) == 0 {
		return t.user.drawn(t, n, func() (gorgonia.Value, error) { return n.Op().Do() })
	}
	if x, err := t.gradient(n); x != nil || err != nil {
		return x, err
	}
	if t.fuses {
		if x, err := t.convolution(n); x != nil || err != nil {
			return x, err
		}
	}
	in := make([]*node, len(kids))
	for i, k := range kids {
		var err error
		if in[i], err = t.node(k); err != nil {
			return nil, err
		}
	}
	if x, err := t.convert(n, in); x != nil || err != nil {
		return x, err
	}
	return t.byItself(n, in)
}

// convert makes a node of our ops, nil if there are none for it.
func (t *translator) convert(n *gnode, in []*node) (*node, error) {
	row, ok := conversions[opName(n.Op())]
	if !ok || !isTheirs(n.Op()) || !row.whole && t.hasWhole(n) || row.caches && t.theirs {
		return nil, nil
	}
	return row.convert(&conversion{t, n, t.src.children(n), in, dims(n)})
}

// isTheirs says whether an op is of gorgonia's package.
func isTheirs(op gop) bool { return packageOf(op) == packageOf(gorgonia.Iop{}) }

func packageOf(op gop) string {
	typ := reflect.TypeOf(op)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.PkgPath()
}

// hasWhole says whether a node is made of, or is, whole numbers, of which gorgonia's
// arithmetic is another.
func (t *translator) hasWhole(n *gnode) bool {
	whole := func(n *gnode) bool { return !isFloat(n.Dtype()) && n.Dtype() != tensor.Bool }
	for _, k := range t.src.children(n) {
		if whole(k) {
			return true
		}
	}
	return whole(n)
}

// gradient returns our gradient where n is a gradient of gorgonia's, nil if it is
// none, or of a node inside a convolution: gorgonia's own steps from the gradient of
// that make those.
func (t *translator) gradient(n *gnode) (*node, error) {
	if t.theirs {
		return nil, nil
	}
	for _, of := range n.DerivOf() {
		x := t.made[of]
		if x == nil || t.isInside(of) || !fits(n, of) {
			continue
		}
		for i, o := range t.src.objectives {
			if i < len(t.losses) && t.src.reaches(o.costs[0], of) {
				return reshaped(t.losses[i].grad(x)[0], dims(n)), nil
			}
		}
	}
	return nil, nil
}

// A loss is nodes whose sum, weighed by seeds, is differentiated.
type loss struct{ of, seeds []*node }

func (l loss) grad(xs ...*node) []*node { return graph.VJP(l.of, l.seeds, xs...) }

// loss makes that of an objective.
func (t *translator) loss(o objective) (l loss, err error) {
	for i, c := range o.costs {
		x, err := t.node(c)
		if err != nil {
			return l, err
		}
		seed := t.g.Const(1, x.Shape().Dims()...)
		switch {
		case o.given:
			seed, err = t.user.drawn(t, c, func() (gorgonia.Value, error) { return given(c) })
		case o.seeds != nil && !isConstant(o.seeds[i]):
			seed, err = t.node(o.seeds[i])
		}
		if err != nil {
			return l, err
		}
		l.of, l.seeds = append(l.of, x), append(l.seeds, reshaped(seed, x.Shape().Dims()))
	}
	return l, nil
}

// given is the gradient that a cost has, of ones if it has none.
func given(c *gnode) (gorgonia.Value, error) {
	if isDual(c) {
		if d, err := c.Grad(); d != nil || err != nil {
			return d, err
		}
	}
	v, err := valueFor(c)
	if err != nil {
		return nil, err
	}
	ones := make([]float64, graph.Dims(dims(c)...).Size())
	for i := range ones {
		ones[i] = 1
	}
	return v, fill(v, ones)
}

// differentiate makes the costs and our gradients of them, which stand for
// gorgonia's from then on. It returns those of an objective's variables, in
// their order.
func (t *translator) differentiate() (grads [][]*node, err error) {
	for _, o := range t.src.objectives {
		l, err := t.loss(o)
		if err != nil {
			return nil, err
		}
		xs := make([]*node, len(o.wrt))
		for i, w := range o.wrt {
			if xs[i], err = t.node(w); err != nil {
				return nil, err
			}
		}
		ds := l.grad(xs...)
		t.losses = append(t.losses, l)
		grads = append(grads, ds)
		for i, w := range o.wrt {
			if v := w.Deriv(); v != nil && t.made[v] == nil && !isConstant(v) && fits(v, w) {
				t.made[v] = reshaped(ds[i], dims(v))
			}
		}
	}
	return grads, nil
}

// derive makes our gradients of all nodes of which gorgonia has one that were not
// made yet, in one pass for each objective.
func (t *translator) derive(nodes []*gnode) {
	for i, o := range t.src.objectives {
		var of []*gnode
		var xs []*node
		for _, n := range nodes {
			if d := n.Deriv(); d != nil && t.made[d] == nil && !t.isInside(n) && t.isGradient(d, n) && t.src.reaches(o.costs[0], n) {
				of, xs = append(of, n), append(xs, t.made[n])
			}
		}
		for k, d := range t.losses[i].grad(xs...) {
			if v := of[k].Deriv(); t.made[v] == nil {
				t.made[v] = reshaped(d, dims(v))
			}
		}
	}
}

// isGradient says whether d, gorgonia's gradient of a node, is replaced by ours.
func (t *translator) isGradient(d, of *gnode) bool {
	return t.src.in[d] && !isConstant(d) && fits(d, of) && !t.theirs
}

// fits says whether a gradient has as many elements as what it is of: not always,
// in gorgonia.
func fits(d, of *gnode) bool { return d.Shape().TotalSize() == of.Shape().TotalSize() }

func (t *translator) constant(n *gnode, v gorgonia.Value) (*node, error) {
	x, err := numbers(nil, v)
	if err != nil {
		return nil, err
	}
	for _, e := range x {
		if e != x[0] {
			return t.g.Array(x, dims(n)...), nil
		}
	}
	if len(x) == 0 {
		return nil, fmt.Errorf("a constant without elements")
	}
	return t.g.Const(x[0], dims(n)...), nil
}

// reshaped gives x a node's lengths, which gorgonia may count differently.
func reshaped(x *node, to []int) *node {
	if x.Err() != nil || x.Shape() == graph.Dims(to...) {
		return x
	}
	return ops.Reshape(x, to...)
}
