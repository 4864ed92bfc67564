package main

import (
	"fmt"
	"os"
	"slices"
	"time"
)

// measure does the works of so many threads, round-robin: in each round each
// peer does a batch. All peers stay alive, so none starts cold.
func measure(o options, here string, commands map[string][]string, threads int, works []work) (results []*result) {
	s := session{o, here, commands, threads, o.cpus[:min(threads, len(o.cpus))], map[string]*server{}}
	defer s.close()
	if slices.ContainsFunc(works, func(w work) bool { return w.Kind.served() }) {
		s.open()
	}
	for _, w := range works {
		began := time.Now()
		now := s.measure(w)
		progress("")
		fmt.Fprintf(os.Stderr, "%s, %s: %.1f s\n", w.Title, count(threads), time.Since(began).Seconds())
		results = append(results, split(now)...)
	}
	return results
}

// A session is the peers at work with so many threads.
type session struct {
	options
	here     string
	commands map[string][]string // of the peers that there are
	threads  int
	cpus     []int
	servers  map[string]*server // of the peers that are alive
}

func (s *session) open() {
	for _, p := range peers {
		if s.commands[p.name] == nil {
			continue
		}
		alive, err := serve(launch(s.here, s.commands[p.name], s.cpus, s.threads, batches))
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", p.name, err)
			continue
		}
		s.servers[p.name] = alive
	}
}

func (s *session) close() {
	for _, alive := range s.servers {
		alive.stop()
	}
}

// roundsOf returns how many rounds of a work count.
func (s *session) roundsOf(k kind) int {
	switch {
	case k == whole:
		return min(s.rounds, 3)
	case k != batches && s.quick:
		return 1
	}
	return s.rounds
}

// measure does a work, all rounds of it.
func (s *session) measure(w work) (now []*result) {
	for round := -1; round < s.roundsOf(w.Kind); round++ { // the first makes ready and is not counted
		for _, p := range peers {
			at := slices.IndexFunc(now, func(r *result) bool { return r.Peer == p.name })
			if s.commands[p.name] == nil || round >= 0 && at < 0 {
				continue // it does not offer the work
			}
			progress("%s: %s, round %d", w.Name, p.name, round+1)
			a, err := s.turn(p, w, round)
			switch {
			case err != nil:
				progress("")
				fmt.Fprintf(os.Stderr, "%s failed on %s: %v\n", p.name, w.Name, err)
				now = slices.DeleteFunc(now, func(r *result) bool { return r.Peer == p.name })
			case a.Error != "":
			case round < 0:
				now = append(now, &result{Peer: p.name, Work: w.Name, Threads: s.threads, Unit: w.Kind.unit(),
					Version: a.Version, Check: a.Check, Times: map[string][]float64{}})
			default:
				for way, us := range a.US {
					now[at].Times[way] = append(now[at].Times[way], us)
				}
			}
		}
	}
	return now
}

// spinning is how long the threads of the last peer may go on looking for work: those of
// OpenBLAS, in PyTorch, take a whole processor for 100 ms.
const spinning = 150 * time.Millisecond

// turn is one peer's part of a round. A peer that fails is not asked again.
func (s *session) turn(p peer, w work, round int) (answer, error) {
	if s.threads > 1 {
		time.Sleep(spinning)
	}
	if !w.Kind.served() {
		return oneOff(launch(s.here, s.commands[p.name], s.cpus, s.threads, w.Kind, w.Name), w.Kind)
	}
	alive := s.servers[p.name]
	if alive == nil {
		return answer{Error: "gone"}, nil
	}
	ms := s.ms
	if round < 0 {
		ms = 1e-3
	}
	a, err := alive.ask(w.Name, ms)
	if err != nil {
		alive.stop()
		delete(s.servers, p.name)
	}
	return a, err
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
