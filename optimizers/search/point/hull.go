package point

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
)

// creased reports whether the spot is stationary as a function with kinks may
// be: 0 is a mean of the gradients around it, within the distance to which it
// is known, and they differ as much that near as farther off. Otherwise it
// returns the direction in which all of them fall.
// Burke, Lewis, Overton 2005, https://doi.org/10.1137/030601296.
func (s *Spot) creased() (yes bool, downhill []float64) {
	grads, spread, most := s.sample(converged)
	if most == 0 {
		return false, nil
	}
	for _, g := range grads {
		for i := range g {
			g[i] /= most
		}
	}
	v := nearest(grads)
	_, wider, _ := s.sample(8 * converged)
	yes = largest(v) <= 1e-5 && largest(wider) < 4*largest(spread)
	for i := range v { // beside a steep variable the others must be right, too
		yes = yes && math.Abs(v[i])*most <= max(spread[i], 1e-12*most)
	}
	if yes || largest(v) == 0 {
		return yes, nil
	}
	return false, s.direction(times(-1, v))
}

// sample returns gradients at pairs of points around the spot, in units of the
// scales, the largest difference of each element within a pair, and the largest
// element of all.
func (s *Spot) sample(radius float64) (grads [][]float64, spread []float64, most float64) {
	n := len(s.x)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	u, spread := make([]float64, n), make([]float64, n)
	for range 2*n + 10 {
		for i := range u {
			u[i] = s.scale[i] * signed(rng)
		}
		var pair [][]float64
		for _, sign := range []float64{-1, 1} {
			g := make([]float64, n)
			f := s.Problem.Grad(s.along(sign*radius, u), g)
			for i := range g {
				if g[i] *= s.scale[i]; s.fixed[i] {
					g[i] = 0
				}
			}
			if m := largest(g); allFinite(f, m) {
				pair, most = append(pair, g), max(most, m)
			}
		}
		for i := range n {
			if len(pair) == 2 {
				spread[i] = max(spread[i], math.Abs(pair[0][i]-pair[1][i]))
			}
		}
		grads = append(grads, pair...)
	}
	return grads, spread, most
}

// nearest returns the point of the convex hull that is nearest to 0, by moving
// weight from the worst point that has some to the best. Mitchell, Demyanov,
// Malozemov 1974, https://doi.org/10.1137/0312003.
func nearest(points [][]float64) []float64 {
	v := slices.Clone(points[0])
	weight := make([]float64, len(points))
	weight[0] = 1
	for range 10000 {
		best, worst := -1, -1
		low, high := math.Inf(1), math.Inf(-1)
		for i, p := range points {
			d := inner(p, v)
			if d < low {
				best, low = i, d
			}
			if weight[i] > 0 && d > high {
				worst, high = i, d
			}
		}
		if high-low <= 1e-14*inner(v, v) || best == worst {
			break
		}
		gap := 0.0
		for k := range v {
			gap += elementary.Pow(points[worst][k]-points[best][k], 2)
		}
		move := min(weight[worst], (high-low)/gap)
		weight[worst] -= move
		weight[best] += move
		for k := range v {
			v[k] += float64(move * (points[best][k] - points[worst][k]))
		}
	}
	return v
}

func inner(a, b []float64) (s float64) {
	for i := range a {
		s += float64(a[i] * b[i])
	}
	return s
}

func norm(a []float64) float64 { return math.Sqrt(inner(a, a)) }
