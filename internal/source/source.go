// Package source makes one file without dependencies out of a text that calls the
// elementary functions and [descent/internal/source/loops]: as Go, with what it needs
// of them, or as a C99 header, into which it is translated.
//
// What is translated is a part of Go: numbers, arrays and slices, structs, functions
// with several results; no memory is allocated, and a slice has no length. The types
// of all expressions are known from go/types, so a conversion that C would make by
// itself in another way is never left to it.
package source

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"strings"

	"descent/internal/elementary"
	"descent/internal/source/loops"
	"descent/internal/source/soft"
)

// A Unit is a text with what it needs.
type Unit struct {
	fset  *token.FileSet
	info  *types.Info
	pkg   *types.Package
	soft  *types.Package
	own   *ast.File
	decls map[types.Object]*decl
	order []*decl // what is needed, each after what it needs
	done  map[*decl]bool

	tables map[string][]float64
}

// A decl is a declaration of a package of one name.
type decl struct {
	obj  types.Object
	node ast.Node // FuncDecl, ValueSpec or TypeSpec
	doc  *ast.CommentGroup
	own  bool
}

// Parse reads the text of a file, whose package clause does not matter. real is
// float32 or float64. tables are the values of its arrays that have none in the text.
func Parse(text, real string, tables map[string][]float64) (*Unit, error) {
	u := &Unit{tables: tables, fset: token.NewFileSet(), decls: map[types.Object]*decl{}, done: map[*decl]bool{},
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}}
	var err error
	if u.soft, err = u.softPackage(); err != nil {
		return nil, err
	}
	files, err := u.library(real)
	if err != nil {
		return nil, err
	}
	if u.own, err = parser.ParseFile(u.fset, "model.go", text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
		return nil, err
	}
	files = append(files, u.own)
	for _, f := range files {
		f.Name.Name = "model"
	}
	if u.pkg, err = u.check("model", files); err != nil {
		return nil, err
	}
	u.collect(u.own, true)
	roots := append([]*decl(nil), u.declared(u.own)...)
	for _, f := range files {
		if f != u.own {
			u.collect(f, false)
		}
	}
	for _, d := range roots {
		u.need(d)
	}
	return u, nil
}

// library parses elementary functions and loops.
func (u *Unit) library(real string) (files []*ast.File, err error) {
	parse := func(name, text string) error {
		f, err := parser.ParseFile(u.fset, name, text, parser.SkipObjectResolution)
		files = append(files, f)
		return err
	}
	typed := strings.NewReplacer("type real = float32", "type real = "+real, "const width = 32", "const width = "+strings.TrimPrefix(real, "float"))
	for _, dir := range []fs.FS{loops.Source, elementary.Source} {
		names, err := fs.Glob(dir, "*.go")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				return nil, err
			}
			rewritten, err := withTexts(typed.Replace(string(text)))
			if err != nil {
				return nil, err
			}
			if err := parse(name, rewritten); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// intrinsics is what package soft calls of package math.
const intrinsics = `package math
func Float64bits(x float64) uint64
func Float64frombits(b uint64) float64
func Float32frombits(b uint32) float32`

// softPackage checks package soft, which stands for math and math/bits.
func (u *Unit) softPackage() (*types.Package, error) {
	stub, err := parser.ParseFile(u.fset, "math.go", intrinsics, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	math, err := (&types.Config{}).Check("math", u.fset, []*ast.File{stub}, nil)
	if err != nil {
		return nil, err
	}
	f, err := parser.ParseFile(u.fset, "soft.go", soft.Source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	u.soft = math
	pkg, err := u.check("soft", []*ast.File{f})
	u.collect(f, false)
	return pkg, err
}

// check checks the types of some files, which may import math and math/bits.
func (u *Unit) check(path string, files []*ast.File) (*types.Package, error) {
	c := types.Config{Importer: importer{u.soft}}
	return c.Check(path, u.fset, files, u.info)
}

// An importer has packages math and math/bits, with what package soft has.
type importer struct{ soft *types.Package }

func (i importer) Import(path string) (*types.Package, error) {
	name, ok := map[string]string{"math": "math", "math/bits": "bits"}[path]
	if !ok {
		return nil, fmt.Errorf("source: import of %s", path)
	}
	p := types.NewPackage(path, name)
	for _, name := range i.soft.Scope().Names() {
		p.Scope().Insert(i.soft.Scope().Lookup(name))
	}
	p.MarkComplete()
	return p, nil
}

// collect notes what a file declares.
func (u *Unit) collect(f *ast.File, own bool) {
	note := func(name *ast.Ident, n ast.Node, doc *ast.CommentGroup) {
		if obj := u.info.Defs[name]; obj != nil && name.Name != "_" {
			u.decls[obj] = &decl{obj, n, doc, own}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			note(d.Name, d, d.Doc)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					note(s.Name, s, d.Doc)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						note(name, s, d.Doc)
					}
				}
			}
		}
	}
}

// declared lists what a file declares, in its order.
func (u *Unit) declared(f *ast.File) (all []*decl) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all = append(all, u.decls[u.info.Defs[d.Name]])
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					all = append(all, u.decls[u.info.Defs[s.Name]])
				case *ast.ValueSpec:
					for _, name := range s.Names {
						all = append(all, u.decls[u.info.Defs[name]])
					}
				}
			}
		}
	}
	return all
}

// need notes that a declaration is needed, after what it needs. Constants are numbers
// where they are used.
func (u *Unit) need(d *decl) {
	if d == nil || u.done[d] {
		return
	}
	u.done[d] = true
	ast.Inspect(d.node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			u.need(u.decls[u.info.Uses[n]])
		case *ast.SelectorExpr:
			if s := u.info.Selections[n]; s != nil && s.Kind() == types.MethodVal {
				u.need(u.decls[s.Obj()])
			}
		case *ast.CallExpr:
			if b, ok := n.Fun.(*ast.Ident); ok && (b.Name == "min" || b.Name == "max") && u.builtin(b) {
				u.need(u.decls[u.soft.Scope().Lookup(softNames[b.Name])])
			}
		}
		return true
	})
	u.order = append(u.order, d)
}

// softNames are functions of package soft that stand for what is built into Go.
var softNames = map[string]string{"min": "Min", "max": "Max"}

// builtin tells whether a name is that of a function of the language.
func (u *Unit) builtin(id *ast.Ident) bool {
	_, ok := u.info.Uses[id].(*types.Builtin)
	return ok
}
