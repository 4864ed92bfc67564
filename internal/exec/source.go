package exec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
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
	f.dense = true
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
