package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// command is the program whose pages these are, as users build it.
var command string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		if os.Getenv("DESCENT_SLOW") == "" {
			return m.Run()
		}
		dir, err := os.MkdirTemp("", "descent")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		command = filepath.Join(dir, "descent")
		if out, err := exec.Command("go", "build", "-o", command, "descent/cmd/descent").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// program runs the command in a folder and returns what it prints.
func program(t testing.TB, dir string, args ...string) string {
	t.Helper()
	if command == "" {
		t.Skip("skipped: DESCENT_SLOW=1 opens pages in a browser")
	}
	var errs strings.Builder
	cmd := exec.CommandContext(t.Context(), command, args...)
	cmd.Dir, cmd.Stderr = dir, &errs
	out, err := cmd.Output()
	switch {
	case err != nil && strings.Contains(errs.String(), "go generate"):
		t.Skip("skipped: ", errs.String())
	case err != nil:
		t.Fatalf("%v: %v: %s", args, err, errs.String())
	}
	return string(out)
}

// pages are those of the program, with the command that makes each.
var pages = []struct {
	name, file string
	args       []string
	hash       string // of its address
	ready      string // true as soon as the page has all that it shows
}{
	{"play", "page.html", []string{"play", "--out", "page.html"}, "", settled + ` && document.querySelectorAll('#limits li').length == 4`},
	{"surface", "page.html", []string{"play", "--out", "page.html"}, "#problem=himmelblau&as=surface&x=0+0&n=60&o=adam(lr%3D0.3)&o=lbfgs", settled + ` && document.querySelector('#relief svg')`},
	{"nets", "page.html", []string{"play", "--out", "page.html"}, "#points=moons&rows=120&epochs=20&o=adam(lr%3D0.02)&o=sgd(lr%3D0.1)", learned},
	{"animation", "page.html", []string{"min", "x^2/20 + y^2", "--start", "x=-8,y=2", "-o", "newton", "-o", "lbfgs", "--animate", "page.html"}, "", "true"},
	{"bench", "out/report.html", []string{"bench", "iris", "--seeds", "2", "--trials", "2", "-e", "5", "-o", "adam", "-o", "sgd", "--out", "out"}, "", "true"},
	{"live report", "out/report.html", []string{"bench", "iris", "--seeds", "2", "--trials", "2", "-e", "5", "-o", "adam", "-o", "sgd", "--live-report", "--out", "out"}, "", "true"},
	{"league", "out/report.html", []string{"bench", "--suite", "classic", "--track", "default,lr", "--seeds", "2", "--trials", "2", "--budget", "20", "-o", "adam", "-o", "sgd", "--out", "out"}, "", "true"},
	{"training", "page.html", []string{"train", "digits", "-e", "2", "--report", "page.html", "--out", "model"}, "", "true"},
	{"numbers", "page.html", []string{"train", "diabetes", "-e", "2", "--report", "page.html", "--out", "model"}, "", "true"},
	{"book", "index.html", []string{"lab", "all", "--out", "."}, "", "true"},
}

// Every page of the program has what every page must have.
func TestPages(t *testing.T) {
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			program(t, dir, p.args...)
			b := open(t, 1280, filepath.Join(dir, p.file), p.hash)
			b.until(p.ready)
			b.sound()
		})
	}
}
