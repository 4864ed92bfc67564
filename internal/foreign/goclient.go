package foreign

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/atomicfile"
	"descent/internal/numjson"
)

// GoClient builds a program of other people's modules, so many lines of go.mod, in a module
// of its own, and returns what makes it answer a question: outputs by their names, or what it
// says of a file that it cannot run. It is skipped where the modules cannot be had.
func GoClient(t testing.TB, requires []string, files map[string]string) func(q Question) (map[string]Array, string) {
	t.Helper()
	dir := t.TempDir()
	mod := "module client\n\ngo 1.24\n\nrequire (\n\t" + strings.Join(requires, "\n\t") + "\n)\n"
	for name, text := range files {
		if err := atomicfile.Write(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Write(filepath.Join(dir, "go.mod"), []byte(mod)); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
		return cmd.CombinedOutput()
	}
	if out, err := do("mod", "tidy"); err != nil {
		t.Skipf("no modules %v: %s", requires, out)
	}
	if out, err := do("build", "-o", "client", "."); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return func(q Question) (map[string]Array, string) {
		folder, _ := write(t, []Question{q})
		base := filepath.Join(folder, q.Name)
		if out, err := exec.Command(filepath.Join(dir, "client"), base).CombinedOutput(); err != nil {
			return nil, string(out)
		}
		text, err := os.ReadFile(base + ".out.json")
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			Error   string
			Outputs map[string]Array
		}
		if err := numjson.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		return out.Outputs, out.Error
	}
}
