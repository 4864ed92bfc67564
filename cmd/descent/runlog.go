package main

import (
	"bytes"
	"time"

	"descent/internal/atomicfile"
)

// A runLog is the log of a run that is under way. Each line is kept, and once in a
// while the file is replaced by all of them, so that it is whole at any moment, and
// what was there before is not lost before there is something new.
type runLog struct {
	path    string
	warn    func(error)
	text    bytes.Buffer
	written time.Time
	flushed int // bytes of the text that are written
}

func newRunLog(path string, warn func(error)) *runLog {
	return &runLog{path: path, warn: warn, written: time.Now()}
}

// Write implements io.Writer. It has no errors: a disk that is full now may have
// room later, and the log is written again when the model is.
func (l *runLog) Write(line []byte) (int, error) {
	l.text.Write(line)
	if time.Since(l.written) >= time.Second {
		l.flush()
	}
	return len(line), nil
}

// flush writes what is new.
func (l *runLog) flush() {
	l.written = time.Now()
	if l.flushed == l.text.Len() {
		return
	}
	if err := atomicfile.Write(l.path, l.text.Bytes()); err != nil {
		l.warn(err)
		return
	}
	l.flushed = l.text.Len()
}
