package data

import (
	"math"
	"slices"
)

// Convert returns the rows with some of their arrays as numbers of one type in memory, if they
// are numbers of another or encoded from a table: done once for many epochs, and not in each
// batch. Whole numbers, pixels, and what float64 would only widen, stay as they are.
func Convert[T float32 | float64](d Rows, names ...string) Rows {
	s := converted{of: d, arrays: map[string]Array{}}
	for _, name := range names {
		if a, ok := d.Array(name); ok && converts[T](a) {
			s.arrays[name] = convert[T](a)
		}
	}
	return s
}

// ConvertBytes returns how much memory [Convert] takes.
func ConvertBytes[T float32 | float64](d Rows, names ...string) (n int) {
	size := 8
	if _, narrow := any(T(0)).(float32); narrow {
		size = 4
	}
	for _, name := range names {
		if a, ok := d.Array(name); ok && converts[T](a) {
			n += size * a.size()
		}
	}
	return n
}

// converts tells whether an array is converted.
func converts[T float32 | float64](a Array) bool {
	_, narrow := any(T(0)).(float32)
	return a.table != nil || a.f64 != nil && narrow
}

func convert[T float32 | float64](a Array) Array {
	out := make([]T, a.size())
	if a.table != nil {
		eachBlock(a, func(first int, rows []int) { GatherArray(out[first*a.width:(first+len(rows))*a.width], a, rows) })
	} else { // rows may overlap, as windows do
		for i, x := range a.f64 {
			out[i] = T(x)
		}
	}
	b := arrayOf(out, a.width, a.shape)
	b.rows, b.step = a.rows, a.step
	return b
}

// narrowed returns cells as float32 where each is one, so that nothing is lost.
func narrowed(cells []float64) Array {
	if slices.ContainsFunc(cells, func(x float64) bool { return float64(float32(x)) != x && !math.IsNaN(x) }) {
		return ArrayOf(cells, 1)
	}
	return convert[float32](ArrayOf(cells, 1))
}

// converted are rows of which some arrays are others.
type converted struct {
	of     Rows
	arrays map[string]Array
}

func (s converted) Rows() int { return s.of.Rows() }

func (s converted) Array(name string) (Array, bool) {
	if a, ok := s.arrays[name]; ok {
		return a, true
	}
	return s.of.Array(name)
}
