package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"descent/bench/journal"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/train"
)

// A Phase is what a job is for.
type Phase string

// The phases.
const (
	Tune  Phase = "tune"  // to choose settings
	Score Phase = "score" // to be compared
)

// A Job is one run of an optimizer on a problem. It is all text and numbers: any
// process that has the problem does it, with the same bits.
type Job struct {
	Problem   string  `json:"problem"`
	Optimizer string  `json:"optimizer"`          // as [Parse] reads it
	Settings  string  `json:"settings,omitempty"` // the optimizer with settings that were drawn; "" are its own
	LR        float64 `json:"lr"`                 // 0 for a method, which has none
	Seed      uint64  `json:"seed"`
	// Case is which of a problem's starts, or divisions of its rows: 0, on which
	// settings are chosen, is its own.
	Case  int   `json:"case"`
	Phase Phase `json:"phase"`
	// Schedule multiplies the learning rate, and Budget is the number of gradient
	// evaluations; "" and 0 are the problem's own. An outcome has the number.
	Schedule string `json:"schedule,omitempty"`
	Budget   int    `json:"budget"`
}

// An Outcome is what came of a job.
type Outcome struct {
	Job
	// DivergedAt is the gradient evaluation whose loss was no longer a number, 0 if
	// there was none.
	DivergedAt int `json:"diverged_at"`
	// Error is why a crew has given the job up, which counts as a run that diverged at
	// its first evaluation; "" if it was done.
	Error string `json:"error,omitempty"`
	// Hits are the gradient evaluations after which each target was reached, 0 if
	// it was not; of a net there is one at most, at a checkpoint.
	Hits []int `json:"hits"`
	*Trained
}

// Trained is what came of a job on a problem that has rows.
type Trained struct {
	// Of the test rows, after the last step; accuracies are of classifications, R2
	// of regressions. Nil if the run diverged.
	TestAccuracy *float64 `json:"test_accuracy"`
	TestR2       *float64 `json:"test_r2"`
	TestLoss     *float64 `json:"test_loss"`
	// TestScores are all scores of the test rows, by the names of [train.Metrics].
	TestScores map[string]float64 `json:"test_scores,omitempty"`

	// The curves have a point for each of the problem's checkpoints that the run
	// reached; those of a run to tune only the last. TrainLoss is the mean over
	// the batches since the point before.
	TrainLoss   []float64 `json:"train_loss"`
	ValLoss     []float64 `json:"val_loss"`
	ValAccuracy []float64 `json:"val_accuracy"`
	ValScore    []float64 `json:"val_score,omitempty"` // what ranks, if it is neither
}

// end is the validation loss at the end, infinite if the run diverged, and 0 of what
// has no rows.
func (o *Outcome) end() float64 {
	switch {
	case o.Trained == nil:
		return 0
	case o.DivergedAt > 0 || len(o.ValLoss) == 0:
		return math.Inf(1)
	}
	return o.ValLoss[len(o.ValLoss)-1]
}

// A Runner does jobs. It keeps what it compiles for the jobs that follow.
type Runner struct {
	problems []Problem
	infos    []ProblemInfo
	entrants []Entrant
	idle     sync.Map // of a problem's and an optimizer's name: a *sync.Pool of trainers
}

// NewRunner returns what does jobs on problems. Entrants need only be given if
// their labels are not what [Parse] reads.
func NewRunner(problems []Problem, entrants ...Entrant) (*Runner, error) {
	r := &Runner{problems: problems, entrants: entrants}
	for _, p := range problems {
		info, err := p.Describe()
		if err == nil && slices.ContainsFunc(r.infos, func(i ProblemInfo) bool { return i.Name == info.Name }) {
			err = fmt.Errorf("two problems are called %q", info.Name)
		}
		if err != nil {
			return nil, err
		}
		r.infos = append(r.infos, info)
	}
	return r, nil
}

// Sum returns a text that is the same for runners of the same problems, with the same
// rows.
func (r *Runner) Sum() (string, error) { return journal.Key(r.infos) }

// An Attempt is a job under way.
type Attempt struct {
	Job
	Method  search.Method // nil for a rule
	Trainer *train.Trainer
	Out     *Outcome
	Watched bool // the schedule looks at the validation loss

	end  func() // completes what a net has seen
	unit int    // budget that a step of the trainer takes
}

// Do does a job. A run that diverges is an outcome, not an error.
func (r *Runner) Do(ctx context.Context, job Job) (*Outcome, error) {
	out, err := r.attempt(ctx, job, nil)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s on %s: %w", job.Optimizer, job.Problem, err)
	}
	return out, err
}

// attempt is Do, with a clock that is not nil if the run is there to be timed.
func (r *Runner) attempt(ctx context.Context, job Job, c *clock) (*Outcome, error) {
	i := slices.IndexFunc(r.infos, func(p ProblemInfo) bool { return p.Name == job.Problem })
	if i < 0 {
		return nil, errors.New("there is no such problem")
	}
	p, info := r.problems[i], r.infos[i]
	job.Budget = cmp.Or(job.Budget, info.Budget)
	if job.Budget < 1 || !(job.LR >= 0) || math.IsInf(job.LR, 1) || job.Case < 0 || job.Phase != Tune && job.Phase != Score {
		return nil, fmt.Errorf("budget %d, learning rate %v, case %d, phase %q make no sense", job.Budget, job.LR, job.Case, job.Phase)
	}
	factor, err := schedule.Parse(cmp.Or(job.Schedule, info.Schedule))
	if err != nil {
		return nil, err
	}
	course := schedule.Start(factor.For(job.Budget), false)
	a := &Attempt{Job: job, Out: &Outcome{Job: job}, Watched: course.Watches(), unit: 1}
	if a.Watched && info.function() {
		return nil, fmt.Errorf("the schedule %s looks at a validation loss, which a function does not have; use cosine or constant", job.Schedule)
	}
	if !info.function() {
		a.Out.Trained = &Trained{}
	}
	e, err := r.entrant(cmp.Or(job.Settings, job.Optimizer))
	if err != nil {
		return nil, err
	}
	a.Method = e.Method
	pool := any(&sync.Pool{}) // of settings that are tried once
	if job.Settings == "" || job.Phase == Score {
		pool, _ = r.idle.LoadOrStore([2]string{job.Problem, cmp.Or(job.Settings, job.Optimizer)}, pool)
	}
	idle := pool.(*sync.Pool)
	if a.Trainer, _ = idle.Get().(*train.Trainer); a.Trainer == nil {
		if a.Trainer, err = p.Prepare(e); err != nil {
			return nil, err
		}
	}
	defer idle.Put(a.Trainer)
	var d *train.DivergedError
	if err = a.run(ctx, p, course, c); errors.As(err, &d) {
		a.Out.DivergedAt, err = d.Step, nil
	}
	return a.Out, err
}

// entrant returns the entrant of that label, or what it says.
func (r *Runner) entrant(label string) (Entrant, error) {
	for _, e := range r.entrants {
		if e.Label == label {
			return e, nil
		}
	}
	return Parse(label)
}

func (a *Attempt) run(ctx context.Context, p Problem, course *schedule.Course, c *clock) error {
	run, err := p.Begin(a)
	if err != nil {
		return err
	}
	if a.Method == nil {
		run.Schedule = schedule.Lambda(func(step int) float64 { return a.LR * course.Rate(step) })
	}
	if a.Watched {
		seen := 0
		run.Callbacks = append(run.Callbacks, func(*train.State) error {
			for ; seen < len(a.Out.ValLoss); seen++ {
				course.Watch(a.Trainer.Steps()-1, a.Out.ValLoss[seen])
			}
			return nil
		})
	}
	if c != nil {
		run.Callbacks = slices.Concat([]train.Callback{c.stop}, run.Callbacks, []train.Callback{c.start})
		c.began, c.unit = time.Now(), a.unit
	}
	if _, err = a.Trainer.Fit(ctx, run); err == nil {
		err = p.Score(a)
	}
	if n := len(Checkpoints(a.Budget)); err == nil && a.Out.Trained != nil && len(a.Out.ValLoss) > n {
		err = fmt.Errorf("the problem has noted the validation loss %d times at %d checkpoints", len(a.Out.ValLoss), n)
	}
	return err
}
