package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"descent/internal/elementary"
)

// A Sensitivity says how much the learning rate matters.
type Sensitivity struct {
	// Decades is the width, in powers of ten, of the rates around the best
	// whose validation loss is within a factor 2 of the lowest. Between rates
	// that were tried, the logarithm of the loss is taken to be linear in that
	// of the rate.
	Decades float64 `json:"decades"`
	// OpenBelow and OpenAbove say that the range ended before the loss doubled,
	// so that the width may be larger.
	OpenBelow bool `json:"open_below"`
	OpenAbove bool `json:"open_above"`
}

// open says that the width is only known to be at least so much.
func (s *Sensitivity) open() bool { return s.OpenBelow || s.OpenAbove }

// String formats the width, with ≥ if the range ended first.
func (s *Sensitivity) String() string {
	text := fmt.Sprintf("%.1f", s.Decades)
	if s.open() {
		text = "≥ " + text
	}
	return text
}

// byRate returns the trials of an optimizer in the order of their rates; nil if another
// setting was searched for, too.
func byRate(trials []*Outcome) []*Outcome {
	if slices.ContainsFunc(trials, func(o *Outcome) bool { return o.Settings != "" }) {
		return nil
	}
	return slices.SortedStableFunc(slices.Values(trials), func(a, b *Outcome) int { return cmp.Compare(a.LR, b.LR) })
}

// sensitivity measures trials in the order of their rates; nil if all diverged, or a
// loss is not above 0, of which there are no factors.
func sensitivity(trials []*Outcome) *Sensitivity {
	b := -1
	for i, t := range trials {
		if l := t.end(); !(l > 0) {
			return nil
		} else if !math.IsInf(l, 1) && (b < 0 || l < trials[b].end()) {
			b = i
		}
	}
	if b < 0 {
		return nil
	}
	var s Sensitivity
	limit := 2 * trials[b].end()
	reach := func(step int) (width float64, open bool) {
		for i := b; ; i += step {
			j := i + step
			if j < 0 || j >= len(trials) {
				return width, true
			}
			gap := math.Abs(elementary.Log10(trials[j].LR / trials[i].LR))
			switch l := trials[j].end(); {
			case math.IsInf(l, 1): // somewhere before it diverges: not counted
				return width, false
			case l > limit:
				return width + gap*elementary.Log(limit/trials[i].end())/elementary.Log(l/trials[i].end()), false
			}
			width += gap
		}
	}
	var below, above float64
	below, s.OpenBelow = reach(-1)
	above, s.OpenAbove = reach(+1)
	s.Decades = below + above
	return &s
}
