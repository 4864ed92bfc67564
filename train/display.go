package train

import (
	"fmt"
	"io"

	"descent/internal/digits"
	"descent/internal/terminal"
)

// A Display shows how a run goes: on a terminal a line that moves and a line
// for some epochs, elsewhere the lines alone. Its methods are for
// [Run.OnBatch] and [Run.OnEpoch].
type Display struct {
	w       io.Writer
	line    *terminal.Line
	epochs  int
	metric  string // of the validation rows, shown beside their loss
	pending *Epoch // not yet printed
	last    int    // of those that are
}

// lines is how many epochs of a long run get a line of their own, about.
const lines = 20

// NewDisplay returns a display on w of a run of so many epochs. metric is one
// of [Scores.Values], or "".
func NewDisplay(w io.Writer, epochs int, metric string) *Display {
	return &Display{w: w, line: terminal.NewLine(w), epochs: epochs, metric: metric}
}

// Batch draws the line that moves, at most ten times a second.
func (d *Display) Batch(p Progress) {
	d.line.Draw(p.Done, func() string {
		return fmt.Sprintf("%3.0f%%  epoch %d/%d  batch %d/%d  loss %s  %s rows/s  eta %s",
			100*p.Done, p.Epoch, p.Epochs, p.Batch, p.Batches, digits.Short(p.Loss, 4, 1e9), digits.Short(p.RowsPerSecond, 4, 1e9), terminal.Clock(p.Remain))
	})
}

// Epoch prints a line for the first, the last and some other epochs.
func (d *Display) Epoch(e Epoch) {
	every := max(1, d.epochs/lines)
	d.pending = &e
	if e.Epoch == 1 || e.Epoch == d.epochs || e.Epoch/every > d.last/every {
		d.print()
	}
}

// Close prints the last epoch, if it has not been, and leaves the line.
func (d *Display) Close() { d.print() }

func (d *Display) print() {
	d.line.Clear()
	e := d.pending
	if e == nil {
		return
	}
	d.pending, d.last = nil, e.Epoch
	width := len(fmt.Sprint(d.epochs))
	line := fmt.Sprintf("epoch %*d/%d  loss %-9s", width, e.Epoch, d.epochs, digits.Short(e.Loss, 4, 1e9))
	for _, name := range []string{"loss", d.metric} {
		if x, ok := e.Val[name]; ok {
			line += fmt.Sprintf("  val_%s %-9s", name, digits.Short(x, 4, 1e9))
		}
	}
	if e.LR != 0 { // a method has none
		line += fmt.Sprintf("  lr %-8s", digits.Short(e.LR, 4, 1e9))
	}
	fmt.Fprintf(d.w, "%s %6.1fs\n", line, e.Seconds)
}
