package atomicfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Set is a folder's files that belong together: a manifest and those whose sums
// it has. They are replaced as one. New files go beside the old ones, under the
// names of [Next]; the manifest's rename then makes them those of the set, since a
// file of a set is the one of its name, or of the next, that has the sum in the
// manifest; and at last they take the places of the old ones. Whatever moment a
// crash chooses, the set is the old one whole or the new one whole.
type Set struct {
	Dir      string
	Manifest string // its name
	// Sums returns the sums in a manifest, by the names of the files.
	Sums func(manifest []byte) (map[string]string, error)
	// Limit is the largest size of a file that is read.
	Limit int64
}

// Sum is the SHA-256 of a text in hexadecimal digits.
func Sum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Next is the name under which what follows a file waits: log.next.jsonl.
func Next(name string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + ".next" + ext
}

func (s Set) path(name string) string { return filepath.Join(s.Dir, name) }

// Replace replaces the set. The manifest has the sums of the files.
func (s Set) Replace(manifest []byte, files map[string][]byte) error {
	if err := s.Finish(); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(files))
	var staged []*Staged
	for _, name := range names {
		f, err := Stage(s.path(Next(name)), files[name])
		if err != nil {
			return err
		}
		defer f.Discard()
		staged = append(staged, f)
	}
	last, err := Stage(s.path(s.Manifest), manifest)
	if err != nil {
		return err
	}
	defer last.Discard()
	for _, f := range staged {
		if err := f.rename(); err != nil {
			return err
		}
	}
	if err := s.sync(); err != nil {
		return err
	}
	if err := last.Commit(); err != nil { // from here on, the set is the new one
		return err
	}
	return s.settle(names)
}

// Finish completes a replacement that was cut off after the manifest.
func (s Set) Finish() error {
	manifest, err := s.read(s.Manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sums, err := s.Sums(manifest)
	if err != nil {
		return nil // there is no set that could be lost
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if text, err := s.read(Next(name)); err == nil && Sum(text) == sums[name] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	// A manifest that has its name may not have reached the disk.
	if err := s.sync(); err != nil {
		return err
	}
	return s.settle(names)
}

// settle gives files that wait their names.
func (s Set) settle(names []string) error {
	for _, name := range names {
		if err := system.Rename(s.path(Next(name)), s.path(name)); err != nil {
			return named(s.path(name), err)
		}
	}
	return s.sync()
}

func (s Set) sync() error { return named(s.Dir, system.SyncFolder(s.Dir)) }

// Load returns the manifest and the files of some of the names, all of one set,
// also while another process replaces it. A file whose sum is another is an error
// that names it. No manifest is returned where there is none.
func (s Set) Load(names ...string) (manifest []byte, files map[string][]byte, err error) {
	if manifest, err = s.read(s.Manifest); err != nil {
		return nil, nil, err
	}
	for {
		files, err = s.load(manifest, names)
		if err == nil {
			return manifest, files, nil
		}
		again, e := s.read(s.Manifest)
		if e != nil || string(again) == string(manifest) {
			return manifest, nil, err
		}
		manifest = again // it was replaced meanwhile
	}
}

func (s Set) load(manifest []byte, names []string) (map[string][]byte, error) {
	sums, err := s.Sums(manifest)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = s.file(name, sums[name]); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// file returns the file of that name that has the sum; "" is any.
func (s Set) file(name, sum string) ([]byte, error) {
	text, err := s.read(name)
	if sum == "" || err == nil && Sum(text) == sum {
		return text, err
	}
	if next, e := s.read(Next(name)); e == nil && Sum(next) == sum {
		return next, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%s: not the file that %s was saved with: damaged, or of another model", s.path(name), s.Manifest)
}

func (s Set) read(name string) ([]byte, error) {
	info, err := os.Stat(s.path(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > s.Limit {
		return nil, fmt.Errorf("%s: not a file of at most %d bytes", s.path(name), s.Limit)
	}
	return os.ReadFile(s.path(name))
}
