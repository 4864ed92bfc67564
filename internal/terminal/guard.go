package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// A Guard is a writer for people: of what it is given, control characters but the
// ends of lines and tabs are written as \x1b is, so that names out of files cannot
// command a terminal. It remembers its first error.
type Guard struct {
	w        io.Writer
	verbatim bool
	rest     []byte // the beginning of a character
	err      error
}

// NewGuard returns a guard before w.
func NewGuard(w io.Writer) *Guard { return &Guard{w: w} }

// Verbatim makes the guard before w, if it is one, pass everything unless a terminal
// is behind it: for data that programs read.
func Verbatim(w io.Writer) io.Writer {
	if g, ok := w.(*Guard); ok {
		f, file := g.w.(*os.File)
		g.verbatim = !file || !term.IsTerminal(int(f.Fd()))
	}
	return w
}

// behind is what a guard writes to, or w.
func behind(w io.Writer) io.Writer {
	if g, ok := w.(*Guard); ok {
		return g.w
	}
	return w
}

// Err returns the first error of a write.
func (g *Guard) Err() error { return g.err }

// Write implements io.Writer.
func (g *Guard) Write(p []byte) (int, error) {
	text := p
	if !g.verbatim {
		text = append(g.rest, p...)
		// Who writes through a buffer may cut a character.
		whole := len(text)
		for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
			if at := len(text) - i; utf8.RuneStart(text[at]) {
				if !utf8.FullRune(text[at:]) {
					whole = at
				}
				break
			}
		}
		g.rest = append([]byte(nil), text[whole:]...)
		text = []byte(Clean(string(text[:whole])))
	}
	if _, err := g.w.Write(text); err != nil {
		if g.err == nil {
			g.err = err
		}
		return 0, err
	}
	return len(p), nil
}

// Clean returns a text with escapes in place of its control characters, of what
// turns the direction of text, and of bytes that are no text.
func Clean(s string) string {
	odd := func(r rune) bool {
		return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) || r == utf8.RuneError
	}
	if !strings.ContainsFunc(s, odd) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case !odd(r):
			b.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == utf8.RuneError:
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
