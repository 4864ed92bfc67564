package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"descent/bench"
	"descent/data"
	"descent/internal/atomicfile"
	"descent/internal/spec"
	"descent/internal/terminal"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	trainOptions
	data       string
	optimizers []string
	suite      string
	study      bench.Study
	net        bench.Net
	json       bool
}

// The files of a benchmark.
const (
	jsonFile = "results.json"
	pageFile = "report.html"
)

func benchCommand() *cobra.Command {
	o := &benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench [DATA]",
		Short: "Compare optimizers on a data set",
		Long: "Train one model with several optimizers, each at its best learning rate, and say which\n" +
			"differences are more than noise. Rates are chosen on validation rows out of a grid for each\n" +
			"optimizer; the runs that count have fresh seeds and are scored on test rows. A table goes to\n" +
			"the terminal, report.html and results.json to a folder. The data are an embedded set\n" +
			"(" + strings.Join(setNames(), ", ") + "), a CSV file (- is the standard input),\n" +
			"or a folder with MNIST's IDX files.",
		Example: "  descent bench\n" +
			"  descent bench --suite classic --optimizer adam --optimizer nadam\n" +
			"  descent bench digits -o adam -o lbfgs\n" +
			"  descent bench wine --optimizer adam --optimizer 'adam(beta2=0.99)' --seeds 10\n" +
			"  descent bench houses.csv --target price --model 'mlp(64,32)' --loss 'huber(delta=1)'",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd, args) },
	}
	cmd.AddCommand(benchDiffCommand())
	s, f := &o.study, cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.data, "data", "d", "digits", "embedded set, CSV file or folder; the same as DATA")
	f.StringVar(&o.suite, "suite", "", "instead of data, a suite of analytic problems: "+strings.Join(spec.Names(bench.Suites), ", "))
	f.IntVar(&s.Budget, "budget", 0, "of a suite: gradient evaluations of each run (default: what each problem says, 1000 for a function)")
	o.addColumns(cmd, "", " (default: minmax for images, else standard)")
	f.Float64Var(&o.val, "val", 0.15, about("val", ", by which learning rates are chosen"))
	f.Float64Var(&o.test, "test", 0.2, about("test", ""))
	o.modelFlags(f, "mlp(32)")
	f.StringArrayVarP(&o.optimizers, "optimizer", "o", bench.DefaultOptimizers, about("optimizer", ", or a method such as lbfgs; with lr=... nothing is tuned; give it several times to compare"))
	o.rawFlag(f)
	f.IntVar(&s.Seeds, "seeds", 3, "scored runs of each optimizer; of a suite, starts of each function")
	f.IntVar(&s.TuneSeeds, "tune-seeds", 3, "runs of each learning rate that is tried")
	f.IntVarP(&o.net.Epochs, "epochs", "e", 0, about("epochs", " (default: about 2400 steps)"))
	f.IntVarP(&o.net.Batch, "batch", "b", 0, about("batch", ", 0 for all (default: 16, or 64 from 5000 rows)"))
	f.Float64SliceVar(&s.Rates, "rates", nil, "learning `rates` to try (default: half decades around the optimizer's own default)")
	scheduleFlag(f, &s.Schedule, "cosine", "")
	seedFlag(f, &s.Seed, ": the split, the weights and the order of rows")
	o.memory.flag(f)
	f.StringVar(&o.dtype, "dtype", "float32", "float32 or float64")
	workersFlag(f, &s.Workers, "; each does runs of its own")
	f.StringVar(&o.out, "out", "results", about("out", ": report.html and results.json"))
	f.BoolVar(&o.json, "json", false, about("json", " instead of the table"))
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no progress")
	f.Lookup("rates").DefValue = "" // which help does not print
	return cmd
}

// execute does what the command is for.
func (o *benchOptions) execute(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		if cmd.Flags().Changed("data") && o.data != args[0] {
			return usage(fmt.Errorf("the data are given twice: %s and --data %s", args[0], o.data))
		}
		o.data = args[0]
	}
	if err := errors.Join(o.check(cmd), o.checkSuite(cmd, args)); err != nil {
		return usage(err)
	}
	if o.suite == "" {
		if err := o.prepare(); err != nil {
			return err
		}
		o.study.Problems = []bench.Problem{&o.net}
	}
	release, err := claim(o.out, jsonFile, pageFile)
	if err != nil {
		return err
	}
	defer release()
	if o.suite == "" {
		if err := o.allowStudy(cmd.ErrOrStderr()); err != nil {
			return err
		}
	}
	show := newMeter(cmd.ErrOrStderr(), o.quiet)
	o.study.OnJob = show.job
	r, err := o.study.Run(cmd.Context())
	show.close()
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted, nothing was written: %w", err)
	case errors.As(err, new(*bench.MistakeError)):
		return usage(err)
	case err != nil:
		return err
	}
	r.Command = commandLine(cmd, args)
	return o.write(cmd.OutOrStdout(), r)
}

// allowStudy says how much memory the study will need, or why that is too much.
func (o *benchOptions) allowStudy(w io.Writer) error {
	entrants, workers := o.study.Entrants, cmp.Or(o.study.Workers, runtime.GOMAXPROCS(0))
	n, err := o.net.Memory(entrants, workers)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("training %d optimizers on %d workers", len(entrants), workers)
	if err := o.memory.allow(what, int64(n)); err != nil {
		return fmt.Errorf("%w; fewer --workers need less", err)
	}
	if !o.quiet && terminal.Columns(w) > 0 {
		fmt.Fprintf(w, "memory: about %s for %s\n", amount(int64(n)), what)
	}
	return nil
}

// suiteFlags are the flags that a suite has a use for.
var suiteFlags = []string{"suite", "budget", "optimizer", "seeds", "rates", "schedule", "seed", "workers", "out", "json", "quiet"}

// checkSuite finds the suite, and refuses flags that would be ignored.
func (o *benchOptions) checkSuite(cmd *cobra.Command, args []string) error {
	if o.suite == "" {
		if cmd.Flags().Changed("budget") {
			return errors.New("--budget is for a --suite; training goes by --epochs")
		}
		return nil
	}
	suite, err := spec.Find("suite", bench.Suites, o.suite)
	if err != nil {
		return fmt.Errorf("--suite: %w", err)
	}
	o.study.Name, o.study.Problems = suite.Name, suite.Problems
	if len(args) > 0 {
		return fmt.Errorf("either data (%s) or --suite", args[0])
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(suiteFlags, f.Name) {
			err = fmt.Errorf("--%s has no meaning for a --suite", f.Name)
		}
	})
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("budget") && o.study.Budget < 2 {
		return fmt.Errorf("--budget %d: at least 2 is needed", o.study.Budget)
	}
	return nil
}

// check refuses flags that make no sense, before anything is read.
func (o *benchOptions) check(cmd *cobra.Command) error {
	o.given = cmd.Flags().Changed
	if err := o.checkData(); err != nil {
		return err
	}
	var ok bool
	if o.net.Dtype, ok = dtypes[o.dtype]; !ok {
		return fmt.Errorf("--dtype %s: there are float32 and float64", o.dtype)
	}
	for name, n := range map[string]int{"seeds": o.study.Seeds, "tune-seeds": o.study.TuneSeeds, "epochs": o.net.Epochs, "workers": o.study.Workers} {
		if cmd.Flags().Changed(name) && n < 1 {
			return fmt.Errorf("--%s %d: at least 1 is needed", name, n)
		}
	}
	if o.net.Batch < 0 {
		return fmt.Errorf("--batch %d: it cannot be negative; 0 is all rows", o.net.Batch)
	}
	if err := apart(o.val, o.test); err != nil {
		return err
	}
	for _, lr := range o.study.Rates {
		if !(lr > 0) {
			return fmt.Errorf("--rates %v: learning rates are above 0", lr)
		}
	}
	if o.out == "" {
		return errors.New("--out: the name of a folder is missing")
	}
	for _, text := range o.optimizers {
		e, err := bench.Parse(text)
		if err != nil {
			return fmt.Errorf("--optimizer: %w", err)
		}
		if slices.ContainsFunc(o.study.Entrants, func(x bench.Entrant) bool { return x.Label == e.Label }) {
			return fmt.Errorf("--optimizer %q is given twice", text)
		}
		o.study.Entrants = append(o.study.Entrants, e)
	}
	rule := slices.ContainsFunc(o.study.Entrants, func(e bench.Entrant) bool { return e.Method == nil })
	for _, name := range []string{"rates", "schedule", "tune-seeds"} {
		if !rule && o.given(name) {
			return fmt.Errorf("--%s has no meaning where all optimizers are methods that find the length of their steps themselves", name)
		}
	}
	return nil
}

// prepare reads the data and builds the task.
func (o *benchOptions) prepare() error {
	if o.Model.Codes() {
		return usage(fmt.Errorf("--model %s: bench compares optimizers on models that predict a target", o.Model))
	}
	if !o.given("scaling") {
		o.scaling = defaultScaling(o.data)
	}
	o.seed = o.study.Seed
	parts, err := o.open(o.data)
	if err != nil {
		return err
	}
	n := &o.net
	if o.given("batch") && n.Batch == 0 {
		n.Batch = parts.Train.Rows()
	}
	o.of(parts.Train)
	if o.Loss == nil {
		o.Loss = o.defaultLoss()
	}
	if err := o.scaleTarget(parts, o.raw()); err != nil {
		return err
	}
	if n.Task, err = o.setup.task(); err != nil {
		return usage(err)
	}
	if o.Classes == 0 && !o.Raw && (o.Offset != 0 || o.Scale != 1) {
		n.Notes = append(n.Notes, "The target is standardised on the training rows; losses are in these units.")
	}
	for _, note := range parts.Notes {
		n.Notes = append(n.Notes, o.note(note))
	}
	n.Data, n.Model, n.Loss, n.Parts = called(o.data), o.Model.String(), o.Loss.String(), parts
	return nil
}

// defaultScaling suits a data set: pixels have one unit, the columns of a table
// do not.
func defaultScaling(name string) string {
	for _, set := range data.Embedded() {
		if set.Name == name && len(set.Shape) > 1 {
			return string(data.MinMax)
		}
	}
	return string(data.Standard)
}

// write writes the files, and the table or the JSON.
func (o *benchOptions) write(w io.Writer, r *bench.Results) error {
	var text, report bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		return err
	}
	if err := r.WriteHTML(&report); err != nil {
		return err
	}
	page := filepath.Join(o.out, pageFile)
	if err := atomicfile.WriteAll(map[string][]byte{filepath.Join(o.out, jsonFile): text.Bytes(), page: report.Bytes()}); err != nil {
		return err
	}
	if o.json {
		_, err := w.Write(text.Bytes())
		return err
	}
	if err := r.WriteTable(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s; report in %s\n", r.Summary(), page)
	return err
}

// commandLine returns the command that was given, quoted for a shell.
func commandLine(cmd *cobra.Command, args []string) string {
	words := append(strings.Fields(cmd.CommandPath()), args...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		switch v := f.Value.(type) {
		case pflag.SliceValue:
			values = v.GetSlice()
			if f.Value.Type() != "stringArray" {
				values = []string{strings.Join(values, ",")}
			}
		}
		for _, v := range values {
			if words = append(words, "--"+f.Name); f.Value.Type() == "bool" {
				continue
			}
			words = append(words, v)
		}
	})
	for i, w := range words {
		words[i] = quote(w)
	}
	return strings.Join(words, " ")
}

// quote quotes a word for a POSIX shell, if it needs that.
func quote(w string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./,:=@%+", c)
	}
	if w != "" && strings.IndexFunc(w, func(c rune) bool { return !plain(c) }) < 0 {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
