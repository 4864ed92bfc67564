package data_test

import (
	"fmt"
	"math"
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
