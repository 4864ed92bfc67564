package descent_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// program is a program of docs/guide.md with the output that stands below it.
var program = regexp.MustCompile("(?s)```go (\\w+)\n(.*?)```\n\n((?:    [^\n]*\n)*)")

// offline is what go says where there is no network.
var offline = regexp.MustCompile(`dial tcp|no such host|proxyconnect|module lookup disabled`)

// The guide is followed: an empty module, its commands, each of its programs. The
// last one is a service, which is asked what the guide asks it.
func TestGuide(t *testing.T) {
	if testing.Short() {
		t.Skip("builds several programs")
	}
	text, err := os.ReadFile("docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "flowers")
	programs := program.FindAllStringSubmatch(string(text), -1)
	for _, p := range programs {
		if err := os.MkdirAll(filepath.Join(dir, p[1]), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, p[1], "main.go"), []byte(p[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if len(programs) != 6 {
		t.Fatalf("%d programs in the guide; six are expected", len(programs))
	}
	for _, line := range strings.Split(shell(t, string(text)), "\n") {
		if strings.HasPrefix(line, "go mod ") {
			inside(t, dir, strings.Fields(strings.Replace(line, "../descent", here, 1))...)
		}
	}
	tidy := exec.Command("go", "mod", "tidy")
	tidy.Dir = dir
	if out, err := tidy.CombinedOutput(); offline.Match(out) {
		t.Skipf("skipped: go mod tidy needs a network, or what it has once fetched:\n%s", out)
	} else if err != nil {
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
	inside(t, dir, "go", "vet", "./...")
	inside(t, dir, "go", "build", "-o", "bin/", "./...")
	for _, p := range programs {
		t.Run(p[1], func(t *testing.T) {
			want := strings.TrimSpace(p[3])
			got := ""
			if p[1] == "serve" {
				url, body, answer := question(t, string(text))
				want, got = answer, ask(t, filepath.Join(dir, "bin", p[1]), url, body)
			} else {
				got = inside(t, dir, filepath.Join(dir, "bin", p[1]))
			}
			var lines []string
			for _, line := range strings.Split(want, "\n") {
				lines = append(lines, strings.TrimPrefix(line, "    "))
			}
			if want := strings.Join(lines, "\n"); got != want {
				t.Errorf("printed\n%s\nthe guide says\n%s", got, want)
			}
		})
	}
}

// shell returns the commands at the top of the guide.
func shell(t *testing.T, text string) string {
	_, rest, ok := strings.Cut(text, "```sh\n")
	commands, _, end := strings.Cut(rest, "```")
	if !ok || !end {
		t.Fatal("the guide has no commands")
	}
	return commands
}

// inside runs a command in the module and returns what it prints.
func inside(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// question returns what the guide asks the service, and the answer it promises.
func question(t *testing.T, text string) (url, body, answer string) {
	m := regexp.MustCompile("curl -d '([^']*)' (\\S+)\n```\n\n    (.*)\n").FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the guide asks the service nothing")
	}
	return m[2], m[1], m[3]
}

// ask starts a service at a free port and posts to it.
func ask(t *testing.T, service, url, body string) string {
	cmd := exec.Command(service, "-addr", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("the service says %q, %v", line, err)
	}
	r, err := http.Post(strings.Replace(url, "http://localhost:8080", at, 1), "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(answer))
}
