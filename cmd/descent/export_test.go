package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/internal/safetensors"
)

// The page lists the formats.
func TestExportPage(t *testing.T) {
	var table strings.Builder
	table.WriteString("| `--to` | is |\n|---|---|\n")
	for _, f := range exportFormats {
		table.WriteString("| `" + f.name + "` | " + f.doc + " |\n")
	}
	docs.Part(t, "../../docs/export.md", "formats", table.String())
}

// What is wrong with a call is said, and makes no file.
func TestExportErrors(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "file")
	for want, args := range map[string][]string{
		`--to "nosuch": there are onnx, safetensors, go, c`: {"export", dir, "--to", "nosuch", "--out", out},
		"--out FILE is missing":                             {"export", dir, "--to", "safetensors"},
		"not a folder that train --out":                     {"export", dir, "--to", "safetensors", "--out", out},
	} {
		if status, _, errs := descent(args...); status != exitUsage || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was made")
	}
}

// The file for PyTorch has the weights, transposed where they are there, and the model in
// its metadata.
func TestExportTorch(t *testing.T) {
	model := fitted(t)
	out := filepath.Join(t.TempDir(), "m.safetensors")
	if status, told, errs := descent("export", model, "--to", "safetensors", "--out", out); status != 0 || !strings.Contains(told, "dense.weight") {
		t.Fatal(told, errs)
	}
	mine, err := safetensors.Decode([]byte(textOf(t, model, weightsFile)))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := safetensors.Decode([]byte(textOf(t, out)))
	if err != nil {
		t.Fatal(err)
	}
	if theirs.Meta["format"] != "pt" || !strings.Contains(theirs.Meta[modelKey], `"class_names"`) {
		t.Errorf("metadata %v", theirs.Meta)
	}
	find := func(f *safetensors.File, name string) safetensors.Tensor {
		for _, x := range f.Tensors {
			if x.Name == name {
				return x
			}
		}
		t.Fatalf("no %s", name)
		return safetensors.Tensor{}
	}
	a, b := find(mine, "dense.w"), find(theirs, "dense.weight")
	if a.Shape[0] != b.Shape[1] || a.Shape[1] != b.Shape[0] {
		t.Fatalf("%v and %v", a.Shape, b.Shape)
	}
	for i, x := range a.Float64s() {
		if row, column := i/a.Shape[1], i%a.Shape[1]; b.Float64s()[column*a.Shape[0]+row] != x {
			t.Fatalf("weight %d, %d differs", row, column)
		}
	}
}
