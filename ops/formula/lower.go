package formula

import (
	"errors"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/elementary"
	"descent/internal/suggest"
	"descent/ops"

	"github.com/expr-lang/expr/ast"
)

// A Part is a node that an operator or a call of the text made.
type Part struct {
	Node *graph.Node
	Name string // the operator or function
	At   int    // its rune in the text
}

// Build makes the formula's nodes in a graph, where each name stands for a
// node.
func (f *Formula) Build(g *graph.Graph, bind map[string]*graph.Node) (*graph.Node, error) {
	n, _, err := f.BuildParts(g, bind)
	return n, err
}

// BuildParts is [Formula.Build] that also returns what each operator and call
// made, operands first.
func (f *Formula) BuildParts(g *graph.Graph, bind map[string]*graph.Node) (n *graph.Node, parts []Part, err error) {
	l := &lowerer{Formula: f, g: g, bind: map[string]*graph.Node{}, count: map[string]float64{}}
	for name, x := range bind {
		if x.Err() != nil {
			return nil, nil, x.Err()
		}
		l.bind[name] = x
	}
	n, err = l.lower(f.tree)
	return n, l.parts, err
}

type lowerer struct {
	*Formula
	g     *graph.Graph
	bind  map[string]*graph.Node
	parts []Part
	// of sums over ranges: the values of their variables, and how many terms
	// there were
	count map[string]float64
	terms int
}

// lower returns the node of a tree.
func (l *lowerer) lower(n ast.Node) (*graph.Node, error) {
	if x, ok := l.static(n); ok {
		return l.g.Const(x), nil
	}
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return l.name(n)
	case *ast.UnaryNode:
		return l.unary(n)
	case *ast.BinaryNode:
		return l.binary(n)
	case *ast.ArrayNode:
		return l.array(n)
	case *ast.MemberNode, *ast.SliceNode:
		return l.subscript(n)
	case *ast.VariableDeclaratorNode:
		return l.let(n)
	case *ast.CallNode:
		return l.call(n, n.Callee.(*ast.IdentifierNode).Value, n.Arguments)
	}
	return nil, l.fail(n, "this is not part of a formula")
}

// static returns the value of a tree without names but constants.
func (l *lowerer) static(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.BoolNode:
		return map[bool]float64{true: 1}[n.Value], true
	case *ast.IdentifierNode:
		if k, ok := l.count[n.Value]; ok {
			return k, true
		}
		c, ok := constants[n.Value]
		return c, ok && l.bind[n.Value] == nil
	case *ast.UnaryNode:
		x, ok := l.static(n.Node)
		return map[string]float64{"-": -x, "+": x}[n.Operator], ok && (n.Operator == "-" || n.Operator == "+")
	case *ast.BinaryNode:
		return l.staticBinary(n)
	}
	return 0, false
}

func (l *lowerer) staticBinary(n *ast.BinaryNode) (float64, bool) {
	switch n.Operator {
	case "+", "-", "*", "/", "^", "**":
	default:
		return 0, false
	}
	// The right side is small in a long sum, which leans to the left.
	y, ok := l.static(n.Right)
	if !ok {
		return 0, false
	}
	x, ok := l.static(n.Left)
	if !ok {
		return 0, false
	}
	switch n.Operator {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "/":
		return x / y, y != 0 // 1/0 is left to be seen
	}
	return elementary.Pow(x, y), true
}

func (l *lowerer) name(n *ast.IdentifierNode) (*graph.Node, error) {
	if x := l.bind[n.Value]; x != nil {
		return x, nil
	}
	if _, ok := l.funcs[n.Value]; ok {
		return nil, l.fail(n, "%s is a function: write %s(...)", n.Value, n.Value)
	}
	var known []string
	for k := range l.bind {
		known = append(known, k)
	}
	slices.Sort(known)
	if near := suggest.Nearest(n.Value, known); near != "" {
		return nil, l.fail(n, "unknown name %q; did you mean %q?", n.Value, near)
	}
	return nil, l.fail(n, "%s has no value", n.Value)
}

func (l *lowerer) let(n *ast.VariableDeclaratorNode) (*graph.Node, error) {
	x, err := l.lower(n.Value)
	if err != nil {
		return nil, err
	}
	_, taken := l.bind[n.Name]
	if _, counts := l.count[n.Name]; taken || counts {
		return nil, l.fail(n, "%s has a value already", n.Name)
	}
	l.bind[n.Name] = x
	defer delete(l.bind, n.Name)
	return l.lower(n.Expr)
}

func (l *lowerer) unary(n *ast.UnaryNode) (*graph.Node, error) {
	x, err := l.lower(n.Node)
	if err != nil {
		return nil, err
	}
	switch n.Operator {
	case "+":
		return x, nil
	case "-":
		return l.made(n, "-", ops.Neg(x))
	}
	return l.made(n, "not", ops.Equal(x, l.g.Const(0)))
}

// operators are those of two operands.
var operators = map[string]func(x, y *node) *node{
	"+": ops.Add, "-": ops.Sub, "*": ops.Mul, "/": ops.Div, "@": matrixProduct,
	"<": ops.Less, "<=": ops.LessEqual, ">": ops.Greater, ">=": ops.GreaterEqual, "==": ops.Equal, "!=": ops.NotEqual,
	"and": and, "&&": and, "or": or, "||": or,
	"%": ops.Remainder,
}

func and(x, y *node) *node { return ops.Mul(truth(x), truth(y)) }
func or(x, y *node) *node  { return ops.Max(truth(x), truth(y)) }

// truth is 1 where x is not 0, else 0.
func truth(x *node) *node { return ops.NotEqual(x, x.Graph().Const(0)) }

// matrixProduct is the matrix product, of two vectors their inner product.
func matrixProduct(x, y *node) *node {
	if graph.Mistakes(x, y) == nil && x.Shape().Rank() == 1 && x.Shape() == y.Shape() {
		return ops.Dot(x, y)
	}
	return ops.MatMul(x, y)
}

func (l *lowerer) binary(n *ast.BinaryNode) (*graph.Node, error) {
	op := n.Operator
	if op == "%" && l.source(n) == '@' {
		op = "@"
	}
	f, ok := operators[op]
	power := op == "^" || op == "**"
	if !ok && !power {
		return nil, l.fail(n, "%q is not an operator of formulas", op)
	}
	if not, ok := n.Left.(*ast.UnaryNode); ok && !strings.Contains("and or && ||", op) && (not.Operator == "not" || not.Operator == "!") {
		return nil, l.fail(not, "not binds more tightly than %s: write not (...)", op)
	}
	y, static := l.static(n.Right)
	if power && static {
		x, err := l.lower(n.Left)
		if err != nil {
			return nil, err
		}
		return l.made(n, "^", power1(x, y))
	}
	x, err := l.lower(n.Left)
	if err != nil {
		return nil, err
	}
	z, err := l.lower(n.Right)
	if err != nil {
		return nil, err
	}
	if !power {
		return l.made(n, op, f(x, z))
	}
	if id, ok := n.Left.(*ast.IdentifierNode); ok && id.Value == "e" && l.bind["e"] == nil {
		return l.made(n, "exp", ops.Exp(z))
	}
	return l.made(n, "^", ops.Pow(x, z))
}

// power1 is a power with a number as exponent. Small whole ones are products,
// which have derivatives of every order at 0.
func power1(x *node, y float64) *node {
	switch y {
	case 1:
		return x
	case 2:
		return ops.Square(x)
	case 3:
		return ops.Cube(x)
	case 4:
		return ops.Square(ops.Square(x))
	case -1:
		return ops.Reciprocal(x)
	}
	return ops.Pow(x, x.Graph().Const(y))
}

// made records a node and reports a mistake at its place in the text.
func (l *lowerer) made(n ast.Node, what string, y *graph.Node) (*graph.Node, error) {
	if err := y.Err(); err != nil {
		var b *graph.BuildError
		if errors.As(err, &b) {
			shapes := ""
			for i, x := range b.Inputs {
				if i > 0 {
					shapes += " and "
				}
				shapes += x.Shape().String()
			}
			if shapes != "" {
				return nil, l.fail(n, "%s of %s: %v", what, shapes, b.Err)
			}
			err = b.Err
		}
		return nil, l.fail(n, "%s: %v", what, err)
	}
	size := 1.0
	for _, d := range y.Shape().Dims() {
		size *= float64(d)
	}
	if size > MaxSize {
		return nil, l.fail(n, "%s would make an array of shape %v; at most %d elements are allowed", what, y.Shape(), MaxSize)
	}
	if l.g.Len() > 100*MaxNodes {
		return nil, l.fail(n, "the formula makes more than %d nodes", 100*MaxNodes)
	}
	l.parts = append(l.parts, Part{y, what, l.original(n.Location().From)})
	return y, nil
}

// array is a list: a constant if all elements are numbers, else they are
// stacked.
func (l *lowerer) array(n *ast.ArrayNode) (*graph.Node, error) {
	if len(n.Nodes) == 0 {
		return nil, l.fail(n, "an empty list has no use here")
	}
	if values, dims, ok := l.constant(n); ok && len(dims) <= graph.MaxRank {
		return l.g.Array(values, dims...), nil
	}
	var xs []*graph.Node
	for _, c := range n.Nodes {
		x, err := l.lower(c)
		if err != nil {
			return nil, err
		}
		if len(xs) > 0 && x.Shape() != xs[0].Shape() {
			return nil, l.fail(n, "the elements of a list have one shape, and these have %v and %v", xs[0].Shape(), x.Shape())
		}
		xs = append(xs, x)
	}
	if xs[0].Shape().Rank() == graph.MaxRank {
		return nil, l.fail(n, "more than %d axes", graph.MaxRank)
	}
	return l.made(n, "list", ops.Stack(0, xs...))
}

// constant returns the elements of a list of numbers, or of such lists.
func (l *lowerer) constant(n *ast.ArrayNode) (values []float64, dims []int, ok bool) {
	for i, c := range n.Nodes {
		var inner []int
		if list, is := c.(*ast.ArrayNode); is {
			v, d, ok := l.constant(list)
			if !ok {
				return nil, nil, false
			}
			values, inner = append(values, v...), d
		} else if x, ok := l.static(c); ok {
			values = append(values, x)
		} else {
			return nil, nil, false
		}
		if i == 0 {
			dims = append([]int{len(n.Nodes)}, inner...)
		} else if !slices.Equal(dims[1:], inner) {
			return nil, nil, false
		}
	}
	return values, dims, len(n.Nodes) > 0
}
