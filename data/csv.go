package data

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CSVOptions says how text becomes a table. The zero value finds out by itself.
type CSVOptions struct {
	// Name is what errors call the text. OpenCSV sets it to the path; without
	// it, it is "csv".
	Name string
	// Comma separates the fields; ' ' stands for any number of spaces and
	// tabs. 0 means that of ",", ";", tab, "|" and spaces with which the first
	// records agree, or that of a first line such as sep=;.
	Comma byte
	// NoHeader says that the first line is data already. The columns are then
	// named column_1, column_2, ...
	NoHeader bool

	// Decimal is the decimal sign, "." or ","; Thousands is what separates
	// thousands. Where they are "", each column that has numbers in another way
	// of writing than that of programs tells.
	Decimal, Thousands string
	// DayFirst says that 1/2/2024 is the first of February.
	DayFirst bool
	// Missing lists further cells that stand for a missing value, such as
	// "-999".
	Missing []string

	// Kinds overrides the kinds of columns by name. Otherwise a column is
	// numeric if each cell that is not missing is a number, one of dates if each
	// is a date, and else categorical.
	Kinds map[string]Kind
	// Schema says how the columns were read when it was made, so that rows for
	// which it is to be applied are read alike, however few they are.
	Schema *Schema

	// JSON says that the text is JSON, whatever it begins with, and that each row must have
	// all members that the schema names.
	JSON bool

	// Sample is how many rows are kept of a file that has more, drawn by Seed, in their
	// order; 0 is all.
	Sample int
	Seed   uint64

	// MaxBytes bounds the text, after decompression; 0 means DefaultMaxBytes.
	MaxBytes int64

	// Pictures say how Open reads pictures. A table has none.
	Pictures PictureOptions
}

// missing tells whether a cell is one of those in Missing, as a word or as a
// number.
func (o *CSVOptions) missing(cell string) bool {
	v, isNumber := number(cell)
	return slices.ContainsFunc(o.Missing, func(m string) bool {
		w, ok := number(m)
		return strings.EqualFold(m, cell) || ok && isNumber && v == w
	})
}

// check refuses options that cannot be followed.
func (o *CSVOptions) check() error {
	switch {
	case o.Comma >= utf8.RuneSelf || o.Comma == '"' || o.Comma == '\n' || o.Comma == '\r':
		return fmt.Errorf("fields cannot be separated by %q", rune(o.Comma))
	case o.Decimal != "" && o.Decimal != "." && o.Decimal != ",":
		return fmt.Errorf("the decimal sign cannot be %s, only \".\" or \",\"", quote(o.Decimal))
	case o.Thousands != "" && (utf8.RuneCountInString(o.Thousands) != 1 || !strings.ContainsFunc(o.Thousands, isGroup)):
		return fmt.Errorf("thousands cannot be separated by %s, only by a comma, a point, an apostrophe, an underscore or a space", quote(o.Thousands))
	case o.Thousands != "" && o.Thousands == o.Decimal:
		return fmt.Errorf("the decimal sign and what separates thousands are both %s", quote(o.Decimal))
	}
	return nil
}

// decimal is the decimal sign that was asked for, 0 if none was.
func (o *CSVOptions) decimal() byte {
	switch {
	case o.Decimal != "":
		return o.Decimal[0]
	case o.Thousands == ",":
		return '.'
	case o.Thousands == ".":
		return ','
	}
	return 0
}

// OpenCSV reads the table in a file, or in those that match a pattern ([Files]); see
// [ReadCSV].
func OpenCSV(path string, o CSVOptions) (*Table, error) {
	files, err := openShelf(path, o)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	o.Name = path
	return readCSV(files.file, o, files)
}

// fileError says "path: no such file", without the name of the system call.
func fileError(path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// ReadCSV reads a table: text (UTF-8 or UTF-16, plain or gzip, lines ending
// with LF, CRLF or CR) in the format of RFC 4180, whose first line has the names
// of the columns. Quotes inside a field that does not begin with one are text.
// Blank lines, rows of empty cells and spaces around cells do not count, nor do
// comments: lines that begin with # above the header, or that have not as many
// fields. A column
// without a name, as pandas writes for its index, is called column_1 after its
// place.
//
// Numbers may have thousands (312,402; 1'000; 1_000), a decimal comma, a sign
// of currency or a unit, where a whole column agrees; what is guessed is in
// Table.Notes. Dates may be written in any usual way.
//
// These cells are missing, in upper or lower case: the empty one, ?, NA, N/A,
// NaN, null, <NA>, \N, the errors of spreadsheets such as #N/A; those listed in
// o.Missing; and among numbers and dates -, ., none and the like.
//
// Errors are one line, and name the text, the line, and the column. Refused
// are: files that are no text, by what they are; rows that are longer or shorter
// than the header, two columns with one name, a header that looks like data,
// infinite numbers, text that is not UTF-8, a field of more than 1 MiB, a line
// of more than 16 MiB or 65,536 fields, more than o.MaxBytes of text, gzip data
// that expand more than 100 times, a column of numbers or dates with a few words
// in it, a last row of totals, and a table without rows.
func ReadCSV(r io.Reader, o CSVOptions) (*Table, error) { return readCSV(r, o, nil) }

// readCSV reads a table of which r is the first file, if there are several.
func readCSV(r io.Reader, o CSVOptions, files *shelf) (*Table, error) {
	if o.Name == "" {
		o.Name = "csv"
	}
	t := &Table{Name: o.Name, missing: o.Missing}
	if o.Sample > 0 {
		o.MaxBytes = cmp.Or(o.MaxBytes, math.MaxInt64) // all but the sample passes by
	}
	if o.Schema != nil {
		o.Missing = append(slices.Clone(o.Schema.MissingWords), o.Missing...)
	}
	records, header, err := t.beginFirst(r, o, files)
	if err != nil {
		return nil, err
	}
	if err := checkKinds(header, o); err != nil {
		return nil, err
	}
	columns, err := t.read(records, header, o)
	if err != nil {
		return nil, err
	}
	if bad := t.fill(columns, o, records.comma); bad != nil {
		return nil, bad.err
	}
	return t, t.sums()
}

// beginFirst begins to read the first file, perhaps of several.
func (t *Table) beginFirst(r io.Reader, o CSVOptions, files *shelf) (in *records, header []string, err error) {
	if files != nil {
		o.Name = files.o.Name
		files.o = o
	}
	if in, header, err = t.begin(r, o); err == nil && files != nil {
		files.header, in.shelf = header, files
	}
	return in, header, err
}

// begin begins to read a file, and returns its columns.
func (t *Table) begin(r io.Reader, o CSVOptions) (in *records, header []string, err error) {
	in, list, err := t.open(r, o)
	if err != nil {
		return nil, nil, within(o.Name, err)
	}
	titles, list, err := in.titles(list, o.NoHeader)
	if err != nil {
		return nil, nil, err
	}
	if titles != nil {
		t.note("lines above the header are left out: " + few(titles))
	}
	header, err = in.header(o, list)
	in.width = len(header)
	return in, header, err
}

// note makes a note once, also where several files ask for it.
func (t *Table) note(text string, advice ...Advice) {
	if !slices.ContainsFunc(t.Notes, func(n Note) bool { return n.Text == text }) {
		t.Notes = append(t.Notes, Note{Text: text, Advice: advice})
	}
}

// open finds out how the text is laid out; list are its first records.
func (t *Table) open(r io.Reader, o CSVOptions) (in *records, list [][]string, err error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	text, err := newText(r, o.MaxBytes)
	if err != nil {
		return nil, nil, err
	}
	head, err := peek(text)
	if err != nil {
		return nil, nil, err
	}
	in = newRecords(o.Name, text, o.Comma)
	if in.made, err = madeOf(text, head, o); in.made != nil || err != nil {
		in.comma = ','
		return in, nil, err
	}
	whole := len(head) < sampleSize
	if c, length := separatorLine(head); length > 0 {
		in.comma, in.line = cmp.Or(o.Comma, c), 2
		head = slices.Clone(head[length:])
		text.Discard(length)
	}
	if in.comma == 0 {
		if in.comma = findComma(head, whole); in.comma != ',' {
			t.note("the fields are separated by "+commaName(in.comma), Advice{Text: "set Comma if that is wrong", Option: "Comma"})
		}
	}
	return in, sample(head, in.comma, whole), nil
}

// madeOf returns what makes the rows of a file of JSON or of an array; nil of others.
func madeOf(text *bufio.Reader, head []byte, o CSVOptions) (maker, error) {
	array, json := bytes.HasPrefix(head, numpyMagic), o.JSON || isJSON(head)
	if !array && !json {
		return nil, nil
	}
	if advice := leaveOut(map[string]bool{"Comma": o.Comma != 0, "NoHeader": o.NoHeader}); advice != nil {
		return nil, advise(errors.New("JSON or an array of NumPy, which has no separators and no header"), advice...)
	}
	if array {
		rows, err := newArrayRows(text)
		if err != nil {
			return nil, err
		}
		return rows, nil
	}
	rows, err := newObjects(text, o)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func commaName(c byte) string {
	switch c {
	case '\t':
		return "tabs"
	case runs:
		return "spaces"
	}
	return strconv.QuoteRune(rune(c))
}

// read reads all rows, as text, and notes their lines.
func (t *Table) read(in *records, header []string, o CSVOptions) ([]cells, error) {
	if o.Sample > 0 {
		return t.sample(in, header, o)
	}
	columns := newCells(header)
	if rows, ok := in.made.(*arrayRows); ok && (in.shelf == nil || len(in.shelf.paths) == 0) {
		t.setLine(0, in.name, 1)
		for i := range columns {
			columns[i].array, columns[i].place = rows.of, i
		}
		return columns, nil
	}
	for row := 0; ; row++ {
		fields, line, err := t.row(in, header, row)
		switch {
		case err == io.EOF && row == 0:
			return nil, noRows(t.Name)
		case err == io.EOF:
			settle(columns)
			t.Notes = append(t.Notes, t.left()...)
			return columns, t.totals(columns, row-1)
		case err != nil:
			return nil, err
		}
		t.setLine(row, in.name, line)
		addRow(columns, fields, o)
	}
}

// newCells returns columns without rows.
func newCells(header []string) []cells {
	columns := make([]cells, len(header))
	for i, name := range header {
		columns[i].name = name
	}
	return columns
}

// left says which rows were left out since they are empty.
func (t *Table) left() []Note {
	if t.empty == 0 {
		return nil
	}
	return []Note{{Text: rowsOfNothing(t.empty)}}
}

func rowsOfNothing(n int) string {
	if n == 1 {
		return "a row of empty cells is left out"
	}
	return fmt.Sprintf("%d rows of empty cells are left out", n)
}

func noRows(name string) error { return fmt.Errorf("%s: a header and no rows", name) }

// row reads the fields of a row, as many as the header has. Rows of empty cells, and
// the header where it comes again, are left out.
func (t *Table) row(in *records, header []string, row int) (fields []string, line int, err error) {
	for {
		fields, line, err = in.next()
		if err == io.EOF && in.shelf != nil {
			next, err := in.shelf.next(t)
			if err != nil {
				return nil, 0, err
			}
			*in = *next
			continue
		}
		switch {
		case err != nil:
			return nil, 0, err
		case len(fields) == len(header)+1 && fields[len(header)] == "":
			fields = fields[:len(header)] // a separator ends the line
		case len(fields) != len(header):
			return nil, 0, t.ragged(in.name, row, line, len(fields), len(header))
		}
		if fields = in.ordered(fields); in.made != nil {
			return fields, line, nil
		}
		again := slices.EqualFunc(fields, header, func(cell, name string) bool { return columnLine(cell) == name })
		switch {
		case again && slices.ContainsFunc(header, notNumber):
			t.Notes = append(t.Notes, Note{Text: fmt.Sprintf("line %d, which is the header again, is left out", line)})
		case len(header) > 1 && !slices.ContainsFunc(fields, func(cell string) bool { return cell != "" }):
			t.empty++
		default:
			return fields, line, nil
		}
	}
}

// ragged is the error for a row that has not as many fields as the header.
func (t *Table) ragged(file string, row, line, fields, header int) error {
	many := "fields"
	if fields == 1 {
		many = "field"
	}
	err := fmt.Errorf("%s:%d: %d %s, the header has %d", file, line, fields, many, header)
	switch {
	case row == 0 && header == 1:
		return advise(err, Advice{Text: "if the first line is a title, delete it"}, Advice{Text: "set Comma if the fields are separated by something else", Option: "Comma"})
	case fields < header:
		return advise(err, Advice{Text: "delete the line if it is a title, a total or a remark, else complete it"})
	}
	return advise(err, Advice{Text: "if a cell has the separator in it, put the cell into quotes"})
}

// addRow adds the cells of a row to their columns.
func addRow(columns []cells, fields []string, o CSVOptions) {
	for i, cell := range fields {
		columns[i].add(o.cell(cell))
	}
}

// cell returns a cell as it is collected: "" if it is missing.
func (o *CSVOptions) cell(text string) string {
	if inner, ok := strings.CutPrefix(text, `="`); ok && strings.HasSuffix(inner, `"`) {
		text = strings.TrimSpace(inner[:len(inner)-1]) // Excel's way to write a text of digits
	}
	if isMissing(text) || o.Missing != nil && o.missing(text) {
		return ""
	}
	return text
}

// checkKinds refuses kinds of columns that do not exist, and kinds that do not.
func checkKinds(header []string, o CSVOptions) error {
	known := setOf(header)
	// In order, so that of several mistakes the same is reported each time.
	for _, name := range sortedKeys(o.Kinds) {
		if !known[name] {
			return advise(fmt.Errorf("%s: no column %s", o.Name, choice(name, "columns", header)), Advice{Text: "take it out of Kinds", Option: "Kinds", Value: name, Remove: true})
		}
		if k := o.Kinds[name]; k != "" && k != Numeric && k != Categorical && k != Date {
			return fmt.Errorf("%s: Kinds: column %s: %w", o.Name, quote(name), unknown("kind", string(k), Numeric, Categorical, Date))
		}
	}
	return nil
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
