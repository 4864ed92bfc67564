package browser

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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
	cmd.Dir, cmd.Stderr, cmd.Env = dir, &errs, ours()
	out, err := cmd.Output()
	switch {
	case err != nil && strings.Contains(errs.String(), "go generate"):
		t.Skip("skipped: ", errs.String())
	case err != nil:
		t.Fatalf("%v: %v: %s", args, err, errs.String())
	}
	return string(out)
}

// ours is the environment without the portable path, which these tests take for the numbers
// that they compare: the program is run as users run it.
func ours() []string {
	return append(os.Environ(), "DESCENT_ISA=")
}

// link is where a command says that a page is.
var link = regexp.MustCompile(`http://[0-9.:]+/`)

// served starts the command, which says where it serves a page, and returns that. end ends
// it as Ctrl-C does.
func served(t testing.TB, dir string, args ...string) (address string, end func() error) {
	t.Helper()
	if command == "" {
		t.Skip("skipped: DESCENT_SLOW=1 opens pages in a browser")
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(command, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, in, in, ours()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	end = sync.OnceValue(func() error {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		return cmd.Wait()
	})
	t.Cleanup(func() { _ = end() })
	lines := bufio.NewScanner(out)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if address = link.FindString(lines.Text()); address != "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return address, end
		}
	}
	if text := strings.Join(said, "\n"); strings.Contains(text, "go generate") {
		t.Skip("skipped: ", text)
	} else {
		t.Fatalf("%v serve nothing: %s", args, text)
	}
	return "", nil
}

// pages are those of the program, with the command that makes each; without a file, it
// serves the page.
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
	{"live report", "out/report.html", []string{"bench", "iris", "--seeds", "2", "--trials", "2", "-e", "5", "-o", "adam", "-o", "sgd", "--live-report", "--out", "out"}, "", "!document.getElementById('live').hidden"},
	{"league", "out/report.html", []string{"bench", "--suite", "classic", "--track", "default,lr", "--seeds", "2", "--trials", "2", "--budget", "20", "-o", "adam", "-o", "sgd", "--out", "out"}, "", "true"},
	{"training", "page.html", []string{"train", "digits", "-e", "2", "--report", "page.html", "--out", "model"}, "", "true"},
	{"numbers", "page.html", []string{"train", "diabetes", "-e", "2", "--report", "page.html", "--out", "model"}, "", "true"},
	{"book", "index.html", []string{"lab", "all", "--out", "."}, "", "document.querySelector('section form')"},
	{"served", "", []string{"play", "--serve", "127.0.0.1:0"}, "", settled + ` && document.querySelectorAll('#limits li').length == 4`},
	{"watched training", "", []string{"train", "iris", "-e", "1000000", "--watch", "127.0.0.1:0"}, "", watched},
	{"watched bench", "", []string{"bench", "digits", "--seeds", "300", "--trials", "5", "-o", "adam", "-o", "sgd", "--watch", "127.0.0.1:0", "--out", "out"}, "", watched},
}

// watched is true of a page that shows how a run goes on, as soon as that has ended; those
// here go on until Ctrl-C.
const watched = `document.title.startsWith('ended: ')`

// Every page of the program has what every page must have; one that is watched also while
// what it shows goes on.
func TestPages(t *testing.T) {
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			var b *tab
			var end func() error
			if p.file != "" {
				program(t, dir, p.args...)
				b = open(t, 1280, filepath.Join(dir, p.file), p.hash)
			} else {
				var address string
				address, end = served(t, dir, p.args...)
				b = visit(t, 1280, address+p.hash)
			}
			if p.ready == watched {
				b.until(`document.querySelector('main svg')`)
				b.wrong("while it goes on", "wide()")
				b.wrong("while it goes on", "contrast()")
				b.picture("going-on")
				if title := b.text("document.title"); strings.HasPrefix(title, "ended: ") {
					t.Errorf("%s before Ctrl-C", title)
				}
				go func() { _ = end() }() // it ends when the page has what it says last
			}
			b.until(p.ready)
			b.sound()
		})
	}
}
