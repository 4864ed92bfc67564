package data

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"descent/internal/suggest"
)

// Kind says what the cells of a column are. The zero value lets the cells
// decide.
type Kind string

// The kinds of columns.
const (
	Numeric     Kind = "numeric"     // numbers
	Categorical Kind = "categorical" // words out of a set of levels
	Date        Kind = "date"        // dates, or dates with a time of day
)

// A Column is one column of a table.
type Column struct {
	Name string
	Kind Kind
	// Values are the cells of a numeric column, or the dates of a column of
	// dates as days since the beginning of 1970, see [ArrayOf]; NaN is a missing cell.
	// Those of a file are float32 in memory where each is one.
	Values Array
	// Codes are the cells of a categorical column, as indices into Levels; -1
	// is a missing cell.
	Codes []int
	// Levels are the different words of a categorical column, sorted: by value
	// if all of them are numbers, else as strings.
	Levels []string

	// How the numbers or dates stand in the file, for files to come.
	numerals Numerals
	dates    Dates
}

// Words makes a categorical column of words. Empty words are missing cells;
// words that differ only in case and spaces are one level, written as most
// often.
func Words(name string, words []string) Column {
	c, _ := wordColumn(name, words)
	return c
}

// wordColumn returns the levels too that were written in other ways.
func wordColumn(name string, words []string) (c Column, variants []string) {
	c = Column{Name: name, Kind: Categorical, Codes: make([]int, len(words))}
	type spelling struct{ code, count int }
	spellings, codes := make(map[string]*spelling), make(map[string]int)
	for i, w := range words {
		if w == "" {
			c.Codes[i] = -1
			continue
		}
		s, ok := spellings[w]
		if !ok {
			w = strings.Clone(w) // the word may be part of a whole file
			code, known := codes[fold(w)]
			if !known {
				code = len(c.Levels)
				codes[fold(w)] = code
				c.Levels = append(c.Levels, w)
			}
			s = &spelling{code: code}
			spellings[w] = s
		}
		s.count++
		c.Codes[i] = s.code
	}
	if len(spellings) > len(c.Levels) {
		for _, w := range sortedKeys(spellings) {
			s := spellings[w]
			if l := c.Levels[s.code]; s.count > spellings[l].count {
				c.Levels[s.code] = w
			}
		}
		for _, w := range sortedKeys(spellings) {
			if w != c.Levels[spellings[w].code] {
				variants = append(variants, w)
			}
		}
	}
	c.sortLevels()
	return c, variants
}

// fold makes words equal that differ only in spaces and in whether they are
// written small, Capitalised or LARGE; other mixtures mean something, such as the
// vowels hid and hId.
func fold(text string) string {
	words := strings.Fields(text)
	for i, w := range words {
		small := strings.ToLower(w)
		_, first := utf8.DecodeRuneInString(w)
		if w[first:] == small[min(first, len(small)):] || w == strings.ToUpper(w) {
			words[i] = small
		}
	}
	return strings.Join(words, " ")
}

// sortLevels puts the levels in order and adapts the codes.
func (c *Column) sortLevels() {
	at := make([]int, len(c.Levels)) // at[new] = old
	for i := range at {
		at[i] = i
	}
	values, numbers := numbersOf(c.Levels)
	sort.Slice(at, func(i, j int) bool {
		a, b := at[i], at[j]
		if numbers && values[a] != values[b] {
			return values[a] < values[b]
		}
		return c.Levels[a] < c.Levels[b]
	})
	sorted, code := make([]string, len(at)), make([]int, len(at))
	for i, old := range at {
		sorted[i], code[old] = c.Levels[old], i
	}
	c.Levels = sorted
	for i, k := range c.Codes {
		if k >= 0 {
			c.Codes[i] = code[k]
		}
	}
}

// Text returns the cell of a row as text, "" if it is missing.
func (c *Column) Text(row int) string {
	if c.missing(row) {
		return ""
	}
	return c.word(row)
}

// rows returns the number of cells.
func (c *Column) rows() int {
	if c.Kind == Categorical {
		return len(c.Codes)
	}
	return c.Values.rows
}

// missing tells whether the cell of a row is.
func (c *Column) missing(row int) bool {
	if c.Kind == Categorical {
		return c.Codes[row] < 0
	}
	return math.IsNaN(c.Values.at(row))
}

// check reports what is wrong with a column that somebody built.
func (c *Column) check() error {
	switch {
	case c.Kind == Numeric, c.Kind == Date:
		if a := &c.Values; a.size() != a.rows || a.f64 == nil && a.f32 == nil {
			return fmt.Errorf("its Values are no float32 or float64, one a row")
		}
		for i := range c.Values.rows {
			if v := c.Values.at(i); math.IsInf(v, 0) {
				return fmt.Errorf("row %d is %v; infinite values are refused", i, v)
			}
		}
	case c.Kind == Categorical:
		for i, k := range c.Codes {
			if k < -1 || k >= len(c.Levels) {
				return fmt.Errorf("row %d has code %d; there are %d levels", i, k, len(c.Levels))
			}
		}
		if name, ok := repeated(c.Levels); ok {
			return fmt.Errorf("two levels %s", quote(name))
		}
	default:
		return unknown("kind", string(c.Kind), Numeric, Categorical, Date)
	}
	return nil
}

// A Table is a set of named columns of equal length.
type Table struct {
	// Name is what errors call the table: its file.
	Name    string
	Columns []Column
	// Notes say what its reader has found out, such as the separator.
	Notes []Note

	missing []string // the words for missing cells, besides the usual
	empty   int      // rows that were left out
	all     int      // rows of the file, of which these are a sample
	places  []int    // of a sample in all rows
	// lines says where the rows stand in the file, if there is one: row r and
	// those after it, up to the next entry, stand on line r+shift.
	lines []lineShift
}

type lineShift struct {
	row, shift int
	file       string
}

// NewTable makes a table of columns, which it does not copy. It is an error if
// there are no rows, the columns differ in length, two have the same name, or
// a value is infinite.
func NewTable(name string, columns ...Column) (*Table, error) {
	t := &Table{Name: name, Columns: columns}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}

// check reports what is wrong with a table, which somebody may have made without
// NewTable or changed.
func (t *Table) check() error {
	if t == nil {
		return errors.New("data: no table")
	}
	name, columns := t.Name, t.Columns
	if t.Rows() == 0 {
		return fmt.Errorf("%s: no rows", name)
	}
	for i := range columns {
		c := &columns[i]
		if err := c.check(); err != nil {
			return fmt.Errorf("%s: column %s: %w", name, quote(c.Name), err)
		}
		if c.rows() != t.Rows() {
			return fmt.Errorf("%s: column %s has %d rows, column %s has %d", name, quote(c.Name), c.rows(), quote(columns[0].Name), t.Rows())
		}
	}
	if twice, ok := repeated(t.Names()); ok {
		return fmt.Errorf("%s: two columns are called %s; rename one", name, quote(twice))
	}
	return nil
}

// Rows returns the number of rows.
func (t *Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return t.Columns[0].rows()
}

// Names returns the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// Column returns the column of that name. The error names the columns there
// are, and the one that was probably meant.
func (t *Table) Column(name string) (*Column, error) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], nil
		}
	}
	return nil, fmt.Errorf("%s: no column %s", t.Name, choice(name, "columns", t.Names()))
}

// Where names a row in errors: "iris.csv:17", or "table, row 15" (from 0) if
// the table was not read from text.
func (t *Table) Where(row int) string {
	if file, line, ok := t.line(row); ok {
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s, row %d", t.Name, row)
}

// line returns the file and its line on which a row stands, if there is one.
func (t *Table) line(row int) (file string, line int, ok bool) {
	at := sort.Search(len(t.lines), func(i int) bool { return t.lines[i].row > row }) - 1
	if at < 0 {
		return "", 0, false
	}
	return t.lines[at].file, row + t.lines[at].shift, true
}

// setLine notes the line of a file of the row that is read next.
func (t *Table) setLine(row int, file string, line int) {
	if n := len(t.lines); n == 0 || t.lines[n-1].shift != line-row || t.lines[n-1].file != file {
		t.lines = append(t.lines, lineShift{row, line - row, file})
	}
}

// choice says what there is instead of word: `"speces"; columns are "a", "b"
// (did you mean "a"?)`.
func choice(word, what string, known []string) string {
	s := fmt.Sprintf("%s; %s are %s", quote(word), what, list(known))
	if near := cmp.Or(suggest.Nearest(word, known), suggest.Abbreviated(word, known), numberOf(word, known)); near != "" {
		s += fmt.Sprintf(" (did you mean %s?)", quote(near))
	}
	return s
}

// numberOf returns the known word that ends with _word, if word is a number:
// column_5 for 5.
func numberOf(word string, known []string) string {
	if _, err := strconv.Atoi(word); err != nil {
		return ""
	}
	if i := slices.IndexFunc(known, func(k string) bool { return strings.HasSuffix(k, "_"+word) }); i >= 0 {
		return known[i]
	}
	return ""
}

// unknown is the error for a setting that has a few values only.
func unknown[T ~string](what, got string, known ...T) error {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	return fmt.Errorf("unknown %s %s", what, choice(got, "known ones", names))
}

// list prints the first dozen of names; errors stay lines that can be read.
func list(names []string) string { return firstOf(names, 12) }

// few prints fewer.
func few(names []string) string { return firstOf(names, 4) }

func firstOf(names []string, most int) string {
	var b strings.Builder
	for i, n := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(n))
	}
	return b.String()
}

// quote quotes a string from a file: on one line, and not too much of it.
func quote(s string) string {
	const most = 60
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q...", s[:cut])
}

// repeated returns the first name that occurs twice.
func repeated(names []string) (string, bool) {
	seen := make(map[string]bool, len(names))
	i := slices.IndexFunc(names, func(n string) bool {
		twice := seen[n]
		seen[n] = true
		return twice
	})
	if i < 0 {
		return "", false
	}
	return names[i], true
}
