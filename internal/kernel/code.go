// Package kernel holds the loops that everything else is made of: vector
// primitives, reductions, matrix products and strided copies, for float32 and
// float64.
//
// The portable Go loops in this package are the definition: they run on every
// architecture and are the oracle for the assembly that replaces them where the
// processor has it. Kernels cannot fail. They take pointers and counts that the
// caller has checked, they do not allocate, and each result element depends
// only on the operand elements at its own index, so a destination may be one of
// the operands.
package kernel

import (
	"math"

	"descent/internal/elementary"
)

// Float is an element type.
type Float interface{ float32 | float64 }

// A Code names a vector primitive: an elementwise function of one, two or three
// operands. Every elementwise operation of the library is a composition of
// these.
type Code uint8

// The primitives. Arithmetic rounds once per primitive, as IEEE 754 does, and
// is never contracted, so a composition gives the same bits on every path.
const (
	Invalid Code = iota

	Neg
	Abs
	Sign // -1, 0 or +1; 0 for ±0, NaN for NaN
	Sqrt
	Floor
	Ceil
	Round // half to even
	Exp
	Expm1
	Log
	Log1p
	Sin
	Cos
	Tan
	Asin
	Acos
	Atan
	Sinh
	Cosh
	Tanh
	Erf
	Sigmoid // 1/(1+exp(-x)), without overflow

	Add
	Sub
	Mul
	Div
	Min // NaN if either operand is NaN
	Max // NaN if either operand is NaN
	Pow
	Atan2
	Lt // 1 if a < b, else 0; comparisons with NaN are 0, except Ne
	Le
	Eq
	Ne

	Where // a != 0 ? b : c; the operand not taken is not looked at, NaN is "not 0"

	Lgamma // log |Γ(a)|
	Gamma
	Erfc // accurate in the tail
	Erfinv
	NormCDF   // of the normal distribution, accurate in the tail
	Polygamma // of order a at b; 0 is digamma
	Sinc      // derivative of order a, at b, of sin(πb)/(πb)
	Betaln
	Fmod // a less the multiple of b towards 0: exact, with a's sign

	NumCodes
)

type codeInfo struct {
	name  string
	arity int
	eval  func(a, b, c float64) float64
}

func bool1(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// codes defines every primitive in float64. It is the only definition: the
// portable loops call it, and assembly is tested against it.
var codes = [NumCodes]codeInfo{
	Neg:     {"neg", 1, func(a, _, _ float64) float64 { return -a }},
	Abs:     {"abs", 1, func(a, _, _ float64) float64 { return math.Abs(a) }},
	Sign:    {"sign", 1, func(a, _, _ float64) float64 { return sign(a) }},
	Sqrt:    {"sqrt", 1, func(a, _, _ float64) float64 { return math.Sqrt(a) }},
	Floor:   {"floor", 1, func(a, _, _ float64) float64 { return math.Floor(a) }},
	Ceil:    {"ceil", 1, func(a, _, _ float64) float64 { return math.Ceil(a) }},
	Round:   {"round", 1, func(a, _, _ float64) float64 { return math.RoundToEven(a) }},
	Exp:     {"exp", 1, func(a, _, _ float64) float64 { return elementary.Exp(a) }},
	Expm1:   {"expm1", 1, func(a, _, _ float64) float64 { return elementary.Expm1(a) }},
	Log:     {"log", 1, func(a, _, _ float64) float64 { return elementary.Log(a) }},
	Log1p:   {"log1p", 1, func(a, _, _ float64) float64 { return elementary.Log1p(a) }},
	Sin:     {"sin", 1, func(a, _, _ float64) float64 { return elementary.Sin(a) }},
	Cos:     {"cos", 1, func(a, _, _ float64) float64 { return elementary.Cos(a) }},
	Tan:     {"tan", 1, func(a, _, _ float64) float64 { return elementary.Tan(a) }},
	Asin:    {"asin", 1, func(a, _, _ float64) float64 { return elementary.Asin(a) }},
	Acos:    {"acos", 1, func(a, _, _ float64) float64 { return elementary.Acos(a) }},
	Atan:    {"atan", 1, func(a, _, _ float64) float64 { return elementary.Atan(a) }},
	Sinh:    {"sinh", 1, func(a, _, _ float64) float64 { return elementary.Sinh(a) }},
	Cosh:    {"cosh", 1, func(a, _, _ float64) float64 { return elementary.Cosh(a) }},
	Tanh:    {"tanh", 1, func(a, _, _ float64) float64 { return elementary.Tanh(a) }},
	Erf:     {"erf", 1, func(a, _, _ float64) float64 { return elementary.Erf(a) }},
	Sigmoid: {"sigmoid", 1, func(a, _, _ float64) float64 { return elementary.Sigmoid(a) }},

	Add:   {"add", 2, func(a, b, _ float64) float64 { return a + b }},
	Sub:   {"sub", 2, func(a, b, _ float64) float64 { return a - b }},
	Mul:   {"mul", 2, func(a, b, _ float64) float64 { return a * b }},
	Div:   {"div", 2, func(a, b, _ float64) float64 { return a / b }},
	Min:   {"min", 2, func(a, b, _ float64) float64 { return min(a, b) }},
	Max:   {"max", 2, func(a, b, _ float64) float64 { return max(a, b) }},
	Pow:   {"pow", 2, func(a, b, _ float64) float64 { return elementary.Pow(a, b) }},
	Atan2: {"atan2", 2, func(a, b, _ float64) float64 { return elementary.Atan2(a, b) }},
	Lt:    {"lt", 2, func(a, b, _ float64) float64 { return bool1(a < b) }},
	Le:    {"le", 2, func(a, b, _ float64) float64 { return bool1(a <= b) }},
	Eq:    {"eq", 2, func(a, b, _ float64) float64 { return bool1(a == b) }},
	Ne:    {"ne", 2, func(a, b, _ float64) float64 { return bool1(a != b) }},

	Where: {"where", 3, func(a, b, c float64) float64 {
		if a != 0 {
			return b
		}
		return c
	}},

	Lgamma:    {"lgamma", 1, func(a, _, _ float64) float64 { return elementary.Lgamma(a) }},
	Gamma:     {"gamma", 1, func(a, _, _ float64) float64 { return elementary.Gamma(a) }},
	Erfc:      {"erfc", 1, func(a, _, _ float64) float64 { return elementary.Erfc(a) }},
	Erfinv:    {"erfinv", 1, func(a, _, _ float64) float64 { return elementary.Erfinv(a) }},
	NormCDF:   {"norm_cdf", 1, func(a, _, _ float64) float64 { return elementary.NormCDF(a) }},
	Polygamma: {"polygamma", 2, func(a, b, _ float64) float64 { return elementary.Polygamma(a, b) }},
	Sinc:      {"sinc", 2, func(a, b, _ float64) float64 { return elementary.Sinc(a, b) }},
	Betaln:    {"betaln", 2, func(a, b, _ float64) float64 { return elementary.Betaln(a, b) }},
	Fmod:      {"fmod", 2, func(a, b, _ float64) float64 { return math.Mod(a, b) }},
}

func sign(a float64) float64 {
	switch {
	case a > 0:
		return 1
	case a < 0:
		return -1
	case a == 0:
		return 0
	}
	return a
}

// String returns the primitive's name.
func (c Code) String() string { return codes[c].name }

// Arity returns the number of operands.
func (c Code) Arity() int { return codes[c].arity }

// Eval applies a primitive to single numbers in float64; operands beyond its
// arity are ignored.
func Eval(c Code, x, y, z float64) float64 { return codes[c].eval(x, y, z) }
