package optimizers

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"descent/internal/suggest"
)

// Rules and schedules are written as calls with named settings, joined by |:
//
//	clip(1) | adam(lr=1e-3, beta2=0.99)
//
// The first setting may be given without its name.

// A call is name(arg, arg, …).
type call struct {
	name string
	args [][2]string // name and value; the name of the first may be ""
}

// split cuts text at separators that are outside brackets.
func split(text string, sep rune) []string {
	depth, from := 0, 0
	var out []string
	for i, c := range text {
		switch {
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == sep && depth <= 0:
			out = append(out, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(text[from:]))
}

func parseCall(text string) (c call, err error) {
	name, rest, has := strings.Cut(text, "(")
	c.name = strings.ToLower(strings.TrimSpace(name))
	if c.name == "" {
		return c, fmt.Errorf("%q: a name is missing", text)
	}
	if !has {
		return c, nil
	}
	rest, ok := strings.CutSuffix(rest, ")")
	if !ok {
		return c, fmt.Errorf("%q: a closing bracket is missing", text)
	}
	if strings.TrimSpace(rest) == "" {
		return c, nil
	}
	for i, a := range split(rest, ',') {
		key, val, named := strings.Cut(a, "=")
		if !named {
			key, val = "", a
			if i > 0 {
				return c, fmt.Errorf("%s: %q: only the first setting may go without its name", c.name, a)
			}
		}
		c.args = append(c.args, [2]string{strings.TrimSpace(key), strings.TrimSpace(val)})
	}
	return c, nil
}

// apply sets the call's arguments in parts. Those for which extra returns true
// are its own affair; extras are their names.
func (c call) apply(parts []reflect.Value, extra func(name, value string) (bool, error), extras ...string) error {
	all := settings(parts...)
	given := map[string]bool{}
	for _, a := range c.args {
		name, value := a[0], a[1]
		if name == "" && len(all) == 0 {
			return fmt.Errorf("%s has no settings", c.name)
		}
		if name == "" {
			name = all[0].name
		}
		if given[name] {
			return fmt.Errorf("%s: %s is given twice", c.name, name)
		}
		given[name] = true
		done := false
		for _, s := range all {
			if s.name == name && !done {
				if err := s.set(value); err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				done = true
			}
		}
		if done {
			continue
		}
		if ok, err := extra(name, value); err != nil || ok {
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			continue
		}
		return unknownSetting(c.name, name, all, extras)
	}
	return nil
}

func unknownSetting(rule, name string, all []setting, extras []string) error {
	names := slices.Clone(extras)
	for _, s := range all {
		names = append(names, s.name)
	}
	hint := "its settings are " + strings.Join(names, ", ")
	if len(names) == 0 {
		hint = "it has none"
	}
	if near := suggest.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	} else if name == "weight_decay" {
		hint = fmt.Sprintf("weight decay is a rule of its own: decay(0.01) | %s, or coupled as in PyTorch l2(0.01) | %s", rule, rule)
	}
	return fmt.Errorf("%s has no setting %q; %s", rule, name, hint)
}

func unknownName(what, name string, known []string) error {
	if near := suggest.Nearest(name, known); near != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q?", what, name, near)
	}
	return fmt.Errorf("unknown %s %q; there are %s", what, name, strings.Join(known, ", "))
}

// Parse returns the rule that text describes, and the learning rate that one
// of its rules was given as lr, nil if none was:
//
//	adam
//	adam(lr=1e-3, beta2=0.99) | clip(1)
func Parse(text string) (r Rule, lr *float64, err error) {
	var chain Chain
	for _, part := range split(text, '|') {
		c, err := parseCall(part)
		if err != nil {
			return nil, nil, err
		}
		e := lookup(c.name)
		if e == nil {
			return nil, nil, unknownName("optimizer", c.name, Names())
		}
		ps := parts(e.New())
		var rates []string
		if e.LR != 0 {
			rates = []string{"lr"}
		}
		err = c.apply(ps, func(name, value string) (bool, error) {
			if name != "lr" || e.LR == 0 {
				return false, nil
			}
			if lr != nil {
				return true, fmt.Errorf("a learning rate is given twice")
			}
			x, err := parseLR(value)
			lr = &x
			return true, err
		}, rates...)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range ps {
			chain = append(chain, p.Elem().Interface().(Rule))
		}
	}
	if len(chain) == 1 {
		return chain[0], lr, nil
	}
	return chain, lr, nil
}

func parseLR(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("lr=%s: not a number", text)
	}
	if !(x >= 0) || math.IsInf(x, 1) {
		return 0, fmt.Errorf("lr=%s is not in [0,inf)", text)
	}
	return x, nil
}

// format prints a rule as it is parsed: under the name whose defaults it is
// nearest to, with the settings that differ from them.
func format(r Rule) string {
	name, best := "", []string(nil)
	for i := range Table {
		def := Table[i].New()
		if reflect.TypeOf(def) != reflect.TypeOf(r) {
			continue
		}
		if d := differences(r, def); name == "" || len(d) < len(best) {
			name, best = Table[i].Name, d
		}
	}
	if len(best) == 0 {
		return name
	}
	return name + "(" + strings.Join(best, ", ") + ")"
}
