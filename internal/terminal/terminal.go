// Package terminal shows on a terminal how far something is, and nothing where
// there is none.
package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Columns returns how many columns the terminal behind w has: 0 if there is
// none, or one without a size (script, CI), where no line can move.
func Columns(w io.Writer) int {
	f, ok := behind(w).(*os.File)
	if !ok {
		return 0
	}
	n, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return n
}
