// Package journal keeps what is finished: lines that are appended to a file, each with
// a checksum and a key. Whatever cuts the last line short loses that line alone.
package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"descent/internal/atomicfile"
	"descent/internal/numjson"
)

// A Journal is a file of entries, by their keys. Of several with one key the last
// counts.
type Journal struct {
	Skipped int // lines that are damaged, and were left out when it was opened

	mu      sync.Mutex
	path    string
	entries map[string][]byte
	file    atomicfile.File // nil until the first entry is added
	torn    bool            // the file does not end with a line's end
	synced  time.Time
}

// syncEvery is how often entries reach the disk while more are added. The end of the
// process loses none, the end of the power those since.
const syncEvery = time.Second

// maxSize is the largest file that is read.
const maxSize = 4 << 30

// Open reads the journal of that name; there need not be one.
func Open(path string) (*Journal, error) {
	j := &Journal{path: path, entries: map[string][]byte{}, synced: time.Now()}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return j, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxSize:
		return nil, fmt.Errorf("%s: not a file of at most %d bytes", path, maxSize)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		whole, ended := bytes.CutSuffix(line, []byte("\n"))
		j.torn = !ended
		if key, value, ok := parse(whole); ok {
			j.entries[key] = value
		} else if len(whole) > 0 {
			j.Skipped++
		}
	}
	return j, nil
}

// A line is the sum of what follows, the key, and the value as JSON.
func line(key string, value []byte) []byte {
	rest := append([]byte(key+" "), value...)
	return append([]byte(sum(rest)+" "), append(rest, '\n')...)
}

func parse(line []byte) (key string, value []byte, ok bool) {
	check, rest, _ := bytes.Cut(line, []byte(" "))
	name, value, ok := bytes.Cut(rest, []byte(" "))
	return string(name), value, ok && string(check) == sum(rest)
}

// sum is the first half of the SHA-256 of a text, in hexadecimal digits.
func sum(text []byte) string {
	all := sha256.Sum256(text)
	return hex.EncodeToString(all[:16])
}

// Key is the key of an entry that follows from all of the given alone.
func Key(of ...any) (string, error) {
	text, err := numjson.Marshal(of)
	return sum(text), err
}

// Len returns the number of entries.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

// Get fills in the value of a key, if there is an entry.
func (j *Journal) Get(key string, value any) (bool, error) {
	j.mu.Lock()
	text, ok := j.entries[key]
	j.mu.Unlock()
	if !ok {
		return false, nil
	}
	if err := numjson.Unmarshal(text, value); err != nil {
		return false, fmt.Errorf("%s: %w", j.path, err)
	}
	return true, nil
}

// Put adds an entry. It is in the file when Put returns.
func (j *Journal) Put(key string, value any) error {
	text, err := numjson.Marshal(value)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.put(key, text)
}

func (j *Journal) put(key string, text []byte) (err error) {
	if j.file == nil {
		if j.file, err = atomicfile.Append(j.path); err != nil {
			return err
		}
	}
	l := line(key, text)
	if j.torn {
		l = append([]byte("\n"), l...)
	}
	if _, err = j.file.Write(l); err != nil {
		j.torn = true
		return fmt.Errorf("%s: %w", j.path, err)
	}
	j.torn, j.entries[key] = false, text
	if time.Since(j.synced) > syncEvery {
		j.synced = time.Now()
		return j.file.Sync()
	}
	return nil
}

// Merge adds the entries of other journals that it does not have, and returns how many
// they are.
func (j *Journal) Merge(others ...*Journal) (added int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, o := range others {
		for _, key := range slices.Sorted(maps.Keys(o.entries)) {
			if _, ok := j.entries[key]; ok {
				continue
			}
			if err := j.put(key, o.entries[key]); err != nil {
				return added, err
			}
			added++
		}
	}
	return added, nil
}

// Close makes all entries reach the disk.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Sync(), j.file.Close())
	j.file = nil
	return err
}
