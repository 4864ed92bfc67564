package data

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// many is a table of n rows in two files, without a target in each seventh row.
func many(t *testing.T, n int) (pattern string, whole *Table) {
	t.Helper()
	dir := t.TempDir()
	var b [2]strings.Builder
	for i := range n {
		f := &b[2*i/n]
		if f.Len() == 0 {
			f.WriteString("when,size,color,kind,price\n")
		}
		price := fmt.Sprintf("%.3f", float64(i*i%97)/7)
		if i%7 == 3 {
			price = ""
		}
		fmt.Fprintf(f, "2024-01-%02d,%.2f,%s,%s,%s\n", 1+i%28, float64(i%13)-4.5, []string{"red", "blue", "", "green"}[i%4], []string{"a", "b"}[i%2], price)
	}
	for i := range b {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("part-%d.csv", i)), []byte(b[i].String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pattern = filepath.Join(dir, "part-*.csv")
	src, err := Open(pattern, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pattern, src.Table
}

// A sample is rows of the file, in their order, the same for the same seed, and knows
// where they stand; each row is in it as often as others.
func TestSample(t *testing.T) {
	pattern, whole := many(t, 3000)
	if src, err := Open(pattern, CSVOptions{Sample: 5000}); err != nil || fmt.Sprint(src.Table.Columns) != fmt.Sprint(whole.Columns) || src.Table.All() != 3000 {
		t.Errorf("a sample of more than all: %v", err)
	}
	times := make([]int, 3000)
	for seed := range uint64(60) {
		src, err := Open(pattern, CSVOptions{Sample: 500, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		s := src.Table
		places := s.Places(allRows(s.Rows()))
		if s.Rows() != 500 || s.All() != 3000 || !slices.IsSorted(places) {
			t.Fatalf("%d of %d rows at %v", s.Rows(), s.All(), places)
		}
		for row, place := range places {
			times[place]++
			if got, want := s.Columns[1].Values.at(row), whole.Columns[1].Values.at(place); got != want || s.Where(row) != whole.Where(place) {
				t.Fatalf("row %d at %s is %v, want %v at %s", row, s.Where(row), got, want, whole.Where(place))
			}
		}
		if again, err := Open(pattern, CSVOptions{Sample: 500, Seed: seed}); err != nil || fmt.Sprint(again.Table.Columns) != fmt.Sprint(s.Columns) {
			t.Fatalf("seed %d again: other rows, %v", seed, err)
		}
	}
	// Of 60 draws each row has 10 in the mean, and halves of the file the same.
	half := 0
	for _, n := range times[:1500] {
		half += n
	}
	if half < 14_500 || half > 15_500 || slices.Max(times) > 25 || slices.Min(times) < 1 {
		t.Errorf("%d of 30000 draws are of the first half; from %d to %d of a row", half, slices.Min(times), slices.Max(times))
	}
}

// Rows that are spilled are those that are encoded in memory, as float32, without those
// that are left out.
func TestSpill(t *testing.T) {
	pattern, whole := many(t, 3000)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary) // where there is one
	for _, target := range []string{"price", "kind"} {
		src, err := Open(pattern, CSVOptions{Sample: 400, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		drop := map[string][]string{"price": {"kind"}, "kind": {"price"}}[target]
		parts, err := src.Prepare(target, Options{Drop: drop, Scaling: Standard, Fractions: Fractions{Test: 0.2}, Split: SplitRandom, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		out := src.Table.Places(parts.From[2])
		s, err := parts.Schema.Spill(pattern, CSVOptions{}, out, 2, 4)
		if err != nil {
			t.Fatal(err)
		}
		column, err := whole.Column(target)
		if err != nil {
			t.Fatal(err)
		}
		left := slices.DeleteFunc(allRows(3000), func(row int) bool { return slices.Contains(out, row) || column.missing(row) })
		want, err := parts.Schema.encodeLabelled(whole, column, left)
		if err != nil {
			t.Fatal(err)
		}
		in := want.X.Numbers()
		x, y := make([]float64, len(in)), make([]float64, want.Rows())
		inputs, _ := s.Array("x")
		targets, _ := s.Array("y")
		if s.Rows() != want.Rows() || !reflect.DeepEqual(inputs.Shape(), want.Shape) {
			t.Fatalf("%s: %d rows of %v, want %d of %v", target, s.Rows(), inputs.Shape(), want.Rows(), want.Shape)
		}
		GatherArray(x, inputs, allRows(s.Rows()))
		GatherArray(y, targets, allRows(s.Rows()))
		for i := range x {
			if x[i] != float64(float32(in[i])) {
				t.Fatalf("%s: input %d is %v, want %v", target, i, x[i], in[i])
			}
		}
		for i := range y {
			if target == "price" && y[i] != (want.Y[i]-2)/4 || target == "kind" && y[i] != float64(want.Class[i]) {
				t.Fatalf("%s: target %d is %v", target, i, y[i])
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What the sample has not seen and cannot be is an error that names its line.
func TestSpillRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	text := "x,y\n" + strings.Repeat("1,2\n2,3\n", 1000) + "z,4\n"
	if err := os.WriteFile(path, []byte(text[:len(text)-4]), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(path, CSVOptions{Sample: 100})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := src.Prepare("y", Options{Task: Regression})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = parts.Schema.Spill(path, CSVOptions{}, nil, 0, 1)
	if err == nil {
		t.Fatal("a word in a column of numbers was encoded")
	}
	wantError(t, err, `a.csv:2002: column "x": "z" is not a number`)
}
