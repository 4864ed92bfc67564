package train

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"descent/internal/terminal"
)

// A Display shows how a run goes: on a terminal a line that moves and a line
// for some epochs, elsewhere the lines alone. Its methods are for
// [Run.OnBatch] and [Run.OnEpoch].
type Display struct {
	w       io.Writer
	width   func() int // columns of the terminal, 0 if w is none
	epochs  int
	metric  string // of the validation rows, shown beside their loss
	last    time.Time
	drawn   bool
	pending *Epoch // not yet printed
}

// lines is how many epochs of a long run get a line of their own, about.
const lines = 20

// NewDisplay returns a display on w of a run of so many epochs. metric is one
// of [Scores.Values], or "".
func NewDisplay(w io.Writer, epochs int, metric string) *Display {
	return &Display{w: w, epochs: epochs, metric: metric, width: func() int { return terminal.Columns(w) }}
}

// Batch draws the line that moves, at most ten times a second.
func (d *Display) Batch(p Progress) {
	width := d.width()
	if width < 20 || time.Since(d.last) < 100*time.Millisecond {
		return
	}
	d.last, d.drawn = time.Now(), true
	const cells = 24
	full := int(p.Done * cells)
	bar := strings.Repeat("━", full) + strings.Repeat("╌", cells-full)
	text := []rune(fmt.Sprintf("%s %3.0f%%  epoch %d/%d  batch %d/%d  loss %s  %s rows/s  eta %s",
		bar, 100*p.Done, p.Epoch, p.Epochs, p.Batch, p.Batches, short(p.Loss), short(p.RowsPerSecond), clock(p.Remain)))
	fmt.Fprintf(d.w, "\r%s\x1b[K", string(text[:min(len(text), width-1)]))
}

// Epoch prints a line for the first, the last and some other epochs.
func (d *Display) Epoch(e Epoch) {
	every := max(1, d.epochs/lines)
	d.pending = &e
	if e.Epoch == 1 || e.Epoch == d.epochs || e.Epoch%every == 0 {
		d.print()
	}
}

// Close prints the last epoch, if it has not been, and leaves the line.
func (d *Display) Close() { d.print() }

func (d *Display) print() {
	if d.drawn {
		fmt.Fprint(d.w, "\r\x1b[K")
		d.drawn = false
	}
	e := d.pending
	if e == nil {
		return
	}
	d.pending = nil
	digits := len(fmt.Sprint(d.epochs))
	line := fmt.Sprintf("epoch %*d/%d  loss %-9s", digits, e.Epoch, d.epochs, short(e.Loss))
	for _, name := range []string{"loss", d.metric} {
		if x, ok := e.Val[name]; ok {
			line += fmt.Sprintf("  val_%s %-9s", name, short(x))
		}
	}
	fmt.Fprintf(d.w, "%s  lr %-8s %6.1fs\n", line, short(e.LR), e.Seconds)
}

// short prints a number with four significant digits, and large ones in full.
func short(x float64) string {
	if a := math.Abs(x); a >= 1e4 && a < 1e9 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.4g", x)
}

// clock prints a duration as a person would: 12s, 3m04s, 2h05m.
func clock(d time.Duration) string {
	s := int(d.Seconds() + 0.5)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}
