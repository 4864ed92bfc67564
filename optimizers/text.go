package optimizers

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"descent/graph"
	"descent/ops/formula"
)

// FormulaRule is a rule as text: statements that give states their next values, and
// last the direction d of p ← p - lr·d, separated by semicolons.
//
//	m = 0.9*m + g; m
//	v = 0.999*v + 0.001*g^2; g / (sqrt(v) + 1e-8)
//
// A name that is given a value is an array of the parameter's shape that starts at 0.
// To the right it is its value so far: that of the step before, until the statement
// that changes it. g is the gradient, p the parameter, lr the learning rate and t the
// number of the step, from 1 on. Formulas are those of package formula.
type FormulaRule struct{ Text string }

// A statement of a rule gives a name a value; the last one has none.
type statement struct {
	name string
	*formula.Formula
}

// given are the names of a rule's formula that it is handed.
var given = []string{"g", "p", "lr", "t"}

// parse returns the statements of the rule.
func (r FormulaRule) parse() ([]statement, error) {
	var all []statement
	var names []string
	texts := strings.Split(r.Text, ";")
	for i, text := range texts {
		var s statement
		name, value, is := assignment(text)
		switch last := i == len(texts)-1; {
		case last && is:
			return nil, fmt.Errorf("rule %q: the last statement is the direction of the step, such as %s", r.Text, name)
		case !last && !is:
			return nil, fmt.Errorf("rule %q: %q gives nothing a value; only the last statement has no name", r.Text, strings.TrimSpace(text))
		case is && !isName(name):
			return nil, fmt.Errorf("rule %q: %q is no name for a state", r.Text, name)
		case is && slices.Contains(given, name):
			return nil, fmt.Errorf("rule %q: %s is given and cannot be changed", r.Text, name)
		}
		var err error
		if s.Formula, err = formula.Parse(value); err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Text, err)
		}
		if s.name = name; is {
			names = append(names, name)
		}
		all = append(all, s)
	}
	for _, s := range all {
		for _, n := range s.Names() {
			if !slices.Contains(given, n) && !slices.Contains(names, n) {
				return nil, fmt.Errorf("rule %q: %s has no value: a state is given one, as in %s = 0.9*%s + g; the names that have one are %s",
					r.Text, n, n, n, strings.Join(slices.Concat(given, names), ", "))
			}
		}
	}
	return all, nil
}

// assignment splits name = value.
func assignment(text string) (name, value string, is bool) {
	at := equals(text)
	if at < 0 {
		return "", text, false
	}
	return strings.TrimSpace(text[:at]), text[at+1:], true
}

// equals returns where a text outside brackets has =, not as a part of ==, !=, <= or
// >=; -1 if it has none.
func equals(text string) int {
	for i := range outside(text, '=') {
		if before := i > 0 && strings.ContainsRune("=!<>", rune(text[i-1])); !before && !strings.HasPrefix(text[i+1:], "=") {
			return i
		}
	}
	return -1
}

// outside yields where a character stands outside brackets.
func outside(text string, c rune) iter.Seq[int] {
	return func(yield func(int) bool) {
		depth := 0
		for i, r := range text {
			switch {
			case r == '(' || r == '[':
				depth++
			case r == ')' || r == ']':
				depth--
			case r == c && depth == 0:
				if !yield(i) {
					return
				}
			}
		}
	}
}

func isName(text string) bool {
	for i, r := range text {
		if letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'; !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != ""
}

// Update implements [Rule].
func (r FormulaRule) Update(s *Step) *node {
	all, err := r.parse()
	if err != nil {
		return graph.Bad(err, "optimizer", s.Grad)
	}
	names := map[string]*node{"g": s.Grad, "p": s.Param, "lr": s.LR, "t": s.T}
	states := map[string]*node{}
	for _, st := range all[:len(all)-1] {
		if states[st.name] == nil {
			states[st.name] = s.State(st.name)
			names[st.name] = states[st.name]
		}
	}
	for _, st := range all {
		value, err := st.Build(s.Old().Graph(), names)
		if err != nil {
			return graph.Bad(fmt.Errorf("rule %q: %w", r.Text, err), "optimizer", s.Grad)
		}
		value = graph.BroadcastTo(value, s.Old().Shape())
		if st.name == "" {
			r.keep(s, all, states, names)
			return value
		}
		names[st.name] = value
	}
	return nil // there is a last statement
}

// keep sets each state once, in the order of the text, to its last value.
func (r FormulaRule) keep(s *Step, all []statement, states, names map[string]*node) {
	for _, st := range all {
		if state := states[st.name]; state != nil {
			s.Set(state, names[st.name])
			delete(states, st.name)
		}
	}
}

// isFormula reports whether a link of a chain is a rule as text: it gives something
// a value, or has statements.
func isFormula(link string) bool { return strings.Contains(link, ";") || equals(link) >= 0 }

// program returns the command of a link that is another program.
func program(link string) (command string, is bool) {
	command, is = strings.CutPrefix(strings.TrimSpace(link), "exec:")
	return strings.TrimSpace(command), is
}

// Unnamed reports whether a text is, or has in its chain, a rule without a row: a
// formula, or another program.
func Unnamed(text string) bool { return isFormula(text) || strings.Contains(text, "exec:") }

// Links returns the links of a text, which | separates outside brackets.
func Links(text string) (links []string) {
	from := 0
	for i := range outside(text, '|') {
		links = append(links, text[from:i])
		from = i + 1
	}
	return append(links, text[from:])
}
