// Package bench compares optimizers honestly: problems, protocol, statistics,
// report.
//
// A [Study] trains one model on one data set with several optimizers. Each gets
// the learning rate, out of a grid of its own, whose mean validation loss over
// several seeds is lowest; then it is trained with fresh seeds, and only these
// runs are scored on the test rows. Nothing is chosen on test rows.
//
// The same seed means the same initial weights and the same order of rows for
// every optimizer and rate, so runs are compared pair by pair. The seeds of a
// trial follow from the study's seed and the trial's number alone; which worker
// does it, and when, does not matter. Results are therefore the same, bit for
// bit and times excepted, with any number of workers.
//
// A run that diverges is a failure. It is counted, reported and ranked last.
package bench

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"time"

	"descent/data"
	"descent/graph"
	"descent/internal/baseline"
	"descent/internal/rng"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// An Entrant is an optimizer in a study.
type Entrant struct {
	Label string // in tables; unique in a study
	Rule  optimizers.Rule
	// Default is the learning rate that a user would try first; the grid is
	// built around it. 0 means 0.01.
	Default float64
	// Rate, if not nil, is the only learning rate: nothing is tuned.
	Rate *float64
	// Rates, if not nil, are the learning rates to try, in place of the study's.
	Rates []float64
	// Method, if not nil, is what searches in place of a rule.
	Method search.Method
}

// Parse reads an entrant: a rule as in [optimizers.Parse], possibly with lr, or
// with a range of rates to try, such as lr=1e-4..1e-1; or a method of package
// search, such as lbfgs.
func Parse(text string) (Entrant, error) {
	o, err := search.Parse(text)
	if err != nil {
		return Entrant{}, err
	}
	e := Entrant{Label: o.Text, Rule: o.Rule, Default: o.LR}
	switch {
	case o.Method != nil:
		e.Method = o.Method(1)
	case o.Given:
		e.Rate = &o.LR
	case o.Range != nil:
		e.Rates = ratesWithin(o.Range.Lo, o.Range.Hi)
	}
	return e, nil
}

// DefaultOptimizers are compared if nothing else is asked for.
var DefaultOptimizers = []string{"sgd", "momentum", "adagrad", "adam", "adamw"}

// A Study is what to compare, on what, and how thoroughly. Zero settings mean
// the defaults of [Study.Defaults].
type Study struct {
	Data, Model, Loss string   // names, for the report
	Notes             []string // what else its reader should know

	Task     train.Task
	Parts    *data.Parts // of which Val must have rows
	Entrants []Entrant

	Seed      uint64 // of everything
	Seeds     int    // scored runs of each optimizer
	TuneSeeds int    // runs of each learning rate
	Epochs    int
	Batch     int // rows in each batch
	// Rates are the learning rates to try. If nil, each optimizer has a grid
	// of half decades around its default, which grows as long as the best
	// rate is at one of its ends.
	Rates []float64
	// Schedule multiplies the learning rate; nil is cosine: with a rate that stays
	// as it is, the last few batches decide how good a run is.
	Schedule *schedule.Spec
	Dtype    graph.Dtype

	Workers int // goroutines; 0 means one for each processor
	// Progress, if not nil, is called after each run, by one goroutine at a
	// time.
	Progress func(Progress)
}

// Progress says how far a study is. Total grows if a grid does.
type Progress struct {
	Phase       string
	Done, Total int
	Failed      int // runs that diverged
	Elapsed     time.Duration
	Remain      time.Duration // an estimate
}

// The defaults of a study, chosen on validation rows of digits over several
// splits: more steps gain less than the spread of seeds.
const (
	defaultSeeds     = 3
	defaultTuneSeeds = 3
	defaultSteps     = 2400 // about
	fewestEpochs     = 5
	mostEpochs       = 200
	smallData        = 5000 // rows up to which batches are small
	smallBatch       = 16
	largeBatch       = 64
)

// Defaults fills in what is not set.
func (s *Study) Defaults() {
	or := func(x *int, value int) {
		if *x == 0 {
			*x = value
		}
	}
	or(&s.Seeds, defaultSeeds)
	or(&s.TuneSeeds, defaultTuneSeeds)
	or(&s.Workers, runtime.GOMAXPROCS(0))
	if s.Parts != nil && rows(s.Parts.Train) > 0 {
		size := smallBatch
		if s.Parts.Train.Rows() > smallData {
			size = largeBatch
		}
		or(&s.Batch, size)
		if s.Batch > 0 {
			or(&s.Epochs, min(max(defaultSteps/s.batches(0).Steps(), fewestEpochs), mostEpochs))
		}
	}
	if s.Dtype.Type == nil {
		s.Dtype = graph.Float32
	}
	if s.Schedule == nil {
		cosine, err := schedule.Parse("cosine")
		if err != nil {
			panic(err) // of our own
		}
		s.Schedule = &cosine
	}
	for i := range s.Entrants {
		if s.Entrants[i].Default == 0 {
			s.Entrants[i].Default = 0.01
		}
	}
}

// check reports the first setting that makes no sense.
func (s *Study) check() error {
	if s.Parts == nil || rows(s.Parts.Train) == 0 {
		return errors.New("bench: no rows to train on")
	}
	for _, c := range []struct {
		name string
		n    int
	}{{"seeds", s.Seeds}, {"seeds for tuning", s.TuneSeeds}, {"epochs", s.Epochs}, {"batch size", s.Batch}, {"workers", s.Workers}} {
		if c.n < 1 {
			return fmt.Errorf("bench: %d %s; at least 1 is needed", c.n, c.name)
		}
	}
	switch p := s.Parts; {
	case rows(p.Val) == 0 || rows(p.Test) == 0:
		return errors.New("bench: rates are chosen on validation rows and runs scored on test rows; hold out both")
	case len(s.Entrants) == 0:
		return errors.New("bench: no optimizers to compare")
	}
	if s.Dtype != graph.Float32 && s.Dtype != graph.Float64 {
		return fmt.Errorf("bench: element type %v; use graph.Float32 or graph.Float64", s.Dtype)
	}
	for _, d := range []*data.Dataset{s.Parts.Train, s.Parts.Val, s.Parts.Test} {
		if err := d.CheckSizes(); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	if err := checkRates(s.Rates); err != nil {
		return err
	}
	return checkEntrants(s.Entrants)
}

// rows returns the number of rows of a part, which may not be there.
func rows(d *data.Dataset) int {
	if d == nil {
		return 0
	}
	return d.Rows()
}

// Memory returns how many bytes the study's trainers take at once, one for each
// optimizer and worker; see [train.Memory].
func (s *Study) Memory() (total int, err error) {
	s.Defaults()
	if err := s.check(); err != nil {
		return 0, err
	}
	for _, e := range s.Entrants {
		n, err := train.Memory(s.Task, e.Rule, s.Dtype, train.Run{Train: s.Parts.Train, Val: s.Parts.Val, Batch: s.Batch, Seed: s.Seed}, s.Parts.Test)
		if err != nil {
			return 0, err
		}
		total += s.Workers * n
	}
	return total, nil
}

// checkRates reports learning rates to try that make no sense; nil are the
// defaults.
func checkRates(rates []float64) error {
	if rates != nil && len(rates) == 0 {
		return errors.New("bench: no learning rates to try; nil means a grid of its own for each optimizer")
	}
	for _, lr := range rates {
		if !(lr > 0) || math.IsInf(lr, 1) {
			return fmt.Errorf("bench: a learning rate of %v; rates are above 0", lr)
		}
	}
	return nil
}

// checkEntrants reports optimizers that cannot be compared.
func checkEntrants(entrants []Entrant) error {
	seen := map[string]bool{}
	for _, e := range entrants {
		if seen[e.Label] {
			return fmt.Errorf("bench: two optimizers are called %q", e.Label)
		}
		seen[e.Label] = true
		if e.Method != nil {
			continue
		}
		if err := optimizers.Check(e.Rule); err != nil {
			return fmt.Errorf("bench: %s: %w", e.Label, err)
		}
		rates := []float64{e.Default}
		if e.Rate != nil {
			rates = append(rates, *e.Rate)
		}
		for _, lr := range rates {
			if !(lr >= 0) || math.IsInf(lr, 1) {
				return fmt.Errorf("bench: %s: a learning rate of %v", e.Label, lr)
			}
		}
	}
	return nil
}

// Run does the study. It ends early if ctx does, or at the first mistake in
// the task; a diverged run is not one.
func (s *Study) Run(ctx context.Context) (*Results, error) {
	s.Defaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	start := time.Now()
	l := newLab(s)
	chosen, err := l.tune(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := l.score(ctx, chosen)
	if err != nil {
		return nil, err
	}
	r := s.describe()
	r.Trials = l.trials
	for _, o := range runs {
		r.Runs = append(r.Runs, o.Run)
	}
	r.Target = r.setTarget()
	r.Optimizers = r.summarise(s, chosen)
	r.Pairs = compare(s.Entrants, runs, s.Seeds)
	r.rank()
	if r.Checks, err = s.checks(ctx, runs[0]); err != nil {
		return nil, err
	}
	if r.Baselines, err = s.baselines(ctx); err != nil {
		return nil, err
	}
	r.Verdict = r.verdict()
	r.Timing = Timing{Seconds: time.Since(start).Seconds(), Workers: s.Workers}
	return r, nil
}

// baselines scores what a model has to beat.
func (s *Study) baselines(ctx context.Context) (*Baselines, error) {
	if d := s.Parts.Train; d.Y == nil && d.Class == nil {
		return nil, nil
	}
	b, err := baseline.Of(ctx, s.Parts.Train, s.Parts.Test)
	if err != nil {
		return nil, err
	}
	out := &Baselines{Constant: baseline.Merit(b.Constant), scores: b}
	if b.Linear != nil {
		out.Linear = new(baseline.Merit(b.Linear))
	}
	return out, nil
}

// seedOf returns the seed of a repetition in a phase, as a number that JSON can
// hold exactly.
func seedOf(study uint64, phase string, repetition int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%d", study, phase, repetition)
	return rng.Mix(h.Sum64()) >> 11 // FNV's high bits are weak for short texts
}
