package kronecker

import (
	"fmt"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
	"descent/optimizers/rule"
)

// PSGDRule learns a preconditioner that makes gradients white, by gradient descent on
// the preconditioner: P = QᵀQ with a factor of Q for each axis. Of a matrix g of n
// elements, with g' = g + δ·z of random signs z:
//
//	w = P₁·g'·P₂,  l ← max(βl·l + (1-βl)·ℓ, ℓ),  ℓ = |w·wᵀ| + n/rows
//	Q₁ ← Q₁ - μ/l·(w·wᵀ·Q₁ - n/rows·Q₁), and is turned towards a symmetric matrix
//	m ← b·m + (1-b)·g,  b = min((t-1)/t, β)
//	d = P₁·m·P₂, its root mean square at most 2, its elements at most 10
//
// and Q₂ likewise, of wᵀ·w. A factor is diagonal for an axis that is longer than
// Longest, or whose square is larger than the number of elements: so for a bias. A
// number has one of one element. All start as c·1 so that the joint factor is
// max(mean g⁴)^(-1/8), over all parameters, at the first step.
//
// It is Li's KronWhiten with dQ = Q^½·E·Q^(3/2), but for this: a spectral norm |A| is
// bounded from below by four steps of power iteration from the longest row, without
// its random companions; the noise is signs, not normal numbers; factors get a common
// size at each hundredth step, not at random; and each Every-th step learns, in place of
// a probability.
//
// Li 2018, https://arxiv.org/abs/1512.04202; Li 2024, https://arxiv.org/abs/2402.11858;
// https://github.com/lixilinx/psgd_torch.
type PSGDRule struct {
	Momentum float64 `help:"decay of the mean, β" range:"[0,1)"`
	Rate     float64 `help:"rate of the preconditioner, μ" range:"(0,1]"`
	BetaL    float64 `name:"beta_l" help:"decay of the bound of its rate, βl" range:"[0,1)"`
	Damping  float64 `help:"noise added to what is made white, δ" range:"[0,inf)"`
	Every    int     `help:"steps between changes of the preconditioner" range:"[1,inf)"`
	Longest  int     `help:"longest axis that has a matrix" range:"[0,inf)"`
}

// PSGD returns the rule with its author's defaults and the momentum of his examples.
func PSGD() PSGDRule {
	return PSGDRule{Momentum: 0.9, Rate: 0.1, BetaL: 0.9, Damping: 1e-9, Every: 1, Longest: 8192}
}

// Update implements [rule.Rule] for one parameter alone.
func (r PSGDRule) Update(s *rule.Step) *node { return rule.Alone(r, s) }

// UpdateAll implements [rule.Joint].
func (r PSGDRule) UpdateAll(steps []*rule.Step) {
	fourth := steps[0].Const(0)
	for _, s := range steps {
		fourth = ops.Max(fourth, ops.Mean(ops.Square(ops.Square(s.Grad))))
	}
	scale := ops.Pow(ops.Shift(elementary.Pow(r.Damping, 4), fourth), steps[0].Const(-1.0/8))
	for _, s := range steps {
		k := r.factors(s, scale)
		g := ops.Reshape(s.Grad, k.dims...)
		white := ops.Add(g, ops.Scale(r.Damping, ops.Reshape(s.Signs(), k.dims...)))
		learn := func(values []*node) []*node { return r.learn(k, values, white) }
		values := slices.Concat(k.q, k.l)
		if r.Every == 1 {
			values = learn(values)
		} else {
			values = sometimes(due(s, r.Every, 1), "preconditioner", values, learn)
		}
		for i, state := range slices.Concat(k.states, k.l) {
			s.Set(state, values[i])
		}
		m := s.State("m")
		past := ops.Min(ops.Div(ops.Shift(-1, s.T), s.T), s.Const(r.Momentum))
		mean := ops.Add(ops.Mul(past, m), ops.Mul(ops.Sub(s.Const(1), past), s.Grad))
		s.Set(m, mean)
		d := k.apply(values, ops.Reshape(mean, k.dims...))
		d = ops.Mul(d, ops.Min(s.Const(1), ops.Div(s.Const(2), ops.Sqrt(ops.Mean(ops.Square(d))))))
		s.Grad = ops.Reshape(ops.Clamp(d, -10, 10), s.Grad.Shape().Dims()...)
	}
}

// kron is the preconditioner of a parameter: a factor for each axis.
type kron struct {
	dims      []int   // of the parameter, without axes of length 1
	states, q []*node // kept, and as they are at this step; matrices, or diagonals
	l         []*node // bounds of the curvature
	balance   *node   // 1 where factors get a common size
}

// factors declares the states of a preconditioner.
func (r PSGDRule) factors(s *rule.Step, scale *node) (k kron) {
	for _, n := range s.Grad.Shape().Dims() {
		if n > 1 {
			k.dims = append(k.dims, n)
		}
	}
	if len(k.dims) == 0 {
		k.dims = []int{1}
	}
	each := ops.Pow(scale, s.Const(1/float64(len(k.dims))))
	for i, n := range k.dims {
		start, dims := graph.Fill(1), []int{n}
		if n > 1 && n <= r.Longest && n*n <= s.Grad.Shape().Size() {
			start, dims = identity, []int{n, n}
		}
		q := s.StateOf(fmt.Sprint("q", i), start, dims...)
		k.states = append(k.states, q)
		k.q = append(k.q, s.First(ops.Mul(each, q), q))
		k.l = append(k.l, s.Scalar(fmt.Sprint("l", i), 0))
	}
	k.balance = every(s.T, 100)
	return k
}

// apply multiplies x by QᵀQ along each axis.
func (k kron) apply(q []*node, x *node) *node {
	for i := range k.dims {
		if q[i].Shape().Rank() == 1 {
			x = stretched(ops.Square(q[i]), x, i)
		} else {
			x = along(ops.Transpose(q[i]), along(q[i], x, i), i)
		}
	}
	return x
}

// learn makes a step of the factors and bounds: values are both.
func (r PSGDRule) learn(k kron, values []*node, g *node) []*node {
	n := len(k.dims)
	q, l := slices.Clone(values[:n]), slices.Clone(values[n:])
	w := k.apply(q, g)
	for i := range q {
		share := float64(g.Shape().Size()) / float64(k.dims[i])
		var size, change *node
		matrix := q[i].Shape().Rank() == 2
		if matrix {
			a := gram(w, i)
			size, change = spectral(a, diagonalOf(a)), ops.Sub(ops.MatMul(a, q[i]), ops.Scale(share, q[i]))
		} else {
			a := squares(w, i)
			size, change = ops.AMax(a), ops.Mul(ops.Shift(-share, a), q[i])
		}
		size = ops.Shift(share, size)
		l[i] = ops.Max(mix(r.BetaL, l[i], size), size)
		q[i] = ops.Sub(q[i], ops.Mul(ops.Div(g.Graph().Const(r.Rate), l[i]), change))
		if matrix {
			q[i] = symmetrized(q[i])
		}
	}
	return append(k.balanced(q), l...)
}

// balanced gives factors a common largest element, where it is time.
func (k kron) balanced(q []*node) []*node {
	mean, sizes := q[0].Graph().Const(1), make([]*node, len(q))
	for i := range q {
		sizes[i] = ops.AMax(ops.Abs(q[i]))
		mean = ops.Mul(mean, ops.Pow(sizes[i], q[i].Graph().Const(1/float64(len(q)))))
	}
	for i := range q {
		q[i] = ops.Where(k.balance, ops.Mul(q[i], ops.Div(mean, sizes[i])), q[i])
	}
	return q
}

// spectral bounds the spectral norm of a symmetric or antisymmetric matrix from below,
// by four steps of power iteration from its longest row; size has its largest element.
func spectral(a, size *node) *node {
	least := a.Graph().Const(nothingThere)
	top := ops.Add(ops.AMax(ops.Abs(size)), least)
	a = ops.Div(a, top)
	v := ops.Take(a, ops.ArgMax(ops.Sum(ops.Square(a), 1), 0), 0)
	for range 2 {
		v = ops.MatMul(v, a)
		v = ops.MatMul(ops.Div(v, ops.Add(ops.Norm(v), least)), a)
	}
	return ops.Mul(top, ops.Norm(v))
}

// symmetrized turns q by a small angle, so that it comes nearer to a symmetric matrix:
// by exp(a·R) to second order, R = qᵀ - q at length 1, with the a, at most 1/8, that
// makes the trace largest.
func symmetrized(q *node) *node {
	c := q.Graph().Const
	r := ops.Sub(ops.Transpose(q), q)
	r = ops.Div(r, ops.Add(spectral(r, r), c(nothingThere)))
	rq := ops.MatMul(r, q)
	rrq := ops.MatMul(r, rq)
	first, second := ops.Sum(diagonalOf(rq)), ops.Sum(diagonalOf(rrq))
	best := ops.Min(ops.Neg(ops.Div(first, second)), c(1.0/8))
	a := ops.Where(ops.Less(second, c(0)), best, c(1.0/8))
	return ops.Add(q, ops.Mul(a, ops.Add(rq, ops.Mul(ops.Scale(0.5, a), rrq))))
}
