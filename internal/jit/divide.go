package jit

import (
	"math"
	"math/bits"
	"unsafe"

	"descent/internal/kernel"
)

// Division by a splat y is two operations, and exact (Brisebarre, Muller and
// Raina, "Accelerating correctly rounded floating-point division when the
// divisor is known in advance", IEEE Trans. Computers 53, 2004): with
// high = RN(1/y) and low = RN(1/y - high),
//
//	x/y = RN(x·high + RN(x·low)).
//
// The sum before its rounding is off by less than u² for 1 <= x, y < 2 and
// u = 2^-p, p the bits of a mantissa. A quotient is at least that far from
// where rounding changes, but for one x per odd y at most: [fit] tries that one.
// So much if nothing underflows, which holds for dividends from a bound on.
// Smaller ones, and divisors that are not fit, take the real division. For zeros
// and infinities the second product must change nothing: AVX-512 replaces it by
// -0. AVX2 has no such instruction: there negative divisors are not fit, zeros
// get their sign from x, and infinities take the real division, or after a root
// have the product made finite.

// Entries of the table for each divisor, after the splats.
const (
	divHigh = iota
	divLow
	divBound // bits of the smallest dividend, without sign, doubled, less 2
	divEntries
)

// divisor returns the number among the divisors of the splat that an
// instruction divides by; -1 if it is a plain division.
func (c *compiler) divisor(in *Instr) int {
	if in.Code == kernel.Div && in.Args[1].Kind == Splat {
		return int(c.divisors[in.Args[1].Index])
	}
	return -1
}

// divEntry returns the first table entry of divisor d.
func (c *compiler) divEntry(d int) int { return fixedCount + c.block.Splats + d*divEntries }

// findDivisors numbers the splats that something is divided by.
func (c *compiler) findDivisors() {
	c.divisors = make([]int32, c.block.Splats)
	for i := range c.divisors {
		c.divisors[i] = -1
	}
	for i := range c.block.Instrs {
		in := &c.block.Instrs[i]
		if in.Code != kernel.Div || in.Args[1].Kind != Splat {
			continue
		}
		if d := &c.divisors[in.Args[1].Index]; *d < 0 {
			*d = int32(c.numDivisors)
			c.numDivisors++
		}
	}
}

// quotient lowers x/y for divisor d. A root is zero or large enough.
func (c *compiler) quotient(in *Instr, dst, x int32, d int) {
	entry := func(k int) int32 { return c.entry(c.divEntry(d) + k) }
	a := in.Args[0]
	root := a.Kind == Value && c.block.Instrs[a.Index].Code == kernel.Sqrt
	low, sum := c.temp(), c.temp()
	c.op(&vMul, low, x, entry(divLow))
	if c.wide {
		fixed := c.temp()
		c.add(micro{op: &vFixup, form: tied, imm: hasImm, dst: fixed, args: [3]int32{x, c.entry(fixedZeros), low}})
		low = fixed
	} else if root {
		finite := c.temp()
		c.op(&vMax, finite, low, c.entry(fixedLeast)) // where x is +Inf
		low = finite
	}
	c.opKeep(&vAddMul, sum, x, entry(divHigh), low)
	if !c.wide {
		sign, signed := c.temp(), c.temp()
		c.op(&vAnd, sign, x, c.entry(fixedSign))
		c.op(&vOr, signed, sum, sign)
		sum = signed
	}
	form := guardSplat
	if !root {
		form = guardLanes
		c.safeLanes(x, sum, entry(divBound))
	}
	c.add(micro{form: form, dst: dst, args: [3]int32{x, c.id(in.Args[1]), sum}})
}

// safeLanes tests that dividends are zero or large enough: 2x-1 is, unsigned.
// It is compared as if signed, with half the range added.
func (c *compiler) safeLanes(x, sum, bound int32) {
	twice, biased := c.temp(), c.temp()
	c.op(&vAddInt, twice, x, x)
	c.op(&vAddInt, biased, twice, c.entry(fixedAbs))
	if c.wide {
		c.opImm(&vCmpInt, 0, biased, bound, cmpIntLe)
		return
	}
	greater := &vGreater32
	if c.double {
		greater = &vGreater64
	}
	large, number, safe := c.temp(), c.temp(), c.temp()
	c.op(greater, large, biased, bound)
	c.opImm(&vCmp, number, sum, sum, cmpOrdQ) // it is not for infinities
	c.op(&vAnd, safe, large, number)
	c.add(micro{op: &vMoveMask, form: testMask, args: [3]int32{0, safe}})
}

// format describes a float type.
type format struct {
	p        int // bits of a mantissa
	max, low int // a divisor's exponent is at most ±max; a dividend's at least low more
}

// Limits: with e the exponent of y and f that of x, the error of the small
// product stays below u²/2·2^(f-e) if it is at most half a denormal's step, and
// the product is finite if e >= -p. The square root of the smallest denormal is
// above the bound for every divisor.
func formatOf[T kernel.Float]() format {
	if unsafe.Sizeof(T(0)) == 4 {
		return format{24, 24, -100}
	}
	return format{53, 52, -960}
}

// reciprocal returns the entries for divisor y; wide is for AVX-512.
func reciprocal[T kernel.Float](y T, wide bool) (e [divEntries]T) {
	f := formatOf[T]()
	abs := math.Abs(float64(y))
	mantissa, exp := math.Frexp(abs) // |y| = mantissa·2^exp, 1/2 <= mantissa < 1
	exp--
	sign := toBits(T(math.Copysign(0, -1)))
	e[divBound] = fromBits[T](sign - 1) // nothing is greater
	if abs == 0 || abs-abs != 0 || y < 0 && !wide || exp < -f.max || exp > f.max {
		return e
	}
	high := 1 / T(abs)
	low := T(math.FMA(-abs, float64(high), 1)) / T(abs)
	if fit(high, low, uint64(math.Ldexp(mantissa, f.p)), exp) {
		one := T(math.Copysign(1, float64(y)))
		e[divHigh], e[divLow] = one*high, one*low
		e[divBound] = fromBits[T](2*toBits(T(math.Ldexp(1, exp+f.low))) - 2 ^ sign)
	}
	return e
}

// fit reports whether the hard case of y > 0 comes out right. With y = Y·2^(e+1-p), Y an
// odd integer, it is the x = X·2^(...) with X·2^(p+1) = M·Y ± 1, where the odd
// integer M < 2^(p+1) has a bit more than a mantissa: a point where rounding
// changes. M is the inverse of Y modulo 2^(p+1), or its negative.
func fit[T kernel.Float](high, low T, Y uint64, e int) bool {
	p := formatOf[T]().p
	if Y&1 == 0 {
		return true
	}
	inverse := Y // to 3 bits, then Newton's iteration
	for range 5 {
		inverse *= 2 - Y*inverse
	}
	M, above := inverse&(1<<(p+1)-1), false // x/y is below M
	if M>>p == 0 {
		M, above = 1<<(p+1)-M, true
	}
	hi, lo := bits.Mul64(M, Y)
	if above {
		var carry uint64
		lo, carry = bits.Add64(lo, 1, 0)
		hi += carry
	} else {
		lo, _ = bits.Sub64(lo, 1, 0)
	}
	X := T(hi<<(64-p-1) | lo>>(p+1))
	if X < T(uint64(1)<<(p-1)) {
		return true // the quotient is rounded to more
	}
	// M is half a unit above a number; the sum must be on x/y's side of it.
	unit := math.Ldexp(1, -1-e)
	d := math.FMA(float64(X), float64(high), -float64(M>>1)*unit) - float64(unit/2) + float64(X*low)
	return above && d > 0 || !above && d < 0
}
