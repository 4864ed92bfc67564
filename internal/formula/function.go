package formula

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"descent/graph"
	"descent/ops"
)

type node = graph.Node

// A Func is what a formula can call.
type Func struct {
	Name string
	// Inputs is how many nodes it takes first, -1 for any number.
	Inputs int
	// Numbers names the numbers that follow: "lo, hi", "axes...", "". They
	// may be given by position or as lo=0.
	Numbers string
	// Index says which inputs are whole numbers that choose elements.
	Index []bool
	// Settings says that name=value pairs are handed on as text instead.
	Settings bool
	Build    func(in []*node, num []float64) *node
	// BuildWith is called instead of Build if Settings is set.
	BuildWith func(in []*node, settings string) (*node, error)
}

// constants are names with a value; a formula's own names come before them.
var constants = func() map[string]float64 {
	c := map[string]float64{"pi": math.Pi, "e": math.E, "inf": math.Inf(1), "nan": math.NaN()}
	for alias, name := range constantAliases {
		c[alias] = c[name]
	}
	return c
}()

// defaults are the values of numbers that may be left out: PyTorch's.
var defaults = map[string]float64{"slope": 0.01, "alpha": 1, "lambda": 0.5, "step": 1, "start": 0, "stop": math.Inf(1)}

// fractional are the numbers that need not be whole.
var fractional = []string{"c", "lo", "hi", "slope", "alpha", "lambda", "p", "stop", "l1_ratio"}

// functions is the table of what every formula can call.
var allFunctions = sync.OnceValue(func() map[string]Func {
	t := map[string]Func{}
	for _, c := range ops.Table {
		f := Func{Name: c.Name, Inputs: c.Inputs, Numbers: c.Numbers, Build: c.Build}
		for _, d := range c.Domain {
			f.Index = append(f.Index, d.Index && !slices.Contains([]string{"uniform", "normal", "rademacher", "dropout"}, c.Name))
		}
		t[c.Name] = f
	}
	for _, f := range compositions {
		t[f.Name] = f
	}
	for alias, name := range aliases {
		t[alias] = t[name]
	}
	return t
})

func functions() map[string]Func { return maps.Clone(allFunctions()) }

// compositions are functions that are no op of their own.
var compositions = []Func{
	chosen("max", ops.Max, ops.AMax),
	chosen("min", ops.Min, ops.AMin),
	unary("log2", func(x *node) *node { return ops.Scale(1/math.Ln2, ops.Log(x)) }),
	unary("log10", func(x *node) *node { return ops.Scale(1/math.Ln10, ops.Log(x)) }),
	unary("exp2", func(x *node) *node { return ops.Exp(ops.Scale(math.Ln2, x)) }),
	unary("cbrt", func(x *node) *node { return ops.Mul(ops.Sign(x), ops.Pow(ops.Abs(x), x.Graph().Const(1.0/3))) }),
	unary("trigamma", func(x *node) *node { return ops.Polygamma(x.Graph().Const(1), x) }),
	{Name: "heaviside", Inputs: -1, Build: buildHeaviside},
	{Name: "piecewise", Inputs: -1, Build: piecewise},
	{Name: "hypot", Inputs: 2, Build: func(in []*node, _ []float64) *node {
		return ops.Sqrt(ops.Add(ops.Square(in[0]), ops.Square(in[1])))
	}},
	{Name: "size", Inputs: 1, Numbers: "axes...", Build: func(in []*node, num []float64) *node {
		s, n := in[0].Shape(), 1
		if len(num) == 0 {
			n = s.Size()
		}
		for _, a := range num {
			k := int(a)
			if k < 0 {
				k += s.Rank()
			}
			if k < 0 || k >= s.Rank() {
				return graph.Bad(fmt.Errorf("axis %v of an array of %d axes", a, s.Rank()), "size", in[0])
			}
			n *= s.Dim(k)
		}
		return in[0].Graph().Const(float64(n))
	}},
	{Name: "view", Inputs: 1, Numbers: "rank, numbers...", Build: buildView},
	{Name: "place", Inputs: 1, Numbers: "rank, numbers...", Build: buildPlace},
	{Name: "scatter", Inputs: 2, Numbers: "axis, along, lengths...", Index: []bool{false, true}, Build: buildScatter},
}

func unary(name string, f func(*node) *node) Func {
	return Func{Name: name, Inputs: 1, Build: func(in []*node, _ []float64) *node { return f(in[0]) }}
}

// piecewise chooses the value after the first condition that holds, else the
// last: piecewise(c1, a, c2, b, otherwise).
func piecewise(in []*node, _ []float64) *node {
	n := len(in)
	if n%2 == 0 || n < 3 {
		return graph.Bad(errors.New("a condition stands before each value, and a value for where none holds at the end: piecewise(c1, a, c2, b, otherwise)"), "piecewise", in...)
	}
	y := in[n-1]
	for i := n - 3; i >= 0; i -= 2 {
		y = ops.Where(in[i], in[i+1], y)
	}
	return y
}

// chosen is max or min: of one array, over some axes; of several, elementwise.
func chosen(name string, pair func(_, _ *node) *node, over func(*node, ...int) *node) Func {
	return Func{Name: name, Inputs: -1, Numbers: "axes...", Build: func(in []*node, num []float64) *node {
		if len(in) == 1 {
			return over(in[0], ints(num)...)
		}
		if len(num) > 0 {
			return graph.Bad(fmt.Errorf("an axis is for one array, and these are %d", len(in)), name, in...)
		}
		y := in[0]
		for _, x := range in[1:] {
			y = pair(y, x)
		}
		return y
	}}
}

// buildHeaviside is [ops.Heaviside], and ½ at 0 where nothing is said.
func buildHeaviside(in []*node, _ []float64) *node {
	switch len(in) {
	case 1:
		return ops.Heaviside(in[0], in[0].Graph().Const(0.5))
	case 2:
		return ops.Heaviside(in[0], in[1])
	}
	return graph.Bad(fmt.Errorf("takes x and the value at x = 0, %d arguments given", len(in)), "heaviside", in...)
}

func ints(num []float64) []int {
	out := make([]int, len(num))
	for i, x := range num {
		out[i] = int(x)
	}
	return out
}

// strided reads the numbers of view and place: the rank, a shape and strides of
// that many axes, an offset, and what is left.
func strided(num []float64) (s, stride []int, offset int, rest []int, ok bool) {
	n := ints(num)
	if len(n) == 0 || n[0] < 0 || n[0] > graph.MaxRank || len(n) < 2+2*n[0] {
		return nil, nil, 0, nil, false
	}
	r := n[0]
	return n[1 : 1+r], n[1+r : 1+2*r], n[1+2*r], n[2+2*r:], true
}

// within says whether a strided walk of a shape that is not empty stays in an
// array.
func within(size int, s, stride []int, offset int) bool {
	low, high, n := offset, offset, 1
	for i, d := range s {
		if d < 1 || d > MaxSize || n > MaxSize {
			return false
		}
		n *= d
		if span := (d - 1) * stride[i]; span < 0 {
			low += span
		} else {
			high += span
		}
		if low < 0 || high >= size {
			return false
		}
	}
	return low >= 0 && high < size && n <= MaxSize
}

var errWalk = fmt.Errorf("the numbers are the rank, a shape, strides and an offset within the array")

// buildView is [graph.View], which derivatives are full of:
// view(x, rank, shape..., strides..., offset). Windows may overlap.
func buildView(in []*node, num []float64) *node {
	s, stride, offset, rest, ok := strided(num)
	if in[0].Err() == nil && (!ok || len(rest) > 0 || !within(in[0].Shape().Size(), s, stride, offset)) {
		return graph.Bad(errWalk, "view", in[0])
	}
	if in[0].Err() != nil {
		return in[0]
	}
	return graph.View(in[0], "view", graph.Dims(s...), stride, offset)
}

// buildPlace is the gradient of a view: zeros with x added to them. The numbers
// end with the shape of the result.
func buildPlace(in []*node, num []float64) *node {
	if in[0].Err() != nil {
		return in[0]
	}
	s, stride, offset, to, ok := strided(num)
	size := 1
	for _, d := range to {
		if d < 0 || d > MaxSize || size > MaxSize {
			ok = false
			break
		}
		size *= d
	}
	if !ok || len(to) > graph.MaxRank || size > MaxSize || !within(size, s, stride, offset) || graph.Dims(s...) != in[0].Shape() {
		return graph.Bad(errWalk, "place", in[0])
	}
	v := graph.View(in[0].Graph().Const(0, to...), "view", graph.Dims(s...), stride, offset)
	return v.Op().Grad(v, in[0])[0]
}

// buildScatter is the gradient of take (along is 0) and gather: zeros of the
// given lengths to which x is added at the indices.
func buildScatter(in []*node, num []float64) *node {
	to := ints(num[2:])
	if err := graph.Mistakes(in...); err != nil {
		return graph.Bad(err, "scatter", in...)
	}
	if len(to) == 0 || len(to) > graph.MaxRank || slices.Min(to) < 0 {
		return graph.Bad(fmt.Errorf("lengths %v", to), "scatter", in...)
	}
	gather := ops.Take
	if num[1] != 0 {
		gather = ops.Gather
	}
	y := gather(in[0].Graph().Const(0, to...), in[1], int(num[0]))
	if y.Err() != nil {
		return y
	}
	if y.Shape() != in[0].Shape() {
		return graph.Bad(fmt.Errorf("%v does not fit indices of shape %v", in[0].Shape(), in[1].Shape()), "scatter", in...)
	}
	return y.Op().Grad(y, in[0])[0]
}

// numbers returns the names of a function's numbers; the last may stand for
// any number of them.
func (f *Func) numbers() (names []string, variadic bool) {
	if f.Numbers == "" {
		return nil, false
	}
	text, variadic := strings.CutSuffix(f.Numbers, "...")
	return strings.Split(text, ", "), variadic
}

// usage is how the function is called.
func (f *Func) usage() string {
	var in []string
	for i := range max(f.Inputs, 0) {
		in = append(in, string("xyzuvw"[i%6]))
	}
	if f.Inputs < 0 {
		in = []string{"x", "..."}
	}
	if f.Numbers != "" {
		in = append(in, f.Numbers)
	}
	if f.Settings {
		in = append(in, "setting=...")
	}
	return f.Name + "(" + strings.Join(in, ", ") + ")"
}
