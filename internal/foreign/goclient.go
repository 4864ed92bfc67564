package foreign

import (
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/atomicfile"
)

//go:embed clients
var clientFiles embed.FS

// A Client is a program in Go that runs files of ONNX.
type Client struct {
	Name     string
	file     string
	requires []string // lines of go.mod
}

// Clients are the programs in Go.
var Clients = []Client{
	{"onnx-gomlx 0.3.4, simplego", "gomlx", []string{"github.com/gomlx/onnx-gomlx v0.3.4", "github.com/gomlx/gomlx v0.26.0"}},
	{"gonnx 1.1.0", "gonnx", []string{"github.com/advancedclimatesystems/gonnx v1.1.0", "gorgonia.org/tensor v0.9.24", "go4.org/unsafe/assume-no-moving-gc v0.0.0-20231121144256-b99613f794b6"}},
}

// Build builds the program in a module of its own, and returns what makes it answer a
// question: all outputs, or some, by their names, or what it says of a file that it cannot
// run. The test is skipped where the modules cannot be had.
func (c *Client) Build(t testing.TB) func(q Question, outputs ...string) (map[string]Array, string) {
	t.Helper()
	requires, files := c.requires, map[string]string{}
	for name, from := range map[string]string{"client.go": "client", "main.go": c.file} {
		text, err := clientFiles.ReadFile("clients/" + from + ".go.txt")
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
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
	return func(q Question, names ...string) (map[string]Array, string) {
		folder, _ := write(t, []Question{q})
		base := filepath.Join(folder, q.Name)
		if out, err := exec.Command(filepath.Join(dir, "client"), append([]string{base}, names...)...).CombinedOutput(); err != nil {
			return nil, string(out)
		}
		return outputs(t, base)
	}
}
