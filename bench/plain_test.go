package bench

import (
	"math"
	"math/rand/v2"
	"testing"
)

// formulas has every analytic problem as a plain function of its numbers.
var formulas = map[string]func(x []float64) float64{
	"quadratic-100":   func(x []float64) float64 { return mirrored(100, x) },
	"quadratic-10000": func(x []float64) float64 { return mirrored(1e4, x) },
	"rosenbrock":      banana,
	"rosenbrock-10":   banana,
	"beale": func(v []float64) float64 {
		return sq(1.5-v[0]+v[0]*v[1]) + sq(2.25-v[0]+v[0]*sq(v[1])) + sq(2.625-v[0]+v[0]*sq(v[1])*v[1])
	},
	"booth":      func(v []float64) float64 { return sq(v[0]+2*v[1]-7) + sq(2*v[0]+v[1]-5) },
	"himmelblau": func(v []float64) float64 { return sq(v[0]*v[0]+v[1]-11) + sq(v[0]+v[1]*v[1]-7) },
	"three-hump-camel": func(v []float64) float64 {
		return 2*sq(v[0]) - 1.05*math.Pow(v[0], 4) + math.Pow(v[0], 6)/6 + v[0]*v[1] + sq(v[1])
	},
	"freudenstein-roth": func(v []float64) float64 {
		return sq(v[0]-13+((5-v[1])*v[1]-2)*v[1]) + sq(v[0]-29+((v[1]+1)*v[1]-14)*v[1])
	},
	"powell-singular": func(x []float64) float64 {
		return sq(x[0]+10*x[1]) + 5*sq(x[2]-x[3]) + math.Pow(x[1]-2*x[2], 4) + 10*math.Pow(x[0]-x[3], 4)
	},
	"wood": func(x []float64) float64 {
		return 100*sq(x[1]-x[0]*x[0]) + sq(1-x[0]) + 90*sq(x[3]-x[2]*x[2]) + sq(1-x[2]) + 10*sq(x[1]+x[3]-2) + 0.1*sq(x[1]-x[3])
	},
	"zakharov-10": func(x []float64) float64 {
		squares, s := 0.0, 0.0
		for i, v := range x {
			squares, s = squares+v*v, s+0.5*float64(i+1)*v
		}
		return squares + s*s + math.Pow(s, 4)
	},
	"goldstein-price": func(v []float64) float64 {
		x, y := v[0], v[1]
		return (1 + sq(x+y+1)*(19-14*x+3*x*x-14*y+6*x*y+3*y*y)) * (30 + sq(2*x-3*y)*(18-32*x+12*x*x+48*y-36*x*y+27*y*y))
	},
	"styblinski-tang-5": sumOf(func(_ int, v float64) float64 { return (math.Pow(v, 4) - 16*v*v + 5*v) / 2 }),
	"rastrigin":         sumOf(func(_ int, v float64) float64 { return 10 + v*v - 10*math.Cos(2*math.Pi*v) }),
	"ackley": func(x []float64) float64 {
		n := float64(len(x))
		squares := sumOf(func(_ int, v float64) float64 { return v * v })(x)
		waves := sumOf(func(_ int, v float64) float64 { return math.Cos(2 * math.Pi * v) })(x)
		return -20*math.Exp(-0.2*math.Sqrt(squares/n)) - math.Exp(waves/n) + 20 + math.E
	},
	"absolute-5": sumOf(func(i int, v float64) float64 { return math.Abs(v - float64(i+1)) }),
	"cauchy":     sumOf(func(_ int, v float64) float64 { return math.Log(1 + v*v) }),
}

func sq(x float64) float64 { return x * x }

func sumOf(f func(i int, v float64) float64) func(x []float64) float64 {
	return func(x []float64) (sum float64) {
		for i, v := range x {
			sum += f(i, v)
		}
		return sum
	}
}

func banana(x []float64) (sum float64) {
	for i := range len(x) - 1 {
		sum += 100*sq(x[i+1]-x[i]*x[i]) + sq(1-x[i])
	}
	return sum
}

// mirrored is ½Σ cᵢyᵢ², where y is x mirrored at the plane across (1, 2, …) and c
// goes from 1 to condition by equal factors.
func mirrored(condition float64, x []float64) float64 {
	dot, norm := 0.0, 0.0
	for i, v := range x {
		dot, norm = dot+float64(i+1)*v, norm+sq(float64(i+1))
	}
	return sumOf(func(i int, v float64) float64 {
		return math.Pow(condition, float64(i)/float64(len(x)-1)) * sq(v-2*float64(i+1)*dot/norm) / 2
	})(x)
}

func TestProblemsAgainstFormulas(t *testing.T) {
	if len(formulas) != len(Functions) {
		t.Errorf("%d formulas for %d problems", len(formulas), len(Functions))
	}
	for _, p := range Functions {
		f := formulas[p.Name]
		if f == nil {
			t.Errorf("%s has no formula: add it to formulas", p.Name)
			continue
		}
		eval, rng := evaluator(t, p), rand.New(rand.NewPCG(1, 2))
		for range 20 {
			x := make([]float64, len(p.Start))
			for i := range x {
				x[i] = 2 * rng.NormFloat64()
			}
			got, _ := eval(x)
			if want := f(x); !(math.Abs(got-want) <= 1e-12*(1+math.Abs(want))) {
				t.Errorf("%s at %v is %v, want %v", p.Name, x, got, want)
			}
		}
	}
}
