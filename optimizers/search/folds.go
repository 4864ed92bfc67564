package search

import (
	"cmp"
	"math"
	"slices"

	"descent/internal/leastsq"
)

// A sum of squares may have a minimum for each place between the rows where a
// kink, a jump or a bump of the model can lie, and for each number of waves
// that the rows can span. Where such places can be seen in the model's graph,
// searches start from the best of them too.

// A fold is an expression with a number for each row, and what it does there.
type fold struct {
	at   func(x, t, jac []float64) // as Problem.Residuals
	does shape
}

type shape int

const (
	smooth shape = iota
	kink         // where the expression is 0, or a jump
	bump         // around where it is 0
	wave         // a sine of it is taken
)

// findFolds returns the folds within an expression that the parameters move.
func (p *Problem) findFolds(r *node, vs []*node) (folds []fold) {
	moved := map[*node]bool{}
	var walk func(n *node) bool
	walk = func(n *node) bool {
		if m, seen := moved[n]; seen {
			return m
		}
		m := slices.Contains(p.params, n)
		for i := range n.Arity() {
			m = walk(n.Arg(i)) || m
		}
		moved[n] = m
		if !m {
			return false
		}
		arguments, does := foldsOf(n)
		for _, a := range arguments {
			if a.Shape() != r.Shape() {
				continue
			}
			if at, err := p.linearised(a, vs); err == nil {
				folds = append(folds, fold{at, does})
			}
		}
		return true
	}
	walk(r)
	return folds
}

// bumps are functions that do most of what they do near 0; squares are too.
var bumps = []string{"tanh", "erf", "erfc", "sigmoid", "atan", "sech"}

// foldsOf returns the folds that the op that made n has.
func foldsOf(n *node) (arguments []*node, does shape) {
	in := make([]*node, n.Arity())
	for i := range in {
		in[i] = n.Arg(i)
	}
	c, _ := n.Describe()
	switch k := n.Kink(); {
	case c.Name == "sin" || c.Name == "cos":
		return in, wave
	case slices.Contains(bumps, c.Name), c.Name == "mul" && in[0] == in[1]:
		return in[:1], bump
	case k.Gaps != nil:
		return k.Gaps(in...), kink
	}
	return nil, smooth
}

// folded returns the best points that move the folds, the best ones first:
// one fold after the other, as long as the value falls by much.
func (s *squares) folded(start *spot) (best []*spot) {
	const most, rounds = 9, 4
	at := start
	for range min(rounds, len(s.folds)) {
		best = append(best, s.refolded(at)...)
		slices.SortStableFunc(best, byValue)
		best = best[:min(len(best), most)]
		if len(best) == 0 || !(best[0].f < 0.9*at.f) {
			break
		}
		at = best[0]
	}
	return best
}

// refolded returns the best points that move one of the folds.
func (s *squares) refolded(from *spot) (best []*spot) {
	const each = 3 // of a fold
	var known []*bend
	for _, f := range s.folds {
		b := newBend(s, f, from.x)
		if slices.ContainsFunc(known, b.same) || !finite(b.t...) || !finite(b.jac...) {
			continue
		}
		known = append(known, b)
		var of []*spot
		for _, x := range b.places() {
			if s.run.stepped(); s.run.Exhausted() {
				return best
			}
			if at := s.settled(x, f.does); at != nil {
				of = append(of, at)
				slices.SortStableFunc(of, byValue)
				of = of[:min(len(of), each)]
			}
		}
		best = append(best, of...)
	}
	return best
}

func byValue(a, b *spot) int { return cmp.Compare(a.f, b.f) }

// settled is the point x, with linear parameters solved for if that is better. A
// kink parts the rows, and the parts have to be fitted before it can be judged.
func (s *squares) settled(x []float64, does shape) *spot {
	at := s.look(s.inside(x))
	if at != nil && len(s.linear) > 0 {
		if better := s.solved(at, s.linear); better != nil && better.f < at.f {
			at = better
		}
	}
	if at != nil && does == kink {
		at, _ = s.descend(way{from: at, most: 10})
	}
	return at
}

// A bend is a fold at a point.
type bend struct {
	fold
	s         *squares
	x, t, jac []float64
	factor    *leastsq.Factor // of jac
}

func newBend(s *squares, f fold, x []float64) *bend {
	b := &bend{fold: f, s: s, x: slices.Clone(x), t: make([]float64, s.rows), jac: make([]float64, s.rows*s.n)}
	b.at(b.x, b.t, b.jac)
	b.factor = leastsq.New(b.jac, s.rows, s.n)
	return b
}

// same tells whether two folds are one, as in sin(w*x) + cos(w*x).
func (b *bend) same(o *bend) bool { return b.does == o.does && slices.Equal(b.t, o.t) }

// most is how many places of a fold are tried.
func (b *bend) most() int { return max(3, min(200, 20_000_000/len(b.jac))) }

func (b *bend) places() [][]float64 {
	if b.does == wave {
		return append(b.stretched(1), b.stretched(-1)...)
	}
	return b.shifted()
}

// shifted returns points at which the kink is between other rows.
func (b *bend) shifted() (xs [][]float64) {
	t := slices.Clone(b.t)
	slices.Sort(t)
	t = slices.Compact(t)
	last, count := len(t)-1, min(b.most(), 40, len(t)-1)
	for i := range count {
		k := i * last / count
		if x := b.moved(func(float64) float64 { return -(t[k] + t[k+1]) / 2 }); x != nil {
			xs = append(xs, x)
		}
	}
	return xs
}

// stretched returns points at which the rows span more and more waves, up to
// half a wave from row to row, or fewer and fewer; each in two phases.
func (b *bend) stretched(way float64) (xs [][]float64) {
	top := float64(math.Pi * float64(len(b.t)))
	for range b.most() / 4 {
		low, high := slices.Min(b.t), slices.Max(b.t)
		span, mean := high-low, (low+high)/2
		if !(span > 0.5) || way > 0 && span > top {
			break
		}
		step := min(math.Pi/2, span/4)
		if span > top {
			step = span - top
		}
		x := b.moved(func(t float64) float64 { return way * step * ((t - mean) / span) })
		if x == nil {
			break
		}
		b = newBend(b.s, b.fold, b.s.inside(x))
		if !finite(b.t...) || !finite(b.jac...) {
			break
		}
		xs = append(xs, b.x)
		if x := b.moved(func(float64) float64 { return math.Pi / 2 }); x != nil {
			xs = append(xs, x)
		}
	}
	return xs
}

// moved returns the nearest point at which each t has changed by what is
// wanted of it, to first order; nil if there is none.
func (b *bend) moved(want func(t float64) float64) []float64 {
	r, size, missing := make([]float64, len(b.t)), 0.0, 0.0
	for i, t := range b.t {
		r[i] = -want(t)
	}
	d := b.factor.Solve(r)
	for i, w := range r {
		size += float64(w * w)
		m := w + dot(b.jac[i*len(b.x):(i+1)*len(b.x)], d)
		missing += float64(m * m)
	}
	if !(missing <= 0.01*size) || !finite(d...) {
		return nil
	}
	return axpy(d, b.x, 1, d)
}
