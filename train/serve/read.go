package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
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
	if s.model.Schema == nil {
		return &pictures{shape: s.model.Shape, in: jsontext.NewDecoder(r)}, nil
	}
	t, err := s.model.Schema.Stream(r, data.CSVOptions{Name: requestName, JSON: kind == jsonType})
	if err != nil {
		return nil, byRow(err)
	}
	if kind == csvType {
		return t, nil
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

// byRow says row 3 in place of line 3 of the request, without advice on how files are read.
func byRow(err error) error {
	if err == nil || err == io.EOF || errors.As(err, new(*http.MaxBytesError)) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	text := err.Error()
	if advised := (*data.AdvisedError)(nil); errors.As(err, &advised) {
		text = advised.Err.Error()
	}
	if rest, ok := strings.CutPrefix(text, requestName+": "); ok {
		return &rowError{rest}
	}
	if rest, ok := strings.CutPrefix(text, requestName+":"); ok {
		return &rowError{"row " + rest}
	}
	return err
}

// Pictures are rows of numbers from 0 to 1, flat or in lists of any depth.
type pictures struct {
	in    *jsontext.Decoder
	shape []int
	row   int // so far
	first int // row of the block
}

// blockNumbers is from how many numbers on a block of pictures is complete.
const blockNumbers = 1 << 16

func (p *pictures) Next() (*data.Dataset, error) {
	size := 1
	for _, n := range p.shape {
		size *= n
	}
	var x []float64
	for p.first = p.row; len(x) < blockNumbers; {
		err := p.next(&x, size)
		if err == io.EOF && len(x) > 0 {
			break
		}
		if wrong := (*jsontext.SyntacticError)(nil); errors.As(err, &wrong) {
			err = errors.New(strings.Replace(err.Error(), "jsontext: ", "JSON: ", 1))
		}
		if err != nil {
			return nil, err
		}
	}
	return &data.Dataset{X: data.ArrayOf(x, size), Shape: p.shape, Inputs: make([]string, size)}, nil
}

// next appends a picture, io.EOF after the last.
func (p *pictures) next(x *[]float64, size int) error {
	if p.row == 0 && p.in.StackDepth() == 0 {
		if token, err := p.in.ReadToken(); err == io.EOF || err == nil && token.Kind() != jsontext.KindBeginArray {
			return errors.New("a request is a list of pictures")
		} else if err != nil {
			return err
		}
	}
	switch p.in.PeekKind() {
	case jsontext.KindBeginArray:
		p.row++
		return p.numbers(x, size)
	case jsontext.KindEndArray:
		if _, err := p.in.ReadToken(); err != nil {
			return err
		}
		if p.row == 0 {
			return errors.New("there are no rows")
		}
	case jsontext.KindInvalid:
	default:
		return fmt.Errorf("row %d is not a list of the numbers of a picture; one picture is a list in a list", p.row+1)
	}
	_, err := p.in.ReadToken()
	if err == nil {
		err = errors.New("something stands behind the list of pictures")
	}
	return err
}

// numbers appends those of a row.
func (p *pictures) numbers(all *[]float64, size int) error {
	before := len(*all)
	for depth := 0; ; {
		token, err := p.in.ReadToken()
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
				return fmt.Errorf("row %d: %s is not from 0 to 1, which is black to white", p.row, token)
			}
			*all = append(*all, x)
		default:
			return fmt.Errorf("row %d: a picture has numbers, not %s", p.row, token.Kind())
		}
		if n := len(*all) - before; n > size || depth == 0 && n < size {
			return fmt.Errorf("row %d has not the %d numbers of a picture of %v", p.row, size, p.shape)
		}
		if depth == 0 {
			return nil
		}
	}
}

func (p *pictures) Where(row int) string { return fmt.Sprintf("row %d", p.first+row+1) }
func (p *pictures) Notes() []data.Note   { return nil }
