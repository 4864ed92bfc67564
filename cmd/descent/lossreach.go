package main

import (
	"fmt"
	"math"
	"slices"

	"descent/graph"
	"descent/graph/graphtest"
	"descent/losses"
)

// A reach says how large predictions may be before the loss or its gradient is
// no number of the element type any more.
type reach struct {
	Upto   float64 `json:"up_to"`            // |pred| at which it is still finite
	Pred   float64 `json:"pred,omitempty"`   // the first at which it is not, 0 if there is none
	Target float64 `json:"target,omitempty"` // and the target there
	// Avoidable says that the value itself is within the type's range there.
	Avoidable bool `json:"avoidable,omitempty"`
}

func (r reach) String() string {
	switch {
	case r.Pred == 0:
		return "finite for predictions of any size"
	case r.Avoidable:
		return fmt.Sprintf("not finite from pred = %.4g (target %v), where the value itself is", r.Pred, r.Target)
	}
	return fmt.Sprintf("finite up to |pred| = %.4g", r.Upto)
}

// lossReach looks for the size of predictions at which a formula is not finite,
// in both element types. It is nil if predictions are of bounded size.
func lossReach(loss losses.Loss, row *losses.Row, s graphtest.Sample, pred span) (map[string]reach, error) {
	if pred.hi <= 1 || !slices.ContainsFunc(spans, func(own span) bool { return own.name == pred.name }) {
		return nil, nil
	}
	wide, err := newProbe(loss, row, s, graph.Float64)
	if err != nil {
		return nil, err
	}
	out := map[string]reach{}
	for name, dt := range map[string]graph.Dtype{"float32": graph.Float32, "float64": graph.Float64} {
		p, err := newProbe(loss, row, s, dt)
		if err != nil {
			return nil, err
		}
		targets := []float64{1, 0, -1}
		if row.Target == losses.Classes {
			targets = []float64{0, 1}
		}
		out[name] = reach{Upto: p.max}
		for _, t := range targets {
			for i, sign := range signs {
				if i > 0 && pred.lo >= 0 {
					break
				}
				if r := p.reach(wide, max(0.7, 2*pred.lo), t, sign); r.Upto < out[name].Upto {
					out[name] = r
				}
			}
		}
	}
	return out, nil
}

// signs are the patterns that predictions are put in with: all positive, all
// negative, and both.
var signs = []func(i int) float64{
	func(int) float64 { return 1 },
	func(int) float64 { return -1 },
	func(i int) float64 { return 1 - float64(2*float64(i%2)) },
}

// put puts in predictions of which the largest has the given size.
func (p *probe) put(size, target float64, sign func(i int) float64) *probe {
	for i := range p.pred {
		p.pred[i] = size * sign(i) * (1 - 0.3*float64(i)/float64(len(p.pred)))
	}
	for i := range p.target {
		p.target[i] = target
	}
	return p
}

// reach finds the smallest size at which the loss is not finite, if it is at the
// first. The value is that of the wide type.
func (p *probe) reach(wide *probe, first, target float64, sign func(i int) float64) reach {
	all := reach{Upto: p.max}
	if !p.put(first, target, sign).finite() {
		return all // outside the domain
	}
	good, bad := first, 0.0
	for size := first; size <= p.max && bad == 0; size *= 10 {
		if p.put(size, target, sign).finite() {
			good = size
		} else {
			bad = size
		}
	}
	if bad == 0 {
		return all
	}
	for bad/good > 1.001 {
		if mid := math.Sqrt(bad) * math.Sqrt(good); p.put(mid, target, sign).finite() {
			good = mid
		} else {
			bad = mid
		}
	}
	// Twice as large, the value may not be beyond the range either: a square that
	// overflows in the sum of a mean is not what is meant.
	within := wide.put(bad, target, sign).largest() <= p.max && wide.put(2*bad, target, sign).largest() <= p.max
	return reach{Upto: good, Pred: bad * sign(0), Target: target, Avoidable: within}
}
