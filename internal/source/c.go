package source

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"math"
	"regexp"
	"strings"
	"unicode"
)

// C returns the unit as a C99 header, all of whose names begin with the prefix.
func (u *Unit) C(head, prefix string) (text []byte, err error) {
	c := &translator{u: u, prefix: prefix, structs: map[string]string{}}
	defer func() {
		if r := recover(); r != nil {
			bad, ok := r.(cannot)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("source: %s: %s", u.fset.Position(bad.node.Pos()), bad.why)
		}
	}()
	// What the text itself has comes last, and constants with the types that have them
	// as lengths.
	var consts, body bytes.Buffer
	for _, d := range u.ownDecls() {
		if k, ok := d.obj.(*types.Const); ok && k.Exported() {
			n, _ := constant.Int64Val(constant.ToInt(k.Val()))
			fmt.Fprintf(&consts, "%senum { %s = %d };\n", c.comment(d.doc), c.global(k), n)
		}
	}
	for _, d := range u.order {
		c.out.Reset()
		_, isFunc := d.node.(*ast.FuncDecl)
		c.tight, c.shown = isFunc, d.own
		switch n := d.node.(type) {
		case *ast.FuncDecl:
			c.function(n, d)
		case *ast.ValueSpec:
			if v, ok := d.obj.(*types.Var); ok {
				c.table(n, v)
			}
		case *ast.TypeSpec:
			if !n.Assign.IsValid() {
				c.structure(d.obj.Type(), n)
			}
		}
		body.Write(c.out.Bytes())
	}
	guard := strings.ToUpper(prefix) + "_H"
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s#ifndef %s\n#define %s\n\n%s\n%s%s\n", head, guard, guard, strings.ReplaceAll(prelude, "PREFIX", prefix), consts.String(), c.types.String())
	for _, h := range helpers {
		h = strings.ReplaceAll(h, "PREFIX", prefix)
		if name := h[strings.Index(h, prefix):strings.Index(h, "(")]; bytes.Contains(body.Bytes(), []byte(name+"(")) {
			b.WriteString(h + "\n")
		}
	}
	b.Write(body.Bytes())
	b.WriteString("\n#ifdef __GNUC__\n#ifndef __clang__\n#pragma GCC pop_options\n#endif\n#endif\n\n#endif\n")
	return b.Bytes(), nil
}

// prelude makes compilers round every operation to its type, once.
const prelude = `#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__) || (defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0)
#error "results depend on each operation being rounded to its type: compile without -ffast-math, and with SSE on 32-bit x86"
#endif
typedef char PREFIX_needs_wide_int_and_double[sizeof(int) >= 4 && sizeof(double) == 8 ? 1 : -1];
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize ("fp-contract=off")
#endif
`

// helpers are what the language of the text has and C has not: bits of numbers, shifts by
// as many places as there are.
var helpers = []string{
	"static inline uint64_t PREFIX_bits_of(double x){ uint64_t b; memcpy(&b,&x,sizeof b); return b; }",
	"static inline double PREFIX_number_of(uint64_t b){ double x; memcpy(&x,&b,sizeof x); return x; }",
	"static inline float PREFIX_float_of(uint32_t b){ float x; memcpy(&x,&b,sizeof x); return x; }",
	"static inline uint64_t PREFIX_left(uint64_t x,uint32_t n){ return n<64?x<<n:0; }",
	"static inline uint64_t PREFIX_right(uint64_t x,uint32_t n){ return n<64?x>>n:0; }",
}

// intrinsic are the functions of package soft that helpers have.
var intrinsic = map[string]string{"Float64bits": "_bits_of", "Float64frombits": "_number_of", "Float32frombits": "_float_of"}

// A translator writes C.
type translator struct {
	u       *Unit
	prefix  string
	types   bytes.Buffer
	structs map[string]string // names by type
	out     bytes.Buffer      // of a declaration
	indent  int
	tight   bool // spaces are left out
	shown   bool // lines are indented

	fn     *types.Signature
	locals map[types.Object]string
	taken  map[string]bool
	node   *ast.FuncDecl
	last   *ast.ReturnStmt // at its end
	temps  int
}

// cannot is what the translator panics with: it is told to who wrote the text.
type cannot struct {
	node ast.Node
	why  string
}

func (c *translator) fail(n ast.Node, format string, args ...any) {
	panic(cannot{n, fmt.Sprintf(format, args...)})
}

// line writes a line, of the library without what only makes it look better.
func (c *translator) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if c.tight {
		text = tightly.Replace(text)
	}
	if c.shown {
		c.out.WriteString(strings.Repeat("\t", c.indent))
	}
	c.out.WriteString(text + "\n")
}

// tightly takes spaces away that C does not need; those before another minus it does.
var tightly = strings.NewReplacer(" - -", "- -", " = ", "=", " == ", "==", " != ", "!=", " <= ", "<=", " >= ", ">=", " < ", "<", " > ", ">", " << ", "<<", " >> ", ">>",
	" + ", "+", " - ", "-", " * ", "*", " / ", "/", " % ", "%", " & ", "&", " | ", "|", " ^ ", "^", " && ", "&&", " || ", "||", " ? ", "?", " : ", ":", ", ", ",", "; ", ";",
	" += ", "+=", " -= ", "-=", " *= ", "*=", " /= ", "/=", " >>= ", ">>=", " <<= ", "<<=", ") {", "){", " (", "(", "} else ", "}else ")

// global is the name of what a package declares.
func (c *translator) global(obj types.Object) string {
	name := snake(obj.Name())
	if f, ok := obj.(*types.Func); ok {
		if r := f.Signature().Recv(); r != nil {
			if of := named(r.Type()); of.Name() != "Model" {
				name = snake(of.Name()) + "_" + name
			}
		}
	}
	if obj.Pkg() == c.u.soft {
		if short, ok := intrinsic[obj.Name()]; ok {
			return c.prefix + short
		}
		name = "math_" + name
	}
	return c.prefix + "_" + name
}

// named is the name of a type, or of what it points to.
func named(t types.Type) *types.TypeName {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	return t.(*types.Named).Obj()
}

var capital = regexp.MustCompile(`[a-z][A-Z]`)

// snake writes a name with underscores.
func snake(name string) string {
	return strings.ToLower(capital.ReplaceAllStringFunc(name, func(s string) string { return s[:1] + "_" + s[1:] }))
}

// keywords of C99, and names that headers may define, which no variable has.
var keywords = strings.Fields(`auto break case char const continue default do double else enum extern float for goto if inline int long register restrict
	return short signed sizeof static struct switch typedef union unsigned void volatile while unix linux`)

// local is the name of a variable, its own in the function.
func (c *translator) local(obj types.Object) string {
	if name, ok := c.locals[obj]; ok {
		return name
	}
	name := obj.Name()
	for n := 2; c.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", obj.Name(), n)
	}
	c.locals[obj], c.taken[name] = name, true
	return name
}

func (c *translator) begin(fn *types.Signature) {
	c.fn, c.locals, c.taken, c.temps = fn, map[types.Object]string{}, map[string]bool{}, 0
	for _, k := range keywords {
		c.taken[k] = true
	}
}

// temp is a new name.
func (c *translator) temp() string {
	c.temps++
	return fmt.Sprintf("t_%d", c.temps)
}

// comment writes a comment of Go, with the names of C.
func (c *translator) comment(doc *ast.CommentGroup) string {
	if doc == nil {
		return ""
	}
	text := strings.TrimSpace(doc.Text())
	for _, d := range c.u.ownDecls() {
		if d.obj.Exported() {
			text = regexp.MustCompile(`\b`+d.obj.Name()+`\b`).ReplaceAllString(text, c.global(d.obj))
		}
	}
	return "/* " + strings.ReplaceAll(text, "\n", "\n   ") + " */\n"
}

var basics = map[types.BasicKind]string{
	types.Bool: "int", types.Int: "int", types.Int32: "int32_t", types.Int64: "int64_t", types.Uint: "uint32_t", types.Uint8: "uint8_t", types.Uint32: "uint32_t",
	types.Uint64: "uint64_t", types.Float32: "float", types.Float64: "double", types.String: "const char *", types.UntypedBool: "int",
}

// declare writes the declaration of a name of a type; fixed says that what it points to
// does not change.
func (c *translator) declare(at ast.Node, t types.Type, name string, fixed bool) string {
	constant := ""
	if fixed {
		constant = "const "
	}
	pointer := func(e types.Type) string {
		if a, ok := types.Unalias(e).(*types.Array); ok {
			return constant + c.declare(at, a.Elem(), fmt.Sprintf("(*%s)[%d]", name, a.Len()), false)
		}
		if isString(e) {
			return "const char *const *" + name
		}
		return constant + c.declare(at, e, "*"+name, false)
	}
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if s, ok := basics[t.Kind()]; ok {
			return strings.TrimSpace(s + " " + name)
		}
	case *types.Named, *types.Struct:
		return strings.TrimSpace(c.structure(t, at) + " " + name)
	case *types.Array:
		return c.declare(at, t.Elem(), fmt.Sprintf("%s[%d]", name, t.Len()), fixed)
	case *types.Slice:
		return pointer(t.Elem())
	case *types.Pointer:
		if a, ok := types.Unalias(t.Elem()).(*types.Array); ok {
			return pointer(a.Elem())
		}
		return pointer(t.Elem())
	}
	c.fail(at, "there is no %s in C", t)
	return ""
}

// structure returns the name of a struct, which it declares the first time.
func (c *translator) structure(t types.Type, at ast.Node) string {
	key := t.String()
	if name, ok := c.structs[key]; ok {
		return name
	}
	name := fmt.Sprintf("%s_row%d", c.prefix, len(c.structs))
	if n, ok := t.(*types.Named); ok {
		name = c.global(n.Obj())
	}
	c.structs[key] = name
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		c.fail(at, "there is no %s in C", t)
	}
	var b strings.Builder
	for i := range s.NumFields() {
		f := s.Field(i)
		fmt.Fprintf(&b, "\t%s;\n", c.declare(at, f.Type(), snake(f.Name()), isPointer(f.Type())))
	}
	doc := ""
	if n, ok := t.(*types.Named); ok && c.u.decls[n.Obj()].own {
		doc = c.comment(c.u.decls[n.Obj()].doc)
	}
	fmt.Fprintf(&c.types, "%stypedef struct {\n%s} %s;\n", doc, b.String(), name)
	return name
}

func isPointer(t types.Type) bool {
	switch types.Unalias(t).(type) {
	case *types.Pointer, *types.Slice:
		return true
	}
	return false
}

// table writes a variable of a package: they are never changed.
func (c *translator) table(n *ast.ValueSpec, v *types.Var) {
	for i, name := range n.Names {
		if c.u.info.Defs[name] != v {
			continue
		}
		c.begin(nil)
		a, _ := v.Type().(*types.Array)
		if d := c.u.decls[v]; d.own && v.Exported() {
			c.out.WriteString(c.comment(d.doc))
		}
		switch x, ok := c.u.tables[v.Name()]; {
		case ok:
			c.line("static const %s = %s;", c.declare(n, v.Type(), c.global(v), false), braces(numbers(x, a.Elem())))
		case a != nil && isString(a.Elem()):
			c.line("static const char *const %s[%d] = %s;", c.global(v), a.Len(), c.initial(n.Values[i]))
		default:
			c.line("static const %s = %s;", c.declare(n, v.Type(), c.global(v), false), c.initial(n.Values[i]))
		}
	}
}

func isString(t types.Type) bool {
	b, ok := types.Unalias(t).(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// initial writes the value of a table.
func (c *translator) initial(e ast.Expr) string {
	l, ok := e.(*ast.CompositeLit)
	if !ok {
		return c.expr(e)
	}
	var parts []string
	for _, x := range l.Elts {
		if _, ok := x.(*ast.KeyValueExpr); ok {
			c.fail(x, "keys in a literal")
		}
		parts = append(parts, c.initial(x))
	}
	return braces(parts)
}

// braces writes the values of an array, in lines of a length that people can read.
func braces(parts []string) string {
	var b strings.Builder
	width := 0
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
			if width += len(p) + 1; width > 120 {
				b.WriteByte('\n')
				width = 0
			}
		}
		b.WriteString(p)
	}
	return "{" + b.String() + "}"
}

// numbers writes numbers of a type.
func numbers(x []float64, t types.Type) []string {
	size, suffix := 64, ""
	if types.Unalias(t).(*types.Basic).Kind() == types.Float32 {
		size, suffix = 32, "f"
	}
	all := make([]string, len(x))
	for i, v := range x {
		switch {
		case v == 0 && math.Signbit(v):
			all[i] = "-0.0" + suffix
		default:
			all[i] = digits(v, size) + suffix
		}
	}
	return all
}

// quoted writes a string of C: what is not ASCII, and what trigraphs begin with, in octal.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\':
			b.WriteString("\\" + string(rune(ch)))
		case ch == '?' || ch > unicode.MaxASCII || ch < ' ' || ch == 127:
			fmt.Fprintf(&b, "\\%03o", ch)
		default:
			b.WriteByte(ch)
		}
	}
	b.WriteByte('"')
	return b.String()
}
