package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/internal/numjson"
	"descent/train/score"
)

// trainTargets trains on several targets and returns what is told.
func trainTargets(t *testing.T, args ...string) (r targetsReport) {
	t.Helper()
	status, out, errs := descent(append([]string{"train", "--json", "-q"}, args...)...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, errs)
	}
	if err := numjson.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// labelled are what predict says of rows with labels.
func labelled(t *testing.T, model, rows string) (all []struct {
	Prediction    []string
	Probabilities map[string]float64
}) {
	t.Helper()
	status, out, errs := descent("predict", model, rows, "--json")
	if status != 0 {
		t.Fatal(errs)
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// The calibration and the threshold of each label are saved with the model, and predict
// applies them to what the model says without; the scores are of that.
func TestLabelsAreCalibrated(t *testing.T) {
	table, dir := file(t, "weather.csv", weather(300)), t.TempDir()
	options := []string{table, "--target", "hot,wet", "--drop", "heat,rain,tags", "--epochs", "5", "--folds", "0", "--out"}
	for _, on := range [][]string{{}, {"--val", "0.2"}} {
		plain := filepath.Join(dir, "plain")
		trainTargets(t, slices.Concat(options, []string{plain, "--calibrate", uncalibrated}, on)...)
		raw := labelled(t, plain, table)
		for _, row := range score.Calibrations {
			model := filepath.Join(dir, row.Name)
			r := trainTargets(t, slices.Concat(options, []string{model, "--calibrate", row.Name, "--threshold", "cost=1:5"}, on)...)
			rows := map[string]int{"val": 60, "left out": 240}[r.Calibration.On]
			var saved struct {
				Targets struct{ Calibrations []score.Calibration }
			}
			if err := numjson.Unmarshal([]byte(textOf(t, model, modelFile)), &saved); err != nil {
				t.Fatal(err)
			}
			for j, name := range []string{"hot", "wet"} {
				c := saved.Targets.Calibrations[j]
				if c.Method != row.Name || c.Aim != "cost=1:5" || c.Rows != rows || c.Threshold() != r.Calibration.Labels[name].Threshold() {
					t.Fatalf("%s of %s: %+v of %d rows", row.Name, name, c, rows)
				}
				for i, x := range labelled(t, model, table) {
					p := []float64{1 - raw[i].Probabilities[name], raw[i].Probabilities[name]}
					c.Apply(p)
					if !(math.Abs(p[1]-x.Probabilities[name]) < 1e-12) || slices.Contains(x.Prediction, name) != (p[1] > c.Threshold()) {
						t.Fatalf("%s, row %d: %+v, want %v of %s above %v", row.Name, i, x, p, name, c.Threshold())
					}
				}
			}
		}
	}
}

// Of a label that rows for calibration do not have nothing is known: it stays as it is, and
// that is said. Others are corrected all the same.
func TestRareLabels(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(weather(200)), "\n")
	for i := range lines[1:] {
		cells := strings.Split(lines[i+1], ",")
		cells[5] = map[bool]string{true: "1", false: "0"}[i == 77]
		lines[i+1] = strings.Join(cells, ",")
	}
	table := file(t, "rare.csv", strings.Join(lines, "\n"))
	r := trainTargets(t, table, "--target", "hot,wet", "--drop", "heat,rain,tags", "--epochs", "3", "--val", "0.2", "--calibrate", "isotonic", "--folds", "0")
	if c := r.Calibration; len(c.Labels) != 1 || c.Labels["hot"] == nil || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "label wet is left as it is: the 40 validation rows say nothing of it, since none of them has it") {
		t.Errorf("%+v", c)
	}
}

// --oof has each row once in each repeat, with its truth, and what folds predict of it: the
// scores of the folds are scores of that.
func TestTargetsOutOfFold(t *testing.T) {
	text := weather(120)
	table, path := file(t, "weather.csv", text), filepath.Join(t.TempDir(), "oof.csv")
	cells, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    string
		columns []int // of the table
		head    string
	}{
		{"--target heat,rain --drop hot,wet,tags", []int{2, 3}, "row,repeat,fold,truth_heat,prediction_heat,truth_rain,prediction_rain"},
		{"--target hot,wet --drop heat,rain,tags --calibrate platt --threshold f1", []int{4, 5}, "row,repeat,fold,truth_hot,prediction_hot,p_hot,truth_wet,prediction_wet,p_wet"},
	} {
		var texts [2]string
		var r targetsReport
		for i := range texts {
			r = trainTargets(t, append([]string{table, "--epochs", "3", "--folds", "3", "--repeats", "2", "--oof", path, "--workers", strconv.Itoa(i + 1)}, strings.Fields(c.args)...)...)
			texts[i] = textOf(t, path)
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: two workers predict other rows than one", c.args)
		}
		lines, err := csv.NewReader(strings.NewReader(texts[0])).ReadAll()
		if err != nil || len(lines) != 1+2*120 || strings.Join(lines[0], ",") != c.head {
			t.Fatalf("%s: %d lines, %v, %v", c.args, len(lines), lines[0], err)
		}
		seen := map[string]bool{}
		width := (len(lines[0]) - 3) / 2
		truths, saids := map[string][]float64{}, map[string][]float64{} // of the last target, by folds
		for _, line := range lines[1:] {
			row, _ := strconv.Atoi(line[0])
			seen[line[0]+" "+line[1]] = true
			for j, column := range c.columns {
				truth, _ := strconv.ParseFloat(line[3+j*width], 64)
				if want, _ := strconv.ParseFloat(cells[row][column], 64); truth != want {
					t.Fatalf("%s: %v, the table has %v", c.args, line, cells[row])
				}
			}
			truth, _ := strconv.ParseFloat(line[3+width], 64)
			said, _ := strconv.ParseFloat(line[len(line)-1], 64)
			fold := line[1] + line[2]
			truths[fold], saids[fold] = append(truths[fold], truth), append(saids[fold], said)
		}
		if len(seen) != 240 || len(truths) != 6 {
			t.Errorf("%s: %d rows in %d folds", c.args, len(seen), len(truths))
		}
		for i, got := range r.Folds.Targets[r.Targets[1]].Each {
			fold := fmt.Sprintf("%d%d", i/3+1, i%3+1)
			want := explainedShare(truths[fold], saids[fold])
			if r.Folds.Score == "roc_auc" {
				want = inOrder(truths[fold], saids[fold])
			}
			if !(math.Abs(got-want) < 1e-9) {
				t.Errorf("%s: fold %d has %v, its rows %v", c.args, i, got, want)
			}
		}
	}
}

// explainedShare is R2.
func explainedShare(truth, said []float64) float64 {
	mean, wrong, all := 0.0, 0.0, 0.0
	for _, y := range truth {
		mean += y / float64(len(truth))
	}
	for i, y := range truth {
		wrong += (y - said[i]) * (y - said[i])
		all += (y - mean) * (y - mean)
	}
	return 1 - wrong/all
}

// inOrder is the share of pairs of a row with a label and one without that are in the right
// order.
func inOrder(truth, said []float64) float64 {
	right, pairs := 0.0, 0.0
	for i := range truth {
		for k := range truth {
			if truth[i] != 1 || truth[k] != 0 {
				continue
			}
			pairs++
			switch {
			case said[i] > said[k]:
				right++
			case said[i] == said[k]:
				right += 0.5
			}
		}
	}
	return right / pairs
}
