package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"descent/internal/atomicfile"
	"descent/train"

	"github.com/spf13/cobra"
)

// claim takes the folder of the run, completes what a crash may have left there
// half done, and prepares the log.
func (o *trainOptions) claim(warn io.Writer) (release func(), err error) {
	if o.out == "" {
		return func() {}, nil
	}
	if release, err = claim(o.out, o.files()...); err != nil {
		return nil, err
	}
	if err := modelSet(o.out).Finish(); err != nil {
		release()
		return nil, err
	}
	last := ""
	o.run.Warn = func(err error) {
		if text := oneLine(err.Error()); text != last { // as long as a disk is full
			last = text
			fmt.Fprintf(warn, "note: %s; the run goes on\n", text)
		}
	}
	o.log = newRunLog(filepath.Join(o.out, atomicfile.Next(logFile)), o.run.Warn)
	o.run.Log = o.log
	return release, nil
}

// files are those that a run has in its folder.
func (o *trainOptions) files() []string {
	all := []string{modelFile, weightsFile, checkpointFile, logFile, membersFile}
	if o.exploring.on() {
		all = append(all, journalFile)
	}
	return all
}

// settings are what --resume compares, besides what a checkpoint sees itself.
func (o *trainOptions) settings(r *report) map[string]string {
	schedule := "constant"
	if o.schedule != nil {
		schedule = o.schedule.String()
	}
	unit := "its own"
	if o.Classes == 0 && !o.Raw {
		unit = fmt.Sprintf("%v of it, from %v on", o.Scale, o.Offset)
	}
	return map[string]string{"model": o.Model.String(), "loss": o.LossText(o.classWeight), "schedule": schedule, "learning rate": fmt.Sprint(o.lr),
		"start": o.origin.sum(), "scaling": o.scaling, "target": r.parts.Train.Target, "unit of the target": unit}
}

// finish saves the model, scores it and prints the report of a run that ended with
// err. What could not be saved does not keep the scores from being told.
func (o *trainOptions) finish(cmd *cobra.Command, r *report, t *train.Trainer, err error) error {
	canceled := errors.Is(err, context.Canceled)
	if err != nil && !canceled {
		return err
	}
	if err := o.calibration.end(o, r, t); err != nil {
		return err
	}
	var interval error // which does not keep the model from being saved and told
	if o.interval.method != nil && !canceled {
		r.Interval, interval = o.interval.run(cmd.Context(), o, r.parts, r.scoredRows(), t, o.progress(cmd))
	}
	failed := o.keep(r, t)
	if errors.As(failed, new(*train.DivergedError)) {
		return failed
	}
	if failed != nil {
		r.Out, r.unkept = "", true
	}
	if e := r.score(context.WithoutCancel(cmd.Context()), o, t); e != nil {
		return errors.Join(failed, e)
	}
	var folds error
	if x := &o.exploring; x.found != nil {
		var honest *foldScore
		if x.runs != nil {
			f := o.folding
			f.k = x.found.outer.Len() / x.found.repeats
			f.calibrate(o, x.runs, x.found.outer.Time != "")
			r.Folds = f.report(o, x.found.outer, x.trained, x.runs)
			r.Folds.Trials = len(x.found.trials)
			if score, ok := r.Folds.Scores[x.found.by.Name]; ok {
				honest = &score
			}
		}
		r.Search = x.report(honest)
	} else if o.folding.k > 0 && !canceled {
		r.Folds, folds = o.folding.run(cmd.Context(), o, r.Classes, o.progress(cmd))
		if folds != nil && !errors.Is(folds, context.Canceled) { // else the model is kept, and told
			return errors.Join(failed, folds)
		}
	}
	if r.Search == nil && o.spilled == nil {
		r.foldsCost = o.folding.costs(o)
	}
	if o.paged() {
		if e := r.writePage(context.WithoutCancel(cmd.Context()), o, t); e != nil {
			return errors.Join(failed, e)
		}
	}
	if e := r.print(cmd.OutOrStdout(), o); e != nil || failed != nil {
		return errors.Join(failed, e)
	}
	if interval != nil {
		return fmt.Errorf("no intervals, after the training: %w", interval)
	}
	if folds != nil {
		return fmt.Errorf("interrupted in the folds, after the training: %w", folds)
	}
	if canceled {
		return &interrupted{t.Steps(), o.run.Checkpoint != "", errors.As(err, new(*train.UnsavedError))}
	}
	return nil
}

// paged tells whether somebody wants the page of the run.
func (o *trainOptions) paged() bool { return o.report != "" || o.followed.on() }

// keepPage writes the page, and shows it to who looks on.
func (o *trainOptions) keepPage(text []byte) error {
	o.followed.last(text)
	if o.report == "" {
		return nil
	}
	return atomicfile.Write(o.report, text)
}

// keep saves the model, if a folder was given.
func (o *trainOptions) keep(r *report, t *train.Trainer) error {
	if o.out == "" {
		return nil
	}
	m := &saved{Format: savedFormat, Command: strings.Join(os.Args, " "), Data: r.Data, DType: o.dtype, setup: o.setup, Schema: r.parts.Schema}
	if !o.Model.Codes() {
		m.ClassNames, m.Target = r.parts.Train.Classes, r.parts.Train.Target
	}
	if r.parts.Schema != nil {
		m.Flags, m.TrainedOn = o.runFlags(o.cmd), rowSum(r.parts.Train)
	}
	err := o.interval.keep(m)
	if err == nil {
		err = m.write(o.out, t, o.log.text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("the model was not saved: %w", err)
	}
	return nil
}

// tellFresh says that there is nothing to resume from.
func (o *trainOptions) tellFresh(w io.Writer) {
	if _, err := os.Stat(o.run.Checkpoint); o.run.Resume && err != nil {
		fmt.Fprintf(w, "note: no checkpoint in %s to resume from: a fresh run\n", o.out)
	}
}

// tellKept says what is kept of a run, and which command takes it.
func (o *trainOptions) tellKept(w io.Writer, checkpoint bool, reader string) error {
	if o.out == "" {
		_, err := fmt.Fprintf(w, "\nnothing is kept of this run: --out FOLDER saves the model, for %s\n", reader)
		return err
	}
	files := []string{weightsFile, modelFile}
	if checkpoint {
		files = append(files, checkpointFile)
	}
	if files = append(files, logFile); o.interval.found != nil && o.interval.committee != nil {
		files = append(files, membersFile)
	}
	_, err := fmt.Fprintf(w, "\nsaved in %s: %s\n", o.out, strings.Join(files, ", "))
	return err
}

// interrupted says that the user has stopped a run.
type interrupted struct {
	steps   int
	resumes bool // there is a checkpoint
	unsaved bool // but not of the last steps
}

func (e *interrupted) Error() string {
	text := fmt.Sprintf("interrupted after %d steps", e.steps)
	switch {
	case e.unsaved:
		text += ", whose checkpoint could not be written; --resume goes on from the one before, if there is one"
	case e.resumes:
		text += "; --resume goes on from there"
	}
	return text
}

func (e *interrupted) Unwrap() error { return context.Canceled }
