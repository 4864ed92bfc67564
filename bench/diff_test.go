package bench

import (
	"slices"
	"strings"
	"testing"
)

// study returns results of one optimizer with the given accuracies.
func study(label string, accuracies ...float64) *Results {
	r := &Results{Problems: []ProblemInfo{{Name: "p", Score: "accuracy"}}}
	for i := range accuracies {
		r.Runs = append(r.Runs, &Outcome{Job: Job{Problem: "p", Optimizer: label, Seed: uint64(i)}, Trained: &Trained{TestAccuracy: &accuracies[i]}})
	}
	r.Measured.Steps = []StepTime{{"p", label, 2}}
	r.derive()
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
		{NotShown, study("adam", 0.95, 0.91, 0.92)},
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
	broken.Runs[0].DivergedAt = 7
	if changes, _ := Compare(old, broken); changes[0].Verdict != Worse {
		t.Errorf("a run that diverges: %+v", changes)
	}
	moved := study("adam", 0.95, 0.95, 0.95)
	old.Problems[0].Data256, moved.Problems[0].Data256 = "ab12", "cd34"
	if _, err := Compare(old, moved); err == nil || !strings.Contains(err.Error(), "SHA-256): ab12 and cd34") {
		t.Errorf("changed rows of the same name: %v", err)
	}
	other := study("adam", 0.9)
	other.Problems[0].Model = "linear"
	if _, err := Compare(old, other); err == nil || !strings.Contains(err.Error(), "differ in their model") {
		t.Errorf("studies of different models: %v", err)
	}
}

// Results of one net in the form before this one are read; others say what to do.
func TestFormat1(t *testing.T) {
	l, err := Read("testdata/format1.json")
	if err != nil {
		t.Fatal(err)
	}
	r := l.Tracks[0]
	p, o := r.Problems[0], r.Optimizers[0]
	if p.Name != "iris" || p.Budget != 4 || p.Score != "accuracy" || p.Target == nil || o.Optimizer != "adam(lr=0.01)" || o.Problem != "iris" || len(r.Runs) != 4 || !slices.Equal(r.Runs[0].Hits, []int{3}) {
		t.Errorf("%+v, %+v, %+v", p, o, r.Runs[0])
	}
	changes, err := Compare(r, r)
	if err != nil || len(changes) != 2 || changes[0].Verdict != Identical || *changes[0].New != o.Accuracy.Mean {
		t.Errorf("%+v, %v", changes, err)
	}
	for text, want := range map[string]string{
		`{"format":1,"suite":"classic","command":"descent bench --suite classic"}`: "make them again: descent bench --suite classic",
		`{"format":4}`: "reads formats 1 to 3",
		`{"format":1}`: "what was compared is missing",
		`{"format":2}`: "what was compared is missing",
		`{"format":2,"problems":[{"name":"a","score":"loss"}]}`:                                                  "runs are missing",
		`{"format":2,"problems":[{"name":"a","score":"loss"}],"optimizers":[{"optimizer":"sgd"}]}`:               "runs are missing",
		`{"format":2,"problems":[{"name":"a"}],"optimizers":[{"optimizer":"sgd"}],"runs":[null]}`:                "what was compared is missing",
		`{"format":2,"problems":[{"name":"a","score":"b"}],"optimizers":[{"optimizer":"sgd"}],"runs":[null]}`:    `scored by "b"`,
		`{"format":2,"problems":[{"name":"a","score":"loss"}],"optimizers":[{"optimizer":"sgd"}],"runs":[null]}`: "a run has no scores",
	} {
		if _, err := parseResults("f", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

// Of suites the areas are compared, over all problems.
func TestCompareSuites(t *testing.T) {
	a, b := run(t, few(t, Functions[:3], "adam", "sgd(lr=0.001)")), run(t, few(t, Functions[:3], "adam", "sgd(lr=0.002)"))
	changes, err := Compare(a, b)
	if err != nil || len(changes) != 3 || changes[0].Verdict != Identical || changes[1].Verdict != Missing || changes[2].Verdict != Missing {
		t.Errorf("%+v, %v", changes, err)
	}
	c := run(t, few(t, Functions[:3], "adam", "sgd(lr=0.001)"))
	for _, o := range c.Runs {
		if o.Optimizer == "adam" {
			o.Hits = make([]int, len(Targets))
		}
	}
	if changes, err = Compare(a, c); err != nil || changes[0].Verdict != Worse {
		t.Errorf("%+v, %v", changes, err)
	}
	short := few(t, Functions[:3], "adam")
	short.Budget = 50
	if _, err := Compare(a, run(t, short)); err == nil || !strings.Contains(err.Error(), "budget") {
		t.Errorf("error %v", err)
	}
}
