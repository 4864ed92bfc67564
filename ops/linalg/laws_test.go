package linalg_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/internal/golden"
	"descent/ops"
	"descent/ops/linalg"
)

// A law says how far a result is from what defines it, relative to the numbers that it is
// made of.
type law struct {
	ask   func(full) full // what is asked for a matrix of random numbers
	most  int             // rows, 0 for any number
	build func(a, b *node) *node
	off   func(a, b, y full) float64
}

// residual is how far a·x is from b.
func residual(a, b, x full) float64 {
	return a.times(x).minus(b).norm() / (a.norm()*x.norm() + b.norm())
}

// number is the law of one number.
func number(want func(a full) float64) func(a, _, y full) float64 {
	return func(a, _, y full) float64 { return math.Abs(y[0][0]-want(a)) / max(1, math.Abs(want(a))) }
}

var laws = map[string]law{
	"solve":   {same, 0, linalg.Solve, residual},
	"inverse": {same, 0, of(linalg.Inverse), func(a, _, y full) float64 { return residual(a, identity(len(a)), y) }},
	"cholesky": {covariance, 0, of(linalg.Cholesky), func(a, _, l full) float64 {
		for i, d := range diagonalOf(l) {
			if !(d > 0) || slices.ContainsFunc(l[i][i+1:], func(v float64) bool { return v != 0 }) {
				return math.Inf(1)
			}
		}
		return l.times(l.t()).minus(a).norm() / a.norm()
	}},
	"cholesky_solve": {covariance, 0, func(a, b *node) *node { return linalg.CholeskySolve(linalg.Cholesky(a), b) }, residual},
	"det":            {upsideDown, 9, of(linalg.Det), number(exactDet)},
	"cofactor": {upsideDown, 5, of(linalg.Cofactor), func(a, _, c full) float64 {
		off, size := 0.0, 0.0
		for i := range a {
			for j := range a {
				want := minor(a, i, j)
				off, size = max(off, math.Abs(c[i][j]-want)), max(size, math.Abs(want))
			}
		}
		return off / size
	}},
	"logdet":      {covariance, 9, of(linalg.LogDet), number(func(a full) float64 { return math.Log(exactDet(a)) })},
	"log_abs_det": {upsideDown, 9, of(linalg.LogAbsDet), number(func(a full) float64 { return math.Log(math.Abs(exactDet(a))) })},
	"eigenvalues": {symmetric, 9, of(linalg.Eigenvalues), func(a, _, w full) float64 {
		worst := 0.0
		for i, want := range jacobi(a) {
			worst = max(worst, math.Abs(w[i][0]-want)/a.norm())
		}
		return worst
	}},
	"eigenvectors": {symmetric, 0, of(linalg.Eigenvectors), func(a, _, v full) float64 {
		d := v.t().times(a).times(v) // the values on the diagonal, in order
		w := diagonalOf(d)
		for i := range w {
			d[i][i] = 0
			if c := v.t()[i]; slices.Max(c)+1e-6 < -slices.Min(c) {
				return math.Inf(1)
			}
			if i > 0 && w[i] < w[i-1]-1e-4*a.norm() {
				return math.Inf(1)
			}
		}
		return max(d.norm()/a.norm(), v.t().times(v).minus(identity(len(v))).norm())
	}},
	"diagonal": {same, 0, of(linalg.Diagonal), func(a, _, y full) float64 { return shaped(diagonalOf(a), len(a)).minus(y).norm() }},
	"trace":    {same, 0, of(linalg.Trace), number(func(a full) float64 { return sum(diagonalOf(a)) })},
	"diag": {same, 0, of(func(a *node) *node { return linalg.Diag(linalg.Diagonal(a)) }), func(a, _, y full) float64 {
		want := zeros(len(a), len(a))
		for i, v := range diagonalOf(a) {
			want[i][i] = v
		}
		return want.minus(y).norm()
	}},
	"add_diagonal": {same, 0, of(func(a *node) *node { return linalg.AddDiagonal(a, a.Graph().Const(3)) }), func(a, _, y full) float64 {
		return y.minus(a).minus(scaled(identity(len(a)), 3)).norm() / a.norm()
	}},
}

func init() {
	for i := range 8 {
		o := linalg.Triangle{Upper: i&1 != 0, Transposed: i&2 != 0, Unit: i&4 != 0}
		laws[fmt.Sprint("solve_triangular ", o)] = law{upsideDownTwice, 0, func(a, b *node) *node { return linalg.SolveTriangular(a, b, o) },
			func(a, b, x full) float64 { return residual(triangle(a, o), b, x) }}
	}
}

// upsideDownTwice has large elements on its diagonal.
func upsideDownTwice(x full) full {
	y := upsideDown(x)
	slices.Reverse(y)
	return y
}

// TestLaws holds results of all sizes of the tiles, in both element types, against what
// they are defined by. The bound is 2·(n+1) roundings.
func TestLaws(t *testing.T) {
	for _, r := range linalg.Table {
		if _, ok := laws[r.Name]; !ok && r.Name != "solve_triangular" {
			t.Errorf("%s has no law", r.Name)
		}
	}
	for name, l := range laws {
		worst := 0.0
		for _, dt := range []graph.Dtype{graph.Float32, graph.Float64} {
			eps := map[graph.Dtype]float64{graph.Float32: 0x1p-23, graph.Float64: 0x1p-52}[dt]
			for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 31, 50} {
				if l.most > 0 && n > l.most {
					continue
				}
				rng := rand.New(rand.NewPCG(uint64(n), 5))
				a, b := stored(l.ask(random(rng, n, n)), dt), stored(random(rng, n, 3), dt)
				g := graph.New(dt, 1)
				y := l.build(g.Param("a", graph.From(slices.Concat(a...)...), n, n), g.Param("b", graph.From(slices.Concat(b...)...), n, 3))
				got := shaped(graphtest.Values(t, y)[0], max(1, min(n, y.Shape().Size())))
				worst = max(worst, l.off(a, b, got)/(eps*float64(n+1)))
			}
		}
		t.Logf("%s: %.2g", name, worst)
		if !(worst <= 2) {
			t.Errorf("%s: off by %.2g times what n+1 roundings are", name, worst)
		}
	}
}

// stored is x as the element type holds it.
func stored(x full, dt graph.Dtype) full {
	if dt == graph.Float32 {
		for _, r := range x {
			for j := range r {
				r[j] = float64(float32(r[j]))
			}
		}
	}
	return x
}

// TestEdges has matrices without a result, beside one that has: those are NaN, and it is
// not touched.
func TestEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	g := graph.New(graph.Float64, 1)
	a := g.Param("a", graph.From(2, 0, 0, 2 /* regular */, 1, 2, 2, 4 /* singular */, 1, 2, 2, 1 /* indefinite */, nan, 0, 0, 1, 0, 0, 0, 0), 5, 2, 2)
	b := g.Const(2, 2, 1)
	for _, c := range []struct {
		name string
		y    *node
		want []float64
	}{
		{"solve", linalg.Solve(a, b), []float64{1, 1, nan, nan, 2. / 3, 2. / 3, nan, nan, nan, nan}},
		{"inverse", linalg.Inverse(a), []float64{0.5, 0, 0, 0.5, nan, nan, nan, nan, -1. / 3, 2. / 3, 2. / 3, -1. / 3, nan, nan, nan, nan, nan, nan, nan, nan}},
		{"cholesky", linalg.Cholesky(a), []float64{math.Sqrt2, 0, 0, math.Sqrt2, nan, 0, nan, nan, nan, 0, nan, nan, nan, 0, nan, nan, nan, 0, nan, nan}},
		{"triangle", linalg.SolveTriangular(a, b, linalg.Triangle{}), []float64{1, 1, 2, -0.5, 2, -2, nan, nan, nan, nan}},
		{"unit", linalg.SolveTriangular(a, b, linalg.Triangle{Unit: true}), []float64{2, 2, 2, -2, 2, -2, 2, 2, 2, 2}},
		{"det", linalg.Det(a), []float64{4, 0, -3, nan, 0}},
		{"cofactor", linalg.Cofactor(a), []float64{2, 0, 0, 2, 4, -2, -2, 1, 1, -2, -2, 1, nan, nan, nan, nan, 0, 0, 0, 0}},
		{"logdet", linalg.LogDet(a), []float64{math.Log(4), -inf, nan, nan, -inf}},
		{"log_abs_det", linalg.LogAbsDet(a), []float64{math.Log(4), -inf, math.Log(3), nan, -inf}},
		{"eigenvalues", linalg.Eigenvalues(a), []float64{2, 2, 0, 5, -1, 3, nan, nan, 0, 0}},
	} {
		got := graphtest.Values(t, c.y)[0]
		for i, w := range c.want {
			if w == got[i] || math.Abs(w-got[i]) < 1e-14 || math.IsNaN(w) && math.IsNaN(got[i]) {
				continue
			}
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			break
		}
	}
	// Far from 1, and of no numbers at all.
	for _, scale := range []float64{1e-300, 1e300} {
		got := graphtest.Values(t, linalg.Eigenvalues(g.Array([]float64{scale, 2 * scale, 2 * scale, scale}, 2, 2)))[0]
		if math.Abs(got[0]/scale+1) > 1e-14 || math.Abs(got[1]/scale-3) > 1e-14 {
			t.Errorf("eigenvalues %v of %v", got, scale)
		}
	}
	if d := graphtest.Values(t, linalg.Det(g.Const(0, 0, 0)))[0][0]; d != 1 {
		t.Errorf("the determinant of nothing is %v", d)
	}
}

// TestSingular has cofactors of matrices whose determinant is 0, once and more often: they
// are the gradient of the determinant all the same.
func TestSingular(t *testing.T) {
	for _, x := range []full{
		{{0}}, {{1, 2}, {2, 4}}, {{0, 0}, {0, 0}}, {{0, 0}, {0, 3}}, {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, {{1, 2, 3}, {2, 4, 6}, {3, 6, 9}},
		{{0, 1, 0, 2}, {1, 0, 3, 0}, {0, 2, 0, 4}, {5, 0, 1, 0}},
	} {
		n := len(x)
		g := graph.New(graph.Float64, 1)
		a := g.Param("a", graph.From(slices.Concat(x...)...), n, n)
		got := graphtest.Values(t, graph.Grad(linalg.Det(a), a)[0])[0]
		for i := range n {
			for j := range n {
				if want := minor(x, i, j); math.Abs(got[i*n+j]-want) > 1e-13*(1+math.Abs(want)) {
					t.Errorf("%v: the derivative by element %d, %d is %v, want %v", x, i, j, got[i*n+j], want)
				}
			}
		}
	}
}

// TestWorkers runs all operations on a batch with one, two and three workers: the bits are
// the same, and nothing is allocated.
func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	var first [][]float64
	for workers := 1; workers <= 3; workers++ {
		g := graph.New(graph.Float64, 1)
		x, b := g.Param("x", graph.From(golden.Uniform(1, 24*21*21, -1, 1)...), 24, 21, 21), g.Param("b", graph.From(golden.Uniform(2, 24*21*5, -1, 1)...), 24, 21, 5)
		var outs []*node
		for _, name := range slices.Sorted(maps.Keys(laws)) {
			outs = append(outs, laws[name].build(definite(x), b))
		}
		outs = append(outs, graph.Grad(ops.Sum(linalg.Solve(x, b)), x)...)
		team := graph.NewTeam(workers)
		p, err := graph.Function{Outputs: outs, Team: team}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if n := testing.AllocsPerRun(5, func() { err = p.Run() }); n > 0 || err != nil {
				t.Errorf("%v allocations, %v", n, err)
			}
			for i, y := range outs {
				got := p.Float64s(y)
				if len(first) <= i {
					first = append(first, got)
				}
				if !slices.Equal(got, first[i]) {
					t.Fatalf("%v differs with %d workers", y, workers)
				}
			}
		}
		team.Close()
	}
}

// BenchmarkOps times what testdata/speed.py times of NumPy: matrices of 200 rows.
func BenchmarkOps(b *testing.B) {
	for _, name := range []string{"cholesky", "solve", "inverse", "eigenvectors", "solve_triangular {false false false}"} {
		b.Run(name, func(b *testing.B) {
			const n = 200
			g := graph.New(graph.Float64, 1)
			x := g.Param("x", graph.From(golden.Uniform(1, n*n, -1, 1)...), n, n)
			a := g.Param("a", graph.From(slices.Concat(covariance(shaped(golden.Uniform(1, n*n, -1, 1), n))...)...), n, n)
			if name == "cholesky" {
				x = a
			}
			y := laws[name].build(x, a)
			p, err := graph.Compile(ops.Sum(y))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				p.Run()
			}
		})
	}
}
