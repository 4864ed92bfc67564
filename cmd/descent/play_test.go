package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/cmd/descent/internal/engine"

	"github.com/spf13/cobra"
)

// A page is written whole, or not at all where the program has no engine for it.
func TestPlay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.html")
	status, out, errs := descent("play", "--out", file)
	text, err := os.ReadFile(file)
	switch {
	case strings.Contains(errs, engine.ErrNone.Error()):
		if status != exitFailure || err == nil {
			t.Errorf("without an engine: status %d, a page of %d bytes", status, len(text))
		}
	case status != 0 || err != nil || !strings.Contains(out, file) || !strings.Contains(string(text), "wasm-unsafe-eval"):
		t.Errorf("status %d, %v: %s%s", status, err, out, errs)
	}
	for _, args := range [][]string{{"play"}, {"play", "--out", "page.txt"}, {"play", "page.html"}, {"play", "--serve", "8080"},
		{"play", "--out", "page.html", "--serve", "127.0.0.1:0"}} {
		if status, _, errs := descent(args...); status != exitUsage || errs == "" {
			t.Errorf("%v: status %d, %q", args, status, errs)
		}
	}
}

// A page that is shown is there until the command is interrupted, for browsers that ask for
// it by its address, and nothing else is.
func TestServePage(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	cmd := &cobra.Command{}
	cmd.SetContext(ctx)
	cmd.SetOut(w)
	ended := make(chan error, 1)
	go func() { ended <- servePage(cmd, "127.0.0.1:0", []byte("<p>page")) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.Fields(line)[1]
	for path, want := range map[string]string{"": "200 <p>page", "other": "404 404 page not found\n"} {
		answer, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if got := fmt.Sprintf("%d %s", answer.StatusCode, text); err != nil || got != want {
			t.Errorf("%q: %s, %v", path, got, err)
		}
	}
	if err := servePage(cmd, strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/"), nil); err == nil || !strings.Contains(err.Error(), "--serve") {
		t.Errorf("a port that is taken: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
