package bench

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/bench/tuning"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
)

// An Entrant is an optimizer in a study.
type Entrant struct {
	Label string // in tables; unique in a study, and what [Parse] reads if it is not one of Go's own
	// Text is the optimizer as [tuning.Parse] reads it, "" of one of Go's own, of which
	// the learning rate alone can be tuned.
	Text string
	Rule optimizers.Rule
	// Default is the learning rate that a user would try first. 0 means 0.01.
	Default float64
	// Rate, if not nil, is the only learning rate.
	Rate *float64
	// Method, if not nil, is what searches in place of a rule. It has no rate.
	Method search.Method
	// Schedule, if not nil, is its own, in place of the study's.
	Schedule *schedule.Spec
}

// DefaultOptimizers are compared if nothing else is asked for.
var DefaultOptimizers = []string{"sgd", "momentum", "adagrad", "adam", "adamw"}

// Parse reads an entrant: a rule as in [optimizers.Parse], or a method of package
// search, such as lbfgs. Numbers may be ranges to search, such as lr=1e-4..1e-1; a
// schedule of its own stands behind an @:
//
//	adam(lr=1e-4..1e-1, beta2=0.9..0.9999)
//	schedulefree_adamw @ warmup(steps=50)
func Parse(text string) (Entrant, error) {
	e := Entrant{Label: strings.TrimSpace(text)}
	optimizer, course, own := strings.Cut(e.Label, " @ ")
	e.Text = strings.TrimSpace(optimizer)
	space, err := tuning.Parse(e.Text, nil)
	if err != nil {
		return Entrant{}, err
	}
	o, err := search.Parse(space.Default.Optimizer)
	if err != nil {
		return Entrant{}, err
	}
	if own {
		s, err := schedule.Parse(course)
		if err != nil {
			return Entrant{}, err
		}
		e.Schedule = &s
	}
	e.Rule, e.Default = o.Rule, o.LR
	if o.Given {
		e.Rate = &o.LR
	}
	if o.Method != nil {
		e.Method = o.Method(1)
	}
	return e, nil
}

// space is what is searched for of the entrant on a track.
func (e *Entrant) space(track *tuning.Track) (*tuning.Space, error) {
	switch {
	case e.Text != "":
		return tuning.Parse(e.Text, track)
	case e.Rate != nil:
		return &tuning.Space{Default: tuning.Setting{LR: *e.Rate}}, nil
	case e.Method != nil:
		return &tuning.Space{}, nil
	}
	return tuning.Of(e.Default, track), nil
}

// checkEntrants reports optimizers that cannot be compared, and fills in their
// defaults.
func checkEntrants(entrants []Entrant) error {
	if len(entrants) == 0 {
		return errors.New("no optimizers to compare")
	}
	for i := range entrants {
		e := &entrants[i]
		if slices.ContainsFunc(entrants[:i], func(o Entrant) bool { return o.Label == e.Label }) {
			return fmt.Errorf("two optimizers are called %q", e.Label)
		}
		if e.Method != nil {
			continue
		}
		if err := optimizers.Check(e.Rule); err != nil {
			return fmt.Errorf("%s: %w", e.Label, err)
		}
		if e.Default == 0 {
			e.Default = 0.01
		}
		for _, lr := range []*float64{&e.Default, e.Rate} {
			if lr != nil && !(*lr >= 0 && *lr <= math.MaxFloat64) {
				return fmt.Errorf("%s: a learning rate of %v", e.Label, *lr)
			}
		}
	}
	return nil
}
