package losses

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops/formula"
)

// A Formula is a formula as text: it becomes nodes when its names are bound to
// some.
type Formula struct{ *formula.Formula }

// Parse reads a formula, such as "mean((w*x + b - y)^2)". It knows
//
//   - numbers, pi, e, names, lists ([1, 2], [[1, 2], [3, 4]]) and subscripts
//     (x[0], x[1:], x[::2], x[:, 0]);
//   - + - * / % ^ and @, the matrix product; powers bind more tightly than a
//     sign: -2^2 is -4;
//   - comparisons, and, or, not, and where(c, a, b);
//   - let a = x + 1; a^2;
//   - all ops and losses by the names of their tables, with numbers by
//     position or name: sum(x, axis=0), clamp(x, -1, 1), huber(p, y, delta=2);
//   - sums over ranges: sum(x^k/k, k, 1, 5);
//   - other spellings of these, such as x², |x|, a if c else b, np.exp(x) and
//     x.sum(). docs/formulas.md has them all.
//
// Length, depth and number of parts are bounded; errors name the column.
func Parse(text string) (*Formula, error) {
	f, err := formula.Parse(text, calls()...)
	if err != nil {
		return nil, err
	}
	return &Formula{f}, nil
}

// known holds what calls returns; it is made when first needed, for a loss may
// be a formula and a formula may call losses.
var known struct {
	sync.Once
	calls []formula.Func
}

// calls returns the losses and penalties as functions of formulas.
func calls() []formula.Func {
	known.Do(func() { known.calls = makeCalls() })
	return known.calls
}

func makeCalls() []formula.Func {
	out := slices.Clone(penalties)
	for i := range Table {
		out = append(out, Table[i].call())
	}
	return out
}

// call is the loss as a function of a formula.
func (row *Row) call() formula.Func {
	if row.make == nil {
		return formula.Func{Row: row.Row, Inputs: 3, Build: func(in []*graph.Node, a spec.Args) *graph.Node { return row.make3(a)(in[0], in[1], in[2]) }}
	}
	return formula.Func{Row: row.Row, Inputs: 2, Index: []bool{false, row.Target == Classes},
		Build: func(in []*graph.Node, a spec.Args) *graph.Node { return row.make(a)(in[0], in[1]) }}
}

// IsFormula reports whether a text is a loss as a formula in pred and target,
// not the name of one.
func IsFormula(text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.Contains(words, "pred")
}

// meant is the error of a text that is no loss's name: what is wrong with it as
// a formula, that it has names other than pred and target or a mistake of syntax,
// if it looks like one and may be, or else what is wrong with it as a name.
func meant(text string, may bool, asName error) error {
	_, inner, _ := strings.Cut(text, "(")
	if may = may || strings.ContainsAny(inner, "+-*/^("); !may {
		return asName
	}
	f, err := Parse(text)
	switch {
	case err != nil && strings.ContainsAny(text, "+-*/^"):
		return fmt.Errorf("loss %q: %w", text, err)
	case err != nil || len(f.Names()) == 0 || f.Names()[0] == strings.TrimSpace(text):
		return asName
	}
	if _, err := f.Loss(); err != nil {
		return err
	}
	return asName
}

// formulaRow is the row of a loss that is a formula: of numbers, or of class
// indices if that is how it uses the target.
func formulaRow(text string) (*Row, error) {
	f, err := Parse(text)
	if err != nil {
		return nil, err
	}
	loss, err := f.Loss()
	if err != nil {
		return nil, err
	}
	row := &Row{Row: spec.Row{Name: text, Doc: "a formula"}, Task: Regression, Pred: Real, Target: Real,
		make: func(spec.Args) Loss { return loss }}
	if f.IsIndex("target") {
		row.Task, row.Pred, row.Target = Classification, Logits, Classes
	}
	return row, nil
}

// Loss returns the loss that a formula in pred and target is, reduced to its
// mean if it is not a scalar.
func (f *Formula) Loss() (Loss, error) {
	names := f.Names()
	for _, n := range names {
		if n != "pred" && n != "target" {
			if err := f.Explain(n); err != nil {
				return nil, fmt.Errorf("loss %q: %w", f.Text, err)
			}
			return nil, fmt.Errorf("loss %q: a loss is a formula in pred and target; %s is neither", f.Text, n)
		}
	}
	if !slices.Contains(names, "pred") {
		return nil, fmt.Errorf("loss %q does not depend on pred", f.Text)
	}
	return func(pred, target *graph.Node) *graph.Node {
		if err := graph.Mistakes(pred, target); err != nil {
			return graph.Bad(err, "loss", pred, target)
		}
		if pred.Shape() != target.Shape() && !f.IsIndex("target") {
			return graph.Bad(fmt.Errorf("the prediction is %v and the target %v", pred.Shape(), target.Shape()), "loss", pred, target)
		}
		y, parts, err := f.BuildParts(pred.Graph(), map[string]*graph.Node{"pred": pred, "target": target})
		for _, p := range parts {
			if how := formula.Stretched(p.Node); err == nil && how != "" {
				err = &formula.Error{Text: f.Text, At: p.At, Msg: fmt.Sprintf("%s of %s: use reshape, squeeze or expand_dims on one of them", p.Name, how)}
			}
		}
		if err != nil {
			return graph.Bad(err, "loss", pred, target)
		}
		if y.Shape().Rank() > 0 {
			y = Mean.of(y)
		}
		return y
	}, nil
}
