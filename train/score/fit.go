package score

import (
	"cmp"
	"math"
	"slices"

	"descent/internal/elementary"
)

// shares returns the weights of rows, of mean 1.
func (c *Classes) shares() []float64 {
	out, total := make([]float64, len(c.Truth)), 0.0
	for i := range out {
		out[i] = weightOf(c.Weight, i)
		total += out[i]
	}
	for i := range out {
		out[i] *= float64(len(out)) / total
	}
	return out
}

// fitTemperature finds the logarithm b of 1/temperature that minimises
//
//	Σ weight · log loss + 2b²
//
// by halving an interval. The last term, which knows b to within a half, keeps the
// temperature finite where all rows are right, and near 1 where they are few.
func fitTemperature(c *Calibration, held *Classes) {
	share, logs := held.shares(), make([]float64, len(held.P))
	for i, p := range held.P {
		logs[i] = logOf(p)
	}
	slope := func(b float64) float64 {
		factor, sum := elementary.Exp(b), 0.0
		for i, truth := range held.Truth {
			row := logs[i*held.K : (i+1)*held.K]
			top, all, mean := slices.Max(row), 0.0, 0.0
			for _, l := range row {
				e := elementary.Exp(factor * (l - top))
				all += e
				mean += float64(e * l)
			}
			sum += float64(share[i] * (mean/all - row[truth]))
		}
		return float64(factor*sum) + float64(4*b)
	}
	lo, hi := -5.0, 5.0
	for range 34 { // to 10⁻⁹
		if middle := (lo + hi) / 2; slope(middle) < 0 {
			lo = middle
		} else {
			hi = middle
		}
	}
	c.Temperature = elementary.Exp(-(lo + hi) / 2)
}

// against calls f for the second of two classes, or for each of more, with what the
// held-out rows have: the probability of the class, and whether it is theirs.
func (c *Classes) against(f func(p []float64, own []bool, share []float64)) {
	share := c.shares()
	for k := range c.K {
		if c.K == 2 && k == 0 {
			continue
		}
		p, own := make([]float64, len(c.Truth)), make([]bool, len(c.Truth))
		for i, truth := range c.Truth {
			p[i], own[i] = c.P[i*c.K+k], truth == k
		}
		f(p, own, share)
	}
}

// fitLines fits lines of logits by Newton's method. Targets are not 0 and 1, but what
// one more row of each kind would make them, as Platt has it.
func fitLines(c *Calibration, held *Classes) {
	held.against(func(p []float64, own []bool, share []float64) {
		x, yes, no := make([]float64, len(p)), 0.0, 0.0
		for i := range p {
			if x[i] = logit(p[i]); own[i] {
				yes += share[i]
			} else {
				no += share[i]
			}
		}
		target := make([]float64, len(p))
		for i := range target {
			if target[i] = 1 / (no + 2); own[i] {
				target[i] = (yes + 1) / (yes + 2)
			}
		}
		c.Lines = append(c.Lines, logistic(x, target, share))
	})
}

// logistic returns the line whose sigmoid has the least cross-entropy. The sum is
// convex; a step that does not lower it is halved.
func logistic(x, target, weight []float64) Line {
	loss := func(l Line) (sum float64) {
		for i := range x {
			z := float64(l.Slope*x[i]) + l.Offset
			// log(1 + e^z) - target z, so that nothing overflows.
			sum += float64(weight[i] * (max(z, 0) + elementary.Log(1+elementary.Exp(-math.Abs(z))) - float64(target[i]*z)))
		}
		return sum
	}
	at := Line{Slope: 1}
	now := loss(at)
	for range 100 {
		var ga, gb, haa, hab, hbb float64
		for i := range x {
			p := elementary.Sigmoid(float64(at.Slope*x[i]) + at.Offset)
			g, h := float64(weight[i]*(p-target[i])), float64(weight[i]*p*(1-p))
			ga += float64(g * x[i])
			gb += g
			haa += float64(h * x[i] * x[i])
			hab += float64(h * x[i])
			hbb += h
		}
		haa, hbb = haa+1e-12, hbb+1e-12 // as where all rows are alike
		det := float64(haa*hbb) - float64(hab*hab)
		da, db := (float64(hbb*ga)-float64(hab*gb))/det, (float64(haa*gb)-float64(hab*ga))/det
		next, step := now, 1.0
		for ; step > 1e-10; step /= 2 {
			try := Line{at.Slope - float64(step*da), at.Offset - float64(step*db)}
			if next = loss(try); next < now {
				at = try
				break
			}
		}
		if !(now-next > 1e-13*math.Abs(now)) {
			break
		}
		now = next
	}
	return at
}

// fitSteps fits rising curves: means of neighbouring rows, joined where they would
// fall. No probability is nearer to 0 or 1 than the rows can tell, 1/(rows + 2).
func fitSteps(c *Calibration, held *Classes) {
	limit := 1 / float64(len(held.Truth)+2)
	held.against(func(p []float64, own []bool, share []float64) {
		s := rising(p, own, share)
		for i, y := range s.Y {
			s.Y[i] = min(max(y, limit), 1-limit)
		}
		c.Steps = append(c.Steps, s)
	})
}

// rising is the regression of own by p that never falls, at the ends of its level
// parts.
func rising(p []float64, own []bool, weight []float64) (s Steps) {
	type block struct{ lo, hi, sum, weight float64 }
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	var blocks []block
	for at := 0; at < len(order); {
		b := block{lo: p[order[at]], hi: p[order[at]]}
		for ; at < len(order) && p[order[at]] == b.lo; at++ {
			i := order[at]
			b.sum += float64(weight[i] * one(own[i]))
			b.weight += weight[i]
		}
		if b.weight == 0 {
			continue
		}
		blocks = append(blocks, b)
		for n := len(blocks); n > 1 && float64(blocks[n-2].sum*blocks[n-1].weight) >= float64(blocks[n-1].sum*blocks[n-2].weight); n-- {
			a, b := &blocks[n-2], blocks[n-1]
			a.hi, a.sum, a.weight = b.hi, a.sum+b.sum, a.weight+b.weight
			blocks = blocks[:n-1]
		}
	}
	for _, b := range blocks {
		s.X, s.Y = append(s.X, b.lo), append(s.Y, b.sum/b.weight)
		if b.hi > b.lo {
			s.X, s.Y = append(s.X, b.hi), append(s.Y, b.sum/b.weight)
		}
	}
	return s
}
