package calc

import (
	"strings"
	"testing"
)

// A relation is not above 0 where it holds, or 0 where it is an equation; names of all
// formulas have values.
func TestRelations(t *testing.T) {
	point := []Binding{{"x", Number(3)}, {"y", Number(5)}, {"w", Value{[]int{2}, []float64{1, 2}}}}
	for _, c := range []struct {
		text  string
		equal bool
		want  []float64 // of the node
	}{
		{"x <= y", false, []float64{-2}}, {"x >= y", false, []float64{2}}, {"x + y = 8", true, []float64{0}}, {" x*y == 14", true, []float64{1}},
		{"w >= [1, x]", false, []float64{0, 1}}, {"where(x > 1, 2, 3) <= y", false, []float64{-3}},
	} {
		e, rs, err := Under("0*y+0*x+0*sum(w)", []string{c.text}, point, "x")
		if err != nil {
			t.Fatal(err)
		}
		values, err := e.run(rs[0].Node)
		if err != nil {
			t.Fatal(err)
		}
		if rs[0].Equal != c.equal || len(values[0].Data) != len(c.want) || rs[0].Text != strings.TrimSpace(c.text) {
			t.Errorf("%q: %+v", c.text, rs[0])
		}
		for i, v := range values[0].Data {
			if v != c.want[i] {
				t.Errorf("%q: %v, want %v", c.text, values[0].Data, c.want)
			}
		}
	}
	for text, want := range map[string]string{
		"x < y": "write <=", "x > y": "write >=", "x": "write two formulas", "x <= y <= 3": "write two formulas", "x <= ": "x <= ", "x <= z": "no value is given for z", "(x <= y)": "write two formulas",
	} {
		if _, _, err := Under("x*y*sum(w)", []string{text}, point, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
