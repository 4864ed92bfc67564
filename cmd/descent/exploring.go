package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"descent/bench/tuning"
	"descent/data"
	"descent/internal/spec"
	"descent/losses"
	"descent/models"
	"descent/optimizers/search"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// exploring is a search for the values of flags.
type exploring struct {
	trials  int
	limit   time.Duration
	by      string // the score that ranks; "" is the usual one
	choices []*choice

	defaults []string // flags that were searched since none had a range
	found    *explorer
	runs     []foldRun // of the nested score
	trained  []int
}

func (x *exploring) flags(f *pflag.FlagSet) {
	f.IntVar(&x.trials, "search", 0, "search with so many trials: --model, --loss, --optimizer, --lr and --batch may have ranges in place of numbers, such as 'mlp(16..128)' or 1e-4..1e-1, and be given several times, for alternatives")
	f.DurationVar(&x.limit, "for", 0, "search for so long, such as 60s, and say how many trials --search needs to do that again")
	f.StringVar(&x.by, "score", "", about("score", " in --search and --for, such as log_loss (default accuracy, r2, or of labels roc_auc)"))
	x.choices = choices(f)
}

// on tells whether there is a search.
func (x *exploring) on() bool { return x.trials > 0 || x.limit > 0 }

// unsearched are flags that a search has no use for, and why.
var unsearched = []struct{ flag, why string }{
	{"oof", "what folds predict are predictions of different models there"},
}

// check refuses flags that make no sense together.
func (x *exploring) check(o *trainOptions) error {
	if !x.on() {
		for _, c := range x.choices {
			c.given = c.given[max(0, len(c.given)-1):] // the last counts, as of any flag
			if c.open() {
				return fmt.Errorf("--%s %s: a range is for --search N or --for 60s", c.name, c)
			}
		}
	}
	switch {
	case o.given("search") && x.trials < 1:
		return fmt.Errorf("--search %d: at least 1 trial is needed", x.trials)
	case o.given("for") && x.limit <= 0:
		return fmt.Errorf("--for %v: a time above 0 is wanted, such as 60s", x.limit)
	case o.given("search") && o.given("for"):
		return errors.New("--search and --for: one of both says how long a search is")
	case o.given("score") && !x.on():
		return errors.New("--score is what --search and --for rank by, and there is none of both")
	case !x.on():
		return nil
	case o.Model.Codes():
		return fmt.Errorf("model %s learns its inputs: --search and --for are for a target", o.Model)
	case o.rateFlag.find:
		return errors.New("--lr find: a search tries rates itself; --lr 1e-4..1e-1 says which")
	}
	for _, f := range unsearched {
		if o.given(f.flag) {
			return fmt.Errorf("--%s is not for --search and --for: %s", f.flag, f.why)
		}
	}
	return x.checkMethods()
}

// checkMethods refuses methods beside rules, whose flags are others.
func (x *exploring) checkMethods() error {
	for _, c := range x.choices {
		for _, t := range c.given {
			if c.name != "optimizer" || len(c.given) < 2 || len(t.Ranges) > 0 {
				continue
			}
			if opt, err := search.Parse(t.Text); err == nil && opt.Method != nil {
				return fmt.Errorf("--optimizer %s: it is a method that searches with all rows, and no alternative to rules; compare it with the winner by bench", t.Text)
			}
		}
	}
	return nil
}

// begin takes the default ranges if none is given.
func (x *exploring) begin(cmd *cobra.Command, o *trainOptions) error {
	if !x.on() {
		return nil
	}
	if !slices.ContainsFunc(x.choices, (*choice).open) {
		if err := x.byDefault(cmd, o); err != nil {
			return err
		}
	}
	n := 0
	for _, c := range x.choices {
		for _, t := range c.given {
			n += 1 + len(t.Ranges)
		}
	}
	if n > tuning.MaxRanges {
		return usage(fmt.Errorf("%d ranges and alternatives: at most %d can be searched at once", n, tuning.MaxRanges))
	}
	return nil
}

// byDefault searches around what train does when nothing is given: width, dropout, decay,
// rate and batch; of an optimizer that is given, what is published for it.
func (x *exploring) byDefault(cmd *cobra.Command, o *trainOptions) error {
	f := cmd.Flags()
	set := func(name, text string) error {
		if err := f.Set(name, text); err != nil {
			return fmt.Errorf("--%s %s: %w", name, text, err)
		}
		x.defaults = append(x.defaults, "--"+name+" "+quote(text))
		return nil
	}
	small := o.src.Table != nil && o.recipe(o.src.Table.Rows())
	var flags [][2]string
	add := func(name, text string) {
		if !o.given(name) {
			flags = append(flags, [2]string{name, text})
		}
	}
	switch {
	case o.given("model") || o.origin.of != nil:
	case o.optimizer.Method != nil: // which needs a loss that is the same in each pass
		flags = append(flags, [2]string{"model", "mlp(4..64)"})
	default:
		flags = append(flags, [2]string{"model", "mlp(16..256, dropout=0..0.5)"}, [2]string{"model", "mlp(16..128, 16..128, dropout=0..0.5)"})
	}
	switch {
	case o.given("optimizer"):
		text, err := published(o.optimizer.Text, !o.given("lr"))
		if err != nil {
			return err
		}
		for _, c := range x.choices {
			if c.name == "optimizer" && text != o.optimizer.Text {
				c.given, flags = nil, append(flags, [2]string{"optimizer", text})
			}
		}
	case o.given("lr"):
	case small:
		add("epochs", strconv.Itoa(recipePasses(int(float64(o.src.Table.Rows())*(1-o.test)), smallBatch)))
		add("schedule", "cosine")
		if !o.given("monitor") && !o.given("patience") {
			add("val", "0")
		}
		add("optimizer", "decay(0.1..10) | adam(lr=0.001..0.01)")
	default:
		add("optimizer", "adam(lr=0.0003..0.03)")
	}
	if o.optimizer.Method == nil {
		add("batch", "16..128")
	}
	for _, flag := range flags {
		if err := set(flag[0], flag[1]); err != nil {
			return err
		}
	}
	if len(x.defaults) == 0 {
		return usage(errors.New("nothing is to be searched: give a range, such as --lr 1e-4..1e-1 or --model 'mlp(16..128)', or a flag several times"))
	}
	return o.checkOptimizer()
}

// published writes an optimizer with the ranges that are published for its settings.
func published(text string, rate bool) (string, error) {
	track, err := spec.Find("track", tuning.Tracks, "full")
	if err != nil {
		return "", err
	}
	s, err := tuning.Parse(text, track)
	if err != nil {
		return "", usage(err)
	}
	return s.Opened(rate), nil
}

// common are the flags that all trials have, as the journal knows them.
func (x *exploring) common(cmd *cobra.Command) (all []string) {
	besides := []string{"search", "for", "folds", "repeats", "json", "quiet", "workers", "max-memory", "out", "report", "watch", "tensorboard", "resume", "checkpoint-every", "interval", "calibrate"}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if c, ok := f.Value.(*choice); ok && c.open() || slices.Contains(besides, f.Name) {
			return
		}
		all = append(all, f.Name+"="+f.Value.String())
	})
	return all
}

// setters make a text the value of an option.
var setters = map[string]func(o *trainOptions, text string) error{
	"model": func(o *trainOptions, text string) (err error) { o.Model, err = models.Parse(text); return err },
	"loss":  func(o *trainOptions, text string) (err error) { o.Loss, err = losses.ByName(text); return err },
	"optimizer": func(o *trainOptions, text string) (err error) {
		o.optimizer, err = search.Parse(text)
		return err
	},
	"lr":    func(o *trainOptions, text string) (err error) { o.rateFlag, err = parseRate(text); return err },
	"batch": func(o *trainOptions, text string) (err error) { o.run.Batch, err = strconv.Atoi(text); return err },
}

// take makes a point's texts the options that they are of.
func (o *trainOptions) take(joint tuning.Joint, texts []string) error {
	for i, c := range joint {
		if err := setters[c.Name](o, texts[i]); err != nil {
			return err
		}
	}
	return o.checkOptimizer()
}

// explore searches, and makes what was found the value of the flags.
func (o *trainOptions) explore(cmd *cobra.Command, p *data.Parts) error {
	x := &o.exploring
	e, err := newExplorer(cmd, o, p)
	if err != nil {
		return err
	}
	if o.out != "" {
		if e.journal, err = openJournal(cmd, filepath.Join(o.out, journalFile)); err != nil {
			return err
		}
		defer e.journal.Close()
	}
	x.tell(o.progress(cmd), e)
	if err = e.run(cmd.Context(), x.trials, x.limit); err == nil && e.outer != nil {
		x.runs, x.trained, err = e.nested(cmd.Context())
	}
	if errors.Is(err, context.Canceled) {
		again := "nothing was kept: with --out FOLDER the same command goes on"
		if e.journal != nil {
			again = "the same command goes on from there"
		}
		return fmt.Errorf("interrupted after %d trainings of the search; %s: %w", e.done, again, err)
	}
	if err != nil {
		return err
	}
	if x.found = e; e.journal != nil {
		if err := e.journal.Close(); err != nil {
			return err
		}
	}
	best := e.trials[e.best(0)]
	for i, c := range e.joint {
		for _, flag := range x.choices {
			if flag.name != c.Name {
				continue
			}
			if err := flag.settle(cmd.Flags(), best.Texts[i]); err != nil {
				return err
			}
		}
	}
	o.folding.k = 0 // the nested score is in their place
	return o.checkOptimizer()
}

// tell says what is searched.
func (x *exploring) tell(w io.Writer, e *explorer) {
	if len(x.defaults) > 0 {
		fmt.Fprintf(w, "no flag has a range, so these are searched: %s\n", strings.Join(x.defaults, " "))
	}
	how := fmt.Sprintf("for %v", x.limit)
	if x.trials > 0 {
		how = fmt.Sprintf("with %s", count(x.trials, "trial"))
	}
	nested := ""
	if n := len(e.searches) - 1; n > 0 {
		nested = fmt.Sprintf(", and the same within each of %d folds of all rows", n)
	}
	fmt.Fprintf(w, "searching %s, scored on %d folds of the training rows%s\n", how, searchFolds, nested)
}
