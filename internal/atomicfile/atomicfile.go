// Package atomicfile replaces files so that a crash leaves the old content or
// the new, never a part.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write replaces the file of that name. The text goes to a file beside it
// (name.tmp, which a later Write overwrites if a crash has left it), reaches
// the disk, and takes the name.
func Write(name string, text []byte) (err error) {
	tmp := name + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, werr := f.Write(text)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		os.Remove(tmp)
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		os.Remove(tmp)
		return err
	}
	// The rename is on disk once its folder is. Not every system can sync a
	// folder; the content is whole either way.
	if dir, err := os.Open(filepath.Dir(name)); err == nil {
		dir.Sync()
		dir.Close()
	}
	return nil
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
	tmp := name + ".tmp"
	_, err := os.Lstat(tmp)
	left := err == nil // by a crash
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return cannot(err)
	}
	if err := f.Close(); err != nil {
		return cannot(err)
	}
	if left {
		return nil
	}
	return os.Remove(tmp)
}
