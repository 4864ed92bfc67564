package data

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// fitInputs decides what becomes of each column but the target: rows decide
// whether and how it is used, the rows of train give the numbers.
func (s *Schema) fitInputs(t *Table, target string, rows, train []int, o Options) error {
	if o.MaxLevels == 0 {
		if o.MaxLevels = defaultMaxLevels; o.Codes > 0 {
			o.MaxLevels = maxCodes
		}
	}
	reasons := reasons(t, target, rows, o)
	room := make([]float64, 0, len(train)) // for the numbers of a column
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Name == target {
			continue
		}
		if slices.Contains(o.Text, c.Name) || reasons[i] == freeText {
			s.Inputs = append(s.Inputs, fitText(c, train))
			continue
		}
		if reasons[i] != "" {
			s.Ignored = append(s.Ignored, Ignore{c.Name, reasons[i]})
			continue
		}
		if err := s.fitColumn(c, rows, train, room, o); err != nil {
			return within(fmt.Sprintf("%s: column %s", t.Name, quote(c.Name)), err)
		}
	}
	if len(s.Inputs) == 0 {
		return s.noInputs(t.Name)
	}
	return s.setShape(t.Name, o.Shape)
}

// setShape sets the shape, which must hold the inputs, and refuses two inputs
// of one name ("a=b" and level b of a), which nobody could tell apart.
func (s *Schema) setShape(table string, shape []int) error {
	features := s.Features()
	if twice, ok := repeated(features); ok {
		return fmt.Errorf("%s: two inputs would be called %s; rename a column", table, quote(twice))
	}
	if shape == nil {
		shape = []int{len(features)}
	}
	if p, ok := product(shape); !ok || p != len(features) {
		return fmt.Errorf("%s: shape %v does not hold its %d inputs", table, shape, len(features))
	}
	s.Shape = slices.Clone(shape)
	return nil
}

// noInputs says why no column is left.
func (s *Schema) noInputs(table string) error {
	const most = 12
	var says []string
	var advice []Advice
	for i, ig := range s.Ignored {
		if i < most {
			says = append(says, fmt.Sprintf("%s (%s)", quote(ig.Name), ig.Reason))
		}
		if ig.usable() && advice == nil {
			advice = []Advice{{Text: fmt.Sprintf("name %s in Use to use it", quote(ig.Name)), Option: "Use", Value: ig.Name}}
		}
	}
	if n := len(s.Ignored) - most; n > 0 {
		says = append(says, fmt.Sprintf("and %d more", n))
	}
	if says == nil {
		says = []string{"the table has no other column"}
	}
	return advise(fmt.Errorf("%s: no inputs are left besides the target %s: %s", table, quote(s.Target.Name), strings.Join(says, ", ")), advice...)
}

// reasons returns for each column why it is not used, "" if it is.
func reasons(t *Table, target string, rows []int, o Options) []string {
	drop, use := setOf(o.Drop), setOf(o.Use)
	why, left := make([]string, len(t.Columns)), 0
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Name == target:
			continue
		case drop[c.Name]:
			why[i] = "dropped on request"
		case slices.Contains(o.More, c.Name):
			why[i] = predictedToo
		case c.Name == o.Weight:
			why[i] = "the weights of rows"
		case c.Name == o.Group:
			why[i] = "the groups of rows"
		case c.Name == o.Time:
			why[i] = "the order of rows"
		default:
			if why[i] = empty(c, rows, o); why[i] == "" && o.Shape == nil && !use[c.Name] {
				if why[i] = tellsRows(c, rows, o.MaxLevels); why[i] == "" && i == 0 && t.indexed() && isIndex(c, rows) {
					why[i] = ownNumbers
				}
			}
		}
		if why[i] == "" || why[i] == freeText {
			left++
		}
	}
	for i := range why {
		if left == 0 && strings.HasPrefix(why[i], ownNumbers) {
			why[i] = "" // x = 1, 2, 3, ... is what there is to learn from
		}
	}
	return why
}

// empty returns why a column says nothing, "" if it may say something.
func empty(c *Column, rows []int, o Options) string {
	first := slices.IndexFunc(rows, func(row int) bool { return !c.missing(row) })
	switch {
	case first < 0:
		return "all values are missing"
	case o.KeepConstant || o.Shape != nil:
		return ""
	}
	word := c.word(rows[first])
	for _, row := range rows {
		// Missing cells of a numeric column get the mean, which is the same
		// value again; in a categorical one they are a level.
		if c.missing(row) && c.Kind != Categorical {
			continue
		}
		if c.missing(row) || !c.equal(row, rows[first]) {
			return ""
		}
	}
	return "each value is " + quote(word)
}

// equal tells whether two cells are, neither of them missing.
func (c *Column) equal(a, b int) bool {
	if c.Kind == Categorical {
		return c.Codes[a] == c.Codes[b]
	}
	return c.Values.at(a) == c.Values.at(b)
}

// freeText is what a column is of which each cell has several words.
const freeText = "it is free text"

// tellsRows returns why a column tells rows apart instead of describing them, or that it
// is free text, "" if it does neither: the words and numbers of new rows will be others.
func tellsRows(c *Column, rows []int, maxLevels int) string {
	const (
		fewRows  = 20  // tell nothing about columns
		longText = 5.0 // words in a cell
	)
	if len(rows) < fewRows {
		return ""
	}
	if c.Kind != Categorical {
		if c.Kind == Numeric && numbersRows(c, rows) {
			return ownNumbers
		}
		return ""
	}
	different, present, words := len(wordsOf(c, rows)), 0, 0
	for _, row := range rows {
		if !c.missing(row) {
			present++
			words += len(strings.Fields(c.word(row)))
		}
	}
	switch {
	case different > fewRows && float64(words) > longText*float64(present):
		return freeText
	case ownWord(different, present):
		return fmt.Sprintf("%s (%d different ones in %d rows)", ownWords, different, present)
	case different > maxLevels:
		return fmt.Sprintf("%s (%d)", manyWords, different)
	}
	return ""
}

// ownWord tells whether nearly each of some rows has its own word.
func ownWord(different, rows int) bool { return different > 10 && 2*different > rows }

// idName are names of columns of numbers that tell rows apart.
var idName = regexp.MustCompile(`(?i)(^|[^a-z])(id|ids|idx|index|key|uuid|guid|serial|rowid|rownum|no|nr|num|number)[.)]*$|nummer$|[a-z]nr\.?$|[a-z](Id|ID)$`)

// numbersRows tells whether a column counts the rows from 0 or 1, or is called
// an id and has a whole number of its own in each.
func numbersRows(c *Column, rows []int) bool {
	from0, from1, seen := true, true, make(map[float64]bool)
	for _, row := range rows {
		v := c.Values.at(row)
		switch {
		case c.missing(row):
			continue
		case v != math.Trunc(v) || seen[v]:
			return false
		}
		seen[v] = true
		from0, from1 = from0 && v == float64(row), from1 && v == float64(row+1)
	}
	return from0 || from1 || idName.MatchString(c.Name)
}

// pandasIndex are the names that the first column has where pandas wrote its
// index, and read it again.
var pandasIndex = regexp.MustCompile(`^(Unnamed: 0(\.\d+)?|index|level_0)$`)

// indexed tells whether the first column is an index by its name, or by having
// none where the others do.
func (t *Table) indexed() bool {
	nameless := t.Columns[0].Name == columnName(0) && len(t.Columns) > 1 && t.Columns[1].Name != columnName(1)
	return nameless || pandasIndex.MatchString(t.Columns[0].Name)
}

// isIndex tells whether a column is one of whole numbers from 0: an index, though
// rows were drawn from it, or tables joined.
func isIndex(c *Column, rows []int) bool {
	if c.Kind != Numeric {
		return false
	}
	for _, row := range rows {
		if v := c.Values.at(row); !(v >= 0) || v != math.Trunc(v) {
			return false
		}
	}
	return true
}

// fitColumn adds the inputs of a column.
func (s *Schema) fitColumn(c *Column, rows, train []int, room []float64, o Options) error {
	if c.Kind != Date {
		in, err := fitInput(c, rows, train, room, o)
		s.Inputs = append(s.Inputs, in)
		return err
	}
	columns, names := c.partsOf(rows)
	for i, of := range columns {
		if empty(of, rows, o) != "" {
			continue
		}
		in, err := fitInput(of, rows, train, room, o)
		if err != nil {
			return err
		}
		in.Part, in.Dates = names[i], c.dates
		s.Inputs = append(s.Inputs, in)
	}
	return nil
}

func fitInput(c *Column, rows, train []int, room []float64, o Options) (Input, error) {
	in := Input{Name: c.Name, Kind: c.Kind}
	for _, row := range train {
		if c.missing(row) {
			in.Missing++
		}
	}
	if c.Kind == Numeric {
		if c.numerals != (Numerals{}) {
			in.Numerals = &c.numerals
		}
		in.Scaling = o.Scaling
		return in, in.fitNumbers(c, train, room)
	}
	in.Levels = wordsOf(c, rows)
	in.Coded = o.Codes > 0 && len(in.Levels) >= o.Codes && o.Shape == nil
	if n := len(in.Levels); n > o.MaxLevels {
		return in, advise(fmt.Errorf("%d different words in %d rows, each of which would be an input (at most %d)", n, len(rows), o.MaxLevels),
			Advice{Text: "drop the column", Option: "Drop", Value: c.Name}, Advice{Text: "raise MaxLevels", Option: "MaxLevels"})
	}
	// MissingLevel may be a word of the file; it is the same level then.
	had := len(in.Levels)
	in.Levels = slices.DeleteFunc(in.Levels, func(l string) bool { return l == MissingLevel })
	if had > len(in.Levels) || slices.ContainsFunc(rows, c.missing) {
		in.Levels = append(in.Levels, MissingLevel)
	}
	return in, nil
}

// fitNumbers sets what a numeric column needs from the training rows: cells
// that are missing there count neither for the mean nor for the spread.
func (in *Input) fitNumbers(c *Column, train []int, room []float64) error {
	values := room[:0]
	for _, row := range train {
		if !c.missing(row) {
			values = append(values, c.Values.at(row))
		}
	}
	if len(values) == 0 {
		return advise(errors.New("all values are missing in the training rows, so there is no mean for the others"),
			Advice{Text: "drop the column", Option: "Drop", Value: c.Name})
	}
	m, sd := meanAndDeviation(values)
	lo, hi := slices.Min(values), slices.Max(values)
	if lo == hi {
		m = lo // exactly: a constant column becomes zeros, not rounding noise
	}
	in.Impute, in.Scale, in.Span = m, 1, &Span{lo, hi}
	switch in.Scaling {
	case Standard:
		in.Offset, in.Scale = m, sd
	case MinMax:
		in.Offset, in.Scale = lo, hi-lo
	}
	// A column that is constant in the training rows has no unit to scale by.
	if lo == hi || in.Scale == 0 {
		in.Scale = 1
	}
	if !finite(in.Impute) || !finite(in.Offset) || !finite(in.Scale) {
		return fmt.Errorf("values from %v to %v are too large for a mean or a range; divide them first", lo, hi)
	}
	return nil
}

// meanAndDeviation returns the mean and the standard deviation (divided by n).
// Both are corrected by the remainder that rounding leaves, so that columns
// with a large offset (years, areas) do not lose digits.
func meanAndDeviation(values []float64) (mean, deviation float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v
	}
	mean /= n
	rest := 0.0
	for _, v := range values {
		rest += v - mean
	}
	mean += rest / n
	squares, rest := 0.0, 0.0
	for _, v := range values {
		squares += float64((v - mean) * (v - mean))
		rest += v - mean
	}
	return mean, math.Sqrt(max(squares-rest*rest/n, 0) / n)
}
