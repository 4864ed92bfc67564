package formula

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"descent/graph"
	"descent/internal/suggest"
	"descent/ops"

	"github.com/expr-lang/expr/ast"
)

// call is a call of a function by name.
func (l *lowerer) call(n ast.Node, name string, args []ast.Node) (*graph.Node, error) {
	fn, ok := l.funcs[name]
	if !ok {
		return nil, l.unknown(n, name)
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
		return nil, l.fail(n, "%s takes no more than %s: %s", fn.Name, plural(max(fn.Inputs, 0)+len(names), "argument"), fn.usage())
	}
	for _, key := range order {
		if !slices.ContainsFunc(names, func(s string) bool { return is(s, key) }) {
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

// subscript is x[i], x[a:b], x[i, a:b], and chains of these.
func (l *lowerer) subscript(n ast.Node) (*graph.Node, error) {
	axis := 0
	var base ast.Node
	switch n := n.(type) {
	case *ast.MemberNode:
		base = n.Node
	case *ast.SliceNode:
		base = n.Node
	}
	x, err := l.lower(base)
	if err != nil {
		return nil, err
	}
	if l.source(n) == ',' {
		axis = l.nextAxis(base)
	}
	if axis >= x.Shape().Rank() {
		return nil, l.fail(n, "a subscript too many for an array of shape %v", x.Shape())
	}
	switch n := n.(type) {
	case *ast.MemberNode:
		return l.element(n, x, axis)
	case *ast.SliceNode:
		return l.slice(n, x, axis)
	}
	return nil, l.fail(n, "this is not part of a formula")
}

// nextAxis is the axis after those of a subscript, of which each index has
// taken one away.
func (l *lowerer) nextAxis(n ast.Node) int {
	axis := 0
	for {
		switch m := n.(type) {
		case *ast.SliceNode:
			axis++
			n = m.Node
			if l.source(m) != ',' {
				return axis
			}
		case *ast.MemberNode:
			n = m.Node
			if _, ok := l.static(m.Property); !ok {
				axis++ // a list keeps the axis
			}
			if l.source(m) != ',' {
				return axis
			}
		default:
			return axis
		}
	}
}

func (l *lowerer) element(n *ast.MemberNode, x *graph.Node, axis int) (*graph.Node, error) {
	size := x.Shape().Dim(axis)
	if i, ok := l.static(n.Property); ok {
		if i != math.Trunc(i) || i < float64(-size) || i >= float64(size) {
			return nil, l.fail(n, "index %v is not in %d..%d: the shape is %v", i, -size, size-1, x.Shape())
		}
		at := (int(i) + size) % size
		return l.made(n, "subscript", ops.Squeeze(ops.Slice(x, axis, at, at+1, 1), axis))
	}
	if list, ok := n.Property.(*ast.ArrayNode); ok {
		values, _, ok := l.constant(list)
		for _, v := range values {
			if ok && (v != math.Trunc(v) || v < 0 || v >= float64(size)) {
				return nil, l.fail(n, "index %v is not in 0..%d: the shape is %v", v, size-1, x.Shape())
			}
		}
	}
	i, err := l.lower(n.Property)
	if err != nil {
		return nil, err
	}
	return l.made(n, "subscript", ops.Take(x, i, axis))
}

func (l *lowerer) slice(n *ast.SliceNode, x *graph.Node, axis int) (*graph.Node, error) {
	size := x.Shape().Dim(axis)
	bound := func(n ast.Node, otherwise int) (int, error) {
		if n == nil {
			return otherwise, nil
		}
		v, err := l.number(n, "subscript", "bound")
		if v < 0 {
			v += float64(size)
		}
		return int(max(0, min(v, float64(size)))), err
	}
	from, err := bound(n.From, 0)
	if err != nil {
		return nil, err
	}
	to, err := bound(n.To, size)
	if err != nil {
		return nil, err
	}
	if from == 0 && to == size {
		return x, nil
	}
	if to <= from {
		return nil, l.fail(n, "no elements %d to %d of %v", from, to, x.Shape())
	}
	return l.made(n, "slice", ops.Slice(x, axis, from, to, 1))
}
