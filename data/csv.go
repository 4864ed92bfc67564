package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CSVOptions says how text becomes a table. The zero value reads
// comma-separated values with a header.
type CSVOptions struct {
	// Name is what errors call the text. OpenCSV sets it to the path; without
	// it, it is "csv".
	Name string
	// Comma separates the fields; 0 means ','.
	Comma byte
	// NoHeader says that the first line is data already. The columns are then
	// named column_1, column_2, ...
	NoHeader bool
	// Kinds overrides the kinds of columns by name. Otherwise a column is
	// numeric if each cell that is not missing is a number.
	Kinds map[string]Kind
	// Missing lists further cells that stand for a missing value, such as
	// "-999".
	Missing []string
	// MaxBytes bounds the text, after decompression; 0 means DefaultMaxBytes.
	MaxBytes int64
}

// OpenCSV reads the table in a file; see ReadCSV.
func OpenCSV(path string, o CSVOptions) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	o.Name = path
	return ReadCSV(f, o)
}

// fileError says "path: no such file", without the name of the system call.
func fileError(path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// ReadCSV reads a table: UTF-8 text (with or without a byte order mark, lines
// ending with LF or CRLF, plain or gzip) in the format of RFC 4180, whose first
// line has the names of the columns. Blank lines and spaces around cells do not
// count. A column without a name, as pandas writes for its index, is called
// column_1 after its place.
//
// These cells are missing, in upper or lower case: the empty one, NA, N/A, NaN,
// null, ?; and those listed in o.Missing.
//
// Errors are one line, and name the text, the line, and the column. Refused
// are: rows that are longer or shorter than the header, two columns with one
// name, infinite numbers, text that is not UTF-8, a field of more than 1 MiB, a
// line of more than 16 MiB or 65,536 fields, more than o.MaxBytes of text, gzip
// data that expand more than 100 times, a column of numbers with a few words
// in it, and a table without rows.
func ReadCSV(r io.Reader, o CSVOptions) (*Table, error) {
	if o.Name == "" {
		o.Name = "csv"
	}
	lines, err := newLines(r, o)
	if err != nil {
		return nil, within(o.Name, err)
	}
	header, err := lines.header(o)
	if err != nil {
		return nil, err
	}
	if err := checkKinds(header, o); err != nil {
		return nil, err
	}
	t := &Table{Name: o.Name}
	columns, err := t.read(lines, header, o)
	if err != nil {
		return nil, err
	}
	return t, t.fill(columns, o)
}

// read reads all rows, as text, and notes their lines.
func (t *Table) read(lines *lines, header []string, o CSVOptions) ([]cells, error) {
	columns := make([]cells, len(header))
	for i, name := range header {
		columns[i].name = name
	}
	for row := 0; ; row++ {
		fields, line, err := lines.next()
		switch {
		case err == io.EOF && row == 0:
			return nil, fmt.Errorf("%s: a header and no rows", t.Name)
		case err == io.EOF:
			return columns, nil
		case err != nil:
			return nil, err
		case len(fields) != len(header):
			return nil, fmt.Errorf("%s:%d: %d fields, the header has %d", t.Name, line, len(fields), len(header))
		}
		t.setLine(row, line)
		if err := addRow(columns, fields, o); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", t.Name, line, err)
		}
	}
}

// addRow adds the cells of a row to their columns.
func addRow(columns []cells, fields []string, o CSVOptions) error {
	for i, cell := range fields {
		if isMissing(cell) || slices.Contains(o.Missing, cell) {
			cell = ""
		}
		if err := columns[i].add(cell); err != nil {
			return err
		}
	}
	return nil
}

// fill makes the columns of the table, and frees the text of each at once.
func (t *Table) fill(columns []cells, o CSVOptions) error {
	for i := range columns {
		c, bad := columns[i].column(o.Kinds[columns[i].name])
		if bad != nil {
			return within(fmt.Sprintf("%s: column %s", t.Where(bad.row), quote(columns[i].name)), bad.err)
		}
		columns[i] = cells{}
		t.Columns = append(t.Columns, c)
	}
	return nil
}

// checkKinds refuses kinds of columns that do not exist, and kinds that do not.
func checkKinds(header []string, o CSVOptions) error {
	known := setOf(header)
	// In order, so that of several mistakes the same is reported each time.
	for _, name := range sortedKeys(o.Kinds) {
		if !known[name] {
			return advise(fmt.Errorf("%s: no column %s", o.Name, choice(name, "columns", header)), Advice{Text: "take it out of Kinds", Option: "Kinds", Value: name, Remove: true})
		}
		if k := o.Kinds[name]; k != "" && k != Numeric && k != Categorical {
			return fmt.Errorf("%s: Kinds: column %s: %w", o.Name, quote(name), unknown("kind", string(k), Numeric, Categorical))
		}
	}
	return nil
}

// lines reads the records of a text.
type lines struct {
	name  string
	csv   *csv.Reader
	guard *guard

	// A record that was looked at and is to come again, and its line.
	again     []string
	againLine int
}

func newLines(r io.Reader, o CSVOptions) (*lines, error) {
	if o.Comma == 0 {
		o.Comma = ','
	}
	if o.Comma >= utf8.RuneSelf || o.Comma == '"' || o.Comma == '\n' || o.Comma == '\r' {
		return nil, fmt.Errorf("fields cannot be separated by %q", rune(o.Comma))
	}
	text, err := plain(r, o.MaxBytes)
	if err != nil {
		return nil, err
	}
	head, err := text.Peek(3)
	switch {
	case err != nil && err != io.EOF:
		return nil, err
	case string(head) == "\ufeff":
		text.Discard(3)
	case len(head) >= 2 && (string(head[:2]) == "\xff\xfe" || string(head[:2]) == "\xfe\xff"):
		return nil, errors.New("the text is UTF-16; save it as UTF-8")
	}
	g := newGuard(text, o.Comma)
	c := csv.NewReader(bufio.NewReader(g))
	c.Comma = rune(o.Comma)
	c.FieldsPerRecord = -1 // our error says more
	c.ReuseRecord = true
	// Spaces before a quote; where the separator is white itself, they would
	// swallow empty fields.
	c.TrimLeadingSpace = o.Comma != '\t' && o.Comma != ' '
	return &lines{name: o.Name, csv: c, guard: g}, nil
}

// next returns the fields of the next record without the spaces around them,
// and its line. The fields are good until the next call.
func (l *lines) next() (fields []string, line int, err error) {
	if l.again != nil {
		fields, l.again = l.again, nil
		return fields, l.againLine, nil
	}
	fields, err = l.csv.Read()
	var pe *csv.ParseError
	switch {
	case err == io.EOF:
		return nil, 0, err
	case errors.As(err, &pe):
		return nil, 0, fmt.Errorf("%s:%d: character %d: %w; put fields with quotes in quotes, and double those inside", l.name, pe.Line, pe.Column, pe.Err)
	case err != nil:
		return nil, 0, within(fmt.Sprintf("%s:%d", l.name, l.guard.start), err)
	}
	line, _ = l.csv.FieldPos(0)
	for i, f := range fields {
		if !utf8.ValidString(f) {
			at, _ := l.csv.FieldPos(i)
			return nil, 0, fmt.Errorf("%s:%d: field %d is not UTF-8: %s; save the text as UTF-8", l.name, at, i+1, quote(f))
		}
		fields[i] = strings.TrimSpace(f)
	}
	return fields, line, nil
}

// header returns the names of the columns.
func (l *lines) header(o CSVOptions) (names []string, err error) {
	fields, line, err := l.next()
	if err == io.EOF {
		return nil, fmt.Errorf("%s: the file is empty", l.name)
	}
	if err != nil {
		return nil, err
	}
	names = slices.Clone(fields)
	for i, n := range names {
		// A name pins its record, which may be a whole line of data.
		if names[i] = strings.Clone(n); n == "" || o.NoHeader {
			names[i] = "column_" + strconv.Itoa(i+1)
		}
	}
	if o.NoHeader {
		l.again, l.againLine = slices.Clone(fields), line
		return names, nil
	}
	if twice, ok := repeated(names); ok {
		return nil, fmt.Errorf("%s:%d: two columns are called %s; rename one", l.name, line, quote(twice))
	}
	if looksLikeData(names) {
		return nil, advise(fmt.Errorf("%s:%d: the names of the columns are all numbers (%s)", l.name, line, list(names)),
			Advice{Text: "add a header"}, Advice{Text: "set NoHeader", Option: "NoHeader"})
	}
	if len(names) == 1 && o.Comma == 0 {
		if at := strings.IndexAny(names[0], ";\t|"); at >= 0 {
			comma := names[0][at]
			return nil, advise(fmt.Errorf("%s:%d: one column called %s", l.name, line, quote(names[0])),
				Advice{Text: fmt.Sprintf("if its fields are separated by %q, set Comma to that", comma), Option: "Comma", Value: string(comma)})
		}
	}
	return names, nil
}

// looksLikeData tells whether a header is probably a row. Programs that have
// no names for columns write 0, 1, 2, ... or 1, 2, 3, ...; that is a header.
func looksLikeData(names []string) bool {
	values, ok := numbersOf(names)
	if !ok {
		return false
	}
	for i, v := range values {
		if v != values[0]+float64(i) || values[0] != 0 && values[0] != 1 {
			return true
		}
	}
	return false
}

// setOf returns the set of names. Tables have up to 65,536 columns, too many to
// search a list for each.
func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
