package train

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// In a pipe there are lines for some epochs, the last among them.
func TestDisplayInAPipe(t *testing.T) {
	var b bytes.Buffer
	d := NewDisplay(&b, 100, "accuracy")
	for i := 1; i <= 93; i++ {
		d.Batch(Progress{Epoch: i, Epochs: 100, Batch: 1, Batches: 1})
		d.Epoch(Epoch{Epoch: i, Loss: 0.5, LR: 1e-3, Val: map[string]float64{"loss": 0.25, "accuracy": 0.9375}})
	}
	d.Close()
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 20 || strings.Contains(b.String(), "\r") {
		t.Errorf("%d lines:\n%s", len(lines), b.String())
	}
	if got, want := lines[len(lines)-1], "epoch  93/100  loss 0.5        val_loss 0.25       val_accuracy 0.9375     lr 0.001       0.0s"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// On a terminal a line moves, no wider than the terminal; one of width 0 gets
// lines only.
func TestDisplayOnATerminal(t *testing.T) {
	for width, moves := range map[int]bool{0: false, 60: true, 200: true} {
		var b bytes.Buffer
		d := NewDisplay(&b, 2, "")
		d.line.Width = func() int { return width }
		d.Batch(Progress{Epoch: 1, Epochs: 2, Batch: 50, Batches: 100, Loss: 0.25, Done: 0.25, RowsPerSecond: 12345, Remain: 75 * time.Second})
		line := strings.TrimSuffix(strings.TrimPrefix(b.String(), "\r"), "\x1b[K")
		if (line != "") != moves || len([]rune(line)) >= max(width, 1) {
			t.Errorf("width %d: %q", width, b.String())
		}
		if width == 200 && !strings.HasSuffix(line, "25%  epoch 1/2  batch 50/100  loss 0.25  12345 rows/s  eta 1m15s") {
			t.Errorf("got %q", line)
		}
		d.Epoch(Epoch{Epoch: 1})
		if moves && !strings.Contains(b.String(), "\r\x1b[Kepoch 1/2") {
			t.Errorf("the line is not cleared: %q", b.String())
		}
	}
}
