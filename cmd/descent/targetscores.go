package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/internal/baseline"
	"descent/losses"
	"descent/train"
)

// targetScores are how good predictions of several targets are.
type targetScores struct {
	Targets map[string]map[string]float64 `json:"targets"` // of each by name
	Mean    float64                       `json:"mean"`    // over targets, of R2 or of the area under the ROC curve
	All     float64                       `json:"all_labels_right,omitempty"`

	names []string
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

// scores are those of rows.
func (s *targetsSetup) scores(r *targetRows) *targetScores {
	all := &targetScores{Targets: map[string]map[string]float64{}, names: s.Names}
	for j, name := range s.Names {
		if s.Labels {
			all.Targets[name] = train.Classified(r.labels[j], s.metrics...).Metrics
		} else {
			all.Targets[name] = train.Regressed(r.numbers[j], s.metrics...).Metrics
		}
	}
	usual, _ := s.usual()
	all.Mean = all.of(usual)
	if s.Labels {
		right := r.right()
		of, total := counting(r.labels[0].Weight, len(right))
		for i, is := range right {
			if is {
				all.All += of(i) / total
			}
		}
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

// A targetsHeld is what a model says of rows that are held out, and how good the baselines
// are there.
type targetsHeld struct {
	rows     *targetRows   // probabilities are as the model has them
	constant *targetScores // of the mean, or the shares
	linear   *targetScores // nil where it is not solved
}

// heldTargets are the rows that p holds out.
func (o *trainOptions) heldTargets(ctx context.Context, t *train.Trainer, p *data.Parts) (*targetsHeld, error) {
	s := o.Targets
	rows := func(said []float64) *targetRows { return s.rows(o.truth, s.own(said), p.Test.Weight) }
	said, _, err := t.Predict(p.Test)
	if err != nil {
		return nil, err
	}
	h := &targetsHeld{rows: rows(said), constant: s.scores(rows(s.means(p)))}
	if !baseline.Solvable(p.Train) || o.Features*len(s.Names) > seriesWeights {
		return h, nil
	}
	if said, err = o.linearTargets(ctx, p); err == nil {
		h.linear = s.scores(rows(said))
	}
	return h, err
}

// score scores the model and the baselines on the rows that were held out.
func (t *targetsRun) score(ctx context.Context) error {
	if err := t.calibrate(); err != nil {
		return err
	}
	h, err := t.heldTargets(ctx, t.trainer, t.parts)
	if err != nil {
		return err
	}
	t.r.Scores, t.r.Constant, t.r.Linear = t.Targets.scores(h.rows.calibrated(t.Targets.Calibrations)), h.constant, h.linear
	usual, _ := t.Targets.usual()
	if l := t.r.Linear; l != nil && !(t.r.Scores.Mean > l.Mean) {
		t.r.Verdict = fmt.Sprintf("the model does not beat the solved linear model: mean %s %.4f, and that has %.4f", usual, t.r.Scores.Mean, l.Mean)
	}
	return nil
}

// means are those of the training rows, for each row that is held out.
func (s *targetsSetup) means(p *data.Parts) (said []float64) {
	k := len(s.Names)
	mean := make([]float64, k)
	of, total := counting(p.Train.Weight, p.Train.Rows())
	for i, v := range p.Train.Y {
		mean[i%k] += float64(v*of(i/k)) / total
	}
	for range p.Test.Rows() {
		said = append(said, mean...)
	}
	return said
}

// linearTargets returns what a linear model that is solved predicts of the rows that are
// held out.
func (o *trainOptions) linearTargets(ctx context.Context, p *data.Parts) ([]float64, error) {
	plain := o.setup
	plain.Loss = must(losses.ByName("mse"))
	if o.labels() {
		plain.Loss = must(losses.ByName("bce_logits"))
	}
	by, err := plain.solvedLinear(ctx, p.Train, len(o.Targets.Names), o.seed)
	if err != nil {
		return nil, err
	}
	said, _, err := by.Predict(p.Test)
	return said, err
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
	switch {
	case t.r.Calibration != nil:
		lines = append(lines, t.r.Calibration.says(t.Targets)...)
	case t.r.notCalibrated != "":
		lines = append(lines, "probabilities are not calibrated: "+t.r.notCalibrated)
	}
	if t.r.foldsCost != "" {
		lines = append(lines, t.r.foldsCost)
	}
	if t.r.Folds != nil {
		lines = append(lines, t.r.Folds.says(t.Targets.Names)...)
		if t.folding.oof != "" {
			lines = append(lines, "what each row was predicted to be is in "+t.folding.oof)
		}
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
func (t *targetsRun) writePage(ctx context.Context) error {
	r := &t.r
	r.Page = &pageNumbers{}
	sum, err := t.summary()
	if err != nil {
		return err
	}
	head, rows := t.scoreTable()
	sections := []draw.Section{{Title: "Targets", Tables: []draw.Table{{Head: head, Rows: rows}}}}
	add := func(s draw.Section, there bool) {
		if there {
			sections = append(sections, s)
		}
	}
	add(r.Search.section())
	add(r.Interval.section(t.scored()))
	e, err := newExplainer(t.trainOptions, &report{parts: t.parts}, t.trainer)
	if err != nil {
		return err
	}
	if r.Page.Explanation, err = e.explain(ctx, &explainOptions{influence: influenceAuto, rows: listedRows, times: shuffles}); err != nil {
		return err
	}
	return t.writeRulePage(&draw.Training{Title: r.Data, Summary: sum.String(), Lead: t.headline(), Sentences: t.sentences(),
		Subtitle: fmt.Sprintf("%d targets; %d rows for training, %d for validation, %d for testing", len(r.Targets), r.Rows.Train, r.Rows.Val, r.Rows.Test),
		Sections: append(sections, r.Page.Explanation.sections(e)...)}, r.Notes)
}
