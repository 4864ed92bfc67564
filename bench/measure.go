package bench

import (
	"context"
	"time"

	"descent/internal/stats"
	"descent/train"
)

// Measured is what differs when a study is done again.
type Measured struct {
	Machine Machine `json:"machine"`
	Seconds float64 `json:"seconds"` // of the whole study; of runs that a journal had, nothing
	Workers int     `json:"workers"`
	// Crew are the workers of a study that had a crew, with what each has done.
	Crew []Worker `json:"crew,omitempty"`
	// Steps are times of single steps, each measured while nothing else ran.
	Steps []StepTime `json:"steps"`
}

// A StepTime is how long a gradient evaluation and the update after it take.
type StepTime struct {
	Problem   string  `json:"problem"`
	Optimizer string  `json:"optimizer"`
	Micros    float64 `json:"us_per_step"`
}

// of returns the time of a step of an optimizer on a problem in microseconds, 0 if it
// is not known.
func (m *Measured) of(problem, optimizer string) float64 {
	for _, s := range m.Steps {
		if s.Problem == problem && s.Optimizer == optimizer {
			return s.Micros
		}
	}
	return 0
}

const (
	timedSteps  = 64
	timedRounds = 3
	timedLong   = 100 * time.Millisecond // after which one round is enough
)

// measure times single steps, one run at a time and optimizers in turn. A run is short,
// and evaluations of other rows are left out.
func (w *work) measure(ctx context.Context) (out []StepTime, err error) {
	n := len(w.Entrants)
	for i := 0; i < len(w.pairings); i += n {
		times := make([][]float64, n)
		began := time.Now()
		for round := 0; round < timedRounds && (round == 0 || time.Since(began) < timedLong); round++ {
			for k, p := range w.pairings[i : i+n] {
				job := p.with(w.job(p.info.Name, p.Entrant, Tune), p.chosen)
				job.Seed, job.Budget = seedOf(w.Seed, string(Tune), 0), min(p.info.Budget, timedSteps)
				c := &clock{}
				if _, err := w.attempt(ctx, job, c); err != nil {
					return nil, err
				}
				times[k] = append(times[k], stats.Median(c.micros))
			}
		}
		for k, p := range w.pairings[i : i+n] {
			if m := stats.Median(times[k]); finite(m) {
				out = append(out, StepTime{p.info.Name, p.Label, m})
			}
		}
	}
	return out, nil
}

// A clock times the steps of a run between its callbacks.
type clock struct {
	began  time.Time
	steps  int
	unit   int // budget that a step of the trainer takes
	micros []float64
}

// stop is the first callback of a run, start the last.
func (c *clock) stop(s *train.State) error {
	if n := s.Trainer.Steps() - c.steps; n > 0 && s.Ended == nil {
		c.micros = append(c.micros, time.Since(c.began).Seconds()*1e6/float64(n*c.unit))
	}
	return nil
}

func (c *clock) start(s *train.State) error {
	c.began, c.steps = time.Now(), s.Trainer.Steps()
	return nil
}
