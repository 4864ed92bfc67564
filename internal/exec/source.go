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

// SourceOf writes a program, which it changes. leaf says where each leaf is: in an array,
// from an element on, or, of rank 0, in a variable, which is from -1 on. If an operation
// cannot be written the error is an [Unwritten].
func SourceOf(f *Func, double bool, leaf func(i int) (array string, from int)) (*Source, error) {
	l, err := arrangeSource(f, double)
	if err != nil {
		return nil, err
	}
	arena := l.plan.arena
	w := &writer{f: f, double: double, leaf: leaf, arena: &arena, indent: 1}
	if w.program(l); w.err != nil {
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
	s.Statements, s.Arena = w.first.String()+w.text.String(), arena
	return s, nil
}

// arrangeSource improves a program, and the bodies of its loops, and lays it out. Sums are
// steps of their own: they are loops anyway.
func arrangeSource(f *Func, double bool) (l arrangement, err error) {
	f.double = double
	if err := f.optimize(nil, true); err != nil {
		return l, err
	}
	for i := range f.vals {
		if loop, ok := f.vals[i].op.(*loop); ok {
			if err := loop.prepare(func(body *Func) (arrangement, error) { return arrangeSource(body, double) }, true); err != nil {
				return l, err
			}
		}
	}
	l.plan, l.groups = planMemory(f, schedule(f, productsInside(f, fuse(f))))
	return l, nil
}

// program writes all steps.
func (w *writer) program(l arrangement) {
	w.plan, w.read = l.plan, make([]bool, len(w.f.leaves))
	w.constants()
	for _, g := range l.groups {
		w.group(g)
	}
	w.ends()
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
	leaf   func(i int) (array string, from int)
	read   []bool
	base   int             // where in the arena the program's own begins
	arena  *int            // its length
	consts map[Val]int     // where constants are that operations read, in the arena
	loads  map[Val]bool    // scalars of leaves that have been read
	once   map[Val]bool    // scalars that only one scalar is made of
	inside map[Val]string  // those of them that stand in its expression
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
	w.consts, w.loads, w.once, w.inside = map[Val]int{}, map[Val]bool{}, map[Val]bool{}, map[Val]string{}
	uses := w.f.useCounts()
	for i := range w.f.vals {
		for _, a := range w.f.vals[i].args {
			w.once[a] = uses[a] == 1 && w.f.vals[i].kind == kMap && w.f.vals[i].scalar()
		}
	}
	want := func(a Val) {
		r := w.f.rootOf(a)
		x := &w.f.vals[r]
		if x.kind != kConst || x.scalar() {
			return
		}
		if _, ok := w.consts[r]; ok {
			return
		}
		w.consts[r] = *w.arena
		*w.arena += alignUp(x.n)
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

// float writes a number of so many bits.
func float(x float64, size int) string {
	switch {
	case x != x:
		return "math.NaN()"
	case math.IsInf(x, 0) || size == 32 && math.IsInf(float64(float32(x)), 0):
		return fmt.Sprintf("math.Inf(%d)", int(math.Copysign(1, x)))
	case x == 0 && math.Signbit(x):
		return "math.Copysign(0, -1)"
	}
	return strconv.FormatFloat(x, 'g', -1, size)
}

// element writes a number as an element of an array.
func (w *writer) element(x float64) string {
	size := 32
	if w.double {
		size = 64
	}
	return "real(" + float(x, size) + ")"
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
		return "m.arena", w.base + h.at + at
	case spaceLeaf:
		w.read[h.at] = true
		array, from := w.leaf(h.at)
		return array, from + at
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
		return "float64(" + float(x.imm, 64) + ")"
	}
	name := fmt.Sprint("s", v)
	if x.kind == kLeaf && !w.loads[v] {
		w.loads[v] = true
		w.read[x.leaf] = true
		fmt.Fprintf(&w.first, "\t%s := float64(%s)\n", name, w.number(x.leaf))
	}
	return name
}

// number writes a leaf of rank 0.
func (w *writer) number(leaf int) string {
	array, from := w.leaf(leaf)
	if from < 0 {
		return array
	}
	return fmt.Sprintf("%s[%d]", array, from)
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
			if args[k] = w.inside[a]; args[k] == "" {
				args[k] = w.scalar(a)
			}
		}
		text := inText(w, v, args, true)
		if w.once[g.vals[0]] && len(text) <= longText {
			w.inside[g.vals[0]] = text
			break
		}
		w.line("%s := %s", w.scalar(g.vals[0]), text)
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

// ends writes the updates that could not be computed in place.
func (w *writer) ends() {
	updated := map[Val]bool{}
	for _, u := range w.f.updates {
		updated[u.Leaf] = true
	}
	for _, u := range w.plan.copies {
		v := &w.f.vals[u.Value]
		leaf := w.f.vals[u.Leaf].leaf
		switch root := &w.f.vals[w.f.rootOf(u.Value)]; {
		case v.scalar() && w.f.leaves[leaf].Wide != nil:
			w.line("%s = %s", w.number(leaf), w.scalar(u.Value))
		case v.scalar():
			w.line("%s = real(%s)", w.number(leaf), w.scalar(u.Value))
		case root.kind == kLeaf && updated[w.f.rootOf(u.Value)]:
			w.cannot(v, "an update by another variable")
		default:
			w.line("move(%s, %s, %d)", w.array(u.Leaf), w.array(u.Value), v.n)
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
		if ok && !g.region && r >= 0 && v.n == o.m*o.n && !o.bias && !o.relu && !o.scaled && !replaced[f.rootOf(v.args[0])] && !replaced[f.rootOf(v.args[1])] {
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

// The sources of operations.

func (o dot) source(w *writer, i Val, v *value) {
	if o.k == 0 {
		w.cannot(v, "a product of nothing")
	}
	ai, ak, bk, bj := o.strides()
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

func (o conv) source(w *writer, i Val, v *value) {
	r, c := o.Rows, o.Columns
	run := c.Kernel // columns of the kernel whose products are one sum
	near := c.Dilation == 1
	if o.Mode == kernel.ConvInput {
		near = c.Stride%c.Dilation == 0
	}
	switch {
	case o.In == o.Groups && o.Out == o.Groups:
		run = 0
	case c.Kernel > 1 && (o.Groups > 1 || !near) || c.Kernel == 1:
		run = 1
	}
	name := [...]string{kernel.ConvForward: "conv", kernel.ConvInput: "convInput", kernel.ConvWeights: "convWeights"}[o.Mode]
	batch := fmt.Sprint(o.Batch, ", ")
	if o.Mode == kernel.ConvWeights {
		if batch = ""; o.Batch > 1 { // whose sums have the order of chunks
			w.cannot(v, "conv_weights of several images")
		}
	}
	w.line("%s(%s, %s, %s, %s%d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d, %d)", name, w.array(i), w.array(v.args[0]), w.array(v.args[1]),
		batch, r.In, c.In, o.In, o.Out, o.Groups, r.Kernel, c.Kernel, run, r.Out, c.Out, r.Stride, c.Stride, r.Dilation, c.Dilation, r.Before, c.Before)
	if o.Bias {
		w.line("addRow(%s, %s, %d, %d)", w.array(i), w.array(v.args[2]), v.n/o.Out, o.Out)
	}
	if o.ReLU {
		w.line("rectify(%s, %d)", w.array(i), v.n)
	}
}

func (o attention) source(w *writer, i Val, v *value) {
	if o.back || o.Kept() == 0 {
		w.cannot(v, strings.Fields(o.line(nil))[0])
		return
	}
	array, at := w.memory(i)
	weights := at + alignUp(o.Pairs*o.Queries*o.Values)
	mask := w.array(v.args[0]) // which nobody reads
	if o.Heads > 0 {
		mask = w.array(v.args[3])
	}
	block := o.Queries
	if o.Causal {
		block = o.Block()
	}
	w.line("attention(%s[%d:], %s[%d:], %s, %s, %s, %s, %d, %d, %d, %d, %d, %d, %d, %s, %v)", array, at, array, weights, w.array(v.args[0]), w.array(v.args[1]), w.array(v.args[2]), mask,
		o.Pairs, o.Queries, o.Keys, o.Width, o.Values, o.Heads, block, w.element(o.Scale), o.Causal)
}

func (o *loop) source(w *writer, i Val, v *value) {
	if o.partial() {
		w.cannot(v, o.Name+", a loop that may end early,")
		return
	}
	type place struct {
		array string
		at    int
	}
	var args, outs []place
	for _, a := range v.args {
		array, at := w.memory(a)
		args = append(args, place{array, at})
	}
	array, at := w.memory(i)
	shapes := o.Results
	for _, d := range shapes {
		outs = append(outs, place{array, at})
		at += alignUp(size(d))
	}
	room := w.base + w.plan.rooms[i]
	at = room + o.arena()
	for _, d := range o.Own {
		outs = append(outs, place{"m.arena", at})
		at += alignUp(size(d))
	}
	for _, s := range o.Starts {
		w.line("move(%s[%d:], %s, %d)", outs[s.Result].array, outs[s.Result].at+s.At, w.array(v.args[s.Operand]), w.f.vals[v.args[s.Operand]].n)
	}
	of := func(leaf int) place {
		p := args
		if o.Leaves[leaf].Result {
			p = outs
		}
		x := p[o.Leaves[leaf].Array]
		return place{x.array, x.at + o.Leaves[leaf].Start}
	}
	part := func(leaf int) string { return fmt.Sprintf("part%d_%d", i, leaf) }
	body := &writer{f: o.Body, double: w.double, base: room, arena: w.arena, indent: w.indent + 1, leaf: func(leaf int) (string, int) {
		if o.Leaves[leaf].Step != 0 {
			return part(leaf), 0
		}
		return of(leaf).array, of(leaf).at
	}}
	body.program(o.body)
	if w.err == nil {
		w.err = body.err
	}
	w.line("for step%d := 0; step%d < %d; step%d++ {", i, i, o.Steps, i)
	w.indent++
	for leaf, read := range body.read {
		if step := o.Leaves[leaf].Step; read && step != 0 {
			w.line("%s := %s[%s:]", part(leaf), of(leaf).array, placeAt([]string{fmt.Sprint("step", i)}, []int{step}, of(leaf).at))
		}
	}
	w.text.WriteString(body.first.String() + body.text.String())
	w.indent--
	w.line("}")
}
