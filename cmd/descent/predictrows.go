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
	record := append(slices.Clone(keep), m.predicted()...)
	switch {
	case bounds && m.Targets != nil:
		for _, name := range m.Targets.Names {
			record = append(record, "lower_"+name, "upper_"+name)
		}
	case bounds && m.Classes == 0:
		record = append(record, "lower", "upper")
	}
	for _, c := range m.probable() {
		record = append(record, "p_"+c)
	}
	if bounds && m.Classes > 0 {
		record = append(record, "set")
	}
	if outside {
		record = append(record, "outside")
	}
	digits := 6
	if m.Targets != nil && !m.Targets.Labels {
		digits = 8 // as of one number
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
			if m.Classes > 0 || x.labels != nil {
				record = append(record, x.class)
			} else if x.many == nil {
				record = append(record, strconv.FormatFloat(x.number, 'g', 8, 64))
			}
			for _, p := range slices.Concat(x.p, x.many) {
				record = append(record, strconv.FormatFloat(p, 'g', digits, 64))
			}
			for _, ends := range x.bounds {
				record = append(record, strconv.FormatFloat(ends[0], 'g', 8, 64), strconv.FormatFloat(ends[1], 'g', 8, 64))
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

// byName are numbers by their names; nil if there are none.
func byName(names []string, x []float64) (all map[string]float64) {
	for i, v := range x {
		if all == nil {
			all = make(map[string]float64, len(x))
		}
		all[names[i]] = v
	}
	return all
}

// predicted names the columns that have what is predicted.
func (m *saved) predicted() []string {
	switch {
	case m.Model.Codes():
		return m.shownNames()
	case m.Targets != nil && !m.Targets.Labels:
		return m.Targets.Names
	}
	return []string{"prediction"}
}

// probable names what has probabilities.
func (m *saved) probable() []string {
	switch {
	case m.Targets != nil && m.Targets.Labels:
		return m.Targets.Names
	case m.GivesProbabilities():
		return m.ClassNames
	}
	return nil
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
		Prediction    any                `json:"prediction"`         // a number, the name of a class, labels, numbers of several targets by name, or of an autoencoder
		Interval      any                `json:"interval,omitempty"` // its ends, of several targets by name
		Set           []string           `json:"set,omitempty"`      // the classes that it may be
		Probabilities map[string]float64 `json:"probabilities,omitempty"`
		Outside       *float64           `json:"outside,omitempty"`
	}
	out, between := bufio.NewWriter(w), "["
	return output{
		row: func(x prediction) error {
			o := object{Prediction: x.number}
			switch {
			case m.Classes > 0:
				o.Prediction = x.class
			case x.labels != nil:
				o.Prediction = x.labels
			case m.Targets != nil:
				o.Prediction = byName(m.Targets.Names, x.many)
			case x.many != nil:
				o.Prediction = x.many
			}
			o.Probabilities = byName(m.probable(), x.p)
			switch o.Set = m.names(x.set); {
			case bounds && m.Targets != nil:
				ends := map[string][2]float64{}
				for j, name := range m.Targets.Names {
					ends[name] = x.bounds[j]
				}
				o.Interval = ends
			case bounds && m.Classes == 0:
				o.Interval = x.bounds[0]
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
