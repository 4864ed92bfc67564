// Command peers runs the same work in this engine and in others, side by side,
// and prints medians, minima and ratios. See the README.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"descent/internal/atomicfile"
)

// A result is what was measured of a peer on a work.
type result struct {
	Peer    string               `json:"peer"`
	Work    string               `json:"work"`
	Threads int                  `json:"threads"`
	Unit    string               `json:"unit"`
	Version string               `json:"version,omitempty"`
	Check   map[string]float64   `json:"check"`
	Times   map[string][]float64 `json:"times"` // by the way it was done, one a round
}

// best returns the way with the least median, its median and its minimum.
func (r *result) best() (way string, median, least float64) {
	median = math.Inf(1)
	for _, name := range slices.Sorted(maps.Keys(r.Times)) {
		t := slices.Sorted(slices.Values(r.Times[name]))
		if m := (t[(len(t)-1)/2] + t[len(t)/2]) / 2; m < median {
			way, median, least = name, m, t[0]
		}
	}
	return way, median, least
}

type options struct {
	quick  bool
	rounds int
	ms     float64
	cpus   []int
	works  *regexp.Regexp
	peers  *regexp.Regexp
	out    string
	python string
}

func main() {
	o, list, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}
	if err := run(o, list); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

const help = `usage: go run ./bench/peers [flags]

Does the same work in this engine and in others, side by side, and prints Markdown
tables of medians, minima and ratios. See bench/peers/README.md.

`

// parse reads the flags.
func parse(args []string) (o options, list bool, err error) {
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.quick, "quick", false, "a rough answer in about a minute: some works, 3 rounds of 5 ms")
	f.IntVar(&o.rounds, "rounds", 9, "rounds; each asks every peer for a batch")
	f.Float64Var(&o.ms, "ms", 50, "milliseconds of a batch")
	works := f.String("works", "", "only works whose name or title matches the `regexp`")
	names := f.String("peers", "", "only peers whose name matches the `regexp`, and ours")
	f.StringVar(&o.python, "python", "/usr/bin/python3", "interpreter that has PyTorch; the default is Debian's")
	cpus := f.String("cpus", "0,1", "processors; works of one thread use the first")
	f.StringVar(&o.out, "o", "", "`file` for everything measured (default results/peers.json in the module)")
	f.BoolVar(&list, "list", false, "list the works, with their threads, and do none")
	err = f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(help)
		f.SetOutput(os.Stdout)
		f.PrintDefaults()
	}
	if err != nil {
		return o, list, err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.quick && !given["rounds"] {
		o.rounds = 3
	}
	if o.quick && !given["ms"] {
		o.ms = 5
	}
	if o.works, err = regexp.Compile(*works); err == nil {
		o.peers, err = regexp.Compile(*names)
	}
	for _, cpu := range strings.Split(*cpus, ",") {
		n, wrong := strconv.Atoi(cpu)
		if wrong != nil && err == nil {
			err = fmt.Errorf("-cpus %s: want numbers of processors, such as 0,1", *cpus)
		}
		o.cpus = append(o.cpus, n)
	}
	switch {
	case err != nil:
	case f.NArg() > 0:
		err = fmt.Errorf("%q: there are flags only; -h lists them", f.Arg(0))
	case o.rounds < 1 || !(o.ms > 0):
		err = errors.New("-rounds must be at least 1, -ms above 0")
	}
	return o, list, err
}

func run(o options, list bool) error {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	here, programs := filepath.Join(root, "bench", "peers"), filepath.Join(root, "results", "peers")
	chosen := slices.DeleteFunc(works(), func(w work) bool {
		return o.quick && !w.Quick || !o.works.MatchString(w.Name) && !o.works.MatchString(w.Title)
	})
	if len(chosen) == 0 {
		return fmt.Errorf("no work matches %v; -list lists them", o.works)
	}
	if list {
		for _, w := range chosen {
			fmt.Printf("%-40s %d  %s\n", w.Name, w.Threads, w.Title)
		}
		return nil
	}
	if err := os.MkdirAll(programs, 0o777); err != nil {
		return err
	}
	if o.out == "" {
		o.out = filepath.Join(root, "results", "peers.json")
	}
	if err := atomicfile.Check(o.out); err != nil { // better now than after the runs
		return err
	}
	commands, err := build(o, here, programs)
	if err != nil {
		return err
	}
	var results []*result
	for _, threads := range []int{1, 2} {
		some := slices.DeleteFunc(slices.Clone(chosen), func(w work) bool { return w.Threads != threads })
		if len(some) > 0 {
			results = append(results, measure(o, here, commands, threads, some)...)
		}
	}
	progress("")
	text, err := json.MarshalIndent(map[string]any{"machine": machine(), "rounds": o.rounds, "ms": o.ms, "results": results}, "", "\t")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(o.out, text); err != nil {
		return err
	}
	report(os.Stdout, chosen, results)
	return nil
}

// build makes and tries the peers that were asked for, and returns how to run
// those that work. Ours has to.
func build(o options, here, programs string) (map[string][]string, error) {
	commands := map[string][]string{}
	for i, p := range peers {
		if i > 0 && !o.peers.MatchString(p.name) {
			continue
		}
		progress("building %s", p.name)
		command, err := p.make(here, programs, o.python)
		if err == nil {
			err = probe(here, command, o.cpus[:1])
		}
		switch {
		case err == nil:
			commands[p.name] = command
		case i == 0:
			return nil, fmt.Errorf("our own side: %w", err)
		default:
			progress("")
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", p.name, err)
		}
	}
	return commands, nil
}

// probe tells whether a peer starts and answers.
func probe(here string, command []string, cpus []int) error {
	c := launch(here, command, cpus, 1, batches)
	var complaint strings.Builder
	c.Stderr = &complaint
	s, err := serve(c)
	if err != nil {
		return err
	}
	_, err = s.ask("nothing", 1)
	s.stop()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return fmt.Errorf("does not start: %s", lines[len(lines)-1])
	}
	return nil
}

// progress shows what is being done, on a terminal.
func progress(format string, args ...any) {
	if i, err := os.Stderr.Stat(); err == nil && i.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r\x1b[K"+format, args...)
	}
}
