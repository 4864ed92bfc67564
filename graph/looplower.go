package graph

import (
	"fmt"

	"descent/graph/lower"
	"descent/internal/exec"
)

// A lowering turns nodes into values of a program, in the order of their ids.
type lowering struct {
	f     *exec.Func
	b     *Builder
	need  []bool  // nodes that are wanted
	vals  []Value // by node
	loops map[*loop][]Value
}

func newLowering(f *exec.Func, need []bool) *lowering {
	return &lowering{f: f, b: lower.New(f), need: need, vals: make([]Value, len(need)), loops: map[*loop][]Value{}}
}

// mark marks what the wanted nodes are made of, up to those that stop says.
func mark(nodes []*Node, need []bool, stop map[*Node]bool) {
	for id := len(need) - 1; id >= 0; id-- {
		if n := nodes[id]; need[id] && !stop[n] {
			for _, x := range n.in {
				need[x.id] = true
			}
		}
	}
}

// lower lowers a computed node whose operands have been.
func (w *lowering) lower(n *Node) {
	w.f.Tag(n.id)
	in := make([]Value, 0, 4)
	for _, x := range n.in {
		in = append(in, w.vals[x.id])
	}
	if r, ok := n.op.(resultOp); ok {
		if w.loops[r.loop] == nil {
			wanted := make([]bool, len(r.results))
			for i, y := range r.results {
				wanted[i] = y.id < len(w.need) && w.need[y.id]
			}
			w.loops[r.loop] = r.lower(w.b, in, wanted)
		}
		w.vals[n.id] = w.loops[r.loop][r.i]
	} else {
		w.vals[n.id] = n.op.Lower(w.b, in)
	}
	if got := w.b.Shape(w.vals[n.id]); got != n.shape {
		panic(fmt.Sprintf("graph: op %s promised shape %v and lowers to %v", n.op.Name(), n.shape, got))
	}
}

// A bodyBuilder lowers a loop. In memory, what has rank 0 is an array of one element.
type bodyBuilder struct {
	*loop
	wanted []bool // of results
	out    *exec.Loop
	inside *lowering
	// Of each wanted result: the array that it is in, from which element on.
	array, from map[int]int
}

// lower lowers the loop and returns those of its results that are wanted.
func (l *loop) lower(b *Builder, in []Value, wanted []bool) []Value {
	body := &exec.Func{}
	nodes, _ := l.body()
	w := &bodyBuilder{loop: l, wanted: wanted, array: map[int]int{}, from: map[int]int{}}
	w.out = &exec.Loop{Name: l.name, Body: body, Steps: l.steps, Reverse: l.reverse, Stops: l.stop != nil, Conditional: l.when != nil}
	w.inside = newLowering(body, l.needed(wanted))
	next := w.leaves()
	computed := set(nodes)
	for id, n := range l.g.nodes[:len(w.inside.need)] {
		if _, constant := n.IsConst(); w.inside.need[id] && (constant || computed[n]) {
			w.inside.lower(n)
		}
	}
	w.updates(next)
	w.number()
	if l.stop != nil {
		body.Output(exec.Val(w.inside.vals[l.stop.id]))
	}
	args := make([]exec.Val, len(in))
	for i, x := range in {
		args[i] = exec.Val(x)
	}
	f := b.Func()
	made := f.Loop(w.out, args...)
	vals := make([]Value, len(wanted))
	for i := range wanted {
		if wanted[i] {
			vals[i] = Value(f.Part(made[w.array[i]], w.from[i], l.resultShape(i).Dims()))
		}
	}
	return vals
}

// needed marks what the wanted results are made of in a step.
func (l *loop) needed(wanted []bool) []bool {
	outs, n := l.outs(), len(l.next)
	var want []*Node
	for i, y := range outs {
		if i < n || i < len(wanted) && wanted[i] {
			want = append(want, y)
		}
	}
	if l.stop != nil {
		want = append(want, l.stop)
	}
	top := 0
	for _, x := range [][]*Node{want, l.carry, l.x, l.captured} {
		for _, y := range x {
			top = max(top, y.id)
		}
	}
	need := make([]bool, top+1)
	for _, y := range want {
		need[y.id] = true
	}
	mark(l.g.nodes, need, set(l.carry, l.x, l.captured))
	return need
}

// memory is the shape of an array in memory.
func memory(s Shape) []int {
	if s.Rank() == 0 {
		return []int{1}
	}
	return s.Dims()
}

// leaf adds a leaf of the body.
func (w *bodyBuilder) leaf(name string, s Shape, walk exec.Walk) exec.Val {
	w.out.Leaves = append(w.out.Leaves, walk)
	return w.inside.f.Leaf(exec.Leaf{Name: name, Dims: memory(s), Fixed: walk.Step == 0 && !walk.Result})
}

// given adds a leaf that is the value of a node.
func (w *bodyBuilder) given(n *Node, name string, walk exec.Walk) exec.Val {
	w.inside.f.Tag(n.id)
	v := w.leaf(name, n.shape, walk)
	w.inside.vals[n.id] = Value(w.inside.f.Reshape(v, n.shape.Dims()))
	return v
}

// result adds an array that the loop leaves.
func (w *bodyBuilder) result(dims []int) int {
	w.out.Results = append(w.out.Results, dims)
	return len(w.out.Results) - 1
}

// own adds an array that nobody wants after the loop. Its number is negative until it
// is known how many results there are.
func (w *bodyBuilder) own(dims []int) int {
	w.out.Own = append(w.out.Own, dims)
	return -len(w.out.Own)
}

// number numbers such arrays after the results.
func (w *bodyBuilder) number() {
	after := func(a *int) {
		if *a < 0 {
			*a = len(w.out.Results) - 1 - *a
		}
	}
	for i := range w.out.Leaves {
		after(&w.out.Leaves[i].Array)
	}
	for i := range w.out.Starts {
		after(&w.out.Starts[i].Result)
	}
}

// along is a walk from part first on, in the direction of the loop.
func (w *bodyBuilder) along(walk exec.Walk, n, first int) exec.Walk {
	walk.Start, walk.Step = first*n, n
	if w.reverse {
		walk.Start, walk.Step = (first+w.steps-1)*n, -n
	}
	return walk
}

// leaves adds what a step is given, and returns the leaves where its carried values
// are to be.
func (w *bodyBuilder) leaves() (next []exec.Val) {
	for i, c := range w.carry {
		next = append(next, w.carriedLeaf(i, c))
	}
	for i, x := range w.x {
		w.given(x, fmt.Sprint("x", i), w.along(exec.Walk{Array: len(w.carry) + i}, x.shape.Size(), 0))
	}
	for i, c := range w.captured {
		name := c.name
		if c.op != nil {
			name = c.op.Name()
		}
		w.given(c, name, exec.Walk{Array: len(w.carry) + len(w.x) + i})
	}
	return next
}

// carriedLeaf adds a carried value. It is changed in place; but if its stack is
// wanted, that has a part for the initial value, too, and a step goes from one part
// to the next.
func (w *bodyBuilder) carriedLeaf(i int, c *Node) exec.Val {
	n, name := c.shape.Size(), fmt.Sprint("carry", i)
	before, after := w.wantedStacks(c), w.wantedStacks(w.next[i])
	if len(before)+len(after) == 0 || w.stop != nil || w.when != nil {
		var a int
		if w.wanted[i] {
			a = w.result(memory(c.shape))
			w.array[i] = a
		} else {
			a = w.own(memory(c.shape))
		}
		w.out.Starts = append(w.out.Starts, exec.Start{Operand: i, Result: a})
		return w.given(c, name, exec.Walk{Result: true, Array: a})
	}
	a := w.result(append([]int{w.steps + 1}, c.shape.Dims()...))
	first, last := 0, w.steps // parts of the initial and of the last value
	if w.reverse {
		first, last = last, first
	}
	w.out.Starts = append(w.out.Starts, exec.Start{Operand: i, Result: a, At: first * n})
	w.array[i], w.from[i] = a, last*n
	was, is := min(first, 1), min(last, 1)
	for _, k := range before {
		w.array[k], w.from[k] = a, was*n
	}
	for _, k := range after {
		w.array[k], w.from[k] = a, is*n
	}
	w.given(c, name, w.along(exec.Walk{Result: true, Array: a}, n, was))
	return w.leaf(fmt.Sprint("next", i), c.shape, w.along(exec.Walk{Result: true, Array: a}, n, is))
}

// wantedStacks lists the results that are wanted stacks of n and have no place yet.
func (w *bodyBuilder) wantedStacks(n *Node) (out []int) {
	for i, y := range w.y {
		k := len(w.next) + i
		if _, placed := w.array[k]; y == n && !placed && k < len(w.wanted) && w.wanted[k] {
			out = append(out, k)
		}
	}
	return out
}

// updates says what a step leaves behind: its carried values, and parts of stacks.
func (w *bodyBuilder) updates(next []exec.Val) {
	f := w.inside.f
	put := func(leaf exec.Val, n *Node) {
		f.Tag(n.id)
		f.Update(leaf, f.Reshape(exec.Val(w.inside.vals[n.id]), memory(n.shape)))
	}
	for i, y := range w.y {
		k := len(w.next) + i
		if _, placed := w.array[k]; placed || k >= len(w.wanted) || !w.wanted[k] {
			continue
		}
		n := y.shape.Size()
		a := w.result(append([]int{w.steps}, y.shape.Dims()...))
		w.array[k] = a
		put(w.leaf(fmt.Sprint("y", i), y.shape, w.along(exec.Walk{Result: true, Array: a}, n, 0)), y)
	}
	for i, leaf := range next {
		put(leaf, w.next[i])
	}
}
