package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"descent/bench"

	"golang.org/x/term"
)

// A meter shows on a terminal how far a benchmark is; elsewhere it is silent.
type meter struct {
	w     io.Writer
	width func() int // columns; 0 if nothing can be shown
	last  time.Time
	drawn bool
}

func newMeter(w io.Writer, quiet bool) *meter {
	m := &meter{w: w, width: func() int { return 0 }}
	if f, ok := w.(*os.File); ok && !quiet && term.IsTerminal(int(f.Fd())) {
		m.width = func() int {
			n, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 0 // also terminals without a size, as in some CI
			}
			return n
		}
	}
	return m
}

// progress redraws the line, at most ten times a second.
func (m *meter) progress(p bench.Progress) {
	width := m.width()
	if width < 20 || p.Done < p.Total && time.Since(m.last) < 100*time.Millisecond {
		return
	}
	m.last, m.drawn = time.Now(), true
	const cells = 24
	full := cells * p.Done / p.Total
	line := fmt.Sprintf("%s%s %d/%d runs  %s  %.1f runs/s  eta %.0f s", strings.Repeat("━", full), strings.Repeat("╌", cells-full),
		p.Done, p.Total, p.Phase, float64(p.Done)/p.Elapsed.Seconds(), p.Remain.Seconds())
	if p.Failed > 0 {
		line += fmt.Sprintf("  %d diverged", p.Failed)
	}
	text := []rune(line)
	fmt.Fprintf(m.w, "\r%s\x1b[K", string(text[:min(len(text), width-1)]))
}

// close takes the line away.
func (m *meter) close() {
	if m.drawn {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}
