package bench

import (
	"context"
	"slices"
	"strings"
	"testing"

	"descent/optimizers/search"
	"descent/train"
)

// A method trains a net with as many evaluations of all rows as a rule has epochs. Its
// scores are those of the trainer's own search, and its curves stay where they are
// between two points that it moves to.
func TestMethodsOnNets(t *testing.T) {
	for _, set := range []string{"iris", "diabetes"} {
		for _, e := range append(entrants(t, "lbfgs", "cg", "newton", "cmaes(sigma=0.1)"), entrants(t, "lm")[map[string]int{"iris": 1}[set]:]...) {
			s, n := small(t, set)
			n.Epochs, s.Seeds, s.Entrants = 12, 2, []Entrant{e, entrants(t, "adam(lr=0.01)")[0]}
			evaluations := 0
			own := counted{e.Method, 1 << 30, func(k int, _ float64) bool { evaluations = max(evaluations, k); return false }}
			s.Entrants[0].Method = own
			r := run(t, s)
			if e.Label != "lm" && (evaluations > n.Epochs || evaluations < n.Epochs-2) { // newton does not begin a step that it cannot end
				t.Errorf("%s on %s: %d evaluations in %d epochs", e.Label, set, evaluations, n.Epochs)
			}
			for _, got := range r.Runs {
				if got.Optimizer != e.Label {
					continue
				}
				want, err := train.New(n.Task, nil, n.Dtype, got.Seed)
				if err != nil {
					t.Fatal(err)
				}
				var passes []int
				look := func(s *train.State) error {
					if s.Ended == nil {
						passes = append(passes, s.Trainer.Steps())
					}
					return nil
				}
				if _, err := want.Fit(context.Background(), train.Run{Train: n.Parts.Train, Method: e.Method, Epochs: n.Epochs, Callbacks: []train.Callback{look}}); err != nil {
					t.Fatal(err)
				}
				v, err := want.Evaluate(n.Parts.Test)
				if err != nil || v.Loss != *got.TestLoss || got.LR != 0 {
					t.Errorf("%s on %s: test loss %v at rate %v, want %v: %v", e.Label, set, *got.TestLoss, got.LR, v.Loss, err)
				}
				at := r.Problems[0].Checkpoints
				if len(got.ValLoss) != len(at) || len(got.TrainLoss) != len(at) {
					t.Errorf("%s on %s: %d points of %d", e.Label, set, len(got.ValLoss), len(at))
				}
				for k := 1; k < len(at); k++ {
					moved := slices.ContainsFunc(passes, func(p int) bool { return at[k-1] < p*n.perEpoch() && p*n.perEpoch() <= at[k] })
					if !moved && got.ValLoss[k] != got.ValLoss[k-1] {
						t.Errorf("%s on %s: the curve moves at step %d, the method after %v passes of %d", e.Label, set, at[k], passes, n.perEpoch())
					}
				}
			}
		}
	}
}

// A method that cannot run on a problem is refused before anything runs, with what
// can.
func TestMethodsThatCannotRun(t *testing.T) {
	nets, _ := small(t, "iris", "adam", "lm")
	for name, s := range map[string]*Study{"classes": nets, "functions": few(t, Functions[:2], "adam", "lm")} {
		s.OnJob = func(Tally) { t.Errorf("%s: a job was done", name) }
		if _, err := s.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "lm minimises sums of squares") || !strings.Contains(err.Error(), "lbfgs") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if row := search.EntryOf(entrants(t, "lm")[0].Method); row == nil || !row.Squares {
		t.Errorf("lm is %+v", row)
	}
}
