package graph

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// own are the packages whose functions make nodes on behalf of their caller.
var own = []string{"descent/graph.", "descent/ops.", "descent/losses.", "descent/models.", "descent/optimizers.", "descent/train."}

// caller returns file:line of the innermost caller outside our own packages.
// It is only called when something is wrong.
func caller() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
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
