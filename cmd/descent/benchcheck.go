package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"descent/bench"
	"descent/bench/tuning"
	"descent/internal/atomicfile"
	"descent/internal/spec"
	"descent/internal/terminal"

	"github.com/spf13/cobra"
)

// ready checks flags and prepares the study.
func (o *benchOptions) ready(cmd *cobra.Command, args []string) error {
	if err := o.followPlan(cmd, args); err != nil {
		return usage(err)
	}
	if len(args) == 1 {
		if cmd.Flags().Changed("data") && o.data != args[0] {
			return usage(fmt.Errorf("the data are given twice: %s and --data %s", args[0], o.data))
		}
		o.data = args[0]
	}
	err := errors.Join(o.check(cmd), o.checkSuite(cmd, args))
	if o.cluster != nil {
		err = errors.Join(err, o.cluster.check(o))
	}
	if err != nil {
		return usage(err)
	}
	if o.suite == "" {
		if err := o.prepare(); err != nil {
			return err
		}
		o.study.Problems = []bench.Problem{o.problem}
	}
	return nil
}

// allowStudy says how much memory the study will need, or why that is too much.
func (o *benchOptions) allowStudy(w io.Writer) error {
	if o.suite != "" {
		return nil
	}
	entrants, workers := o.study.Entrants, cmp.Or(o.study.Workers, runtime.GOMAXPROCS(0))
	n, err := o.problem.Memory(entrants, workers)
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

// check refuses flags that make no sense, before anything is read.
func (o *benchOptions) check(cmd *cobra.Command) error {
	o.given = cmd.Flags().Changed
	if err := o.checkData(); err != nil {
		return err
	}
	if _, ok := dtypes[o.dtype]; !ok {
		return fmt.Errorf("--dtype %s: there are float32 and float64", o.dtype)
	}
	for name, n := range map[string]int{"seeds": o.study.Seeds, "trials": o.study.Trials, "epochs": o.net.Epochs, "workers": o.study.Workers} {
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
	for _, name := range o.tables {
		if !slices.Contains(bench.TableFormats(), filepath.Ext(name)) {
			return fmt.Errorf("--table %s: its name ends in %s", name, strings.Join(bench.TableFormats(), ", "))
		}
		if err := atomicfile.Check(name); err != nil {
			return fmt.Errorf("--table: %w", err)
		}
	}
	searches := false
	for _, name := range o.tracks {
		track, err := spec.Find("track", tuning.Tracks, name)
		if err != nil {
			return fmt.Errorf("--track: %w", err)
		}
		searches = searches || track.Searches()
	}
	switch {
	case len(o.tracks) == 0:
		return errors.New("--track: its name is missing")
	case len(o.tracks) > 1 && o.suite == "":
		return fmt.Errorf("--track %s: several are for a --suite", strings.Join(o.tracks, ","))
	case !searches && o.given("trials"):
		return fmt.Errorf("--trials has no meaning on the track %s, which tunes nothing", strings.Join(o.tracks, " and "))
	case !(o.study.Margin >= 0):
		return fmt.Errorf("--margin %v: it cannot be negative", o.study.Margin)
	}
	o.study.Track = o.tracks[0]
	if o.out == "" {
		return errors.New("--out: the name of a folder is missing")
	}
	if n, err := fmt.Sscanf(o.shard, "%d/%d", &o.part[0], &o.part[1]); o.shard != "" && (err != nil || n < 2 || fmt.Sprintf("%d/%d", o.part[0], o.part[1]) != o.shard || o.part[0] < 1 || o.part[0] > o.part[1]) {
		return fmt.Errorf("--shard %s: it is written 3/8, from 1/8 to 8/8", o.shard)
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
	for _, name := range []string{"trials", "schedule"} {
		if !o.rules() && o.given(name) {
			return fmt.Errorf("--%s has no meaning where all optimizers are methods that find the length of their steps themselves", name)
		}
	}
	return nil
}

// rules reports whether an entrant is no method.
func (o *benchOptions) rules() bool {
	return slices.ContainsFunc(o.study.Entrants, func(e bench.Entrant) bool { return e.Method == nil })
}

// tunes reports whether trials mean anything.
func (o *benchOptions) tunes() bool {
	track, err := spec.Find("track", tuning.Tracks, o.study.Track)
	return err == nil && track.Searches() && o.rules()
}
