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
	"strings"
	"sync"
	"time"

	"descent/bench/journal"
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
	LeftOut  []string // problems that cannot take part here, and why
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

	// Diagnose has the first scored run of each optimizer on each problem done again and
	// looked at. The other results are the same.
	Diagnose bool

	// Journal, if not nil, keeps every run that is finished, and has those that were
	// finished before. The numbers are the same.
	Journal *journal.Journal

	Workers int // goroutines; 0 means one for each processor
	// Crew, if not nil, does the runs in place of these goroutines. It needs a journal,
	// which stays the record of what is finished.
	Crew Crew
	// OnJob, if not nil, is called after each job, by one goroutine at a time.
	OnJob func(Tally)
	// OnRedone, if not nil, is called by [Results.Verify] after each run, by one goroutine
	// at a time, with what has come of it so far.
	OnRedone func(*Verification)

	track  *tuning.Track
	number int              // of the part that is done, from 0
	parts  int              // 0 is the whole
	runner *Runner          // that is prepared; nil if none is
	brief  bool             // runs keep no curves
	before []*Results       // on other tracks, which are done; nil if there is one alone
	known  map[Job]*Outcome // runs that need not be done
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
	if err := cmp.Or(checkEntrants(s.Entrants), s.checkCrew()); err != nil {
		return nil, err
	}
	if s.runner != nil {
		return s.runner, nil
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
			if s.Diagnose && i == 0 {
				if _, _, err := r.look(ctx, &p, job, nil); err != nil {
					return nil, err
				}
			}
		}
	}
	return r, nil
}

// Run does the study. It ends early if ctx does, or at the first mistake in
// a problem; a diverged run is not one.
func (s *Study) Run(ctx context.Context) (*Results, error) { return s.run(ctx, nil) }

// run is Run; what is the same on all tracks is taken from results of another, if there
// are any.
func (s *Study) run(ctx context.Context, other *Results) (*Results, error) {
	w, err := s.do(ctx)
	if err != nil {
		return nil, err
	}
	out := w.results()
	if other != nil {
		out.Checks = other.Checks
		out.Measured.Steps = slices.DeleteFunc(slices.Clone(other.Measured.Steps), func(t StepTime) bool { return !slices.Contains(out.labels(), t.Optimizer) })
	} else if err := w.checks(ctx, out); err != nil {
		return nil, err
	} else if out.Measured.Steps, err = w.measure(ctx); err != nil {
		return nil, err
	}
	out.Verdict = out.verdict()
	m := &out.Measured
	m.Machine, m.Seconds, m.Workers = ThisMachine(), time.Since(w.start).Seconds(), s.Workers
	if s.Crew != nil {
		m.Crew, m.Workers = s.Crew.Workers(), 0
		for _, c := range m.Crew {
			m.Workers += c.Slots
		}
	}
	return out, nil
}

// RunPart does the runs of one of several parts of the study, by number from 1, for its
// journal: the trials and runs of every so-manieth pairing of an optimizer with a
// problem. When the journals of all parts are merged, [Study.Run] finds all runs done.
// It returns how many runs the part has.
func (s *Study) RunPart(ctx context.Context, number, parts int) (runs int, err error) {
	if s.Journal == nil || number < 1 || number > parts {
		return 0, &MistakeError{fmt.Errorf("part %d of %d; parts are numbered from 1, and need a journal", number, parts)}
	}
	part := *s
	part.number, part.parts = number-1, parts
	w, err := part.do(ctx)
	if err != nil {
		return 0, err
	}
	return w.tally.Done, nil
}

// do does all runs.
func (s *Study) do(ctx context.Context) (*work, error) {
	start := time.Now()
	r, err := s.prepare(ctx)
	w := &work{Study: s, Runner: r, instructions: ThisMachine().Instructions, start: start}
	w.tally.soFar = &sofar{w: w, by: map[*pairing]map[uint64]*Outcome{}}
	if err == nil {
		err = w.pair()
	}
	if err != nil && ctx.Err() == nil {
		err = &MistakeError{err}
	}
	if err == nil {
		err = w.tune(ctx)
	}
	if err == nil {
		err = w.score(ctx)
	}
	if err == nil && w.Diagnose {
		err = w.diagnose(ctx)
	}
	return w, err
}

// work is a study under way.
type work struct {
	*Study
	*Runner
	pairings []*pairing

	instructions string // that the results have

	start time.Time
	mu    sync.Mutex
	tally Tally
}

// count notes an outcome of a pairing and tells OnJob how far the study is, one call at a time.
func (w *work) count(p *pairing, out *Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &w.tally
	t.soFar.note(p, out)
	if t.Done++; out.DivergedAt > 0 {
		t.Failed++
	}
	if w.Crew != nil {
		t.Crew = w.Crew.Workers()
	}
	t.Elapsed = time.Since(w.start)
	t.Remain = time.Duration(float64(t.Elapsed) * float64(t.Total-t.Done) / float64(t.Done))
	if w.OnJob != nil {
		w.OnJob(*t)
	}
}

// do does jobs, each of a pairing, or finds them in the journal.
func (w *work) do(ctx context.Context, jobs []Job, of []*pairing) ([]*Outcome, error) {
	items := make([]int, len(jobs))
	for i := range items {
		items[i] = i
	}
	return all(ctx, w.width(), items, func(ctx context.Context, i int) (*Outcome, error) {
		if out := w.done(of[i], jobs[i]); out != nil {
			w.count(of[i], out)
			return out, nil
		}
		out, err := remembered(w, of[i], "run", jobs[i], func(key string) (*Outcome, error) {
			if w.Crew == nil {
				return w.Do(ctx, jobs[i])
			}
			return w.Crew.Do(ctx, key, jobs[i])
		})
		if errors.As(err, new(*GivenUpError)) {
			out, err = of[i].givenUp(jobs[i], err), nil
		}
		if err != nil {
			return nil, err
		}
		out = w.kept(out)
		w.count(of[i], out)
		return out, nil
	})
}

// kept is what results keep of an outcome: if they are brief, what optimizers are ranked
// by, and of a trial what it is chosen by.
func (s *Study) kept(o *Outcome) *Outcome {
	if !s.brief || o.Trained == nil {
		return o
	}
	c, t := *o, *o.Trained
	c.Trained = &t
	t.TestScores, t.TrainLoss = nil, nil
	for _, curve := range []*[]float64{&t.ValLoss, &t.ValAccuracy, &t.ValScore} {
		if o.Phase == Score {
			*curve = nil
		}
	}
	return &c
}

// remembered returns what do makes of a job of a pairing, or what the journal has of that kind.
// The key is all that it follows from: problem with the sum of its rows, job, rule,
// program, instruction set.
func remembered[T any](w *work, p *pairing, kind string, job Job, do func(key string) (*T, error)) (*T, error) {
	if w.Journal == nil || strings.Contains(p.Text, "exec:") { // nobody knows what another program is today
		return do("")
	}
	key, err := journal.Key(kind, p.info, job, p.rule, Revision(), w.instructions)
	if err != nil {
		return nil, err
	}
	out := new(T)
	if known, err := w.Journal.Get(key, out); known || err != nil {
		return out, err
	}
	if out, err = do(key); err != nil {
		return nil, err
	}
	return out, w.Journal.Put(key, out)
}

// job returns a job of the study, with the entrant's own settings and no seed yet.
func (s *Study) job(problem string, e *Entrant, phase Phase) Job {
	job := Job{Problem: problem, Optimizer: e.Label, Phase: phase, Budget: s.Budget}
	if own := cmp.Or(e.Schedule, s.Schedule); own != nil {
		job.Schedule = own.String()
	}
	return job
}

// tune does the trials, and chooses.
func (w *work) tune(ctx context.Context) error {
	w.tally.Phase = "choosing settings"
	var jobs []Job
	var of []*pairing
	for _, p := range w.pairings {
		if p.other {
			continue
		}
		own := w.trialsOf(p)
		jobs, of = append(jobs, own...), append(of, slices.Repeat([]*pairing{p}, len(own))...)
	}
	got, err := w.do(ctx, jobs, of)
	for i, p := range of {
		p.trials = append(p.trials, got[i])
	}
	for i := 0; i < len(w.pairings) && err == nil; i++ {
		w.pairings[i].choose()
	}
	return err
}

// score does the runs that count, those of one case one after the other.
func (w *work) score(ctx context.Context) error {
	w.tally.Phase = "scoring"
	var jobs []Job
	var of []*pairing
	n := len(w.Entrants)
	for i := 0; i < len(w.pairings); i += n {
		for rep := range w.Seeds {
			for _, p := range w.pairings[i : i+n] {
				if !p.other {
					jobs, of = append(jobs, w.runsOf(p)[rep]), append(of, p)
				}
			}
		}
	}
	got, err := w.do(ctx, jobs, of)
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
