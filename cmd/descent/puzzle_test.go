package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// puzzleReached is what the commands of docs/sequences.md reach, each with 4 of 5 seeds.
var puzzleReached = map[string]func(score float64) bool{
	"adding":  func(mse float64) bool { return mse < 0.01 },
	"copying": func(right float64) bool { return right >= 0.99 },
	"parity":  func(right float64) bool { return right >= 0.999 },
}

// puzzled is what train tells with more arguments.
func puzzled(t *testing.T, args ...string) (r puzzleReport) {
	t.Helper()
	status, out, errs := descent(append(args, "--json")...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, errs)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPageOnSequences runs the commands of docs/sequences.md on short sequences for two
// epochs; with DESCENT_SLOW=1 as they stand there, with five seeds.
func TestPageOnSequences(t *testing.T) {
	commands, seen := pageCommands(t, "sequences.md"), map[string]bool{}
	for _, args := range commands {
		seen[args[1]] = true
		if os.Getenv("DESCENT_SLOW") == "" {
			if r := puzzled(t, append(args, "--epochs", "2", "--steps", "4")...); len(r.Epochs) != 2 || r.Length != 4 {
				t.Errorf("%v: %+v", args, r)
			}
			continue
		}
		good := 0
		for _, seed := range []string{"1", "2", "3", "4", "5"} {
			r := puzzled(t, append(args, "--seed", seed)...)
			t.Logf("%v, seed %s: %s %.5f", args, seed, r.Score, r.Value)
			if puzzleReached[args[1]](r.Value) {
				good++
			}
		}
		if good < 4 {
			t.Errorf("%v: %d of 5 seeds", args, good)
		}
	}
	for name := range puzzleReached {
		if !seen[name] {
			t.Errorf("no command for %s", name)
		}
	}
}

// TestPuzzlesAreLearned: short ones are, and one worker gets the bits that two get.
func TestPuzzlesAreLearned(t *testing.T) {
	for name, args := range map[string][]string{
		"adding":  {"--model", "gru(32)", "--steps", "6", "--lr", "0.01", "--epochs", "4"},
		"parity":  {"--model", "gru(16)", "--steps", "6", "--lr", "0.01", "--epochs", "4"},
		"copying": {"--model", "dense(32, steps=true) | gpt(heads=2)", "--steps", "3", "--lr", "0.01", "--epochs", "3"},
	} {
		args = append([]string{"train", name}, args...)
		r := puzzled(t, append(args, "--workers", "1")...)
		if !puzzleReached[name](r.Value) || r.Guess == r.Value {
			t.Errorf("%s: %s %v", name, r.Score, r.Value)
		}
		if again := puzzled(t, append(args, "--workers", "2")...); again.Value != r.Value || !slices.Equal(lossesOf(again), lossesOf(r)) {
			t.Errorf("%s: two workers %v, one %v", name, again.Value, r.Value)
		}
	}
}

func lossesOf(r puzzleReport) (all []float64) {
	for _, e := range r.Epochs {
		all = append(all, e.Loss)
	}
	return all
}

func TestPuzzleMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"adding", "--out", "m"}, "--out is not for adding"},
		{[]string{"adding", "--test", "0.1"}, "--test is not for adding"},
		{[]string{"parity", "--target", "y"}, "--target is not for parity"},
		{[]string{"copying", "--steps", "1"}, "--steps"},
		{[]string{"copying", "--batch", "0"}, "--batch 0"},
		{[]string{"copying", "-o", "lbfgs"}, "trained by a rule"},
		{[]string{"copying", "--loss", "mse"}, "trained by cross_entropy"},
		{[]string{"adding", "--loss", "mae"}, "trained by mse"},
		{[]string{"adding", "--model", "nanogpt"}, "takes no sequences of numbers"},
		{[]string{"adding", "--model", "gru(8, last=true)"}, "not 1 numbers for each"},
		{[]string{"digits", "--steps", "4"}, "--steps is for what is made up: adding, copying, parity"},
	} {
		status, _, errs := descent(append([]string{"train"}, c.args...)...)
		if status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%v: status %d, %s", c.args, status, errs)
		}
	}
	if _, out, _ := descent("train", "adding", "--epochs", "1", "--steps", "4"); !strings.Contains(out, "a guess has 0.16667") {
		t.Errorf("%s", out)
	}
}
