package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"descent/internal/numjson"
)

// An output is where predictions are written, row by row.
type output struct {
	row   func(prediction) error
	flush func() error // writes what is complete
	end   func() error
}

// csv returns the output as CSV with a header.
func (m *saved) csv(w io.Writer, keep []string, outside, bounds bool) output {
	out := csv.NewWriter(w)
	record := append(slices.Clone(keep), "prediction")
	if m.Model.Codes() {
		record = append(slices.Clone(keep), m.shownNames()...)
	}
	if bounds && m.Classes == 0 {
		record = append(record, "lower", "upper")
	}
	if m.givesProbabilities() {
		for _, c := range m.ClassNames {
			record = append(record, "p_"+c)
		}
	}
	if bounds && m.Classes > 0 {
		record = append(record, "set")
	}
	if outside {
		record = append(record, "outside")
	}
	begun := false
	head := func() error {
		if begun {
			return nil
		}
		begun = true
		return out.Write(record)
	}
	flush := func() error {
		out.Flush()
		return out.Error()
	}
	return output{
		row: func(x prediction) error {
			if err := head(); err != nil {
				return err
			}
			record = append(record[:0], x.kept...)
			if m.Classes > 0 {
				record = append(record, x.class)
			} else if x.many == nil {
				record = append(record, strconv.FormatFloat(x.number, 'g', 8, 64))
			}
			if bounds && m.Classes == 0 {
				record = append(record, strconv.FormatFloat(x.lo, 'g', 8, 64), strconv.FormatFloat(x.hi, 'g', 8, 64))
			}
			for _, p := range slices.Concat(x.p, x.many) {
				record = append(record, strconv.FormatFloat(p, 'g', 6, 64))
			}
			if bounds && m.Classes > 0 {
				record = append(record, strings.Join(m.names(x.set), "|"))
			}
			if outside {
				record = append(record, strconv.FormatFloat(x.outside, 'g', 6, 64))
			}
			return out.Write(record)
		},
		flush: flush,
		end:   func() error { return errors.Join(head(), flush()) },
	}
}

// names are those of some classes.
func (m *saved) names(classes []int) (names []string) {
	for _, c := range classes {
		names = append(names, m.ClassNames[c])
	}
	return names
}

// json returns the output as an array of objects.
func (m *saved) json(w io.Writer, keep []string, outside, bounds bool) output {
	type object struct {
		Row           map[string]string  `json:"row,omitempty"`      // the columns that are kept, or the file of a picture
		Prediction    any                `json:"prediction"`         // a number, the name of a class, or numbers of an autoencoder
		Interval      []float64          `json:"interval,omitempty"` // its ends
		Set           []string           `json:"set,omitempty"`      // the classes that it may be
		Probabilities map[string]float64 `json:"probabilities,omitempty"`
		Outside       *float64           `json:"outside,omitempty"`
	}
	out, between := bufio.NewWriter(w), "["
	return output{
		row: func(x prediction) error {
			o := object{Prediction: x.number}
			if x.many != nil {
				o.Prediction = x.many
			}
			if m.Classes > 0 {
				o.Prediction = x.class
			}
			if x.p != nil {
				o.Probabilities = make(map[string]float64)
			}
			for i, p := range x.p {
				o.Probabilities[m.ClassNames[i]] = p
			}
			if o.Set = m.names(x.set); bounds && m.Classes == 0 {
				o.Interval = []float64{x.lo, x.hi}
			}
			if len(keep) > 0 {
				o.Row = make(map[string]string)
			}
			for i, name := range keep {
				o.Row[name] = x.kept[i]
			}
			if outside {
				o.Outside = &x.outside
			}
			text, err := numjson.Marshal(o)
			if err != nil {
				return err
			}
			out.WriteString(between)
			between = ","
			_, err = out.Write(text)
			return err
		},
		flush: out.Flush,
		end: func() error {
			if between == "[" {
				out.WriteString("[")
			}
			out.WriteString("]\n")
			return out.Flush()
		},
	}
}
