package train

import (
	"bytes"
	"context"
	"os"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/safetensors"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
)

// tiny is a run of two epochs on four rows.
func tiny(t testing.TB) (*Trainer, Run) {
	t.Helper()
	rows := &data.Dataset{X: data.ArrayOf([]float64{1, 2, 3, 4}, 1), Inputs: []string{"x"}, Y: []float64{2, 4, 6, 9}}
	tr, err := New(Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}, optimizers.Momentum(), graph.Float32, 1)
	if err != nil {
		t.Fatal(err)
	}
	return tr, Run{Train: rows, Epochs: 2, Batch: 2, Schedule: schedule.Constant(0.01), Stop: EarlyStopping{RestoreBest: true}}
}

// FuzzCheckpoint: whatever a checkpoint holds, it is refused and nothing is
// changed, or the run goes on from it to its end.
func FuzzCheckpoint(f *testing.F) {
	tr, run := tiny(f)
	run.Checkpoint = f.TempDir() + "/checkpoint"
	if _, err := tr.Fit(context.Background(), run); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(run.Checkpoint)
	if err != nil {
		f.Fatal(err)
	}
	file, err := safetensors.Decode(text)
	if err != nil {
		f.Fatal(err)
	}
	whole := []byte(file.Meta[runKey])
	for _, change := range [][2]string{{"", ""}, {`"epoch":2`, `"epoch":1`}, {`"epoch":2`, `"epoch":-1`}, {`"format":2`, `"format":9`}, {`"batch":0`, `"batch":1`}, {`"settings":{`, `"old":{`}, {`"best":`, `"best":"nan","x":`}} {
		f.Add(bytes.Replace(whole, []byte(change[0]), []byte(change[1]), 1), float32(1))
	}
	f.Fuzz(func(t *testing.T, state []byte, weight float32) {
		changed := safetensors.File{Meta: map[string]string{runKey: string(state)}}
		for _, x := range file.Tensors {
			if x.Name == "linear.w" {
				x.F32 = []float32{weight}
			}
			changed.Tensors = append(changed.Tensors, x)
		}
		fit, err := newFit(tr, run)
		if err != nil {
			t.Fatal(err)
		}
		before := tr.Steps()
		if err := fit.restore(safetensors.Encode(changed)); err != nil {
			if tr.Steps() != before {
				t.Fatalf("refused, and the step is %d: %v", tr.Steps(), err)
			}
			return
		}
		fit.run.Checkpoint = ""
		for fit.Epoch < run.Epochs && fit.hist.Reason == "" {
			if err := fit.epoch(context.Background()); err != nil {
				return
			}
		}
	})
}

// FuzzWeights: whatever a file of weights holds, it is refused, or all of the
// model's are finite.
func FuzzWeights(f *testing.F) {
	tr, _ := tiny(f)
	text, err := tr.Encode(map[string]string{"a": "b"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	// Without a checksum, as others write it, so that changes are tried.
	f.Add(bytes.Replace(text, []byte("descent.checksum\":\"sha256:"), []byte("descent_checksum\":\"sha_256"), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := decodeModel(text, tr.model, nil)
		if err == nil {
			err = assign(tr.model, values, "")
		}
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error that says nothing")
			}
			return
		}
		for _, v := range tr.model {
			if err := finite(v.Name(), v.Float64s()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
