package mapped

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Numbers come back bit for bit, and no file stays.
func TestFloats(t *testing.T) {
	for _, want := range [][]float32{nil, {0, -1.5, 3e38, 1e-45}} {
		var b bytes.Buffer
		if err := Write(&b, want); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "numbers")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		got, closeFile, err := Floats(path)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the file is still there")
		}
		if err := closeFile(); err != nil {
			t.Error(err)
		}
		// At an address that 4 does not divide they are copied.
		odd := append([]byte{0}, b.Bytes()...)
		if got := floats(odd[1:]); !slices.Equal(got, want) {
			t.Errorf("copied: %v, want %v", got, want)
		}
	}
	if _, _, err := Floats(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there")
	}
}
