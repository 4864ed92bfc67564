package data

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files returns the files that a name stands for: that of the name or, if there is none
// and the name has one of *, ? and [, those that match it, in the order of their names,
// whose tables are one.
func Files(name string) []string {
	if _, err := os.Stat(name); err == nil || !strings.ContainsAny(name, "*?[") {
		return []string{name}
	}
	paths, err := filepath.Glob(name)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.IsDir()
	})
}

// A shelf is files whose tables are read as one, each after the one before.
type shelf struct {
	paths  []string // that are to come
	file   *os.File
	o      CSVOptions
	header []string // of the first
}

// openShelf opens the first of the files that a name stands for.
func openShelf(name string, o CSVOptions) (*shelf, error) {
	s := &shelf{paths: Files(name), o: o}
	if len(s.paths) == 0 {
		return nil, fmt.Errorf("%s: no file is called so", name)
	}
	return s, s.open()
}

// open opens the next file.
func (s *shelf) open() (err error) {
	s.o.Name, s.paths = s.paths[0], s.paths[1:]
	if s.file, err = os.Open(s.o.Name); err != nil {
		return fileError(s.o.Name, err)
	}
	return nil
}

// Close closes the file that is open.
func (s *shelf) Close() error { return s.file.Close() }

// next begins to read the next file, io.EOF if there is none; its columns are those of
// the first, in any order.
func (s *shelf) next(t *Table) (*records, error) {
	if len(s.paths) == 0 {
		return nil, io.EOF
	}
	if err := s.file.Close(); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	in, header, err := t.begin(s.file, s.o)
	if err != nil {
		return nil, err
	}
	for _, name := range s.header {
		at := slices.Index(header, name)
		if at < 0 {
			return nil, fmt.Errorf("%s: no column %s, which the first file has", s.o.Name, choice(name, "columns", header))
		}
		in.order = append(in.order, at)
	}
	if len(header) != len(s.header) {
		more := slices.DeleteFunc(slices.Clone(header), func(name string) bool { return slices.Contains(s.header, name) })
		return nil, fmt.Errorf("%s: the first file has no column %s", s.o.Name, list(more))
	}
	in.shelf = s
	return in, nil
}

// ordered returns the fields of a row in the order of the first file.
func (r *records) ordered(fields []string) []string {
	if r.order == nil {
		return fields
	}
	r.row = r.row[:0]
	for _, at := range r.order {
		r.row = append(r.row, fields[at])
	}
	return r.row
}
