package graph

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// own are the packages whose functions make nodes on behalf of their caller.
var own = []string{"descent/graph.", "descent/ops.", "descent/losses.", "descent/models.", "descent/optimizers.", "descent/train."}

// A position is a place in the program's text, as the call stack that led
// there: finding file and line in it is slow, and only errors need them.
type position []uintptr

// here returns the position of the current call.
func here() position {
	var pcs [32]uintptr
	return slices.Clone(pcs[:runtime.Callers(3, pcs[:])])
}

// String returns file:line of the innermost caller outside our own packages.
func (p position) String() string {
	frames := runtime.CallersFrames(p)
	for {
		f, more := frames.Next()
		if !isOwn(f) || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
	}
}

func isOwn(f runtime.Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	for _, p := range own {
		if strings.HasPrefix(f.Function, p) {
			return true
		}
	}
	return false
}
