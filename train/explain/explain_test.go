package explain_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
	"descent/train/explain"
)

func numeric(name string, values []float64) data.Column {
	return data.Column{Name: name, Kind: data.Numeric, Values: data.ArrayOf(values, 1)}
}

// colours is a table of a number, a word of three, and a number that tells nothing, and the
// columns that its inputs are of.
func colours(t *testing.T, n int, seed uint64) (*data.Dataset, []explain.Column) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var x, y, z []float64
	colour := data.Column{Name: "colour", Kind: data.Categorical, Levels: []string{"blue", "green", "red"}}
	for range n {
		x, z = append(x, rng.NormFloat64()), append(z, rng.NormFloat64())
		colour.Codes = append(colour.Codes, rng.IntN(3))
		y = append(y, truth(x[len(x)-1], colour.Codes[len(colour.Codes)-1])+0.3*rng.NormFloat64())
	}
	table, err := data.NewTable("t", numeric("x", x), colour, numeric("z", z), numeric("y", y))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := data.Prepare(table, "y", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return parts.Train, explain.Columns(parts.Schema)
}

func truth(x float64, colour int) float64 { return 2*x + []float64{-1, 0, 3}[colour] }

// squared is the squared error of the truth, with a weight for the column z. It demands
// that words are words: one input of a row's colour is 1.
func squared(t *testing.T, weight float64) func(d *data.Dataset) ([]float64, error) {
	return func(d *data.Dataset) (all []float64, err error) {
		for i := range d.Rows() {
			row := d.X.Row(nil, i)
			colour := slices.Index(row[1:4], 1)
			if row[1]+row[2]+row[3] != 1 {
				t.Fatalf("row %d has the colours %v", i, row[1:4])
			}
			e := truth(row[0], colour) + weight*row[4] - d.Y[i]
			all = append(all, e*e)
		}
		return all, nil
	}
}

// The loss rises by twice the variance of what a column contributes, whether it is one input
// or three; by nothing where the model does not use it.
func TestPermuted(t *testing.T) {
	d, columns := colours(t, 3000, 1)
	if fmt.Sprint(columns) != "[{x 0 1} {colour 1 4} {z 4 5}]" {
		t.Fatalf("columns %v", columns)
	}
	all, err := explain.Permuted(d, columns, 5, 1, squared(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	variance := (1+9)/3. - 4/9. // of the colours' -1, 0, 3
	for i, want := range []struct {
		column string
		mean   float64
	}{{"x", 2 * 4}, {"colour", 2 * variance}, {"z", 0}} {
		if x := all[i]; x.Column != want.column || math.Abs(x.Mean-want.mean) > 0.08*want.mean || !(x.CI.Lo <= want.mean && want.mean <= x.CI.Hi) {
			t.Errorf("%+v, want %+v", x, want)
		}
	}
	again, err := explain.Permuted(d, columns, 5, 1, squared(t, 0))
	if err != nil || fmt.Sprint(again) != fmt.Sprint(all) {
		t.Errorf("%v, then %v", all, again)
	}
	if _, err := explain.Permuted(d, columns, 0, 1, squared(t, 0)); err == nil {
		t.Error("no shuffle is not refused")
	}
}

// Of a column that the model uses and that tells nothing, the interval has 0 in it in 95 of
// 100 tables.
func TestUselessColumns(t *testing.T) {
	const tables = 300
	around := 0
	for seed := range uint64(tables) {
		d, columns := colours(t, 80, 100+seed)
		all, err := explain.Permuted(d, columns[2:], 10, seed, squared(t, 0.5))
		if err != nil {
			t.Fatal(err)
		}
		if all[0].CI.Lo <= 0 && all[0].CI.Hi >= 0 {
			around++
		}
	}
	if share := float64(around) / tables; share < 0.91 {
		t.Errorf("0 is within of %.3f", share)
	}
}

// Of a sum of functions, each a column's, partial dependence is that function, moved.
func TestDependence(t *testing.T) {
	d, columns := colours(t, 100, 2)
	f := func(d *data.Dataset) (out []float64, width int, err error) {
		for i := range d.Rows() {
			row := d.X.Row(nil, i)
			y := row[0]*row[0] + 3*row[1] - row[3]
			out = append(out, y, -y)
		}
		return out, 2, nil
	}
	by, err := explain.Dependence(d, columns[0].From, [][]float64{{0}, {1}, {3}}, f)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{0, 1, 9} {
		if got := by[k][0] - by[0][0]; math.Abs(got-want) > 1e-12 || by[k][1] != -by[k][0] {
			t.Errorf("x: %v, want %v more than the first", by[k], want)
		}
	}
	by, err = explain.Dependence(d, columns[1].From, [][]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, f)
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{3, 0, -1} {
		if got := by[k][0] - by[1][0]; math.Abs(got-want) > 1e-12 {
			t.Errorf("colour: %v, want %v more than the second", by[k], want)
		}
	}
}

// trained returns a net that has learned the colours a little.
func trained(t testing.TB, task train.Task, d *data.Dataset) *train.Predictor {
	t.Helper()
	tr, err := train.New(task, optimizers.Adam(), graph.Float64, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Fit(context.Background(), train.Run{Train: d, Epochs: 20, Batch: 32, Seed: 1, Schedule: schedule.Constant(0.01)}); err != nil {
		t.Fatal(err)
	}
	p, err := tr.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What inputs do to a prediction adds up to its difference from that of the row that it is
// compared with; of a linear model each does its weight times how far it is. So of numbers,
// with and without kinks, and of the probability of a class.
func TestGradientsAddUp(t *testing.T) {
	d, _ := colours(t, 200, 3)
	classes := *d
	classes.Y, classes.Classes = nil, []string{"small", "medium", "large"}
	for _, y := range d.Y {
		classes.Class = append(classes.Class, min(2, max(0, int(y+1))))
	}
	probability := func(x *graph.Node) *graph.Node { return ops.Exp(ops.LogSoftmax(x, -1)) }
	for name, c := range map[string]struct {
		task  train.Task
		d     *data.Dataset
		pick  []float64
		close float64 // as a share of the difference
	}{
		"linear":  {train.Task{Model: models.Dense(1), Loss: losses.MSE, Features: 5}, d, []float64{1}, 1e-12},
		"tanh":    {train.Task{Model: models.MLP(ops.Tanh, 8, 1), Loss: losses.MSE, Features: 5}, d, []float64{1}, 1e-4},
		"relu":    {train.Task{Model: models.MLP(ops.ReLU, 16, 8, 1), Loss: losses.MSE, Features: 5}, d, []float64{1}, 0.01},
		"classes": {train.Task{Model: models.MLP(ops.Tanh, 8, 3), Loss: losses.CrossEntropy, Output: probability, Features: 5, Classes: 3, Gives: train.Probabilities}, &classes, []float64{0, 1, 0}, 1e-3},
	} {
		p := trained(t, c.task, c.d)
		from := explain.Mean(c.d)
		e, err := explain.NewGradients(p, &c.task, 128)
		if err != nil {
			t.Fatal(err)
		}
		compared := slices.Concat(from, c.d.X.Numbers())
		out, width, err := p.Predict(&data.Dataset{X: data.ArrayOf(compared, 5), Inputs: c.d.Inputs, Shape: c.d.Shape})
		if err != nil {
			t.Fatal(err)
		}
		asked := func(row int) (y float64) {
			for k, x := range c.pick {
				y += x * out[row*width+k]
			}
			return y
		}
		spread := 0.0
		for i := range c.d.Rows() {
			spread = max(spread, math.Abs(asked(i+1)-asked(0)))
		}
		for i := range c.d.Rows() {
			each, err := e.Of(c.d.X.Row(nil, i), from, c.pick)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, x := range each {
				sum += x
			}
			if want := asked(i+1) - asked(0); math.Abs(sum-want) > c.close*spread {
				t.Errorf("%s, row %d: inputs add up to %v, the difference is %v", name, i, sum, want)
			}
			if name != "linear" {
				continue
			}
			moved := slices.Concat(from, from)
			moved[5] = c.d.X.Row(nil, i)[0]
			two, _, err := p.Predict(&data.Dataset{X: data.ArrayOf(moved, 5), Inputs: c.d.Inputs, Shape: c.d.Shape})
			if err != nil || math.Abs(each[0]-(two[1]-two[0])) > 1e-12 {
				t.Errorf("row %d: the first input does %v, by itself it moves %v", i, each[0], two[1]-two[0])
			}
		}
	}
	if _, err := explain.NewGradients(trained(t, train.Task{Model: models.Dense(1), Loss: losses.MSE, Features: 5}, d), &train.Task{}, 1); err == nil {
		t.Error("a task without a Model is not refused")
	}
}
