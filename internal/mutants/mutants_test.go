// Package mutants checks the tests: it plants one error at a time in the sources
// and demands that a test fails. The tree itself is never written to; the go
// command reads the changed file through an overlay. It takes minutes, so it
// runs with DESCENT_SLOW=1 only.
package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the module's directory, seen from this one.
const root = "../.."

// A mutant is an error: in a file of the module, from replaces a text that
// occurs exactly once.
type mutant struct {
	file, from, to string
	tests          string // which tests of the file's package must notice, all if ""
}

// TestRowsAreFresh runs always: each row still names one place in the sources, and README
// says how many there are.
func TestRowsAreFresh(t *testing.T) {
	for _, m := range mutants {
		if _, err := m.source(); err != nil {
			t.Errorf("%s: %v: %q", m.file, err, m.from)
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if want := fmt.Sprintf("| %d errors planted in", len(mutants)); err != nil || !strings.Contains(string(readme), want) {
		t.Errorf("README does not say %q: %v", want, err)
	}
}

// source returns the file with the error in it.
func (m mutant) source() (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", err
	}
	switch strings.Count(string(text), m.from) {
	case 0:
		return "", errors.New("the text is no longer there: give the row another error of its kind")
	case 1:
		return strings.Replace(string(text), m.from, m.to, 1), nil
	}
	return "", errors.New("the text is there more than once: make it longer")
}

func TestEveryMutantDies(t *testing.T) {
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("compiles and tests a package for each planted error: set DESCENT_SLOW=1")
	}
	for _, m := range mutants {
		t.Run(m.file, func(t *testing.T) {
			t.Parallel()
			source, err := m.source()
			if err != nil {
				t.Fatal(err)
			}
			out, err := run(t.TempDir(), m, source)
			switch {
			case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
				t.Fatalf("%q does not compile:\n%s", m.to, out)
			case err == nil:
				t.Errorf("%q in place of %q: no test of %s noticed", m.to, m.from, filepath.Dir(m.file))
			case !strings.Contains(out, "FAIL"):
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

// run tests the package of a mutant with its source in place.
func run(dir string, m mutant, source string) (string, error) {
	original, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, "mutant.go")
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, []byte(source), 0o600); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return "", err
	}
	args := []string{"test", "-overlay", overlay, "-vet=off", "-short", "-failfast", "-timeout=5m"}
	if m.tests != "" {
		args = append(args, "-run", m.tests)
	}
	c := exec.Command("go", append(args, "./"+filepath.ToSlash(filepath.Dir(m.file)))...)
	c.Dir = root
	out, err := c.CombinedOutput()
	return string(out), err
}
