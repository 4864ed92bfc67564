package train

import (
	"fmt"

	"descent/data"
	"descent/graph"
)

// A kind says how a batch takes an array.
type kind uint8

const (
	numbers kind = iota
	whole
	oneHot
)

// A field is an array that a task takes from its rows.
type field struct {
	name    string
	shape   []int // of one row
	kind    kind
	classes int // the array holds numbers below it; 0 if anything goes
	node    *graph.Node

	// The memory of a batch: the program's own, nil if it does not need the array.
	f32  []float32
	f64  []float64
	ints []int
	used bool // by what a program computes

	predicts bool // predictions are made of it
}

// stage makes the memory of a batch, and returns the feeds of what is not in the
// program's.
func (f *field) stage(p *graph.Program, dtype graph.Dtype) []graph.Feed {
	if dtype == graph.Float32 {
		f.f32 = graph.Buffer[float32](p, f.node)
		f.used = f.f32 != nil
	} else {
		f.f64 = graph.Buffer[float64](p, f.node)
		f.used = f.f64 != nil
	}
	if f.kind != whole || !f.used {
		return nil
	}
	f.ints = make([]int, f.node.Shape().Size())
	return []graph.Feed{graph.Let(f.node, f.ints)}
}

// fits reports an array that cannot be taken.
func (f *field) fits(d data.Rows) error {
	a, ok := d.Array(f.name)
	switch {
	case !ok:
		return fmt.Errorf("train: the rows have no array %q", f.name)
	case a.Rows() != d.Rows():
		return fmt.Errorf("train: array %q has %d rows of %d", f.name, a.Rows(), d.Rows())
	case f.kind != numbers && !a.Whole():
		return fmt.Errorf("train: array %q is taken as whole numbers; it must hold int or uint8", f.name)
	case f.kind == oneHot && !a.Fits(nil):
		return fmt.Errorf("train: array %q has rows of shape %v; a class is one number", f.name, a.Shape())
	case f.kind != oneHot && !a.Fits(f.shape):
		return fmt.Errorf("train: array %q has rows of shape %v, the task takes %v", f.name, a.Shape(), f.shape)
	}
	return nil
}

// load copies rows to the batch.
func (f *field) load(d data.Rows, rows []int) error {
	if !f.used {
		return nil
	}
	a, ok := d.Array(f.name)
	switch {
	case !ok:
		return fmt.Errorf("train: the rows have no array %q", f.name)
	case f.kind == whole:
		data.GatherArray(f.ints, a, rows)
		for i, c := range f.ints {
			if f.classes > 0 && (c < 0 || c >= f.classes) {
				return noClass(rows[i], c, f.classes)
			}
		}
		return nil
	case f.f32 != nil:
		return loadNumbers(f, f.f32, a, rows)
	}
	return loadNumbers(f, f.f64, a, rows)
}

func loadNumbers[T float32 | float64](f *field, dst []T, a data.Array, rows []int) error {
	if f.kind == numbers {
		data.GatherArray(dst, a, rows)
		for i := range rows {
			if f.classes > 0 && (dst[i] < 0 || int(dst[i]) >= f.classes) {
				return noClass(rows[i], int(dst[i]), f.classes)
			}
		}
		return nil
	}
	clear(dst)
	var class [1]int
	for i := range rows {
		data.GatherArray(class[:], a, rows[i:i+1])
		c := class[0]
		if c < 0 || c >= f.classes {
			return noClass(rows[i], c, f.classes)
		}
		dst[i*f.classes+c] = 1
	}
	return nil
}

// inClasses reports the first class that the task does not have.
func (f *field) inClasses(d data.Rows) error {
	a, _ := d.Array(f.name)
	if !a.Whole() {
		return nil // numbers, which a batch looks at
	}
	var rows, classes [256]int // at a time
	for first := 0; first < d.Rows(); first += len(rows) {
		n := min(len(rows), d.Rows()-first)
		for i := range n {
			rows[i] = first + i
		}
		data.GatherArray(classes[:n], a, rows[:n])
		for i, c := range classes[:n] {
			if c < 0 || c >= f.classes {
				return noClass(first+i, c, f.classes)
			}
		}
	}
	return nil
}

func noClass(row, class, classes int) error {
	return fmt.Errorf("train: row %d is of class %d; the task has %d classes, counted from 0", row, class, classes)
}
