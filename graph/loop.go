package graph

import "slices"

// A loop is the body of a scan. Its carried values and step inputs are nodes that
// a step is given: any nodes, so that a backward loop is given what the forward loop
// computed, and a loop what was computed for all steps at once. All nodes are of one
// graph, those of bodies too.
type loop struct {
	g         *Graph
	name      string
	steps     int
	reverse   bool
	recompute bool    // the gradient is given the carried values and the inputs alone
	carry, x  []*Node // given
	next, y   []*Node // computed; y are stacked
	stop      *Node   // computed, or nil
	when      *Node   // where it is 0 there is no step; or nil
	captured  []*Node // used, of what no step computes
	in        []*Node // of the loop: initial values, stacks of x, captured, when
	results   []*Node // made so far: next, then y; the first is made first
}

// outs are what a step returns.
func (l *loop) outs() []*Node { return slices.Concat(l.next, l.y) }

// boundOp is a value that a step is given. There are no two.
type boundOp struct {
	id   int
	s    Shape
	what string // "carry 0"
	pos  string // of the body
}

func (o boundOp) Name() string                 { return o.what }
func (o boundOp) Describe() Call               { return CallOf("given", "id", o.id, "lengths", o.s.Dims()) }
func (o boundOp) Shape([]Shape) (Shape, error) { return o.s, nil }
func (boundOp) Grad(_, _ *Node) []*Node        { return nil }
func (boundOp) Lower(*Builder, []Value) Value  { panic("graph: a value of a loop's step outside of it") }

func (g *Graph) bound(s Shape, what, pos string) *Node {
	return g.Apply(boundOp{len(g.nodes), s, what, pos})
}

func set(lists ...[]*Node) map[*Node]bool {
	s := map[*Node]bool{}
	for _, l := range lists {
		for _, n := range l {
			s[n] = true
		}
	}
	return s
}

// body lists the nodes that a step computes, in order, and what they use of others.
// Constants are computed inside.
func (l *loop) body() (nodes, captured []*Node) {
	given, outs := set(l.carry, l.x), l.outs()
	if l.stop != nil {
		outs = append(outs, l.stop)
	}
	top := 0
	for _, y := range outs {
		top = max(top, y.id)
	}
	inside := dependents(l.g, slices.Concat(l.carry, l.x), top)
	need := make([]bool, top+1)
	use := func(x *Node) {
		if _, constant := x.IsConst(); !need[x.id] && !inside[x.id] && !constant {
			captured = append(captured, x)
		}
		need[x.id] = true
	}
	for _, y := range outs {
		use(y)
	}
	for id := top; id >= 0; id-- {
		n := l.g.nodes[id]
		if !need[id] || !inside[id] || given[n] {
			continue
		}
		nodes = append(nodes, n)
		for _, x := range n.in {
			use(x)
		}
	}
	slices.Reverse(nodes)
	return nodes, captured
}

// apply makes the loop's results.
func (l *loop) apply(init, xs []*Node) (last, ys []*Node) {
	_, l.captured = l.body()
	l.in = slices.Concat(init, xs, l.captured)
	if l.when != nil {
		l.in = append(l.in, l.when)
	}
	for i := range l.outs() {
		l.result(i)
	}
	n := len(l.next)
	return slices.Clone(l.results[:n]), slices.Clone(l.results[n:])
}

func (l *loop) resultShape(i int) Shape {
	if i < len(l.next) {
		return l.next[i].shape
	}
	return Dims(append([]int{l.steps}, l.y[i-len(l.next)].shape.Dims()...)...)
}

// result is a carried value after the last step, or the stack of a result.
func (l *loop) result(i int) *Node {
	if i == len(l.results) {
		l.results = append(l.results, l.g.Apply(resultOp{l, i}, l.in...))
	}
	return l.results[i]
}

// keep returns what a value that a step is given or computes was in all steps. The
// loop stacks it from now on, if it did not.
func (l *loop) keep(n *Node) *Node {
	if i := slices.Index(l.x, n); i >= 0 {
		return l.in[len(l.carry)+i]
	}
	i := slices.Index(l.y, n)
	if i < 0 {
		i = len(l.y)
		l.y = append(l.y, n)
	}
	return l.result(len(l.next) + i)
}

// resultOp is one result of a loop. Results that a function needs are computed
// together, the others not at all.
type resultOp struct {
	*loop
	i int
}

func (o resultOp) Name() string { return Title(o.Describe()) }
func (o resultOp) Describe() Call {
	return CallOf("scan", "name", o.name, "steps", o.steps, "result", o.i)
}
func (o resultOp) Shape([]Shape) (Shape, error) { return o.resultShape(o.i), nil }

// Grad is the gradient by one result alone; reverse mode takes all in one loop.
func (o resultOp) Grad(_, dy *Node) []*Node {
	return o.gradient(map[int]*Node{o.i: dy}, slices.Repeat([]bool{true}, len(o.in)))
}

func (o resultOp) Lower(b *Builder, in []Value) Value {
	wanted := make([]bool, len(o.results))
	wanted[o.i] = true
	return o.lower(b, in, wanted)[o.i]
}

// with returns the same loop of other inputs.
func (l *loop) with(in []*Node) *loop {
	outs := l.outs()
	if l.stop != nil {
		outs = append(outs, l.stop)
	}
	given, n := len(l.carry)+len(l.x), len(l.next)
	outs = Substitute(outs, l.captured, in[given:][:len(l.captured)])
	c := &loop{g: l.g, name: l.name, steps: l.steps, reverse: l.reverse, recompute: l.recompute, carry: l.carry, x: l.x, next: outs[:n], y: outs[n : n+len(l.y)]}
	if l.stop != nil {
		c.stop = outs[len(outs)-1]
	}
	if l.when != nil {
		c.when = in[len(in)-1]
	}
	c.apply(in[:n], in[n:given])
	return c
}

// hoist computes for all steps at once what depends on xs alone, and makes it what a
// step is given. Where steps are computed again to save memory it does nothing.
func (l *loop) hoist(xs []*Node) []*Node {
	if l.recompute {
		return xs
	}
	nodes, captured := l.body()
	outside := set(captured)
	stack := map[*Node]*Node{}
	for i, x := range l.x {
		stack[x] = xs[i]
	}
	for _, n := range nodes {
		in, stacked, any, all := slices.Clone(n.in), make([]bool, len(n.in)), false, true
		for i, x := range n.in {
			_, constant := x.IsConst()
			if s := stack[x]; s != nil {
				in[i], stacked[i], any = s, true, true
			} else if !outside[x] && !constant {
				all = false
			}
		}
		if any && all {
			if y := onSteps(n, in, stacked); y != nil {
				stack[n] = y
			}
		}
	}
	used := set(l.outs(), []*Node{l.stop})
	for _, n := range nodes {
		if stack[n] == nil {
			for _, x := range n.in {
				used[x] = true
			}
		}
	}
	before := l.x
	l.x, xs = nil, nil
	for _, n := range slices.Concat(before, nodes) {
		if stack[n] != nil && used[n] {
			l.x, xs = append(l.x, n), append(xs, stack[n])
		}
	}
	return xs
}

// onSteps computes n for all steps at once, from operands of which some are stacked,
// or returns nil if that is not known to be the same. An op that is not elementwise
// says how by a method OnSteps.
func onSteps(n *Node, in []*Node, stacked []bool) *Node {
	if o, ok := n.op.(interface {
		OnSteps(in []*Node, stacked []bool) *Node
	}); ok {
		return o.OnSteps(in, stacked)
	}
	rank := n.shape.Rank() + 1
	if localityOf(n.op) != Elementwise || rank > MaxRank {
		return nil
	}
	for i, x := range in {
		if d := x.shape.Dims(); stacked[i] && len(d) < rank {
			d = slices.Insert(d, 1, slices.Repeat([]int{1}, rank-len(d))...)
			in[i] = Reshape(x, Dims(d...))
		}
	}
	y := n.g.Apply(n.op, in...)
	if want := n.shape.Dims(); y.err != nil || !slices.Equal(y.shape.Dims()[1:], want) {
		return nil
	}
	return y
}

// OnSteps reshapes each part.
func (o reshape) OnSteps(in []*Node, _ []bool) *Node {
	if o.s.Rank() == MaxRank {
		return nil
	}
	return Reshape(in[0], Dims(append([]int{in[0].shape.Dim(0)}, o.s.Dims()...)...))
}

// A Loop is a [Scan] as data.
type Loop struct {
	Steps      int
	Reverse    bool
	Init, Xs   []*Node // what carried values start at, and the stacks that it walks along
	Carry, X   []*Node // what a step is given of them
	Next, Y    []*Node // what a step makes of that, and of nodes from outside
	Stop, When *Node   // as [ScanOptions] have them, Stop of a step; nil without
}

// Loop returns the loop that n is a result of, and which one: carried values after the
// last step, then stacks of results. It returns nil for other nodes.
func (n *Node) Loop() (l *Loop, result int) {
	o, ok := n.op.(resultOp)
	if !ok {
		return nil, 0
	}
	from := len(o.carry)
	to := from + len(o.x)
	return &Loop{o.steps, o.reverse, n.in[:from], n.in[from:to], o.carry, o.x, o.next, o.y, o.stop, o.when}, o.i
}
