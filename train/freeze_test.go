package train_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// trunk is a frozen part behind a layer that is trained and before one, with all that
// training could change.
func trunk(frozen func(...models.Layer) models.Layer) train.Task {
	return train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.Sequential(models.Dense(6),
		frozen(models.Dense(8), models.BatchNorm(0.1), ops.ReLU, models.Dropout(0.3), models.LayerNorm()), models.Dense(3))}
}

// still are the variables of the frozen part.
func still(all map[string][]float64) map[string][]float64 {
	some := maps.Clone(all)
	maps.DeleteFunc(some, func(name string, _ []float64) bool {
		return !slices.Contains([]string{"dense2.w", "dense2.b", "batchnorm.mean", "batchnorm.var", "batchnorm.gain", "batchnorm.shift", "layernorm.gain", "layernorm.shift"}, name)
	})
	return some
}

// No rule moves what is frozen, lets it decay or keeps a state for it, whatever stands
// before and behind it, in whole steps and in gathered ones; and what is around it moves.
func TestNoRuleMovesTheFrozen(t *testing.T) {
	run := iris(t)
	run.Epochs = 2
	for i := range optimizers.Table {
		e := &optimizers.Table[i]
		rule := optimizers.Chain{e.New()}
		if e.LR == 0 {
			rule = append(rule, optimizers.SGD())
		}
		if e.Name == "freeze" {
			continue // which moves nothing at all
		}
		for _, rule := range []optimizers.Chain{rule, append(optimizers.Chain{optimizers.Decay(0.1), optimizers.L2(0.1)}, rule...)} {
			task := trunk(models.Freeze)
			task.Penalty = func(params []*graph.Node) *graph.Node {
				sum := ops.Sum(ops.Square(params[0]))
				for _, p := range params[1:] {
					sum = ops.Add(sum, ops.Sum(ops.Square(p)))
				}
				return sum
			}
			tr := mustNew(t, task, rule, graph.Float32, 1)
			before := bits(tr)
			run.Accumulate = 1 + i%2
			run.Schedule = schedule.Constant(cmp.Or(e.LR, 1e-3))
			if _, err := tr.Fit(context.Background(), run); err != nil {
				t.Fatal(e.Name, err)
			}
			after := bits(tr)
			if len(still(before)) != 8 || !reflect.DeepEqual(still(before), still(after)) {
				t.Errorf("%s changes what is frozen", optimizers.Format(rule))
			}
			for _, name := range []string{"dense.w", "dense3.w"} {
				if reflect.DeepEqual(before[name], after[name]) {
					t.Errorf("%s leaves %s as it is, which is not frozen", optimizers.Format(rule), name)
				}
			}
			for name := range after {
				if strings.HasPrefix(name, "dense2.w/") || strings.HasPrefix(name, "dropout") {
					t.Errorf("%s keeps %s for what is frozen", optimizers.Format(rule), name)
				}
			}
		}
	}
}

// A method leaves it as well, and minimises the loss of the net that there is: from the
// same weights, the loss that it starts with is that of the trainer.
func TestNoMethodMovesTheFrozen(t *testing.T) {
	run := iris(t)
	given, err := mustNew(t, trunk(models.Sequential), optimizers.Adam(), graph.Float32, 7).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range search.Table {
		tr := mustNew(t, trunk(models.Freeze), nil, graph.Float32, 1)
		if _, err := tr.Start(given); err != nil {
			t.Fatal(err)
		}
		before := bits(tr)
		start, err := tr.Evaluate(run.Train)
		if err != nil {
			t.Fatal(err)
		}
		h, err := tr.Fit(context.Background(), train.Run{Train: run.Train, Epochs: 8, Method: e.New(1)})
		if err != nil && e.Squares && strings.Contains(err.Error(), "sums of squares") {
			continue
		}
		if err != nil {
			t.Fatal(e.Name, err)
		}
		end, err := tr.Evaluate(run.Train)
		switch {
		case err != nil:
			t.Fatal(err)
		case !reflect.DeepEqual(still(before), still(bits(tr))):
			t.Errorf("%s changes what is frozen", e.Name)
		case !(end.Loss <= start.Loss*(1+1e-6)):
			t.Errorf("%s: the loss goes from %v to %v", e.Name, start.Loss, end.Loss)
		}
		if d := h.Epochs[len(h.Epochs)-1].Loss/end.Loss - 1; !(d < 1e-4 && d > -1e-4) {
			t.Errorf("%s searched in another net: loss %v, and %v of the trainer", e.Name, h.Epochs[len(h.Epochs)-1].Loss, end.Loss)
		}
	}
}

// A frozen part gives in training what it gives in evaluation, and gradients go through
// it: with the same net, in which nothing but it is used, a plain step of what is before it
// is the product with its own matrix, written out.
func TestFrozenIsAFunction(t *testing.T) {
	g := graph.New(graph.Float64, 3)
	x := g.Input("x", 2, 3)
	first := models.Dense(3)(x)
	y := models.Freeze(models.DenseWith(models.DenseOptions{Units: 2, NoBias: true}))(first)
	loss := ops.Sum(y)
	grads := graph.Grad(loss, g.Params()...)
	if len(g.Params()) != 2 {
		t.Fatalf("%d parameters are trained", len(g.Params()))
	}
	p, err := graph.Function{Outputs: grads}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	in := []float64{1, 2, 3, 4, 5, 6}
	if err := p.Run(graph.Let(x, in)); err != nil {
		t.Fatal(err)
	}
	w := g.Leaf("dense2.w").Variable().Float64s() // 3 x 2
	got := p.Float64s(grads[0])
	for i := range 3 {
		for j := range 3 {
			want := (in[i] + in[3+i]) * (w[2*j] + w[2*j+1])
			if d := got[3*i+j] - want; d > 1e-12 || d < -1e-12 {
				t.Errorf("gradient [%d, %d] is %v, want %v", i, j, got[3*i+j], want)
			}
		}
	}
}

// What is frozen in one place is frozen in all.
func TestSharedFrozen(t *testing.T) {
	for _, frozenFirst := range []bool{true, false} {
		g, layer := graph.New(graph.Float32, 1), models.Dense(3)
		x, in := g.Input("x", 2, 3), []models.Layer{layer, models.Freeze(layer)}
		if frozenFirst {
			slices.Reverse(in)
		}
		params := g.Params()
		y := models.Sequential(append(in, models.Dense(1))...)(x)
		if err := graph.Mistakes(y); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range g.Params() {
			names = append(names, p.Name())
		}
		if want := []string{"dense2.w", "dense2.b"}; !slices.Equal(names, want) || len(params) != 0 {
			t.Errorf("frozen first %v: %v are trained, want %v", frozenFirst, names, want)
		}
	}
}

func TestNothingToTrain(t *testing.T) {
	task := train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.Freeze(models.Dense(3))}
	for _, rule := range []optimizers.Rule{optimizers.Adam(), nil} {
		if _, err := train.New(task, rule, graph.Float32, 1); err == nil || !strings.Contains(err.Error(), "frozen") {
			t.Errorf("a net of which all is frozen: %v", err)
		}
	}
}

// A run with weights of another that is interrupted goes on bit for bit.
func TestResumeFrozen(t *testing.T) {
	run := iris(t)
	given, err := mustNew(t, trunk(models.Sequential), optimizers.Adam(), graph.Float32, 7).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	begin := func() *train.Trainer {
		tr := mustNew(t, trunk(models.Freeze), optimizers.Adam(), graph.Float32, 1)
		if _, err := tr.Start(given); err != nil {
			t.Fatal(err)
		}
		return tr
	}
	whole := begin()
	if _, err := whole.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	run.Checkpoint, run.Resume = filepath.Join(t.TempDir(), "checkpoint"), true
	ctx, cancel := context.WithCancel(context.Background())
	run.OnBatch = func(p train.Progress) {
		if p.Epoch == 2 && p.Batch == 3 {
			cancel()
		}
	}
	if _, err := begin().Fit(ctx, run); err == nil {
		t.Fatal("the run was not interrupted")
	}
	run.OnBatch = nil
	again := mustNew(t, trunk(models.Freeze), optimizers.Adam(), graph.Float32, 1) // the checkpoint has all weights
	if _, err := again.Fit(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(bits(whole), bits(again)) {
		t.Error("a run that went on has other weights than one that was not interrupted")
	}
}

// Start takes what agrees in name and shape, tells the rest by name, and changes nothing
// where it fails.
func TestStart(t *testing.T) {
	net := func(layers ...models.Layer) *train.Trainer {
		return mustNew(t, train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy, Model: models.Sequential(layers...)}, optimizers.Adam(), graph.Float64, 5)
	}
	from := net(models.Dense(8), ops.ReLU, models.BatchNorm(0.1), models.Dense(3))
	text, err := from.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	to := mustNew(t, train.Task{Features: 4, Classes: 3, Loss: losses.CrossEntropy,
		Model: models.Sequential(models.Dense(8), ops.ReLU, models.Dense(6), ops.ReLU, models.Dense(3))}, optimizers.Adam(), graph.Float32, 6)
	got, err := to.Start(text)
	want := &train.Start{Taken: []string{"dense.b", "dense.w"}, Fresh: []string{"dense2.b", "dense2.w", "dense3.b", "dense3.w"},
		Spare: []string{"batchnorm.gain", "batchnorm.mean", "batchnorm.shift", "batchnorm.var", "dense2.b (3, and 6 here)", "dense2.w (8x3, and 8x6 here)"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for i, x := range bits(from)["dense.w"] {
		if y := bits(to)["dense.w"][i]; y != float64(float32(x)) {
			t.Errorf("dense.w[%d] is %v, want %v", i, y, x)
		}
	}
	fresh := bits(to)
	for name, bad := range map[string]*train.Trainer{"another net": net(models.Dense(5), ops.ReLU, models.Dense(3)), "no weights": nil} {
		text := []byte("no weights")
		if bad != nil {
			if text, err = bad.Encode(nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := to.Start(text); err == nil || !reflect.DeepEqual(bits(to), fresh) {
			t.Errorf("%s: %v, or weights have changed", name, fmt.Sprint(err))
		}
	}
}
