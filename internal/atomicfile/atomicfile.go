// Package atomicfile replaces files so that a crash leaves the old content or
// the new, never a part.
package atomicfile

import (
	"errors"
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
