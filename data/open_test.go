package data

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestEmbedded(t *testing.T) {
	// Known from the descriptions of the data sets.
	classes := map[string][]int{
		"breast_cancer": {357, 212},
		"digits":        {178, 182, 177, 183, 181, 182, 181, 179, 174, 180},
		"iris":          {50, 50, 50},
		"wine":          {59, 71, 48},
	}
	if n := len(Embedded()); n != 5 {
		t.Errorf("%d sets", n)
	}
	for _, s := range Embedded() {
		src, err := Open(s.Name, CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if last := src.Table.Columns[len(src.Table.Columns)-1].Name; last != s.Target {
			t.Errorf("%s: the last column is %s, the target %s", s.Name, last, s.Target)
		}
		p := mustPrepare(t, s.Name, Options{})
		if p.Train.Rows() != s.Rows || p.Train.Features() != s.Inputs || p.Schema.Target.Task != s.Task {
			t.Errorf("%s: %d rows, %d inputs, %s; want %d, %d, %s", s.Name, p.Train.Rows(), p.Train.Features(), p.Schema.Target.Task, s.Rows, s.Inputs, s.Task)
		}
		if notes := p.Schema.Notes(); len(notes) != 0 {
			t.Errorf("%s: %q", s.Name, notes)
		}
		if want := classes[s.Name]; want != nil && !slices.Equal(counts(p.Train), want) {
			t.Errorf("%s: classes %v, want %v", s.Name, counts(p.Train), want)
		}
	}
	files, err := setFiles.ReadDir("sets")
	if err != nil || len(files) != len(sets)+1 {
		t.Errorf("%d files for %d sets and a README", len(files), len(sets))
	}
}

// Sums as Python computes them from the same files.
func TestEmbeddedValues(t *testing.T) {
	d := mustPrepare(t, "digits", Options{}).Train
	sum := 0.0
	for _, v := range d.X.Numbers() {
		sum += v
	}
	if sum != 561718 || !slices.Equal(d.Shape, []int{8, 8}) {
		t.Errorf("digits: sum %v, shape %v", sum, d.Shape)
	}
	// Without their shape, the three pixels that are never inked go.
	src, err := Open("digits", CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(src.Table, src.Target, Options{Task: src.Task})
	if err != nil || p.Train.Features() != 61 || len(p.Schema.Ignored) != 3 {
		t.Errorf("%v", err)
	}
	p = mustPrepare(t, "diabetes", Options{Scaling: Standard})
	m, _ := meanAndDeviation(p.Train.Y)
	s1 := p.Schema.Inputs[5]
	near(t, "diabetes", []float64{m, s1.Offset, s1.Scale}, []float64{152.13348416289594, 115.43914027149322, 30.378657550243798}, 1e-14)
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fruit.csv")
	if err := os.WriteFile(path, []byte(fruit), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path, CSVOptions{})
	if err != nil || src.Table.Rows() != 4 || src.Target != "" {
		t.Fatalf("%+v, %v", src, err)
	}
	_, err = src.Prepare("", Options{})
	wantError(t, err, "fruit.csv: no target is named; columns are \"colour\"")
	if _, err = src.Prepare("kind", Options{}); err != nil {
		t.Error(err)
	}
	_, err = Open("irs", CSVOptions{})
	wantError(t, err, `irs: no such file or folder; embedded data sets are "breast_cancer", "diabetes", "digits", "iris", "wine" (did you mean "iris"?)`)
	_, err = Open("iris", CSVOptions{Comma: ';'})
	wantError(t, err, "iris: an embedded data set is not a CSV file; leave Comma out")
	// Another column of an embedded set may be the target.
	if src, err = Open("iris", CSVOptions{}); err != nil {
		t.Fatal(err)
	}
	p, err := src.Prepare("petal_width", Options{})
	if err != nil || p.Schema.Target.Task != Regression || p.Train.Features() != 6 {
		t.Errorf("%v", err)
	}
	if p, err = src.Prepare("", Options{Drop: []string{"petal_width"}}); err != nil || p.Train.Features() != 3 {
		t.Errorf("%v", err)
	}
}
