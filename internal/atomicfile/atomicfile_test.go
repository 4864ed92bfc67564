package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
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

// Check says no where Write would fail, and changes nothing.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o644)
	os.WriteFile(filepath.Join(dir, "old.tmp"), []byte("left by a crash"), 0o644)
	os.Mkdir(filepath.Join(dir, "folder"), 0o755)
	os.Mkdir(filepath.Join(dir, "blocked.tmp"), 0o755)
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"new", true}, {"old", true}, {"folder", false}, {"none/new", false}, {"old/new", false}, {"blocked", false},
	} {
		name := filepath.Join(dir, c.name)
		err := Check(name)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), name+" cannot be written: ") || strings.Contains(err.Error(), ".tmp")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("there are %v", entries)
	}
	for name, want := range map[string]string{"old": "old", "old.tmp": "left by a crash"} {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
			t.Errorf("%s is now %q", name, got)
		}
	}
}
