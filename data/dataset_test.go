package data

import (
	"math"
	"slices"
	"testing"
)

func TestFromRows(t *testing.T) {
	d, err := FromRows([][]float64{{1, 2}, {3, 4}, {5, 6}}, []float64{7, 8, 9})
	if err != nil {
		t.Fatal(err)
	}
	if d.Rows() != 3 || d.Features() != 2 || d.Class != nil || !slices.Equal(d.Y, []float64{7, 8, 9}) {
		t.Errorf("%+v", d)
	}
	s := d.Subset([]int{2, 0})
	if !slices.Equal(s.X.Numbers(), []float64{5, 6, 1, 2}) || !slices.Equal(s.Y, []float64{9, 7}) {
		t.Errorf("%+v", s)
	}
	if s.Y[0] = 0; d.Y[2] != 9 {
		t.Error("a subset shares memory with its data set")
	}
	c, err := FromRows([][]float64{{1}, {2}}, []int{2, 0})
	if err != nil || len(c.Classes) != 3 || c.Y != nil || !slices.Equal(c.Subset([]int{1}).Class, []int{0}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestFromRowsErrors(t *testing.T) {
	nan := math.NaN()
	_, err := FromRows([][]float64{{1}}, []float64{})
	wantError(t, err, "data: 1 rows and 0 targets")
	_, err = FromRows(nil, []float64{})
	wantError(t, err, "data: no rows")
	_, err = FromRows([][]float64{{1}, {1, 2}}, []float64{1, 2})
	wantError(t, err, "data: row 1 has 2 inputs, row 0 has 1")
	_, err = FromRows([][]float64{{}}, []float64{1})
	wantError(t, err, "data: rows have no inputs")
	_, err = FromRows([][]float64{{1, nan}}, []float64{1})
	wantError(t, err, `data: row 0, input "x1" is NaN`)
	_, err = FromRows([][]float64{{1}}, []float64{math.Inf(1)})
	wantError(t, err, "data: row 0, the target is +Inf")
	_, err = FromRows([][]float64{{1}, {1}}, []int{0, -1})
	wantError(t, err, "data: row 1, class -1 is not one of the 1 classes")
	_, err = FromRows([][]float64{{1}}, []int{math.MaxInt})
	wantError(t, err, "at most 1048576 classes")
}

// A sequence may reuse its slice.
func TestCollect(t *testing.T) {
	d, err := Collect(func(yield func([]float64, float64) bool) {
		x := make([]float64, 1)
		for i := range 4 {
			x[0] = float64(i)
			if !yield(x, float64(2*i)) {
				return
			}
		}
	})
	if err != nil || !slices.Equal(d.X.Numbers(), []float64{0, 1, 2, 3}) || !slices.Equal(d.Y, []float64{0, 2, 4, 6}) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestCheck(t *testing.T) {
	good := func() *Dataset {
		return &Dataset{X: ArrayOf([]float64{1, 2, 3, 4}, 2), Inputs: []string{"a", "b"}, Shape: []int{1, 2}, Class: []int{0, 1}, Classes: []string{"n", "p"}}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spoil func(*Dataset)
		want  string
	}{
		{func(d *Dataset) { d.Inputs = nil }, "rows have no inputs"},
		{func(d *Dataset) { d.X = ArrayOf([]float64{1, 2, 3}, 2) }, "3 numbers are not a whole number of rows of 2 inputs"},
		{func(d *Dataset) { d.X = PixelsOf(make([]uint8, 3), 2) }, "3 numbers are not a whole number of rows of 2 inputs"},
		{func(d *Dataset) { d.X = ArrayOf(make([]float64, 8), 4) }, "X has rows of 4 numbers, and Inputs names 2"},
		{func(d *Dataset) { d.X = ArrayOf([]float32{0, 1, 2, float32(math.NaN())}, 2) }, `row 1, input "b" is NaN`},
		{func(d *Dataset) { d.Shape = []int{3} }, "shape [3] does not hold 2 inputs"},
		{func(d *Dataset) { d.Y = []float64{1, 2} }, "both Y and Class"},
		{func(d *Dataset) { d.Class = d.Class[:1] }, "1 classes for 2 rows"},
		{func(d *Dataset) { d.Class, d.Y = nil, []float64{1} }, "1 targets for 2 rows"},
		{func(d *Dataset) { d.Class[1] = 2 }, "row 1, class 2 is not one of the 2 classes"},
		{func(d *Dataset) { d.X.f64[3] = math.Inf(-1) }, `row 1, input "b" is -Inf`},
	} {
		d := good()
		c.spoil(d)
		err := d.Check()
		if err == nil {
			t.Errorf("no error, want %q", c.want)
		}
		wantError(t, err, c.want)
	}
	if new(Dataset).Rows() != 0 {
		t.Error("an empty data set has rows")
	}
}
