// Package atomicfile writes files, all that this module writes: so that a crash
// leaves the old content or the new, never a part, of one file ([Write]) or of
// several that belong together ([Set]). [Append] is for files that have an end of their
// own after each part.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces the file of that name. The text goes to a file beside it,
// reaches the disk, and takes the name.
func Write(name string, text []byte) error {
	s, err := Stage(name, text)
	if err != nil {
		return err
	}
	defer s.Discard()
	return s.Commit()
}

// Append opens a file to add to its end, and makes it if there is none. What is added
// may be cut short by a crash: whoever reads it has to see that.
func Append(name string) (File, error) {
	f, err := system.Append(name)
	if err != nil {
		return nil, named(name, err)
	}
	return f, named(filepath.Dir(name), system.SyncFolder(filepath.Dir(name)))
}

// A Staged is the content of a file that is on disk and does not have its name
// yet.
type Staged struct{ temporary, name string }

// Stage writes what the file of that name is to become to a temporary file beside
// it, whose name nobody can foresee and which did not exist.
func Stage(name string, text []byte) (*Staged, error) {
	s := &Staged{temporary: temporary(name), name: name}
	f, err := system.Create(s.temporary)
	if err != nil {
		return nil, named(name, err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		s.Discard()
		return nil, named(name, err)
	}
	return s, nil
}

// Commit gives the file its name, in place of what had it.
func (s *Staged) Commit() error {
	if err := s.rename(); err != nil {
		return err
	}
	return named(s.name, system.SyncFolder(filepath.Dir(s.name)))
}

// rename is Commit, but for making it last.
func (s *Staged) rename() error {
	if err := system.Rename(s.temporary, s.name); err != nil {
		return named(s.name, err)
	}
	s.temporary = ""
	return nil
}

// Discard removes the file, unless it has its name.
func (s *Staged) Discard() {
	if s.temporary != "" {
		system.Remove(s.temporary) // if that fails, Lock removes it
	}
}

// WriteAll replaces files so that a full disk replaces none of them.
func WriteAll(files map[string][]byte) error {
	var all []*Staged
	for name, text := range files {
		s, err := Stage(name, text)
		if err != nil {
			return err
		}
		defer s.Discard()
		all = append(all, s)
	}
	for _, s := range all {
		if err := s.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// The name of a temporary file is that of the file with a dot before it, and this
// after.
const (
	ending  = ".tmp"
	letters = 26 // of rand.Text
)

func temporary(name string) string {
	dir, base := filepath.Split(name)
	return dir + "." + base + "." + rand.Text() + ending
}

// isTemporary tells whether a file of that name was a temporary one of base.
func isTemporary(name, base string) bool {
	random, ok := strings.CutPrefix(name, "."+base+".")
	random, also := strings.CutSuffix(random, ending)
	return ok && also && len(random) == letters
}

// named makes an error that names the file, not the temporary one.
func named(name string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	case err == nil:
		return nil
	}
	return &fs.PathError{Op: "write", Path: name, Err: err}
}

// Check tells why Write would fail, before the work whose result is to be
// written. It leaves everything as it was.
func Check(name string) error {
	cannot := func(why error) error {
		var e *fs.PathError // whose name is that of the file beside
		if errors.As(why, &e) {
			why = e.Err
		}
		return fmt.Errorf("%s cannot be written: %w", name, why)
	}
	if i, err := os.Stat(name); err == nil && !i.Mode().IsRegular() {
		return cannot(errors.New("it exists and is not a file"))
	}
	tmp := temporary(name)
	f, err := system.Create(tmp)
	if err != nil {
		return cannot(err)
	}
	if err := errors.Join(f.Close(), system.Remove(tmp)); err != nil {
		return cannot(err)
	}
	return nil
}
