package bbob

import (
	"math"

	"descent/internal/elementary"
	"descent/ops"
)

// A Row is a function: what it is called, what is hard about it, and how it is made.
type Row struct {
	Name, About string

	seed  int64 // whose numbers it draws, its own if 0
	draw  func(d *drawn)
	value func(p point) *node
}

// Table lists the functions by their numbers, from 1 on.
var Table = []Row{
	{"sphere", "separable: the easiest", 0, (*drawn).moved, func(p point) *node { return squares(p.centred()) }},
	{"ellipsoid", "separable: curvatures from 1 to a million, with local ripples", 0, (*drawn).moved, func(p point) *node {
		return weighed(powers(p.n, 1e6), oscillated(p.centred()))
	}},
	{"rastrigin", "separable: minima on an uneven grid", 0, (*drawn).moved, func(p point) *node {
		return rastrigin(p.scaled(math.Sqrt(10), p.skewed(0.2, oscillated(p.centred()))))
	}},
	{"bueche-rastrigin", "separable: a grid that is steep on one side only", 3, drawBueche, bueche},
	{"linear-slope", "separable: the minimum is at the edge of the domain", 0, drawSlope, slope},
	{"attractive-sector", "one orthant out of all is flat", 0, stretched(math.Sqrt(10)), sector},
	{"step-ellipsoid", "plateaus: gradients are 0 almost everywhere", 0, drawSteps, steps},
	{"rosenbrock", "a bent valley", 0, drawRosenbrock, func(p point) *node {
		return rosenbrock(ops.Shift(1, ops.Scale(widening(p.n), p.centred())))
	}},
	{"rosenbrock-rotated", "a bent valley, turned", 0, halfway, func(p point) *node { return rosenbrock(p.halfway()) }},
	{"ellipsoid-rotated", "curvatures from 1 to a million, turned", 0, turned, func(p point) *node {
		return weighed(powers(p.n, 1e6), oscillated(p.turned()))
	}},
	{"discus", "one direction is a million times as steep", 0, turned, func(p point) *node {
		return weighed(first(p.n, 1e6, 1), oscillated(p.turned()))
	}},
	{"bent-cigar", "a bent ridge: all directions but one are steep", 0, drawCigar, func(p point) *node {
		return weighed(first(p.n, 1, 1e6), ops.MatMul(p.data["R"], p.skewed(0.5, p.turned())))
	}},
	{"sharp-ridge", "a ridge with a kink: the gradient leads across", 0, stretched(math.Sqrt(10)), func(p point) *node {
		z := p.stretched(p.centred())
		rest := ops.Slice(z, 0, 1, p.n, 1)
		return ops.Add(ops.Sum(ops.Square(ops.Slice(z, 0, 0, 1, 1))), ops.Scale(100, root(squares(rest))))
	}},
	{"different-powers", "powers from 2 to 6: flatter and flatter near the minimum", 0, turned, differentPowers},
	{"rastrigin-rotated", "minima on an uneven grid, turned", 0, stretched(math.Sqrt(10)), func(p point) *node {
		return rastrigin(ops.MatMul(p.data["M"], p.skewed(0.2, oscillated(p.turned()))))
	}},
	{"weierstrass", "rugged at every scale, and minima repeat", 0, stretched(0.1), weierstrass},
	{"schaffers", "ripples that grow denser and lower", 0, drawSchaffers(10), schaffers},
	{"schaffers-ill", "the same, badly conditioned", 17, drawSchaffers(1000), schaffers},
	{"griewank-rosenbrock", "ripples on a bent valley", 0, halfway, griewank},
	{"schwefel", "the best minimum is far from the second best", 0, drawSchwefel, schwefel},
	{"gallagher-101", "101 peaks of random heights and widths", 0, peaks(101, math.Sqrt(1000), 10), gallagher},
	{"gallagher-21", "21 peaks of random heights and widths", 0, peaks(21, 1000, 9.8), gallagher},
	{"katsuura", "continuous, and nowhere differentiable to sight", 0, stretched(10), katsuura},
	{"lunacek", "two funnels: the wider one leads away", 0, drawLunacek, lunacek},
}

// widening is the factor of Rosenbrock's valley.
func widening(n int) float64 { return max(1, math.Sqrt(float64(n))/8) }

// first is a vector that begins with a, and goes on with b.
func first(n int, a, b float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = b
	}
	out[0] = a
	return out
}

func rastrigin(z *node) *node {
	return ops.Add(ops.Scale(10, ops.Sum(ops.Shift(1, ops.Neg(ops.Cos(ops.Scale(2*math.Pi, z)))))), squares(z))
}

func rosenbrock(z *node) *node {
	n := z.Shape().Dim(0)
	a, b := ops.Slice(z, 0, 0, n-1, 1), ops.Slice(z, 0, 1, n, 1)
	return ops.Add(ops.Scale(100, squares(ops.Sub(ops.Square(a), b))), squares(ops.Shift(-1, a)))
}

// drawBueche puts each second coordinate of the optimum at a positive place.
func drawBueche(d *drawn) {
	d.moved()
	for i := 0; i < d.n; i += 2 {
		d.at[i] = math.Abs(d.at[i])
	}
}

func bueche(p point) *node {
	z, steep := oscillated(p.centred()), first(p.n, 10, 1)
	for i := 2; i < p.n; i += 2 {
		steep[i] = 10
	}
	z = ops.Where(ops.Less(z.Graph().Const(0), z), ops.Mul(p.vector(steep), z), z)
	return ops.Add(rastrigin(p.scaled(math.Sqrt(10), z)), ops.Scale(100, p.outside()))
}

// drawSlope puts the optimum into a corner.
func drawSlope(d *drawn) {
	x := optimum(d.n, d.seed)
	d.signed(5, func(i int) bool { return x[i] < 0 })
}

func slope(p point) *node {
	x := ops.Min(ops.Mul(p.data["sign"], p.x), p.x.Graph().Const(5)) // level beyond the edge
	return ops.Sum(ops.Mul(p.vector(powers(p.n, 10)), ops.Shift(5, ops.Neg(x))))
}

func sector(p point) *node {
	z := p.stretched(p.centred())
	uphill := ops.Less(z.Graph().Const(0), ops.Mul(z, p.data["xopt"]))
	f := squares(ops.Where(uphill, ops.Scale(100, z), z))
	return power(oscillated(f), 0.9)
}

// drawSteps draws Q with its rows stretched.
func drawSteps(d *drawn) {
	d.moved()
	r, q := d.turns()
	d.keep("R", r, d.n, d.n)
	d.keep("M", rows(powers(d.n, math.Sqrt(10)), q), d.n, d.n)
}

// rows multiplies the rows of a matrix.
func rows(by []float64, m matrix) matrix {
	n, out := len(by), make(matrix, len(m))
	for i := range out {
		out[i] = float64(by[i/n] * m[i])
	}
	return out
}

func steps(p point) *node {
	z := p.stretched(p.centred())
	coarse := rounded(z)
	fine := ops.Scale(0.1, rounded(ops.Scale(10, z)))
	level := ops.Where(ops.Less(z.Graph().Const(0.5), ops.Abs(z)), coarse, fine)
	f := weighed(powers(p.n, 100), ops.MatMul(p.data["R"], level))
	least := ops.Scale(1e-4, ops.Sum(ops.Abs(ops.Slice(z, 0, 0, 1, 1))))
	return ops.Add(ops.Scale(0.1, ops.Max(least, f)), p.outside())
}

func drawRosenbrock(d *drawn) {
	d.moved()
	for i := range d.at {
		d.at[i] *= 0.75
	}
}

// drawCigar draws its optimum as others draw R.
func drawCigar(d *drawn) {
	d.at = optimum(d.n, d.seed+1000000)
	d.keep("xopt", d.at, d.n)
	d.keep("R", rotation(d.n, d.seed+1000000), d.n, d.n)
}

func differentPowers(p point) *node {
	exponents := make([]float64, p.n)
	for i := range exponents {
		exponents[i] = 2 + 4*float64(i)/float64(p.n-1)
	}
	return root(ops.Sum(ops.Pow(away(p.turned()), p.vector(exponents))))
}

// summands of Weierstrass' series.
const summands = 12

func weierstrass(p point) *node {
	z := ops.Reshape(ops.MatMul(p.data["M"], oscillated(p.turned())), p.n, 1)
	weights, waves, lowest := make([]float64, summands), make([]float64, summands), 0.0
	for j := range summands {
		weights[j], waves[j] = math.Ldexp(1, -j), 2*math.Pi*elementary.Pow(3, float64(j))
		lowest += float64(weights[j] * elementary.Cos(waves[j]/2))
	}
	series := ops.Mul(p.vector(weights), ops.Cos(ops.Mul(ops.Shift(0.5, z), p.vector(waves))))
	f := ops.Shift(-lowest, ops.Scale(1/float64(p.n), ops.Sum(series)))
	return ops.Add(ops.Scale(10, ops.Cube(f)), ops.Scale(10/float64(p.n), p.outside()))
}

// drawSchaffers draws Q with its rows stretched.
func drawSchaffers(condition float64) func(d *drawn) {
	return func(d *drawn) {
		d.moved()
		r, q := d.turns()
		d.keep("R", r, d.n, d.n)
		d.keep("M", rows(powers(d.n, math.Sqrt(condition)), q), d.n, d.n)
	}
}

func schaffers(p point) *node {
	z := ops.Square(ops.MatMul(p.data["M"], p.skewed(0.5, p.turned())))
	s := away(ops.Add(ops.Slice(z, 0, 0, p.n-1, 1), ops.Slice(z, 0, 1, p.n, 1)))
	c := s.Graph().Const
	ripples := ops.Square(ops.Sin(ops.Scale(50, ops.Pow(s, c(0.1)))))
	return ops.Add(ops.Square(ops.Mean(ops.Mul(ops.Pow(s, c(0.25)), ops.Shift(1, ripples)))), ops.Scale(10, p.outside()))
}

func griewank(p point) *node {
	z := p.halfway()
	a, b := ops.Slice(z, 0, 0, p.n-1, 1), ops.Slice(z, 0, 1, p.n, 1)
	s := ops.Add(ops.Scale(100, ops.Square(ops.Sub(ops.Square(a), b))), ops.Square(ops.Shift(-1, a)))
	return ops.Scale(10, ops.Shift(1, ops.Mean(ops.Sub(ops.Scale(1.0/4000, s), ops.Cos(s)))))
}

// corner is where Schwefel's function is lowest, in each coordinate.
const corner = 4.2096874637 / 2

func drawSchwefel(d *drawn) {
	u := uniform(d.n, d.seed)
	d.signed(corner, func(i int) bool { return u[i] < 0.5 })
}

func schwefel(p point) *node {
	y := ops.Scale(2, ops.Mul(p.data["sign"], p.x))
	before := ops.Shift(-2*corner, ops.Slice(y, 0, 0, p.n-1, 1))
	zero := y.Graph().Const(0, 1)
	y = ops.Add(y, ops.Scale(0.25, ops.Concat(0, zero, before)))
	z := ops.Scale(100, ops.Shift(2*corner, p.scaled(math.Sqrt(10), ops.Shift(-2*corner, y))))
	mean := ops.Mean(ops.Mul(z, ops.Sin(ops.Sqrt(away(z)))))
	return ops.Scale(0.01, ops.Add(beyond(500, z), ops.Shift(418.9828872724339, ops.Neg(mean))))
}

func gallagher(p point) *node {
	off := ops.Sub(ops.MatMul(p.data["R"], p.x), p.data["centres"])
	far := ops.Sum(ops.Mul(p.data["widths"], ops.Square(off)), 1)
	top := ops.AMax(ops.Mul(p.data["heights"], ops.Exp(ops.Scale(-0.5/float64(p.n), far))))
	return ops.Add(ops.Square(oscillated(ops.Shift(10, ops.Neg(top)))), p.outside())
}

// digits of a number that Katsuura's function looks at.
const digits = 32

func katsuura(p point) *node {
	z := ops.Reshape(p.stretched(p.centred()), p.n, 1)
	scale, numbers := make([]float64, digits), make([]float64, p.n)
	for j := range scale {
		scale[j] = math.Ldexp(1, j+1)
	}
	for i := range numbers {
		numbers[i] = float64(i + 1)
	}
	s := p.vector(scale)
	at := ops.Mul(s, z)
	saw := ops.Sum(ops.Div(ops.Abs(ops.Sub(at, rounded(at))), s), 1)
	n := float64(p.n)
	power := z.Graph().Const(10 / elementary.Pow(n, 1.2))
	product := ops.Prod(ops.Pow(ops.Shift(1, ops.Mul(p.vector(numbers), saw)), power))
	return ops.Add(ops.Scale(10/n/n, ops.Shift(-1, product)), p.outside())
}

// funnel is the middle of the narrower funnel of Lunacek's function.
const funnel = 2.5

func drawLunacek(d *drawn) {
	g := normal(d.n, d.seed)
	d.signed(funnel/2, func(i int) bool { return g[i] < 0 })
	r, q := d.turns()
	d.keep("M", r.times(powers(d.n, 10), q), d.n, d.n)
}

func lunacek(p point) *node {
	n := float64(p.n)
	s := 1 - 0.5/(math.Sqrt(n+20)-4.1)
	other := -math.Sqrt((funnel*funnel - 1) / s)
	x := ops.Scale(2, ops.Mul(p.data["sign"], p.x))
	near := ops.Shift(-funnel, x)
	wide := ops.Shift(n, ops.Scale(s, squares(ops.Shift(-other, x))))
	waves := ops.Sum(ops.Shift(1, ops.Neg(ops.Cos(ops.Scale(2*math.Pi, ops.MatMul(p.data["M"], near))))))
	return ops.Add(ops.Add(ops.Min(squares(near), wide), ops.Scale(10, waves)), ops.Scale(1e4, p.outside()))
}
