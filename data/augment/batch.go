package augment

import (
	"slices"

	"descent/data"
)

// inputs is the name of the array that has the pictures.
const inputs = "x"

// A batch is rows of others whose pictures are changed. Its memory is that of the
// batch before.
type batch struct {
	of       data.Rows
	rows     []int // their numbers there
	partner  []int // the rows of the batch that they are mixed with
	others   []int // and their numbers there
	share    []float64
	pictures data.Array
	ints     map[string][]int
	numbers  map[string][]float64
}

// begin makes b a batch of some rows, with these pictures.
func (b *batch) begin(of data.Rows, rows []int, pictures data.Array) {
	if b.ints == nil {
		b.ints, b.numbers = map[string][]int{}, map[string][]float64{}
	}
	b.of, b.rows, b.pictures = of, rows, pictures
	b.partner, b.others, b.share = b.partner[:0], b.others[:0], b.share[:0]
}

// mix chooses with which row of the batch each is mixed: a permutation.
func (b *batch) mix(share float64, d *draws) {
	for i := range b.rows {
		b.partner, b.share = append(b.partner, i), append(b.share, share)
	}
	for i := len(b.partner) - 1; i > 0; i-- {
		k := d.whole(i + 1)
		b.partner[i], b.partner[k] = b.partner[k], b.partner[i]
	}
	for _, k := range b.partner {
		b.others = append(b.others, b.rows[k])
	}
}

// Rows implements [data.Rows].
func (b *batch) Rows() int { return len(b.rows) }

// Array implements [data.Rows]. What is not changed is taken from the rows that the
// batch is of, when it is asked for.
func (b *batch) Array(name string) (data.Array, bool) {
	mixed := len(b.partner) > 0
	base, other := data.MixedOf(name)
	switch {
	case name == inputs:
		return b.pictures, true
	case mixed && name == data.MixedShare:
		return arrayOf(b.share)
	case mixed && other:
		return b.gather(name, base, b.others)
	}
	return b.gather(name, name, b.rows)
}

// gather returns some rows of an array.
func (b *batch) gather(name, of string, rows []int) (data.Array, bool) {
	a, ok := b.of.Array(of)
	if !ok {
		return a, false
	}
	n := len(rows)
	for _, k := range a.Shape() {
		n *= k
	}
	if a.Whole() {
		values := slices.Grow(b.ints[name][:0], n)[:n]
		data.GatherArray(values, a, rows)
		b.ints[name] = values
		return arrayOf(values, a.Shape()...)
	}
	values := slices.Grow(b.numbers[name][:0], n)[:n]
	data.GatherArray(values, a, rows)
	b.numbers[name] = values
	return arrayOf(values, a.Shape()...)
}

// arrayOf is data.NewArray of what fits.
func arrayOf[T data.Value](values []T, shape ...int) (data.Array, bool) {
	a, err := data.NewArray(values, shape...)
	return a, err == nil
}
