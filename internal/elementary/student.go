package elementary

import "math"

// StudentTail returns the probability that Student's t with nu degrees of freedom
// is at least t: half of the incomplete beta function of nu/(nu+t²) with
// parameters nu/2 and ½. Its relative error is about nu·1e-16.
func StudentTail(t, nu float64) float64 {
	if t < 0 {
		return 1 - StudentTail(-t, nu)
	}
	t2 := float64(t / nu * t)
	if t2 > math.MaxFloat64 {
		return 0
	}
	// x^a·(1-x)^b over the beta function, with x = 1/(1+t2).
	factor := Exp(-0.5*nu*Log1p(t2)) * math.Sqrt(t2/(1+t2)) * gammaRatio(nu/2) / math.Sqrt(math.Pi)
	if t2*(nu+2) < 3 { // the continued fraction converges where this is small
		return 0.5 - float64(factor*betaFraction(0.5, nu/2, t2/(1+t2)))
	}
	return factor / nu * betaFraction(nu/2, 0.5, 1/(1+t2))
}

// betaFraction is the continued fraction of the incomplete beta function,
// https://dlmf.nist.gov/8.17.E22, by Lentz's method.
func betaFraction(a, b, x float64) float64 {
	f, c, d := 1.0, 1.0, 0.0
	for m := 0.0; m < 10000; m++ {
		k := a + float64(2*m)
		odd := -(a + m) * (a + b + m) * x / (k * (k + 1))
		even := (m + 1) * (b - m - 1) * x / ((k + 1) * (k + 2))
		before := f
		for _, e := range [...]float64{odd, even} {
			d = 1 / (1 + float64(e*d))
			c = 1 + e/c
			f *= float64(c * d)
		}
		if math.Abs(f-before) <= 1e-16*math.Abs(f) {
			break
		}
	}
	return 1 / f
}

// gammaRatio returns Γ(a+½)/Γ(a), by its asymptotic series for a large number
// (https://dlmf.nist.gov/5.11.E13) and down from there.
func gammaRatio(a float64) float64 {
	down := 1.0
	for ; a < 64; a++ {
		down *= a / (a + 0.5)
	}
	return down * math.Sqrt(a) * poly8(1/a, &gammaTerms)
}

var gammaTerms = [8]float64{1, -1.0 / 8, 1.0 / 128, 5.0 / 1024, -21.0 / 32768, -399.0 / 262144, 869.0 / 4194304}

// StudentQuantile returns the number that Student's t with nu degrees of freedom is
// below with probability p.
func StudentQuantile(p, nu float64) float64 {
	switch {
	case p < 0.5:
		return -StudentQuantile(1-p, nu)
	case p == 1:
		return math.Inf(1)
	}
	// The tail falls and is convex: Newton's steps from 0 do not pass the root.
	top := gammaRatio(nu/2) / math.Sqrt(nu*math.Pi)
	t := 0.0
	for range 1000 {
		density := top * Exp(-0.5*(nu+1)*Log1p(t/nu*t))
		step := (StudentTail(t, nu) - (1 - p)) / density
		t += step
		if !(step > 1e-15*t) {
			break
		}
	}
	return t
}
