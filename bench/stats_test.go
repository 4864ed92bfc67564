package bench

import (
	"math"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) && got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestSensitivity(t *testing.T) {
	trial := func(lr, loss float64) *Outcome {
		return &Outcome{Job: Job{LR: lr}, Trained: &Trained{ValLoss: []float64{loss}}}
	}
	// Downwards the loss is 4 at one decade: it doubles half-way. Upwards it
	// is 1.5 at one decade and diverges at two.
	trials := byRate([]*Outcome{trial(1, 1), trial(0.01, 9), trial(10, 1.5), {Job: Job{LR: 100}, DivergedAt: 2, Trained: &Trained{}}, trial(0.1, 4)})
	s := sensitivity(trials)
	near(t, "decades", s.Decades, 1.5, 1e-12)
	if s.open() {
		t.Errorf("%+v is open", s)
	}
	if s = sensitivity(trials[1:4]); !s.OpenAbove || s.OpenBelow {
		t.Errorf("%+v", s)
	}
	if sensitivity(trials[4:]) != nil || sensitivity([]*Outcome{trial(1, -1), trial(2, 3)}) != nil {
		t.Error("runs that diverged, or losses below 0, have a tolerance")
	}
	if byRate([]*Outcome{trial(1, 1), {Job: Job{Settings: "adam(beta1=0.5)"}}}) != nil {
		t.Error("trials of two settings are a line")
	}
}

// A width that the range has cut off is not ranked.
func TestCensoredTolerancesAreNotRanked(t *testing.T) {
	p := &part{ProblemInfo: &ProblemInfo{}, Optimizers: []Summary{{Optimizer: "a", Sensitivity: &Sensitivity{Decades: 1}}, {Optimizer: "b", Sensitivity: &Sensitivity{Decades: 9, OpenAbove: true}}}}
	if s := p.sayTolerance(); s != "" {
		t.Error(s)
	}
	p.Optimizers = append(p.Optimizers, Summary{Optimizer: "c", Sensitivity: &Sensitivity{Decades: 2}})
	if s := p.sayTolerance(); !strings.Contains(s, "c has the largest, 2.0 decades, and a the smallest") {
		t.Error(s)
	}
}

func TestSeedsFollowFromTheTrial(t *testing.T) {
	seen := map[uint64]bool{}
	for study := range uint64(20) {
		for _, phase := range []string{"tune", "score"} {
			for rep := range 20 {
				s := seedOf(study, phase, rep)
				if seen[s] || s >= 1<<53 {
					t.Fatalf("seed %d of %d/%s/%d", s, study, phase, rep)
				}
				seen[s] = true
			}
		}
	}
}
