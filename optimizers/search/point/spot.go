package point

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
	"descent/optimizers/search"
)

// A Function is to be least. It needs the problem's Func, Grad and HVP.
type Function struct {
	Problem *search.Problem
	Names   []string       // of the variables
	Bounds  []search.Bound // of each
	Start   []float64      // where a search began, which tells the variables' scales
}

// value is the function: NaN and points out of bounds are +Inf.
func (fn *Function) value(x []float64) float64 {
	for i, b := range fn.Bounds {
		if !b.Contains(x[i]) {
			return math.Inf(1)
		}
	}
	if f := fn.Problem.Func(x); !math.IsNaN(f) {
		return f
	}
	return math.Inf(1)
}

// A Spot is a point of a function with the derivatives there.
type Spot struct {
	*Function
	x, g  []float64
	f     float64
	scale []float64 // what is a large change of each variable
	grain float64   // differences of the value between neighbours, near enough
	noise float64   // differences of the value up to this are rounding
	fixed []bool    // at a bound that holds the variable
}

// converged is the part of a variable's scale that it may still be off by.
const converged = 1e-7

// At looks at point x, where a search came that moved each variable by up to
// moved from the start.
func (fn *Function) At(x, moved []float64) *Spot {
	n := len(x)
	s := &Spot{Function: fn, x: slices.Clone(x), g: make([]float64, n), scale: make([]float64, n), fixed: make([]bool, n)}
	s.f = fn.Problem.Grad(x, s.g)
	for i := range x {
		s.scale[i] = max(math.Abs(x[i]), math.Abs(x[i]-fn.Start[i]), moved[i])
		if s.scale[i] == 0 {
			s.scale[i] = 1
		}
		if side := fn.Bounds[i].Side(x[i]); side != 0 && s.g[i]*side < 0 {
			s.fixed[i] = true
		}
	}
	s.grain = s.jitter()
	s.noise = float64(64*epsilon*math.Abs(s.f)) + s.grain
	return s
}

// F is the value.
func (s *Spot) F() float64 { return s.f }

// Gradient is the largest magnitude of an element of the gradient, NaN if one is.
func (s *Spot) Gradient() float64 { return largest(s.g) }

const epsilon = 0x1p-52

// signed draws a number between -1 and 1, the latter excluded. It is exact, so
// it is the same wherever products and sums are fused.
func signed(rng *rand.Rand) float64 {
	return float64(int64(rng.Uint64()<<11>>11)-1<<52) / (1 << 52)
}

// jitter is by how much the value changes when the variables move by a few units
// in the last place of their scales.
func (s *Spot) jitter() (most float64) {
	rng := rand.New(rand.NewPCG(2, uint64(len(s.x))))
	u := make([]float64, len(s.x))
	for range 8 {
		for i := range u {
			u[i] = s.scale[i] * signed(rng)
		}
		if d := math.Abs(s.value(s.along(16*epsilon, u)) - s.f); allFinite(d) {
			most = max(most, d)
		}
	}
	return 2 * most
}

// along returns x + t·u.
func (s *Spot) along(t float64, u []float64) []float64 {
	y := make([]float64, len(u))
	for i := range u {
		y[i] = s.x[i] + float64(t*u[i])
	}
	return y
}

// allFinite reports whether all numbers are.
func allFinite(x ...float64) bool {
	for _, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// reach is how far around a spot one looks, in units of the scales.
const reach = 0.1

// A slope says how the value changes from a point on in a direction.
type slope int

const (
	level slope = iota // it does not
	up
	down
	wall // it is not finite, or out of bounds
)

// A section is what lies on both sides of a spot along a direction.
type section struct {
	u           []float64
	left, right slope
	order       float64 // of the rise: 2 is smooth, 1 a kink, more is flat; 0 if not known
	steep       bool    // it goes down as the gradient says: the spot is on a slope
}

// cut looks along ±u, whose largest element is 1 in units of the scales, from
// the distance on to which the point is known, as far as the value differs from
// the spot's by more than rounding.
func (s *Spot) cut(u []float64, from float64) section {
	c := section{u: u}
	c.left = s.side(&c, -1, from)
	c.right = s.side(&c, 1, from)
	if c.left != up || c.right != up {
		return c
	}
	rise := func(t float64) float64 { return s.value(s.along(t, u)) + s.value(s.along(-t, u)) - float64(2*s.f) }
	t := from
	for t <= reach && rise(t) < 1e3*s.noise {
		t *= 2
	}
	if a, b := rise(t), rise(2*t); a > 0 && allFinite(a, b) {
		c.order = elementary.Log(b/a) / math.Ln2
	}
	return c
}

// side looks to one side until the value begins to differ.
func (s *Spot) side(c *section, sign, from float64) slope {
	for t := from; t <= reach; t *= 2 {
		f := s.value(s.along(sign*t, c.u))
		switch {
		case math.IsInf(f, 1) && t == from:
			return wall
		case f > s.f+s.noise:
			return up
		case f < s.f-s.noise:
			c.steep = c.steep || -sign*t*inner(s.g, c.u) > (s.f-f)/2
			return down
		}
	}
	return level
}

// sections cuts along the eigenvectors without positive curvature and along the
// axes, from where Newton's step does not matter.
func (s *Spot) sections(m *model) (out []section) {
	n := len(s.x)
	cut := func(v []float64) section { return s.cut(s.direction(v), s.known(m)) }
	for j, value := range m.values {
		if value <= flatness {
			dir := make([]float64, n)
			for i := range n {
				dir[i] = m.dirs[j][i] / s.scale[i]
			}
			if norm(s.clear(dir)) > 0 {
				out = append(out, cut(dir))
			}
		}
	}
	for i := range n {
		axis := make([]float64, n)
		axis[i] = 1
		if !s.fixed[i] && !slices.ContainsFunc(out, func(c section) bool { return math.Abs(c.u[i]) == s.scale[i] && only(c.u, i) }) {
			out = append(out, cut(axis))
		}
	}
	return out
}

// only reports whether element i is the only one that is not 0.
func only(u []float64, i int) bool {
	for k, x := range u {
		if k != i && x != 0 {
			return false
		}
	}
	return true
}

// levels names the direction of a section in which the value does not change,
// or the side of it, if there is one.
func (s *Spot) levels(c section) string {
	switch {
	case c.left == level && c.right == level:
		return max(s.name(c.u), s.name(times(-1, c.u))) // of both signs that without a minus
	case c.left == level:
		return s.name(times(-1, c.u))
	case c.right == level:
		return s.name(c.u)
	}
	return ""
}

// bounded reports whether some variable is at a bound.
func (s *Spot) bounded() bool {
	for i, b := range s.Bounds {
		if b.Side(s.x[i]) != 0 {
			return true
		}
	}
	return false
}

// Loose returns the variables that are not jammed: at an edge of the domain or at
// a kink, each for itself. A line search ends there though others could move on,
// since its direction goes over the edge. It is nil if that holds for all or none.
func (s *Spot) Loose() (open []int) {
	for i := range s.x {
		axis := make([]float64, len(s.x))
		axis[i] = s.scale[i]
		c := s.cut(axis, 10*converged)
		blunt := c.left == wall || c.right == wall || c.order > 0 && c.order < 1.5
		if !blunt || c.left == down || c.right == down {
			open = append(open, i)
		}
	}
	if len(open) == len(s.x) {
		return nil
	}
	return open
}
