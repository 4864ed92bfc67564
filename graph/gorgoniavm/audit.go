package gorgoniavm

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A Finding of [Audit] is a variable whose gradient gorgonia computes otherwise than
// we do.
type Finding struct {
	Variable *gorgonia.Node
	// Off is the largest difference of an element, relative to the largest element
	// of our gradient.
	Off float64
	// Ops are what the gradient passes and of which gorgonia's derivative alone is not
	// that of its value, each once. There is none where gorgonia puts right derivatives
	// together wrongly, as when Grad is called twice in a graph.
	Ops []string
}

func (f Finding) String() string {
	if len(f.Ops) == 0 {
		return fmt.Sprintf("%s: gorgonia's gradient is off by %.3g", f.Variable.Name(), f.Off)
	}
	return fmt.Sprintf("%s: gorgonia's gradient is off by %.3g (%s)", f.Variable.Name(), f.Off, strings.Join(f.Ops, ", "))
}

// auditTolerance is what rounding may do, relative to the largest element.
var auditTolerance = map[graph.Dtype]float64{graph.Float32: 1e-3, graph.Float64: 1e-8}

// Audit computes the gradients of a graph twice at the values that its variables
// are bound to, as gorgonia does and as we do, and returns the variables where they
// differ. Values of ops are gorgonia's in both, and masks of dropout and random
// numbers the same. What gorgonia's constructors have built otherwise than they were
// told does not show: LogSoftMax(x) beside SoftMax(x) is one node, and so are two
// Dropouts of one node.
func Audit(g *gorgonia.ExprGraph) (found []Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			found, err = nil, fmt.Errorf("gorgoniavm: audit: %v", r)
		}
	}()
	if err := checked(); err != nil {
		return nil, err
	}
	a := &auditor{src: newSource(g.AllNodes()), values: map[*gnode][]float64{}}
	a.dt = elements(a.src.nodes)
	if err := a.src.differentiated(); err != nil {
		return nil, err
	}
	defer a.keepStats()()
	for _, o := range a.src.objectives {
		fs, err := a.objective(o)
		if err != nil {
			return nil, err
		}
		found = append(found, fs...)
	}
	return found, nil
}

// keepStats returns a function that restores what runs of batch norms change.
func (a *auditor) keepStats() (restore func()) {
	var back []func()
	for _, n := range a.src.nodes {
		if op, ok := n.Op().(*gorgonia.BatchNormOp); ok {
			mean, variance := op.Stats()
			m, v := mean.Clone().(tensor.Tensor), variance.Clone().(tensor.Tensor)
			back = append(back, func() { op.SetStats(m, v) })
		}
	}
	return func() {
		for _, f := range back {
			f()
		}
	}
}

// An auditor has values that all its programs begin with.
type auditor struct {
	src    *source
	dt     graph.Dtype
	values map[*gnode][]float64 // of nodes: bound, drawn, then computed
	wrong  map[*gnode]bool      // ops, once they have been looked at
}

func (a *auditor) objective(o objective) (found []Finding, err error) {
	ours, theirs := newTranslator(a.src, a.dt, a), newTranslator(a.src, a.dt, a)
	theirs.theirs = true
	var mine, other []*node
	loss, err := ours.loss(o)
	if err != nil {
		return nil, err
	}
	var xs []*node
	for _, w := range o.wrt {
		x, err := ours.node(w)
		if err != nil {
			return nil, err
		}
		xs = append(xs, x)
	}
	mine = loss.grad(xs...)
	if _, err := theirs.node(o.costs[0]); err != nil {
		return nil, err
	}
	for _, w := range o.wrt {
		d, err := theirs.node(w.Deriv())
		if err != nil {
			return nil, err
		}
		other = append(other, d)
	}
	forward := slices.Clone(ours.all)
	for _, n := range forward {
		mine = append(mine, ours.made[n])
	}
	m, err := run(mine)
	if err != nil {
		return nil, err
	}
	t, err := run(other)
	if err != nil {
		return nil, err
	}
	for i, n := range forward {
		a.values[n] = m[len(o.wrt)+i]
	}
	for i, w := range o.wrt {
		off := distance(m[i], t[i])
		if off <= auditTolerance[a.dt] {
			continue
		}
		f := Finding{Variable: w, Off: off}
		for _, n := range forward {
			if n.Deriv() == nil || !a.src.reaches(n, w) || n == w {
				continue
			}
			wrong, err := a.isWrong(n)
			if err != nil {
				return nil, err
			}
			if name := fmt.Sprint(n.Op()); wrong && !slices.Contains(f.Ops, name) {
				f.Ops = append(f.Ops, name)
			}
		}
		found = append(found, f)
	}
	return found, nil
}

// run computes nodes, of one graph.
func run(nodes []*node) ([][]float64, error) {
	p, err := graph.Function{Outputs: nodes}.Compile()
	if err != nil {
		return nil, err
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	out := make([][]float64, len(nodes))
	for i, n := range nodes {
		out[i] = p.Float64s(n)
	}
	return out, nil
}

// distance is the largest difference, relative to the largest of a.
func distance(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var top, most float64
	for i := range a {
		top = max(top, math.Abs(a[i]))
		if d := math.Abs(a[i] - b[i]); !(d <= most) {
			most = d
		}
	}
	if top > 0 {
		most /= top
	}
	return most
}

// isWrong differentiates one op alone: what its SymDiff makes, beside our
// derivative of it, at the values that its inputs have.
func (a *auditor) isWrong(n *gnode) (bool, error) {
	if w, ok := a.wrong[n]; ok {
		return w, nil
	}
	if a.wrong == nil {
		a.wrong = map[*gnode]bool{}
	}
	sd, ok := n.Op().(gorgonia.SDOp)
	if !ok || isConstant(n) || !slices.Contains(sd.DiffWRT(len(a.src.children(n))), true) {
		return false, nil
	}
	g := gorgonia.NewGraph()
	var kids gorgonia.Nodes
	for i, k := range a.src.children(n) {
		kid, err := a.alone(g, k, fmt.Sprint("input ", i))
		if err != nil {
			return false, err
		}
		kids = append(kids, kid)
	}
	z, err := gorgonia.ApplyOp(n.Op(), append(gorgonia.Nodes(nil), kids...)...)
	if err != nil {
		return false, err
	}
	seed := stand(g, n, "gradient")
	a.values[seed] = waves(graph.Dims(dims(n)...).Size())
	ds, err := sd.SymDiff(kids, z, seed)
	if err != nil {
		return true, nil // as when the gradient does not fit
	}
	src := newSource(g.AllNodes())
	ours, theirs := newTranslator(src, a.dt, a), newTranslator(src, a.dt, a)
	theirs.theirs = true
	var mine, other []*node
	for i, on := range sd.DiffWRT(len(kids)) {
		if !on || i >= len(ds) || ds[i] == nil {
			continue
		}
		d, err := a.local(ours, z, seed, kids[i])
		if err != nil {
			return false, err
		}
		if _, err := theirs.node(z); err != nil {
			return false, err
		}
		t, err := theirs.node(ds[i])
		if err != nil {
			return true, nil
		}
		mine, other = append(mine, d), append(other, t)
	}
	if len(mine) == 0 {
		return false, nil
	}
	m, err := run(mine)
	if err != nil {
		return false, err
	}
	t, err := run(append(other, theirs.made[z]))
	if err != nil {
		return true, nil
	}
	for i := range mine {
		a.wrong[n] = a.wrong[n] || distance(m[i], t[i]) > auditTolerance[a.dt]
	}
	return a.wrong[n], nil
}

// alone is a variable with the value of a node or, where that is a length, the length
// of one: ops ask which it is for their shapes.
func (a *auditor) alone(g *gorgonia.ExprGraph, n *gnode, name string) (*gnode, error) {
	if n.Op() == nil || opName(n.Op()) != "sizeOp" {
		s := stand(g, n, name)
		a.values[s] = a.values[n]
		return s, nil
	}
	axis, err := setting(n.Op(), "axis")
	if err != nil {
		return nil, err
	}
	of, err := a.alone(g, a.src.children(n)[0], name)
	if err != nil {
		return nil, err
	}
	return gorgonia.SizeOf(int(axis.Int()), of)
}

// local is our gradient of z with respect to one of its inputs.
func (a *auditor) local(t *translator, z, seed, kid *gnode) (*node, error) {
	y, err := t.node(z)
	if err != nil {
		return nil, err
	}
	dy, err := t.node(seed)
	if err != nil {
		return nil, err
	}
	return graph.VJP([]*node{y}, []*node{dy}, t.made[kid])[0], nil
}

// waves are numbers of which none stands out.
func waves(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(8+3*i%7) / 8
	}
	return x
}

// Leaves are constants.

func (a *auditor) variable(t *translator, n *gnode) (*node, error) {
	x, ok := a.values[n]
	if !ok {
		if n.Value() == nil {
			return nil, errNoValue(n)
		}
		var err error
		if x, err = numbers(nil, n.Value()); err != nil {
			return nil, err
		}
		a.values[n] = x
	}
	return a.fixed(t, n, x)
}

func (a *auditor) fixed(t *translator, n *gnode, x []float64) (*node, error) {
	name := t.g.Unique(fmt.Sprint("value ", n.ID()))
	return t.g.State(name, graph.From(x...), dims(n)...), nil
}

func (a *auditor) drawn(t *translator, n *gnode, draw func() (gorgonia.Value, error)) (*node, error) {
	x, ok := a.values[n]
	if !ok {
		v, err := draw()
		if err != nil {
			return nil, err
		}
		if x, err = numbers(nil, v); err != nil {
			return nil, err
		}
		a.values[n] = x
	}
	return a.fixed(t, n, x)
}

func (a *auditor) lent(t *translator, name string, v tensor.Tensor) (*node, error) {
	x, err := numbers(nil, v)
	if err != nil {
		return nil, err
	}
	return t.g.State(name, graph.From(x...), v.Shape()...), nil
}

func (a *auditor) count(t *translator) *node { return t.g.Const(1) }

func (a *auditor) fed(*translator, *gnode, int, func() ([]int, error)) *node {
	panic(errors.New("slices do not change during an audit"))
}
