package bench

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"descent/optimizers"
	"descent/optimizers/search"
)

// An Entrant is an optimizer in a study.
type Entrant struct {
	Label string // in tables; unique in a study, and what [Parse] reads if it is not one of Go's own
	Rule  optimizers.Rule
	// Default is the learning rate that a user would try first; the grid is
	// built around it. 0 means 0.01.
	Default float64
	// Rate, if not nil, is the only learning rate: nothing is tuned.
	Rate *float64
	// Rates, if not nil, are the learning rates to try, in place of the study's.
	Rates []float64
	// Method, if not nil, is what searches in place of a rule. It has no rate.
	Method search.Method
}

// DefaultOptimizers are compared if nothing else is asked for.
var DefaultOptimizers = []string{"sgd", "momentum", "adagrad", "adam", "adamw"}

// Parse reads an entrant: a rule as in [optimizers.Parse], possibly with lr, or
// with a range of rates to try, such as lr=1e-4..1e-1; or a method of package
// search, such as lbfgs.
func Parse(text string) (Entrant, error) {
	o, err := search.Parse(text)
	if err != nil {
		return Entrant{}, err
	}
	e := Entrant{Label: o.Text, Rule: o.Rule, Default: o.LR}
	switch {
	case o.Method != nil:
		e.Method = o.Method(1)
	case o.Given:
		e.Rate = &o.LR
	case o.Range != nil:
		e.Rates = ratesWithin(o.Range.Lo, o.Range.Hi)
	}
	return e, nil
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
		if err := checkRates(e.Rates); err != nil {
			return fmt.Errorf("%s: %w", e.Label, err)
		}
	}
	return nil
}

// checkRates reports learning rates to try that make no sense; nil are the
// defaults.
func checkRates(rates []float64) error {
	if rates != nil && len(rates) == 0 {
		return errors.New("no learning rates to try; nil means a grid of its own for each optimizer")
	}
	for _, lr := range rates {
		if !(lr > 0) || math.IsInf(lr, 1) {
			return fmt.Errorf("a learning rate of %v; rates are above 0", lr)
		}
	}
	return nil
}
