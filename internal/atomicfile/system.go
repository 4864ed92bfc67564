package atomicfile

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"
)

// A System is what this package needs of an operating system to write. There is
// one; tests put another before it, which fails or stops at a given call.
type System interface {
	// Create makes a file that did not exist, a link neither.
	Create(name string) (File, error)
	// Append opens a file to add to its end, and makes it if there is none. A link is
	// not followed.
	Append(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncFolder makes the names in a folder last.
	SyncFolder(name string) error
}

// A File is one that is being written.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

var system System = computer{}

// Substitute puts another system in the place of the one in use until restore is
// called, for tests of what happens when a call fails.
func Substitute(with func(System) System) (restore func()) {
	old := system
	system = with(old)
	return func() { system = old }
}

// computer is the operating system.
type computer struct{}

func (computer) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err // not f, which would be a File that is not nil
	}
	return f, nil
}

func (computer) Append(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|noFollow, 0o644)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (computer) Rename(from, to string) error { return os.Rename(from, to) }

func (computer) Remove(name string) error { return os.Remove(name) }

// SyncFolder does nothing where folders cannot be opened or synced: names last a
// little later there.
func (computer) SyncFolder(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer dir.Close()
	err = dir.Sync()
	if runtime.GOOS == "windows" || errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	return err
}
