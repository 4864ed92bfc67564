// Package foreign finds, for tests, the programs of others that they hold ours against. A
// test is skipped, by the name of what is missing, where there is none.
package foreign

import (
	"os"
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

// Node returns a command that runs a script of JavaScript with some arguments; module is
// one that it requires, which NODE_PATH finds.
func Node(t testing.TB, module string) func(script string, args ...string) *exec.Cmd {
	t.Helper()
	if exec.Command("node", "-e", "require('"+module+"')").Run() != nil {
		t.Skipf("no node with %s: npm install --ignore-scripts %[1]s, and NODE_PATH, which is %q, with the folder node_modules", module, os.Getenv("NODE_PATH"))
	}
	return func(script string, args ...string) *exec.Cmd {
		return exec.Command("node", append([]string{script}, args...)...)
	}
}
