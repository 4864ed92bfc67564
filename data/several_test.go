package data

import (
	"slices"
	"strings"
	"testing"

	"descent/internal/numjson"
)

// TestSeveral: rows that lack a target are left out, the others have all, wherever the
// split has put them.
func TestSeveral(t *testing.T) {
	text := "x,a,b,tags\n"
	for i := range 20 {
		text += strings.Join([]string{formatNumber(float64(i * 3 % 7)), formatNumber(float64(i)), formatNumber(float64(2*i + 1)), []string{"red|blue", "blue", "green | red", ""}[i%4]}, ",") + "\n"
	}
	text += "1,,3,red\n2,4,,red\n"
	table := mustRead(t, text, CSVOptions{})
	p, err := Prepare(table, "a", Options{More: []string{"b"}, Drop: []string{"tags"}, Fractions: Fractions{Val: 0.2, Test: 0.2}, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	target := p.Schema.Target
	if target.Task != Numbers || !slices.Equal(target.Outputs, []string{"a", "b"}) || target.Missing != 2 || !slices.Equal(p.Train.Inputs, []string{"x"}) {
		t.Errorf("%+v, inputs %v", target, p.Train.Inputs)
	}
	seen := 0
	for k, d := range []*Dataset{p.Train, p.Val, p.Test, p.Train.Subset([]int{3, 1})} {
		if err := d.Check(); err != nil || len(d.Y) != 2*d.Rows() {
			t.Fatalf("%d targets of %d rows: %v", len(d.Y), d.Rows(), err)
		}
		for i := range d.Rows() {
			if d.Y[2*i+1] != 2*d.Y[2*i]+1 || k < 3 && d.Y[2*i] != float64(p.From[k][i]) {
				t.Errorf("part %d, row %d: %v", k, i, d.Y[2*i:2*i+2])
			}
		}
		if y, _ := d.Array("y"); k < 3 && (!slices.Equal(y.Shape(), []int{2}) || y.Rows() != d.Rows()) {
			t.Errorf("an array of %v", y.Shape())
		}
		if k < 3 {
			seen += d.Rows()
		}
	}
	if seen != 20 {
		t.Errorf("%d rows", seen)
	}
	p, err = Prepare(table, "tags", Options{Task: Labels, Drop: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if target := p.Schema.Target; target.Separator != "|" || !slices.Equal(target.Outputs, []string{"blue", "green", "red"}) || !slices.Equal(p.Train.Y[:9], []float64{1, 0, 1, 1, 0, 0, 0, 1, 1}) {
		t.Errorf("%+v: %v", target, p.Train.Y[:9])
	}
	file, err := numjson.Marshal(p.Schema)
	if err != nil {
		t.Fatal(err)
	}
	again := &Schema{}
	if err := numjson.Unmarshal(file, again); err != nil {
		t.Fatal(err)
	}
	d, err := again.ApplyLabelled(mustRead(t, "x,tags\n3,green|blue\n", CSVOptions{Schema: again}))
	if err != nil || !slices.Equal(d.Y, []float64{1, 1, 0}) {
		t.Errorf("%v: %+v", err, d)
	}
	_, err = again.ApplyLabelled(mustRead(t, "x,tags\n3,green|pink\n", CSVOptions{Schema: again}))
	wantError(t, err, `unknown label "pink"`)
	for _, damage := range []func(c *Target){
		func(c *Target) { c.Outputs = c.Outputs[:1] }, func(c *Target) { c.Outputs[0] = c.Outputs[1] }, func(c *Target) { c.Separator = "&" },
		func(c *Target) { c.Task = Numbers }, func(c *Target) { c.Task = Regression }, func(c *Target) { c.Classes = []string{"a", "b"} },
	} {
		c := p.Schema.Target
		c.Outputs = slices.Clone(c.Outputs)
		if damage(&c); c.check() == nil {
			t.Errorf("damaged, and read: %+v", c)
		}
	}
}
