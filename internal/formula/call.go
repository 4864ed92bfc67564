package formula

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/suggest"

	"github.com/expr-lang/expr/ast"
)

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
	settings := map[string]ast.Node{}
	var order []string
	for _, a := range args {
		key, value, ok := l.setting(a)
		if !ok {
			if len(order) > 0 {
				return nil, l.fail(n, "%s: settings such as %s= come last", name, order[0])
			}
			positional = append(positional, a)
			continue
		}
		if settings[key] != nil {
			return nil, l.fail(a, "%s is given twice", key)
		}
		settings[key] = value
		order = append(order, key)
	}
	inputs := fn.Inputs
	if inputs < 0 {
		inputs = max(len(positional), 1)
	}
	if len(positional) < inputs {
		return nil, l.fail(n, "%s takes %s, %d given: %s", name, plural(inputs, "argument"), len(positional), fn.usage())
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
	if fn.Settings {
		return l.callWith(n, fn, in, positional[inputs:], order, settings)
	}
	num, err := l.numbers(n, &fn, positional[inputs:], order, settings)
	if err != nil {
		return nil, err
	}
	return l.made(n, name, fn.Build(in, num))
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

// callWith is a call of a function that takes its settings as text.
func (l *lowerer) callWith(n ast.Node, fn Func, in []*graph.Node, more []ast.Node, order []string, settings map[string]ast.Node) (*graph.Node, error) {
	if len(more) > 0 {
		return nil, l.fail(more[0], "%s takes %s; its settings have names: %s", fn.Name, plural(fn.Inputs, "argument"), fn.usage())
	}
	text := ""
	for i, key := range order {
		v, err := l.settingText(settings[key])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text += ", "
		}
		text += key + "=" + v
	}
	y, err := fn.BuildWith(in, text)
	if err != nil {
		return nil, l.fail(n, "%v", err)
	}
	return l.made(n, fn.Name, y)
}

// numbers returns the numbers of a call, given by position or by name.
func (l *lowerer) numbers(n ast.Node, fn *Func, positional []ast.Node, order []string, settings map[string]ast.Node) ([]float64, error) {
	names, variadic := fn.numbers()
	if len(positional) > len(names) && !variadic {
		if fn.Name == "log" && len(positional) == 1 {
			return nil, l.fail(n, "log takes no more than 1 argument: log(x); %s", l.logarithm(positional[0]))
		}
		return nil, l.fail(n, "%s takes no more than %s: %s", fn.Name, plural(max(fn.Inputs, 0)+len(names), "argument"), fn.usage())
	}
	for _, key := range order {
		if !slices.ContainsFunc(names, func(s string) bool { return is(s, key) }) {
			if strings.HasPrefix(key, "keepdim") {
				return nil, l.fail(n, "%s has no setting %q: expand_dims puts an axis back", fn.Name, key)
			}
			if near := suggest.Nearest(key, append([]string{"axis"}, names...)); near != "" {
				return nil, l.fail(n, "%s has no setting %q; did you mean %q?", fn.Name, key, near)
			}
			return nil, l.fail(n, "%s has no setting %q: %s", fn.Name, key, fn.usage())
		}
	}
	var out []float64
	for i, name := range names {
		last := variadic && i == len(names)-1
		values := positional[min(i, len(positional)):]
		if !last && len(values) > 1 {
			values = values[:1]
		}
		for _, key := range order {
			if !is(name, key) {
				continue
			}
			if len(values) > 0 {
				return nil, l.fail(n, "%s is given twice", key)
			}
			values = []ast.Node{settings[key]}
			if list, ok := settings[key].(*ast.ArrayNode); ok && last {
				values = list.Nodes
			}
		}
		if d, ok := defaults[name]; len(values) == 0 && ok && !last {
			out = append(out, d)
			continue
		}
		if len(values) == 0 && !last {
			return nil, l.fail(n, "%s: %s is missing: %s", fn.Name, name, fn.usage())
		}
		for _, v := range values {
			x, err := l.number(v, fn.Name, name)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
	}
	return out, nil
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

// is says whether a setting is the number of that name; the axis of axes may
// be alone.
func is(name, key string) bool {
	return name == key || name == "axes" && (key == "axis" || key == "dim") || name == "axis" && key == "dim" || name == "lengths" && key == "shape"
}

func (l *lowerer) number(n ast.Node, fn, name string) (float64, error) {
	x, ok := l.static(n)
	if !ok {
		return 0, l.fail(n, "%s: %s must be written as a number", fn, name)
	}
	if !slices.Contains(fractional, name) && (x != math.Trunc(x) || math.Abs(x) >= 1<<31) {
		return 0, l.fail(n, "%s: %s must be a whole number, not %v", fn, name, x)
	}
	return x, nil
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
