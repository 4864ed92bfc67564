package search

import (
	"errors"
	"math"
	"slices"

	"descent/internal/elementary"
)

var (
	errNoHVP       = errors.New("search: this method needs Hessian-vector products; ProblemOf provides them")
	errNoResiduals = errors.New("search: this method needs residuals; ResidualProblem provides them")
)

// LevenbergMarquardt minimises ½Σr² within bounds by steps that minimise a
// model of it within a trust region ‖D·d‖ ≤ Δ. There are two models, and where
// both are at hand the better step counts:
//
//	½‖J·d + r‖²                  of the residuals, Gauss and Newton
//	½‖J·d + r‖² + ½dᵀ(Σr·∇²r)d   of the value, with exact second derivatives
//
// Singular vectors of J keep directions that the residuals do not determine
// out of the step. The search is made from the start with D the largest column
// norms of J so far, then in other ways (see ways), for a sum of squares often
// has several minima; the lowest counts.
// Moré 1978, https://doi.org/10.1007/BFb0067700; Moré, Sorensen 1983,
// https://doi.org/10.1137/0904038.
type LevenbergMarquardt struct {
	Once bool `help:"search from the start only, not in other ways too"`
}

// Search implements [Method]. It needs Problem.Residuals.
func (m LevenbergMarquardt) Search(run *Run) Reason {
	if run.Problem.Residuals == nil {
		Fail(errNoResiduals)
	}
	s := newSquares(run)
	start := s.spot(s.inside(run.Start()))
	if run.Visit(start.x, start.f, start.grad) {
		return Finished
	}
	s.usual = start.f
	if s.linear = s.separable(start); !m.Once {
		s.starts = s.folded(start)
	}
	best, reason, agreed, live := start, NotFinite, 0, 0
	most, agreement := s.ways(m.Once)
	for i := range most {
		w := s.way(start, i)
		if w.from == nil {
			continue
		}
		s.usual = min(s.usual, w.from.f)
		end, why := s.descend(w)
		near := float64(1e-8*best.f) + min(best.noise(), end.noise())
		switch {
		case i == 0 || end.f < best.f-near:
			best, reason, agreed = end, why, 1
		case end.f <= best.f+near && why.Converged():
			agreed++
			if likeness(end.x, start.x) > likeness(best.x, start.x) || !reason.Converged() {
				best, reason = end, why
			}
		}
		if run.Exhausted() {
			return Finished
		}
		live = max(live, w.from.live(), end.live())
		if agreed >= agreement && best.live() == live && i >= 2+len(s.starts) {
			break
		}
	}
	best, reason = s.finish(best, reason)
	run.settle(best.x, best.f)
	if reason.Converged() {
		best = s.polish(best, start.f)
	}
	if s.isLinear() {
		s.fromOrigin(best)
	}
	return reason
}

// runsAway tells whether a parameter has gone far: after thousands of steps
// that only creep, the least value is at infinity.
func runsAway(start, from, to []float64) bool {
	for k, x := range from {
		if math.Abs(to[k]-x) > 0.5*math.Abs(x) || math.Abs(to[k]) > 1e8*(1+math.Abs(start[k])) {
			return true
		}
	}
	return false
}

// finish searches on, with more steps, from the lowest point seen: until it
// converges there, or no further at a jump of the value or the edge of where it
// is finite.
func (s *squares) finish(best *spot, reason Reason) (*spot, Reason) {
	for range 10 {
		lower := s.run.res.F < best.f-best.rounding()
		if lower && best.f <= 1e-16*s.usual { // all is noise: of equal minima the more alike
			lower = likeness(s.run.res.X, s.run.Problem.Start) >= likeness(best.x, s.run.Problem.Start)
		}
		if lower {
			best = s.spot(s.run.res.X)
		} else if reason.Converged() {
			break
		}
		from := best
		best, reason = s.descend(way{from: from, most: 10 * mostSteps})
		if best == from && (reason == Edge || s.run.res.F >= best.f-best.rounding()) {
			break
		}
		if reason == MaxIterations && runsAway(s.run.Problem.Start, from.x, best.x) {
			reason = NoMinimum
			break
		}
	}
	if s.run.res.F < best.f-best.rounding() && best.f > 1e-16*s.usual {
		best, reason = s.spot(s.run.res.X), NoProgress
	}
	return best, reason
}

const (
	mostSteps = 500 // of a search
	creep     = 50  // steps that together must change the value
)

// ways is how many searches may be made, and how many that reach the least value
// are enough: one if that is asked for, or if the problem is linear and so has
// one minimum; else fewer for larger problems.
func (s *squares) ways(once bool) (most, enough int) {
	if once || s.isLinear() {
		return 1, 1
	}
	size := s.rows * s.n
	enough = max(5, min(12, 20_000/size))
	return max(3, min(10*enough, 1_000_000/size)) + len(s.starts), enough
}

func (s *squares) isLinear() bool { return len(s.linear) == s.n && len(s.folds) == 0 }

// A way is how to search: from where, and in which trust region.
type way struct {
	from   *spot
	unit   bool  // D is 1, not the norms of J's columns
	linear []int // parameters solved for after each step
	most   int   // steps
	again  bool  // from another start: it is given up where it creeps
}

// way is the i-th way to search: as it stands, in the units of the parameters,
// with parameters that enter linearly solved for, and so on from other places of
// the kinks and waves, and from starts around the given one.
func (s *squares) way(start *spot, i int) way {
	w := way{from: start, unit: i == 1, most: mostSteps}
	switch {
	case i > 2 && i < 3+len(s.starts):
		w.from, w.again = s.starts[i-3], true
	case i > 2:
		w.from, w.again = s.look(s.scattered(start)), true
	}
	if i >= 2 && i%2 == 0 && len(s.linear) > 0 && w.from != nil {
		w.linear, w.from = s.linear, s.solved(w.from, s.linear)
	}
	return w
}

// scattered is a random point around a start: parameters change by factors,
// signs, or by what changes the residuals by their own size.
func (s *squares) scattered(start *spot) []float64 {
	x, norms := slices.Clone(start.x), columnNorms(start.jac, s.n)
	size := math.Sqrt(2 * start.f)
	for k := range x {
		b := elementary.Normal(s.random)
		switch a := s.random.Float64(); {
		case a < 0.35 && norms[k] > 0:
			x[k] += 2 * b * size / norms[k]
		case a < 0.5:
			x[k] = b * (1 + math.Abs(x[k]))
		case a < 0.65:
			x[k] *= -elementary.Exp(b)
		default:
			x[k] *= elementary.Exp(b)
		}
	}
	return s.inside(x)
}

// descend searches from a spot until the models promise nothing more.
func (s *squares) descend(w way) (*spot, Reason) {
	at, scale := w.from, make([]float64, s.n)
	switch {
	case !finite(at.f):
		return at, NotFinite
	case !finite(at.grad...):
		return at, Edge
	}
	s.rescale(scale, at, w.unit)
	radius := scaledNorm(scale, at.x)
	if radius == 0 {
		radius = 1
	}
	before, recent := at.f, math.Inf(1)
	for fails, steps := 0, 0; fails < 60; {
		next, d, fall, predicted := s.step(at, scale, radius, w)
		if predicted <= 1e-13*at.f {
			break
		}
		if s.run.Exhausted() {
			return at, Finished
		}
		length := scaledNorm(scale, d)
		switch ratio := fall / predicted; {
		case !(ratio > 0.25):
			radius = min(radius, length) / 4
		case ratio > 0.75 && length > 0.8*radius:
			radius *= 2
		}
		if next == nil {
			if stepVanishes(at.x, d) {
				break
			}
			fails++
			continue
		}
		fails, at = 0, next
		s.run.stepped()
		if steps++; steps%creep == 0 {
			if before-at.f <= 1e-10*at.f && s.cosine(at) <= 1e-5 {
				return at, ChangeSmall
			}
			before = at.f
		}
		if w.again && steps%10 == 0 {
			if at.f > s.run.res.F && at.f > 0.95*recent {
				return at, NoProgress // it creeps, and there is better
			}
			recent = at.f
		}
		if steps == w.most {
			return at, MaxIterations
		}
		s.rescale(scale, at, w.unit)
		if at.f <= s.run.res.F && s.run.Visit(at.x, at.f, at.grad) {
			return at, Finished
		}
	}
	return at, s.verdict(at)
}

// step tries the steps of both models and returns where the better one leads,
// nil if it is not lower, with its step, fall and predicted fall.
func (s *squares) step(at *spot, scale []float64, radius float64, w way) (next *spot, d []float64, fall, predicted float64) {
	low := at.f
	var to []float64
	for _, second := range []bool{false, true} {
		if second && (s.run.Problem.Bend == nil || w.unit && predicted > 1e-8*at.f) {
			continue
		}
		t, p := s.within(at, scale, radius, second)
		if d == nil {
			d = t
		}
		if p <= 1e-13*at.f {
			predicted = max(predicted, p)
			continue
		}
		x := s.inside(axpy(make([]float64, s.n), at.x, 1, t))
		f := s.run.probe(x)
		if len(w.linear) > 0 && finite(f) {
			if better := s.solved(s.spot(x), w.linear); better != nil && better.f < f {
				x, f = better.x, better.f
			}
		}
		if predicted == 0 || f < low {
			d, predicted = t, p
		}
		if f < low {
			low, to = f, x
		}
		if right := (at.f - f) / p; right > 0.9 && right < 1.1 {
			break // the other model has nothing to add
		}
	}
	if to == nil {
		return nil, d, 0, predicted
	}
	next = s.spot(to)
	if !(next.f < at.f) || !finite(next.grad...) {
		return nil, d, 0, predicted
	}
	return next, d, at.f - next.f, predicted
}

// verdict says what it means that no step leads lower: the residuals are at
// right angles to all that they can change, or their fall would drown in
// rounding, or the parameters have no more digits; else the search is stuck, at the edge
// of where the value is finite or at a kink.
func (s *squares) verdict(at *spot) Reason {
	d, predicted := s.whole(at, false)
	switch {
	case s.cosine(at) <= 1e-5, predicted <= at.noise():
		return ChangeSmall
	case stepNegligible(at.x, d):
		return StepSmall
	}
	if beside := s.spot(s.inside(axpy(make([]float64, s.n), at.x, 1e-6, d))); !finite(beside.f) {
		return Edge
	}
	return NoProgress
}

// polish takes whole steps where the value is too flat to compare, as long as
// they become shorter: the last digits of the parameters. The value stays that
// of the best point but for rounding, and below the first.
func (s *squares) polish(at *spot, first float64) *spot {
	most := min(first, at.f+at.rounding())
	before := math.Inf(1)
	for range 50 {
		d, _ := s.whole(at, true)
		if d == nil {
			d, _ = s.whole(at, false)
		}
		size := scaledNorm(columnNorms(at.jac, s.n), d)
		if !(size < 0.9*before) || stepVanishes(at.x, d) {
			break
		}
		next := s.spot(s.inside(axpy(make([]float64, s.n), at.x, 1, d)))
		if !(next.f <= most) || !finite(next.grad...) {
			break
		}
		before, at, most = size, next, min(most, next.f+next.rounding())
		s.run.settle(at.x, at.f)
		if s.run.Visit(at.x, at.f, at.grad) {
			break
		}
	}
	return at
}

// likeness counts the signs and the orders of pairs that two points share:
// which of several equal minima belongs to a start, as where two terms of a
// sum may be exchanged.
func likeness(x, y []float64) (same int) {
	for i := range x {
		if x[i]*y[i] > 0 {
			same++
		}
		for j := range i {
			if (x[i]-x[j])*(y[i]-y[j]) > 0 {
				same++
			}
		}
	}
	return same
}

func finite(xs ...float64) bool {
	return !slices.ContainsFunc(xs, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

func stepVanishes(x, d []float64) bool {
	for i := range x {
		if x[i]+d[i] != x[i] {
			return false
		}
	}
	return true
}

func stepNegligible(x, d []float64) bool {
	for i := range x {
		if !(math.Abs(d[i]) <= 1e-9*math.Abs(x[i])) {
			return false
		}
	}
	return true
}

// scaledNorm returns ‖D·d‖.
func scaledNorm(diag, d []float64) (size float64) {
	for k := range d {
		size = elementary.Hypot(size, d[k]*diag[k])
	}
	return size
}
