package data

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxBytes is the largest file that is read, counted after
// decompression, if nothing else is asked for: 2 GiB.
const DefaultMaxBytes = 2 << 30

// A gzip file may expand maxRatio times, which no honest table does; small ones
// may be anything, since they do no harm. 16 MiB take a tenth of a second.
const (
	maxRatio   = 100
	ratioAfter = 4 << 20
)

// plain returns the bytes of r, decompressed if they are gzip (by content: the
// name says nothing). Reading fails after max bytes, and where gzip data expand
// beyond reason, so that a small file cannot fill the memory. 0 means
// DefaultMaxBytes.
func plain(r io.Reader, max int64) (*bufio.Reader, error) {
	if max < 0 {
		return nil, fmt.Errorf("MaxBytes is %d; it must be positive, or 0 for %s", max, size(DefaultMaxBytes))
	}
	if max == 0 {
		max = DefaultMaxBytes
	}
	in := &counter{r: r}
	raw := bufio.NewReader(in)
	magic, err := raw.Peek(2)
	if err != nil && err != io.EOF { // bufio forgets an error that it has told
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		return bufio.NewReaderSize(&capped{r: raw, max: max}, sampleSize), nil
	}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return nil, gzipError(err)
	}
	return bufio.NewReaderSize(&capped{r: z, in: in, max: max}, sampleSize), nil
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// capped ends a stream with an error where it exceeds its limits.
type capped struct {
	r      io.Reader
	in     *counter // the compressed side, nil if there is none
	n, max int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	switch {
	case c.n > c.max:
		return 0, advise(fmt.Errorf("more than %s of data", size(c.max)), Advice{Text: "raise MaxBytes if that is right", Option: "MaxBytes"})
	case c.in != nil && c.n > ratioAfter && c.n/maxRatio > c.in.n:
		return 0, fmt.Errorf("the gzip data expand more than %d times, as a gzip bomb does; decompress the file yourself if it is right", maxRatio)
	case err != nil && err != io.EOF && c.in != nil:
		return n, gzipError(err)
	}
	return n, err
}

func gzipError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return errors.New("the gzip data end too early; is the file complete?")
	}
	return fmt.Errorf("damaged gzip data: %w", err)
}

// size prints a number of bytes as a person would.
func size(n int64) string {
	for _, u := range []struct {
		name string
		n    int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.n {
			return fmt.Sprintf("%.4g %s", float64(n)/float64(u.n), u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
