package augment

import (
	"math/bits"

	"descent/internal/elementary"
	"descent/internal/rng"
)

// draws are random numbers that belong to a row of an epoch, or to a batch.
type draws struct{ state uint64 }

// begin begins with those of a row; those of batches have numbers below 0.
func (d *draws) begin(seed uint64, epoch, row int) {
	d.state = rng.Mix(rng.Mix(rng.Mix(seed+augmenting)^uint64(epoch)*rng.Golden) ^ uint64(row)*rng.Golden)
}

// augmenting tells these numbers from others of the same seed, such as the order
// of the rows.
const augmenting = 0x6175676d656e74

func (d *draws) bits() uint64 {
	d.state += rng.Golden
	return rng.Mix(d.state)
}

// number returns a number from 0 to 1, both excluded.
func (d *draws) number() float64 { return float64((float64(d.bits()>>12) + 0.5) / (1 << 52)) }

// signed returns a number between -1 and 1.
func (d *draws) signed() float64 { return float64(2*d.number()) - 1 }

// whole returns a whole number in [0, n).
func (d *draws) whole(n int) int {
	hi, _ := bits.Mul64(d.bits(), uint64(n))
	return int(hi)
}

// beta returns a number of the distribution beta(alpha, alpha), alpha at most 1:
// of two powers of uniform numbers whose sum is at most 1, the share of the first.
// Jöhnk 1964, https://doi.org/10.1007/BF02613706. The powers are compared by their
// logarithms, as those of a small alpha are too small for numbers.
func (d *draws) beta(alpha float64) float64 {
	for {
		x, y := elementary.Log(d.number())/alpha, elementary.Log(d.number())/alpha
		top := max(x, y)
		a, b := elementary.Exp(x-top), elementary.Exp(y-top)
		if top+elementary.Log(a+b) <= 0 {
			return a / (a + b)
		}
	}
}
