package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/atomicfile/faults"
)

// Whatever call of a training into the folder of an old model fails, ends the
// process or the machine: the folder holds the old model whole, or the new one
// whole, and the run is resumed to the bits that it would have ended with.
func TestTrainFaults(t *testing.T) {
	old := fitted(t)
	args := []string{"--seed", "2", "--checkpoint-every", "1ns"}
	fresh := fitted(t, args...)
	before, after := predicted(t, old, newRows), predicted(t, fresh, newRows)
	if before == after {
		t.Fatal("both models are the same")
	}
	faults.Each(func(kind faults.Kind, n int) (do, check func()) {
		dir := cloned(t, old)
		var status int
		var errs string
		return func() { status, _, errs = descent(trainArgs(dir, args...)...) }, func() {
			got := predicted(t, dir, newRows)
			if got != before && got != after || status == 0 && got != after || status != 0 && errs == "" {
				t.Fatalf("%v at call %d: status %d: %s: predicts %s", kind, n, status, errs, got)
			}
			if log := strings.Count(textOf(t, dir, logFile), "\n"); log != 3 {
				t.Errorf("%v at call %d: the log has %d lines", kind, n, log)
			}
			status, _, errs := descent(trainArgs(dir, append(args, "--resume")...)...)
			if ofOld := textOf(t, dir, checkpointFile) == textOf(t, old, checkpointFile); ofOld && strings.Contains(errs, "another run") {
				status, _, errs = descent(trainArgs(dir, args...)...)
			}
			if got := predicted(t, dir, newRows); status != 0 || got != after {
				t.Errorf("%v at call %d: resumed: status %d: %s: predicts %s", kind, n, status, errs, got)
			}
			for _, name := range []string{".lock", checkpointFile, logFile, modelFile, weightsFile} {
				if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
					t.Errorf("%v at call %d: %v", kind, n, err)
				}
			}
			if files, _ := os.ReadDir(dir); len(files) != 5 {
				t.Errorf("%v at call %d: there are %v", kind, n, files)
			}
		}
	})
}

// The results of a benchmark are the old ones whole or the new ones whole.
func TestBenchFaults(t *testing.T) {
	args := func(dir, seed string) []string {
		return []string{"bench", "iris", "-m", "linear", "-o", "sgd(lr=0.1)", "--seeds", "1", "--epochs", "1", "-q", "--seed", seed, "--out", dir}
	}
	old := filepath.Join(t.TempDir(), "old")
	if status, _, errs := descent(args(old, "1")...); status != 0 {
		t.Fatal(errs)
	}
	faults.Each(func(kind faults.Kind, n int) (do, check func()) {
		dir := cloned(t, old)
		var status int
		return func() { status, _, _ = descent(args(dir, "2")...) }, func() {
			path := filepath.Join(dir, jsonFile)
			if s, _, errs := descent("bench", "diff", path, path); s != 0 {
				t.Errorf("%v at call %d: %s", kind, n, errs)
			}
			fresh := strings.Contains(textOf(t, path), `"seed": 2,`)
			if status == 0 && !fresh || !strings.HasSuffix(strings.TrimSpace(textOf(t, dir, pageFile)), "</html>") {
				t.Errorf("%v at call %d: status %d, new %v", kind, n, status, fresh)
			}
		}
	})
}
