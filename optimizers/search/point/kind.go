// Package point says what a point of a function is, as a search for a minimum
// may end there: a minimum, a maximum or a saddle, maybe at a bound, at a kink or
// at the edge of the function's domain, or no stationary point at all. It goes by
// the Hessian, scaled by its diagonal, and by values around the point.
package point

import (
	"math"
	"slices"
	"strings"

	"descent/internal/digits"
)

// The classes of points, in words that a search for a minimum has.
const (
	Minimum      = "minimum"
	Maximum      = "maximum"
	Saddle       = "saddle"
	Flat         = "flat"
	Unbounded    = "unbounded"
	NoMinimum    = "no minimum"
	NotConverged = "not converged"
	NotFinite    = "not finite"
	Unknown      = "unknown"
)

// Where a minimum can be that a gradient of 0 does not show.
const (
	atBound = " at a bound"
	atEdge  = " at the edge of the domain"
	atKink  = " at a kink"
)

// A Kind says what a point is.
type Kind struct {
	Class       string // one of the above
	where       string // atBound, or the like
	how         string // what the directions are, in words
	Directions  []string
	Eigenvalues []float64 // of the Hessian
	limit       float64   // of a value that falls for ever
	level       bool      // in some direction the value does not change
}

// Stationary reports whether a search can end there, having found something.
func (v Kind) Stationary() bool {
	switch v.Class {
	case Minimum, Maximum, Saddle, Flat, Unknown:
		return true
	}
	return false
}

// low reports whether nothing near is lower.
func (v Kind) low() bool { return v.Class == Minimum || v.Class == Flat }

// Text is the kind in words. sign is -1 where the function is the negative of
// the one that was asked for.
func (v Kind) Text(sign float64) string {
	s := v.Class + v.where + v.how + strings.Join(v.Directions, ", ")
	if v.Class == NoMinimum {
		s += ", towards " + digits.Of(float64(sign*v.limit), 6)
	}
	return s
}

// MaxEigen is the number of variables up to which the kind of a point is found.
const MaxEigen = 200

// Kind says what the spot is: a point where Newton's step is small in units
// of the variables' scales is judged by the Hessian, scaled by its diagonal, and
// by the values around; any other by whether it is at a kink or an edge of the
// domain, and by where the value goes from there.
func (s *Spot) Kind() (Kind, error) {
	switch {
	case !allFinite(s.f):
		return Kind{Class: NotFinite}, nil
	case len(s.x) > MaxEigen:
		return s.large(), nil
	}
	var v Kind
	m, err := s.model()
	if err != nil {
		return v, err
	}
	near := m != nil && m.small && s.attracts(m)
	if u := s.steepest(); u != nil && !near && s.cliff(u, s.known(m)) == forever {
		v = s.pole(u)
	} else if w := s.level(m); w.Class != NotConverged && (near || w.low() && (m.small || !w.level)) {
		v = w
	} else {
		v = s.elsewhere()
	}
	if m != nil {
		v.Eigenvalues = m.plain
	}
	return v, nil
}

// large is the kind with too many variables for a Hessian: the gradient has
// to be small, or much smaller than at the start.
func (s *Spot) large() Kind {
	first := make([]float64, len(s.x))
	s.Problem.Grad(s.Start, first)
	if g := largest(s.clear(slices.Clone(s.g))); g <= 1e-8 || g <= converged*largest(first) {
		return Kind{Class: Unknown, how: ": too many variables for the Hessian"}
	}
	return Kind{Class: NotConverged}
}

// level is the kind if the gradient is 0 as far as can be told: Newton's step
// is small, or nothing is to be gained by it.
func (s *Spot) level(m *model) Kind {
	if m == nil || !m.small && m.fall > 64*epsilon*math.Abs(s.f) || s.jumps() {
		return Kind{Class: NotConverged}
	}
	return s.stationary(m)
}

// jumps reports whether the value changes as much from one number to the next as
// it does over a distance: what Newton's step and the noise say is void then.
func (s *Spot) jumps() bool {
	for _, u := range s.star() {
		for _, t := range []float64{-reach, reach} {
			if d := math.Abs(s.value(s.along(t, u)) - s.f); s.grain > d/4 && d > 0 {
				return true
			}
		}
	}
	return false
}

// stationary judges a spot whose gradient is 0 as far as can be told. It leaves
// the kind open where the values say that it is on a slope.
func (s *Spot) stationary(m *model) (v Kind) {
	var flat, weak []string
	rises, falls := m.values[len(m.values)-1] > flatness, false
	kinks, walls, held := false, false, slices.Contains(s.fixed, true)
	for _, c := range s.sections(m) {
		if c.steep {
			v.Class = NotConverged
			return v
		}
		rises = rises || c.left == up || c.right == up
		falls = falls || c.left == down || c.right == down
		walls = walls || c.left == wall || c.right == wall
		kinks = kinks || c.order > 0 && c.order < 1.5
		if name := s.levels(c); name != "" {
			flat = append(flat, name)
		} else if c.order > 3 {
			weak = append(weak, s.name(c.u))
		}
	}
	switch {
	case rises && falls:
		v.Class = Saddle
		return v
	case falls:
		v.Class = Maximum
	case rises || walls || held:
		v.Class = Minimum
	default:
		v.Class = Flat
	}
	switch {
	case held || walls && s.bounded():
		v.where = atBound
	case walls:
		v.where = atEdge
	case kinks:
		v.where = atKink
	}
	v.level = len(flat) > 0
	switch {
	case v.level && s.underflow():
		return s.lost()
	case v.level && s.descends():
		return Kind{Class: NotConverged}
	case v.Class == Flat:
		v.how, v.Directions = " in these directions: ", flat
	case v.level:
		v.how, v.Directions = ", flat in these directions: ", flat
	case len(weak) > 0:
		v.how, v.Directions = ", flat to second order in these directions: ", weak
	}
	return v
}

// lost is the kind on a spot where a value that falls for ever is rounded.
func (s *Spot) lost() Kind {
	return Kind{Class: NoMinimum, how: ": the value falls for ever, by less than rounding here, in the direction ",
		Directions: []string{s.name(s.moved())}, limit: s.f}
}

// elsewhere judges a spot whose gradient is not 0, or is not there.
func (s *Spot) elsewhere() Kind {
	crease, downhill := s.creased()
	if crease {
		return s.around(atKink)
	}
	if w := s.around(atEdge); w.Class != NotConverged {
		return w
	}
	var rays [][]float64
	for _, u := range [][]float64{s.steepest(), s.moved(), downhill} {
		if u != nil && norm(u) > 0 {
			rays = append(rays, u)
		}
	}
	for _, u := range s.star() {
		rays = append(rays, u, times(-1, u))
	}
	for _, u := range rays {
		how, limit := s.ray(u)
		switch how {
		case forever:
			return s.unbounded(u)
		case tapering:
			if math.Abs(limit) < 1e-9*math.Abs(s.f) {
				limit = 0
			}
			return Kind{Class: NoMinimum, how: ": the value falls for ever in the direction ", Directions: []string{s.name(u)}, limit: limit}
		}
	}
	if s.underflow() {
		return s.lost()
	}
	return Kind{Class: NotConverged}
}

// Unbounded is the kind where the value was seen to fall without bound on the way
// from the start.
func (s *Spot) Unbounded() Kind { return s.unbounded(s.moved()) }

// unbounded is the kind where the value falls for ever along u.
func (s *Spot) unbounded(u []float64) Kind {
	if norm(u) == 0 {
		return Kind{Class: Unbounded, how: ": the value falls without bound"}
	}
	return Kind{Class: Unbounded, how: ": the value falls without bound in the direction ", Directions: []string{s.name(u)}}
}

// pole is the kind on a spot beside one.
func (s *Spot) pole(u []float64) Kind {
	return Kind{Class: Unbounded, how: ": the value falls without bound near this point, in the direction ", Directions: []string{s.name(u)}}
}

// around judges a spot without a gradient by the values along the axes and
// along directions between them, a little farther off than it is known.
func (s *Spot) around(where string) Kind {
	const near = 10 * converged
	rises, falls, walls := false, false, false
	for _, u := range s.star() {
		for _, sign := range []float64{-1, 1} {
			f := s.value(s.along(sign*near, u))
			rises, falls, walls = rises || f > s.f && !math.IsInf(f, 1), falls || f < s.f, walls || math.IsInf(f, 1)
			if to := times(sign, u); math.IsInf(f, 1) && s.cliff(to, near) == forever {
				return s.pole(to)
			}
		}
	}
	kink := where == atKink
	v := Kind{where: where}
	switch {
	case kink && rises && falls:
		v.Class = Saddle
	case kink && falls:
		v.Class = Maximum
	case kink || walls && !falls:
		v.Class = Minimum
	default:
		v.Class, v.where = NotConverged, ""
	}
	if walls && v.Class == Minimum && s.bounded() {
		v.where = atBound
	}
	return v
}
