package graph

import (
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// own are the packages whose functions make nodes on behalf of their caller.
var own = []string{"graph", "ops", "losses", "models", "optimizers", "train"}

// caller returns file:line of the innermost caller outside our own packages.
// It is only called when something is wrong.
func caller() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	f, more := frames.Next() // this function: its file says where our packages are
	root := path.Dir(path.Dir(f.File))
	for more && isOwn(f, root) {
		f, more = frames.Next()
	}
	return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
}

// isOwn goes by the file: a closure of ours that was inlined into somebody's
// function has a name in their package.
func isOwn(f runtime.Frame, root string) bool {
	dir, file := path.Split(f.File)
	pkg, ours := strings.CutPrefix(path.Clean(dir), root+"/")
	return ours && slices.Contains(own, pkg) && !strings.HasSuffix(file, "_test.go")
}
