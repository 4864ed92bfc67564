package graph

import (
	"errors"
	"fmt"
	"slices"

	"descent/internal/exec"
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
	all, err := fn.nodes()
	if err != nil {
		return nil, err
	}
	g := all[0].g
	if g.store.bare {
		return nil, errors.New("graph: the nodes are of an Outline, whose variables have no memory")
	}
	defer g.use.give(g.building())
	g.store.compiled()
	p := &Program{fn: fn, g: g, changes: len(fn.Updates) > 0, at: places(fn.Outputs)}
	f, leaves, err := p.lower(all)
	if err != nil {
		return nil, err
	}
	opt := exec.Options{Check: fn.Check, Verify: fn.Verify, Team: fn.Team.team()}
	p.m, err = exec.NewMachine(f, g.dtype == Float64, func(leaf int) exec.Array {
		return exec.Array{F32: leaves[leaf].v.f32, F64: leaves[leaf].v.f64}
	}, opt)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Bytes returns how much memory the function's program would take for its inputs
// and its intermediate values, besides that of variables, without making it. The
// nodes may be of an [Outline]. Errors are those of Compile.
func (fn Function) Bytes() (int, error) {
	all, err := fn.nodes()
	if err != nil {
		return 0, err
	}
	g := all[0].g
	defer g.use.give(g.building())
	p := &Program{fn: fn, g: g}
	f, _, err := p.lower(all)
	if err != nil {
		return 0, err
	}
	return exec.Bytes(f, g.dtype == Float64)
}

// nodes returns those that the function is about, or what is wrong with them.
func (fn Function) nodes() ([]*Node, error) {
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
	return all, checkFunction(all[0].g, fn, all)
}

// fewOutputs is how many are looked through faster than a map is asked.
const fewOutputs = 16

// places says where each of many nodes is, the first time; nil of a few.
func places(nodes []*Node) map[*Node]int {
	if len(nodes) <= fewOutputs {
		return nil
	}
	at := make(map[*Node]int, len(nodes))
	for i, n := range slices.Backward(nodes) {
		at[n] = i
	}
	return at
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

// holds reports whether a variable is as it was from run to run, but for changes that
// its store knows of: a program that only predicts computes what is made of such ones
// once.
func (p *Program) holds(v *Variable) bool { return p.g.eval && len(p.fn.Updates) == 0 && v.init != nil }

// lower turns the nodes that all depends on into a program for exec, and returns
// which leaves it reads.
func (p *Program) lower(all []*Node) (f *exec.Func, leaves []*Node, err error) {
	g := p.g
	top := 0
	for _, n := range all {
		top = max(top, n.id)
	}
	p.nodes = g.nodes[:top+1]
	need := make([]bool, top+1)
	for _, n := range all {
		need[n.id] = true
	}
	mark(g.nodes, need, nil)
	f = &exec.Func{}
	f.Reserve(2 * (top + 1))
	w := newLowering(f, need)
	vals := w.vals
	for id, n := range g.nodes[:top+1] {
		if !need[id] {
			continue
		}
		if bound, ok := n.op.(boundOp); ok {
			return nil, nil, fmt.Errorf("graph: a value that a step of the loop at %s is given is used outside of it", bound.pos)
		}
		if n.op == nil {
			f.Tag(id)
			l := exec.Leaf{Name: n.name, Dims: n.shape.Dims(), Input: n.isInput(), Padded: n.v != nil && n.v.padded, Fixed: n.v != nil && p.holds(n.v)}
			if n.v != nil && n.v.dtype != g.dtype {
				l.Wide = n.v.wide()
			}
			vals[id] = Value(f.Leaf(l))
			if n.isInput() {
				p.inputs = append(p.inputs, input{node: n, leaf: len(leaves)})
			}
			leaves = append(leaves, n)
			continue
		}
		w.lower(n)
	}
	for _, n := range p.fn.Outputs {
		f.Output(exec.Val(vals[n.id]))
	}
	for _, u := range p.fn.Updates {
		f.Update(exec.Val(vals[u.Target.id]), exec.Val(vals[u.Value.id]))
	}
	return f, leaves, nil
}

// A Team is a few workers that share the large steps of programs, one program
// at a time. They spin while they wait, so a team is for the time of a run.
type Team struct {
	t   *exec.Team
	use guard
}

// NewTeam returns a team of n workers, of which the caller of Run is one, or of
// as many as there are processors if n is more.
// Close it when the run is over.
func NewTeam(n int) *Team { return &Team{t: exec.NewTeam(n)} }

// Close ends the workers.
func (t *Team) Close() { t.t.Close() }

func (t *Team) team() *exec.Team {
	if t == nil {
		return nil
	}
	return t.t
}
