package gorgoniavm

import (
	"fmt"
	"math"

	"descent/graph"
	"descent/internal/gvalue"
	"descent/ops"
)

// An engine is the program of a machine and what belongs to its runs. It is made
// again where memory that it stands over has moved, or an op has been changed.
type engine[T gvalue.Float] struct {
	m    *Machine
	dt   graph.Dtype
	prog *graph.Program
	runs [1]float64 // the number of the run

	// These outlive a program.
	arrays map[*gnode]*lent[T]
	grads  []*gradient[T] // of the variables of all objectives
	moving map[*gnode]bool

	// These belong to it.
	supplies []supply
	changes  []change
	feeds    []graph.Feed
	results  []*result[T]
	reads    []*read[T]
	scalars  []float64 // outputs of rank 0
}

// A supply gets what a leaf is in this run. If it has moved, the program is to
// be made again.
type supply func() (moved bool, err error)

func newEngine[T gvalue.Float](m *Machine) *engine[T] {
	e := &engine[T]{m: m, dt: graph.Float64, arrays: map[*gnode]*lent[T]{}, moving: map[*gnode]bool{}}
	if _, ok := any(*new(T)).(float32); ok {
		e.dt = graph.Float32
	}
	return e
}

func (e *engine[T]) program() *graph.Program { return e.prog }

// build makes the program.
func (e *engine[T]) build() error {
	e.supplies, e.changes, e.feeds, e.results, e.reads, e.scalars = nil, nil, nil, nil, nil, nil
	t := newTranslator(e.m.src, e.dt, e)
	t.moving, t.fuses = e.moving, !e.keepsInside()
	grads, err := t.differentiate()
	if err != nil {
		return err
	}
	var fn graph.Function
	if err := e.want(t, &fn); err != nil {
		return err
	}
	if err := e.differentiated(t, grads, &fn); err != nil {
		return err
	}
	fn.Updates = append(fn.Updates, t.g.Kept()...)
	if e.prog, err = fn.Compile(); err != nil {
		return err
	}
	e.changes, e.m.report.ByDo = t.changes, t.byDo
	return nil
}

// keepsAll says whether every node has its value after a run, and its gradient unless
// it is inside a convolution.
func (e *engine[T]) keepsAll() bool {
	set := &e.m.set
	return !e.m.only || set.nan || set.inf || set.trace
}

// keepsInside says whether those inside a convolution have their gradients, too.
func (e *engine[T]) keepsInside() bool {
	set := &e.m.set
	return set.nan || set.inf || set.trace || set.every && !e.m.only
}

// want makes the nodes whose values are kept or read.
func (e *engine[T]) want(t *translator, fn *graph.Function) error {
	src, all := e.m.src, e.keepsAll()
	kept := map[*gnode]bool{}
	for _, o := range src.objectives {
		for _, c := range o.costs {
			kept[c] = true
		}
	}
	for _, n := range src.nodes {
		switch {
		case isRead(n):
			if err := e.read(t, n, fn); err != nil {
				return err
			}
		case isStatement(n) || n.Op() == nil || isConstant(n):
		case !src.used[n] && !ofGradient(n) || e.m.set.trace || e.m.set.watched(n):
			kept[n] = true
			if _, err := t.node(n); err != nil {
				return err
			}
		}
	}
	if all {
		t.derive(t.all[:len(t.all):len(t.all)])
		if err := t.openConvolutions(); err != nil {
			return err
		}
		for _, n := range t.all {
			kept[n] = true
			if d := n.Deriv(); d != nil && src.in[d] && t.made[d] != nil {
				kept[d] = true
			}
		}
	}
	var of []*gnode
	var xs []*node
	for _, n := range src.nodes {
		if x := t.made[n]; kept[n] && n.Op() != nil && !isConstant(n) && x != nil {
			e.keep(&result[T]{n: n, x: x}, fn)
			of, xs = append(of, n), append(xs, x)
		}
	}
	if all && e.m.set.every && len(t.losses) > 0 {
		for i, d := range t.losses[0].grad(xs...) {
			e.keep(&result[T]{n: of[i], x: reshaped(d, dims(of[i])), dual: true}, fn)
		}
	}
	return nil
}

func (e *engine[T]) keep(r *result[T], fn *graph.Function) {
	r.set = &e.m.set
	e.results = append(e.results, r)
	e.output(r, fn)
}

// output makes the node of a result an output.
func (e *engine[T]) output(r *result[T], fn *graph.Function) {
	fn.Outputs = append(fn.Outputs, r.x)
	if r.x.Shape().Rank() == 0 {
		r.scalar = len(e.scalars)
		e.scalars = append(e.scalars, 0)
	} else {
		r.scalar = -1
	}
}

func (e *engine[T]) read(t *translator, n *gnode, fn *graph.Function) error {
	into, err := target(n.Op())
	if err != nil {
		return err
	}
	from := e.m.src.children(n)[0]
	x, err := t.node(from)
	if err != nil {
		return err
	}
	r := &read[T]{result[T]{n: from, x: x, set: &e.m.set}, into}
	e.reads = append(e.reads, r)
	e.output(&r.result, fn)
	return nil
}

// differentiated makes the gradients of variables states that live where gorgonia's
// solvers look for them.
func (e *engine[T]) differentiated(t *translator, grads [][]*node, fn *graph.Function) error {
	if e.grads == nil {
		if err := e.declare(); err != nil {
			return err
		}
	}
	k := 0
	for _, ds := range grads {
		for _, d := range ds {
			g := e.grads[k]
			k++
			name := fmt.Sprint("gradient ", g.n.ID())
			state := t.g.Over(graph.State, name, g.array.Memory, dims(g.n)...)
			if d = reshaped(d, dims(g.n)); g.adds {
				d = ops.Add(state, d)
			}
			fn.Updates = append(fn.Updates, graph.Update{Target: state, Value: d})
		}
	}
	return nil
}

// declare finds out where gradients go.
func (e *engine[T]) declare() error {
	set, taken := &e.m.set, map[*gnode]bool{}
	for _, o := range e.m.src.objectives {
		for _, w := range o.wrt {
			g := &gradient[T]{n: w, to: w.Deriv(), set: set}
			if set.bindDual && (len(set.dual) == 0 || set.dual.Contains(w)) {
				g.to, g.adds = nil, true
				set.ownSolved(w.Value())
			} else if g.to != nil && (taken[g.to] || isConstant(g.to) || !fits(g.to, w)) { // as where one node is the gradient of several
				g.to = nil
			}
			taken[g.to] = true
			if err := g.begin(); err != nil {
				return err
			}
			e.grads = append(e.grads, g)
		}
	}
	return nil
}

// run implements runner.
func (e *engine[T]) run() (err error) {
	defer func() {
		if r := recover(); r != nil {
			d, ok := r.(doError)
			if !ok {
				panic(r)
			}
			err = d.error
		}
	}()
	e.runs[0]++
	moved, err := e.supply()
	if err == nil && moved {
		if err = e.build(); err == nil {
			_, err = e.supply()
		}
	}
	if err != nil {
		return err
	}
	if err := e.prog.Run(e.feeds...); err != nil {
		return err
	}
	e.scalars = e.prog.Scalars(e.scalars[:0])
	for _, g := range e.grads {
		g.array.Store()
	}
	for _, r := range e.results {
		if err := r.bind(e); err != nil {
			return err
		}
	}
	for _, r := range e.reads {
		if err := r.read(e); err != nil {
			return err
		}
	}
	return e.watch()
}

// supply gets all that comes from outside.
func (e *engine[T]) supply() (moved bool, err error) {
	for _, f := range e.supplies {
		m, err := f()
		if err != nil {
			return false, err
		}
		moved = moved || m
	}
	for _, g := range e.grads {
		m, err := g.supply()
		if err != nil {
			return false, err
		}
		moved = moved || m
	}
	for _, f := range e.changes {
		if f() {
			moved = true
		}
	}
	return moved, nil
}

// watch looks for what the options watch for, in the order of the graph, and
// tells the logger of the nodes that it is to see.
func (e *engine[T]) watch() error {
	set := &e.m.set
	if !set.nan && !set.inf && set.logger == nil {
		return nil
	}
	for _, r := range e.results {
		if set.watched(r.n) {
			set.logger.Printf("%v = "+set.format, r.n, r.val)
		}
		for _, x := range r.elements(e) {
			switch v := float64(x); {
			case set.nan && math.IsNaN(v):
				return fmt.Errorf("NaN found in value. Node: %v(%x)", r.n, r.n.ID())
			case set.inf && math.IsInf(v, 0):
				return fmt.Errorf("infinity found in value. Node: %v(%x)", r.n, r.n.ID())
			}
		}
	}
	return nil
}
