package train_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/stats"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// correlation is that of Pearson.
func correlation(a, b []float64) float64 {
	ma, mb, ab, aa, bb := stats.Mean(a), stats.Mean(b), 0.0, 0.0, 0.0
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// standardized puts the targets of parts in units of their deviation.
func standardized(parts *data.Parts) {
	mean, square := stats.Mean(parts.Train.Y), 0.0
	for _, y := range parts.Train.Y {
		square += (y - mean) * (y - mean) / float64(parts.Train.Rows())
	}
	for _, d := range []*data.Dataset{parts.Train, parts.Test} {
		for i := range d.Y {
			d.Y[i] = (d.Y[i] - mean) / math.Sqrt(square)
		}
	}
}

// without returns d without a row.
func without(d *data.Dataset, row int) *data.Dataset {
	var rows []int
	for i := range d.Rows() {
		if i != row {
			rows = append(rows, i)
		}
	}
	return d.Subset(rows)
}

// Of linear regression, influences are those of models that are solved without the row,
// nearly to the number; so is logistic regression's.
func TestInfluenceOfLinear(t *testing.T) {
	for set, task := range map[string]train.Task{
		"diabetes":      {Model: models.Dense(1), Loss: losses.MSE, Features: 10},
		"breast_cancer": {Model: models.Dense(2), Loss: losses.CrossEntropy, Features: 30, Classes: 2},
	} {
		parts := prepared(t, set, data.Options{Scaling: data.Standard, Seed: 1, Fractions: data.Fractions{Test: 0.2}})
		d := parts.Train
		if task.Classes == 0 {
			standardized(parts)
		} else {
			task.Penalty = func(params []*graph.Node) *graph.Node { // else classes are separated
				return ops.Scale(0.01, ops.Sum(ops.Square(params[0])))
			}
		}
		loss := func(tr *train.Trainer, rows *data.Dataset) float64 {
			s, err := tr.Evaluate(rows, "none")
			if err != nil {
				t.Fatal(err)
			}
			return s.Loss
		}
		tr := mustNew(t, task, nil, graph.Float64, 1)
		if _, err := tr.Solve(context.Background(), d, nil); err != nil {
			t.Fatal(err)
		}
		all, err := tr.Influence(context.Background(), d, parts.Test, d.Rows())
		if err != nil {
			t.Fatal(err)
		}
		var own, held, exactOwn, exactHeld []float64
		for i := 0; i < d.Rows(); i += 3 {
			other := mustNew(t, task, nil, graph.Float64, 1)
			if _, err := other.Solve(context.Background(), without(d, i), nil); err != nil {
				t.Fatal(err)
			}
			row := d.Subset([]int{i})
			own, exactOwn = append(own, all[i].Own), append(exactOwn, loss(other, row)-loss(tr, row))
			held, exactHeld = append(held, all[i].Held), append(exactHeld, loss(other, parts.Test)-loss(tr, parts.Test))
		}
		a, b := correlation(own, exactOwn), correlation(held, exactHeld)
		slope := stats.Mean(own) / stats.Mean(exactOwn)
		t.Logf("%s: own %.4f, held %.4f, slope %.3f", set, a, b, slope)
		if a < 0.97 || b < 0.97 || slope < 0.8 || slope > 1.25 {
			t.Errorf("%s: correlations with exact influences: own %.4f, held %.4f; own ones are %.3f as large", set, a, b, slope)
		}
	}
}

// Of nets as the command trains them, rows whose label was changed are among those with the
// largest influence on themselves, and influences of some rows agree with trainings in which
// the row has no weight.
func TestInfluenceOfNets(t *testing.T) {
	parts := prepared(t, "breast_cancer", data.Options{Scaling: data.Standard, Seed: 1, Fractions: data.Fractions{Test: 0.2}})
	d := parts.Train
	changed := rand.New(rand.NewPCG(3, 3)).Perm(d.Rows())[:d.Rows()/20]
	for _, i := range changed {
		d.Class[i] = 1 - d.Class[i]
	}
	ones := func(d *data.Dataset) *data.Dataset {
		weighted := *d
		weighted.Weight = slices.Repeat([]float64{1}, d.Rows())
		return &weighted
	}
	task := train.Task{Model: models.MLP(ops.ReLU, 16, 2), Loss: losses.CrossEntropyWith(losses.CrossEntropyOptions{Reduction: losses.None}), Features: 30, Classes: 2, Weighted: true}
	rule, err := optimizers.Parse("decay(1) | adam")
	if err != nil {
		t.Fatal(err)
	}
	falls, err := schedule.Parse("cosine")
	if err != nil {
		t.Fatal(err)
	}
	const epochs = 40
	fit := func(tr *train.Trainer, rows *data.Dataset) {
		if err := tr.Reset(1); err != nil {
			t.Fatal(err)
		}
		steps := data.NewBatches(d.Rows(), 32, 0, false).Steps() * epochs
		if _, err := tr.Fit(context.Background(), train.Run{Train: rows, Epochs: epochs, Batch: 32, Seed: 1, Schedule: schedule.Product{falls.For(steps), schedule.Constant(0.003)}}); err != nil {
			t.Fatal(err)
		}
	}
	tr, test := mustNew(t, task, rule.Rule, graph.Float32, 1), ones(parts.Test)
	fit(tr, ones(d))
	all, err := tr.Influence(context.Background(), ones(d), test, 60)
	if err != nil {
		t.Fatal(err)
	}
	known := slices.DeleteFunc(slices.Clone(all), func(x train.Influence) bool { return math.IsNaN(x.Own) })
	slices.SortFunc(known, func(a, b train.Influence) int {
		if a.Own > b.Own {
			return -1
		}
		return 1
	})
	found := 0
	for _, x := range known[:len(changed)] {
		if slices.Contains(changed, x.Row) {
			found++
		}
	}
	if len(known) != 60 || found < len(changed)*3/4 {
		t.Errorf("%d own influences, %d of %d changed labels among the largest", len(known), found, len(changed))
	}
	loss := func(rows *data.Dataset) float64 {
		s, err := tr.Evaluate(rows, "none")
		if err != nil {
			t.Fatal(err)
		}
		return s.Loss
	}
	var own, held, exactOwn, exactHeld, before []float64
	for _, x := range known {
		before = append(before, loss(ones(d.Subset([]int{x.Row}))))
	}
	whole := loss(test)
	for k, x := range known {
		rows := ones(d)
		rows.Weight[x.Row] = 0
		fit(tr, rows)
		own, exactOwn = append(own, x.Own), append(exactOwn, loss(ones(d.Subset([]int{x.Row})))-before[k])
		held, exactHeld = append(held, x.Held), append(exactHeld, loss(test)-whole)
	}
	a, b := correlation(own, exactOwn), correlation(held, exactHeld)
	t.Logf("own %.3f, held %.3f, found %d of %d", a, b, found, len(changed))
	if a < 0.8 || b < 0.7 {
		t.Errorf("correlations with exact influences: own %.3f, held %.3f", a, b)
	}
}

// Which row does most harm to predictions of others?
func ExampleTrainer_Influence() {
	source, err := data.Open("diabetes", data.CSVOptions{})
	check(err)
	parts, err := source.Prepare("", data.Options{Scaling: data.Standard, Fractions: data.Fractions{Test: 0.2}, Seed: 1})
	check(err)
	task := train.Task{Model: models.Dense(1), Loss: losses.MSE, Features: parts.Train.Features()}
	t, err := train.New(task, nil, graph.Float64, 1)
	check(err)
	ctx := context.Background()
	_, err = t.Solve(ctx, parts.Train, nil)
	check(err)
	all, err := t.Influence(ctx, parts.Train, parts.Test, 50)
	check(err)
	slices.SortFunc(all, func(a, b train.Influence) int { return cmp.Compare(a.Held, b.Held) })
	fmt.Printf("without row %d the mean squared error of held-out rows would fall by %.1f\n", all[0].Row, -all[0].Held)
	// Output: without row 21 the mean squared error of held-out rows would fall by 29.5
}

// Where the loss changes from pass to pass no influence follows from it.
func TestInfluenceNeedsOneLoss(t *testing.T) {
	parts := prepared(t, "iris", data.Options{Scaling: data.Standard, Seed: 1, Fractions: data.Fractions{Test: 0.2}})
	task := train.Task{Model: models.Sequential(models.Dense(4), models.Dropout(0.5), models.Dense(3)), Loss: losses.CrossEntropy, Features: 4, Classes: 3}
	_, err := mustNew(t, task, optimizers.Adam(), graph.Float32, 1).Influence(context.Background(), parts.Train, parts.Test, 3)
	if err == nil || !strings.Contains(err.Error(), "in each pass") {
		t.Errorf("%v", err)
	}
}
