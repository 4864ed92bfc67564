//go:build cluster

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"descent/bench"
	clusters "descent/bench/cluster"
	"descent/internal/atomicfile"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func init() {
	commands = append(commands, workerCommand)
	addCluster = func(f *pflag.FlagSet) cluster {
		m := &meeting{}
		f.StringVar(&m.URLs, "nats", "", about("nats", ", where workers take runs; or loopback: a server here, for workers on this machine; or process: workers in this one"))
		m.flags(f)
		f.DurationVar(&m.silence, "silence", 15*time.Second, "of a cluster: how long a worker is not heard of before others get its runs")
		return m
	}
	flagHeads["nats"] = "NATS servers, such as tls://user:password@host, or a `file` with them"
	unplanned = append(unplanned, clusterFlags...)
	suiteFlags = append(suiteFlags, clusterFlags...)
}

// clusterFlags are those that a cluster adds to bench.
var clusterFlags = []string{"nats", "credentials", "ca", "silence"}

// What --nats has in place of servers.
const (
	inProcess  = "process"
	onLoopback = "loopback"
)

// A meeting is where a cluster meets, as flags say it.
type meeting struct {
	clusters.Address
	silence time.Duration
}

// flags adds those that a coordinator and a worker have in common.
func (m *meeting) flags(f *pflag.FlagSet) {
	f.StringVar(&m.Credentials, "credentials", "", "`file` of a user's JWT and key for NATS servers, in place of a password")
	f.StringVar(&m.CA, "ca", "", "`file` with the certificate that signs those of NATS servers, if this machine does not know it")
}

// own reports whether the server is a part of this process.
func (m *meeting) own() bool { return m.URLs == inProcess || m.URLs == onLoopback }

// check implements [cluster].
func (m *meeting) check(o *benchOptions) error {
	switch given := o.given; {
	case m.URLs == "":
		for _, name := range clusterFlags {
			if given(name) {
				return fmt.Errorf("--%s has no meaning without --nats", name)
			}
		}
		return nil
	case o.shard != "":
		return errors.New("--shard and --nats: either divides the runs")
	case o.data == "-":
		return errors.New("--nats: workers cannot read the standard input; give a file that they have, too")
	case m.silence < time.Second:
		return fmt.Errorf("--silence %v: at least 1s is needed", m.silence)
	case m.URLs != inProcess && given("workers"):
		return fmt.Errorf("--workers has no meaning with --nats %s: descent worker has it", m.URLs)
	case m.own() && m.Credentials+m.CA != "":
		return fmt.Errorf("--credentials and --ca have no meaning with --nats %s", m.URLs)
	case m.own():
		return nil
	}
	return m.Address.Check()
}

// begin implements [cluster].
func (m *meeting) begin(cmd *cobra.Command, o *benchOptions) (end func(bool) error, err error) {
	if m.URLs == "" {
		return func(bool) error { return nil }, nil
	}
	name := cmp.Or(o.study.Name, o.net.Data)
	runner, err := bench.NewRunner(o.study.Problems, o.study.Entrants...)
	if err != nil {
		return nil, err
	}
	s, err := clusters.Describe(name, o.planOf(cmd), m.silence, runner)
	if err != nil {
		return nil, err
	}
	l, err := m.open(cmd.Context(), o.out)
	if err != nil {
		return nil, err
	}
	crew, err := l.Begin(cmd.Context(), s, teller(cmd))
	if err != nil {
		l.Close()
		return nil, err
	}
	if m.URLs == onLoopback && !o.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "workers on this machine: descent worker --nats %s\n", quote(clusters.AddressFile(o.out)))
	}
	o.study.Crew = crew
	o.study.OnJob = watched(o.study.OnJob, name, filepath.Join(o.out, pageFile))
	working, rest := context.WithCancel(cmd.Context())
	over := make(chan error, 1)
	if m.URLs == inProcess {
		go func() {
			_, err := l.Work(working, s, runner, cmp.Or(o.study.Workers, runtime.GOMAXPROCS(0)), math.MaxInt64)
			over <- err
		}()
	} else {
		over <- nil
	}
	return func(finished bool) error {
		defer l.Close()
		if !finished {
			rest()
			<-over
			return nil
		}
		err := crew.Finish(context.WithoutCancel(cmd.Context()))
		rest()
		return errors.Join(err, <-over)
	}, nil
}

// open opens the cluster, with a server of this process if none is given.
func (m *meeting) open(ctx context.Context, folder string) (*clusters.Cluster, error) {
	if m.own() {
		return clusters.Here(folder, m.URLs == inProcess)
	}
	return clusters.Join(ctx, m.Address, joining)
}

// joining is how long a coordinator waits for servers.
const joining = 30 * time.Second

// teller tells what goes wrong and is tried again, each thing once.
func teller(cmd *cobra.Command) func(error) {
	var mu sync.Mutex
	last := ""
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if text := oneLine(err.Error()); text != last {
			last = text
			fmt.Fprintf(cmd.ErrOrStderr(), "note: %s; the study goes on\n", text)
		}
	}
}

// watched also writes the page that shows how far a study is, every few seconds. What
// keeps it from being written will keep the report, and is told then.
func watched(show func(bench.Tally), name, file string) func(bench.Tally) {
	var last time.Time
	return func(p bench.Tally) {
		show(p)
		if time.Since(last) < 2*time.Second {
			return
		}
		last = time.Now()
		var text bytes.Buffer
		if p.WriteProgress(&text, name) == nil {
			_ = atomicfile.Write(file, text.Bytes())
		}
	}
}

// workerCommand does runs of a study that another process coordinates.
func workerCommand() *cobra.Command {
	m, o, wait := &meeting{}, &benchOptions{}, time.Duration(0)
	cmd := &cobra.Command{
		Use:   "worker --nats SERVERS",
		Short: "Do runs of a benchmark that descent bench --nats coordinates",
		Long: "Take runs of the benchmark that was begun last, do them, and hand in what came of them, until it is\n" +
			"finished. A worker may be started before the coordinator, and ended at any time. It must be the same\n" +
			"program as the coordinator's, with the same instruction set (DESCENT_ISA), and find the data under the\n" +
			"same names.",
		Example: "  descent bench digits --nats loopback --out results\n  descent worker --nats results/nats/url\n" +
			"  descent worker --nats tls://user:password@host:4222 --workers 4",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given = cmd.Flags().Changed
			switch {
			case m.URLs == "":
				return usage(errors.New("--nats: the servers are missing, or the file that says where they are (OUT/nats/url)"))
			case o.given("workers") && o.study.Workers < 1:
				return usage(fmt.Errorf("--workers %d: at least 1 is needed", o.study.Workers))
			case wait <= 0:
				return usage(fmt.Errorf("--wait %v: it is a time such as 10m", wait))
			}
			l, err := clusters.Join(cmd.Context(), m.Address, wait)
			if errors.As(err, new(*clusters.AddressError)) {
				return usage(fmt.Errorf("--nats: %w", err))
			}
			if err != nil {
				return err
			}
			defer l.Close()
			return m.work(cmd, l, o, wait)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&m.URLs, "nats", "", about("nats", ", as the coordinator has them; of bench --nats loopback it is OUT/nats/url"))
	m.flags(f)
	f.DurationVar(&wait, "wait", 10*time.Minute, "how long to wait for servers, a study or its coordinator")
	workersFlag(f, &o.study.Workers, "; each does runs of its own")
	o.memory.flag(f)
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no progress")
	return cmd
}

// work finds a study, prepares it as its plan says, and does runs of it.
func (m *meeting) work(cmd *cobra.Command, l *clusters.Cluster, asked *benchOptions, wait time.Duration) error {
	s, err := l.Find(cmd.Context(), wait)
	if err != nil {
		return err
	}
	o, err := planned(cmd, s.Plan, false)
	if err != nil {
		return fmt.Errorf("the study %s: %w", s.Name, err)
	}
	o.study.Workers, o.memory, o.quiet = cmp.Or(asked.study.Workers, runtime.GOMAXPROCS(0)), asked.memory, asked.quiet
	if err := o.allowStudy(cmd.ErrOrStderr()); err != nil {
		return err
	}
	r, err := bench.NewRunner(o.study.Problems, o.study.Entrants...)
	if err != nil {
		return err
	}
	runs, err := l.Work(cmd.Context(), s, r, o.study.Workers, wait)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted; %s of the study %s were done here, and what was begun is given back: %w", count(runs, "run"), s.Name, err)
	}
	if err == nil && !o.quiet {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s of the study %s were done here; it is finished\n", count(runs, "run"), s.Name)
	}
	return err
}
