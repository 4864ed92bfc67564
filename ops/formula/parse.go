// Package formula turns text into graph nodes, and nodes into text.
//
// The parser of expr-lang/expr gives the tree, so ^ and ** are powers above
// unary minus, as in mathematics. The lowering is ours: it knows numbers, names,
// arithmetic, comparisons, lists, subscripts, calls and let, and refuses the
// rest. Every row of Table is a function; losses.Parse adds the losses, and
// [Parse] takes more.
//
// What is written of nodes is read from what their ops say of themselves
// ([graph.Describer]): an operation that describes itself, and has a row or is
// handed to [Parse], is read and written like those that are built in.
package formula

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

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
	calls []name // of functions that are not known
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
	f := &Formula{Text: text, funcs: functions(more...)}
	s, err := scan(text, f.funcs)
	if err != nil {
		return nil, err
	}
	f.at = s.at
	tree, err := parser.ParseWithConfig(string(s.text), config())
	if err != nil {
		return nil, f.syntax(err)
	}
	ast.Walk(&tree.Node, desugar{})
	if len(s.quoted) > 0 {
		ast.Walk(&tree.Node, unquote(s.quoted))
	}
	f.tree = tree.Node
	if err := f.survey(tree.Node, nil); err != nil {
		return nil, err
	}
	return f, nil
}

// unquote puts the names and texts that stood in quotes in place of what stands for
// them.
type unquote map[string]string

func (u unquote) Visit(n *ast.Node) {
	switch n := (*n).(type) {
	case *ast.IdentifierNode:
		if name, ok := u[n.Value]; ok {
			n.Value = name
		}
	case *ast.StringNode:
		if text, ok := u[n.Value]; ok {
			n.Value = text
		}
	}
}

// Quote writes a name as a formula does: in backquotes, if it is not a word.
func Quote(name string) string {
	for i, r := range name {
		if !isWord(r) || i == 0 && unicode.IsDigit(r) {
			return "`" + name + "`"
		}
	}
	return name
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

// Explain says what is wrong with a name that has no value, that it is a
// function's or the module's of a function, or with one that has a value and is
// called. It is nil if there is nothing to say.
func (f *Formula) Explain(text string) error {
	call := slices.IndexFunc(f.calls, func(n name) bool { return n.text == text })
	if call >= 0 {
		return &Error{f.Text, f.calls[call].at, fmt.Sprintf("%s is a value, not a function: a product is %s*(...), and an element %s[0]", text, text, text)}
	}
	i := slices.IndexFunc(f.free, func(n name) bool { return n.text == text })
	if i < 0 {
		return nil
	}
	at := f.free[i].at
	after := strings.TrimPrefix(string([]rune(f.Text)[at:]), text)
	brackets := strings.HasPrefix(strings.TrimSpace(after), "[") // exp[x], as in Mathematica
	if _, known := f.funcs[text]; known {
		return &Error{f.Text, at, fmt.Sprintf("%s has no value; it is a function: write %s(...)", text, text)}
	}
	if fn := strings.ToLower(text); brackets && f.funcs[fn].Name != "" {
		return &Error{f.Text, at, fmt.Sprintf("%s has no value; the function is %s(...)", text, fn)}
	}
	if hint := instead[text]; brackets && hint != "" {
		return &Error{f.Text, at, fmt.Sprintf("%s has no value, and there is no such function: %s", text, hint)}
	}
	if m := called.FindStringSubmatch(after); m != nil {
		return &Error{f.Text, at, fmt.Sprintf("%s has no value; a function stands alone: %s(...)", text, m[1])}
	}
	return nil
}

// called is the function in math.exp(x) after math.
var called = regexp.MustCompile(`^\.([\pL_][\pL_0-9]*)\s*\(`)

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
		if !slices.Contains(bound, n.Value) && n.Value != allOfAxis {
			f.use(n, false)
		}
		return nil
	case *ast.UnaryNode:
		return walk(n.Node)
	case *ast.BinaryNode:
		return walk(n.Left, n.Right)
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
	if over, ok := f.ranged(id.Value, n.Arguments); ok {
		if len(n.Arguments) != 4 {
			return f.fail(n.Arguments[1], rangeUsage, id.Value, id.Value)
		}
		for _, end := range n.Arguments[2:] {
			if err := f.survey(end, bound); err != nil {
				return err
			}
		}
		return f.survey(n.Arguments[0], append(slices.Clone(bound), over))
	}
	fn, known := f.funcs[id.Value]
	if !known {
		f.calls = append(f.calls, name{text: id.Value, at: f.original(n.Location().From)})
	}
	for i, a := range n.Arguments {
		if _, text := a.(*ast.StringNode); text {
			continue
		}
		if key, _, ok := f.setting(a); ok {
			if (fn.Name == "sum" || fn.Name == "prod") && f.Uses(key) {
				return f.fail(a, rangeUsage, id.Value, id.Value)
			}
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
