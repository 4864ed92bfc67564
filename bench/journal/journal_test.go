package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"descent/internal/atomicfile/faults"
)

type entry struct {
	N int
	X float64
}

func open(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// holds returns how many of the entries 0, 1, … a journal has; it fails if one is
// another.
func holds(t testing.TB, j *Journal) (n int) {
	t.Helper()
	for i := range 20 {
		var e entry
		ok, err := j.Get(fmt.Sprint("key", i), &e)
		if err != nil || ok && e != (entry{i, 0.1 * float64(i)}) {
			t.Fatalf("entry %d is %+v: %v", i, e, err)
		}
		if ok {
			n++
		}
	}
	if n != j.Len() {
		t.Fatalf("%d of %d entries are known", n, j.Len())
	}
	return n
}

func put(j *Journal, i int) error { return j.Put(fmt.Sprint("key", i), entry{i, 0.1 * float64(i)}) }

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := put(j, i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := j.Close(); err != nil || holds(t, j) != 8 || holds(t, open(t, path)) != 8 {
		t.Errorf("%v", err)
	}
	if err := errors.Join(j.Put("key3", entry{3, 99}), j.Close()); err != nil {
		t.Fatal(err)
	}
	var e entry
	if ok, err := open(t, path).Get("key3", &e); !ok || err != nil || e.X != 99 {
		t.Errorf("the last entry of a key does not count: %+v, %v", e, err)
	}
	a, _ := Key(1, "x", e)
	b, _ := Key(1, "x", entry{3, 98})
	if again, err := Key(1, "x", e); a != again || a == b || err != nil {
		t.Errorf("keys %s, %s, %s", a, again, b)
	}
}

// Wherever a file is cut, or a bit of it flipped, the other lines are read, and more
// can be added.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	j := open(t, path)
	for i := range 3 {
		put(j, i)
	}
	j.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	for at := range text {
		for _, bad := range [][]byte{text[:at], append(append([]byte{}, text[:at]...), append([]byte{text[at] ^ 4}, text[at+1:]...)...)} {
			os.WriteFile(damaged, bad, 0o600)
			j := open(t, damaged)
			n := holds(t, j)
			if whole := len(bad) == len(text); whole && (n < 1 || n > 2 || j.Skipped == 0) {
				t.Fatalf("byte %d flipped: %d entries, %d lines skipped", at, n, j.Skipped)
			}
			if err := errors.Join(put(j, 10), put(j, 11), j.Close()); err != nil || holds(t, open(t, damaged)) != n+2 {
				t.Fatalf("cut or flipped at %d: %d entries and 2 more are %d: %v", at, n, holds(t, open(t, damaged)), err)
			}
		}
	}
}

// Whatever call fails, ends the process or the machine: what was added before is
// there, unless the power ended before it was synced; and the next process goes on.
func TestJournalFaults(t *testing.T) {
	var path string
	faults.Each(func(kind faults.Kind, n int) (do, check func()) {
		path = filepath.Join(t.TempDir(), "journal")
		first := open(t, path)
		if err := errors.Join(put(first, 0), put(first, 1), first.Close()); err != nil {
			t.Fatal(err)
		}
		added := 2
		return func() {
				j := open(t, path)
				for i := 2; i < 5; i++ {
					if put(j, i) == nil {
						added++
					}
				}
				j.Close()
			}, func() {
				j := open(t, path)
				got := holds(t, j)
				if kept := kind < faults.Power; got < 2 || got > added || kept && got != added {
					t.Errorf("%v at call %d: %d entries, %d were added", kind, n, got, added)
				}
				for i := range 6 {
					if err := put(j, i); err != nil {
						t.Fatal(err)
					}
				}
				if j.Close(); holds(t, open(t, path)) != 6 {
					t.Errorf("%v at call %d: it does not go on", kind, n)
				}
			}
	})
}

func TestMerge(t *testing.T) {
	dir := t.TempDir()
	var parts []*Journal
	for k := range 3 {
		j := open(t, filepath.Join(dir, fmt.Sprint(k)))
		for i := k; i < 8; i += 2 {
			put(j, i)
		}
		parts = append(parts, j)
	}
	all := open(t, filepath.Join(dir, "all"))
	if n, err := all.Merge(parts...); n != 8 || err != nil || all.Close() != nil {
		t.Errorf("%d entries are added: %v", n, err)
	}
	if n, err := all.Merge(parts...); n != 0 || err != nil || holds(t, open(t, filepath.Join(dir, "all"))) != 8 {
		t.Errorf("again %d entries are added: %v", n, err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a folder is a journal")
	}
}
