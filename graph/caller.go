package graph

import (
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// own are the directories, this one and others beside it, of packages whose functions
// make nodes on behalf of their caller.
var own = []string{"graph", "ops", "losses", "models", "optimizers", "train"}

// module is the directory that holds them, as the compiler recorded it.
var module = sync.OnceValue(func() string {
	_, file, _, _ := runtime.Caller(0)
	return path.Dir(path.Dir(file))
})

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
		if !isOwn(f.File) || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
	}
}

// isOwn goes by files: a closure of ours that was inlined into another package
// has a function name of that package.
func isOwn(file string) bool {
	inside, ok := strings.CutPrefix(file, module()+"/")
	top, _, _ := strings.Cut(inside, "/")
	return ok && slices.Contains(own, top) && !strings.HasSuffix(file, "_test.go")
}
