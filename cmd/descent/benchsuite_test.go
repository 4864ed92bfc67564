package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A suite of one's own is a file of workloads, whose rows are files beside it; one whose
// file is not what is meant is left out, and the results say so.
func TestBenchSuiteFile(t *testing.T) {
	dir := t.TempDir()
	rows := "x,y,kind\n" + strings.Repeat("1,2,a\n3,1,b\n2,2,a\n5,1,b\n4,4,a\n6,2,b\n", 10)
	sum := sha256.Sum256([]byte(rows))
	os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(rows), 0o600)
	const reference = `, "reference": {"constant": 0.5, "tuned": 1, "target": 0.8}}`
	suite := func(workloads ...string) string {
		path := filepath.Join(dir, "mine.json")
		os.WriteFile(path, []byte(`{"name": "mine", "workloads": [`+strings.Join(workloads, ",")+"]}"), 0o600)
		return path
	}
	own := `{"name": "own", "about": "few rows", "sha256": "` + hex.EncodeToString(sum[:]) + `", "flags": {"data": "rows.csv", "target": "kind", "model": "linear", "epochs": 2}` + reference
	iris := `{"name": "flowers", "flags": {"data": "iris", "model": "mlp(4)", "loss": "hinge", "epochs": 1}` + reference
	other := `{"name": "other", "sha256": "00", "flags": {"data": "rows.csv", "target": "kind"}` + reference
	out := filepath.Join(dir, "out")
	run := func(path string) (int, string, string) {
		return descent("bench", "--suite", path, "-o", "sgd", "-o", "adam", "--trials", "1", "--seeds", "2", "-q", "--out", out)
	}
	status, told, errs := run(suite(own, iris, other))
	if status != 0 || !strings.Contains(told, "over 2 problems") || !strings.Contains(told, "Warning: left out of the suite: other (rows.csv is another file (SHA-256)).") {
		t.Errorf("status %d\n%s%s", status, told, errs)
	}
	if status, told, errs := descent("bench", "verify", filepath.Join(out, jsonFile)); status != 0 {
		t.Errorf("status %d\n%s%s", status, told, errs)
	}
	for _, c := range []struct{ workload, want string }{
		{strings.Replace(own, "rows.csv", "none.csv", 1), "none.csv is not there"},
		{strings.Replace(own, `"epochs"`, `"epoch"`, 1), `"own": "epoch" is no member`},
		{strings.Replace(own, `"epochs": 2`, `"seeds": 2`, 1), `"seeds" is for the whole suite`},
		{strings.Replace(own, `"own"`, `""`, 1), "a name is missing"},
		{strings.Replace(own, "linear", "linier", 1), "did you mean"},
		{strings.Replace(own, "about", "abuot", 1), "abuot"},
	} {
		if status, _, errs := run(suite(c.workload)); status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d: %s", c.workload, status, errs)
		}
	}
	for flags, want := range map[string]string{"--suite none.json": "none.json", "--suite full": "--files names the folder", "--suite small --files x": "names none", "iris --files x": "--files is for a --suite of files"} {
		if status, _, errs := descent(append([]string{"bench", "-q", "--out", out}, strings.Fields(flags)...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d: %s", flags, status, errs)
		}
	}
}
