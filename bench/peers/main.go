// Command peers runs the same work in this engine and in others, side by side,
// and prints medians, minima and ratios. See the README.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
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
	cpus   []string
	works  *regexp.Regexp
	peers  *regexp.Regexp
	out    string
	python string
}

func main() {
	var o options
	flag.BoolVar(&o.quick, "quick", false, "a rough answer in about a minute: some works, short batches")
	flag.IntVar(&o.rounds, "rounds", 9, "rounds; each asks every peer for a batch")
	flag.Float64Var(&o.ms, "ms", 50, "milliseconds of a batch")
	works := flag.String("works", "", "only works whose name or title matches the regexp")
	names := flag.String("peers", "", "only peers whose name matches the regexp, and ours")
	flag.StringVar(&o.python, "python", "/usr/bin/python3", "interpreter that has PyTorch; this is Debian's")
	cpus := flag.String("cpus", "0,1", "processors; works of one thread use the first")
	flag.StringVar(&o.out, "o", "results/peers.json", "file for everything measured")
	list := flag.Bool("list", false, "list the works")
	flag.Parse()
	var err error
	if o.works, err = regexp.Compile(*works); err == nil {
		o.peers, err = regexp.Compile(*names)
	}
	o.cpus = strings.Split(*cpus, ",")
	if o.quick {
		o.rounds, o.ms = 3, 5
	}
	if err == nil {
		err = run(o, *list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
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
	if list {
		for _, w := range chosen {
			fmt.Printf("%-40s %d  %s\n", w.Name, w.Threads, w.Title)
		}
		return nil
	}
	if err := os.MkdirAll(programs, 0o777); err != nil {
		return err
	}
	commands := map[string][]string{}
	for i, p := range peers {
		if i > 0 && !o.peers.MatchString(p.name) {
			continue
		}
		progress("building %s", p.name)
		command, err := p.make(here, programs, o.python)
		if err == nil {
			err = probe(here, command, o.cpus[0])
		}
		if err != nil && i == 0 {
			return fmt.Errorf("our own side: %w", err)
		}
		if err != nil {
			progress("")
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", p.name, err)
			continue
		}
		commands[p.name] = command
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
	if !filepath.IsAbs(o.out) {
		o.out = filepath.Join(root, o.out)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(o.out), 0o777), os.WriteFile(o.out, text, 0o666)); err != nil {
		return err
	}
	report(os.Stdout, chosen, results)
	return nil
}

// probe tells whether a peer starts and answers.
func probe(here string, command []string, cpu string) error {
	c := launch(here, command, cpu, 1, batches)
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

// measure does the works of so many threads, round-robin: in each round each
// peer does a batch. All peers stay alive, so none starts cold.
func measure(o options, here string, commands map[string][]string, threads int, works []work) (results []*result) {
	cpus := strings.Join(o.cpus[:min(threads, len(o.cpus))], ",")
	servers := map[string]*server{}
	for _, p := range peers {
		if commands[p.name] == nil || !slices.ContainsFunc(works, func(w work) bool { return w.Kind == batches || w.Kind == whole }) {
			continue
		}
		s, err := serve(launch(here, commands[p.name], cpus, threads, batches))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", p.name, err)
			continue
		}
		defer s.stop()
		servers[p.name] = s
	}
	ask := func(p peer, w work, ms float64) (answer, error) {
		if w.Kind == batches || w.Kind == whole {
			if servers[p.name] == nil {
				return answer{Error: "gone"}, nil
			}
			return servers[p.name].ask(w.Name, ms)
		}
		return oneOff(launch(here, commands[p.name], cpus, threads, w.Kind, w.Name), w.Kind)
	}
	for _, w := range works {
		var now []*result
		rounds := o.rounds
		if w.Kind == whole {
			rounds = min(rounds, 3)
		}
		for round := -1; round < rounds; round++ { // the first makes ready and is not counted
			for _, p := range peers {
				if commands[p.name] == nil {
					continue
				}
				at := slices.IndexFunc(now, func(r *result) bool { return r.Peer == p.name })
				if round >= 0 && at < 0 {
					continue // it does not offer the work
				}
				progress("%s: %s, round %d", w.Name, p.name, round+1)
				ms := o.ms
				if round < 0 {
					ms = 1e-3
				}
				if threads > 1 {
					time.Sleep(30 * time.Millisecond) // the last peer's threads stop spinning
				}
				a, err := ask(p, w, ms)
				if err != nil {
					progress("")
					fmt.Fprintf(os.Stderr, "%s failed on %s: %v\n", p.name, w.Name, err)
					delete(servers, p.name)
					now = slices.DeleteFunc(now, func(r *result) bool { return r.Peer == p.name })
					continue
				}
				if a.Error != "" {
					continue
				}
				if round < 0 {
					now = append(now, &result{Peer: p.name, Work: w.Name, Threads: threads, Unit: w.Kind.unit(),
						Version: a.Version, Check: a.Check, Times: map[string][]float64{}})
					continue
				}
				for way, us := range a.US {
					now[at].Times[way] = append(now[at].Times[way], us)
				}
			}
		}
		results = append(results, split(now)...)
	}
	return results
}

// split takes memcpy, which C measures in the memory of its updates, for a
// peer of its own.
func split(rs []*result) []*result {
	for _, r := range rs {
		if t := r.Times["memcpy"]; t != nil {
			m := *r
			m.Peer, m.Check, m.Times = "memcpy", nil, map[string][]float64{"memcpy": t}
			delete(r.Times, "memcpy")
			rs = append(rs, &m)
		}
	}
	return rs
}

// progress shows what is being done, on a terminal.
func progress(format string, args ...any) {
	if i, err := os.Stderr.Stat(); err == nil && i.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r\x1b[K"+format, args...)
	}
}
