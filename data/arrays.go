package data

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Rows are named arrays with as many rows each: a [*Dataset], [Arrays], or a type of
// yours. What they hold does not change while they are used.
type Rows interface {
	Rows() int
	// Array returns the array of that name; ok is false if there is none.
	Array(name string) (a Array, ok bool)
}

// A Value is what an array may be made of. Bytes of pictures stay bytes in memory
// until they are in a batch.
type Value interface {
	float64 | float32 | int | uint8
}

// An Array is a number of rows, each of the same shape. It is a view: the values
// stay where they are, in the type that they have there. Those of a table are its cells,
// which are encoded whenever rows are read.
type Array struct {
	rows, width int
	step        int   // from the beginning of a row to that of the next
	shape       []int // of one row; nil if it is flat
	f64         []float64
	f32         []float32
	ints        []int
	bytes       []uint8
	shades      bool // bytes stand for their share of 255
	table       *encoded
}

// The shares of 255 that the bytes of pictures stand for.
var (
	shades32 = shades[float32]()
	shades64 = shades[float64]()
)

func shades[T float32 | float64]() *[256]T {
	table := new([256]T)
	for i := range table {
		table[i] = T(float64(i) / 255)
	}
	return table
}

// NewArray returns values as rows of a shape, row-major; no shape stands for one
// value a row. It is an error if they are not a whole number of rows.
func NewArray[T Value](values []T, shape ...int) (Array, error) {
	width := 1
	if len(shape) > 0 {
		var ok bool
		if width, ok = product(shape); !ok {
			return Array{}, fmt.Errorf("data: a row of shape %v; lengths are at least 1", slices.Clone(shape))
		}
	}
	if len(values)%width != 0 {
		return Array{}, fmt.Errorf("data: %d values are not a whole number of rows of shape %v", len(values), slices.Clone(shape))
	}
	return arrayOf(values, width, slices.Clone(shape)), nil
}

// ArrayOf is [NewArray] of rows that are so many values each, whatever their shape: as the
// inputs of a [Dataset], or with 1 as the cells of a [Column], whose checks report values that
// are not a whole number of rows.
func ArrayOf[T Value](values []T, width int) Array { return arrayOf(values, width, nil) }

// PixelsOf is [ArrayOf] bytes of pictures: a number is its byte divided by 255.
func PixelsOf(bytes []uint8, width int) Array {
	a := arrayOf(bytes, width, nil)
	a.shades = true
	return a
}

// Windows returns an array whose rows overlap: each begins step values after the one
// before and has the given shape, and there are as many as fit. It is how windows of a
// series are rows without being copied. It is an error if there is not one.
func Windows[T float32 | float64](values []T, step int, shape ...int) (Array, error) {
	width, ok := product(shape)
	if !ok || step < 1 || len(values) < width {
		return Array{}, fmt.Errorf("data: windows of shape %v, each %d values after another, of %d values; lengths and steps are at least 1, and there is at least one window", slices.Clone(shape), step, len(values))
	}
	a := arrayOf(values, width, slices.Clone(shape))
	a.step, a.rows = step, (len(values)-width)/step+1
	return a, nil
}

// arrayOf is NewArray of what fits. It allocates nothing.
func arrayOf[T Value](values []T, width int, shape []int) Array {
	a := Array{rows: len(values) / max(width, 1), width: width, step: width, shape: shape}
	switch v := any(values).(type) {
	case []float64:
		a.f64 = v
	case []float32:
		a.f32 = v
	case []int:
		a.ints = v
	case []uint8:
		a.bytes = v
	}
	return a
}

// Rows returns the number of rows.
func (a Array) Rows() int { return a.rows }

// Shape returns the shape of a row, empty if it is one value.
func (a Array) Shape() []int {
	if a.shape == nil && a.width != 1 {
		return []int{a.width}
	}
	return slices.Clone(a.shape)
}

// Whole reports whether the values are whole numbers: int or uint8, but not pixels.
func (a Array) Whole() bool { return a.ints != nil || a.bytes != nil && !a.shades }

// Fits reports whether rows can be taken as rows of a shape: it is theirs, or one
// of both is flat and they have as many values.
func (a Array) Fits(shape []int) bool {
	width := 1
	for _, n := range shape {
		width *= n
	}
	return slices.Equal(a.shape, shape) || a.width == width && (len(shape) < 2 || len(a.shape) < 2)
}

// size is how many values there are.
func (a Array) size() int {
	if a.table != nil {
		return a.rows * a.width
	}
	return len(a.f64) + len(a.f32) + len(a.ints) + len(a.bytes)
}

// at returns the only value of a row.
func (a *Array) at(row int) float64 {
	if a.f32 != nil {
		return float64(a.f32[row])
	}
	return a.f64[row]
}

// Row returns a row as numbers, in dst if that is large enough.
func (a Array) Row(dst []float64, row int) []float64 {
	dst = slices.Grow(dst[:0], a.width)[:a.width]
	GatherArray(dst, a, []int{row})
	return dst
}

// AppendRow appends bytes that tell a row from those of other numbers; 0 and -0 are one.
func (a Array) AppendRow(b []byte, row int) []byte {
	if a.bytes != nil {
		return append(b, a.bytes[row*a.width:(row+1)*a.width]...)
	}
	for _, x := range a.Row(nil, row) {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x+0))
	}
	return b
}

// Numbers returns all rows as numbers, row-major: a copy, of which a slice of each row is
// what [Array.Row] returns.
func (a Array) Numbers() []float64 {
	all := make([]float64, a.rows*a.width)
	eachBlock(a, func(first int, rows []int) { GatherArray(all[first*a.width:(first+len(rows))*a.width], a, rows) })
	return all
}

// eachBlock calls f with the numbers of some rows at a time, which stay in the cache.
func eachBlock(a Array, f func(first int, rows []int)) {
	n := min(max(1, (1<<14)/max(a.width, 1)), a.rows)
	rows := make([]int, n)
	for first := 0; first < a.rows; first += n {
		rows = rows[:min(n, a.rows-first)]
		for i := range rows {
			rows[i] = first + i
		}
		f(first, rows)
	}
}

// subset returns a copy of rows.
func (a Array) subset(rows []int) Array {
	out := a
	out.rows, out.step = len(rows), a.width
	switch {
	case a.table != nil:
		out.table = a.table.subset(rows)
	case a.f64 != nil:
		out.f64 = gathered(a.f64, a, rows)
	case a.f32 != nil:
		out.f32 = gathered(a.f32, a, rows)
	case a.ints != nil:
		out.ints = gathered(a.ints, a, rows)
	case a.bytes != nil:
		out.bytes = gathered(a.bytes, a, rows)
	}
	return out
}

func gathered[T Value](values []T, a Array, rows []int) []T {
	out := make([]T, len(rows)*a.width)
	gatherSteps(out, values, a.width, a.step, rows)
	return out
}

// GatherArray copies rows of an array to dst, row-major, converting each value. It
// allocates nothing. It panics as [Gather] does, and if values that need not be whole
// are to become integers, see [Array.Whole].
func GatherArray[D float32 | float64 | int](dst []D, a Array, rows []int) {
	if _, whole := any(dst).([]int); whole && !a.Whole() {
		panic("data: GatherArray of numbers that need not be whole as integers")
	}
	switch {
	case a.f64 != nil:
		gatherSteps(dst, a.f64, a.width, a.step, rows)
	case a.f32 != nil:
		gatherSteps(dst, a.f32, a.width, a.step, rows)
	case a.ints != nil:
		Gather(dst, a.ints, a.width, rows)
	case a.table != nil:
		switch dst := any(dst).(type) {
		case []float32:
			gatherEncoded(dst, a, rows)
		case []float64:
			gatherEncoded(dst, a, rows)
		}
	case a.shades:
		switch dst := any(dst).(type) {
		case []float32:
			gatherShades(dst, shades32, a, rows)
		case []float64:
			gatherShades(dst, shades64, a, rows)
		}
	default:
		Gather(dst, a.bytes, a.width, rows)
	}
}

// checkGather panics where rows cannot be gathered.
func (a *Array) checkGather(places int, rows []int) {
	if places != len(rows)*a.width {
		panic(fmt.Sprintf("data: GatherArray of %d rows of %d into %d places", len(rows), a.width, places))
	}
	for i, r := range rows {
		if uint(r) >= uint(a.rows) {
			panic(noRow("GatherArray", i, r, a.rows))
		}
	}
}

// gatherShades is Gather of bytes that stand for numbers. Looking them up is as
// fast as converting them, and rounds as if each had been kept as float64.
func gatherShades[T float32 | float64](dst []T, table *[256]T, a Array, rows []int) {
	a.checkGather(len(dst), rows)
	for i, r := range rows {
		to := dst[i*a.width : (i+1)*a.width]
		from := a.bytes[r*a.width : (r+1)*a.width]
		for j, b := range from[:len(to)] {
			to[j] = table[b]
		}
	}
}

// Arrays are named arrays with as many rows each.
type Arrays map[string]Array

// Rows returns the number of rows, 0 if there are no arrays. Arrays that do not
// agree count by the shortest, and CheckSizes reports them.
func (s Arrays) Rows() int {
	n := -1
	for _, a := range s {
		if n < 0 || a.rows < n {
			n = a.rows
		}
	}
	return max(n, 0)
}

// CheckSizes reports arrays with another number of rows than others.
func (s Arrays) CheckSizes() error {
	n := s.Rows()
	odd := ""
	for name, a := range s {
		if a.rows != n && (odd == "" || name < odd) {
			odd = name
		}
	}
	if odd == "" {
		return nil
	}
	return fmt.Errorf("data: array %q has %d rows, others %d", odd, s[odd].rows, n)
}

// Array implements [Rows].
func (s Arrays) Array(name string) (Array, bool) {
	a, ok := s[name]
	return a, ok
}

// Array implements [Rows]: "x" are the inputs, "y" the targets, numbers or
// classes, and "weight" the weights of the rows, if they have some.
func (d *Dataset) Array(name string) (a Array, ok bool) {
	switch {
	case name == "x" && d.Features() > 0:
		if a = d.X; a.width == 0 { // there is none
			a.width, a.step = d.Features(), d.Features()
		}
		if p, ok := product(d.Shape); ok && p == a.width {
			a.shape = d.Shape
		}
	case name == "y" && d.Class != nil:
		a = arrayOf(d.Class, 1, nil)
	case name == "y" && d.Y != nil:
		if a = arrayOf(d.Y, d.targets(), nil); d.Outputs != nil {
			a.shape = []int{len(d.Outputs)}
		}
	case name == "weight" && d.Weight != nil:
		a = arrayOf(d.Weight, 1, nil)
	default:
		return a, false
	}
	return a, true
}

// A Generator makes batches when they are needed: augmented pictures, simulations,
// rows too many to keep. What it makes depends on the seed and the numbers of the
// epoch and the batch alone, so that a run can be repeated and resumed.
type Generator struct {
	Batches int // in each epoch
	Size    int // rows in each batch
	// Make returns a batch: Size rows. It may use the memory of the one
	// before.
	Make func(seed uint64, epoch, batch int) (Rows, error)
}

// Check reports settings that make no sense.
func (g *Generator) Check() error {
	if g.Batches < 1 || g.Size < 1 || g.Make == nil {
		return fmt.Errorf("data: a generator of %d batches of %d rows, Make given: %v; all three are needed", g.Batches, g.Size, g.Make != nil)
	}
	return nil
}

// Batch makes a batch, and checks that it has the rows that were promised.
func (g *Generator) Batch(seed uint64, epoch, batch int) (Rows, error) {
	s, err := g.Make(seed, epoch, batch)
	if err == nil && s == nil {
		err = fmt.Errorf("no rows")
	}
	if err == nil && s.Rows() != g.Size {
		err = fmt.Errorf("%d rows, not %d", s.Rows(), g.Size)
	}
	if err != nil {
		return nil, fmt.Errorf("data: batch %d of epoch %d: %w", batch, epoch, err)
	}
	return s, nil
}

// An Augmenter changes the rows of a batch of training, each time that they are
// learned from: package augment has one for pictures.
type Augmenter interface {
	// Augment returns as many rows as are named, made of those of d. They depend on
	// what Augment is given alone, so that a run can be repeated and resumed, and may
	// use the memory of those before, so that two runs at once need one each.
	Augment(d Rows, rows []int, seed uint64, epoch, batch int) (Rows, error)
	// String says what it does: a checkpoint is for the same.
	String() string
}

// Rows that are mixed with others, each with one, have these arrays, too.
const (
	MixedShare = "mixed_share" // the share that a row has in its mixture
	mixedWith  = "_mixed_with"
)

// MixedWith names the array that has what another one has of the rows that rows are
// mixed with.
func MixedWith(name string) string { return name + mixedWith }

// MixedOf tells of which array one of MixedWith is.
func MixedOf(name string) (of string, ok bool) { return strings.CutSuffix(name, mixedWith) }
