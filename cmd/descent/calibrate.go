package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"descent/data"
	"descent/train"
	"descent/train/score"

	"github.com/spf13/pflag"
)

// A calibration is how the probabilities of a classification are corrected, and the
// threshold of a decision chosen, on rows that the model was not trained on: those for
// validation; where there are none, rows that a second training leaves out, which runs
// beside the first.
type calibration struct {
	method, aim string
	goal        *score.Aim // of aim; nil is none
	beside      chan held  // nil if there is no second training
}

// held are rows that a training left out, as its model sees them.
type held struct {
	rows []*score.Classes // of a target, or of each label
	err  error
}

// Rows that a second training leaves out are a fifth of those for training; it is done
// again, with others, until there are enough for a temperature.
const (
	leftOut      = 0.2
	enough       = 250
	enoughOfEach = 20
	mostBesides  = 5
)

// uncalibrated is the method that leaves probabilities as they are.
const uncalibrated = "none"

func calibrationNames() (names []string) {
	for _, row := range score.Calibrations {
		names = append(names, row.Name)
	}
	return append(names, uncalibrated)
}

func (c *calibration) flags(f *pflag.FlagSet) {
	f.StringVar(&c.method, "calibrate", "temperature", "how probabilities of classes are corrected, on rows that were not trained on: "+strings.Join(calibrationNames(), ", "))
	f.StringVar(&c.aim, "threshold", "", "an `aim` for which the probability is chosen above which the second of two classes is predicted: f1, mcc, balanced_accuracy, cost=FP:FN such as cost=1:20, recall@precision=0.9")
}

// check refuses what cannot be done for a target and a loss.
func (c *calibration) check(o *trainOptions, d *data.Dataset) error {
	asked := "--calibrate"
	if c.aim != "" {
		asked = "--threshold"
		goal, err := score.ParseAim(c.aim)
		if err != nil {
			return fmt.Errorf("--threshold: %w", err)
		}
		c.goal = &goal
	}
	if _, err := score.CalibrationNamed(c.method); err != nil && c.method != uncalibrated {
		return fmt.Errorf("--calibrate: %w, and %s", err, uncalibrated)
	}
	switch {
	case !o.given("calibrate") && !o.given("threshold") || o.labels():
	case o.Targets != nil:
		return fmt.Errorf("%s is for classes and labels; the targets are numbers", asked)
	case o.Classes == 0:
		return fmt.Errorf("%s is for classes; the target is a number", asked)
	case !o.GivesProbabilities():
		return fmt.Errorf("%s needs probabilities, and loss %s gives none", asked, o.Loss)
	case c.aim != "" && o.Classes > 2:
		return fmt.Errorf("--threshold is for two classes; %s has %d", d.Target, o.Classes)
	}
	return nil
}

// does tells whether there is anything to do for a model.
func (c *calibration) does(o *trainOptions) bool {
	return (o.GivesProbabilities() || o.labels()) && (c.method != uncalibrated || c.goal != nil)
}

// soon is how many products of a weight and an input a second training may have that
// nobody has asked for: it is over as soon as the first, on another processor.
const soon = 2e9

// light is how many inputs the rows of such a training may have: it has a copy of them.
const light = 2e7

// twice tells whether there is to be a second training.
func (c *calibration) twice(o *trainOptions, parts *data.Parts) bool {
	if !c.does(o) || parts.Val.Rows() > 0 {
		return false
	}
	sum, err := o.summary()
	return o.given("calibrate") || o.given("threshold") || err == nil && parts.Train.Rows()*parts.Train.Features() <= light && float64(sum.Products)*float64(parts.Train.Rows()*o.run.Epochs) <= soon
}

// begin starts the second training, if there is to be one.
func (c *calibration) begin(ctx context.Context, o *trainOptions, parts *data.Parts) error {
	if !c.twice(o, parts) {
		return nil
	}
	t, err := o.trainer()
	if err != nil {
		return err
	}
	c.beside = make(chan held, 1)
	go func() {
		rows, err := o.leaveOut(ctx, t, parts.Train)
		c.beside <- held{rows, err}
	}()
	return nil
}

// leaveOut trains as the run does, but for rows that are left out, which it returns.
func (o *trainOptions) leaveOut(ctx context.Context, t *train.Trainer, d *data.Dataset) (all []*score.Classes, err error) {
	for i := range uint64(mostBesides) {
		if i > 0 && len(all[0].Truth) >= enough && rarest(all) >= enoughOfEach {
			break
		}
		parts, err := data.Split(d, data.Fractions{Test: leftOut}, o.seed+i)
		if err == nil {
			err = o.reset(t, o.seed+i)
		}
		if err == nil {
			err = o.again(ctx, t, parts.Train, nil)
		}
		if err != nil {
			return nil, err
		}
		some, err := o.classesOf(t, parts.Test)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = some
			continue
		}
		for j, c := range some {
			addRows(all[j], c)
		}
	}
	return all, nil
}

// addRows adds rows to others.
func addRows(to, rows *score.Classes) {
	to.Truth, to.Decided = append(to.Truth, rows.Truth...), append(to.Decided, rows.Decided...)
	to.P, to.Weight = append(to.P, rows.P...), append(to.Weight, rows.Weight...)
}

// classesOf are rows as a trainer sees them: of a target, or of each label.
func (o *trainOptions) classesOf(t *train.Trainer, d *data.Dataset) ([]*score.Classes, error) {
	if o.labels() {
		said, _, err := t.Predict(d)
		if err != nil {
			return nil, err
		}
		return o.Targets.rows(d.Y, said, d.Weight).labels, nil
	}
	c, err := t.Classes(d)
	return []*score.Classes{c}, err
}

// rarest is how many rows there are of the rarest class.
func rarest(all []*score.Classes) int {
	least := math.MaxInt
	for _, c := range all {
		count := make([]int, c.K)
		for _, k := range c.Truth {
			count[k]++
		}
		least = min(least, slices.Min(count))
	}
	return least
}

// again trains as the run does, on other rows, and tells nobody.
func (o *trainOptions) again(ctx context.Context, t *train.Trainer, d, val *data.Dataset) error {
	if o.solves(d) {
		_, err := o.solve(ctx, io.Discard, t, d)
		return err
	}
	run := train.Run{Train: d, Epochs: o.run.Epochs, Batch: o.run.Batch, Seed: o.run.Seed, Accumulate: o.run.Accumulate, Schedule: o.rate(d.Rows())}
	if o.augment != nil {
		run.Augment = o.augment.Clone() // the run itself may be under way
	}
	if val != nil && val.Rows() > 0 {
		run.Val, run.Stop = val, o.run.Stop
	}
	if o.run.Method != nil {
		run.Method = o.optimizer.Method(o.seed)
	}
	_, err := t.Fit(ctx, run)
	return err
}

// unseen are rows that the model was not trained on, of the target or of each label, and which
// these are; none says why there are none.
func (c *calibration) unseen(o *trainOptions, val *data.Dataset, t *train.Trainer) (rows []*score.Classes, on, none string) {
	var err error
	switch {
	case val.Rows() > 0:
		on = "val"
		rows, err = o.classesOf(t, val)
	case c.beside != nil:
		on = "left out"
		h := <-c.beside
		rows, err = h.rows, h.err
	default:
		return nil, "", "that would take a second training; --calibrate temperature does it, or --val 0.15 holds rows out"
	}
	if err != nil {
		return nil, "", oneLine(err.Error())
	}
	return rows, on, ""
}

// fit corrects the probabilities of rows, and chooses the threshold; unmet says that none is as
// good as was asked for.
func (c *calibration) fit(rows *score.Classes, weights []float64) (fitted *score.Calibration, unmet, err error) {
	fitted = &score.Calibration{Rows: len(rows.Truth)}
	if c.method != uncalibrated {
		if fitted, err = score.Calibrate(c.method, rows, weights); err != nil {
			return nil, nil, err
		}
	}
	if c.goal != nil {
		threshold, err := c.goal.Choose(fitted.Applied(rows))
		fitted.Aimed(*c.goal, threshold)
		unmet = err
	}
	return fitted, unmet, nil
}

// end fits the calibration, and chooses the threshold.
func (c *calibration) end(o *trainOptions, r *report, t *train.Trainer) error {
	if !c.does(o) {
		return nil
	}
	var rows []*score.Classes
	if rows, r.Calibrated, r.notCalibrated = c.unseen(o, r.parts.Val, t); rows == nil {
		return nil
	}
	fitted, unmet, err := c.fit(rows[0], o.ClassWeights)
	if err != nil {
		return err
	}
	if unmet != nil {
		r.notes = append(r.notes, "--threshold: "+unmet.Error())
	}
	o.Calibration, r.Calibration = fitted, fitted
	return t.Calibrate(fitted)
}

// calibratedOn says which rows a calibration was fitted on.
func calibratedOn(rows int, on string) string {
	if on == "val" {
		return fmt.Sprintf("%d validation rows", rows)
	}
	return fmt.Sprintf("%d training rows that other trainings left out", rows)
}

// printCalibration says how probabilities were corrected.
func (r *report) printCalibration(w io.Writer) {
	for _, n := range r.notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	c := r.Calibration
	if c == nil {
		if r.notCalibrated != "" {
			fmt.Fprintf(w, "probabilities are not calibrated: %s\n", r.notCalibrated)
		}
		return
	}
	on := calibratedOn(c.Rows, r.Calibrated)
	if c.Method != "" {
		how := c.Method
		if c.Temperature > 0 {
			how += fmt.Sprintf(" %.3g", c.Temperature)
		}
		fmt.Fprintf(w, "probabilities are calibrated (%s) on %s: their log loss %.4f became %.4f\n", how, on, c.Before, c.After)
	}
	if c.Aim != "" {
		fmt.Fprintf(w, "%s is predicted above a probability of %.4g, chosen for %s on %s\n", r.Classes[1], c.Threshold(), c.Aim, on)
	}
}
