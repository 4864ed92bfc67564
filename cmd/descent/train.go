package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"descent/data"
	"descent/data/augment"
	"descent/data/puzzle"
	"descent/internal/numjson"
	"descent/losses"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/text"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// trainOptions are the flags of train.
type trainOptions struct {
	setup
	tableFlags
	images                pictureFlags
	words                 textFlags
	order                 seriesFlags
	length                int // of a puzzle
	target, task, scaling string
	drop, use             []string
	categorical, texts    []string
	embed                 int
	split, unknown        string
	rawTarget             bool
	weight, classWeight   string
	group, time           string
	more                  []string  // targets beside the first
	truth                 []float64 // of several targets of the rows that are held out, in their own units
	metricTexts           []string
	calibration           calibration
	folding               folding
	interval              intervals
	origin                origin
	exploring             exploring
	followed              *follower
	spilled               *data.Spill // rows of training, where the table is a sample of them
	val, test             float64

	augment     *augment.Pictures // nil is none
	optimizer   search.Optimizer
	schedule    *schedule.Spec // nil is a rate that stays
	rateFlag    rateFlag
	lr          float64
	run         train.Run
	seed        uint64
	dtype       string
	out, report string
	src         *data.Source
	schema      *data.Schema // of a table; nil if there is none
	log         *runLog      // nil if there is no out
	json, quiet bool

	given func(flag string) bool // tells whether a flag was given
}

func trainCommand() *cobra.Command { return (&trainOptions{}).command() }

// command returns the command whose flags these are.
func (o *trainOptions) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "train DATA",
		Short: "Train a model on a table, on images or on a text",
		Long: "Train a model on a table: a CSV file, JSON or .npy (- is the standard input; a pattern such as 'part-*.csv' is all\n" +
			"files that match, as one), an embedded data set (" + strings.Join(setNames(), ", ") + "), or\n" +
			"pictures (a folder of PNG or JPEG files for each class; IDX files as MNIST's; .npy or .npz), and score it on rows that were held out. A target\n" +
			"of words is a classification, and so is one of two or three whole numbers or of 0 to 9 or\n" +
			"less; other numbers are a regression. What is not given is chosen to suit the data.\n" +
			"With --window, rows are a series in the order of --time, and what comes next is forecast.\n" +
			"A model that begins with embed, such as nanogpt, learns what comes next in a text: a file,\n" +
			"or an embedded one (" + strings.Join(text.Names(), ", ") + "). Sequences that test a memory are made up: " + puzzleHelp() + ".",
		Example: "  descent train digits\n" +
			"  descent train houses.csv --target price --out model\n" +
			"  descent train wine --model 'mlp(64,32,act=tanh)' --loss 'cross_entropy(label_smoothing=0.1)' \\\n" +
			"      --optimizer 'clip(1) | adam(lr=1e-3)' --epochs 50",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.addColumns(cmd, string(data.Standard), "")
	f.StringVar(&o.unknown, "unknown", "", about("unknown", "; for predict (default missing)"))
	o.rawFlag(f)
	f.Float64Var(&o.val, "val", -1, about("val", ", by which the best epoch is chosen (default 0.15; 0 for tables of up to 5000 rows, unless an optimizer, a rate or --monitor is given)"))
	f.Float64Var(&o.test, "test", 0.2, about("test", ""))
	o.modelFlags(f, "")
	o.calibration.flags(f)
	o.folding.flags(f)
	o.interval.flags(f)
	textFlag(f, &o.augment, "augment", "", "", "changes of the pictures of training, anew in each epoch, such as 'shift(2) | rotate(10)'", augment.Parse)
	o.words.add(f)
	o.order.add(f)
	f.IntVar(&o.length, "steps", 50, about("steps", " of what is made up ("+puzzleHelp()+"), or blanks in it"))
	textFlag(f, &o.optimizer, "optimizer", "o", "", about("optimizer", ", or a method that searches with all rows, such as lbfgs (default adam(lr=0.003), with decay(1) and cosine for tables of up to 5000 rows)"), search.Parse)
	textFlag(f, &o.rateFlag, "lr", "", "", "learning rate, or find, which tries rates first (default: the optimizer's)", parseRate)
	scheduleFlag(f, &o.schedule, "", " (default cosine; constant where an optimizer or a rate is given, up to 5000 rows)")
	f.IntVarP(&o.run.Epochs, "epochs", "e", 0, about("epochs", ", no more than this many (default: 20 to 200, by the rows; a linear model with mse, cross_entropy or bce_logits is solved, unless an optimizer or --epochs is given)"))
	f.IntVarP(&o.run.Batch, "batch", "b", -1, about("batch", ", 0 for all (default: 32 to 128, by the number of rows)"))
	f.IntVar(&o.run.Accumulate, "accumulate", 1, "batches whose gradients make one step")
	f.StringArrayVar(&o.metricTexts, "metric", nil, "a `score` besides those that are always there, such as 'pinball(tau=0.9)' or 'recall(class=yes)'; may be given several times")
	f.StringVar(&o.run.Stop.Monitor, "monitor", "", "what the best epoch is best in: val_loss, val_log_loss, 'val_recall(class=yes)', loss, ... (default val_loss)")
	f.IntVar(&o.run.Stop.Patience, "patience", 20, "epochs without improvement after which to stop, 0 for never")
	f.Float64Var(&o.run.Stop.MinDelta, "min-delta", 0, "smallest change that counts as improvement")
	seedFlag(f, &o.seed, ": the split, the weights and the order of rows")
	workersFlag(f, &o.run.Workers, "; they share the large steps of large nets")
	o.memory.flag(f)
	f.IntVar(&o.sample, "in-memory", 0, "of a table that is larger than the memory: so many rows, drawn by the seed, are kept in it; they say how the table is encoded, and some are held out. All others are trained on, from a temporary file")
	f.StringVar(&o.dtype, "dtype", "float32", "float32 or float64")
	f.StringVar(&o.out, "out", "", about("out", ": the model, its schema and the log"))
	f.StringVar(&o.report, "report", "", "file for a page, .html: scores, curves, what is taken for what, the worst rows, what is odd about the data; of pictures filters, reconstructions, samples")
	o.followed = &follower{}
	o.followed.flags(f)
	f.StringVar(&o.origin.dir, "init", "", "folder of a saved model whose weights the new one starts from, where names and shapes agree; --model is then that one's unless it is given")
	f.BoolVar(&o.run.Resume, "resume", false, "go on with an interrupted run from the checkpoint in --out")
	f.DurationVar(&o.run.CheckpointEvery, "checkpoint-every", time.Second, "least time between the checkpoints in --out, such as 30s; 0 is one after each epoch")
	f.BoolVar(&o.json, "json", false, about("json", "; lines about progress go to stderr"))
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no progress")
	o.exploring.flags(f)
	for _, name := range []string{"val", "batch"} { // whose defaults depend on the data
		f.Lookup(name).DefValue = "0" // which help does not print
	}
	return cmd
}

// rawFlag adds the flag that says in which unit a loss sees the target.
func (o *trainOptions) rawFlag(f *pflag.FlagSet) {
	f.BoolVar(&o.rawTarget, "raw-target", false, "the loss sees the target of a regression in its own unit, not standardised (default for a formula; --raw-target=false standardises)")
}

// raw tells whether the loss sees the target in its own unit. Who writes a
// formula, such as that of a relative error, means that.
func (o *trainOptions) raw() bool {
	if o.given("raw-target") {
		return o.rawTarget
	}
	return o.Loss != nil && losses.IsFormula(o.Loss.String())
}

func setNames() (names []string) {
	for _, s := range data.Embedded() {
		names = append(names, s.Name)
	}
	return names
}

// execute does what the command is for.
func (o *trainOptions) execute(cmd *cobra.Command, name string) error {
	if err := o.check(cmd); err != nil {
		return usage(err)
	}
	made, ok := puzzle.ByName(name)
	switch {
	case ok:
		return o.trainPuzzle(cmd, made)
	case o.given("steps"):
		return usage(fmt.Errorf("--steps is for what is made up: %s", puzzleHelp()))
	case o.Model.Tokens():
		return o.trainText(cmd, name)
	case o.given("window"):
		return o.trainSeries(cmd, name)
	}
	command := commandLine(cmd, []string{name})
	src, err := o.source(name)
	if err != nil {
		return err
	}
	if o.several(src) {
		return o.trainTargets(cmd, name, src)
	}
	parts, err := o.open(src)
	if err != nil {
		return err
	}
	return o.learn(cmd, &report{Data: called(name), Seed: o.seed, parts: parts, command: command})
}

// learn trains on rows of one target.
func (o *trainOptions) learn(cmd *cobra.Command, r *report) (err error) {
	var release func()
	if o.exploring.on() {
		if release, err = o.claim(cmd.ErrOrStderr()); err != nil {
			return err
		}
		defer release()
		if err := o.explore(cmd, r.parts); err != nil {
			return err
		}
	}
	t, err := o.ready(r)
	if err != nil {
		return err
	}
	if release == nil {
		if release, err = o.claim(cmd.ErrOrStderr()); err != nil {
			return err
		}
		defer release()
	}
	w := o.progress(cmd)
	if o.quiet {
		if note := o.scaled(); note != "" && o.given("loss") {
			fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", note)
		}
	}
	if o.rateFlag.find {
		if r.Found, err = o.findRate(cmd.Context(), t); err != nil {
			return err
		}
		o.run.Schedule = o.rate(o.run.Train.Rows())
	}
	if err := o.introduce(w, r, t); err != nil {
		return err
	}
	o.tellFresh(w)
	if err := o.calibration.begin(cmd.Context(), o, r.parts); err != nil {
		return err
	}
	run, err := r.page(o)
	if err != nil {
		return err
	}
	end, err := o.followed.begin(cmd, *run, t)
	if err != nil {
		return err
	}
	defer end()
	return o.finish(cmd, r, t, o.train(cmd.Context(), w, r, t))
}

// ready chooses what was not given, and makes the trainer.
func (o *trainOptions) ready(r *report) (*train.Trainer, error) {
	o.schema = r.parts.Schema
	if err := cmp.Or(o.choose(r.parts), o.interval.begin(o, r.parts)); err != nil {
		return nil, usage(err)
	}
	if o.interval.kept != nil { // and there are fewer rows
		if err := o.choose(r.parts); err != nil {
			return nil, usage(err)
		}
	}
	o.origin.unit(&o.setup, r.parts.Train)
	if err := o.inUnits(r.parts, o.raw()); err != nil {
		return nil, err
	}
	if err := o.spill(r.parts); err != nil {
		return nil, err
	}
	if o.folding.decide(o, r.parts); o.folding.k == 0 {
		o.src = nil
		if r.parts.Train.Rows()*r.parts.Train.Features() > muchRead {
			runtime.GC() // of what was read, and of what preparing it left: else memory grows to twice both
		}
	}
	var err error
	if r.Memory, err = o.allowRun(r.parts); err != nil {
		return nil, err
	}
	t, err := o.trainer()
	if err != nil {
		return nil, err
	}
	o.run.Schedule = o.rate(o.run.Train.Rows())
	if err := o.run.Check(t); err != nil {
		return nil, usage(err)
	}
	return t, cmp.Or(writable(o.report), writable(o.folding.oof))
}

// muchRead is how many numbers of rows are worth a collection of what reading them left.
const muchRead = 1 << 22

// progress is where a run tells what it does.
func (o *trainOptions) progress(cmd *cobra.Command) io.Writer {
	switch {
	case o.quiet:
		return io.Discard
	case o.json:
		return cmd.ErrOrStderr()
	}
	return cmd.OutOrStdout()
}

func (o *trainOptions) trainer() (*train.Trainer, error) {
	task, err := o.setup.task()
	if err != nil {
		return nil, err
	}
	t, err := train.New(task, o.optimizer.Rule, dtypes[o.dtype], o.seed)
	if err != nil {
		return nil, usage(err)
	}
	return t, o.origin.start(t)
}

// reset makes a trainer as [trainOptions.trainer] does, with another seed.
func (o *trainOptions) reset(t *train.Trainer, seed uint64) error {
	if err := t.Reset(seed); err != nil {
		return err
	}
	return o.origin.start(t)
}

// allowRun returns how much memory the run will need, or why that is too much.
func (o *trainOptions) allowRun(parts *data.Parts) (int, error) {
	task, err := o.setup.task()
	if err != nil {
		return 0, err
	}
	n, err := train.Memory(task, o.optimizer.Rule, dtypes[o.dtype], o.run, parts.Test, parts.Train)
	if err != nil {
		return 0, err
	}
	if o.calibration.twice(o, parts) {
		n *= 2
	}
	return n, o.memory.allow("the run", int64(n))
}

// scaled says in which units a loss is, where they are not the target's own.
func (o *trainOptions) scaled() string {
	if o.Classes > 0 || o.Raw || o.Scale == 1 {
		return ""
	}
	return fmt.Sprintf("the target is standardised (mean %.6g, standard deviation %.6g): losses are in these units; --raw-target leaves it in its own", o.Offset, o.Scale)
}

// introduce prints what is going to happen.
func (o *trainOptions) introduce(w io.Writer, r *report, t *train.Trainer) error {
	s, err := o.summary()
	if err != nil {
		return err
	}
	r.introduce(w, o)
	if r.Found != nil {
		r.Found.print(w)
	}
	fmt.Fprintf(w, "\n%s\n", s)
	return nil
}

// logSolved tells of the only epoch of a model that was solved.
func (o *trainOptions) logSolved(h *train.History) error {
	if h == nil || len(h.Epochs) == 0 {
		return nil
	}
	o.followed.epoch(h.Epochs[0])
	if o.run.Log == nil {
		return nil
	}
	line, err := numjson.Marshal(h.Epochs[0])
	if err == nil {
		_, err = o.run.Log.Write(append(line, '\n'))
	}
	return err
}

// train runs. An [train.UnsavedError] is an error only beside others.
func (o *trainOptions) train(ctx context.Context, w io.Writer, r *report, t *train.Trainer) (err error) {
	metric := "accuracy"
	if o.Classes == 0 {
		metric = "r2" // which an autoencoder has not
	}
	show := train.NewDisplay(w, o.run.Epochs, metric)
	o.run.OnBatch = func(p train.Progress) { show.Batch(p); o.followed.batch(p) }
	o.run.OnEpoch = func(e train.Epoch) { show.Epoch(e); o.followed.epoch(e) }
	if o.solves(r.parts.Train) {
		r.history, err = o.solve(ctx, w, t, r.parts.Train)
		err = errors.Join(err, o.logSolved(r.history))
	} else {
		o.run.Settings = o.settings(r)
		r.history, err = t.Fit(ctx, o.run)
	}
	show.Close()
	if _, ok := err.(*train.UnsavedError); ok {
		return nil
	}
	if err != nil && o.log != nil {
		o.log.flush() // it may not be saved with a model
	}
	return err
}
