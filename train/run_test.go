package train_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// irisTask has what makes repeating hard: dropout, batch norm, an adaptive rule.
func irisTask() train.Task {
	return train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy,
		Model: models.Sequential(models.Dense(16), models.BatchNorm(0.1), ops.ReLU, models.Dropout(0.2), models.Dense(3))}
}

// bits returns all variables of a trainer.
func bits(tr *train.Trainer) map[string][]float64 {
	m := map[string][]float64{}
	for _, v := range tr.Store().Variables() {
		m[v.Name()] = v.Float64s()
	}
	return m
}

// iris returns a run on iris with rows for validation.
func iris(t testing.TB) train.Run {
	parts := prepared(t, "iris", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: 0.2}, Seed: 1})
	return train.Run{Train: parts.Train, Val: parts.Val, Epochs: 6, Batch: 7, Seed: 3,
		Schedule: schedule.Cosine(0.01, 100), Stop: train.EarlyStopping{RestoreBest: true}}
}

// A run that is interrupted anywhere and resumed ends with the same bits.
func TestResume(t *testing.T) {
	for _, accumulate := range []int{1, 3} {
		run := iris(t)
		run.Accumulate = accumulate
		whole := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
		want, err := whole.Fit(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		for _, stop := range []int{1, 5, 17, 18, 40} {
			run.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
			run.Resume = true
			ctx, cancel := context.WithCancel(context.Background())
			n := 0
			run.OnBatch = func(train.Progress) {
				if n++; n == stop {
					cancel()
				}
			}
			first := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
			if h, err := first.Fit(ctx, run); !errors.Is(err, context.Canceled) || h.Reason != "interrupted" {
				t.Fatalf("interrupted at batch %d: %v, %q", stop, err, h.Reason)
			}
			run.OnBatch = nil
			var log bytes.Buffer
			run.Log = &log
			second := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
			got, err := second.Fit(context.Background(), run)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(bits(second), bits(whole)) {
				t.Errorf("accumulate %d: interrupted at batch %d and resumed, other weights", accumulate, stop)
			}
			if got.Best != want.Best || len(got.Epochs) != len(want.Epochs) || got.Epochs[5].Loss != want.Epochs[5].Loss {
				t.Errorf("accumulate %d: interrupted at batch %d and resumed, another history", accumulate, stop)
			}
			if !slices.IsSortedFunc(got.Epochs, func(a, b train.Epoch) int { return cmp.Compare(a.Seconds, b.Seconds) }) || got.Epochs[0].Seconds < 0 {
				t.Errorf("accumulate %d: interrupted at batch %d and resumed, the clock goes back: %+v", accumulate, stop, got.Epochs)
			}
			if n := strings.Count(log.String(), "\n"); n != run.Epochs {
				t.Errorf("the log has %d lines, want %d", n, run.Epochs)
			}
			run.Log = nil
		}
	}
}

// TestFinishedRun: a run that has ended is in its checkpoint, however short its
// epochs were; to resume it is to read it.
func TestFinishedRun(t *testing.T) {
	run := iris(t)
	run.Checkpoint, run.CheckpointEvery, run.Resume = filepath.Join(t.TempDir(), "c"), time.Hour, true
	first := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	if _, err := first.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	run.OnBatch = func(p train.Progress) { t.Errorf("trained again: %+v", p) }
	again := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	if h, err := again.Fit(context.Background(), run); err != nil || len(h.Epochs) != run.Epochs || !reflect.DeepEqual(bits(again), bits(first)) {
		t.Errorf("%d epochs, %v, or other weights", len(h.Epochs), err)
	}
}

// changed returns rows of which one number is another.
func changed(rows data.Rows) data.Rows {
	d := *rows.(*data.Dataset)
	x := d.X.Numbers()
	x[7]++
	d.X = data.ArrayOf(x, d.Features())
	return &d
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	run := iris(t)
	run.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	run.Resume = true
	other := run
	other.Batch = 8
	if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), other); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("another batch size: %v", err)
	}
	if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 2).Fit(context.Background(), run); err == nil {
		t.Error("another seed, which changes the dropout, is accepted")
	}
	if _, err := mustNew(t, irisTask(), optimizers.SGD(), graph.Float32, 1).Fit(context.Background(), run); err == nil {
		t.Error("another rule is accepted")
	}
	for name, c := range map[string]struct {
		change func(*train.Run)
		want   string
	}{
		"rates":       {func(r *train.Run) { r.Schedule = schedule.Cosine(0.02, 100) }, "rates was cosine(lr=0.01), "},
		"rows":        {func(r *train.Run) { r.Train, r.Val = r.Val, r.Train }, "the batches were 120 rows"},
		"other rows":  {func(r *train.Run) { r.Train = changed(r.Train) }, "data was 120 rows of hash"},
		"validation":  {func(r *train.Run) { r.Val = changed(r.Val) }, "validation data was 30 rows of hash"},
		"none":        {func(r *train.Run) { r.Val, r.Stop.Monitor = nil, "loss" }, "validation data was 30 rows of hash"},
		"epochs":      {func(r *train.Run) { r.Epochs++ }, "epochs was 6 and is 7"},
		"stop":        {func(r *train.Run) { r.Stop.Patience = 3 }, "early stopping was loss, patience 0"},
		"model":       {func(r *train.Run) { r.Settings = map[string]string{"model": "b"} }, "model was a and is b"},
		"no settings": {func(r *train.Run) { r.Settings = nil }, "model was a and is not given"},
	} {
		run := run
		run.Checkpoint, run.Resume = filepath.Join(t.TempDir(), "checkpoint"), false
		run.Settings, run.Stop.Monitor = map[string]string{"model": "a"}, "loss"
		if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), run); err != nil {
			t.Fatal(err)
		}
		other := run
		other.Resume = true
		c.change(&other)
		if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), other); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", name, err, c.want)
		}
		if name == "none" { // and the other way
			other.Resume, run.Resume, run.Val = false, true, iris(t).Val
			os.Remove(run.Checkpoint)
			if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), other); err != nil {
				t.Fatal(err)
			}
			if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), run); err == nil || !strings.Contains(err.Error(), "validation data was none") {
				t.Errorf("rows for validation where there were none: %v", err)
			}
		}
	}
	if err := os.WriteFile(run.Checkpoint, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1).Fit(context.Background(), run); err == nil {
		t.Error("a damaged checkpoint is accepted")
	}
}

// The gradient gathered from several batches is that of the whole.
func TestAccumulate(t *testing.T) {
	task := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Penalty: l2(0.01), Model: models.MLP(ops.Tanh, 8, 3)}
	fit := func(batch, accumulate int) map[string][]float64 {
		run := iris(t)
		run.Stop.RestoreBest, run.InOrder, run.Epochs = false, true, 20
		run.Batch, run.Accumulate = batch, accumulate
		tr := mustNew(t, task, optimizers.Chain{optimizers.Clip(1), optimizers.Momentum()}, graph.Float64, 1)
		if _, err := tr.Fit(context.Background(), run); err != nil {
			t.Fatal(err)
		}
		return bits(tr)
	}
	want, got := fit(50, 1), fit(7, 8) // 120 rows: batches of 50 and of 8·7 differ
	same := true
	for _, w := range []string{"dense.w", "dense2.b"} {
		same = same && reflect.DeepEqual(want[w], got[w])
	}
	if same {
		t.Error("batches of 56 rows do as batches of 50")
	}
	want = fit(56, 1)
	for _, accumulate := range []int{2, 4, 8} {
		got = fit(56/accumulate, accumulate)
		for _, w := range []string{"dense.w", "dense.b", "dense2.w", "dense2.b"} {
			for i := range want[w] {
				if math.Abs(want[w][i]-got[w][i]) > 1e-12 {
					t.Fatalf("%d batches: %s[%d] is %v, want %v", accumulate, w, i, got[w][i], want[w][i])
				}
			}
		}
	}
}

// A constant loss never improves.
func TestEarlyStopping(t *testing.T) {
	run := iris(t)
	run.Epochs, run.Schedule = 50, schedule.Constant(0)
	run.Stop = train.EarlyStopping{Monitor: "val_accuracy", Patience: 4, RestoreBest: true}
	task := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.MLP(ops.ReLU, 8, 3)}
	h, err := mustNew(t, task, optimizers.SGD(), graph.Float32, 1).Fit(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Epochs) != 5 || h.Best != 1 || !strings.Contains(h.Reason, "val_accuracy") {
		t.Errorf("%d epochs, best %d, %q", len(h.Epochs), h.Best, h.Reason)
	}
	run.Stop.Patience = 1
	if h, err := mustNew(t, task, optimizers.SGD(), graph.Float32, 1).Fit(context.Background(), run); err != nil || len(h.Epochs) != 2 {
		t.Errorf("patience 1: %d epochs, %v", len(h.Epochs), err)
	}
	run.Stop.Monitor = "val_acuracy"
	if _, err := mustNew(t, task, optimizers.SGD(), graph.Float32, 1).Fit(context.Background(), run); err == nil {
		t.Error("an unknown name is monitored")
	}
}

// The best weights are those that gave the best score.
func TestRestoreBest(t *testing.T) {
	for _, rule := range []string{"adam", "adam | ema(0.9)"} {
		run := iris(t)
		run.Epochs, run.Schedule = 40, schedule.Constant(0.3) // wild
		o, err := optimizers.Parse(rule)
		if err != nil {
			t.Log(err)
			continue
		}
		tr := mustNew(t, irisTask(), o.Rule, graph.Float32, 1)
		h, err := tr.Fit(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.Evaluate(run.Val)
		if err != nil {
			t.Fatal(err)
		}
		best := math.Inf(1)
		for _, e := range h.Epochs {
			best = min(best, e.Val["loss"])
		}
		if s.Loss != best || h.Epochs[h.Best-1].Val["loss"] != best || h.Best == run.Epochs {
			t.Errorf("%s: loss %v after epoch %d, best is %v", rule, s.Loss, h.Best, best)
		}
	}
}

// A run that diverges names the step and the node.
func TestDiverged(t *testing.T) {
	run := iris(t)
	run.Explain, run.Schedule, run.Epochs = true, schedule.Constant(1e30), 50
	task := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.MLP(ops.ReLU, 8, 3)}
	_, err := mustNew(t, task, optimizers.SGD(), graph.Float32, 1).Fit(context.Background(), run)
	var d *train.DivergedError
	if !errors.As(err, &d) {
		t.Fatalf("got %v", err)
	}
	var node *graph.NonFiniteError
	if !errors.As(err, &node) || d.Step < 1 {
		t.Errorf("step %d: %v", d.Step, err)
	}
	t.Log(err)
}

// TestDivergedLater: the step that is to blame is the same whether it is explained or
// not, and who asks for the explanation gets the weights of the epoch's start.
func TestDivergedLater(t *testing.T) {
	run := iris(t)
	run.Stop, run.Schedule = train.EarlyStopping{}, schedule.MultiStep(0.01, 1e32, 25)
	task := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.MLP(ops.ReLU, 8, 3)}
	var steps []int
	for _, run.Explain = range []bool{false, true} {
		tr := mustNew(t, task, optimizers.Momentum(), graph.Float32, 1)
		h, err := tr.Fit(context.Background(), run)
		var d *train.DivergedError
		if !errors.As(err, &d) || len(h.Epochs) != 1 {
			t.Fatalf("%d epochs, %v", len(h.Epochs), err)
		}
		steps = append(steps, d.Step)
		if !run.Explain {
			continue
		}
		once := run
		once.Epochs = 1
		start := mustNew(t, task, optimizers.Momentum(), graph.Float32, 1)
		if _, err := start.Fit(context.Background(), once); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(bits(tr), bits(start)) || tr.Steps() != start.Steps() {
			t.Errorf("after %d steps, not the weights of the epoch's start, after %d", tr.Steps(), start.Steps())
		}
	}
	if steps[0] != steps[1] || steps[0] <= 25 || steps[0] > 36 {
		t.Errorf("it diverges at step %d, and explained at step %d", steps[0], steps[1])
	}
}

func TestDeterminism(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want map[string][]float64
	for _, procs := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(procs)
		tr := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
		if _, err := tr.Fit(context.Background(), iris(t)); err != nil {
			t.Fatal(err)
		}
		if got := bits(tr); want == nil {
			want = got
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("GOMAXPROCS=%d gives other bits", procs)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	d := iris(t).Train
	rows := []int{5, 3, 8, 1, 0, 77}
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		tr := mustNew(t, irisTask(), optimizers.AdamW(), dtype, 1)
		step := func() {
			if _, err := tr.Step(d, rows, 1e-3); err != nil {
				t.Fatal(err)
			}
		}
		step()
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%v: %v allocations in a step", dtype, n)
		}
	}
}

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	run := iris(t)
	tr := mustNew(t, irisTask(), optimizers.Adam(), graph.Float32, 1)
	if _, err := tr.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	if err := tr.Save(path); err != nil {
		t.Fatal(err)
	}
	want, _, err := tr.Predict(run.Val)
	if err != nil {
		t.Fatal(err)
	}
	again := mustNew(t, irisTask(), optimizers.SGD(), graph.Float32, 7)
	if err := again.Load(path); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := again.Predict(run.Val); !reflect.DeepEqual(got, want) {
		t.Error("the model that was loaded predicts something else")
	}
	other := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.Softmax(3)}
	if err := mustNew(t, other, optimizers.SGD(), graph.Float32, 7).Load(path); err == nil {
		t.Error("weights of another model are loaded")
	}
}

func TestMistakesAreReported(t *testing.T) {
	task := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.Dense(0)}
	if _, err := train.New(task, optimizers.SGD(), graph.Float32, 1); err == nil {
		t.Error("a layer of no units is accepted")
	}
	tr := mustNew(t, irisTask(), optimizers.SGD(), graph.Float32, 1)
	good := iris(t)
	wine := prepared(t, "wine", data.Options{}).Train
	diabetes := prepared(t, "diabetes", data.Options{}).Train
	for name, change := range map[string]func(r *train.Run){
		"no rows":           func(r *train.Run) { r.Train = nil },
		"other rows":        func(r *train.Run) { r.Train = wine },
		"numbers as target": func(r *train.Run) { r.Val = diabetes },
		"negative epochs":   func(r *train.Run) { r.Epochs = -1 },
		"no schedule":       func(r *train.Run) { r.Schedule = nil },
		"min delta":         func(r *train.Run) { r.Stop.MinDelta = math.NaN() },
		"resume":            func(r *train.Run) { r.Resume = true },
	} {
		run := good
		change(&run)
		if _, err := tr.Fit(context.Background(), run); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEpochJSON(t *testing.T) {
	e := train.Epoch{Epoch: 3, Step: 40, Loss: 0.1, LR: 1e-3, Seconds: 2, Val: map[string]float64{"loss": 0.2, "accuracy": 0.9}}
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"epoch":3,"loss":0.1,"lr":0.001,"seconds":2,"step":40,"val_accuracy":0.9,"val_loss":0.2}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var back train.Epoch
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, e) {
		t.Errorf("read as %+v, %v", back, err)
	}
	e.Loss = math.NaN()
	e.Val["r2"] = math.Inf(-1)
	text, err = json.Marshal(e)
	if err != nil || !bytes.Contains(text, []byte(`"loss":"nan"`)) || !bytes.Contains(text, []byte(`"val_r2":"-inf"`)) {
		t.Errorf("not finite: %s, %v", text, err)
	}
	if err := json.Unmarshal(text, &back); err != nil || !math.IsNaN(back.Loss) || !math.IsInf(back.Val["r2"], -1) {
		t.Errorf("read as %+v, %v", back, err)
	}
}
