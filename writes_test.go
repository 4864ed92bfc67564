package descent_test

import (
	"go/ast"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"descent/internal/sources"
)

// writers are the packages that may call what writes files: the one that does it
// for all, and what makes it fail in tests.
var writers = []string{"descent/internal/atomicfile", "descent/internal/atomicfile/faults"}

// writing are the functions of package os that write.
var writing = strings.Fields("Create CreateTemp MkdirTemp OpenFile WriteFile Rename Truncate Link Symlink NewFile CopyFS")

// All files are written by one package, so that none can be half written, and one
// test of what happens when a call fails is a test of all.
func TestFilesAreWrittenOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{.Dir}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		pkg, dir, _ := strings.Cut(line, " ")
		if slices.Contains(writers, pkg) || pkg == "descent" {
			continue
		}
		for _, f := range sources.Files(t, dir) {
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "os" && slices.Contains(writing, sel.Sel.Name) {
						t.Errorf("%s calls os.%s: use internal/atomicfile", pkg, sel.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
