package graph_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

type node = graph.Node

// rosen is a smooth function of a vector and a matrix with dense derivatives.
func rosen(g *graph.Graph) (loss, x, w *node) {
	x, w = g.Param("x", normal, 3), g.Param("w", normal, 3, 3)
	a := ops.MatMul(ops.Tanh(x), w)
	loss = ops.Add(ops.Sum(ops.Mul(ops.Square(a), ops.Exp(x))), ops.LogSumExp(ops.MatMul(w, x)))
	return loss, x, w
}

func within(a, b []float64, tol float64) bool {
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= tol*(1+math.Abs(b[i]))) {
			return false
		}
	}
	return len(a) == len(b)
}

// differences returns the 4-point differences of f by each element of v.
func differences(v *graph.Variable, f func() []float64) (columns [][]float64) {
	const h = 1e-3
	old := v.Float64s()
	for i := range old {
		var at [4][]float64
		for k, s := range []float64{1, -1, 2, -2} {
			moved := slices.Clone(old)
			moved[i] += s * h
			v.Set(moved)
			at[k] = f()
		}
		col := make([]float64, len(at[0]))
		for j := range col {
			col[j] = (8*(at[0][j]-at[1][j]) - (at[2][j] - at[3][j])) / (12 * h)
		}
		columns = append(columns, col)
	}
	v.Set(old)
	return columns
}

// TestDerivativesAgree checks every way to differentiate against differences
// and against each other.
func TestDerivativesAgree(t *testing.T) {
	g := graph.New(graph.Float64, 2)
	loss, x, w := rosen(g)
	grads := graph.Grad(loss, x, w)
	hess := graph.Hessian(loss, x)
	cross := graph.Jacobian(grads[1], x) // 9x3
	vx, vw := g.Const(0.7, 3), ops.Sin(w)
	hv := graph.HVP(loss, []*node{x, w}, []*node{vx, vw})
	hv0 := graph.HVP(loss, []*node{x}, []*node{vx})[0]
	forward := graph.JVP([]*node{loss, grads[0]}, []*node{x, w}, []*node{vx, vw})
	along := graph.Directional(loss, []*node{x, w}, []*node{vx, vw})
	got := graphtest.Values(t, append([]*node{loss, hess, cross, hv0, along, vw}, append(append(grads, hv...), forward...)...)...)
	H, C, hx, dir, vwv := got[1], got[2], got[3], got[4][0], got[5]
	gx, gw, hvx := got[6], got[7], got[8]

	value, err := graph.Compile(loss)
	if err != nil {
		t.Fatal(err)
	}
	f := func() []float64 { value.Run(); return []float64{value.Scalar(loss)} }
	for k, v := range []*graph.Variable{x.Variable(), w.Variable()} {
		if fd := slices.Concat(differences(v, f)...); !within([][]float64{gx, gw}[k], fd, 1e-8) {
			t.Errorf("gradient %v, differences %v", [][]float64{gx, gw}[k], fd)
		}
	}
	pg, err := graph.Compile(grads...)
	if err != nil {
		t.Fatal(err)
	}
	cols := differences(x.Variable(), func() []float64 {
		pg.Run()
		return append(pg.Float64s(grads[0]), pg.Float64s(grads[1])...)
	})
	for j, col := range cols {
		for i := range 3 {
			if math.Abs(H[i*3+j]-col[i]) > 1e-7 || math.Abs(H[i*3+j]-H[j*3+i]) > 1e-13 {
				t.Errorf("Hessian %v, column %d by differences %v", H, j, col[:3])
			}
		}
		for i := range 9 {
			if math.Abs(C[i*3+j]-col[3+i]) > 1e-7 {
				t.Errorf("mixed derivatives %v, column %d by differences %v", C, j, col[3:])
			}
		}
	}
	want := 0.0 // directional derivative; products with the Hessian
	for i := range 3 {
		want += 0.7 * gx[i]
		row := 0.7 * (H[i*3] + H[i*3+1] + H[i*3+2])
		if math.Abs(hx[i]-row) > 1e-12 {
			t.Errorf("HVP %v, row %d of H·v is %v", hx, i, row)
		}
		for k := range 9 {
			row += C[k*3+i] * vwv[k]
		}
		if math.Abs(hvx[i]-row) > 1e-12 || math.Abs(got[11][i]-row) > 1e-12 {
			t.Errorf("HVP %v, JVP of the gradient %v, want %v", hvx, got[11], row)
		}
	}
	for k := range 9 {
		want += vwv[k] * gw[k]
	}
	if math.Abs(dir-want) > 1e-12 || math.Abs(got[10][0]-want) > 1e-12 {
		t.Errorf("directional %v, JVP %v, want %v", dir, got[10], want)
	}
}

func TestThirdOrder(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.From(0.3, 1.2), 2)
	d := ops.Sum(ops.Exp(ops.Sin(x)))
	for range 3 {
		d = ops.Sum(graph.Grad(d, x)[0])
	}
	third := func(x float64) float64 { // of exp∘sin
		s, c := math.Sincos(x)
		return math.Exp(s) * c * (c*c - 3*s - 1)
	}
	if got, want := graphtest.Values(t, d)[0][0], third(0.3)+third(1.2); math.Abs(got-want) > 1e-13 {
		t.Errorf("third derivative %v, want %v", got, want)
	}
}

// TestGradTopologies: parameters that do not matter, intermediate nodes, the
// loss itself, several losses that share nodes, and Grad called twice.
func TestGradTopologies(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, other := g.Param("x", graph.From(1, 2), 2), g.Param("other", graph.Fill(3), 2, 2)
	h := ops.Square(x)
	y := ops.Sum(ops.Mul(h, x)) // Σx³
	z := ops.Sum(ops.Exp(h))
	d := graph.Grad(y, x, other, h, y)
	again := graph.Grad(y, x)[0]
	if d[0] != again {
		t.Error("the same gradient is another node")
	}
	both := graph.VJP([]*node{y, z}, []*node{g.Const(2), g.Const(-1)}, x)[0]
	late := graph.Grad(y, ops.Sqrt(ops.Mul(x, x)))[0] // made after y, which does not use it
	got := graphtest.Values(t, append(d, both, graph.Grad(z, x)[0], late)...)
	e := math.E
	for i, want := range [][]float64{{3, 12}, {0, 0, 0, 0}, {1, 2}, {1},
		{2*3 - 2*e, 2*12 - 4*math.Exp(4)}, {2 * e, 4 * math.Exp(4)}, {0, 0}} {
		if !within(got[i], want, 1e-14) {
			t.Errorf("%d: %v, want %v", i, got[i], want)
		}
	}
}

func TestGradMistakes(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x := g.Param("x", graph.Zeros, 3)
	bad := ops.Sum(x, 4)
	for _, n := range []*node{graph.Grad(x, x)[0], graph.Grad(bad, x)[0], graph.Hessian(x, x), graph.Jacobian(bad, x),
		graph.HVP(bad, []*node{x}, []*node{x})[0], graph.JVP([]*node{bad}, []*node{x}, []*node{x})[0], graph.Directional(bad, []*node{x}, []*node{x})} {
		if n.Err() == nil {
			t.Errorf("%v is not bad", n)
		}
	}
	if err := graph.Grad(x, x)[0].Err(); !strings.Contains(err.Error(), "grad_test.go:") || !strings.Contains(err.Error(), "only a scalar") {
		t.Error(err)
	}
	var build *graph.BuildError
	if !errors.As(graph.Grad(bad, x)[0].Err(), &build) || build.Op != "sum" {
		t.Errorf("%v", build)
	}
	if s := graph.Jacobian(ops.Slice(x, 0, 1, 1, 1), x).Shape(); s != graph.Dims(0, 3) {
		t.Error(s)
	}
}

// TestJVPOfMany compares forward with reverse mode on functions with branches.
func TestJVPOfMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 200 {
		g := graph.New(graph.Float64, uint64(trial))
		pool := randomPool(rng, g, 12)
		y := pool[len(pool)-1]
		xs := g.Params()
		var vs []*node
		for _, x := range xs {
			vs = append(vs, ops.Cos(x))
		}
		loss := ops.Sum(ops.Sin(y))
		got := graphtest.Values(t, graph.JVP([]*node{loss}, xs, vs)[0], graph.Directional(loss, xs, vs))
		if a, b := got[0][0], got[1][0]; math.Abs(a-b) > 1e-10*(1+math.Abs(b)) {
			t.Fatalf("trial %d: JVP %v, gradient times direction %v", trial, a, b)
		}
	}
}
