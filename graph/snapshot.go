package graph

import (
	"errors"
	"fmt"
	"slices"
)

// A Saved is the value of a variable.
type Saved struct {
	Name   string
	Dims   []int
	Values []float64 // in row-major order; exact also for float32
}

// Snapshot returns the values of all variables, parameters and states, by
// name. A run that continues from it is bit-identical to one that was not
// interrupted. It panics while another goroutine changes variables.
func (s *Store) Snapshot() []Saved {
	defer s.use.give(s.reading())
	vars := s.Variables()
	out := make([]Saved, len(vars))
	for i, v := range vars {
		out[i] = Saved{v.Name(), v.Shape().Dims(), v.Float64s()}
	}
	return out
}

// Restore gives all variables the values of a snapshot. Names and shapes must
// be the same; otherwise it is an error, which lists what does not fit, and
// nothing is changed, as while another goroutine uses variables ([ErrInUse]).
func (s *Store) Restore(saved []Saved) error {
	var errs []error
	seen := map[string]bool{}
	for _, d := range saved {
		v := s.Lookup(d.Name)
		switch {
		case v == nil:
			errs = append(errs, fmt.Errorf("graph: %s is in the snapshot and not in the model", d.Name))
		case seen[d.Name]:
			errs = append(errs, fmt.Errorf("graph: %s is in the snapshot twice", d.Name))
		case !slices.Equal(v.Shape().Dims(), d.Dims) || len(d.Values) != v.Shape().Size():
			errs = append(errs, fmt.Errorf("graph: %s has shape %v and %d values in the snapshot and shape %v in the model", d.Name, d.Dims, len(d.Values), v.Shape().Dims()))
		}
		seen[d.Name] = true
	}
	for _, v := range s.Variables() {
		if !seen[v.Name()] {
			errs = append(errs, fmt.Errorf("graph: %s is in the model and not in the snapshot", v.Name()))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return s.Exclusive(func() error {
		for _, d := range saved {
			if err := s.Lookup(d.Name).Set(d.Values); err != nil {
				return err
			}
		}
		return nil
	})
}
