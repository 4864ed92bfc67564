// Package foreign finds, for tests, the programs of others that they hold ours against. A
// test is skipped, by the name of what is missing, where there is none.
package foreign

import (
	"os/exec"
	"strings"
	"testing"
)

// Python returns an interpreter that has some modules: the first of the path, or the
// system's.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	imports := "import " + strings.Join(modules, ", ")
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", imports).Run() == nil {
			return name
		}
	}
	t.Skipf("no python3 with %s", strings.Join(modules, " and "))
	return ""
}
