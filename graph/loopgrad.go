package graph

import (
	"errors"
	"fmt"
	"slices"
)

var errStops = errors.New("a loop that a condition ends has no gradient; bound its steps, and give it lengths")

// A backward is a loop under construction: the gradient of another.
type backward struct {
	*loop
	of       *loop
	known    map[*Node]bool // what the forward loop is given and computes
	loops    map[*loop]bool // those in it
	varies   []bool         // nodes that differ from step to step
	init, xs []*Node
}

// gradient returns the gradients of the loop's inputs that are wanted, given those
// of its results: another loop, from its last step to its first.
func (l *loop) gradient(dys map[int]*Node, wanted []bool) []*Node {
	out := make([]*Node, len(l.in))
	if l.stop != nil {
		bad := Bad(errStops, l.name, l.in...)
		return repeated(bad, len(out))
	}
	b := &backward{of: l, loop: &loop{g: l.g, name: l.name + " backward", steps: l.steps, reverse: !l.reverse, recompute: l.recompute, when: l.when}}
	nc, nx := len(l.carry), len(l.x)
	// The gradient of a step: seeds are the gradients of what it returns.
	outs, seeds := b.seed(dys)
	forward, _ := l.body()
	given := slices.Concat(l.carry, l.x, l.captured)
	var wrt []*Node
	at := make([]int, len(given)) // in wrt, or -1
	for i, x := range given {
		if at[i] = -1; i < nc || wanted[i] {
			at[i] = len(wrt)
			wrt = append(wrt, x)
		}
	}
	d, _ := vjp(outs, seeds, wrt, set(given))
	b.next = d[:nc:nc]
	b.know(forward, seeds)
	// Of captured nodes, terms that are one operation on stacks are taken out, and
	// the rest is added up from step to step.
	taken := make([][]term, len(given))
	carried := map[int]int{} // by captured node: the carried value
	for i := nc + nx; i < len(given); i++ {
		if at[i] < 0 {
			continue
		}
		rest := b.split(d[at[i]], &taken[i])
		if rest != nil {
			carried[i] = len(b.carry)
			sum := b.carried(rest.shape, l.g.Const(0, rest.shape.Dims()...))
			b.next = append(b.next, Add(sum, rest))
		}
	}
	stacked := map[int]int{} // by step input: the result
	for i := nc; i < nc+nx; i++ {
		if at[i] >= 0 && !isZero(d[at[i]]) {
			stacked[i] = len(b.y)
			b.y = append(b.y, d[at[i]])
		}
	}
	for _, terms := range taken {
		for _, t := range terms {
			for _, x := range t.in {
				if !b.forward(x) && !slices.Contains(b.y, x) {
					b.y = append(b.y, x)
				}
			}
		}
	}
	b.give()
	last, ys := b.apply(b.init, b.xs)
	copy(out, last[:nc])
	for i, k := range stacked {
		out[i] = ys[k]
	}
	for i, terms := range taken {
		for _, t := range terms {
			out[i] = plus(out[i], t.sum(b.stacks(t.in)))
		}
		if k, ok := carried[i]; ok {
			out[i] = plus(out[i], last[k])
		}
	}
	return out
}

func plus(a, b *Node) *Node {
	if a == nil {
		return b
	}
	return Add(a, b)
}

func isZero(n *Node) bool {
	c, ok := n.IsConst()
	return ok && c == 0
}

// carried adds a carried value that starts at init.
func (b *backward) carried(s Shape, init *Node) *Node {
	c := b.g.bound(s, fmt.Sprint("carry ", len(b.carry)), "")
	b.carry, b.init = append(b.carry, c), append(b.init, init)
	return c
}

// seed makes the gradients of what a forward step returns: those of carried values
// are carried, those of results are parts of the stacks' gradients.
func (b *backward) seed(dys map[int]*Node) (outs, seeds []*Node) {
	l := b.of
	for i, c := range l.next {
		init := dys[i]
		if init == nil {
			init = b.g.Const(0, c.shape.Dims()...)
		}
		outs, seeds = append(outs, c), append(seeds, b.carried(c.shape, init))
	}
	for i, y := range l.y {
		if dy := dys[len(l.next)+i]; dy != nil {
			part := b.g.bound(y.shape, fmt.Sprint("x ", len(b.x)), "")
			b.x, b.xs = append(b.x, part), append(b.xs, dy)
			outs, seeds = append(outs, y), append(seeds, part)
		}
	}
	return outs, seeds
}

// know notes what belongs to the forward loop.
func (b *backward) know(forward, seeds []*Node) {
	l := b.of
	b.known, b.loops = set(l.carry, l.x), map[*loop]bool{}
	if !l.recompute {
		b.known = set(l.carry, l.x, forward)
		for _, n := range forward {
			if r, ok := n.op.(resultOp); ok {
				b.loops[r.loop] = true
			}
		}
	}
	b.varies = dependents(b.g, slices.Concat(l.carry, l.x, seeds), len(b.g.nodes)-1)
}

// forward reports whether x is what the forward loop is given or computes.
func (b *backward) forward(x *Node) bool {
	r, ok := x.op.(resultOp) // of a loop inside, perhaps kept since
	return b.known[x] || ok && b.loops[r.loop]
}

// A term is a summand of a gradient, whose sum over all steps is one operation on
// stacks of its operands.
type term struct {
	in  []*Node
	sum func(stacks []*Node) *Node
}

// split takes the terms that are one operation on stacks out of a sum, and returns
// what is left, nil for nothing. An op says by a method OverSteps that it is one,
// and gives that operation. Where steps are computed again nothing is taken out: it
// would have to be kept.
func (b *backward) split(x *Node, terms *[]term) *Node {
	if isZero(x) {
		return nil
	}
	if _, ok := x.op.(addOp); ok && x.shape == x.in[0].shape && x.shape == x.in[1].shape {
		p, q := b.split(x.in[0], terms), b.split(x.in[1], terms)
		if p == nil || q == nil {
			return cmpOr(p, q)
		}
		return Add(p, q)
	}
	o, ok := x.op.(interface {
		OverSteps(in []Shape) func(stacks []*Node) *Node
	})
	if !ok || b.recompute {
		return x
	}
	shapes := make([]Shape, len(x.in))
	for i, a := range x.in {
		shapes[i] = a.shape
		if !b.varies[a.id] || a.shape.Rank() == MaxRank {
			return x
		}
	}
	sum := o.OverSteps(shapes)
	if sum == nil {
		return x
	}
	*terms = append(*terms, term{x.in, sum})
	return nil
}

func cmpOr(a, b *Node) *Node {
	if a != nil {
		return a
	}
	return b
}

// give makes what the backward steps read of the forward loop what they are given.
func (b *backward) give() {
	seen := set(b.carry, b.x, b.of.captured)
	var visit func(x *Node)
	visit = func(x *Node) {
		if seen[x] || int(x.id) < len(b.varies) && !b.varies[x.id] {
			return
		}
		seen[x] = true
		if b.forward(x) && !b.again(x) {
			b.x, b.xs = append(b.x, x), append(b.xs, b.of.keep(x))
			return
		}
		for _, a := range x.in {
			visit(a)
		}
	}
	for _, y := range b.outs() {
		visit(y)
	}
}

// largeStack is about as many numbers as it takes longer to fetch from memory than to
// compute again.
const largeStack = 1 << 20

// again reports whether a backward step computes x again: a function of one carried value,
// whose stack is kept for the gradient anyway, where one more would be large.
func (b *backward) again(x *Node) bool {
	return len(x.in) == 1 && localityOf(x.op) == Elementwise && slices.Contains(b.of.next, x.in[0]) && x.shape == x.in[0].shape && x.shape.Size()*b.steps >= largeStack
}

// stacks are what nodes were in all steps.
func (b *backward) stacks(in []*Node) []*Node {
	out := make([]*Node, len(in))
	for i, x := range in {
		if b.forward(x) {
			out[i] = b.of.keep(x)
		} else {
			out[i] = b.keep(x)
		}
	}
	return out
}

// OverSteps: the sum of all parts' sums is the sum of the stack.
func (o sumTo) OverSteps([]Shape) func([]*Node) *Node {
	return func(stacks []*Node) *Node { return SumTo(stacks[0], o.s) }
}
