package conformal_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"descent/internal/numjson"
	"descent/train/conformal"
)

// A case of testdata/golden.json, which golden.py has made.
type golden struct {
	Level, Models int
	Model         []int
	Errors        []float64
	Predicted     []float64
	Interval      []float64 // nil if it is infinite
	P             [][]float64
	Decided       int
	Set           []int
}

// Intervals and sets are those that numpy makes by the definitions.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	if err := numjson.Unmarshal(text, &all); err != nil || len(all) < 10 {
		t.Fatal(err, len(all))
	}
	for i, c := range all {
		h, level := conformal.Collect(c.Models, c.Model, c.Errors), float64(c.Level)/100
		if err := h.Check(); err != nil || h.Rows() != len(c.Model) {
			t.Fatalf("case %d: %v, %d rows", i, err, h.Rows())
		}
		if c.P != nil {
			if got := h.Set(level, c.P, c.Decided); !slices.Equal(got, c.Set) {
				t.Errorf("case %d: set %v, numpy %v", i, got, c.Set)
			}
			continue
		}
		lo, hi := h.Interval(level, c.Predicted)
		want := c.Interval
		if want == nil {
			want = []float64{math.Inf(-1), math.Inf(1)}
		}
		if lo != want[0] || hi != want[1] {
			t.Errorf("case %d: %v to %v, numpy %v", i, lo, hi, want)
		}
	}
}

// Of n+1 rows exactly ⌈level·(n+1)⌉ are within the interval, or have their class in the
// set, that the n others make with one model: what the theorem of split conformal prediction
// counts. Level 0.9 of 9 others is 9 of 10, not 10.
func TestEachRowInTurn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{9, 10, 19, 99, 150} {
		for _, percent := range []int{50, 80, 90} {
			errors := make([]float64, n+1)
			for i := range errors {
				errors[i] = rng.Float64()
			}
			within, inSet := 0, 0
			for i, e := range errors {
				others := slices.Delete(slices.Clone(errors), i, i+1)
				h := conformal.Collect(1, make([]int, n), others)
				if lo, hi := h.Interval(float64(percent)/100, []float64{0}); lo <= e && e <= hi {
					within++
				}
				if slices.Contains(h.Set(float64(percent)/100, [][]float64{{1 - e, e}}, 1), 0) {
					inSet++
				}
			}
			want := ((n+1)*percent + 99) / 100
			if within != want || inSet != want {
				t.Errorf("%d of %d others: %d and %d within, want %d", percent, n, within, inSet, want)
			}
		}
	}
}

// No set is empty: the class that is decided is there at any level.
func TestNoSetIsEmpty(t *testing.T) {
	h := conformal.Collect(1, make([]int, 50), make([]float64, 50))
	if got := h.Set(0.5, [][]float64{{0.4, 0.6}}, 1); !slices.Equal(got, []int{1}) {
		t.Errorf("%v", got)
	}
}

func TestCheck(t *testing.T) {
	for _, scores := range [][][]float64{nil, {{}}, {{2, 1}}, {{-1}}, {{math.NaN()}}, {{math.Inf(1)}}} {
		if err := (&conformal.Held{Scores: scores}).Check(); err == nil {
			t.Errorf("%v is not refused", scores)
		}
	}
	if k := conformal.Rank(8, 0.9); k != 9 || conformal.Largest(9) != 0.9 {
		t.Errorf("of 8 rows the %dth, of 9 up to %v", k, conformal.Largest(9))
	}
}

// What five models have got wrong on rows that each had not seen bounds a new row.
func ExampleHeld_Interval() {
	h := conformal.Collect(5, []int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4}, []float64{1, 2, 1, 0.5, 1.5, 3, 0.5, 1, 2, 1})
	lo, hi := h.Interval(0.8, []float64{10, 11, 10.5, 10, 10.5})
	fmt.Printf("between %v and %v\n", lo, hi)
	// Output: between 8 and 13
}

func BenchmarkInterval(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	n := 5000
	model, errors, predicted := make([]int, n), make([]float64, n), make([]float64, 10)
	for i := range errors {
		model[i], errors[i] = i%10, rng.ExpFloat64()
	}
	h := conformal.Collect(10, model, errors)
	b.ReportAllocs()
	for b.Loop() {
		h.Interval(0.9, predicted)
	}
}
