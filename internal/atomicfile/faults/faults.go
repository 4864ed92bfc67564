// Package faults makes the calls by which files are written fail, for tests: for
// each n, the n-th call of a save ends it, and what is on disk must load.
package faults

import (
	"errors"
	"os"
	"syscall"

	"descent/internal/atomicfile"
)

// A Kind is what happens at a call.
type Kind int

// The kinds.
const (
	Once  Kind = iota // the call fails, those after it do not
	Full              // from here on the disk is full
	Kill              // the process ends in the call
	Power             // so does the machine: names that were not synced are lost
	Torn              // and so is content that was not, but the last name is kept
	kinds
)

// Kinds are all kinds.
func Kinds() (all []Kind) {
	for k := range kinds {
		all = append(all, k)
	}
	return all
}

// String names the kind.
func (k Kind) String() string { return [...]string{"once", "full", "kill", "power", "torn"}[k] }

// ErrDead is what calls return after the process has ended: nothing of what it
// still does reaches the disk.
var ErrDead = errors.New("the process has ended")

// A Disk is a system with a fault.
type Disk struct {
	atomicfile.System
	kind  Kind
	at    int // number of the call, from 1
	calls int
	files []*file
	undo  []func() // of what happened to names since the folder was synced
}

// behind is what a process that was killed left unsynced.
var behind []func()

// Inject puts a fault at the n-th call. Restore takes it away, after what is lost
// with the power is lost; it tells whether there was an n-th call.
func Inject(kind Kind, n int) (restore func() (met bool)) {
	d := &Disk{kind: kind, at: n, undo: behind}
	back := atomicfile.Substitute(func(s atomicfile.System) atomicfile.System {
		d.System = s
		return d
	})
	return func() bool {
		back()
		d.lose()
		behind = d.undo
		return d.calls >= d.at
	}
}

// Each calls try for each kind with the fault at the first call, the second, and
// so on to the end. It makes what is needed, and returns what to do with the
// fault and what to check then, with it gone.
func Each(try func(kind Kind, n int) (do, check func())) {
	defer atomicfile.Substitute(func(s atomicfile.System) atomicfile.System { return unsynced{s} })()
	for _, kind := range Kinds() {
		for n, met := 1, true; met; n++ {
			behind = nil
			do, check := try(kind, n)
			restore := Inject(kind, n)
			do()
			met = restore()
			check()
		}
	}
}

// unsynced is a system that syncs nothing, which makes tests fast: what is lost
// with the power is lost by [Disk].
type unsynced struct{ atomicfile.System }

func (unsynced) SyncFolder(string) error { return nil }

func (u unsynced) Create(name string) (atomicfile.File, error) {
	f, err := u.System.Create(name)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}

func (u unsynced) Append(name string) (atomicfile.File, error) {
	f, err := u.System.Append(name)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}

type unsyncedFile struct{ atomicfile.File }

func (unsyncedFile) Sync() error { return nil }

// fails counts a call, and returns its error. A full disk refuses only what needs
// room.
func (d *Disk) fails(needsRoom bool) error {
	d.calls++
	switch {
	case d.calls < d.at || d.kind == Once && d.calls > d.at:
		return nil
	case d.kind >= Kill:
		return ErrDead
	case d.kind == Full && !needsRoom && d.calls > d.at:
		return nil
	}
	return syscall.ENOSPC
}

// lose does what the end of the power does.
func (d *Disk) lose() {
	if d.kind < Power {
		return
	}
	defer func() { d.undo = nil }()
	for i := len(d.undo) - 1; i >= 0; i-- {
		if last := i == len(d.undo)-1; d.kind == Power || !last {
			d.undo[i]()
		}
	}
	for _, f := range d.files {
		if !f.synced && (d.kind == Torn || f.appended) {
			os.Truncate(f.name, f.kept)
		}
	}
}

// Create implements [atomicfile.System].
func (d *Disk) Create(name string) (atomicfile.File, error) {
	if err := d.fails(true); err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := d.System.Create(name)
	if err != nil {
		return nil, err
	}
	d.undo = append(d.undo, func() { os.Remove(name) })
	d.files = append(d.files, &file{File: f, disk: d, name: name})
	return d.files[len(d.files)-1], nil
}

// Append implements [atomicfile.System].
func (d *Disk) Append(name string) (atomicfile.File, error) {
	if err := d.fails(true); err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	_, none := os.Stat(name)
	f, err := d.System.Append(name)
	if err != nil {
		return nil, err
	}
	if none != nil {
		d.undo = append(d.undo, func() { os.Remove(name) })
	}
	d.files = append(d.files, &file{File: f, disk: d, name: name, kept: size(name), synced: true, appended: true})
	return d.files[len(d.files)-1], nil
}

func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// Rename implements [atomicfile.System].
func (d *Disk) Rename(from, to string) error {
	if err := d.fails(false); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	for _, f := range d.files {
		if f.name == from {
			f.name = to
		}
	}
	old, none := os.ReadFile(to)
	d.undo = append(d.undo, func() {
		os.Rename(to, from)
		if none == nil {
			os.WriteFile(to, old, 0o600)
		}
	})
	return d.System.Rename(from, to)
}

// Remove implements [atomicfile.System].
func (d *Disk) Remove(name string) error {
	if err := d.fails(false); err != nil {
		return &os.PathError{Op: "remove", Path: name, Err: err}
	}
	return d.System.Remove(name)
}

// SyncFolder implements [atomicfile.System].
func (d *Disk) SyncFolder(name string) error {
	if err := d.fails(false); err != nil {
		return &os.PathError{Op: "sync", Path: name, Err: err}
	}
	d.undo = nil
	return d.System.SyncFolder(name)
}

// file is a file on the disk.
type file struct {
	atomicfile.File
	disk   *Disk
	name   string // by now
	synced bool
	kept   int64 // bytes that reached the disk

	appended bool
}

// Write writes a half of what it cannot write.
func (f *file) Write(text []byte) (int, error) {
	err := f.disk.fails(true)
	switch {
	case err == nil:
		f.synced = false
		return f.File.Write(text)
	case f.disk.calls == f.disk.at || f.disk.kind == Full:
		f.File.Write(text[:len(text)/2])
	}
	return 0, &os.PathError{Op: "write", Path: f.name, Err: err}
}

// Sync implements [atomicfile.File].
func (f *file) Sync() error {
	if err := f.disk.fails(true); err != nil {
		return &os.PathError{Op: "sync", Path: f.name, Err: err}
	}
	f.synced, f.kept = true, size(f.name)
	return f.File.Sync()
}
