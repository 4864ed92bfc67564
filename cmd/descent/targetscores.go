package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"descent/cmd/descent/internal/draw"
	"descent/graph"
	"descent/internal/baseline"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"
	"descent/train/score"
)

// targetScores are how good predictions of several targets are.
type targetScores struct {
	Targets map[string]map[string]float64 `json:"targets"` // of each by name
	Mean    float64                       `json:"mean"`    // over targets, of R2 or of the area under the ROC curve
	All     float64                       `json:"all_labels_right,omitempty"`
}

// usual is the score whose mean says how good several targets are, columns are those that
// tables have.
func (s *targetsSetup) usual() (name string, columns []string) {
	columns = []string{"r2", "rmse", "mae"}
	if s.Labels {
		columns = []string{"roc_auc", "average_precision", "accuracy", "f1"}
	}
	name = columns[0]
	for _, m := range s.metrics {
		if !slices.Contains(columns, m.Name) {
			columns = append(columns, m.Name)
		}
	}
	return name, columns
}

// scores compares predictions with the truth, both rows × targets in their own units; weight
// is that of each row, nil if all count the same.
func (s *targetsSetup) scores(truth, pred, weight []float64) *targetScores {
	k := len(s.Names)
	n := len(truth) / k
	all, sum, known := &targetScores{Targets: map[string]map[string]float64{}}, 0.0, 0
	usual, _ := s.usual()
	for j, name := range s.Names {
		y, p := make([]float64, n), make([]float64, n)
		for i := range n {
			y[i], p[i] = truth[i*k+j], pred[i*k+j]
		}
		all.Targets[name] = s.one(y, p, weight)
		if v := all.Targets[name][usual]; !math.IsNaN(v) { // a label that no row has is not ranked
			sum, known = sum+v, known+1
		}
	}
	all.Mean = sum / float64(known)
	if s.Labels {
		of, total := counting(weight, n)
		right := 0.0
		for i := range n {
			wrong := false
			for j := range k {
				wrong = wrong || (pred[i*k+j] >= 0.5) != (truth[i*k+j] == 1)
			}
			if !wrong {
				right += of(i)
			}
		}
		all.All = right / total
	}
	return all
}

// counting returns how much each of n rows counts in a mean, and all of them.
func counting(weight []float64, n int) (of func(i int) float64, total float64) {
	if weight == nil {
		return func(int) float64 { return 1 }, float64(n)
	}
	for _, w := range weight {
		total += w
	}
	return func(i int) float64 { return weight[i] }, total
}

// one scores one target.
func (s *targetsSetup) one(truth, pred, weight []float64) map[string]float64 {
	if !s.Labels {
		return train.Regressed(&score.Numbers{Truth: truth, Predicted: pred, Weight: weight}, s.metrics...).Metrics
	}
	c := &score.Classes{K: 2, Weight: weight}
	for i, p := range pred {
		c.Truth, c.P = append(c.Truth, int(truth[i])), append(c.P, 1-p, p)
		decided := 0
		if p >= 0.5 {
			decided = 1
		}
		c.Decided = append(c.Decided, decided)
	}
	return train.Classified(c, s.metrics...).Metrics
}

// score scores the model and the baselines on the rows that were held out.
func (t *targetsRun) score(ctx context.Context) error {
	s := t.Targets
	pred, _, err := t.trainer.Predict(t.parts.Test)
	if err != nil {
		return err
	}
	t.r.Scores = s.scores(t.truth, s.own(pred), t.parts.Test.Weight)
	t.r.Constant = s.scores(t.truth, s.own(t.means()), t.parts.Test.Weight)
	if baseline.Solvable(t.parts.Train) && t.Features*len(s.Names) <= seriesWeights {
		if pred, err = t.linear(ctx); err != nil {
			return err
		}
		t.r.Linear = s.scores(t.truth, s.own(pred), t.parts.Test.Weight)
	}
	usual, _ := s.usual()
	if l := t.r.Linear; l != nil && !(t.r.Scores.Mean > l.Mean) {
		t.r.Verdict = fmt.Sprintf("the model does not beat the solved linear model: mean %s %.4f, and that has %.4f", usual, t.r.Scores.Mean, l.Mean)
	}
	return nil
}

// means are those of the training rows, for each row that is held out.
func (t *targetsRun) means() (pred []float64) {
	k := len(t.Targets.Names)
	mean := make([]float64, k)
	y := t.parts.Train.Y
	of, total := counting(t.parts.Train.Weight, len(y)/k)
	for i, v := range y {
		mean[i%k] += float64(v*of(i/k)) / total
	}
	for range t.parts.Test.Rows() {
		pred = append(pred, mean...)
	}
	return pred
}

// linear returns what a linear model that is solved, with a small penalty on weights,
// predicts of the rows that are held out.
func (t *targetsRun) linear(ctx context.Context) ([]float64, error) {
	plain := t.setup
	plain.Model, plain.Loss = models.Spec{}, must(losses.ByName("mse"))
	if t.Targets.Labels {
		plain.Loss = must(losses.ByName("bce_logits"))
	}
	task, err := plain.task()
	if err != nil {
		return nil, err
	}
	by, err := train.New(task, optimizers.SGD(), graph.Float64, t.seed)
	if err != nil {
		return nil, err
	}
	strength := 1 / float64(len(t.parts.Train.Y))
	_, err = by.Solve(ctx, t.parts.Train, func(params []*graph.Node) *graph.Node {
		sum := ops.Sum(ops.Square(params[0]))
		for _, p := range params[1:] {
			sum = ops.Add(sum, ops.Sum(ops.Square(p)))
		}
		return ops.Scale(strength, sum)
	})
	if err != nil {
		return nil, err
	}
	pred, _, err := by.Predict(t.parts.Test)
	return pred, err
}

// headline says how good the predictions are.
func (t *targetsRun) headline() string {
	usual, _ := t.Targets.usual()
	text := fmt.Sprintf("on %d held-out rows: mean %s %.4f", t.r.Rows.Test, usual, t.r.Scores.Mean)
	if t.Targets.Labels {
		text += fmt.Sprintf(", all labels right in %.1f %%", 100*t.r.Scores.All)
	}
	return text
}

// sentences say what the model is to be compared with.
func (t *targetsRun) sentences() (lines []string) {
	usual, _ := t.Targets.usual()
	say := func(what string, s *targetScores) {
		if s == nil {
			return
		}
		line := fmt.Sprintf("%s: mean %s %.4f", what, usual, s.Mean)
		if t.Targets.Labels {
			line += fmt.Sprintf(", all labels right in %.1f %%", 100*s.All)
		}
		lines = append(lines, line)
	}
	say("always saying the means of the training rows", t.r.Constant)
	say("a linear model, solved", t.r.Linear)
	if t.r.Verdict != "" {
		lines = append(lines, t.r.Verdict)
	}
	if t.r.Folds != nil {
		lines = append(lines, t.r.Folds.says(t.Targets.Names)...)
	}
	return lines
}

// scoreTable has a row for each target.
func (t *targetsRun) scoreTable() (head []string, rows [][]string) {
	usual, columns := t.Targets.usual()
	head = append([]string{"target"}, columns...)
	if t.r.Linear != nil {
		head = append(head, "linear: "+usual)
	}
	number := func(v float64) string {
		if math.IsNaN(v) {
			return "-"
		}
		return fmt.Sprintf("%.5g", v)
	}
	for _, name := range t.Targets.Names {
		row := []string{name}
		for _, c := range columns {
			row = append(row, number(t.r.Scores.Targets[name][c]))
		}
		if t.r.Linear != nil {
			row = append(row, number(t.r.Linear.Targets[name][usual]))
		}
		rows = append(rows, row)
	}
	return head, rows
}

// writePage makes the page of --report and --watch.
func (t *targetsRun) writePage() error {
	r := &t.r
	sum, err := t.layers()
	if err != nil {
		return err
	}
	head, rows := t.scoreTable()
	p := &draw.Training{Title: r.Data + ": " + r.Model, Command: t.command, Summary: sum.String(),
		Subtitle: fmt.Sprintf("%d targets; %d rows for training, %d for validation, %d for testing; loss %s, %s, seed %d", len(r.Targets), r.Rows.Train, r.Rows.Val, r.Rows.Test, r.Loss, r.Optimizer, r.Seed),
		Lead:     t.headline(), Sentences: t.sentences(), Sections: []draw.Section{{Title: "Targets", Tables: []draw.Table{{Head: head, Rows: rows}}}}}
	if loss, there := lossSection(t.epochs); there {
		p.Sections = append(p.Sections, loss)
	}
	for _, n := range r.Notes {
		p.Sentences = append(p.Sentences, "Note: "+n)
	}
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		return err
	}
	return t.keepPage(text.Bytes())
}
