package bbob

import "descent/ops"

// A point is where a function is taken, and what it is made of.
type point struct {
	x    *node
	n    int
	data map[string]*node
}

// vector makes a constant.
func (p point) vector(x []float64) *node { return p.x.Graph().Array(x, len(x)) }

// centred is the way from the optimum.
func (p point) centred() *node { return ops.Sub(p.x, p.data["xopt"]) }

// turned is the same, turned.
func (p point) turned() *node { return ops.MatMul(p.data["R"], p.centred()) }

// stretched is M·z.
func (p point) stretched(z *node) *node { return ops.MatMul(p.data["M"], z) }

// halfway is x turned and moved so that the optimum is at 1 in each coordinate.
func (p point) halfway() *node {
	return ops.Shift(0.5, ops.Scale(widening(p.n), ops.MatMul(p.data["Q"], p.x)))
}

// scaled is Λ·z, with a diagonal from 1 to last.
func (p point) scaled(last float64, z *node) *node { return ops.Mul(p.vector(powers(p.n, last)), z) }

// outside is the squared distance from the domain, [-5, 5].
func (p point) outside() *node { return beyond(5, p.x) }

// beyond is the sum of squares of what elements exceed a limit by.
func beyond(limit float64, x *node) *node {
	return squares(ops.Max(ops.Shift(-limit, ops.Abs(x)), x.Graph().Const(0)))
}

func squares(z *node) *node { return ops.Sum(ops.Square(z)) }

// weighed is the sum of squares with weights.
func weighed(w []float64, z *node) *node {
	return ops.Sum(ops.Mul(z.Graph().Array(w, len(w)), ops.Square(z)))
}

// least is so near to 0 that no function tells, and far enough for derivatives of roots
// and logarithms to be finite.
const least = 1e-150

// away is |z|, but not nearer to 0 than that.
func away(z *node) *node { return ops.Max(ops.Abs(z), z.Graph().Const(least)) }

// root is √s of a sum of squares, whose derivative at 0 is 0.
func root(s *node) *node { return power(s, 0.5) }

// power is sᵏ of a number that is not negative, and 0 with derivative 0 near 0.
func power(s *node, k float64) *node {
	c := s.Graph().Const
	return ops.Where(ops.Less(c(least), s), ops.Pow(away(s), c(k)), c(0))
}

// rounded rounds halves up.
func rounded(z *node) *node { return ops.Floor(ops.Shift(0.5, z)) }

// oscillated is T_osz, elementwise: ripples in the logarithm of |z|, others where z is
// negative.
func oscillated(z *node) *node {
	c := z.Graph().Const
	positive := ops.Less(c(0), z)
	l := ops.Log(away(z))
	waves := ops.Add(ops.Sin(ops.Mul(ops.Where(positive, c(10), c(5.5)), l)), ops.Sin(ops.Mul(ops.Where(positive, c(7.9), c(3.1)), l)))
	return ops.Mul(ops.Sign(z), ops.Exp(ops.Add(l, ops.Scale(0.049, waves))))
}

// skewed is T_asy: powers above 1 of what is positive, growing from the first element to
// the last.
func (p point) skewed(beta float64, z *node) *node {
	c := z.Graph().Const
	part := make([]float64, p.n)
	for i := range part {
		part[i] = beta * float64(i) / float64(p.n-1)
	}
	positive := away(z)
	exponent := ops.Shift(1, ops.Mul(p.vector(part), ops.Sqrt(positive)))
	return ops.Where(ops.Less(c(0), z), ops.Pow(positive, exponent), z)
}
