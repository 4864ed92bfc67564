package data

import (
	"fmt"

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

// The policies for unknown words.
const (
	UnknownError   Unknown = ""        // refuse the row
	UnknownMissing Unknown = "missing" // treat the word as a missing cell
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
// not scaled.
type Schema struct {
	Inputs  []Input  `json:"inputs"`
	Target  Target   `json:"target"`
	Ignored []Ignore `json:"ignored,omitempty"`
	// Unknown is the policy for words that are not among the levels.
	Unknown Unknown `json:"unknown,omitempty"`
	// Shape is the shape of one row's inputs.
	Shape []int `json:"shape"`
}

// An Input says how one column becomes inputs.
type Input struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`

	// Levels are the words of a categorical column. MissingLevel is the last,
	// if it is one of them.
	Levels []string `json:"levels,omitempty"`

	// For a numeric column, from the training rows alone:
	Scaling Scaling `json:"scaling,omitempty"`
	Offset  float64 `json:"offset,omitempty"` // mean (standard), minimum (minmax), or 0
	Scale   float64 `json:"scale,omitempty"`  // standard deviation, range, or 1; never 0
	Impute  float64 `json:"impute,omitempty"` // the mean, in the column's own unit

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
	// Missing is the number of rows left out because they have no target.
	Missing int `json:"missing,omitempty"`
}

// An Ignore is a column that is not used, with the reason.
type Ignore struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Features returns the names of the inputs, in the order of Dataset.X.
func (s *Schema) Features() []string {
	var names []string
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.Kind == Numeric {
			names = append(names, in.Name)
		}
		for _, l := range in.Levels {
			names = append(names, in.Name+"="+l)
		}
	}
	return names
}

// width returns the number of inputs that the column becomes.
func (in *Input) width() int {
	if in.Kind == Categorical {
		return len(in.Levels)
	}
	return 1
}

// Kinds returns the kind of each input column, for CSVOptions.Kinds when rows
// to predict are read: a new file may have too few rows to tell by itself, and
// level 01 would become the number 1.
func (s *Schema) Kinds() map[string]Kind {
	kinds := make(map[string]Kind, len(s.Inputs))
	for _, in := range s.Inputs {
		kinds[in.Name] = in.Kind
	}
	return kinds
}

// Notes says, one line each, what was done that its user should know: columns
// that are not used, missing cells, rows left out.
func (s *Schema) Notes() []string {
	const wordy = 50 // more words are often names, dates, or numbers with something in them
	var notes []string
	for _, ig := range s.Ignored {
		notes = append(notes, fmt.Sprintf("column %s is not used: %s", quote(ig.Name), ig.Reason))
	}
	for _, in := range s.Inputs {
		if n := len(in.Levels); n > wordy {
			notes = append(notes, fmt.Sprintf("column %s: %d different words, such as %s, each of which is an input", quote(in.Name), n, quote(in.Levels[0])))
		}
		switch {
		case in.Missing > 0 && in.Kind == Numeric:
			notes = append(notes, fmt.Sprintf("column %s: %d missing in the training rows, set to their mean %.6g", quote(in.Name), in.Missing, in.Impute))
		case in.Missing > 0:
			notes = append(notes, fmt.Sprintf("column %s: %d missing in the training rows, as the level %s", quote(in.Name), in.Missing, MissingLevel))
		}
	}
	if n := s.Target.Missing; n > 0 {
		notes = append(notes, fmt.Sprintf("target %s: %d rows left out because it is missing", quote(s.Target.Name), n))
	}
	return notes
}

// UnmarshalJSON reads a schema and checks that it makes sense, so that one
// from a damaged file is refused here and not at some later row.
func (s *Schema) UnmarshalJSON(text []byte) error {
	type plain Schema // without this method
	var p plain
	if err := numjson.UnmarshalStrict(text, &p); err != nil {
		return fmt.Errorf("schema: %w", err)
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
		names, width = append(names, in.Name), width+in.width()
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
	if s.Unknown != UnknownError && s.Unknown != UnknownMissing {
		return unknown("policy", string(s.Unknown), UnknownMissing)
	}
	return s.Target.check()
}

func (in *Input) check() error {
	switch in.Kind {
	case Numeric:
		if len(in.Levels) > 0 {
			return fmt.Errorf("a numeric column has no levels")
		}
		if in.Scale == 0 || !finite(in.Scale) || !finite(in.Offset) || !finite(in.Impute) {
			return fmt.Errorf("offset %v, scale %v, impute %v: all must be finite, and the scale not 0", in.Offset, in.Scale, in.Impute)
		}
	case Categorical:
		if len(in.Levels) == 0 {
			return fmt.Errorf("a categorical column needs levels")
		}
		if twice, ok := repeated(in.Levels); ok {
			return fmt.Errorf("two levels %s", quote(twice))
		}
	default:
		return unknown("kind", string(in.Kind), Numeric, Categorical)
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
	switch t.Task {
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
		return unknown("task", string(t.Task), Regression, Classification)
	}
	return nil
}
