package score

import (
	"cmp"
	"math"
	"slices"
)

// A Point is what deciding for a class from a probability on finds: weights of rows
// that are of it, and that are not.
type Point struct {
	Threshold float64
	Hits      float64
	False     float64
}

// Ranking returns the points of a class for all thresholds that make a difference,
// from the largest down. The last has all rows, and so the weight of the class and of
// the others; it is of these that ROC and precision-recall curves are made.
func (c *Classes) Ranking(class int) []Point {
	if c.rankings == nil {
		c.rankings = make([][]Point, c.K)
	}
	if c.rankings[class] != nil {
		return c.rankings[class]
	}
	type entry struct {
		p, weight float64
		own       bool
	}
	all := make([]entry, len(c.Truth))
	for i, k := range c.Truth {
		all[i] = entry{c.P[i*c.K+class], weightOf(c.Weight, i), k == class}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(b.p, a.p) })
	points := []Point{}
	at := Point{}
	for i, x := range all {
		if at.Threshold = x.p; x.own {
			at.Hits += x.weight
		} else {
			at.False += x.weight
		}
		if i+1 == len(all) || all[i+1].p != x.p {
			points = append(points, at)
		}
	}
	c.rankings[class] = points
	return points
}

// separated is the mean of a score of rankings: of the second of two classes, else
// over the classes of which some rows are and some are not. It is NaN where there is
// no such class.
func (c *Classes) separated(of func(points []Point) float64) float64 {
	sum, n := 0.0, 0.0
	for k := range c.K {
		if c.K == 2 && k == 0 {
			continue
		}
		points := c.Ranking(k)
		if len(points) == 0 {
			continue
		}
		if all := points[len(points)-1]; all.Hits > 0 && all.False > 0 {
			sum += of(points)
			n++
		}
	}
	return sum / n
}

// ROCAUC is the probability that of a row of a class and one of another the first has
// the larger probability of it; ties count half. Of two classes that is the second;
// of more it is each against the rest, and their mean.
func (c *Classes) ROCAUC() float64 {
	return c.separated(func(points []Point) float64 {
		area, last := 0.0, Point{}
		for _, x := range points {
			area += float64((x.False - last.False) * (x.Hits + last.Hits) / 2)
			last = x
		}
		return area / last.Hits / last.False
	})
}

// AveragePrecision is the mean of the precision at each threshold, weighted by how
// much recall it adds; of more than two classes each against the rest, and their mean.
func (c *Classes) AveragePrecision() float64 {
	return c.separated(func(points []Point) float64 {
		area, hits := 0.0, 0.0
		for _, x := range points {
			area += float64((x.Hits - hits) * quotient(x.Hits, x.Hits+x.False))
			hits = x.Hits
		}
		return area / hits
	})
}

// Bins is how many bins of equal width the confidences of [Classes.ECE] fall into.
const Bins = 15

// A Bin has rows of about the same confidence, which is above Lo and up to Hi.
type Bin struct {
	Lo         float64 `json:"lo"`
	Hi         float64 `json:"hi"`
	Weight     float64 `json:"weight"`
	Confidence float64 `json:"confidence"` // their mean; 0 of no rows
	Accuracy   float64 `json:"accuracy"`   // share for which the most probable class is the true one
}

// Reliability divides rows by the confidence, which is the largest probability, into
// [Bins] of equal width (Guo et al. 2017, https://arxiv.org/abs/1706.04599).
func (c *Classes) Reliability() []Bin {
	bins := make([]Bin, Bins)
	for i := range bins {
		bins[i].Lo, bins[i].Hi = float64(i)/Bins, float64(i+1)/Bins
	}
	for i, truth := range c.Truth {
		row := c.row(i)
		p := slices.Max(row)
		if math.IsNaN(p) {
			continue
		}
		b := &bins[binOf(p)]
		w := weightOf(c.Weight, i)
		b.Weight += w
		b.Confidence += float64(w * p)
		b.Accuracy += float64(w * one(most(row) == truth))
	}
	for i := range bins {
		b := &bins[i]
		b.Confidence, b.Accuracy = quotient(b.Confidence, b.Weight), quotient(b.Accuracy, b.Weight)
	}
	return bins
}

// ECEByChance is about what [Classes.ECE] would be of as many rows if the probabilities
// were perfect: the mean distance of the hits of each bin from what is expected, as of
// a normal distribution.
func (c *Classes) ECEByChance() float64 {
	sum, total := 0.0, 0.0
	variance := make([]float64, Bins)
	for i := range c.Truth {
		w, p := weightOf(c.Weight, i), slices.Max(c.row(i))
		variance[binOf(p)] += float64(w * w * p * (1 - p))
		total += w
	}
	for _, v := range variance {
		sum += math.Sqrt(2 / math.Pi * max(v, 0))
	}
	return sum / total
}

// binOf is the number of the bin of a confidence.
func binOf(p float64) int { return min(max(int(math.Ceil(p*Bins))-1, 0), Bins-1) }

// ECE is the expected calibration error: how far in the mean the confidence of the
// bins of [Classes.Reliability] is from their accuracy.
func (c *Classes) ECE() float64 {
	sum, total := 0.0, 0.0
	for _, b := range c.Reliability() {
		sum += float64(b.Weight * math.Abs(b.Confidence-b.Accuracy))
		total += b.Weight
	}
	return sum / total
}
