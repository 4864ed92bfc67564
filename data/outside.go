package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Span is where the numbers of a column were in the training rows.
type Span struct {
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
}

// Spans tells whether the schema knows where numbers were; those of earlier programs do
// not.
func (s *Schema) Spans() bool {
	return slices.ContainsFunc(s.Inputs, func(in Input) bool { return in.Span != nil })
}

// Beyond returns how far v is outside, in widths of the span; 0 is within.
func (s *Span) Beyond(v float64) float64 {
	switch {
	case v < s.Lo:
		return (s.Lo - v) / (s.Hi - s.Lo)
	case v > s.Hi:
		return (v - s.Hi) / (s.Hi - s.Lo)
	}
	return 0
}

// far is how far outside a row is told: a model has seen nothing there.
const far = 0.5

// outside are rows that are far outside the span of a column.
type outside struct {
	column string
	span   Span
	rows   int
	value  float64 // the farthest
	beyond float64
}

// add adds what other rows have of the same column.
func (o *outside) add(other outside) {
	if o.rows += other.rows; other.beyond > o.beyond {
		o.value, o.beyond = other.value, other.beyond
	}
}

// strangers are the rows of a dataset, or of all blocks of a stream, that are far
// outside, and in which columns.
type strangers struct {
	rows    int
	columns []outside
}

func (s *strangers) add(rows int, columns []outside) {
	s.rows += rows
	for _, o := range columns {
		if k := slices.IndexFunc(s.columns, func(x outside) bool { return x.column == o.column }); k >= 0 {
			s.columns[k].add(o)
		} else {
			s.columns = append(s.columns, o)
		}
	}
}

// notes says so in one line, the farthest columns first.
func (s *strangers) notes(of int) []Note {
	const most = 3
	if s.rows == 0 {
		return nil
	}
	slices.SortStableFunc(s.columns, func(a, b outside) int { return cmp.Compare(b.beyond, a.beyond) })
	var says []string
	for _, o := range s.columns[:min(most, len(s.columns))] {
		where := fmt.Sprintf("had only %.6g", o.span.Lo)
		if o.span.Lo < o.span.Hi {
			where = fmt.Sprintf("went from %.6g to %.6g: %.1f times that range away", o.span.Lo, o.span.Hi, o.beyond)
		}
		says = append(says, fmt.Sprintf("column %s has %.6g, and in training %s (rows: %d)", quote(o.column), o.value, where, o.rows))
	}
	if n := len(s.columns) - most; n > 0 {
		says = append(says, fmt.Sprintf("and %d more columns", n))
	}
	return []Note{{Text: fmt.Sprintf("%d of %d rows are far outside what was trained on, and predictions there are guesses: %s", s.rows, of, strings.Join(says, "; "))}}
}

// strange counts the rows of a dataset that are far outside.
func (d *Dataset) strange() (rows int) {
	for _, x := range d.Outside {
		if x > far {
			rows++
		}
	}
	return rows
}
