package formula

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"descent/graph"
	"descent/internal/spec"
	"descent/internal/suggest"

	"github.com/expr-lang/expr/ast"
)

// keyed is a setting by name.
type keyed struct {
	key   string
	value ast.Node
}

// call is a call of a function by name.
func (l *lowerer) call(n ast.Node, name string, args []ast.Node) (*graph.Node, error) {
	fn, ok := l.funcs[name]
	if !ok {
		return nil, l.unknown(n, name)
	}
	if over, ok := l.ranged(name, args); ok {
		return l.overRange(n, name, over, args)
	}
	var positional []ast.Node
	var texts, named []keyed
	for _, a := range args {
		if text, is := a.(*ast.StringNode); is {
			s, takes := fn.word()
			if !takes {
				return nil, l.fail(a, "%s takes no text; a name with spaces stands in backquotes", name)
			}
			texts = append(texts, keyed{s, text})
			continue
		}
		key, value, ok := l.setting(a)
		if !ok {
			if len(named) > 0 {
				return nil, l.fail(n, "%s: settings such as %s= come last", name, named[0].key)
			}
			positional = append(positional, a)
			continue
		}
		named = append(named, keyed{key, value})
	}
	inputs := fn.Inputs
	if inputs < 0 {
		inputs = max(len(positional), 1)
	}
	if len(positional) < inputs {
		return nil, l.fail(n, "%s takes %s, %d given: %s", name, plural(inputs, "argument"), len(positional), fn.Usage())
	}
	in := make([]*graph.Node, inputs)
	for i := range in {
		x, err := l.lower(positional[i])
		if err != nil {
			return nil, err
		}
		if i < len(fn.Index) && fn.Index[i] {
			if err := l.checkIndex(positional[i]); err != nil {
				return nil, err
			}
		}
		in[i] = x
	}
	a, err := l.settings(n, &fn, positional[inputs:], append(texts, named...))
	if err != nil {
		return nil, err
	}
	return l.made(n, name, fn.Build(in, a))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (l *lowerer) unknown(n ast.Node, name string) error {
	if l.bind[name] != nil {
		return l.fail(n, "%s is a value, not a function: an operator is missing after it", name)
	}
	if hint := instead[name]; hint != "" {
		return l.fail(n, "there is no function %q: %s", name, hint)
	}
	known := slices.Sorted(maps.Keys(l.funcs))
	if near := suggest.Nearest(name, known); near != "" {
		return l.fail(n, "unknown function %q; did you mean %q?", name, near)
	}
	return l.fail(n, "unknown function %q", name)
}

// settings gives a function's settings their values, by position or by name.
func (l *lowerer) settings(n ast.Node, fn *Func, positional []ast.Node, named []keyed) (spec.Args, error) {
	if most := fn.most(); most >= 0 && len(positional) > most {
		if fn.Name == "log" && len(positional) == 1 {
			return spec.Args{}, l.fail(n, "log takes no more than 1 argument: log(x); %s", l.logarithm(positional[0]))
		}
		return spec.Args{}, l.fail(n, "%s takes no more than %s: %s", fn.Name, plural(max(fn.Inputs, 0)+most, "argument"), fn.Usage())
	}
	c := spec.Call{Name: fn.Name}
	for i, v := range positional {
		s, _ := fn.setting("", i)
		x, err := l.value(v, fn, s)
		if err != nil {
			return spec.Args{}, err
		}
		c.Args = append(c.Args, spec.Arg{Value: x})
	}
	for _, k := range named {
		s, known := fn.setting(k.key, 0)
		if !known {
			s.Kind = spec.Word // Bind says what is wrong
		}
		x, err := l.value(k.value, fn, s)
		if err != nil && known {
			return spec.Args{}, err
		}
		c.Args = append(c.Args, spec.Arg{Name: k.key, Value: x})
	}
	a, err := fn.Bind(c)
	if err != nil {
		return a, l.fail(n, "%v", err)
	}
	return a, nil
}

// value is the value of a setting: a number, a flag, a list, or a word where one
// is wanted.
func (l *lowerer) value(n ast.Node, fn *Func, s spec.Setting) (spec.Value, error) {
	id, word := n.(*ast.IdentifierNode)
	if word && s.Kind == spec.Word {
		return id.Value, nil
	}
	if text, is := n.(*ast.StringNode); is && (s.Kind == spec.Word || s.Kind == spec.Text) {
		return text.Value, nil
	}
	if b, is := n.(*ast.BoolNode); is {
		return b.Value, nil
	}
	if x, ok := l.static(n); ok {
		return x, nil
	}
	if list, ok := n.(*ast.ArrayNode); ok {
		if len(list.Nodes) == 0 {
			return nil, l.fail(n, "%s: an empty list has no use here; without %s, it has its default", fn.Name, s.Name)
		}
		if values, dims, ok := l.constant(list); ok && len(dims) == 1 {
			return values, nil
		}
	}
	if s.Kind == spec.Number || s.Kind == spec.Whole || s.By == spec.Rest {
		return nil, l.fail(n, "%s: %s must be written as a number", fn.Name, s.Name)
	}
	return nil, l.fail(n, "%s: %s is written as %s", fn.Name, s.Name, s.Kind)
}

// logarithm says what to write for a logarithm to some base.
func (l *lowerer) logarithm(base ast.Node) string {
	switch b, ok := l.static(base); {
	case ok && (b == 2 || b == 10):
		return fmt.Sprintf("to the base %v, write log%v(x)", b, b)
	case ok:
		return fmt.Sprintf("to another base it is log(x)/log(%v)", b)
	}
	return "to another base b it is log(x)/log(b)"
}

// checkIndex refuses an index that is written out and is not whole.
func (l *lowerer) checkIndex(n ast.Node) error {
	values := []float64{}
	if x, ok := l.static(n); ok {
		values = append(values, x)
	} else if list, ok := n.(*ast.ArrayNode); ok {
		values, _, _ = l.constant(list)
	}
	for _, x := range values {
		if x != math.Trunc(x) || x < 0 {
			return l.fail(n, "%v is not an index", x)
		}
	}
	return nil
}
