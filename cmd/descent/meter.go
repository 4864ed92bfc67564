package main

import (
	"fmt"
	"io"

	"descent/bench"
	"descent/internal/terminal"
)

// A meter shows on a terminal how far a benchmark is; elsewhere it is silent.
type meter struct{ line *terminal.Line }

func newMeter(w io.Writer, quiet bool) meter {
	if quiet {
		w = io.Discard
	}
	return meter{terminal.NewLine(w)}
}

func (m meter) job(p bench.Tally) {
	m.line.Draw(float64(p.Done)/float64(p.Total), func() string {
		text := fmt.Sprintf("%d/%d runs  %s  %.1f runs/s  eta %s", p.Done, p.Total, p.Phase, float64(p.Done)/p.Elapsed.Seconds(), terminal.Clock(p.Remain))
		if p.Crew != nil {
			text += "  " + count(bench.Present(p.Crew), "worker")
		}
		if p.Failed > 0 {
			text += fmt.Sprintf("  %d diverged", p.Failed)
		}
		return text
	})
}

func (m meter) close() { m.line.Clear() }
