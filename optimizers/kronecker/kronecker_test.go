package kronecker

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"descent/graph"
	"descent/ops"
	"descent/optimizers/rule"
)

// product is a·b of square matrices, or of rows and a square matrix.
func product(a, b []float64, n int) []float64 {
	out := make([]float64, len(a))
	for i := range out {
		for k := range n {
			out[i] += a[i/n*n+k] * b[k*n+i%n]
		}
	}
	return out
}

func transposed(a []float64, n int) []float64 {
	out := make([]float64, len(a))
	for i, x := range a {
		out[i%n*n+i/n] = x
	}
	return out
}

// diagonal is x·1.
func diagonal(n int, x float64) []float64 {
	out := make([]float64, n*n)
	for i := range n {
		out[i*n+i] = x
	}
	return out
}

// apart is the largest difference of elements.
func apart(a, b []float64) (d float64) {
	for i := range a {
		if e := math.Abs(a[i] - b[i]); !(e <= d) {
			d = e
		}
	}
	return d
}

// Products along axes are sums over the elements of lines, whatever the number of axes.
func TestAlong(t *testing.T) {
	for _, dims := range [][]int{{4}, {3, 4}, {2, 3, 4}, {2, 2, 3, 2}} {
		for axis, n := range dims {
			g := graph.New(graph.Float64, 1)
			x, m := g.Input("x", dims...), g.Input("m", n, n)
			product, moments, diagonal := along(m, x, axis), gram(x, axis), squares(x, axis)
			p, err := graph.Compile(product, moments, diagonal)
			if err != nil {
				t.Fatal(err)
			}
			xs, ms := make([]float64, x.Shape().Size()), make([]float64, n*n)
			for i := range xs {
				xs[i] = math.Sin(float64(i * i))
			}
			for i := range ms {
				ms[i] = math.Cos(float64(i))
			}
			if err := p.Run(graph.Let(x, xs), graph.Let(m, ms)); err != nil {
				t.Fatal(err)
			}
			stride := 1
			for _, d := range dims[axis+1:] {
				stride *= d
			}
			y, gs, ds := make([]float64, len(xs)), make([]float64, n*n), make([]float64, n)
			for i, v := range xs {
				at := i / stride % n
				for k := range n {
					other := i + (k-at)*stride
					y[other] += ms[k*n+at] * v
					gs[at*n+k] += v * xs[other]
				}
				ds[at] += v * v
			}
			for i, c := range []float64{apart(p.Float64s(product), y), apart(p.Float64s(moments), gs), apart(p.Float64s(diagonal), ds)} {
				if !(c < 1e-13) {
					t.Errorf("axis %d of %v, result %d: off by %v", axis, dims, i, c)
				}
			}
		}
	}
}

// condensed is a symmetric matrix whose eigenvalues go from 1 to least by equal factors,
// along axes that are not the array's: its p-th power is that with leastᵖ.
func condensed(n int, least float64) []float64 {
	mirror, scaled := diagonal(n, 1), make([]float64, n*n)
	for i := range n {
		for j := range n {
			mirror[i*n+j] -= 2 * math.Sqrt(float64((i+1)*(j+1))) / float64(n*(n+1)/2)
			scaled[i*n+j] = mirror[i*n+j] * math.Pow(least, float64(j)/float64(n-1))
		}
	}
	return product(scaled, mirror, n)
}

// Roots are known ones, in both element types. Where there is none, of a negative
// eigenvalue, the old one stays.
func TestInverseRoot(t *testing.T) {
	const n = 12
	for _, c := range []struct {
		dt    graph.Dtype
		p     int
		least float64
		tol   float64
	}{
		{graph.Float64, 2, 1e-4, 1e-10}, {graph.Float64, 4, 1e-8, 1e-8}, {graph.Float64, 3, 0.1, 1e-10}, {graph.Float64, 8, 1e-4, 1e-10}, {graph.Float64, 1, 0.01, 1e-10},
		{graph.Float32, 2, 1e-4, 3e-3}, {graph.Float32, 4, 1e-4, 1e-3}, {graph.Float32, 6, 1e-4, 1e-3}, {graph.Float32, 4, 0.1, 1e-5},
	} {
		g := graph.New(c.dt, 1)
		in := g.Input("a", n, n)
		out := inverseRoot(in, eye(in, n), ops.Scale(7, eye(in, n)), c.p)
		p, err := graph.Function{Outputs: []*node{out}, Check: true}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		run := func(a []float64) []float64 {
			if err := p.Run(graph.Let(in, a)); err != nil {
				t.Fatal(err)
			}
			return p.Float64s(out)
		}
		a := condensed(n, c.least)
		if d := apart(run(a), condensed(n, math.Pow(c.least, -1/float64(c.p)))); !(d <= c.tol) {
			t.Errorf("%v, root %d, least %g: off by %g", c.dt, c.p, c.least, d)
		}
		negative := slices.Clone(a)
		for i := range n {
			negative[i*n+i] -= 2 * c.least
		}
		if got := run(negative); !slices.Equal(got, diagonal(n, 7)) {
			t.Errorf("%v, root %d of a negative eigenvalue: %v", c.dt, c.p, got)
		}
	}
}

// Rows are orthogonal to rounding, however near to one another they were, and the first
// keeps its direction.
func TestOrthogonal(t *testing.T) {
	for dt, tol := range map[graph.Dtype]float64{graph.Float64: 1e-13, graph.Float32: 1e-5} {
		for n, least := range map[int]float64{12: 0.5, 13: 1e-6, 96: 1e-6, 97: 1e-6, 120: 0.1} {
			g := graph.New(dt, 1)
			in := g.Input("a", n, n)
			out := orthogonal(in)
			p, err := graph.Compile(out)
			if err != nil {
				t.Fatal(err)
			}
			a := condensed(n, least)
			if err := p.Run(graph.Let(in, a)); err != nil {
				t.Fatal(err)
			}
			q := p.Float64s(out)
			if d := apart(product(q, transposed(q, n), n), diagonal(n, 1)); !(d < tol) {
				t.Errorf("%v, %g: products of rows are off by %v", dt, least, d)
			}
			for i, x := range q[:n] {
				if !(math.Abs(x*a[0]-a[i]*q[0]) < 1e-6) {
					t.Errorf("%v: the first row is %v", dt, q[:n])
				}
			}
		}
	}
}

// Power iteration finds the eigenvectors, in the order of their eigenvalues.
func TestAxesAreEigenvectors(t *testing.T) {
	const n = 5
	g := graph.New(graph.Float64, 1)
	l := g.Input("l", n, n)
	mean, square, axes := g.State("m", graph.Fill(1), n), g.State("v", graph.Fill(1), n), g.State("axes", identity, n, n)
	next := basis{axes: []int{0}}.turn([]*node{mean, square, axes, l})
	p, err := graph.Function{Outputs: next, Updates: []graph.Update{{Target: mean, Value: next[0]}, {Target: axes, Value: next[2]}}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	a := condensed(n, 1e-2)
	for range 60 {
		if err := p.Run(graph.Let(l, a)); err != nil {
			t.Fatal(err)
		}
	}
	q := axes.Variable().Float64s()
	for i := range n {
		row := q[i*n : i*n+n]
		value := math.Pow(1e-2, float64(i)/(n-1))
		for j, x := range product(row, a, n) {
			if !(math.Abs(x-value*row[j]) < 1e-9) {
				t.Errorf("axis %d is no eigenvector of %v", i, value)
			}
		}
	}
	// The mean is the vector of ones in the new axes.
	for i := range n {
		x := 0.0
		for _, v := range q[i*n : i*n+n] {
			x += v
		}
		if got := mean.Variable().Float64s()[i]; !(math.Abs(got-x) < 1e-9) {
			t.Errorf("the mean's element %d is %v, want %v", i, got, x)
		}
	}
}

// White gradients: on a gradient that is A·z·B with normal z, learned factors undo A and
// B, up to a factor that only both together have.
func TestPSGDWhitens(t *testing.T) {
	const n = 3
	g := graph.New(graph.Float64, 1)
	w, z := g.Param("w", graph.Zeros, n, n), ops.Normal(g.Input("t"), "z", n, n)
	a, b := condensed(n, 0.05), condensed(n, 0.2)
	grad := ops.MatMul(ops.MatMul(g.Array(a, n, n), z), g.Array(b, n, n))
	r := PSGD()
	r.Momentum, r.Rate = 0, 0.05
	tr := rule.Build(ops.Sum(ops.Mul(w, ops.StopGradient(grad))), []rule.Rule{r}, nil, false)
	p, err := tr.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4000 {
		if err := p.Run(graph.Let(g.Leaf("t"), []float64{float64(i)}), graph.Let(tr.LR, []float64{0})); err != nil {
			t.Fatal(err)
		}
	}
	for i, half := range [][]float64{condensed(n, math.Sqrt(0.05)), condensed(n, math.Sqrt(0.2))} {
		q := g.Leaf(fmt.Sprint("w/0.q", i)).Variable().Float64s()
		// QᵀQ is to be near a multiple of the matrix's inverse.
		white := product(product(half, product(transposed(q, n), q, n), n), half, n)
		trace := white[0] + white[n+1] + white[2*n+2]
		if d := apart(white, diagonal(n, trace/n)) * n / trace; !(d < 0.2) {
			t.Errorf("factor %d leaves %v", i, white)
		}
	}
}
