package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"descent/graph"
	"descent/internal/atomicfile/faults"
	"descent/optimizers"
	"descent/train"
)

// Whatever call of a checkpoint fails, ends the process or the machine: a run that
// can go on does, and the checkpoint that is on disk is one of the run, whole, from
// which it ends with the same bits.
func TestCheckpointFaults(t *testing.T) {
	run := iris(t)
	run.Epochs, run.CheckpointEvery = 3, time.Nanosecond
	start := func() *train.Trainer { return mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1) }
	whole := start()
	if _, err := whole.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	faults.Each(func(kind faults.Kind, n int) (do, check func()) {
		run := run
		run.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
		warned := 0
		run.Warn = func(error) { warned++ }
		tr := start()
		var h *train.History
		var err error
		return func() { h, err = tr.Fit(context.Background(), run) }, func() {
			var unsaved *train.UnsavedError
			if err != nil && !errors.As(err, &unsaved) || len(h.Epochs) != run.Epochs || !reflect.DeepEqual(bits(tr), bits(whole)) {
				t.Fatalf("%v at call %d: the run was disturbed: %v", kind, n, err)
			}
			if err != nil && warned == 0 {
				t.Errorf("%v at call %d: nobody was warned of %v", kind, n, err)
			}
			if kind == faults.Once && n == 1 && (err != nil || warned != 1) {
				t.Errorf("the first of several checkpoints fails: %d warnings, %v", warned, err)
			}
			if kind == faults.Once && err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%v at call %d: %v", kind, n, err)
			}
			if _, e := os.Stat(run.Checkpoint); err == nil && e != nil {
				t.Errorf("%v at call %d: no checkpoint: %v", kind, n, e)
			}
			run.Resume = true
			again := start()
			if _, err := again.Fit(context.Background(), run); err != nil || !reflect.DeepEqual(bits(again), bits(whole)) {
				t.Errorf("%v at call %d: resumed, %v", kind, n, err)
			}
		}
	})
}

// A checkpoint with weights that are not numbers is not written, and none is read.
func TestCheckpointOfNoModel(t *testing.T) {
	run := iris(t)
	run.Checkpoint, run.Epochs, run.CheckpointEvery = filepath.Join(t.TempDir(), "checkpoint"), 2, time.Nanosecond
	run.Stop = train.EarlyStopping{}
	tr := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	ruin := false
	run.OnEpoch = func(e train.Epoch) {
		if v := tr.Store().Variables()[0]; ruin {
			x := v.Float64s()
			x[0] /= 0 * x[0]
			v.Set(x)
		}
	}
	if _, err := tr.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	want, _ := os.ReadFile(run.Checkpoint)
	ruin = true
	var d *train.DivergedError
	if _, err := tr.Fit(context.Background(), run); !errors.As(err, &d) {
		t.Errorf("got %v", err)
	}
	if got, _ := os.ReadFile(run.Checkpoint); string(got) != string(want) {
		t.Error("the checkpoint was replaced")
	}
	if err := tr.Save(filepath.Join(t.TempDir(), "weights")); !errors.As(err, &d) {
		t.Errorf("saved: %v", err)
	}
}
