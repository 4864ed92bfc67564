package data_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
)

// measured is a table of so many rows: x, a class that is rare, groups of three rows, a
// date, and the number of the row as the target.
func measured(t *testing.T, n int) *data.Source {
	t.Helper()
	var b strings.Builder
	b.WriteString("x,kind,patient,day,y\n")
	for i := range n {
		kind := "common"
		if i%7 == 0 {
			kind = "rare"
		}
		fmt.Fprintf(&b, "%v,%s,p%d,2024-%02d-%02d,%v\n", float64(i*i%101)+0.5, kind, i%(n/3), 1+i*11%n*12/n, 1+i*11%n%28, float64(i)+0.25)
	}
	table, err := data.ReadCSV(strings.NewReader(b.String()), data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &data.Source{Name: "measured", Table: table}
}

// divided makes all parts of the divisions.
func divided(t *testing.T, s *data.Source, target string, o data.Options, f data.Folds) (*data.Divisions, []*data.Parts) {
	t.Helper()
	d, err := s.Folds(target, o, f)
	if err != nil {
		t.Fatal(err)
	}
	var all []*data.Parts
	for i := range d.Len() {
		p, err := d.Parts(i)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Held[i]) != p.Test.Rows() {
			t.Errorf("division %d holds out %d rows and has %d", i, len(d.Held[i]), p.Test.Rows())
		}
		all = append(all, p)
	}
	return d, all
}

// Each row is held out once in each repeat, and never trained on in that fold.
func TestFolds(t *testing.T) {
	const n, k, repeats = 61, 5, 3
	folds, all := divided(t, measured(t, n), "y", data.Options{Split: data.SplitRandom, Fractions: data.Fractions{Val: 0.2}, Seed: 3}, data.Folds{K: k, Repeats: repeats})
	if folds.Len() != k*repeats || folds.Time != "" {
		t.Fatalf("%d folds, by %q", folds.Len(), folds.Time)
	}
	var divisions []string
	for r := range repeats {
		held := map[float64]int{}
		for _, p := range all[r*k : (r+1)*k] {
			if m := p.Test.Rows(); m < n/k || m > n/k+1 || p.Train.Rows()+p.Val.Rows()+m != n {
				t.Errorf("%d, %d and %d rows", p.Train.Rows(), p.Val.Rows(), m)
			}
			for _, y := range p.Test.Y {
				held[y]++
				if slices.Contains(p.Train.Y, y) || slices.Contains(p.Val.Y, y) {
					t.Errorf("row %v is held out and trained on", y)
				}
			}
		}
		if len(held) != n {
			t.Errorf("repeat %d holds out %d rows of %d", r, len(held), n)
		}
		divisions = append(divisions, fmt.Sprint(all[r*k].Test.Y))
	}
	slices.Sort(divisions)
	if len(slices.Compact(divisions)) != repeats {
		t.Error("repeats divide alike")
	}
}

// The schema of a fold knows its training rows alone: a huge number that is held out does
// not change how the others are scaled.
func TestFoldsDoNotLeak(t *testing.T) {
	build := func(huge string) *data.Source {
		var b strings.Builder
		b.WriteString("x,y\n")
		for i := range 40 {
			x := fmt.Sprint(i % 9)
			if i == 17 {
				x = huge
			}
			fmt.Fprintf(&b, "%s,%v\n", x, float64(i)+0.5)
		}
		table, err := data.ReadCSV(strings.NewReader(b.String()), data.CSVOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return &data.Source{Name: "t", Table: table}
	}
	o := data.Options{Scaling: data.Standard, Seed: 1}
	_, some := divided(t, build("5"), "y", o, data.Folds{K: 4})
	_, huge := divided(t, build("50000"), "y", o, data.Folds{K: 4})
	same, other := 0, 0
	for i, p := range some {
		equal := slices.Equal(p.Train.X.Numbers(), huge[i].Train.X.Numbers())
		if held := slices.Contains(p.Test.Y, 17.5); held != equal {
			t.Errorf("fold %d: row 17 is held out: %v, training inputs are the same: %v", i, held, equal)
		} else if held {
			same++
		} else {
			other++
		}
	}
	if same != 1 || other != 3 {
		t.Errorf("%d and %d folds", same, other)
	}
}

// Classes keep their shares, groups stay together, and time goes one way.
func TestFoldsKeep(t *testing.T) {
	const n, k = 63, 5
	s := measured(t, n)
	_, folds := divided(t, s, "kind", data.Options{Split: data.SplitRandom, Seed: 1}, data.Folds{K: k})
	for i, p := range folds {
		rare := 0
		for _, c := range p.Test.Class {
			rare += c
		}
		if rare < 1 || rare > 2 { // 9 of 63
			t.Errorf("fold %d holds out %d rows of the rare class", i, rare)
		}
	}

	patient := map[float64]string{} // by target
	for i := range n {
		patient[float64(i)+0.25] = fmt.Sprint(i % (n / 3))
	}
	d, grouped := divided(t, s, "y", data.Options{Group: "patient", Fractions: data.Fractions{Val: 0.2}, Seed: 1}, data.Folds{K: k, Repeats: 2})
	if d.Groups != n/3 {
		t.Errorf("%d groups", d.Groups)
	}
	one, err := s.Prepare("y", data.Options{Group: "patient", Fractions: data.Fractions{Val: 0.2, Test: 0.2}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range append(grouped, one) {
		where := map[string]int{}
		for part, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
			if d.Rows() < n/8 || slices.ContainsFunc(d.Inputs, func(name string) bool { return strings.HasPrefix(name, "patient") }) {
				t.Errorf("division %d, part %d: %d rows, inputs %v", i, part, d.Rows(), d.Inputs)
			}
			for _, y := range d.Y {
				if w, ok := where[patient[y]]; ok && w != part {
					t.Fatalf("division %d: patient %s is in parts %d and %d", i, patient[y], w, part)
				}
				where[patient[y]] = part
			}
		}
	}

	day, _ := s.Table.Column("day")
	date := func(y float64) float64 { return day.Values.Row(nil, int(y))[0] }
	for _, o := range []data.Options{{Time: "day"}, {}} { // by its name, and since it is the column of dates
		inTime, all := divided(t, s, "y", o, data.Folds{K: k, Repeats: 4})
		if inTime.Len() != k || inTime.Time != "day" {
			t.Fatalf("%d folds in time, by %q", inTime.Len(), inTime.Time)
		}
		windows(t, all, date)
	}
}

// windows checks that training rows are earlier than what is held out, and grow.
func windows(t *testing.T, folds []*data.Parts, date func(y float64) float64) {
	t.Helper()
	for i, p := range folds {
		latest := 0.0
		for _, y := range p.Train.Y {
			latest = max(latest, date(y))
		}
		for _, y := range p.Test.Y {
			if date(y) <= latest {
				t.Errorf("fold %d: day %v is held out, and %v trained on", i, date(y), latest)
			}
		}
		if i > 0 && p.Train.Rows() != folds[i-1].Train.Rows()+folds[i-1].Test.Rows() {
			t.Errorf("fold %d: the window does not expand: %d rows", i, p.Train.Rows())
		}
	}
}

func TestFoldsRefuse(t *testing.T) {
	s := measured(t, 30)
	for _, c := range []struct {
		o    data.Options
		f    data.Folds
		want string
	}{
		{data.Options{}, data.Folds{K: 1}, "at least 2 folds"},
		{data.Options{Split: data.SplitRandom}, data.Folds{K: 31}, "30 rows cannot be divided into 31 folds"},
		{data.Options{Group: "patient"}, data.Folds{K: 11}, "10 groups cannot be divided into 11 folds"},
		{data.Options{Time: "kind2"}, data.Folds{K: 2}, "kind2"},
		{data.Options{Time: "day"}, data.Folds{K: 30}, "give fewer folds"},
		{data.Options{Group: "patient", Time: "day"}, data.Folds{K: 2}, "not by both"},
		{data.Options{Time: "kind"}, data.Folds{K: 2}, "has words"},
		{data.Options{Group: "nobody"}, data.Folds{K: 2}, "nobody"},
		{data.Options{Time: "y"}, data.Folds{K: 2}, "is the target"},
	} {
		if _, err := s.Folds("y", c.o, c.f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v %+v: %v, want %q", c.o, c.f, err, c.want)
		}
	}
}

// Rows are dealt out once each; those of a class evenly, those of a group together.
func TestDeal(t *testing.T) {
	class, group := make([]int, 60), make([]int, 60)
	for i := range class {
		class[i], group[i] = i%3, i/4
	}
	for _, group := range [][]int{nil, group} {
		parts, err := data.Deal(60, class, group, 5, 3)
		if err != nil || len(parts) != 5 {
			t.Fatal(err, len(parts))
		}
		seen, of := map[int]bool{}, map[int]int{}
		for k, part := range parts {
			count := [3]int{}
			for _, row := range part {
				if seen[row] {
					t.Errorf("row %d is in two parts", row)
				}
				seen[row] = true
				count[class[row]]++
				if group != nil {
					if p, known := of[group[row]]; known && p != k {
						t.Errorf("group %d is in two parts", group[row])
					}
					of[group[row]] = k
				}
			}
			if lo, hi := slices.Min(count[:]), slices.Max(count[:]); hi-lo > 2 || group == nil && hi > lo {
				t.Errorf("part %d has %v of the classes", k, count)
			}
		}
		if len(seen) != 60 {
			t.Errorf("%d rows are dealt out", len(seen))
		}
	}
	for _, c := range []struct {
		n, k  int
		class []int
	}{{3, 4, nil}, {3, 0, nil}, {3, 2, []int{0}}} {
		if _, err := data.Deal(c.n, c.class, nil, c.k, 1); err == nil {
			t.Errorf("%+v is not refused", c)
		}
	}
}

// The rows of parts are those of the table that From names, with their groups.
func TestPartsComeFrom(t *testing.T) {
	n := 50
	var x, y, g []float64
	for i := range n {
		x, y, g = append(x, float64(i*i%7)), append(y, float64(i)+0.5), append(g, float64(i/5))
	}
	y[3] = math.NaN() // a row that is left out
	column := func(name string, values []float64) data.Column {
		return data.Column{Name: name, Kind: data.Numeric, Values: data.ArrayOf(values, 1)}
	}
	table, err := data.NewTable("t", column("x", x), column("y", y), column("g", g))
	if err != nil {
		t.Fatal(err)
	}
	p, err := data.Prepare(table, "y", data.Options{Fractions: data.Fractions{Test: 0.2, Val: 0.2}, Seed: 1, Group: "g"})
	if err != nil {
		t.Fatal(err)
	}
	for k, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
		for i, row := range p.From[k] {
			if d.Y[i] != y[row] {
				t.Errorf("row %d of part %d is said to be row %d, and has the target %v", i, k, row, d.Y[i])
			}
		}
	}
	number := map[int]float64{}
	for i, row := range p.From[0] {
		if was, known := number[p.Group[i]]; known && was != g[row] {
			t.Errorf("row %d is in the group of %v", row, was)
		}
		number[p.Group[i]] = g[row]
	}
	if len(number) < 4 {
		t.Errorf("%d groups", len(number))
	}
}
