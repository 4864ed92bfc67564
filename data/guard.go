package data

import (
	"fmt"
	"io"
)

// Limits of one record of a CSV text.
const (
	maxField  = 1 << 20  // bytes
	maxRecord = 16 << 20 // bytes
	maxFields = 1 << 16
)

// A guard passes text on and ends it with an error where a field or a record
// grows beyond its limit. encoding/csv has no limits: it would hold all of a
// field before anybody could look at it. Quotes are counted, not parsed: in
// text that encoding/csv accepts, a separator is inside a field exactly if
// the number of quotes before it is odd.
type guard struct {
	r     io.Reader
	comma byte
	err   error // once set, the end of the text

	line   int // of the next byte, from 1
	start  int // line on which the record starts
	field  int // bytes of the field so far
	record int // bytes of the record so far
	fields int // fields of the record so far
	quoted bool
}

func newGuard(r io.Reader, comma byte) *guard {
	return &guard{r: r, comma: comma, line: 1, start: 1, fields: 1}
}

func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(p)
	for i, c := range p[:n] {
		if g.err = g.next(c); g.err != nil {
			return i, g.err
		}
	}
	g.err = err
	return n, err
}

// next takes one byte.
func (g *guard) next(c byte) error {
	g.field++
	g.record++
	switch c {
	case '"':
		g.quoted = !g.quoted
	case '\n':
		g.line++
		if !g.quoted {
			g.start, g.field, g.record, g.fields = g.line, 0, 0, 1
		}
	case g.comma:
		if !g.quoted {
			g.field = 0
			g.fields++
		}
	}
	switch {
	case g.field > maxField && g.quoted:
		return fmt.Errorf("field %d is longer than %s; is a quote left open?", g.fields, size(maxField))
	case g.field > maxField:
		return fmt.Errorf("field %d is longer than %s", g.fields, size(maxField))
	case g.record > maxRecord:
		return fmt.Errorf("the line is longer than %s", size(maxRecord))
	case g.fields > maxFields:
		return fmt.Errorf("the line has more than %d fields", maxFields)
	}
	return nil
}
