package source

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"math"
	"slices"
	"strings"
)

// Go returns the unit as one file of Go: head, a comment, stands before the package.
// Functions of the library have small letters, so that only the text's own are
// exported.
func (u *Unit) Go(head, pkg string) ([]byte, error) {
	u.lower()
	var b bytes.Buffer
	b.WriteString(head + "package " + pkg + "\n\n")
	imports := map[string]bool{}
	var body bytes.Buffer
	whole := map[ast.Node]bool{}
	for _, d := range append(u.ownDecls(), u.libraryDecls()...) {
		if d.obj.Pkg() == u.soft || whole[d.node] || isAlias(d.obj) {
			continue
		}
		whole[d.node] = true
		if x, ok := u.tables[d.obj.Name()]; ok && d.own {
			a := d.obj.Type().(*types.Array)
			fmt.Fprintf(&body, "var %s = [%d]%s{\n%s,\n}\n\n", d.obj.Name(), a.Len(), types.Unalias(a.Elem()), listed(x, types.Unalias(a.Elem())))
			imports["math"] = imports["math"] || slices.ContainsFunc(x, func(v float64) bool { return v == 0 && math.Signbit(v) })
			continue
		}
		node := d.node
		switch n := node.(type) {
		case *ast.TypeSpec:
			node = &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{n}}
		case *ast.ValueSpec:
			tok := token.VAR
			if _, ok := d.obj.(*types.Const); ok {
				tok = token.CONST
			}
			node = &ast.GenDecl{Tok: tok, Specs: []ast.Spec{n}}
		}
		ast.Inspect(node, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if p, ok := u.info.Uses[id].(*types.PkgName); ok {
					imports[map[string]string{"math": "math", "bits": "math/bits"}[p.Name()]] = true
				}
			}
			return true
		})
		if f, ok := node.(*ast.FuncDecl); ok {
			f.Doc = nil
		}
		body.WriteString(comment(d.doc))
		if err := format.Node(&body, u.fset, node); err != nil {
			return nil, err
		}
		body.WriteString("\n\n")
	}
	for _, path := range []string{"math", "math/bits"} {
		if imports[path] {
			b.WriteString("import \"" + path + "\"\n")
		}
	}
	b.WriteString("\n")
	b.Write(body.Bytes())
	return format.Source(b.Bytes())
}

// comment writes a comment.
func comment(doc *ast.CommentGroup) string {
	if doc == nil {
		return ""
	}
	return "// " + strings.ReplaceAll(strings.TrimSpace(doc.Text()), "\n", "\n// ") + "\n"
}

// ownDecls are those of the text, in its order; libraryDecls the others.
func (u *Unit) ownDecls() []*decl { return u.declared(u.own) }

func (u *Unit) libraryDecls() (all []*decl) {
	for _, d := range u.order {
		if !d.own {
			all = append(all, d)
		}
	}
	return all
}

func isAlias(obj types.Object) bool {
	t, ok := obj.(*types.TypeName)
	return ok && t.IsAlias()
}

// lower gives functions of the library small letters, and writes the type of elements
// for its alias.
func (u *Unit) lower() {
	rename := func(id *ast.Ident, obj types.Object) {
		if isAlias(obj) && obj.Pkg() == u.pkg {
			id.Name = types.Unalias(obj.Type()).String()
		}
		if f, ok := obj.(*types.Func); ok && u.decls[obj] != nil && !u.decls[obj].own && f.Pkg() != u.soft {
			id.Name = strings.ToLower(id.Name[:1]) + id.Name[1:]
		}
	}
	for id, obj := range u.info.Uses {
		rename(id, obj)
	}
	for id, obj := range u.info.Defs {
		rename(id, obj)
	}
}

// listed writes the values of an array of Go, which has no -0.
func listed(x []float64, t types.Type) string {
	all := numbers(x, t)
	for i, v := range all {
		if all[i] = strings.TrimSuffix(v, "f"); x[i] == 0 && math.Signbit(x[i]) {
			all[i] = fmt.Sprintf("%s(math.Copysign(0, -1))", t)
		}
	}
	return strings.Trim(braces(all), "{}")
}
