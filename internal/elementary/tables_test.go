package elementary

import (
	"math/big"
	"testing"
)

const prec = 1600

func num(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }

func of(f func(z, x, y *big.Float) *big.Float) func(x, y *big.Float) *big.Float {
	return func(x, y *big.Float) *big.Float { return f(new(big.Float).SetPrec(prec), x, y) }
}

var (
	plus  = of((*big.Float).Add)
	minus = of((*big.Float).Sub)
	times = of((*big.Float).Mul)
	over  = of((*big.Float).Quo)
)

// sum adds terms, each the last one times step(k), until they are small.
func sum(first *big.Float, step func(k float64) *big.Float) *big.Float {
	total := num(0)
	for k, term := 1.0, first; term.Sign() != 0 && term.MantExp(nil) > -prec; k++ {
		total = plus(total, term)
		term = times(term, step(k))
	}
	return total
}

// bigAtan is Euler's series, https://dlmf.nist.gov/4.24.E5.
func bigAtan(x *big.Float) *big.Float {
	q := plus(num(1), times(x, x))
	y := over(times(x, x), q)
	return sum(over(x, q), func(k float64) *big.Float { return times(y, over(num(2*k), num(2*k+1))) })
}

// bigLog is 2·artanh((x-1)/(x+1)).
func bigLog(x *big.Float) *big.Float {
	s := over(minus(x, num(1)), plus(x, num(1)))
	s2, power := times(s, s), s
	total := num(0)
	for k := 1.0; k < 700; k += 2 {
		total = plus(total, over(power, num(k)))
		power = times(power, s2)
	}
	return times(num(2), total)
}

// bigErf is the series of https://dlmf.nist.gov/7.6.E2, whose terms are positive.
func bigErf(x, pi *big.Float) *big.Float {
	x2 := times(x, x)
	s := sum(x, func(k float64) *big.Float { return over(times(num(2), x2), num(2*k+1)) })
	e := sum(num(1), func(k float64) *big.Float { return over(x2, num(k)) })
	return over(times(num(2), s), times(e, new(big.Float).SetPrec(prec).Sqrt(pi)))
}

func TestTables(t *testing.T) {
	pi := times(num(4), minus(times(num(4), bigAtan(over(num(1), num(5)))), bigAtan(over(num(1), num(239))))) // Machin
	check := func(table string, row int, got, want *big.Float, digits int) {
		t.Helper()
		if off := minus(got, want); off.Sign() != 0 && off.MantExp(nil) > -digits {
			t.Errorf("%s[%d]: off by %.3g", table, row, off)
		}
	}
	for j, p := range powers {
		power := times(num(p.value), plus(num(1), num(p.rest)))
		for range 7 {
			power = times(power, power)
		}
		check("powers", j, times(power, new(big.Float).SetMantExp(num(1), -j)), num(1), 95)
	}
	for j, r := range reciprocals {
		check("reciprocals", j, plus(num(r.log), num(r.rest)), minus(num(0), bigLog(num(r.inverse))), 94)
		from := 1 + (float64(j)-80)/128
		if j < 80 {
			from = 1 + (float64(j)-80)/256
		}
		if off := from*r.inverse - 1; off < -1.0/64 || off > 1.0/64 {
			t.Errorf("reciprocals[%d]: %v is not near 1/%v", j, r.inverse, from)
		}
	}
	for j, a := range angles {
		check("angles", j, plus(num(a.value), num(a.rest)), bigAtan(num(float64(j)/64)), 105)
	}
	for j, b := range bells {
		check("bells", j, plus(num(b.value), num(b.rest)), bigErf(num((float64(j)+4.5)/8), pi), 105)
	}
	bits := num(0)
	for i, w := range twoOverPi {
		bits = plus(bits, new(big.Float).SetMantExp(new(big.Float).SetPrec(prec).SetUint64(w), -64*i))
	}
	check("twoOverPi", 0, times(bits, pi), num(2), 64*(len(twoOverPi)-1)-2)
}
