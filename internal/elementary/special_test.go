package elementary

import (
	"math"
	"testing"
)

// Where operands or results are zero, infinite or not numbers, functions are
// those of package math.
func TestSpecialCases(t *testing.T) {
	theirs := map[string]func(x, y float64) float64{
		"exp": one(math.Exp), "expm1": one(math.Expm1), "log": one(math.Log), "log10": one(math.Log10), "log1p": one(math.Log1p),
		"sin": one(math.Sin), "cos": one(math.Cos), "tan": one(math.Tan), "asin": one(math.Asin), "acos": one(math.Acos), "atan": one(math.Atan),
		"atan2": math.Atan2, "sinh": one(math.Sinh), "cosh": one(math.Cosh), "tanh": one(math.Tanh), "erf": one(math.Erf),
		"pow": math.Pow, "cbrt": one(math.Cbrt), "hypot": math.Hypot,
		"sigmoid": one(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),
	}
	var values []float64
	for _, v := range []float64{0, 5e-324, 1e-310, 1e-20, 0.5, 1, 2, 3, 1 << 53, 1<<53 - 1, 1e300, math.MaxFloat64, math.Inf(1)} {
		values = append(values, v, -v)
	}
	values = append(values, math.Copysign(0, -1), math.NaN())
	special := func(x float64) bool { return x == 0 || x != x || math.IsInf(x, 0) }
	for name := range functions {
		for _, x := range values {
			for _, y := range values {
				got, want := functions[name].f(x, y), theirs[name](x, y)
				if special(x) || special(y) && (name == "pow" || name == "atan2" || name == "hypot") || special(want) || special(got) {
					same := got == want && math.Signbit(got) == math.Signbit(want) || got != got && want != want
					if near := math.Abs(got-want) < 1e-15*math.Abs(want)+1e-300; !same && !(near && !special(want) && !special(got)) {
						t.Errorf("%s(%v, %v) = %v, want %v", name, x, y, got, want)
					}
				}
			}
		}
	}
}
