package train_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"descent/graph"
	"descent/internal/safetensors"
	"descent/optimizers"
	"descent/train"
)

// TestCountersInCheckpoints: counters are saved as float64 and go on bit for bit
// beyond 2²⁴; a checkpoint of an earlier version, which has them as float32, is
// read.
func TestCountersInCheckpoints(t *testing.T) {
	run := iris(t)
	run.Epochs = 4
	run.Stop = train.EarlyStopping{}
	start := func() *train.Trainer {
		tr := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
		for _, name := range []string{"step", "dropout.batch"} {
			if err := tr.Store().Lookup(name).Set([]float64{1<<24 - 5}); err != nil {
				t.Fatal(err)
			}
		}
		return tr
	}
	whole := start()
	if _, err := whole.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	run.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	run.OnBatch = func(train.Progress) {
		if n++; n == 10 {
			cancel()
		}
	}
	if _, err := start().Fit(ctx, run); err == nil {
		t.Fatal("not interrupted")
	}
	run.OnBatch, run.Resume = nil, true
	text, err := os.ReadFile(run.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	resumed := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	if _, err := resumed.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bits(resumed), bits(whole)) {
		t.Error("another run after the pause")
	}

	file, err := safetensors.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range file.Tensors {
		x := &file.Tensors[i]
		if counts := len(x.Shape) == 0; counts != (x.F64 != nil) {
			t.Errorf("%s of shape %v is float64: %v", x.Name, x.Shape, x.F64 != nil)
		}
		if x.Name == "step" {
			if x.F64[0] != 1<<24+5 {
				t.Errorf("step %v in the checkpoint", x.F64[0])
			}
			x.F32, x.F64 = []float32{77}, nil // as it was once
		}
	}
	if err := os.WriteFile(run.Checkpoint, safetensors.Encode(*file), 0o644); err != nil {
		t.Fatal(err)
	}
	old := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	old.Fit(ctx, run) // reads, and stops
	if got := old.Store().Lookup("step").Float64s()[0]; got != 77 {
		t.Errorf("a float32 counter of 77 is read as %v", got)
	}
}
