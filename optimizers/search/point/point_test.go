package point

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/optimizers/search"
)

var inf = math.Inf(1)

// smooth is a problem of one or two variables by its value and derivatives,
// which are written out here: no graph has a part in it.
type smooth struct {
	f func(x, y float64) float64
	g func(x, y float64) (gx, gy float64)
	h func(x, y float64) (xx, xy, yy float64)
}

func (s smooth) function(start []float64, bounds ...search.Bound) *Function {
	n := len(start)
	two := func(x []float64) (float64, float64) { return x[0], append(slices.Clone(x), 0)[1] }
	p := &search.Problem{Start: start,
		Func: func(x []float64) float64 { return s.f(two(x)) },
		Grad: func(x, grad []float64) float64 {
			gx, gy := s.g(two(x))
			copy(grad, []float64{gx, gy}[:n])
			return s.f(two(x))
		},
		HVP: func(x, v, hv []float64) {
			xx, xy, yy := s.h(two(x))
			a, b := two(v)
			copy(hv, []float64{xx*a + xy*b, xy*a + yy*b}[:n])
		}}
	return &Function{Problem: p, Names: []string{"x", "y"}[:n], Bounds: append(bounds, make([]search.Bound, n-len(bounds))...), Start: start}
}

// square is a·x² + b·y².
func square(a, b float64) smooth {
	return smooth{func(x, y float64) float64 { return a*x*x + b*y*y }, func(x, y float64) (float64, float64) { return 2 * a * x, 2 * b * y },
		func(x, y float64) (float64, float64, float64) { return 2 * a, 0, 2 * b }}
}

// of is a function of x alone.
func of(f, g, h func(x float64) float64) smooth {
	return smooth{func(x, _ float64) float64 { return f(x) }, func(x, _ float64) (float64, float64) { return g(x), 0 },
		func(x, _ float64) (float64, float64, float64) { return h(x), 0, 0 }}
}

// What is at a point is said in words, with the directions that matter.
func TestKinds(t *testing.T) {
	quartic := of(func(x float64) float64 { return x * x * x * x }, func(x float64) float64 { return 4 * x * x * x }, func(x float64) float64 { return 12 * x * x })
	cubic := of(func(x float64) float64 { return x * x * x }, func(x float64) float64 { return 3 * x * x }, func(x float64) float64 { return 6 * x })
	kink := of(math.Abs, func(x float64) float64 { return math.Copysign(1, x) }, func(float64) float64 { return 0 })
	root := of(math.Sqrt, func(x float64) float64 { return 0.5 / math.Sqrt(x) }, func(x float64) float64 { return -0.25 / (x * math.Sqrt(x)) })
	exp := of(math.Exp, math.Exp, math.Exp)
	line := of(func(x float64) float64 { return x }, func(float64) float64 { return 1 }, func(float64) float64 { return 0 })
	pole := of(func(x float64) float64 { return 1 / x }, func(x float64) float64 { return -1 / (x * x) }, func(x float64) float64 { return 2 / (x * x * x) })
	for name, c := range map[string]struct {
		s          smooth
		start, at  []float64
		bounds     []search.Bound
		want       string
		stationary bool
	}{
		"bowl":         {square(1, 3), []float64{1, 1}, []float64{0, 0}, nil, "minimum", true},
		"hill":         {square(-1, -3), []float64{1, 1}, []float64{0, 0}, nil, "maximum", true},
		"saddle":       {square(1, -3), []float64{1, 1}, []float64{0, 0}, nil, "saddle", true},
		"valley":       {square(0, 2), []float64{1, 1}, []float64{1, 0}, nil, "minimum, flat in these directions: x", true},
		"plain":        {square(0, 0), []float64{1, 1}, []float64{1, 1}, nil, "flat in these directions: x, y", true},
		"quartic":      {quartic, []float64{1}, []float64{0}, nil, "minimum, flat to second order in these directions: x", true},
		"cubic":        {cubic, []float64{1}, []float64{0}, nil, "saddle", true},
		"on the slope": {square(1, 1), []float64{3, 3}, []float64{1, 2}, nil, "not converged", false},
		"kink":         {kink, []float64{1}, []float64{0}, nil, "minimum at a kink", true},
		"edge":         {root, []float64{1}, []float64{0}, nil, "minimum at the edge of the domain", true},
		"bound":        {line, []float64{1}, []float64{0}, []search.Bound{{Lo: 0, Hi: inf}}, "minimum at a bound", true},
		"line":         {line, []float64{1}, []float64{0}, nil, "unbounded: the value falls without bound in the direction -x", false},
		"tail":         {exp, []float64{0}, []float64{-20}, nil, "no minimum: the value falls for ever in the direction -x, towards 0", false},
		"pole":         {pole, []float64{-1}, []float64{-1e-9}, nil, "unbounded: the value falls without bound near this point, in the direction x", false},
		"not a number": {of(math.Log, func(x float64) float64 { return 1 / x }, func(x float64) float64 { return -1 / (x * x) }), []float64{1}, []float64{-1}, nil, "not finite", false},
	} {
		kind, err := c.s.function(c.start, c.bounds...).At(c.at, make([]float64, len(c.at))).Kind()
		if err != nil {
			t.Fatal(name, err)
		}
		if got := kind.Text(1); got != c.want || kind.Stationary() != c.stationary {
			t.Errorf("%s: %q, %t; want %q", name, got, kind.Stationary(), c.want)
		}
	}
}

// Neither the unit of a variable nor the size of the function changes what a
// point is called, and Newton's step leads to the minimum.
func TestModel(t *testing.T) {
	for _, unit := range []float64{1e-9, 1, 1e9} {
		for _, size := range []float64{1e-12, 1, 1e12} {
			s := square(size/(unit*unit), 2*size).function([]float64{unit, 1}).At([]float64{unit / 2, 0.25}, make([]float64, 2))
			m, err := s.model()
			if err != nil {
				t.Fatal(err)
			}
			if d0, d1 := m.step[0]/unit, m.step[1]; math.Abs(d0+0.5) > 1e-9 || math.Abs(d1+0.25) > 1e-9 || m.small {
				t.Errorf("unit %v, size %v: step %v, small %t", unit, size, m.step, m.small)
			}
			if want := size * (0.25 + 2*0.0625); math.Abs(m.fall-want) > 1e-9*want {
				t.Errorf("unit %v, size %v: the step gains %v, want %v", unit, size, m.fall, want)
			}
		}
	}
}

// The nearest point of a hull is the one that no point of the hull is beyond:
// p·v >= v·v for all, and v is among them.
func TestNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		points := make([][]float64, 2+rng.IntN(6))
		shift := 2 * rng.Float64()
		for i := range points {
			points[i] = []float64{rng.NormFloat64() + shift, rng.NormFloat64(), rng.NormFloat64()}
		}
		v := nearest(points)
		for _, p := range points {
			if inner(p, v) < inner(v, v)-1e-9 {
				t.Errorf("%v of %v is beyond %v", p, points, v)
			}
		}
	}
	if v := nearest([][]float64{{1, 1}, {1, -1}}); math.Abs(v[0]-1) > 1e-12 || math.Abs(v[1]) > 1e-12 {
		t.Errorf("between (1, 1) and (1, -1): %v", v)
	}
}

// Falls from one distance to twice it: the half-sums of a logarithm stay, those
// of a power that has a limit vanish.
func TestTail(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(t float64) float64
		want fall
	}{
		"line":      {func(t float64) float64 { return -t }, forever},
		"logarithm": {func(t float64) float64 { return -math.Log(t) }, forever},
		"inverse":   {func(t float64) float64 { return 1 / t }, tapering},
		"root":      {func(t float64) float64 { return 1 / math.Sqrt(t) }, tapering},
		"constant":  {func(float64) float64 { return 1 }, stops},
	} {
		var falls []float64
		for d := 1.0; d < 1e12; d *= 2 {
			falls = append(falls, c.f(d)-c.f(2*d))
		}
		if got := tail(falls); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := tail([]float64{1, 1, 1}); got != stops {
		t.Errorf("three falls: %v", got)
	}
}

func TestName(t *testing.T) {
	s := &Spot{Function: &Function{Names: []string{"a", "b", "c[0]", "c[1]", "c[2]", "c[3]", "c[4]"}}}
	for _, c := range []struct {
		u    []float64
		want string
	}{
		{[]float64{1}, "a"}, {[]float64{-2}, "-a"}, {[]float64{1, -0.5}, "a - 0.5*b"}, {[]float64{0, 3, 1.5}, "b + 0.5*c[0]"}, {[]float64{1e-9, 1}, "b"},
		{[]float64{1, 1, 1, 1, 1, 1, 1}, "a + b + c[0] + c[1] + c[2] + c[3] + ..."},
	} {
		if got := s.name(c.u); got != c.want {
			t.Errorf("%v: %q, want %q", c.u, got, c.want)
		}
	}
}

// A variable at an edge is jammed; the other can move on.
func TestLoose(t *testing.T) {
	s := smooth{func(x, y float64) float64 { return math.Sqrt(x) + (y-1)*(y-1) }, func(x, y float64) (float64, float64) { return 0.5 / math.Sqrt(x), 2 * (y - 1) },
		func(x, y float64) (float64, float64, float64) { return -0.25 / (x * math.Sqrt(x)), 0, 2 }}
	spot := s.function([]float64{1, 1}).At([]float64{1e-300, 0.5}, make([]float64, 2))
	if got := spot.Loose(); !slices.Equal(got, []int{1}) {
		t.Errorf("%v can move, want [1]", got)
	}
	if got := square(1, 1).function([]float64{1, 1}).At([]float64{0.5, 0.5}, make([]float64, 2)).Loose(); got != nil {
		t.Errorf("%v, want nil where all can move", got)
	}
}
