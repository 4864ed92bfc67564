package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"descent/internal/numjson"
	"descent/train/score"
)

// predictions are what predict says of the breast cancers.
func predictions(t *testing.T, model string) (all []struct {
	Prediction    string
	Probabilities map[string]float64
}) {
	t.Helper()
	status, out, errs := descent("predict", model, "breast_cancer", "--json")
	if status != 0 {
		t.Fatal(errs)
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// A calibration and a threshold are saved with the model, and predict applies them to
// what the model says without.
func TestCalibrationIsSaved(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	options := []string{"breast_cancer", "--epochs", "3", "--optimizer", "adam", "--val", "0.2", "--out"}
	trainJSON(t, append(options, plain, "--calibrate", uncalibrated)...)
	raw := predictions(t, plain)
	for _, row := range score.Calibrations {
		model := filepath.Join(dir, row.Name)
		trainJSON(t, append(options, model, "--calibrate", row.Name, "--threshold", "cost=1:20")...)
		var saved struct{ Calibration *score.Calibration }
		if err := numjson.Unmarshal([]byte(textOf(t, model, modelFile)), &saved); err != nil {
			t.Fatal(err)
		}
		c := saved.Calibration
		if c == nil || c.Method != row.Name || c.Aim != "cost=1:20" || !(c.Threshold() < 0.5) {
			t.Fatalf("saved: %+v", c)
		}
		for i, x := range predictions(t, model) {
			p := []float64{raw[i].Probabilities["benign"], raw[i].Probabilities["malignant"]}
			c.Apply(p)
			if !(math.Abs(p[1]-x.Probabilities["malignant"]) < 1e-12) || (x.Prediction == "malignant") != (p[1] > c.Threshold()) {
				t.Fatalf("%s, row %d: %+v, want %v, malignant above %v", row.Name, i, x, p, c.Threshold())
			}
		}
	}
}

// The probabilities of the default can be believed: their calibration error on rows
// that were held out is small, in the mean of some seeds.
func TestProbabilitiesOfTheDefault(t *testing.T) {
	const seeds = 6
	for set, most := range map[string]float64{"digits": 0.03, "wine": 0.05, "breast_cancer": 0.05} {
		mean := 0.0
		for seed := range seeds {
			mean += trainJSON(t, set, "--seed", string(rune('1'+seed))).Scores["ece"] / seeds
		}
		if t.Logf("%s: ECE %.4f", set, mean); !(mean <= most) {
			t.Errorf("%s: ECE %.4f, want %v", set, mean, most)
		}
	}
}

// predict says of rows that are far outside what was trained on that they are, once and
// on the standard error; of each row, if asked.
func TestOutsideIsTold(t *testing.T) {
	model := filepath.Join(t.TempDir(), "model")
	trainJSON(t, file(t, "a.csv", table(60)), "-t", "y", "--use", "x", "--epochs", "1", "--out", model)
	rows := file(t, "new.csv", "x,z,class\n3,2,low\n900,2,high\n-900,2,low\n")
	for _, args := range [][]string{{}, {"--json"}, {"--outside"}, {"--json", "--outside"}} {
		status, out, errs := descent(append([]string{"predict", model, rows}, args...)...)
		if status != 0 || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "note: 2 of 3 rows are far outside what was trained on") || !strings.Contains(errs, `column "x"`) {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
		if asked := slices.Contains(args, "--outside"); strings.Contains(out, "outside") != asked {
			t.Errorf("%v: %s", args, out)
		}
	}
	if status, _, errs := descent("predict", filepath.Join("testdata", "saved2", "table", "model"), newRows, "--outside"); status != exitUsage || !strings.Contains(errs, "an earlier program made it") {
		t.Errorf("status %d: %s", status, errs)
	}
}
