package elementary

import "math"

// The error function's complement and inverse, and the normal distribution:
// within a few units in the last place, also in the tails. Products are rounded
// before they are added, so that no compiler fuses them.

// tailTerms are the Chebyshev coefficients of (1+2x)·exp(x²)·Erfc(x) for x ≥ ½,
// in what maps (x-3.75)/(x+3.75) to -1..1. The map is Shepherd and Laframboise's,
// Mathematics of Computation 36 (1981) 249.
var tailTerms = [...]float64{
	1.2095535341864380711, -0.074499953010097343588, -0.019898431610118520119,
	0.019905393893364881912, -9.0023313933809269568e-3, 2.9421334073096392873e-3,
	-7.508778230431329259e-4, 1.498247911213858836e-4, -2.2031234655936491681e-5,
	1.8855545928961660989e-6, 6.0607295596739983684e-8, -4.5635383886497735475e-8,
	5.162357979173962838e-9, 3.472219662543289901e-10, -1.5752684361293959969e-10,
	7.1292012085287814757e-12, 3.3790897880065411062e-12, -4.4406526024697607559e-13,
	-6.4362545910983105232e-14, 1.6260780477370675167e-14, 1.1690084467834413509e-15,
	-5.4155588855192680886e-16, -2.1849878520778405827e-17, 1.8089668415515608675e-17,
}

// tail is Erfc(x)·exp(x²) for x ≥ ½.
func tail(x float64) float64 {
	const center, least = 3.75, (0.5 - 3.75) / (0.5 + 3.75)
	u := (2*(x-center)/(x+center) - (1 + least)) / (1 - least)
	b1, b2 := 0.0, 0.0
	for i := len(tailTerms) - 1; i > 0; i-- {
		b1, b2 = float64(2*u*b1)-b2+tailTerms[i], b1
	}
	return (float64(u*b1) - b2 + tailTerms[0]) / (1 + float64(2*x))
}

// bell is exp(-c·x²) for c = 1 or ½. The square of the leading half of x is
// exact.
func bell(c, x float64) float64 {
	z := math.Float64frombits(math.Float64bits(x) &^ (1<<27 - 1))
	return Exp(-c*z*z) * Exp(-c*(x-z)*(x+z))
}

// Erfc returns 1 - erf(x).
func Erfc(x float64) float64 {
	switch {
	case x != x:
		return x
	case math.Abs(x) < 0.5:
		return 1 - Erf(x)
	case x < 0:
		return 2 - Erfc(-x)
	case x > 28:
		return 0
	}
	return tail(x) * bell(1, x)
}

// NormCDF returns the probability that a normal variable is below x.
func NormCDF(x float64) float64 {
	t := math.Abs(x) / math.Sqrt2
	switch {
	case x != x:
		return x
	case t < 0.5:
		return 0.5 + float64(0.5*Erf(x/math.Sqrt2))
	case x > 0:
		return 1 - NormCDF(-x)
	case t > 28:
		return 0
	}
	return 0.5 * tail(t) * bell(0.5, -x)
}

// Erfinv returns the y whose erf(y) is x: two or three steps of Halley's method
// from an estimate.
func Erfinv(x float64) float64 {
	a := math.Abs(x)
	switch {
	case !(a <= 1):
		return math.NaN()
	case a == 1:
		return math.Inf(1) * x
	case a < 0.5:
		y := math.SqrtPi / 2 * a * (1 + float64(math.Pi/12*a*a))
		for range 2 {
			y = halley(y, Erf(y)-a)
		}
		return math.Copysign(y, x)
	}
	rest := 1 - a // exact
	// Winitzki's estimate is good to some thousandths.
	const c = 0.147
	l := Log(rest * (1 + a))
	m := float64((4/(math.Pi*c) + l) / 2)
	y := math.Sqrt(math.Sqrt(float64(m*m)-float64(l/c)) - m)
	for range 3 {
		y = halley(y, rest-Erfc(y))
	}
	return math.Copysign(y, x)
}

// halley is a step from y, where erf(y) is off by e.
func halley(y, e float64) float64 {
	u := e / (2 / math.SqrtPi * bell(1, y))
	return y - u/(1+float64(y*u))
}
