package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lockFile is what a process that writes to a folder has locked. It is empty and
// stays, since a file that is removed can be locked by two.
const lockFile = ".lock"

// ErrLocked says that another process has the lock of a folder.
var ErrLocked = errors.New("another process is writing there")

// Lock keeps other processes from writing to a folder until unlock is called or
// this process ends, in whatever way. What a process that was killed has left of
// the named files, unfinished, is removed. Where a file system or an operating
// system has no locks, there are none.
func Lock(dir string, names ...string) (unlock func(), err error) {
	path := filepath.Join(dir, lockFile)
	if i, err := os.Lstat(path); err == nil && !i.Mode().IsRegular() {
		return nil, fmt.Errorf("%s cannot be locked: %s is not a file", dir, path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|noFollow, 0o644)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", dir, cause(err))
	}
	if err := lock(f); errors.Is(err, ErrLocked) {
		f.Close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	sweep(dir, names)
	return func() { f.Close() }, nil
}

// cause is an error without the name of the file.
func cause(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// sweep removes the temporary files of files that only the holder of the lock
// writes.
func sweep(dir string, names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		for _, name := range names {
			if isTemporary(e.Name(), name) {
				system.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
}
