package train_test

import (
	"context"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// array returns values as an array of rows.
func array[T data.Value](t testing.TB, values []T, shape ...int) data.Array {
	t.Helper()
	a, err := data.NewArray(values, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// twoRows are two inputs, one of them bytes of pictures, and two targets.
func twoRows(t testing.TB, n int) data.Arrays {
	pictures, price := make([]uint8, 4*n), make([]float32, n)
	total, class := make([]float64, n), make([]int, n)
	for i := range n {
		for k := range 4 {
			pictures[4*i+k] = uint8((i*37 + k*91) % 256)
			total[i] += float64(pictures[4*i+k]) / 255
		}
		price[i] = float32(i%10) / 10
		total[i] += 2 * float64(price[i])
		if pictures[4*i] > 127 {
			class[i] = 1
		}
	}
	return data.Arrays{"picture": array(t, pictures, 2, 2), "price": array(t, price),
		"total": array(t, total), "bright": array(t, class)}
}

// twoTask predicts a sum and a class of pictures and a number.
func twoTask() train.Task {
	return train.Task{Truth: "bright", Classes: 2, Compute: func(b *train.Batch) train.Result {
		n := b.Rows()
		picture := ops.Scale(1./255, ops.Reshape(b.Numbers("picture", 2, 2), n, 4))
		x := ops.Concat(1, picture, b.Numbers("price", 1))
		logits, total := models.Dense(2)(x), models.Dense(1)(x)
		return train.Result{
			Predictions: []train.Prediction{{Name: "class", Node: logits}, {Name: "total", Node: total}},
			Losses: []train.Loss{
				{Name: "class", Weight: 1, Node: losses.CrossEntropy(logits, b.Whole("bright"))},
				{Name: "total", Weight: 0.5, Node: losses.MSE(total, b.Numbers("total", 1))},
				{Name: "size", Node: ops.Mean(ops.Square(logits))},
			},
		}
	}}
}

// TestTwoInputsTwoTargets: both targets are learned, each loss is reported by name
// and their weighted sum is the loss, in training and in evaluation, and a run can
// be resumed bit for bit.
func TestTwoInputsTwoTargets(t *testing.T) {
	rows := twoRows(t, 90)
	run := train.Run{Train: rows, Val: rows, Epochs: 60, Batch: 20, Seed: 1, Schedule: schedule.Constant(0.05),
		Stop: train.EarlyStopping{Monitor: "val_loss_total", RestoreBest: true}}
	for _, dtype := range []graph.Dtype{graph.Float32, graph.Float64} {
		whole := mustNew(t, twoTask(), optimizers.Adam(), dtype, 1)
		h, err := whole.Fit(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		last := h.Epochs[len(h.Epochs)-1]
		if v := last.Val; v["accuracy"] < 0.95 || v["loss_total"] > 1e-2 ||
			math.Abs(v["loss"]-v["loss_class"]-0.5*v["loss_total"]) > 1e-6 || v["loss_size"] == 0 {
			t.Errorf("%v", v)
		}
		if l := last.Losses; math.Abs(last.Loss-l["class"]-0.5*l["total"]) > 1e-6 || l["size"] == 0 {
			t.Errorf("loss %v of %v", last.Loss, l)
		}
		text, err := numjson.Marshal(last)
		if err != nil {
			t.Fatal(err)
		}
		var back train.Epoch
		if err := numjson.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, last) {
			t.Errorf("%s read as %+v, %v", text, back, err)
		}

		run := run
		run.Checkpoint, run.Resume = filepath.Join(t.TempDir(), "c"), true
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		run.OnBatch = func(train.Progress) {
			if n++; n == 103 {
				cancel()
			}
		}
		if _, err := mustNew(t, twoTask(), optimizers.Adam(), dtype, 1).Fit(ctx, run); err == nil {
			t.Fatal("not interrupted")
		}
		run.OnBatch = nil
		again := mustNew(t, twoTask(), optimizers.Adam(), dtype, 1)
		h2, err := again.Fit(context.Background(), run)
		if err != nil || !reflect.DeepEqual(bits(again), bits(whole)) || !reflect.DeepEqual(h2.Epochs[59].Losses, last.Losses) {
			t.Errorf("resumed, it is another run: %v", err)
		}

		p, err := whole.Predictor()
		if err != nil {
			t.Fatal(err)
		}
		inputs := data.Arrays{"picture": rows["picture"], "price": rows["price"]}
		if err := p.Each(inputs, func(first, n int, out []train.Output) error {
			for i, x := range out[1].Values {
				if want := inputs.Rows(); want != 90 || math.Abs(x-at(rows["total"], first+i)) > 0.5 {
					t.Errorf("row %d: total %v, want %v", first+i, x, at(rows["total"], first+i))
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

func at(a data.Array, row int) float64 {
	var x [1]float64
	data.GatherArray(x[:], a, []int{row})
	return x[0]
}

// TestAutoencoder: a loss that sees the input. Through two units pass the two
// directions in which the rows lie, so that what is lost goes to 0.
func TestAutoencoder(t *testing.T) {
	x := make([]float64, 5*40)
	for i := range 40 {
		for k := range 5 {
			x[5*i+k] = math.Sin(float64(i))*float64(k-2) + math.Cos(2*float64(i))
		}
	}
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		x := b.Numbers("x", 5)
		code := models.Dense(2)(x)
		again := models.Dense(5)(code)
		return train.Result{Predictions: []train.Prediction{{Name: "again", Node: again}, {Name: "code", Node: code}},
			Losses: []train.Loss{{Name: "again", Weight: 1, Node: losses.MSE(again, x)}}}
	}}
	tr := mustNew(t, task, optimizers.Adam(), graph.Float64, 1)
	rows := data.Arrays{"x": array(t, x, 5)}
	h, err := tr.Fit(context.Background(), train.Run{Train: rows, Val: rows, Epochs: 600, Schedule: schedule.Constant(0.03)})
	if err != nil {
		t.Fatal(err)
	}
	if last := h.Epochs[599]; last.Val["loss"] > 1e-3 || len(last.Val) != 1 {
		t.Errorf("%v", last.Val)
	}
}

// TestTokens: whole numbers of any shape choose rows of a table. The mean of a
// sequence's entries is learned exactly: token k is worth k.
func TestTokens(t *testing.T) {
	tokens, mean := make([]int, 3*50), make([]float64, 50)
	for i := range tokens {
		tokens[i] = (i*i + i/7) % 6
		mean[i/3] += float64(tokens[i]) / 3
	}
	task := train.Task{Truth: "mean", Compute: func(b *train.Batch) train.Result {
		table := b.Graph().Param("table", graph.Zeros, 6, 1)
		ids := ops.Reshape(b.Whole("tokens", 3), b.Rows()*3)
		pred := ops.Mean(ops.Reshape(ops.Take(table, ids, 0), b.Rows(), 3), 1)
		pred = ops.Reshape(pred, b.Rows(), 1)
		return train.Result{Predictions: []train.Prediction{{Name: "mean", Node: pred}}, Losses: []train.Loss{{Name: "mse", Weight: 1, Node: losses.MSE(pred, b.Numbers("mean", 1))}}}
	}}
	tr := mustNew(t, task, optimizers.Adam(), graph.Float64, 1)
	rows := data.Arrays{"tokens": array(t, tokens, 3), "mean": array(t, mean)}
	if _, err := tr.Fit(context.Background(), train.Run{Train: rows, Epochs: 500, Batch: 16, Schedule: schedule.Constant(0.05)}); err != nil {
		t.Fatal(err)
	}
	for k, x := range tr.Store().Lookup("table").Float64s() {
		if math.Abs(x-float64(k)) > 0.05 {
			t.Errorf("token %d is worth %v", k, x)
		}
	}
	bad := data.Arrays{"tokens": array(t, []int{0, 1, 6}, 3), "mean": array(t, []float64{0})}
	if _, err := tr.Step(bad, []int{0}, 0); err == nil || !strings.Contains(err.Error(), "tokens[0, 2] = 6") {
		t.Errorf("a token beyond the table: %v", err)
	}
}

// TestRowWeights: weighted least squares is the closed form.
func TestRowWeights(t *testing.T) {
	d := line(40)
	var sw, swx, swy, swxx, swxy float64
	for i := range d.Y {
		x := d.X.Row(nil, i)[0]
		d.Y[i] = math.Sin(5 * x)
		w := float64(i%4) / 1.5 // mean 1; some rows count for nothing
		d.Weight = append(d.Weight, w)
		sw, swx, swy, swxx, swxy = sw+w, swx+w*x, swy+w*d.Y[i], swxx+w*x*x, swxy+w*x*d.Y[i]
	}
	slope := (sw*swxy - swx*swy) / (sw*swxx - swx*swx)
	want := map[string]float64{"dense.w": slope, "dense.b": (swy - slope*swx) / sw}
	task := train.Task{Model: models.Linear(), Loss: losses.MSEWith(losses.None), Features: 1, Weighted: true}
	for _, accumulate := range []int{0, 3} {
		tr := mustNew(t, task, optimizers.Momentum(), graph.Float64, 1)
		run := train.Run{Train: d, Epochs: 1500, InOrder: true, Batch: 15, Accumulate: accumulate, Schedule: schedule.Constant(0.02)}
		if accumulate == 0 {
			run.Batch = 0
		}
		if _, err := tr.Fit(context.Background(), run); err != nil {
			t.Fatal(err)
		}
		for _, v := range tr.Store().Variables() {
			if x, ok := want[v.Name()]; ok && math.Abs(v.Float64s()[0]-x) > 1e-9 {
				t.Errorf("accumulate %d: %s is %v, the closed form %v", accumulate, v.Name(), v.Float64s()[0], x)
			}
		}
	}
	task.Loss = losses.MSE
	if _, err := train.New(task, optimizers.SGD(), graph.Float64, 1); err == nil || !strings.Contains(err.Error(), "no reduction") {
		t.Errorf("one number for all rows: %v", err)
	}
	task.Loss, d.Weight = losses.MSEWith(losses.None), nil
	if err := mustNew(t, task, optimizers.SGD(), graph.Float64, 1).Match(d); err == nil || !strings.Contains(err.Error(), `no array "weight"`) {
		t.Errorf("rows without weights: %v", err)
	}
}

// TestClassWeights: weights of classes are weights of rows, in each form that a target
// has, and scores other than the loss do not have them.
func TestClassWeights(t *testing.T) {
	three, two := iris(t).Train.(*data.Dataset), *iris(t).Train.(*data.Dataset)
	two.Classes, two.Class = []string{"a", "b"}, slices.Clone(two.Class)
	for i, c := range two.Class {
		two.Class[i] = min(c, 1)
	}
	for name, c := range map[string]struct {
		task train.Task
		d    *data.Dataset
	}{
		"numbers of classes": {train.Task{Model: models.Dense(3), Loss: losses.CrossEntropyWith(losses.CrossEntropyOptions{Reduction: losses.None}), Classes: 3, ClassWeight: []float64{0.5, 2, 3}}, three},
		"one hot":            {train.Task{Model: models.Dense(3), Loss: losses.MSEWith(losses.None), OneHot: true, Classes: 3, ClassWeight: []float64{0.5, 2, 3}}, three},
		"0 and 1":            {train.Task{Model: models.Dense(1), Loss: losses.MSEWith(losses.None), Classes: 2, ClassWeight: []float64{0.5, 2}}, &two},
	} {
		c.task.Features = 4
		rows := *c.d
		for _, k := range rows.Class {
			rows.Weight = append(rows.Weight, c.task.ClassWeight[k])
		}
		other := c.task
		other.Weighted, other.ClassWeight = true, nil
		a, err := mustNew(t, c.task, optimizers.SGD(), graph.Float64, 1).Evaluate(c.d)
		if err != nil {
			t.Fatal(err)
		}
		b, err := mustNew(t, other, optimizers.SGD(), graph.Float64, 1).Evaluate(&rows)
		if err != nil {
			t.Fatal(err)
		}
		other.Weighted = false
		other.Loss = func(pred, y *graph.Node) *graph.Node { return ops.Mean(c.task.Loss(pred, y)) }
		plain, err := mustNew(t, other, optimizers.SGD(), graph.Float64, 1).Evaluate(c.d)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.Loss-b.Loss) > 1e-12 || a.Loss == plain.Loss || a.Metrics["accuracy"] != plain.Metrics["accuracy"] || b.Metrics["accuracy"] == plain.Metrics["accuracy"] {
			t.Errorf("%s: loss %v, by rows %v, without %v; accuracy %v, %v, %v", name, a.Loss, b.Loss, plain.Loss, a.Metrics["accuracy"], b.Metrics["accuracy"], plain.Metrics["accuracy"])
		}
	}
	task := irisTask()
	for _, w := range [][]float64{{1, 2}, {1, 2, 0}, {1, 2, -1}, {1, 2, math.NaN()}} {
		task.ClassWeight = w
		if _, err := train.New(task, optimizers.SGD(), graph.Float64, 1); err == nil || !strings.Contains(err.Error(), "a number above 0 for each of 3 classes") {
			t.Errorf("%v: %v", w, err)
		}
	}
}

// TestOwnMetric: metrics by sums and by all predictions, with what they are of, and
// one that is monitored: the best epoch is that of the largest.
func TestOwnMetric(t *testing.T) {
	task := irisTask()
	hits := func(o *train.Outcome) (n float64) {
		for i, c := range o.Decided() {
			if c == o.Whole("y")[i] {
				n++
			}
		}
		return n
	}
	task.Metrics = []train.Metric{
		{Name: "hits", Larger: true, Whole: hits},
		{Name: "hit_rate", Larger: true, Sums: 2, Add: func(o *train.Outcome, sums []float64) {
			sums[0] += hits(o)
			sums[1] += float64(o.Len())
		}, Mean: func(sums []float64) float64 { return sums[0] / sums[1] }},
	}
	run := iris(t)
	run.Epochs, run.Schedule, run.Stop.Monitor = 30, schedule.Constant(0.3), "val_hits" // wild
	tr := mustNew(t, task, optimizers.Adam(), graph.Float32, 1)
	h, err := tr.Fit(context.Background(), run)
	if err != nil {
		t.Fatal(err)
	}
	most := 0.0
	for _, e := range h.Epochs {
		most = max(most, e.Val["hits"])
		if e.Val["hit_rate"] != e.Val["accuracy"] || e.Val["hits"] != math.Round(e.Val["accuracy"]*float64(run.Val.Rows())) {
			t.Errorf("%v", e.Val)
		}
	}
	if s, err := tr.Evaluate(run.Val); err != nil || s.Metrics["hits"] != most || h.Epochs[h.Best-1].Val["hits"] != most {
		t.Errorf("the best epoch is %d with %v hits, there were %v", h.Best, s.Metrics["hits"], most)
	}
	for want, m := range map[string]train.Metric{
		"needs one of Classes": {Name: "a"},
		"a name of its own":    {Name: "accuracy", Whole: hits},
		`metric "loss_a"`:      {Name: "loss_a", Whole: hits},
	} {
		task.Metrics = []train.Metric{m}
		if _, err := train.New(task, optimizers.SGD(), graph.Float32, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// TestGenerator: batches that are made, from a seed and their numbers, are repeated
// by a resumed run, and one that is not what was promised is refused.
func TestGenerator(t *testing.T) {
	task := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1}
	gen := &data.Generator{Batches: 5, Size: 6, Make: func(seed uint64, epoch, batch int) (data.Rows, error) {
		x, y := make([]float32, 6), make([]float32, 6)
		for i := range x {
			x[i] = float32(math.Sin(float64(int(seed) + 31*epoch + 7*batch + i)))
			y[i] = 3*x[i] - 1
		}
		return data.Arrays{"x": array(t, x, 1), "y": array(t, y)}, nil
	}}
	run := train.Run{Generate: gen, Val: line(9), Epochs: 100, Seed: 4, Schedule: schedule.Constant(0.05), Explain: true}
	for _, accumulate := range []int{0, 2} {
		run.Accumulate, run.Checkpoint, run.Resume = accumulate, "", false
		whole := mustNew(t, task, optimizers.Momentum(), graph.Float64, 1)
		h, err := whole.Fit(context.Background(), run)
		if err != nil {
			t.Fatal(err)
		}
		if w := whole.Store().Lookup("dense.w").Float64s()[0]; math.Abs(w-3) > 1e-5 || h.Epochs[99].Loss > 1e-9 {
			t.Errorf("slope %v, loss %v", w, h.Epochs[99].Loss)
		}
		run.Checkpoint, run.Resume = filepath.Join(t.TempDir(), "c"), true
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		run.OnBatch = func(train.Progress) {
			if n++; n == 23 {
				cancel()
			}
		}
		if _, err := mustNew(t, task, optimizers.Momentum(), graph.Float64, 1).Fit(ctx, run); err == nil {
			t.Fatal("not interrupted")
		}
		run.OnBatch = nil
		again := mustNew(t, task, optimizers.Momentum(), graph.Float64, 1)
		if _, err := again.Fit(context.Background(), run); err != nil || !reflect.DeepEqual(bits(again), bits(whole)) {
			t.Errorf("accumulate %d: resumed, it is another run: %v", accumulate, err)
		}
	}
	run.Checkpoint, run.Resume = "", false
	for want, g := range map[string]*data.Generator{
		"all three are needed": {Batches: 5, Size: 6},
		"6 rows, not 7":        {Batches: 5, Size: 7, Make: gen.Make},
	} {
		run.Generate = g
		if _, err := mustNew(t, task, optimizers.SGD(), graph.Float64, 1).Fit(context.Background(), run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	run.Train = line(3)
	if _, err := mustNew(t, task, optimizers.SGD(), graph.Float64, 1).Fit(context.Background(), run); err == nil || !strings.Contains(err.Error(), "both Train and Generate") {
		t.Errorf("two sorts of rows: %v", err)
	}
}

// TestGeneralTaskMistakes: what cannot be trained is refused, with a name.
func TestGeneralTaskMistakes(t *testing.T) {
	for want, compute := range map[string]func(*train.Batch) train.Result{
		"no loss has a weight": func(b *train.Batch) train.Result {
			return train.Result{Losses: []train.Loss{{Name: "a", Node: ops.Mean(models.Dense(1)(b.Numbers("x", 2)))}}}
		},
		`loss "a" is 3x1`: func(b *train.Batch) train.Result {
			return train.Result{Losses: []train.Loss{{Name: "a", Weight: 1, Node: ops.Reshape(models.Dense(3)(b.Numbers("x", 2)), 3, 1)}}}
		},
		`loss ""`: func(b *train.Batch) train.Result {
			return train.Result{Losses: []train.Loss{{Weight: 1, Node: ops.Mean(b.Numbers("x", 2))}}}
		},
		`prediction "a" of 1 rows`: func(b *train.Batch) train.Result {
			l := ops.Mean(models.Dense(1)(b.Numbers("x", 2)))
			return train.Result{Predictions: []train.Prediction{{Name: "a", Node: l}}, Losses: []train.Loss{{Name: "a", Weight: 1, Node: l}}}
		},
		`"x" is already declared`: func(b *train.Batch) train.Result {
			l := ops.Mean(ops.Mul(models.Dense(1)(b.Numbers("x", 2)), b.Numbers("x", 1)))
			return train.Result{Losses: []train.Loss{{Name: "a", Weight: 1, Node: l}}}
		},
	} {
		_, err := train.New(train.Task{Compute: compute}, optimizers.SGD(), graph.Float64, 1)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	both := twoTask()
	both.Features = 4
	if _, err := train.New(both, optimizers.SGD(), graph.Float64, 1); err == nil || !strings.Contains(err.Error(), "has Compute") {
		t.Errorf("both forms: %v", err)
	}
	tr, rows := mustNew(t, twoTask(), optimizers.SGD(), graph.Float64, 1), twoRows(t, 8)
	for want, change := range map[string]func(data.Arrays){
		`no array "price"`:                          func(a data.Arrays) { delete(a, "price") },
		`"price" has 9 rows, others 8`:              func(a data.Arrays) { a["price"] = array(t, make([]float32, 9)) },
		`"bright" is taken as whole numbers`:        func(a data.Arrays) { a["bright"] = a["total"] },
		`rows of shape [4 1], the task takes [2 2]`: func(a data.Arrays) { a["picture"] = array(t, make([]uint8, 32), 4, 1) },
	} {
		bad := data.Arrays{}
		for name, a := range rows {
			bad[name] = a
		}
		change(bad)
		if _, err := tr.Step(bad, []int{0}, 0.1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	if n := testing.AllocsPerRun(20, func() {
		if _, err := tr.Step(rows, []int{3, 1, 7}, 1e-3); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations in a step", n)
	}
}

// TestTruthIsChecked: scores are compared with what is there, and is a class.
func TestTruthIsChecked(t *testing.T) {
	task := twoTask()
	task.Truth = "label"
	tr, rows := mustNew(t, task, optimizers.SGD(), graph.Float64, 1), twoRows(t, 8)
	for want, label := range map[string]data.Array{
		"":                         array(t, []uint8{0, 1, 0, 1, 0, 1, 0, 1}),
		"row 7 is of class 2":      array(t, []int{0, 1, 0, 1, 0, 1, 0, 2}),
		"is taken as whole number": rows["total"],
		"rows of shape [2]":        array(t, make([]int, 16), 2),
	} {
		rows["label"] = label
		if _, err := tr.Evaluate(rows); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	delete(rows, "label")
	if _, err := tr.Evaluate(rows); err == nil || !strings.Contains(err.Error(), `no array "label"`) {
		t.Errorf("no truth: %v", err)
	}
}

// What a task takes twice is one input.
func TestTakenTwice(t *testing.T) {
	rows := data.Arrays{"x": array(t, []float64{1, 2, 3, 4, 5, 6}, 2), "c": array(t, []int{2, 0, 1}), "k": array(t, []int{2, 0, 1})}
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		x, whole, hot := b.Numbers("x", 2), b.Whole("k"), b.OneHot("c", 3)
		if x != b.Numbers("x", 2) || whole != b.Whole("k") || hot != b.OneHot("c", 3) {
			t.Error("what is taken again is another input")
		}
		w := b.Graph().Param("w", graph.Fill(1), 2, 3)
		pred := ops.Add(ops.MatMul(x, w), hot)
		return train.Result{Predictions: []train.Prediction{{Name: "p", Node: pred}}, Losses: []train.Loss{{Name: "l", Weight: 1, Node: losses.CrossEntropy(pred, whole)}}}
	}}
	tr := mustNew(t, task, optimizers.SGD(), graph.Float64, 1)
	out, width, err := tr.Predict(rows)
	if want := []float64{3, 3, 4, 8, 7, 7, 11, 12, 11}; err != nil || width != 3 || !reflect.DeepEqual(out, want) {
		t.Errorf("%v of %d, %v; want %v", out, width, err, want)
	}
	for _, missing := range []string{"x", "c"} {
		some := data.Arrays{"x": rows["x"], "c": rows["c"], "k": rows["k"]}
		delete(some, missing)
		some["more"] = rows["x"]
		if _, _, err := tr.Predict(some); err == nil || !strings.Contains(err.Error(), `no array "`+missing+`"`) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
