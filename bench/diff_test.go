package bench

import (
	"strings"
	"testing"
)

// study returns results of one optimizer with the given accuracies.
func study(label string, accuracies ...float64) *Results {
	r := &Results{Setup: Setup{Score: "accuracy"}}
	for i := range accuracies {
		r.Runs = append(r.Runs, Run{Optimizer: label, Seed: uint64(i), TestAccuracy: &accuracies[i]})
	}
	r.Optimizers = []Summary{{Optimizer: label, Runs: len(accuracies), Accuracy: newStat(accuracies, 1), MicrosPerStep: 2}}
	return r
}

func TestCompare(t *testing.T) {
	old := study("adam", 0.90, 0.92, 0.91)
	for _, c := range []struct {
		verdict string
		now     *Results
	}{
		{Identical, study("adam", 0.90, 0.92, 0.91)},
		{Better, study("adam", 0.93, 0.951, 0.94)},
		{Worse, study("adam", 0.87, 0.89, 0.881)},
		{Noise, study("adam", 0.95, 0.91, 0.92)},
		{Missing, study("sgd", 0.9, 0.9, 0.9)},
	} {
		changes, err := Compare(old, c.now)
		if err != nil || changes[0].Verdict != c.verdict {
			t.Errorf("%s: %+v, %v", c.verdict, changes, err)
		}
	}
	// Gains 0.03, 0.031 and 0.03: mean 0.030333, standard error 1/3000, so
	// t = 91 with 2 degrees of freedom: p = 1.2e-4.
	changes, _ := Compare(old, study("adam", 0.93, 0.951, 0.94))
	near(t, "gain", changes[0].Better, 0.0303333333, 1e-9)
	near(t, "p", changes[0].P, 1.2073e-4, 1e-7)
	broken := study("adam", 0.9, 0.92)
	broken.Optimizers[0].Diverged = 1
	if changes, _ := Compare(old, broken); changes[0].Verdict != Worse {
		t.Errorf("a run that diverges: %+v", changes)
	}
	other := study("adam", 0.9)
	other.Setup.Model = "linear"
	if _, err := Compare(old, other); err == nil || !strings.Contains(err.Error(), "differ in their model") {
		t.Errorf("studies of different models: %v", err)
	}
}

// A file that lacks what results have is none, however well it is written.
func TestResultsAreWhole(t *testing.T) {
	const whole = `{"format":1,"setup":{"data":"d","model":"m","loss":"l","score":"R2"},"optimizers":[{"optimizer":"sgd"}],"runs":[{"optimizer":"sgd"}]}`
	if _, err := parseResults("r.json", []byte(whole)); err != nil {
		t.Fatal(err)
	}
	for text, missing := range map[string]string{
		`{"format":1}`: "what was compared",
		strings.Replace(whole, `"data":"d",`, "", 1):                           "what was compared",
		strings.Replace(whole, `"R2"`, `""`, 1):                                "what was compared",
		strings.Replace(whole, `"optimizers":[{"optimizer":"sgd"}],`, "", 1):   "optimizers",
		strings.Replace(whole, `"runs":[{"optimizer":"sgd"}]`, `"runs":[]`, 1): "runs",
	} {
		want := "r.json: not the results of a benchmark: " + missing + " is missing"
		if _, err := parseResults("r.json", []byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
