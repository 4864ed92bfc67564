package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unmeasured is a results.json without what differs when it is done again.
func unmeasured(t *testing.T, dir string) string {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal([]byte(textOf(t, dir, jsonFile)), &r); err != nil {
		t.Fatal(err)
	}
	delete(r, "measured")
	delete(r, "command")
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func benchArgs(dir string, more ...string) []string {
	return append([]string{"bench", "iris", "-m", "mlp(4)", "-o", "sgd", "-o", "adam", "--trials", "3", "--seeds", "3", "--epochs", "2", "-q", "--out", dir}, more...)
}

// TestBenchKills kills benchmarks at random moments and runs them again: 300 kills with
// DESCENT_SLOW=1, else a few. Nothing that was finished is lost, and results are those of
// a benchmark that nobody disturbed.
func TestBenchKills(t *testing.T) {
	kills := 3
	if os.Getenv("DESCENT_SLOW") != "" {
		kills = 300
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	start := func(dir string) (*exec.Cmd, *bytes.Buffer) {
		c := exec.Command(self, benchArgs(dir)...)
		var errs bytes.Buffer
		c.Env, c.Stderr = append(os.Environ(), asCommand+"=1"), &errs
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c, &errs
	}
	whole := t.TempDir()
	began := time.Now()
	c, errs := start(whole)
	if err := c.Wait(); err != nil {
		t.Fatal(err, errs)
	}
	takes, want := time.Since(began), unmeasured(t, whole)
	rng, dir := rand.New(rand.NewPCG(1, 1)), t.TempDir()
	lines := 0
	for killed := 0; killed < kills; {
		c, errs := start(dir)
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(takes))), func() { c.Process.Kill() })
		c.Wait()
		timer.Stop()
		var kept string
		if _, err := os.Stat(filepath.Join(dir, journalFile)); err == nil {
			kept = textOf(t, dir, journalFile)
		}
		if n := strings.Count(kept, "\n"); n < lines {
			t.Fatalf("%d lines were kept, and now %d", lines, n)
		} else {
			lines = n
		}
		if c.ProcessState.ExitCode() < 0 {
			killed++
			continue
		}
		if got := unmeasured(t, dir); errs.Len() > 0 || got != want {
			t.Fatalf("after %d kills the results are others: %s", killed, errs)
		}
		dir, lines = t.TempDir(), 0
	}
	if status, _, errs := descent(benchArgs(dir)...); status != 0 {
		t.Fatal(errs)
	}
}

// Shards, each with a journal, are the whole when they are merged.
func TestBenchShards(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	do := func(want string, args ...string) {
		t.Helper()
		if status, out, errs := descent(args...); status != 0 || errs != "" || !strings.Contains(out, want) {
			t.Fatalf("%v: status %d\n%s%s", args, status, out, errs)
		}
	}
	do("", benchArgs(at("whole"))...)
	do("shard 1/2: 7 runs are in", benchArgs(at("a"), "--shard", "1/2")...)
	do("shard 2/2: 7 runs are in", benchArgs(at("b"), "--shard", "2/2")...)
	do("14 runs, 14 of them new", "bench", "merge", at("a/journal.jsonl"), at("b/journal.jsonl"), "--out", at("all"))
	do("14 runs in", benchArgs(at("all"))...)
	if unmeasured(t, at("all")) != unmeasured(t, at("whole")) || strings.Count(textOf(t, at("all"), journalFile), "\n") != 14 {
		t.Error("the results of shards are others, or runs were done again")
	}
	for want, args := range map[string][]string{
		"it is written 3/8": benchArgs(at("c"), "--shard", "9/8"), "from 1/8": benchArgs(at("c"), "--shard", "x"), "no such file": {"bench", "merge", at("none")},
	} {
		if status, _, errs := descent(args...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
}

// Results are derived again from their plan; what was changed in them, or in the data,
// is told.
func TestBenchVerify(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // which runs are sampled depends on the name of the data
	rows := "rows.csv"
	table := strings.Repeat("1,2,a\n3,1,b\n2,2,a\n5,1,b\n4,4,a\n6,2,b\n", 10)
	os.WriteFile(rows, []byte("x,y,kind\n"+table), 0o600)
	status, _, errs := descent("bench", rows, "-t", "kind", "-m", "linear", "-o", "sgd", "-o", "adam(lr=0.01..0.1, beta2=0.9..0.99)", "--trials", "2", "--seeds", "2", "--epochs", "2", "-q", "--out", dir)
	if status != 0 {
		t.Fatal(errs)
	}
	file := filepath.Join(dir, jsonFile)
	if status, out, errs := descent("bench", "verify", file); status != 0 || !strings.Contains(out, "10 of 10 runs were done again, and all that follows from them: 0 differences") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	if status, out, _ := descent("bench", "verify", file, "--sample", "0.5"); status != 0 || strings.HasPrefix(out, "10 of") {
		t.Errorf("status %d\n%s", status, out)
	}
	changed := filepath.Join(dir, "changed.json")
	os.WriteFile(changed, []byte(strings.Replace(textOf(t, file), `"runs": 2,`, `"runs": 3,`, 1)), 0o600)
	if status, out, _ := descent("bench", "verify", changed); status != exitFailure || !strings.Contains(out, "optimizers.0.runs: 3 is stated, and is 2") {
		t.Errorf("status %d\n%s", status, out)
	}
	os.WriteFile(rows, []byte("x,y,kind\n"+strings.Replace(table, "1,2", "1,3", 1)), 0o600)
	if status, out, _ := descent("bench", "verify", file); status != exitFailure || !strings.Contains(out, "data_sha256") {
		t.Errorf("other rows: status %d\n%s", status, out)
	}
	within := filepath.Join(dir, "within")
	if status, _, errs := descent("bench", rows, "-t", "kind", "-m", "linear", "-o", "sgd", "-o", "lbfgs", "--trials", "2", "--seeds", "2", "--epochs", "2", "--diagnose", "-q", "--out", within); status != 0 {
		t.Fatal(errs)
	}
	if status, out, errs := descent("bench", "verify", filepath.Join(within, jsonFile)); status != 0 || !strings.HasPrefix(out, "9 of 9 runs were done again") {
		t.Errorf("diagnoses: status %d\n%s%s", status, out, errs)
	}
	other := filepath.Join(dir, "other")
	if status, _, errs := descent("bench", rows, "-t", "kind", "-m", "linear", "-o", "sgd", "--trials", "2", "--seeds", "2", "--epochs", "2", "-q", "--out", other); status != 0 {
		t.Fatal(errs)
	}
	if status, _, errs := descent("bench", "diff", file, filepath.Join(other, jsonFile)); status != exitFailure || !strings.Contains(errs, "differ in their rows of") {
		t.Errorf("diff of other rows of one name: status %d: %s", status, errs)
	}
}

// Studies without trials, and suites in dimensions of the user's, are derived again, too.
func TestBenchVerifyKinds(t *testing.T) {
	for _, args := range [][]string{
		{"--track", "default", "-o", "adam"},
		{"-o", "lbfgs"},
		{"--dim", "2,3", "-o", "sgd", "--trials", "1"},
	} {
		dir := t.TempDir()
		if status, _, errs := descent(append([]string{"bench", "--suite", "bbob", "--budget", "10", "--seeds", "1", "-q", "--out", dir}, args...)...); status != 0 {
			t.Fatal(args, errs)
		}
		if status, out, errs := descent("bench", "verify", filepath.Join(dir, jsonFile), "--sample", "0.2"); status != 0 || !strings.Contains(out, "0 differences") {
			t.Errorf("%v: status %d\n%s%s", args, status, out, errs)
		}
	}
}

// A plan is read as it was written, and no other way.
func TestBenchPlan(t *testing.T) {
	dir := t.TempDir()
	first := filepath.Join(dir, "first")
	if status, _, errs := descent(benchArgs(first, "--dtype", "float64", "--val", "0.2", "--drop", "sepal_width")...); status != 0 {
		t.Fatal(errs)
	}
	var r struct{ Plan json.RawMessage }
	if err := json.Unmarshal([]byte(textOf(t, first, jsonFile)), &r); err != nil {
		t.Fatal(err)
	}
	file, second := filepath.Join(dir, "plan.json"), filepath.Join(dir, "second")
	os.WriteFile(file, r.Plan, 0o600)
	if status, _, errs := descent("bench", "--plan", file, "-q", "--workers", "1", "--out", second); status != 0 {
		t.Fatal(errs)
	}
	if text := textOf(t, second, jsonFile); !strings.Contains(text, `"command": "descent bench --plan `) || strings.Contains(text[:strings.Index(text, `"plan"`)], "--seeds") {
		t.Errorf("the command is not what was given: %.300s", text)
	}
	if unmeasured(t, first) != unmeasured(t, second) {
		t.Error("the plan gives other results")
	}
	for bad, want := range map[string]string{
		`{"data":"iris","sedes":3}`: `"sedes" is no member`, `{"out":"x"}`: `"out" is no member`, `{}`: "the plan is empty", `{"seeds":"three"}`: "seeds: invalid", `[1]`: "--plan", `{"seeds":[3]}`: "without brackets", `{"track":["lr","lrs"]}`: `did you mean "lr"`,
		`{"optimizer":["exec: rm -r /"]}`: "would run programs with your rights", `{"optimizer":[{}]}`: "is not text", `{"data":null}`: "is not text",
	} {
		os.WriteFile(file, []byte(bad), 0o600)
		if status, _, errs := descent("bench", "--plan", file, "--out", second); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d: %s", bad, status, errs)
		}
	}
	if status, _, errs := descent("bench", "--plan", file, "--seeds", "3"); status != exitUsage || !strings.Contains(errs, "--seeds is given, too") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// The table is also written as CSV, Markdown and LaTeX.
func TestBenchTables(t *testing.T) {
	dir := t.TempDir()
	args := benchArgs(dir)
	for ending, want := range map[string]string{".csv": "optimizer,learning rate,test accuracy,", ".md": "| optimizer | learning rate |", ".tex": "\\toprule\noptimizer & learning rate & "} {
		name := filepath.Join(dir, "table"+ending)
		if status, _, errs := descent(append(args, "--table", name)...); status != 0 || !strings.Contains(textOf(t, name), want) {
			t.Errorf("status %d: %s %s", status, errs, textOf(t, name))
		}
	}
	if status, _, errs := descent(append(args, "--table", "table.xls")...); status != exitUsage || !strings.Contains(errs, "ends in .csv, .md, .tex") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// A league is a study on several tracks: it is compressed, goes through a plan, shards and
// verification, and what was changed in it is told.
func TestBenchLeague(t *testing.T) {
	dir := t.TempDir()
	args := []string{"bench", "--suite", "classic", "--track", "default,lr,self-tuning", "-o", "sgd", "-o", "dog", "-o", "lbfgs", "--budget", "20", "--trials", "2", "--seeds", "2", "-q"}
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	status, out, errs := descent(append(args, "--out", whole, "--table", filepath.Join(dir, "t.csv"))...)
	if status != 0 || !strings.Contains(out, "on self-tuning") {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	if table := textOf(t, dir, "t.csv"); !strings.HasPrefix(table, "optimizer,mean rank default,mean rank lr,mean rank self-tuning,") {
		t.Error(table)
	}
	for _, shard := range []string{"1/2", "2/2"} {
		if status, _, errs := descent(append(args, "--out", filepath.Join(dir, shard[:1]), "--shard", shard)...); status != 0 {
			t.Fatal(errs)
		}
	}
	if status, _, errs := descent("bench", "merge", filepath.Join(dir, "1", journalFile), filepath.Join(dir, "2", journalFile), "--out", parts); status != 0 {
		t.Fatal(errs)
	}
	status, out, errs = descent(append(args, "--out", parts, "--json")...)
	if status != 0 || !json.Valid([]byte(out)) {
		t.Fatalf("status %d: %s", status, errs)
	}
	file := filepath.Join(whole, leagueFile)
	if status, out, errs := descent("bench", "diff", file, filepath.Join(parts, leagueFile)); status != 0 || strings.Count(out, "identical") != 8 || strings.Count(out, "track ") != 3 {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	if status, out, errs := descent("bench", "verify", file, "--sample", "0.2"); status != 0 || !strings.Contains(out, "0 differences") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	published := filepath.Join(dir, "published.json")
	for track, want := range map[string]string{"lr": "elsewhere  lr     3", "fast": `elsewhere: the results have no track "fast"`} {
		os.WriteFile(published, []byte(`{"elsewhere": {"source": "a paper", "what": "", "track": "`+track+`", "scores": {"a": {"sgd": 1, "dog": "nan", "lbfgs": 3}}, "lower_is_better": []}}`), 0o600)
		if _, out, errs := descent("bench", "agree", file, published); !strings.Contains(out+errs, want) {
			t.Errorf("%s%s, want %q", out, errs, want)
		}
	}
	changed := filepath.Join(dir, "changed.json")
	for from, to := range map[string]string{`"tau":`: `"tau":0.5,"x":`, `"hits":[`: `"hits":[7,`, `"mean_rank":`: `"mean_rank":0.5,"x":`} {
		os.WriteFile(changed, []byte(strings.Replace(out, from, to, 1)), 0o600)
		if status, told, _ := descent("bench", "verify", changed, "--sample", "0.01"); status != exitFailure || !strings.Contains(told, "is stated, and is") {
			t.Errorf("%s: status %d\n%s", to, status, told)
		}
	}
	for flags, want := range map[string]string{"iris --track lr,full": "several are for a --suite", "--suite classic --track lr,lr": "given twice", "--suite classic --track default,self-tuning --trials 3": "tunes nothing", "--suite classic --track lr,fast": "--track: "} {
		if status, _, errs := descent(append([]string{"bench", "-q", "--out", dir}, strings.Fields(flags)...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d: %s", flags, status, errs)
		}
	}
}
