package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"descent/data"
	"descent/graph"
	"descent/internal/baseline"
	"descent/internal/stats"
	"descent/train"
)

// A Net is a problem: a model trained on rows, and scored on others. A step is a
// batch, and so is a gradient evaluation. Zero settings mean the defaults.
type Net struct {
	Name              string   // "" is that of the data
	Data, Model, Loss string   // names, for the report
	Notes             []string // what else its reader should know

	Task   train.Task
	Parts  *data.Parts // of which Val must have rows
	Epochs int
	Batch  int // rows in each batch
	Dtype  graph.Dtype

	once sync.Once // makes rows
	rows data.Rows // of training, in the element type
}

// The defaults of a net, chosen on validation rows of digits over several
// splits: more steps gain less than the spread of seeds.
const (
	defaultSteps = 2400 // about
	fewestEpochs = 5
	mostEpochs   = 200
	smallData    = 5000 // rows up to which batches are small
	smallBatch   = 16
	largeBatch   = 64
	// With a rate that stays as it is, the last few batches decide how good a run is.
	netSchedule = "cosine"
)

// Describe implements [Problem].
func (n *Net) Describe() (ProblemInfo, error) {
	if err := n.check(); err != nil {
		return ProblemInfo{}, err
	}
	size := smallBatch
	if n.Parts.Train.Rows() > smallData {
		size = largeBatch
	}
	n.Batch = cmp.Or(n.Batch, size)
	n.Epochs = cmp.Or(n.Epochs, min(max(defaultSteps/n.perEpoch(), fewestEpochs), mostEpochs))
	score := "loss"
	if n.Task.Classes > 0 {
		score = "accuracy"
	}
	budget := n.Epochs * n.perEpoch()
	return ProblemInfo{Name: cmp.Or(n.Name, n.Data), Data: n.Data, Model: n.Model, Loss: n.Loss, Score: score, Budget: budget, Schedule: netSchedule,
		Train: n.Parts.Train.Rows(), Val: n.Parts.Val.Rows(), Test: n.Parts.Test.Rows(), Features: n.Task.Features, Classes: n.Task.Classes,
		Epochs: n.Epochs, Batch: n.Batch, Dtype: n.Dtype.String(), Notes: n.Notes, Checkpoints: Checkpoints(budget)}, nil
}

// check reports the first setting that makes no sense.
func (n *Net) check() error {
	if n.Dtype.Type == nil {
		n.Dtype = graph.Float32
	}
	switch p := n.Parts; {
	case p == nil || rows(p.Train) == 0:
		return errors.New("no rows to train on")
	case rows(p.Val) == 0 || rows(p.Test) == 0:
		return errors.New("rates are chosen on validation rows and runs scored on test rows; hold out both")
	case n.Epochs < 0 || n.Batch < 0:
		return fmt.Errorf("%d epochs, batch size %d; at least 1 is needed", n.Epochs, n.Batch)
	case n.Dtype != graph.Float32 && n.Dtype != graph.Float64:
		return fmt.Errorf("element type %v; use graph.Float32 or graph.Float64", n.Dtype)
	}
	for _, d := range []*data.Dataset{n.Parts.Train, n.Parts.Val, n.Parts.Test} {
		if err := d.CheckSizes(); err != nil {
			return err
		}
	}
	return nil
}

// rows returns the number of rows of a part, which may not be there.
func rows(d *data.Dataset) int {
	if d == nil {
		return 0
	}
	return d.Rows()
}

// perEpoch returns the number of batches of the training rows.
func (n *Net) perEpoch() int { return data.NewBatches(n.Parts.Train.Rows(), n.Batch, 0, true).Steps() }

// Prepare implements [Problem].
func (n *Net) Prepare(e Entrant) (*train.Trainer, error) {
	t, err := train.New(n.Task, e.Rule, n.Dtype, 0)
	if err == nil {
		n.once.Do(func() { n.rows = t.Convert(n.Parts.Train) })
	}
	return t, err
}

// Memory returns how many bytes the trainers of a study take at once, one for each
// entrant and worker; see [train.Memory].
func (n *Net) Memory(entrants []Entrant, workers int) (total int, err error) {
	if _, err := n.Describe(); err != nil {
		return 0, err
	}
	for _, e := range entrants {
		run := train.Run{Train: n.Parts.Train, Val: n.Parts.Val, Method: e.Method}
		if e.Method == nil {
			run.Batch = n.Batch
		}
		each, err := train.Memory(n.Task, e.Rule, n.Dtype, run, n.Parts.Test)
		if err != nil {
			return 0, err
		}
		total += workers * each
	}
	return total, nil
}

// maxPoints is the number of points of a curve.
const maxPoints = 100

// Checkpoints returns the steps after which a run of so many is looked at: at most a
// hundred.
func Checkpoints(steps int) []int {
	n := min(steps, maxPoints)
	out := make([]int, n)
	for i := range out {
		out[i] = (i + 1) * steps / n
	}
	return out
}

// Begin implements [Problem]. A run that chooses a rate is looked at when it has
// ended, others at all checkpoints. A method has all rows in each evaluation, which
// counts as the batches that they are.
func (n *Net) Begin(a *Attempt) (train.Run, error) {
	if err := a.Trainer.Reset(a.Seed); err != nil {
		return train.Run{}, err
	}
	l := &look{n: n, a: a, at: []int{a.Budget}, began: time.Now()}
	a.end = l.end
	if a.Phase == Score || a.Watched {
		l.at = Checkpoints(a.Budget)
	}
	per := n.perEpoch()
	if a.Method == nil {
		return train.Run{Train: n.rows, Epochs: (a.Budget + per - 1) / per, Batch: n.Batch, Seed: a.Seed, Callbacks: []train.Callback{l.batch}}, nil
	}
	start, err := a.Trainer.Evaluate(n.Parts.Train)
	if err == nil {
		l.last, err = l.point(start.Loss, 1)
	}
	l.began = time.Now()
	return train.Run{Train: n.Parts.Train, Method: a.Method, Epochs: max(a.Budget/per, 1), Callbacks: []train.Callback{l.moved}}, err
}

// look notes what a run is like at its checkpoints.
type look struct {
	n  *Net
	a  *Attempt
	at []int // checkpoints

	began time.Time
	since segment   // of a rule
	times []float64 // µs a step, between checkpoints
	last  *point    // of a method: where it is; nil of a rule
}

// A point is what there is to see of the parameters.
type point struct{ train, val, accuracy float64 }

// segment sums up the steps since a checkpoint.
type segment struct {
	sum   float64
	rows  int
	steps int
	busy  time.Duration
}

func (g *segment) micros() float64 { return g.busy.Seconds() * 1e6 / float64(g.steps) }

// batch is called after each step of a rule.
func (l *look) batch(s *train.State) error {
	defer func() { l.began = time.Now() }()
	if s.Ended != nil {
		return nil
	}
	g, step := &l.since, l.a.Trainer.Steps()
	g.sum += float64(s.Last * float64(s.BatchRows))
	g.rows += s.BatchRows
	g.steps++
	g.busy += time.Since(l.began)
	if step != l.at[min(len(l.times), len(l.at)-1)] {
		return nil
	}
	p, err := l.point(g.sum/float64(g.rows), step)
	if err != nil {
		return err
	}
	l.add(p)
	l.times, l.since = append(l.times, g.micros()), segment{}
	if step == l.a.Budget {
		s.Stop("the budget is used")
	}
	return nil
}

// moved is called when a method has moved; it was at the point before until now.
func (l *look) moved(s *train.State) error {
	defer func() { l.began = time.Now() }()
	if s.Ended != nil {
		return nil
	}
	step := l.a.Trainer.Steps() * l.n.perEpoch()
	l.since.steps = step
	l.since.busy += time.Since(l.began)
	l.stay(step)
	var err error
	l.last, err = l.point(s.Last, step)
	return err
}

// stay adds the point at which a method is to the checkpoints before a step.
func (l *look) stay(step int) {
	for k := len(l.a.Out.ValLoss); k < len(l.at) && l.at[k] < step; k++ {
		l.add(l.last)
	}
}

// end completes the curves, and notes the time.
func (l *look) end() {
	if l.last != nil {
		l.stay(l.a.Budget + 1)
		l.times = []float64{l.since.micros()}
	}
	if l.a.Phase == Score {
		l.a.Out.MicrosPerStep = stats.Median(l.times)
	}
}

// point looks at the parameters after a step.
func (l *look) point(loss float64, step int) (*point, error) {
	v, err := l.a.Trainer.Evaluate(l.n.Parts.Val)
	if err == nil && !finite(v.Loss) {
		err = &train.DivergedError{Step: step, Loss: v.Loss}
	}
	if err != nil {
		return nil, err
	}
	return &point{loss, v.Loss, v.Accuracy}, nil
}

// add adds a point to the curves.
func (l *look) add(p *point) {
	out := l.a.Out
	if out.ValLoss = append(out.ValLoss, p.val); l.a.Phase == Tune {
		return
	}
	out.TrainLoss = append(out.TrainLoss, p.train)
	if l.n.Task.Classes > 0 {
		out.ValAccuracy = append(out.ValAccuracy, p.accuracy)
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Score implements [Problem]: the scores of the test rows, and the merit of each.
func (n *Net) Score(a *Attempt) error {
	if a.end(); a.Phase == Tune {
		return nil
	}
	v, err := a.Trainer.Evaluate(n.Parts.Test)
	if err != nil {
		return err
	}
	if !finite(v.Loss) {
		return &train.DivergedError{Step: a.Budget, Loss: v.Loss}
	}
	a.Out.TestLoss = &v.Loss
	if n.Task.Classes > 0 {
		a.Out.TestAccuracy = &v.Accuracy
	} else if finite(v.R2) {
		a.Out.TestR2 = &v.R2
	}
	a.Out.Merits, err = n.merits(a.Trainer)
	return err
}

// merits returns the merit of each test row.
func (n *Net) merits(t *train.Trainer) ([]float64, error) {
	d := n.Parts.Test
	rows := make([]float64, d.Rows())
	if n.Task.Classes > 0 {
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

func (n *Net) net() *Net { return n }

// Baselines are accuracies, or R2, on the test rows: of the most frequent class,
// or the mean; and of the solved linear model, see docs/bench.md.
type Baselines struct {
	Constant float64  `json:"constant"`
	Linear   *float64 `json:"linear"` // nil if it is too large
	scores   *baseline.Scores
}

// baselines scores what a model has to beat.
func (n *Net) baselines(ctx context.Context) (*Baselines, error) {
	if d := n.Parts.Train; d.Y == nil && d.Class == nil {
		return nil, nil
	}
	b, err := baseline.Of(ctx, n.Parts.Train, n.Parts.Test)
	if err != nil {
		return nil, err
	}
	out := &Baselines{Constant: baseline.Merit(b.Constant), scores: b}
	if b.Linear != nil {
		out.Linear = new(baseline.Merit(b.Linear))
	}
	return out, nil
}
