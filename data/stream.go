package data

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// A block is this many rows of a stream, or fewer if they have much text or many
// inputs.
const (
	blockRows  = 1024
	blockBytes = 1 << 18
	blockCells = 1 << 18
)

// A Stream reads a table of any length as the inputs of a model, some rows at a
// time, in the memory of these. What a whole column tells in [ReadCSV], the schema
// knows; where a file is written in another way than the training rows, the first
// rows that show it decide, and later ones that contradict are an error. Columns
// that the schema does not use are not looked at.
type Stream struct {
	schema  *Schema
	o       CSVOptions
	in      *records
	header  []string
	kept    []int // their fields
	fields  []int // those of columns
	columns []cells
	numeric []bool // or dates
	forms   []form
	texts   [][]string // of the kept columns in this block
	notes   []Note
	unseen  []unseen
	far     strangers
	table   Table // the block
	rows    int   // read before it
	err     error // what comes after it
	close   func() error
}

// Open opens an embedded set, a file, or those that match a pattern ([Files]), to be
// applied row by row, see [Schema.Stream].
func (s *Schema) Open(name string, o CSVOptions) (*Stream, error) {
	set, folder, err := look(name)
	switch {
	case err != nil:
		return nil, err
	case folder:
		return nil, fmt.Errorf("%s: a folder of images; a table is needed", name)
	case set != nil:
		text, err := set.text(o)
		if err != nil {
			return nil, err
		}
		return s.Stream(text, CSVOptions{Name: name})
	}
	files, err := openShelf(name, o)
	if err != nil {
		return nil, err
	}
	o.Name = name
	st, err := s.stream(files.file, o, files)
	if err != nil {
		files.Close()
		return nil, err
	}
	st.close = files.Close
	return st, nil
}

// Stream begins to read text as [ReadCSV] does, to be applied as [Schema.Apply]
// does. There is no bound on the text but o.MaxBytes.
func (s *Schema) Stream(r io.Reader, o CSVOptions) (*Stream, error) { return s.stream(r, o, nil) }

func (s *Schema) stream(r io.Reader, o CSVOptions, files *shelf) (*Stream, error) {
	o.Name, o.Schema = cmp.Or(o.Name, "csv"), s
	o.MaxBytes = cmp.Or(o.MaxBytes, math.MaxInt64)
	o.Missing = append(slices.Clone(s.MissingWords), o.Missing...)
	st := &Stream{schema: s, o: o, table: Table{Name: o.Name}, close: func() error { return nil }}
	var err error
	if st.in, st.header, err = st.table.beginFirst(r, o, files); err != nil {
		return nil, err
	}
	places := make(map[string]int, len(st.header))
	for i, name := range st.header {
		places[name] = i
	}
	for i := range s.Inputs {
		name := s.Inputs[i].Name
		at, ok := places[name]
		switch {
		case !ok:
			return nil, st.noColumn(name)
		case i > 0 && s.Inputs[i-1].Name == name:
			continue // another part of a date
		}
		st.fields = append(st.fields, at)
		st.columns = append(st.columns, cells{name: name})
		st.numeric = append(st.numeric, s.Inputs[i].Kind == Numeric || s.Inputs[i].Part != "")
	}
	st.forms = make([]form, len(st.columns))
	return st, nil
}

func (st *Stream) noColumn(name string) error {
	return fmt.Errorf("%s: no column %s", st.o.Name, choice(name, "columns", st.header))
}

// Keep asks for the cells of a column, which need not be an input; see
// [Stream.Kept]. It is called before the first block is read.
func (st *Stream) Keep(name string) error {
	at := slices.Index(st.header, name)
	if at < 0 {
		return st.noColumn(name)
	}
	st.kept, st.texts = append(st.kept, at), append(st.texts, nil)
	return nil
}

// Close closes the file of [Schema.Open].
func (st *Stream) Close() error { return st.close() }

// Kept returns the cells of the i-th column that is kept in the rows of the block,
// as they are written. They are valid until the next.
func (st *Stream) Kept(i int) []string { return st.texts[i] }

// Where names a row of the block in errors, as [Table.Where] does.
func (st *Stream) Where(row int) string { return st.table.Where(row) }

// Notes says what was found out so far.
func (st *Stream) Notes() []Note {
	notes := slices.Concat(st.table.Notes, st.notes, st.table.left())
	for _, u := range st.unseen {
		notes = append(notes, u.note(st.rows))
	}
	return append(notes, st.far.notes(st.rows)...)
}

// Next returns the next rows as inputs, and io.EOF after the last. The first row
// that is in error is named; those before it are returned before.
func (st *Stream) Next() (*Dataset, error) {
	if st.err != nil {
		return nil, st.err
	}
	n := st.read()
	for n > 0 {
		d, bad := st.block()
		if bad == nil {
			st.rows += n
			return d, nil
		}
		st.err, n = bad.err, bad.row
		st.cut(n)
	}
	return nil, st.err
}

// read reads the cells of a block and returns its number of rows. An error is for
// the next block.
func (st *Stream) read() (n int) {
	for i := range st.columns {
		c := &st.columns[i]
		*c = cells{name: c.name, text: c.text[:0], ends: c.ends[:0]}
	}
	for i := range st.texts {
		st.texts[i] = st.texts[i][:0]
	}
	st.table.lines = st.table.lines[:0]
	defer settle(st.columns)
	most := min(blockRows, max(1, blockCells/len(st.schema.Features())))
	for text := 0; n < most && text < blockBytes; n++ {
		fields, line, err := st.table.row(st.in, st.header, st.rows+n)
		if err == io.EOF && st.rows+n == 0 {
			err = noRows(st.o.Name)
		}
		if err != nil {
			st.err = err
			return n
		}
		st.table.setLine(n, st.in.name, line)
		for i, at := range st.kept {
			st.texts[i] = append(st.texts[i], fields[at])
		}
		for i, at := range st.fields {
			text += len(fields[at])
			cell := st.o.cell(fields[at])
			if cell != "" && st.numeric[i] && isBlank(cell) {
				cell = "" // of a block, they may be all there is
			}
			st.columns[i].add(cell)
		}
	}
	return n
}

// cut leaves the first n rows of the block.
func (st *Stream) cut(n int) {
	for i := range st.columns {
		st.columns[i].cut(n)
	}
	for i := range st.texts {
		st.texts[i] = st.texts[i][:n]
	}
}

// block makes the inputs of the rows that were read.
func (st *Stream) block() (*Dataset, *cellError) {
	t := &Table{Name: st.table.Name, lines: st.table.lines}
	if bad := st.fill(t); bad != nil {
		return nil, bad
	}
	d, bad := st.schema.encode(t, allRows(t.Rows()))
	if bad != nil {
		return nil, bad
	}
	if st.rows == 0 {
		st.notes = append(st.notes, t.Notes...)
	}
	for i := range t.Columns {
		st.forms[i].learn(&st.columns[i], &t.Columns[i])
	}
	st.far.add(d.strange(), d.outside)
	st.saw(d.unseen)
	return d, nil
}

// saw notes words that the schema does not have.
func (st *Stream) saw(words []unseen) {
	for _, u := range words {
		k := slices.IndexFunc(st.unseen, func(v unseen) bool { return v.column == u.column })
		if k < 0 {
			st.unseen = append(st.unseen, u)
			continue
		}
		st.unseen[k].add(u.rows, u.words...)
	}
}

// fill makes the columns of a block: of the first as of a file, of others as
// those before.
func (st *Stream) fill(t *Table) *cellError {
	if st.rows == 0 {
		return t.fill(slices.Clone(st.columns), st.o, st.in.comma)
	}
	t.Columns = make([]Column, len(st.columns))
	w := newWriting(t, st.o, st.in.comma)
	for i := range st.columns {
		if bad := st.forms[i].column(w, &st.columns[i], &t.Columns[i]); bad != nil {
			return &cellError{bad.row, w.at(&st.columns[i], bad)}
		}
	}
	return nil
}

// A form is how a column is written, as far as its cells have told.
type form struct {
	kind     Kind // "" before the first cell
	numerals Numerals
	dates    Dates
	digits   bool // but for digits and signs there was nothing: both decimal signs are possible
}

// learn notes what a block has told.
func (f *form) learn(c *cells, column *Column) {
	if c.first() < 0 {
		return
	}
	if f.kind == "" {
		f.digits = true
	}
	f.kind, f.numerals, f.dates = column.Kind, column.numerals, column.dates
	f.digits = f.digits && !c.contains(".,")
}

// column makes the column of a block.
func (f *form) column(w *writing, c *cells, out *Column) *cellError {
	read := number
	switch {
	case f.kind == "":
		done, bad := w.plain(c, out)
		if done || bad != nil {
			return bad
		}
		return w.column(c, out)
	case f.kind == Categorical:
		return w.words(c, out)
	case f.kind == Date:
		read = (&dateReader{layout: f.dates}).read
	case f.numerals != Numerals{}:
		read = f.numerals.read
	}
	*out = Column{Name: c.name, Kind: f.kind, numerals: f.numerals, dates: f.dates}
	values, _, row := c.read(read)
	if out.Values = ArrayOf(values, 1); row < 0 {
		return infinite(c, values)
	}
	if g, ok := f.wider(c); ok {
		out.numerals = g
		values, _, _ = c.read(g.read)
		out.Values = ArrayOf(values, 1)
		return nil
	}
	what, is := "a number", isNumber
	if f.kind == Date {
		what, is = "a date", isDate
	}
	if cell := c.at(row); is(cell) {
		return &cellError{row, fmt.Errorf("%s is not written as the %ss before it", quote(cell), strings.TrimPrefix(what, "a "))}
	}
	return &cellError{row, fmt.Errorf("%s is not %s", quote(c.at(row)), what)}
}

// wider returns how the numbers of a block are written, if those before it are the
// same numbers when they are read in that way.
func (f *form) wider(c *cells) (g Numerals, ok bool) {
	if f.kind != Numeric || f.numerals.Clock {
		return g, false
	}
	signs := []byte{'.', ','}
	if f.numerals.Decimal == "," {
		signs = signs[1:]
	} else if !f.digits {
		signs = signs[:1]
	}
	for _, d := range signs {
		g, ok := c.numerals(d)
		g.Thousands, g.Unit = cmp.Or(g.Thousands, f.numerals.Thousands), cmp.Or(g.Unit, f.numerals.Unit)
		same := func(old, now string) bool { return old == "" || old == now }
		if ok && same(f.numerals.Thousands, g.Thousands) && same(f.numerals.Unit, g.Unit) && g.Unit != "%" {
			return g, true
		}
	}
	return g, false
}
