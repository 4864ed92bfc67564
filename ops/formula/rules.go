package formula

import (
	"math"
	"slices"

	"descent/graph"
	"descent/internal/spec"
)

// An application is an operation applied to terms: what the operation says of
// itself, its operands, and the shape of the result.
type application struct {
	graph.Call
	args        []*term
	shape       graph.Shape
	elementwise bool
}

// rules are the operations that are not written as calls of their names, but as
// sums, products, powers, comparisons and choices, or in a form that people know
// better. All others are calls. A rule may return nil: then it is a call, too.
var rules = map[string]func(a *algebra, c application) *term{
	"add":  func(a *algebra, c application) *term { return a.sum(0, c.args, []float64{1, 1}) },
	"sub":  func(a *algebra, c application) *term { return a.sum(0, c.args, []float64{1, -1}) },
	"neg":  func(a *algebra, c application) *term { return a.sum(0, c.args, []float64{-1}) },
	"mul":  func(a *algebra, c application) *term { return a.product(1, c.args, []float64{1, 1}) },
	"div":  func(a *algebra, c application) *term { return a.product(1, c.args, []float64{1, -1}) },
	"sqrt": func(a *algebra, c application) *term { return a.product(1, c.args, []float64{0.5}) },
	"pow": func(a *algebra, c application) *term {
		if y := c.args[1]; y.kind == number && y.num != 0 && !math.IsInf(y.num, 0) {
			return a.product(1, c.args[:1], []float64{y.num})
		}
		return a.call("^", c.shape, nil, c.args...)
	},
	"exp": func(a *algebra, c application) *term {
		if x := c.args[0]; x.isCall("logsoftmax") {
			return a.call("softmax", c.shape, x.set, x.args...)
		}
		return nil
	},
	"less":            func(a *algebra, c application) *term { return a.call("<", c.shape, nil, c.args...) },
	"less_equal":      func(a *algebra, c application) *term { return a.call("<=", c.shape, nil, c.args...) },
	"equal":           func(a *algebra, c application) *term { return a.call("==", c.shape, nil, c.args...) },
	"not_equal":       func(a *algebra, c application) *term { return a.call("!=", c.shape, nil, c.args...) },
	"where":           func(a *algebra, c application) *term { return a.where(c.shape, c.args[0], c.args[1], c.args[2]) },
	"chosen":          func(a *algebra, c application) *term { return a.chosen(c.shape, c.args[0], c.args[1]) },
	"polygamma":       func(a *algebra, c application) *term { return a.derivative("digamma", c) },
	"sinc_derivative": func(a *algebra, c application) *term { return a.derivative("sinc", c) },
	"mask": func(a *algebra, c application) *term {
		if zero := a.number(0); c.Get("not") == nil {
			return a.where(c.shape, c.args[0], c.args[1], zero)
		}
		return a.where(c.shape, c.args[0], a.number(0), c.args[1])
	},
	"alive": func(a *algebra, c application) *term {
		if c.Get("not") == nil {
			return a.call("!=", c.shape, nil, c.args[0], a.number(0))
		}
		return a.call("==", c.shape, nil, c.args[0], a.number(0))
	},

	// What is written is the value; the gradient is in no formula but its own.
	"custom": func(a *algebra, c application) *term { return c.args[0] },

	"sum_to":    func(a *algebra, c application) *term { return a.sumTo(c.args[0], c.shape) },
	"broadcast": func(a *algebra, c application) *term { return a.stretch(bare(c.args[0]), c.shape) },
	"reshape":   func(a *algebra, c application) *term { return a.reshape(c.args[0], c.shape) },
	"concat":    func(a *algebra, c application) *term { return a.vector(c.shape, c.args) },
	"view":      func(a *algebra, c application) *term { return a.walk(c, false) },
	"place":     func(a *algebra, c application) *term { return a.walk(c, true) },
	"matmul": func(a *algebra, c application) *term {
		return a.call("@", c.shape, nil, a.transposed(c.args[0], c.Get("tx") == true), a.transposed(c.args[1], c.Get("ty") == true))
	},
}

// called turns an application into a term.
func (a *algebra) called(c application) *term {
	fn, known := operations()[c.Name]
	if c.elementwise {
		for i, x := range c.args {
			c.args[i] = bare(x)
		}
		full := c.shape
		c.shape = wide(c.args)
		if rules[c.Name] == nil && !known { // other functions may not stretch
			c.shape = full
			for i, x := range c.args {
				c.args[i] = a.stretch(x, full)
			}
		}
	}
	if rule := rules[c.Name]; rule != nil {
		if t := rule(a, c); t != nil {
			return t
		}
	}
	if !known {
		return a.call(c.Name, c.shape, c.Args, c.args...)
	}
	set, shape := fn.differing(c.Args), c.shape
	if axes, ok := axesOf(c.Get("axis")); ok && c.Get("keepdims") == true { // which formulas rather do without
		set, shape = without(set, "keepdims"), drop(c.args[0].shape, axes)
	}
	if axes, ok := c.Get("axis").([]float64); ok && len(axes) == c.args[0].shape.Rank() { // all
		set = without(set, "axis")
	}
	return a.reshape(a.call(c.Name, shape, set, c.args...), c.shape)
}

func without(set []spec.Arg, name string) []spec.Arg {
	return slices.DeleteFunc(set, func(s spec.Arg) bool { return s.Name == name })
}

// axesOf returns a setting that is a list of axes, or one.
func axesOf(v spec.Value) ([]int, bool) {
	switch v := v.(type) {
	case float64:
		return []int{int(v)}, true
	case []float64:
		return ints(v), true
	}
	return nil, false
}

func ints(num []float64) []int {
	out := make([]int, len(num))
	for i, x := range num {
		out[i] = int(x)
	}
	return out
}

// differing returns the settings that are not the defaults.
func (f *Func) differing(set []spec.Arg) []spec.Arg {
	var out []spec.Arg
	for _, arg := range set {
		if s, _ := f.setting(arg.Name, 0); s.Required || spec.Format(s.Default) != spec.Format(arg.Value) {
			out = append(out, arg)
		}
	}
	return out
}

// settings are those of a call, by name.
func settings(all ...any) []spec.Arg { return spec.Of("", all...).Args }

// over is a setting that is a list, or nothing if the list is empty.
func over(name string, list []float64) []spec.Arg {
	if len(list) == 0 {
		return nil
	}
	return settings(name, list)
}

// derivative is the derivative of a function by the order that the first operand
// is; that of order 0 has a name of its own.
func (a *algebra) derivative(of string, c application) *term {
	if order := c.args[0]; order.kind == number && order.num == 0 {
		return a.call(of, c.shape, nil, c.args[1])
	}
	return nil
}
