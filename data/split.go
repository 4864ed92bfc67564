package data

import (
	"fmt"
	"math"
	"slices"
)

// Fractions says how much of the data is held out: for validation (choices are
// made on it) and for testing (nothing is chosen on it). The rest is for
// training. The zero value holds out nothing.
type Fractions struct{ Val, Test float64 }

// Parts are the parts of a data set. A part that was not asked for has no
// rows; it is never nil.
type Parts struct {
	Train, Val, Test *Dataset
	// Schema says how a table became inputs; nil for data that are not a table.
	Schema *Schema
}

// Split divides the rows of d by seed. Each row is in exactly one part, and
// keeps its order there. If d has classes, each part has its share of each of
// them, to one row. It is an error if sizes of d do not fit, a fraction is out of
// range, or a part that was asked for would have no row.
func Split(d *Dataset, f Fractions, seed uint64) (*Parts, error) {
	if err := d.CheckSizes(); err != nil {
		return nil, err
	}
	rows, err := splitRows(d.Rows(), d.Class, f, seed)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return &Parts{Train: d.Subset(rows[0]), Val: d.Subset(rows[1]), Test: d.Subset(rows[2])}, nil
}

// partRows are the row numbers of each part, ascending: training, validation,
// testing.
type partRows [3][]int

var partNames = [3]string{"training", "validation", "testing"}

// splitRows divides the rows 0..n-1; class is nil or has the class of each row.
func splitRows(n int, class []int, f Fractions, seed uint64) (partRows, error) {
	var parts partRows
	if !(f.Val >= 0 && f.Test >= 0 && f.Val+f.Test < 1) {
		return parts, fmt.Errorf("fractions %v for validation and %v for testing: both must be at least 0 and their sum below 1", f.Val, f.Test)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	newStream(seed, streamSplit).shuffle(order)
	if class != nil {
		// Stable, so that the order within each class stays random.
		slices.SortStableFunc(order, func(a, b int) int { return class[a] - class[b] })
	}
	d := dealer{share: [3]float64{1 - f.Val - f.Test, f.Val, f.Test}}
	for lo, hi := 0, 0; lo < n; lo = hi {
		for hi = lo + 1; hi < n && (class == nil || class[order[hi]] == class[order[lo]]); {
			hi++
		}
		at := lo
		for i, k := range d.deal(hi - lo) {
			parts[i] = append(parts[i], order[at:at+k]...)
			at += k
		}
	}
	for i := range parts {
		slices.Sort(parts[i])
		// A part that was asked for and is empty would only be noticed later,
		// as a metric that is NaN.
		if d.share[i] > 0 && len(parts[i]) == 0 && n > 0 {
			return parts, fmt.Errorf("%d rows leave none for %s at fraction %.3g; give more rows, a larger fraction, or 0", n, partNames[i], d.share[i])
		}
	}
	return parts, nil
}

// A dealer hands out classes to the parts, one after the other. Each class is
// divided to within one row of its shares; owed carries the rounding from class
// to class, so that the parts as a whole stay near their shares too.
type dealer struct{ share, owed [3]float64 }

// deal divides n rows of one class: what is whole in each share, then the rows
// that are left, each to the part that is owed most.
func (d *dealer) deal(n int) (rows [3]int) {
	// Fractions such as 0.15 are not exact; 100 × 0.15 is 15 whole rows.
	const eps = 1e-9
	left := n
	var open [3]bool
	for i, s := range d.share {
		exact := float64(s * float64(n))
		rows[i] = int(math.Floor(exact + eps))
		open[i] = exact-float64(rows[i]) > eps
		d.owed[i] += exact
		left -= rows[i]
	}
	for ; left > 0; left-- {
		best := 0
		// A class must be in the training part to be learned.
		if rows[0] > 0 {
			for i := range rows {
				if open[i] && (!open[best] || d.owed[i]-float64(rows[i]) > d.owed[best]-float64(rows[best])) {
					best = i
				}
			}
		}
		rows[best]++
		open[best] = false
	}
	for i := range rows {
		d.owed[i] -= float64(rows[i])
	}
	return rows
}
