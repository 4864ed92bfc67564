// Package formula turns text into graph nodes, and nodes into text.
//
// The parser of expr-lang/expr gives the tree, so ^ and ** are powers above
// unary minus, as in mathematics. The lowering is ours: it knows numbers, names,
// arithmetic, comparisons, lists, subscripts, calls and let, and refuses the
// rest. Every row of ops.Table is a function; losses.Parse adds the losses.
//
// The package is internal because what users need of it is small: losses.Parse
// is its public face.
package formula

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// An Error is a mistake in a formula, at a rune of its text.
type Error struct {
	Text string
	At   int
	Msg  string
}

func (e *Error) Error() string {
	line, col := 1, e.At+1
	for i, r := range []rune(e.Text) {
		if i < e.At && r == '\n' {
			line, col = line+1, e.At-i
		}
	}
	if line > 1 {
		return fmt.Sprintf("line %d, column %d: %s", line, col, e.Msg)
	}
	return fmt.Sprintf("column %d: %s", col, e.Msg)
}

// A Formula is a text that was understood. It becomes nodes when its names
// are bound to some.
type Formula struct {
	Text  string
	tree  ast.Node
	at    []int // the rune of Text that each rune of the parsed text stands for
	funcs map[string]Func
	free  []name
}

type name struct {
	text  string
	at    int
	index bool // used where an op wants an index
}

// config makes the parser treat every function alike: it has a grammar of its
// own for some, such as sum and filter.
var config = sync.OnceValue(func() *conf.Config {
	c := &conf.Config{MaxNodes: MaxNodes, Functions: conf.FunctionsTable{}, DisableIfOperator: true}
	for _, b := range builtin.Names {
		c.Functions[b] = nil
	}
	for _, b := range []string{"all", "none", "any", "one", "filter", "map", "count", "sum", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "sortBy", "reduce"} {
		c.Functions[b] = nil
	}
	return c
})

// Parse reads a formula in which the ops and more may be called.
func Parse(text string, more ...Func) (*Formula, error) {
	s, err := scan(text)
	if err != nil {
		return nil, err
	}
	f := &Formula{Text: text, at: s.at, funcs: functions()}
	for _, fn := range more {
		if _, taken := f.funcs[fn.Name]; !taken {
			f.funcs[fn.Name] = fn
		}
	}
	tree, err := parser.ParseWithConfig(string(s.text), config())
	if err != nil {
		return nil, f.syntax(err)
	}
	f.tree = tree.Node
	if err := f.survey(tree.Node, nil); err != nil {
		return nil, err
	}
	return f, nil
}

// syntax puts the parser's error into our words.
func (f *Formula) syntax(err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return err
	}
	msg := e.Message
	at := f.original(e.From)
	switch {
	case strings.Contains(msg, "maximum allowed nodes"):
		return fmt.Errorf("the formula has more than %d parts", MaxNodes)
	case strings.Contains(msg, "token EOF"):
		msg = "the formula ends too early"
	case strings.HasPrefix(msg, "unexpected token"):
		msg = "this does not fit here"
		if at < len([]rune(f.Text)) {
			msg = fmt.Sprintf("%q does not fit here", string([]rune(f.Text)[at]))
		}
	}
	return &Error{f.Text, at, msg}
}

func (f *Formula) original(at int) int {
	if at < len(f.at) {
		return f.at[at]
	}
	return len([]rune(f.Text))
}

func (f *Formula) fail(n ast.Node, format string, args ...any) *Error {
	return &Error{f.Text, f.original(n.Location().From), fmt.Sprintf(format, args...)}
}

// source is the rune of the original text where an operator stands.
func (f *Formula) source(n ast.Node) rune {
	if at := f.original(n.Location().From); at < len([]rune(f.Text)) {
		return []rune(f.Text)[at]
	}
	return 0
}

// Names returns the names that need a value, in the order of the text. Those
// of constants, such as pi, are not among them.
func (f *Formula) Names() []string {
	var out []string
	for _, n := range f.free {
		if _, c := constants[n.text]; !c {
			out = append(out, n.text)
		}
	}
	return out
}

// Uses reports whether the text has the name, which may be a constant's.
func (f *Formula) Uses(text string) bool {
	return slices.ContainsFunc(f.free, func(n name) bool { return n.text == text })
}

// IsIndex reports whether a name is used as the index of some op, which takes
// whole numbers.
func (f *Formula) IsIndex(text string) bool {
	i := slices.IndexFunc(f.free, func(n name) bool { return n.text == text })
	return i >= 0 && f.free[i].index
}

// survey finds the free names, and refuses kinds of nodes that are not ours.
func (f *Formula) survey(n ast.Node, bound []string) error {
	walk := func(nodes ...ast.Node) error {
		for _, c := range nodes {
			if c == nil {
				continue
			}
			if err := f.survey(c, bound); err != nil {
				return err
			}
		}
		return nil
	}
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return nil
	case *ast.IdentifierNode:
		if !slices.Contains(bound, n.Value) {
			f.use(n, false)
		}
		return nil
	case *ast.UnaryNode:
		return walk(n.Node)
	case *ast.BinaryNode:
		return walk(n.Left, n.Right)
	case *ast.ConditionalNode:
		return walk(n.Cond, n.Exp1, n.Exp2)
	case *ast.ArrayNode:
		return walk(n.Nodes...)
	case *ast.MemberNode:
		if _, property := n.Property.(*ast.StringNode); !property && !n.Optional {
			return walk(n.Node, n.Property)
		}
		return f.fail(n, "there are no properties; a subscript is x[0]")
	case *ast.SliceNode:
		return walk(n.Node, n.From, n.To)
	case *ast.VariableDeclaratorNode:
		if err := walk(n.Value); err != nil {
			return err
		}
		return f.survey(n.Expr, append(bound, n.Name)) // who shares the array has done with it
	case *ast.CallNode:
		return f.surveyCall(n, bound)
	}
	return f.fail(n, "this is not part of a formula")
}

// surveyCall looks at the arguments, of which settings are not expressions.
func (f *Formula) surveyCall(n *ast.CallNode, bound []string) error {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return f.fail(n, "only functions can be called")
	}
	fn, known := f.funcs[id.Value]
	for i, a := range n.Arguments {
		if _, _, ok := f.setting(a); ok {
			continue
		}
		if arg, ok := a.(*ast.IdentifierNode); ok && known && i < len(fn.Index) && fn.Index[i] && !slices.Contains(bound, arg.Value) {
			f.use(arg, true)
			continue
		}
		if err := f.survey(a, bound); err != nil {
			return err
		}
	}
	return nil
}

// use records a free name.
func (f *Formula) use(n *ast.IdentifierNode, index bool) {
	i := slices.IndexFunc(f.free, func(m name) bool { return m.text == n.Value })
	if i < 0 {
		i = len(f.free)
		f.free = append(f.free, name{text: n.Value, at: f.original(n.Location().From)})
	}
	f.free[i].index = f.free[i].index || index
}

// setting returns the name and value of an argument like axis=0.
func (f *Formula) setting(n ast.Node) (string, ast.Node, bool) {
	b, ok := n.(*ast.BinaryNode)
	if !ok || b.Operator != ">" || f.source(b) != '=' {
		return "", nil, false
	}
	id, ok := b.Left.(*ast.IdentifierNode)
	if !ok {
		return "", nil, false
	}
	return id.Value, b.Right, true
}
