package atomicfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/atomicfile"
	"descent/internal/atomicfile/faults"
)

// entries are the names in a folder.
func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	for _, text := range []string{"one", "two", ""} {
		if err := atomicfile.Write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(name); string(got) != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if names := entries(t, dir); len(names) != 1 {
		t.Errorf("files left: %v", names)
	}
	missing := filepath.Join(dir, "none", "a")
	if err := atomicfile.Write(missing, nil); err == nil || !strings.HasPrefix(err.Error(), "write "+missing+": ") {
		t.Errorf("a folder that does not exist: %v", err)
	}
}

// A link in the place of a file is replaced; what it points to stays as it was.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	victim, name := filepath.Join(dir, "victim"), filepath.Join(dir, "a")
	os.WriteFile(victim, []byte("kept"), 0o644)
	for _, link := range []string{"a", "a.tmp", ".lock"} {
		if err := os.Symlink(victim, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	defer atomicfile.Substitute(func(s atomicfile.System) atomicfile.System {
		for _, taken := range []string{name, victim} {
			if _, err := s.Create(taken); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s is created again: %v", taken, err)
			}
		}
		return s
	})()
	if err := atomicfile.Write(name, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if _, err := atomicfile.Lock(dir); err == nil {
		t.Error("a link is locked")
	}
	got, _ := os.ReadFile(name)
	kept, _ := os.ReadFile(victim)
	if i, err := os.Lstat(name); err != nil || !i.Mode().IsRegular() || string(got) != "new" || string(kept) != "kept" {
		t.Errorf("%v %v: %q, and what the link pointed to is %q", i, err, got, kept)
	}
}

// Check says no where Write would fail, and changes nothing.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o644)
	os.Mkdir(filepath.Join(dir, "folder"), 0o755)
	for _, c := range []struct {
		name string
		ok   bool
	}{
		{"new", true}, {"old", true}, {"folder", false}, {"none/new", false}, {"old/new", false},
	} {
		name := filepath.Join(dir, c.name)
		err := atomicfile.Check(name)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), name+" cannot be written: ") || strings.Contains(err.Error(), ".tmp")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if names := entries(t, dir); len(names) != 2 {
		t.Errorf("there are %v", names)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "old")); string(got) != "old" {
		t.Errorf("old is now %q", got)
	}
}

// The lock is held once, and what killed processes left is swept.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	left, other := ".a.ABCDEFGHIJKLMNOPQRSTUVWXYZ.tmp", ".b.ABCDEFGHIJKLMNOPQRSTUVWXYZ.tmp"
	for _, name := range []string{left, other, ".a.tmp", "a"} {
		os.WriteFile(filepath.Join(dir, name), nil, 0o644)
	}
	for range 2 {
		unlock, err := atomicfile.Lock(dir, "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := atomicfile.Lock(dir, "a"); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("locked twice: %v", err)
		}
		unlock()
	}
	if names := strings.Join(entries(t, dir), " "); names != ".a.tmp "+other+" .lock a" {
		t.Errorf("there are %s", names)
	}
}

// WriteAll replaces nothing where there is no room for all.
func TestWriteAll(t *testing.T) {
	var dir string
	faults.Each(func(kind faults.Kind, n int) (do, check func()) {
		dir = t.TempDir()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		both := func(text string) error {
			return atomicfile.WriteAll(map[string][]byte{a: []byte(text), b: []byte(text)})
		}
		if err := both("old"); err != nil {
			t.Fatal(err)
		}
		var err error
		return func() { err = both("new") }, func() {
			x, _ := os.ReadFile(a)
			y, _ := os.ReadFile(b)
			for _, got := range []string{string(x), string(y)} {
				if got != "old" && got != "new" || err == nil && got != "new" {
					t.Errorf("%v at call %d: %q, error %v", kind, n, got, err)
				}
			}
			if staging := n <= 6; staging && string(x) != string(y) {
				t.Errorf("%v at call %d: %q and %q", kind, n, x, y)
			}
		}
	})
}

// The set of these tests is a manifest that has the sums of two files, as lines.
func set(dir string) atomicfile.Set {
	return atomicfile.Set{Dir: dir, Manifest: "m.txt", Limit: 1 << 20, Sums: func(m []byte) (map[string]string, error) {
		sums := map[string]string{}
		for _, line := range strings.Split(strings.TrimSpace(string(m)), "\n") {
			sum, name, ok := strings.Cut(line, " ")
			if !ok {
				return nil, errors.New("not a manifest")
			}
			sums[name] = sum
		}
		return sums, nil
	}}
}

// replace writes a set whose files hold a text.
func replace(s atomicfile.Set, text string) error {
	files := map[string][]byte{"a.txt": []byte(text + " a"), "b.txt": []byte(text + " b")}
	var m []byte
	for name, x := range files {
		m = append(m, atomicfile.Sum(x)+" "+name+"\n"...)
	}
	return s.Replace(m, files)
}

// load returns the text that all files of a set hold.
func load(t *testing.T, s atomicfile.Set) string {
	t.Helper()
	_, files, err := s.Load("a.txt", "b.txt")
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.TrimSuffix(string(files["a.txt"]), " a"), strings.TrimSuffix(string(files["b.txt"]), " b")
	if a != b {
		t.Fatalf("mixed: %q and %q", a, b)
	}
	return a
}

// Whatever call fails, ends the process or the machine, a set is the old one whole
// or the new one whole, and the next replacement works. So it is if that is cut off
// as well.
func TestSet(t *testing.T) {
	for _, c := range []struct {
		old string
		cut int // the call at which a replacement before this one was killed: the manifest's rename, or one after
	}{{"", 0}, {"old", 0}, {"old", 13}, {"old", 14}, {"old", 15}, {"old", 16}} {
		faults.Each(func(kind faults.Kind, n int) (do, check func()) {
			s := set(t.TempDir())
			if c.old != "" {
				if err := replace(s, c.old); err != nil {
					t.Fatal(err)
				}
			}
			if c.cut > 0 {
				restore := faults.Inject(faults.Kill, c.cut)
				replace(s, "between")
				restore()
			}
			before := load(t, s)
			var err error
			return func() { err = replace(s, "new") }, func() {
				got := load(t, s)
				lost := kind >= faults.Power && got == c.old // with what the killed process had not synced
				if got != before && got != "new" && !lost || err == nil && got != "new" {
					t.Errorf("%v at call %d: %q, error %v", kind, n, got, err)
				}
				if err := s.Finish(); err != nil || load(t, s) != got {
					t.Errorf("%v at call %d: finished, it is %q and no longer %q: %v", kind, n, load(t, s), got, err)
				}
				if err := replace(s, "last"); err != nil || load(t, s) != "last" {
					t.Errorf("%v at call %d: then %q, %v", kind, n, load(t, s), err)
				}
				if names := strings.Join(entries(t, s.Dir), " "); kind == faults.Once && !strings.HasSuffix(names, "a.txt b.txt m.txt") {
					t.Errorf("%v at call %d: there are %s", kind, n, names)
				}
			}
		})
	}
}

// A file that is not the manifest's is refused by name; one without a sum is taken.
func TestSetRefuses(t *testing.T) {
	s := set(t.TempDir())
	if err := replace(s, "old"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir, "b.txt")
	text, _ := os.ReadFile(path)
	for bit := range 8 * len(text) {
		flipped := bytes.Clone(text)
		flipped[bit/8] ^= 1 << (bit % 8)
		os.WriteFile(path, flipped, 0o644)
		if _, _, err := s.Load("a.txt", "b.txt"); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	os.Remove(path)
	if _, _, err := s.Load("b.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
}
