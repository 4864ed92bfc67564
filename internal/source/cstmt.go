package source

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"strings"
)

func (c *translator) block(b *ast.BlockStmt) {
	for _, s := range b.List {
		c.statement(s)
	}
}

// inside writes a block in braces, after a head.
func (c *translator) inside(head string, body func()) {
	c.line("%s {", strings.TrimSpace(head))
	c.indent++
	c.own(body)
	c.indent--
	c.line("}")
}

// own writes what has names of its own: others may have them afterwards.
func (c *translator) own(body func()) {
	taken := maps.Clone(c.taken)
	body()
	c.taken = taken
}

func (c *translator) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		c.assign(s)
	case *ast.IncDecStmt:
		c.line("%s%s;", c.expr(s.X), s.Tok)
	case *ast.ExprStmt:
		c.line("%s;", c.expr(s.X))
	case *ast.ReturnStmt:
		c.results(s)
	case *ast.IfStmt:
		if v := c.u.info.Types[s.Cond].Value; v != nil && !constant.BoolVal(v) && s.Init == nil && s.Else == nil {
			return // what is for another type of elements
		}
		c.scoped(s.Init, func() { c.branch("", s) })
	case *ast.SwitchStmt:
		c.scoped(s.Init, func() { c.cases(s) })
	case *ast.ForStmt:
		c.own(func() { c.loop(s) })
	case *ast.RangeStmt:
		c.own(func() { c.over(s) })
	case *ast.BlockStmt:
		c.inside("", func() { c.block(s) })
	case *ast.BranchStmt:
		if s.Label != nil || s.Tok != token.BREAK && s.Tok != token.CONTINUE {
			c.fail(s, "%s", s.Tok)
		}
		c.line("%s;", s.Tok)
	case *ast.DeclStmt:
		c.declaration(s)
	default:
		c.fail(s, "a statement %T", s)
	}
}

// scoped writes what may have a statement before it.
func (c *translator) scoped(init ast.Stmt, body func()) {
	if init == nil {
		body()
		return
	}
	c.inside("", func() {
		c.statement(init)
		body()
	})
}

func (c *translator) declaration(s *ast.DeclStmt) {
	g := s.Decl.(*ast.GenDecl)
	for _, spec := range g.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			c.fail(s, "a type in a function")
		}
		for i, name := range v.Names {
			obj := c.u.info.Defs[name]
			switch {
			case g.Tok == token.CONST: // a number where it is used
			case v.Values == nil:
				c.variable(s, obj)
			default:
				c.define(name, c.expr(v.Values[i]))
			}
		}
	}
}

// define declares a variable with its value.
func (c *translator) define(name *ast.Ident, value string) {
	obj := c.u.info.Defs[name]
	c.line("%s = %s;", c.declare(name, obj.Type(), c.local(obj), isPointer(obj.Type()) && !c.u.writes(c.node, obj, nil)), value)
}

// assign writes an assignment. Where there are several, values are set aside if they are
// of variables that are set before.
func (c *translator) assign(s *ast.AssignStmt) {
	if len(s.Rhs) == 1 && len(s.Lhs) > 1 {
		c.assignResults(s)
		return
	}
	if s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
		c.line("%s %s %s;", c.expr(s.Lhs[0]), s.Tok, c.expr(s.Rhs[0]))
		return
	}
	values := make([]string, len(s.Rhs))
	for i, e := range s.Rhs {
		values[i] = c.expr(e)
		if i > 0 && c.touched(s.Lhs[:i], e) {
			for k := range values[:i+1] {
				if !strings.HasPrefix(values[k], "t_") {
					t := c.temp()
					c.line("%s = %s;", c.declare(s, c.typeOf(s.Rhs[k]), t, isPointer(c.typeOf(s.Rhs[k]))), values[k])
					values[k] = t
				}
			}
		}
	}
	for i, l := range s.Lhs {
		id, ok := l.(*ast.Ident)
		switch {
		case ok && id.Name == "_":
			c.line("(void)%s;", values[i])
		case ok && c.u.info.Defs[id] != nil:
			c.define(id, values[i])
		default:
			c.line("%s = %s;", c.expr(l), values[i])
		}
	}
}

// touched tells whether a value is made of variables that some operands are part of.
func (c *translator) touched(set []ast.Expr, value ast.Expr) (is bool) {
	for _, l := range set {
		o := c.u.base(l)
		ast.Inspect(value, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			is = is || ok && o != nil && c.u.info.Uses[id] == o
			return true
		})
	}
	return is
}

// assignResults writes the assignment of what a call returns.
func (c *translator) assignResults(s *ast.AssignStmt) {
	call, ok := s.Rhs[0].(*ast.CallExpr)
	if !ok {
		c.fail(s, "%d values of one that is no call", len(s.Lhs))
	}
	var outs []string
	results := c.typeOf(call).(*types.Tuple)
	for i, l := range s.Lhs {
		id, ok := l.(*ast.Ident)
		switch {
		case ok && id.Name == "_":
			t := c.temp()
			c.line("%s;", c.declare(s, results.At(i).Type(), t, false))
			outs = append(outs, "&"+t)
		case ok && c.u.info.Defs[id] != nil:
			obj := c.u.info.Defs[id]
			c.line("%s;", c.declare(id, obj.Type(), c.local(obj), false))
			outs = append(outs, "&"+c.local(obj))
		default:
			outs = append(outs, "&"+c.operand(l, unary))
		}
	}
	c.line("%s;", c.call(call, outs))
}

func (c *translator) results(s *ast.ReturnStmt) {
	n := c.fn.Results().Len()
	switch {
	case n == 0:
		c.line("return;")
	case len(s.Results) == 0 && n == 1:
		c.line("return %s;", c.local(c.fn.Results().At(0)))
	case n == 1:
		c.line("return %s;", c.expr(s.Results[0]))
	case len(s.Results) == 1:
		var outs []string
		for i := range n {
			outs = append(outs, fmt.Sprint("out", i))
		}
		c.line("%s;", c.call(s.Results[0].(*ast.CallExpr), outs))
		c.end(s)
	default:
		for i := range n {
			value := ""
			if len(s.Results) == 0 {
				value = c.local(c.fn.Results().At(i))
			} else {
				value = c.expr(s.Results[i])
			}
			c.line("*out%d = %s;", i, value)
		}
		c.end(s)
	}
}

// end leaves a function, unless it ends there.
func (c *translator) end(s *ast.ReturnStmt) {
	if s != c.last {
		c.line("return;")
	}
}

// branch writes an if, of which head is what stands before.
func (c *translator) branch(head string, s *ast.IfStmt) {
	c.line("%sif (%s) {", head, c.expr(s.Cond))
	c.indent++
	c.own(func() { c.block(s.Body) })
	c.indent--
	switch e := s.Else.(type) {
	case nil:
		c.line("}")
	case *ast.BlockStmt:
		c.line("} else {")
		c.indent++
		c.own(func() { c.block(e) })
		c.indent--
		c.line("}")
	case *ast.IfStmt:
		if e.Init != nil {
			c.fail(e, "a statement before a condition after else")
		}
		c.branch("} else ", e)
	}
}

// cases writes a switch as conditions, one after the other.
func (c *translator) cases(s *ast.SwitchStmt) {
	tag := ""
	if s.Tag != nil {
		tag = c.temp()
		c.line("%s = %s;", c.declare(s, c.typeOf(s.Tag), tag, false), c.expr(s.Tag))
	}
	head := ""
	var last *ast.CaseClause
	write := func(cond string, k *ast.CaseClause) {
		if cond != "" {
			cond = "if (" + cond + ") "
		}
		c.line("%s%s{", head, cond)
		c.indent++
		c.own(func() {
			for _, x := range k.Body {
				c.statement(x)
			}
		})
		c.indent--
		head = "} else "
	}
	for _, x := range s.Body.List {
		k := x.(*ast.CaseClause)
		if k.List == nil {
			last = k
			continue
		}
		var conds []string
		for _, e := range k.List {
			if tag == "" {
				conds = append(conds, c.expr(e))
			} else {
				conds = append(conds, tag+" == "+c.operand(e, additive))
			}
		}
		write(strings.Join(conds, " || "), k)
	}
	if last != nil {
		write("", last)
	}
	if head != "" {
		c.line("}")
	}
}

func (c *translator) loop(s *ast.ForStmt) {
	one := func(x ast.Stmt) string {
		if x == nil {
			return ""
		}
		had := c.out.Len()
		indent := c.indent
		c.indent = 0
		c.statement(x)
		c.indent = indent
		text := string(c.out.Bytes()[had:])
		c.out.Truncate(had)
		if strings.Count(text, "\n") != 1 {
			c.fail(x, "several statements in the head of a loop")
		}
		return strings.TrimSuffix(strings.TrimSpace(text), ";")
	}
	cond := ""
	init := one(s.Init)
	if s.Cond != nil {
		cond = c.expr(s.Cond)
	}
	c.inside(fmt.Sprintf("for (%s; %s; %s)", init, cond, one(s.Post)), func() { c.block(s.Body) })
}

// over writes a loop over numbers, or over the elements of an array.
func (c *translator) over(s *ast.RangeStmt) {
	name := func(e ast.Expr) (id *ast.Ident, n string) {
		id, ok := e.(*ast.Ident)
		if !ok || id.Name == "_" {
			return nil, c.temp()
		}
		return id, c.local(c.u.info.Defs[id])
	}
	_, at := name(s.Key)
	t := types.Unalias(c.typeOf(s.X))
	if _, ok := t.Underlying().(*types.Basic); ok {
		c.inside(fmt.Sprintf("for (%s = 0; %s < %s; %s++)", c.declare(s, t, at, false), at, c.operand(s.X, additive), at), func() { c.block(s.Body) })
		return
	}
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	a, ok := t.(*types.Array)
	if !ok {
		c.fail(s, "a loop over a %s, whose length C does not know", t)
	}
	x := ""
	if l, ok := s.X.(*ast.CompositeLit); ok {
		x = c.temp()
		c.line("static const %s = %s;", c.declare(s, a, x, false), c.initial(l))
	} else {
		x = c.operand(s.X, postfix)
	}
	c.inside(fmt.Sprintf("for (int %s = 0; %s < %d; %s++)", at, at, a.Len(), at), func() {
		if id, v := name(s.Value); id != nil {
			c.line("%s = %s[%s];", c.declare(s, a.Elem(), v, false), x, at)
		}
		c.block(s.Body)
	})
}
