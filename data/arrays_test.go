package data_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/data"

	"gorgonia.org/tensor"
)

// TestArrays: values of each type come out of a batch as each type, rows in the
// order asked for.
func TestArrays(t *testing.T) {
	rows := []int{2, 0, 2}
	check := func(name string, a data.Array, err error, whole bool) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f64, f32, ints := make([]float64, 6), make([]float32, 6), make([]int, 6)
		data.GatherArray(f64, a, rows)
		data.GatherArray(f32, a, rows)
		if want := []float64{5, 6, 1, 2, 5, 6}; !reflect.DeepEqual(f64, want) || fmt.Sprint(f32) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v", name, f64, f32)
		}
		if a.Rows() != 3 || !reflect.DeepEqual(a.Shape(), []int{2}) || a.Whole() != whole {
			t.Errorf("%s: %d rows of %v, whole %v", name, a.Rows(), a.Shape(), a.Whole())
		}
		if whole {
			if data.GatherArray(ints, a, rows); fmt.Sprint(ints) != "[5 6 1 2 5 6]" {
				t.Errorf("%s: %v", name, ints)
			}
		}
	}
	f64, f32 := []float64{1, 2, 3, 4, 5, 6}, []float32{1, 2, 3, 4, 5, 6}
	ints, bytes := []int{1, 2, 3, 4, 5, 6}, []uint8{1, 2, 3, 4, 5, 6}
	a, err := data.NewArray(f64, 2)
	check("float64", a, err, false)
	a, err = data.NewArray(f32, 2)
	check("float32", a, err, false)
	a, err = data.NewArray(ints, 2)
	check("int", a, err, true)
	a, err = data.NewArray(bytes, 2)
	check("bytes", a, err, true)
	for _, backing := range []any{f64, f32, ints, bytes} {
		a, err = data.FromDense(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(backing)))
		_, float := backing.([]float64)
		_, single := backing.([]float32)
		check(fmt.Sprintf("tensor of %T", backing), a, err, !float && !single)
	}
	turned := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float64{1, 3, 5, 2, 4, 6}))
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	a, err = data.FromDense(turned)
	check("a transposed view", a, err, false)
	narrow, _ := data.Convert[float32](data.Arrays{"a": a}, "a", "b").Array("a")
	check("narrowed", narrow, nil, false)
	for want, f := range map[string]func() (data.Array, error){
		"not a whole number of rows": func() (data.Array, error) { return data.NewArray(f64, 4) },
		"lengths are at least 1":     func() (data.Array, error) { return data.NewArray(f64, 0) },
		"without axes":               func() (data.Array, error) { return data.FromDense(nil) },
		"a tensor of bool": func() (data.Array, error) {
			return data.FromDense(tensor.New(tensor.WithShape(1), tensor.WithBacking([]bool{true})))
		},
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	for _, c := range []struct {
		of, as []int
		fits   bool
	}{
		{nil, []int{1}, true}, {[]int{1}, nil, true}, {[]int{28, 28}, []int{784}, true}, {[]int{784}, []int{28, 28}, true},
		{[]int{2, 3}, []int{2, 3}, true}, {[]int{2, 3}, []int{3, 2}, false}, {[]int{6}, []int{5}, false}, {nil, []int{2}, false},
	} {
		size := 1
		for _, n := range c.of {
			size *= n
		}
		if a, _ := data.NewArray(make([]uint8, size), c.of...); a.Fits(c.as) != c.fits {
			t.Errorf("%v as %v: %v", c.of, c.as, a.Fits(c.as))
		}
	}
}

// TestDatasetArrays: what a dataset has is there by name, with its weights.
func TestDatasetArrays(t *testing.T) {
	d := &data.Dataset{X: data.ArrayOf([]float64{1, 2, 3, 4}, 2), Inputs: []string{"a", "b"}, Shape: []int{2}, Class: []int{0, 1},
		Classes: []string{"u", "v"}, Weight: []float64{0.5, 2}}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	s := d.Subset([]int{1})
	for name, want := range map[string]string{"x": "[3 4]", "y": "[1]", "weight": "[2]"} {
		a, ok := s.Array(name)
		got := make([]float64, len(strings.Fields(want)))
		if data.GatherArray(got, a, []int{0}); !ok || fmt.Sprint(got) != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, ok := s.Array("z"); ok {
		t.Error("an array that is not there")
	}
	d.Weight[0] = -1
	if err := d.Check(); err == nil || !strings.Contains(err.Error(), "row 0 has weight -1") {
		t.Errorf("a negative weight: %v", err)
	}
	d.Weight = d.Weight[:1]
	if err := d.CheckSizes(); err == nil || !strings.Contains(err.Error(), "1 weights for 2 rows") {
		t.Errorf("weights: %v", err)
	}
}

// TestPixels: bytes become the numbers that they would be had each been divided
// when it was read, in every place where rows are taken.
func TestPixels(t *testing.T) {
	d := &data.Dataset{Inputs: []string{"a", "b"}, Shape: []int{2}, Target: "t", Classes: []string{"0"}, Class: make([]int, 128)}
	var pixels []uint8
	for b := range 256 {
		pixels = append(pixels, uint8(b))
	}
	d.X = data.PixelsOf(pixels, 2)
	if err := d.Check(); err != nil || d.Rows() != 128 {
		t.Fatal(err, d.Rows())
	}
	rows := []int{127, 0, 64, 3}
	part := d.Subset(rows)
	if part.Rows() != len(rows) {
		t.Fatalf("a subset has %d rows", part.Rows())
	}
	whole, _ := d.Array("x")
	some, _ := part.Array("x")
	if whole.Whole() || !reflect.DeepEqual(whole.Shape(), []int{2}) {
		t.Errorf("pixels are whole numbers (%v), or of shape %v", whole.Whole(), whole.Shape())
	}
	f64, f32 := make([]float64, 8), make([]float32, 8)
	again64, again32 := make([]float64, 8), make([]float32, 8)
	data.GatherArray(f64, whole, rows)
	data.GatherArray(f32, whole, rows)
	data.GatherArray(again64, some, []int{0, 1, 2, 3})
	data.GatherArray(again32, some, []int{0, 1, 2, 3})
	for i, r := range rows {
		for j := range 2 {
			want := float64(2*r+j) / 255
			if k := 2*i + j; f64[k] != want || f32[k] != float32(want) || again64[k] != want || again32[k] != float32(want) {
				t.Errorf("pixel %d: %v, %v, and of the subset %v, %v; want %v", 2*r+j, f64[k], f32[k], again64[k], again32[k], want)
			}
		}
	}
	for what, f := range map[string]func(){
		"no such row":     func() { data.GatherArray(f64[:2], whole, []int{128}) },
		"a negative row":  func() { data.GatherArray(f64[:2], whole, []int{-1}) },
		"too little room": func() { data.GatherArray(f64[:1], whole, []int{1}) },
		"as integers":     func() { data.GatherArray(make([]int, 2), whole, []int{1}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", what)
				}
			}()
			f()
		}()
	}
	if n := testing.AllocsPerRun(10, func() { data.GatherArray(f32, whole, rows) }); n != 0 {
		t.Errorf("%v allocations in a batch", n)
	}
}

// A generator's batches are what was promised, or its error says which is not.
func TestGenerator(t *testing.T) {
	rows, err := data.NewArray([]float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	g := data.Generator{Batches: 3, Size: 2, Make: func(seed uint64, epoch, batch int) (data.Rows, error) {
		switch {
		case seed != 7 || epoch != 5:
			return nil, fmt.Errorf("seed %d, epoch %d", seed, epoch)
		case batch == 1:
			return data.Arrays{"x": rows, "y": rows}, nil
		case batch == 2:
			one, err := data.NewArray([]float64{1})
			return data.Arrays{"x": one}, err
		}
		return nil, nil
	}}
	if got, err := g.Batch(7, 5, 1); err != nil || got.Rows() != 2 {
		t.Errorf("%v, %v", got, err)
	}
	for batch, want := range map[int]string{0: "data: batch 0 of epoch 5: no rows", 2: "data: batch 2 of epoch 5: 1 rows, not 2"} {
		if _, err := g.Batch(7, 5, batch); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := g.Batch(7, 6, 1); err == nil || err.Error() != "data: batch 1 of epoch 6: seed 7, epoch 6" {
		t.Error(err)
	}
	for _, bad := range []data.Generator{{}, {Batches: 1, Size: 1}, {Batches: 1, Make: g.Make}, {Size: 1, Make: g.Make}} {
		if bad.Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if err := g.Check(); err != nil {
		t.Error(err)
	}
}

// TestWindows: rows that overlap are gathered as if each had been copied, also as float32.
func TestWindows(t *testing.T) {
	values := []float64{0, 1, 2, 3, 4, 5, 6, 7}
	a, err := data.Windows(values, 2, 2, 2)
	if err != nil || a.Rows() != 3 || !slices.Equal(a.Shape(), []int{2, 2}) {
		t.Fatalf("%d rows of %v, %v", a.Rows(), a.Shape(), err)
	}
	want := []float32{4, 5, 6, 7, 0, 1, 2, 3, 2, 3, 4, 5}
	narrow, _ := data.Convert[float32](data.Arrays{"x": a}, "x").Array("x")
	for _, a := range []data.Array{a, narrow} {
		got := make([]float32, 12)
		data.GatherArray(got, a, []int{2, 0, 1})
		if a.Rows() != 3 || !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for _, shape := range [][]int{{9}, {}, {0}} {
		if _, err := data.Windows(values, 1, shape...); err == nil {
			t.Errorf("windows of shape %v of 8 values", shape)
		}
	}
	if _, err := data.Windows(values, 0, 2); err == nil {
		t.Error("windows without a step")
	}
}
