package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/internal/baseline"
	"descent/internal/inspect"
	"descent/internal/stats"
	"descent/train"
	"descent/train/score"
)

// A report is what train tells about a run.
type report struct {
	Data   string   `json:"data"`
	Task   string   `json:"task"`
	Target string   `json:"target"`
	Seed   uint64   `json:"seed"`
	Notes  []string `json:"notes,omitempty"`
	// Facts are what is odd about the rows.
	Facts   *inspect.Facts `json:"facts"`
	Rows    rowCount       `json:"rows"`
	Inputs  int            `json:"inputs"`
	Classes []string       `json:"classes,omitempty"`

	Model     string     `json:"model"`
	Loss      string     `json:"loss"`
	Augment   string     `json:"augment,omitempty"`
	Optimizer string     `json:"optimizer"`
	LR        float64    `json:"lr"`
	Found     *foundRate `json:"found_lr,omitempty"` // by --lr find
	Batch     int        `json:"batch"`
	DType     string     `json:"dtype"`
	// Memory is how many bytes the run takes besides the data, as is told before.
	Memory int `json:"memory"`

	Epochs  []train.Epoch `json:"epochs"`
	Best    int           `json:"best_epoch,omitempty"`
	Stopped string        `json:"stopped,omitempty"`
	// Scores of the rows On: test, val or train. Errors are in the target's
	// unit, the loss is in that of training.
	On        string             `json:"scored_on"`
	Scores    map[string]float64 `json:"scores"`
	Baseline  float64            `json:"baseline"` // accuracy of the most frequent class, or RMSE of the mean
	Baselines baselines          `json:"baselines"`
	Verdict   string             `json:"verdict,omitempty"` // where the model does not beat them
	// Calibration is what corrects the probabilities, Reliability the confidences of the
	// scored rows after that.
	Calibration *score.Calibration `json:"calibration,omitempty"`
	Calibrated  string             `json:"calibrated_on,omitempty"`
	Reliability []score.Bin        `json:"reliability,omitempty"`
	Remarks     []string           `json:"remarks,omitempty"`
	Confusion   [][]int            `json:"confusion,omitempty"`
	PerClass    []classScores      `json:"per_class,omitempty"`
	Residuals   []float64          `json:"residuals,omitempty"` // minimum, quartiles and maximum of prediction - target
	Folds       *foldReport        `json:"folds,omitempty"`
	Interval    *intervalReport    `json:"interval,omitempty"`
	Search      *searchReport      `json:"search,omitempty"`
	Init        *begun             `json:"init,omitempty"` // the model that it started from
	Out         string             `json:"out,omitempty"`
	Page        *pageNumbers       `json:"page,omitempty"` // what only the page of --report has

	command  string   // that was given
	guesses  []string // of the notes, those that are told in any case
	parts    *data.Parts
	history  *train.History
	unkept   bool           // the model could not be saved
	more     []train.Metric // that were asked for
	weighted bool           // the rows are

	foldsCost     string   // what folds would take, where there are none
	notCalibrated string   // why probabilities are not, "" where there are none
	notes         []string // of what came after training
}

// baselines are the scores of what a model must beat, of the rows that are scored.
type baselines struct {
	Constant map[string]float64 `json:"constant"`
	Linear   map[string]float64 `json:"linear,omitempty"`
	Last     map[string]float64 `json:"last,omitempty"` // where rows are held out by time
}

type rowCount struct {
	Train int `json:"train"`
	Val   int `json:"val"`
	Test  int `json:"test"`
}

// introduce fills in what is known before training, and prints it.
func (r *report) introduce(w io.Writer, o *trainOptions) {
	d := r.parts.Train
	r.more, r.weighted = o.Metrics, o.Weighted
	r.Task, r.Target, r.Classes, r.Inputs = string(data.Regression), d.Target, d.Classes, d.Features()
	if o.Classes > 0 {
		r.Task = string(data.Classification)
	}
	if o.Model.Codes() {
		r.Task, r.Target, r.Classes = "autoencoder", "", nil
	}
	r.Rows = rowCount{o.run.Train.Rows(), r.parts.Val.Rows(), r.parts.Test.Rows()}
	r.Model, r.Loss, r.Optimizer, r.LR, r.Batch, r.DType, r.Out = o.Model.String(), o.LossText(o.classWeight), o.optimizer.Text, o.lr, o.run.Batch, o.dtype, o.out
	if o.augment != nil {
		r.Augment = o.augment.String()
	}
	for _, n := range r.parts.Notes {
		r.Notes = append(r.Notes, o.note(n))
		if n.Guess {
			r.guesses = append(r.guesses, o.note(n))
		}
	}
	r.Init = o.origin.tell()
	r.Notes = append(r.Notes, o.origin.notes(r.Data, r.Classes)...)
	r.inspect(o)
	if o.Model.Codes() && d.Target != "" && r.parts.Schema != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("column %s is not used: an autoencoder learns its inputs", d.Target))
	}
	if o.Raw {
		r.Notes = append(r.Notes, "the loss sees the target in its own unit")
	} else if note := o.scaled(); note != "" {
		r.Notes = append(r.Notes, note)
	}
	switch {
	case o.solves(d):
		r.Optimizer, r.LR, r.Batch = "newton", 0, d.Rows()
	case o.run.Method != nil:
		r.LR, r.Batch = 0, d.Rows()
	}
	what := fmt.Sprintf("regression of %s", r.Target)
	if o.Classes > 0 {
		what = fmt.Sprintf("classification of %s into %d classes", r.Target, o.Classes)
	}
	if o.Model.Codes() {
		what = "codes, and reconstructions,"
	}
	fmt.Fprintf(w, "%s: %s from %s\n", r.Data, what, count(r.Inputs, "input"))
	fmt.Fprintf(w, "rows: %d for training, %d for validation, %d for testing\n", r.Rows.Train, r.Rows.Val, r.Rows.Test)
	fmt.Fprintf(w, "memory: about %s for the run\n", amount(int64(r.Memory)))
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	if o.solves(d) {
		fmt.Fprintf(w, "%s, loss %s, solved by Newton's method on all rows, %s\n", r.Model, r.Loss, r.DType)
		return
	}
	if o.run.Method != nil {
		fmt.Fprintf(w, "%s, loss %s, %s on all rows, at most %d passes over them, seed %d, %s\n", r.Model, r.Loss, r.Optimizer, o.run.Epochs, r.Seed, r.DType)
		return
	}
	rate := ""
	if !o.optimizer.Given {
		rate = fmt.Sprintf(" at learning rate %.4g", r.LR)
	}
	if o.schedule != nil {
		rate += ", schedule " + o.schedule.String()
	}
	fmt.Fprintf(w, "%s, loss %s, %s%s, batch %d, seed %d, %s\n", r.Model, r.Loss, r.Optimizer, rate, r.Batch, r.Seed, r.DType)
	if r.Augment != "" {
		fmt.Fprintf(w, "each picture is changed in each epoch: %s\n", r.Augment)
	}
}

// score scores the model on the rows that were held out.
func (r *report) score(ctx context.Context, o *trainOptions, t *train.Trainer) error {
	d := r.scoredRows()
	if o.Model.Codes() {
		return r.scoreCoder(o, t, d)
	}
	s, err := t.Evaluate(d)
	if err != nil {
		return err
	}
	if o.Classes == 0 {
		if err := r.scoreResiduals(t, d); err != nil {
			return err
		}
	}
	if err := r.compare(ctx, o, s, d); err != nil {
		return err
	}
	var c *score.Classes
	if o.GivesProbabilities() {
		if c, err = t.Classes(d); err != nil {
			return err
		}
		r.Reliability = c.Reliability()
	}
	r.remark(o, s, c)
	if err := r.remarkCopies(o, s, t, d); err != nil {
		return err
	}
	r.Confusion, r.Scores = s.Confusion, s.Values()
	for k, x := range s.Each {
		r.PerClass = append(r.PerClass, classScores{r.Classes[k], x})
	}
	r.Epochs, r.Best, r.Stopped = r.history.Epochs, r.history.Best, r.history.Reason
	return nil
}

// scoredRows are those that scores are of, which On says.
func (r *report) scoredRows() *data.Dataset {
	switch {
	case r.parts.Test.Rows() > 0:
		r.On = "test"
		return r.parts.Test
	case r.parts.Val.Rows() > 0:
		r.On = "val"
		return r.parts.Val
	}
	r.On = "train"
	return r.parts.Train
}

// compare scores the baselines on the same rows.
func (r *report) compare(ctx context.Context, o *trainOptions, s *train.Scores, d *data.Dataset) error {
	task, err := o.setup.task()
	if err != nil {
		return err
	}
	b, err := baseline.Of(ctx, &task, r.parts.Train, d)
	if err != nil {
		return err
	}
	if at := r.parts.Latest; at > 0 {
		b.Last = baseline.LastValue(&task, r.parts.Train, at-1, d)
		r.Baselines.Last = b.Last.Metrics
	}
	if o.Model.String() == "linear" {
		r.Verdict = (&baseline.Scores{Constant: b.Constant, Last: b.Last}).Verdict(s, o.judgedBy(s)) // it is the other baseline itself
	} else {
		r.Verdict = b.Verdict(s, o.judgedBy(s))
	}
	if r.Baselines.Constant = b.Constant.Metrics; o.Classes > 0 {
		r.Baseline = b.Constant.Metrics["accuracy"]
	} else {
		r.Baseline = b.Constant.Metrics["rmse"]
	}
	if b.Linear != nil {
		r.Baselines.Linear = b.Linear.Metrics
	}
	return nil
}

func (r *report) scoreResiduals(t *train.Trainer, d *data.Dataset) error {
	x, err := t.Numbers(d)
	if err != nil {
		return err
	}
	res := make([]float64, len(x.Truth))
	for i, y := range x.Truth {
		res[i] = x.Predicted[i] - y
	}
	slices.Sort(res)
	for k := range 5 {
		r.Residuals = append(r.Residuals, stats.Quantile(res, float64(k)/4))
	}
	return nil
}

// print prints the result.
func (r *report) print(w io.Writer, o *trainOptions) error {
	if o.json {
		return printJSON(w, r)
	}
	if o.quiet {
		for _, n := range r.guesses {
			fmt.Fprintf(w, "note: %s\n", n)
		}
	}
	if r.Stopped != "" {
		fmt.Fprintf(w, "stopped: %s\n", r.Stopped)
	}
	if r.Best > 0 && o.run.Stop.RestoreBest {
		fmt.Fprintf(w, "the weights are those of epoch %d, the best by %s\n", r.Best, or(o.run.Stop.Monitor, "val_loss"))
	}
	switch {
	case r.falls(o) && o.run.Method != nil:
		fmt.Fprintln(w, "the loss still falls: more --epochs would do more")
	case r.falls(o):
		fmt.Fprintln(w, "the loss still falls: a larger --lr or more --epochs would do more")
	}
	r.printScores(w, o)
	if o.Classes > 0 {
		r.printClasses(w)
		r.printConfusion(w)
	}
	r.printFolds(w, o)
	r.printSearch(w)
	r.printInterval(w)
	if !r.unkept {
		if err := o.tellKept(w, o.run.Checkpoint != "" && !o.solves(r.parts.Train), "predict"); err != nil {
			return err
		}
	}
	if o.report != "" {
		fmt.Fprintf(w, "report in %s\n", o.report)
	}
	return nil
}

// falls tells whether the training loss was still falling at the end, at a rate
// that does not fall itself: in the last tenth of the epochs by more than a
// hundredth of what it was in the first.
func (r *report) falls(o *trainOptions) bool {
	n := len(r.Epochs)
	if n < 10 || o.schedule != nil || r.Stopped != "" {
		return false
	}
	return r.Epochs[n-1-n/10].Loss-r.Epochs[n-1].Loss > 0.01*math.Abs(r.Epochs[0].Loss)
}

// scored says what the scores are of.
func (r *report) scored() string {
	switch r.On {
	case "test":
		return count(r.Rows.Test, "held-out row")
	case "val":
		return count(r.Rows.Val, "validation row") + " (none were held out for testing)"
	}
	return count(r.Rows.Train, "training row") + " (none were held out)"
}

// pad puts spaces in front of s.
func pad(s string, width int) string {
	return strings.Repeat(" ", max(0, width-len([]rune(s)))) + s
}

// count counts things: 1 input, 2 inputs.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
