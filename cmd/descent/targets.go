package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"descent/cmd/descent/internal/tabular"
	"descent/data"
	"descent/losses"
	"descent/ops"
	"descent/train"
	"descent/train/score"

	"github.com/spf13/cobra"
)

// targetsSetup is what a model of several targets is built for.
type targetsSetup struct {
	Names  []string `json:"names"`
	Labels bool     `json:"labels,omitempty"` // each is 0 or 1
	// A number is divided by Scale after Offset is taken off.
	Offset []float64 `json:"offset,omitempty"`
	Scale  []float64 `json:"scale,omitempty"`
	// Calibrations correct the probability of each label; nil leaves all as they are.
	Calibrations []score.Calibration `json:"calibrations,omitempty"`

	metrics []train.Metric // besides those that are always there
}

// labelWords are the classes of a label, as metrics name them.
var labelWords = []string{"0", "1"}

// chooseMetrics reads the metrics of each target that are asked for, and the score that
// ranks, if there is one.
func (s *targetsSetup) chooseMetrics(texts []string, by string) error {
	var classes []string
	if s.Labels {
		classes = labelWords
	}
	s.metrics = nil
	for _, text := range texts {
		m, err := train.ParseMetric(text, classes)
		if err != nil {
			return fmt.Errorf("--metric: %w", err)
		}
		s.metrics = append(s.metrics, m)
	}
	m, err := s.ranking(by)
	if err == nil && by != "" && m.Name != allRight.Name && !slices.ContainsFunc(s.metrics, func(have train.Metric) bool { return have.Name == m.Name }) {
		s.metrics = append(s.metrics, m)
	}
	return err
}

// forTargets are flags that several targets have besides those of all rules.
var forTargets = []string{"target", "task", "scaling", "drop", "use", "categorical", "text", "embed", "time", "group", "weight", "split", "unknown", "val", "metric", "calibrate", "threshold", "folds", "repeats", "oof", "search", "for", "score", "interval", "monitor", "patience", "min-delta", "report",
	"comma", "no-header", "decimal", "thousands", "missing", "day-first"}

// A targetsReport is what train tells about several targets.
type targetsReport struct {
	Data    string    `json:"data"`
	Task    data.Task `json:"task"`
	Targets []string  `json:"targets"`
	Seed    uint64    `json:"seed"`
	Notes   []string  `json:"notes,omitempty"`
	Rows    rowCount  `json:"rows"`
	Inputs  int       `json:"inputs"`
	ruleReport
	// Scores are those of the model in the rows that were held out, Constant and Linear
	// those of the mean, or the shares, and of the solved linear model.
	Scores   *targetScores `json:"scores"`
	Constant *targetScores `json:"constant"`
	Linear   *targetScores `json:"linear,omitempty"`
	Verdict  string        `json:"verdict,omitempty"`
	// Calibration is what corrects the probabilities of labels.
	Calibration *labelsReport `json:"calibration,omitempty"`
	Folds       *targetFolds  `json:"folds,omitempty"`
	Search      *searchReport `json:"search,omitempty"`
	// Interval is what the intervals of several numbers are worth.
	Interval *intervalReport `json:"interval,omitempty"`
	Out      string          `json:"out,omitempty"`
	Page     *pageNumbers    `json:"page,omitempty"` // what only the page of --report has

	notCalibrated string // why probabilities are not, "" where there are none
	foldsCost     string // what folds would take, where there are none
}

// A targetsRun is a training on several targets.
type targetsRun struct {
	sequenceRun
	parts *data.Parts
	r     targetsReport
}

// targets divides --target into names of columns, if it is several and not the name of
// one.
func (o *trainOptions) targets() []string {
	names := strings.Split(o.target, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// divideTarget divides --target into columns, unless it is the name of one.
func (o *trainOptions) divideTarget(src *data.Source) {
	if _, err := src.Table.Column(o.target); err != nil {
		names := o.targets()
		o.target, o.more = names[0], names[1:]
	}
}

// several tells whether there is more to predict of a table than one number or class.
func (o *trainOptions) several(src *data.Source) bool {
	if src.Table == nil {
		return false
	}
	_, err := src.Table.Column(o.target)
	return o.task == string(data.Labels) || len(o.more) > 0 || err != nil && strings.Contains(o.target, ",")
}

// trainTargets is train of several targets.
func (o *trainOptions) trainTargets(cmd *cobra.Command, name string, src *data.Source) error {
	if err := o.only(cmd, forTargets, "is for one target: leave it out, or train a model of each target"); err != nil {
		return err
	}
	switch {
	case o.run.Method != nil || o.rateFlag.find:
		return usage(errors.New("several targets are learned by a rule, such as adam(lr=0.003): a search with all rows and --lr find are for one"))
	case o.Model.Codes():
		return usage(fmt.Errorf("model %s learns its inputs: it has no targets", o.Model))
	case !(o.test > 0):
		return usage(fmt.Errorf("--test %v: several targets are scored on rows that are held out", o.test))
	}
	o.src = src
	if err := o.exploring.begin(o.cmd, o); err != nil {
		return err
	}
	t := &targetsRun{}
	return o.trainSequence(cmd, name, t, &t.sequenceRun)
}

// read divides the rows.
func (t *targetsRun) read(name string) (err error) {
	if t.parts, err = t.trainOptions.parts(t.src); err != nil {
		return usage(err)
	}
	target := &t.parts.Schema.Target
	t.r = targetsReport{Data: called(name), Task: target.Task, Targets: target.Outputs, Seed: t.seed, Inputs: t.parts.Train.Features(), Out: t.out,
		Rows: rowCount{Train: t.parts.Train.Rows(), Val: t.parts.Val.Rows(), Test: t.parts.Test.Rows()}}
	for _, n := range t.parts.Notes {
		t.r.Notes = append(t.r.Notes, t.note(n))
	}
	return nil
}

// inUnits gives numbers the unit of training, which is that of the rows for training, and
// returns targets in it, and the truth of what is held out in their own.
func (s *targetsSetup) inUnits(p *data.Parts) (in *targetsSetup, truth []float64) {
	in, truth = &targetsSetup{Names: s.Names, Labels: s.Labels, metrics: s.metrics}, slices.Clone(p.Test.Y)
	if s.Labels {
		return in, truth
	}
	in.fit(p.Train.Y)
	for _, d := range []*data.Dataset{p.Train, p.Val, p.Test} {
		in.scale(d.Y)
	}
	return in, truth
}

// fit sets offsets and scales to the means and deviations of targets.
func (s *targetsSetup) fit(y []float64) {
	k := len(s.Names)
	n := float64(len(y) / k)
	s.Offset, s.Scale = make([]float64, k), make([]float64, k)
	for i, v := range y {
		s.Offset[i%k] += v / n
	}
	for i, v := range y {
		d := v - s.Offset[i%k]
		s.Scale[i%k] += float64(d*d) / n
	}
	for j, v := range s.Scale {
		if s.Scale[j] = math.Sqrt(v); !(s.Scale[j] > 0) || math.IsInf(s.Scale[j], 0) {
			s.Scale[j] = 1
		}
	}
}

// scale turns targets into the unit of training, own what is predicted back, in place.
func (s *targetsSetup) scale(y []float64) {
	for i, v := range y {
		j := i % len(s.Names)
		y[i] = (v - s.Offset[j]) / s.Scale[j]
	}
}

// number is what is predicted of target j in its own unit.
func (s *targetsSetup) number(y float64, j int) float64 {
	return float64(y*s.Scale[j]) + s.Offset[j]
}

func (s *targetsSetup) own(y []float64) []float64 {
	for i, v := range y {
		if j := i % len(s.Names); !s.Labels {
			y[i] = s.number(v, j)
		}
	}
	return y
}

// label corrects the probability of a label, and tells whether the label is predicted.
func (s *targetsSetup) label(p float64, j int) (float64, bool) {
	by, two := &score.Calibration{}, []float64{1 - p, p}
	if s.Calibrations != nil {
		by = &s.Calibrations[j]
	}
	by.Apply(two)
	return two[1], by.Decide(two) == 1
}

// targetsPrediction is what is said of a row.
func (m *saved) targetsPrediction(out []float64) prediction {
	if !m.Targets.Labels {
		return prediction{many: m.Targets.own(slices.Clone(out))}
	}
	x := prediction{p: make([]float64, len(out)), labels: []string{}}
	for j, p := range out {
		var has bool
		if x.p[j], has = m.Targets.label(p, j); has {
			x.labels = append(x.labels, m.Targets.Names[j])
		}
	}
	x.class = strings.Join(x.labels, cmp.Or(m.Schema.Target.Separator, ";"))
	return x
}

// check reports targets that were not saved so.
func (s *targetsSetup) check(schema *data.Schema) error {
	n := len(s.Names)
	switch {
	case schema == nil || !slices.Equal(s.Names, schema.Target.Outputs) || s.Labels != (schema.Target.Task == data.Labels):
		return fmt.Errorf("targets %q are not those of the schema", s.Names)
	case !s.Labels && (len(s.Offset) != n || len(s.Scale) != n || slices.Contains(s.Scale, 0)):
		return fmt.Errorf("%d targets with %d offsets and %d scales", n, len(s.Offset), len(s.Scale))
	case s.Calibrations != nil && (!s.Labels || len(s.Calibrations) != n):
		return fmt.Errorf("%d targets with %d calibrations", n, len(s.Calibrations))
	}
	for i := range s.Calibrations {
		if err := s.Calibrations[i].Check(2); err != nil {
			return err
		}
	}
	return nil
}

// prepare chooses what was not given, and makes the trainer.
func (t *targetsRun) prepare() error {
	of := &report{parts: t.parts}
	var err error
	if t.trainer, err = t.ready(of); err != nil {
		return err
	}
	if t.memory = of.Memory; t.folding.k == 0 && !t.exploring.on() {
		t.r.foldsCost = t.folding.costs(t.trainOptions)
	}
	t.r.Rows.Train = t.parts.Train.Rows() // some may be kept for intervals
	return nil
}

// begin begins what is done beside the training.
func (t *targetsRun) begin(ctx context.Context) error {
	return t.calibration.begin(ctx, t.trainOptions, t.parts)
}

// bounds learns how far predictions are from the truth, if intervals were asked for.
func (t *targetsRun) bounds(ctx context.Context) (err error) {
	if t.interval.method != nil {
		t.r.Interval, err = t.interval.run(ctx, t.trainOptions, t.parts, t.parts.Test, t.trainer, t.w)
	}
	return err
}

// scored says which rows scores are of.
func (t *targetsRun) scored() string { return count(t.r.Rows.Test, "held-out row") }

// targetsTask is the task of several targets: a number for each, or how likely a label is.
func (s *setup) targetsTask() (train.Task, error) {
	var none train.Task
	k, row := len(s.Targets.Names), s.Loss.Row
	switch {
	case s.Targets.Labels && (row.Task != losses.Binary || row.Pred != losses.Logits):
		return none, fmt.Errorf("loss %s: labels are learned by one that compares logits with 0 and 1, such as bce_logits or focal", row.Name)
	case !s.Targets.Labels && (row.Task != losses.Regression || row.Pred != losses.Real || row.Target != losses.Real):
		return none, fmt.Errorf("loss %s: several targets are learned by one that compares numbers, such as mse, mae or huber", row.Name)
	}
	model, sum, err := s.RowModel(k)
	if err != nil {
		return none, err
	}
	if err := s.AllowWeights(sum); err != nil {
		return none, err
	}
	of := s.Loss
	if s.Weighted {
		if of, err = tabular.Unreduced(of); err != nil {
			return none, err
		}
	}
	return train.Task{Compute: func(b *train.Batch) train.Result {
		out := model(b.Numbers("x", s.Features))
		loss := of.Loss(out, b.Numbers("y", k))
		if s.Weighted {
			loss = ops.Mean(ops.Mul(loss, b.Numbers("weight", 1)))
		}
		if s.Targets.Labels && !b.Training() {
			out = ops.Sigmoid(out)
		}
		return train.Result{Predictions: []train.Prediction{{Name: "targets", Node: out}}, Losses: []train.Loss{{Name: "loss", Weight: 1, Node: loss}}}
	}}, nil
}

// introduce prints what is going to happen.
func (t *targetsRun) introduce() error {
	r := &t.r
	sum, err := t.summary()
	if err != nil {
		return err
	}
	fmt.Fprintf(t.w, "%s: %s %s of %d inputs; %d rows for training, %d for validation, %d for testing\n", r.Data, r.Task, strings.Join(r.Targets, ", "), r.Inputs, r.Rows.Train, r.Rows.Val, r.Rows.Test)
	for _, n := range r.Notes {
		fmt.Fprintf(t.w, "note: %s\n", n)
	}
	t.tellRule(fmt.Sprintf("batch %d", t.run.Batch), sum)
	return nil
}

func (t *targetsRun) shown() (string, func(train.Epoch)) { return "", func(train.Epoch) {} }

func (t *targetsRun) settings() map[string]string {
	rows := [][]float64{t.parts.Train.Y, t.parts.Val.Y}
	return map[string]string{"targets": strings.Join(t.r.Targets, ","), "task": string(t.r.Task), "rows": fmt.Sprint(t.r.Rows, len(rows[0]), len(rows[1])), "inputs": strings.Join(t.parts.Train.Inputs, ",")}
}

func (t *targetsRun) saved() *saved {
	return &saved{Data: t.r.Data, Target: t.parts.Schema.Target.Name, Schema: t.parts.Schema, Flags: t.runFlags(t.cmd), TrainedOn: rowSum(t.parts.Train)}
}

func (t *targetsRun) reader() string { return "predict" }

func (t *targetsRun) told() any {
	t.r.ruleReport = t.rule()
	return &t.r
}

func (t *targetsRun) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n\n", t.headline())
	head, rows := t.scoreTable()
	widths := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			if pad := strings.Repeat(" ", widths[i]-len([]rune(cell))); i == 0 {
				fmt.Fprint(w, cell, pad)
			} else {
				fmt.Fprint(w, "  ", pad, cell)
			}
		}
		fmt.Fprintln(w)
	}
	for _, line := range t.sentences() {
		fmt.Fprintln(w, line)
	}
	if t.r.Interval != nil {
		fmt.Fprintf(w, "\n%s\n", t.r.Interval.says(t.scored()))
	}
	if t.r.Search != nil {
		fmt.Fprintf(w, "\n%s\n", strings.Join(t.r.Search.lines(), "\n"))
	}
	return nil
}
