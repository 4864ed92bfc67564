package train_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"descent/data"
	"descent/graph"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// digits returns a task on the digits, and their training rows.
func digits(b *testing.B, model models.Layer) (train.Task, *data.Dataset) {
	parts := prepared(b, "digits", data.Options{Scaling: data.MinMax, Seed: 1})
	return train.Task{Model: model, Loss: losses.CrossEntropy, Features: 64, Classes: 10}, parts.Train
}

// BenchmarkStep is a training step of the MLP 64-32-10 on digits.
func BenchmarkStep(b *testing.B) {
	task, d := digits(b, models.MLP(ops.ReLU, 32, 10))
	tr := mustNew(b, task, optimizers.Adam(), graph.Float32, 1)
	var rows []int
	for r := range data.NewBatches(d.Rows(), 32, 1, true).Epoch(0) {
		rows = r
		break
	}
	set := tr.Convert(d)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.Step(set, rows, 1e-3); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSweep trains that net for some epochs, with another seed each time: in turn
// by a new trainer and by one that is reset. It reports medians and their ratio.
func BenchmarkSweep(b *testing.B) {
	task, d := digits(b, models.MLP(ops.ReLU, 32, 10))
	used := mustNew(b, task, optimizers.Adam(), graph.Float32, 0)
	set := used.Convert(d)
	for _, epochs := range []int{1, 3, 10} {
		b.Run(fmt.Sprintf("epochs=%d", epochs), func(b *testing.B) {
			var fresh, reset []float64
			fit := func(begun time.Time, tr *train.Trainer) float64 {
				if _, err := tr.Fit(context.Background(), train.Run{Train: set, Epochs: epochs, Batch: 32, Schedule: schedule.Constant(1e-3)}); err != nil {
					b.Fatal(err)
				}
				return time.Since(begun).Seconds() * 1e3
			}
			for seed := uint64(1); b.Loop(); seed++ {
				begun := time.Now()
				fresh = append(fresh, fit(begun, mustNew(b, task, optimizers.Adam(), graph.Float32, seed)))
				begun = time.Now()
				if err := used.Reset(seed); err != nil {
					b.Fatal(err)
				}
				reset = append(reset, fit(begun, used))
			}
			b.ReportMetric(stats.Median(fresh), "ms_new")
			b.ReportMetric(stats.Median(reset), "ms_reset")
			b.ReportMetric(stats.Median(fresh)/stats.Median(reset), "ratio")
		})
	}
}

// BenchmarkPasses counts the passes over all digits until the training loss is a
// as low as three targets: by methods, and by Adam with all rows and with 32
// in a batch at the rate of a grid that needs least in sum; 401 is more than 400.
func BenchmarkPasses(b *testing.B) {
	for _, c := range []struct {
		name    string
		model   models.Layer
		targets []float64
	}{
		{"logistic", models.Dense(10), []float64{0.1, 0.03, 0.01}},
		{"mlp", models.MLP(ops.Tanh, 32, 10), []float64{0.1, 0.01, 0.001}},
	} {
		task, d := digits(b, c.model)
		for _, text := range []string{"lbfgs", "bfgs", "cg", "newton", "steepest"} {
			b.Run(c.name+"/"+text, func(b *testing.B) {
				m, err := search.ParseMethod(text, 1)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					report(b, c.targets, passes(b, task, train.Run{Train: d, Method: m}, c.targets))
				}
			})
		}
		for name, rows := range map[string]int{"adam, all rows": 0, "adam, 32 rows": 32} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				for b.Loop() {
					var best []int
					for _, lr := range []float64{3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1} {
						got := passes(b, task, train.Run{Train: d, Batch: rows, Seed: 1, Schedule: schedule.Constant(lr)}, c.targets)
						if best == nil || total(got) < total(best) {
							best = got
						}
					}
					report(b, c.targets, best)
				}
			})
		}
	}
}

const most = 400

func total(passes []int) (sum int) {
	for _, n := range passes {
		sum += n
	}
	return sum
}

// passes are those after which the training loss was first at most each target.
func passes(b *testing.B, task train.Task, run train.Run, targets []float64) []int {
	out := make([]int, len(targets))
	for i := range out {
		out[i] = most + 1
	}
	tr := mustNew(b, task, optimizers.Adam(), graph.Float32, 1)
	run.Epochs = most
	run.Callbacks = []train.Callback{func(s *train.State) error {
		if s.Ended == nil {
			return nil
		}
		scores, err := s.Evaluate(run.Train)
		if err != nil {
			return err
		}
		for i, target := range targets {
			if out[i] > most && scores.Loss <= target {
				out[i] = s.Ended.Epoch
			}
		}
		if out[len(out)-1] <= most {
			s.Stop("there")
		}
		return nil
	}}
	if _, err := tr.Fit(context.Background(), run); err != nil {
		b.Fatal(err)
	}
	return out
}

func report(b *testing.B, targets []float64, passes []int) {
	for i, n := range passes {
		b.ReportMetric(float64(n), fmt.Sprintf("to_%g", targets[i]))
	}
}
