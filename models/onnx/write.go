// Package onnx writes models as files of ONNX, https://onnx.ai, and reads those of
// others.
package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"descent/graph"
)

// A Model is what a file holds: inputs, what is computed of them, and what to say of it.
type Model struct {
	Name            string
	Inputs, Outputs []Value
	Meta            map[string]string
}

// A Value is an input or an output. The first axis of its node is the rows of a batch.
type Value struct {
	Name string
	Node *graph.Node
	// Words, if not nil, make words of an input, or numbers of what the node is fed:
	// the input of the file has words, and the node sees the number of each. Otherwise
	// is that of all other words.
	Words     map[string]float64
	Otherwise float64
	// Whole outputs are whole numbers, such as those of classes.
	Whole bool
}

// Numbers of rows for which a model is built, to see which lengths of axes are theirs:
// primes that no layer has, so that a length is rows if it moves with them.
const (
	someRows  = 1009
	otherRows = 1013
)

// Encode returns a model as a file of ONNX: opset 13, IR version 8, elements float32. The
// file takes any number of rows; build makes the model for some, the same nodes for any.
// An operation that has no row in [Table] is an error that names it.
func Encode(build func(rows int) (*Model, error)) ([]byte, error) {
	a, err := build(someRows)
	if err != nil {
		return nil, err
	}
	b, err := build(otherRows)
	if err != nil {
		return nil, err
	}
	f := &file{block: block{name: a.Name}, opsets: map[string]int{"": opset}, meta: a.Meta}
	w := &writer{rows: Table, file: f, here: &f.block, blocks: []*block{&f.block}, names: map[*graph.Node]string{}, truths: map[*graph.Node]string{}, whole: map[*graph.Node]string{}, depths: map[*graph.Node]int{},
		loops: map[*graph.Node][]string{}, used: map[string]bool{}, sizes: map[int]string{}}
	inputs, outputs := w.claim(a.Inputs), w.claim(a.Outputs)
	for i, in := range a.Inputs {
		w.input(inputs[i], in, pair{in.Node, b.Inputs[i].Node})
	}
	for i, out := range a.Outputs {
		w.output(outputs[i], out, pair{out.Node, b.Outputs[i].Node})
	}
	if len(w.errs) > 0 {
		return nil, errors.Join(w.errs...)
	}
	return f.encode(), nil
}

// A pair is a node for some rows, and the same one for others.
type pair struct{ a, b *graph.Node }

func (p pair) arg(i int) pair { return pair{p.a.Arg(i), p.b.Arg(i)} }

// ofRows marks, among lengths of axes, one that depends on the rows.
const ofRows = -1

// dims are the lengths of the axes.
func (p pair) dims() []int {
	d := p.a.Shape().Dims()
	for i, n := range p.b.Shape().Dims() {
		if n != d[i] {
			d[i] = ofRows
		}
	}
	return d
}

// size is the number of elements, if it does not depend on the rows.
func size(dims []int) (n int, fixed bool) {
	n = 1
	for _, d := range dims {
		n *= d
	}
	return n, !slices.Contains(dims, ofRows)
}

// pairs are nodes for some rows, with those for others.
func pairs(a, b []*graph.Node) (all []pair) {
	for i := range a {
		all = append(all, pair{a[i], b[i]})
	}
	return all
}

// A writer writes nodes into a file.
type writer struct {
	rows   []Row
	file   *file
	here   *block                   // to which nodes are added
	blocks []*block                 // the whole, and those of loops around each other
	names  map[*graph.Node]string   // of the values of nodes, as float32
	truths map[*graph.Node]string   // as booleans
	whole  map[*graph.Node]string   // as whole numbers
	depths map[*graph.Node]int      // of the innermost loop whose values a node depends on
	loops  map[*graph.Node][]string // results, by the first value that a step is given
	used   map[string]bool
	sizes  map[int]string // lengths that are so many times the rows
	errs   []error
}

// fail notes what cannot be written.
func (w *writer) fail(format string, args ...any) string {
	w.errs = append(w.errs, fmt.Errorf(format, args...))
	return "none"
}

// fresh returns a name that no value has.
func (w *writer) fresh(base string) string {
	name := base
	for i := 2; w.used[name]; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
	}
	w.used[name] = true
	return name
}

// add adds a node of one result and returns its name.
func (w *writer) add(op string, in []string, settings ...attribute) string {
	return w.addOf("", op, in, settings...)
}

func (w *writer) addOf(domain, op string, in []string, settings ...attribute) string {
	out := w.fresh(strings.ToLower(op))
	w.here.nodes = append(w.here.nodes, step{op: op, domain: domain, in: in, out: []string{out}, set: settings})
	return out
}

// one adds a node of some values.
func (w *writer) one(op string, in ...string) string { return w.add(op, in) }

// constant adds an array of constants to the whole file.
func (w *writer) constant(base string, dims []int, values []float64) string {
	t := tensor{name: w.fresh(base), dims: dims, floats: make([]float32, len(values))}
	for i, x := range values {
		t.floats[i] = float32(x)
	}
	w.file.constants = append(w.file.constants, t)
	return t.name
}

// number is a constant scalar.
func (w *writer) number(x float64) string { return w.constant("number", nil, []float64{x}) }

// list is a constant list of whole numbers.
func (w *writer) list(n ...int) string {
	t := tensor{name: w.fresh("list"), dims: []int{len(n)}, ints: make([]int64, len(n))}
	for i, x := range n {
		t.ints[i] = int64(x)
	}
	w.file.constants = append(w.file.constants, t)
	return t.name
}

// cast converts elements.
func (w *writer) cast(name string, elem int) string {
	return w.add("Cast", []string{name}, set("to", elem))
}

// reshape gives an array the lengths of a node, of which one may depend on the rows.
func (w *writer) reshape(name string, dims []int) string {
	rows := 0
	for _, d := range dims {
		if d == ofRows {
			rows++
		}
	}
	if rows > 1 {
		return w.fail("a reshape to %v: rows are on several axes", dims)
	}
	return w.one("Reshape", name, w.list(dims...))
}

// lengths is a list of lengths of a node, as the file computes it.
func (w *writer) lengths(p pair) string {
	dims := p.dims()
	if _, fixed := size(dims); fixed {
		return w.list(dims...)
	}
	var parts []string
	for i, d := range dims {
		if d != ofRows {
			parts = append(parts, w.list(d))
			continue
		}
		parts = append(parts, w.times(p.a.Shape().Dim(i)/someRows))
	}
	return w.add("Concat", parts, set("axis", 0))
}

// times is a list of one number, k times the rows.
func (w *writer) times(k int) string {
	if w.sizes[k] == "" {
		defer w.in(0)()
		rows := w.one("Slice", w.one("Shape", w.input0()), w.list(0), w.list(1))
		if k != 1 {
			rows = w.one("Mul", rows, w.list(k))
		}
		w.sizes[k] = rows
	}
	return w.sizes[k]
}

// input0 is the name of the first input.
func (w *writer) input0() string { return w.file.inputs[0].name }

// in makes nodes go to the block of a depth, until what it returns is called.
func (w *writer) in(depth int) (back func()) {
	old := w.here
	w.here = w.blocks[depth]
	return func() { w.here = old }
}

// claim gives values their names before anything else has one.
func (w *writer) claim(values []Value) (names []string) {
	for _, v := range values {
		names = append(names, w.fresh(v.Name))
	}
	return names
}

// named is an input or output.
func named(name string, p pair) value {
	v := value{name: name, elem: float32s}
	for _, d := range p.dims() {
		if d == ofRows {
			v.dims = append(v.dims, dim{name: "rows"})
		} else {
			v.dims = append(v.dims, dim{n: d})
		}
	}
	return v
}

// input declares an input.
func (w *writer) input(name string, in Value, p pair) {
	v := named(name, p)
	switch {
	case in.Words != nil:
		v.elem = words
		keys, values := sorted(in.Words)
		w.file.opsets[mlDomain] = mlOpset
		name = w.addOf(mlDomain, "LabelEncoder", []string{name}, set("keys_strings", keys), set("values_floats", values), set("default_float", float32(in.Otherwise)))
	case p.a.Role() == graph.Index:
		v.elem = int64s
		w.whole[p.a] = name
		name = w.cast(name, float32s)
	}
	w.names[p.a] = name
	w.file.inputs = append(w.file.inputs, v)
}

// sorted are words and their numbers.
func sorted(of map[string]float64) (keys []string, values []float32) {
	for k := range of {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		values = append(values, float32(of[k]))
	}
	return keys, values
}

// output declares an output.
func (w *writer) output(name string, out Value, p pair) {
	v, from := named(name, p), ""
	if out.Whole {
		v.elem, from = int64s, w.integer(p)
	} else {
		from = w.name(p)
	}
	if !w.rename(from, name) {
		w.here.nodes = append(w.here.nodes, step{op: "Identity", in: []string{from}, out: []string{name}})
	}
	w.file.outputs = append(w.file.outputs, v)
}

// rename gives a value that a node makes another name; false if none does, or it is an
// output already.
func (w *writer) rename(from, to string) bool {
	if slices.ContainsFunc(w.file.outputs, func(v value) bool { return v.name == from }) || !w.file.makes(from) {
		return false
	}
	w.file.rename(from, to)
	for _, names := range []map[*graph.Node]string{w.names, w.truths, w.whole} {
		for n, name := range names {
			if name == from {
				names[n] = to
			}
		}
	}
	for _, results := range w.loops {
		replace(results, from, to)
	}
	return true
}

// makes tells whether a node of the block makes a value.
func (g *block) makes(name string) bool {
	return slices.ContainsFunc(g.nodes, func(s step) bool { return slices.Contains(s.out, name) })
}

// rename renames a value, also where blocks within use it.
func (g *block) rename(from, to string) {
	for i := range g.nodes {
		s := &g.nodes[i]
		replace(s.in, from, to)
		replace(s.out, from, to)
		for _, a := range s.set {
			if inner, ok := a.value.(*block); ok {
				inner.rename(from, to)
			}
		}
	}
}

// replace replaces a name.
func replace(names []string, from, to string) {
	for i, name := range names {
		if name == from {
			names[i] = to
		}
	}
}

// args are the names of the inputs of a node.
func (w *writer) args(p pair) (names []string) {
	for i := range p.a.Arity() {
		names = append(names, w.name(p.arg(i)))
	}
	return names
}

// name returns the name of a node's value, which it writes the first time.
func (w *writer) name(p pair) string {
	if name := w.names[p.a]; name != "" {
		return name
	}
	if w.names[p.a] = w.leaf(p); w.names[p.a] != "" {
		return w.names[p.a]
	}
	defer w.in(w.depth(p.a))()
	w.names[p.a] = w.write(p)
	return w.names[p.a]
}

// leaf writes a parameter, "" if the node is none.
func (w *writer) leaf(p pair) string {
	switch p.a.Role() {
	case graph.Param, graph.State:
		return w.constant(p.a.Name(), p.a.Shape().Dims(), p.a.Variable().Float64s())
	case graph.Input, graph.Index:
		return w.fail("the input %s is not one of the model's", p.a.Name())
	}
	return ""
}

// write writes a node.
func (w *writer) write(p pair) string {
	if l, i := p.a.Loop(); l != nil {
		return w.loop(p, l, i)
	}
	if truth := w.truth(p); truth != "" {
		return w.cast(truth, float32s)
	}
	c, ok := p.a.Describe()
	for _, r := range w.rows {
		if ok && r.Name == c.Name {
			return r.write(w, p, call{c})
		}
	}
	return w.fail("the operation %v has no row in the table of ONNX", p.a)
}

// integer is the value of a node as whole numbers.
func (w *writer) integer(p pair) string {
	if w.whole[p.a] == "" {
		if c, ok := p.a.Describe(); ok && c.Name == "reshape" {
			return w.reshape(w.integer(p.arg(0)), p.dims())
		}
		name := w.name(p) // may know it as whole numbers
		if w.whole[p.a] == "" {
			defer w.in(w.depth(p.a))()
			w.whole[p.a] = w.cast(name, int64s)
		}
	}
	return w.whole[p.a]
}
