package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"descent/data"
	"descent/data/puzzle"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers/schedule"
	"descent/train"

	"github.com/spf13/cobra"
)

// puzzleSetup is what a model of a puzzle is built for.
type puzzleSetup struct {
	*puzzle.Puzzle
	length int
}

// forPuzzle are flags that only a puzzle has, unsaved those that it has not: what is made
// up is there again whenever it is wanted, and nobody has rows of it to predict.
var (
	forPuzzle = []string{"steps"}
	unsaved   = []string{"out", "resume", "checkpoint-every", "init", "test"}
)

// Sequences of a puzzle: batches of an epoch, and what is validated and scored with.
const (
	puzzleBatches = 100
	puzzleVal     = 256
	puzzleTest    = 2000
)

// A puzzleReport is what train tells about a puzzle.
type puzzleReport struct {
	Data    string `json:"data"`
	Seed    uint64 `json:"seed"`
	Length  int    `json:"length"`
	Steps   int    `json:"steps"`
	Answers int    `json:"answers"`
	ruleReport
	// Of sequences that were in no epoch: the share of answers that is right, or the mean
	// squared error of those that are numbers, beside that of a guess.
	Score string  `json:"score"`
	Value float64 `json:"value"`
	Guess float64 `json:"guess"`
}

// A puzzleRun is a training on a puzzle.
type puzzleRun struct {
	sequenceRun
	r puzzleReport
}

func puzzleNames() (names []string) {
	for _, p := range puzzle.Table() {
		names = append(names, p.Name)
	}
	return names
}

// trainPuzzle is train of sequences that are made up.
func (o *trainOptions) trainPuzzle(cmd *cobra.Command, p *puzzle.Puzzle) error {
	if err := o.only(cmd, forPuzzle, fmt.Sprintf("is not for %s, which is made up as it is learned", p.Name)); err != nil {
		return err
	}
	for _, flag := range unsaved {
		if o.given(flag) {
			return usage(fmt.Errorf("--%s is not for %s: it is made up as it is learned, and nothing of it is kept", flag, p.Name))
		}
	}
	switch {
	case o.run.Method != nil || o.rateFlag.find:
		return usage(fmt.Errorf("%s is trained by a rule, such as adam(lr=0.003): a search with all rows and --lr find are for tables and pictures", p.Name))
	case o.Model.Codes() || o.Model.Tokens():
		return usage(fmt.Errorf("model %s takes no sequences of numbers, which steps of %s are; gru(64) does", o.Model, p.Name))
	case o.run.Batch == 0:
		return usage(fmt.Errorf("--batch 0: %s has no end; say how many sequences are a batch", p.Name))
	}
	o.Puzzle = &puzzleSetup{p, o.length}
	t := &puzzleRun{}
	return o.trainSequence(cmd, p.Name, t, &t.sequenceRun)
}

func (t *puzzleRun) read(name string) error {
	p := t.Puzzle
	t.r = puzzleReport{Data: name, Seed: t.seed, Length: p.length, Steps: p.Steps(p.length), Answers: p.Answers(p.length), Score: "mse", Guess: p.Guess}
	if p.Classes > 0 {
		t.r.Score = rightAnswers
	}
	return nil
}

// prepare chooses what was not given, and makes the trainer.
func (t *puzzleRun) prepare() (err error) {
	p := t.Puzzle
	if t.Loss == nil {
		t.Loss = must(losses.ByName(p.loss()))
	}
	if !t.given("model") {
		t.Model = must(models.Parse("gru(64)"))
	}
	t.run.Epochs = cmp.Or(t.run.Epochs, 50)
	if t.run.Batch < 0 {
		t.run.Batch = smallBatch
	}
	if t.schedule == nil && !t.given("optimizer") {
		t.schedule = new(must(schedule.Parse("cosine")))
	}
	if t.run.Generate, err = p.Generator(p.length, puzzleBatches, t.run.Batch); err != nil {
		return usage(fmt.Errorf("%s: %w; --steps says how long it is", p.Name, err))
	}
	if t.run.Val, err = p.Rows(p.length, puzzleVal, t.seed); err != nil {
		return err
	}
	t.run.Seed, t.run.Explain, t.run.Stop.Patience = t.seed, true, 0
	return t.build(puzzleBatches * t.run.Batch)
}

// loss names the one that a puzzle is trained by.
func (p *puzzleSetup) loss() string {
	if p.Classes > 0 {
		return "cross_entropy"
	}
	return "mse"
}

// rightAnswers is the score of answers that are classes.
const rightAnswers = "right"

// puzzleTask is the task of a puzzle: the answers at its last steps.
func (s *setup) puzzleTask() (train.Task, error) {
	var none train.Task
	p := s.Puzzle
	if s.Loss.Name != p.loss() {
		return none, fmt.Errorf("loss %s: %s is trained by %s", s.Loss.Name, p.Name, p.loss())
	}
	steps, answers, width := p.Steps(p.length), p.Answers(p.length), max(1, p.Classes)
	model, sum, err := s.Model.ForSteps(steps, p.Features, width)
	if err != nil {
		return none, err
	}
	if err := s.AllowWeights(sum); err != nil {
		return none, err
	}
	t := train.Task{Compute: func(b *train.Batch) train.Result {
		n := b.Rows() * answers
		out := ops.Slice(model(b.Numbers("x", steps, p.Features)), 1, steps-answers, steps, 1)
		r := train.Result{Predictions: []train.Prediction{{Name: "answers", Node: out}}}
		var loss *graph.Node
		if p.Classes > 0 {
			loss = s.Loss.Loss(ops.Reshape(out, n, width), ops.Reshape(b.Whole("y", answers), n))
		} else {
			loss = s.Loss.Loss(ops.Reshape(out, n, 1), ops.Reshape(b.Numbers("y", answers), n, 1))
		}
		r.Losses = []train.Loss{{Name: "loss", Weight: 1, Node: loss}}
		return r
	}}
	if p.Classes > 0 {
		t.Metrics = []train.Metric{{Name: rightAnswers, Doc: "share of answers that are right", Larger: true, Whole: func(all *train.Outcome) float64 { return right(all, answers, width) }}}
	}
	return t, nil
}

// right is the share of answers for whose class a model makes the largest number.
func right(all *train.Outcome, answers, classes int) float64 {
	y, _ := all.Rows.Array("y")
	truth := make([]int, all.Len()*answers)
	data.GatherArray(truth, y, all.Index)
	out, _ := all.Prediction()
	n := 0
	for i, k := range truth {
		if of := out[i*classes : (i+1)*classes]; of[k] == slices.Max(of) {
			n++
		}
	}
	return float64(n) / float64(len(truth))
}

// introduce prints what is going to happen.
func (t *puzzleRun) introduce() error {
	p, r := t.Puzzle, &t.r
	_, sum, err := t.Model.ForSteps(r.Steps, p.Features, max(1, p.Classes))
	if err != nil {
		return err
	}
	fmt.Fprintf(t.w, "%s, made up as it is learned: %s\nsequences of %d steps of %d numbers, answers at the last %d\n", p.Name, p.Doc, r.Steps, p.Features, r.Answers)
	t.tellRule(fmt.Sprintf("%d batches of %d an epoch", puzzleBatches, t.run.Batch), sum)
	return nil
}

func (t *puzzleRun) shown() (string, func(train.Epoch)) {
	if t.Puzzle.Classes > 0 {
		return rightAnswers, func(train.Epoch) {}
	}
	return "", func(train.Epoch) {}
}

func (t *puzzleRun) settings() map[string]string { return map[string]string{} }

// score scores sequences that were in no epoch and in no validation.
func (t *puzzleRun) score(context.Context) error {
	p := t.Puzzle
	rows, err := p.Rows(p.length, puzzleTest, t.seed+1)
	if err != nil {
		return err
	}
	s, err := t.trainer.Evaluate(rows)
	if err != nil {
		return err
	}
	if t.r.Value = s.Loss; p.Classes > 0 {
		t.r.Value = s.Metrics[rightAnswers]
	}
	return nil
}

func (t *puzzleRun) told() any {
	t.r.ruleReport = t.rule()
	return &t.r
}

func (t *puzzleRun) print(w io.Writer) error {
	what, format := "mean squared error", "%.5g"
	if t.Puzzle.Classes > 0 {
		what, format = "share of answers that are right", "%.5f"
	}
	_, err := fmt.Fprintf(w, "\nof %d sequences that were not learned from, "+what+": "+format+"\na guess has "+format+"\n", puzzleTest, t.r.Value, t.r.Guess)
	return err
}

// puzzleHelp names the puzzles for help.
func puzzleHelp() string { return strings.Join(puzzleNames(), ", ") }
