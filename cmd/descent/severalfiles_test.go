package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A table is learned, and predicted, as the same whether it is CSV, JSON, or in several
// files of either.
func TestFormsOfTables(t *testing.T) {
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSuffix(table(60), "\n"), "\n")
	var objects []string
	for _, line := range lines[1:] {
		f := strings.Split(line, ",")
		objects = append(objects, fmt.Sprintf(`{"x": %s, "z": %s, "class": %q, "y": %s}`, f[0], f[1], f[2], f[3]))
	}
	for name, text := range map[string]string{"one.csv": table(60), "one.jsonl": strings.Join(objects, "\n"), "one.json": "[" + strings.Join(objects, ",\n") + "]",
		"part-1.csv": strings.Join(lines[:31], "\n"), "part-2.jsonl": strings.Join(objects[30:], "\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := ""
	for _, name := range []string{"one.csv", "one.jsonl", "one.json", "part-*"} {
		data, model := filepath.Join(dir, name), filepath.Join(dir, "m-"+strings.Trim(name, "*"))
		if status, _, errs := descent("train", data, "-t", "y", "-q", "-m", "mlp(8)", "--epochs", "2", "--out", model); status != 0 {
			t.Fatal(errs)
		}
		status, got, errs := descent("predict", model, data)
		if want == "" {
			want = got
		}
		if status != 0 || got != want || strings.Count(got, "\n") != 61 {
			t.Errorf("%s: status %d: %s%.200s\nwant %.200s", name, status, errs, got, want)
		}
	}
	if status, _, errs := descent("train", filepath.Join(dir, "none-*"), "-t", "y"); status != exitUsage || !strings.Contains(errs, "no file matches") {
		t.Errorf("status %d: %s", status, errs)
	}
}
