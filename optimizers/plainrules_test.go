package optimizers

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/optimizers/kronecker"
)

// plainOf returns a rule as links of plain loops, nil for a rule that has none.
// path tells the rule's place in the chain, as "1." or "0.2.".
func plainOf(rule Rule, path string) []link {
	switch r := rule.(type) {
	case Chain:
		var out []link
		for i, r := range r {
			more := plainOf(r, path+fmt.Sprint(i, "."))
			if more == nil {
				return nil
			}
			out = append(out, more...)
		}
		return out
	case DecayRule, L2Rule, GroupRule, FreezeRule:
		return []link{plainNamed(r)}
	case ClipRule, ClipValueRule, ClipEachRule, AGCRule, MaximizeRule, CentralizeRule, NoiseRule, AccumulateRule, SAMRule, CautiousRule:
		return []link{plainGradient(r, path)}
	case LookaheadRule, EMARule, SWARule, ScheduleFreeRule:
		return []link{plainAverage(r, path)}
	case LARSRule, LAMBRule, AdafactorRule, MuonRule:
		return []link{plainWhole(r, path)}
	case AdaHessianRule, SophiaRule, PolyakRule, ProdigyRule:
		return []link{plainJoint(r, path)}
	case DoGRule, DoWGRule, DAdaptRule, COCOBRule, MechanicRule:
		return []link{plainFree(r, path)}
	case kronecker.ShampooRule, kronecker.SOAPRule, kronecker.PSGDRule:
		return []link{plainAxes(r, path)}
	case MADGRADRule, FTRLRule, MARSRule:
		return []link{plainDual(r, path)}
	case SGDRule, ASGDRule, RpropRule, AdaGradRule, AdaDeltaRule, RMSPropRule, LionRule, SignumRule, QHMRule:
		return []link{plainMomentum(r, path)}
	}
	if l := plainAdam(rule, path); l != nil {
		return []link{l}
	}
	return nil
}

// covers reports whether a pattern, alternatives with * at either end, names a
// parameter.
func covers(pattern, name string) bool {
	if rest, not := strings.CutPrefix(pattern, "!"); not {
		return !covers(rest, name)
	}
	return pattern == "*" || slices.Contains(strings.Split(pattern, "|"), name)
}

func plainNamed(rule Rule) link {
	return each(func(q *plain) {
		switch r := rule.(type) {
		case DecayRule:
			if covers(r.Match, q.name) && !(r.Spare && len(q.dims) < 2) {
				q.p = scaled(q.p, 1-q.lr*r.Lambda)
			}
		case L2Rule:
			for i, x := range q.x {
				if covers(r.Match, q.name) && !(r.Spare && len(q.dims) < 2) {
					q.d[i] += r.Lambda * x
				}
			}
		case GroupRule:
			if covers(r.Match, q.name) {
				q.lr, q.size = q.lr*r.LR, q.size*r.LR
			}
		case FreezeRule:
			q.frozen = covers(r.Match, q.name)
		}
	})
}

// plainGradient has the rules that change the gradient.
func plainGradient(rule Rule, path string) link {
	switch r := rule.(type) {
	case ClipRule:
		return func(_ *plainStep, ps []*plain) {
			n := jointSize(ps)
			if !r.Exact {
				n += 1e-6
			}
			for _, q := range ps {
				q.d = scaled(q.d, math.Min(1, r.Max/n))
			}
		}
	case ClipEachRule:
		return each(func(q *plain) { q.d = scaled(q.d, math.Min(1, r.Max/size2(q.d))) })
	case ClipValueRule:
		return elementwise(path, 0, func(_ *plain, g float64, _, _, _ *float64) float64 { return math.Max(-r.Max, math.Min(r.Max, g)) })
	case MaximizeRule:
		return each(func(q *plain) { q.d = scaled(q.d, -1) })
	case AGCRule:
		return each(func(q *plain) {
			limit := func(g, x []float64, at []int) { // the elements of a unit
				p, n := 0.0, 0.0
				for _, i := range at {
					p, n = p+x[i]*x[i], n+g[i]*g[i]
				}
				factor := math.Min(1, r.Max*math.Max(root(p), r.Eps)/root(n))
				for _, i := range at {
					g[i] *= factor
				}
			}
			units(q.dims, len(q.x), func(at []int) { limit(q.d, q.x, at) })
		})
	case CentralizeRule:
		return each(func(q *plain) {
			if len(q.dims) < 2 {
				return
			}
			outputs := q.dims[len(q.dims)-1]
			for j := range outputs {
				mean := 0.0
				for i := j; i < len(q.d); i += outputs {
					mean += q.d[i] / float64(len(q.d)/outputs)
				}
				for i := j; i < len(q.d); i += outputs {
					q.d[i] -= mean
				}
			}
		})
	case NoiseRule:
		return func(s *plainStep, ps []*plain) {
			for _, q := range ps {
				for i, z := range q.noise(s, path, true) {
					q.d[i] += root(r.Eta/math.Pow(q.t, r.Gamma)) * z
				}
			}
		}
	case CautiousRule:
		return each(func(q *plain) {
			with := 0.0
			for i := range q.d {
				if q.d[i]*q.raw[i] > 0 {
					with += 1 / float64(len(q.d))
				}
			}
			for i := range q.d {
				if q.d[i]*q.raw[i] > 0 {
					q.d[i] /= math.Max(with, r.Floor)
				} else {
					q.d[i] = 0
				}
			}
		})
	case AccumulateRule:
		return each(func(q *plain) { plainAccumulate(q, r.Steps, path) })
	}
	r := rule.(SAMRule)
	return func(s *plainStep, ps []*plain) {
		n := jointSize(ps) + 1e-12
		up := make([][]float64, len(ps))
		for k, q := range ps {
			for i, x := range q.x {
				up[k] = append(up[k], x+r.Rho*q.d[i]/n)
			}
		}
		for k, g := range s.gradient(up) {
			ps[k].d, ps[k].raw = g, slices.Clone(g)
		}
	}
}

// units calls f with the elements of each column of the matrices of an array,
// or with all of an array that has none.
func units(dims []int, n int, f func(at []int)) {
	if len(dims) < 2 {
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		f(all)
		return
	}
	rows, columns := dims[len(dims)-2], dims[len(dims)-1]
	for first := 0; first < n; first += rows * columns {
		for j := range columns {
			var at []int
			for i := range rows {
				at = append(at, first+i*columns+j)
			}
			f(at)
		}
	}
}

// plainAccumulate hands on the mean of k gradients at every k-th step; in
// between, everything else stays.
func plainAccumulate(q *plain, k int, path string) {
	sum := q.state(path+"sum", 0)
	for i, g := range q.d {
		sum[i] += g
		q.d[i] = sum[i] / float64(k)
	}
	q.raw = slices.Clone(q.d)
	switch last := int(q.t)%k == 0; {
	case last:
		clear(sum)
	case q.still == nil:
		q.still = map[string][]float64{}
		for name, v := range q.mem {
			q.still[name] = slices.Clone(v)
		}
	}
	q.t = math.Ceil(q.t / float64(k))
}

// plainAverage has the rules that keep averages of the weights.
func plainAverage(rule Rule, path string) link {
	switch r := rule.(type) {
	case LookaheadRule:
		return each(func(q *plain) {
			first := q.mem[path+"slow"] == nil
			slow := q.state(path+"slow", 0)
			if first {
				copy(slow, q.x)
			}
			q.next = q.moved()
			if int(q.t)%r.K == 0 {
				for i := range slow {
					slow[i] += r.Alpha * (q.next[i] - slow[i])
				}
				q.next = slices.Clone(slow)
			}
		})
	case EMARule:
		return each(func(q *plain) {
			q.after = append(q.after, func(next []float64) {
				first := q.mem[path+"a"] == nil
				a := q.state(path+"a", 0)
				for i := range next {
					if decayTo(&a[i], r.Beta, next[i]); first {
						a[i] = next[i]
					}
				}
				q.eval = path + "a"
			})
		})
	case SWARule:
		return each(func(q *plain) {
			q.after = append(q.after, func(next []float64) {
				a := q.state(path+"a", 0)
				q.eval = path + "a"
				seen := q.state(path+"seen", 0)
				since := int(q.t) - r.Start
				switch {
				case since < 0:
					copy(a, next)
				case since%r.Every == 0:
					seen[0]++
					for i := range next {
						a[i] += (next[i] - a[i]) / seen[0]
					}
				}
			})
		})
	}
	r := rule.(ScheduleFreeRule)
	return each(func(q *plain) {
		first := q.mem[path+"z"] == nil
		z, x, top, sum := q.state(path+"z", 0), q.state(path+"x", 0), q.state(path+"top", 0), q.state(path+"sum", 0)
		if first {
			copy(z, q.x)
			copy(x, q.x)
		}
		top[0] = math.Max(top[0], q.lr)
		sum[0] += top[0] * top[0]
		c := 0.0 // until there is a rate
		if sum[0] > 0 {
			c = top[0] * top[0] / sum[0]
		}
		to := q.moved()
		q.next = make([]float64, len(to))
		for i := range to {
			z[i] += to[i] - q.x[i]
			x[i] += c * (z[i] - x[i])
			q.next[i] = (1-r.Beta)*z[i] + r.Beta*x[i]
		}
		q.eval = path + "x"
	})
}

// plainWhole has the rules that look at a parameter as a whole.
func plainWhole(rule Rule, path string) link {
	trust := func(q *plain, u []float64, c float64) []float64 {
		if p, n := size2(q.x), size2(u); p > 0 && n > 0 {
			return scaled(u, c*p/n)
		}
		return u
	}
	switch r := rule.(type) {
	case LARSRule:
		return each(func(q *plain) {
			b, u := q.state(path+"b", 0), make([]float64, len(q.d))
			for i, g := range q.d {
				u[i] = g + r.Lambda*q.x[i]
			}
			for i, v := range trust(q, u, r.Trust) {
				b[i] = r.Momentum*b[i] + v
			}
			q.d = slices.Clone(b)
		})
	case LAMBRule:
		return each(func(q *plain) {
			m, v, u := q.state(path+"m", 0), q.state(path+"v", 0), make([]float64, len(q.d))
			for i, g := range q.d {
				a, b := decayTo(&m[i], r.Beta1, g)/unbias(r.Beta1, q.t), decayTo(&v[i], r.Beta2, g*g)/unbias(r.Beta2, q.t)
				u[i] = a/(root(b)+r.Eps) + r.Lambda*q.x[i]
			}
			q.d = trust(q, u, 1)
		})
	case AdafactorRule:
		return each(func(q *plain) { plainAdafactor(q, r, path) })
	}
	r := rule.(MuonRule)
	adam := plainAdam(Adam(), path)
	return each(func(q *plain) {
		if len(q.dims) == 2 {
			plainMuon(q, r, path)
			return
		}
		q.size *= r.AdamLR
		adam(nil, []*plain{q})
	})
}

func plainAdafactor(q *plain, r AdafactorRule, path string) {
	w := math.Pow(q.t, -r.Kappa)
	v := make([]float64, len(q.d))
	if len(q.dims) < 2 {
		full := q.state(path+"full", 0)
		for i, g := range q.d {
			v[i] = decayTo(&full[i], 1-w, g*g)
		}
	} else {
		columns := q.dims[len(q.dims)-1]
		rows := q.dims[len(q.dims)-2]
		r1, c1 := q.state(path+"rows", 0), q.state(path+"columns", 0) // longer than they need be
		for first := 0; first < len(q.d); first += rows * columns {
			meanRows := 0.0
			for i := range rows {
				mean := 0.0
				for j := range columns {
					mean += math.Pow(q.d[first+i*columns+j], 2) / float64(columns)
				}
				meanRows += decayTo(&r1[first+i], 1-w, mean) / float64(rows)
			}
			for j := range columns {
				mean := 0.0
				for i := range rows {
					mean += math.Pow(q.d[first+i*columns+j], 2) / float64(rows)
				}
				decayTo(&c1[first+j], 1-w, mean)
			}
			for i := range rows {
				for j := range columns {
					v[first+i*columns+j] = r1[first+i] * c1[first+j] / math.Max(meanRows, r.Floor)
				}
			}
		}
	}
	for i := range q.d {
		q.d[i] /= math.Max(root(v[i]), r.Floor)
	}
	q.size = math.Max(r.Eps, rootMean(q.x)) * math.Min(q.size, 1/root(q.t))
	q.d = scaled(q.d, 1/math.Max(1, rootMean(q.d)/r.Clip))
}

func plainMuon(q *plain, r MuonRule, path string) {
	n, m := q.dims[0], q.dims[1]
	b, u := q.state(path+"b", 0), make([]float64, len(q.d))
	for i, g := range q.d {
		u[i] = decayTo(&b[i], r.Momentum, g)
		if r.Nesterov {
			u[i] = r.Momentum*b[i] + (1-r.Momentum)*g
		}
	}
	stretch := root(math.Max(1, float64(m)/float64(n))) // inputs by outputs
	tall := n > m
	if tall {
		u, n, m = transposed(u, n, m), m, n
	}
	x := scaled(u, 1/math.Max(size2(u), 1e-7))
	for range r.Steps {
		a := multiplied(x, transposed(x, n, m), n, m, n)
		q := multiplied(a, a, n, n, n)
		for i := range q {
			q[i] = 2.0315*q[i] - 4.7750*a[i]
		}
		for i, y := range multiplied(q, x, n, n, m) {
			u[i] = 3.4445*x[i] + y
		}
		x = slices.Clone(u)
	}
	if tall {
		x = transposed(x, n, m)
	}
	q.d = scaled(x, stretch)
}
