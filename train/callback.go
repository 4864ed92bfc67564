package train

import "descent/data"

// A Callback is called after each batch of a run and after each epoch, in the
// goroutine of the run, and may do there what [State] can. An error ends the run.
// What a callback remembers is not in checkpoints; what it has done to the rate is.
type Callback func(s *State) error

// A State is a run at one moment; it is valid until the callback returns.
type State struct {
	Progress
	// Last is the loss of the last batch, before its step.
	Last float64
	// BatchRows is the number of its rows.
	BatchRows int
	// Stepped says that it ended a step; with [Run].Accumulate others only gather.
	Stepped bool
	// LR is the learning rate of the last step.
	LR float64
	// Ended is what is known of the epoch that has just ended, nil after a batch.
	Ended *Epoch
	// Trainer is the run's. Its variables can be read; it is not to be trained or reset.
	Trainer *Trainer

	fit *fit
}

// Stop ends the run: after a batch in the middle of the epoch, which is then not in
// the history.
func (s *State) Stop(reason string) { s.fit.hist.Reason = reason }

// Scale multiplies the rates of all steps that follow.
func (s *State) Scale(factor float64) { s.fit.Factor = s.fit.factor() * factor }

// Evaluate scores the model on other rows, as [Trainer.Evaluate] does.
func (s *State) Evaluate(d data.Rows) (*Scores, error) { return s.Trainer.Evaluate(d) }

// callbacks returns all that are called, of which OnBatch and OnEpoch are two.
func (r *Run) callbacks() (all []Callback) {
	if r.OnBatch != nil {
		all = append(all, func(s *State) error {
			if s.Ended == nil {
				r.OnBatch(s.Progress)
			}
			return nil
		})
	}
	if r.OnEpoch != nil {
		all = append(all, func(s *State) error {
			if s.Ended != nil {
				r.OnEpoch(*s.Ended)
			}
			return nil
		})
	}
	return append(all, r.Callbacks...)
}

// call calls the callbacks, after an epoch if there is one.
func (f *fit) call(ended *Epoch) error {
	if len(f.called) == 0 {
		return nil
	}
	s := &f.state
	*s = State{Progress: f.progress(), Last: f.last, BatchRows: f.lastRows, Stepped: f.stepped, LR: f.lr(max(f.t.step-1, 0)), Ended: ended, Trainer: f.t, fit: f}
	if ended != nil {
		s.Progress.Epoch, s.Progress.Batch, s.Progress.Loss = ended.Epoch, s.Batches, ended.Loss
	}
	for _, call := range f.called {
		if err := call(s); err != nil {
			return err
		}
	}
	return nil
}

// factor is what callbacks have multiplied the rate by.
func (p *position) factor() float64 {
	if p.Factor == 0 {
		return 1
	}
	return p.Factor
}

// lr returns the learning rate of a step.
func (f *fit) lr(step int) float64 {
	return f.rates.Rate(step) * f.factor()
}
