package descent_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// anyBits are the packages whose last digits do not matter: pictures.
var anyBits = []string{"descent/internal/plot"}

// exact are the functions of package math that have one right result and give it
// on every architecture.
var exact = strings.Fields(`Abs Ceil Copysign FMA Float32bits Float32frombits Float64bits Float64frombits Floor Frexp Inf IsInf IsNaN
	Ldexp Max Min Mod Modf NaN Nextafter Nextafter32 Pow10 Round RoundToEven Signbit Sqrt Trunc`)

// Results are the same bits on every architecture when nothing is called that has
// other bits elsewhere, and no product is added to something before it is
// rounded: the compiler may then fuse the two (a conversion forbids that). What is
// fused although a variable or a call stands between, .ci/portable finds.
func TestSourceIsPortable(t *testing.T) {
	l := newLoader(t)
	for _, p := range l.packages {
		if p.Standard || p.DepOnly || p.Export == "" || slices.Contains(anyBits, p.ImportPath) {
			continue
		}
		for _, file := range l.check(t, p) {
			ast.Inspect(file, func(n ast.Node) bool {
				for _, what := range l.unportable(n) {
					t.Errorf("%s: %s", l.files.Position(n.Pos()), what)
				}
				return true
			})
		}
	}
}

type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Standard, DepOnly       bool
}

// A loader checks types of packages from source, with those that they import as
// the compiler left them.
type loader struct {
	files    *token.FileSet
	packages []listed
	imports  types.Importer
	info     *types.Info
}

func newLoader(t *testing.T) *loader {
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Standard,DepOnly", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{files: token.NewFileSet(), info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
	export := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		l.packages = append(l.packages, p)
		export[p.ImportPath] = p.Export
	}
	l.imports = importer.ForCompiler(l.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(export[path]) })
	return l
}

func (l *loader) check(t *testing.T, p listed) (parsed []*ast.File) {
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(l.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	if _, err := (&types.Config{Importer: l.imports}).Check(p.ImportPath, l.files, parsed, l.info); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// unportable says what of a node may have other bits elsewhere.
func (l *loader) unportable(n ast.Node) (found []string) {
	var terms []ast.Expr
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if n.Op == token.ADD || n.Op == token.SUB {
			terms = []ast.Expr{n.X, n.Y}
		}
	case *ast.AssignStmt:
		if n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN {
			terms = n.Rhs
		}
	case *ast.SelectorExpr:
		f, ok := l.info.Uses[n.Sel].(*types.Func)
		if !ok || f.Pkg() == nil {
			break
		}
		switch path := f.Pkg().Path(); {
		case path == "math" && !slices.Contains(exact, f.Name()), path == "math/cmplx":
			found = append(found, f.FullName()+" has other bits elsewhere: internal/elementary has one that has not")
		case path == "math/rand/v2" && slices.Contains([]string{"NormFloat64", "ExpFloat64"}, f.Name()):
			found = append(found, f.FullName()+" has other bits elsewhere: use elementary.Normal")
		}
	}
	for _, x := range terms {
		if l.product(x) {
			found = append(found, "a product is added before it is rounded: write float64(a*b) + c")
		}
	}
	return found
}

// product reports whether an expression is a product of floating-point numbers
// that is computed when the program runs. Division by a power
// of two becomes one.
func (l *loader) product(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.ParenExpr:
		return l.product(x.X)
	case *ast.UnaryExpr:
		return l.product(x.X)
	case *ast.BinaryExpr:
		v := l.info.Types[x]
		return (x.Op == token.MUL || x.Op == token.QUO && powerOfTwo(l.info.Types[x.Y].Value)) && v.Value == nil && isFloat(v.Type)
	}
	return false
}

func powerOfTwo(v constant.Value) bool {
	if v == nil {
		return false
	}
	x, _ := constant.Float64Val(constant.ToFloat(v))
	part, _ := math.Frexp(x)
	return part == 0.5
}

// isFloat reports whether a type is a floating-point number, or may be one.
func isFloat(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		t = p.Constraint().Underlying().(*types.Interface).EmbeddedType(0)
		if u, ok := types.Unalias(t).Underlying().(*types.Interface); ok && u.NumEmbeddeds() > 0 {
			t = u.EmbeddedType(0)
		}
		if u, ok := t.(*types.Union); ok {
			return slices.ContainsFunc(slices.Collect(u.Terms()), func(term *types.Term) bool { return isFloat(term.Type()) })
		}
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}
