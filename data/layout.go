package data

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sampleRows is the number of records that are looked at to learn how a text
// is laid out.
const sampleRows = 50

// commas are the separators that are looked for, in the order in which they
// are preferred.
var commas = []byte{',', ';', '\t', '|', runs}

// sample returns the first records of head as they are with a separator, but
// comments; whole says that head is all of the text.
func sample(head []byte, comma byte, whole bool) (list [][]string) {
	r := newRecords("", bufio.NewReader(bytes.NewReader(head)), comma)
	for len(list) < sampleRows {
		fields, _, err := r.next()
		if err != nil {
			if !whole && len(list) > 1 {
				list = list[:len(list)-1] // cut short
			}
			break
		}
		if !comment(fields) {
			list = append(list, slices.Clone(fields))
		}
	}
	return list
}

// findComma returns the separator with which most records have as many fields
// as the first, and ',' if there is none.
func findComma(head []byte, whole bool) byte {
	best, bestFit := byte(','), fit{}
	for _, c := range commas {
		f := fitOf(sample(head, c, whole), c)
		// Words have spaces in them, so spaces separate where nothing else does.
		if c == runs && (f.same < 0.9 || bestFit.same >= 0.9) {
			continue
		}
		if f.better(bestFit) {
			best, bestFit = c, f
		}
	}
	return best
}

// A fit says how well a separator suits some records.
type fit struct {
	same    float64 // share of the records that have as many fields as the first
	numbers float64 // share of their cells that are numbers
	fields  int
}

func fitOf(list [][]string, comma byte) (f fit) {
	if len(list) == 0 || len(list[0]) < 2 {
		return f
	}
	f.fields = len(list[0])
	if namesRows(list, comma) {
		f.fields++
	}
	rows := list[1:]
	if len(rows) == 0 {
		rows = list
	}
	cells := 0
	for _, r := range rows {
		if len(r) == f.fields {
			f.same++
		}
		for _, cell := range r {
			cells++
			if isNumber(cell) {
				f.numbers++
			}
		}
	}
	f.same /= float64(len(rows))
	f.numbers /= float64(cells)
	return f
}

func (f fit) better(g fit) bool {
	switch {
	case f.same != g.same:
		return f.same > g.same
	case f.numbers != g.numbers:
		return f.numbers > g.numbers
	}
	return f.fields > g.fields
}

// namesRows tells whether each row begins with a name of its own for which the
// header has no column, as R writes tables: where spaces or tabs do not separate,
// only the numbers 1, 2, 3, ..., since a decimal comma makes a field more too.
func namesRows(list [][]string, comma byte) bool {
	seen := make(map[string]bool)
	for i, r := range list[min(1, len(list)):] {
		if len(r) != len(list[0])+1 || seen[r[0]] || comma != runs && comma != '\t' && r[0] != strconv.Itoa(i+1) {
			return false
		}
		seen[r[0]] = true
	}
	return len(list) > 2
}

// separatorLine returns the separator that a first line such as sep=; names, as
// Excel understands and some programs write, and the length of the line.
func separatorLine(head []byte) (comma byte, length int) {
	line, _, ok := bytes.Cut(head, []byte("\n"))
	text := strings.Trim(string(bytes.TrimRight(line, "\r")), `"`)
	if !ok || len(text) != len("sep=;") || !strings.EqualFold(text[:4], "sep=") {
		return 0, 0
	}
	return text[4], len(line) + 1
}

// headless tells whether the first of some records is probably data, not the
// names of columns.
func headless(list [][]string) bool {
	return len(list) > 0 && !counting(list[0]) && likeBelow(list)
}

// likeBelow tells whether the first record is like those below it: more columns
// say so than not. A number above numbers says so, and so does a word that
// occurs again below it; a word above numbers is a name.
func likeBelow(list [][]string) bool {
	head, rows := list[0], list[1:]
	data, names := 0, 0
	for i, cell := range head {
		var numbers, words, again int
		for _, r := range rows {
			switch {
			case i >= len(r) || isMissing(r[i]):
			case isNumeral(r[i]):
				numbers++
			default:
				words++
				if r[i] == cell {
					again++
				}
			}
		}
		switch {
		case cell == "" || isMissing(cell):
		case isNumeral(cell) && words == 0:
			data++
		case isNumeral(cell) && numbers == 0, again > 0 && numbers == 0:
			data++
		case !isNumeral(cell) && numbers > words:
			names++
		}
	}
	return data > names
}

// isNumeral tells whether a cell is a number; 5 km may be a name.
func isNumeral(cell string) bool {
	n, ok := dissect(cell)
	return ok && n.unit == ""
}

// counting tells whether the numbers in a header are names: programs that have
// no names for columns write 0, 1, 2, ... or 1, 2, 3, ..., tables have years in
// their order, and tables of wavelengths equal steps.
func counting(names []string) bool {
	var values []float64
	for _, n := range names {
		if v, ok := number(n); ok {
			values = append(values, v)
		}
	}
	if 2*len(values) <= len(names) {
		return false
	}
	step := 1.0
	if len(values) > 1 {
		step = values[1] - values[0]
	}
	even, years := true, len(values) > 1
	for i, v := range values {
		even = even && (i == 0 || math.Abs(v-values[i-1]-step) <= 1e-9*math.Abs(step))
		years = years && v == math.Trunc(v) && 1700 <= v && v <= 2100 && (i == 0 || v > values[i-1])
	}
	first := values[0] == 0 || values[0] == 1
	return years || even && (step == 1 && first || len(values) > 2 && step > 0)
}

// header returns the names of the columns: the first record that is no comment,
// or a comment above records without names, as numpy.savetxt writes them.
func (r *records) header(o CSVOptions, list [][]string) (names []string, err error) {
	if r.made != nil {
		return r.made.names(), nil
	}
	var remark []string
	for {
		fields, line, err := r.next()
		switch {
		case err == io.EOF:
			return nil, fmt.Errorf("%s: the file is empty", r.name)
		case err != nil:
			return nil, err
		case comment(fields):
			remark = slices.Clone(fields)
			continue
		case o.NoHeader:
			r.unread(fields, line)
			return numberedNames(len(fields)), nil
		}
		if names := r.remarked(remark, fields, list); names != nil {
			r.unread(fields, line)
			return names, r.checkNames(names, line, nil)
		}
		if n := len(fields); n > 1 && fields[n-1] == "" && allHave(list, n-1) {
			fields = fields[:n-1] // a separator ends the line
		}
		names = nameColumns(fields)
		if namesRows(list, r.comma) {
			names = append([]string{columnName(0)}, names...)
		}
		return names, r.checkNames(names, line, list)
	}
}

// titles skips titles above the header, as spreadsheets have them: records of which
// only the first cell has a text, or none, where a record of names, without empty
// cells, follows. rest are the first records without them.
func (r *records) titles(list [][]string, noHeader bool) (titles []string, rest [][]string, err error) {
	const most = 10
	n := 0
	for n < min(len(list), most) && len(list[n]) > 2 && !slices.ContainsFunc(list[n][1:], func(cell string) bool { return cell != "" }) {
		n++
	}
	if n == 0 || n >= len(list) || noHeader || len(list[n]) != len(list[0]) || !slices.ContainsFunc(list[n], notNumber) || slices.Contains(list[n], "") {
		return nil, list, nil
	}
	for len(titles) < n {
		fields, _, err := r.next()
		if err != nil {
			return nil, nil, err
		}
		if !comment(fields) {
			titles = append(titles, strings.Clone(fields[0]))
		}
	}
	return slices.DeleteFunc(titles, func(s string) bool { return s == "" }), list[n:], nil
}

func notNumber(cell string) bool { return !isNumeral(cell) }

// allHave tells whether all records below the first have n fields.
func allHave(list [][]string, n int) bool {
	return len(list) > 1 && !slices.ContainsFunc(list[1:], func(r []string) bool { return len(r) != n })
}

// remarked returns the names in a comment above data, nil if it has none.
func (r *records) remarked(remark, first []string, list [][]string) []string {
	if remark == nil || !slices.ContainsFunc(first, isNumeral) || !likeBelow(list) {
		return nil
	}
	names := slices.Clone(remark)
	if names[0] == "#" && len(names) == len(first)+1 {
		names = names[1:]
	} else if names[0] != "#" {
		names[0] = strings.TrimSpace(strings.TrimLeft(names[0], "#"))
	}
	if len(names) != len(first) || slices.ContainsFunc(names, isNumeral) {
		return nil
	}
	return nameColumns(names)
}

// checkNames refuses names that are none; list are the records that begin with
// them.
func (r *records) checkNames(names []string, line int, list [][]string) error {
	if headless(list) {
		return advise(fmt.Errorf("%s:%d: the first line looks like data (%s): the file seems to have no header", r.name, line, few(names)),
			Advice{Text: "add one"}, Advice{Text: "set NoHeader", Option: "NoHeader"})
	}
	if twice, ok := repeated(names); ok {
		return fmt.Errorf("%s:%d: two columns are called %s; rename one", r.name, line, quote(twice))
	}
	return nil
}

// nameColumns copies names, since each pins its record, which may be a whole
// line of data, and names the columns that have none.
func nameColumns(fields []string) []string {
	names := make([]string, len(fields))
	for i, n := range fields {
		if names[i] = columnLine(n); n == "" {
			names[i] = columnName(i)
		}
	}
	return names
}

// columnLine is a name in one line, with single spaces: spreadsheets have names
// that were broken to fit their columns, which nobody can type.
func columnLine(name string) string { return strings.Join(strings.Fields(name), " ") }

func numberedNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = columnName(i)
	}
	return names
}

func columnName(i int) string { return "column_" + strconv.Itoa(i+1) }
