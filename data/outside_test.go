package data_test

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"descent/data"
)

// Rows that are far outside the numbers of training are counted in one note, which says
// in which columns and how far, of a table as of a stream; a schema that is read again
// does the same, and one of an earlier program says nothing.
func TestOutside(t *testing.T) {
	table, err := data.ReadCSV(strings.NewReader("a,b,y\n0,5,1\n10,5.5,2.5\n4,6,3\n7,7,0.5\n"), data.CSVOptions{Name: "train.csv"})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := data.Prepare(table, "y", data.Options{Scaling: data.Standard})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(parts.Schema)
	if err != nil {
		t.Fatal(err)
	}
	var s data.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	rows := "a,b\n5,6\n14,6\n-20,6\n25,6\n,60\n"
	want := []float64{0, 0.4, 2, 1.5, 26.5}
	const note = `3 of 5 rows are far outside what was trained on, and predictions there are guesses: column "b" has 60, and in training went from 5 to 7: 26.5 times that range away (rows: 1); ` +
		`column "a" has -20, and in training went from 0 to 10: 2.0 times that range away (rows: 2)`
	check := func(how string, d *data.Dataset, notes []data.Note) {
		t.Helper()
		for i, x := range d.Outside {
			if math.Abs(x-want[i]) > 1e-12 {
				t.Errorf("%s: row %d is %v outside, want %v", how, i, x, want[i])
			}
		}
		if len(d.Outside) != len(want) || len(notes) != 1 || notes[0].Text != note {
			t.Errorf("%s: %v, notes %v", how, d.Outside, notes)
		}
	}
	fresh, err := data.ReadCSV(strings.NewReader(rows), data.CSVOptions{Schema: &s})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Apply(fresh)
	if err != nil {
		t.Fatal(err)
	}
	check("Apply", d, d.Notes)
	if some := d.Subset([]int{4, 0}); some.Outside[0] != want[4] || some.Outside[1] != 0 {
		t.Errorf("rows 4 and 0: %v", some.Outside)
	}
	st, err := s.Stream(strings.NewReader(rows), data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = st.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Next(); err != io.EOF {
		t.Fatal(err)
	}
	check("Stream", d, st.Notes())
	for i := range s.Inputs {
		s.Inputs[i].Span = nil
	}
	if d, err = s.Apply(fresh); err != nil || len(d.Notes) > 0 || s.Spans() {
		t.Errorf("without spans: %v, %v", d.Notes, err)
	}
	if err := json.Unmarshal([]byte(strings.Replace(string(text), `"lo":5`, `"lo":50`, 1)), &s); err == nil || !strings.Contains(err.Error(), "numbers from 50 to 7") {
		t.Errorf("a span upside down: %v", err)
	}
}
