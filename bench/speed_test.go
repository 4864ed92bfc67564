package bench

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"descent/bench/journal"
	"descent/data"
	"descent/graph"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
)

// BenchmarkStudy runs a study of 75 trainings, 5 optimizers with 11 trials and 4 scored
// runs, 20 epochs of 64-32-10 on the digits in batches of 32, on two workers; and in
// turns with it the loop of bench/peers' sweep: 75 trainings without protocol, scores,
// checks and journal. of_sweep is the rate of trainings as a part of the loop's. The loop
// has no rows to hold out, so that its epochs are longer: of_steps compares the rates of
// steps. journal is how much longer the study takes with a journal than without, in percent.
func BenchmarkStudy(b *testing.B) {
	src, err := data.Open("digits", data.CSVOptions{})
	if err != nil {
		b.Fatal(err)
	}
	divide := func(k int) (*data.Parts, error) {
		return src.Prepare("", data.Options{Scaling: data.MinMax, Fractions: data.Fractions{Val: .15, Test: .2}, Seed: uint64(k) + 1})
	}
	parts, err := divide(0)
	if err != nil {
		b.Fatal(err)
	}
	s := &sweep{divide: divide, parts: parts, entrants: entrants(b, "sgd", "momentum", "adagrad", "rmsprop", "adam")}
	for _, part := range []*data.Dataset{parts.Train, parts.Val, parts.Test} {
		n := part.Rows()
		s.xs, s.ys = append(s.xs, make([]float32, n*64)...), append(s.ys, make([]int, n)...)
		data.GatherArray(s.xs[s.rows*64:], arrayOf(b, part, "x"), numbered(n))
		data.GatherArray(s.ys[s.rows:], arrayOf(b, part, "y"), numbered(n))
		s.rows += n
	}
	var loop, bare, kept []float64
	for b.Loop() {
		loop = append(loop, seconds(func() { s.run(b) }))
		bare = append(bare, seconds(func() { s.study(b, nil) }))
		j, err := journal.Open(filepath.Join(b.TempDir(), "journal.jsonl"))
		if err != nil {
			b.Fatal(err)
		}
		kept = append(kept, seconds(func() { s.study(b, j) }))
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
	}
	rate := stats.Median(loop) / stats.Median(kept)
	steps := func(rows int) float64 { return float64((rows + sweepBatch - 1) / sweepBatch) }
	b.ReportMetric(rate, "of_sweep")
	b.ReportMetric(rate*steps(parts.Train.Rows())/steps(s.rows), "of_steps")
	b.ReportMetric(100*(stats.Median(kept)/stats.Median(bare)-1), "journal_%")
}

func seconds(f func()) float64 {
	began := time.Now()
	f()
	return time.Since(began).Seconds()
}

func arrayOf(t testing.TB, rows data.Rows, name string) data.Array {
	a, ok := rows.Array(name)
	if !ok {
		t.Fatalf("the rows have no array %q", name)
	}
	return a
}

func numbered(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A sweep trains nets without package train.
type sweep struct {
	entrants []Entrant
	divide   func(k int) (*data.Parts, error)
	parts    *data.Parts
	rows     int
	xs       []float32
	ys       []int
}

const sweepEpochs, sweepBatch, sweepRuns = 20, 32, 15

// study does what the sweep does, as a study.
func (s *sweep) study(b *testing.B, j *journal.Journal) {
	net := &Net{Data: "digits", Model: "mlp(32)", Loss: "cross_entropy", Parts: s.parts, Epochs: sweepEpochs, Batch: sweepBatch, Cases: s.divide,
		Task: train.Task{Loss: losses.CrossEntropy, Features: 64, Classes: 10, Model: models.MLP(ops.ReLU, 32, 10)}}
	study := &Study{Name: "digits", Problems: []Problem{net}, Entrants: s.entrants, Track: "lr", Trials: 10, Seed: 1, Seeds: 4, Workers: 2, Journal: j}
	if r, err := study.Run(context.Background()); err != nil || len(r.Runs)+len(r.Trials) != sweepRuns*len(s.entrants) {
		b.Fatal(err)
	}
}

// run trains all nets on two goroutines.
func (s *sweep) run(b *testing.B) {
	jobs := make(chan Entrant, sweepRuns*len(s.entrants))
	for range sweepRuns {
		for _, e := range s.entrants {
			jobs <- e
		}
	}
	close(jobs)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for e := range jobs {
				if err := s.train(e.Rule); err != nil {
					b.Error(err)
				}
			}
		})
	}
	workers.Wait()
}

func (s *sweep) train(r optimizers.Rule) error {
	root := graph.New(graph.Float32, 1)
	programs := map[int]func(rows []int) error{}
	for _, n := range []int{sweepBatch, s.rows % sweepBatch} {
		g := root.Sibling()
		x, y := g.Input("x", n, 64), g.Indices("y", n)
		t := optimizers.Descend(losses.CrossEntropy(models.MLP(ops.ReLU, 32, 10)(x), y), r)
		p, err := t.Compile()
		if err != nil {
			return err
		}
		xs, ys := graph.Buffer[float32](p, x), make([]int, n)
		feeds := []graph.Feed{graph.Let(y, ys), graph.Let(t.LR, []float64{0.01})}
		programs[n] = func(rows []int) error {
			data.Gather(xs, s.xs, 64, rows)
			data.Gather(ys, s.ys, 1, rows)
			return p.Run(feeds...)
		}
	}
	for epoch := range sweepEpochs {
		for rows := range data.NewBatches(s.rows, sweepBatch, 1, true).Epoch(epoch) {
			if err := programs[len(rows)](rows); err != nil {
				return err
			}
		}
	}
	return nil
}
