package optimizers

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"descent/internal/spec"
	"descent/optimizers/external"
)

// An Optimizer is what a text says of one: a rule, and its learning rate.
type Optimizer struct {
	Text string // as it was written
	Rule Rule
	// LR is the rate that the text gives, or else the largest of those that its
	// rules start from; 0 if none of them moves by itself.
	LR    float64
	Given bool // the text gives the rate
}

// Parse returns the optimizer that text describes: rules with named settings,
// joined by | in the order in which they act. The first setting may be given
// without its name, and one of the rules may have lr, the learning rate:
//
//	adam
//	clip(1) | adam(lr=1e-3, beta2=0.99)
//
// A rule may also be a formula, see [FormulaRule], or a program, see package external:
//
//	clip(1) | m = 0.9*m + g; m
//	exec: python3 torch_optim.py Adam
func Parse(text string) (Optimizer, error) {
	o := Optimizer{Text: strings.TrimSpace(text)}
	links := []string{text}
	if Unnamed(text) {
		links = Links(text)
	}
	var chain Chain
	for _, link := range links {
		rules, err := o.link(link)
		if err != nil {
			return o, err
		}
		chain = append(chain, rules...)
	}
	if o.Rule = chain; len(chain) == 1 {
		o.Rule = chain[0]
	}
	return o, nil
}

// unnamedLR is the rate that rules start from which have no row: that of sgd.
const unnamedLR = 1e-3

// link makes the rules of a text that is a formula, a program, or calls.
func (o *Optimizer) link(text string) ([]Rule, error) {
	var r Rule
	if command, is := program(text); is {
		r = external.Rule{Command: command}
	} else if isFormula(text) {
		r = FormulaRule{strings.TrimSpace(text)}
	}
	if r != nil {
		if !o.Given {
			o.LR = max(o.LR, unnamedLR)
		}
		return []Rule{r}, Check(r)
	}
	calls, err := spec.ParseChain(text)
	if err != nil {
		return nil, err
	}
	var all []Rule
	for _, c := range calls {
		rules, err := o.add(c)
		if err != nil {
			return nil, err
		}
		all = append(all, rules...)
	}
	return all, nil
}

// Bind returns the row of a call, and its settings. Numbers may be ranges.
func Bind(c spec.Call) (*Entry, spec.Args, error) {
	e, err := spec.Find("optimizer", Table, c.Name)
	if err != nil {
		return nil, spec.Args{}, err
	}
	row := e.Row
	row.Advice = map[string]string{"weight_decay": fmt.Sprintf(
		"weight decay is a rule of its own: decay(0.01) | %s, or coupled as in PyTorch l2(0.01) | %s", e.Name, e.Name)}
	a, err := row.Bind(c)
	return e, a, err
}

// add makes the rules of a call, and notes its learning rate.
func (o *Optimizer) add(c spec.Call) ([]Rule, error) {
	e, a, err := Bind(c)
	if err != nil {
		return nil, err
	}
	for _, s := range e.All() {
		if x, ok := a.Value(s.Name).(spec.Interval); ok {
			return nil, fmt.Errorf("%s: %s=%v is a range, which bench searches; write one number", e.Name, s.Name, x)
		}
	}
	switch {
	case e.LR > 0 && a.Given("lr") && o.Given:
		return nil, errors.New("a learning rate is given twice")
	case e.LR > 0 && a.Given("lr"):
		o.LR, o.Given = a.Number("lr"), true
	case e.LR > 0 && !o.Given:
		o.LR = max(o.LR, e.LR)
	}
	var rules []Rule
	for _, r := range a.Fill(links(e.New())...) {
		rules = append(rules, r.(Rule))
	}
	return rules, nil
}

// links returns the rules that a rule is a chain of, or the rule alone.
func links(r Rule) (all []any) {
	c, chain := r.(Chain)
	switch {
	case r == nil:
	case !chain:
		all = append(all, r)
	}
	for _, r := range c {
		all = append(all, links(r)...)
	}
	return all
}

// Format writes a rule as it is parsed: under the name whose defaults it is
// nearest to, with the settings that differ from them. A rule that has no row is
// written as Go would.
func Format(r Rule) string {
	if c, ok := r.(Chain); ok {
		return c.String()
	}
	switch r := r.(type) {
	case FormulaRule:
		return r.Text
	case external.Rule:
		return r.String()
	}
	best := spec.Call{}
	for i := range Table {
		if reflect.TypeOf(Table[i].New()) != reflect.TypeOf(r) {
			continue
		}
		if c := Table[i].Describe(r); best.Name == "" || len(c.Args) < len(best.Args) {
			best = c
		}
	}
	if best.Name == "" {
		return fmt.Sprint(r)
	}
	return best.String()
}

// Check returns what is wrong with the settings of a rule, or nil.
func Check(r Rule) error {
	if c, ok := r.(Chain); ok {
		for _, r := range c {
			if err := Check(r); err != nil {
				return err
			}
		}
		return nil
	}
	if r == nil {
		return errors.New("there is no rule; Adam() is one")
	}
	switch r := r.(type) {
	case FormulaRule:
		_, err := r.parse()
		return err
	case external.Rule:
		return r.Check()
	}
	for _, r := range links(r) {
		if err := spec.Check(r); err != nil {
			return fmt.Errorf("%s: %w", Format(r.(Rule)), err)
		}
	}
	return nil
}
