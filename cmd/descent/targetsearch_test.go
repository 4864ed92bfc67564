package main

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A search finds the rate by which several targets can be learned, the same on any number of
// workers and from the journal; its nested folds have an honest score, and the model that is
// saved is of what was found.
func TestTargetsSearch(t *testing.T) {
	table := file(t, "weather.csv", weather(200))
	for _, c := range []struct{ args, score string }{
		{"--target heat,rain --drop hot,wet,tags", "r2"},
		{"--target hot,wet --drop heat,rain,tags --score log_loss --calibrate none", "log_loss"},
		{"--target tags --task labels --drop heat,rain,hot,wet --score all_labels_right --calibrate none", "all_labels_right"},
	} {
		dir := filepath.Join(t.TempDir(), "m")
		args := append([]string{table, "--search", "9", "--folds", "3", "--model", "mlp(8)", "--lr", "1e-6..0.1", "--epochs", "15"}, strings.Fields(c.args)...)
		var found [3]targetsReport
		for i, more := range [][]string{{"--workers", "1"}, {"--workers", "2", "--out", dir}, {"--out", dir}} {
			found[i] = trainTargets(t, append(args, more...)...)
		}
		s := found[0].Search
		if s == nil || s.Score != c.score || s.Trials != 9 || s.Honest == nil || len(s.Honest.Each) != 3 || !(found[0].LR > 1e-3) || found[0].Folds.Trials != 9 || len(s.Mattered) != 1 {
			t.Fatalf("%s: %+v, rate %v", c.args, s, found[0].LR)
		}
		if found[2].Search.Fresh != 0 || found[1].Search.Fresh != s.Trainings {
			t.Errorf("%s: %d trainings, %d, and %d again", c.args, s.Trainings, found[1].Search.Fresh, found[2].Search.Fresh)
		}
		for _, other := range found[1:] {
			if !reflect.DeepEqual(other.Search.Found, s.Found) || !reflect.DeepEqual(other.Search.Honest, s.Honest) || other.Scores.Mean != found[0].Scores.Mean {
				t.Errorf("%s: %+v, and %+v", c.args, other.Search, s)
			}
		}
		if c.score == "r2" && !reflect.DeepEqual(*s.Honest, found[0].Folds.Mean) {
			t.Errorf("honest %v, folds %v", s.Honest, found[0].Folds.Mean)
		}
	}
	status, out, errs := descent("train", table, "--target", "heat,rain", "--drop", "hot,wet,tags", "--search", "2", "--lr", "1e-3..1e-1", "--model", "mlp(4)", "--epochs", "2", "--folds", "0", "-q")
	if status != 0 || !strings.Contains(out, "found: --lr ") || !strings.Contains(out, "flattered, since it is the best of 2 trials") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}

// Scores that mean nothing over several targets are refused with one that does.
func TestTargetsSearchMistakes(t *testing.T) {
	table := file(t, "weather.csv", weather(100))
	for _, c := range []struct{ args, want string }{
		{"--target heat,rain --search 3 --score rmse", "r2 has none"},
		{"--target heat,rain --search 3 --score accuracy", "--score"},
		{"--target hot,wet --search 3 --score r2", "--score"},
		{"--target heat,rain --score r2", "there is none of both"},
		{"--target heat,rain --search 3 --oof o.csv", "predictions of different models"},
		{"--target heat,rain --lr 1e-3..1e-1", "a range is for --search"},
		{"--target hot,wet --drop heat,rain --interval", "its probability says"},
	} {
		status, _, errs := descent(append([]string{"train", table}, strings.Fields(c.args)...)...)
		if status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d: %s", c.args, status, errs)
		}
	}
}
