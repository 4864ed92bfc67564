package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"time"

	"descent/data"
	"descent/graph"
	"descent/internal/numjson"
	"descent/optimizers/schedule"
)

// position is where a run is and what it needs to go on; a checkpoint has it
// beside the variables.
type position struct {
	Step  int     `json:"step"`  // of the trainer
	Epoch int     `json:"epoch"` // epochs completed
	Batch int     `json:"batch"` // batches done of the next one
	Sum   float64 `json:"sum"`   // of losses, by rows, in these batches
	// Sums are those of the task's losses, if there are several.
	Sums []float64 `json:"sums,omitempty"`
	// Factor is what callbacks have multiplied the rate by; 0 stands for 1.
	Factor float64 `json:"factor,omitempty"`
	Wait   int     `json:"wait"` // epochs without improvement
	Best   float64 `json:"best"` // best value of what is monitored
	// Seconds the run has taken so far.
	Seconds float64 `json:"seconds"`
}

// fit is a run that is under way.
type fit struct {
	position
	t        *Trainer
	run      Run
	train    data.Rows // the rows of the run, in the element type of the programs
	val      data.Rows // those that it is scored on, too
	batches  data.Batches
	group    int // batches that make a step
	hist     History
	began    time.Time
	before   float64 // Seconds when this process took over
	counted  []int   // 0, 1, 2, ...: the rows of a batch that was made
	done     int     // batches done by this process
	last     float64 // loss of the last batch, its rows, and whether it ended a step
	lastRows int
	stepped  bool
	saved    time.Time // when a checkpoint was tried
	unsaved  error     // why that failed
	settings map[string]string
	rates    *schedule.Course
	called   []Callback
	state    State // what callbacks see

	monitor     string
	sign        float64 // -1 if larger is better
	bestWeights [][]float64
	start       snapshot // state at the start of the epoch
}

func newFit(t *Trainer, r Run) (*fit, error) {
	f := &fit{t: t, run: r, group: max(r.Accumulate, 1), began: time.Now(), called: r.callbacks(),
		batches: r.batches()}
	var err error
	if f.monitor, f.sign, err = r.monitor(t); err != nil {
		return nil, err
	}
	rates := r.Schedule
	if r.Method != nil {
		rates = schedule.Constant(0) // it has none
	}
	f.rates = schedule.Start(rates, f.sign < 0)
	if err := t.declare(f.group); err != nil { // the states that a checkpoint must fill
		return nil, err
	}
	if r.Generate == nil && r.Method == nil {
		f.train = t.Convert(r.Train)
	}
	if !none(r.Val) {
		f.val = t.Convert(r.Val)
	}
	if r.Checkpoint != "" {
		f.settings = f.identity()
	}
	if r.Resume {
		if err := f.load(r.Checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range f.hist.Epochs {
			if err := f.log(e); err != nil {
				return nil, err
			}
			f.watch(e)
		}
	}
	f.before = f.Seconds
	return f, nil
}

// declare makes the states of steps of so many batches.
func (t *Trainer) declare(group int) error {
	if group < 2 {
		return nil
	}
	_, err1 := t.program(1, gather)
	_, err2 := t.program(1, apply)
	return errors.Join(err1, err2)
}

// epoch trains on the rest of an epoch, scores it and saves the state.
func (f *fit) epoch(ctx context.Context) error {
	if f.run.Explain {
		f.start.take(f.t)
		f.start.position = f.position
		f.start.Sums = slices.Clone(f.Sums)
	}
	for rows := range f.batches.From(f.Epoch, f.Batch) {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, f.save())
		}
		if err := f.batch(f.t, rows); err != nil {
			return f.explain(err)
		}
		f.done++
		if err := f.call(nil); err != nil {
			return errors.Join(err, f.save())
		}
		if f.hist.Reason != "" {
			return f.save()
		}
	}
	return f.end()
}

// end sums up an epoch that is complete.
func (f *fit) end() error {
	f.Seconds = f.elapsed()
	e := Epoch{Epoch: f.Epoch + 1, Step: f.t.step, Loss: f.Sum / float64(f.batches.Rows()),
		LR: f.lr(max(f.t.step-1, 0)), Seconds: f.Seconds}
	for i := range f.Sums {
		f.Sums[i] /= float64(f.batches.Rows())
	}
	e.Losses = f.t.named(f.Sums)
	return f.finish(e)
}

// finish scores the epoch e, tells everybody of it and saves the state.
func (f *fit) finish(e Epoch) error {
	f.Epoch, f.Batch, f.Sum, f.Sums = f.Epoch+1, 0, 0, nil
	if !none(f.run.Val) {
		s, err := f.t.evaluate(f.run.Val, f.val)
		if err != nil {
			return err
		}
		e.Val = s.Values()
	}
	f.hist.Epochs = append(f.hist.Epochs, e)
	if err := f.judge(e); err != nil {
		return err
	}
	if err := f.call(&e); err != nil {
		return errors.Join(err, f.save())
	}
	f.watch(e)
	if err := f.log(e); err != nil {
		return err
	}
	// Small epochs would spend more time on saving than on training.
	if f.Epoch < f.run.Epochs && f.hist.Reason == "" && time.Since(f.saved) < cmp.Or(f.run.CheckpointEvery, time.Second) {
		return nil
	}
	return f.save()
}

// batch trains on one batch. Of the batches that make a step all but the last
// only gather gradients.
func (f *fit) batch(t *Trainer, rows []int) error {
	m, share := step, 1.0
	if f.group > 1 {
		first := f.Batch / f.group * f.group
		last := min(first+f.group, f.batches.Steps()) - 1
		total := min((last+1)*f.batches.Size(), f.batches.Rows()) - first*f.batches.Size()
		m, share = gather, float64(len(rows))/float64(total)
		if f.Batch == last {
			m = apply
		}
	}
	set, rows, err := f.rows(t, rows)
	if err != nil {
		return err
	}
	loss, err := t.run(set, rows, m, f.lr(t.step), share)
	if err != nil {
		return err
	}
	f.Batch++
	f.last, f.lastRows, f.stepped = loss, len(rows), m.moves()
	f.Sum += float64(loss * float64(len(rows)))
	if len(t.parts) > 1 {
		if f.Sums == nil {
			f.Sums = make([]float64, len(t.parts))
		}
		for i, x := range t.parts {
			f.Sums[i] += float64(x * float64(len(rows)))
		}
	}
	return nil
}

// batches returns the order of the run's rows. Those of a generator come as they
// are made, each batch's counted from 0.
func (r *Run) batches() data.Batches {
	if g := r.Generate; g != nil {
		return data.NewBatches(g.Batches*g.Size, g.Size, r.Seed, false)
	}
	return data.NewBatches(r.Train.Rows(), r.Batch, r.Seed, !r.InOrder)
}

// rows returns what the next batch is taken from, and the numbers of its rows in
// there.
func (f *fit) rows(t *Trainer, rows []int) (data.Rows, []int, error) {
	var set data.Rows
	var err error
	switch {
	case f.run.Generate != nil:
		set, err = f.run.Generate.Batch(f.run.Seed, f.Epoch, f.Batch)
	case f.run.Augment != nil:
		set, err = f.run.Augment.Augment(f.train, rows, f.run.Seed, f.Epoch, f.Batch)
	default:
		return f.train, rows, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("train: %w", err)
	}
	for i := len(f.counted); i < set.Rows(); i++ {
		f.counted = append(f.counted, i)
	}
	return set, f.counted[:set.Rows()], t.match(set)
}

// judge looks whether the epoch is the best so far, and whether to stop.
func (f *fit) judge(e Epoch) (err error) {
	x, _ := e.Value(f.monitor)
	x *= f.sign
	if f.hist.Best == 0 || x < f.Best-f.run.Stop.MinDelta {
		if math.IsNaN(x) {
			return nil
		}
		f.Best, f.hist.Best, f.Wait = x, e.Epoch, 0
		if f.run.Stop.RestoreBest {
			f.bestWeights, err = f.t.weights(f.bestWeights)
		}
		return err
	}
	f.Wait++
	if p := f.run.Stop.Patience; p > 0 && f.Wait >= p {
		f.hist.Reason = fmt.Sprintf("%s has not improved for %d epochs", f.monitor, p)
	}
	return nil
}

// watch shows the schedule how good an epoch was.
func (f *fit) watch(e Epoch) {
	if f.rates.Watches() {
		x, _ := e.Value(f.monitor)
		f.rates.Watch(e.Step-1, x)
	}
}

func (f *fit) elapsed() float64 { return f.before + time.Since(f.began).Seconds() }

func (f *fit) progress() Progress {
	p := Progress{Epoch: f.Epoch + 1, Epochs: f.run.Epochs, Batch: f.Batch, Batches: f.batches.Steps(), Elapsed: time.Since(f.began)}
	rows := min(f.Batch*f.batches.Size(), f.batches.Rows())
	p.Loss = f.Sum / float64(rows)
	all, now := p.Epochs*p.Batches, f.Epoch*p.Batches+f.Batch
	p.Done = float64(now) / float64(all)
	p.Remain = time.Duration(float64(p.Elapsed) / float64(f.done) * float64(all-now))
	p.RowsPerSecond = float64(f.done*f.batches.Size()) / p.Elapsed.Seconds()
	return p
}

func (f *fit) log(e Epoch) error {
	if f.run.Log == nil {
		return nil
	}
	text, err := numjson.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := f.run.Log.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("train: log: %w", err)
	}
	return nil
}

// explain repeats the epoch from its start with checking programs, to find the
// node that a diverged step is to blame on.
func (f *fit) explain(err error) error {
	var d *DivergedError
	if !f.run.Explain || !errors.As(err, &d) {
		return err
	}
	checking := *f.t
	checking.programs = map[programKey]*program{}
	checking.check = true
	last := f.Batch
	f.start.restore(f.t)
	f.position = f.start.position
	checking.step = f.t.step
	for rows := range f.batches.From(f.Epoch, f.Batch) {
		e := f.batch(&checking, rows)
		var found *DivergedError
		if errors.As(e, &found) {
			d = found
			break
		}
		if e != nil || f.Batch > last {
			break
		}
	}
	f.start.restore(f.t)
	f.position = f.start.position
	return d
}

// A snapshot is a copy of a trainer's variables.
type snapshot struct {
	position
	step   int
	vars   []*graph.Variable
	values [][]float64
}

func (s *snapshot) take(t *Trainer) {
	s.step, s.vars = t.step, t.Store().Variables()
	s.values = slices.Grow(s.values, len(s.vars))[:len(s.vars)]
	for i, v := range s.vars {
		s.values[i] = v.Append(s.values[i][:0])
	}
}

func (s *snapshot) restore(t *Trainer) {
	t.step = s.step
	for i, v := range s.vars {
		if err := v.Set(s.values[i]); err != nil {
			panic(err) // its own values
		}
	}
}
