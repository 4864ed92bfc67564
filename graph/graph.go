// Package graph builds expressions, differentiates them and compiles them.
//
// A [Graph] is a gorgonia expression graph with names for its inputs and
// parameters. A [Node] is a value to be computed; nodes are made by the
// functions of package ops and cost nothing until [Compile] turns them into a
// [Program].
//
// # Errors
//
// Building a node never returns an error and never panics. A node that makes
// no sense, such as the product of a 3x4 and a 3x4 matrix, remembers why and
// where it was made; everything built from it is bad for the same reason, as
// with NaN. [Compile] reports all such mistakes, each once.
//
// # Goroutines
//
// These may be used at once, each by a goroutine: graphs, also siblings, while
// they are built and compiled; programs that share no variables; programs of
// sibling graphs that only read the variables they share. To evaluate a model in
// several goroutines, make a sibling graph and a program for each.
//
// These may not, and who comes second is refused: one graph while it is built
// (a panic, since building has no errors); one program; a program with updates
// beside others that share its variables; reading or setting variables while such
// a program runs ([ErrInUse], or a panic where no error can be returned). Nothing
// is waited for. A sync.Mutex makes goroutines take turns, [Store.Exclusive]
// refuses all others during a sequence of runs and reads.
//
// What is not watched is memory that was handed out: [Buffer], [Output] and
// [Variable.Tensor].
package graph

import (
	"errors"
	"fmt"
	"strings"
)

// An Op is a primitive operation. Ops are values: two ops are the same
// operation exactly when they are ==, so whatever changes the result must be a
// field, and the fields must be comparable.
type Op interface {
	// Name is how the op appears in listings and errors: "matmul". An op that
	// says what it is as data ([Describer]) has the [Title] of that.
	Name() string
	// Shape returns the shape of the result, or why the inputs do not fit.
	Shape(in []Shape) (Shape, error)
	// Grad returns the gradient of a scalar with respect to each input, given
	// y, the node the op made, and dy, the gradient with respect to y. A nil
	// entry, or a nil slice, is zero. Where inputs were stretched by
	// broadcasting, Grad may return gradients of y's shape: graph sums them
	// back. Gradients are made of nodes, so they can be differentiated again.
	Grad(y, dy *Node) []*Node
	// Lower writes the op as a straight-line program.
	Lower(b *Builder, in []Value) Value
}

// A Graph is a set of nodes and the variables they use. A graph is built by one
// goroutine at a time: while one does, what another does to it panics.
type Graph struct {
	use    guard
	dtype  Dtype
	store  *Store
	nodes  []*Node // by id
	room   []Node  // for the next nodes
	inputs []*Node // room for what they are made of
	shapes []Shape // of the inputs of the node being made
	known  knownNodes
	leaves map[string]*Node
	params []*Node
	count  map[string]int
	eval   bool
	frozen int                  // how many [Graph.Freeze] are under way
	at     *Node                // unless nil, the position of its one step, see Stepwise
	steps  int                  // that positions are below
	scopes map[string]*Identity // by name
	parts  []Part
	kept   []Update
	expr   mirror
}

// New returns an empty graph whose arrays are of type Float32 or
// Float64; it panics if they are neither. Parameters are initialised from
// the seed.
func New(dtype Dtype, seed uint64) *Graph {
	if dtype != Float32 && dtype != Float64 {
		panic(fmt.Sprintf("graph: element type %v; use Float32 or Float64", dtype))
	}
	return newGraph(dtype, &Store{dtype: dtype, seed: seed, vars: map[string]*Variable{}})
}

// Outline returns an empty graph whose variables have names and shapes but no
// memory: to see what a model would be. Its nodes cannot be compiled.
func Outline(dtype Dtype) *Graph {
	g := New(dtype, 0)
	g.store.bare = true
	return g
}

func newGraph(dtype Dtype, store *Store) *Graph {
	return &Graph{dtype: dtype, store: store,
		leaves: map[string]*Node{}, count: map[string]int{}}
}

// Sibling returns an empty graph that shares g's variables: a parameter or
// state of the same name is the same storage. Use it to evaluate, or to train
// at another batch size, the model that g trains.
func (g *Graph) Sibling() *Graph { return newGraph(g.dtype, g.store) }

// Evaluation makes layers that act differently in training and in evaluation,
// such as dropout, act as in evaluation. It returns g. Call it before nodes are
// made.
func (g *Graph) Evaluation() *Graph {
	g.eval = true
	return g
}

// Training reports whether layers act as in training.
func (g *Graph) Training() bool { return !g.eval && g.frozen == 0 }

// StepByStep makes g, as [Graph.Evaluation] does, a graph that sees one step of a
// sequence at a time: layers that look back keep what they need of fewer than length
// steps in states, which the updates of [Graph.Kept] write. It declares the index
// input "position", a vector of the one step's, and returns g.
func (g *Graph) StepByStep(length int) *Graph {
	g.at, g.steps = g.Evaluation().Indices("position", 1), length
	LimitIndex(g.at, length, nil)
	return g
}

// Stepwise returns the input that says which step a graph sees and the number of
// steps, if it is one that sees one step at a time; else nil.
func (g *Graph) Stepwise() (position *Node, length int) { return g.at, g.steps }

// Dtype returns the element type, Float32 or Float64.
func (g *Graph) Dtype() Dtype { return g.dtype }

// Store returns the variables of g and its siblings.
func (g *Graph) Store() *Store { return g.store }

// Len returns the number of nodes.
func (g *Graph) Len() int {
	defer g.use.give(g.building())
	return len(g.nodes)
}

// Params returns the parameters that are trained, in the order they were declared: those
// of [Graph.Freeze] are not.
func (g *Graph) Params() []*Node {
	defer g.use.give(g.building())
	return g.params
}

// Leaf returns the input, parameter or state of that name, or nil.
func (g *Graph) Leaf(name string) *Node {
	defer g.use.give(g.building())
	return g.leaves[name]
}

// Unique returns base, or base2, base3, … if it was returned before or is the
// name of a [Scope].
func (g *Graph) Unique(base string) string {
	defer g.use.give(g.building())
	for {
		g.count[base]++
		name := base
		if c := g.count[base]; c > 1 {
			name = fmt.Sprint(base, c)
		}
		if g.scopes[name] == nil {
			return name
		}
	}
}

// Role says what a node is to its graph.
type Role uint8

// The roles.
const (
	Computed Role = iota // made by an op
	Input                // fed before each run
	Index                // an input of whole numbers: classes, tokens
	Param                // a variable that training changes
	State                // a variable that is kept between runs but not trained
	foreign              // a gorgonia node that is not ours
)

var roleNames = [...]string{"computed node", "input", "index input", "parameter", "state", "foreign node"}

// String names the role: "parameter".
func (r Role) String() string { return roleNames[r] }

// A Node is a value in a graph.
type Node struct {
	g     *Graph
	op    Op // nil for leaves
	in    []*Node
	shape Shape
	name  string
	role  Role
	id    int
	pos   position // leaves only
	v     *Variable
	limit indexLimit
	expr  exprNode
	err   error
}

// Graph returns the graph the node belongs to.
func (n *Node) Graph() *Graph { return n.g }

// Shape returns the node's shape.
func (n *Node) Shape() Shape { return n.shape }

// Op returns the op that made the node, nil for a leaf.
func (n *Node) Op() Op { return n.op }

// Role says whether the node is computed, fed or kept.
func (n *Node) Role() Role { return n.role }

func (n *Node) isInput() bool { return n.role == Input || n.role == Index }

// Name returns the name of a leaf, else "".
func (n *Node) Name() string { return n.name }

// Below returns nodes and all that they are made of, each once, inputs of an op before
// what it makes.
func Below(nodes ...*Node) (out []*Node) {
	seen := map[*Node]bool{}
	var visit func(n *Node)
	visit = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, x := range n.in {
			visit(x)
		}
		out = append(out, n)
	}
	for _, n := range nodes {
		visit(n)
	}
	return out
}

// Arity returns the number of inputs of the op that made the node.
func (n *Node) Arity() int { return len(n.in) }

// Arg returns input i of the op that made the node. It panics if i is not below
// [Node.Arity].
func (n *Node) Arg(i int) *Node {
	if i < 0 || i >= len(n.in) {
		panic(fmt.Sprintf("graph: input %d of %v, which has %d", i, n, len(n.in)))
	}
	return n.in[i]
}

// Variable returns the storage of a parameter or state, else nil.
func (n *Node) Variable() *Variable { return n.v }

// Err returns why the node cannot be computed, or nil.
func (n *Node) Err() error { return n.err }

// String returns the node's name, or the op that made it, with its shape.
func (n *Node) String() string {
	name := n.name
	if n.op != nil {
		name = n.op.Name()
	}
	return fmt.Sprintf("%s (%v)", name, n.shape)
}

// A BuildError says what is wrong with a node and where it was made.
type BuildError struct {
	Op     string
	Inputs []*Node
	Pos    string // file:line of the caller
	Err    error
}

func (e *BuildError) Error() string {
	in := make([]string, len(e.Inputs))
	for i, n := range e.Inputs {
		in[i] = n.String()
	}
	return fmt.Sprintf("%s: %s(%s): %v", e.Pos, e.Op, strings.Join(in, ", "), e.Err)
}

func (e *BuildError) Unwrap() error { return e.Err }

// Apply returns the node op(in...). Ops that take no inputs are made with
// [Graph.Apply]: without any it panics.
func Apply(op Op, in ...*Node) *Node {
	if len(in) == 0 {
		panic("graph: " + op.Name() + " of no nodes")
	}
	return in[0].g.Apply(op, in...)
}

// graphOf returns the graph of the first of some nodes, which there must be.
func graphOf(what string, in []*Node) *Graph {
	if len(in) == 0 {
		panic("graph: " + what + " of no nodes")
	}
	return in[0].g
}

// Apply returns the node op(in...); all inputs belong to g. The same op on the
// same inputs is the same node.
func (g *Graph) Apply(op Op, in ...*Node) *Node {
	defer g.use.give(g.building())
	merge := len(in) <= mostKnownInputs
	var hash uint32
	if merge {
		hash = hashNode(op, in)
		if y := g.known.find(g.nodes, hash, op, in); y != nil {
			return y
		}
	}
	y := g.add(Node{op: op, in: g.own(in)})
	y.shape, y.err = g.infer(op, y.in)
	if merge && y.err == nil {
		g.known.add(hash, y)
	}
	return y
}

// add makes n the next node. Nodes live as long as their graph, so they are
// made in blocks.
func (g *Graph) add(n Node) *Node {
	if len(g.room) == 0 {
		g.room = make([]Node, 32)
	}
	y := &g.room[0]
	g.room = g.room[1:]
	*y = n
	y.g, y.id = g, len(g.nodes)
	g.nodes = append(g.nodes, y)
	return y
}

// own copies the inputs of a node to memory of the graph.
func (g *Graph) own(in []*Node) []*Node {
	if cap(g.inputs)-len(g.inputs) < len(in) {
		g.inputs = make([]*Node, 0, max(64, len(in)))
	}
	at := len(g.inputs)
	g.inputs = append(g.inputs, in...)
	return g.inputs[at:len(g.inputs):len(g.inputs)]
}

func (g *Graph) infer(op Op, in []*Node) (Shape, error) {
	g.shapes = g.shapes[:0]
	for _, x := range in {
		if x.err != nil {
			return Shape{}, x.err
		}
		if x.g != g {
			return Shape{}, &BuildError{op.Name(), in, here().String(), fmt.Errorf("%v belongs to another graph", x)}
		}
		g.shapes = append(g.shapes, x.shape)
	}
	s, err := op.Shape(g.shapes)
	if err != nil {
		return Shape{}, &BuildError{op.Name(), in, here().String(), err}
	}
	return s, nil
}

// Bad returns a node that cannot be computed because of err. Functions that
// compose ops use it for mistakes of their caller: wrong settings, shapes
// that do not fit. what names the function. There is at least one input, else it
// panics.
func Bad(err error, what string, in ...*Node) *Node {
	for _, x := range in {
		if x.err != nil {
			return x
		}
	}
	g := graphOf(what, in)
	defer g.use.give(g.building())
	return g.add(Node{name: what, err: &BuildError{what, in, here().String(), err}})
}

// bad is [Bad] for what has no inputs.
func (g *Graph) bad(err error, what string) *Node {
	defer g.use.give(g.building())
	return g.add(Node{name: what, err: &BuildError{what, nil, here().String(), err}})
}

// Mistakes returns what is wrong with nodes, each distinct mistake once, or
// nil.
func Mistakes(nodes ...*Node) error {
	var errs []error
	seen := map[error]bool{}
	for _, n := range nodes {
		if n.err != nil && !seen[n.err] {
			seen[n.err] = true
			errs = append(errs, n.err)
		}
	}
	return errors.Join(errs...)
}
