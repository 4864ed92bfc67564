package data

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A maker makes the rows of a file that is no text with separators, as cells.
type maker interface {
	names() []string
	next() (fields []string, line int, err error) // io.EOF after the last
}

// objects are rows as JSON: a list of objects, or objects that stand behind each other,
// as on the lines of a .jsonl. A member is a cell, one of an object within the row is
// called outer.inner. The columns are the members of the first rows.
type objects struct {
	in      *jsontext.Decoder
	schema  *Schema
	inputs  map[string]*Input
	inside  bool // a list
	row     int  // that is read
	whole   bool // rows have all columns of the schema
	columns []string
	places  map[string]int
	fields  []string
	given   []bool
	ahead   [][]string // rows that were read to find the columns
	after   error      // what comes after them
	served  int
}

// newObjects reads the first rows.
func newObjects(r io.Reader, o CSVOptions) (*objects, error) {
	in := &rowLimit{r: r}
	j := &objects{in: jsontext.NewDecoder(in), schema: o.Schema, inputs: o.Schema.byColumn(), whole: o.JSON, places: map[string]int{}}
	in.of = j.in
	for len(j.ahead) < sampleRows && j.after == nil {
		if j.after = j.read(true); j.after == nil {
			j.ahead = append(j.ahead, append([]string(nil), j.fields...))
		}
	}
	switch {
	case len(j.ahead) > 0 && len(j.columns) > 0:
		return j, nil
	case j.after != io.EOF:
		return nil, fmt.Errorf("row %d: %w", j.row, j.after)
	case len(j.ahead) > 0:
		return nil, errors.New("no row has a member, which would be a column")
	}
	return nil, errors.New("there are no rows")
}

// A rowLimit refuses rows that would fill the memory.
type rowLimit struct {
	r  io.Reader
	of *jsontext.Decoder
	n  int64
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.n-l.of.InputOffset() > maxRecord {
		return 0, fmt.Errorf("a text is longer than %s", size(maxRecord))
	}
	n, err := l.r.Read(p)
	l.n += int64(n)
	return n, err
}

func (j *objects) names() []string { return j.columns }

func (j *objects) next() (fields []string, line int, err error) {
	if j.served++; j.served <= len(j.ahead) {
		fields = j.ahead[j.served-1]
		j.ahead[j.served-1] = nil
		return append(fields, make([]string, len(j.columns)-len(fields))...), j.served, nil
	}
	if err = j.after; err == nil {
		err = j.read(false)
	}
	if err == nil || err == io.EOF {
		return j.fields, j.served, err
	}
	return nil, j.served, err
}

// read reads a row; what it has first of all rows becomes a column if it may.
func (j *objects) read(learn bool) error {
	err := j.begin()
	if err != nil {
		return jsonError(err)
	}
	j.fields, j.given = j.fields[:0], j.given[:0]
	j.room()
	if err := j.members("", learn); err != nil {
		return jsonError(err)
	}
	for i := range j.given {
		if j.whole && !j.given[i] && j.inputs[j.columns[i]] != nil {
			return fmt.Errorf("there is no %s; null stands for a missing cell", quote(j.columns[i]))
		}
	}
	return nil
}

// room makes room for all columns.
func (j *objects) room() {
	for len(j.fields) < len(j.columns) {
		j.fields, j.given = append(j.fields, ""), append(j.given, false)
	}
}

// jsonError says that it is the JSON that is wrong, not in which package that was seen.
func jsonError(err error) error {
	var wrong *jsontext.SyntacticError
	if errors.As(err, &wrong) {
		return errors.New(strings.Replace(err.Error(), "jsontext: ", "JSON: ", 1))
	}
	return err
}

// begin goes to the next object.
func (j *objects) begin() error {
	if j.row == 0 && j.in.PeekKind() == jsontext.KindBeginArray {
		j.inside = true
		if _, err := j.in.ReadToken(); err != nil {
			return err
		}
	}
	j.row++
	switch kind := j.in.PeekKind(); {
	case kind == jsontext.KindBeginObject:
		return nil
	case j.inside && kind == jsontext.KindEndArray:
		if _, err := j.in.ReadToken(); err != nil {
			return err
		}
		j.inside = false
	case kind != jsontext.KindInvalid:
		return errors.New("it is not an object with a member for each column")
	}
	_, err := j.in.ReadToken()
	if err == nil {
		err = errors.New("something stands behind the list of rows")
	}
	return err
}

// members reads those of an object whose columns have such names.
func (j *objects) members(prefix string, learn bool) error {
	if _, err := j.in.ReadToken(); err != nil {
		return err
	}
	for j.in.PeekKind() != jsontext.KindEndObject {
		key, err := j.in.ReadToken()
		if err != nil {
			return err
		}
		if err := j.member(prefix+columnLine(key.String()), learn); err != nil {
			return err
		}
	}
	_, err := j.in.ReadToken()
	return err
}

// member reads the value of a member.
func (j *objects) member(name string, learn bool) error {
	at, known := j.places[name]
	switch kind := j.in.PeekKind(); {
	case kind == jsontext.KindBeginObject && j.in.StackDepth() < maxDepth:
		return j.members(name+".", learn)
	case j.schema != nil && j.inputs[name] == nil && !learn:
		return j.in.SkipValue()
	case kind == jsontext.KindBeginArray || kind == jsontext.KindBeginObject:
		if j.schema != nil && j.inputs[name] == nil {
			return j.in.SkipValue()
		}
		return fmt.Errorf("%s is a list; a cell is a number, a text, true, false or null", quote(name))
	case !known && !learn:
		return fmt.Errorf("%s is in none of the first %d rows; let one of them have it, as null", quote(name), len(j.ahead))
	case !known && len(j.columns) == maxFields:
		return fmt.Errorf("there are more than %d members", maxFields)
	case !known:
		at = len(j.columns)
		j.places[name] = at
		j.columns = append(j.columns, name)
		j.room()
	}
	if j.given[at] {
		return fmt.Errorf("there are two members %s", quote(name))
	}
	j.given[at] = true
	token, err := j.in.ReadToken()
	if err != nil {
		return err
	}
	text := token.String()
	switch token.Kind() {
	case jsontext.KindNull:
		text = ""
	case jsontext.KindNumber:
		if in := j.inputs[name]; in != nil && in.Numerals != nil && in.Numerals.Decimal != "" {
			text = strings.Replace(text, ".", in.Numerals.Decimal, 1)
		}
	}
	if len(text) > maxField {
		return fmt.Errorf("%s is longer than %s", quote(name), size(maxField))
	}
	j.fields[at] = strings.TrimSpace(text)
	return nil
}

// maxDepth is how deep objects may lie in rows.
const maxDepth = 10
