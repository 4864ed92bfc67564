package search

import (
	"errors"
	"fmt"
	"slices"

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
}

func row(name string, make func(seed uint64) Method, doc, fails, source string) Entry {
	return Entry{spec.Row{Name: name, Doc: doc, Source: source, Structs: func() []any { return []any{make(0)} }}, make, fails}
}

// Table lists every method that can be written by name. Update rules are methods
// too, see [Parse].
var Table = []Entry{
	row("lbfgs", func(uint64) Method { return NewLBFGS() },
		"the first thing to try on a smooth loss without noise", "minibatches; kinks", "Liu, Nocedal 1989, https://doi.org/10.1007/BF01589116"),
	row("bfgs", func(uint64) Method { return BFGS{} },
		"as lbfgs, up to some hundred variables", "more: it keeps a matrix", "Nocedal, Wright 2006, algorithm 6.1"),
	row("newton", func(uint64) Method { return NewtonCG{} },
		"ill-conditioned smooth losses, by Hessian-vector products in a trust region", "losses without curvature", "Steihaug 1983, https://doi.org/10.1137/0720042"),
	row("cg", func(uint64) Method { return ConjugateGradient{} },
		"as lbfgs, with less memory", "a rough loss: it restarts all the time", "Polak, Ribière 1969, https://doi.org/10.1051/m2an/196903R100351"),
	row("steepest", func(uint64) Method { return GradientDescent{} },
		"a baseline with a line search", "long valleys", "Barzilai, Borwein 1988, https://doi.org/10.1093/imanum/8.1.141"),
	row("lm", func(uint64) Method { return LevenbergMarquardt{} },
		"least squares: curve fitting, to ten digits", "thousands of parameters: it keeps the Jacobian; losses that are no squares", "Moré 1978, https://doi.org/10.1007/BFb0067700"),
	row("cmaes", func(seed uint64) Method { return CMAES{Seed: seed} },
		"several minima, no gradient, up to a hundred variables", "more variables", "Hansen 2016, https://arxiv.org/abs/1604.00772"),
	row("annealing", func(seed uint64) Method { return Annealing{Temperature: 10, Cool: 0.995, Sigma: 0.5, Seed: seed} },
		"several minima, few variables", "with steps down the gradient (sigma=0) it stays in its first basin", "Kirkpatrick, Gelatt, Vecchi 1983, https://doi.org/10.1126/science.220.4598.671"),
}

// ErrNotSearch says that a text names an update rule, not a method of [Table].
var ErrNotSearch = errors.New("search: it is an update rule")

// ParseMethod returns the method of [Table] that a text names, with its settings.
// Its error is [ErrNotSearch] if the text names an update rule.
func ParseMethod(text string, seed uint64) (Method, error) {
	calls, err := spec.ParseChain(text)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(calls, func(c spec.Call) bool { return find(c.Name) != nil })
	switch {
	case i < 0:
		return nil, ErrNotSearch
	case len(calls) > 1:
		return nil, fmt.Errorf("%s searches by itself and stands alone, without | and rules", calls[i].Name)
	}
	e := find(calls[0].Name)
	a, err := e.Bind(calls[0])
	if err != nil {
		return nil, err
	}
	return a.Fill(e.New(seed))[0].(Method), nil
}

func find(name string) *Entry {
	e, err := spec.Find("method", Table, name)
	if err != nil {
		return nil
	}
	return e
}

// Parse returns the method that a text names: one of [Table], or an update rule at
// its learning rate, as in [optimizers.Parse].
func Parse(text string, seed uint64) (Method, error) {
	m, err := ParseMethod(text, seed)
	if !errors.Is(err, ErrNotSearch) {
		return m, err
	}
	o, err := optimizers.Parse(text)
	switch {
	case err != nil:
		if c, e := spec.Parse(text); e == nil {
			if near := suggest.Nearest(c.Name, append(spec.Names(Table), spec.Names(optimizers.Table)...)); near != "" && near != c.Name {
				return nil, fmt.Errorf("unknown optimizer %q; did you mean %q?", c.Name, near)
			}
		}
		return nil, err
	case o.Range != nil:
		return nil, fmt.Errorf("optimizer %q: lr=%v is a range, which bench searches; write one rate", text, o.Range)
	case o.LR == 0:
		return nil, fmt.Errorf("optimizer %q: no rule in it moves; end it with one that does, such as sgd", text)
	}
	return With(o.Rule, o.LR), nil
}
