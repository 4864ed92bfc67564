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
	"sync/atomic"

	"descent/internal/exec"
	"descent/internal/goroutine"
	"descent/internal/kernel"
)

// A Variable is a parameter or a state: an array that outlives the graphs which
// use it. Its storage never moves.
type Variable struct {
	store *Store
	name  string
	shape Shape
	role  Role
	dtype Dtype
	f32   []float32 // one of both, as dtype says
	f64   []float64

	init   Init // of a fresh variable; nil if the storage is the caller's
	padded bool // the storage is from a slab

	dense denseOnce // for gorgonia
}

// Name returns the variable's name.
func (v *Variable) Name() string { return v.name }

// Shape returns the variable's shape.
func (v *Variable) Shape() Shape { return v.shape }

// Dtype returns the type of the elements, Float32 or Float64. It
// is the graph's but for [Graph.Scalar].
func (v *Variable) Dtype() Dtype { return v.dtype }

// Role returns [Param] or [State].
func (v *Variable) Role() Role { return v.role }

// Float64s returns a copy of the elements in row-major order. It panics while
// another goroutine changes variables of the store.
func (v *Variable) Float64s() []float64 { return v.Append(nil) }

// Append is [Variable.Float64s] behind the numbers of dst, in its memory if there is
// room.
func (v *Variable) Append(dst []float64) []float64 {
	defer v.store.use.give(v.store.reading())
	if v.f64 != nil {
		return append(dst, v.f64...)
	}
	dst = slices.Grow(dst, len(v.f32))
	for _, x := range v.f32 {
		dst = append(dst, float64(x))
	}
	return dst
}

// Set replaces the elements. It is an error if their number is wrong, or
// another goroutine is using variables of the store ([ErrInUse]).
func (v *Variable) Set(values []float64) error {
	if len(values) != len(v.f32)+len(v.f64) {
		return fmt.Errorf("graph: %s (%v) has %d elements, got %d", v.name, v.shape, len(v.f32)+len(v.f64), len(values))
	}
	h, ok := v.store.use.takeAlone(goroutine.ID())
	if !ok {
		return ErrInUse
	}
	defer v.store.use.give(h)
	v.store.changes++
	copy(v.f64, values)
	for i := range v.f32 {
		v.f32[i] = float32(values[i])
	}
	return nil
}

// wide returns the number of a variable that is one number and float64 in any graph;
// that of an [Outline] is nobody's.
func (v *Variable) wide() *float64 {
	if v.f64 == nil {
		return new(float64)
	}
	return &v.f64[0]
}

// A Store holds the variables that sibling graphs share.
type Store struct {
	use     guard       // of what the variables hold
	changes int         // of that, counted by who has it alone
	lent    atomic.Bool // somebody has the memory of a variable, and may change it at any time

	dtype Dtype
	seed  uint64

	mu     sync.Mutex // of the rest: graphs of several goroutines declare variables
	vars   map[string]*Variable
	source rand.PCG
	scopes map[*Identity]string // their names
	bare   bool                 // variables have no memory, see Outline

	attached map[any]any // see Attach

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
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Variable, 0, len(s.vars))
	for _, v := range s.vars {
		out = append(out, v)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// Lookup returns the variable of that name, or nil.
func (s *Store) Lookup(name string) *Variable {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.vars[name]
}

// variable returns the variable of that name, making it if it is new.
func (g *Graph) variable(name string, role Role, dtype Dtype, shape Shape, init Init) (*Variable, error) {
	g.store.mu.Lock()
	defer g.store.mu.Unlock()
	if v := g.store.vars[name]; v != nil {
		if v.shape != shape || v.role != role || v.dtype != dtype {
			return nil, fmt.Errorf("a sibling graph has %s as a %v of shape %v and type %v", name, v.role, v.shape, v.dtype)
		}
		return v, nil
	}
	if init == nil {
		return nil, errors.New("an Init is required")
	}
	v := &Variable{store: g.store, name: name, shape: shape, role: role, dtype: dtype, init: init}
	if g.store.bare {
		g.store.vars[name] = v
		return v, nil
	}
	size := shape.Size()
	switch {
	case dtype != g.dtype: // alone: no loop has it
		v.f64 = make([]float64, size)
	case dtype == Float32:
		v.f32, v.padded = g.store.slab32(role, name).Take(max(size, 1))[:size], true
	default:
		v.f64, v.padded = g.store.slab64(role, name).Take(max(size, 1))[:size], true
	}
	if err := v.begin(); err != nil {
		return nil, err
	}
	g.store.vars[name] = v
	return v, nil
}

// begin gives a variable whose elements are zeros its first value. Each name has a
// stream of its own: adding a parameter shifts no other.
func (v *Variable) begin() error {
	h := fnv.New64a()
	h.Write([]byte(v.name))
	source := &v.store.source
	source.Seed(v.store.seed, h.Sum64())
	values := v.f64
	if v.f32 != nil {
		values = v.store.zeros(len(v.f32))
	}
	if err := fill(v.init, rand.New(source), v.shape, values); err != nil {
		return err
	}
	if v.f32 != nil {
		for i, x := range values {
			v.f32[i] = float32(x)
		}
		kernel.Forget(values)
	}
	return nil
}

// Reset gives all variables the values that they would have had with this seed
// when they were declared, and random numbers follow it from now on: programs go on
// as if they had been compiled for a new graph. It is an error, and nothing is
// changed, if a variable is in memory of the caller's ([Graph.Over]), or another
// goroutine uses the variables ([ErrInUse]).
func (s *Store) Reset(seed uint64) error {
	vars := s.Variables()
	for _, v := range vars {
		if v.init == nil {
			return fmt.Errorf("graph: %s is in memory of the caller's, who alone knows how it began", v.name)
		}
	}
	return s.Exclusive(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seed = seed
		s.changes++
		for _, v := range vars {
			clear(v.f64)
			if err := v.begin(); err != nil {
				return err
			}
		}
		return nil
	})
}

// Seed returns the seed of parameters and of random numbers.
func (s *Store) Seed() uint64 { return s.seed }

// Attach returns what belongs to the store under a key, which make makes the first
// time: what an op keeps between runs that is not numbers, such as a program that it
// asks. It lives as long as the store does.
func (s *Store) Attach(key any, make func() any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attached == nil {
		s.attached = map[any]any{}
	}
	if s.attached[key] == nil {
		s.attached[key] = make()
	}
	return s.attached[key]
}

// compiled gives up what only building needs.
func (s *Store) compiled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scratch = nil
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
