package data

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Advice comes in a form that programs can put into their own words, also
// where the place was added later.
func TestAdvice(t *testing.T) {
	read := func(text string, o CSVOptions) error {
		o.Name = "t.csv"
		_, err := ReadCSV(strings.NewReader(text), o)
		return err
	}
	prices := "price\nx5\n"
	for i := range 30 {
		prices += strings.Repeat("1", i+1) + "\n"
	}
	for name, c := range map[string]struct {
		err   error
		wrong string
		want  []Advice
	}{
		"header": {read("1.5,2\n3,4\n", CSVOptions{}), `t.csv:1: the first line looks like data`, []Advice{{}, {Option: "NoHeader"}}},
		"bytes":  {read("a\n1\n2\n3\n", CSVOptions{MaxBytes: 5}), "t.csv:", []Advice{{Option: "MaxBytes"}}},
		"typo":   {read(prices, CSVOptions{}), `t.csv:2: column "price": "x5" is not a number`, []Advice{{}, {Option: "Missing", Value: "x5"}, {Option: "Kinds", Value: "price"}}},
	} {
		e, ok := c.err.(*AdvisedError)
		if !ok {
			t.Errorf("%s: %T %v", name, c.err, c.err)
			continue
		}
		if !strings.HasPrefix(e.Err.Error(), c.wrong) || !strings.HasPrefix(e.Error(), e.Err.Error()+"; ") || errors.Unwrap(e) != e.Err {
			t.Errorf("%s: %v", name, e)
		}
		got := slices.Clone(e.Advice)
		for i := range got {
			got[i].Text = ""
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
