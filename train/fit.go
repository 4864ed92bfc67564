package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"descent/data"
	"descent/internal/numjson"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
)

// A Run says how to train.
type Run struct {
	Train data.Rows
	// Generate makes the batches of training in place of Train.
	Generate *data.Generator
	Val      data.Rows // scored after each epoch; may be nil
	// Augment, if not nil, changes the rows of Train in each batch.
	Augment data.Augmenter

	Epochs  int
	Batch   int    // rows in each batch; 0 for all
	Seed    uint64 // of the order of rows
	InOrder bool   // rows come in their order
	// Method, if not nil, searches in place of the trainer's rule for the minimum of
	// the loss over all rows, so that Batch, Accumulate and Schedule are not set. An
	// epoch is then a pass over the rows, for the loss, its gradient or a product with
	// its Hessian, and Epochs is their largest number; each point that the method
	// moves to is in the history, with the number of passes so far. The search ends
	// early where the gradient has become a thousand millionth of that at the start,
	// or for the method's own reasons. It cannot be resumed.
	Method search.Method
	// Schedule gives the learning rate of each step. A plateau in it is shown what is
	// monitored (see Stop) after each epoch.
	Schedule schedule.Schedule
	// Accumulate is the number of batches whose gradients make one step; 0
	// means 1.
	Accumulate int

	Stop EarlyStopping

	// OnBatch is called after each batch, OnEpoch after each epoch; either may
	// be nil.
	OnBatch func(Progress)
	OnEpoch func(Epoch)
	// Callbacks are called after these. They may stop the run and change its rate.
	Callbacks []Callback
	// Log, if not nil, gets each epoch as a line of JSON.
	Log io.Writer

	// Checkpoint, if not empty, names the file that keeps the state of the run:
	// after an epoch, but not more than once in CheckpointEvery (0 means a second),
	// at the end, and when it is interrupted. With Resume, a run goes on
	// from there, bit for bit as if it had not stopped; if the file does not
	// exist it starts afresh. A checkpoint of a run on other data, or with other
	// settings, is refused.
	Checkpoint      string
	CheckpointEvery time.Duration
	Resume          bool
	// Settings say by name what a checkpoint cannot see: "model", "loss". What is
	// seen need not be there: rows, batches, seeds, element type, rule, rates, epochs,
	// early stopping.
	Settings map[string]string
	// Warn, if not nil, is told what does not end the run: a checkpoint that could
	// not be written, which is tried again after the next epoch. If it is the last
	// that failed, Fit returns an [UnsavedError] too.
	Warn func(error)

	// Workers share the large steps of a batch; small nets use one. Results
	// are the same bits for any number. 0 means 1.
	Workers int

	// Explain makes a run that diverges repeat its last epoch with checking
	// programs, to say which node was the first to be NaN or infinite.
	Explain bool
}

// EarlyStopping ends a run that no longer improves. Names and meanings are
// those of Keras; the zero value never stops.
type EarlyStopping struct {
	// Monitor is loss, or val_ and a name of [Scores.Values]. Empty means
	// val_loss if there are rows for validation, else loss.
	Monitor  string
	Patience int     // epochs without improvement before the run stops; 0 for all
	MinDelta float64 // what counts as improvement
	// RestoreBest ends every run with the weights of its best epoch.
	RestoreBest bool
}

// Progress is where a run is.
type Progress struct {
	Epoch, Epochs   int // from 1
	Batch, Batches  int // from 1, of this epoch
	Loss            float64
	Done            float64 // share of the run's batches
	Elapsed, Remain time.Duration
	RowsPerSecond   float64
}

// An Epoch is what is known after an epoch. As JSON it is flat, with val_ in
// front of the names of Val and loss_ in front of those of Losses; numbers that are not finite are the strings "nan",
// "inf" and "-inf".
type Epoch struct {
	Epoch   int // from 1
	Step    int // steps done
	Loss    float64
	LR      float64            // of the last step
	Losses  map[string]float64 // of training, by name, if the task has several
	Seconds float64            // since the start of the run
	Val     map[string]float64
}

// Value returns the number of that name as it is in the JSON form.
func (e *Epoch) Value(name string) (float64, bool) {
	x, ok := e.flat()[name]
	return x, ok
}

func (e *Epoch) flat() map[string]float64 {
	m := map[string]float64{"epoch": float64(e.Epoch), "step": float64(e.Step), "loss": e.Loss, "lr": e.LR, "seconds": e.Seconds}
	for name, x := range e.Losses {
		m[lossPrefix+name] = x
	}
	for name, x := range e.Val {
		m["val_"+name] = x
	}
	return m
}

// MarshalJSON implements json.Marshaler.
func (e Epoch) MarshalJSON() ([]byte, error) {
	return numjson.Marshal(e.flat())
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Epoch) UnmarshalJSON(text []byte) error {
	var m map[string]float64
	if err := numjson.Unmarshal(text, &m); err != nil {
		return err
	}
	*e = Epoch{Epoch: int(m["epoch"]), Step: int(m["step"]), Loss: m["loss"], LR: m["lr"], Seconds: m["seconds"]}
	for name, x := range m {
		if name, ok := strings.CutPrefix(name, "val_"); ok {
			if e.Val == nil {
				e.Val = map[string]float64{}
			}
			e.Val[name] = x
		}
		if name, ok := strings.CutPrefix(name, lossPrefix); ok {
			if e.Losses == nil {
				e.Losses = map[string]float64{}
			}
			e.Losses[name] = x
		}
	}
	return nil
}

// A History is how a run went.
type History struct {
	Epochs []Epoch
	Best   int    // number of the best epoch, 0 if there is none
	Reason string // why the run ended early, or ""
}

// Check reports settings that make no sense, as [Trainer.Fit] does first.
func (r *Run) Check(t *Trainer) error {
	switch {
	case none(r.Train) == (r.Generate == nil):
		if r.Generate == nil {
			return errors.New("train: no training rows")
		}
		return errors.New("train: both Train and Generate are set; training rows are of one of them")
	case r.Epochs < 0 || r.Batch < 0 || r.Accumulate < 0 || r.Stop.Patience < 0 || r.Workers < 0 || r.CheckpointEvery < 0:
		return fmt.Errorf("train: epochs %d, batch %d, accumulate %d, patience %d, workers %d, checkpoints every %v: none can be negative",
			r.Epochs, r.Batch, r.Accumulate, r.Stop.Patience, r.Workers, r.CheckpointEvery)
	case r.Method == nil && t.rule == nil:
		return errNoRule
	case r.Method == nil && r.Schedule == nil:
		return errors.New("train: no schedule, which gives the learning rate")
	case !(r.Stop.MinDelta >= 0):
		return fmt.Errorf("train: a minimum improvement of %v", r.Stop.MinDelta)
	case r.Method == nil && r.Resume && r.Checkpoint == "":
		return errors.New("train: resume needs the name of a checkpoint")
	}
	if r.Method == nil {
		if err := schedule.Check(r.Schedule); err != nil {
			return fmt.Errorf("train: the schedule: %w", err)
		}
	} else if err := r.checkMethod(t); err != nil {
		return err
	}
	if r.Generate != nil {
		if err := r.Generate.Check(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	} else if err := t.Match(r.Train); err != nil {
		return err
	}
	if err := r.checkAugment(t); err != nil {
		return err
	}
	if !none(r.Val) {
		if err := t.Match(r.Val); err != nil {
			return err
		}
	}
	_, _, err := r.monitor(t)
	return err
}

// checkAugment tries to change a row.
func (r *Run) checkAugment(t *Trainer) error {
	switch {
	case r.Augment == nil && t.task.Mixed:
		return errors.New("train: the task is Mixed, and nothing mixes rows: the run has no Augment")
	case r.Augment == nil:
		return nil
	case r.Generate != nil || r.Method != nil:
		return errors.New("train: Augment changes batches of Train for a rule; Generate and Method have none")
	}
	some, err := r.Augment.Augment(r.Train, []int{0}, r.Seed, 0, 0)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if _, mixed := some.Array(data.MixedShare); mixed != t.task.Mixed && t.task.Compute == nil {
		return fmt.Errorf("train: the rows of %s are mixed: %v; the task is Mixed: %v", r.Augment, mixed, t.task.Mixed)
	}
	return nil
}

// monitor returns what early stopping looks at, and -1 if larger is better,
// else 1.
func (r *Run) monitor(t *Trainer) (name string, sign float64, err error) {
	name = r.Stop.Monitor
	if name == "" {
		name = "loss"
		if !none(r.Val) {
			name = "val_loss"
		}
	}
	known := []string{"loss"}
	for _, l := range slices.Sorted(maps.Keys(t.named(t.parts))) {
		known = append(known, lossPrefix+l)
	}
	if !none(r.Val) {
		names := slices.Clone(known)
		for _, m := range t.task.metrics() {
			names = append(names, m.Name)
		}
		slices.Sort(names)
		for _, k := range names {
			known = append(known, "val_"+k)
		}
	}
	if !slices.Contains(known, name) {
		return "", 0, fmt.Errorf("train: cannot monitor %q; there are %s", name, strings.Join(known, ", "))
	}
	if m := t.task.metric(strings.TrimPrefix(name, "val_")); m != nil && m.Larger {
		return name, -1, nil
	}
	return name, 1, nil
}

// Fit trains until the last epoch, an early stop, or the end of ctx. What it
// returns is complete also if there is an error: ctx's, after the state was
// saved, or a [DivergedError], which leaves the weights of the epoch's start.
func (t *Trainer) Fit(ctx context.Context, r Run) (h *History, err error) {
	h = &History{}
	err = t.alone(func() (err error) {
		h, err = t.fit(ctx, r)
		return err
	})
	return h, err
}

func (t *Trainer) fit(ctx context.Context, r Run) (*History, error) {
	if err := r.Check(t); err != nil {
		return &History{}, err
	}
	if r.Workers > 1 {
		defer t.share(r.Workers)()
	}
	f, err := newFit(t, r)
	if err != nil {
		return &History{}, err
	}
	if r.Method != nil && r.Epochs > 0 {
		err = f.search(ctx)
	}
	for r.Method == nil && err == nil && f.Epoch < r.Epochs && f.hist.Reason == "" {
		err = f.epoch(ctx)
	}
	if err != nil && ctx.Err() != nil {
		f.hist.Reason = "interrupted"
	}
	if err == nil {
		err = f.unsaved
	} else if f.unsaved != nil {
		err = errors.Join(err, f.unsaved)
	}
	if r.Stop.RestoreBest && f.bestWeights != nil {
		if e := f.restoreBest(); e != nil {
			err = errors.Join(err, e)
		}
	}
	return &f.hist, err
}
