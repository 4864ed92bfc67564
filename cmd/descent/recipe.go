package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"descent/data"
	"descent/internal/baseline"
	"descent/models"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// smallTable is the largest number of rows of a table that is trained by the
// recipe for small ones. Its numbers were chosen by bench/tables.
const smallTable = 5000

// The recipe: so many steps, and passes over the rows, at rates that fall to 0,
// with weight decay.
const (
	recipeSteps  = 800
	recipeEpochs = 30
	recipeRule   = "decay(%v) | adam(lr=0.003)"
)

// recipe tells whether a table of so many rows is trained by the recipe: who
// chooses the rule or its rate chooses what belongs to it, too.
func (o *trainOptions) recipe(rows int) bool {
	return rows <= smallTable && !o.given("optimizer") && !o.given("lr")
}

// weightsPerRow is how many weights a row can carry before a net of half the size
// is better.
const weightsPerRow = 5

// defaultModel is a net that suits so many rows.
func (o *trainOptions) defaultModel(rows int) string {
	switch {
	case rows >= 1000:
		return "mlp(128)"
	case 64*(o.Features+max(1, o.Classes)) > weightsPerRow*rows:
		return "mlp(32)"
	}
	return "mlp(64)"
}

// follow fills in the recipe for what was not given.
func (o *trainOptions) follow(d *data.Dataset) {
	decay := 1
	if tails(d.Y, max(1, len(d.Outputs))) > heavy {
		decay = 10
	}
	o.optimizer = must(search.Parse(fmt.Sprintf(recipeRule, decay)))
	o.lr = o.optimizer.LR
	if o.schedule == nil {
		o.schedule = new(must(schedule.Parse("cosine")))
	}
	if o.run.Epochs == 0 {
		batch := o.run.Batch
		if batch < 0 {
			batch = smallBatch
		}
		o.run.Epochs = recipePasses(d.Rows(), batch)
	}
}

// recipePasses is how many passes over so many rows the recipe makes.
func recipePasses(rows, batch int) int {
	steps := data.NewBatches(rows, batch, 0, false).Steps()
	return min(max(recipeEpochs, (recipeSteps+steps-1)/steps), 200)
}

// choose fills in what was not given.
func (o *trainOptions) choose(parts *data.Parts) error {
	d := parts.Train
	n := d.Rows()
	o.Of(d)
	if o.Model.Codes() {
		if err := o.chooseCoder(parts); err != nil {
			return err
		}
	}
	if o.rawTarget && o.Classes > 0 {
		return errors.New("--raw-target is for a target that is a number; this one has classes")
	}
	if o.Loss == nil {
		o.Loss = o.DefaultLoss()
	}
	if err := o.weigh(d); err != nil {
		return err
	}
	if err := cmp.Or(o.chooseMetrics(d.Classes), o.calibration.check(o, d)); err != nil {
		return err
	}
	large := n > smallTable
	if !o.given("model") && o.origin.of == nil {
		o.Model = must(models.Parse(o.defaultModel(n)))
	}
	if parts.Schema != nil && o.recipe(n) {
		o.follow(d)
	}
	if o.run.Epochs == 0 {
		switch {
		case o.run.Method != nil:
			o.run.Epochs = 200
		case large:
			if o.run.Epochs = 20; o.schedule == nil {
				o.schedule = new(must(schedule.Parse("cosine")))
			}
		case parts.Val.Rows() > 0: // which says when to stop
			o.run.Epochs = 200
		default:
			o.run.Epochs = 100
		}
	}
	if o.run.Batch < 0 {
		o.run.Batch = smallBatch
		if large {
			o.run.Batch = 128
		}
	}
	if parts.Val.Rows() > 0 {
		o.run.Val, o.run.Stop.RestoreBest = parts.Val, true
	} else if o.run.Stop.Monitor == "" && !o.given("patience") {
		o.run.Stop.Patience = 0 // nothing to judge by but the training loss
	}
	o.run.Train, o.run.Seed, o.run.Explain = d, o.seed, true
	if o.augment != nil {
		o.run.Augment, o.Mixed = o.augment, o.augment.Mixes() && !o.Model.Codes()
	}
	_, err := o.setup.task()
	return err
}

// smallBatch is the number of rows in a batch where they are few.
const smallBatch = 32

// heavy is the kurtosis above which a few targets decide what least squares
// learns; that of the normal distribution is 3.
const heavy = 30

// tails is the kurtosis of targets, the largest of k that each row has; 0 if there are none.
func tails(y []float64, k int) (largest float64) {
	n := float64(len(y) / k)
	for j := range k {
		mean, square, fourth := 0.0, 0.0, 0.0
		for i := j; i < len(y); i += k {
			mean += y[i] / n
		}
		for i := j; i < len(y); i += k {
			d := float64((y[i] - mean) * (y[i] - mean))
			square += d / n
			fourth += float64(d*d) / n
		}
		if square > 0 && !math.IsInf(fourth, 0) {
			largest = max(largest, fourth/square/square)
		}
	}
	return largest
}

// approached are flags that say how an optimum is to be approached.
var approached = []string{"optimizer", "lr", "schedule", "epochs", "batch", "accumulate", "monitor", "patience", "min-delta", "resume", "augment", "init"}

// exact tells whether what was asked for is a linear model whose optimum can be
// computed, and nobody has said how to approach it.
func (o *trainOptions) exact() bool {
	if !o.given("model") || o.Model.String() != "linear" {
		return false
	}
	for _, name := range approached {
		if o.given(name) {
			return false
		}
	}
	return o.Loss == nil || smooth[o.Loss.String()]
}

// smooth are the losses that are convex and smooth in the outputs of a linear
// model.
var smooth = map[string]bool{"mse": true, "cross_entropy": true, "bce_logits": true, "poisson_nll": true}

// solves tells whether the run computes the optimum of its rows.
func (o *trainOptions) solves(d *data.Dataset) bool {
	return o.exact() && o.Targets == nil && o.spilled == nil && baseline.Solvable(d)
}

// solve computes the optimum. Where a linear model gets all classes right the
// loss has none, it falls for ever as weights grow; the optimum is then that with
// the penalty of the baseline.
func (o *trainOptions) solve(ctx context.Context, w io.Writer, t *train.Trainer, d *data.Dataset) (*train.History, error) {
	h, err := t.Solve(ctx, d, nil)
	if err != nil || o.Classes == 0 {
		return h, err
	}
	s, err := t.Evaluate(d)
	if err != nil || s.Metrics["accuracy"] < 1 {
		return h, err
	}
	fmt.Fprintf(w, "note: a linear model gets all %d training rows right, so that the loss alone has no minimum: ½‖w‖²/%d is added\n", d.Rows(), d.Rows())
	for _, v := range t.Store().Variables() {
		if err := v.Set(make([]float64, len(v.Float64s()))); err != nil {
			return h, err
		}
	}
	return t.Solve(ctx, d, baseline.Ridge(d))
}
