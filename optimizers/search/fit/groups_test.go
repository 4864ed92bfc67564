package fit

import (
	"bufio"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/data"
)

// grouped fits with groups.
func grouped(t *testing.T, text string, tb *data.Table, params []Parameter, by By, how How) *Fit {
	t.Helper()
	m, err := New(text, tb, params, Weights{})
	if err == nil {
		err = m.Group(by)
	}
	if err != nil {
		t.Fatal(err)
	}
	return solved(t, m, how)
}

// Groups with parameters of their own, or some that they share, have R's estimates and
// standard errors, by nls with parameters that are indexed by a factor.
func TestGroupsOfR(t *testing.T) {
	file, err := os.Open("testdata/groups.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		cells := strings.Split(lines.Text(), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		var columns []data.Column
		for _, c := range strings.Split(cells[8], "; ") {
			if name, values, _ := strings.Cut(c, "="); name == cells[2] {
				columns = append(columns, data.Words(name, strings.Fields(values)))
			} else {
				columns = append(columns, column(name, numbersOf(t, values)...))
			}
		}
		var params []Parameter
		if cells[0] == "Puromycin" {
			params = []Parameter{{Name: "Vm", Start: 200}, {Name: "K", Start: 0.05}}
		}
		f := grouped(t, cells[1], table(t, columns...), params, By{cells[2], strings.Fields(cells[3])}, How{})
		estimates, errors := numbersOf(t, cells[5]), numbersOf(t, cells[6])
		for i, name := range strings.Fields(cells[4]) {
			if p := f.Parameters[name]; !near(p.Estimate, estimates[i], 3e-5) || !near(p.Stderr, errors[i], 1e-4) {
				t.Errorf("%s by %s, shared %q: %s is %v ± %v, R has %v ± %v", cells[0], cells[2], cells[3], name, p.Estimate, p.Stderr, estimates[i], errors[i])
			}
		}
		if !near(f.RSS, numbersOf(t, cells[7])[0], 1e-8) || !f.Converged || f.By != cells[2] {
			t.Errorf("%s: %+v", cells[0], f)
		}
	}
}

// Lines of groups that share a slope, by the closed form; rows without a group do not
// count, numbers name groups, and new rows are predicted by theirs.
func TestGroupedLines(t *testing.T) {
	nan := math.NaN()
	x, y, of := []float64{1, 2, 3, 1, 2, 3, 4, 5}, []float64{2.1, 3.9, 6.1, 11.8, 14.3, 16, 17.9, 100}, []float64{7, 7, 7, 2.5, 2.5, 2.5, 2.5, nan}
	tb := table(t, column("x", x...), column("y", y...), column("of", of...))
	sum := func(group float64, f func(i int) float64) (s float64) {
		for i := range x {
			if of[i] == group {
				s += f(i)
			}
		}
		return s
	}
	var sxy, sxx float64
	means := map[float64][2]float64{}
	for _, g := range []float64{2.5, 7} {
		n := sum(g, func(int) float64 { return 1 })
		mx, my := sum(g, func(i int) float64 { return x[i] })/n, sum(g, func(i int) float64 { return y[i] })/n
		means[g] = [2]float64{mx, my}
		sxy += sum(g, func(i int) float64 { return (x[i] - mx) * (y[i] - my) })
		sxx += sum(g, func(i int) float64 { return (x[i] - mx) * (x[i] - mx) })
	}
	params := []Parameter{{Name: "a", Start: 1}, {Name: "b", Start: 1}}
	how := How{Steps: 1000, Level: 0.9, Intervals: Bootstrap{60, TableRows, 3}, Workers: 2}
	f := grouped(t, "y ~ a*x+b", tb, params, By{"of", []string{"a"}}, how)
	if !slices.Equal(f.Names(), []string{"a", "b[2.5]", "b[7]"}) || !slices.Equal(f.Groups, []string{"2.5", "7"}) || f.Rows != 7 || f.Dropped != 1 || f.DOF != 4 || !strings.Contains(f.Notes[0], "of 1") {
		t.Fatalf("%+v", f)
	}
	slope := sxy / sxx
	for name, want := range map[string]float64{"a": slope, "b[2.5]": means[2.5][1] - slope*means[2.5][0], "b[7]": means[7][1] - slope*means[7][0]} {
		if p := f.Parameters[name]; !near(p.Estimate, want, 1e-10) || !(p.Stderr > 0 && p.Lower < want && want < p.Upper) {
			t.Errorf("%s: %+v, want %v", name, p, want)
		}
	}
	how.Workers = 1
	if g := grouped(t, "y ~ a*x+b", tb, params, By{"of", []string{"a"}}, how); !reflect.DeepEqual(f.Parameters, g.Parameters) {
		t.Errorf("%v by two workers, %v by one", f.Parameters, g.Parameters)
	}
	rows, err := f.Predict(table(t, column("x", 10, 10, 10, 10), data.Words("of", []string{"7", "2.5", "9", ""})))
	if err != nil || !near(rows[0].Value, slope*10+f.Parameters["b[7]"].Estimate, 1e-12) || rows[1].Group != "2.5" || !math.IsNaN(rows[2].Value) || !math.IsNaN(rows[3].Value) {
		t.Errorf("%+v, %v", rows, err)
	}
	// All of their own, with profiles: as two fits, but for the variance.
	f = grouped(t, "y ~ a*x+b", tb, params, By{Column: "of"}, How{Steps: 1000, Level: 0.9, Intervals: Profile{}})
	if p := f.Parameters["a[7]"]; !near(p.Estimate, 2, 1e-9) || !near(p.Upper-p.Estimate, p.Estimate-p.Lower, 1e-6) {
		t.Errorf("%+v", p)
	}
}

// What cannot be grouped is refused.
func TestGroupErrors(t *testing.T) {
	tb := table(t, column("x", 1, 2, 3), column("y", 1, 2, 3), column("of", 1, 1, 2))
	for _, c := range []struct {
		by   By
		want string
	}{
		{By{Column: "nosuch"}, "nosuch"},
		{By{Column: "x"}, "by: x is in the formula"},
		{By{Column: "of", Shared: []string{"q"}}, "shared: q is not a parameter; there are a"},
	} {
		m, err := New("y ~ a*x", tb, []Parameter{{Name: "a", Start: 1}}, Weights{})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Group(c.by); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.by, err, c.want)
		}
	}
}
