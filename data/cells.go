package data

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// missingWords stand for a missing cell, in upper or lower case: those of
// pandas and R, of databases and of spreadsheets.
var missingWords = []string{"na", "n/a", "nan", "-nan", "nat", "null", "(null)", "<null>", "<na>", "#n/a", "#n/a n/a", "#na", `\n`, "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind",
	"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}

// blankWords stand for a missing cell too, but only among numbers or dates:
// among words, they may be words, such as the class -, or the level none.
var blankWords = []string{"none", "nil", "missing", "unknown", "n.a.", "n.d.", "-", "--", "---", "\u2013", "\u2014", ".", "..", "*"}

// isMissing is the rule for missing cells.
func isMissing(cell string) bool {
	return cell == "" || cell == "?" || oneOf(missingWords, cell)
}

// isBlank is the further rule for cells among numbers or dates.
func isBlank(cell string) bool { return oneOf(blankWords, cell) }

func oneOf(words []string, cell string) bool {
	const longest = 9 // the usual number and word compare to none of these
	if len(cell) > longest || '1' < cell[0] && cell[0] <= '9' || cell[0] == '0' {
		return false
	}
	for _, w := range words {
		if len(w) == len(cell) && strings.EqualFold(cell, w) {
			return true
		}
	}
	return false
}

// number reads a decimal number. Numbers beyond ±1.8e308, and the words inf and
// infinity, are infinite, which the caller refuses.
func number(s string) (v float64, ok bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			// ParseFloat takes more than people call numbers: 0x1p-2, 1_000.
			return infinity(s)
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

func infinity(s string) (v float64, ok bool) {
	sign := 1
	switch s[0] {
	case '-':
		s, sign = s[1:], -1
	case '+':
		s = s[1:]
	}
	return math.Inf(sign), strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity")
}

// numbersOf returns the values of words, if all of them are finite numbers.
func numbersOf(words []string) (values []float64, ok bool) {
	values = make([]float64, len(words))
	for i, w := range words {
		if values[i], ok = number(w); !ok || !finite(values[i]) {
			return nil, false
		}
	}
	return values, true
}

// cells collects the text of one column until its kind can be told. Texts of many cells
// and the ends of these take a quarter of the memory of a slice of strings, and nothing is
// copied when there are more.
type cells struct {
	name  string
	array *array // whose column they are, in a place, while they are not spelled; else nil
	place int
	done  []cellBlock // of cellRows each, but for the last
	// The cells that are in no block yet.
	text []byte
	ends []uint32
}

// A cellBlock is some cells of a column, one after the other.
type cellBlock struct {
	text string
	ends []uint32
}

// cellRows is the number of rows of a block. A field has at most 1 MiB, so a text is less
// than 4 GiB.
const cellRows = 2048

func (c *cells) add(cell string) {
	c.text = append(c.text, cell...)
	if c.ends = append(c.ends, uint32(len(c.text))); len(c.ends) == cellRows {
		c.settle()
	}
}

// settle is called after the last cell: before, they cannot be read.
func (c *cells) settle() {
	if len(c.ends) > 0 {
		c.done = append(c.done, cellBlock{string(c.text), slices.Clone(c.ends)})
		c.text, c.ends = c.text[:0], c.ends[:0]
	}
}

func settle(columns []cells) {
	for i := range columns {
		columns[i].settle()
	}
}

// spell makes text of the numbers of an array.
func (c *cells) spell(o *CSVOptions) {
	rows := arrayRows{of: c.array, width: c.array.width()}
	for row := range c.array.dims[0] {
		c.add(o.cell(rows.cell(row, c.place)))
	}
	c.settle()
	c.array = nil
}

// rows returns how many cells there are.
func (c *cells) rows() int {
	last := len(c.done) - 1
	if last < 0 {
		return 0
	}
	return last*cellRows + len(c.done[last].ends)
}

// size returns how many bytes they take.
func (c *cells) size() (n int) {
	for _, b := range c.done {
		n += len(b.text) + 4*len(b.ends)
	}
	return n
}

// at returns the cell of a row.
func (c *cells) at(row int) string {
	b, k := &c.done[row/cellRows], row%cellRows
	lo := uint32(0)
	if k > 0 {
		lo = b.ends[k-1]
	}
	return b.text[lo:b.ends[k]]
}

// cut leaves the first n cells.
func (c *cells) cut(n int) {
	short := cells{name: c.name}
	for row := range n {
		short.add(c.at(row))
	}
	short.settle()
	*c = short
}

// first returns the row of the first cell that is not missing, -1 if there is none.
func (c *cells) first() int {
	for row := range c.rows() {
		if c.at(row) != "" {
			return row
		}
	}
	return -1
}

// contains tells whether one of some characters is in a cell.
func (c *cells) contains(chars string) bool {
	return slices.ContainsFunc(c.done, func(b cellBlock) bool { return strings.ContainsAny(b.text, chars) })
}

// A cellError is an error at one cell of a column.
type cellError struct {
	row int
	err error
}

// values reads the cells with read, NaN where one is missing; bad is the first
// row that cannot be read, -1 if there is none. A column without a number is
// not one of numbers.
func (c *cells) values(read func(cell string) (float64, bool)) (values []float64, bad int) {
	values, some, bad := c.read(read)
	if bad < 0 && !some {
		if first := c.first(); first >= 0 {
			return nil, first
		}
	}
	return values, bad
}

// read is values of a column that is one of numbers; some tells whether it has one.
func (c *cells) read(read func(cell string) (float64, bool)) (values []float64, some bool, bad int) {
	values = make([]float64, c.rows())
	for row := range values {
		cell := c.at(row)
		if cell == "" {
			values[row] = math.NaN()
			continue
		}
		v, ok := read(cell)
		switch {
		case ok:
			values[row], some = v, true
		case isBlank(cell):
			values[row] = math.NaN()
		default:
			return nil, some, row
		}
	}
	return values, some, -1
}

// padded returns a cell that begins with a 0, where all are digits and as many,
// as postal codes are; "" if there is none.
func (c *cells) padded() (cell string) {
	digits := 0
	for row := range c.rows() {
		s := c.at(row)
		switch {
		case s == "":
			continue
		case strings.ContainsFunc(s, func(r rune) bool { return !isDigit(r) }), digits != 0 && len(s) != digits:
			return ""
		}
		if digits = len(s); s[0] == '0' && digits > 1 && cell == "" {
			cell = s
		}
	}
	return cell
}

func (c *cells) words() (Column, []string) {
	words := make([]string, c.rows())
	for row := range words {
		words[row] = c.at(row)
	}
	return wordColumn(c.name, words)
}

// typo refuses columns of numbers or dates with a few cells that are none: a
// stray word among a thousand prices would silently turn each price into a
// category.
func (c *cells) typo(words *Column) *cellError {
	const few = 20 // "1", "2", "3+" are categories
	if len(words.Levels) <= few {
		return nil
	}
	for _, k := range []struct {
		what string
		is   func(cell string) bool
	}{{"a number", isNumber}, {"a date", isDate}} {
		// A look at some words saves the search through many.
		if n := countIf(words.Levels[:few], k.is); n < few*3/4 {
			continue
		}
		n := countIf(words.Levels, k.is)
		if n*10 < len(words.Levels)*9 || n == len(words.Levels) {
			continue
		}
		return c.stray(words, k.is, fmt.Sprintf("is not %s, as %d of", k.what, n))
	}
	// Of numbers alone, a few may be written in another way.
	for _, d := range []byte{'.', ','} {
		is := func(cell string) bool {
			n, ok := dissect(cell)
			if ok {
				_, _, ok = n.in(d)
			}
			return ok
		}
		if n := countIf(words.Levels, is); n < len(words.Levels) && n*10 >= len(words.Levels)*9 {
			return c.stray(words, is, fmt.Sprintf("is not a number with the decimal sign %q, as %d of", d, n))
		}
	}
	return nil
}

// stray is the error at the first cell that is not what most are.
func (c *cells) stray(words *Column, is func(cell string) bool, why string) *cellError {
	row := slices.IndexFunc(words.Codes, func(code int) bool { return code >= 0 && !is(words.Levels[code]) })
	cell := c.at(row)
	cure := "correct it"
	if row == 0 && !strings.ContainsFunc(cell, isDigit) && !slices.Contains(words.Codes[1:], words.Codes[0]) {
		cure = "delete the line if it has units or remarks"
	}
	return &cellError{row, advise(fmt.Errorf("%s %s the column's %d different values are", quote(cell), why, len(words.Levels)),
		Advice{Text: cure}, Advice{Text: "list it in Missing", Option: "Missing", Value: cell},
		Advice{Text: fmt.Sprintf("set the column's kind to %s", Categorical), Option: "Kinds", Value: c.name})}
}

// isNumber tells whether a cell is a number in some way of writing.
func isNumber(cell string) bool {
	_, ok := dissect(cell)
	return ok
}

func countIf(words []string, is func(string) bool) (n int) {
	for _, w := range words {
		if is(w) {
			n++
		}
	}
	return n
}

func isDate(cell string) bool {
	for _, l := range dateLayouts {
		if _, ok := (&dateReader{layout: l}).read(cell); ok {
			return true
		}
	}
	return false
}
