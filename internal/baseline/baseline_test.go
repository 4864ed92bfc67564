package baseline_test

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"descent/data"
	"descent/graph"
	"descent/internal/baseline"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/train"
)

// columns reads the columns of testdata/linear.csv.
func columns(t *testing.T) [][]float64 {
	t.Helper()
	f, err := os.Open("testdata/linear.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]float64, len(lines[0]))
	for _, l := range lines {
		for i, text := range l {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}

// rows makes a dataset of the inputs, with a target of so many classes.
func rows(c [][]float64, target, classes int) *data.Dataset {
	d := &data.Dataset{Inputs: []string{"x1", "x2", "x3"}, Shape: []int{3}}
	var x []float64
	for i := range c[0] {
		x = append(x, c[0][i], c[1][i], c[2][i])
		if classes > 0 {
			d.Class = append(d.Class, int(c[target][i]))
		}
	}
	d.X = data.ArrayOf(x, 3)
	if d.Classes = strings.Fields("a b c")[:classes]; classes == 0 {
		d.Classes, d.Y = nil, c[target]
	}
	return d
}

// The solved models predict what scikit-learn's do.
func TestLinear(t *testing.T) {
	c := columns(t)
	ctx := context.Background()
	solved := func(d *data.Dataset) *train.Trainer {
		tr, err := baseline.Linear(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	least := rows(c, 3, 0)
	ols, err := train.New(train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 3}, optimizers.SGD(), graph.Float64, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ols.Solve(ctx, least, nil); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]struct {
		trainer *train.Trainer
		d       *data.Dataset
		want    [][]float64
		sigmoid bool
	}{
		"ridge":       {solved(least), least, c[6:7], false},
		"ols":         {ols, least, c[7:8], false},
		"logistic":    {solved(rows(c, 4, 2)), rows(c, 4, 2), c[8:9], true},
		"multinomial": {solved(rows(c, 5, 3)), rows(c, 5, 3), c[9:12], false},
	} {
		out, width, err := m.trainer.Predict(m.d)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c[0] {
			row := out[i*width : (i+1)*width]
			sum := 0.0
			for k, x := range row {
				if row[k] = x; name == "multinomial" {
					row[k] = math.Exp(x)
				} else if m.sigmoid {
					row[k] = 1 / (1 + math.Exp(-x))
				}
				sum += row[k]
			}
			for k, x := range row {
				if name == "multinomial" {
					x /= sum
				}
				if math.Abs(x-m.want[k][i]) > 1e-6 {
					t.Errorf("%s, row %d: %v, want %v", name, i, x, m.want[k][i])
				}
			}
		}
	}
}

// A model is told what it does not beat, and which of both that is.
func TestVerdict(t *testing.T) {
	at := func(r2 float64) *train.Scores { return &train.Scores{Metrics: map[string]float64{"r2": r2}} }
	b := &baseline.Scores{Constant: at(0), Linear: at(0.5)}
	for _, c := range []struct {
		scores *baseline.Scores
		r2     float64
		want   string
	}{
		{b, 0.6, ""},
		{b, 0.4, "does not beat the solved linear model: R2 0.4000, and that has 0.5000"},
		{&baseline.Scores{Constant: at(0), Linear: at(-1)}, -0.5, "does not beat always saying the mean"},
		{&baseline.Scores{Constant: at(0)}, 0, "does not beat always saying the mean"},
	} {
		if got := c.scores.Verdict(at(c.r2), "r2"); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("R2 %v: %q, want %q", c.r2, got, c.want)
		}
	}
}

// TestLastValue: what is said of all rows is the target of one, in the unit of the task
// and with its weights; a model is told that it does not beat that.
func TestLastValue(t *testing.T) {
	numbers := &data.Dataset{Inputs: []string{"x"}, X: data.ArrayOf([]float64{1, 2, 3}, 1), Y: []float64{1, 2, 4}, Weight: []float64{1, 1, 2}}
	task := &train.Task{Weighted: true, Unit: func(x float64) float64 { return 10 * x }}
	s := baseline.LastValue(task, numbers, 1, numbers)
	if got, want := s.Metrics["mae"], (10.0+0+2*20)/4; got != want {
		t.Errorf("MAE %v, want %v", got, want)
	}
	b := &baseline.Scores{Constant: &train.Scores{Metrics: map[string]float64{"r2": -1}}, Last: &train.Scores{Metrics: map[string]float64{"r2": 0.5}}}
	if got := b.Verdict(&train.Scores{Metrics: map[string]float64{"r2": 0.2}}, "r2"); !strings.Contains(got, "does not beat always saying the last value: R2 0.2000") {
		t.Error(got)
	}
	classes := &data.Dataset{Inputs: []string{"x"}, X: data.ArrayOf([]float64{1, 2, 3}, 1), Class: []int{0, 1, 1}, Classes: []string{"a", "b"}}
	s = baseline.LastValue(&train.Task{}, classes, 2, classes)
	if _, ok := s.Metrics["log_loss"]; ok || s.Metrics["accuracy"] != 2.0/3 {
		t.Errorf("%v", s.Metrics)
	}
}
