package exec

import (
	"fmt"
	"slices"
	"strings"

	"descent/internal/kernel"
)

// longText is the length from which an expression has a name of its own.
const longText = 150

// region writes maps over one domain as a loop over its elements, or over its rows and
// their elements where operands are the same for all of one.
func (w *writer) region(g group) {
	domain := w.f.vals[g.vals[0]].dims
	n := size(domain)
	inner := w.inner(g, n)
	index := "i"
	if inner > 0 && inner < n {
		w.line("for r := 0; r < %d; r++ {", n/inner)
		w.indent++
		w.line("for j := 0; j < %d; j++ {", inner)
		index = fmt.Sprintf("r*%d+j", inner)
	} else {
		w.line("for i := 0; i < %d; i++ {", n)
	}
	w.indent++
	uses := map[Val]int{}
	for _, i := range g.vals {
		for _, a := range w.f.vals[i].args {
			uses[a]++
		}
	}
	stored := func(i Val) bool {
		s := w.plan.allocs[i].space
		return s == spaceArena || s == spaceLeaf
	}
	texts := map[Val]string{}
	for _, i := range g.vals {
		v := &w.f.vals[i]
		if o, ok := v.op.(dot); ok {
			texts[i] = w.dotted(v, o, index)
		} else {
			args := make([]string, len(v.args))
			for k, a := range v.args {
				if args[k] = texts[a]; args[k] == "" {
					args[k] = w.operand(domain, a, index, inner)
				}
			}
			texts[i] = inText(w, v, args, false)
		}
		if uses[i] > 1 || stored(i) || len(texts[i]) > longText {
			w.line("v%d := %s", i, texts[i])
			texts[i] = fmt.Sprint("v", i)
		}
	}
	for _, i := range g.vals { // which may be where operands are
		if stored(i) {
			w.line("%s = v%d", w.at(i, index), i)
		}
	}
	w.indent--
	if index != "i" {
		w.line("}")
		w.indent--
	}
	w.line("}")
}

// inner returns the length of rows if all operands that are rows or columns agree in it,
// else 0.
func (w *writer) inner(g group, n int) (inner int) {
	for _, i := range g.vals {
		v := &w.f.vals[i]
		if o, ok := v.op.(dot); ok {
			inner = o.n
			continue
		}
		for _, a := range v.args {
			x := &w.f.vals[a]
			own := 0
			switch {
			case x.scalar() || x.kind == kConst:
			case broadcastOf(v.dims, x.dims) == broadcastRow:
				own = x.n
			case broadcastOf(v.dims, x.dims) == broadcastColumn:
				own = n / x.n
			}
			if own != 0 && inner != 0 && own != inner {
				return 0
			}
			inner = max(inner, own)
		}
	}
	return inner
}

// operand writes an operand of a map that another step computes.
func (w *writer) operand(domain []int, a Val, index string, inner int) string {
	x := &w.f.vals[a]
	switch {
	case x.kind == kConst:
		return w.element(x.imm)
	case x.scalar():
		return "real(" + w.scalar(a) + ")"
	}
	n := size(domain)
	switch broadcastOf(domain, x.dims) {
	case broadcastScalar:
		return w.at(a, "0")
	case broadcastRow:
		if inner > 0 && inner < n {
			return w.at(a, "j")
		}
		return w.at(a, fmt.Sprintf("i%%%d", x.n))
	case broadcastColumn:
		if inner > 0 && inner < n {
			return w.at(a, "r")
		}
		return w.at(a, fmt.Sprintf("i/%d", n/x.n))
	}
	return w.at(a, index)
}

// inSource are the primitives as expressions of Go of float64s. Those that are one
// operation are the same of elements of arrays.
var inSource = [kernel.NumCodes]struct {
	text     string
	operator bool
}{
	kernel.Neg: {"-$a", true}, kernel.Add: {"$a + $b", true}, kernel.Sub: {"$a - $b", true}, kernel.Mul: {"$a * $b", true}, kernel.Div: {"$a / $b", true},
	kernel.Abs: {"math.Abs($a)", false}, kernel.Sign: {"sign($a)", false}, kernel.Sqrt: {"math.Sqrt($a)", false},
	kernel.Floor: {"math.Floor($a)", false}, kernel.Ceil: {"math.Ceil($a)", false}, kernel.Round: {"math.RoundToEven($a)", false},
	kernel.Exp: {"Exp($a)", false}, kernel.Expm1: {"Expm1($a)", false}, kernel.Log: {"Log($a)", false}, kernel.Log1p: {"Log1p($a)", false},
	kernel.Sin: {"Sin($a)", false}, kernel.Cos: {"Cos($a)", false}, kernel.Tan: {"Tan($a)", false},
	kernel.Asin: {"Asin($a)", false}, kernel.Acos: {"Acos($a)", false}, kernel.Atan: {"Atan($a)", false},
	kernel.Sinh: {"Sinh($a)", false}, kernel.Cosh: {"Cosh($a)", false}, kernel.Tanh: {"Tanh($a)", false},
	kernel.Erf: {"Erf($a)", false}, kernel.Sigmoid: {"Sigmoid($a)", false},
	kernel.Min: {"min($a, $b)", false}, kernel.Max: {"max($a, $b)", false}, kernel.Pow: {"Pow($a, $b)", false}, kernel.Atan2: {"Atan2($a, $b)", false},
	kernel.Lt: {"truth($a < $b)", false}, kernel.Le: {"truth($a <= $b)", false}, kernel.Eq: {"truth($a == $b)", false}, kernel.Ne: {"truth($a != $b)", false},
	kernel.Where: {"choose($a, $b, $c)", false},
	kernel.Erfc:  {"Erfc($a)", false}, kernel.Erfinv: {"Erfinv($a)", false}, kernel.NormCDF: {"NormCDF($a)", false}, kernel.Fmod: {"math.Mod($a, $b)", false},
}

// inText writes a map of operands, of elements or of float64s.
func inText(w *writer, v *value, args []string, wide bool) string {
	p := inSource[v.code]
	if p.text == "" {
		w.cannot(v, v.code.String())
	}
	names := []string{"$a", "$b", "$c"}
	var pairs []string
	for k, a := range args {
		if !wide && !p.operator {
			a = "float64(" + a + ")"
		}
		pairs = append(pairs, names[k], a)
	}
	text := strings.NewReplacer(pairs...).Replace(p.text)
	if wide {
		return "float64(" + text + ")"
	}
	return "real(" + text + ")"
}

// productsInside makes a product that only maps of one region read part of that region:
// the gradient of a matrix, of which an optimizer takes element by element, then needs no
// memory.
func productsInside(f *Func, groups []group) []group {
	in := make([]int, len(f.vals)) // by value: the region that computes it, or -1
	for i := range in {
		in[i] = -1
	}
	for g := range groups {
		for _, v := range groups[g].vals {
			if groups[g].region {
				in[v] = g
			}
		}
	}
	reader, replaced := f.readers(in), map[Val]bool{}
	for _, u := range f.updates {
		replaced[u.Leaf] = true
	}
	left := groups[:0:0]
	for _, g := range groups {
		v := &f.vals[g.vals[0]]
		o, ok := v.op.(dot)
		r := reader[g.vals[0]]
		if ok && !g.region && r >= 0 && v.n == o.m*o.n && !o.bias && !o.relu && !o.scaled && !o.added && !replaced[f.rootOf(v.args[0])] && !replaced[f.rootOf(v.args[1])] {
			groups[r].vals = slices.Insert(slices.Clone(groups[r].vals), 0, g.vals[0])
		}
	}
	for _, g := range groups {
		if g.region || reader[g.vals[0]] < 0 || !slices.Contains(groups[reader[g.vals[0]]].vals, g.vals[0]) {
			left = append(left, g)
		}
	}
	return left
}

// readers returns, for each value, the one region whose maps read all of it element by
// element and that alone reads it, or -1.
func (f *Func) readers(in []int) []int {
	const none = -1
	reader := make([]int, len(f.vals))
	for i := range reader {
		reader[i] = -2 // nobody yet
	}
	note := func(a Val, by int) {
		if reader[a] == -2 || reader[a] == by {
			reader[a] = by
		} else {
			reader[a] = none
		}
	}
	for i := range f.vals {
		v := &f.vals[i]
		for _, a := range v.args {
			by := none
			if in[i] >= 0 && v.kind == kMap && slices.Equal(f.vals[a].dims, v.dims) {
				by = in[i]
			}
			note(a, by)
		}
	}
	for _, v := range f.outputs {
		note(v, none)
	}
	for _, u := range f.updates {
		note(u.Value, none)
	}
	return reader
}

// strides are how far apart neighbours are, of the left matrix along its rows and along
// what is summed, of the right one along that and along its columns.
func (o dot) strides() (ai, ak, bk, bj int) {
	ai, ak, bk, bj = o.k, 1, o.n, 1
	if o.ta {
		ai, ak = 1, o.m
	}
	if o.tb {
		bk, bj = 1, o.k
	}
	return ai, ak, bk, bj
}

// dotted writes the element of a product that a region is at.
func (w *writer) dotted(v *value, o dot, index string) string {
	ai, ak, bk, bj := o.strides()
	row, column := "r", "j"
	if index == "i" {
		row, column = fmt.Sprintf("(i/%d)", o.n), fmt.Sprintf("(i%%%d)", o.n)
	}
	start := func(x Val, at string, stride int) string {
		array, from := w.memory(x)
		return fmt.Sprintf("%s[%s:]", array, placeAt([]string{at}, []int{stride}, from))
	}
	return fmt.Sprintf("dotted(%s, %s, %d, %d, %d)", start(v.args[0], row, ai), start(v.args[1], column, bj), o.k, ak, bk)
}
