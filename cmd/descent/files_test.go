package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that cannot be written is told before the work, and what is there
// stays as it was.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	none, taken := filepath.Join(dir, "none"), filepath.Join(dir, "taken")
	for _, name := range []string{"results.json", "model.safetensors", "index.html", "cubic.svg"} {
		if err := os.MkdirAll(filepath.Join(taken, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(taken, "report.html")
	if err := os.WriteFile(kept, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	line := file(t, "line.csv", "x,y\n0,1\n1,3\n2,5.1\n3,6.9\n")
	for _, args := range [][]string{
		{"bench", "iris", "--out", taken},
		{"bench", "--suite", "classic", "--out", taken},
		{"train", "iris", "--out", taken},
		{"lab", "all", "--out", taken},
		{"lab", "cubic", "--out", taken},
		{"lab", "cubic", "--plot", filepath.Join(none, "a.svg")},
		{"min", "x^2", "--start", "x=1", "--plot", filepath.Join(none, "a.svg")},
		{"min", "x^2", "--start", "x=1", "--animate", filepath.Join(none, "a.html")},
		{"fit", "y ~ a*x+b", line, "--start", "a=1,b=0", "--plot", filepath.Join(none, "a.png")},
		{"grad", "x^2", "x=1", "--graph", filepath.Join(none, "a.dot")},
		{"export", "nosuch", "--to", "safetensors", "--out", filepath.Join(none, "a")},
		{"show", "linear", "--graph", filepath.Join(none, "a.dot")},
		{"show", "schedule", "cosine", "--graph", filepath.Join(none, "a.svg")},
	} {
		status, out, errs := descent(args...)
		if status != exitFailure || out != "" || !strings.Contains(errs, "cannot be written") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d\n%s%s", args, status, out, errs)
		}
	}
	if text, _ := os.ReadFile(kept); string(text) != "kept" {
		t.Errorf("%s is now %q", kept, text)
	}
	if files, _ := os.ReadDir(taken); len(files) != 5 {
		t.Errorf("%s holds %v", taken, files)
	}
	if _, err := os.Stat(none); err == nil {
		t.Errorf("%s was made", none)
	}
	if status, _, errs := descent("bench", "iris", "--out", filepath.Join(kept, "x")); status != exitFailure || !strings.Contains(errs, "not a directory") {
		t.Errorf("a folder in a file: status %d %s", status, errs)
	}
	if status, _, errs := descent("show", "schedule", "cosine", "--graph", "a.txt"); status != exitUsage || !strings.Contains(errs, ".svg or .png") {
		t.Errorf("a picture of unknown kind: status %d %s", status, errs)
	}
}

// An interrupted command says so, in a line, and exits as shells have it.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"bench", "iris", "--out", dir},
		{"bench", "--suite", "classic", "--out", dir},
		{"train", "iris"},
		{"train", "iris", "--out", dir},
		{"min", "x^2", "--start", "x=1"},
		{"fit", "y ~ a*x", file(t, "line.csv", "x,y\n1,2\n2,4.1\n"), "--start", "a=1"},
		{"lab", "verify"},
		{"lab", "all", "--out", dir},
		{"check"},
	} {
		var out, errs bytes.Buffer
		status := run(ctx, args, strings.NewReader(""), &out, &errs)
		if got := errs.String(); status != exitInterrupted || !strings.HasPrefix(got, "descent: interrupted") || strings.Contains(got, "context") || strings.Count(got, "\n") != 1 {
			t.Errorf("%v: status %d\n%s", args, status, got)
		}
	}
}
