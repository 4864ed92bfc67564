package graph

import (
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// own are the directories, beside this one, of packages whose functions make
// nodes on behalf of their caller.
var own = []string{"graph", "ops", "losses", "models", "optimizers", "train"}

// module is the directory that holds them, as the compiler recorded it.
var module = func() string {
	_, file, _, _ := runtime.Caller(0)
	return path.Dir(path.Dir(file))
}()

// caller returns file:line of the innermost caller outside our own packages.
// It is only called when something is wrong.
func caller() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
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
	dir, name := path.Split(file)
	return path.Dir(path.Clean(dir)) == module && slices.Contains(own, path.Base(dir)) && !strings.HasSuffix(name, "_test.go")
}
