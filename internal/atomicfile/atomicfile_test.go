package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	for _, text := range []string{"one", "two", ""} {
		os.WriteFile(name+".tmp", []byte("left by a crash, and longer"), 0o644)
		if err := Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(name); string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("files left: %v", entries)
	}
	if err := Write(filepath.Join(dir, "none", "a"), nil); err == nil {
		t.Error("no error for a folder that does not exist")
	}
}
