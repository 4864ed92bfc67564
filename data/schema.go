package data

import (
	"fmt"
	"slices"
	"strings"

	"descent/internal/numjson"
)

// Scaling says what becomes of the numbers of an input. The zero value leaves
// them alone.
type Scaling string

// The scalings. Their numbers come from the training rows, so other rows may
// leave the range.
const (
	Unscaled Scaling = ""
	Standard Scaling = "standard" // mean 0, standard deviation 1 (divided by n, not n-1)
	MinMax   Scaling = "minmax"   // from 0 to 1
)

// Task says what a target is. The zero value lets the target decide.
type Task string

// The tasks.
const (
	Regression     Task = "regression"
	Classification Task = "classification"
)

// Unknown says what becomes of a word that no row had when the schema was made.
type Unknown string

// The policies for unknown words. In Options, none means UnknownMissing; in a
// schema of an earlier program, it means UnknownRefuse.
const (
	UnknownMissing Unknown = "missing" // treat the word as a missing cell
	UnknownRefuse  Unknown = "refuse"  // refuse the row
)

// MissingLevel is the level of the missing cells of a categorical column.
const MissingLevel = "(missing)"

// A Schema says how the columns of a table become inputs and a target. It is
// made by Prepare, and it is plain data: json.Marshal writes it, json.Unmarshal
// reads and checks it. Keep it beside the model.
//
// A numeric column becomes one input, (v-Offset)/Scale, in which missing cells
// have the value Impute. A categorical column becomes one input for each level,
// called column=level, which is 1 in rows of that level and else 0; these are
// not scaled. A cell that is missing is of MissingLevel if cells were missing
// when the schema was made, else of no level. One of many levels may become one input
// in place of that, the number of the level (Coded), or -1. A column of text becomes
// counts of its words and of pairs of neighbours, hashed. A column of dates becomes the
// inputs of its parts: the days since 1970 and the year as numbers; the month,
// the weekday and the hour as words, or as numbers from 0 where the dates are too
// few for them to recur.
type Schema struct {
	Inputs  []Input  `json:"inputs"`
	Target  Target   `json:"target"`
	Ignored []Ignore `json:"ignored,omitempty"`
	// Unknown is the policy for words that are not among the levels.
	Unknown Unknown `json:"unknown,omitempty"`
	// MissingWords stand for missing cells, besides the usual ones.
	MissingWords []string `json:"missing_words,omitempty"`
	// Shape is the shape of one row's inputs.
	Shape []int `json:"shape"`
}

// An Input says how one column, or one part of a column of dates, becomes
// inputs.
type Input struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"` // Numeric, Categorical or Text, of the part if there is one

	// Part is what is taken out of a date: days (since 1970), year, month,
	// weekday or hour; "" if the column has none. Dates is how they are written.
	Part  string `json:"part,omitempty"`
	Dates Dates  `json:"dates,omitempty"`
	// Numerals is how numbers are written, nil if as programs do.
	Numerals *Numerals `json:"numerals,omitempty"`

	// Levels are the words of a categorical column. MissingLevel is the last,
	// if it is one of them.
	Levels []string `json:"levels,omitempty"`
	// Coded says that the number of the level is the input.
	Coded bool `json:"coded,omitempty"`

	// Weights are those of the inputs of a text.
	Weights []float64 `json:"weights,omitempty"`

	// For a numeric column, from the training rows alone:
	Scaling Scaling `json:"scaling,omitempty"`
	Offset  float64 `json:"offset,omitempty"` // mean (standard), minimum (minmax), or 0
	Scale   float64 `json:"scale,omitempty"`  // standard deviation, range, or 1; never 0
	Impute  float64 `json:"impute,omitempty"` // the mean, in the column's own unit
	Span    *Span   `json:"span,omitempty"`   // nil of earlier programs

	// Missing is the number of missing cells in the training rows.
	Missing int `json:"missing,omitempty"`
}

// A Target says what is predicted.
type Target struct {
	Name string `json:"name"`
	Task Task   `json:"task"`
	// Classes are the levels of the target of a classification, in the order
	// of Dataset.Class.
	Classes []string `json:"classes,omitempty"`
	// Outputs name what several targets are: columns, or labels of one column with Separator
	// between them.
	Outputs   []string `json:"outputs,omitempty"`
	Separator string   `json:"separator,omitempty"`
	// Missing is the number of rows left out because they have no target.
	Missing int `json:"missing,omitempty"`
}

// An Ignore is a column that is not used, with the reason.
type Ignore struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// The reasons for which Prepare leaves a column out by its own judgement.
const (
	ownWords   = "nearly each row has its own word, as with names"
	ownNumbers = "it numbers the rows"
	manyWords  = "it has too many different words"
)

// usable tells whether the column can be used if its user insists.
func (ig Ignore) usable() bool {
	for _, why := range []string{ownWords, ownNumbers, manyWords} {
		if strings.HasPrefix(ig.Reason, why) {
			return true
		}
	}
	return false
}

// Features returns the names of the inputs, in the order of Dataset.X.
func (s *Schema) Features() []string {
	var names []string
	for i := range s.Inputs {
		in := &s.Inputs[i]
		switch {
		case in.Kind == Text:
			for k := range in.Weights {
				names = append(names, fmt.Sprintf("%s#%d", in.Label(), k))
			}
		case in.Kind == Numeric || in.Coded:
			names = append(names, in.Label())
		default:
			for _, l := range in.Levels {
				names = append(names, in.Label()+"="+l)
			}
		}
	}
	return names
}

// Levels returns, for each input, how many levels it is a number of, or 0 if it is no
// such number; nil if none is.
func (s *Schema) Levels() []int {
	var levels []int
	coded := false
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.Coded {
			coded, levels = true, append(levels, len(in.Levels))
		} else {
			levels = append(levels, make([]int, in.Width())...)
		}
	}
	if !coded {
		return nil
	}
	return levels
}

// Label names the column, and the part.
func (in *Input) Label() string { return strings.TrimSpace(in.Name + " " + in.Part) }

// byColumn returns an input of each column; none of no schema.
func (s *Schema) byColumn() map[string]*Input {
	if s == nil {
		return nil
	}
	inputs := make(map[string]*Input, len(s.Inputs))
	for i := range s.Inputs {
		inputs[s.Inputs[i].Name] = &s.Inputs[i]
	}
	return inputs
}

// Width returns the number of inputs that the column becomes.
func (in *Input) Width() int {
	switch {
	case in.Kind == Text:
		return len(in.Weights)
	case in.Kind == Categorical && !in.Coded:
		return len(in.Levels)
	}
	return 1
}

// Notes says what was done that its user should know: columns that are not
// used, missing cells, rows left out.
func (s *Schema) Notes() []Note {
	const wordy = 50 // more words are often names, or numbers with something in them
	var notes []Note
	say := func(format string, args ...any) { notes = append(notes, Note{Text: fmt.Sprintf(format, args...)}) }
	for _, ig := range s.Ignored {
		if ig.Reason == predictedToo {
			continue
		}
		say("column %s is not used: %s", quote(ig.Name), ig.Reason)
		if ig.usable() {
			notes[len(notes)-1].Advice = []Advice{{Text: "name it in Use to use it", Option: "Use", Value: ig.Name}}
		}
	}
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.Part != "" && (i == 0 || s.Inputs[i-1].Name != in.Name) {
			say("column %s: dates, which become inputs for %s", quote(in.Name), strings.Join(s.partNames(in.Name), ", "))
		}
		if n := len(in.Levels); in.Coded {
			say("column %s: %d different words, such as %s, which are numbers of rows of a table that the model learns", quote(in.Name), n, quote(in.Levels[0]))
		} else if n > wordy {
			say("column %s: %d different words, such as %s, each of which is an input", quote(in.Name), n, quote(in.Levels[0]))
		}
		if in.Kind == Text {
			say("column %s: text, whose words and pairs of words become %d inputs", quote(in.Name), in.Width())
			notes[len(notes)-1].Advice = []Advice{{Text: "drop the column", Option: "Drop", Value: in.Name}}
		}
	}
	for _, text := range s.missingNotes() {
		say("%s", text)
	}
	if n := s.Target.Missing; n > 0 {
		say("target %s: %d rows left out because it is missing", quote(s.Target.Name), n)
	}
	return notes
}

// missingNotes says which columns lacked cells in the training rows, and what
// became of these; in one line if there are many.
func (s *Schema) missingNotes() []string {
	const many = 6
	var each, all []string
	for _, in := range s.Inputs {
		became := fmt.Sprintf("set to their mean %.6g", in.Impute)
		switch {
		case in.Missing == 0 || in.Part != "" && in.Part != "days":
			continue
		case in.Part != "":
			became = "set to their mean"
		case in.Kind == Text:
			became = "as texts without words"
		case in.Kind == Categorical && !slices.Contains(in.Levels, MissingLevel): // of a model that is trained further
			became = "none of its words"
		case in.Kind == Categorical:
			became = "as the level " + MissingLevel
		}
		each = append(each, fmt.Sprintf("column %s: %d missing in the training rows, %s", quote(in.Name), in.Missing, became))
		all = append(all, fmt.Sprintf("%s %d", quote(in.Name), in.Missing))
	}
	if len(all) < many {
		return each
	}
	return []string{fmt.Sprintf("missing in the training rows, and set to the mean of their column or to the level %s: %s", MissingLevel, strings.Join(all, ", "))}
}

// partNames are the parts of a column of dates.
func (s *Schema) partNames(column string) (names []string) {
	for _, in := range s.Inputs {
		if in.Name == column {
			names = append(names, in.Part)
		}
	}
	return names
}

// UnmarshalJSON reads a schema and checks that it makes sense, so that one
// from a damaged file is refused here and not at some later row.
func (s *Schema) UnmarshalJSON(text []byte) error {
	type plain Schema // without this method
	var p plain
	if err := numjson.UnmarshalStrict(text, &p); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if p.Unknown == "" {
		p.Unknown = UnknownRefuse
	}
	// Names that an earlier program kept with their line breaks.
	p.Target.Name = columnLine(p.Target.Name)
	for i := range p.Inputs {
		p.Inputs[i].Name = columnLine(p.Inputs[i].Name)
	}
	for i := range p.Ignored {
		p.Ignored[i].Name = columnLine(p.Ignored[i].Name)
	}
	if err := (*Schema)(&p).check(); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	*s = Schema(p)
	return nil
}

func (s *Schema) check() error {
	names, width := []string{s.Target.Name}, 0
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if err := in.check(); err != nil {
			return fmt.Errorf("input %s: %w", quote(in.Name), err)
		}
		names, width = append(names, in.Label()), width+in.Width()
	}
	for _, ig := range s.Ignored {
		names = append(names, ig.Name)
	}
	if twice, ok := repeated(names); ok {
		return fmt.Errorf("two columns are called %s", quote(twice))
	}
	if p, ok := product(s.Shape); !ok || p != width {
		return fmt.Errorf("shape %v does not hold %d inputs", s.Shape, width)
	}
	if s.Unknown != UnknownRefuse && s.Unknown != UnknownMissing {
		return unknown("policy", string(s.Unknown), UnknownMissing, UnknownRefuse)
	}
	return s.Target.check()
}

func (in *Input) check() error {
	if in.Part != "" {
		p := partNamed(in.Part)
		if p == nil || p.words == nil && in.Kind != Numeric {
			return fmt.Errorf("a date has no %s part %s", in.Kind, quote(in.Part))
		}
	}
	if f := in.Numerals; f != nil && f.Decimal != "" && f.Decimal != "." && f.Decimal != "," {
		return fmt.Errorf("the decimal sign is %s", quote(f.Decimal))
	}
	if in.Coded && in.Kind != Categorical {
		return fmt.Errorf("a %s column has no number of a level", in.Kind)
	}
	switch in.Kind {
	case Text:
		return in.checkText()
	case Numeric:
		if len(in.Levels) > 0 {
			return fmt.Errorf("a numeric column has no levels")
		}
		if in.Scale == 0 || !finite(in.Scale) || !finite(in.Offset) || !finite(in.Impute) {
			return fmt.Errorf("offset %v, scale %v, impute %v: all must be finite, and the scale not 0", in.Offset, in.Scale, in.Impute)
		}
		if s := in.Span; s != nil && !(s.Lo <= s.Hi) {
			return fmt.Errorf("numbers from %v to %v", s.Lo, s.Hi)
		}
	case Categorical:
		if len(in.Levels) == 0 {
			return fmt.Errorf("a categorical column needs levels")
		}
		if twice, ok := repeated(in.Levels); ok {
			return fmt.Errorf("two levels %s", quote(twice))
		}
	default:
		return unknown("kind", string(in.Kind), Numeric, Categorical, Text)
	}
	return in.Scaling.check()
}

func (sc Scaling) check() error {
	if sc != Unscaled && sc != Standard && sc != MinMax {
		return unknown("scaling", string(sc), Standard, MinMax)
	}
	return nil
}

func (t *Target) check() error {
	if t.Outputs != nil && (t.Task == Regression || t.Task == Classification) {
		return fmt.Errorf("a %s of several targets", t.Task)
	}
	switch t.Task {
	case Numbers, Labels:
		return t.checkSeveral()
	case Regression:
		if len(t.Classes) > 0 {
			return fmt.Errorf("a regression has no classes")
		}
	case Classification:
		if len(t.Classes) < 2 {
			return fmt.Errorf("a classification needs two classes, not %d", len(t.Classes))
		}
		if twice, ok := repeated(t.Classes); ok {
			return fmt.Errorf("two classes %s", quote(twice))
		}
	default:
		return unknown("task", string(t.Task), Regression, Classification, Numbers, Labels)
	}
	return nil
}
