package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// rare is a table in which two of a hundred rows are of a class, which depends on a.
// Rows have weights: a row of weight 2 is as good as two.
func rare(rows int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("a,b,w,kind\n")
	for range rows {
		x, kind := rng.NormFloat64(), "no"
		if rng.Float64() < 1/(1+math.Exp(6.5-2.5*x)) {
			kind = "yes"
		}
		fmt.Fprintf(&b, "%.3f,%.3f,%d,%s\n", x, rng.NormFloat64(), 1+rng.IntN(2), kind)
	}
	return b.String()
}

// A class of two in a hundred is not found by itself, which is told, with what finds
// it; weights of classes find it. What probabilities say is more than its frequency,
// with weights of classes, too.
func TestRareClass(t *testing.T) {
	path := file(t, "rare.csv", rare(3000))
	plain := trainJSON(t, path, "-t", "kind", "--threshold", "accuracy", "--calibrate", "temperature")
	for _, args := range [][]string{{"--class-weight", "balanced"}, {"--class-weight", "yes=40,no=1"}, {"--class-weight", "balanced", "--loss", "bce_logits"}, {"--threshold", "f1"}} {
		r := trainJSON(t, append([]string{path, "-t", "kind"}, args...)...)
		found := r.PerClass[1].Recall
		if t.Logf("%v: recall %.3f, balanced accuracy %.3f, log loss %.4f, ECE %.4f", args, found, r.Scores["balanced_accuracy"], r.Scores["log_loss"], r.Scores["ece"]); !(found > plain.PerClass[1].Recall) {
			t.Errorf("%v: recall %v, without %v", args, found, plain.PerClass[1].Recall)
		}
		if c := r.Baselines.Constant["log_loss"]; !(r.Scores["log_loss"] < c) || !(r.Scores["ece"] < 0.03) {
			t.Errorf("%v: log loss %v, of the frequencies %v; ECE %v", args, r.Scores["log_loss"], c, r.Scores["ece"])
		}
	}
	_, out, _ := descent("train", file(t, "noise.csv", strings.ReplaceAll(rare(600), "a,b", "a,c")), "-t", "kind", "-q", "--epochs", "2")
	for _, want := range []string{"yes is never found in these rows: --class-weight balanced, or --threshold f1,", "so that accuracy says little"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %s", want, out)
		}
	}
}

// A column of weights is no input, and counts in all scores, those of the baselines
// too: rows of weight 0 might as well not be there.
func TestWeightsOfRows(t *testing.T) {
	path := file(t, "rare.csv", rare(1000))
	r := trainJSON(t, path, "-t", "kind", "--weight", "w", "--model", "linear", "--calibrate", "none")
	if r.Inputs != 2 {
		t.Errorf("%d inputs", r.Inputs)
	}
	for name, x := range r.Baselines.Linear {
		if y := r.Scores[name]; !(math.Abs(x-y) < 1e-2) { // the one in float64, with a penalty
			t.Errorf("%s: the solved model has %v, and as a baseline %v", name, y, x)
		}
	}
	support := 0.0
	for _, c := range r.PerClass {
		support += c.Support
	}
	plain := trainJSON(t, path, "-t", "kind", "--model", "linear", "--calibrate", "none")
	if a, b := r.Baselines.Constant["log_loss"], plain.Baselines.Constant["log_loss"]; a == b || r.Scores["accuracy"] == plain.Scores["accuracy"] || !(support > 150 && support < 250) {
		t.Errorf("with weights: constant %v, accuracy %v, support %v; without %v, %v", a, r.Scores["accuracy"], support, b, plain.Scores["accuracy"])
	}
}
