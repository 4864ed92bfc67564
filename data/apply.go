package data

import (
	"fmt"
	"math"
	"slices"
	"time"

	"descent/internal/suggest"
)

// Apply encodes all rows of a table for prediction: one row of inputs for each
// row of the table, in its order, without targets. The order of the columns
// does not matter, columns that the schema does not use are ignored, and need
// not be there, and words may differ from those of the schema in case and
// spaces. It is an error if a column is missing, a cell of a numeric column is
// not a number, or, if s.Unknown refuses it, a word is not among the levels of
// its column. Dataset.Notes counts the words that are taken for missing.
func (s *Schema) Apply(t *Table) (*Dataset, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	d, bad := s.encode(t, allRows(t.Rows()))
	if bad != nil {
		return nil, bad.err
	}
	d.noteUnseen()
	all := strangers{rows: d.strange(), columns: d.outside}
	d.Notes = append(d.Notes, all.notes(d.Rows())...)
	return d, nil
}

// ApplyLabelled encodes the rows of a table that have a target, for measuring
// a model; Dataset.Dropped counts those that have none. Errors are those of
// Apply, for the target too.
func (s *Schema) ApplyLabelled(t *Table) (*Dataset, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	names := []string{s.Target.Name}
	if s.Target.Outputs != nil && s.Target.Separator == "" {
		names = s.Target.Outputs
	}
	var target *Column
	rows := allRows(t.Rows())
	for _, name := range names {
		var err error
		if target, err = t.Column(name); err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, target.missing)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: column %s: the target is missing in every row", t.Name, quote(target.Name))
	}
	d, err := s.encodeLabelled(t, target, rows)
	if err == nil {
		d.Dropped = t.Rows() - len(rows)
	}
	return d, err
}

func allRows(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// encodeLabelled encodes rows with their targets, none of which is missing.
func (s *Schema) encodeLabelled(t *Table, target *Column, rows []int) (*Dataset, error) {
	d, bad := s.encode(t, rows)
	if bad != nil {
		return nil, bad.err
	}
	d.noteUnseen()
	d.Outside, d.outside = nil, nil
	d.Target, d.Classes = s.Target.Name, slices.Clone(s.Target.Classes)
	if s.Target.Outputs != nil {
		return d, s.encodeSeveral(d, t, rows)
	}
	if s.Target.Task == Regression {
		values, bad := numericCells(t, target, rows)
		if bad != nil {
			return nil, bad.err
		}
		d.Y = values.subset(rows).Numbers()
		return d, nil
	}
	d.Class = indices(target, s.Target.Classes, rows)
	if i := slices.IndexFunc(d.Class, func(class int) bool { return class < 0 }); i >= 0 {
		return nil, unknownLevel(t, target, rows[i], "class", s.Target.Classes)
	}
	return d, nil
}

// maxCells bounds the inputs of a dataset: 2³⁰ numbers are 8 GiB.
const maxCells = 1 << 30

// encode encodes the inputs of rows. An error is whole, with the row if it is of one.
func (s *Schema) encode(t *Table, rows []int) (*Dataset, *cellError) {
	d := &Dataset{Inputs: s.Features(), Shape: slices.Clone(s.Shape), Levels: s.Levels()}
	w := d.Features()
	if len(rows) > maxCells/max(w, 1) {
		return nil, &cellError{0, fmt.Errorf("%s: %d rows of %d inputs need %s; at most %s are allowed: drop columns with many levels, or rows",
			t.Name, len(rows), w, size(8*int64(len(rows))*int64(w)), size(8*maxCells))}
	}
	e := &encoded{rows: rows}
	d.X = Array{rows: len(rows), width: w, step: w, table: e}
	d.Outside = make([]float64, len(rows))
	// A search for each input would take a minute for 65,000 columns.
	columns := make(map[string]*Column, len(t.Columns))
	for i := range t.Columns {
		columns[t.Columns[i].Name] = &t.Columns[i]
	}
	at := 0
	for i := range s.Inputs {
		in := &s.Inputs[i]
		c, ok := columns[in.Name]
		if !ok {
			_, err := t.Column(in.Name) // says what there is instead
			return nil, &cellError{0, err}
		}
		c, err := in.of(t, c)
		if err != nil {
			return nil, &cellError{0, err}
		}
		out := encodedColumn{at: at, width: in.Width()}
		var bad *cellError
		switch in.Kind {
		case Numeric:
			bad = in.encodeNumbers(d, &out, t, c, rows)
		case Text:
			in.encodeText(d, &out, c, rows)
		default:
			bad = in.encodeWords(d, &out, t, c, rows, s.Unknown)
		}
		if bad != nil {
			return nil, bad
		}
		e.columns = append(e.columns, out)
		at += out.width
	}
	return d, nil
}

// of returns what the input is made of: a column, or a part of one of dates.
func (in *Input) of(t *Table, c *Column) (*Column, error) {
	switch {
	case in.Part != "" && c.Kind == Date:
		return c.part(partNamed(in.Part), in.Kind), nil
	case in.Part != "":
		return nil, fmt.Errorf("%s: column %s has no dates, as it had in training; they were written as %s", t.Name, quote(c.Name), in.Dates)
	case c.Kind == Date:
		return nil, fmt.Errorf("%s: column %s has dates; in training it had none", t.Name, quote(c.Name))
	}
	return c, nil
}

// encodeNumbers says how cells become numbers, and checks that they do.
func (in *Input) encodeNumbers(d *Dataset, out *encodedColumn, t *Table, c *Column, rows []int) *cellError {
	values, bad := numericCells(t, c, rows)
	if bad != nil {
		return bad
	}
	out.values, out.offset, out.scale, out.impute = values, in.Offset, in.Scale, in.Impute
	stray := outside{column: in.Label()}
	for i, row := range rows {
		v := values.at(row)
		if math.IsNaN(v) {
			d.Missing++
		} else if in.Span != nil {
			beyond := in.Span.Beyond(v)
			if d.Outside[i] = max(d.Outside[i], beyond); beyond > far {
				stray.add(outside{rows: 1, value: v, beyond: beyond})
			}
		}
		if !finite(out.number(v)) {
			return &cellError{row, fmt.Errorf("%s: column %s: %v is too far from the training rows to be scaled", t.Where(row), quote(c.Name), v)}
		}
	}
	if stray.rows > 0 {
		stray.span = *in.Span
		d.outside = append(d.outside, stray)
	}
	return nil
}

// encodeWords finds the level of each word, and checks that there is one.
func (in *Input) encodeWords(d *Dataset, out *encodedColumn, t *Table, c *Column, rows []int, policy Unknown) *cellError {
	codes, at := c.match(in.Levels)
	missing := slices.Index(in.Levels, MissingLevel)
	out.codes, out.coded = codes, in.Coded
	strange := unseen{column: in.Label()}
	for _, row := range rows {
		if code := codes[row]; code >= 0 && at[code] >= 0 {
			continue
		}
		if policy == UnknownRefuse && (missing < 0 || !c.missing(row)) && in.Part == "" {
			return &cellError{row, unknownLevel(t, c, row, "level", in.Levels, Advice{Text: "correct it"},
				Advice{Text: fmt.Sprintf("set Unknown to %q before training", UnknownMissing), Option: "Unknown", Value: string(UnknownMissing)})}
		}
		if !c.missing(row) {
			strange.add(1, c.word(row))
		}
		d.Missing++
	}
	for _, level := range at {
		if level < 0 {
			level = missing
		}
		out.level = append(out.level, level)
	}
	out.level = append(out.level, missing)
	if strange.rows > 0 {
		d.unseen = append(d.unseen, strange)
	}
	return nil
}

// unseen are rows whose words training has not seen, and the first of these words.
type unseen struct {
	column string
	rows   int
	words  []string
	more   bool // there are other words
}

func (u *unseen) add(rows int, words ...string) {
	const most = 12 // are told
	u.rows += rows
	for _, w := range words {
		switch {
		case slices.Contains(u.words, w):
		case len(u.words) == most:
			u.more = true
		default:
			u.words = append(u.words, w)
		}
	}
}

// note says so, of all rows.
func (u *unseen) note(rows int) Note {
	words := list(slices.Sorted(slices.Values(u.words)))
	if u.more {
		words += " and others"
	}
	return Note{Text: fmt.Sprintf("column %s: %d of %d rows have words that training has not seen, which count as missing: %s", quote(u.column), u.rows, rows, words)}
}

func (d *Dataset) noteUnseen() {
	for _, u := range d.unseen {
		d.Notes = append(d.Notes, u.note(d.Rows()))
	}
}

// unknownLevel says that the word in a row is not one of the levels.
func unknownLevel(t *Table, c *Column, row int, what string, levels []string, advice ...Advice) error {
	word := c.word(row)
	near := ""
	if n := suggest.Nearest(word, levels); n != "" {
		near = fmt.Sprintf(" (did you mean %s?)", quote(n))
	}
	return advise(fmt.Errorf("%s: column %s: unknown %s %s; known are %s%s", t.Where(row), quote(c.Name), what, quote(word), list(levels), near), advice...)
}

// word returns the cell of a row as text.
func (c *Column) word(row int) string {
	switch {
	case c.missing(row):
		return MissingLevel
	case c.Kind == Numeric:
		return formatNumber(c.Values.at(row))
	case c.Kind == Date:
		return timeOf(c.Values.at(row)).Format(time.DateTime)
	}
	return c.Levels[c.Codes[row]]
}

// numericCells returns the cells of a column as numbers, NaN where one is
// missing, and fails if one in rows is a word.
func numericCells(t *Table, c *Column, rows []int) (cells Array, bad *cellError) {
	switch c.Kind {
	case Numeric:
		return c.Values, nil
	case Date:
		return cells, &cellError{0, fmt.Errorf("%s: column %s has dates; numbers are needed", t.Name, quote(c.Name))}
	}
	// A column of a new file may be categorical by itself because of rows that
	// are not asked for, or because its reader was told so.
	values := make([]float64, len(c.Codes))
	for _, row := range rows {
		values[row] = math.NaN()
		if c.missing(row) {
			continue
		}
		v, ok := number(c.word(row))
		if !ok || !finite(v) {
			return cells, &cellError{row, fmt.Errorf("%s: column %s: %s is not a number", t.Where(row), quote(c.Name), quote(c.word(row)))}
		}
		values[row] = v
	}
	return ArrayOf(values, 1), nil
}

// match returns the words of a column, as codes of rows, and where each of them is in levels,
// -1 if it is not. A word that is not there as it stands is compared without regard to case
// and spaces, and as a number, since "1", "1.0" and the number 1 are the same level to
// anybody who looks at the file; unless two levels are the same then.
func (c *Column) match(levels []string) (codes, at []int) {
	words, folded, numbers := make(map[string]int), make(map[string]int), make(map[float64]int)
	for i, l := range levels {
		words[l] = i
		once(folded, fold(l), i)
		if v, ok := number(l); ok {
			once(numbers, v, i)
		}
	}
	own := c.asWords()
	at = make([]int, len(own.Levels))
	for i, l := range own.Levels {
		var ok bool
		if c.Kind == Categorical {
			if at[i], ok = words[l]; !ok {
				at[i], ok = folded[fold(l)]
			}
		}
		if v, is := number(l); is && !ok {
			at[i], ok = numbers[v]
		}
		if !ok {
			at[i] = -1
		}
	}
	return own.Codes, at
}

// indices returns those in levels of the words in some rows, none of which is missing.
func indices(c *Column, levels []string, rows []int) []int {
	codes, at := c.match(levels)
	all := make([]int, len(rows))
	for i, row := range rows {
		all[i] = at[codes[row]]
	}
	return all
}

// asWords returns a column as one of words.
func (c *Column) asWords() *Column {
	if c.Kind == Categorical {
		return c
	}
	words := make([]string, c.rows())
	for row := range words {
		words[row] = c.Text(row)
	}
	out := Words(c.Name, words)
	return &out
}

// once notes the place of a key; a key with two places has none, -1.
func once[K comparable](places map[K]int, key K, place int) {
	if _, twice := places[key]; twice {
		place = -1
	}
	places[key] = place
}
