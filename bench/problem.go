package bench

import (
	"math"

	"descent/internal/spec"
	"descent/train"
)

// A Problem is what optimizers are compared on: a [Net] or a [Function], or one's
// own. It is prepared once for an optimizer and a worker, and then does jobs, each
// from the state that the job's seed says, in the loop of [train.Trainer.Fit]. Its
// methods are called by several goroutines at once, each with a trainer of its own.
type Problem interface {
	// Describe says what the problem is, or what is wrong with it. It is called
	// before all else.
	Describe() (ProblemInfo, error)
	// Prepare compiles what jobs of an optimizer need.
	Prepare(e Entrant) (*train.Trainer, error)
	// Begin puts the trainer where the job begins, and says how it goes on, but for
	// the learning rate. Its callbacks note in the outcome what is seen on the way.
	Begin(a *Attempt) (train.Run, error)
	// Score fills in the outcome of a run that has come to its end.
	Score(a *Attempt) error
}

// A ProblemInfo says what a problem is. Fields that a kind of problem does not have
// are empty.
type ProblemInfo struct {
	Name  string `json:"name"`
	About string `json:"about"` // what is hard about it
	// Budget is the number of gradient evaluations of a run.
	Budget   int    `json:"budget"`
	Score    string `json:"score"`                     // what ranks: accuracy, loss, area, or a name of [train.Metrics]
	Lower    bool   `json:"lower_is_better,omitempty"` // of the latter
	Schedule string `json:"schedule"`                  // of the learning rate
	Dtype    string `json:"dtype"`
	// Cases says that there are others than case 0: starts, divisions of the rows.
	Cases bool `json:"fresh_cases"`
	// Reference has the scores that a score is measured against; nil if nobody has
	// stated them.
	Reference *Reference `json:"reference"`
	// Rates, if not nil, is where learning rates are looked for, whatever is usual for
	// an optimizer: the scale of the problem can be anything.
	Rates *spec.Interval `json:"rates"`

	// Of a function.
	Dim     int       `json:"dim"`
	Targets []float64 `json:"targets"` // parts of the way down that are left
	// Absolute says that targets are how far above the minimum a run is, not parts.
	Absolute bool `json:"absolute,omitempty"`

	// Of a net.
	Data     string   `json:"data"`
	Model    string   `json:"model"`
	Loss     string   `json:"loss"`
	Train    int      `json:"train_rows"`
	Val      int      `json:"val_rows"`
	Test     int      `json:"test_rows"`
	Features int      `json:"features"`
	Classes  int      `json:"classes"`
	Epochs   int      `json:"epochs"`
	Batch    int      `json:"batch"`
	Notes    []string `json:"notes"`
	Data256  string   `json:"data_sha256"` // of the encoded rows
	// Target is the value on the validation rows, of what TargetOf says (accuracy,
	// loss or R²), that steps to target refer to; nil if there is none. It is the
	// reference's, or else what the solved linear model reaches there.
	Target   *float64 `json:"target"`
	TargetOf string   `json:"target_of"`
	// Checkpoints are the steps after which runs were looked at.
	Checkpoints []int `json:"checkpoints"`
	// Baselines are what a model has to beat; nil if rows have no targets.
	Baselines *Baselines `json:"baselines"`
}

// function says that nothing is random but the start.
func (p *ProblemInfo) function() bool { return p.Dim > 0 }

// A Reference is what the scores of a problem are measured against, stated in its row
// and not found out by the entrants.
type Reference struct {
	Constant float64 `json:"constant"` // the score of a model that says the same of all rows
	Tuned    float64 `json:"tuned"`    // that of Adam at a tuned learning rate
	Target   float64 `json:"target"`   // on validation rows, between the two
}

// normal says whether scores can be set beside those of other problems.
func (p *ProblemInfo) normal() bool {
	return p.Reference != nil || p.Score == "accuracy" || p.Score == "area"
}

// normalised returns the score of a run in the problem's unit: 0 is that of a constant
// or less, and of a run that diverged; 1 that of a tuned Adam, or of all that is
// possible where nobody has stated that.
func (p *ProblemInfo) normalised(o *Outcome) float64 {
	x, from, to := p.scoreOf(o), 0.0, 1.0
	switch {
	case math.IsNaN(x):
		return 0
	case p.Reference != nil:
		from, to = p.Reference.Constant, p.Reference.Tuned
	case p.Baselines != nil && p.Score == "accuracy":
		from = p.Baselines.Constant
	}
	return max(0, (x-from)/(to-from))
}
