package train_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/train"
	"descent/train/score"
)

// TestScoresNamed: a task has the scores that fit it, and no others.
func TestScoresNamed(t *testing.T) {
	two := score.Classes{K: 2, Truth: []int{0, 1}, Decided: []int{0, 1}}
	many := score.Classes{K: 4, Truth: []int{0, 1}, Decided: []int{0, 1}}
	always := "accuracy balanced_accuracy f1_macro f1_weighted mcc precision_macro precision_weighted recall_macro recall_weighted"
	likely := " average_precision brier ece log_loss roc_auc"
	p2, p4 := two, many
	p2.P, p4.P = []float64{1, 0, 0, 1}, []float64{1, 0, 0, 0, 0, 1, 0, 0}
	for _, c := range []struct {
		scores *train.Scores
		want   string
	}{
		{train.Classified(&two), always + " f1 precision recall"},
		{train.Classified(&p2), always + likely + " f1 precision recall"},
		{train.Classified(&many), always},
		{train.Classified(&p4), always + likely + " top3"},
		{train.Regressed(&score.Numbers{Truth: []float64{0, 1}, Predicted: []float64{0, 1}}), "mae mape r2 rmse"},
	} {
		want := append(strings.Fields(c.want), "loss")
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(c.scores.Values())); !slices.Equal(got, want) {
			t.Errorf("scores %q, want %q", got, want)
		}
	}
}

// TestParseMetric: settings are in the name, and what is wrong with a text is said.
func TestParseMetric(t *testing.T) {
	yes, three := []string{"no", "yes"}, []string{"a", "b", "c"}
	x := &score.Numbers{Truth: []float64{0, 0}, Predicted: []float64{1, -1}}
	c := &score.Classes{K: 3, Truth: []int{0, 1, 2, 2}, Decided: []int{0, 1, 2, 1}}
	for _, m := range []struct {
		text, name string
		classes    []string
		want       float64
	}{
		{"pinball(0.9)", "pinball(tau=0.9)", nil, 0.5},
		{"recall(class=c)", "recall(class=c)", three, 0.5},
		{"recall(2)", "recall(class=2)", three, 0.5},
		{"precision( class = b )", "precision(class=b)", three, 0.5},
		{"accuracy", "accuracy", three, 0.75},
	} {
		got, err := train.ParseMetric(m.text, m.classes)
		if err != nil || got.Name != m.name {
			t.Errorf("%s is %q: %v", m.text, got.Name, err)
			continue
		}
		value := 0.0
		if got.Numbers != nil {
			value = got.Numbers(x)
		} else {
			value = got.Classes(c)
		}
		if value != m.want {
			t.Errorf("%s is %v, want %v", m.text, value, m.want)
		}
	}
	for _, m := range []struct {
		text, want string
		classes    []string
	}{
		{"recall(class=d)", "there are a, b, c", three},
		{"recall", "recall(class=a), or the mean over all: recall_macro", three},
		{"acuracy", `did you mean "accuracy"`, yes},
		{"accuracy(3)", "accuracy has no settings", yes},
		{"pinball(tau=1)", "not in (0,1)", nil},
		{"accuracy", "unknown metric", nil},
		{"rmse", "unknown metric", yes},
		{"recall(", "", yes},
	} {
		if _, err := train.ParseMetric(m.text, m.classes); err == nil || !strings.Contains(err.Error(), m.want) {
			t.Errorf("%s: %v, want %q", m.text, err, m.want)
		}
	}
}

// TestGives: predictions become probabilities as a task says, and scores of them are
// those of what is decided.
func TestGives(t *testing.T) {
	for _, c := range []struct {
		task train.Task
		row  []float64
		want []float64
	}{
		{train.Task{Gives: train.OtherScores}, []float64{1, 2}, nil},
		{train.Task{Gives: train.Probabilities}, []float64{0.25}, []float64{0.75, 0.25}},
		{train.Task{Gives: train.Probabilities}, []float64{0.25, 0.75}, []float64{0.25, 0.75}},
		{train.Task{Gives: train.Logits}, []float64{math.Log(3)}, []float64{0.25, 0.75}},
		{train.Task{Gives: train.Logits}, []float64{1000, 1000 + math.Log(3)}, []float64{0.25, 0.75}},
	} {
		got := c.task.Probabilities(c.row)
		if len(got) != len(c.want) {
			t.Errorf("%v: %v, want %v", c.row, got, c.want)
		}
		for k, p := range c.want {
			if math.Abs(got[k]-p) > 1e-12 {
				t.Errorf("%v: %v, want %v", c.row, got, c.want)
			}
		}
	}
	task := irisTask()
	task.Gives = train.Logits
	s, err := mustNew(t, task, optimizers.SGD(), graph.Float64, 1).Evaluate(iris(t).Val)
	if err != nil || math.Abs(s.Metrics["log_loss"]-s.Loss) > 1e-12 {
		t.Errorf("log loss %v, the loss is %v: %v", s.Metrics["log_loss"], s.Loss, err)
	}
	for want, change := range map[string]func(*train.Task){
		"no probabilities of 4 classes": func(k *train.Task) { k.Classes = 4 },
		"is for a classification":       func(k *train.Task) { k.Classes, k.Loss, k.Model = 0, losses.MSE, models.Linear() },
	} {
		k := task
		change(&k)
		if _, err := train.New(k, optimizers.SGD(), graph.Float64, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestUnit: scores are in the unit that a task says, also those that a change of it
// does not leave as they are.
func TestUnit(t *testing.T) {
	task := train.Task{Model: models.Linear(), Loss: losses.MSE, Features: 1, Unit: func(x float64) float64 { return 100 + 10*x }}
	tr := mustNew(t, task, optimizers.SGD(), graph.Float64, 1)
	d := line(9)
	got, err := tr.Evaluate(d)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := tr.Predict(d)
	if err != nil {
		t.Fatal(err)
	}
	mae, mape := 0.0, 0.0
	for i, y := range d.Y {
		e := 10 * math.Abs(y-out[i])
		mae += e / 9
		mape += e / math.Abs(100+10*y) / 9
	}
	if math.Abs(got.Metrics["mae"]-mae) > 1e-12 || math.Abs(got.Metrics["mape"]-mape) > 1e-12 {
		t.Errorf("MAE %v, MAPE %v; want %v, %v", got.Metrics["mae"], got.Metrics["mape"], mae, mape)
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
