package data

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// A Label is the type of one row's target: float64 for a regression, int for
// the number of a class, counted from 0.
type Label interface{ float64 | int }

// FromRows makes a dataset of slices: x[i] are the inputs of row i and t[i] is
// its target. The inputs are named x0, x1, ...; the classes, if any, 0, 1, ...
// It is an error if there are no rows, the rows differ in length, x and t
// differ in length, a number is not finite or a class is negative.
func FromRows[T Label](x [][]float64, t []T) (*Dataset, error) {
	if len(x) != len(t) {
		return nil, fmt.Errorf("data: %d rows and %d targets", len(x), len(t))
	}
	return FromFunc(len(x), func(i int) ([]float64, T) { return x[i], t[i] })
}

// FromFunc makes a dataset of the n rows that row returns, called once for
// each of 0..n-1 in this order. Errors are those of FromRows.
func FromFunc[T Label](n int, row func(i int) (x []float64, t T)) (*Dataset, error) {
	return Collect(func(yield func([]float64, T) bool) {
		for i := range n {
			if !yield(row(i)) {
				return
			}
		}
	})
}

// Collect makes a dataset of a finite sequence of rows. The inputs are copied,
// so the sequence may reuse its slice. Errors are those of FromRows.
func Collect[T Label](rows iter.Seq2[[]float64, T]) (*Dataset, error) {
	d := &Dataset{Target: "target"}
	var targets []T
	var all []float64
	width, bad := 0, error(nil)
	for x, t := range rows {
		switch {
		case targets == nil:
			width = len(x)
		case len(x) != width:
			bad = fmt.Errorf("data: row %d has %d inputs, row 0 has %d", len(targets), len(x), width)
		}
		if bad != nil {
			return nil, bad
		}
		all = append(all, x...)
		targets = append(targets, t)
	}
	if targets == nil {
		return nil, fmt.Errorf("data: no rows")
	}
	d.X, d.Inputs, d.Shape = ArrayOf(all, width), numbered("x", width), []int{width}
	switch t := any(targets).(type) {
	case []float64:
		d.Y = t
	case []int:
		if top := slices.Max(t); top >= maxClasses {
			return nil, fmt.Errorf("data: class %d; at most %d classes are allowed, counted from 0", top, maxClasses)
		}
		d.Class, d.Classes = t, numbered("", slices.Max(t)+1)
	}
	if err := d.Check(); err != nil {
		return nil, err
	}
	return d, nil
}

// maxClasses bounds the names that one wild class number would ask for.
const maxClasses = 1 << 20

// numbered returns prefix0, prefix1, ... (none if n is not positive).
func numbered(prefix string, n int) []string {
	names := make([]string, max(n, 0))
	for i := range names {
		names[i] = prefix + strconv.Itoa(i)
	}
	return names
}
