// Package bench compares optimizers honestly: problems, protocol, statistics,
// report.
//
// A [Study] runs optimizers on problems: nets trained on rows, functions whose
// minimum is known. Tuning is part of an optimizer: each has the same number of
// trials, settings out of its own ranges that are the same on every machine; the one
// with the best validation score is then run with fresh seeds, on fresh divisions of
// the rows or from fresh starts, and only these runs are compared.
//
// The same seed means the same initial weights, the same division and the same order
// of rows for every optimizer, so runs are compared pair by pair. The seeds of a
// run follow from the study's seed and the run's number alone; which worker
// does it, and when, does not matter. Results are therefore the same, bit for
// bit and measured times excepted, with any number of workers. A run is a [Job], which
// another process can do as well.
//
// A run that diverges is a failure. It is counted, reported and ranked last.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"sync"
	"time"

	"descent/bench/tuning"
	"descent/internal/rng"
	"descent/internal/spec"
	"descent/optimizers/schedule"
)

// A Study is what to compare, on what, and how thoroughly. Zero settings mean
// the defaults.
type Study struct {
	Name     string // "" is that of the first problem
	Problems []Problem
	Entrants []Entrant

	Seed  uint64 // of everything
	Seeds int    // scored runs of each optimizer on each problem; 0 means 10
	// Track is the name of a row of [tuning.Tracks], what is tuned; "" means lr.
	// Trials are the settings that are tried of each optimizer that has something to
	// tune, beside its default; 0 means 10.
	Track  string
	Trials int
	// Budget is the number of gradient evaluations of each run, and Schedule
	// multiplies the learning rates of optimizers that have none of their own; 0 and nil
	// mean what the problem says.
	Budget   int
	Schedule *schedule.Spec
	// Margin is the difference of scores that does not matter; 0 means 0.005 of an
	// accuracy, 0.01 of an area, and a hundredth of the lower of two losses.
	Margin float64

	Workers int // goroutines; 0 means one for each processor
	// OnJob, if not nil, is called after each job, by one goroutine at a time.
	OnJob func(Tally)

	track *tuning.Track
}

// A MistakeError is one in a study that was found before anything ran: a setting that
// makes no sense, a problem that cannot be built, a method that cannot run on it.
type MistakeError struct{ Err error }

func (e *MistakeError) Error() string { return "bench: " + e.Err.Error() }

// Unwrap returns the mistake.
func (e *MistakeError) Unwrap() error { return e.Err }

// prepare fills in what is not set, and tries each optimizer on each problem for one
// evaluation.
func (s *Study) prepare(ctx context.Context) (*Runner, error) {
	s.Seeds, s.Trials, s.Track = cmp.Or(s.Seeds, 10), cmp.Or(s.Trials, 10), cmp.Or(s.Track, "lr")
	s.Workers = cmp.Or(s.Workers, runtime.GOMAXPROCS(0))
	switch {
	case len(s.Problems) == 0:
		return nil, errors.New("no problems to compare optimizers on")
	case s.Seeds < 1 || s.Trials < 1 || s.Workers < 1 || s.Budget < 0 || !(s.Margin >= 0):
		return nil, fmt.Errorf("%d seeds, %d trials, %d workers; at least 1 is needed; budget %d, margin %v", s.Seeds, s.Trials, s.Workers, s.Budget, s.Margin)
	}
	var err error
	if s.track, err = spec.Find("track", tuning.Tracks, s.Track); err != nil {
		return nil, err
	}
	if err := checkEntrants(s.Entrants); err != nil {
		return nil, err
	}
	r, err := NewRunner(s.Problems, s.Entrants...)
	if err != nil {
		return nil, err
	}
	s.Name = cmp.Or(s.Name, r.infos[0].Name)
	for _, p := range r.infos {
		if len(r.infos) > 1 && !p.normal() {
			return nil, fmt.Errorf("%s is compared with other problems, and its loss has no scale: give the net a Reference", p.Name)
		}
		for i := range s.Entrants {
			job := s.job(p.Name, &s.Entrants[i], Tune)
			job.Budget = 1
			if _, err := r.Do(ctx, job); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// Run does the study. It ends early if ctx does, or at the first mistake in
// a problem; a diverged run is not one.
func (s *Study) Run(ctx context.Context) (*Results, error) {
	start := time.Now()
	r, err := s.prepare(ctx)
	w := &work{Study: s, Runner: r, start: start}
	if err == nil {
		err = w.pair()
	}
	if err != nil && ctx.Err() == nil {
		err = &MistakeError{err}
	}
	if err != nil {
		return nil, err
	}
	if err := w.tune(ctx); err != nil {
		return nil, err
	}
	if err := w.score(ctx); err != nil {
		return nil, err
	}
	out := w.results()
	if err := w.checks(ctx, out); err != nil {
		return nil, err
	}
	if out.Measured.Steps, err = w.measure(ctx); err != nil {
		return nil, err
	}
	out.Verdict = out.verdict()
	out.Measured.Machine, out.Measured.Seconds, out.Measured.Workers = ThisMachine(), time.Since(start).Seconds(), s.Workers
	return out, nil
}

// work is a study under way.
type work struct {
	*Study
	*Runner
	pairings []*pairing

	start time.Time
	mu    sync.Mutex
	tally Tally
}

// count tells OnJob how far the study is, one call at a time.
func (w *work) count(out *Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &w.tally
	if t.Done++; out.DivergedAt > 0 {
		t.Failed++
	}
	t.Elapsed = time.Since(w.start)
	t.Remain = time.Duration(float64(t.Elapsed) * float64(t.Total-t.Done) / float64(t.Done))
	if w.OnJob != nil {
		w.OnJob(*t)
	}
}

// A pairing is an optimizer on a problem, and the setting that was chosen for it.
type pairing struct {
	*Entrant
	info   *ProblemInfo
	space  *tuning.Space
	trials []*Outcome // the first with the default; none if there is nothing to tune
	runs   []*Outcome

	chosen tuning.Setting
}

// pair plans all pairings, problem by problem.
func (w *work) pair() error {
	for i := range w.infos {
		for k := range w.Entrants {
			p := &pairing{Entrant: &w.Entrants[k], info: &w.infos[i]}
			var err error
			if p.space, err = p.Entrant.space(w.track); err != nil {
				return err
			}
			if p.info.Rates != nil {
				p.space.Rates(*p.info.Rates)
			}
			p.chosen = p.space.Default
			w.pairings = append(w.pairings, p)
			w.tally.Total += w.Seeds
			if len(p.space.Ranges) > 0 {
				w.tally.Total += 1 + w.Trials
			}
		}
	}
	return nil
}

// do does jobs, each of a pairing.
func (w *work) do(ctx context.Context, jobs []Job) ([]*Outcome, error) {
	return all(ctx, w.Workers, jobs, func(ctx context.Context, job Job) (*Outcome, error) {
		out, err := w.Do(ctx, job)
		if err == nil {
			w.count(out)
		}
		return out, err
	})
}

// job returns a job of the study, with the entrant's own settings and no seed yet.
func (s *Study) job(problem string, e *Entrant, phase Phase) Job {
	job := Job{Problem: problem, Optimizer: e.Label, Phase: phase, Budget: s.Budget}
	if own := cmp.Or(e.Schedule, s.Schedule); own != nil {
		job.Schedule = own.String()
	}
	return job
}

// with gives the job of a pairing a setting.
func (p *pairing) with(job Job, s tuning.Setting) Job {
	if job.LR = s.LR; s.Optimizer != p.space.Default.Optimizer {
		job.Settings = s.Optimizer
	}
	return job
}

// tune chooses the settings of each pairing on validation rows. Trial 0 has the
// default; trial i of every optimizer has the same seed.
func (w *work) tune(ctx context.Context) error {
	w.tally.Phase = "choosing settings"
	var jobs []Job
	var of []*pairing
	draws := seedOf(w.Seed, "draws", 0)
	for _, p := range w.pairings {
		if len(p.space.Ranges) == 0 {
			continue
		}
		for i := range w.Trials + 1 {
			setting := p.space.Default
			if i > 0 {
				setting = p.space.Draw(draws, i)
			}
			job := p.with(w.job(p.info.Name, p.Entrant, Tune), setting)
			job.Seed = seedOf(w.Seed, string(Tune), i)
			jobs, of = append(jobs, job), append(of, p)
		}
	}
	got, err := w.do(ctx, jobs)
	for i, p := range of {
		p.trials = append(p.trials, got[i])
	}
	if err != nil {
		return err
	}
	for _, p := range w.pairings {
		if len(p.trials) > 0 {
			best := p.trials[p.info.order(p.trials)[0]]
			p.chosen = tuning.Setting{Optimizer: cmp.Or(best.Settings, p.space.Default.Optimizer), LR: best.LR}
		}
	}
	return nil
}

// order returns the trials by number, from the best validation score to the worst. Of
// equals the lower validation loss comes first, and then the earlier trial.
func (p *ProblemInfo) order(trials []*Outcome) []int {
	out := make([]int, len(trials))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.criterion(trials[b]), p.criterion(trials[a])), cmp.Compare(trials[a].end(), trials[b].end()))
	})
	return out
}

// score does the runs that count: with the chosen settings, fresh seeds and fresh
// cases, those of one case one after the other.
func (w *work) score(ctx context.Context) error {
	w.tally.Phase = "scoring"
	var jobs []Job
	var of []*pairing
	n := len(w.Entrants)
	for i := 0; i < len(w.pairings); i += n {
		for rep := range w.Seeds {
			for _, p := range w.pairings[i : i+n] {
				job := p.with(w.job(p.info.Name, p.Entrant, Score), p.chosen)
				job.Seed = seedOf(w.Seed, string(Score), rep)
				if p.info.Cases {
					job.Case = rep + 1
				}
				jobs, of = append(jobs, job), append(of, p)
			}
		}
	}
	got, err := w.do(ctx, jobs)
	for i, p := range of {
		p.runs = append(p.runs, got[i])
	}
	return err
}

// seedOf returns the seed of a repetition in a phase, as a number that JSON can
// hold exactly.
func seedOf(study uint64, phase string, repetition int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%d", study, phase, repetition)
	return rng.Mix(h.Sum64()) >> 11 // FNV's high bits are weak for short texts
}
