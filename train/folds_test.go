package train_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"reflect"
	"testing"

	"descent/bench/inference"
	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// How good are nets like this on wine, and how sure is that?
func ExampleCrossValidate() {
	source, err := data.Open("wine", data.CSVOptions{})
	if err != nil {
		log.Fatal(err)
	}
	rows, err := source.Folds("", data.Options{Scaling: data.Standard, Seed: 1}, data.Folds{K: 5, Repeats: 4})
	if err != nil {
		log.Fatal(err)
	}
	task := train.Task{Model: models.MLP(ops.ReLU, 16, 3), Loss: losses.CrossEntropy, Features: 13, Classes: 3}
	accuracy := make([]float64, rows.Len())
	err = train.CrossValidate(context.Background(), rows.Len(), 2, func() (func(context.Context, int) error, error) {
		t, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
		return func(ctx context.Context, i int) error {
			p, err := rows.Parts(i)
			if err != nil {
				return err
			}
			if err := t.Reset(uint64(i)); err != nil {
				return err
			}
			if _, err := t.Fit(ctx, train.Run{Train: p.Train, Epochs: 30, Batch: 16, Seed: uint64(i), Schedule: schedule.Constant(0.01)}); err != nil {
				return err
			}
			s, err := t.Evaluate(p.Test)
			if err == nil {
				accuracy[i] = s.Metrics["accuracy"]
			}
			return err
		}, err
	})
	if err != nil {
		log.Fatal(err)
	}
	mean, ci := inference.Resampled(accuracy, 1.0/4)
	fmt.Printf("accuracy %.2f, 95 %% interval %.2f to %.2f\n", mean, ci.Lo, min(ci.Hi, 1))
	// Output: accuracy 0.98, 95 % interval 0.96 to 1.00
}

// What a division gives is what a trainer of its own gives, on any number of goroutines;
// errors and contexts end it.
func TestCrossValidate(t *testing.T) {
	source, err := data.Open("iris", data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := source.Folds("", data.Options{Scaling: data.Standard, Seed: 2}, data.Folds{K: 3, Repeats: 2})
	if err != nil {
		t.Fatal(err)
	}
	task := train.Task{Model: models.MLP(ops.ReLU, 8, 3), Loss: losses.CrossEntropy, Features: 4, Classes: 3}
	fit := func(ctx context.Context, tr *train.Trainer, i int) ([]float64, error) {
		p, err := rows.Parts(i)
		if err != nil {
			return nil, err
		}
		if err := tr.Reset(uint64(i)); err != nil {
			return nil, err
		}
		if _, err := tr.Fit(ctx, train.Run{Train: p.Train, Epochs: 3, Batch: 16, Seed: uint64(i), Schedule: schedule.Constant(0.01)}); err != nil {
			return nil, err
		}
		out, _, err := tr.Predict(p.Test)
		return out, err
	}
	begin := func() *train.Trainer {
		tr, err := train.New(task, optimizers.Adam(), graph.Float32, 9)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	ctx := context.Background()
	var want [][]float64
	for i := range rows.Len() {
		out, err := fit(ctx, begin(), i)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, out)
	}
	for workers := 1; workers <= 3; workers++ {
		got := make([][]float64, len(want))
		err := train.CrossValidate(ctx, rows.Len(), workers, func() (func(context.Context, int) error, error) {
			tr := begin()
			return func(ctx context.Context, i int) (err error) {
				got[i], err = fit(ctx, tr, i)
				return err
			}, nil
		})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d goroutines: %v, or other bits than runs alone", workers, err)
		}
	}

	wrong, calls := errors.New("wrong"), 0
	err = train.CrossValidate(ctx, rows.Len(), 1, func() (func(context.Context, int) error, error) {
		return func(_ context.Context, i int) error {
			if calls++; i == 1 {
				return wrong
			}
			return nil
		}, nil
	})
	if !errors.Is(err, wrong) || calls != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := train.CrossValidate(canceled, rows.Len(), 2, func() (func(context.Context, int) error, error) {
		return func(context.Context, int) error { return nil }, nil
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
