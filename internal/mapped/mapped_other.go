//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package mapped

import "os"

// Floats returns the numbers of a file that [Write] has written, and removes it. Here
// they are read.
func Floats(path string) (numbers []float32, close func() error, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	return floats(b), func() error { return nil }, os.Remove(path)
}
