package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/graph"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A sequence is what is trained on in its own order, a text or a series: it divides its
// rows and makes them by itself, and a rule trains on them.
type sequence interface {
	// read reads the data, prepare chooses what was not given and ends with
	// [sequenceRun.build].
	read(name string) error
	prepare() error
	introduce() error
	// shown is a score of the rows of validation that lines about epochs have, each is
	// called for every epoch before.
	shown() (score string, each func(train.Epoch))
	settings() map[string]string
	score(ctx context.Context) error
	// told is what --json prints, print what is printed otherwise.
	told() any
	print(w io.Writer) error
}

// A keptSequence is one whose model can be saved.
type keptSequence interface {
	saved() *saved  // what model.json has of it
	reader() string // the command that takes the model
}

// A sequenceRun is a training on a sequence.
type sequenceRun struct {
	*trainOptions
	trainer *train.Trainer
	memory  int // of the run
	epochs  []train.Epoch
	w       io.Writer
	command string
}

// A ruleReport is what train tells about how a rule trained.
type ruleReport struct {
	Model     string        `json:"model"`
	Loss      string        `json:"loss"`
	Optimizer string        `json:"optimizer"`
	LR        float64       `json:"lr"`
	Batch     int           `json:"batch"`
	DType     string        `json:"dtype"`
	Memory    int           `json:"memory"`
	Epochs    []train.Epoch `json:"epochs"`
}

// rule tells how a sequence is trained, and what epochs have said so far.
func (r *sequenceRun) rule() ruleReport {
	return ruleReport{Model: r.Model.String(), Loss: r.Loss.String(), Optimizer: r.optimizer.Text, LR: r.lr, Batch: r.run.Batch, DType: r.dtype, Memory: r.memory, Epochs: r.epochs}
}

// tellRule prints by what is going to be trained, in which batches, and the layers.
func (r *sequenceRun) tellRule(batches string, layers *models.Summary) {
	fmt.Fprintf(r.w, "memory: about %s for the run\n%s, loss %s, %s at learning rate %.4g, %s, seed %d, %s\n\n%s\n", amount(int64(r.memory)), r.Model, r.Loss, r.optimizer.Text, r.lr, batches, r.seed, r.dtype, layers)
}

// writeRulePage writes a page that has scores, with how a rule trained and notes added.
func (r *sequenceRun) writeRulePage(p *draw.Training, notes []string) error {
	p.Title += ": " + r.Model.String()
	p.Subtitle += fmt.Sprintf("; loss %s, %s, seed %d", r.Loss, r.optimizer.Text, r.seed)
	p.Command = r.command
	if loss, there := lossSection(r.epochs); there {
		p.Sections = append(p.Sections, loss)
	}
	for _, n := range notes {
		p.Sentences = append(p.Sentences, "Note: "+n)
	}
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		return err
	}
	return r.keepPage(text.Bytes())
}

// solvedLinear is a linear model that is solved, with a small penalty on all of its
// parameters: what a net has to beat.
func (s setup) solvedLinear(ctx context.Context, rows data.Rows, outputs int, seed uint64) (*train.Trainer, error) {
	s.Model = models.Spec{}
	task, err := s.task()
	if err != nil {
		return nil, err
	}
	t, err := train.New(task, optimizers.SGD(), graph.Float64, seed)
	if err != nil {
		return nil, err
	}
	strength := 1 / float64(rows.Rows()*outputs)
	_, err = t.Solve(ctx, rows, func(params []*graph.Node) *graph.Node {
		sum := ops.Sum(ops.Square(params[0]))
		for _, p := range params[1:] {
			sum = ops.Add(sum, ops.Sum(ops.Square(p)))
		}
		return ops.Scale(strength, sum)
	})
	return t, err
}

// ruled are flags of train that mean the same for all that is trained by a rule.
var ruled = []string{"model", "loss", "optimizer", "lr", "schedule", "epochs", "batch", "accumulate", "test", "seed", "workers", "max-memory", "dtype", "out", "resume", "checkpoint-every", "init", "watch", "tensorboard", "json", "quiet"}

// only refuses flags that are neither such nor among others, as what says why.
func (o *trainOptions) only(cmd *cobra.Command, others []string, why string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && !slices.Contains(ruled, f.Name) && !slices.Contains(others, f.Name) {
			err = usage(fmt.Errorf("--%s %s", f.Name, why))
		}
	})
	return err
}

// trainSequence trains on a sequence whose run is r.
func (o *trainOptions) trainSequence(cmd *cobra.Command, name string, s sequence, r *sequenceRun) error {
	r.trainOptions, r.w, r.command = o, o.progress(cmd), commandLine(cmd, []string{name})
	if err := s.read(name); err != nil {
		return err
	}
	release, err := r.claimed(cmd, s)
	if err != nil {
		return err
	}
	defer release()
	if err := s.introduce(); err != nil {
		return err
	}
	for _, n := range o.origin.notes(called(name), nil) {
		fmt.Fprintf(r.w, "note: %s\n", n)
	}
	o.tellFresh(r.w)
	if b, ok := s.(interface{ begin(context.Context) error }); ok {
		if err := b.begin(cmd.Context()); err != nil {
			return err
		}
	}
	end, err := o.followed.begin(cmd, draw.Training{Title: called(name) + ": " + o.Model.String(), Command: r.command}, r.trainer)
	if err != nil {
		return err
	}
	defer end()
	err = r.fit(cmd.Context(), s)
	canceled := errors.Is(err, context.Canceled)
	if err != nil && !canceled {
		return err
	}
	return r.finish(cmd, s, canceled)
}

// claimed prepares a run, after a search where one was asked for, and claims the folder of its
// model.
func (r *sequenceRun) claimed(cmd *cobra.Command, s sequence) (release func(), err error) {
	var held func()
	if r.exploring.on() {
		if held, err = r.claim(cmd.ErrOrStderr()); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				held()
			}
		}()
		if err := s.(interface{ explore(*cobra.Command) error }).explore(cmd); err != nil {
			return nil, err
		}
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := writable(r.report); err != nil {
		return nil, err
	}
	if r.exploring.on() {
		return held, nil
	}
	return r.claim(cmd.ErrOrStderr())
}

// finish scores what was trained, keeps it, and tells of it.
func (r *sequenceRun) finish(cmd *cobra.Command, s sequence, canceled bool) (err error) {
	var interval error // which does not keep the model from being saved and told
	if b, ok := s.(interface{ bounds(context.Context) error }); ok && !canceled {
		interval = b.bounds(cmd.Context())
	}
	if err := s.score(context.WithoutCancel(cmd.Context())); err != nil {
		return err
	}
	if err := r.keep(s); err != nil {
		return err
	}
	if f, ok := s.(interface{ folds(context.Context) error }); ok && !canceled {
		if err := f.folds(cmd.Context()); err != nil {
			return err
		}
	}
	if page, ok := s.(interface{ writePage(context.Context) error }); ok && r.paged() {
		if err := page.writePage(context.WithoutCancel(cmd.Context())); err != nil {
			return err
		}
	}
	if r.json {
		err = printJSON(cmd.OutOrStdout(), s.told())
	} else if err = s.print(cmd.OutOrStdout()); err == nil {
		if k, ok := s.(keptSequence); ok {
			err = r.tellKept(cmd.OutOrStdout(), true, k.reader())
		}
	}
	if interval != nil && err == nil {
		return fmt.Errorf("no intervals, after the training: %w", interval)
	}
	if canceled && err == nil {
		return &interrupted{r.trainer.Steps(), r.run.Checkpoint != "", false}
	}
	return err
}

// build makes the trainer, if there is the memory for it. An epoch has so many rows.
func (r *sequenceRun) build(rows int) error {
	task, err := r.setup.task()
	if err != nil {
		return usage(err)
	}
	if r.memory, err = train.Memory(task, r.optimizer.Rule, dtypes[r.dtype], r.run); err != nil {
		return err
	}
	if err := r.trainOptions.memory.allow("the run", int64(r.memory)); err != nil {
		return err
	}
	if r.trainer, err = r.trainOptions.trainer(); err != nil {
		return err
	}
	r.run.Schedule = r.rate(rows)
	return usage(r.run.Check(r.trainer))
}

// fit trains.
func (r *sequenceRun) fit(ctx context.Context, s sequence) error {
	score, each := s.shown()
	show := train.NewDisplay(r.w, r.run.Epochs, score)
	r.run.OnBatch = func(p train.Progress) { show.Batch(p); r.followed.batch(p) }
	r.run.OnEpoch = func(e train.Epoch) {
		each(e)
		show.Epoch(e)
		r.followed.epoch(e)
	}
	schedule := "constant"
	if r.schedule != nil {
		schedule = r.schedule.String()
	}
	r.run.Settings = s.settings()
	r.run.Settings["model"], r.run.Settings["loss"] = r.Model.String(), r.Loss.String()
	r.run.Settings["start"] = r.origin.sum()
	r.run.Settings["schedule"], r.run.Settings["learning rate"] = schedule, fmt.Sprint(r.lr)
	history, err := r.trainer.Fit(ctx, r.run)
	if history != nil {
		r.epochs = history.Epochs
	}
	show.Close()
	if _, ok := err.(*train.UnsavedError); ok {
		return nil
	}
	if err != nil && r.log != nil {
		r.log.flush()
	}
	return err
}

// keep saves the model, if a folder was given.
func (r *sequenceRun) keep(s sequence) error {
	if r.out == "" {
		return nil
	}
	m := s.(keptSequence).saved()
	m.Format, m.Command, m.DType, m.setup = savedFormat, strings.Join(os.Args, " "), r.dtype, r.setup
	if err := r.interval.keep(m); err != nil {
		return fmt.Errorf("the model was not saved: %w", err)
	}
	if err := m.write(r.out, r.trainer, r.log.text.Bytes()); err != nil {
		return fmt.Errorf("the model was not saved: %w", err)
	}
	return nil
}
