package bench

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/data"
	"descent/graph"
	"descent/train"
)

// A Net is a problem: a model trained on rows, and scored on others. A step is a
// batch, and so is a gradient evaluation. Zero settings mean the defaults.
type Net struct {
	Name              string   // "" is that of the data
	About             string   // what is hard about it
	Data, Model, Loss string   // names, for the report
	Notes             []string // what else its reader should know

	Task train.Task
	// RankBy names what ranks, one of [train.Metrics] or of the task's; "" is accuracy,
	// of numbers the loss.
	RankBy string
	Parts  *data.Parts // of which Val must have rows
	// Cases, if not nil, divides the rows anew: case k, from 1, is always the same
	// division into parts that are encoded and scaled like Parts. If nil, all runs have
	// the division of Parts, and nothing is known about others.
	Cases  func(k int) (*data.Parts, error)
	Epochs int
	Batch  int // rows in each batch
	Dtype  graph.Dtype
	// Reference, if not nil, is what scores are measured against.
	Reference *Reference

	facts facts
	cases cases
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
	if err := n.facts.find(n); err != nil {
		return ProblemInfo{}, err
	}
	score := "loss"
	if n.Task.Classes > 0 {
		score = "accuracy"
	}
	score = cmp.Or(n.RankBy, score)
	budget := n.Epochs * n.perEpoch()
	info := ProblemInfo{Name: cmp.Or(n.Name, n.Data), About: n.About, Data: n.Data, Model: n.Model, Loss: n.Loss, Score: score, Budget: budget, Schedule: netSchedule,
		Train: n.Parts.Train.Rows(), Val: n.Parts.Val.Rows(), Test: n.Parts.Test.Rows(), Features: n.Task.Features, Classes: n.Task.Classes,
		Epochs: n.Epochs, Batch: n.Batch, Dtype: n.Dtype.String(), Notes: n.Notes, Checkpoints: Checkpoints(budget), Reference: n.Reference,
		Cases: n.Cases != nil && !n.facts.fixed, Data256: n.facts.sum, Baselines: n.facts.baselines}
	info.Target, info.TargetOf = n.target()
	if m := n.metric(); m != nil {
		info.Lower = !m.Larger
	}
	return info, nil
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
	case n.RankBy != "" && n.metric() == nil:
		return fmt.Errorf("no score %q; there are those of train.Metrics and of the task", n.RankBy)
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

// metric returns the metric that ranks, nil if there is none of that name.
func (n *Net) metric() *train.Metric {
	for _, table := range [][]train.Metric{n.Task.Metrics, train.Metrics} {
		if k := slices.IndexFunc(table, func(m train.Metric) bool { return m.Name == n.RankBy }); k >= 0 {
			return &table[k]
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
	return train.New(n.Task, e.Rule, n.Dtype, 0)
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

// Begin implements [Problem]. A run that chooses settings is looked at when it has
// ended, others at all checkpoints. A method has all rows in each evaluation, which
// counts as the batches that they are.
func (n *Net) Begin(a *Attempt) (train.Run, error) {
	parts, err := n.cases.of(n, a.Case, a.Trainer)
	if err == nil {
		err = a.Trainer.Reset(a.Seed)
	}
	if err != nil {
		return train.Run{}, err
	}
	l := &look{n: n, a: a, parts: parts, at: []int{a.Budget}}
	l.target, l.targetOf = n.target()
	a.end, a.Out.Hits = l.end, []int{0}
	if a.Phase == Score || a.Watched {
		l.at = Checkpoints(a.Budget)
	}
	per := n.perEpoch()
	if a.Method == nil {
		return train.Run{Train: parts.train, Epochs: (a.Budget + per - 1) / per, Batch: n.Batch, Seed: a.Seed, Callbacks: []train.Callback{l.batch}}, nil
	}
	a.unit = per
	start, err := a.Trainer.Evaluate(parts.Train)
	if err == nil {
		l.last, err = l.point(start.Loss, 1)
	}
	return train.Run{Train: parts.Train, Method: a.Method, Epochs: max(a.Budget/per, 1), Callbacks: []train.Callback{l.moved}}, err
}

// look notes what a run is like at its checkpoints.
type look struct {
	n        *Net
	a        *Attempt
	parts    *divided
	target   *float64
	targetOf string
	at       []int // checkpoints

	seen int     // checkpoints
	sum  float64 // of the loss over rows since the last
	rows int
	last *point // of a method: where it is; nil of a rule
}

// A point is what there is to see of the parameters.
type point struct {
	train float64
	val   *train.Scores
}

// batch is called after each step of a rule.
func (l *look) batch(s *train.State) error {
	if s.Ended != nil {
		return nil
	}
	step := l.a.Trainer.Steps()
	l.sum += float64(s.Last * float64(s.BatchRows))
	l.rows += s.BatchRows
	if step != l.at[min(l.seen, len(l.at)-1)] {
		return nil
	}
	p, err := l.point(l.sum/float64(l.rows), step)
	if err != nil {
		return err
	}
	l.add(p)
	l.sum, l.rows = 0, 0
	if step == l.a.Budget {
		s.Stop("the budget is used")
	}
	return nil
}

// moved is called when a method has moved; it was at the point before until now.
func (l *look) moved(s *train.State) error {
	if s.Ended != nil {
		return nil
	}
	step := l.a.Trainer.Steps() * l.n.perEpoch()
	l.stay(step)
	var err error
	l.last, err = l.point(s.Last, step)
	return err
}

// stay adds the point at which a method is to the checkpoints before a step.
func (l *look) stay(step int) {
	for l.seen < len(l.at) && l.at[l.seen] < step {
		l.add(l.last)
	}
}

// end completes the curves of a method.
func (l *look) end() {
	if l.last != nil {
		l.stay(l.a.Budget + 1)
	}
}

// point looks at the parameters after a step.
func (l *look) point(loss float64, step int) (*point, error) {
	v, err := l.a.Trainer.Evaluate(l.parts.val, "accuracy", "r2", l.n.RankBy)
	if err == nil && !finite(v.Loss) {
		err = &train.DivergedError{Step: step, Loss: v.Loss}
	}
	if err != nil {
		return nil, err
	}
	return &point{loss, v}, nil
}

// add adds a point to the curves.
func (l *look) add(p *point) {
	out := l.a.Out
	out.ValLoss = append(out.ValLoss, p.val.Loss)
	if l.n.Task.Classes > 0 {
		out.ValAccuracy = append(out.ValAccuracy, p.val.Metrics["accuracy"])
	}
	if l.n.RankBy != "" {
		out.ValScore = append(out.ValScore, p.val.Metrics[l.n.RankBy])
	}
	if l.a.Phase == Score {
		out.TrainLoss = append(out.TrainLoss, p.train)
	}
	if l.target != nil && out.Hits[0] == 0 && reaches(p.val, l.targetOf, *l.target) {
		out.Hits[0] = l.at[l.seen]
	}
	l.seen++
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Score implements [Problem]: the scores of the test rows.
func (n *Net) Score(a *Attempt) error {
	a.end()
	parts, err := n.cases.of(n, a.Case, a.Trainer)
	if err != nil {
		return err
	}
	v, err := a.Trainer.Evaluate(parts.Test)
	if err != nil {
		return err
	}
	if !finite(v.Loss) {
		return &train.DivergedError{Step: a.Budget, Loss: v.Loss}
	}
	a.Out.TestLoss, a.Out.TestScores = &v.Loss, v.Metrics
	if n.Task.Classes > 0 {
		a.Out.TestAccuracy = new(v.Metrics["accuracy"])
	} else if r2 := v.Metrics["r2"]; finite(r2) {
		a.Out.TestR2 = &r2
	}
	return nil
}

func (n *Net) net() *Net { return n }
