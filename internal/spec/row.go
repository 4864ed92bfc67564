package spec

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/suggest"
)

// A Row describes something that has a name. The first of its settings may be
// given by position, and so those after it that say so.
type Row struct {
	Name     string
	Aliases  []string     // other libraries' names
	Doc      string       // what it is for
	Structs  func() []any // with the defaults: their fields are settings, see [Fields]
	Settings []Setting    // after those
	Examples []string     // settings worth showing: "delta=2"
	Source   string       // the paper
	// Space has the ranges in which a search looks for numbers, and SpaceSource who
	// published them. A text may give others, for any number, if it is not nil.
	Space       []Range
	SpaceSource string
	// Advice says what to write instead of a setting that it does not have.
	Advice map[string]string
}

// Spec returns the row, also of what embeds it.
func (r *Row) Spec() *Row { return r }

// All returns all settings.
func (r *Row) All() []Setting {
	if r.Structs == nil && r.Space == nil {
		return r.Settings
	}
	var all []Setting
	if r.Structs != nil {
		all = Fields(r.Structs()...)
	}
	all = append(all, r.Settings...)
	for i := range all {
		s := &all[i]
		if k := slices.IndexFunc(r.Space, func(x Range) bool { return x.Name == s.Name }); k >= 0 {
			s.Search = &r.Space[k]
		} else if r.Space != nil && s.Kind == Number {
			s.Search = &Range{Name: s.Name}
		}
	}
	return all
}

// A Setting is one of a row's.
type Setting struct {
	Name     string
	Aliases  []string // other libraries' names
	Doc      string
	Kind     Kind
	Default  Value    // nil is unset
	Required bool     // every call gives it; such settings come first
	Range    string   // of numbers, such as "[0,1)"; "" is all that are finite
	Choices  []string // of words, none is any; of a list, words that may stand for it
	By       Position
	One      bool // a list of one may be written without brackets
	// Search is where a search looks for a number if it is not told, nil if a text
	// cannot give a range. [Row.All] fills it in.
	Search *Range
}

// A Range is where a search looks for the number of a name. It is empty if only a
// text may say where.
type Range struct {
	Name string
	Interval
	Scale Scale
}

// A Scale says in which unit a search looks evenly.
type Scale string

// The scales.
const (
	Even   Scale = ""           // in the number itself
	Log    Scale = "log"        // in its logarithm
	Below1 Scale = "log of 1-x" // of what is left to 1, for decays
)

// Kind is the form of a setting's value.
type Kind string

// The kinds.
const (
	Number Kind = "a number"                                // 0.5
	Whole  Kind = "a whole number"                          // -100
	Flag   Kind = "true or false"                           // true
	Word   Kind = "a word"                                  // glorot, *.weight
	Text   Kind = "a text in quotes"                        // "ij,jk->ik", in formulas only
	List   Kind = "a list of numbers such as [1, 0.5]"      // [1, 0.5]
	Wholes Kind = "a list of whole numbers such as [5, 20]" // [5, 20]
	Calls  Kind = "calls joined by |"                       // conv(16, 3) | relu

	Branches Kind = "several of calls joined by |" // conv(8, 1), conv(8, 3) | relu
)

// Position says whether a setting may be given without its name.
type Position uint8

// The positions.
const (
	ByName  Position = iota // only the first setting may go without
	InOrder                 // as the one before it
	Rest                    // takes all that are left, as mlp(64, 32); by name, one may stand for a list of one
)

// Find returns the row of that name, or an error with the nearest one. what
// says what the table holds: "optimizer".
func Find[T any, P interface {
	*T
	Spec() *Row
}](what string, table []T, name string) (*T, error) {
	fold := strings.ToLower(name)
	var known, names []string
	for i := range table {
		row := P(&table[i]).Spec()
		if row.Name == fold || slices.Contains(row.Aliases, fold) {
			return &table[i], nil
		}
		names = append(names, row.Name)
		known = append(append(known, row.Name), row.Aliases...)
	}
	if near := suggest.Nearest(name, known); near != "" {
		return nil, fmt.Errorf("unknown %s %q; did you mean %q?", what, name, near)
	}
	return nil, fmt.Errorf("unknown %s %q; there are %s", what, name, strings.Join(names, ", "))
}

// Names returns the names of a table's rows, in its order.
func Names[T any, P interface {
	*T
	Spec() *Row
}](table []T) []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = P(&table[i]).Spec().Name
	}
	return names
}

// Usage writes the row with its defaults: "huber(delta=1, reduction=mean)".
func (r *Row) Usage() string {
	c := Call{Name: r.Name}
	for _, s := range r.All() {
		if s.Default != nil {
			c.Args = append(c.Args, Arg{Name: s.Name, Value: s.Default})
		}
	}
	return c.String()
}

// settings are those of a row.
type settings struct {
	row *Row
	all []Setting
}

// named returns the index of the setting of that name.
func (s settings) named(name string) (int, error) {
	var names []string
	var known []string
	for i := range s.all {
		if s.all[i].Name == name || slices.Contains(s.all[i].Aliases, name) {
			return i, nil
		}
		names = append(names, s.all[i].Name)
		known = append(append(known, s.all[i].Name), s.all[i].Aliases...)
	}
	hint := "its settings are " + strings.Join(names, ", ")
	if len(names) == 0 {
		hint = "it has none"
	}
	if advice := s.row.Advice[name]; advice != "" {
		hint = advice
	} else if near := suggest.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return 0, fmt.Errorf("%s has no setting %q; %s", s.row.Name, name, hint)
}

// position returns the index of the setting that argument i stands for when it
// has no name.
func (s settings) position(i int) (int, error) {
	n := 0
	for k := range s.all {
		if k > 0 && s.all[k].By == ByName {
			break
		}
		if k == i || s.all[k].By == Rest {
			return k, nil
		}
		n++
	}
	switch n {
	case 0:
		return 0, fmt.Errorf("%s has no settings", s.row.Name)
	case 1:
		return 0, fmt.Errorf("%s: only the first setting may go without its name: %s", s.row.Name, s.row.Usage())
	}
	return 0, fmt.Errorf("%s: only the first %d settings may go without a name: %s", s.row.Name, n, s.row.Usage())
}

// convert turns a value of a text into one of the setting's kind.
func (s *Setting) convert(v Value) (Value, error) {
	bad := fmt.Errorf("%s=%s is not %s", s.Name, Format(v), s.Kind)
	switch s.Kind {
	case Number, Whole:
		switch x := v.(type) {
		case float64:
			return x, s.check(x, bad)
		case Interval:
			if s.Search == nil {
				return nil, fmt.Errorf("%s=%s: it is not searched for; write one number", s.Name, x)
			}
			if !(x.Lo < x.Hi) || s.Search.Scale == Log && !(x.Lo > 0) {
				return nil, fmt.Errorf("%s=%s: a range goes from a smaller to a larger number, above 0 for a logarithmic one", s.Name, x)
			}
			return x, errors.Join(s.check(x.Lo, bad), s.check(x.Hi, bad))
		}
	case Flag:
		if x, ok := v.(bool); ok {
			return x, nil
		}
	case Word:
		return s.word(v, bad)
	case Text:
		if x, ok := v.(string); ok {
			return x, nil
		}
	case List, Wholes:
		switch x := v.(type) {
		case float64:
			if s.One {
				v = []float64{x}
			}
		case string:
			if len(s.Choices) > 0 {
				return s.word(v, bad)
			}
		}
		if list, ok := v.([]float64); ok {
			for i, x := range list {
				one := Setting{Name: fmt.Sprintf("%s[%d]", s.Name, i), Kind: s.Kind, Range: s.Range}
				if err := one.check(x, bad); err != nil {
					return nil, err
				}
			}
			return list, nil
		}
	case Calls:
		switch x := v.(type) {
		case Chain:
			return x, nil
		case string:
			return Chain{{Name: x}}, nil
		}
	case Branches:
		switch x := v.(type) {
		case []Chain:
			return x, nil
		case Chain:
			return []Chain{x}, nil
		case string:
			return []Chain{{{Name: x}}}, nil
		}
	}
	return nil, bad
}

// word accepts what looks like something else: a pattern a|b, the name 1.
func (s *Setting) word(v Value, bad error) (Value, error) {
	text := Format(v)
	switch v := v.(type) {
	case string:
		if strings.ContainsAny(text, "()[],=") {
			return nil, fmt.Errorf("%s=%s: a word has no brackets, commas and equals signs", s.Name, text)
		}
	case []float64, Interval:
		return nil, bad
	case Chain:
		names := make([]string, len(v))
		for i, c := range v {
			if names[i] = c.Name; len(c.Args) > 0 {
				return nil, bad
			}
		}
		text = strings.Join(names, "|")
	}
	if len(s.Choices) > 0 && !slices.Contains(s.Choices, text) {
		hint := "there are " + strings.Join(s.Choices, ", ")
		if near := suggest.Nearest(text, s.Choices); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		}
		return nil, fmt.Errorf("%s=%s is unknown; %s", s.Name, text, hint)
	}
	return text, nil
}

// maxWhole is the largest whole number of which float64 has all below.
const maxWhole = 1 << 53

// check returns an error if a number is outside the range, or not whole.
func (s *Setting) check(x float64, bad error) error {
	if (s.Kind == Whole || s.Kind == Wholes) && (x != math.Trunc(x) || math.Abs(x) > maxWhole) {
		return bad
	}
	return InRange(s.Range, s.Name, x)
}

// InRange returns an error that names the setting if x is outside a range, such
// as "[0,1)" or "(0,inf)"; the range "" is all numbers that are finite.
func InRange(limits, name string, x float64) error {
	if limits == "" {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s=%s is not a finite number", name, number(x))
		}
		return nil
	}
	last := len(limits) - 1
	lo, hi, _ := strings.Cut(limits[1:last], ",")
	a, _ := strconv.ParseFloat(lo, 64)
	b, _ := strconv.ParseFloat(hi, 64)
	above := x > a || x == a && limits[0] == '['
	below := x < b || x == b && limits[last] == ']'
	if !above || !below {
		return fmt.Errorf("%s=%s is not in %s", name, number(x), limits)
	}
	return nil
}

func failure(text string, at int, format string, args ...any) error {
	return &Error{text, at, fmt.Sprintf(format, args...)}
}
