package bench

import (
	"context"
	"slices"
	"sync"
	"time"

	"descent/data"
	"descent/train"
)

// lab does the runs of a study.
type lab struct {
	*Study
	trials []Trial
	start  time.Time
	idle   trainers
	once   sync.Once // makes rows
	rows   data.Rows // of training, in the element type of the study

	mu            sync.Mutex
	phase         string
	done, planned int
	failed        int
}

func newLab(s *Study) *lab {
	l := &lab{Study: s, start: time.Now(), idle: trainers{free: map[string][]*train.Trainer{}}}
	for _, e := range s.Entrants {
		l.planned += len(s.grid(e))*s.TuneSeeds + s.Seeds
	}
	return l
}

// grid returns the rates to try first for an entrant: none if there is no
// choice.
func (s *Study) grid(e Entrant) []float64 {
	switch {
	case e.Rate != nil:
		return nil
	case e.Rates != nil:
		return e.Rates
	case len(s.Rates) == 1:
		return nil
	case s.Rates != nil:
		return slices.Compact(slices.Sorted(slices.Values(s.Rates)))
	}
	return firstGrid(e.Default)
}

// grows reports whether an entrant's grid may grow: nobody has set it.
func (s *Study) grows(e Entrant) bool { return e.Rates == nil && s.Rates == nil }

// A choice is the rate that an entrant is scored with.
type choice struct {
	lr     float64
	points []Point // nil if nothing was tuned
	atEnd  bool    // the best rate is at an end of the grid
}

// tune finds the learning rate of each entrant on validation rows.
func (l *lab) tune(ctx context.Context) ([]choice, error) {
	l.phase = "choosing learning rates"
	type want struct {
		entrant int
		lr      float64
		rep     int
	}
	chosen := make([]choice, len(l.Entrants))
	var todo []want
	plan := func(i int, rates []float64) {
		for _, lr := range rates {
			for rep := range l.TuneSeeds {
				todo = append(todo, want{i, lr, rep})
			}
		}
	}
	for i, e := range l.Entrants {
		plan(i, l.grid(e))
	}
	for round := 0; ; round++ {
		got := make([]Trial, len(todo))
		err := l.each(ctx, len(todo), func(i int) (failed bool, err error) {
			w := todo[i]
			got[i], err = l.tuneOne(ctx, l.Entrants[w.entrant], w.lr, seedOf(l.Seed, "tune", w.rep))
			return got[i].DivergedAt > 0, err
		})
		if err != nil {
			return nil, err
		}
		l.trials = append(l.trials, got...)
		todo = nil
		for i, e := range l.Entrants {
			chosen[i] = l.choose(e)
			if l.grows(e) && chosen[i].atEnd && round < growths {
				ps := chosen[i].points
				grid := make([]float64, len(ps))
				for k := range ps {
					grid[k] = ps[k].LR
				}
				plan(i, grow(grid, chosen[i].lr))
			}
		}
		if len(todo) == 0 {
			return chosen, nil
		}
		l.planned += len(todo)
	}
}

// choose returns the best rate so far of an entrant; its default, if all runs
// diverged.
func (l *lab) choose(e Entrant) choice {
	switch {
	case e.Rate != nil:
		return choice{lr: *e.Rate}
	case e.Rates == nil && len(l.Rates) == 1:
		return choice{lr: l.Rates[0]}
	}
	var own []Trial
	for _, t := range l.trials {
		if t.Optimizer == e.Label {
			own = append(own, t)
		}
	}
	ps := points(own)
	b := best(ps)
	if b < 0 { // smaller rates may do
		return choice{lr: ps[0].LR, points: ps, atEnd: true}
	}
	return choice{lr: ps[b].LR, points: ps, atEnd: b == 0 || b == len(ps)-1}
}

// score trains each entrant with fresh seeds and scores it on the test rows.
func (l *lab) score(ctx context.Context, chosen []choice) ([]*outcome, error) {
	l.phase = "scoring"
	out := make([]*outcome, len(l.Entrants)*l.Seeds)
	err := l.each(ctx, len(out), func(i int) (failed bool, err error) {
		k := i / l.Seeds
		out[i], err = l.scoreOne(ctx, l.Entrants[k], chosen[k].lr, seedOf(l.Seed, "score", i%l.Seeds))
		return err == nil && out[i].DivergedAt > 0, err
	})
	return out, err
}

// each calls do for 0..n-1 on the study's workers, and returns the error of the
// lowest number that has one.
func (l *lab) each(ctx context.Context, n int, do func(i int) (failed bool, err error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan int)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for range min(l.Workers, n) {
		wg.Go(func() {
			for i := range next {
				failed, err := do(i)
				if errs[i] = err; err != nil {
					cancel()
					return
				}
				l.finished(failed)
			}
		})
	}
	var stopped error
	for i := 0; i < n && stopped == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
			stopped = ctx.Err()
		}
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return stopped
}

// finished reports progress.
func (l *lab) finished(failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	if failed {
		l.failed++
	}
	if l.Progress == nil {
		return
	}
	p := Progress{Phase: l.phase, Done: l.done, Total: max(l.planned, l.done), Failed: l.failed, Elapsed: time.Since(l.start)}
	p.Remain = time.Duration(float64(p.Elapsed) * float64(p.Total-p.Done) / float64(p.Done))
	l.Progress(p)
}
