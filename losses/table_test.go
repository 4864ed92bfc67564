package losses_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"descent/graph/graphtest"
	"descent/internal/sources"
	"descent/internal/spec"
	"descent/losses"
)

// Derivatives of first and second order, and float32 against float64.
func TestDerivatives(t *testing.T) {
	for _, c := range losses.Cases() {
		t.Run(c.Name, func(t *testing.T) { graphtest.TestCase(t, c) })
	}
}

// Every exported loss has a row, and every row an exported loss: a function of
// two or three nodes, or one that returns a Loss or Loss3, whose name does not
// end in With.
func TestTableIsComplete(t *testing.T) {
	exported := map[string]bool{}
	for _, fn := range sources.Functions(t, ".") {
		if fn.Recv == nil && fn.Name.IsExported() && isLoss(fn) {
			exported[fn.Name.Name] = true
		}
	}
	penalties := []string{"L1", "L2", "SumSquares", "ElasticNet"}
	for _, row := range losses.Table {
		if !exported[row.Func] {
			t.Errorf("row %s: there is no function %s", row.Name, row.Func)
		}
		if !exported[row.Func+"With"] {
			t.Errorf("row %s: there is no function %sWith", row.Name, row.Func)
		}
		delete(exported, row.Func)
		delete(exported, row.Func+"With")
	}
	for name := range exported {
		if !slices.Contains(penalties, name) && !strings.HasPrefix(name, "ByName") {
			t.Errorf("exported loss %s has no row in Table", name)
		}
	}
}

// isLoss reports whether a function makes nodes, or a loss.
func isLoss(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil {
		return false
	}
	switch r := fn.Type.Results.List[0].Type.(type) {
	case *ast.Ident:
		return r.Name == "Loss" || r.Name == "Loss3"
	case *ast.StarExpr:
		sel, ok := r.X.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Node"
	}
	return false
}

func TestTableRows(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range losses.Table {
		for _, name := range append([]string{row.Name}, row.Aliases...) {
			if seen[name] {
				t.Errorf("two losses are called %s", name)
			}
			seen[name] = true
			if got, err := losses.ByName(name); err != nil || got.Name != row.Name {
				t.Errorf("ByName(%q) = %v, %v", name, got, err)
			}
		}
		if row.Doc == "" || row.Task == "" || row.Pred == "" || row.Target == "" {
			t.Errorf("row %s is not filled in", row.Name)
		}
		for _, s := range row.Settings { // each default is what the setting takes
			if s.Default == nil {
				continue
			}
			text := row.Name + "(" + s.Name + "=" + spec.Format(s.Default) + ")"
			if got, err := losses.ByName(text); err != nil || got.String() != row.Name {
				t.Errorf("%s: %v, %v", text, got, err)
			}
		}
	}
}
