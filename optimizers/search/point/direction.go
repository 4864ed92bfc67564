package point

import (
	"math"

	"descent/internal/digits"
	"descent/internal/elementary"
)

// Directions at a spot. Their largest element is 1 in units of the scales, and
// those of variables that a bound holds are 0.

// direction returns the direction v, in units of the scales, with a largest
// element of 1 in those units.
func (s *Spot) direction(v []float64) []float64 {
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
func (s *Spot) clear(u []float64) []float64 {
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
func (s *Spot) steepest() []float64 {
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
func (s *Spot) moved() []float64 {
	d := make([]float64, len(s.x))
	for i := range d {
		d[i] = s.x[i] - s.Start[i]
	}
	return d
}

// star returns the axes and a few directions between them.
func (s *Spot) star() (out [][]float64) {
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
func (s *Spot) name(u []float64) string {
	most, text, terms := largest(u), "", 0
	for i, x := range u {
		r := x / most
		if math.Abs(r) < 1e-3 {
			continue
		}
		if terms++; terms > 6 {
			return text + " + ..."
		}
		term := s.Names[i]
		if a := digits.Of(math.Abs(r), 3); a != "1" {
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

// largest is the largest magnitude, NaN if one is.
func largest(x []float64) (m float64) {
	for _, v := range x {
		if a := math.Abs(v); !(a <= m) {
			m = a
		}
	}
	return m
}
