package bench

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"descent/data"
	"descent/internal/stats"
	"descent/optimizers/schedule"
	"descent/train"
)

// A Trial is a run of the search for a learning rate.
type Trial struct {
	Optimizer string   `json:"optimizer"`
	LR        float64  `json:"lr"`
	Seed      uint64   `json:"seed"`
	ValLoss   *float64 `json:"val_loss"` // at the end; nil if the run diverged
	// DivergedAt is the step at which the loss was no longer a number, 0 if
	// there was none.
	DivergedAt int `json:"diverged_at"`
}

// A Run is a scored run.
type Run struct {
	Optimizer string  `json:"optimizer"`
	LR        float64 `json:"lr"`
	Seed      uint64  `json:"seed"`

	// Of the test rows, after the last step. Nil if the run diverged;
	// accuracies are of classifications, R2 of regressions.
	TestAccuracy *float64 `json:"test_accuracy"`
	TestR2       *float64 `json:"test_r2"`
	TestLoss     *float64 `json:"test_loss"`

	// The curves have a point for each of [Results.Checkpoints] that the run
	// reached. TrainLoss is the mean over the batches since the point before.
	TrainLoss   []float64 `json:"train_loss"`
	ValLoss     []float64 `json:"val_loss"`
	ValAccuracy []float64 `json:"val_accuracy"`

	// StepsToTarget is the first checkpoint whose validation loss is at most
	// [Results.Target], nil if there is none.
	StepsToTarget *int `json:"steps_to_target"`
	DivergedAt    int  `json:"diverged_at"`

	MicrosPerStep float64 `json:"us_per_step"`
}

// outcome is a run with what is needed for comparing it row by row.
type outcome struct {
	Run
	rows []float64 // the merit of each test row; their mean is the run's
}

// maxPoints is the number of points of a curve.
const maxPoints = 100

// checkpoints returns the steps after which a run of so many is looked at.
func checkpoints(steps int) []int {
	n := min(steps, maxPoints)
	out := make([]int, n)
	for i := range out {
		out[i] = (i + 1) * steps / n
	}
	return out
}

// runner trains one model from beginning to end.
type runner struct {
	*Study
	t    *train.Trainer
	rows data.Rows // of training, in the trainer's element type
	look []int     // checkpoints
	out  *Run
}

// runner gives f a runner, whose trainer it keeps for the next one.
func (l *lab) runner(e Entrant, lr float64, seed uint64, f func(*runner) error) error {
	t, err := l.idle.take(l.Study, e, seed)
	if err != nil {
		return err
	}
	defer l.idle.put(e, t)
	l.once.Do(func() { l.rows = t.Convert(l.Parts.Train) })
	return f(&runner{Study: l.Study, t: t, rows: l.rows,
		out: &Run{Optimizer: e.Label, LR: lr, Seed: seed}})
}

// trainers are those of a study that nobody uses, by entrant. What a run needs is
// compiled once for each entrant and worker, and not for each run.
type trainers struct {
	mu   sync.Mutex
	free map[string][]*train.Trainer
}

// take returns a trainer in the state of a new one.
func (p *trainers) take(s *Study, e Entrant, seed uint64) (*train.Trainer, error) {
	p.mu.Lock()
	free := p.free[e.Label]
	if len(free) == 0 {
		p.mu.Unlock()
		return train.New(s.Task, e.Rule, s.Dtype, seed)
	}
	t := free[len(free)-1]
	p.free[e.Label] = free[:len(free)-1]
	p.mu.Unlock()
	return t, t.Reset(seed)
}

func (p *trainers) put(e Entrant, t *train.Trainer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[e.Label] = append(p.free[e.Label], t)
}

func (s *Study) batches(seed uint64) data.Batches {
	return data.NewBatches(s.Parts.Train.Rows(), s.Batch, seed, true)
}

// steps returns the number of steps of a run.
func (s *Study) steps() int { return s.Epochs * s.batches(0).Steps() }

// train does all steps and looks at the checkpoints. A run that diverges ends
// there, without an error.
func (r *runner) train(ctx context.Context) error {
	factor := schedule.Start(r.Schedule.For(r.steps()), false)
	if factor.Watches() { // in tuning, too
		r.look = checkpoints(r.steps())
	}
	var seg segment
	var times []float64
	begin := time.Now()
	look := func(s *train.State) error {
		if s.Ended == nil {
			seg.add(s.Last, s.BatchRows, time.Since(begin))
			if step := r.t.Steps(); len(r.look) > len(times) && step == r.look[len(times)] {
				times = append(times, seg.micros())
				if err := r.checkpoint(seg.loss(), step); err != nil {
					return err
				}
				factor.Watch(step-1, r.out.ValLoss[len(r.out.ValLoss)-1])
				seg = segment{}
			}
		}
		begin = time.Now()
		return nil
	}
	_, err := r.t.Fit(ctx, train.Run{Train: r.rows, Epochs: r.Epochs, Batch: r.Batch, Seed: r.out.Seed,
		Schedule: schedule.Lambda(func(step int) float64 { return r.out.LR * factor.Rate(step) }), Callbacks: []train.Callback{look}})
	if err != nil {
		return r.diverged(err)
	}
	r.out.MicrosPerStep = stats.Median(times)
	return nil
}

// diverged notes that a run came to its end, unless err is another one.
func (r *runner) diverged(err error) error {
	var d *train.DivergedError
	if !errors.As(err, &d) {
		return err
	}
	r.out.DivergedAt = d.Step
	return nil
}

// segment sums up the steps between two checkpoints.
type segment struct {
	sum   float64
	rows  int
	steps int
	busy  time.Duration
}

func (s *segment) add(loss float64, rows int, d time.Duration) {
	s.sum += float64(loss * float64(rows))
	s.rows += rows
	s.steps++
	s.busy += d
}

func (s *segment) loss() float64   { return s.sum / float64(s.rows) }
func (s *segment) micros() float64 { return s.busy.Seconds() * 1e6 / float64(s.steps) }

// checkpoint adds a point to the curves.
func (r *runner) checkpoint(trainLoss float64, step int) error {
	v, err := r.t.Evaluate(r.Parts.Val)
	if err != nil {
		return err
	}
	if !finite(v.Loss) {
		return &train.DivergedError{Step: step, Loss: v.Loss}
	}
	r.out.TrainLoss = append(r.out.TrainLoss, trainLoss)
	r.out.ValLoss = append(r.out.ValLoss, v.Loss)
	if r.Task.Classes > 0 {
		r.out.ValAccuracy = append(r.out.ValAccuracy, v.Accuracy)
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// tuneOne does one trial.
func (l *lab) tuneOne(ctx context.Context, e Entrant, lr float64, seed uint64) (t Trial, err error) {
	t = Trial{Optimizer: e.Label, LR: lr, Seed: seed}
	err = l.runner(e, lr, seed, func(r *runner) error {
		if err := r.train(ctx); err != nil {
			return err
		}
		if t.DivergedAt = r.out.DivergedAt; t.DivergedAt > 0 {
			return nil
		}
		v, err := r.t.Evaluate(l.Parts.Val)
		if err != nil {
			return err
		}
		if finite(v.Loss) {
			t.ValLoss = &v.Loss
		} else {
			t.DivergedAt = l.steps()
		}
		return nil
	})
	return t, err
}

// scoreOne does one scored run.
func (l *lab) scoreOne(ctx context.Context, e Entrant, lr float64, seed uint64) (out *outcome, err error) {
	err = l.runner(e, lr, seed, func(r *runner) error {
		r.look = checkpoints(l.steps())
		if err := r.train(ctx); err != nil {
			return err
		}
		out = &outcome{}
		if r.out.DivergedAt == 0 {
			if out.rows, err = r.score(); err != nil {
				return err
			}
		}
		out.Run = *r.out
		return nil
	})
	return out, err
}

// score scores a run that has come to its end on the test rows, and returns the
// merit of each.
func (r *runner) score() (rows []float64, err error) {
	v, err := r.t.Evaluate(r.Parts.Test)
	if err != nil {
		return nil, err
	}
	if !finite(v.Loss) {
		r.out.DivergedAt = r.steps()
		return nil, nil
	}
	r.out.TestLoss = &v.Loss
	if r.Task.Classes > 0 {
		r.out.TestAccuracy = &v.Accuracy
	} else if finite(v.R2) {
		r.out.TestR2 = &v.R2
	}
	return r.scoreRows(r.t)
}

// scoreRows returns the merit of each test row: 1 if the class is right, else
// 0; for a regression, the loss with a minus.
func (s *Study) scoreRows(t *train.Trainer) ([]float64, error) {
	d := s.Parts.Test
	rows := make([]float64, d.Rows())
	if s.Task.Classes > 0 {
		out, width, err := t.Predict(d)
		for i := 0; i < len(rows) && err == nil; i++ {
			if t.Decide(out[i*width:(i+1)*width]) == d.Class[i] {
				rows[i] = 1
			}
		}
		return rows, err
	}
	for i := range rows {
		v, err := t.Evaluate(d.Subset([]int{i}))
		if err != nil {
			return nil, err
		}
		rows[i] = -v.Loss
	}
	return rows, nil
}
