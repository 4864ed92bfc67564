// Package conformal makes intervals and sets that hold the truth of a new row in at least
// so many of a hundred, whatever the model: by what models got wrong on rows that they were
// not trained on. It is arithmetic of scores; who makes them is not its business.
//
// The only assumption is that the rows and the new one are exchangeable: that any order of
// them is as likely as any other. Rows in the order of time are not, and of rows in groups
// only the groups are.
package conformal

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Held is what models have got wrong: Scores[k] are the errors of model k on rows that it
// was not trained on, ascending. Of a number the error is the distance of the prediction
// from the truth, of a class it is 1 less its probability.
//
// Of one model this is split conformal prediction (Vovk et al. 2005; Lei et al. 2018,
// https://doi.org/10.1080/01621459.2017.1307116). Of K models that have each not seen one
// of K parts of the rows it is CV+, and of as many as there are rows jackknife+ (Barber,
// Candès, Ramdas and Tibshirani 2021, https://doi.org/10.1214/20-AOS1965), for classes by
// Romano, Sesia and Candès 2020, https://arxiv.org/abs/2006.02544.
type Held struct {
	Scores [][]float64 `json:"scores"`
}

// Collect returns the errors of rows by models: model[i] is that which has not seen row i.
func Collect(models int, model []int, errors []float64) *Held {
	h := &Held{Scores: make([][]float64, models)}
	for i, k := range model {
		h.Scores[k] = append(h.Scores[k], errors[i])
	}
	for _, s := range h.Scores {
		slices.Sort(s)
	}
	return h
}

// Rows returns how many rows there are errors of.
func (h *Held) Rows() (n int) {
	for _, s := range h.Scores {
		n += len(s)
	}
	return n
}

// Check reports what cannot be errors of models.
func (h *Held) Check() error {
	if h.Rows() == 0 {
		return fmt.Errorf("conformal: no rows")
	}
	for _, s := range h.Scores {
		if !slices.IsSorted(s) || slices.ContainsFunc(s, func(x float64) bool { return !(x >= 0) || math.IsInf(x, 0) }) {
			return fmt.Errorf("conformal: errors that do not ascend from 0")
		}
	}
	return nil
}

// Rank returns which of n errors, the smallest first and from 1, bounds that of a new row
// with a probability of at least level, from 0 to 1: ⌈level·(n+1)⌉. One that is more than n
// says that so few rows bound nothing.
func Rank(n int, level float64) int {
	const eps = 1e-9 // 0.9·(9+1) is 9, though not in binary
	return max(1, int(math.Ceil(float64(level*float64(n+1))-eps)))
}

// Largest returns the level above which n rows bound nothing, n/(n+1).
func Largest(n int) float64 { return float64(n) / float64(n+1) }

// Interval returns the ends between which the number of a new row is, of which the models
// predict those numbers: the ⌊(1-level)(n+1)⌋-th smallest of prediction less error, and the
// ⌈level·(n+1)⌉-th smallest of prediction plus error, each row with the model that has not
// seen it. The ends are infinite where there are too few rows.
func (h *Held) Interval(level float64, predicted []float64) (lo, hi float64) {
	n := h.Rows()
	k := Rank(n, level)
	if k > n {
		return math.Inf(-1), math.Inf(1)
	}
	return -h.smallest(k, predicted, -1), h.smallest(k, predicted, 1)
}

// smallest is the k-th smallest of sign·predicted + error over all rows. What is searched
// is its place among all floating-point numbers, by halves: that is exact, and takes steps
// for each model, not for each row.
func (h *Held) smallest(k int, predicted []float64, sign float64) float64 {
	within := func(x float64) (n int) {
		for i, s := range h.Scores {
			shift := float64(sign * predicted[i])
			n += sort.Search(len(s), func(j int) bool { return shift+s[j] > x })
		}
		return n
	}
	lo, hi := place(math.Inf(-1)), place(math.Inf(1))
	for lo < hi {
		mid := lo + (hi-lo)/2
		if within(number(mid)) >= k {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return number(lo)
}

// place numbers floating-point numbers in their order; number is its inverse.
func place(x float64) uint64 {
	b := math.Float64bits(x)
	if b>>63 == 1 {
		return ^b
	}
	return b | 1<<63
}

func number(place uint64) float64 {
	if place>>63 == 1 {
		return math.Float64frombits(place &^ (1 << 63))
	}
	return math.Float64frombits(^place)
}

// Set returns which classes a new row may be of, ascending, if p[k] has the probability of
// each class by model k: those of whose error fewer than ⌈level·(n+1)⌉ rows have a smaller
// one, each row with the model that has not seen it. The class of the number decided is
// always there, so that no set is empty.
func (h *Held) Set(level float64, p [][]float64, decided int) (classes []int) {
	k := Rank(h.Rows(), level)
	for c := range p[0] {
		n := 0
		for i, s := range h.Scores {
			n += sort.SearchFloat64s(s, Miss(p[i], c))
		}
		if n < k || c == decided {
			classes = append(classes, c)
		}
	}
	return classes
}

// Miss is the error of a row of a class: 1 less its probability. Sets by it are the smallest
// there are, in the mean (Sadinle, Lei and Wasserman 2019,
// https://doi.org/10.1080/01621459.2017.1395341).
func Miss(p []float64, class int) float64 { return max(0, 1-p[class]) }
