package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/cmd/descent/internal/engine"
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
	for _, args := range [][]string{{"play"}, {"play", "--out", "page.txt"}, {"play", "page.html"}} {
		if status, _, errs := descent(args...); status != exitUsage || errs == "" {
			t.Errorf("%v: status %d, %q", args, status, errs)
		}
	}
}
