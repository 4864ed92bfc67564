package train_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"descent/graph"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// TestCallbackStops: a run ends where a callback stops it, after a batch or an
// epoch, and with its error.
func TestCallbackStops(t *testing.T) {
	mistake := errors.New("mistake")
	for _, c := range []struct {
		epochs, steps int
		reason        string
		err           error
		callback      train.Callback
	}{
		{1, 22, "enough batches", nil, func(s *train.State) error {
			if s.Ended == nil && s.Trainer.Steps() == 22 {
				s.Stop("enough batches")
			}
			return nil
		}},
		{3, 54, "good enough", nil, func(s *train.State) error {
			if s.Ended != nil && s.Ended.Epoch == 3 {
				s.Stop("good enough")
			}
			return nil
		}},
		{0, 5, "", mistake, func(s *train.State) error {
			if s.Batch == 5 {
				return mistake
			}
			return nil
		}},
	} {
		run, tr := iris(t), mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
		run.Callbacks = []train.Callback{c.callback}
		run.Checkpoint = filepath.Join(t.TempDir(), "c")
		h, err := tr.Fit(context.Background(), run)
		if !errors.Is(err, c.err) || len(h.Epochs) != c.epochs || tr.Steps() != c.steps || h.Reason != c.reason {
			t.Errorf("%d epochs, %d steps, %q, %v; want %d, %d, %q", len(h.Epochs), tr.Steps(), h.Reason, err, c.epochs, c.steps, c.reason)
		}
	}
}

// TestProgress: what is reported after a batch, from the losses and rows of the
// batches before. No number of a clock is demanded, but that those of one moment agree.
func TestProgress(t *testing.T) {
	run, tr := iris(t), mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	rows := run.Train.Rows()
	batches := (rows + run.Batch - 1) / run.Batch
	n, sum, seen := 0, 0.0, 0
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Abs(b) }
	run.Callbacks = []train.Callback{func(s *train.State) error {
		if s.Ended != nil {
			if !near(s.Ended.Loss, sum/float64(rows)) || seen != rows || s.Ended.Step != n {
				t.Errorf("epoch %d: loss %v of %d rows", s.Ended.Epoch, s.Ended.Loss, seen)
			}
			sum, seen = 0, 0
			return nil
		}
		n++
		sum, seen = sum+s.Last*float64(s.BatchRows), seen+s.BatchRows
		if s.Epoch != (n-1)/batches+1 || s.Batch != (n-1)%batches+1 || s.Epochs != run.Epochs || s.Batches != batches {
			t.Errorf("batch %d: %+v", n, s.Progress)
		}
		all := run.Epochs * batches
		passed := s.Elapsed.Seconds()
		if !near(s.Loss, sum/float64(seen)) || !near(s.Done, float64(n)/float64(all)) || !near(s.RowsPerSecond*passed, float64(n*run.Batch)) ||
			math.Abs(s.Remain.Seconds()*float64(n)-passed*float64(all-n)) > 1e-6*float64(n) {
			t.Errorf("batch %d: %+v; the loss should be %v", n, s.Progress, sum/float64(seen))
		}
		return nil
	}}
	if _, err := tr.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	if n != run.Epochs*batches {
		t.Errorf("%d batches, want %d", n, run.Epochs*batches)
	}
}

// TestCallbackChangesTheRate: halving the rate after two epochs is the schedule that
// does, also in a run that is resumed; a callback reads the state and evaluates.
func TestCallbackChangesTheRate(t *testing.T) {
	run := iris(t)
	run.Schedule = schedule.MultiStep(0.01, 0.5, 36)
	want := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	h, err := want.Fit(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	run.Schedule = schedule.Constant(0.01)
	halve := func(s *train.State) error {
		if s.Ended == nil {
			return nil
		}
		if scores, err := s.Evaluate(run.Val); err != nil || scores.Loss != s.Ended.Val["loss"] {
			t.Errorf("loss %v, in the epoch %v, %v", scores.Loss, s.Ended.Val["loss"], err)
		}
		if s.Epoch != s.Ended.Epoch || s.Batch != s.Batches || s.LR != s.Ended.LR || s.Loss != s.Ended.Loss {
			t.Errorf("%+v, but the epoch %+v", s.Progress, *s.Ended)
		}
		if s.Ended.Epoch == 2 {
			s.Scale(0.5)
		}
		return nil
	}
	run.Checkpoint, run.Resume = filepath.Join(t.TempDir(), "c"), true
	ctx, cancel := context.WithCancel(context.Background())
	run.Callbacks = []train.Callback{halve, func(s *train.State) error {
		if s.Trainer.Steps() == 41 {
			cancel()
		}
		return nil
	}}
	if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(ctx, run); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	run.Callbacks = run.Callbacks[:1]
	got := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	h2, err := got.Fit(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bits(got), bits(want)) || h.Epochs[5].LR != 0.005 || h2.Epochs[5].LR != 0.005 {
		t.Errorf("other weights; rates %v and %v", h.Epochs[5].LR, h2.Epochs[5].LR)
	}
}

// TestPlateau: the rate falls where a plateau, shown the same losses, lowers it, and
// a resumed run has the same bits.
func TestPlateau(t *testing.T) {
	for monitor, larger := range map[string]bool{"val_loss": false, "val_accuracy": true} {
		run := iris(t)
		run.Epochs, run.Stop = 25, train.EarlyStopping{Monitor: monitor}
		plateau := schedule.Plateau(0.1)
		plateau.Patience = 1
		run.Schedule = plateau
		whole := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
		h, err := whole.Fit(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		p := schedule.Start(plateau, larger)
		for _, e := range h.Epochs {
			if e.LR != p.Rate(e.Step) {
				t.Errorf("%s: epoch %d had rate %v, want %v", monitor, e.Epoch, e.LR, p.Rate(e.Step))
			}
			x, _ := e.Value(monitor)
			p.Watch(e.Step, x)
		}
		if p.Rate(0) == 0.1 {
			t.Errorf("%s: the rate has not fallen", monitor)
		}
		run.Checkpoint, run.Resume = filepath.Join(t.TempDir(), "c"), true
		ctx, cancel := context.WithCancel(context.Background())
		run.OnBatch = func(s train.Progress) {
			if s.Epoch == 20 && s.Batch == 3 {
				cancel()
			}
		}
		if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(ctx, run); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		run.OnBatch = nil
		again := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
		if _, err := again.Fit(context.Background(), run); err != nil || !reflect.DeepEqual(bits(again), bits(whole)) {
			t.Errorf("%s: resumed, it is another run: %v", monitor, err)
		}
	}
}
