package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Random class sizes and fractions: parts are disjoint, complete, in order, and
// each class is in each part to one row of its share.
func TestSplitProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	done := 0
	for range 2000 {
		var class []int
		for c := range 1 + r.IntN(6) {
			for range r.IntN(40) {
				class = append(class, c)
			}
		}
		r.Shuffle(len(class), func(i, j int) { class[i], class[j] = class[j], class[i] })
		f := Fractions{Val: math.Round(r.Float64()*8) / 20, Test: math.Round(r.Float64()*8) / 20}
		seed := r.Uint64()
		for _, classes := range [][]int{class, nil} {
			parts, err := splitRows(len(class), classes, f, seed)
			if err != nil {
				continue
			}
			done++
			if msg := badSplit(parts, len(class), classes, f); msg != "" {
				t.Fatalf("classes %v, fractions %v: %s: %v", classes, f, msg, parts)
			}
			again, _ := splitRows(len(class), classes, f, seed)
			if !slices.EqualFunc(parts[:], again[:], slices.Equal) {
				t.Fatal("the same seed gave another split")
			}
		}
	}
	if done < 3000 {
		t.Errorf("only %d of 4000 splits were possible; the test tests little", done)
	}
}

func badSplit(parts partRows, n int, class []int, f Fractions) string {
	share := [3]float64{1 - f.Val - f.Test, f.Val, f.Test}
	all := slices.Concat(parts[:]...)
	slices.Sort(all)
	for i, r := range all {
		if i != r {
			return fmt.Sprintf("row %d is missing or twice", i)
		}
	}
	if len(all) != n {
		return "rows are missing"
	}
	total, in := map[int]int{}, [3]map[int]int{{}, {}, {}}
	for i, part := range parts {
		if !slices.IsSorted(part) {
			return partNames[i] + " is not in order"
		}
		for _, r := range part {
			c := 0
			if class != nil {
				c = class[r]
			}
			total[c]++
			in[i][c]++
		}
	}
	for c, k := range total {
		for i := range parts {
			if d := float64(in[i][c]) - share[i]*float64(k); math.Abs(d) > 1+1e-9 {
				return fmt.Sprintf("class %d is %+.2f rows off in %s", c, d, partNames[i])
			}
		}
		if in[0][c] == 0 {
			return fmt.Sprintf("class %d is not in the training part", c)
		}
	}
	return ""
}

func TestSplitSizes(t *testing.T) {
	for _, c := range []struct {
		set              string
		f                Fractions
		train, val, test int
	}{
		{"iris", Fractions{}, 150, 0, 0},
		{"iris", Fractions{Test: 0.2}, 120, 0, 30},
		{"iris", Fractions{0.2, 0.2}, 90, 30, 30},
		{"digits", Fractions{0.15, 0.15}, 1258, 270, 269},
		{"diabetes", Fractions{0.1, 0.1}, 354, 44, 44},
	} {
		p := mustPrepare(t, c.set, Options{Fractions: c.f, Seed: 3})
		if got := [3]int{p.Train.Rows(), p.Val.Rows(), p.Test.Rows()}; got != [3]int{c.train, c.val, c.test} {
			t.Errorf("%s %v: parts have %v rows, want %d, %d, %d", c.set, c.f, got, c.train, c.val, c.test)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	d, err := FromFunc(5, func(i int) ([]float64, float64) { return []float64{float64(i)}, 1 })
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for _, c := range []struct {
		f    Fractions
		want string
	}{
		{Fractions{Val: 0.5, Test: 0.5}, "sum below 1"},
		{Fractions{Val: -0.1}, "at least 0"},
		{Fractions{Val: nan}, "at least 0"},
		{Fractions{Val: 0.01}, "data: 5 rows leave none for validation at fraction 0.01"},
		{Fractions{Test: 0.01}, "none for testing"},
		{Fractions{Test: 0.99}, ""}, // training keeps a row
	} {
		_, err := Split(d, c.f, 1)
		wantError(t, err, c.want)
	}
}

// wantError checks that an error is one line that has the text, or is nil if
// want is empty.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v", err)
	case want != "" && err == nil:
		t.Errorf("no error, want %q", want)
	case err != nil && !strings.Contains(err.Error(), want):
		t.Errorf("error  %v\nwant  …%s…", err, want)
	case err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 1200):
		t.Errorf("not one short line: %v", err)
	}
}

func mustPrepare(t *testing.T, set string, o Options) *Parts {
	t.Helper()
	src, err := Open(set, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := src.Prepare("", o)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Dataset{p.Train, p.Val, p.Test} {
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}
