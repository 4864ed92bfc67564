// Package classic has test functions of optimizers with known minima, as expressions.
// Moré, Garbow, Hillstrom 1981, https://doi.org/10.1145/355934.355936;
// Jamil, Yang 2013, https://arxiv.org/abs/1308.4008.
package classic

import (
	"math"

	"descent/graph"
	"descent/internal/elementary"
	"descent/ops"
)

type node = graph.Node

// A Function is a function of a vector with a known minimum.
type Function struct {
	Name  string
	About string // what is hard about it
	F     func(x *graph.Node) *graph.Node
	Start []float64 // the customary one where there is any
	Min   float64   // the lowest value
	At    []float64 // where it is
}

// Table lists them.
var Table = []Function{
	{"quadratic-100", "curvatures from 1 to 100, not along the axes", quadratic(100), fill(10, 1), 0, fill(10, 0)},
	{"quadratic-10000", "curvatures from 1 to 10,000, not along the axes", quadratic(1e4), fill(10, 1), 0, fill(10, 0)},
	{"rosenbrock", "a bent valley", Rosenbrock, []float64{-1.2, 1}, 0, fill(2, 1)},
	{"rosenbrock-10", "a bent valley in 10 dimensions", Rosenbrock, alternate(10, -1.2, 1), 0, fill(10, 1)},
	{"beale", "a flat plain with steep edges", beale, []float64{1, 1}, 0, []float64{3, 0.5}},
	{"booth", "a mild quadratic", booth, []float64{-5, 5}, 0, []float64{1, 3}},
	{"himmelblau", "four minima of equal depth", himmelblau, []float64{0, 0}, 0, []float64{3, 2}},
	{"three-hump-camel", "two higher minima beside the lowest", camel, []float64{1, 1}, 0, fill(2, 0)},
	{"freudenstein-roth", "a higher minimum on the way", freudensteinRoth, []float64{0.5, -2}, 0, []float64{5, 4}},
	{"powell-singular", "the Hessian is singular at the minimum", powell, []float64{3, -1, 0, 1}, 0, fill(4, 0)},
	{"wood", "a saddle on the way", wood, []float64{-3, -1, -3, -1}, 0, fill(4, 1)},
	{"zakharov-10", "a fourth power in one direction", zakharov, fill(10, 0.5), 0, fill(10, 0)},
	{"goldstein-price", "values over six decades", goldsteinPrice, []float64{-0.5, -0.5}, 3, []float64{0, -1}},
	{"styblinski-tang-5", "2 minima in each of 5 dimensions", styblinskiTang, fill(5, 0), -39.16616570377142 * 5, fill(5, -2.903534027771177)},
	{"rastrigin", "minima on a grid", rastrigin, []float64{-1.3, 1.4}, 0, fill(2, 0)},
	{"ackley", "a funnel with ripples and a kink", ackley, []float64{1.5, -1.2}, 0, fill(2, 0)},
	{"absolute-5", "kinks: the slope does not fall towards the minimum", absolute, fill(5, 0), 0, []float64{1, 2, 3, 4, 5}},
	{"cauchy", "the slope falls far from the minimum", cauchy, fill(2, 10), 0, fill(2, 0)},
}

func fill(n int, v float64) []float64 { return alternate(n, v, v) }

func alternate(n int, a, b float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = a
		a, b = b, a
	}
	return x
}

// at is element i of x, as an array of one element; from is elements i to j-1.
func at(x *node, i int) *node      { return from(x, i, i+1) }
func from(x *node, i, j int) *node { return ops.Slice(x, 0, i, j, 1) }
func times(c float64, x *node) *node {
	return ops.Scale(c, x)
}

// plus is a·x + b·y + c.
func plus(a float64, x *node, b float64, y *node, c float64) *node {
	return ops.Shift(c, ops.Add(times(a, x), times(b, y)))
}

// total sums all elements of several arrays.
func total(xs ...*node) *node {
	sum := ops.Sum(xs[0])
	for _, x := range xs[1:] {
		sum = ops.Add(sum, ops.Sum(x))
	}
	return sum
}

// positions is 0, 1, …, n-1.
func positions(x *node) *node {
	n := x.Shape().Dim(0)
	parts := make([]*node, n)
	for i := range parts {
		parts[i] = x.Graph().Const(float64(i), 1)
	}
	return ops.Concat(0, parts...)
}

// quadratic has curvatures from 1 to condition along axes of its own: along the
// coordinates, rules that scale each by itself would have an easy time.
func quadratic(condition float64) func(x *node) *node {
	return func(x *node) *node {
		v := ops.Shift(1, positions(x)) // the mirror's normal
		x = ops.Sub(x, ops.Mul(v, times(2, ops.Div(ops.Sum(ops.Mul(v, x)), ops.Sum(ops.Square(v))))))
		n := float64(x.Shape().Dim(0))
		curvature := ops.Exp(times(elementary.Log(condition)/(n-1), positions(x)))
		return times(0.5, total(ops.Mul(curvature, ops.Square(x))))
	}
}

// Rosenbrock is a bent valley: the sum of 100·(xᵢ₊₁ - xᵢ²)² + (xᵢ - 1)².
func Rosenbrock(x *node) *node {
	n := x.Shape().Dim(0)
	a, b := from(x, 0, n-1), from(x, 1, n)
	return total(times(100, ops.Square(ops.Sub(b, ops.Square(a)))), ops.Square(ops.Shift(-1, a)))
}

func beale(v *node) *node {
	x, y := at(v, 0), at(v, 1)
	term := func(c float64, power *node) *node { // (c - x + x·power)²
		return ops.Square(plus(-1, x, 1, ops.Mul(x, power), c))
	}
	return total(term(1.5, y), term(2.25, ops.Square(y)), term(2.625, ops.Mul(y, ops.Square(y))))
}

func booth(v *node) *node {
	x, y := at(v, 0), at(v, 1)
	return total(ops.Square(plus(1, x, 2, y, -7)), ops.Square(plus(2, x, 1, y, -5)))
}

func himmelblau(v *node) *node {
	x, y := at(v, 0), at(v, 1)
	return total(ops.Square(plus(1, ops.Square(x), 1, y, -11)), ops.Square(plus(1, x, 1, ops.Square(y), -7)))
}

func camel(v *node) *node {
	x, y := at(v, 0), at(v, 1)
	x2 := ops.Square(x)
	x4 := ops.Square(x2)
	return total(times(2, x2), times(-1.05, x4), times(1.0/6, ops.Mul(x4, x2)), ops.Mul(x, y), ops.Square(y))
}

func freudensteinRoth(v *node) *node {
	x, y := at(v, 0), at(v, 1)
	// x - 13 + ((5-y)y-2)y and x - 29 + ((y+1)y-14)y
	a := ops.Mul(ops.Shift(-2, ops.Mul(ops.Shift(5, ops.Neg(y)), y)), y)
	b := ops.Mul(ops.Shift(-14, ops.Mul(ops.Shift(1, y), y)), y)
	return total(ops.Square(plus(1, x, 1, a, -13)), ops.Square(plus(1, x, 1, b, -29)))
}

func powell(x *node) *node {
	a, b, c, d := at(x, 0), at(x, 1), at(x, 2), at(x, 3)
	fourth := func(x *node) *node { return ops.Square(ops.Square(x)) }
	return total(ops.Square(plus(1, a, 10, b, 0)), times(5, ops.Square(ops.Sub(c, d))),
		fourth(plus(1, b, -2, c, 0)), times(10, fourth(ops.Sub(a, d))))
}

func wood(x *node) *node {
	a, b, c, d := at(x, 0), at(x, 1), at(x, 2), at(x, 3)
	square := func(k float64, x *node) *node { return times(k, ops.Square(x)) }
	return total(square(100, ops.Sub(b, ops.Square(a))), square(1, ops.Shift(-1, a)), square(90, ops.Sub(d, ops.Square(c))),
		square(1, ops.Shift(-1, c)), square(10, plus(1, b, 1, d, -2)), square(0.1, ops.Sub(b, d)))
}

func zakharov(x *node) *node {
	s := ops.Square(total(times(0.5, ops.Mul(ops.Shift(1, positions(x)), x))))
	return total(ops.Square(x), s, ops.Square(s))
}

func goldsteinPrice(v *node) *node {
	x, y := at(v, 0), at(v, 1)
	xx, xy, yy := ops.Square(x), ops.Mul(x, y), ops.Square(y)
	a := ops.Add(plus(-14, x, -14, y, 19), ops.Add(plus(3, xx, 6, xy, 0), times(3, yy)))
	b := ops.Add(plus(-32, x, 48, y, 18), ops.Add(plus(12, xx, -36, xy, 0), times(27, yy)))
	first := ops.Shift(1, ops.Mul(ops.Square(plus(1, x, 1, y, 1)), a))
	second := ops.Shift(30, ops.Mul(ops.Square(plus(2, x, -3, y, 0)), b))
	return total(ops.Mul(first, second))
}

func styblinskiTang(x *node) *node {
	x2 := ops.Square(x)
	return times(0.5, total(ops.Square(x2), times(-16, x2), times(5, x)))
}

func rastrigin(x *node) *node {
	return total(ops.Square(x), ops.Shift(10, times(-10, ops.Cos(times(2*math.Pi, x)))))
}

func ackley(x *node) *node {
	bowl := times(-20, ops.Exp(times(-0.2/math.Sqrt(float64(x.Shape().Dim(0))), ops.Norm(x))))
	ripples := ops.Exp(ops.Mean(ops.Cos(times(2*math.Pi, x))))
	return ops.Shift(20+math.E, ops.Sub(bowl, ripples))
}

func absolute(x *node) *node {
	return total(ops.Abs(ops.Sub(x, ops.Shift(1, positions(x)))))
}

func cauchy(x *node) *node { return total(ops.Log1p(ops.Square(x))) }
