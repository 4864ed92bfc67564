package formula

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"descent/graph"
	"descent/internal/spec"
	"descent/ops"
	"descent/ops/joint"
	"descent/ops/linalg"
	"descent/ops/shape"
)

type node = graph.Node

// A Func is what a formula can call: a row with its name, other names and
// settings, which follow the inputs in the brackets.
type Func struct {
	spec.Row
	Inputs int    // how many nodes it takes first, -1 for any number; then settings have names
	Index  []bool // which inputs are whole numbers that choose elements
	Build  func(in []*node, a spec.Args) *node
}

// Function makes a function without settings, of a number of inputs.
func Function(name string, inputs int, build func(in ...*node) *node) Func {
	return Func{Row: spec.Row{Name: name}, Inputs: inputs, Build: func(in []*node, _ spec.Args) *node { return build(in...) }}
}

// Operation is an operation as a function.
func Operation(row *ops.Row) Func {
	f := Func{Row: row.Row, Inputs: row.Inputs, Build: row.Make}
	for _, d := range row.Domain {
		f.Index = append(f.Index, d.Index)
	}
	return f
}

// constants are names with a value; a formula's own names come before them.
var constants = func() map[string]float64 {
	c := map[string]float64{"pi": math.Pi, "e": math.E, "inf": math.Inf(1), "nan": math.NaN()}
	for alias, name := range constantAliases {
		c[alias] = c[name]
	}
	return c
}()

// Table has the rows of every operation that a formula can call, of all packages of
// operations.
var Table = slices.Concat(ops.Table, shape.Table, linalg.Table, joint.Table)

// operations are the functions that every formula can call, by all their names.
var operations = sync.OnceValue(func() map[string]Func {
	t := map[string]Func{}
	for i := range Table {
		add(t, Operation(&Table[i]))
	}
	return t
})

// add puts a function under those of its names that are free.
func add(t map[string]Func, f Func) {
	for _, name := range append([]string{f.Name}, f.Aliases...) {
		if _, taken := t[name]; !taken {
			t[name] = f
		}
	}
}

// functions returns the operations and more.
func functions(more ...Func) map[string]Func {
	t := maps.Clone(operations())
	for _, f := range more {
		add(t, f)
	}
	return t
}

// setting returns the setting of a name, or that at a position among those
// without one.
func (f *Func) setting(name string, at int) (s spec.Setting, ok bool) {
	all := f.All()
	for i, s := range all {
		if name != "" && (s.Name == name || slices.Contains(s.Aliases, name)) {
			return s, true
		}
		if name == "" && (i == at || s.By == spec.Rest) {
			return s, true
		}
	}
	return s, false
}

// word is the first setting that is a word or a text: a text among the arguments is its
// value.
func (f *Func) word() (name string, ok bool) {
	all := f.All()
	i := slices.IndexFunc(all, func(s spec.Setting) bool { return s.Kind == spec.Word || s.Kind == spec.Text })
	if i < 0 {
		return "", false
	}
	return all[i].Name, true
}

// most is how many settings may go without a name, -1 for any number.
func (f *Func) most() int {
	for i, s := range f.All() {
		switch {
		case s.By == spec.Rest:
			return -1
		case i > 0 && s.By == spec.ByName:
			return i
		}
	}
	return len(f.All())
}

// Usage is how the function is called.
func (f *Func) Usage() string {
	var in []string
	for i := range max(f.Inputs, 0) {
		in = append(in, string("xyzuvw"[i%6]))
	}
	if f.Inputs < 0 {
		in = []string{"x", "..."}
	}
	for _, s := range f.All() {
		name := s.Name
		if s.By == spec.Rest {
			name += "..."
		} else if !s.Required {
			name += "=" + spec.Format(s.Default)
		}
		in = append(in, name)
	}
	return f.Name + "(" + strings.Join(in, ", ") + ")"
}
