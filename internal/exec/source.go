package exec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/internal/kernel"
)

// A Source is a program as statements of Go, in the part of it that
// [descent/internal/source] translates: the steps in their order, as loops over one
// array, m.arena, that call its functions. They compute what the program computes with
// portable kernels, bit for bit.
type Source struct {
	Statements string
	Arena      int      // elements of m.arena
	Outputs    []string // an array of Go, or a float64, for each output
	Read       []bool   // by leaf: whether the statements need it
}

// SourceOf writes a program, which it changes. leaf names the memory of each leaf, an
// array or a number; of results that an operation cannot be written the error is an
// [Unwritten].
func SourceOf(f *Func, double bool, leaf func(i int) string) (*Source, error) {
	f.double = double
	if err := f.optimize(nil, true); err != nil {
		return nil, err
	}
	w := &writer{f: f, double: double, leaf: leaf, read: make([]bool, len(f.leaves)), indent: 1}
	plan, groups := planMemory(f, schedule(f, fuse(f)))
	w.plan, w.arena = plan, plan.arena
	w.constants()
	for _, g := range groups {
		w.group(g)
	}
	w.ends()
	if w.err != nil {
		return nil, w.err
	}
	s := &Source{Read: w.read}
	for _, v := range f.outputs {
		if x := &f.vals[v]; x.scalar() {
			s.Outputs = append(s.Outputs, w.scalar(v))
		} else {
			s.Outputs = append(s.Outputs, w.array(v))
		}
	}
	s.Statements, s.Arena = w.first.String()+w.text.String(), w.arena
	return s, nil
}

// An Unwritten is a value that cannot be written as source.
type Unwritten struct {
	Tag  int // of the value
	What string
}

func (e *Unwritten) Error() string { return e.What + " cannot be written as source" }

// A writer writes statements.
type writer struct {
	f      *Func
	plan   *plan
	double bool
	leaf   func(i int) string
	read   []bool
	arena  int
	consts map[Val]int     // where constants are that operations read, in the arena
	loads  map[Val]bool    // scalars of leaves that have been read
	first  strings.Builder // what stands before all steps
	text   strings.Builder
	indent int
	err    error
}

func (w *writer) line(format string, args ...any) {
	w.text.WriteString(strings.Repeat("\t", w.indent))
	fmt.Fprintf(&w.text, format, args...)
	w.text.WriteByte('\n')
}

// cannot notes the first value that cannot be written.
func (w *writer) cannot(v *value, what string) {
	if w.err == nil {
		w.err = &Unwritten{v.tag, what}
	}
}

// nest writes loops over a box, whose body is given the names of their counters.
func (w *writer) nest(dims []int, body func(at []string)) {
	at := make([]string, len(dims))
	loops := 0
	for i, d := range dims {
		if at[i] = "0"; d != 1 {
			at[i] = fmt.Sprint("i", i)
			w.line("for %s := 0; %s < %d; %s++ {", at[i], at[i], d, at[i])
			w.indent++
			loops++
		}
	}
	body(at)
	for range loops {
		w.indent--
		w.line("}")
	}
}

// placeAt is where an element is that counters are at, with strides.
func placeAt(at []string, strides []int, offset int) string {
	var b strings.Builder
	add := func(text string) {
		if b.Len() > 0 && text[0] != '-' {
			b.WriteByte('+')
		}
		b.WriteString(text)
	}
	for i, s := range strides {
		switch {
		case s == 0 || at[i] == "0":
		case s == 1:
			add(at[i])
		case s == -1:
			add("-" + at[i])
		default:
			add(strconv.Itoa(s) + "*" + at[i])
		}
	}
	if offset != 0 || b.Len() == 0 {
		add(strconv.Itoa(offset))
	}
	return b.String()
}

// constants gives memory to constant arrays that operations read.
func (w *writer) constants() {
	w.consts, w.loads = map[Val]int{}, map[Val]bool{}
	want := func(a Val) {
		r := w.f.rootOf(a)
		x := &w.f.vals[r]
		if x.kind != kConst || x.scalar() {
			return
		}
		if _, ok := w.consts[r]; ok {
			return
		}
		w.consts[r] = w.arena
		w.arena += alignUp(x.n)
		fmt.Fprintf(&w.first, "\tfill(%s, %d, %s)\n", w.array(r), x.n, w.element(x.imm))
	}
	for i := range w.f.vals {
		if v := &w.f.vals[i]; v.kind == kOperation {
			for _, a := range v.args {
				want(a)
			}
		}
	}
	for _, v := range w.f.outputs {
		want(v)
	}
	for _, u := range w.f.updates {
		want(u.Value)
	}
}

// number writes a float64.
func number(x float64) string {
	switch {
	case x != x:
		return "math.NaN()"
	case math.IsInf(x, 0):
		return fmt.Sprintf("math.Inf(%d)", int(math.Copysign(1, x)))
	case x == 0 && math.Signbit(x):
		return "math.Copysign(0, -1)"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// element writes a number as an element of an array.
func (w *writer) element(x float64) string {
	if !w.double {
		x = float64(float32(x))
	}
	return "real(" + number(x) + ")"
}

// memory returns the array that a value is in, and where in it.
func (w *writer) memory(v Val) (array string, at int) {
	root := v
	for w.f.vals[root].kind == kShape {
		at += w.f.vals[root].from
		root = w.f.vals[root].args[0]
	}
	if c, ok := w.consts[root]; ok {
		return "m.arena", c + at
	}
	switch h := w.plan.allocs[root]; h.space {
	case spaceArena:
		return "m.arena", h.at + at
	case spaceLeaf:
		w.read[h.at] = true
		return w.leaf(h.at), at
	}
	w.cannot(&w.f.vals[v], "a value without memory")
	return "m.arena", 0
}

// array writes a value as a slice.
func (w *writer) array(v Val) string {
	array, at := w.memory(v)
	if at == 0 {
		return array + "[:]"
	}
	return fmt.Sprintf("%s[%d:]", array, at)
}

// at writes an element of a value.
func (w *writer) at(v Val, index string) string {
	array, at := w.memory(v)
	switch {
	case at == 0:
		return fmt.Sprintf("%s[%s]", array, index)
	case index == "0":
		return fmt.Sprintf("%s[%d]", array, at)
	}
	return fmt.Sprintf("%s[%d+%s]", array, at, index)
}

// scalar writes a value of rank 0.
func (w *writer) scalar(v Val) string {
	x := &w.f.vals[v]
	if x.kind == kConst {
		return "float64(" + number(x.imm) + ")"
	}
	name := fmt.Sprint("s", v)
	if x.kind == kLeaf && !w.loads[v] {
		w.loads[v] = true
		w.read[x.leaf] = true
		fmt.Fprintf(&w.first, "\t%s := float64(%s)\n", name, w.leaf(x.leaf))
	}
	return name
}

func (w *writer) group(g group) {
	v := &w.f.vals[g.vals[0]]
	switch {
	case v.n == 0:
	case g.region:
		w.region(g)
	case v.kind == kMap:
		args := make([]string, len(v.args))
		for k, a := range v.args {
			args[k] = w.scalar(a)
		}
		w.line("%s := %s", w.scalar(g.vals[0]), inText(w, v, args, true))
	default:
		w.operation(g.vals[0], v)
	}
}

// operation writes a step.
func (w *writer) operation(i Val, v *value) {
	o, ok := v.op.(written)
	if !ok {
		w.cannot(v, strings.Fields(v.op.line(nil))[0])
		return
	}
	o.source(w, i, v)
}

// written is what operations are that can be written as source.
type written interface {
	source(w *writer, i Val, v *value)
}

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
	for _, i := range g.vals {
		v := &w.f.vals[i]
		args := make([]string, len(v.args))
		for k, a := range v.args {
			args[k] = w.operand(g, domain, a, index, inner)
		}
		w.line("v%d := %s", i, inText(w, v, args, false))
		if s := w.plan.allocs[i].space; s == spaceArena || s == spaceLeaf {
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

// operand writes an operand of a map in a region.
func (w *writer) operand(g group, domain []int, a Val, index string, inner int) string {
	x := &w.f.vals[a]
	switch {
	case slices.Contains(g.vals, a):
		return fmt.Sprint("v", a)
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

// ends writes the updates that could not be computed in place.
func (w *writer) ends() {
	for _, u := range w.plan.copies {
		v := &w.f.vals[u.Value]
		leaf := w.f.vals[u.Leaf].leaf
		switch root := &w.f.vals[w.f.rootOf(u.Value)]; {
		case v.scalar() && w.f.leaves[leaf].Wide != nil:
			w.line("%s = %s", w.leaf(leaf), w.scalar(u.Value))
		case v.scalar():
			w.line("%s = real(%s)", w.leaf(leaf), w.scalar(u.Value))
		case root.kind == kLeaf:
			w.cannot(v, "an update by another variable")
		default:
			w.line("move(%s, %s, %d)", w.leaf(leaf)+"[:]", w.array(u.Value), v.n)
		}
		w.read[leaf] = true
	}
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

// The sources of operations.

func (o dot) source(w *writer, i Val, v *value) {
	ai, ak, bk, bj := o.k, 1, o.n, 1
	if o.ta {
		ai, ak = 1, o.m
	}
	if o.tb {
		bk, bj = 1, o.k
	}
	lead := v.dims[:len(v.dims)-2]
	call := func(c, a, b string) {
		if o.scaled {
			w.line("addProduct(%s, %s, %s, %s, %d, %d, %d, %d, %d, %d, %d)", c, a, b, w.array(v.args[2]), o.m, o.n, o.k, ai, ak, bk, bj)
			return
		}
		w.line("product(%s, %s, %s, %d, %d, %d, %d, %d, %d, %d)", c, a, b, o.m, o.n, o.k, ai, ak, bk, bj)
	}
	if o.scaled && w.array(v.args[3]) != w.array(i) {
		w.line("move(%s, %s, %d)", w.array(i), w.array(v.args[3]), v.n)
	}
	if size(lead) == 1 {
		call(w.array(i), w.array(v.args[0]), w.array(v.args[1]))
	} else {
		w.nest(lead, func(at []string) {
			matrix := func(x Val, dims []int, each int) string {
				view := BroadcastView(dims, lead)
				strides := make([]int, len(lead))
				for i := range lead {
					strides[i] = view.Stride[i] * each
				}
				array, from := w.memory(x)
				return fmt.Sprintf("%s[%s:]", array, placeAt(at, strides, from))
			}
			da, db := w.f.vals[v.args[0]].dims, w.f.vals[v.args[1]].dims
			call(matrix(i, lead, o.m*o.n), matrix(v.args[0], da[:len(da)-2], o.m*o.k), matrix(v.args[1], db[:len(db)-2], o.k*o.n))
		})
	}
	if o.bias {
		w.line("addRow(%s, %s, %d, %d)", w.array(i), w.array(v.args[2]), v.n/o.n, o.n)
	}
	if o.relu {
		w.line("rectify(%s, %d)", w.array(i), v.n)
	}
}

func (o reduction) source(w *writer, i Val, v *value) {
	src := w.array(v.args[0])
	switch {
	case v.scalar():
		w.line("%s := total(%s, %d)", w.scalar(i), src, o.mid)
		return
	case o.sumsColumns():
		w.line("columns(%s, %s, %d, %d, %d)", w.array(i), src, o.mid, o.inner, kernel.ColumnStripe(o.inner))
		return
	}
	call := map[kernel.Reduction][2]string{
		kernel.ReduceSum: {"sums", ""}, kernel.ReduceProd: {"products", ""}, kernel.ReduceMax: {"extremes", ", 1"}, kernel.ReduceMin: {"extremes", ", -1"},
		kernel.ReduceArgMax: {"places", ", 1"}, kernel.ReduceArgMin: {"places", ", -1"},
	}[o.how]
	w.line("%s(%s, %s, %d, %d, %d%s)", call[0], w.array(i), src, o.outer, o.mid, o.inner, call[1])
}

func (o box) source(w *writer, i Val, v *value) {
	w.line("%s = real(%s)", w.at(i, "0"), w.scalar(v.args[0]))
}

func (o unbox) source(w *writer, i Val, v *value) {
	w.line("%s := float64(%s)", w.scalar(i), w.at(v.args[0], strconv.Itoa(o.from)))
}

func (o gather) source(w *writer, i Val, v *value) {
	dims := o.view.Dims[:o.view.Rank]
	dense := BroadcastView(dims, dims)
	w.nest(dims, func(at []string) {
		w.line("%s = %s", w.walk(i, at, &dense), w.walk(v.args[0], at, &o.view))
	})
}

func (o *place) source(w *writer, i Val, v *value) {
	w.line("fill(%s, %d, 0)", w.array(i), v.n)
	for k, a := range v.args {
		view := &o.views[k]
		dims := view.Dims[:view.Rank]
		dense := BroadcastView(dims, dims)
		w.nest(dims, func(at []string) {
			w.line("%s = %s", w.walk(i, at, view), w.walk(a, at, &dense))
		})
	}
}

// walk writes the element of a value that a view is at.
func (w *writer) walk(x Val, at []string, view *kernel.View) string {
	array, from := w.memory(x)
	return fmt.Sprintf("%s[%s]", array, placeAt(at, view.Stride[:view.Rank], from+view.Offset))
}

func (o *call) source(w *writer, i Val, v *value) {
	if o.Source == nil {
		w.cannot(v, o.Name)
		return
	}
	array, at := w.memory(i)
	shapes := o.outs
	if shapes == nil {
		shapes = [][]int{v.dims}
	}
	var dst, src []string
	for _, d := range shapes {
		dst = append(dst, fmt.Sprintf("%s[%d:]", array, at))
		at += alignUp(size(d))
	}
	for _, a := range v.args {
		src = append(src, w.array(a))
	}
	if o.Over && dst[0] != src[0] {
		w.line("move(%s, %s, %d)", dst[0], src[0], v.n)
	}
	w.line("%s", o.Source(dst, src))
}
