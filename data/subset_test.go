package data

import (
	"slices"
	"strings"
	"testing"
)

// Some rows of a table are the rows, with their words, dates and lines; folds of them hold
// out nothing else.
func TestSubset(t *testing.T) {
	text := "a,b,when,y\n1,red,2024-01-05,1\n2,blue,2024-01-06,2\n\n3,red,2024-02-05,3\n4,green,2024-03-05,4\n"
	table, err := ReadCSV(strings.NewReader(text), CSVOptions{Name: "t.csv"})
	if err != nil {
		t.Fatal(err)
	}
	src := &Source{Name: "t.csv", Table: table, Target: "y"}
	sub := src.Subset([]int{1, 3})
	for i, row := range []int{1, 3} {
		for c := range table.Columns {
			if got, want := sub.Table.Columns[c].Text(i), table.Columns[c].Text(row); got != want {
				t.Errorf("row %d, column %d is %s, want %s", i, c, got, want)
			}
		}
		if got, want := sub.Table.Where(i), table.Where(row); got != want {
			t.Errorf("row %d is at %s, want %s", i, got, want)
		}
	}
	if sub.Table.Rows() != 2 || table.Rows() != 4 || sub.Target != "y" {
		t.Errorf("%d rows of %d", sub.Table.Rows(), table.Rows())
	}
}

func TestSubsetOfImages(t *testing.T) {
	d := &Dataset{Inputs: []string{"x"}, Shape: []int{1}, X: ArrayOf([]float64{1, 2, 3}, 1), Class: []int{0, 1, 0}, Classes: []string{"a", "b"}, Target: "y"}
	sub := (&Source{Images: d, Test: d}).Subset([]int{2, 1})
	if !slices.Equal(sub.Images.X.Numbers(), []float64{3, 2}) || !slices.Equal(sub.Images.Class, []int{0, 1}) || sub.Test != nil {
		t.Errorf("%+v", sub.Images)
	}
}

// The sum tells rows, parts and weights apart.
func TestSum(t *testing.T) {
	part := func(x ...float64) *Dataset { return &Dataset{X: ArrayOf(x, 1), Y: slices.Clone(x)} }
	seen := map[string]int{}
	for i, p := range []*Parts{
		{Train: part(1, 2), Val: part(), Test: part(3)}, {Train: part(1), Val: part(2), Test: part(3)}, {Train: part(1, 2), Val: part(), Test: part(4)},
		{Train: &Dataset{X: ArrayOf([]float64{1, 2}, 1), Y: []float64{1, 2}, Weight: []float64{1, 1}}, Val: part(), Test: part(3)},
		{Train: &Dataset{X: ArrayOf([]float64{1, 2}, 1), Class: []int{1, 2}}, Val: part(), Test: part(3)},
	} {
		if j, ok := seen[p.Sum()]; ok {
			t.Errorf("parts %d and %d have one sum", i, j)
		}
		seen[p.Sum()] = i
	}
}
