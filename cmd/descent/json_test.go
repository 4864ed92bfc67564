package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// jsonCommands returns the commands that have --json, by their path.
func jsonCommands() map[string]bool {
	out := map[string]bool{}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("json") != nil {
			out[cmd.CommandPath()] = true
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	for _, c := range commands {
		visit(c())
	}
	return out
}

// Every command that prints JSON prints JSON, also of numbers that are not
// finite, which are the strings "nan", "inf" and "-inf".
func TestJSON(t *testing.T) {
	dir := t.TempDir()
	tall := file(t, "tall.csv", table(24))
	exact := file(t, "exact.csv", "x,y,one\n1,2,1\n2,4,1\n3,6,1\n")
	far := file(t, "far.csv", "x,z\n1e39,-1e39\n")
	model, results := filepath.Join(dir, "model"), filepath.Join(dir, "results")
	onTall := []string{tall, "-t", "y", "--drop", "class", "--test", "0.04", "-q", "-m", "linear", "--epochs", "2"}
	cases := []struct {
		path   string
		args   []string
		want   string // in the JSON, "" where all numbers are finite
		status int
	}{
		{"grad", []string{"1/x", "x=0", "--hessian", "--direction", "x=1"}, `"value":"inf"`, 0},
		{"grad", []string{"sum(log(x))", "x=[-1,0]"}, `"x":[-1,"inf"]`, 0},
		{"grad", []string{"log(x)", "x=-1", "--check"}, `"error":"nan"`, 1},
		{"min", []string{"x^2", "--start", "x=1"}, "", 0},
		{"min", []string{"x^2", "--start", "x=1", "--subject-to", "x >= 1"}, `"multiplier":2`, 0},
		{"min", []string{"log(x)", "--start", "x=-1"}, `"f":"nan"`, -1},
		{"fit compare", []string{"y ~ a*x", "y ~ a*x+b", exact, "--start", "a=1,b=1"}, `"aicc":"inf"`, 0},
		{"fit", []string{"y ~ a*x", exact, "--start", "a=1"}, `"exact":true`, 0},
		{"fit", []string{"one ~ a*x+b", exact, "--start", "a=1,b=2"}, `"r2":"nan"`, 0},
		{"fit", []string{"y ~ a*x+b*x^2+c", exact, "--start", "a=1,b=1,c=1"}, `"stderr":"nan"`, 0},
		{"fit", []string{"y ~ a*x+0*b", exact, "--start", "a=1,b=1", "--predict", "x=1e308"}, `"value":"inf"`, 0},
		{"check", []string{"--loss", "mean(log(pred-pred-1)*target)", "--points", "1"}, "", -1},
		{"show", []string{"mlp(8)"}, "", 0},
		{"lab", nil, "", 0},
		{"lab", []string{"cubic", "--out", dir}, "", 0},
		{"lab", []string{"cubic", "--out", dir, "--set", "a=2"}, `"Want":"nan"`, 0},
		{"train", append(slices.Clone(onTall), "--out", model), `"r2":"nan"`, 0}, // of one row
		{"explain", []string{model, tall}, `"mean":"nan"`, 0},                    // of one row, too
		{"predict", []string{model, far}, `[{"prediction":"inf"}]`, 0},
		{"bench", append(slices.Clone(onTall), "--out", results, "-o", "sgd", "-o", "sgd(lr=1e30)"), "", 0},
		{"bench", []string{"--suite", "classic", "--budget", "3", "-o", "sgd(lr=1e300)", "-o", "sgd(lr=0.1)", "-o", "dog", "-q", "--out", filepath.Join(dir, "suite")}, "", 0},
		{"bench agree", []string{filepath.Join(dir, "suite", jsonFile), file(t, "published.json", `{"paper":{"track":"lr","scores":{"a":{"sgd(lr=1e300)":"nan","sgd(lr=0.1)":1,"dog":1}}}}`)}, `"optimizers":3`, 0},
		{"bench verify", []string{filepath.Join(results, jsonFile), "--sample", "0.1"}, `"mismatches":[]`, 0},
		{"bench diff", []string{filepath.Join(results, jsonFile), filepath.Join(dir, "edited.json")}, `"new":"inf"`, -1},
	}
	left := jsonCommands()
	for _, c := range cases {
		if c.path == "bench diff" {
			endless(t, filepath.Join(results, jsonFile), filepath.Join(dir, "edited.json"))
		}
		delete(left, c.path)
		status, out, errs := descent(slices.Concat(strings.Fields(c.path), c.args, []string{"--json"})...)
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Errorf("%s %q: status %d, %v: %.300s%s", c.path, c.args, status, err, out, errs)
			continue
		}
		var flat bytes.Buffer
		if err := json.Compact(&flat, []byte(out)); err != nil || !strings.Contains(flat.String(), c.want) || c.status >= 0 && status != c.status {
			t.Errorf("%s %q: status %d, want %d; %s lacks %s: %s", c.path, c.args, status, c.status, flat.String(), c.want, errs)
		}
	}
	if len(left) > 0 {
		t.Errorf("no case for %v", slices.Sorted(maps.Keys(left)))
	}
}

// endless writes results of a benchmark again, in which the means of the scores
// are infinite.
func endless(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	for _, o := range r["runs"].([]any) {
		o.(map[string]any)["test_loss"] = "inf"
	}
	if text, err = json.Marshal(r); err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The table called - is the standard input, in every command that reads one.
func TestStandardInput(t *testing.T) {
	model := filepath.Join(t.TempDir(), "model")
	for _, c := range []struct {
		args []string
		text string
		want string
	}{
		{[]string{"train", "-", "-t", "y", "--out", model, "-q", "--epochs", "2"}, table(40), "R2"},
		{[]string{"predict", model, "-"}, "x,z,class\n1,2,low\n", "prediction\n"},
		{[]string{"predict", model, "-", "--comma", ";"}, "x;z;class\n1;2;low\n", "prediction\n"},
		{[]string{"bench", "-", "-t", "y", "-q", "-m", "linear", "--epochs", "1", "-o", "sgd(lr=0.1)", "--out", t.TempDir()}, table(60), "sgd"},
		{[]string{"bench", "--data", "-", "--no-header", "-t", "column_4", "-q", "-m", "linear", "--epochs", "1", "-o", "sgd(lr=0.1)", "--out", t.TempDir()}, strings.TrimPrefix(table(60), "x,z,class,y\n"), "sgd"},
		{[]string{"fit", "y ~ a*x+b*z+c", "-", "--start", "a=1,b=1,c=1"}, table(30), "residual sum of squares"},
		{[]string{"fit", "column_2 ~ a*column_1", "-", "--no-header", "--start", "a=1"}, "1,2\n2,4.5\n", "2.2"},
		{[]string{"fit", "y ~ a*`x 1`", "-", "--comma", "\\t", "--start", "a=1", "--predict", "`x 1`=[1,10]"}, "x 1\ty\n1\t3\n2\t6.0001\n", "row 2: 30.000"},
		{[]string{"fit", "y ~ a*x", file(t, "a.csv", "x,y\n1,2\n2,4.1\n"), "--start", "a=1", "--predict", "-"}, "x\n3\nNA\n", "row 2: NaN"},
	} {
		var out, errs bytes.Buffer
		status := run(context.Background(), c.args, strings.NewReader(c.text), &out, &errs)
		if status != 0 || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: status %d: %s%s", c.args, status, out.String(), errs.String())
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"fit", "y ~ a*x", "-", "--start", "a=1"}, "standard input: the file is empty"},
		{[]string{"train", "-", "-t", "y"}, "standard input: the file is empty"},
	} {
		if status, _, errs := descent(c.args...); status != exitFailure || !strings.Contains(errs, c.want) {
			t.Errorf("%q: status %d: %s", c.args, status, errs)
		}
	}
	var out, errs bytes.Buffer
	status := run(context.Background(), []string{"fit", "y ~ a*x", "-", "--start", "a=1", "--predict", "-"}, strings.NewReader("x,y\n1,2\n2,4.1\n"), &out, &errs)
	if status != exitUsage || !strings.Contains(errs.String(), "once only") {
		t.Errorf("twice: status %d: %s", status, errs.String())
	}
}

// typo is a column of numbers with a word in it.
func typo() string {
	s := "price\nx5\n"
	for i := range 30 {
		s += strings.Repeat("1", i+1) + "\n"
	}
	return s
}
