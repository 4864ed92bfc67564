package bench

import "descent/train"

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
	Score    string `json:"score"`    // what ranks: accuracy, loss or area
	Schedule string `json:"schedule"` // of the learning rate
	Dtype    string `json:"dtype"`
	// Exact says that nothing is random but the start: the runs that choose a rate
	// are those that count.
	Exact bool `json:"exact"`

	// Of a function.
	Dim     int       `json:"dim"`
	Targets []float64 `json:"targets"` // parts of the way down that are left

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
	// Target is the validation loss that steps to target refer to: a quarter above
	// the lowest that an optimizer ends with, as the mean of its runs.
	Target float64 `json:"target_val_loss"`
	// Checkpoints are the steps after which runs were looked at.
	Checkpoints []int `json:"checkpoints"`
	// Baselines are what a model has to beat; nil if rows have no targets.
	Baselines *Baselines `json:"baselines"`
}
