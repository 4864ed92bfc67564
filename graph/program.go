package graph

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"descent/graph/lower"
	"descent/internal/exec"
	"descent/internal/goroutine"
	"descent/internal/kernel"
)

// A Program computes a [Function]. Run allocates nothing. A program is used by
// one goroutine at a time, and what a run computed is read in the goroutine that
// ran it. Programs without updates may run at the same time though they share
// variables; one with updates runs while no other that shares them does. Whoever
// comes second is refused: see [ErrInUse]. Goroutines that take turns are free to
// use one program.
type Program struct {
	g      *Graph
	fn     Function
	at     map[*Node]int // of many outputs, the index
	nodes  []*Node       // of g, that it may need
	inputs []input
	m      exec.Machine

	changes bool         // variables: there are updates
	use     guard        // of its own memory
	last    atomic.Int64 // the goroutine that ran it last; minus that, once it has read results
	several bool         // others ran it, too
	seen    int          // changes of the store when it last ran
}

type input struct {
	node *Node
	leaf int
	fed  bool
}

// Run feeds the inputs and computes outputs and updates. An input keeps its
// value until it is fed again. An error means that a feed does not fit, that an
// input has never been fed, or that another goroutine is using the program or
// its variables ([ErrInUse]); then nothing was computed.
func (p *Program) Run(feeds ...Feed) error {
	me := goroutine.ID()
	if p.awaited(me) {
		return ErrInUse
	}
	u, ok := p.running(me)
	if !ok {
		return ErrInUse
	}
	defer p.done(u)
	if t := p.fn.Team; t != nil {
		h, ok := t.use.takeAlone(me)
		if !ok {
			return errTeam
		}
		defer t.use.give(h)
	}
	return p.alone(me, feeds)
}

// alone is [Program.Run] of the one goroutine that may. It is apart because
// deferred calls cost more in a function that returns in many places.
func (p *Program) alone(me int64, feeds []Feed) error {
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
	p.ran(me)
	return p.compute()
}

// compute runs the program on what it was fed.
func (p *Program) compute() (err error) {
	defer failed(&err)
	switch s := p.g.store; {
	case p.changes:
		s.changes++
	case p.seen != s.changes || s.lent.Load():
		p.m.Renew()
		p.seen = s.changes
	}
	if p.fn.Check {
		if bad := p.m.RunChecked(); bad != nil {
			return &NonFiniteError{Node: p.g.nodes[bad.Tag], Loop: bad.Loop, Steps: bad.Steps}
		}
		return nil
	}
	p.m.Run()
	return nil
}

// failed makes what a kernel could not do an error.
func failed(err *error) {
	switch r := recover().(type) {
	case nil:
	case *lower.Failure:
		*err = r
	default:
		panic(r)
	}
}

// A NonFiniteError names the first node of a checking run that became NaN or
// infinite. If it is in a loop, that is named, with the steps of the loops around it,
// the outermost first: numbers of the parts that they walk along, from 0.
type NonFiniteError struct {
	Node  *Node
	Loop  string
	Steps []int
}

func (e *NonFiniteError) Error() string {
	in := ""
	for i, x := range e.Node.in {
		if i > 0 {
			in += ", "
		}
		in += x.String()
	}
	where := ""
	if e.Steps != nil {
		where = fmt.Sprintf(" in step %s of %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Steps), " ", "."), "[]"), e.Loop)
	}
	if e.Node.op == nil {
		return fmt.Sprintf("%v is NaN or infinite", e.Node)
	}
	return fmt.Sprintf("%s(%s) is NaN or infinite%s", e.Node.op.Name(), in, where)
}

// arrayIndex is index of an output that is not a scalar.
func (p *Program) arrayIndex(n *Node) int {
	if n.shape.Rank() == 0 {
		panic(fmt.Sprintf("graph: %v is a scalar; read it with Program.Scalar", n))
	}
	return p.index(n)
}

func (p *Program) index(n *Node) int {
	i, ok := p.at[n]
	if p.at == nil {
		i = slices.Index(p.fn.Outputs, n)
		ok = i >= 0
	}
	if !ok {
		panic(fmt.Sprintf("graph: %v is not an output of this program", n))
	}
	return i
}

// Scalar returns the value of an output of rank 0 after Run, in float64. It
// panics if n is not an output of rank 0, or if another goroutine has run the program since
// this one did.
func (p *Program) Scalar(n *Node) float64 {
	if n.shape.Rank() != 0 {
		panic(fmt.Sprintf("graph: %v is not a scalar; read it with Program.Read", n))
	}
	i := p.index(n)
	defer p.done(p.reading())
	return p.m.Scalar(i)
}

// Scalars appends the values of all outputs of rank 0 after Run to dst, in the order in
// which the [Function] has them. It panics as [Program.Scalar] does.
func (p *Program) Scalars(dst []float64) []float64 {
	defer p.done(p.reading())
	for i, n := range p.fn.Outputs {
		if n.shape.Rank() == 0 {
			dst = append(dst, p.m.Scalar(i))
		}
	}
	return dst
}

// Float64s returns a copy of an output's value after Run. It panics as
// [Program.Scalar] does.
func (p *Program) Float64s(n *Node) []float64 {
	dst := make([]float64, n.shape.Size())
	p.Read(n, dst)
	return dst
}

// Read copies an output's value to dst. It panics if dst has another size, and as
// [Program.Scalar] does.
func (p *Program) Read(n *Node, dst []float64) {
	if size := n.shape.Size(); len(dst) != size {
		panic(fmt.Sprintf("graph: %v has %d elements, there is room for %d", n, size, len(dst)))
	}
	if n.shape.Rank() == 0 {
		dst[0] = p.Scalar(n)
		return
	}
	i := p.index(n)
	defer p.done(p.reading())
	if a := p.m.Output(i); a.F32 != nil {
		convert(dst, a.F32)
	} else {
		convert(dst, a.F64)
	}
}

// Output returns the memory of an output that is not a scalar, valid until the
// next Run. It panics if T is not the graph's element type, or as [Program.Scalar]
// does.
func Output[T kernel.Float](p *Program, n *Node) []T {
	i := p.arrayIndex(n)
	defer p.done(p.reading())
	return elements[T](p, p.m.Output(i))
}

// Stats measures a program.
type Stats struct {
	Steps      int // instructions
	ArenaBytes int // memory for intermediate values
}

// Stats returns the program's size.
func (p *Program) Stats() Stats { return Stats{Steps: p.m.Steps(), ArenaBytes: p.m.ArenaBytes()} }

// String lists the program, a step to a line.
func (p *Program) String() string { return p.m.Listing() }
