package data

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of one record.
const (
	maxField  = 1 << 20  // bytes
	maxRecord = 16 << 20 // bytes
	maxFields = 1 << 16
)

// runs is the separator that stands for any number of spaces and tabs.
const runs = ' '

// records reads the records of a text: fields, plain or in quotes, separated
// by comma, on lines that end with LF, CRLF or CR. A quote inside a field that
// does not begin with one is text, as spreadsheet programs have it. Blank lines
// do not count.
type records struct {
	name  string
	in    *bufio.Reader
	made  maker // of a file that is no text with separators, nil of others
	comma byte
	width int // of the header, once it is known: comments have another
	// Of tables drawn with |, as Markdown and databases do: begun says that the
	// first line was seen, framed that it begins and ends with |.
	begun, framed bool

	line, start int // of the next byte, and of the record
	text        []byte
	ends        []int // of the fields in text
	fields      []string

	// Of several files: those to come, where the columns of the first are in this one, and
	// a row in their order.
	shelf *shelf
	order []int
	row   []string

	// A record that was looked at and is to come again, and its line.
	again     []string
	againLine int
}

func newRecords(name string, in *bufio.Reader, comma byte) *records {
	return &records{name: name, in: in, comma: comma, line: 1}
}

// next returns the fields of the next record without the spaces around them,
// and its line. The fields are good until the next call. Lines that begin with
// # and have not as many fields as the header are comments.
func (r *records) next() (fields []string, line int, err error) {
	if r.made != nil {
		if fields, line, err = r.made.next(); err != nil && err != io.EOF {
			err = within(fmt.Sprintf("%s:%d", r.name, line), err)
		}
		return fields, line, err
	}
	if r.again != nil {
		fields, r.again = r.again, nil
		return fields, r.againLine, nil
	}
	for {
		switch err := r.scan(); {
		case err == io.EOF:
			return nil, 0, err
		case err != nil:
			return nil, 0, within(fmt.Sprintf("%s:%d", r.name, r.start), err)
		}
		if fields, err = r.cut(); err != nil {
			return nil, 0, err
		}
		if r.comma == '|' {
			if ruled(fields) {
				continue
			}
			fields = r.unframe(fields)
		}
		if r.width == 0 || len(fields) == r.width || !comment(fields) {
			return fields, r.start, nil
		}
	}
}

// ruled tells whether a line is drawn, not written: |---|:--:|, +----+----+.
func ruled(fields []string) bool {
	dashes := false
	for _, f := range fields {
		if strings.Trim(f, "-+:=") != "" {
			return false
		}
		dashes = dashes || strings.Contains(f, "--") || strings.Contains(f, "==")
	}
	return dashes
}

// unframe takes what is before the first | and behind the last off, if all lines
// begin and end with one.
func (r *records) unframe(fields []string) []string {
	last := len(fields) - 1
	ends := last > 1 && fields[0] == "" && fields[last] == ""
	if !r.begun && !comment(fields) {
		r.begun, r.framed = true, ends
	}
	if r.framed && ends {
		return fields[1:last]
	}
	return fields
}

// comment tells whether a record begins as one.
func comment(fields []string) bool { return strings.HasPrefix(fields[0], "#") }

// cut makes the fields of what was scanned.
func (r *records) cut() ([]string, error) {
	text := string(r.text)
	valid := utf8.ValidString(text)
	r.fields = r.fields[:0]
	lo := 0
	for i, hi := range r.ends {
		f := text[lo:hi]
		if !valid && !utf8.ValidString(f) {
			return nil, fmt.Errorf("%s:%d: field %d is not UTF-8: %s; save the text as UTF-8 (in spreadsheets, as \"CSV UTF-8\")", r.name, r.start, i+1, quote(f))
		}
		r.fields, lo = append(r.fields, strings.TrimSpace(f)), hi
	}
	return r.fields, nil
}

// unread makes a record come again.
func (r *records) unread(fields []string, line int) {
	r.again, r.againLine = slices.Clone(fields), line
}

// State of the scanner within a field.
type fieldState int

const (
	before  fieldState = iota // only spaces so far
	plainly                   // in text
	quoted                    // in quotes
	closing                   // behind a quote that may have ended them, or be the first of two
)

// scan reads one record into text and ends.
func (r *records) scan() error {
	r.text, r.ends, r.start = r.text[:0], r.ends[:0], r.line
	state, bytes, field := before, 0, 0
	for {
		c, err := r.byte()
		if err == io.EOF && bytes > 0 && state != quoted {
			c, err = '\n', nil // the last line need not end
		}
		if err == io.EOF && state == quoted {
			return fmt.Errorf("field %d begins with a quote that is never closed", len(r.ends)+1)
		}
		if err != nil {
			return err
		}
		bytes, field = bytes+1, field+1
		if err := r.tooLong(bytes, field, state); err != nil {
			return err
		}
		switch {
		case state == quoted && c != '"':
			r.text = append(r.text, c)
		case state == quoted:
			state = closing
		case c == '\n' && state == before && len(r.ends) == 0:
			r.start, bytes, field = r.line, 0, 0 // a blank line
		case c == '\n':
			// Spaces at the end of a line separate nothing.
			if r.comma != runs || state != before {
				r.ends = append(r.ends, len(r.text))
			}
			return nil
		case c == r.comma, r.comma == runs && c == '\t':
			if r.comma != runs || state != before {
				r.ends, state, field = append(r.ends, len(r.text)), before, 0
			}
		case c == '"' && state == before:
			state = quoted
		case c == '"' && state == closing:
			r.text, state = append(r.text, c), quoted
		case state == before && (c == ' ' || c == '\t'):
		default:
			r.text, state = append(r.text, c), plainly
		}
	}
}

// tooLong refuses fields and records beyond the limits before they fill the
// memory.
func (r *records) tooLong(bytes, field int, state fieldState) error {
	switch {
	case field > maxField && state == quoted:
		return fmt.Errorf("field %d is longer than %s; is a quote left open?", len(r.ends)+1, size(maxField))
	case field > maxField:
		return fmt.Errorf("field %d is longer than %s", len(r.ends)+1, size(maxField))
	case bytes > maxRecord:
		return fmt.Errorf("the line is longer than %s", size(maxRecord))
	case len(r.ends) >= maxFields:
		return fmt.Errorf("the line has more than %d fields", maxFields)
	}
	return nil
}

// byte returns the next byte; each end of a line is one LF.
func (r *records) byte() (byte, error) {
	c, err := r.in.ReadByte()
	if c == '\r' && err == nil {
		if next, err := r.in.ReadByte(); err == nil && next != '\n' {
			r.in.UnreadByte()
		}
		c = '\n'
	}
	if c == '\n' {
		r.line++
	}
	return c, err
}
