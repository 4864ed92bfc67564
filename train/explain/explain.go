// Package explain says what a model goes by: which columns it needs, how its predictions
// follow a column, and what each column does to one prediction. It asks models only for
// predictions and their slopes, whatever they are.
package explain

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"descent/bench/inference"
	"descent/data"
	"descent/internal/rng"
)

// A Column is a column of a table: inputs From up to To, without To, are made of it, such as
// one for each word.
type Column struct {
	Name     string
	From, To int
}

// Columns are those of a schema, in its order. The parts of a date are one.
func Columns(s *data.Schema) (all []Column) {
	at := 0
	for i := range s.Inputs {
		in := &s.Inputs[i]
		from := at
		at += in.Width()
		if n := len(all); n > 0 && all[n-1].Name == in.Name {
			all[n-1].To = at
			continue
		}
		all = append(all, Column{in.Name, from, at})
	}
	return all
}

// An Importance says how much worse a model is without what a column tells.
type Importance struct {
	Column string             `json:"column"`
	Mean   float64            `json:"mean"` // by how much the loss of a row rises
	CI     inference.Interval `json:"ci"`   // 95 %, for rows of this kind
}

// Permuted measures how much the loss of rows rises where a column is shuffled among them,
// as a whole, so many times (Breiman 2001, https://doi.org/10.1023/A:1010933404324), the
// largest first. Each row's rise is the mean over the shuffles; the interval is Student's over
// the rows. It is 0, but for chance, of a column that the model does not need; of two columns
// that say the same, a model needs neither much. loss gives that of each row.
func Permuted(d *data.Dataset, columns []Column, times int, seed uint64, loss func(d *data.Dataset) ([]float64, error)) ([]Importance, error) {
	n, w := d.Rows(), d.Features()
	if n < 1 || times < 1 {
		return nil, fmt.Errorf("explain: %d rows and %d shuffles: at least one of each is needed", n, times)
	}
	before, err := loss(d)
	if err != nil {
		return nil, err
	}
	var all []Importance
	x, rise, order := d.X.Numbers(), make([]float64, n), make([]int, n)
	for k, c := range columns {
		clear(rise)
		for time := range times {
			shuffle(order, rng.Mix(seed)+uint64(k)<<32+uint64(time))
			shuffled := slices.Clone(x)
			for i, from := range order {
				copy(shuffled[i*w+c.From:i*w+c.To], x[from*w+c.From:from*w+c.To])
			}
			after, err := loss(with(d, shuffled))
			if err != nil {
				return nil, err
			}
			for i := range rise {
				rise[i] += (after[i] - before[i]) / float64(times)
			}
		}
		mean, ci := inference.Resampled(rise, 0)
		all = append(all, Importance{c.Name, mean, ci})
	}
	slices.SortStableFunc(all, func(a, b Importance) int { return cmp.Compare(b.Mean, a.Mean) })
	return all, nil
}

// with returns rows with other inputs.
func with(d *data.Dataset, x []float64) *data.Dataset {
	other := *d
	other.X = data.ArrayOf(x, d.Features())
	return &other
}

// shuffle fills order with the numbers from 0 on, shuffled (Fisher and Yates) by a key.
func shuffle(order []int, key uint64) {
	for i := range order {
		order[i] = i
	}
	key = rng.Mix(key)
	for i := len(order) - 1; i > 0; i-- {
		j, _ := bits.Mul64(rng.Mix(key+uint64(i)*rng.Golden), uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
}

// Dependence returns the mean prediction over rows in which inputs from a number on are
// replaced by each of some values in turn: partial dependence (Friedman 2001,
// https://doi.org/10.1214/aos/1013203451). predict gives so many numbers for each row, and so
// does the result for each value.
func Dependence(d *data.Dataset, from int, values [][]float64, predict func(d *data.Dataset) (out []float64, width int, err error)) ([][]float64, error) {
	w, n := d.Features(), d.Rows()
	var all [][]float64
	x := d.X.Numbers()
	for _, v := range values {
		for i := range n {
			copy(x[i*w+from:i*w+from+len(v)], v)
		}
		out, width, err := predict(with(d, x))
		if err != nil {
			return nil, err
		}
		mean := make([]float64, width)
		for i, x := range out {
			mean[i%width] += x / float64(n)
		}
		all = append(all, mean)
	}
	return all, nil
}
