package elementary

import (
	"math"
	"math/rand/v2"
)

// Normal returns a normally distributed number: those of r.NormFloat64, which
// computes its tail, and now and then more, with functions that have other bits
// elsewhere.
//
// The area under the bell is divided into strips of equal area; a point of a
// strip is nearly always under the curve whatever its height.
// Marsaglia and Tsang 2000, https://doi.org/10.18637/jss.v005.i08.
func Normal(r *rand.Rand) float64 {
	for {
		bits := r.Uint64()
		j, i := int32(bits), bits>>32&127
		x := float64(j) * float64(strips.width[i])
		if uint32(max(j, -j)) < strips.sure[i] { // -j overflows to 2^31, as it should
			return x
		}
		if i == 0 {
			return math.Copysign(normalTail(r), float64(j))
		}
		height := strips.height[i] + float32(float32(r.Float64())*(strips.height[i-1]-strips.height[i]))
		if height < float32(Exp(-0.5*x*x)) {
			return x
		}
	}
}

// normalTail returns a number beyond the last strip.
func normalTail(r *rand.Rand) float64 {
	for {
		x := float64(-Log(r.Float64()) * (1.0 / lastStrip))
		y := -Log(r.Float64())
		if y+y >= x*x {
			return lastStrip + x
		}
	}
}

const (
	lastStrip = 3.442619855899      // where the tail begins
	stripArea = 9.91256303526217e-3 // of each of 128 strips, the tail with what is below it one of them
)

// strips has for each strip its width over 2^31, the part of 2^31 that is under
// the curve at any height, and the height of the curve at its end.
var strips = func() (s struct {
	width, height [128]float32
	sure          [128]uint32
}) {
	const unit = 1 << 31
	x := lastStrip
	bottom := Exp(-0.5 * x * x)
	base := stripArea / bottom
	s.sure[0] = uint32(x / base * unit)
	s.width[0], s.height[0] = float32(base/unit), 1
	s.width[127], s.height[127] = float32(x/unit), float32(bottom)
	for i := 126; i >= 1; i-- {
		next := math.Sqrt(-2 * Log(stripArea/x+Exp(-0.5*x*x)))
		s.sure[i+1] = uint32(next / x * unit)
		x = next
		s.width[i], s.height[i] = float32(x/unit), float32(Exp(-0.5*x*x))
	}
	return s
}()
