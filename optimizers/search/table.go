package search

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"descent/internal/spec"
	"descent/internal/suggest"
	"descent/optimizers"
)

// An Entry describes a method: what it is called, what it is for, and when it
// fails.
type Entry struct {
	spec.Row
	New   func(seed uint64) Method // with its defaults
	Fails string
	// Squares says that it minimises sums of squares alone, see Problem.Residuals;
	// Pairs that it keeps a number for each pair of variables.
	Squares, Pairs bool
}

// EntryOf returns the row of a method, nil if it has none.
func EntryOf(m Method) *Entry {
	i := slices.IndexFunc(Table, func(e Entry) bool { return reflect.TypeOf(e.New(0)) == reflect.TypeOf(m) })
	if i < 0 {
		return nil
	}
	return &Table[i]
}

func row(name string, make func(seed uint64) Method, doc, fails, source string) Entry {
	return Entry{Row: spec.Row{Name: name, Doc: doc, Source: source, Structs: func() []any { return []any{make(0)} }}, New: make, Fails: fails}
}

func (e Entry) squares() Entry { e.Squares = true; return e }
func (e Entry) pairs() Entry   { e.Pairs = true; return e }

// Table lists every method that can be written by name. Update rules are methods
// too, see [Parse].
var Table = []Entry{
	row("lbfgs", func(uint64) Method { return NewLBFGS() },
		"the first thing to try on a smooth loss without noise", "minibatches; kinks", "Liu, Nocedal 1989, https://doi.org/10.1007/BF01589116"),
	row("bfgs", func(uint64) Method { return BFGS{} },
		"as lbfgs, up to some hundred variables", "more: it keeps a matrix", "Nocedal, Wright 2006, algorithm 6.1").pairs(),
	row("newton", func(uint64) Method { return NewtonCG{} },
		"ill-conditioned smooth losses, by Hessian-vector products in a trust region", "losses without curvature", "Steihaug 1983, https://doi.org/10.1137/0720042"),
	row("cg", func(uint64) Method { return ConjugateGradient{} },
		"as lbfgs, with less memory", "a rough loss: it restarts all the time", "Polak, Ribière 1969, https://doi.org/10.1051/m2an/196903R100351"),
	row("steepest", func(uint64) Method { return GradientDescent{} },
		"a baseline with a line search", "long valleys", "Barzilai, Borwein 1988, https://doi.org/10.1093/imanum/8.1.141"),
	row("lm", func(uint64) Method { return LevenbergMarquardt{} },
		"least squares: curve fitting, to ten digits", "thousands of parameters: it keeps the Jacobian; losses that are no squares", "Moré 1978, https://doi.org/10.1007/BFb0067700").squares(),
	row("cmaes", func(seed uint64) Method { return CMAES{Seed: seed} },
		"several minima, no gradient, up to a hundred variables", "more variables", "Hansen 2016, https://arxiv.org/abs/1604.00772").pairs(),
	row("annealing", func(seed uint64) Method { return Annealing{Temperature: 10, Cool: 0.995, Sigma: 0.5, Seed: seed} },
		"several minima, few variables", "with steps down the gradient (sigma=0) it stays in its first basin", "Kirkpatrick, Gelatt, Vecchi 1983, https://doi.org/10.1126/science.220.4598.671"),
}

// An Optimizer is what a text names: an update rule, or a method of [Table], which
// searches by itself.
type Optimizer struct {
	optimizers.Optimizer // of a rule; of a method, its Text
	// Method makes the method, whose draws follow from the seed; nil for a rule.
	Method func(seed uint64) Method
	Entry  *Entry // the method's row; nil for a rule
}

// Parse returns what a text names: one method of [Table], or update rules as in
// [optimizers.Parse]. It is an error if none of the rules moves.
func Parse(text string) (Optimizer, error) {
	o := Optimizer{Optimizer: optimizers.Optimizer{Text: strings.TrimSpace(text)}}
	calls, err := spec.ParseChain(text)
	if err != nil { // a formula, or a mistake
		return rule(text, nil)
	}
	i := slices.IndexFunc(calls, func(c spec.Call) bool { return find(c.Name) != nil })
	if i < 0 {
		return rule(text, calls)
	}
	if len(calls) > 1 {
		return o, fmt.Errorf("%s searches by itself and stands alone, without | and rules", calls[i].Name)
	}
	o.Entry = find(calls[0].Name)
	a, err := o.Entry.Bind(calls[0])
	o.Method = func(seed uint64) Method { return a.Fill(o.Entry.New(seed))[0].(Method) }
	return o, err
}

// rule is Parse of what names no method.
func rule(text string, calls spec.Chain) (Optimizer, error) {
	r, err := optimizers.Parse(text)
	o := Optimizer{Optimizer: r}
	if err == nil && o.LR == 0 {
		return o, fmt.Errorf("optimizer %q: no rule in it moves; end it with one that does, such as sgd", o.Text)
	}
	if err == nil || len(calls) != 1 {
		return o, err
	}
	known := append(spec.Names(Table), spec.Names(optimizers.Table)...)
	if near := suggest.Nearest(calls[0].Name, known); near != "" && near != calls[0].Name {
		return o, fmt.Errorf("unknown optimizer %q; did you mean %q?", calls[0].Name, near)
	}
	return o, err
}

func find(name string) *Entry {
	e, err := spec.Find("method", Table, name)
	if err != nil {
		return nil
	}
	return e
}

// ParseMethod returns the method that a text names, or one that takes the steps of
// the rule that it names, at its rate.
func ParseMethod(text string, seed uint64) (Method, error) {
	o, err := Parse(text)
	switch {
	case err != nil:
		return nil, err
	case o.Method != nil:
		return o.Method(seed), nil
	}
	return With(o.Rule, o.LR), nil
}
