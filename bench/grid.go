package bench

import (
	"maps"
	"math"
	"slices"

	"descent/internal/elementary"
	"descent/internal/stats"
)

// Rates of a grid are half a decade apart: 1, 3, 10, 30, … times a power of
// ten. A rate is known by its number on this ladder, so that grids of different
// optimizers meet at the same rates.

// rung returns the number of the rung nearest to a rate.
func rung(lr float64) int { return int(math.Round(2 * elementary.Log10(lr))) }

// rate returns the rate of a rung: 10^(k/2), with 3 for √10.
func rate(k int) float64 {
	decade, half := k>>1, k&1
	lr := math.Pow10(decade)
	if half == 1 {
		lr = 3 * lr
	}
	return round(lr)
}

// round removes the last bits of a product, so that 3·0.01 is written 0.03.
func round(x float64) float64 {
	scale := math.Pow10(12 - int(math.Floor(elementary.Log10(math.Abs(x)))))
	return math.Round(x*scale) / scale
}

const (
	rungsBelow = 2 // of the default, in the first grid
	rungsAbove = 4
	growBy     = 2 // rungs added where the best rate is at an end
	growths    = 4 // times that a grid may grow
)

// ladder returns the rates from one rung to another, and others, in order.
func ladder(from, to int, others ...float64) []float64 {
	for k := from; k <= to; k++ {
		others = append(others, rate(k))
	}
	slices.Sort(others)
	return slices.Compact(others)
}

// firstGrid returns the rates to try first: from a decade below the default to
// two above, for the defaults of libraries are on the careful side; and the default,
// which is to be priced.
func firstGrid(byDefault float64) []float64 {
	return ladder(rung(byDefault)-rungsBelow, rung(byDefault)+rungsAbove, byDefault)
}

// wideGrid returns the rates to try on a function, whose scale can be anything.
func wideGrid(byDefault float64) []float64 { return ladder(rung(1e-6), rung(10), byDefault) }

// ratesWithin returns the rates from lo to hi, these included.
func ratesWithin(lo, hi float64) []float64 {
	return slices.DeleteFunc(ladder(rung(lo), rung(hi), lo, hi), func(lr float64) bool { return lr < lo || lr > hi })
}

// grow returns the rates to add to a sorted grid whose best is at an end.
func grow(grid []Point, best float64) []float64 {
	var more []float64
	for i := 1; i <= growBy; i++ {
		switch best {
		case grid[0].LR:
			more = append(more, rate(rung(best)-i))
		case grid[len(grid)-1].LR:
			more = append(more, rate(rung(best)+i))
		}
	}
	return more
}

// A Point is a learning rate of a grid and how it did.
type Point struct {
	LR float64 `json:"lr"`
	// ValLoss is the mean validation loss at the end, nil if a run diverged.
	ValLoss *float64 `json:"val_loss"`
	// Lo and Hi are the lowest and the highest, NaN if all diverged.
	Lo       float64 `json:"val_loss_min"`
	Hi       float64 `json:"val_loss_max"`
	Diverged int     `json:"diverged"` // runs
}

// loss is the mean validation loss, infinite if a run diverged.
func (p Point) loss() float64 {
	if p.ValLoss == nil {
		return math.Inf(1)
	}
	return *p.ValLoss
}

// points sums up the trials of one optimizer, by rate.
func points(trials []*Outcome) (out []Point) {
	byRate := map[float64][]*Outcome{}
	for _, t := range trials {
		byRate[t.LR] = append(byRate[t.LR], t)
	}
	for _, lr := range slices.Sorted(maps.Keys(byRate)) {
		p := Point{LR: lr, Lo: math.NaN(), Hi: math.NaN()}
		var losses []float64
		for _, t := range byRate[lr] {
			if t.DivergedAt > 0 {
				p.Diverged++
			} else {
				losses = append(losses, t.end())
			}
		}
		if len(losses) > 0 {
			p.Lo, p.Hi = slices.Min(losses), slices.Max(losses)
		}
		if p.Diverged == 0 {
			p.ValLoss = new(stats.Mean(losses))
		}
		out = append(out, p)
	}
	return out
}

// best returns the index of the point with the lowest loss, the smaller rate
// of equals; -1 if all diverged.
func best(ps []Point) int {
	at, low := -1, math.Inf(1)
	for i, p := range ps {
		if l := p.loss(); l < low {
			at, low = i, l
		}
	}
	return at
}

// A Sensitivity says how much the learning rate matters.
type Sensitivity struct {
	// Decades is the width, in powers of ten, of the rates around the best
	// whose validation loss is within a factor 2 of the lowest. Between rates
	// that were tried, the logarithm of the loss is taken to be linear in that
	// of the rate.
	Decades float64 `json:"decades"`
	// OpenBelow and OpenAbove say that the grid ended before the loss doubled,
	// so that the width may be larger.
	OpenBelow bool `json:"open_below"`
	OpenAbove bool `json:"open_above"`
}

// sensitivity measures a sorted grid whose best point is number b.
func sensitivity(ps []Point, b int) Sensitivity {
	var s Sensitivity
	limit := 2 * ps[b].loss()
	reach := func(step int) (width float64, open bool) {
		for i := b; ; i += step {
			j := i + step
			if j < 0 || j >= len(ps) {
				return width, true
			}
			gap := math.Abs(elementary.Log10(ps[j].LR / ps[i].LR))
			switch l := ps[j].loss(); {
			case math.IsInf(l, 1): // somewhere before it diverges: not counted
				return width, false
			case l > limit:
				return width + gap*elementary.Log(limit/ps[i].loss())/elementary.Log(l/ps[i].loss()), false
			}
			width += gap
		}
	}
	var below, above float64
	below, s.OpenBelow = reach(-1)
	above, s.OpenAbove = reach(+1)
	s.Decades = below + above
	return s
}
