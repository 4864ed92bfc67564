package bench

import (
	"reflect"
	"testing"

	"descent/optimizers/schedule"
)

// A plateau sees the validation loss at checkpoints, in tuning too: one that falls to
// 0 whatever it sees ends a run after its first checkpoint.
func TestPlateau(t *testing.T) {
	s, _ := small(t, "iris", "sgd(lr=0.1)")
	plateau, err := schedule.Parse("plateau(patience=0, factor=0, threshold=1e9, absolute=true)")
	if err != nil {
		t.Fatal(err)
	}
	s.Schedule, s.Seeds = &plateau, 1
	losses := run(t, s).Runs[0].ValLoss
	if n := len(losses); n < 10 || losses[0] == losses[1] || losses[1] != losses[2] || losses[2] != losses[n-1] {
		t.Errorf("%v; the first look is the best so far, the second makes the rate fall to 0", losses)
	}
	tuned := func(text string) (losses []float64) {
		s, _ := small(t, "iris", "sgd")
		how, err := schedule.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Schedule, s.Seeds = &how, 1
		for _, trial := range run(t, s).Trials {
			losses = append(losses, trial.end())
		}
		return losses
	}
	if reflect.DeepEqual(tuned("constant"), tuned("plateau(patience=0, factor=0, threshold=1e9, absolute=true)")) {
		t.Error("rates are chosen without the plateau")
	}
}
