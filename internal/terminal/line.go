package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A Line is the last line of a terminal, which moves: a bar and a few words.
type Line struct {
	w     io.Writer
	Width func() int // columns; those of w by default
	last  time.Time
	drawn bool
}

// NewLine returns a line on w; it stays silent where w is no terminal.
func NewLine(w io.Writer) *Line {
	w = behind(w)
	return &Line{w: w, Width: func() int { return Columns(w) }}
}

// least is the number of columns below which a terminal shows nothing.
const least = 20

// Draw shows which share is done and the words that text returns, at most ten
// times a second, but always when all is done.
func (l *Line) Draw(share float64, text func() string) {
	width := l.Width()
	if width < least || share < 1 && time.Since(l.last) < 100*time.Millisecond {
		return
	}
	l.last, l.drawn = time.Now(), true
	const cells = 24
	full := int(share * cells)
	line := []rune(strings.Repeat("━", full) + strings.Repeat("╌", cells-full) + " " + Clean(text()))
	fmt.Fprintf(l.w, "\r%s\x1b[K", string(line[:min(len(line), width-1)]))
}

// Clear takes the line away.
func (l *Line) Clear() {
	if l.drawn {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.drawn = false
	}
}

// Clock writes a duration as a person would: 12s, 3m04s, 2h05m.
func Clock(d time.Duration) string {
	s := int(d.Seconds() + 0.5)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}
