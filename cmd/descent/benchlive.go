package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"descent/bench"
	"descent/cmd/descent/internal/engine"
	"descent/cmd/descent/internal/study"
	"descent/data"
	"descent/internal/kernel"

	"github.com/spf13/cobra"
)

// beginLive finds the engine for a report that verifies itself. The study must run on the
// portable path, whose bits a browser has as well: unless this program does, another does the
// command.
func (o *benchOptions) beginLive(cmd *cobra.Command, args []string) (elsewhere bool, err error) {
	if !o.live {
		return false, nil
	}
	if o.engine, err = engine.Load(release()); err != nil {
		return false, fmt.Errorf("--live-report: %w", err)
	}
	if kernel.Active() != kernel.Portable {
		return true, again(cmd, args, kernel.Portable.String())
	}
	return false, nil
}

// checkLive refuses what a page cannot carry, or do again.
func (o *benchOptions) checkLive(cmd *cobra.Command) error {
	size := o.described().Carried()
	switch {
	case !o.live:
		return nil
	case o.shard != "":
		return usage(fmt.Errorf("--live-report has no meaning for --shard, which makes no report; give it to the run that does, and DESCENT_ISA=%s to all", kernel.Portable))
	case cmd.Flags().Changed("nats"):
		return usage(errors.New("--live-report is made of runs on this machine: workers of others may have other instruction sets"))
	case o.files != "" && o.nets == nil:
		return usage(errors.New("--live-report cannot carry the files of --files; embedded sets, tables and suites without files it can"))
	case len(o.tracks) > 1:
		return usage(errors.New("--live-report is of one --track"))
	case strings.Contains(fmt.Sprint(o.optimizers), "exec:"):
		return usage(errors.New("--live-report: an optimizer that is a program (exec:) cannot run in a browser"))
	case size > study.MaxCarried:
		return usage(fmt.Errorf("--live-report: the data have %s, and a page carries at most %s", amount(int64(size)), amount(study.MaxCarried)))
	}
	return nil
}

// checkFile refuses data of which a page cannot carry the file.
func (o *benchOptions) checkFile() error {
	if o.live && !embedded(o.data) && (o.data == stdin || len(data.Files(o.data)) != 1 || data.IsImages(o.data)) {
		return usage(fmt.Errorf("--live-report carries an embedded set or the table of one file; %s is neither", called(o.data)))
	}
	return nil
}

// carry reads the file of a table for a report, and the table from what was read.
func (o *benchOptions) carry() (*data.Source, error) {
	text, err := os.ReadFile(data.Files(o.data)[0])
	if err != nil {
		return nil, err
	}
	o.net.File = &study.File{Text: text, Options: o.how}
	return o.net.File.Source()
}

// writeHTML writes the report.
func (o *benchOptions) writeHTML(w io.Writer, r results) error {
	one, ok := r.(*bench.Results)
	if !o.live || !ok {
		return r.WriteHTML(w)
	}
	live, err := o.described().Live(o.engine, one)
	if err != nil {
		return err
	}
	return one.WriteLive(w, live)
}

// described is the study as a page carries it.
func (o *benchOptions) described() *study.Study {
	s := &o.study
	out := &study.Study{Name: s.Name, LeftOut: s.LeftOut, Optimizers: o.optimizers, Seed: s.Seed, Seeds: s.Seeds, Track: s.Track, Trials: s.Trials, Budget: s.Budget, Margin: s.Margin, Diagnose: s.Diagnose}
	if s.Schedule != nil {
		out.Schedule = s.Schedule.String()
	}
	switch {
	case o.suite == "":
		out.Nets = []study.Net{o.net}
	case o.nets == nil:
		out.Suite, out.Dims = o.suite, o.dims
	default:
		out.Nets = o.nets
	}
	return out
}
