package elementary

import "math"

// The gamma function and its relatives: within a few units in the last place,
// but next to zeros at negative arguments, where the error is a few units of 1.
// Products are rounded before they are added, so that no compiler fuses them.

// zetaTerms are (-1)^k (ζ(k)-1)/k for k = 2, 3, …, the coefficients of
// log Γ(2+t) but for the first, 1-γ.
var zetaTerms = [...]float64{
	0.32246703342411321824, -0.067352301053198095133, 0.020580808427784547879,
	-7.3855510286739852663e-3, 2.8905103307415232858e-3, -1.1927539117032609771e-3,
	5.0966952474304242234e-4, -2.2315475845357937976e-4, 9.9457512781808533715e-5,
	-4.49262367381331417e-5, 2.0507212775670691553e-5, -9.439488275268395904e-6,
	4.3748667899074878042e-6, -2.0392157538013662368e-6, 9.5514121304074198329e-7,
	-4.4924691987645660433e-7, 2.1207184805554665869e-7, -1.0043224823968099609e-7,
	4.7698101693639805658e-8, -2.271109460894316491e-8, 1.0838659214896954091e-8,
	-5.1834750419700466551e-9, 2.4836745438024783172e-9, -1.1921401405860912074e-9,
	5.7313672416788620133e-10, -2.7595228851242331452e-10, 1.3304764374244489481e-10,
	-6.4229645638381000221e-11,
}

const (
	euler    = 0.57721566490153286061 // γ
	logRoot  = 0.91893853320467274178 // log √(2π)
	stirling = 8                      // from where Stirling's series serves
)

// horner returns Σ c[k]·x^k.
func horner(c []float64, x float64) float64 {
	s := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		s = c[i] + float64(s*x)
	}
	return s
}

// near2 is log Γ(2+t) for |t| ≤ ½.
func near2(t float64) float64 { return float64(t * ((1 - euler) + float64(t*horner(zetaTerms[:], t)))) }

// bernoulli are B₂, B₄, ….
var bernoulli = [...]float64{
	1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6,
	-3617.0 / 510, 43867.0 / 798, -174611.0 / 330, 854513.0 / 138, -236364091.0 / 2730,
}

// stirlingRest is log Γ(x) - (x-½)·log x + x - log √(2π) for x ≥ stirling:
// Σ B₂ₖ/(2k(2k-1)·x^(2k-1)).
func stirlingRest(x float64) float64 {
	sum, power := 0.0, 1/x
	for i, b := range bernoulli[:10] {
		k := float64(2 * (i + 1))
		sum += float64(b / (k * (k - 1)) * power)
		power = power / x / x
	}
	return sum
}

// Lgamma returns log |Γ(x)|.
func Lgamma(x float64) float64 {
	switch {
	case math.IsInf(x, 0) || x <= 0 && x == math.Floor(x):
		return math.Inf(1)
	case math.Abs(x) < 1e-9:
		return -Log(math.Abs(x)) - float64(euler*x)
	case x < 0: // Γ(x)·Γ(-x) = -π/(x·sin πx)
		return Log(math.Pi/math.Abs(x*sinPi(x))) - Lgamma(-x)
	case x < 0.5:
		return near2(x) - Log1p(x) - Log(x)
	case x < 1.5:
		return near2(x-1) - Log1p(x-1)
	case x < stirling:
		p := 1.0
		for x > 2.5 {
			x--
			p *= x
		}
		return Log(p) + near2(x-2)
	}
	l := Log(x)
	return float64(x*(l-1)) + (stirlingRest(x) + (logRoot - float64(0.5*l)))
}

// Gamma returns Γ(x).
func Gamma(x float64) float64 {
	switch {
	case x != x || x == 0:
		return 1 / x
	case x < 0 && x == math.Floor(x):
		return math.NaN()
	case x > 172:
		return math.Inf(1)
	case math.Abs(x) < 1e-9:
		return 1/x - euler
	case x < -200:
		return math.Copysign(0, sinPi(x))
	case x < -170: // where Γ(-x) overflows before Γ(x) vanishes
		p := 1.0
		for range 30 {
			p *= x
			x++
		}
		return Gamma(x) / p
	case x < 0:
		return -math.Pi / (float64(x*sinPi(x)) * Gamma(-x))
	case x < 0.5:
		return Exp(near2(x)) / (x * (1 + x))
	case x < 1.5:
		return Exp(near2(x-1)) / x
	case x < 24: // whole numbers are exact
		p := 1.0
		for x > 2.5 {
			x--
			p *= x
		}
		return p * Exp(near2(x-2))
	}
	half := Pow(x, (x-0.5)/2)
	return half * Exp(-x) * half * (math.Sqrt(2*math.Pi) * Exp(stirlingRest(x)))
}

// Betaln returns log |Γ(a)·Γ(b)/Γ(a+b)|. Large logarithms that cancel are taken
// together.
func Betaln(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if !(b > 0) || a < stirling {
		return Lgamma(a) + Lgamma(b) - Lgamma(a+b)
	}
	if math.IsInf(a, 1) {
		return math.Inf(-1)
	}
	rest := stirlingRest(a) - stirlingRest(a+b) - float64((a+(b-0.5))*Log1p(b/a))
	if b < stirling {
		return Lgamma(b) + (rest + float64(b*(1-Log(a))))
	}
	return rest + stirlingRest(b) + (logRoot - float64(0.5*Log(a))) + float64((b-0.5)*Log(b/a))
}

// Polygamma returns the derivative of the given order, a whole number, of the
// digamma function ψ = (log Γ)'.
func Polygamma(order, x float64) float64 {
	n := int(order)
	switch {
	case !(order >= 0 && order <= 100) || order != float64(n) || x != x || math.IsInf(x, -1):
		return math.NaN()
	case x <= 0 && x == math.Floor(x): // the pole of 1/x^(n+1)
		if n%2 == 1 {
			return math.Inf(1)
		}
		if x == 0 {
			return math.Inf(-1) * math.Copysign(1, x)
		}
		return math.NaN()
	case x < 0: // (-1)ⁿ·ψₙ(1-x) - ψₙ(x) is the n-th derivative of π·cot πx
		return alternate(n, Polygamma(order, 1-x)) - cotangent(n, x)
	case n == 0:
		return digamma(x)
	}
	// Σ n!/(x+i)^(n+1) up to where the asymptotic series serves, over (n-1)!.
	sum := 0.0
	for ; x < 12+order; x++ {
		sum += float64(order * Pow(x, -order-1))
	}
	term, series := 1.0, 1+float64(order/(2*x))
	for i, b := range bernoulli {
		k := float64(2 * (i + 1))
		term = term * ((order + k - 2) / (k - 1) / x) * ((order + k - 1) / k / x)
		series += float64(b * term)
	}
	sum += float64(Pow(x, -order) * series)
	for k := 2; k < n; k++ {
		sum *= float64(k)
	}
	return -alternate(n, sum)
}

// alternate is (-1)ⁿ·x.
func alternate(n int, x float64) float64 {
	if n%2 == 1 {
		return -x
	}
	return x
}

// digamma is ψ(x) for x > 0.
func digamma(x float64) float64 {
	below := 0.0
	for ; x < 12; x++ {
		below += 1 / x
	}
	sum, power := 0.0, 1/x/x
	for i, b := range bernoulli[:9] {
		sum += float64(b / float64(2*(i+1)) * power)
		power = power / x / x
	}
	return Log(x) - (below + (0.5/x + sum))
}

// cotangent is the n-th derivative of π·cot πx: π^(n+1)·Cₙ(cot πx) with
// C₀(c) = c and Cₙ₊₁ = -(1+c²)·Cₙ'.
func cotangent(n int, x float64) float64 {
	c := []float64{0, 1}
	scale := math.Pi
	for range n {
		next := make([]float64, len(c)+1)
		for k := 1; k < len(c); k++ {
			slope := float64(float64(k) * c[k])
			next[k-1] -= slope
			next[k+1] -= slope
		}
		c, scale = next, scale*math.Pi
	}
	return scale * horner(c, cosPi(x)/sinPi(x))
}

// sinPi is sin πx, and cosPi cos πx, exact in the reduction of x.
func sinPi(x float64) float64 {
	r := x - float64(2*math.Round(x/2))
	switch {
	case r > 0.5:
		r = 1 - r
	case r < -0.5:
		r = -1 - r
	}
	if math.Abs(r) > 0.25 {
		return math.Copysign(Cos(math.Pi*(0.5-math.Abs(r))), r)
	}
	return Sin(math.Pi * r)
}

func cosPi(x float64) float64 {
	r := math.Abs(x - float64(2*math.Round(x/2)))
	if r <= 0.25 {
		return Cos(math.Pi * r)
	}
	return sinPi(0.5 - r)
}

// Sinc returns the derivative of the given order, a whole number, of
// sin(πx)/(πx).
func Sinc(order, x float64) float64 {
	n := int(order)
	if !(order >= 0 && order <= 100) || order != float64(n) {
		return math.NaN()
	}
	y, scale := math.Pi*x, 1.0
	for range n {
		scale *= math.Pi
	}
	if math.Abs(y) < max(1, 2*order/3) { // where the recurrence loses digits
		return scale * sincSeries(n, y)
	}
	sin := [4]float64{sinPi(x), cosPi(x)} // and its derivatives
	sin[2], sin[3] = -sin[0], -sin[1]
	f := sin[0] / y
	for m := 1; m <= n; m++ {
		f = (sin[m%4] - float64(float64(m)*f)) / y
	}
	return scale * f
}

// sincSeries is Σ (-1)^k y^(2k-n)/((2k+1)·(2k-n)!), the n-th derivative of
// sin(y)/y.
func sincSeries(n int, y float64) float64 {
	sum, power := 0.0, 1.0 // y^j/j!
	for j := 0; ; j++ {
		if j > 0 {
			power = power * y / float64(j)
		}
		if j > 4 && math.Abs(power) < 0x1p-60*math.Abs(sum) || power == 0 {
			return sum
		}
		if m := j + n; m%2 == 0 {
			sum += alternate(m/2, power/float64(m+1))
		}
	}
}
