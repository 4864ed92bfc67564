package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent/internal/spec"
	"descent/optimizers/search"
	"descent/train"
)

// Every method of the table trains, on a loss that suits all: least squares.
func TestTrainByMethods(t *testing.T) {
	for _, name := range spec.Names(search.Table) {
		status, out, errs := descent("train", "diabetes", "--model", "mlp(3,act=tanh)", "--optimizer", name, "--epochs", "60", "--json", "--quiet")
		var r struct {
			Optimizer string
			LR        float64
			Batch     int
			Rows      struct{ Train int }
			Epochs    []train.Epoch
			Best      int `json:"best_epoch"`
		}
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 {
			t.Fatalf("%s: status %d, %v\n%s", name, status, err, errs)
		}
		if r.Optimizer != name || r.LR != 0 || r.Batch != r.Rows.Train || len(r.Epochs) < 2 || r.Best == 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if last := r.Epochs[len(r.Epochs)-1].Epoch; last > 62 {
			t.Errorf("%s: %d passes of 60", name, last)
		}
	}
}

// A run by a method is saved without a checkpoint, its draws follow from the seed,
// and what is not for methods is a usage error that says why.
func TestTrainByMethod(t *testing.T) {
	dir := t.TempDir()
	status, out, errs := descent("train", "wine", "-o", "lbfgs(history=5)", "--out", dir, "--workers", "1")
	if status != 0 || !strings.Contains(out, "lbfgs(history=5) on all rows, at most 200 passes over them, seed 1, float32") || strings.Contains(out, "lr") || strings.Contains(out, checkpointFile) {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err == nil {
		t.Error("there is a checkpoint")
	}
	if status, out, errs := descent("predict", dir, "wine"); status != 0 {
		t.Errorf("predict: status %d\n%s%s", status, out, errs)
	}
	lines := func(seed string) []string {
		_, out, _ := descent("train", "wine", "-o", "cmaes", "--epochs", "50", "--model", "linear", "--seed", seed, "--val", "0", "--test", "0", "--json", "--quiet")
		return slices.DeleteFunc(strings.Split(out, "\n"), func(s string) bool { return strings.Contains(s, "seconds") })
	}
	if a := lines("1"); !slices.Equal(a, lines("1")) || slices.Equal(a, lines("2")) {
		t.Error("a seed does not make the draws of cmaes")
	}
	for want, args := range map[string][]string{
		"--lr is not for --optimizer lbfgs: it finds":                 {"--lr", "0.1"},
		"--schedule is not for --optimizer lbfgs: it finds":           {"--schedule", "cosine"},
		"--batch is not for --optimizer lbfgs: it searches with all":  {"--batch", "9"},
		"--accumulate is not for --optimizer lbfgs: it searches with": {"--accumulate", "2"},
		"without --resume it searches anew":                           {"--resume", "--out", dir},
		"leave dropout and batch normalisation out":                   {"--model", "dense(4) | dropout(0.5) | dense(3)"},
		"cannot minimise this one; lbfgs, bfgs, newton":               {"-o", "lm"},
		"stands alone, without | and rules":                           {"-o", "clip(1) | lbfgs"},
		`unknown optimizer "lbgfs"; did you mean "lbfgs"?`:            {"-o", "lbgfs"},
		"history=0 is not in [1,inf)":                                 {"-o", "lbfgs(history=0)"},
	} {
		status, out, errs := descent(append([]string{"train", "wine", "-o", "lbfgs"}, args...)...)
		if status != exitUsage || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("%v: status %d, want %q\n%s%s", args, status, want, out, errs)
		}
	}
}

// A plateau is a schedule of train as any other.
func TestTrainPlateau(t *testing.T) {
	log := func(schedule string) string {
		status, out, errs := descent("train", "wine", "-o", "sgd(lr=0.1)", "--epochs", "12", "--schedule", schedule)
		if status != 0 {
			t.Fatal(errs)
		}
		return out
	}
	if out := log("plateau(patience=0, threshold=10, absolute=true)"); !strings.Contains(out, "lr 1e-08") || strings.Contains(log("plateau"), "lr 1e-08") {
		t.Errorf("the rate does not fall tenfold at each epoch\n%s", out)
	}
	if status, _, errs := descent("train", "wine", "--schedule", "plateau(factor=1)"); status != exitUsage || !strings.Contains(errs, "factor=1 is not in [0,1)") {
		t.Errorf("status %d\n%s", status, errs)
	}
}
