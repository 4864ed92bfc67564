package plot

import (
	"fmt"
	"math"
)

// extreme is the greatest number drawn; beyond it, the width of a range could
// overflow. Greater ones count as infinite.
const extreme = 1e300

// A span is a range of values of one coordinate.
type span struct{ lo, hi float64 }

var nothing = span{math.Inf(1), math.Inf(-1)}

func (s span) empty() bool           { return !(s.lo <= s.hi) }
func (s span) with(v float64) span   { return span{min(s.lo, v), max(s.hi, v)} }
func (s span) within(v float64) bool { return s.lo <= v && v <= s.hi }

// bounds is what the layers need of the axes, and what they could not draw.
type bounds struct {
	x, y       span
	logX, logY bool
	padX, padY bool // leave room around the data
	wants      bool // a layer draws on whatever range the others give
	touchY     bool // the data begins at y's lower end: no room below
	infinite   int  // values that are NaN or infinite
	dropX      int  // values not above zero, on a logarithmic axis
	dropY      int
}

// take says whether a point can be drawn, and counts why not.
func (b *bounds) take(x, y float64) bool {
	switch {
	case !drawable(x, false) || !drawable(y, false):
		b.infinite++
	case !drawable(x, b.logX):
		b.dropX++
	case !drawable(y, b.logY):
		b.dropY++
	default:
		return true
	}
	return false
}

func drawable(v float64, log bool) bool {
	return math.Abs(v) <= extreme && !(log && v <= 0)
}

// add grows the ranges by a series.
func (b *bounds) add(s series) {
	for i := range s.y {
		if !b.take(s.x[i], s.y[i]) {
			continue
		}
		b.x, b.y = b.x.with(s.x[i]), b.y.with(s.y[i])
		if s.lo == nil {
			continue
		}
		// An end of a band that cannot be drawn on a logarithmic axis goes to
		// the axis' end instead.
		for _, v := range []float64{s.lo[i], s.hi[i]} {
			if drawable(v, b.logY) {
				b.y = b.y.with(v)
			} else if drawable(v, false) {
				b.dropY++
			} else {
				b.infinite++
			}
		}
	}
}

// notes tells the reader what is missing from the picture.
func (b *bounds) notes() []string {
	var out []string
	say := func(n int, one, many string) {
		if n == 1 {
			out = append(out, one)
		} else if n > 1 {
			out = append(out, fmt.Sprintf(many, n))
		}
	}
	say(b.infinite, "1 value is NaN or infinite: not drawn", "%d values are NaN or infinite: not drawn")
	say(b.dropX, "1 value of x is not above 0: not drawn on the logarithmic axis", "%d values of x are not above 0: not drawn on the logarithmic axis")
	say(b.dropY, "1 value of y is not above 0: not drawn on the logarithmic axis", "%d values of y are not above 0: not drawn on the logarithmic axis")
	return out
}

// A scale maps one coordinate to where it is drawn.
type scale struct {
	span
	log    bool
	p0, p1 float64 // where lo and hi are drawn
	names  []string
	widest float64 // what longer names are shortened to
	say    func(string) string
}

// far is where a point outside the figure is put at most. Lines to it still
// leave the figure in the right direction, and its arithmetic is exact enough.
const far = 1e5

func (s scale) unit(v float64) float64 {
	if s.log {
		lo := math.Log10(s.lo)
		return (math.Log10(v) - lo) / (math.Log10(s.hi) - lo)
	}
	return (v - s.lo) / (s.hi - s.lo)
}

// at is NaN for a value that cannot be drawn.
func (s scale) at(v float64) float64 {
	if !drawable(v, s.log) {
		return math.NaN()
	}
	return min(max(s.p0+s.unit(v)*(s.p1-s.p0), -far), far)
}

// value is the inverse of unit.
func (s scale) value(u float64) float64 {
	if s.log {
		lo := math.Log10(s.lo)
		return min(max(math.Pow(10, lo+u*(math.Log10(s.hi)-lo)), 1/extreme), extreme)
	}
	return s.lo + u*(s.hi-s.lo)
}

// newScale settles an axis' range: the ends it was given, the data's for the
// others with a little room if pad.
func newScale(a Axis, data span, pad, touch bool) (scale, error) {
	s := scale{span: data, log: a.Log, names: a.Names}
	given := a.Min != a.Max
	fixedLo, fixedHi := given && !math.IsNaN(a.Min), given && !math.IsNaN(a.Max)
	if fixedLo && fixedHi && !(a.Min < a.Max) ||
		fixedLo && !drawable(a.Min, a.Log) || fixedHi && !drawable(a.Max, a.Log) {
		kind := ""
		if a.Log {
			kind = "logarithmic "
		}
		return s, fmt.Errorf("plot: %saxis %q: cannot go from %g to %g", kind, clean(a.Label), a.Min, a.Max)
	}
	if fixedLo {
		s.lo = a.Min
	}
	if fixedHi {
		s.hi = a.Max
	}
	s.fill(fixedLo, fixedHi)
	s.room(pad && !fixedLo && !touch, pad && !fixedHi)
	return s, nil
}

// fill gives ends to a range that has none, or no width: the range must be wide
// enough for float64 to have numbers in it.
func (s *scale) fill(fixedLo, fixedHi bool) {
	if math.IsInf(s.lo, 1) || s.lo > s.hi && !fixedLo {
		s.lo = s.hi
	}
	if math.IsInf(s.hi, -1) || s.lo > s.hi && !fixedHi {
		s.hi = s.lo
	}
	if math.IsInf(s.lo, 0) || math.IsInf(s.hi, 0) {
		s.lo, s.hi = 0, 1
		if s.log {
			s.lo, s.hi = .1, 10
		}
		return
	}
	if s.log {
		s.lo, s.hi = max(s.lo, 1/extreme), max(s.hi, 1/extreme)
		if s.hi/2 < s.lo/2*(1+1e-9) {
			s.lo, s.hi = s.lo/2, s.hi*2
		}
		return
	}
	if w := math.Max(math.Abs(s.lo), math.Abs(s.hi)); !(s.hi-s.lo > 1e-9*w && s.hi-s.lo > 1/extreme) {
		d := .1 * w
		if w <= 1e3/extreme {
			d = 1
		}
		s.lo, s.hi = s.lo-d, s.hi+d
	}
}

// room widens the range by a twentieth at the ends that ask for it.
func (s *scale) room(lo, hi bool) {
	const room = .05
	from, to := *s, *s
	if lo {
		s.lo = from.value(-room)
	}
	if hi {
		s.hi = to.value(1 + room)
	}
}
