package inspect

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/data"
)

// parts divides a table of columns, of which the last is the target.
func parts(t *testing.T, o data.Options, columns ...data.Column) *data.Parts {
	t.Helper()
	table, err := data.NewTable("table", columns...)
	if err != nil {
		t.Fatal(err)
	}
	o.Split, o.Fractions.Test = data.SplitRandom, 0.25
	p, err := data.Prepare(table, columns[len(columns)-1].Name, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func numbers(name string, n int, f func(i int) float64) data.Column {
	var values []float64
	for i := range n {
		values = append(values, f(i))
	}
	return data.Column{Name: name, Kind: data.Numeric, Values: data.ArrayOf(values, 1)}
}

func words(name string, n int, f func(i int) string) data.Column {
	var w []string
	for i := range n {
		w = append(w, f(i))
	}
	return data.Words(name, w)
}

// A column that tells the target is named, whatever its form, and others are not.
func TestTelling(t *testing.T) {
	const n = 300
	rng := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, n)
	for i := range y {
		y[i] = rng.NormFloat64()
	}
	class := func(i int) string { return []string{"a", "b", "c"}[int(math.Abs(10*y[i]))%3] }
	noise := numbers("noise", n, func(int) float64 { return rng.Float64() })
	near := numbers("near", n, func(i int) float64 { return y[i] + 0.5*rng.NormFloat64() })
	for _, c := range []struct {
		name   string
		leak   data.Column
		target data.Column
		want   bool
	}{
		{"a rising curve", numbers("leak", n, func(i int) float64 { return math.Exp(y[i]) }), numbers("y", n, func(i int) float64 { return y[i] }), true},
		{"bins", words("leak", n, func(i int) string { return string(rune('a' + i/15)) }), numbers("y", n, func(i int) float64 { return float64(i) + 0.5 }), true},
		{"codes of classes", numbers("leak", n, func(i int) float64 { return float64(class(i)[0]) }), words("y", n, class), true},
		{"a bound", numbers("leak", n, func(i int) float64 { return y[i] }), words("y", n, func(i int) string { return map[bool]string{true: "yes", false: "no"}[y[i] > 0.3] }), true},
		{"noise", numbers("leak", n, func(int) float64 { return rng.Float64() }), words("y", n, class), false},
	} {
		got := Of(parts(t, data.Options{Scaling: data.Standard}, noise, near, c.leak, c.target)).Telling()
		if found := len(got) == 1 && got[0].Name == "leak"; found != c.want || !c.want && len(got) > 0 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	only := parts(t, data.Options{}, numbers("x", n, func(i int) float64 { return y[i] }), numbers("y", n, func(i int) float64 { return y[i] }))
	if got := Of(only).Telling(); len(got) > 0 {
		t.Errorf("the only column: %v", got)
	}
}

// What a column explains is what its definition says, row by row.
func TestAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for trial := range 40 {
		n, k := 20+rng.IntN(60), 2+rng.IntN(3)
		x := make([]float64, n)
		numeric, classes := &target{}, &target{classes: k}
		for i := range n {
			x[i] = float64(rng.IntN(n)) / 7
			y := math.Sin(x[i]) + 0.3*rng.NormFloat64()
			numeric.y = append(numeric.y, y)
			classes.class = append(classes.class, int(math.Abs(2*y))%k)
		}
		for _, ordered := range []bool{true, false} {
			for _, tt := range []*target{numeric, classes} {
				got, want := tt.explained(x, ordered), byDefinition(tt, x, ordered)
				if !(math.Abs(got-want) <= 1e-9) {
					t.Errorf("trial %d, ordered %v, classes %d: %v, want %v", trial, ordered, tt.classes, got, want)
				}
			}
		}
	}
}

// byDefinition sorts the others of each row by their distance from it.
func byDefinition(t *target, x []float64, ordered bool) float64 {
	n := len(x)
	targets := [][]float64{t.y}
	if t.y == nil {
		targets = make([][]float64, t.classes)
		for i := range n {
			for k := range targets {
				targets[k] = append(targets[k], map[bool]float64{true: 1}[t.class[i] == k])
			}
		}
	}
	left, before := 0.0, 0.0
	for i := range n {
		var others []int
		for j := range n {
			if j != i {
				others = append(others, j)
			}
		}
		slices.SortFunc(others, func(a, b int) int { // of as near ones the lower
			return cmp.Or(cmp.Compare(math.Abs(x[a]-x[i]), math.Abs(x[b]-x[i])), cmp.Compare(x[a], x[b]))
		})
		like, near := 0, int(math.Sqrt(float64(n)))
		for like < len(others) && (x[others[like]] == x[i] || ordered && (like < near || x[others[like]] == x[others[like-1]])) {
			like++
		}
		if like == 0 {
			like = len(others)
		}
		error := func(rows []int) (sum float64) {
			for _, y := range targets {
				mean := 0.0
				for _, j := range rows {
					mean += y[j] / float64(len(rows))
				}
				sum += (y[i] - mean) * (y[i] - mean)
			}
			return sum
		}
		left, before = left+error(others[:like]), before+error(others)
	}
	return max(0, 1-left/before)
}

// Copies are counted, and those of training rows are found in other parts.
func TestCopies(t *testing.T) {
	const n = 200
	a := numbers("a", n, func(i int) float64 { return float64(i / 2 * 3) }) // pairs
	b := numbers("b", n, func(i int) float64 { return math.Copysign(0, float64(i%2)-0.5) + float64(i%5)*0 })
	y := numbers("y", n, func(i int) float64 {
		if i%20 == 1 {
			return 1e3 // 10 of the 100 second ones contradict
		}
		return float64(i/2) + 0.25
	})
	p := parts(t, data.Options{KeepConstant: true}, a, b, y)
	f := Of(p)
	if f.Compared != n || f.Duplicates != 90 || f.Contradicting != 10 {
		t.Errorf("%d rows, %d duplicates, %d that contradict", f.Compared, f.Duplicates, f.Contradicting)
	}
	train, test := p.Train.X.Numbers(), p.Test.X.Numbers()
	copies, others := f.Copies(p.Test)
	for _, part := range []struct {
		rows []int
		want bool
	}{{copies, true}, {others, false}} {
		for _, i := range part.rows {
			found := false
			for j := range p.Train.Rows() {
				found = found || train[2*j] == test[2*i] && p.Train.Y[j] == p.Test.Y[i]
			}
			if found != part.want {
				t.Errorf("held-out row %d: %v", i, found)
			}
		}
	}
	if len(copies) == 0 || len(others) == 0 || len(copies)+len(others) != p.Test.Rows() {
		t.Errorf("%d copies, %d others of %d", len(copies), len(others), p.Test.Rows())
	}
	if many := parts(t, data.Options{}, numbers("x", mostCompared+4, func(i int) float64 { return float64(i % 1000) }), numbers("y", mostCompared+4, func(i int) float64 { return float64(i%7) / 2 })); Of(many).Compared != 0 {
		t.Error("too many rows are compared")
	}
}

// Pictures are compared as bytes, and have no columns.
func TestPictures(t *testing.T) {
	d := &data.Dataset{Inputs: []string{"a", "b"}, Shape: []int{1, 2}, X: data.PixelsOf([]uint8{1, 2, 1, 2, 2, 1, 1, 2}, 2), Class: []int{0, 0, 1, 1}, Classes: []string{"x", "y"}}
	f := Of(&data.Parts{Train: d, Val: d.Subset(nil), Test: d.Subset(nil)})
	if f.Duplicates != 1 || f.Contradicting != 1 || f.Columns != nil {
		t.Errorf("%+v", f)
	}
}
