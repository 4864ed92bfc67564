package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"descent/cmd/descent/internal/draw"
	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/digits"
	"descent/internal/terminal"
	"descent/internal/tfevents"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A follower shows a training while it goes on: in browsers, and in a file of events for
// TensorBoard.
type follower struct {
	spectators
	events string // the folder of --tensorboard

	file    atomicfile.File
	log     *tfevents.Writer
	trainer *train.Trainer
	warn    func(error)

	mu     sync.Mutex
	run    draw.Training // what is known of the run before it begins
	epochs []train.Epoch
	now    train.Progress
	shown  time.Time
}

func (f *follower) flags(fs *pflag.FlagSet) {
	f.spectators.flags(fs, ": its loss by the epoch, and in the end the page of --report")
	fs.StringVar(&f.events, "tensorboard", "", "`folder` for a file of events that TensorBoard reads: losses, scores and rate of each epoch, histograms of the weights")
}

// begin begins to show a run. end waits until all have seen the end.
func (f *follower) begin(cmd *cobra.Command, run draw.Training, t *train.Trainer) (end func(), err error) {
	run.Live = true
	f.run, f.trainer = run, t
	f.warn = func(err error) {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %s: %s; the run goes on without\n", f.events, oneLine(err.Error()))
	}
	if f.events != "" {
		if err := f.open(time.Now()); err != nil {
			return nil, fmt.Errorf("--tensorboard: %w", err)
		}
	}
	away, err := f.spectators.begin(cmd, f.write)
	if err != nil {
		f.close()
		return nil, err
	}
	return func() { f.close(); away() }, nil
}

// open begins a file of events.
func (f *follower) open(at time.Time) (err error) {
	name := filepath.Join(f.events, fmt.Sprintf("events.out.tfevents.%d.descent", at.UnixNano()))
	if err := writableIn(f.events, filepath.Base(name)); err != nil {
		return err
	}
	if f.file, err = atomicfile.Append(name); err != nil {
		return err
	}
	f.log, err = tfevents.NewWriter(f.file, at)
	return err
}

// batch notes how far the run is.
func (f *follower) batch(p train.Progress) {
	const often = 300 * time.Millisecond
	if f.page == nil {
		return
	}
	f.mu.Lock()
	f.now = p
	f.mu.Unlock()
	if time.Since(f.shown) > often {
		f.shown = time.Now()
		f.page.Changed()
	}
}

// epoch notes an epoch that has ended.
func (f *follower) epoch(e train.Epoch) {
	if f.log != nil {
		if err := f.log.Write(time.Now(), e.Step, f.values(e)...); err != nil {
			f.warn(err)
			f.close()
		}
	}
	if f.page != nil {
		f.mu.Lock()
		f.epochs = append(f.epochs, e)
		f.mu.Unlock()
		f.page.Changed()
	}
}

// values are what TensorBoard shows of an epoch.
func (f *follower) values(e train.Epoch) []tfevents.Value {
	all := []tfevents.Value{{Tag: "loss/train", Scalar: e.Loss}}
	for _, name := range slices.Sorted(maps.Keys(e.Losses)) {
		all = append(all, tfevents.Value{Tag: "loss/train/" + name, Scalar: e.Losses[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(e.Val)) {
		tag := "val/" + name
		if name == "loss" {
			tag = "loss/val"
		}
		all = append(all, tfevents.Value{Tag: tag, Scalar: e.Val[name]})
	}
	if e.LR != 0 { // a method has none
		all = append(all, tfevents.Value{Tag: "lr", Scalar: e.LR})
	}
	for _, v := range f.trainer.Store().Variables() {
		if v.Role() == graph.Param {
			all = append(all, tfevents.Value{Tag: "weights/" + v.Name(), Histogram: v.Float64s()})
		}
	}
	return all
}

// close closes the file of events.
func (f *follower) close() {
	if f.log == nil {
		return
	}
	if err := f.file.Close(); err != nil {
		f.warn(err)
	}
	f.log = nil
}

// write writes the page of a run that goes on.
func (f *follower) write(w io.Writer) error {
	f.mu.Lock()
	p, epochs, now := f.run, slices.Clone(f.epochs), f.now
	f.mu.Unlock()
	switch {
	case now.Epochs == 0:
		p.Lead = "It begins."
	case now.Epoch == now.Epochs && now.Batch == now.Batches:
		p.Lead = "It is trained; scores follow."
	default:
		p.Lead = fmt.Sprintf("Epoch %d of %d, batch %d of %d; about %s to go.", now.Epoch, now.Epochs, now.Batch, now.Batches, terminal.Clock(now.Remain))
	}
	if loss, there := lossSection(epochs); there {
		p.Sections = append(p.Sections, loss)
	}
	if n := len(epochs); n > 0 {
		p.Sections = append(p.Sections, lastSection(epochs[n-1]))
	}
	return p.Write(w)
}

// lastSection has the numbers of an epoch.
func lastSection(e train.Epoch) draw.Section {
	short := func(x float64) string { return digits.Short(x, 4, 1e9) }
	t := draw.Table{Head: []string{fmt.Sprintf("after epoch %d", e.Epoch), ""}, Rows: [][]string{{"loss of training", short(e.Loss)}}}
	for _, name := range slices.Sorted(maps.Keys(e.Val)) {
		t.Rows = append(t.Rows, []string{strings.ReplaceAll(name, "_", " ") + " of validation", short(e.Val[name])})
	}
	if e.LR != 0 {
		t.Rows = append(t.Rows, []string{"learning rate", short(e.LR)})
	}
	t.Rows = append(t.Rows, []string{"seconds", fmt.Sprintf("%.1f", e.Seconds)})
	return draw.Section{Title: "The last epoch", Tables: []draw.Table{t}}
}
