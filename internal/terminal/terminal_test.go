package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is no terminal has no columns.
func TestColumns(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if n := Columns(new(bytes.Buffer)); n != 0 {
		t.Errorf("a buffer has %d columns", n)
	}
	for _, f := range []*os.File{file, w, null} {
		if n := Columns(f); n != 0 {
			t.Errorf("%s has %d columns", f.Name(), n)
		}
	}
}
