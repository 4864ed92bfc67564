package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"descent/internal/spec"
	"descent/losses"
)

// trained is what the tests read of a training.
type trained struct {
	Optimizer string
	Scores    map[string]float64
	Baselines struct{ Constant, Linear map[string]float64 }
	Verdict   string
	Inputs    int
	PerClass  []struct {
		Class                          string
		Precision, Recall, F1, Support float64
	} `json:"per_class"`
	Epochs []map[string]float64
}

func trainJSON(t *testing.T, args ...string) (r trained) {
	t.Helper()
	status, out, errs := descent(append([]string{"train", "--json", "-q"}, args...)...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, errs)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// A linear model is solved unless somebody says how to approach it: y is linear in
// the inputs of table, so that least squares has no error.
func TestLinearIsSolved(t *testing.T) {
	path := file(t, "a.csv", table(60))
	r := trainJSON(t, path, "--target", "y", "--model", "linear", "--dtype", "float64")
	if r.Optimizer != "newton" || math.Abs(r.Scores["r2"]-1) > 1e-12 || r.Verdict != "" {
		t.Errorf("solved: %+v", r)
	}
	if r := trainJSON(t, path, "--target", "y", "--model", "linear", "--epochs", "3"); r.Optimizer == "newton" || len(r.Epochs) != 3 {
		t.Errorf("approached: %+v", r)
	}
	if r := trainJSON(t, "wine", "--model", "softmax"); r.Optimizer != "newton" || r.Scores["accuracy"] < 0.9 || !(r.Scores["loss"] < 0.5) {
		t.Errorf("classes that can be separated: %+v", r.Scores)
	}
}

// A net that learns nothing is told so, in words and in JSON, and so is the reader
// of a benchmark.
func TestBaselinesAreTold(t *testing.T) {
	r := trainJSON(t, "breast_cancer", "--optimizer", "sgd", "--lr", "1e-9", "--epochs", "1")
	if !strings.Contains(r.Verdict, "does not beat the solved linear model") || r.Baselines.Linear["accuracy"] < 0.9 || r.Baselines.Constant["accuracy"] > 0.7 {
		t.Errorf("%+v", r)
	}
	_, out, _ := descent("train", "breast_cancer", "--optimizer", "sgd", "--lr", "1e-9", "--epochs", "1")
	for _, want := range []string{r.Verdict, "linear: logistic regression, solved", "nothing is kept of this run: --out"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %s", want, out)
		}
	}
	status, out, errs := descent("bench", "iris", "--optimizer", "sgd(lr=1e-9)", "--epochs", "1", "--seeds", "2", "-q", "--out", t.TempDir())
	if status != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), "does not beat the solved linear model") || !strings.Contains(out, "95 % intervals of the means of 2 scored runs") {
		t.Errorf("%d %s %s", status, out, errs)
	}
}

// A rate that is far too small is noticed.
func TestLossStillFalls(t *testing.T) {
	const word = "the loss still falls: a larger --lr or more --epochs"
	if _, out, _ := descent("train", "iris", "--optimizer", "sgd"); !strings.Contains(out, word) {
		t.Error(out)
	}
	if _, out, _ := descent("train", "iris"); strings.Contains(out, word) {
		t.Error(out)
	}
}

// A formula as loss sees the target in its own unit, unless asked: a relative error
// of standardised targets means nothing.
func TestFormulaSeesRawTarget(t *testing.T) {
	var b strings.Builder
	b.WriteString("x,z,y\n")
	for i := range 80 {
		fmt.Fprintf(&b, "%d,%d,%v\n", i%9, i*i%11, 1000.5+float64(i%9))
	}
	path := file(t, "a.csv", b.String())
	const mape = "mean(abs(pred - target)/abs(target))"
	if r := trainJSON(t, path, "--target", "y", "--loss", mape); r.Scores["loss"] > 1e-4 || r.Scores["r2"] < 0.5 {
		t.Errorf("raw: %v", r.Scores)
	}
	if r := trainJSON(t, path, "--target", "y", "--loss", mape, "--raw-target=false"); r.Scores["loss"] < 1e-3 {
		t.Errorf("standardised: %v", r.Scores)
	}
}

// Shells complete names from the tables.
func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"train", "dig"}, "digits"},
		{[]string{"train", "iris", "--optimizer", "ada"}, "adamw"},
		{[]string{"bench", "iris", "--optimizer", "lb"}, "lbfgs"},
		{[]string{"train", "iris", "--loss", "hub"}, "huber"},
		{[]string{"train", "iris", "--model", "m"}, "mlp"},
		{[]string{"bench", "iris", "--schedule", "cos"}, "cosine"},
		{[]string{"show", "lo"}, "logistic"},
		{[]string{"show", "schedule", "on"}, "onecycle"},
		{[]string{"min", "x^2", "--optimizer", "lb"}, "lbfgs"},
		{[]string{"min", "x^2", "--optimizer", "ada"}, "adam"},
		{[]string{"fit", "y ~ x", "a.csv", "--optimizer", "lb"}, "lbfgs"},
		{[]string{"check", "--loss", "hub"}, "huber"},
	} {
		var out, errs bytes.Buffer
		run(context.Background(), append([]string{"__complete"}, c.args...), strings.NewReader(""), &out, &errs)
		if !slices.Contains(strings.Fields(out.String()), c.want) {
			t.Errorf("%v: %s, want %s", c.args, out.String(), c.want)
		}
	}
	if len(spec.Names(losses.Table)) != len(beginning(spec.Names(losses.Table), "")) {
		t.Error("nothing typed is the beginning of every name")
	}
}

// What show prints is there as JSON, too.
func TestShowJSON(t *testing.T) {
	status, out, errs := descent("show", "mlp(8)", "--json")
	var r struct {
		Layers    []struct{ Params int }
		Trainable int
		Program   []string
	}
	if err := json.Unmarshal([]byte(out), &r); status != 0 || err != nil {
		t.Fatalf("%d %v %s", status, err, errs)
	}
	if r.Trainable != 4*8+8+8*3+3 || len(r.Layers) == 0 || r.Layers[0].Params != 4*8+8 || len(r.Program) < 3 {
		t.Errorf("%+v", r)
	}
	if status, _, _ := descent("show", "mlp(8)", "--json", "--graph", "-"); status != exitUsage {
		t.Errorf("two things on one output: status %d", status)
	}
}

// The command prints what the flag does.
func TestVersion(t *testing.T) {
	_, flag, _ := descent("--version")
	if status, out, _ := descent("version"); status != 0 || out != flag {
		t.Errorf("%q, %q", out, flag)
	}
}
