package data

import (
	"math"
	"strings"
	"testing"

	"descent/internal/misuse"
)

// TestEntriesAreChecked: each entry that takes row numbers, names or sizes names
// what is wrong with them, by an error or, where there is none, by a panic with a
// clear text. Rows behind the last are refused though memory goes on there.
func TestEntriesAreChecked(t *testing.T) {
	whole := Dataset{X: ArrayOf(make([]float64, 6, 100), 2), Inputs: []string{"a", "b"}, Y: make([]float64, 3, 50)}
	with := func(f func(*Dataset)) *Dataset {
		d := whole
		f(&d)
		return &d
	}
	short := with(func(d *Dataset) { d.Y = d.Y[:1] })
	classes := with(func(d *Dataset) { d.Y, d.Class, d.Classes = nil, []int{0, 1}, []string{"u", "v"} })
	ragged := &Table{Name: "t", Columns: []Column{{Name: "a", Kind: Numeric, Values: ArrayOf([]float64{1, 2, 3}, 1)}, {Name: "b", Kind: Numeric, Values: ArrayOf([]float64{1}, 1)}}}
	codes := &Table{Name: "t", Columns: []Column{{Name: "a", Kind: Categorical, Levels: []string{"u"}, Codes: []int{0, 5}}}}
	good, err := NewTable("t", Column{Name: "a", Kind: Numeric, Values: ArrayOf([]float64{1, 2, 3, 4}, 1)}, Column{Name: "b", Kind: Numeric, Values: ArrayOf([]float64{1, 2, 5, 7}, 1)})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := Prepare(good, "b", Options{})
	if err != nil {
		t.Fatal(err)
	}
	second := func(_ any, err error) any { return err }
	for _, c := range []struct {
		want string
		f    func() any
	}{
		{"rows[0] is 3, there are 3 rows", func() any { return whole.Subset([]int{3}) }},
		{"rows[1] is -1, there are 3 rows", func() any { return whole.Subset([]int{0, -1}) }},
		{"1 targets for 3 rows", func() any { return short.Subset([]int{0}) }},
		{"rows[0] is 1, there are 1 rows", func() any { Gather(make([]float32, 2), make([]float64, 2, 10), 2, []int{1}); return nil }},
		{"rows[0] is 1, there are 1 rows", func() any { Gather(make([]int, 2), make([]int, 2, 10), 2, []int{1}); return nil }},
		{"Gather of 1 rows of 0", func() any { Gather([]int{}, []int{}, 0, []int{0}); return nil }},
		{"Gather of 2 rows of 1 into 3", func() any { Gather(make([]int, 3), make([]int, 3), 1, []int{0, 1}); return nil }},
		{"NewBatches(-1 rows", func() any { return NewBatches(-1, 1, 0, false) }},
		{"step -1", func() any { return NewBatches(4, 1, 0, false).From(0, -1) }},
		{"1 targets for 3 rows", func() any { return second(Split(short, Fractions{}, 1)) }},
		{"2 classes for 3 rows", func() any { return second(Split(classes, Fractions{Val: 0.5}, 1)) }},
		{"no dataset", func() any { return second(Split(nil, Fractions{}, 1)) }},
		{"fractions NaN", func() any { return second(Split(&whole, Fractions{Val: math.NaN()}, 1)) }},
		{`column "b" has 1 rows`, func() any { return second(NewTable("t", ragged.Columns...)) }},
		{`column "b" has 1 rows`, func() any { return second(Prepare(ragged, "a", Options{})) }},
		{`column "b" has 1 rows`, func() any { return second(parts.Schema.Apply(ragged)) }},
		{`column "b" has 1 rows`, func() any { return second(parts.Schema.ApplyLabelled(ragged)) }},
		{"row 1 has code 5; there are 1 levels", func() any { return second(Prepare(codes, "a", Options{})) }},
		{"no table", func() any { return second(Prepare(nil, "a", Options{})) }},
		{"no table", func() any { return second(parts.Schema.Apply(nil)) }},
		{"no rows", func() any { return second(parts.Schema.Apply(&Table{Name: "t"})) }},
		{"zz", func() any { return second(Prepare(good, "zz", Options{})) }},
		{"zz", func() any { return second(Prepare(good, "b", Options{Drop: []string{"zz"}})) }},
		{"zz", func() any { return second(Prepare(good, "b", Options{Scaling: "zz"})) }},
		{"zz", func() any { return second(good.Column("zz")) }},
		{"without a table or images", func() any { return second((&Source{}).Prepare("a", Options{})) }},
	} {
		if got := misuse.Outcome(t, c.f); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q in it", got, c.want)
		}
	}
}
