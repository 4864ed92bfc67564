package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Cells become the same inputs however rows of a table are taken: those of a plain loop over
// the cells, rounded once where they are float32.
func TestEncodedRows(t *testing.T) {
	const n = 300
	r := rand.New(rand.NewPCG(3, 3))
	whole, tenths, words := make([]float64, n), make([]float64, n), make([]string, n)
	text := strings.Builder{}
	text.WriteString("whole,tenths,word,y\n")
	for i := range n {
		whole[i], tenths[i], words[i] = float64(r.IntN(2000)-1000)/4, float64(r.IntN(1000))/10, string(rune('a'+r.IntN(4)))
		cells := []string{fmt.Sprint(whole[i]), fmt.Sprint(tenths[i]), words[i]}
		if k := r.IntN(6); k < len(cells) {
			cells[k] = ""
		}
		for k, c := range cells {
			if c == "" {
				whole[i], tenths[i] = []float64{math.NaN(), whole[i], whole[i]}[k], []float64{tenths[i], math.NaN(), tenths[i]}[k]
				words[i] = []string{words[i], words[i], MissingLevel}[k]
			}
		}
		fmt.Fprintf(&text, "%s,%v\n", strings.Join(cells, ","), r.Float64())
	}
	table := mustRead(t, text.String(), CSVOptions{})
	for i, narrow := range []bool{true, false} {
		if a := table.Columns[i].Values; (a.f32 != nil) != narrow || (a.f64 != nil) == narrow {
			t.Errorf("column %s: float32 is %v, want %v", table.Columns[i].Name, a.f32 != nil, narrow)
		}
	}
	p, err := Prepare(table, "y", Options{Scaling: Standard, Fractions: Fractions{Test: 0.3}, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	d, in, w := p.Test, p.Schema.Inputs, p.Test.Features()
	if d.X.table == nil || w != 7 {
		t.Fatalf("%d inputs, encoded %v", w, d.X.table != nil)
	}
	var want []float64
	for _, row := range p.From[2] {
		for k, x := range []float64{whole[row], tenths[row]} {
			if math.IsNaN(x) {
				x = in[k].Impute
			}
			want = append(want, (x-in[k].Offset)/in[k].Scale)
		}
		one := make([]float64, len(in[2].Levels))
		one[slices.Index(in[2].Levels, words[row])] = 1
		want = append(want, one...)
	}
	all := d.X.Numbers()
	near(t, "Numbers", all, want, 0)
	rows := []int{5, 0, 5, d.Rows() - 1, 17}
	sub := d.Subset(rows)
	narrow, wide := Convert[float32](sub, "x"), Convert[float64](sub, "x")
	a32, _ := narrow.Array("x")
	a64, _ := wide.Array("x")
	if a32.f32 == nil || a64.f64 == nil || ConvertBytes[float32](sub, "x") != 4*len(rows)*w || ConvertBytes[float64](sub, "x") != 8*len(rows)*w || ConvertBytes[float64](wide, "x") != 0 {
		t.Error("rows are converted to another type, or in other memory than is said")
	}
	for i, row := range rows {
		own := want[row*w : (row+1)*w]
		near(t, "Row", d.X.Row(nil, row), own, 0)
		near(t, "Subset", sub.X.Row(nil, i), own, 0)
		near(t, "float64", a64.Row(nil, i), own, 0)
		got := make([]float32, w)
		GatherArray(got, d.X, []int{row})
		for k, x := range own {
			if got[k] != float32(x) || a32.f32[i*w+k] != float32(x) {
				t.Errorf("row %d, input %d: %v and %v, want %v", row, k, got[k], a32.f32[i*w+k], float32(x))
			}
		}
	}
	batch := make([]float32, 2*w)
	if allocated := testing.AllocsPerRun(10, func() { GatherArray(batch, d.X, rows[:2]) }); allocated != 0 {
		t.Errorf("a batch allocates %v times", allocated)
	}
	for want, f := range map[string]func(){
		"3 rows of 7 into 14 places": func() { GatherArray(batch, d.X, rows[:3]) },
		"there are 90 rows":          func() { GatherArray(batch, d.X, []int{0, 90}) },
	} {
		wantPanic(t, want, f)
	}
}

// wantPanic insists on a panic that says something.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if said := fmt.Sprint(recover()); !strings.Contains(said, want) {
			t.Errorf("%q, want %q in it", said, want)
		}
	}()
	f()
}
