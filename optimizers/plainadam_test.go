package optimizers

import (
	"math"
	"slices"
)

// plainMomentum has the rules of one running mean, or one of squares.
func plainMomentum(rule Rule, path string) link {
	switch r := rule.(type) {
	case SGDRule:
		return each(func(q *plain) {
			if r.Momentum == 0 {
				return
			}
			first := q.mem[path+"b"] == nil
			b := q.state(path+"b", 0)
			for i, g := range q.d {
				if r.Velocity {
					g *= q.size
				}
				if b[i] = r.Momentum*b[i] + (1-r.Dampening)*g; first {
					b[i] = g
				}
				if q.d[i] = b[i]; r.Nesterov {
					q.d[i] = g + r.Momentum*b[i]
				}
			}
			if r.Velocity {
				q.size = 1
			}
		})
	case ASGDRule:
		return each(func(q *plain) {
			q.size = q.lr / math.Pow(1+r.Lambda*q.lr*(q.t-1), r.Alpha)
			q.p = scaled(q.p, 1-r.Lambda*q.size)
			q.after = append(q.after, func(next []float64) {
				a := q.state(path+"a", 0)
				q.eval = path + "a"
				for i := range next {
					a[i] += (next[i] - a[i]) / math.Max(1, q.t-1-r.T0)
				}
			})
		})
	case RpropRule:
		return each(func(q *plain) {
			before, length := q.state(path+"g", 0), q.state(path+"l", q.lr)
			for i, g := range q.d {
				switch {
				case g*before[i] > 0:
					length[i] *= r.Grow
				case g*before[i] < 0:
					length[i] *= r.Shrink
					g = 0
				}
				length[i] = math.Min(r.Maximum, math.Max(r.Minimum, length[i]))
				before[i], q.d[i] = g, 0
				if g != 0 {
					q.d[i] = math.Copysign(length[i], g)
				}
			}
			q.size = 1
		})
	case AdaGradRule:
		return each(func(q *plain) {
			sum := q.state(path+"sum", r.Initial)
			q.size = q.lr / (1 + (q.t-1)*r.Decay)
			for i, g := range q.d {
				sum[i] += g * g
				if q.d[i] = g / (root(sum[i]) + r.Eps); r.Inside {
					q.d[i] = g / root(sum[i]+r.Eps)
				}
			}
		})
	case AdaDeltaRule:
		return elementwise(path, 0, func(q *plain, g float64, u, v, _ *float64) float64 {
			decayTo(v, r.Rho, g*g)
			d := root(*u+r.Eps) / root(*v+r.Eps) * g
			decayTo(u, r.Rho, d*d)
			return d
		})
	case RMSPropRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, b *float64) float64 {
			square := decayTo(v, r.Alpha, g*g)
			if decayTo(m, r.Alpha, g); r.Centered {
				square -= *m * *m
			}
			d := g / (root(square) + r.Eps)
			if r.Inside {
				d = g / root(square+r.Eps)
			}
			if r.Momentum == 0 {
				return d
			}
			*b = r.Momentum**b + d
			return *b
		})
	case LionRule:
		return elementwise(path, 0, func(q *plain, g float64, m, _, _ *float64) float64 {
			u := r.Beta1**m + (1-r.Beta1)*g
			decayTo(m, r.Beta2, g)
			return math.Copysign(1, u)
		})
	case SignumRule:
		return elementwise(path, 0, func(q *plain, g float64, m, _, _ *float64) float64 {
			return math.Copysign(1, decayTo(m, r.Momentum, g))
		})
	}
	r := rule.(QHMRule)
	return elementwise(path, 0, func(q *plain, g float64, m, _, _ *float64) float64 {
		return (1-r.Nu)*g + r.Nu*decayTo(m, r.Beta, g)
	})
}

// plainAdam has Adam and its relatives, nil for a rule that is none.
func plainAdam(rule Rule, path string) link {
	switch r := rule.(type) {
	case AdamRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, top *float64) float64 {
			mean, square, bias := decayTo(m, r.Beta1, g), decayTo(v, r.Beta2, g*g), unbias(r.Beta2, q.t)
			if r.AMSGrad && r.Corrected {
				square, bias = square/bias, 1
			}
			if r.AMSGrad {
				*top = math.Max(*top, square)
				square = *top
			}
			mean /= unbias(r.Beta1, q.t)
			if r.Nesterov {
				mean = r.Beta1**m/unbias(r.Beta1, q.t+1) + (1-r.Beta1)*g/unbias(r.Beta1, q.t)
			}
			if r.EpsHat {
				return mean * root(bias) / (root(square) + r.Eps)
			}
			return mean / (root(square/bias) + r.Eps)
		})
	case LazyAdamRule:
		return plainAdam(AdamRule{Beta1: r.Beta1, Beta2: r.Beta2, Eps: r.Eps}, path)
	case AdamaxRule:
		return elementwise(path, 0, func(q *plain, g float64, m, u, _ *float64) float64 {
			*u = math.Max(r.Beta2**u, math.Abs(g)+r.Eps)
			return decayTo(m, r.Beta1, g) / unbias(r.Beta1, q.t) / *u
		})
	case NAdamRule:
		return each(func(q *plain) {
			m, v, product := q.state(path+"m", 0), q.state(path+"v", 0), q.state(path+"mu", 1)
			mu := func(t float64) float64 { return r.Beta1 * (1 - 0.5*math.Pow(0.96, t*r.Decay)) }
			product[0] *= mu(q.t)
			for i, g := range q.d {
				a := mu(q.t+1) * decayTo(&m[i], r.Beta1, g) / (1 - product[0]*mu(q.t+1))
				b := (1 - mu(q.t)) * g / (1 - product[0])
				q.d[i] = (a + b) / (root(decayTo(&v[i], r.Beta2, g*g)/unbias(r.Beta2, q.t)) + r.Eps)
			}
		})
	case RAdamRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, _ *float64) float64 {
			mean, inf := decayTo(m, r.Beta1, g)/unbias(r.Beta1, q.t), 2/(1-r.Beta2)-1
			bias := unbias(r.Beta2, q.t)
			decayTo(v, r.Beta2, g*g)
			rho := inf - 2*q.t*math.Pow(r.Beta2, q.t)/bias
			if rho <= 5 {
				return mean
			}
			return mean * root(bias) / (root(*v) + r.Eps) * root((rho-4)*(rho-2)*inf/((inf-4)*(inf-2)*rho))
		})
	case AdaBeliefRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, _ *float64) float64 {
			d := g - decayTo(m, r.Beta1, g)
			*v = r.Beta2**v + (1-r.Beta2)*d*d + r.Eps
			return *m / unbias(r.Beta1, q.t) / (root(*v/unbias(r.Beta2, q.t)) + r.Eps)
		})
	case YogiRule:
		return elementwise(path, r.Initial, func(q *plain, g float64, m, v, _ *float64) float64 {
			decayTo(m, r.Beta1, g)
			*v -= (1 - r.Beta2) * math.Copysign(g*g, *v-g*g)
			return *m / unbias(r.Beta1, q.t) / (root(*v/unbias(r.Beta2, q.t)) + r.Eps)
		})
	case AdanRule:
		return each(func(q *plain) { plainAdan(q, r, path) })
	case AdEMAMixRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, slow *float64) float64 {
			mean := decayTo(m, r.Beta1, g)/unbias(r.Beta1, q.t) + r.Alpha*decayTo(slow, r.Beta3, g)
			return mean / (root(decayTo(v, r.Beta2, g*g)/unbias(r.Beta2, q.t)) + r.Eps)
		})
	case ADOPTRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, _ *float64) float64 {
			if q.t == 1 {
				*v = g * g
				return 0
			}
			c := math.Pow(q.t-1, 0.25)
			decayTo(m, r.Beta1, math.Max(-c, math.Min(c, g/math.Max(root(*v), r.Eps))))
			decayTo(v, r.Beta2, g*g)
			return *m
		})
	case QHAdamRule:
		return elementwise(path, 0, func(q *plain, g float64, m, v, _ *float64) float64 {
			a, b := decayTo(m, r.Beta1, g)/unbias(r.Beta1, q.t), decayTo(v, r.Beta2, g*g)/unbias(r.Beta2, q.t)
			return ((1-r.Nu1)*g + r.Nu1*a) / (root((1-r.Nu2)*g*g+r.Nu2*b) + r.Eps)
		})
	}
	return nil
}

func plainAdan(q *plain, r AdanRule, path string) {
	first := q.mem[path+"before"] == nil
	before, m, v, n := q.state(path+"before", 0), q.state(path+"m", 0), q.state(path+"v", 0), q.state(path+"n", 0)
	for i, g := range q.d {
		if first {
			before[i] = g
		}
		change := g - before[i]
		before[i] = g
		decayTo(&n[i], r.Beta3, math.Pow(g+r.Beta2*change, 2))
		top := decayTo(&m[i], r.Beta1, g)/unbias(r.Beta1, q.t) + r.Beta2*decayTo(&v[i], r.Beta2, change)/unbias(r.Beta2, q.t)
		q.d[i] = top / (root(n[i]/unbias(r.Beta3, q.t)) + r.Eps)
	}
}

// plainJoint has the rules that look at all parameters, or at the curvature.
func plainJoint(rule Rule, path string) link {
	// diagonal estimates the Hessian's: z·Hz with random signs z.
	diagonal := func(s *plainStep, ps []*plain) [][]float64 {
		z := make([][]float64, len(ps))
		for k, q := range ps {
			z[k] = q.noise(s, path, false)
		}
		h := s.curve(z)
		for k := range h {
			for i := range h[k] {
				h[k][i] *= z[k][i]
			}
		}
		return h
	}
	switch r := rule.(type) {
	case AdaHessianRule:
		return func(s *plainStep, ps []*plain) {
			for k, h := range diagonal(s, ps) {
				q := ps[k]
				m, v := q.state(path+"m", 0), q.state(path+"v", 0)
				for i, g := range q.d {
					q.d[i] = decayTo(&m[i], r.Beta1, g) / unbias(r.Beta1, q.t)
					q.d[i] /= root(decayTo(&v[i], r.Beta2, h[i]*h[i])/unbias(r.Beta2, q.t)) + r.Eps
				}
			}
		}
	case SophiaRule:
		return func(s *plainStep, ps []*plain) {
			for k, fresh := range diagonal(s, ps) {
				q := ps[k]
				m, h := q.state(path+"m", 0), q.state(path+"h", 0)
				for i, g := range q.d {
					if (int(q.t)-1)%r.Every == 0 {
						decayTo(&h[i], r.Beta2, fresh[i])
					}
					u := decayTo(&m[i], r.Beta1, g) / math.Max(r.Gamma*h[i], r.Eps)
					q.d[i] = math.Max(-1, math.Min(1, u))
				}
			}
		}
	case PolyakRule:
		return func(s *plainStep, ps []*plain) {
			n := jointSize(ps)
			for _, q := range ps {
				q.size = math.Min(q.size, math.Max(0, r.Scale*(s.loss-r.Least)/(n*n)))
			}
		}
	}
	r := rule.(ProdigyRule)
	return func(s *plainStep, ps []*plain) { plainProdigy(s, ps, r, path) }
}

// plainProdigy is as in the authors' program; d and r are shared by all.
func plainProdigy(s *plainStep, ps []*plain, r ProdigyRule, path string) {
	shared := ps[0].mem[path+"shared"]
	if shared == nil {
		shared = []float64{r.D0, 0}
		ps[0].mem[path+"shared"] = shared
	}
	d, beta3, den := shared[0], root(r.Beta2), 0.0
	num := beta3 * shared[1]
	for _, q := range ps {
		if q.mem[path+"start"] == nil {
			q.mem[path+"start"] = slices.Clone(q.x)
		}
		m, v, sum, start := q.state(path+"m", 0), q.state(path+"v", 0), q.state(path+"s", 0), q.mem[path+"start"]
		for i, g := range q.d {
			num += d / r.D0 * d * q.lr * g * (start[i] - q.x[i])
			sum[i] = beta3*sum[i] + d/r.D0*d*q.lr*g
			den += math.Abs(sum[i])
			q.d[i] = decayTo(&m[i], r.Beta1, d*g) / (root(decayTo(&v[i], r.Beta2, d*d*g*g)) + d*r.Eps)
		}
		q.size *= d
	}
	shared[0], shared[1] = math.Max(d, r.Coef*num/den), num
}
