package train_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/train"
)

// Values of scikit-learn 1.2.1: accuracy_score, precision_score, recall_score
// and f1_score with average="macro", zero_division=0.
func TestClassified(t *testing.T) {
	for _, c := range []struct {
		truth, pred           []int
		classes               int
		acc, prec, recall, f1 float64
	}{
		{[]int{0, 1, 2, 0, 1, 2}, []int{0, 2, 1, 0, 0, 1}, 3, 1.0 / 3, 2.0 / 9, 1.0 / 3, 0.8 / 3},
		{[]int{0, 1, 1, 0}, []int{0, 1, 1, 0}, 2, 1, 1, 1, 1},
		{[]int{0, 0, 1, 1}, []int{0, 0, 0, 0}, 2, 0.5, 0.25, 0.5, 1.0 / 3},
		{[]int{0, 2, 2}, []int{0, 2, 0}, 4, 2.0 / 3, 0.75, 0.75, 2.0 / 3}, // classes 1 and 3 do not occur
	} {
		s := train.Classified(c.truth, c.pred, c.classes)
		for name, x := range map[string][2]float64{"accuracy": {s.Accuracy, c.acc}, "precision": {s.Precision, c.prec}, "recall": {s.Recall, c.recall}, "f1": {s.F1, c.f1}} {
			if math.Abs(x[0]-x[1]) > 1e-15 {
				t.Errorf("%v, %v: %s is %v, want %v", c.truth, c.pred, name, x[0], x[1])
			}
		}
	}
}

// TestScoresNamed: a classification has the scores of one, and a regression those.
func TestScoresNamed(t *testing.T) {
	for _, c := range []struct {
		scores *train.Scores
		want   []string
	}{
		{train.Classified([]int{0, 1}, []int{0, 1}, 2), []string{"accuracy", "f1", "loss", "precision", "recall"}},
		{train.Regressed([]float64{0, 1}, []float64{0, 1}), []string{"loss", "mae", "r2", "rmse"}},
	} {
		if got := slices.Sorted(maps.Keys(c.scores.Values())); !slices.Equal(got, c.want) {
			t.Errorf("scores %q, want %q", got, c.want)
		}
	}
}

// TestClassesAreChecked: the panic says which row is of no class.
func TestClassesAreChecked(t *testing.T) {
	for _, c := range [][2]int{{2, 0}, {0, 2}, {-1, 0}, {0, -1}} {
		func() {
			defer func() {
				if got, want := fmt.Sprint(recover()), fmt.Sprintf("row 1 is of class %d and predicted as %d; there are 2", c[0], c[1]); !strings.Contains(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
			}()
			train.Classified([]int{0, c[0]}, []int{0, c[1]}, 2)
		}()
	}
}

// TestDecide: above the threshold, the largest, the first of equals, and not NaN.
func TestDecide(t *testing.T) {
	task := train.Task{Threshold: 0.5}
	for _, c := range []struct {
		row  []float64
		want int
	}{
		{[]float64{0.5}, 0}, {[]float64{0.51}, 1}, {[]float64{-1}, 0},
		{[]float64{1, 3, 2}, 1}, {[]float64{2, 2}, 0}, {[]float64{1, 2, 2}, 1}, {[]float64{math.NaN(), 1, 0}, 1},
	} {
		if got := task.Decide(c.row); got != c.want {
			t.Errorf("%v: class %d, want %d", c.row, got, c.want)
		}
	}
}

// Values of r2_score, mean_absolute_error and mean_squared_error.
func TestRegressed(t *testing.T) {
	for _, c := range []struct {
		truth, pred   []float64
		r2, mae, rmse float64
	}{
		{[]float64{3, -0.5, 2, 7}, []float64{2.5, 0, 2, 8}, 0.9486081370449679, 0.5, math.Sqrt(0.375)},
		{[]float64{1, 2, 3}, []float64{3, 2, 1}, -3, 4.0 / 3, math.Sqrt(8.0 / 3)},
		{[]float64{2, 2}, []float64{2, 2}, 1, 0, 0},
		{[]float64{2, 2}, []float64{2, 3}, 0, 0.5, math.Sqrt(0.5)},
	} {
		s := train.Regressed(c.truth, c.pred)
		if math.Abs(s.R2-c.r2) > 1e-15 || math.Abs(s.MAE-c.mae) > 1e-15 || math.Abs(s.RMSE-c.rmse) > 1e-15 {
			t.Errorf("%v, %v: %v %v %v, want %v %v %v", c.truth, c.pred, s.R2, s.MAE, s.RMSE, c.r2, c.mae, c.rmse)
		}
	}
	if s := train.Regressed([]float64{1}, []float64{1}); !math.IsNaN(s.R2) {
		t.Errorf("R2 of one row is %v, want NaN", s.R2)
	}
}
