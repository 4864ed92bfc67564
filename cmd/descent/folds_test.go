package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent/data"
	"descent/graph"
	"descent/losses"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/train"
)

// patients is a table of three visits of each patient, in the order of days: a class that
// depends on a number.
func patients(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("dose,patient,visit,well\n")
	for i := range 90 {
		well := "no"
		if (i*7919%90)/3%10 > 4 {
			well = "yes"
		}
		fmt.Fprintf(&b, "%d,p%d,%d,%s\n", (i*7919%90)/3%10, i%30, i, well)
	}
	name := filepath.Join(t.TempDir(), "patients.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

type foldsJSON struct {
	Folds *foldReport `json:"folds"`
}

// folded runs train and returns what it says of folds.
func folded(t *testing.T, args ...string) *foldReport {
	t.Helper()
	status, out, errs := descent(append([]string{"train", "--json"}, args...)...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, errs)
	}
	var r foldsJSON
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r.Folds
}

// Scores of folds are those of trainings alone on the same rows, with any number of
// workers; their mean and interval are in the report, and what each row was predicted to be
// in a file.
func TestTrainFolds(t *testing.T) {
	name, oof := patients(t), filepath.Join(t.TempDir(), "oof.csv")
	args := []string{name, "--target", "well", "--drop", "patient,visit", "--folds", "3", "--repeats", "2", "--epochs", "5", "--batch", "8", "--model", "mlp(4)",
		"--optimizer", "adam(lr=0.01)", "--schedule", "constant", "--val", "0", "--calibrate", "none", "--seed", "5", "--split", "random"}
	r := folded(t, append(args, "--workers", "1", "--oof", oof)...)
	if r == nil || r.Folds != 3 || r.Repeats != 2 || r.Trained != 60 || len(r.Scores["accuracy"].Each) != 6 {
		t.Fatalf("%+v", r)
	}
	if two := folded(t, append(args, "--workers", "2")...); fmt.Sprint(two) != fmt.Sprint(r) {
		t.Errorf("two workers: %v, one %v", two, r)
	}

	source, err := data.Open(name, data.CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := source.Folds("well", data.Options{Scaling: data.Standard, Drop: []string{"patient", "visit"}, Split: data.SplitRandom, Seed: 5}, data.Folds{K: 3, Repeats: 2})
	if err != nil {
		t.Fatal(err)
	}
	model := must(models.Parse("mlp(4)"))
	layer, _, err := model.For([]int{1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	right := map[string]bool{} // by row, repeat, fold
	for i := range rows.Len() {
		p, err := rows.Parts(i)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := train.New(train.Task{Model: layer, Loss: losses.CrossEntropy, Features: 1, Classes: 2, Gives: train.Probabilities,
			Output: func(x *graph.Node) *graph.Node { return ops.Exp(ops.LogSoftmax(x, -1)) }}, optimizers.Adam(), graph.Float32, 5+uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Fit(context.Background(), train.Run{Train: p.Train, Epochs: 5, Batch: 8, Seed: 5 + uint64(i), Schedule: schedule.Constant(0.01)}); err != nil {
			t.Fatal(err)
		}
		c, err := tr.Classes(p.Test)
		if err != nil {
			t.Fatal(err)
		}
		alone := train.Classified(c)
		for score, x := range r.Scores {
			if want := alone.Metrics[score]; math.Float64bits(x.Each[i]) != math.Float64bits(want) {
				t.Errorf("fold %d: %s %v, alone %v", i, score, x.Each[i], want)
			}
		}
		for k, row := range rows.Held[i] {
			right[fmt.Sprintf("%v %v %v", row+1, i/3+1, i%3+1)] = c.Truth[k] == c.Decided[k]
		}
	}

	text, err := os.ReadFile(oof)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1+2*90 || strings.Join(lines[0], ",") != "row,repeat,fold,truth,prediction,p_no,p_yes" {
		t.Fatalf("%d lines, %v", len(lines), lines[0])
	}
	table := strings.Split(strings.TrimSpace(must(readAll(name))), "\n")
	for _, l := range lines[1:] {
		row, _ := strconv.Atoi(l[0])
		if !strings.HasSuffix(table[row], ","+l[3]) {
			t.Errorf("row %d is %q, and %s in the file", row, table[row], l[3])
		}
		if want, ok := right[fmt.Sprintf("%v %v %v", row, l[1], l[2])]; !ok || want != (l[3] == l[4]) {
			t.Errorf("row %v: right alone: %v", l, want)
		}
		if p, _ := strconv.ParseFloat(l[6], 64); (p > 0.5) != (l[4] == "yes") {
			t.Errorf("row %v: the probability does not decide", l)
		}
	}
}

func readAll(name string) (string, error) {
	text, err := os.ReadFile(name)
	return string(text), err
}

// Groups stay together and time goes one way, in the folds and in the rows that are
// tested; fast tables have folds unasked.
func TestTrainFoldsKeep(t *testing.T) {
	defer func(n int) { foldsRows = n }(foldsRows)
	foldsRows = 2000
	name := patients(t)
	base := []string{name, "--target", "well", "--epochs", "2", "--model", "mlp(4)"}
	for _, c := range []struct {
		args          []string
		folds         int
		repeats       int
		group, inTime string
	}{
		{nil, 5, 4, "", ""},
		{[]string{"--folds", "0"}, 0, 0, "", ""},
		{[]string{"--group", "patient"}, 5, 4, "patient", ""},
		{[]string{"--time", "visit", "--folds", "4"}, 4, 1, "", "visit"},
		{[]string{"--folds", "2", "--repeats", "3"}, 2, 3, "", ""},
	} {
		r := folded(t, append(base, c.args...)...)
		if c.folds == 0 {
			if r != nil {
				t.Errorf("%v: folds", c.args)
			}
			continue
		}
		if r == nil || r.Folds != c.folds || r.Repeats != c.repeats || r.Group != c.group || r.Time != c.inTime || len(r.Beats) != map[bool]int{false: 2, true: 3}[c.inTime != ""] {
			t.Errorf("%v: %+v", c.args, r)
			continue
		}
		for score, x := range r.Scores {
			if len(x.Each) != c.folds*c.repeats || !(x.CI.Lo <= x.Mean && x.Mean <= x.CI.Hi) && !math.IsNaN(x.Mean) {
				t.Errorf("%v: %s: %+v", c.args, score, x)
			}
		}
	}
	status, out, _ := descent(append([]string{"train"}, base...)...)
	for _, want := range []string{"5 folds x 4: models trained on 72 rows", "accuracy", "the most frequent class: accuracy by "} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, out)
		}
	}
	if _, out, _ = descent(append([]string{"train", "--metric", "recall(class=yes)"}, base...)...); strings.Count(out, "recall(class=yes)") != 2 {
		t.Errorf("a score that was asked for is not in both tables:\n%s", out)
	}
	foldsRows = 10
	if _, out, _ = descent(append([]string{"train"}, base...)...); !strings.Contains(out, "--folds 5 trains 20 models more") {
		t.Errorf("nothing says how to get folds:\n%s", out)
	}
	for args, want := range map[string]string{
		"--folds 1":                    "at least 2",
		"--repeats 0":                  "at least 1",
		"--folds 0 --oof x.csv":        "need --folds",
		"--folds 3 --oof x.txt":        ".csv",
		"--folds 100":                  "90 rows cannot be divided",
		"--group patient --time visit": "not by both",
		"--time patient":               "has words",
		"--group nobody":               "nobody",
	} {
		status, _, errs := descent(append(append([]string{"train"}, base...), strings.Fields(args)...)...)
		if status != 2 || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d: %s, want %q", args, status, errs, want)
		}
	}
}

// Windows of time whose training rows lack months, which are inputs of the whole table,
// have models with inputs of their own.
func TestFoldsOfDates(t *testing.T) {
	var b strings.Builder
	b.WriteString("day,x,y\n")
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 500 {
		x := i * 7919 % 100
		fmt.Fprintf(&b, "%s,%d,%v\n", day.AddDate(0, 0, i).Format(time.DateOnly), x, float64(3*x)+0.5)
	}
	r := folded(t, file(t, "days.csv", b.String()), "-t", "y", "-q", "--folds", "5")
	if r == nil || r.Folds != 5 || r.Time != "day" || len(r.Scores["rmse"].Each) != 5 {
		t.Errorf("%+v", r)
	}
}
