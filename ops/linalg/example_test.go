package linalg_test

import (
	"context"
	"fmt"
	"math"

	"descent/graph"
	"descent/ops"
	"descent/ops/linalg"
	"descent/optimizers/search"
	"descent/optimizers/search/minimum"
)

// The hyperparameters of a Gaussian process, by the largest marginal likelihood. What
// scikit-learn 1.2.1 finds is in testdata/gaussian_process.py: variance 0.9907, length
// 1.1027, noise 0.0375, log likelihood -8.74146.
func Example_gaussianProcess() {
	xs := []float64{-3, -2.5, -2.1, -1.6, -1.2, -0.7, -0.3, 0.2, 0.5, 1.1, 1.4, 1.9, 2.3, 2.8, 3.2}
	ys := []float64{0.78, -0.23, -0.28, -1.03, -1.24, -1.02, -0.79, 0.29, 0.64, 1.68, 1.13, 0.55, 0.04, -0.51, -0.62}
	n := len(xs)
	g := graph.New(graph.Float64, 1)
	variance, length, noise := g.Param("variance", graph.From(0)), g.Param("length", graph.From(0)), g.Param("noise", graph.From(-2)) // logarithms
	y := g.Array(ys, n)

	d := ops.Div(ops.Sub(g.Array(xs, n, 1), g.Array(xs, 1, n)), ops.Exp(length))
	k := linalg.AddDiagonal(ops.Exp(ops.Sub(variance, ops.Scale(0.5, ops.Square(d)))), ops.Exp(noise))
	l := linalg.Cholesky(k)
	fit := ops.Scale(0.5, ops.Dot(y, linalg.CholeskySolve(l, y)))
	volume := ops.Sum(ops.Log(linalg.Diagonal(l))) // half of log det k
	nll := ops.Add(ops.Add(fit, volume), g.Const(float64(n)/2*math.Log(2*math.Pi)))

	s := &minimum.Search{Value: nll, Params: []*graph.Node{variance, length, noise}, Steps: 100, Tolerance: 1e-8}
	f, err := s.Run(context.Background(), search.NewLBFGS())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v: log likelihood %.5f\n", f.Kind, -f.F)
	fmt.Printf("variance %.4f, length %.4f, noise %.4f\n", math.Exp(f.X[0]), math.Exp(f.X[1]), math.Exp(f.X[2]))
	// Output:
	// minimum: log likelihood -8.74146
	// variance 0.9907, length 1.1027, noise 0.0375
}

// A normal distribution with any covariance, by its mean and the inverse of a factor of
// the covariance: the likeliest are the mean and the covariance of the rows.
func Example_covariance() {
	rows := []float64{1, 2, 2, 1, 3, 5, 4, 4, 5, 8}
	const n, d = 5, 2
	g := graph.New(graph.Float64, 1)
	mean, a := g.Param("mean", graph.From(0, 0), d), g.Param("a", graph.From(1, 0, 0, 1), d, d)

	covariance := ops.Linear(a, a) // a·aᵀ
	off := ops.Sub(g.Array(rows, n, d), mean)
	far := ops.Sum(ops.Mul(off, ops.Transpose(linalg.Solve(covariance, ops.Transpose(off)))), 1) // of each row, squared
	nll := ops.Scale(0.5, ops.Add(ops.Mean(far), linalg.LogDet(covariance)))

	s := &minimum.Search{Value: nll, Params: []*graph.Node{mean, a}, Steps: 200, Tolerance: 1e-9}
	f, err := s.Run(context.Background(), search.NewLBFGS())
	if err != nil {
		fmt.Println(err)
		return
	}
	x := f.X
	fmt.Printf("mean %.4f %.4f\n", x[0], x[1])
	fmt.Printf("covariance %.4f %.4f %.4f\n", x[2]*x[2]+x[3]*x[3], x[2]*x[4]+x[3]*x[5], x[4]*x[4]+x[5]*x[5])
	// Output:
	// mean 3.0000 4.0000
	// covariance 2.0000 3.0000 6.0000
}
