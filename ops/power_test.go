package ops_test

import (
	"math"
	"testing"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/ops"
)

// Whole powers and roots are exact, and no value overflows on the way to one
// that does not.
func TestPowersAreExact(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, dt := range []graph.Dtype{graph.Float64, graph.Float32} {
		g := graph.New(dt, 1)
		huge, tiny := 0x1p600, 0x1p-600
		if dt == graph.Float32 {
			huge, tiny = 0x1p100, 0x1p-100
		}
		x := func(v ...float64) *node { return g.Array(v, len(v)) }
		for _, c := range []struct {
			n    *node
			want []float64
		}{
			{ops.Log2(x(8, 1, 0.125, 1<<20, 0, inf, -1, nan)), []float64{3, 0, -3, 20, -inf, inf, nan, nan}},
			{ops.Log10(x(1000, 1, 10, 1e15, 100, 1e-3, 0, inf, -1)), []float64{3, 0, 1, 15, 2, -3, -inf, inf, nan}},
			{ops.Exp2(x(3, 0, -2, 0.5, -inf, inf)), []float64{8, 1, 0.25, math.Sqrt2, 0, inf}},
			{ops.Cbrt(x(27, -27, 1000, 0.125, 0, inf, -inf, nan)), []float64{3, -3, 10, 0.5, 0, inf, -inf, nan}},
			{ops.Hypot(x(3, -5, 0, 3*huge, inf, nan, -3*tiny), x(4, 12, 0, 4*huge, nan, 1, 4*tiny)), []float64{5, 13, 0, 5 * huge, inf, nan, 5 * tiny}},
		} {
			for i, v := range graphtest.Values(t, c.n)[0] {
				w := c.want[i]
				if dt == graph.Float32 {
					w = float64(float32(w))
				}
				if v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
					t.Errorf("%v, element %d of %v: %v, want %v", dt, i, c.n, v, w)
				}
			}
		}
	}
}

// So are all that a float64 holds.
func TestWholePowers(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	var twos, tens, cubes []float64
	for k := range 1024 {
		twos = append(twos, math.Ldexp(1, k), math.Ldexp(1, -k))
		cubes = append(cubes, float64(k*k*k))
	}
	for k := range 23 { // those above are rounded
		tens = append(tens, math.Pow10(k))
	}
	array := func(x []float64) *node { return g.Array(x, len(x)) }
	got := graphtest.Values(t, ops.Log2(array(twos)), ops.Log10(array(tens)), ops.Cbrt(array(cubes)))
	for k := range 1024 {
		if got[0][2*k] != float64(k) || got[0][2*k+1] != -float64(k) || got[2][k] != float64(k) {
			t.Errorf("log2(2^±%d) is %v and %v, cbrt(%d) is %v", k, got[0][2*k], got[0][2*k+1], k*k*k, got[2][k])
		}
		if k < len(tens) && got[1][k] != float64(k) {
			t.Errorf("log10(1e%d) is %v", k, got[1][k])
		}
	}
}

// Beside the exact values they agree with Go's library to a few units of the last
// place.
func TestPowersAreAccurate(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	var x, y, z []float64
	for i := range 4000 {
		x = append(x, math.Exp(float64(i-2000)/7.3)*(1+float64(i%13)/17))
		y = append(y, x[i]*math.Exp(float64(i%29-14)/3))
		z = append(z, float64(i-2000)/7.3)
	}
	a, b := g.Array(x, len(x)), g.Array(y, len(y))
	for name, c := range map[string]struct {
		n *node
		f func(i int) float64
	}{
		"log2":  {ops.Log2(a), func(i int) float64 { return math.Log2(x[i]) }},
		"log10": {ops.Log10(a), func(i int) float64 { return math.Log10(x[i]) }},
		"exp2":  {ops.Exp2(g.Array(z, len(z))), func(i int) float64 { return math.Exp2(z[i]) }},
		"cbrt":  {ops.Cbrt(ops.Neg(a)), func(i int) float64 { return -math.Cbrt(x[i]) }},
		"hypot": {ops.Hypot(a, b), func(i int) float64 { return math.Hypot(x[i], y[i]) }},
	} {
		for i, v := range graphtest.Values(t, c.n)[0] {
			if w := c.f(i); !(math.Abs(v-w) <= 4*0x1p-52*math.Abs(w)) {
				t.Fatalf("%s of %v: %v, want %v", name, x[i], v, w)
			}
		}
	}
}

// At a kink the derivatives are what is declared, and roots have the slope of
// their tangent.
func TestPowerGradients(t *testing.T) {
	g := graph.New(graph.Float64, 1)
	x, y := param(g, "x", 0, 3), param(g, "y", 0, 4)
	d := graph.Grad(ops.Sum(ops.Hypot(x, y)), x, y)
	r := graph.Grad(ops.Sum(ops.Cbrt(x)), x)
	got := graphtest.Values(t, append(d, r...)...)
	want := [][]float64{{0, 0.6}, {0, 0.8}, {math.Inf(1), 1 / (3 * math.Cbrt(9))}}
	for i := range want {
		for k := range want[i] {
			if w := want[i][k]; got[i][k] != w && !(math.Abs(got[i][k]-w) < 1e-15) {
				t.Errorf("gradient %d: %v, want %v", i, got[i], want[i])
			}
		}
	}
}
