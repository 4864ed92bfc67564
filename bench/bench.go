// Package bench compares optimizers honestly: problems, protocol, statistics,
// report.
//
// A [Study] runs optimizers on problems: nets trained on rows, functions whose
// minimum is known. On a net each optimizer gets the learning rate, out of a grid of
// its own, whose mean validation loss over several seeds is lowest; then it is
// trained with fresh seeds, and only these runs are scored on the test rows. Nothing
// is chosen on test rows. On a function nothing is random but the start: all runs
// count, and the best rate for each problem is one of several ways to sum them up.
//
// The same seed means the same initial weights and the same order of rows for
// every optimizer and rate, so runs are compared pair by pair. The seeds of a
// run follow from the study's seed and the run's number alone; which worker
// does it, and when, does not matter. Results are therefore the same, bit for
// bit and times excepted, with any number of workers. A run is a [Job], which
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

	"descent/internal/rng"
	"descent/optimizers/schedule"
)

// A Study is what to compare, on what, and how thoroughly. Zero settings mean
// the defaults.
type Study struct {
	Name     string // "" is that of the first problem
	Problems []Problem
	Entrants []Entrant

	Seed      uint64 // of everything
	Seeds     int    // scored runs of each optimizer on each problem: seeds of a net, starts of a function; 0 means 3
	TuneSeeds int    // runs of each learning rate of a net; 0 means 3
	// Budget is the number of gradient evaluations of each run, and Schedule
	// multiplies learning rates; 0 and nil mean what the problem says.
	Budget   int
	Schedule *schedule.Spec
	// Rates are the learning rates to try. If nil, each optimizer has on a net a
	// grid of half decades around its default, which grows as long as the best rate
	// is at one of its ends; on a function half decades from 1e-6 to 10, and its
	// default.
	Rates []float64

	Workers int // goroutines; 0 means one for each processor
	// OnJob, if not nil, is called after each job, by one goroutine at a time.
	OnJob func(Tally)
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
	s.Seeds, s.TuneSeeds = cmp.Or(s.Seeds, 3), cmp.Or(s.TuneSeeds, 3)
	s.Workers = cmp.Or(s.Workers, runtime.GOMAXPROCS(0))
	switch {
	case len(s.Problems) == 0:
		return nil, errors.New("no problems to compare optimizers on")
	case s.Seeds < 1 || s.TuneSeeds < 1 || s.Workers < 1 || s.Budget < 0:
		return nil, fmt.Errorf("%d seeds, %d seeds for tuning, %d workers; at least 1 is needed; budget %d", s.Seeds, s.TuneSeeds, s.Workers, s.Budget)
	}
	if err := cmp.Or(checkRates(s.Rates), checkEntrants(s.Entrants)); err != nil {
		return nil, err
	}
	r, err := NewRunner(s.Problems, s.Entrants...)
	if err != nil {
		return nil, err
	}
	s.Name = cmp.Or(s.Name, r.infos[0].Name)
	for _, p := range r.infos {
		for _, e := range s.Entrants {
			job := s.job(p.Name, e.Label, Tune)
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
	if err != nil && ctx.Err() == nil {
		err = &MistakeError{err}
	}
	if err != nil {
		return nil, err
	}
	w := &work{Study: s, Runner: r, start: start}
	w.pair()
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
	out.Verdict = out.verdict()
	out.Timing = Timing{Seconds: time.Since(start).Seconds(), Workers: s.Workers}
	return out, nil
}

// work is a study under way.
type work struct {
	*Study
	*Runner
	pairings []*pairing
	trials   []*Outcome

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

// A pairing is an optimizer on a problem, and the rate that was chosen for it.
type pairing struct {
	*Entrant
	info   *ProblemInfo
	rates  []float64 // to try; none if there is no choice
	grows  bool      // nobody has set them
	trials []*Outcome
	runs   []*Outcome

	lr     float64
	points []Point // nil if nothing was tuned
	atEnd  bool    // the best rate is at an end of the grid
}

// pair plans all pairings, problem by problem.
func (w *work) pair() {
	for i := range w.infos {
		for k := range w.Entrants {
			p := &pairing{Entrant: &w.Entrants[k], info: &w.infos[i]}
			w.pairings = append(w.pairings, p)
			switch {
			case p.Method != nil:
			case p.Rate != nil:
				p.lr = *p.Rate
			case p.Rates != nil:
				p.rates = p.Rates
			case w.Rates != nil:
				p.rates = slices.Compact(slices.Sorted(slices.Values(w.Rates)))
			case p.info.Exact:
				p.rates = wideGrid(p.Default)
			default:
				p.rates, p.grows = firstGrid(p.Default), true
			}
			if len(p.rates) == 1 {
				p.lr, p.rates = p.rates[0], nil
			}
			if p.info.Exact {
				w.tally.Total += max(len(p.rates), 1) * w.Seeds
			} else {
				w.tally.Total += len(p.rates)*w.TuneSeeds + w.Seeds
			}
		}
	}
}

// do does the jobs of a phase at some rates of each pairing.
func (w *work) do(ctx context.Context, phase Phase, rates func(*pairing) []float64) ([]*Outcome, error) {
	var jobs []Job
	var of []*pairing
	for _, p := range w.pairings {
		own := w.jobs(p, phase, rates(p))
		jobs, of = append(jobs, own...), append(of, slices.Repeat([]*pairing{p}, len(own))...)
	}
	got, err := all(ctx, w.Workers, jobs, func(ctx context.Context, job Job) (*Outcome, error) {
		out, err := w.Do(ctx, job)
		if err == nil {
			w.count(out)
		}
		return out, err
	})
	for i := 0; i < len(of) && err == nil; i++ {
		to := &of[i].runs
		if phase == Tune {
			to = &of[i].trials
		}
		*to = append(*to, got[i])
	}
	return got, err
}

// job returns a job of the study, which has no rate and no seed yet.
func (s *Study) job(problem, optimizer string, phase Phase) Job {
	job := Job{Problem: problem, Optimizer: optimizer, Phase: phase, Budget: s.Budget}
	if s.Schedule != nil {
		job.Schedule = s.Schedule.String()
	}
	return job
}

// jobs returns those of a pairing in a phase, at some rates.
func (w *work) jobs(p *pairing, phase Phase, rates []float64) (jobs []Job) {
	job := w.job(p.info.Name, p.Label, phase)
	reps := w.Seeds
	if phase == Tune {
		reps = w.TuneSeeds
	}
	for _, job.LR = range rates {
		for rep := range reps {
			if job.Seed = seedOf(w.Seed, string(phase), rep); p.info.Exact {
				job.Seed, job.Start = w.Seed, rep
			}
			jobs = append(jobs, job)
		}
	}
	if p.info.Exact {
		slices.SortStableFunc(jobs, func(a, b Job) int { return a.Start - b.Start })
	}
	return jobs
}

// tune finds the learning rate of each pairing on validation rows.
func (w *work) tune(ctx context.Context) error {
	w.tally.Phase = "choosing learning rates"
	more := map[*pairing][]float64{} // rates to try
	for _, p := range w.pairings {
		if !p.info.Exact && p.rates != nil {
			more[p] = p.rates
		}
	}
	for round := 0; len(more) > 0; round++ {
		got, err := w.do(ctx, Tune, func(p *pairing) []float64 { return more[p] })
		if err != nil {
			return err
		}
		w.trials = append(w.trials, got...)
		next := map[*pairing][]float64{}
		for p := range more {
			if p.choose(); p.grows && p.atEnd && round < growths {
				next[p] = grow(p.points, p.lr)
				w.tally.Total += len(next[p]) * w.TuneSeeds
			}
		}
		more = next
	}
	return nil
}

// choose takes the best rate so far; the smallest, if all runs diverged.
func (p *pairing) choose() {
	p.points = points(p.trials)
	b := best(p.points)
	p.atEnd = b <= 0 || b == len(p.points)-1 // smaller rates may do if there is none
	p.lr = p.points[max(b, 0)].LR
}

// score does the runs that count: with the chosen rate and fresh seeds, or on an
// exact problem with every rate.
func (w *work) score(ctx context.Context) error {
	w.tally.Phase = "scoring"
	_, err := w.do(ctx, Score, func(p *pairing) []float64 {
		if p.info.Exact && p.rates != nil {
			return p.rates
		}
		return []float64{p.lr}
	})
	for _, p := range w.pairings {
		if p.info.Exact && p.rates != nil && err == nil {
			p.lr = p.cheapest()
		}
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
