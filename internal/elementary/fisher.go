package elementary

import "math"

// FisherTail returns the probability that Fisher's F with d1 and d2 degrees of freedom
// is at least f: the incomplete beta function of d2/(d2+d1·f) with parameters d2/2
// and d1/2.
func FisherTail(f, d1, d2 float64) float64 {
	if !(f > 0) {
		if math.IsNaN(f) {
			return f
		}
		return 1
	}
	part := float64(d1 * f / d2)
	if math.IsInf(part, 1) {
		return 0
	}
	a, b, x, y := float64(d2/2), float64(d1/2), 1/(1+part), part/(1+part)
	// x^a·(1-x)^b over the beta function
	size := Exp(float64(b*Log(part)) - float64((a+b)*Log1p(part)) - Betaln(a, b))
	if x < (a+1)/(a+b+2) { // the continued fraction converges where this is small
		return size / a * betaFraction(a, b, x)
	}
	return 1 - float64(size/b*betaFraction(b, a, y))
}
