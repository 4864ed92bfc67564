package data

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
)

// npzFile tells whether a name is that of NumPy's archive of arrays.
func npzFile(name string) bool { return strings.EqualFold(filepath.Ext(name), ".npz") }

// findMembers returns the arrays of an archive that numpy.savez has written: X and
// y, or names such as x_train, y_train, x_test, y_test.
func findMembers(path string) (*imageFiles, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, archiveError(path, err)
	}
	defer z.Close()
	f := &imageFiles{paths: make(map[string]string), archive: path}
	var names, others []string
	for _, m := range z.File {
		name := strings.TrimSuffix(m.Name, ".npy")
		names = append(names, name)
		set, part, role, ok := imageName(m.Name)
		key := part + " " + role
		switch {
		case !ok || set != "":
			others = append(others, name)
		case f.paths[key] != "":
			return nil, fmt.Errorf("%s: both %s and %s are %s", path, strings.TrimSuffix(f.paths[key], ".npy"), name, key)
		default:
			f.paths[key] = m.Name
		}
	}
	if len(f.paths) == 0 {
		return nil, fmt.Errorf("%s: its arrays are %s; expected X and y, or x_train, y_train, x_test, y_test", path, list(names))
	}
	f.others = others
	return f, nil
}

func archiveError(path string, err error) error {
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: not an archive that numpy.savez has written, or not all of it: %w", path, err)
	}
	return fileError(path, err)
}

// withMember calls read with the text of a member and names it in its errors.
func withMember(path, member string, read func(io.Reader) error) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return archiveError(path, err)
	}
	defer z.Close()
	for _, m := range z.File {
		if m.Name != member {
			continue
		}
		if m.UncompressedSize64 > ratioAfter && m.UncompressedSize64/maxRatio > m.CompressedSize64 {
			return fmt.Errorf("%s: %s expands more than %d times, as a zip bomb does; unpack it yourself if it is right", path, member, maxRatio)
		}
		r, err := m.Open()
		if err == nil {
			defer r.Close()
			err = read(io.LimitReader(r, int64(min(m.UncompressedSize64, math.MaxInt64))))
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, member, err)
		}
		return nil
	}
	return fmt.Errorf("%s: no member %s", path, member)
}
