package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
	"descent/internal/leastsq"
	"descent/optimizers/search"
)

// judge decides whether the search has converged. The method for least squares
// knows, but at a kink of the model; others stop for reasons of their own, and
// are looked after.
func (f *Fit) judge(s *ending) {
	switch {
	case s.marquardt && s.result.Reason.Converged():
		f.Converged = true
	case s.result.Reason == search.Cancelled, s.result.Reason == search.Edge, s.result.Reason == search.NoMinimum:
	case s.marquardt && s.result.Reason == search.NoProgress:
		if _, found := s.lower(); !found && !notFinite(s.result.F) {
			f.Converged = true
			f.Notes = append(f.Notes, "the minimum is at a kink or a jump of the model: standard errors mean little")
		}
	case f.Loss != nil:
		_, found := s.lower()
		f.Converged = !found && !notFinite(s.result.F)
	default:
		f.Converged = f.Exact || s.stationary()
	}
	if !f.Converged {
		why := f.Stopped
		if s.result.Reason.Converged() {
			why += ", but lower values are near"
		}
		f.Notes = slices.Insert(f.Notes, 0, fmt.Sprintf("not converged (%s): the estimates are only where the search stopped", why))
	}
}

// An ending is what was minimised, and how it ended.
type ending struct {
	problem   *search.Problem
	residuals *search.Problem // of least squares, also if the loss is another
	result    *search.Result
	free      []search.Bound // of the variables behind the parameters; nil if there are none
	steps     int
	marquardt bool
	once      bool // from the start alone
}

// linear returns the residuals and the factors of their Jacobian where the
// search ended. A parameter at a bound does not move.
func (s *ending) linear() ([]float64, []float64, *leastsq.Factor) {
	n, rows := len(s.result.X), s.residuals.Count
	r, jac := make([]float64, rows), make([]float64, rows*n)
	s.residuals.Residuals(s.result.X, r, jac)
	for k, x := range s.result.X {
		if s.held(k, x) {
			for i := range r {
				jac[i*n+k] = 0
			}
		}
	}
	return r, jac, leastsq.New(jac, rows, n)
}

// held tells whether parameter k is at a bound when its variable is x.
func (s *ending) held(k int, x float64) bool {
	if s.free != nil {
		return s.free[k].Side(s.free[k].Value(x)) != 0
	}
	return x <= s.problem.Lower[k] || x >= s.problem.Upper[k]
}

// stationary tells whether a step of Gauss and Newton would lower the sum of
// squares by less than one part in 1e10.
func (s *ending) stationary() bool {
	r, jac, factor := s.linear()
	d := factor.Solve(r)
	n, fall, sum := len(d), 0.0, 0.0
	for i, v := range r {
		along := 0.0
		for k, x := range d {
			along += float64(jac[i*n+k] * x)
		}
		fall += float64(along * along)
		sum += float64(v * v)
	}
	return fall <= 1e-10*sum
}

// lower looks for a lower point around where the search ended: some way along
// each parameter, along how it moves the others, along mixtures of these, and
// along the kinks of the model. It needs no derivatives but for the last, so it
// sees past kinks too.
func (s *ending) lower() (at []float64, found bool) {
	r, jac, factor := s.linear()
	n, size := len(s.result.X), 0.0
	for _, v := range r {
		size = elementary.Hypot(size, v)
	}
	size /= math.Sqrt(float64(len(r)))
	low := s.result.F - float64(1e-8*math.Abs(s.result.F))
	try := func(step float64, way []float64) {
		x := s.moved(step, way)
		if f := s.problem.Func(x); f < low {
			at, low = x, f
		}
	}
	around := ways(factor.Covariance(), n)
	for _, way := range around {
		for _, h := range []float64{1, 0.1, 1e-2, 1e-3, 1e-4, 1e-5} {
			try(h*size, way)
			try(-h*size, way)
		}
	}
	if s.marquardt {
		along := s.seam(r, jac, around, size)
		for h := 1.0; h > 1e-3; h /= 2 {
			try(h, along)
		}
	}
	return at, at != nil
}

// moved is where the search ended, moved by step·way as far as the bounds that
// the method keeps.
func (s *ending) moved(step float64, way []float64) []float64 {
	x := slices.Clone(s.result.X)
	for k := range x {
		x[k] += float64(step * way[k])
		if s.problem.Lower != nil {
			x[k] = max(s.problem.Lower[k], min(s.problem.Upper[k], x[k]))
		}
	}
	return x
}

// seam is the step of Gauss and Newton along the kinks that meet where the
// search ended: a row at a kink has another derivative a little way off, and the
// step is at right angles to the difference.
func (s *ending) seam(r, jac []float64, around [][]float64, size float64) []float64 {
	n := len(s.result.X)
	most, normal := make([]float64, len(r)), make([]float64, len(jac))
	other, bent, scale := make([]float64, len(r)), make([]float64, len(jac)), make([]float64, n)
	for i, j := range jac {
		scale[i%n] = elementary.Hypot(scale[i%n], j)
	}
	for _, way := range around {
		for _, step := range []float64{1e-7 * size, -1e-7 * size} {
			s.residuals.Residuals(s.moved(step, way), other, bent)
			for i := range r {
				here, there := jac[i*n:(i+1)*n], bent[i*n:(i+1)*n]
				was, is := 0.0, 0.0 // their sizes, in units of the columns
				for k, x := range s.result.X {
					if there[k] -= here[k]; s.held(k, x) || scale[k] == 0 {
						there[k] = 0
						continue
					}
					was, is = elementary.Hypot(was, here[k]/scale[k]), elementary.Hypot(is, there[k]/scale[k])
				}
				if is > max(most[i], 1e-3*was) && !notFinite(is) {
					most[i] = is
					copy(normal[i*n:], there)
				}
			}
		}
	}
	const firm = 1e6 // so much more than the rows themselves do these count
	all, rest := slices.Clone(jac), slices.Clone(r)
	for i, d := range most {
		if d > 0 {
			for _, x := range normal[i*n : (i+1)*n] {
				all = append(all, firm*x)
			}
			rest = append(rest, 0)
		}
	}
	return leastsq.New(all, len(rest), n).Solve(rest)
}

// ways are directions to look along, in units of standard deviations.
func ways(cov []float64, n int) (out [][]float64) {
	var together [][]float64
	for k := range n {
		deviation := math.Sqrt(cov[k*n+k])
		if !(deviation > 0) {
			continue
		}
		alone, with := make([]float64, n), make([]float64, n)
		alone[k] = deviation
		for i := range n {
			with[i] = cov[k*n+i] / deviation
		}
		out, together = append(out, alone), append(together, with)
	}
	out = append(out, together...)
	rng := rand.New(rand.NewPCG(1, 2)) // the same ways each time
	for range 20 * n {
		mixed := make([]float64, n)
		for _, d := range together {
			share := elementary.Normal(rng)
			for i, x := range d {
				mixed[i] += float64(share * x)
			}
		}
		out = append(out, mixed)
	}
	return out
}
