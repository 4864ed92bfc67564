package kernel

import (
	"math"
	"math/big"

	"descent/internal/elementary"
)

// The reference for float64: primitives in arithmetic of 192 bits, with series
// that share nothing with the kernels. It is for finite arguments.

const bigBits = 192

func newBig(x float64) *big.Float { return new(big.Float).SetPrec(bigBits).SetFloat64(x) }

func addBig(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(bigBits).Add(a, b) }
func subBig(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(bigBits).Sub(a, b) }
func mulBig(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(bigBits).Mul(a, b) }
func quoBig(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(bigBits).Quo(a, b) }

var (
	bigOne  = newBig(1)
	bigLn2  = parseBig("0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687542")
	bigPi2  = parseBig("1.57079632679489661923132169163975144209858469968755291048747229615390820314310449931401741267105853399107404325664115")
	bigTiny = math.Ldexp(1, -70)
)

func parseBig(s string) *big.Float {
	x, _, err := big.ParseFloat(s, 10, 2*bigBits, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return x
}

// series is the sum of x^k/k! · sign over k = first, first+step, ...
func series(x *big.Float, first, step int, alternate bool) *big.Float {
	term, sum := newBig(1), newBig(0)
	for k := 0; ; k++ {
		if k > 0 {
			term = quoBig(mulBig(term, x), newBig(float64(k)))
		}
		if term.Sign() == 0 || k > 4 && term.MantExp(nil) < -bigBits {
			return sum
		}
		if k%step == first%step {
			if alternate && (k-first)/step%2 == 1 {
				sum = subBig(sum, term)
			} else {
				sum = addBig(sum, term)
			}
		}
	}
}

func expBig(x *big.Float) *big.Float {
	q, _ := quoBig(x, bigLn2).Float64()
	n := math.RoundToEven(min(max(q, -1e4), 1e4)) // far enough to be 0 or +Inf
	if math.Abs(n) == 1e4 {
		return new(big.Float).SetMantExp(bigOne, int(n))
	}
	const halvings = 8
	r := subBig(x, mulBig(newBig(n), bigLn2))
	r.SetMantExp(r, -halvings)
	e := series(r, 0, 1, false)
	for range halvings {
		e = mulBig(e, e)
	}
	return e.SetMantExp(e, int(n))
}

func expm1Big(x float64) *big.Float {
	if math.Abs(x) < bigTiny {
		b := newBig(x)
		return addBig(b, mulBig(mulBig(b, b), newBig(0.5)))
	}
	return subBig(expBig(newBig(x)), bigOne)
}

// logBig refines an estimate by a step of third order.
func logBig(x *big.Float, estimate float64) *big.Float {
	y := newBig(estimate)
	e := expBig(y)
	return addBig(y, mulBig(newBig(2), quoBig(subBig(x, e), addBig(x, e))))
}

func log1pBig(x float64) *big.Float {
	if math.Abs(x) < bigTiny {
		b := newBig(x)
		return subBig(b, mulBig(mulBig(b, b), newBig(0.5)))
	}
	return logBig(addBig(bigOne, newBig(x)), math.Log1p(x))
}

func sinCosBig(x float64) (sin, cos *big.Float) {
	q, _ := quoBig(newBig(x), bigPi2).Float64()
	n := math.RoundToEven(q)
	r := subBig(newBig(x), mulBig(newBig(n), bigPi2))
	s, c := series(r, 1, 2, true), series(r, 0, 2, true)
	neg := func(a *big.Float) *big.Float { return new(big.Float).Neg(a) }
	switch int64(n) & 3 {
	case 1:
		return c, neg(s)
	case 2:
		return neg(s), neg(c)
	case 3:
		return neg(c), s
	}
	return s, c
}

// reference is a primitive in high precision; nil where there is none.
func reference(code Code, x, y float64) *big.Float {
	switch code {
	case Exp:
		return expBig(newBig(x))
	case Expm1:
		return expm1Big(x)
	case Log:
		return logBig(newBig(x), elementary.Log(x))
	case Log1p:
		return log1pBig(x)
	case Tanh:
		if math.Abs(x) > 50 {
			return newBig(math.Copysign(1, x))
		}
		e := expm1Big(2 * x)
		return quoBig(e, addBig(e, newBig(2)))
	case Sigmoid:
		return quoBig(bigOne, addBig(bigOne, expBig(newBig(-x))))
	case Sin, Cos, Tan:
		if math.Abs(x) > 1<<28 {
			return nil // where math.Tan itself is wrong by tens of units
		}
		s, c := sinCosBig(x)
		return map[Code]*big.Float{Sin: s, Cos: c, Tan: quoBig(s, c)}[code]
	case Sinh, Cosh:
		e := expBig(newBig(math.Abs(x)))
		r := quoBig(bigOne, e)
		if code == Cosh {
			return mulBig(addBig(e, r), newBig(0.5))
		}
		m := expm1Big(math.Abs(x))
		s := mulBig(addBig(m, quoBig(m, addBig(m, bigOne))), newBig(0.5))
		if x < 0 {
			s.Neg(s)
		}
		return s
	case Pow:
		if x < 0 {
			return nil
		}
		return expBig(mulBig(newBig(y), logBig(newBig(x), elementary.Log(x))))
	}
	return nil
}

// ulps is the distance of got from want in units of the last place of want, as
// float32 if single.
func ulps(got float64, want *big.Float, single bool) float64 {
	w, _ := want.Float64()
	limit, digits, least := math.MaxFloat64, 52, -1074
	if single {
		w32, _ := want.Float32()
		w, limit, digits, least = float64(w32), math.MaxFloat32, 23, -149
	}
	if got == w {
		return 0
	}
	if got != got || math.IsInf(got, 0) || math.Abs(w) > limit {
		// An infinity beside the largest number is one unit away.
		if math.IsInf(got, 0) && math.Abs(w) == limit || math.IsInf(w, 0) && math.Abs(got) == limit {
			return 1
		}
		return math.Inf(1)
	}
	e := least + digits
	if w != 0 {
		_, x := math.Frexp(w)
		e = max(x-1, e)
	}
	d, _ := subBig(newBig(got), want).Float64()
	return math.Abs(d) / math.Ldexp(1, e-digits)
}
