package data

import (
	"fmt"
	"math"
	"runtime/debug"
	"strings"
)

// fill makes the columns of the table, and frees the text of each as soon as it
// can. Columns of plain numbers come first: how they are written tells what a
// comma means in the others. The error is whole.
func (t *Table) fill(columns []cells, o CSVOptions, comma byte) *cellError {
	t.Columns = make([]Column, len(columns))
	w := newWriting(t, o, comma)
	var open []int
	for i := range columns {
		c := &columns[i]
		done, bad := w.plain(c, &t.Columns[i])
		if bad != nil {
			return &cellError{bad.row, w.at(c, bad)}
		}
		if done {
			w.free(c)
			continue
		}
		open = append(open, i)
	}
	for _, i := range open {
		c := &columns[i]
		if bad := w.column(c, &t.Columns[i]); bad != nil {
			return &cellError{bad.row, w.at(c, bad)}
		}
		w.free(c)
	}
	w.note()
	return nil
}

// free gives up the text of a column that is made. Of a large table, it is taken back now
// and then: else the memory would grow to the texts and the numbers of all columns.
func (w *writing) free(c *cells) {
	const much = 32 << 20 // beside which collecting takes no time
	if w.freed += c.size(); w.freed > much {
		w.freed = 0
		defer debug.FreeOSMemory()
	}
	*c = cells{}
}

// writing is how a text writes numbers and dates.
type writing struct {
	table *Table
	o     CSVOptions
	comma byte // the separator
	asked byte // the decimal sign that was asked for, 0 if none was

	inputs         map[string]*Input // of the schema
	points, commas int               // columns that can have only that decimal sign
	odd            []string          // columns of numbers that do not agree
	either         []string          // columns of dates that may be read with the day or the month first
	freed          int               // bytes of text, since they were taken back
}

func newWriting(t *Table, o CSVOptions, comma byte) *writing {
	return &writing{table: t, o: o, comma: comma, asked: o.decimal(), inputs: o.Schema.byColumn()}
}

func (w *writing) at(c *cells, bad *cellError) error {
	return within(fmt.Sprintf("%s: column %s", w.table.Where(bad.row), quote(c.name)), bad.err)
}

// kind is what the column has to be, if that is known, and its input in the
// schema, nil if there is none.
func (w *writing) kind(name string) (Kind, *Input) {
	in := w.inputs[name]
	switch {
	case in == nil:
		return w.o.Kinds[name], nil
	case in.Part != "":
		return Date, in
	case in.Kind == Text:
		return Categorical, in
	}
	return in.Kind, in
}

// told tells whether notes are made on a column: if there is a schema, on those
// that it uses.
func (w *writing) told(name string) bool { return w.o.Schema == nil || w.inputs[name] != nil }

// plain makes a column of numbers as programs write them; done is false if it
// is none, or may be one in another way of writing.
func (w *writing) plain(c *cells, out *Column) (done bool, bad *cellError) {
	kind, in := w.kind(c.name)
	if c.array != nil {
		if w.asArray(c, out) {
			return true, nil
		}
		c.spell(&w.o)
	}
	switch {
	case kind == Categorical || kind == Date:
		return false, nil
	case in != nil && in.Numerals != nil:
		w.vote(c)
		return false, nil
	}
	values, row := c.values(number)
	if row >= 0 {
		if kind == "" || kind == Numeric {
			w.vote(c)
		}
		return false, nil
	}
	if bad := infinite(c, values); bad != nil {
		return false, bad
	}
	*out = Column{Name: c.name, Kind: Numeric, Values: narrowed(values)}
	if kind == "" && c.compact() {
		return false, nil
	}
	if code := c.padded(); code != "" && kind == "" && w.told(c.name) {
		w.table.Notes = append(w.table.Notes, Note{Text: fmt.Sprintf("column %s: numbers with zeros in front, such as %s, are read as numbers, not as codes", quote(c.name), quote(code)), Guess: true,
			Advice: []Advice{{Text: fmt.Sprintf("set the column's kind to %s", Categorical), Option: "Kinds", Value: c.name}}})
	}
	if !c.contains(".") {
		return true, nil
	}
	if _, ok := c.numerals(','); ok {
		return false, nil // 1.234 may be a thousand
	}
	w.points++
	return true, nil
}

// asArray makes a column of the numbers of an array, unless they are to be read in another
// way.
func (w *writing) asArray(c *cells, out *Column) bool {
	kind, in := w.kind(c.name)
	if kind == Categorical || kind == Date || in != nil && in.Numerals != nil || w.o.Missing != nil || w.asked != 0 || w.o.Thousands != "" {
		return false
	}
	*out = Column{Name: c.name, Kind: Numeric, Values: c.array.column(c.place)}
	return out.check() == nil // infinite numbers are an error of text, which says where
}

// infinite reports the first number of a column that is.
func infinite(c *cells, values []float64) *cellError {
	for row, v := range values {
		if math.IsInf(v, 0) {
			return &cellError{row, fmt.Errorf("%s is infinite; leave the cell empty if the value is missing", quote(c.at(row)))}
		}
	}
	return nil
}

// vote counts a column that is not plain for the decimal sign it needs.
func (w *writing) vote(c *cells) {
	_, point := c.numerals('.')
	_, comma := c.numerals(',')
	if point && !comma {
		w.points++
	} else if comma && !point {
		w.commas++
	}
}

// decimals are the decimal signs in the order in which they are tried. Where
// the columns do not tell, semicolons separate fields since commas are decimal.
func (w *writing) decimals(plain bool) [2]byte {
	comma := w.commas > w.points || w.commas == w.points && w.comma == ';' && !plain
	if w.asked == ',' || w.asked == 0 && comma {
		return [2]byte{',', '.'}
	}
	return [2]byte{'.', ','}
}

// column makes a column that is not done.
func (w *writing) column(c *cells, out *Column) *cellError {
	kind, in := w.kind(c.name)
	if in != nil && w.asBefore(c, in, out) {
		return nil
	}
	plain := out.Values.rows > 0
	switch {
	case kind == Categorical:
		return w.words(c, out)
	case kind != Date && w.numbers(c, plain, out), kind != Numeric && w.dates(c, out):
		return nil
	case plain && kind != Date:
		return nil // out is what plain made
	case kind != "":
		return w.wrong(c, kind)
	}
	if bad := w.words(c, out); bad != nil {
		return bad
	}
	if bad := c.typo(out); bad != nil {
		return bad
	}
	first := out.Levels[:min(len(out.Levels), 50)] // which are enough to tell
	if n := len(first); w.told(c.name) && n > 1 && (countIf(first, isNumber) == n || countIf(first, isDate) == n || n >= manyNumbers && countIf(first, numberFirst) == n) {
		w.odd = append(w.odd, fmt.Sprintf("%s (%s)", quote(c.name), few(out.Levels)))
	}
	return nil
}

// manyNumbers is from how many words that begin with a number on they may be meant
// as numbers: 5'11", 3:1, 12 ± 3. Fewer are ranges, such as 18-24.
const manyNumbers = 10

// numberFirst tells whether a word begins with a number.
func numberFirst(word string) bool {
	digits := strings.TrimLeft(word, "+-$€£ ")
	return digits != "" && isDigit(rune(digits[0]))
}

// asBefore reads a column as it was written when the schema was made.
func (w *writing) asBefore(c *cells, in *Input, out *Column) bool {
	switch {
	case in.Numerals != nil:
		values, bad := c.values(in.Numerals.read)
		if bad >= 0 || w.differs(in.Numerals) {
			return false
		}
		*out = Column{Name: c.name, Kind: Numeric, Values: narrowed(values), numerals: *in.Numerals}
	case in.Part != "":
		values, ok := c.datesAs(in.Dates)
		if !ok {
			return false
		}
		*out = Column{Name: c.name, Kind: Date, Values: narrowed(values), dates: in.Dates}
	default:
		return false
	}
	return true
}

// differs tells whether the text has another decimal sign than before: that which
// was asked for, or that of the columns which tell.
func (w *writing) differs(f *Numerals) bool {
	if f.Decimal == "," {
		return w.asked == '.' || w.asked == 0 && w.points > w.commas
	}
	return w.asked == ',' || w.asked == 0 && w.commas > w.points
}

// numbers makes a column of numbers in another way of writing than that of
// programs; plain says that it could be theirs.
func (w *writing) numbers(c *cells, plain bool, out *Column) bool {
	if plain && c.compact() {
		return false
	}
	for _, d := range w.decimals(plain) {
		if plain && d == '.' {
			return true
		}
		f, ok := c.numerals(d)
		if !ok || w.o.Thousands != "" && f.Thousands != "" && f.Thousands != w.thousands() {
			continue
		}
		values, _ := c.values(f.read)
		*out = Column{Name: c.name, Kind: Numeric, Values: narrowed(values), numerals: f}
		return true
	}
	if values, bad := c.values(clock); bad < 0 {
		*out = Column{Name: c.name, Kind: Numeric, Values: narrowed(values), numerals: Numerals{Clock: true}}
		return true
	}
	return false
}

// thousands is what was asked to separate thousands, among those that look
// alike.
func (w *writing) thousands() string {
	return strings.Map(usualGroup, w.o.Thousands)
}

func (w *writing) dates(c *cells, out *Column) bool {
	values, layout, other, ok := c.dates(w.o.DayFirst)
	if !ok {
		return false
	}
	if other != "" && w.told(c.name) {
		w.either = append(w.either, c.name)
	}
	*out = Column{Name: c.name, Kind: Date, Values: narrowed(values), dates: layout}
	return true
}

func (w *writing) words(c *cells, out *Column) *cellError {
	column, variants := c.words()
	*out = column
	if len(variants) > 0 && w.told(c.name) {
		w.table.Notes = append(w.table.Notes, Note{Text: fmt.Sprintf("column %s: words that differ only in case and spaces are one, such as %s", quote(c.name), few(variants))})
	}
	return nil
}

// wrong names the cell that is not of the kind that was asked for.
func (w *writing) wrong(c *cells, kind Kind) *cellError {
	is := isNumber
	if kind == Date {
		is = isDate
	}
	row := -1
	for i := range c.rows() {
		if cell := c.at(i); cell != "" && !isBlank(cell) && !is(cell) {
			row = i
			break
		}
	}
	what := map[Kind]string{Numeric: "a number", Date: "a date"}[kind]
	if row < 0 {
		row = c.first()
		return &cellError{row, fmt.Errorf("%s: the column is not written in one way, so it is no column of %ss", quote(c.at(row)), strings.TrimPrefix(what, "a "))}
	}
	return &cellError{row, fmt.Errorf("%s is not %s", quote(c.at(row)), what)}
}

// note tells how numbers and dates were understood.
func (w *writing) note() {
	columns := make(map[Numerals][]string)
	var forms []Numerals
	for _, c := range w.table.Columns {
		in := w.inputs[c.Name]
		before := in != nil && in.Numerals != nil && *in.Numerals == c.numerals
		if c.numerals != (Numerals{}) && !before && w.told(c.Name) {
			if columns[c.numerals] == nil {
				forms = append(forms, c.numerals)
			}
			columns[c.numerals] = append(columns[c.numerals], c.Name)
		}
	}
	for _, f := range forms {
		n := Note{Text: fmt.Sprintf("columns of numbers with %s: %s", f, list(columns[f]))}
		if f.Decimal != "" || f.Thousands == "," {
			n.Advice = []Advice{{Text: "set Decimal if that is wrong", Option: "Decimal"}}
		}
		w.table.Notes = append(w.table.Notes, n)
	}
	if w.odd != nil {
		w.table.Notes = append(w.table.Notes, Note{Text: "columns whose numbers or dates are not written in one way, and so are words: " + strings.Join(w.odd, ", ")})
	}
	if w.either != nil {
		w.table.Notes = append(w.table.Notes, Note{Text: "dates are read with the month first, since nothing tells: " + list(w.either),
			Advice: []Advice{{Text: "set DayFirst if that is wrong", Option: "DayFirst"}}, Guess: true})
	}
}

// String says in words how numbers are written.
func (f Numerals) String() string {
	var says []string
	if f.Clock {
		says = append(says, "times, read as hours")
	}
	if f.Decimal != "" {
		says = append(says, "the decimal sign "+quote(f.Decimal))
	}
	if f.Thousands != "" {
		says = append(says, "thousands separated by "+quote(f.Thousands))
	}
	if f.Unit != "" {
		says = append(says, "the unit "+quote(f.Unit))
	}
	if f.Magnitude {
		says = append(says, "magnitudes such as K and M, which are multiplied out")
	}
	return strings.Join(says, " and ")
}
