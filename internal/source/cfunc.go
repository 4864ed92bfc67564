package source

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// function writes a function. Of several results it sets what pointers point to.
func (c *translator) function(n *ast.FuncDecl, d *decl) {
	if _, ok := intrinsic[n.Name.Name]; ok && d.obj.Pkg() == c.u.soft {
		return
	}
	f := d.obj.(*types.Func)
	sig := f.Signature()
	c.begin(sig)
	var params []string
	param := func(v *types.Var) {
		if v.Name() == "" || v.Name() == "_" {
			c.fail(n, "a parameter without a name")
		}
		params = append(params, c.declare(n, v.Type(), c.local(v), isPointer(v.Type()) && !c.u.writes(n, v, nil)))
	}
	if sig.Recv() != nil {
		param(sig.Recv())
	}
	for i := range sig.Params().Len() {
		param(sig.Params().At(i))
	}
	result := "void"
	if r := sig.Results(); r.Len() == 1 {
		result = c.declare(n, r.At(0).Type(), "", false)
	} else {
		for i := range r.Len() {
			params = append(params, c.declare(n, r.At(i).Type(), fmt.Sprintf("*out%d", i), false))
		}
	}
	if len(params) == 0 {
		params = []string{"void"}
	}
	if d.own && f.Exported() {
		c.out.WriteString("\n" + c.comment(n.Doc))
	}
	c.line("static inline %s %s(%s) {", strings.TrimSpace(result), c.global(f), strings.Join(params, ", "))
	c.indent++
	for i := range sig.Params().Len() {
		if p := sig.Params().At(i); !c.u.uses(n.Body, p) {
			c.line("(void)%s;", c.local(p))
		}
	}
	if r := sig.Recv(); r != nil && !c.u.uses(n.Body, r) {
		c.line("(void)%s;", c.local(r))
	}
	for i := range sig.Results().Len() {
		if r := sig.Results().At(i); r.Name() != "" && c.u.uses(n.Body, r) {
			c.variable(n, r)
		}
	}
	c.node = n
	c.last, _ = n.Body.List[max(0, len(n.Body.List)-1)].(*ast.ReturnStmt)
	c.block(n.Body)
	c.indent--
	c.line("}")
}

// variable declares a variable that is 0.
func (c *translator) variable(at ast.Node, v types.Object) {
	zero := "0"
	switch types.Unalias(v.Type()).Underlying().(type) {
	case *types.Struct, *types.Array:
		zero = "{0}"
	}
	c.line("%s = %s;", c.declare(at, v.Type(), c.local(v), isPointer(v.Type())), zero)
}

// uses tells whether a variable is looked at or set, a return without results included.
func (u *Unit) uses(body ast.Node, v types.Object) (used bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			used = used || u.info.Uses[n] == v
		case *ast.ReturnStmt:
			used = used || len(n.Results) == 0
		}
		return true
	})
	return used
}

// writes tells whether a function changes what a parameter points to.
func (u *Unit) writes(fn *ast.FuncDecl, v types.Object, asked []types.Object) (changes bool) {
	for _, o := range asked {
		if o == v {
			return false // a call of itself
		}
	}
	asked = append(asked, v)
	through := func(e ast.Expr) {
		_, direct := e.(*ast.Ident)
		changes = changes || !direct && u.base(e) == v
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				through(e)
			}
		case *ast.IncDecStmt:
			through(n.X)
		case *ast.CallExpr:
			changes = changes || u.given(n, v, asked)
		}
		return true
	})
	return changes
}

// given tells whether a call hands a parameter to a function that changes what it points
// to.
func (u *Unit) given(call *ast.CallExpr, v types.Object, asked []types.Object) bool {
	f := u.called(call)
	d := u.decls[f]
	if f == nil || d == nil {
		return false
	}
	sig := f.Signature()
	fn := d.node.(*ast.FuncDecl)
	if s, ok := call.Fun.(*ast.SelectorExpr); ok && sig.Recv() != nil && u.base(s.X) == v && u.writes(fn, sig.Recv(), asked) {
		return true
	}
	for i, a := range call.Args {
		if i < sig.Params().Len() && isPointer(sig.Params().At(i).Type()) && u.base(a) == v && u.writes(fn, sig.Params().At(i), asked) {
			return true
		}
	}
	return false
}

// called is the function that a call is of, nil if it is none that is declared.
func (u *Unit) called(call *ast.CallExpr) *types.Func {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		fn, _ := u.info.Uses[f].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := u.info.Uses[f.Sel].(*types.Func)
		return fn
	}
	return nil
}

// base is the variable that an operand is a part of.
func (u *Unit) base(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		if o := u.info.Uses[e]; o != nil {
			return o
		}
		return u.info.Defs[e]
	case *ast.IndexExpr:
		return u.base(e.X)
	case *ast.SliceExpr:
		return u.base(e.X)
	case *ast.SelectorExpr:
		return u.base(e.X)
	case *ast.ParenExpr:
		return u.base(e.X)
	case *ast.StarExpr:
		return u.base(e.X)
	case *ast.UnaryExpr:
		return u.base(e.X)
	}
	return nil
}
