package data_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
)

// Weights of rows stay with their rows in all parts, have mean 1 over those for
// training, and are no input.
func TestWeightColumn(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,w,y\n")
	for i := range 50 {
		fmt.Fprintf(&b, "%d,%d,%v\n", i*i%37, 1+i%4, float64(1+i%4)+0.5)
	}
	table, err := data.ReadCSV(strings.NewReader(b.String()), data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := data.Prepare(table, "y", data.Options{Weight: "w", Fractions: data.Fractions{Val: 0.2, Test: 0.2}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	sum, unit := 0.0, parts.Train.Weight[0]/(parts.Train.Y[0]-0.5)
	for _, d := range []*data.Dataset{parts.Train, parts.Val, parts.Test} {
		if d.Features() != 1 {
			t.Errorf("%d inputs", d.Features())
		}
		for i, w := range d.Weight {
			if math.Abs(w-float64(unit*(d.Y[i]-0.5))) > 1e-12 {
				t.Errorf("weight %v of a row of %v", w, d.Y[i])
			}
		}
	}
	for _, w := range parts.Train.Weight {
		sum += w / float64(parts.Train.Rows())
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("mean weight %v", sum)
	}
}

// The latest row for training is known where rows are held out by time, whatever their
// order in the file.
func TestLatest(t *testing.T) {
	var b strings.Builder
	b.WriteString("day,x,y\n")
	for i := range 40 {
		k := i * 7 % 40
		fmt.Fprintf(&b, "2024-01-%02d,%d,%v\n", 1+k%28, i*i%11, float64(k%28)+0.5)
	}
	table, err := data.ReadCSV(strings.NewReader(b.String()), data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for split, want := range map[data.SplitBy]bool{"": true, data.SplitRandom: false} {
		parts, err := data.Prepare(table, "y", data.Options{Split: split, Fractions: data.Fractions{Test: 0.3}, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if (parts.Latest > 0) != want || want && parts.Train.Y[parts.Latest-1] != slices.Max(parts.Train.Y) {
			t.Errorf("split %q: the latest row is %d of %v", split, parts.Latest, parts.Train.Y)
		}
	}
}
