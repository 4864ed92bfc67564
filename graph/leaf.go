package graph

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"sync"

	"descent/internal/exec"
	"descent/internal/kernel"

	"gorgonia.org/tensor"
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
// parameter has elements.
func From(values ...float64) Init {
	return func(_ *rand.Rand, s Shape, dst []float64) {
		if len(values) != len(dst) {
			panic(fmt.Sprintf("graph: %d values for a parameter of shape %v", len(values), s))
		}
		copy(dst, values)
	}
}

// A Variable is a parameter or a state: an array that outlives the graphs which
// use it. Its storage never moves.
type Variable struct {
	name  string
	shape Shape
	role  Role
	f32   []float32
	f64   []float64

	wrap  sync.Once // makes dense, when somebody asks for it
	dense *tensor.Dense
}

// Name returns the variable's name.
func (v *Variable) Name() string { return v.name }

// Shape returns the variable's shape.
func (v *Variable) Shape() Shape { return v.shape }

// Role returns [Param] or [State].
func (v *Variable) Role() Role { return v.role }

// Tensor returns the storage, nil if it has no elements. Changing its elements
// changes the variable.
func (v *Variable) Tensor() *tensor.Dense {
	v.wrap.Do(func() {
		var backing any = v.f64
		if v.f32 != nil {
			backing = v.f32
		}
		switch {
		case v.shape.rank == 0:
			v.dense = tensor.New(tensor.FromScalar(v.Float64s()[0]), tensor.WithBacking(backing))
		case v.shape.Size() > 0:
			v.dense = tensor.New(tensor.WithShape(v.shape.Dims()...), tensor.WithBacking(backing))
		}
	})
	return v.dense
}

// Float64s returns a copy of the elements in row-major order.
func (v *Variable) Float64s() []float64 {
	if v.f64 != nil {
		return slices.Clone(v.f64)
	}
	out := make([]float64, len(v.f32))
	for i, x := range v.f32 {
		out[i] = float64(x)
	}
	return out
}

// Set replaces the elements. It is an error if their number is wrong.
func (v *Variable) Set(values []float64) error {
	if len(values) != len(v.f32)+len(v.f64) {
		return fmt.Errorf("graph: %s (%v) has %d elements, got %d", v.name, v.shape, len(v.f32)+len(v.f64), len(values))
	}
	copy(v.f64, values)
	for i := range v.f32 {
		v.f32[i] = float32(values[i])
	}
	return nil
}

// A Store holds the variables that sibling graphs share.
type Store struct {
	dtype  tensor.Dtype
	vars   map[string]*Variable
	source rand.PCG
	scopes map[*Identity]string // their names
	bare   bool                 // variables have no memory, see Outline

	scratch []float64 // see zeros; given up when a program is compiled

	slabs32 map[string]*exec.Slab[float32]
	slabs64 map[string]*exec.Slab[float64]
}

// Variables that are updated alike lie side by side, so that the updates of
// many small ones run as one loop: parameters in one slab, and the states of
// each kind (what their names end in, from the last slash) in another.
func (s *Store) slab32(role Role, name string) *exec.Slab[float32] {
	return slabOf(&s.slabs32, role, name)
}

func (s *Store) slab64(role Role, name string) *exec.Slab[float64] {
	return slabOf(&s.slabs64, role, name)
}

func slabOf[T float32 | float64](slabs *map[string]*exec.Slab[T], role Role, name string) *exec.Slab[T] {
	kind := ""
	if role == State {
		kind = name[max(strings.LastIndexByte(name, '/'), 0):]
		if kind[0] != '/' {
			kind = "/" // of its own kind, like a counter of steps
		}
	}
	if *slabs == nil {
		*slabs = map[string]*exec.Slab[T]{}
	}
	if (*slabs)[kind] == nil {
		(*slabs)[kind] = &exec.Slab[T]{}
	}
	return (*slabs)[kind]
}

// Variables returns all variables, by name.
func (s *Store) Variables() []*Variable {
	out := make([]*Variable, 0, len(s.vars))
	for _, v := range s.vars {
		out = append(out, v)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// Lookup returns the variable of that name, or nil.
func (s *Store) Lookup(name string) *Variable { return s.vars[name] }

// variable returns the variable of that name, making it if it is new.
func (g *Graph) variable(name string, role Role, shape Shape, init Init) (*Variable, error) {
	if v := g.store.vars[name]; v != nil {
		if v.shape != shape || v.role != role {
			return nil, fmt.Errorf("a sibling graph has %s as a %v of shape %v", name, v.role, v.shape)
		}
		return v, nil
	}
	if init == nil {
		return nil, errors.New("an Init is required")
	}
	v := &Variable{name: name, shape: shape, role: role}
	if g.store.bare {
		g.store.vars[name] = v
		return v, nil
	}
	h := fnv.New64a()
	h.Write([]byte(name)) // a stream per name: adding a parameter shifts no other
	source := &g.store.source
	source.Seed(g.seed, h.Sum64())
	size := shape.Size()
	if g.dtype == tensor.Float32 {
		v.f32 = g.store.slab32(role, name).Take(max(size, 1))[:size]
		values := g.store.zeros(size)
		init(rand.New(source), shape, values)
		for i, x := range values {
			v.f32[i] = float32(x)
		}
		kernel.Forget(values)
	} else {
		v.f64 = g.store.slab64(role, name).Take(max(size, 1))[:size]
		init(rand.New(source), shape, v.f64)
	}
	g.store.vars[name] = v
	return v, nil
}

// zeros returns n zeros in which a float32 variable's first values are made. They
// are used again for the next variable: a net's float64 values would otherwise be
// more garbage than its parameters are memory.
func (s *Store) zeros(n int) []float64 {
	if cap(s.scratch) < n {
		s.scratch = make([]float64, n)
		return s.scratch
	}
	values := s.scratch[:n]
	clear(values)
	return values
}

// Input declares an array that is fed before each run.
func (g *Graph) Input(name string, dims ...int) *Node {
	return g.leaf(Input, name, Dims(dims...), nil)
}

// Indices declares an array of whole numbers (classes, tokens) that is fed
// before each run, as []int. Ops that use it limit its range; a number outside
// is an error when it is fed.
func (g *Graph) Indices(name string, dims ...int) *Node {
	return g.leaf(Index, name, Dims(dims...), nil)
}

// Param declares a trainable variable. If a sibling graph has declared it
// before, its storage is shared and init is not called.
func (g *Graph) Param(name string, init Init, dims ...int) *Node {
	return g.leaf(Param, name, Dims(dims...), init)
}

// State declares a variable that is kept between runs but not trained:
// moments, running statistics, counters. It starts at init.
func (g *Graph) State(name string, init Init, dims ...int) *Node {
	return g.leaf(State, name, Dims(dims...), init)
}

func (g *Graph) leaf(role Role, name string, shape Shape, init Init) *Node {
	n := g.add(Node{name: name, shape: shape, role: role, pos: here()})
	fail := func(err error) *Node {
		n.err = &BuildError{"declare", []*Node{n}, n.pos.String(), err}
		return n
	}
	if name == "" {
		return fail(fmt.Errorf("a name is required"))
	}
	if old := g.leaves[name]; old != nil {
		return fail(fmt.Errorf("%q is already declared at %s", name, old.pos))
	}
	g.leaves[name] = n
	if role == Input || role == Index {
		return n
	}
	v, err := g.variable(name, role, shape, init)
	if err != nil {
		return fail(err)
	}
	n.v = v
	if role == Param {
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
	for _, ok := x.op.(reshape); ok; _, ok = x.op.(reshape) {
		x = x.in[0]
	}
	if x.role != Index {
		return
	}
	if !x.limit.limited || n < x.limit.n {
		x.limit.limited, x.limit.n = true, n
	}
	if except != nil {
		x.limit.hasExcept, x.limit.except = true, *except
	}
}

func (n *Node) checkIndices(values []int) error {
	if !n.limit.limited {
		return nil
	}
	for i, v := range values {
		if (v < 0 || v >= n.limit.n) && !(n.limit.hasExcept && v == n.limit.except) {
			return fmt.Errorf("graph: %s[%d] = %d is not in 0..%d", n.name, i, v, n.limit.n-1)
		}
	}
	return nil
}
