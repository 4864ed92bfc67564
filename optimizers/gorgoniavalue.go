//go:build !nogorgonia

package optimizers

import (
	"fmt"

	"descent/graph"
	"descent/internal/gvalue"

	"gorgonia.org/gorgonia"
)

// A solved is the nodes that a [Solver] moves: for each its value and its
// gradient.
type solved[T float32 | float64] struct{ values, grads []gvalue.Array[T] }

func newModel[T float32 | float64](model []gorgonia.ValueGrad) (*solved[T], error) {
	s := &solved[T]{}
	seen := map[*T]string{}
	for i, n := range model {
		name := fmt.Sprint("p", i)
		if named, ok := n.(gorgonia.Namer); ok && named.Name() != "" {
			name = named.Name()
		}
		grad, err := n.Grad()
		if err != nil {
			return nil, fmt.Errorf("optimizers: %s has no gradient: %w", name, err)
		}
		x, err := gvalue.New[T](name, n.Value())
		if err != nil {
			return nil, fmt.Errorf("optimizers: %w", err)
		}
		d, err := gvalue.New[T]("the gradient of "+name, grad)
		if err != nil {
			return nil, fmt.Errorf("optimizers: %w", err)
		}
		if len(x.Memory) != len(d.Memory) {
			return nil, fmt.Errorf("optimizers: %s has %d elements, its gradient %d", name, len(x.Memory), len(d.Memory))
		}
		for _, a := range []gvalue.Array[T]{x, d} {
			p := a.Raw()
			if other := seen[p]; p != nil && other != "" {
				return nil, fmt.Errorf("optimizers: %s and %s are the same memory", other, a.Name)
			}
			seen[p] = a.Name
		}
		s.values, s.grads = append(s.values, x), append(s.grads, d)
	}
	return s, nil
}

func (s *solved[T]) size() int { return len(s.values) }

func (s *solved[T]) dtype() graph.Dtype {
	if _, ok := any(*new(T)).(float32); ok {
		return graph.Float32
	}
	return graph.Float64
}

func (s *solved[T]) declare(g *graph.Graph) (params, grads []*node) {
	for i := range s.values {
		x, d := &s.values[i], &s.grads[i]
		name := g.Unique(x.Name)
		params = append(params, g.Over(graph.Param, name, x.Memory, x.Dims...))
		grads = append(grads, g.Over(graph.State, name+"/gradient", d.Memory, x.Dims...))
	}
	return params, grads
}

func (s *solved[T]) fetch(model []gorgonia.ValueGrad) (moved bool, err error) {
	for i, n := range model {
		grad, err := n.Grad()
		if err != nil {
			return false, fmt.Errorf("optimizers: %s has no gradient: %w", s.values[i].Name, err)
		}
		m, err := s.values[i].Fetch(n.Value())
		if err != nil {
			return false, fmt.Errorf("optimizers: %w", err)
		}
		m2, err := s.grads[i].Fetch(grad)
		if err != nil {
			return false, fmt.Errorf("optimizers: %w", err)
		}
		moved = moved || m || m2
	}
	return moved, nil
}

func (s *solved[T]) store() {
	for i := range s.values {
		s.values[i].Store()
		s.grads[i].Clear()
	}
}
