// Package soft has what the elementary functions call of packages math and
// math/bits, in arithmetic that every C compiler has: exported models bring it in
// place of libm, which is not the same from system to system. Each function has the
// one right result that package math has, bit for bit.
//
// It is written in the part of Go that [descent/internal/source] translates.
package soft

import "math"

// The constants of package math.
const (
	Pi         = 3.14159265358979323846264338327950288419716939937510582097494459
	Ln10       = 2.30258509299404568401799145468436420760110148862877297603332790
	Sqrt2      = 1.41421356237309504880168872420969807856967187537694807317667974
	SqrtPi     = 1.77245385090551602729816748334114518279754945612238712821380779
	MaxFloat64 = 0x1p1023 * (1 + (1 - 0x1p-52))
)

// The translation copies the bytes.

// Float64bits returns the bits of a number.
func Float64bits(x float64) uint64 { return math.Float64bits(x) }

// Float64frombits returns the number of some bits.
func Float64frombits(b uint64) float64 { return math.Float64frombits(b) }

// Float32frombits returns the number of some bits.
func Float32frombits(b uint32) float32 { return math.Float32frombits(b) }

// Inf returns an infinity.
func Inf(sign int) float64 {
	if sign < 0 {
		return Float64frombits(0xfff0000000000000)
	}
	return Float64frombits(0x7ff0000000000000)
}

// NaN returns what is no number.
func NaN() float64 { return Float64frombits(0x7ff8000000000001) }

// IsNaN tells whether x is no number.
func IsNaN(x float64) bool { return x != x }

// IsInf tells whether x is the infinity of a sign, or one at all.
func IsInf(x float64, sign int) bool {
	return sign >= 0 && x > MaxFloat64 || sign <= 0 && x < -MaxFloat64
}

// Signbit tells whether x is negative, or -0.
func Signbit(x float64) bool { return Float64bits(x)>>63 != 0 }

// Abs returns |x|.
func Abs(x float64) float64 { return Float64frombits(Float64bits(x) & (1<<63 - 1)) }

// Copysign returns |x| with the sign of y.
func Copysign(x, y float64) float64 {
	return Float64frombits(Float64bits(x)&(1<<63-1) | Float64bits(y)&(1<<63))
}

// Min returns the lesser number; NaN if one is, and -0 is less than 0.
func Min(x, y float64) float64 {
	if x != x || y != y {
		return NaN()
	}
	if x < y || x == y && Signbit(x) {
		return x
	}
	return y
}

// Max returns the larger number; NaN if one is, and -0 is less than 0.
func Max(x, y float64) float64 {
	if x != x || y != y {
		return NaN()
	}
	if x > y || x == y && !Signbit(x) {
		return x
	}
	return y
}

// Trunc returns x without its fraction.
func Trunc(x float64) float64 {
	b := Float64bits(x)
	e := int(b>>52&0x7ff) - 1023
	if e < 0 {
		return Copysign(0, x)
	}
	if e >= 52 {
		return x
	}
	return Float64frombits(b &^ (1<<uint(52-e) - 1))
}

// Floor returns the largest whole number that is not above x.
func Floor(x float64) float64 {
	t := Trunc(x)
	if t > x {
		return t - 1
	}
	return t
}

// Ceil returns the least whole number that is not below x.
func Ceil(x float64) float64 { return -Floor(-x) }

// RoundToEven returns the nearest whole number, the even one of two. Beyond 2^52 all
// are whole.
func RoundToEven(x float64) float64 {
	a := Abs(x)
	if !(a < 0x1p52) {
		return x
	}
	return Copysign((a+0x1p52)-0x1p52, x)
}

// Sqrt returns the square root of x. x is m·2^e with an even e; the root of m·2^54 as a
// whole number is estimated by Newton's method, then corrected by what its square
// lacks, and its last bit rounds: no root is half way between two numbers.
func Sqrt(x float64) float64 {
	if !(x > 0) || IsInf(x, 1) {
		if x < 0 {
			return NaN()
		}
		return x
	}
	if x < 0x1p-1022 {
		return Sqrt(x*0x1p54) * 0x1p-27
	}
	b := Float64bits(x)
	m := b&(1<<52-1) | 1<<52
	e := int(b>>52) - 1075
	if e&1 != 0 {
		m, e = m<<1, e-1
	}
	f := float64(m)
	y := Float64frombits(0x5fe6eb50c7b537a9 - Float64bits(f)>>1)
	for i := 0; i < 4; i++ {
		y = float64(y * (1.5 - float64(float64(0.5*f)*float64(y*y))))
	}
	r := uint64(float64(f*y) * 0x1p27)
	rest := int64(m<<54 - r*r)
	for rest < 0 {
		r--
		rest += int64(2*r + 1)
	}
	for rest > int64(2*r) {
		rest -= int64(2*r + 1)
		r++
	}
	return float64((r+1)>>1) * power(e/2-26)
}

// power returns 2^e for a normal number.
func power(e int) float64 { return Float64frombits(uint64(e+1023) << 52) }

// FMA returns x·y + z, rounded once, where z takes away most of x·y, as that of a quotient
// or of a rounding error does: their sum is then exact, and the product's own error is
// known (Dekker 1971). Of numbers up to 2^900.
func FMA(x, y, z float64) float64 {
	p := float64(x * y)
	if Abs(p) < 0x1p-1022 {
		return z + p // whose error would be less than any number
	}
	c := float64(x * (1<<27 + 1))
	xh := c - (c - x)
	xl := x - xh
	c = float64(y * (1<<27 + 1))
	yh := c - (c - y)
	yl := y - yh
	low := float64(xl*yl) - (((p - float64(xh*yh)) - float64(xl*yh)) - float64(xh*yl))
	return (z + p) + low
}

// Mod returns x less the multiple of y towards 0.
func Mod(x, y float64) float64 {
	if y == 0 || x-x != 0 || y != y {
		return NaN()
	}
	a, b := Abs(x), Abs(y)
	for a >= b {
		c := b
		for c <= a-c {
			// by powers of two, which are exact
			if c < a*0x1p-64 {
				c *= 0x1p63
			} else {
				c *= 2
			}
		}
		a -= c
	}
	return Copysign(a, x)
}

// Mul64 returns the 128 bits of a·b.
func Mul64(a, b uint64) (hi, lo uint64) {
	const low = 1<<32 - 1
	al, ah, bl, bh := a&low, a>>32, b&low, b>>32
	t := ah*bl + al*bl>>32
	u := al*bh + t&low
	return ah*bh + t>>32 + u>>32, a * b
}

// Add64 returns a+b+carry.
func Add64(a, b, carry uint64) (s, out uint64) {
	s = a + b + carry
	return s, (a&b | (a|b)&^s) >> 63
}

// Sub64 returns a-b-borrow.
func Sub64(a, b, borrow uint64) (d, out uint64) {
	d = a - b - borrow
	return d, (^a&b | ^(a^b)&d) >> 63
}

// LeadingZeros64 returns how many bits of x are 0 before the first 1.
func LeadingZeros64(x uint64) int {
	n := 64
	for x != 0 {
		x >>= 1
		n--
	}
	return n
}
