package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/safetensors"
)

// What export has written is the same model again, with its columns and classes.
func TestImportOwn(t *testing.T) {
	model := fitted(t)
	rows := saved2 + "/table/rows.csv"
	dir := t.TempDir()
	file, again := filepath.Join(dir, "m.safetensors"), filepath.Join(dir, "again")
	for _, args := range [][]string{{"export", model, "--to", "safetensors", "--out", file}, {"import", file, "--out", again}} {
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	if a, b := predicted(t, model, rows), predicted(t, again, rows); a != b {
		t.Errorf("predicts %s, not %s", b, a)
	}
}

// twoLayers is a file as PyTorch would write it: two layers of two numbers each.
func twoLayers(t *testing.T, modules ...string) string {
	t.Helper()
	var f safetensors.File
	for _, name := range modules {
		f.Tensors = append(f.Tensors, safetensors.Of(name+".weight", true, []int{2, 2}, []float64{1, -1, 0.5, 2}), safetensors.Of(name+".bias", true, []int{2}, []float64{0.5, -0.5}))
	}
	name := filepath.Join(t.TempDir(), "net.safetensors")
	if err := os.WriteFile(name, safetensors.Encode(f), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A file of weights becomes a model by what flags say; what they lack is said.
func TestImport(t *testing.T) {
	file, odd := twoLayers(t, "0", "2"), twoLayers(t, "in", "out")
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("x1,x2\n1,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Of x = (1, 3) the first layer makes (-1.5, 6), then relu, then (-5.5, 11.5).
	layers := "dense(2) | relu | dense(2)"
	for _, c := range []struct {
		args []string
		want string // the predictions, or the error
	}{
		{[]string{file, "--model", layers, "--columns", "2", "--class-names", "no,yes"}, `[{"prediction":"yes","probabilities":{"no":4.13993`},
		{[]string{file, "--model", layers, "--columns", "x1,x2", "--outputs", "a,b"}, `[{"prediction":{"a":-5.5,"b":11.5}}`},
		{[]string{odd, "--model", layers, "--columns", "2", "--outputs", "a,b", "--map", "dense=in"}, `[{"prediction":{"a":-5.5,"b":11.5}}`},
		{[]string{odd, "--model", layers, "--columns", "2", "--outputs", "a,b"}, "--map dense=in, or another, says which"},
		{[]string{file, "--columns", "2"}, "--model does, such as"},
		{[]string{file, "--model", layers}, "one of --columns and --shape"},
		{[]string{file, "--model", layers, "--columns", "2", "--shape", "2"}, "one of --columns and --shape"},
		{[]string{file, "--model", layers, "--shape", "2,0"}, "lengths are at least 1"},
		{[]string{file, "--model", layers, "--columns", "0"}, "there are 1 to"},
		{[]string{file, "--model", layers, "--columns", "2", "--class-names", "one"}, "at least two"},
		{[]string{file, "--model", layers, "--columns", "3", "--class-names", "2"}, "no module has its arrays"},
		{[]string{file, "--model", "nanogpt", "--columns", "3"}, "is taken from export alone"},
		{[]string{file, "--model", layers, "--columns", "a,a", "--class-names", "2"}, "two columns are called"},
		{[]string{rows, "--model", layers, "--columns", "2"}, "safetensors"},
	} {
		dir := filepath.Join(t.TempDir(), "model")
		status, out, errs := descent(append([]string{"import", "--out", dir}, c.args...)...)
		if status != 0 {
			if !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || out != "" {
				t.Errorf("%v: status %d, %s", c.args, status, errs)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%v: a folder was made", c.args)
			}
			continue
		}
		if got := predicted(t, dir, rows); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, not %s", c.args, got, c.want)
		}
	}
	if status, _, errs := descent("import", file, "--model", layers); status != exitUsage || !strings.Contains(errs, "--out DIR is missing") {
		t.Errorf("status %d, %s", status, errs)
	}
}
