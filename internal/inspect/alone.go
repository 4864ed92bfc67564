package inspect

import (
	"cmp"
	"math"
	"slices"

	"descent/data"
)

const (
	// most is how many rows are looked at for what columns tell, evenly spaced.
	most = 2000
	// telling is the share of the target from which on a column tells it: of the iris,
	// the petals' width has 0.9.
	telling = 0.97
	// least is how many rows it takes to say so.
	least = 20
)

// bits tells numbers apart; 0 and -0 are one.
func bits(x float64) uint64 { return math.Float64bits(x + 0) }

// Telling are the columns that tell the target by themselves, which is either a law or
// a leak. How much a column tells is R2, of classes that of their indicators, where each
// row in turn is told by the mean of the others whose cells are the same or, of numbers,
// the nearest: √n of n rows. Dates do not count: what changes slowly is near what it was
// the day before.
func (f *Facts) Telling() (columns []Column) {
	for _, c := range f.Columns {
		if c.Alone >= telling && !c.dated && len(f.Columns) > 1 {
			columns = append(columns, c)
		}
	}
	return columns
}

// columns describes the columns of a table.
func (f *Facts) columns(p *data.Parts) {
	t := newTarget(p)
	at := 0
	for i := range p.Schema.Inputs {
		in := &p.Schema.Inputs[i]
		c := Column{Name: name(in), Kind: in.Kind, Missing: in.Missing, Range: in.Span, Words: len(in.Levels), dated: in.Part != ""}
		if len(t.y)+len(t.class) >= least && in.Kind != data.Text {
			c.Alone = t.explained(t.cells(at, in), in.Kind == data.Numeric)
		}
		f.Columns = append(f.Columns, c)
		at += in.Width()
	}
}

// A target has the targets of some rows, and where their inputs are.
type target struct {
	rows  [][]float64 // inputs
	y     []float64   // of a regression
	class []int       // of a classification

	classes int
}

func newTarget(p *data.Parts) *target {
	t := &target{classes: len(p.Train.Classes)}
	n := p.Train.Rows() + p.Val.Rows() + p.Test.Rows()
	step, at := max(1, float64(n)/most), 0
	for _, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
		for i := range d.Rows() {
			if at++; int(float64(at)/step) == int(float64(at-1)/step) {
				continue
			}
			t.rows = append(t.rows, d.X.Row(nil, i))
			if d.Class != nil {
				t.class = append(t.class, d.Class[i])
			} else if d.Y != nil {
				t.y = append(t.y, d.Y[i])
			}
		}
	}
	return t
}

// cells are those of a column whose inputs begin at a place: numbers, or which level,
// -1 for none.
func (t *target) cells(at int, in *data.Input) []float64 {
	x := make([]float64, len(t.rows))
	for i, row := range t.rows {
		if x[i] = row[at]; in.Kind == data.Categorical && !in.Coded {
			x[i] = float64(slices.Index(row[at:at+len(in.Levels)], 1))
		}
	}
	return x
}

// explained is the share of the target that cells tell; ordered says that near ones are
// alike.
func (t *target) explained(x []float64, ordered bool) float64 {
	n := len(x)
	order, near := make([]int, n), int(math.Sqrt(float64(n)))
	for i := range order {
		order[i] = i
	}
	before := t.squares(order, 0, n, 0, n)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	left := 0.0
	for lo, hi := 0, 0; lo < n; lo = hi {
		for hi = lo + 1; hi < n && x[order[hi]] == x[order[lo]]; {
			hi++
		}
		from, to := lo, hi
		for ordered && to-from <= near {
			from, to = widen(x, order, from, to, x[order[lo]])
		}
		if to-from == 1 {
			from, to = 0, n // nothing is like it
		}
		left += t.squares(order, lo, hi, from, to)
	}
	if before == 0 {
		return 0
	}
	return max(0, 1-left/before)
}

// widen takes the nearest value outside of a window of the order into it, with all of
// its rows.
func widen(x []float64, order []int, from, to int, value float64) (int, int) {
	if to == len(order) || from > 0 && value-x[order[from-1]] <= x[order[to]]-value {
		next := x[order[from-1]]
		for from > 0 && x[order[from-1]] == next {
			from--
		}
		return from, to
	}
	next := x[order[to]]
	for to < len(order) && x[order[to]] == next {
		to++
	}
	return from, to
}

// squares is the sum of the squared errors of the rows [lo, hi) of an order, if each is
// told by the mean of the others of [from, to).
func (t *target) squares(order []int, lo, hi, from, to int) (sum float64) {
	others := float64(to - from - 1)
	if t.y != nil {
		total := 0.0
		for _, i := range order[from:to] {
			total += t.y[i]
		}
		for _, i := range order[lo:hi] {
			e := t.y[i] - (total-t.y[i])/others
			sum += float64(e * e)
		}
		return sum
	}
	share := make([]float64, t.classes)
	for _, i := range order[from:to] {
		share[t.class[i]] += 1 / others
	}
	square := 0.0
	for _, p := range share {
		square += float64(p * p)
	}
	for _, i := range order[lo:hi] {
		p := share[t.class[i]]
		own := p - 1/others // without the row itself
		sum += 1 - float64(2*own) + square - float64(p*p) + float64(own*own)
	}
	return sum
}
