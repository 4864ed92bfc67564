package graph

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"descent/graph/lower"
)

// An Init fills a new parameter of shape s, in row-major order. dst starts as
// zeros and must not be kept.
type Init func(rng *rand.Rand, s Shape, dst []float64)

// Zeros is an [Init].
func Zeros(_ *rand.Rand, _ Shape, dst []float64) {}

// Fill returns an [Init] that sets every element to x.
func Fill(x float64) Init {
	return func(_ *rand.Rand, _ Shape, dst []float64) {
		for i := range dst {
			dst[i] = x
		}
	}
}

// From returns an [Init] that copies values, which must be as many as the
// parameter has elements; otherwise the node is bad.
func From(values ...float64) Init {
	return func(_ *rand.Rand, s Shape, dst []float64) {
		if len(values) != len(dst) {
			panic(initError{fmt.Errorf("%d values for %d elements, of shape %v", len(values), len(dst), s)})
		}
		copy(dst, values)
	}
}

// initError is how an [Init] says that it cannot.
type initError struct{ error }

// fill calls an [Init].
func fill(init Init, rng *rand.Rand, s Shape, dst []float64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(initError)
			if !ok {
				panic(r)
			}
			err = e.error
		}
	}()
	init(rng, s, dst)
	return nil
}

// Input declares an array that is fed before each run.
func (g *Graph) Input(name string, dims ...int) *Node {
	return g.leaf(Input, name, dims, nil)
}

// Indices declares an array of whole numbers (classes, tokens) that is fed
// before each run, as []int. Ops that use it limit its range; a number outside
// is an error when it is fed.
func (g *Graph) Indices(name string, dims ...int) *Node {
	return g.leaf(Index, name, dims, nil)
}

// Param declares a trainable variable. If a sibling graph has declared it
// before, its storage is shared and init is not called.
func (g *Graph) Param(name string, init Init, dims ...int) *Node {
	return g.declare(Param, name, g.dtype, dims, init)
}

// State declares a variable that is kept between runs but not trained:
// moments, running statistics, counters. It starts at init.
func (g *Graph) State(name string, init Init, dims ...int) *Node {
	return g.declare(State, name, g.dtype, dims, init)
}

// Scalar declares a state that is one number and is kept as float64 in graphs of
// either type: a counter, or what is made of one. As float32 a count would end
// at 2²⁴, where adding 1 changes nothing.
func (g *Graph) Scalar(name string, start float64) *Node {
	return g.declare(State, name, Float64, nil, Fill(start))
}

// Over declares a parameter or state that lives in the caller's memory: a slice
// of the graph's element type with the elements in row-major order. Programs read
// it and change it in place, so it must not move or shrink while they are used,
// and no other variable may have a part of it.
func (g *Graph) Over(role Role, name string, memory any, dims ...int) *Node {
	return g.leaf(role, name, dims, func(shape Shape) (*Variable, error) { return g.over(role, name, memory, shape) })
}

func (g *Graph) over(role Role, name string, memory any, shape Shape) (*Variable, error) {
	if role != Param && role != State {
		return nil, fmt.Errorf("a variable is a parameter or a state; its role is %v", role)
	}
	v := &Variable{store: g.store, name: name, shape: shape, role: role, dtype: g.dtype}
	v.f32, _ = memory.([]float32)
	v.f64, _ = memory.([]float64)
	size := shape.Size()
	switch {
	case g.dtype == Float32 && v.f32 == nil, g.dtype == Float64 && v.f64 == nil:
		return nil, fmt.Errorf("its memory is %T; the graph's elements are %v", memory, g.dtype)
	case len(v.f32)+len(v.f64) != size:
		return nil, fmt.Errorf("its memory has %d elements, its shape %d", len(v.f32)+len(v.f64), size)
	}
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	if g.store.vars[name] != nil {
		return nil, errors.New("a sibling graph has it already")
	}
	g.store.vars[name] = v
	return v, nil
}

func (g *Graph) declare(role Role, name string, dtype Dtype, dims []int, init Init) *Node {
	return g.leaf(role, name, dims, func(shape Shape) (*Variable, error) { return g.variable(name, role, dtype, shape, init) })
}

// leaf declares a leaf; variable, nil for inputs, gives its storage.
func (g *Graph) leaf(role Role, name string, dims []int, variable func(Shape) (*Variable, error)) *Node {
	defer g.use.give(g.building())
	shape, err := lower.ShapeOf(dims)
	n := g.add(Node{name: name, shape: shape, role: role, pos: here()})
	fail := func(err error) *Node {
		n.err = &BuildError{"declare", []*Node{n}, n.pos.String(), err}
		return n
	}
	if err != nil {
		return fail(err)
	}
	if name == "" {
		return fail(fmt.Errorf("a name is required"))
	}
	if old := g.leaves[name]; old != nil {
		return fail(fmt.Errorf("%q is already declared at %s", name, old.pos))
	}
	g.leaves[name] = n
	if variable == nil {
		return n
	}
	v, err := variable(shape)
	if err != nil {
		return fail(err)
	}
	n.v = v
	if role == Param && g.frozen == 0 {
		g.params = append(g.params, n)
	}
	return n
}

// indexLimit is the range of an index input, if limited: [0, n), and one number
// more.
type indexLimit struct {
	limited   bool
	n         int
	hasExcept bool
	except    int
}

// LimitIndex says that an op uses x as indices below n; except, if not nil, is
// one more number that is allowed. It does nothing if x is not an index input,
// possibly reshaped.
func LimitIndex(x *Node, n int, except *int) {
	if x = fedIndex(x); x == nil {
		return
	}
	defer x.g.use.give(x.g.building())
	if !x.limit.limited || n < x.limit.n {
		x.limit.limited, x.limit.n = true, n
	}
	if except != nil {
		x.limit.hasExcept, x.limit.except = true, *except
	}
}

// IndexLimit returns the number that the indices x have to be below, and whether x
// is an index input, possibly reshaped, that has such a limit.
func IndexLimit(x *Node) (n int, ok bool) {
	if x = fedIndex(x); x == nil {
		return 0, false
	}
	return x.limit.n, x.limit.limited
}

// fedIndex returns the index input that x is, possibly reshaped, or nil.
func fedIndex(x *Node) *Node {
	for _, ok := x.op.(reshape); ok; _, ok = x.op.(reshape) {
		x = x.in[0]
	}
	if x.err != nil || x.role != Index {
		return nil
	}
	return x
}

func (n *Node) checkIndices(values []int) error {
	if !n.limit.limited {
		return nil
	}
	for i, v := range values {
		if (v < 0 || v >= n.limit.n) && !(n.limit.hasExcept && v == n.limit.except) {
			return fmt.Errorf("graph: %s%v = %d is not in 0..%d", n.name, spot(n.shape, i), v, n.limit.n-1)
		}
	}
	return nil
}

// spot writes where an element is, as in [1, 3].
func spot(s Shape, element int) string {
	at := make([]string, s.Rank())
	for i, d := range slices.Backward(s.Dims()) {
		at[i] = strconv.Itoa(element % d)
		element /= d
	}
	return "[" + strings.Join(at, ", ") + "]"
}
