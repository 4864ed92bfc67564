package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"descent/bench"
	"descent/internal/terminal"
)

// A meter shows on a terminal how far a benchmark is; elsewhere it is silent.
type meter struct {
	w     io.Writer
	last  time.Time
	drawn bool
}

func newMeter(w io.Writer, quiet bool) *meter {
	if quiet {
		w = io.Discard
	}
	return &meter{w: w}
}

// progress redraws the line, at most ten times a second.
func (m *meter) progress(p bench.Progress) {
	width := terminal.Columns(m.w)
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
