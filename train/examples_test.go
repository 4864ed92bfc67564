package train_test

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
	"descent/train/score"
)

// Two inputs, one of them bytes of pictures, and two targets with a loss each.
func ExampleTask_twoTargets() {
	const n = 64
	picture, price := make([]uint8, 4*n), make([]float32, n)
	class, total := make([]int, n), make([]float64, n)
	for i := range n {
		for k := range 4 {
			picture[4*i+k] = uint8(i * (37 + k))
		}
		class[i], price[i] = int(picture[4*i]>>7), float32(i%5)
		total[i] = float64(price[i]) + float64(class[i])
	}
	array := func(a data.Array, err error) data.Array {
		if err != nil {
			panic(err)
		}
		return a
	}
	rows := data.Arrays{
		"picture": array(data.NewArray(picture, 2, 2)),
		"price":   array(data.NewArray(price)),
		"class":   array(data.NewArray(class)),
		"total":   array(data.NewArray(total)),
	}
	task := train.Task{Truth: "class", Classes: 2, Compute: func(b *train.Batch) train.Result {
		pixels := ops.Scale(1./255, ops.Reshape(b.Numbers("picture", 2, 2), b.Rows(), 4))
		x := ops.Tanh(models.Dense(16)(ops.Concat(1, pixels, b.Numbers("price", 1))))
		class, total := models.Dense(2)(x), models.Dense(1)(x)
		return train.Result{
			Predictions: []train.Prediction{{Name: "class", Node: class}, {Name: "total", Node: total}},
			Losses: []train.Loss{
				{Name: "class", Weight: 1, Node: losses.CrossEntropy(class, b.Whole("class"))},
				{Name: "total", Weight: 0.5, Node: losses.MSE(total, b.Numbers("total", 1))},
			},
		}
	}}
	t, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	h, err := t.Fit(context.Background(), train.Run{Train: rows, Val: rows, Epochs: 150, Batch: 16, Schedule: schedule.Constant(0.02)})
	if err != nil {
		panic(err)
	}
	v := h.Epochs[149].Val
	fmt.Println(v["accuracy"] > 0.95, v["loss_total"] < 0.1, math.Abs(v["loss"]-v["loss_class"]-0.5*v["loss_total"]) < 1e-6)
	// Output: true true true
}

// A metric of one's own says which epoch is best.
func ExampleMetric() {
	src, err := data.Open("iris", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: 0.2}, Seed: 1})
	if err != nil {
		panic(err)
	}
	worst := train.Metric{Name: "worst_class", Doc: "lowest recall of a class", Larger: true, Whole: func(o *train.Outcome) float64 {
		right, all := make([]float64, 3), make([]float64, 3)
		decided := o.Decided()
		for i, c := range o.Whole("y") {
			all[c]++
			if decided[i] == c {
				right[c]++
			}
		}
		return min(right[0]/all[0], right[1]/all[1], right[2]/all[2])
	}}
	t, err := train.New(train.Task{Model: models.MLP(ops.Tanh, 16, 3), Loss: losses.CrossEntropy, Features: 4, Classes: 3,
		Metrics: []train.Metric{worst}}, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	h, err := t.Fit(context.Background(), train.Run{Train: parts.Train, Val: parts.Val, Epochs: 20, Batch: 16,
		Schedule: schedule.Constant(0.01), Stop: train.EarlyStopping{Monitor: "val_worst_class", RestoreBest: true}})
	if err != nil {
		panic(err)
	}
	s, err := t.Evaluate(parts.Val)
	fmt.Println(s.Metrics["worst_class"] == h.Epochs[h.Best-1].Val["worst_class"], s.Metrics["worst_class"] > 0.7, err)
	// Output: true true <nil>
}

// A callback halves the rate, and ends a run that is good enough.
func ExampleCallback() {
	rows, err := data.FromFunc(64, func(i int) ([]float64, float64) {
		x := float64(i) / 64
		return []float64{x}, 2*x + 1
	})
	if err != nil {
		panic(err)
	}
	t, err := train.New(train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}, optimizers.Momentum(), graph.Float64, 1)
	if err != nil {
		panic(err)
	}
	h, err := t.Fit(context.Background(), train.Run{Train: rows, Epochs: 1000, Batch: 16, Schedule: schedule.Constant(0.1),
		Callbacks: []train.Callback{func(s *train.State) error {
			switch {
			case s.Ended == nil: // after a batch
			case s.Loss < 1e-6:
				s.Stop("good enough")
			case s.Epoch == 50:
				s.Scale(0.5)
			}
			return nil
		}}})
	fmt.Println(h.Reason, len(h.Epochs) < 1000, err)
	// Output: good enough true <nil>
}

// One trainer for many seeds and rates, and a predictor for goroutines.
func ExampleTrainer_Reset() {
	rows, err := data.FromFunc(64, func(i int) ([]float64, float64) {
		x := float64(i) / 64
		return []float64{x}, 2*x + 1
	})
	if err != nil {
		panic(err)
	}
	t, err := train.New(train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}, optimizers.SGD(), graph.Float64, 0)
	if err != nil {
		panic(err)
	}
	best, rate := math.Inf(1), 0.0
	for _, lr := range []float64{0.01, 0.1, 0.5} {
		sum := 0.0
		for seed := range uint64(3) {
			if err := t.Reset(seed); err != nil {
				panic(err)
			}
			h, err := t.Fit(context.Background(), train.Run{Train: rows, Epochs: 20, Batch: 16, Seed: seed, Schedule: schedule.Constant(lr)})
			if err != nil {
				panic(err)
			}
			sum += h.Epochs[19].Loss
		}
		if sum < best {
			best, rate = sum, lr
		}
	}
	p, err := t.Predictor() // its weights stay as they are
	if err != nil {
		panic(err)
	}
	out, width, err := p.Predict(rows)
	fmt.Println(rate, len(out), width, err)
	// Output: 0.5 64 1 <nil>
}

// A search in place of a rule: no rate, no batches.
func ExampleRun_method() {
	rows, err := data.FromFunc(64, func(i int) ([]float64, float64) {
		x := float64(i) / 64
		return []float64{x}, 2*x + 1
	})
	if err != nil {
		panic(err)
	}
	t, err := train.New(train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}, nil, graph.Float64, 1)
	if err != nil {
		panic(err)
	}
	if _, err := t.Fit(context.Background(), train.Run{Train: rows, Epochs: 100, Method: search.NewLBFGS()}); err != nil {
		panic(err)
	}
	s, err := t.Evaluate(rows)
	fmt.Println(s.Metrics["rmse"] < 1e-7, err)
	// Output: true <nil>
}

// Probabilities are corrected on rows that were not trained on, and the threshold
// between two classes is chosen there.
func ExampleTrainer_Calibrate() {
	src, err := data.Open("breast_cancer", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Val: 0.2, Test: 0.2}, Seed: 1})
	if err != nil {
		panic(err)
	}
	t, err := train.New(train.Task{Model: models.MLP(ops.Tanh, 16, 2), Loss: losses.CrossEntropy, Features: 30, Classes: 2, Gives: train.Logits},
		optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	if _, err := t.Fit(context.Background(), train.Run{Train: parts.Train, Epochs: 60, Batch: 16, Schedule: schedule.Constant(0.01)}); err != nil {
		panic(err)
	}
	before, err := t.Evaluate(parts.Test)
	if err != nil {
		panic(err)
	}
	held, err := t.Classes(parts.Val)
	if err != nil {
		panic(err)
	}
	c, err := score.Calibrate("temperature", held, nil)
	if err != nil {
		panic(err)
	}
	aim, err := score.ParseAim("recall@precision=0.9")
	if err != nil {
		panic(err)
	}
	threshold, err := aim.Choose(c.Applied(held))
	if err != nil {
		panic(err)
	}
	c.Aimed(aim, threshold)
	if err := t.Calibrate(c); err != nil {
		panic(err)
	}
	after, err := t.Evaluate(parts.Test)
	fmt.Println(c.Temperature > 1, after.Metrics["log_loss"] < before.Metrics["log_loss"], after.Each[1].Recall >= before.Each[1].Recall, err)
	// Output: true true true <nil>
}

// A net starts from the weights of another, whose first layer stays as it is.
func ExampleTrainer_Start() {
	src, err := data.Open("iris", data.CSVOptions{})
	if err != nil {
		panic(err)
	}
	parts, err := src.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	if err != nil {
		panic(err)
	}
	task := train.Task{Loss: losses.CrossEntropy, Features: 4, Classes: 3, Model: models.Sequential(models.Dense(16), ops.Tanh, models.Dense(3))}
	run := train.Run{Train: parts.Train, Epochs: 20, Batch: 16, Schedule: schedule.Constant(0.01)}
	old, err := train.New(task, optimizers.Adam(), graph.Float32, 1)
	if err != nil {
		panic(err)
	}
	if _, err := old.Fit(context.Background(), run); err != nil {
		panic(err)
	}
	weights, err := old.Encode(nil)
	if err != nil {
		panic(err)
	}
	task.Model = models.Sequential(models.Freeze(models.Dense(16), ops.Tanh), models.Dense(8), ops.Tanh, models.Dense(3))
	t, err := train.New(task, optimizers.Adam(), graph.Float32, 2)
	if err != nil {
		panic(err)
	}
	start, err := t.Start(weights)
	if err != nil {
		panic(err)
	}
	if _, err := t.Fit(context.Background(), run); err != nil {
		panic(err)
	}
	same := slices.Equal(t.Store().Lookup("dense.w").Float64s(), old.Store().Lookup("dense.w").Float64s())
	s, err := t.Evaluate(parts.Test)
	fmt.Println(start.Taken, start.Fresh, start.Spare)
	fmt.Println(same, s.Metrics["accuracy"] > 0.9, err)
	// Output:
	// [dense.b dense.w] [dense2.b dense2.w dense3.b dense3.w] [dense2.b (3, and 8 here) dense2.w (16x3, and 16x8 here)]
	// true true <nil>
}
