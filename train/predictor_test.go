package train_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/optimizers"
	"descent/train"
)

// flowers returns a trained net and n rows for it, without targets.
func flowers(t testing.TB, n int) (*train.Trainer, *data.Dataset) {
	t.Helper()
	run := iris(t)
	run.Epochs = 2
	tr := mustNew(t, irisTask(), optimizers.Chain{optimizers.Adam(), optimizers.EMA()}, graph.Float32, 1)
	if _, err := tr.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	set := run.Train.(*data.Dataset)
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i * 7 % set.Rows()
	}
	d := set.Subset(rows)
	d.Class, d.Classes = nil, nil
	return tr, d
}

// TestPredictor: eight goroutines get the numbers of the trainer, for any number
// of rows, while the trainer goes on.
func TestPredictor(t *testing.T) {
	tr, all := flowers(t, 3000)
	file := filepath.Join(t.TempDir(), "weights")
	if err := tr.Save(file); err != nil {
		t.Fatal(err)
	}
	want, width, err := tr.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	p, err := tr.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := train.LoadPredictor(irisTask(), graph.Float32, file)
	if err != nil {
		t.Fatal(err)
	}
	run := iris(t)
	var goroutines sync.WaitGroup
	for g := range 8 {
		goroutines.Go(func() {
			for k, n := range []int{1, 2, 3, 5, 17, 33, 100, 700, 1023, 1025, 3000} {
				rows := make([]int, n)
				for i := range rows {
					rows[i] = (i + g) % all.Rows()
				}
				from := []*train.Predictor{p, loaded}[(g+k)%2]
				got, w, err := from.Predict(all.Subset(rows))
				if err != nil || w != width || len(got) != n*width {
					t.Errorf("%d rows: %d numbers, %v", n, len(got), err)
					return
				}
				for i, x := range got {
					if y := want[rows[i/w]*w+i%w]; math.Abs(x-y) > 1e-6*(1+math.Abs(y)) {
						t.Errorf("%d rows: row %d is %v, want %v", n, i/w, x, y)
						return
					}
				}
			}
		})
	}
	if _, err := tr.Fit(context.Background(), run); err != nil {
		t.Error(err)
	}
	goroutines.Wait()
	if again, _, err := p.Predict(all); err != nil || !reflect.DeepEqual(again[:width], must(p.Predict(all.Subset([]int{0})))) {
		t.Errorf("a row of many and the row alone differ, %v", err)
	}
}

func must(out []float64, _ int, err error) []float64 {
	if err != nil {
		panic(err)
	}
	return out
}

// TestPredictorStreams: pieces come in order and cover the rows; an error ends it.
func TestPredictorStreams(t *testing.T) {
	tr, d := flowers(t, 2500)
	p, err := tr.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	want := must(p.Predict(d))
	var got []float64
	if err := p.Each(d, func(first, n int, out []train.Output) error {
		if first*3 != len(got) || len(out) != 1 || !reflect.DeepEqual(out[0].Shape, []int{3}) || len(out[0].Values) != 3*n {
			t.Errorf("piece from %d: %+v", first, out)
		}
		got = append(got, out[0].Values...)
		return nil
	}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("other numbers in pieces, %v", err)
	}
	enough := errors.New("enough")
	for range 10 { // and all can be used again
		if err := p.Each(d, func(int, int, []train.Output) error { return enough }); err != enough {
			t.Errorf("got %v", err)
		}
	}
	if err := p.PredictTo(make([]float64, 5), d); err == nil || !strings.Contains(err.Error(), "room for 5 numbers") {
		t.Errorf("short of room: %v", err)
	}
	if _, _, err := p.Predict(line(3)); err == nil || !strings.Contains(err.Error(), "rows have 1 inputs") {
		t.Errorf("other rows: %v", err)
	}
	if _, _, err := p.Predict(nil); err == nil {
		t.Error("no rows are predicted")
	}
}

func TestPredictorAllocatesNothing(t *testing.T) {
	tr, d := flowers(t, 300)
	p, err := tr.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float64, 900)
	call := func() {
		if err := p.PredictTo(dst, d); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		call() // each worker's first
	}
	if n := testing.AllocsPerRun(50, call); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
