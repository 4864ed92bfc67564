package descent_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Every operation describes itself: a type that lowers itself to primitives has a
// method Describe.
func TestOperationsDescribeThemselves(t *testing.T) {
	methods := map[string]map[string]bool{} // by directory and type
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			of := fn.Recv.List[0].Type
			if star, ok := of.(*ast.StarExpr); ok {
				of = star.X
			}
			if id, ok := of.(*ast.Ident); ok {
				name := filepath.Dir(path) + "." + id.Name
				if methods[name] == nil {
					methods[name] = map[string]bool{}
				}
				methods[name][fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for name, m := range methods {
		if m["Lower"] && m["Grad"] {
			count++
			if !m["Describe"] {
				t.Errorf("%s has no method Describe", name)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d operations are found", count)
	}
}
