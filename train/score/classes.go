// Package score says how good predictions are, as functions of the truth, of what was
// predicted and of the weights of rows. The definitions are scikit-learn's; it knows
// no graphs, no models and no training.
package score

import (
	"fmt"
	"math"
	"slices"

	"descent/internal/elementary"
)

// Classes are n rows of a classification into K classes, which are numbers below K.
// What is computed once is kept: the fields are not changed after the first score.
type Classes struct {
	K int
	// Truth and Decided have the class of each row, and the one that was decided for.
	Truth, Decided []int
	// P has the probabilities, row-major n×K; nil if there are none.
	P []float64
	// Weight has the weight of each row; nil if all count the same.
	Weight []float64

	confusion [][]float64
	rankings  [][]Point
}

// Check reports lengths that do not fit, and the first class that there is not.
func (c *Classes) Check() error {
	n := len(c.Truth)
	switch {
	case len(c.Decided) != n:
		return fmt.Errorf("score: %d predictions for %d rows", len(c.Decided), n)
	case c.P != nil && len(c.P) != n*c.K:
		return fmt.Errorf("score: %d probabilities for %d rows of %d classes", len(c.P), n, c.K)
	case c.Weight != nil && len(c.Weight) != n:
		return fmt.Errorf("score: %d weights for %d rows", len(c.Weight), n)
	}
	for i, k := range c.Truth {
		if d := c.Decided[i]; k < 0 || k >= c.K || d < 0 || d >= c.K {
			return fmt.Errorf("score: row %d is of class %d and predicted as %d; there are %d classes, counted from 0", i, k, d, c.K)
		}
	}
	return nil
}

// row returns the probabilities of a row.
func (c *Classes) row(i int) []float64 { return c.P[i*c.K : (i+1)*c.K] }

// mean is the weighted mean of f over n rows; NaN if they have no weight.
func mean(n int, weight []float64, f func(i int) float64) float64 {
	sum, total := 0.0, 0.0
	for i := range n {
		w := weightOf(weight, i)
		sum += float64(w * f(i))
		total += w
	}
	return sum / total
}

func weightOf(weight []float64, i int) float64 {
	if weight == nil {
		return 1
	}
	return weight[i]
}

func (c *Classes) mean(f func(i int) float64) float64 { return mean(len(c.Truth), c.Weight, f) }

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Accuracy is the share of rows whose class is right.
func (c *Classes) Accuracy() float64 {
	return c.mean(func(i int) float64 { return one(c.Truth[i] == c.Decided[i]) })
}

// epsilon is what probabilities are kept from 0 and 1 by in [Classes.LogLoss].
const epsilon = 1.0 / (1 << 52)

// LogLoss is the mean of -log p of the true class, in nats, for probabilities that
// are kept 2⁻⁵² away from 0 and 1 and then divided by their sum.
func (c *Classes) LogLoss() float64 {
	return c.mean(func(i int) float64 {
		sum, own := 0.0, 0.0
		for k, p := range c.row(i) {
			p = min(max(p, epsilon), 1-epsilon)
			if sum += p; k == c.Truth[i] {
				own = p
			}
		}
		return -elementary.Log(own / sum)
	})
}

// Brier is the mean squared distance between probabilities and truth: of two classes
// (p - y)² of the second, of more the sum over classes, as Brier (1950) has it.
func (c *Classes) Brier() float64 {
	return c.mean(func(i int) float64 {
		row, first, sum := c.row(i), 0, 0.0
		if c.K == 2 {
			first = 1
		}
		for k := first; k < c.K; k++ {
			d := row[k] - one(k == c.Truth[i])
			sum += float64(d * d)
		}
		return sum
	})
}

// TopK is the share of rows whose true class is among the k most probable ones; of
// equal ones the later comes first.
func (c *Classes) TopK(k int) float64 {
	return c.mean(func(i int) float64 {
		row, own, before := c.row(i), c.Truth[i], 0
		for other, p := range row {
			if p > row[own] || p == row[own] && other > own {
				before++
			}
		}
		return one(before < k)
	})
}

// Confusion has the weight of the rows of each class, a row of it, that were decided
// to be of each, a column.
func (c *Classes) Confusion() [][]float64 {
	if c.confusion == nil {
		c.confusion = make([][]float64, c.K)
		for k := range c.confusion {
			c.confusion[k] = make([]float64, c.K)
		}
		for i, k := range c.Truth {
			c.confusion[k][c.Decided[i]] += weightOf(c.Weight, i)
		}
	}
	return c.confusion
}

// A Class is how good decisions for one class are. A quotient 0/0 counts as 0.
type Class struct {
	Precision float64 `json:"precision"` // share of what is decided to be of it that is
	Recall    float64 `json:"recall"`    // share of it that is found
	F1        float64 `json:"f1"`        // harmonic mean of both
	Support   float64 `json:"support"`   // weight of its rows

	decided float64 // weight of the rows that are decided to be of it
}

// Each returns the scores of each class.
func (c *Classes) Each() []Class {
	table := c.Confusion()
	out := make([]Class, c.K)
	for k := range out {
		x := &out[k]
		for other := range out {
			x.Support += table[k][other]
			x.decided += table[other][k]
		}
		hit := table[k][k]
		x.Precision, x.Recall, x.F1 = quotient(hit, x.decided), quotient(hit, x.Support), quotient(2*hit, x.Support+x.decided)
	}
	return out
}

func quotient(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Precision, Recall and F1 take that of a class, for [Classes.Macro] and
// [Classes.Weighted].
func Precision(x Class) float64 { return x.Precision }

// Recall is the recall of a class.
func Recall(x Class) float64 { return x.Recall }

// F1 is the F1 of a class.
func F1(x Class) float64 { return x.F1 }

// Macro is the mean over the classes that occur, in truth or decision, each counting
// the same; 0 if there are none.
func (c *Classes) Macro(of func(Class) float64) float64 {
	sum, n := 0.0, 0.0
	for _, x := range c.Each() {
		if x.Support+x.decided > 0 {
			sum += of(x)
			n++
		}
	}
	return quotient(sum, n)
}

// Weighted is the mean over classes by how many rows they have.
func (c *Classes) Weighted(of func(Class) float64) float64 {
	sum, total := 0.0, 0.0
	for _, x := range c.Each() {
		sum += float64(x.Support * of(x))
		total += x.Support
	}
	return quotient(sum, total)
}

// BalancedAccuracy is the mean recall of the classes that occur in the truth.
func (c *Classes) BalancedAccuracy() float64 {
	sum, n := 0.0, 0.0
	for _, x := range c.Each() {
		if x.Support > 0 {
			sum += x.Recall
			n++
		}
	}
	return sum / n
}

// MCC is Matthews' correlation of truth and decision, for any number of classes
// (Gorodkin 2004): 1 if all are right, 0 for what knows nothing.
func (c *Classes) MCC() float64 {
	table := c.Confusion()
	hits, total, chance, decided, support := 0.0, 0.0, 0.0, 0.0, 0.0
	for k, x := range c.Each() {
		hits += table[k][k]
		total += x.Support
		chance += float64(x.Support * x.decided)
		decided += float64(x.decided * x.decided)
		support += float64(x.Support * x.Support)
	}
	all := float64(total * total)
	covariance, a, b := float64(hits*total)-chance, all-decided, all-support
	if a == 0 || b == 0 {
		return 0
	}
	return covariance / math.Sqrt(float64(a*b))
}

// most returns the most probable class of a row, the first of equal ones.
func most(row []float64) int { return slices.Index(row, slices.Max(row)) }
