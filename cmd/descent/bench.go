package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"descent/bench"
	"descent/bench/journal"
	"descent/bench/tuning"
	"descent/cmd/descent/internal/study"
	"descent/data"
	"descent/internal/atomicfile"
	"descent/internal/page"
	"descent/internal/spec"

	"github.com/spf13/cobra"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	trainOptions
	data       string
	optimizers []string
	suite      string
	dims       []int  // of the suite's problems
	files      string // the folder with those of the suite
	tracks     []string
	rankBy     string // a metric
	study      bench.Study
	net        study.Net // as flags say it
	problem    *bench.Net
	nets       []study.Net // of a suite in a file
	live       bool        // the report verifies itself
	engine     *page.Engine
	json       bool
	plan       string
	tables     []string
	programs   bool // that a plan names may run
	shard      string
	part       [2]int // the shard, of so many
	cluster    cluster
}

// The files of a benchmark.
const (
	jsonFile    = "results.json"
	leagueFile  = "results.json.gz"
	pageFile    = "report.html"
	journalFile = "journal.jsonl"
)

func benchCommand() *cobra.Command {
	cmd, _ := newBench()
	cmd.AddCommand(benchAgreeCommand(), benchDiffCommand(), benchMergeCommand(), benchVerifyCommand())
	return cmd
}

// newBench returns the command, and what its flags say.
func newBench() (*cobra.Command, *benchOptions) {
	o := &benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench [DATA]",
		Short: "Compare optimizers on a data set",
		Long: "Train one model with several optimizers, and say which differences are shown. Each has the same\n" +
			"number of trials, settings out of its own ranges, of which validation rows choose one; the runs\n" +
			"that count have fresh seeds and fresh divisions of the rows. A table goes to the terminal,\n" +
			"report.html and results.json to a folder. The data are an embedded set\n" +
			"(" + strings.Join(setNames(), ", ") + "), a CSV file (- is the standard input),\n" +
			"or a folder with MNIST's IDX files.",
		Example: "  descent bench\n" +
			"  descent bench --suite classic --optimizer adam --optimizer nadam\n" +
			"  descent bench --suite small --track default,lr,full -o adam -o lion -o muon\n" +
			"  descent bench digits -o adam -o lbfgs\n" +
			"  descent bench digits --track full --trials 20 -o adam -o 'sgd(lr=0.01..1)'\n" +
			"  descent bench wine --optimizer adam --optimizer 'adam(beta2=0.99)' --seeds 10\n" +
			"  descent bench houses.csv --target price --model 'mlp(64,32)' --loss 'huber(delta=1)'",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd, args) },
	}
	s, f := &o.study, cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.data, "data", "d", "digits", "embedded set, CSV file or folder; the same as DATA")
	f.StringVar(&o.suite, "suite", "", "instead of data, a suite of problems: "+strings.Join(spec.Names(bench.Suites), ", ")+", or a JSON file with workloads")
	f.StringVar(&o.files, "files", "", "of a suite: the `folder` with files that it names (of one in JSON: its own folder)")
	f.IntVar(&s.Budget, "budget", 0, "of a suite: gradient evaluations of each run (default: what each problem says, 1000 for a function)")
	f.IntSliceVar(&o.dims, "dim", nil, "of --suite bbob: dimensions from 2 to 40, separated by commas (default 10)")
	o.addColumns(cmd, "", " (default: minmax for images, else standard)")
	f.Float64Var(&o.val, "val", 0.15, about("val", ", by which settings are chosen"))
	f.Float64Var(&o.test, "test", 0.2, about("test", ""))
	o.modelFlags(f, "mlp(32)")
	f.StringArrayVarP(&o.optimizers, "optimizer", "o", bench.DefaultOptimizers, about("optimizer", ", or a method such as lbfgs; lr=1e-3..1 is a range to search, lr=0.1 is not tuned; 'adam @ constant' has its own schedule; give it several times to compare"))
	o.rawFlag(f)
	f.StringSliceVar(&o.tracks, "track", []string{"lr"}, "what is tuned: "+strings.Join(spec.Names(tuning.Tracks), ", ")+"; of a suite several, which make a league")
	f.IntVar(&s.Trials, "trials", 10, "settings that are tried of each optimizer, beside its default")
	f.IntVar(&s.Seeds, "seeds", 10, "scored runs of each optimizer on each problem")
	f.StringVar(&o.rankBy, "score", "", about("score", ": "+strings.Join(metricNames(), ", ")+" (default: accuracy, of numbers the loss)"))
	f.Float64Var(&s.Margin, "margin", 0, "difference of scores that does not matter (default: half a point of accuracy, a hundredth of a loss)")
	f.IntVarP(&o.net.Epochs, "epochs", "e", 0, about("epochs", " (default: about 2400 steps)"))
	f.IntVarP(&o.net.Batch, "batch", "b", 0, about("batch", ", 0 for all (default: 16, or 64 from 5000 rows)"))
	scheduleFlag(f, &s.Schedule, "cosine", ", of optimizers that have none of their own")
	seedFlag(f, &s.Seed, ": the split, the weights and the order of rows")
	o.memory.flag(f)
	f.StringVar(&o.dtype, "dtype", "float32", "float32 or float64")
	workersFlag(f, &s.Workers, "; each does runs of its own")
	f.StringVar(&o.out, "out", "results", about("out", ": report.html, results.json, and journal.jsonl, which has every finished run: the same command goes on from there"))
	f.StringArrayVar(&o.tables, "table", nil, "the table as a `file` too, CSV, Markdown or LaTeX (booktabs) by its ending: "+strings.Join(bench.TableFormats(), ", "))
	f.BoolVar(&o.live, "live-report", false, "the report carries its data and this program for browsers, and verifies itself: every number is derived again there, and other settings are tried. Runs are done with DESCENT_ISA=portable, whose bits a browser has")
	f.BoolVar(&s.Diagnose, "diagnose", false, "look at noise and curvature along the first scored run of each optimizer, and say why in the report")
	f.StringVar(&o.plan, "plan", "", "instead of other flags, a `file` with what is \"plan\" in results.json")
	f.BoolVar(&o.programs, "programs", false, about("programs", ""))
	f.StringVar(&o.shard, "shard", "", "only the runs of part 3 of 8, as `3/8`, for the journal; see bench merge")
	f.BoolVar(&o.json, "json", false, about("json", " instead of the table"))
	o.followed = &follower{}
	o.followed.spectators.flags(f, ": the report of what is finished, and in the end of all")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no progress")
	f.Lookup("margin").DefValue = ""
	if addCluster != nil {
		o.cluster = addCluster(f)
	}
	return cmd, o
}

// execute does what the command is for.
func (o *benchOptions) execute(cmd *cobra.Command, args []string) (err error) {
	command := commandLine(cmd, args) // before a plan sets flags
	if elsewhere, err := o.beginLive(cmd, args); elsewhere || err != nil {
		return err
	}
	if err := cmp.Or(o.ready(cmd, args), o.checkLive(cmd)); err != nil {
		return err
	}
	release, err := claim(o.out, jsonFile, leagueFile, pageFile)
	if err != nil {
		return err
	}
	defer release()
	if err := o.allowStudy(cmd.ErrOrStderr()); err != nil {
		return err
	}
	if o.study.Journal, err = openJournal(cmd, filepath.Join(o.out, journalFile)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.study.Journal.Close()) }()
	show := newMeter(cmd.ErrOrStderr(), o.quiet)
	o.study.OnJob = show.job
	away, err := o.look(cmd)
	if err != nil {
		return err
	}
	defer away()
	if o.cluster != nil {
		end, wrong := o.cluster.begin(cmd, o)
		if wrong != nil {
			return wrong
		}
		defer func() { err = errors.Join(err, end(err == nil)) }()
	}
	if o.part[1] > 0 {
		runs, err := o.runPart(cmd.Context())
		show.close()
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "shard %s: %d runs are in %s\n", o.shard, runs, filepath.Join(o.out, journalFile))
		}
		return o.told(err)
	}
	plan := o.planOf(cmd)
	if len(o.tracks) > 1 {
		l, err := o.study.RunTracks(cmd.Context(), o.tracks)
		show.close()
		if err != nil {
			return o.told(err)
		}
		l.Command, l.Plan = command, plan
		return o.write(cmd.OutOrStdout(), l, leagueFile, l.WriteCompressed)
	}
	r, err := o.study.Run(cmd.Context())
	show.close()
	if err != nil {
		return o.told(err)
	}
	r.Command, r.Plan = command, plan
	return o.write(cmd.OutOrStdout(), r, jsonFile, r.WriteJSON)
}

// runPart does a shard.
func (o *benchOptions) runPart(ctx context.Context) (runs int, err error) {
	if len(o.tracks) > 1 {
		return o.study.RunTracksPart(ctx, o.tracks, o.part[0], o.part[1])
	}
	return o.study.RunPart(ctx, o.part[0], o.part[1])
}

// told is an error of a study as its user needs it.
func (o *benchOptions) told(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; finished runs are in %s, and the same command goes on from there: %w", filepath.Join(o.out, journalFile), err)
	case errors.As(err, new(*bench.MistakeError)):
		return usage(err)
	}
	return err
}

// openJournal reads a journal, and tells what is wrong with it.
func openJournal(cmd *cobra.Command, path string) (*journal.Journal, error) {
	j, err := journal.Open(path)
	if err == nil && j.Skipped > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %s of %s damaged and left out; those runs are done again\n", count(j.Skipped, "line"), path)
	}
	return j, err
}

// prepare reads the data and builds the task.
func (o *benchOptions) prepare() error {
	if o.Model.Codes() {
		return usage(fmt.Errorf("--model %s: bench compares optimizers on models that predict a target", o.Model))
	}
	if !o.given("scaling") {
		o.scaling = defaultScaling(o.data)
	}
	if err := o.checkFile(); err != nil {
		return err
	}
	o.seed = o.study.Seed
	src, err := o.source(o.data)
	if err != nil {
		return err
	}
	if o.several(src) {
		return usage(errors.New("bench compares optimizers on one target; train learns several, and labels"))
	}
	if o.live && !embedded(o.data) {
		if src, err = o.carry(); err != nil {
			return err
		}
	}
	n := &o.net
	n.Data, n.Target, n.Options, n.Channels = called(o.data), o.target, o.prepareOptions(src), o.whole(src) && o.scaling != ""
	n.Model, n.Loss, n.Raw, n.ClassWeight, n.Score, n.Dtype = o.Model, o.Loss, o.raw(), o.classWeight, o.rankBy, o.dtype
	if o.given("batch") && n.Batch == 0 {
		n.Batch = -1
	}
	parts, err := n.Divide(src, o.seed, 0)
	if err != nil {
		return o.inFlags(err)
	}
	for _, note := range parts.Notes {
		n.Notes = append(n.Notes, o.note(note))
	}
	o.problem, err = n.Problem(src, parts, o.seed)
	return usage(err)
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

// results are those of a study, or a league.
type results interface {
	WriteJSON(w io.Writer) error
	WriteHTML(w io.Writer) error
	WriteTable(w io.Writer) error
	WriteTableAs(w io.Writer, ending string) error
	Summary() string
}

// write writes the files, the results under a name and in their form, and the table or the
// JSON.
func (o *benchOptions) write(w io.Writer, r results, name string, form func(io.Writer) error) error {
	var text, report bytes.Buffer
	if err := form(&text); err != nil {
		return err
	}
	if err := o.writeHTML(&report, r); err != nil {
		return err
	}
	page := filepath.Join(o.out, pageFile)
	files := map[string][]byte{filepath.Join(o.out, name): text.Bytes(), page: report.Bytes()}
	for _, name := range o.tables {
		var table bytes.Buffer
		if err := r.WriteTableAs(&table, filepath.Ext(name)); err != nil {
			return err
		}
		files[name] = table.Bytes()
	}
	if err := atomicfile.WriteAll(files); err != nil {
		return err
	}
	o.followed.last(report.Bytes())
	if o.json {
		return r.WriteJSON(w)
	}
	if err := r.WriteTable(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s; report in %s\n", r.Summary(), page)
	return err
}
