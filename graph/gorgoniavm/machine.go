package gorgoniavm

import (
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"weak"

	"descent/graph"

	"gorgonia.org/gorgonia"
)

// Options are of machines, beside gorgonia's own. The zero Options are those of
// [NewTapeMachine] and [NewLispMachine].
type Options struct {
	// OnlyRead leaves values where they are but for parameters and their gradients,
	// costs, nodes that nothing uses, and what is taken out by gorgonia.Read. Without it
	// every node has its Value after a run, and its gradient unless it is inside a
	// gorgonia.Conv2d, which takes time; gorgonia.TraceExec keeps those, too.
	OnlyRead bool
	// Log is told of graphs that gorgonia's own machine runs; nil is standard error.
	Log *log.Logger
}

// A Machine runs a gorgonia graph, as it was when the machine was made, by a
// program of ours. It is a gorgonia.VM with the methods of gorgonia's machines. A
// machine is used by one goroutine at a time.
type Machine struct {
	g      *gorgonia.ExprGraph
	only   bool // Options.OnlyRead
	set    settings
	lisp   bool
	src    *source
	runner runner
	theirs gorgonia.VM // runs in place of runner, unless nil
	report Report
}

var _ gorgonia.VM = (*Machine)(nil)

// runner hides the element type.
type runner interface {
	build() error
	run() error
	program() *graph.Program
}

// A Report says how a machine runs its graph.
type Report struct {
	// Fallback is why gorgonia's own machine runs the graph; nil if ours does.
	Fallback error
	// ByDo are the ops that run by their own Do, by the name of their Go type, and how
	// many nodes of each there are, gradients included.
	ByDo map[string]int
	// Program is what runs; nil with a Fallback.
	Program *graph.Program
}

func (r Report) String() string {
	switch {
	case r.Fallback != nil:
		return "gorgonia's machine runs this graph: " + r.Fallback.Error()
	case len(r.ByDo) == 0:
		return "all of this graph is compiled"
	}
	var b strings.Builder
	b.WriteString("this graph is compiled; by their own Do run")
	for i, name := range slices.Sorted(maps.Keys(r.ByDo)) {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d %s", r.ByDo[name], name)
	}
	return b.String()
}

// NewTapeMachine is gorgonia.NewTapeMachine with our engine, and takes its options.
// It fails where that fails: a graph that cannot be compiled, or another version of
// gorgonia, gives gorgonia's machine, and one line in the log for each graph.
func NewTapeMachine(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) *Machine {
	return Options{}.NewTapeMachine(g, opts...)
}

// NewTapeMachine is [NewTapeMachine] with options of ours.
func (o Options) NewTapeMachine(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) *Machine {
	m, err := o.Compile(g, opts...)
	if err != nil {
		m = &Machine{g: g, theirs: gorgonia.NewTapeMachine(g, opts...), report: Report{Fallback: err}}
		o.say(g, err)
	}
	return m
}

// Compile is [NewTapeMachine] that returns an error in place of gorgonia's machine.
func Compile(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) (*Machine, error) {
	return Options{}.Compile(g, opts...)
}

// Compile is [Compile] with options of ours.
func (o Options) Compile(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) (*Machine, error) {
	return o.machine(g, func() (settings, error) { return tapeSettings(opts) }, (*source).differentiated)
}

// NewLispMachine is gorgonia.NewLispMachine with our engine, as [NewTapeMachine] is
// of the other: the sum of the scalar roots is differentiated with respect to every
// variable. With gorgonia.WithManualGradient roots may have any shape, and are weighed
// by the gradient that they have before a run (gorgonia.WithGrad), of 1 if they have none.
func NewLispMachine(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) *Machine {
	return Options{}.NewLispMachine(g, opts...)
}

// NewLispMachine is [NewLispMachine] with options of ours.
func (o Options) NewLispMachine(g *gorgonia.ExprGraph, opts ...gorgonia.VMOpt) *Machine {
	var s settings
	read := func() (_ settings, err error) {
		s, err = lispSettings(opts)
		return s, err
	}
	m, err := o.machine(g, read, func(src *source) error {
		if s.forward {
			return nil
		}
		return src.roots(s.manual)
	})
	if err != nil {
		m = &Machine{g: g, theirs: gorgonia.NewLispMachine(g, opts...), report: Report{Fallback: err}}
		o.say(g, err)
	}
	m.lisp = true
	return m
}

// machine makes a machine; objectives finds out what is differentiated.
func (o Options) machine(g *gorgonia.ExprGraph, read func() (settings, error), objectives func(*source) error) (m *Machine, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("the graph cannot be read: %v", r)
		}
	}()
	if err := checked(); err != nil {
		return nil, err
	}
	m = &Machine{g: g, only: o.OnlyRead}
	if m.set, err = read(); err != nil {
		return nil, err
	}
	nodes := g.AllNodes()
	if m.set.compiled {
		nodes = m.set.program
	}
	if len(nodes) == 0 {
		return nil, errors.New("the graph is empty")
	}
	m.src = newSource(nodes)
	if err := objectives(m.src); err != nil {
		return nil, err
	}
	for _, n := range nodes {
		m.set.own(n.Value())
		if op, ok := n.Op().(gorgonia.TrainModeOp); ok {
			if err := op.SetTraining(!m.set.eval); err != nil {
				return nil, err
			}
		}
	}
	if elements(nodes) == graph.Float32 {
		m.runner = newEngine[float32](m)
	} else {
		m.runner = newEngine[float64](m)
	}
	return m, m.runner.build()
}

// told are the graphs of which the log has a line.
var told struct {
	sync.Mutex
	graphs map[weak.Pointer[gorgonia.ExprGraph]]bool
}

func (o Options) say(g *gorgonia.ExprGraph, err error) {
	told.Lock()
	defer told.Unlock()
	p := weak.Make(g)
	if told.graphs[p] {
		return
	}
	maps.DeleteFunc(told.graphs, func(p weak.Pointer[gorgonia.ExprGraph], _ bool) bool { return p.Value() == nil })
	if told.graphs == nil {
		told.graphs = map[weak.Pointer[gorgonia.ExprGraph]]bool{}
	}
	told.graphs[p] = true
	to := o.Log
	if to == nil {
		to = log.New(os.Stderr, "", 0)
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	to.Printf("gorgoniavm: gorgonia's machine is used: %s", line)
}

// Report says how the machine runs its graph.
func (m *Machine) Report() Report {
	r := m.report
	if m.runner != nil {
		r.Program = m.runner.program()
	}
	return r
}

// RunAll implements gorgonia.VM. Unlike gorgonia's it also runs when Reset was not
// called, and its errors include panics of ops that run by their own Do.
func (m *Machine) RunAll() error {
	if m.theirs != nil {
		return m.theirs.RunAll()
	}
	return m.runner.run()
}

// Reset implements gorgonia.VM. A program of ours can always run again.
func (m *Machine) Reset() {
	if m.theirs != nil {
		m.theirs.Reset()
	}
}

// Close implements gorgonia.VM.
func (m *Machine) Close() error {
	if m.theirs != nil {
		return m.theirs.Close()
	}
	return nil
}

// Let is gorgonia.Let for a node of the machine's graph.
func (m *Machine) Let(n *gorgonia.Node, be any) error {
	if err := m.has(n); err != nil {
		return err
	}
	return gorgonia.Let(n, be)
}

// Set binds the value of b to a.
func (m *Machine) Set(a, b *gorgonia.Node) error {
	if t, ok := m.theirs.(interface {
		Set(a, b *gorgonia.Node) error
	}); ok {
		return t.Set(a, b)
	}
	if err := errors.Join(m.has(a), m.has(b)); err != nil {
		return err
	}
	if b.Value() == nil {
		return fmt.Errorf("gorgoniavm: %v has no value", b)
	}
	return gorgonia.UnsafeLet(a, b.Value())
}

func (m *Machine) has(n *gorgonia.Node) error {
	if !m.g.Has(n.ID()) {
		return fmt.Errorf("gorgoniavm: %v is not in the graph of this machine", n)
	}
	return nil
}

// UnbindAll is the LispMachine's. Values are the program's own, so there is nothing
// to give back.
func (m *Machine) UnbindAll() {
	if t, ok := m.theirs.(interface{ UnbindAll() }); ok {
		t.UnbindAll()
	}
}

// ForceCPU is the LispMachine's. Programs of ours run nowhere else.
func (m *Machine) ForceCPU() {}

// Prog is the program, to be printed.
func (m *Machine) Prog() fmt.Stringer { return m }

// String lists the program.
func (m *Machine) String() string {
	if m.runner == nil {
		return fmt.Sprint(m.theirs)
	}
	return m.runner.program().String()
}
