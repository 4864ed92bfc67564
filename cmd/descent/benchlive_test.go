package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/cmd/descent/internal/engine"
)

// A report that verifies itself is made of runs on the portable path, and carries what it
// needs; what it cannot carry is refused. Without an engine it is said how to get one.
func TestLiveReport(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	table := "x,y,kind\n" + strings.Repeat("1,2,a\n3,1,b\n2,2,a\n5,1,b\n4,4,a\n6,2,b\n", 10)
	suite := `{"workloads": [{"name": "w", "flags": {"data": "rows.csv", "target": "kind", "model": "linear", "epochs": 2}}]}`
	if err := errors.Join(os.WriteFile("rows.csv", []byte(table), 0o600), os.WriteFile("suite.json", []byte(suite), 0o600)); err != nil {
		t.Fatal(err)
	}
	live := func(args ...string) (int, string) {
		status, out, errs := descent(append([]string{"bench", "-q", "--live-report", "--trials", "1", "--seeds", "2", "--out", "out", "-o", "sgd"}, args...)...)
		return status, out + errs
	}
	if _, err := engine.Load(""); err != nil {
		if status, said := live("iris"); status != exitFailure || !strings.Contains(said, "go generate") {
			t.Errorf("status %d: %s", status, said)
		}
		t.Skip("skipped: ", err)
	}
	t.Setenv(asCommand, "1") // for the program that runs on the portable path
	for _, args := range [][]string{{"rows.csv", "-t", "kind", "-m", "linear", "-e", "2", "-o", "adam(lr=0.01..0.1, beta2=0.9..0.99)"}, {"--suite", "suite.json"}, {"--suite", "classic", "--budget", "10"}} {
		if status, said := live(args...); status != 0 {
			t.Fatalf("%v: status %d: %s", args, status, said)
		}
		for file, want := range map[string]string{jsonFile: `"instructions": "portable"`, pageFile: `<div id="carried" hidden>H4sI`} {
			if text := textOf(t, "out", file); !strings.Contains(text, want) {
				t.Errorf("%v: %s lacks %s", args, file, want)
			}
		}
		if strings.Contains(textOf(t, "out", jsonFile), `"live-report"`) {
			t.Errorf("%v: the plan says how the report is written", args)
		}
	}
	large := strings.Repeat("# a comment\n", 2_000_000) + table
	if err := os.WriteFile(filepath.Join(dir, "large.csv"), []byte(large), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"a page carries at most 21 MB": {"large.csv", "-t", "kind", "-m", "linear", "-e", "1"},
		"of one --track":               {"--suite", "classic", "--track", "lr,default"},
		"makes no report":              {"iris", "--shard", "1/2"},
		"cannot run in a browser":      {"iris", "-o", "exec:true"},
		"the table of one file":        {"-", "-t", "kind"},
	} {
		if status, said := live(args...); status != exitUsage || !strings.Contains(said, want) {
			t.Errorf("%v: status %d: %s", args, status, said)
		}
	}
}
