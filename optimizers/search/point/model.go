package point

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A model is the quadratic one at a spot, in units that make the diagonal of
// the Hessian 1: what it says does not depend on the variables' scales.
type model struct {
	unit   []float64   // changes that raise the value by ½
	plain  []float64   // eigenvalues of the Hessian itself
	values []float64   // of the scaled one
	dirs   [][]float64 // their directions, of the variables
	step   []float64   // Newton's, but for directions without curvature
	blur   []float64   // how far off the stationary point is, in those directions too
	small  bool        // the step is small
	fall   float64     // of the value along it: half of Newton's decrement, squared
}

// flatness is the scaled eigenvalue up to which a direction has no curvature.
const flatness = 1e-10

// model returns it, nil where there is no Hessian.
func (s *Spot) model() (*model, error) {
	n := len(s.x)
	h, err := s.hessian()
	if h == nil {
		return nil, err
	}
	unit := make([]float64, n)
	whole, scaled := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	for i := range n {
		d := math.Abs(h[i*n+i])
		for k := 0; k < n && h[i*n+i] == 0; k++ {
			d = max(d, math.Abs(h[i*n+k]))
		}
		if unit[i] = 1 / math.Sqrt(d); d == 0 {
			unit[i] = 1
		}
	}
	for i := range n {
		for k := range i + 1 {
			mean := (h[i*n+k] + h[k*n+i]) / 2
			whole.SetSym(i, k, mean)
			if !s.fixed[i] && !s.fixed[k] {
				scaled.SetSym(i, k, mean*unit[i]*unit[k])
			}
		}
	}
	var e, all mat.EigenSym
	if !e.Factorize(scaled, true) || !all.Factorize(whole, false) {
		return nil, errors.New("the Hessian's eigenvalues were not found")
	}
	m := &model{unit: unit, plain: all.Values(nil), values: e.Values(nil), step: make([]float64, n), blur: make([]float64, n), small: true}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	for j, value := range m.values {
		dir, c := make([]float64, n), 0.0
		for i := range n {
			dir[i] = unit[i] * vectors.At(i, j)
			if !s.fixed[i] {
				c += float64(dir[i] * s.g[i])
			}
		}
		m.dirs = append(m.dirs, dir)
		if c == 0 || value == 0 {
			continue
		}
		for i := range n {
			d := -dir[i] * c / math.Abs(value)
			m.blur[i] += math.Abs(d)
			if math.Abs(value) > flatness {
				m.step[i] += d
			}
		}
		if math.Abs(value) > flatness {
			m.fall += float64(c * c / math.Abs(value) / 2)
		}
	}
	for i, d := range m.step {
		rounding := min(math.Sqrt(2*s.grain)*unit[i], 100*converged*s.scale[i])
		if !s.fixed[i] && math.Abs(d) > max(converged*s.scale[i], rounding) {
			m.small = false
		}
	}
	return m, nil
}

// hessian returns the Hessian row by row, nil if a derivative is not finite.
func (s *Spot) hessian() ([]float64, error) {
	if !allFinite(s.g...) {
		return nil, nil
	}
	h, err := s.Problem.Hessian(s.x)
	if err != nil || !allFinite(h...) {
		return nil, err
	}
	return h, nil
}

// known is the distance, in units of the scales, beyond which Newton's step
// does not matter.
func (s *Spot) known(m *model) float64 {
	from := 10 * converged
	if m != nil {
		for i := range m.blur {
			from = max(from, 100*m.blur[i]/s.scale[i])
		}
	}
	return min(from, 0.01)
}

// attracts reports whether Newton's step leads to a smaller gradient, as it does
// near a stationary point that is no minimum. Where the value falls over an edge,
// both derivatives are large and the step is small for no good reason.
func (s *Spot) attracts(m *model) bool {
	if norm(m.step) == 0 {
		return true
	}
	g := make([]float64, len(s.x))
	s.Problem.Grad(s.along(1, m.step), g)
	before, after := 0.0, 0.0
	for i := range g {
		if !s.fixed[i] {
			before = max(before, math.Abs(s.g[i])*m.unit[i])
			after = max(after, math.Abs(g[i])*m.unit[i])
		}
	}
	return after <= 0.4*before // a double zero of the gradient leaves a quarter
}
