package losses

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"descent/internal/suggest"
)

// ByName returns the loss that a text names, with settings in parentheses:
// "mse", "huber(delta=2)", "cross_entropy(weight=[1, 2, 0.5], reduction=sum)".
// Names and settings are those of [Table]. The text may also be a formula in
// pred and target, see [Parse]: "mean(abs(pred - target)^1.5)".
func ByName(text string) (Loss, error) {
	row, s, err := parse(text)
	if err != nil {
		return nil, err
	}
	if row.make == nil {
		return nil, fmt.Errorf("loss %q compares three arrays: call losses.%s in Go", row.Name, row.Func)
	}
	return row.make(s), nil
}

// ByName3 is [ByName] for losses of three arrays, such as "triplet(margin=0.5)".
func ByName3(text string) (Loss3, error) {
	row, s, err := parse(text)
	if err != nil {
		return nil, err
	}
	if row.make3 == nil {
		return nil, fmt.Errorf("loss %q takes a prediction and a target only: use ByName", row.Name)
	}
	return row.make3(s), nil
}

// Lookup returns the row of the loss that a text names, whose settings are
// ignored.
func Lookup(text string) (*Row, error) {
	if IsFormula(text) {
		return formulaRow(text)
	}
	name, _, _ := strings.Cut(text, "(")
	name = strings.TrimSpace(name)
	var known, names []string
	for i := range Table {
		row := &Table[i]
		names = append(names, row.Name)
		if row.Name == name || slices.Contains(row.Aliases, name) {
			return row, nil
		}
		known = append(append(known, row.Name), row.Aliases...)
	}
	if h := hint(name, known); h != "" {
		return nil, fmt.Errorf("unknown loss %q%s", name, h)
	}
	return nil, fmt.Errorf("unknown loss %q; there are %s, and formulas in pred and target", name, strings.Join(names, ", "))
}

// hint suggests a known word, or lists them if none is near and they are few.
func hint(word string, known []string) string {
	if near := suggest.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(known) > 8 {
		return ""
	}
	return "; there is " + strings.Join(known, ", ")
}

// settings are the values of all settings of a loss, by name, checked.
type settings map[string]any

func (s settings) number(name string) float64 { return s[name].(float64) }
func (s settings) flag(name string) bool      { return s[name].(bool) }
func (s settings) list(name string) []float64 { return s[name].([]float64) }
func (s settings) reduction() Reduction       { return s["reduction"].(Reduction) }

// whole is nil if the setting was not given.
func (s settings) whole(name string) *int { return s[name].(*int) }

func parse(text string) (*Row, settings, error) {
	row, err := Lookup(text)
	if err != nil {
		return nil, nil, err
	}
	s := settings{}
	for _, d := range row.Settings {
		s[d.Name] = d.unset()
	}
	if IsFormula(text) {
		return row, s, nil
	}
	given, err := split(text)
	if err != nil {
		return nil, nil, fmt.Errorf("loss %q: %w", text, err)
	}
	seen := map[string]bool{}
	for _, g := range given {
		if err := row.set(s, seen, g); err != nil {
			return nil, nil, fmt.Errorf("loss %q: %w", text, err)
		}
	}
	return row, s, nil
}

// split returns the settings between the parentheses of a text; commas within
// brackets do not separate them.
func split(text string) ([]string, error) {
	_, inner, parens := strings.Cut(strings.TrimSpace(text), "(")
	if !parens {
		return nil, nil
	}
	inner, closed := strings.CutSuffix(inner, ")")
	if !closed {
		return nil, fmt.Errorf("the closing parenthesis is missing")
	}
	var out []string
	depth, start := 0, 0
	for i, c := range inner {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			out = append(out, inner[start:i])
			start = i + 1
		}
	}
	if rest := inner[start:]; strings.TrimSpace(rest) != "" || len(out) > 0 {
		out = append(out, rest)
	}
	return out, nil
}

// set reads one setting, "delta=2".
func (row *Row) set(s settings, seen map[string]bool, given string) error {
	name, value, ok := strings.Cut(given, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok {
		return fmt.Errorf("%q is not of the form name=value", strings.TrimSpace(given))
	}
	i := slices.IndexFunc(row.Settings, func(d Setting) bool { return d.Name == name })
	if i < 0 {
		var known []string
		for _, d := range row.Settings {
			known = append(known, d.Name)
		}
		return fmt.Errorf("%s has no setting %q%s", row.Name, name, hint(name, known))
	}
	if seen[name] {
		return fmt.Errorf("%s is set twice", name)
	}
	seen[name] = true
	v, err := row.Settings[i].read(value)
	s[name] = v
	return err
}

// unset is the value of a setting that is not given.
func (d Setting) unset() any {
	switch {
	case d.Kind == List:
		return []float64(nil)
	case d.Kind == Whole:
		return (*int)(nil)
	}
	v, err := d.read(d.Default)
	if err != nil {
		panic(err) // of the table
	}
	return v
}

// read reads a value and checks its range.
func (d Setting) read(text string) (any, error) {
	bad := fmt.Errorf("%s=%s: want %s", d.Name, text, d.Kind)
	switch d.Kind {
	case Number:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, bad
		}
		return x, d.Range.check(d.Name, x)
	case Whole:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, bad
		}
		return &n, d.Range.check(d.Name, float64(n))
	case Flag:
		if text != "true" && text != "false" {
			return nil, bad
		}
		return text == "true", nil
	case List:
		return d.readList(text, bad)
	}
	i := slices.Index(reductionNames, text)
	if i < 0 {
		return nil, fmt.Errorf("%w%s", bad, hint(text, reductionNames))
	}
	return Reduction(i), nil
}

// readList reads "[1, 0.5]".
func (d Setting) readList(text string, bad error) (any, error) {
	inner, opens := strings.CutPrefix(text, "[")
	inner, closes := strings.CutSuffix(inner, "]")
	if !opens || !closes {
		return nil, bad
	}
	var list []float64
	for word := range strings.SplitSeq(inner, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
		if err != nil {
			return nil, bad
		}
		list = append(list, x)
	}
	return list, weightsInRange(d.Name, list)
}
