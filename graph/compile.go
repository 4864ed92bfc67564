package graph

import (
	"errors"
	"fmt"
	"slices"

	"descent/internal/exec"
	"descent/internal/kernel"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An Update makes a parameter or state take a new value at the end of a run.
// All updates of a program see the variables as they were at its start.
type Update struct{ Target, Value *Node }

// A Function is what a program is to compute.
type Function struct {
	Outputs []*Node
	Updates []Update
	// Team shares the large steps of the program; nil is the caller alone.
	// Results are the same bits for any size of team.
	Team *Team
	// Check makes a program that finds the first node which becomes NaN or
	// infinite: Run returns a [NonFiniteError]. Such a program is slow.
	Check bool
	// Verify makes the compiler check its own work after every pass.
	Verify bool
}

// Compile returns a program that computes the given nodes of one graph.
func Compile(outputs ...*Node) (*Program, error) { return Function{Outputs: outputs}.Compile() }

// Compile reports every mistake made in building the function's nodes, each
// once, or returns its program.
func (fn Function) Compile() (*Program, error) {
	all := slices.Clone(fn.Outputs)
	for _, u := range fn.Updates {
		all = append(all, u.Target, u.Value)
	}
	if len(all) == 0 {
		return nil, errors.New("graph: nothing to compile")
	}
	if err := Mistakes(all...); err != nil {
		return nil, err
	}
	g := all[0].g
	if err := checkFunction(g, fn, all); err != nil {
		return nil, err
	}
	g.store.scratch = nil
	p := &Program{fn: fn, g: g}
	var memory []*Variable
	f := p.lower(all, &memory)
	opt := exec.Options{Check: fn.Check, Verify: fn.Verify, Team: fn.Team.team()}
	var err error
	if g.dtype == tensor.Float32 {
		p.m, err = newMachine[float32](f, memory, opt, func(v *Variable) []float32 { return v.f32 })
	} else {
		p.m, err = newMachine[float64](f, memory, opt, func(v *Variable) []float64 { return v.f64 })
	}
	return p, err
}

func checkFunction(g *Graph, fn Function, all []*Node) error {
	var errs []error
	for _, n := range all {
		if n.g != g {
			errs = append(errs, fmt.Errorf("graph: %v belongs to another graph", n))
		}
	}
	seen := map[*Node]bool{}
	for _, u := range fn.Updates {
		switch {
		case u.Target.v == nil:
			errs = append(errs, fmt.Errorf("graph: update of %v, which is not a parameter or state", u.Target))
		case u.Target.shape != u.Value.shape:
			errs = append(errs, fmt.Errorf("graph: update of %v by a value of shape %v", u.Target, u.Value.shape))
		case seen[u.Target]:
			errs = append(errs, fmt.Errorf("graph: two updates of %v", u.Target))
		}
		seen[u.Target] = true
	}
	return errors.Join(errs...)
}

// lower turns the nodes that all depends on into a program for exec, and
// records which leaves it reads.
func (p *Program) lower(all []*Node, memory *[]*Variable) *exec.Func {
	g := p.g
	top := 0
	for _, n := range all {
		top = max(top, n.id)
	}
	need := make([]bool, top+1)
	for _, n := range all {
		need[n.id] = true
	}
	for id := top; id >= 0; id-- {
		if need[id] {
			for _, x := range g.nodes[id].in {
				need[x.id] = true
			}
		}
	}
	f := &exec.Func{}
	b := &Builder{f}
	vals := make([]Value, top+1)
	var in []Value
	for id, n := range g.nodes[:top+1] {
		if !need[id] {
			continue
		}
		f.Tag(id)
		if n.op == nil {
			isInput := n.role == Input || n.role == Index
			vals[id] = Value(f.Leaf(exec.Leaf{Name: n.name, Dims: n.shape.Dims(), Input: isInput}))
			if isInput {
				p.inputs = append(p.inputs, input{node: n, leaf: len(*memory)})
			}
			*memory = append(*memory, n.v)
			continue
		}
		in = in[:0]
		for _, x := range n.in {
			in = append(in, vals[x.id])
		}
		vals[id] = n.op.Lower(b, in)
		if got := b.Shape(vals[id]); got != n.shape {
			panic(fmt.Sprintf("graph: op %s promised shape %v and lowers to %v", n.op.Name(), n.shape, got))
		}
	}
	for _, n := range p.fn.Outputs {
		f.Output(exec.Val(vals[n.id]))
	}
	for _, u := range p.fn.Updates {
		f.Update(exec.Val(vals[u.Target.id]), exec.Val(vals[u.Value.id]))
	}
	return f
}

// A Team is a few workers that share the large steps of programs, one program
// at a time. They spin while they wait, so a team is for the time of a run.
type Team struct{ t *exec.Team }

// NewTeam returns a team of n workers, of which the caller of Run is one.
// Close it when the run is over.
func NewTeam(n int) *Team { return &Team{exec.NewTeam(n)} }

// Close ends the workers.
func (t *Team) Close() { t.t.Close() }

func (t *Team) team() *exec.Team {
	if t == nil {
		return nil
	}
	return t.t
}

// A Program computes a [Function]. Run allocates nothing. A program is used by
// one goroutine at a time; programs that share variables, too.
type Program struct {
	g      *Graph
	fn     Function
	inputs []input
	m      machine
}

type input struct {
	node *Node
	leaf int
	fed  bool
}

var _ gorgonia.VM = (*Program)(nil)

// machine hides the element type.
type machine interface {
	feed(leaf int, scalar bool, f Feed)
	run()
	runChecked() int
	scalar(out int) float64
	output(out int) (f32 []float32, f64 []float64)
	buffer(leaf int) (f32 []float32, f64 []float64)
	listing() string
	stats() Stats
}

type machineOf[T kernel.Float] struct{ p *exec.Program[T] }

func newMachine[T kernel.Float](f *exec.Func, memory []*Variable, o exec.Options, data func(*Variable) []T) (machine, error) {
	p, err := exec.Compile(f, func(leaf int) []T { return data(memory[leaf]) }, o)
	return machineOf[T]{p}, err
}

func (m machineOf[T]) feed(leaf int, scalar bool, f Feed) {
	if scalar {
		dst := m.p.ScalarInput(leaf)
		switch {
		case f.f64 != nil:
			*dst = f.f64[0]
		case f.f32 != nil:
			*dst = float64(f.f32[0])
		default:
			*dst = float64(f.ints[0])
		}
		return
	}
	dst := m.p.Input(leaf)
	switch {
	case f.f64 != nil:
		convert(dst, f.f64)
	case f.f32 != nil:
		convert(dst, f.f32)
	default:
		for i, x := range f.ints {
			dst[i] = T(x)
		}
	}
}

func convert[T, S kernel.Float](dst []T, src []S) {
	if s, ok := any(src).([]T); ok {
		copy(dst, s)
		return
	}
	for i, x := range src {
		dst[i] = T(x)
	}
}

func (m machineOf[T]) run()                 { m.p.Run() }
func (m machineOf[T]) runChecked() int      { return m.p.RunChecked() }
func (m machineOf[T]) scalar(i int) float64 { return m.p.Scalar(i) }
func (m machineOf[T]) output(i int) ([]float32, []float64) {
	return split(m.p.Output(i))
}
func (m machineOf[T]) buffer(i int) ([]float32, []float64) { return split(m.p.Input(i)) }
func (m machineOf[T]) listing() string                     { return m.p.Listing() }
func (m machineOf[T]) stats() Stats {
	return Stats{Steps: m.p.Steps(), ArenaBytes: m.p.ArenaBytes()}
}

func split[T kernel.Float](s []T) (f32 []float32, f64 []float64) {
	switch s := any(s).(type) {
	case []float32:
		return s, nil
	case []float64:
		return nil, s
	}
	return nil, nil
}

// A Feed is the value of an input for the runs that follow.
type Feed struct {
	n    *Node
	f32  []float32
	f64  []float64
	ints []int
}

// Let feeds v, in row-major order, to the input n. Numbers are converted to
// the graph's element type. v is copied when the program runs.
func Let[E float32 | float64 | int](n *Node, v []E) Feed {
	f := Feed{n: n}
	switch v := any(v).(type) {
	case []float32:
		f.f32 = v
	case []float64:
		f.f64 = v
	case []int:
		f.ints = v
	}
	return f
}

// Run feeds the inputs and computes outputs and updates. An input keeps its
// value until it is fed again. An error means that a feed does not fit, or
// that an input has never been fed; then nothing was computed.
func (p *Program) Run(feeds ...Feed) error {
	for i := range feeds {
		if err := p.feed(&feeds[i]); err != nil {
			return err
		}
	}
	for i := range p.inputs {
		if !p.inputs[i].fed {
			return fmt.Errorf("graph: input %v has not been fed", p.inputs[i].node)
		}
	}
	if p.fn.Check {
		if id := p.m.runChecked(); id >= 0 {
			return &NonFiniteError{p.g.nodes[id]}
		}
		return nil
	}
	p.m.run()
	return nil
}

// A NonFiniteError names the first node of a checking run that became NaN or
// infinite.
type NonFiniteError struct{ Node *Node }

func (e *NonFiniteError) Error() string {
	in := ""
	for i, x := range e.Node.in {
		if i > 0 {
			in += ", "
		}
		in += x.String()
	}
	if e.Node.op == nil {
		return fmt.Sprintf("%v is NaN or infinite", e.Node)
	}
	return fmt.Sprintf("%s(%s) is NaN or infinite", e.Node.op.Name(), in)
}

func (p *Program) feed(f *Feed) error {
	for i := range p.inputs {
		in := &p.inputs[i]
		if in.node != f.n {
			continue
		}
		if got, want := len(f.f32)+len(f.f64)+len(f.ints), in.node.shape.Size(); got != want {
			return fmt.Errorf("graph: input %v needs %d values, got %d", f.n, want, got)
		}
		if in.node.role == Index {
			if f.ints == nil && in.node.shape.Size() > 0 {
				return fmt.Errorf("graph: input %v takes whole numbers, as []int", f.n)
			}
			if err := in.node.checkIndices(f.ints); err != nil {
				return err
			}
		}
		if in.node.shape.Size() > 0 {
			p.m.feed(in.leaf, in.node.shape.rank == 0, *f)
		}
		in.fed = true
		return nil
	}
	if f.n.role == Input || f.n.role == Index {
		return nil // the program does not depend on it
	}
	return fmt.Errorf("graph: %v is not an input", f.n)
}

func (p *Program) index(n *Node) int {
	i := slices.Index(p.fn.Outputs, n)
	if i < 0 {
		panic(fmt.Sprintf("graph: %v is not an output of this program", n))
	}
	return i
}

// Scalar returns the value of an output of rank 0 after Run, in float64. It
// panics if n is not an output.
func (p *Program) Scalar(n *Node) float64 { return p.m.scalar(p.index(n)) }

// Float64s returns a copy of an output's value after Run. It panics if n is
// not an output.
func (p *Program) Float64s(n *Node) []float64 {
	dst := make([]float64, n.shape.Size())
	p.Read(n, dst)
	return dst
}

// Read copies an output's value to dst, which must have its size.
func (p *Program) Read(n *Node, dst []float64) {
	if n.shape.rank == 0 {
		dst[0] = p.Scalar(n)
		return
	}
	f32, f64 := p.m.output(p.index(n))
	copy(dst, f64)
	for i, x := range f32 {
		dst[i] = float64(x)
	}
}

// Output returns the memory of an output that is not a scalar, valid until the
// next Run. It panics if T is not the graph's element type.
func Output[T kernel.Float](p *Program, n *Node) []T {
	return pick[T](p.m.output(p.index(n)))
}

// Buffer returns the memory of an input that is not a scalar, to be filled
// before Run instead of feeding it; nil if the program does not depend on it.
// It panics if n is not an input, or T not the graph's element type.
func Buffer[T kernel.Float](p *Program, n *Node) []T {
	for i := range p.inputs {
		if p.inputs[i].node == n {
			p.inputs[i].fed = true
			return pick[T](p.m.buffer(p.inputs[i].leaf))
		}
	}
	if n.g == p.g && (n.role == Input || n.role == Index) {
		return nil
	}
	panic(fmt.Sprintf("graph: %v is not an input of this program", n))
}

func pick[T kernel.Float](f32 []float32, f64 []float64) []T {
	if s, ok := any(f32).([]T); ok && (f32 != nil || f64 == nil) {
		return s
	}
	if s, ok := any(f64).([]T); ok && f64 != nil {
		return s
	}
	panic("graph: the graph has another element type")
}

// Stats measures a program.
type Stats struct {
	Steps      int // instructions
	ArenaBytes int // memory for intermediate values
}

// Stats returns the program's size.
func (p *Program) Stats() Stats { return p.m.stats() }

// String lists the program, a step to a line.
func (p *Program) String() string { return p.m.listing() }

// RunAll implements gorgonia.VM: inputs take the values bound to their
// gorgonia nodes with gorgonia.Let.
func (p *Program) RunAll() error {
	feeds := make([]Feed, 0, len(p.inputs))
	for _, in := range p.inputs {
		v := in.node.Expr().Value()
		if v == nil {
			continue
		}
		f := Feed{n: in.node}
		switch d := v.Data().(type) {
		case []float32:
			f.f32 = d
		case []float64:
			f.f64 = d
		case float32:
			f.f32 = []float32{d}
		case float64:
			f.f64 = []float64{d}
		default:
			return fmt.Errorf("graph: input %v is bound to %T", in.node, d)
		}
		if in.node.role == Index {
			for _, x := range append(f.f64, float64s(f.f32)...) {
				f.ints = append(f.ints, int(x))
			}
			f.f32, f.f64 = nil, nil
		}
		feeds = append(feeds, f)
	}
	return p.Run(feeds...)
}

func float64s(s []float32) []float64 {
	out := make([]float64, len(s))
	for i, x := range s {
		out[i] = float64(x)
	}
	return out
}

// Reset implements gorgonia.VM. It does nothing: a program can always run
// again.
func (p *Program) Reset() {}

// Close implements gorgonia.VM. It does nothing.
func (p *Program) Close() error { return nil }
