package point

import (
	"math"
	"slices"
)

// How the value falls along a ray that has no end, or towards the edge of the
// function's domain.
type fall int

const (
	stops    fall = iota // it rises again
	forever              // without bound
	tapering             // for ever, towards a limit
)

// tail judges the falls from each of a row of points to the next, where the
// distances double: a value without bound loses as much in the later half as in
// the earlier one, if it falls as slowly as a logarithm, or more.
func tail(falls []float64) fall {
	if len(falls) < 8 {
		return stops // that is too few to tell
	}
	early, late := 0.0, 0.0
	for i, d := range falls {
		if i < len(falls)/2 {
			early += d
		} else {
			late += d
		}
	}
	switch {
	case !(early+late > 0):
		return stops
	case late > 0.1*early:
		return forever
	}
	return tapering
}

// ray follows the value along u to the end of the numbers, doubling the
// distance, as long as it does not rise. limit is the value there.
func (s *Spot) ray(u []float64) (how fall, limit float64) {
	var falls []float64
	limit = s.f
	for t := 1.0; ; t *= 2 {
		y := s.along(t, u)
		if !allFinite(y...) {
			break
		}
		f := s.value(y)
		switch {
		case math.IsInf(f, -1):
			return forever, f
		case math.IsInf(f, 1) && len(falls) >= 100: // an overflow within the formula
			return tail(falls), limit
		case !(f <= limit+float64(8*epsilon*math.Abs(limit))):
			return stops, limit
		}
		falls = append(falls, limit-f)
		limit = f
	}
	return tail(falls), limit
}

// cliff looks for the lowest value along u up to distance far, beyond which it
// is higher or not finite, and judges how the value falls towards that place
// from behind the spot on, where each distance to it is half of the one before:
// it is an edge of the domain, a pole, or only a minimum.
func (s *Spot) cliff(u []float64, far float64) fall {
	last, near := s.f, 0.0
	for {
		mid := near + float64((far-near)/2)
		y := s.along(mid, u)
		if mid == near || mid == far {
			break
		}
		f := s.value(y)
		if math.IsInf(f, -1) {
			return forever
		}
		if f > last || f == last && slices.Equal(y, s.x) {
			far = mid
		} else {
			last, near = f, mid
		}
	}
	if math.IsInf(s.value(s.along(far, u)), -1) {
		return forever
	}
	edge := *s
	edge.x, edge.f = s.along(near, u), last
	var falls []float64
	last = edge.value(edge.along(-reach, u))
	for t := reach / 2; ; t /= 2 {
		y := edge.along(-t, u)
		if f := edge.value(y); !slices.Equal(y, edge.x) && allFinite(f, last) {
			falls = append(falls, last-f)
			last = f
			continue
		}
		return tail(falls)
	}
}

// descends reports whether the value, where it first differs from the spot's by
// more than rounding, is lower along the steepest way down. |x-1e30| is level
// around 0 for a million billion, and has a slope all the same.
func (s *Spot) descends() bool {
	u := s.steepest()
	if u == nil {
		return false
	}
	for t := reach; ; t *= 2 {
		y := s.along(t, u)
		f := s.value(y)
		if !allFinite(y...) || !allFinite(f) || f > s.f+s.noise {
			return false
		}
		if f < s.f-s.noise {
			return true
		}
	}
}

// underflow reports whether the value is level at the spot only because what is
// left of it is lost in rounding: between there and the start it rises by less
// than any power would. exp(x) is such at -800.
func (s *Spot) underflow() bool {
	back := make([]float64, len(s.x))
	for i := range back {
		back[i] = s.Start[i] - s.x[i]
	}
	whole := s.value(s.along(1, back)) - s.f
	if !(whole > 0) || math.IsInf(whole, 1) {
		return false
	}
	level, risen := 0.0, 1.0
	for range 60 {
		if mid := level + float64((risen-level)/2); s.value(s.along(mid, back)) > s.f {
			risen = mid
		} else {
			level = mid
		}
	}
	return level > 1e-3 && s.value(s.along(risen+float64(1e-3*(1-risen)), back))-s.f < 1e-14*whole
}
