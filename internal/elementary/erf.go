package elementary

import "math"

// Erf returns the error function of x: Taylor's series about 0, or about the
// middle of the eighth that x is in.
func Erf(x float64) float64 {
	a := math.Abs(x)
	switch {
	case a < 0.5:
		x2 := float64(a * a)
		hi := float64(a * erfSlope)
		lo := math.FMA(a, erfSlope, -hi) + float64(a*erfSlopeLow)
		return math.Copysign(hi+(lo+float64(float64(a*x2)*poly16(x2, &erfTerms))), x)
	case a >= 6:
		return math.Copysign(1, x)
	case x != x:
		return x
	}
	j := int(a*8) - 4
	h := a - float64((float64(j)+4.5)/8)
	row := &bells[j]
	hi, lo := fast(row.value, float64(h*poly16(h, &row.terms)))
	return math.Copysign(hi+(lo+row.rest), x)
}

const (
	erfSlope    = 2 / math.SqrtPi
	erfSlopeLow = 0x1.1ae3a914fed80p-56 // 2/√π less its float64
)

// erfTerms are ±2/(√π·k!·(2k+1)) from k = 1 on.
var erfTerms = [2][8]float64{
	{
		-0x1.812746b0379e7p-2, 0x1.ce2f21a042be2p-4, -0x1.b82ce31288b51p-6, 0x1.565bcd0e6a53fp-8,
		-0x1.c02db40040b86p-11, 0x1.f9a326f9b89b7p-14, -0x1.f4d25c3e0c2ebp-17, 0x1.b9e6c9dc651a3p-20,
	},
	{-0x1.5f742ec43e71ap-23, 0x1.fcc5720624c1cp-27, -0x1.51d7181c5d36dp-30, 0x1.9e6ad5e55a730p-34, -0x1.d8453cb0c46eap-38},
}
