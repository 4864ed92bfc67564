package source

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strconv"
	"strings"
)

// How tightly operators of C bind.
const (
	lowest = iota
	conditional
	or
	and
	bits // | ^ &, shifts and comparisons: in parentheses within each other
	additive
	multiplicative
	unary
	postfix
)

// expr writes an expression.
func (c *translator) expr(e ast.Expr) string { return c.operand(e, lowest) }

// operand writes an expression as an operand of what binds so tightly.
func (c *translator) operand(e ast.Expr, least int) string {
	text, binds := c.bound(e)
	if binds < least || least == bits && binds == bits {
		return "(" + text + ")"
	}
	return text
}

func (c *translator) typeOf(e ast.Expr) types.Type { return c.u.info.TypeOf(e) }

// bound writes an expression, and says how tightly it binds.
func (c *translator) bound(e ast.Expr) (text string, binds int) {
	if tv := c.u.info.Types[e]; tv.Value != nil {
		text = c.literal(e, tv)
		if text[0] == '-' {
			return text, unary
		}
		return text, postfix
	}
	switch e := e.(type) {
	case *ast.Ident:
		return c.ident(e), postfix
	case *ast.ParenExpr:
		return c.bound(e.X)
	case *ast.SelectorExpr:
		return c.field(e), postfix
	case *ast.IndexExpr:
		text = fmt.Sprintf("%s[%s]", c.operand(e.X, postfix), c.expr(e.Index))
		if isString(c.typeOf(e.X)) {
			return "(uint8_t)" + text, unary
		}
		return text, postfix
	case *ast.SliceExpr:
		if e.Low == nil {
			return c.bound(e.X)
		}
		if v := c.u.info.Types[e.Low].Value; v != nil && constant.Sign(v) == 0 {
			return c.bound(e.X)
		}
		return c.operand(e.X, additive) + " + " + c.operand(e.Low, additive), additive
	case *ast.UnaryExpr:
		return c.prefixed(e)
	case *ast.BinaryExpr:
		return c.binary(e)
	case *ast.CallExpr:
		return c.value(e)
	case *ast.StarExpr:
		return "*" + c.operand(e.X, unary), unary
	}
	c.fail(e, "an expression %T", e)
	return "", 0
}

func (c *translator) ident(e *ast.Ident) string {
	obj := c.u.info.Uses[e]
	if obj == nil {
		obj = c.u.info.Defs[e]
	}
	if obj.Parent() == c.u.pkg.Scope() || obj.Pkg() == c.u.soft && c.u.decls[obj] != nil {
		return c.global(obj)
	}
	return c.local(obj)
}

// field writes x.f.
func (c *translator) field(e *ast.SelectorExpr) string {
	if c.u.info.Selections[e] == nil {
		return c.global(c.u.info.Uses[e.Sel])
	}
	by := "."
	if isPointer(c.typeOf(e.X)) {
		by = "->"
	}
	return c.operand(e.X, postfix) + by + snake(e.Sel.Name)
}

func (c *translator) prefixed(e *ast.UnaryExpr) (string, int) {
	op := map[token.Token]string{token.SUB: "-", token.ADD: "+", token.NOT: "!", token.XOR: "~", token.AND: "&"}[e.Op]
	if op == "" {
		c.fail(e, "the operator %s", e.Op)
	}
	if e.Op == token.AND {
		if _, ok := types.Unalias(c.typeOf(e.X)).(*types.Array); ok {
			return c.bound(e.X) // an array is where it begins
		}
	}
	x := c.operand(e.X, unary)
	if strings.HasPrefix(x, op) {
		x = "(" + x + ")"
	}
	return op + x, unary
}

func (c *translator) binary(e *ast.BinaryExpr) (string, int) {
	level := map[token.Token]int{
		token.ADD: additive, token.SUB: additive, token.MUL: multiplicative, token.QUO: multiplicative, token.REM: multiplicative, token.LAND: and, token.LOR: or,
	}[e.Op]
	op := e.Op.String()
	switch e.Op {
	case token.SHL, token.SHR:
		return c.shift(e)
	case token.AND_NOT:
		return fmt.Sprintf("%s & ~%s", c.operand(e.X, unary), c.operand(e.Y, unary)), bits
	case token.LAND, token.LOR:
		return c.within(e.X, level) + " " + op + " " + c.within(e.Y, level), level
	case token.ADD, token.SUB, token.MUL, token.QUO, token.REM:
		return c.operand(e.X, level) + " " + op + " " + c.operand(e.Y, level+1), level
	case token.AND, token.OR, token.XOR:
		return c.operand(e.X, unary) + " " + op + " " + c.operand(e.Y, unary), bits
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return c.operand(e.X, additive) + " " + op + " " + c.operand(e.Y, additive), bits
	}
	c.fail(e, "the operator %s", e.Op)
	return "", 0
}

// within writes an operand of && or ||: compilers ask for parentheses around one in the
// other.
func (c *translator) within(e ast.Expr, level int) string {
	text, binds := c.bound(e)
	if binds < bits && binds != level {
		return "(" + text + ")"
	}
	return text
}

// shift writes a shift; one by a number that is only known later may be by all 64 places.
func (c *translator) shift(e *ast.BinaryExpr) (string, int) {
	if c.u.info.Types[e.Y].Value != nil {
		return fmt.Sprintf("%s %s %s", c.operand(e.X, unary), e.Op, c.operand(e.Y, unary)), bits
	}
	if b, ok := types.Unalias(c.typeOf(e)).(*types.Basic); !ok || b.Kind() != types.Uint64 {
		c.fail(e, "a shift of %s by a number that is not known", c.typeOf(e))
	}
	name := map[token.Token]string{token.SHL: "_left", token.SHR: "_right"}[e.Op]
	return fmt.Sprintf("%s%s(%s, %s)", c.prefix, name, c.expr(e.X), c.expr(e.Y)), postfix
}

// value writes a call or a conversion.
func (c *translator) value(e *ast.CallExpr) (string, int) {
	if tv := c.u.info.Types[e.Fun]; tv.IsType() {
		if types.Identical(types.Unalias(c.typeOf(e.Args[0])), types.Unalias(tv.Type)) {
			return c.bound(e.Args[0])
		}
		return fmt.Sprintf("(%s)%s", c.declare(e, tv.Type, "", false), c.operand(e.Args[0], unary)), unary
	}
	if id, ok := e.Fun.(*ast.Ident); ok && c.u.builtin(id) {
		return c.builtin(id.Name, e)
	}
	return c.call(e, nil), postfix
}

// builtin writes a call of a function of the language.
func (c *translator) builtin(name string, e *ast.CallExpr) (string, int) {
	t, basic := types.Unalias(c.typeOf(e)).Underlying().(*types.Basic)
	switch {
	case name == "len" && isString(c.typeOf(e.Args[0])):
		return fmt.Sprintf("(int)strlen(%s)", c.expr(e.Args[0])), unary
	case softNames[name] == "" || !basic || len(e.Args) != 2:
		c.fail(e, "%s", name)
	case t.Info()&types.IsInteger != 0:
		op := map[string]string{"min": "<", "max": ">"}[name]
		a, b := c.operand(e.Args[0], additive), c.operand(e.Args[1], additive)
		return fmt.Sprintf("%s %s %s ? %s : %s", a, op, b, a, b), conditional
	}
	f := c.global(c.u.soft.Scope().Lookup(softNames[name]))
	text := fmt.Sprintf("%s(%s, %s)", f, c.expr(e.Args[0]), c.expr(e.Args[1]))
	if t.Kind() == types.Float32 {
		return "(float)" + text, unary
	}
	return text, postfix
}

// call writes a call of a function, with where further results go.
func (c *translator) call(e *ast.CallExpr, outs []string) string {
	f := c.u.called(e)
	if f == nil {
		c.fail(e, "a call of what is no function")
	}
	var args []string
	if r := f.Signature().Recv(); r != nil {
		x := e.Fun.(*ast.SelectorExpr).X
		text := c.operand(x, unary)
		if isPointer(r.Type()) && !isPointer(c.typeOf(x)) {
			text = "&" + text
		}
		args = append(args, text)
	}
	for _, a := range e.Args {
		if results, ok := c.typeOf(a).(*types.Tuple); ok {
			args = append(args, c.spread(a.(*ast.CallExpr), results)...)
			continue
		}
		args = append(args, c.expr(a))
	}
	return fmt.Sprintf("%s(%s)", c.global(f), strings.Join(append(args, outs...), ", "))
}

// spread writes a call whose results are the arguments of another before the statement
// that has it.
func (c *translator) spread(e *ast.CallExpr, results *types.Tuple) (args []string) {
	var outs []string
	for i := range results.Len() {
		t := c.temp()
		c.line("%s;", c.declare(e, results.At(i).Type(), t, false))
		args, outs = append(args, t), append(outs, "&"+t)
	}
	c.line("%s;", c.call(e, outs))
	return args
}

// literal writes a constant.
func (c *translator) literal(at ast.Node, tv types.TypeAndValue) string {
	b, ok := types.Unalias(tv.Type).Underlying().(*types.Basic)
	if !ok {
		c.fail(at, "a constant of type %s", tv.Type)
	}
	switch info := b.Info(); {
	case info&types.IsString != 0:
		return quoted(constant.StringVal(tv.Value))
	case info&types.IsBoolean != 0:
		return map[bool]string{false: "0", true: "1"}[constant.BoolVal(tv.Value)]
	case info&types.IsFloat != 0:
		if b.Kind() == types.Float32 {
			x, _ := constant.Float32Val(tv.Value)
			return digits(float64(x), 32) + "f"
		}
		x, _ := constant.Float64Val(tv.Value)
		return digits(x, 64)
	}
	return c.whole(at, constant.ToInt(tv.Value), b.Kind())
}

// whole writes a whole number. Its type is written where it is not int: what C makes of
// it then may depend on that.
func (c *translator) whole(at ast.Node, v constant.Value, kind types.BasicKind) string {
	if x, ok := constant.Uint64Val(v); ok && kind == types.Uint64 {
		if x > math.MaxInt32 {
			return fmt.Sprintf("0x%xULL", x)
		}
		return fmt.Sprintf("%dULL", x)
	}
	x, ok := constant.Int64Val(v)
	switch {
	case !ok:
		c.fail(at, "the constant %s", v)
	case kind == types.Int64:
		return fmt.Sprintf("%dLL", x)
	case kind == types.Uint || kind == types.Uint32:
		return fmt.Sprintf("%dU", x)
	}
	return strconv.FormatInt(x, 10)
}

// digits writes a number in the fewest characters that are read as it.
func digits(x float64, size int) string {
	if x == 0 {
		return "0.0"
	}
	d, h := strconv.FormatFloat(x, 'g', -1, size), strconv.FormatFloat(x, 'x', -1, size)
	if !strings.ContainsAny(d, ".e") {
		d += ".0"
	}
	if len(h) < len(d) {
		return h
	}
	return d
}
