package series_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/data/series"
)

// column makes a column of numbers.
func column(name string, values ...float64) data.Column {
	return data.Column{Name: name, Kind: data.Numeric, Values: data.ArrayOf(values, 1)}
}

func table(t *testing.T, columns ...data.Column) *data.Table {
	t.Helper()
	out, err := data.NewTable("t", columns...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRead: rows are sorted, gaps are filled with what was before, and notes say so.
func TestRead(t *testing.T) {
	nan := math.NaN()
	s, err := series.Read(table(t, column("at", 3, 1, 2, 9), column("y", 30, 10, 20, 40), column("x", 5, nan, 4, nan)), "at", []string{"y", "x"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{10, 4, 20, 4, 30, 5, 40, 5}; !slices.Equal(s.Values, want) || !slices.Equal(s.Times, []float64{1, 2, 3, 9}) {
		t.Errorf("%v at %v, want %v", s.Values, s.Times, want)
	}
	for i, want := range []string{"sorted", "not evenly spaced, by 1 to 6", "2 missing numbers of x"} {
		if len(s.Notes) != 3 || !strings.Contains(s.Notes[i], want) {
			t.Errorf("notes %q, want %q", s.Notes, want)
		}
	}
	months, err := series.Read(table(t, column("at", 0, 31, 59, 90, 120), column("y", 1, 2, 3, 4, 5)), "at", []string{"y"})
	if err != nil || len(months.Notes) > 0 {
		t.Errorf("months: %v, %v", months, err)
	}
}

func TestReadRefuses(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		table *data.Table
		want  string
	}{
		{table(t, column("at", 1, 2, 1), column("y", 1, 2, 3)), "t, row 0 and t, row 2: the same at"},
		{table(t, column("at", 1, nan), column("y", 1, 2)), "t, row 1: at is missing"},
		{table(t, column("at", 1, 2), column("y", 1, nan)), "t, row 1: y is missing"},
		{table(t, column("at", 1, 2), data.Words("y", []string{"a", "b"})), "is not numbers"},
		{table(t, data.Words("at", []string{"a", "b"}), column("y", 1, 2)), "orders no rows"},
		{table(t, column("at", 1, 2), column("z", 1, 2)), "no column"},
	} {
		if _, err := series.Read(c.table, "at", []string{"y"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, _, err := series.Choose(table(t, column("at", 1), column("y", 1)), "at", "at", nil); err == nil {
		t.Error("the target orders the rows")
	}
	columns, notes, err := series.Choose(table(t, column("x", 1), column("at", 1), column("y", 1), data.Words("w", []string{"a"}), column("z", 1)), "at", "y", []string{"z"})
	if err != nil || !slices.Equal(columns, []string{"y", "x"}) || len(notes) != 1 {
		t.Errorf("%v, %v, %v", columns, notes, err)
	}
}

// count is a series whose target counts from 0, beside twice that.
func count(t *testing.T, n int) (*series.Schema, *series.Series) {
	t.Helper()
	at, y, x := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		at[i], y[i], x[i] = float64(i), float64(i), float64(2*i)
	}
	s, err := series.Read(table(t, column("at", at...), column("y", y...), column("x", x...)), "at", []string{"y", "x"})
	if err != nil {
		t.Fatal(err)
	}
	return &series.Schema{Time: "at", Columns: s.Columns, Window: 3, Horizon: 2, Offset: []float64{0, 0}, Scale: []float64{1, 1}}, s
}

// TestRows: a window and what follows it, for each step from which both can be seen.
func TestRows(t *testing.T) {
	c, s := count(t, 7)
	rows, err := c.Rows(s)
	if err != nil || rows.Rows() != 3 || rows.CheckSizes() != nil {
		t.Fatalf("%d rows, %v", rows.Rows(), err)
	}
	x, y := make([]float32, 12), make([]float64, 4)
	data.GatherArray(x, rows["x"], []int{2, 0})
	data.GatherArray(y, rows["y"], []int{2, 0})
	if want := []float32{2, 4, 3, 6, 4, 8, 0, 0, 1, 2, 2, 4}; !slices.Equal(x, want) {
		t.Errorf("windows %v, want %v", x, want)
	}
	if want := []float64{5, 6, 3, 4}; !slices.Equal(y, want) {
		t.Errorf("targets %v, want %v", y, want)
	}
	if truth := c.Truth(s); !slices.Equal(truth, []float64{3, 4, 4, 5, 5, 6}) {
		t.Errorf("truth %v", truth)
	}
	c.Offset, c.Scale = []float64{1, 2}, []float64{2, 4}
	last, err := c.Last(s)
	if err != nil {
		t.Fatal(err)
	}
	end := make([]float64, 6)
	data.GatherArray(end, last["x"], []int{0})
	if want := []float64{1.5, 1.5, 2, 2, 2.5, 2.5}; !slices.Equal(end, want) || !slices.Equal(c.Own([]float64{2.5}), []float64{6}) {
		t.Errorf("the last window is %v, want %v", end, want)
	}
	short := s.Part(0, 2)
	if _, err := c.Last(short); err == nil {
		t.Error("a window of more rows than there are")
	}
	if _, err := c.Rows(s.Part(0, 4)); err == nil {
		t.Error("windows of too few rows")
	}
}

// TestParts: in the order of time, whole, and each with a window; scales are those of
// the first.
func TestParts(t *testing.T) {
	c, s := count(t, 50)
	a, b, d, err := c.Parts(s, 0.1, 0.2)
	if err != nil || a.Steps() != 35 || b.Steps() != 5 || d.Steps() != 10 || a.Times[34] != 34 || b.Times[0] != 35 || d.Times[9] != 49 {
		t.Fatalf("%v, %v, %v, %v", a, b, d, err)
	}
	c.Fit(a)
	if math.Abs(c.Offset[0]-17) > 1e-12 || math.Abs(c.Scale[1]-2*math.Sqrt((35*35-1)/12.0)) > 1e-12 || c.Check() != nil {
		t.Errorf("offset %v, scale %v", c.Offset, c.Scale)
	}
	for _, share := range [][2]float64{{0.05, 0.2}, {0.1, 0.05}, {0.5, 0.45}} {
		if _, _, _, err := c.Parts(s, share[0], share[1]); err == nil {
			t.Errorf("%v: a part has no window", share)
		}
	}
	for _, spoil := range []func(c *series.Schema){
		func(c *series.Schema) { c.Window = 0 }, func(c *series.Schema) { c.Horizon = 1 << 20 }, func(c *series.Schema) { c.Scale = []float64{1} },
		func(c *series.Schema) { c.Scale = []float64{0, 1} }, func(c *series.Schema) { c.Interval = &series.Interval{} },
	} {
		bad := *c
		if spoil(&bad); bad.Check() == nil {
			t.Errorf("%+v is said to be right", bad)
		}
	}
}

// TestForecasts: the last value, a season that is found, scores by hand.
func TestForecasts(t *testing.T) {
	c, s := count(t, 7)
	if got := c.Seasonal(s, 1); !slices.Equal(got, []float64{2, 2, 3, 3, 4, 4}) {
		t.Errorf("the last value: %v", got)
	}
	if got := c.Seasonal(s, 3); !slices.Equal(got, []float64{0, 1, 1, 2, 2, 3}) {
		t.Errorf("a season of 3: %v", got)
	}
	got := series.Score(c.Seasonal(s, 1), c.Truth(s), 2)
	if got.MAE != 1.5 || math.Abs(got.RMSE-math.Sqrt(2.5)) > 1e-12 || !slices.Equal(got.Steps, []float64{1, 2}) {
		t.Errorf("%+v", got)
	}
	if season := c.Season(s); season != 1 {
		t.Errorf("a count has a season of %d", season)
	}
	for i := range s.Steps() {
		s.Values[2*i] = []float64{5, 1, 9}[i%3]
	}
	if season := c.Season(s); season != 3 {
		t.Errorf("a season of 3 is taken for %d", season)
	}
}

// TestInterval: quantiles of the errors, of each step by itself.
func TestInterval(t *testing.T) {
	var pred, truth []float64
	for i := range 101 {
		pred, truth = append(pred, 1000, 0), append(truth, 1000+float64(i), -float64(2*i))
	}
	v := series.NewInterval(0.8, pred, truth, 2)
	for h, want := range [][2]float64{{10, 90}, {-180, -20}} {
		if math.Abs(v.Low[h]-want[0]) > 1e-9 || math.Abs(v.High[h]-want[1]) > 1e-9 {
			t.Errorf("step %d: %v to %v, want %v", h, v.Low[h], v.High[h], want)
		}
	}
	if in := v.Covers(pred, truth); math.Abs(in-81.0/101) > 0.011 || v.Windows != 101 {
		t.Errorf("it covers %v", in)
	}
}
