package optimizers

import (
	"fmt"
	"math"
	"slices"
)

// begun returns where a parameter was when the run began.
func (q *plain) begun(path string) []float64 {
	first := q.mem[path+"begun"] == nil
	at := q.state(path+"begun", 0)
	if first {
		copy(at, q.x)
	}
	return at
}

// plainFree has the rules that find their own learning rate.
func plainFree(rule Rule, path string) link {
	switch r := rule.(type) {
	case DoGRule:
		return func(_ *plainStep, ps []*plain) {
			norm0, far := plainWay(ps, path)
			r2, g2 := ps[0].state(path+"far", r.Start*(1+root(norm0))), ps[0].state(path+"g2", 0)
			r2[0] = math.Max(r2[0], root(far))
			g2[0] += math.Pow(jointSize(ps), 2)
			for _, q := range ps {
				q.size *= r2[0] / root(g2[0]+r.Eps)
			}
		}
	case DoWGRule:
		return func(_ *plainStep, ps []*plain) {
			_, far := plainWay(ps, path)
			r2, v := ps[0].state(path+"far", r.Start), ps[0].state(path+"v", 0)
			r2[0] = math.Max(r2[0], far)
			v[0] += r2[0] * math.Pow(jointSize(ps), 2)
			for _, q := range ps {
				q.size *= r2[0] / (root(v[0]) + r.Eps)
			}
		}
	case DAdaptRule:
		return func(_ *plainStep, ps []*plain) { plainDAdapt(r, path, ps) }
	case COCOBRule:
		return each(func(q *plain) {
			x0 := q.begun(path)
			big, sum, won, all := q.state(path+"L", r.Eps), q.state(path+"theta", 0), q.state(path+"R", 0), q.state(path+"G", 0)
			for i, g := range q.d {
				big[i] = math.Max(big[i], math.Abs(g))
				all[i] += math.Abs(g)
				won[i] = math.Max(won[i]-g*(q.x[i]-x0[i]), 0)
				sum[i] -= g
				to := x0[i] + sum[i]/(big[i]*math.Max(all[i]+big[i], r.Alpha*big[i]))*(big[i]+won[i])
				q.d[i] = q.x[i] - to
			}
		})
	}
	r := rule.(MechanicRule)
	return func(_ *plainStep, ps []*plain) { plainMechanic(r, path, ps) }
}

// plainWay returns the squared lengths of the start, and of the way from there.
func plainWay(ps []*plain, path string) (norm0, far float64) {
	for _, q := range ps {
		x0 := q.begun(path)
		for i, x := range q.x {
			norm0 += x0[i] * x0[i]
			far += (x - x0[i]) * (x - x0[i])
		}
	}
	return norm0, far
}

func plainDAdapt(r DAdaptRule, path string, ps []*plain) {
	d, num := ps[0].state(path+"d", r.D0), ps[0].state(path+"num", 0)
	root2 := root(r.Beta2)
	gain, l1 := 0.0, 0.0
	for _, q := range ps {
		m, v, s := q.state(path+"m", 0), q.state(path+"v", 0), q.state(path+"s", 0)
		rate := d[0] * q.lr
		for i, g := range q.d {
			gain += rate * g * s[i] / (root(v[i]) + r.Eps)
			l1 += math.Abs(decayTo(&s[i], root2, rate*g))
			q.d[i] = decayTo(&m[i], r.Beta1, rate*g) / (root(decayTo(&v[i], r.Beta2, g*g)) + r.Eps)
		}
		q.size = 1
	}
	decayTo(&num[0], root2, gain)
	if l1 > 0 {
		d[0] = math.Max(d[0], num[0]/((1-root2)*l1))
	}
}

func plainMechanic(r MechanicRule, path string, ps []*plain) {
	first := ps[0]
	sum, g2, x2, h := 0.0, 0.0, 0.0, 0.0
	at := func(of string, i int, start float64) *float64 {
		return &first.state(fmt.Sprint(path, of, i), start)[0]
	}
	for i := range r.Betas {
		sum += *at("s", i, r.Start)
	}
	for _, q := range ps {
		g2, x2 = g2+size2(q.raw)*size2(q.raw), x2+size2(q.x)*size2(q.x)
	}
	for _, q := range ps {
		delta := q.state(path+"delta", 0)
		for i, x := range q.x {
			h += (q.raw[i] + r.Lambda*sum*root(g2)/(root(x2)+r.Eps)*x) * delta[i]
		}
	}
	next := 0.0
	for i := range r.Betas {
		beta := 1 - math.Pow(0.1, float64(i+1))
		s, gain, top, squares := at("s", i, 0), at("r", i, 0), at("m", i, 0), at("v", i, 0)
		*gain = beta**gain + math.Max(-*top, math.Min(*top, h))**s
		*top = math.Max(beta**top, math.Abs(h)+r.Eps)
		*squares = beta*beta**squares + h*h
		*s = (r.Start/float64(r.Betas)**top + math.Max(0, *gain)) / (root(*squares) + r.Eps)
		next += *s
	}
	for _, q := range ps {
		x0, to, delta := q.begun(path), slices.Clone(q.moved()), q.state(path+"delta", 0)
		q.next = make([]float64, len(q.x))
		for i := range q.x {
			delta[i] -= to[i] - q.x[i]
			q.next[i] = x0[i] - next*delta[i]
		}
	}
}

// plainDual has the rules that weigh all gradients so far, and MARS.
func plainDual(rule Rule, path string) link {
	switch r := rule.(type) {
	case MADGRADRule:
		return each(func(q *plain) {
			x0, s, v := q.begun(path), q.state(path+"s", 0), q.state(path+"v", 0)
			rate := (q.lr + r.Eps) * root(q.t)
			for i, g := range q.d {
				s[i] += rate * g
				v[i] += rate * g * g
				z := x0[i]
				if v[i] > 0 {
					z -= s[i] / (math.Cbrt(v[i]) + r.Eps)
				}
				q.d[i] = q.x[i] - (r.Momentum*q.x[i] + (1-r.Momentum)*z)
			}
			q.size = 1
		})
	case FTRLRule:
		return each(func(q *plain) {
			first := q.mem[path+"z"] == nil
			z, n := q.state(path+"z", 0), q.state(path+"n", r.Initial)
			for i, g := range q.d {
				x := q.x[i]
				if first && x != 0 {
					z[i] = -x*((r.Beta+root(n[i]))/q.lr+r.L2) - math.Copysign(r.L1, x)
				}
				sigma := (root(n[i]+g*g) - root(n[i])) / q.lr
				z[i] += g - sigma*x
				n[i] += g * g
				to := 0.0
				if math.Abs(z[i]) > r.L1 {
					to = -(z[i] - math.Copysign(r.L1, z[i])) / ((r.Beta+root(n[i]))/q.lr + r.L2)
				}
				q.d[i] = x - to
			}
			q.size = 1
		})
	}
	r := rule.(MARSRule)
	return each(func(q *plain) {
		m, v, last := q.state(path+"m", 0), q.state(path+"v", 0), q.state(path+"last", 0)
		c := make([]float64, len(q.d))
		for i, g := range q.d {
			c[i] = g + r.Gamma*r.Beta1/(1-r.Beta1)*(g-last[i])
			last[i] = g
		}
		c = scaled(c, 1/math.Max(1, size2(c)/r.Clip))
		for i, x := range c {
			a, b := decayTo(&m[i], r.Beta1, x)/unbias(r.Beta1, q.t), decayTo(&v[i], r.Beta2, x*x)/unbias(r.Beta2, q.t)
			q.d[i] = a / (root(b) + r.Eps)
		}
	})
}
