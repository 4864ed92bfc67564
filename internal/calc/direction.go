package calc

import (
	"fmt"
	"math"

	"descent/internal/elementary"
)

// Directions at a spot. Their largest element is 1 in units of the scales, and
// those of variables that a bound holds are 0.

// direction returns the direction v, in units of the scales, with a largest
// element of 1 in those units.
func (s *spot) direction(v []float64) []float64 {
	most := largest(v)
	u := make([]float64, len(v))
	for i := range v {
		if r := v[i] / most; math.Abs(r) > 1e-6 && !s.fixed[i] {
			u[i] = r * s.scale[i]
		}
	}
	return u
}

// clear sets the elements of fixed variables to 0.
func (s *spot) clear(u []float64) []float64 {
	for i := range u {
		if s.fixed[i] {
			u[i] = 0
		}
	}
	return u
}

// times returns a·u.
func times(a float64, u []float64) []float64 {
	v := make([]float64, len(u))
	for i := range u {
		v[i] = a * u[i]
	}
	return v
}

// steepest is the direction downhill, nil without a gradient.
func (s *spot) steepest() []float64 {
	d := make([]float64, len(s.x))
	for i := range d {
		d[i] = -s.g[i] * s.scale[i]
	}
	if most := largest(s.clear(d)); most == 0 || !allFinite(most) {
		return nil
	}
	return s.direction(d)
}

// moved is the way from the start.
func (s *spot) moved() []float64 {
	d := make([]float64, len(s.x))
	for i := range d {
		d[i] = s.x[i] - s.start[i]
	}
	return d
}

// star returns the axes and a few directions between them.
func (s *spot) star() (out [][]float64) {
	n := len(s.x)
	for i := range n {
		if s.fixed[i] {
			continue
		}
		axis := make([]float64, n)
		axis[i] = 1
		out = append(out, s.direction(axis))
	}
	for k := range min(n, 2) * (n + 2) {
		v := make([]float64, n)
		for i := range v {
			v[i] = elementary.Cos(float64((k + 1) * (i*i + i + 1))) // spread, and the same each time
		}
		if n > 1 && norm(s.clear(v)) > 0 {
			out = append(out, s.direction(v))
		}
	}
	return out
}

// name writes a direction as a sum of variables, such as x - 0.5*y, the first
// few of them.
func (s *spot) name(u []float64) string {
	most, text, terms := largest(u), "", 0
	for i, x := range u {
		r := x / most
		if math.Abs(r) < 1e-3 {
			continue
		}
		if terms++; terms > 6 {
			return text + " + ..."
		}
		term := s.names[i]
		if a := fmt.Sprintf("%.3g", math.Abs(r)); a != "1" {
			term = a + "*" + term
		}
		switch {
		case text == "" && r < 0:
			text = "-" + term
		case text == "":
			text = term
		case r < 0:
			text += " - " + term
		default:
			text += " + " + term
		}
	}
	return text
}
