package graph

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"

	"descent/graph/lower"
)

// ScanOptions say how [Scan] walks.
type ScanOptions struct {
	// Steps is how many there are; 0 is as many as what is walked along has parts.
	Steps int
	// Reverse walks from the last part to the first. Results are stacked in the
	// order of the parts.
	Reverse bool
	// Lengths, if not nil, is a vector of B whole numbers: the first axis of all
	// carried values and results is a batch of B, of which row b has so many
	// parts. Behind them its carried values stand still and its results are 0;
	// going backwards it starts at its own last part.
	Lengths *Node
	// Every says what is kept for the gradient. 0 keeps what it reads of each step:
	// the most memory, the least work. k keeps the carried values of each k-th step
	// alone and computes up to k steps again: memory for T/k + k steps instead of T.
	Every int
	// Stop, if not nil, makes a scalar of what a step returns; the loop ends after
	// a step in which it is not 0, and results of later ones are 0. There is no
	// gradient then.
	Stop func(next, y []*Node) *Node
	// When, if not nil, is a scalar. Where it is 0 there is no step: the carried
	// values stay, results are 0, and what body computes of its arguments takes no
	// time. Every does nothing then.
	When *Node
	// Name is what listings and errors call the loop: "scan" if it is empty.
	Name string
}

// Scan runs body for one step after another. It is given the carried values, init
// in the first step, and the t-th part, along the first axis, of each of xs. It
// returns the carried values of the next step, of the same shapes, and results,
// whose values in all steps are stacked along a new first axis. Scan returns the
// carried values after the last step, and the stacks.
//
//	last, ys := Scan(init, xs, o, body):  c₀ = init;  cₜ₊₁, yₜ = body(cₜ, xsₜ)
//
// body is called once, and what it builds is compiled once, however many steps
// there are. It is built of nodes of the same graph, and may use any of them, such
// as parameters; what does not depend on its arguments is computed once, before the
// loop. Its arguments mean nothing outside of it. Random numbers that differ from
// step to step take the number of the step as one of xs.
//
// Gradients of any order are loops too. The gradient by a node that all steps use in
// a product is one product over all steps, and products of few rows of xs are one
// product before the loop.
//
// It panics if init and xs are empty.
func Scan(init, xs []*Node, o ScanOptions, body func(carry, x []*Node) (next, y []*Node)) (last, ys []*Node) {
	g := graphOf("scan", slices.Concat(init, xs))
	defer g.use.give(g.building())
	if o.Name == "" {
		o.Name = "scan"
	}
	pos := positionOf(body)
	xs = slices.Clone(xs)
	steps, err := o.steps(init, xs)
	if err == nil {
		err = Mistakes(slices.Concat(init, xs)...)
	}
	if err == nil && o.Lengths != nil {
		xs, body, err = o.ragged(steps, init, xs, body)
	}
	if err == nil && o.When != nil {
		err = cmp.Or(o.When.err, notScalar("the condition on which there are steps", o.When))
	}
	if err != nil {
		return badScan(Bad(err, o.Name, slices.Concat(init, xs)...), init, xs, body)
	}
	if o.Every > 1 && o.Stop == nil && o.When == nil {
		o.Every = min(o.Every, steps)
		return o.segments(steps, init, xs, body, pos)
	}
	return o.scan(steps, init, xs, body, pos)
}

// steps returns how many steps there are.
func (o ScanOptions) steps(init, xs []*Node) (int, error) {
	n := o.Steps
	for i, x := range xs {
		switch {
		case x.err != nil:
		case x.shape.Rank() == 0:
			return 0, fmt.Errorf("x %d is a scalar, which has no parts", i)
		case n == 0:
			n = x.shape.Dim(0)
		case x.shape.Dim(0) != n:
			return 0, fmt.Errorf("x %d is %v, which has %d parts for %d steps", i, x.shape, x.shape.Dim(0), n)
		}
	}
	if n < 1 {
		return 0, fmt.Errorf("%d steps", n)
	}
	return n, nil
}

// badScan returns a mistake in place of all results: how many there are, body says.
func badScan(bad *Node, init, xs []*Node, body func(carry, x []*Node) (next, y []*Node)) (last, ys []*Node) {
	_, y := body(repeated(bad, len(init)), repeated(bad, len(xs)))
	return repeated(bad, len(init)), repeated(bad, len(y))
}

// positionOf is where a function was written, or where this was called if that is
// in a package of ours.
func positionOf(body any) string {
	f := runtime.FuncForPC(reflect.ValueOf(body).Pointer())
	if file, line := f.FileLine(f.Entry()); !isOwn(file) {
		return fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	return here().String()
}

// scan is [Scan] of a body that knows of no lengths.
func (o ScanOptions) scan(steps int, init, xs []*Node, body func(carry, x []*Node) (next, y []*Node), pos string) (last, ys []*Node) {
	g := graphOf("scan", slices.Concat(init, xs))
	l := &loop{g: g, name: o.Name, steps: steps, reverse: o.Reverse, recompute: o.Every > 0, when: o.When}
	for i, c := range init {
		l.carry = append(l.carry, g.bound(c.shape, fmt.Sprint("carry ", i), pos))
	}
	for i, x := range xs {
		l.x = append(l.x, g.bound(Dims(x.shape.Dims()[1:]...), fmt.Sprint("x ", i), pos))
	}
	l.next, l.y = body(l.carry, l.x)
	if o.Stop != nil {
		l.stop = o.Stop(l.next, l.y)
	}
	if bad := l.check(slices.Concat(init, xs), pos); bad != nil {
		return repeated(bad, len(init)), repeated(bad, len(l.y))
	}
	l.next, l.y = slices.Clone(l.next), slices.Clone(l.y)
	return l.apply(init, l.hoist(xs))
}

// check returns a bad node if something is wrong with what the body returned.
func (l *loop) check(in []*Node, pos string) *Node {
	for _, n := range l.outs() {
		if n.err != nil {
			return n
		}
	}
	if err := l.misfit(); err != nil {
		return l.g.add(Node{name: l.name, err: &BuildError{l.name, in, pos, err}})
	}
	return nil
}

func (l *loop) misfit() error {
	if len(l.next) != len(l.carry) {
		return fmt.Errorf("%d carried values, a step returns %d", len(l.carry), len(l.next))
	}
	for _, n := range l.outs() {
		if n.g != l.g {
			return fmt.Errorf("a step returns %v, which belongs to another graph", n)
		}
	}
	for i, n := range l.next {
		if n.shape != l.carry[i].shape {
			return fmt.Errorf("carry %d is %v, next is %v", i, l.carry[i].shape, n.shape)
		}
	}
	for i, n := range l.y {
		if n.shape.Rank() == MaxRank {
			return fmt.Errorf("result %d is %v: stacks have one axis more, at most %d are possible", i, n.shape, MaxRank)
		}
	}
	if l.stop != nil {
		return notScalar("the condition that ends the loop", l.stop)
	}
	return nil
}

func notScalar(what string, n *Node) error {
	if n.shape.Rank() != 0 {
		return fmt.Errorf("%s is %v, not a scalar", what, n.shape)
	}
	return nil
}

// ragged makes a body that lets rows stand still where they have no more parts.
func (o ScanOptions) ragged(steps int, init, xs []*Node, body func(carry, x []*Node) (next, y []*Node)) ([]*Node, func(carry, x []*Node) (next, y []*Node), error) {
	n := o.Lengths
	switch {
	case n.err != nil:
		return xs, body, n.err
	case n.shape.Rank() != 1:
		return xs, body, fmt.Errorf("lengths are a vector, not %v", n.shape)
	}
	for i, c := range init {
		if c.shape.Rank() == 0 || c.shape.Dim(0) != n.shape.Dim(0) {
			return xs, body, fmt.Errorf("carry %d is %v; with %d lengths its first axis is a batch of so many", i, c.shape, n.shape.Dim(0))
		}
	}
	within := Apply(withinOp{steps}, n)
	ragged := func(carry, x []*Node) (next, y []*Node) {
		last := len(x) - 1
		next, y = body(carry, x[:last:last])
		choose := func(n, other *Node) *Node {
			if n.err != nil || n.shape.Rank() == 0 {
				return n
			}
			column := Dims(append([]int{x[last].shape.Dim(0)}, slices.Repeat([]int{1}, n.shape.Rank()-1)...)...)
			return Where(Reshape(x[last], column), n, other)
		}
		next, y = slices.Clone(next), slices.Clone(y)
		for i := range min(len(next), len(carry)) {
			next[i] = choose(next[i], carry[i])
		}
		for i, n := range y {
			y[i] = choose(n, n.g.Const(0))
		}
		return next, y
	}
	return append(xs, within), ragged, nil
}

// withinOp makes of B lengths the stack, steps × B, of 1 where a row has that part
// and 0 where it has not.
type withinOp struct{ steps int }

func (o withinOp) Name() string                       { return Title(o.Describe()) }
func (o withinOp) Describe() Call                     { return CallOf("within", "steps", o.steps) }
func (o withinOp) Shape(in []Shape) (Shape, error)    { return Dims(o.steps, in[0].Dim(0)), nil }
func (withinOp) Grad(_, _ *Node) []*Node              { return nil }
func (o withinOp) Lower(b *Builder, in []Value) Value { return b.Lt(o.numbers(b), in[0]) }

// numbers is the column of the steps' numbers.
func (o withinOp) numbers(b *Builder) Value {
	return b.Loop(lower.Loop{Name: "numbers", Key: o,
		F32: func(dst []float32, _ [][]float32) { number(dst) },
		F64: func(dst []float64, _ [][]float64) { number(dst) }}, Dims(o.steps, 1))
}

func number[T float32 | float64](dst []T) {
	for i := range dst {
		dst[i] = T(i)
	}
}

// segments is a loop over segments of Every steps, whose gradient computes a
// segment again. The steps that are left over are done last.
func (o ScanOptions) segments(steps int, init, xs []*Node, body func(carry, x []*Node) (next, y []*Node), pos string) (last, ys []*Node) {
	k := o.Every
	whole, rest := steps/k*k, steps%k
	first, then := 0, whole // where segments and the rest begin
	if o.Reverse {
		first, then = rest, 0
	}
	inner, outer := o, o
	inner.Every = 0
	part := func(from, n int) []*Node {
		out := make([]*Node, len(xs))
		for i, x := range xs {
			out[i] = parts(x, from, n)
		}
		return out
	}
	segmented := part(first, whole)
	for i, x := range segmented {
		segmented[i] = Reshape(x, Dims(append([]int{whole / k, k}, x.shape.Dims()[1:]...)...))
	}
	last, ys = outer.scan(whole/k, init, segmented, func(carry, x []*Node) (next, y []*Node) {
		return inner.scan(k, carry, x, body, pos)
	}, pos)
	for i, y := range ys {
		if y.err == nil {
			ys[i] = Reshape(y, Dims(append([]int{whole}, y.shape.Dims()[2:]...)...))
		}
	}
	if rest == 0 || Mistakes(slices.Concat(last, ys)...) != nil {
		return last, ys
	}
	last, tail := inner.scan(rest, last, part(then, rest), body, pos)
	for i, y := range ys {
		two := []*Node{y, tail[i]}
		if o.Reverse {
			slices.Reverse(two)
		}
		ys[i] = Concat(0, two...)
	}
	return last, ys
}

// parts is n parts of x along its first axis.
func parts(x *Node, from, n int) *Node {
	if n == x.shape.Dim(0) {
		return x
	}
	stride, to := make([]int, x.shape.Rank()), x.shape.Dims()
	to[0] = n
	each := 1
	for i := len(stride) - 1; i >= 0; i-- {
		stride[i] = each
		each *= x.shape.Dim(i)
	}
	return View(x, Dims(to...), stride, from*stride[0])
}
