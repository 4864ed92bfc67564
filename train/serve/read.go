package serve

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"descent/data"

	"github.com/go-json-experiment/json/jsontext"
)

// Blocks are the rows of a request, some at a time: a [data.Stream] is, of tables.
type blocks interface {
	Next() (*data.Dataset, error) // io.EOF after the last
	Where(row int) string         // of the block, for errors
	Notes() []data.Note
}

// requestName is what package data calls a request.
const requestName = "request"

// rows begins to read the rows of a request.
func (s *Server) rows(r io.Reader, kind string) (blocks, error) {
	switch {
	case s.model.Schema == nil:
		return &pictures{shape: s.model.Shape, in: elements(r)}, nil
	case kind == csvType:
		return s.model.Schema.Stream(r, data.CSVOptions{Name: requestName})
	}
	t, err := s.model.Schema.Stream(newCells(r, s.model.Schema), data.CSVOptions{Name: requestName, Comma: ','})
	if err != nil {
		return nil, byRow(err)
	}
	return objects{t}, nil
}

// Objects are rows that came as JSON, of which errors tell the row and not the line.
type objects struct{ *data.Stream }

func (o objects) Next() (*data.Dataset, error) {
	d, err := o.Stream.Next()
	return d, byRow(err)
}

func (o objects) Where(row int) string { return byRow(errors.New(o.Stream.Where(row))).Error() }

// A rowError is an error of a row of JSON.
type rowError struct{ text string }

func (e *rowError) Error() string { return e.text }

// byRow says row 3 in place of line 4 of the table that rows are made to, without advice on
// how tables are read.
func byRow(err error) error {
	if err == nil {
		return nil
	}
	if bad := (*jsonError)(nil); errors.As(err, &bad) {
		return bad
	}
	text := err.Error()
	if advised := (*data.AdvisedError)(nil); errors.As(err, &advised) {
		text = advised.Err.Error()
	}
	rest, ok := strings.CutPrefix(text, requestName+":")
	end := strings.IndexFunc(rest, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(rest)
	}
	if line, e := strconv.Atoi(rest[:end]); ok && e == nil {
		return &rowError{fmt.Sprintf("row %d%s", line-1, rest[end:])}
	}
	return err
}

// A jsonError is what is wrong with the JSON of a request.
type jsonError struct{ error }

// Error says that it is the JSON, not in which package that was seen.
func (e *jsonError) Error() string {
	return strings.Replace(e.error.Error(), "jsontext: ", "JSON: ", 1)
}

// Unwrap returns the error of reading, if it is one.
func (e *jsonError) Unwrap() error { return e.error }

// An array is JSON whose elements are read one after the other: those of a list, or
// values that stand behind each other.
type array struct {
	in     *jsontext.Decoder
	row    int // of the element
	inside bool
}

func elements(r io.Reader) *array { return &array{in: jsontext.NewDecoder(r)} }

// next goes to the next element, which must begin so, and is io.EOF after the last.
func (a *array) next(begin jsontext.Kind, what string) error {
	if a.row == 0 {
		if a.in.PeekKind() == jsontext.KindBeginArray {
			a.inside = true
			if _, err := a.in.ReadToken(); err != nil {
				return err
			}
		}
	}
	a.row++
	switch kind := a.in.PeekKind(); {
	case kind == begin: // in a list, alone, or each on its line
		return nil
	case a.inside && kind == jsontext.KindEndArray:
		if _, err := a.in.ReadToken(); err != nil {
			return err
		}
		if a.row == 1 {
			return errors.New("there are no rows")
		}
	case kind != jsontext.KindInvalid:
		return fmt.Errorf("row %d is not %s", a.row, what)
	}
	switch _, err := a.in.ReadToken(); {
	case err == nil:
		return errors.New("something stands behind the rows")
	case err == io.EOF && a.row == 1:
		return errors.New("the request is empty")
	default:
		return err
	}
}

// Cells are rows as the text of a table that has the columns of a schema, and one more
// before them, so that no row is empty: an [io.Reader] that reads JSON as it is read.
type cells struct {
	in      *array
	columns map[string]int
	decimal []string // of the columns
	names   []string
	row     []string
	given   []bool
	text    strings.Builder
	out     *csv.Writer
	rest    string
}

func newCells(r io.Reader, schema *data.Schema) *cells {
	c := &cells{in: elements(r), columns: map[string]int{}}
	for i := range schema.Inputs {
		in := &schema.Inputs[i]
		if _, twice := c.columns[in.Name]; twice { // another part of a date
			continue
		}
		c.columns[in.Name] = len(c.names)
		c.names = append(c.names, in.Name)
		sign := "."
		if in.Numerals != nil && in.Numerals.Decimal != "" {
			sign = in.Numerals.Decimal
		}
		c.decimal = append(c.decimal, sign)
	}
	c.row, c.given = make([]string, len(c.names)), make([]bool, len(c.names))
	c.out = csv.NewWriter(&c.text)
	c.write(unlike("row", c.names), c.names)
	return c
}

// write makes a line of the table.
func (c *cells) write(first string, cells []string) {
	c.text.Reset()
	_ = c.out.Write(append([]string{first}, cells...)) // to memory
	c.out.Flush()
	c.rest = c.text.String()
}

// Read implements [io.Reader].
func (c *cells) Read(p []byte) (int, error) {
	if c.rest == "" {
		err := c.object()
		if err == io.EOF {
			return 0, err
		}
		if err != nil {
			return 0, &jsonError{err}
		}
		c.write(strconv.Itoa(c.in.row), c.row)
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// object reads the next row.
func (c *cells) object() error {
	if err := c.in.next(jsontext.KindBeginObject, "an object with a member for each column"); err != nil {
		return err
	}
	clear(c.given)
	if _, err := c.in.in.ReadToken(); err != nil {
		return err
	}
	for c.in.in.PeekKind() != jsontext.KindEndObject {
		key, err := c.in.in.ReadToken()
		if err != nil {
			return err
		}
		name := key.String()
		at, ok := c.columns[name]
		if !ok {
			if err := c.in.in.SkipValue(); err != nil {
				return err
			}
			continue
		}
		if c.row[at], err = c.cell(at); err != nil {
			return err
		}
		c.given[at] = true
	}
	for i, ok := range c.given {
		if !ok {
			return fmt.Errorf("row %d has no %q; null stands for a missing cell", c.in.row, c.names[i])
		}
	}
	_, err := c.in.in.ReadToken()
	return err
}

// cell reads a value as the text of a cell.
func (c *cells) cell(at int) (string, error) {
	switch c.in.in.PeekKind() {
	case jsontext.KindBeginArray, jsontext.KindBeginObject:
		return "", fmt.Errorf("row %d: %q is a list or an object; a cell is a number, a text, true, false or null", c.in.row, c.names[at])
	}
	token, err := c.in.in.ReadToken()
	if err != nil {
		return "", err
	}
	switch token.Kind() {
	case jsontext.KindNull:
		return "", nil
	case jsontext.KindNumber:
		return strings.Replace(token.String(), ".", c.decimal[at], 1), nil
	}
	return oneLine(token.String()), nil
}

// Pictures are rows of numbers from 0 to 1, flat or in lists of any depth.
type pictures struct {
	in    *array
	shape []int
	first int // row of the block
}

// blockNumbers is from how many numbers on a block of pictures is complete.
const blockNumbers = 1 << 16

func (p *pictures) Next() (*data.Dataset, error) {
	d := &data.Dataset{Shape: p.shape}
	size := 1
	for _, n := range p.shape {
		size *= n
	}
	d.Inputs = make([]string, size)
	p.first = p.in.row
	for len(d.X) < blockNumbers {
		err := p.in.next(jsontext.KindBeginArray, "a list of the numbers of a picture; one picture is a list in a list")
		if err == io.EOF && len(d.X) > 0 {
			break
		}
		if err == io.EOF {
			return nil, err
		}
		if err != nil {
			return nil, &jsonError{err}
		}
		if err := p.numbers(d, size); err != nil {
			return nil, &jsonError{err}
		}
	}
	return d, nil
}

// numbers reads those of a row.
func (p *pictures) numbers(d *data.Dataset, size int) error {
	before := len(d.X)
	for depth := 0; ; {
		token, err := p.in.in.ReadToken()
		if err != nil {
			return err
		}
		switch token.Kind() {
		case jsontext.KindBeginArray:
			depth++
		case jsontext.KindEndArray:
			depth--
		case jsontext.KindNumber:
			x, err := token.Float()
			if err != nil || !(x >= 0 && x <= 1) {
				return fmt.Errorf("row %d: %s is not from 0 to 1, which is black to white", p.in.row, token)
			}
			d.X = append(d.X, x)
		default:
			return fmt.Errorf("row %d: a picture has numbers, not %s", p.in.row, token.Kind())
		}
		if n := len(d.X) - before; n > size || depth == 0 && n < size {
			return fmt.Errorf("row %d has not the %d numbers of a picture of %v", p.in.row, size, p.shape)
		}
		if depth == 0 {
			return nil
		}
	}
}

func (p *pictures) Where(row int) string { return fmt.Sprintf("row %d", p.first+row+1) }
func (p *pictures) Notes() []data.Note   { return nil }
