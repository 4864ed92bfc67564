package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// examples are short uses of every command, all of which print something. The
// folder has what they read: model, names.csv, old.json.
func examples(folder string) map[string][]string {
	in := func(name string) string { return filepath.Join(folder, name) }
	return map[string][]string{
		"bench":              {"wine", "--epochs", "1", "--seeds", "1", "-o", "sgd(lr=0.1)", "--out", in("results"), "-q"},
		"bench --json":       {"wine", "--epochs", "1", "--seeds", "1", "-o", "sgd(lr=0.1)", "--out", in("results"), "-q", "--json"},
		"bench --suite":      {"classic", "--budget", "2", "-o", "sgd(lr=0.1)", "--out", in("results"), "-q"},
		"bench diff":         {in("old.json"), in("old.json")},
		"bench diff --json":  {in("old.json"), in("old.json"), "--json"},
		"train":              {in("names.csv"), "-t", hostile + "kind", "--epochs", "1", "--test", "0.4"},
		"train --json":       {in("names.csv"), "-t", hostile + "kind", "--epochs", "1", "--test", "0.4", "--json"},
		"predict":            {in("model"), in("names.csv")},
		"explain":            {in("model"), in("names.csv")},
		"explain --json":     {in("model"), in("names.csv"), "--json"},
		"export":             {in("model"), "--to", "safetensors", "--out", in("exported")},
		"import":             {in("kept"), "--out", in("imported")},
		"generate":           {in("written"), "--prompt", "Alice", "--length", "20"},
		"predict --json":     {in("model"), in("names.csv"), "--json"},
		"show":               {"mlp(4)"},
		"show schedule":      {"cosine"},
		"check":              {"--points", "1", "--loss", "mse"},
		"check --json":       {"--points", "1", "--loss", "mse", "--json"},
		"grad":               {"x^2", "x=3"},
		"grad --json":        {"x^2", "x=3", "--json"},
		"min":                {"(x-1)^2", "--start", "x=0"},
		"min --json":         {"(x-1)^2", "--start", "x=0", "--json"},
		"fit":                {"y ~ a*x", in("line.csv"), "--start", "a=1"},
		"fit --json":         {"y ~ a*x", in("line.csv"), "--start", "a=1", "--json"},
		"fit compare":        {"y ~ a*x", "y ~ a*x^2", in("line.csv"), "--start", "a=1"},
		"fit compare --json": {"y ~ a*x", "y ~ a*x^2", in("line.csv"), "--start", "a=1", "--json"},
		"fit shapes":         nil,
		"lab":                nil,
		"version":            nil,
		"help":               nil,
		"help formulas":      nil,
		"completion bash":    nil,
		"--help":             nil,
		"--version":          nil,
		"train --help":       nil,
		"bench diff --help":  nil,
		"show schedule -h":   nil,
		"completion fish -h": nil,
	}
}

// hostile begins names as nobody should have to see them: it clears a terminal and
// gives it another title.
const hostile = "\x1b[2J\x1b]0;owned\a\u009b1m"

// exampleFiles makes what examples read.
func exampleFiles(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	var names, line strings.Builder
	names.WriteString(hostile + "size," + hostile + "town," + hostile + "kind\n")
	line.WriteString("x,y\n")
	for i := range 40 {
		names.WriteString(strings.Join([]string{[]string{"1.5", "2.5", "3"}[i%3], hostile + []string{"a", "b"}[i%2], hostile + []string{"c", "d"}[i%4/2]}, ",") + "\n")
		line.WriteString(strings.Repeat("1", i%5+1) + "," + strings.Repeat("2", i%5+1) + "\n")
	}
	for name, text := range map[string]string{"names.csv": names.String(), "line.csv": line.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"train", filepath.Join(folder, "names.csv"), "-t", hostile + "kind", "--epochs", "1", "--out", filepath.Join(folder, "model"), "-q"},
		{"train", "alice", "--model", "embed(2) | gpt(1)", "--epochs", "1", "--context", "8", "--batch", "400", "--out", filepath.Join(folder, "written"), "-q"},
		{"export", filepath.Join(folder, "model"), "--to", "safetensors", "--out", filepath.Join(folder, "kept")},
		append([]string{"bench"}, examples(folder)["bench"]...),
	} {
		if status, _, errs := descent(args...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	if err := os.Rename(filepath.Join(folder, "results", jsonFile), filepath.Join(folder, "old.json")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Every command has an example, and each of them works.
func TestExamplesAreAll(t *testing.T) {
	folder := exampleFiles(t)
	all := examples(folder)
	names := slices.Collect(maps.Keys(all))
	for _, c := range commands {
		if name := c().Name(); !slices.Contains(names, name) && name != "serve" && name != "play" { // which have tests of their own: the one does not end
			t.Errorf("%s has no example", name)
		}
	}
	for name, args := range all {
		args = append(strings.Fields(name), args...)
		if status, out, errs := descent(args...); status != 0 || out == "" {
			t.Errorf("%s: status %d, %q, %s", name, status, out, errs)
		}
	}
}

// An output that cannot be written is a failure in every command, wherever in the
// output that is.
func TestFullOutput(t *testing.T) {
	for name, args := range examples(exampleFiles(t)) {
		args = append(strings.Fields(name), args...)
		var all, errs bytes.Buffer
		run(context.Background(), args, strings.NewReader(""), &all, &errs)
		for _, room := range []int{0, all.Len() * 3 / 4} {
			errs.Reset()
			status := run(context.Background(), args, strings.NewReader(""), &disk{room}, &errs)
			if status != exitFailure || !strings.Contains(errs.String(), "no space left") {
				t.Errorf("%s with room for %d of %d bytes: status %d: %s", name, room, all.Len(), status, errs.String())
			}
		}
	}
}

// disk is a file on a disk that has so much room.
type disk struct{ room int }

func (d *disk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// No name out of a file or from the command line commands a terminal.
func TestNamesCommandNothing(t *testing.T) {
	folder := exampleFiles(t)
	odd := filepath.Join(folder, hostile+"file.csv")
	if err := os.WriteFile(odd, []byte("x,y\n1,"+hostile+"\n2,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	calls := [][]string{
		{hostile}, {"train", hostile}, {"train", odd}, {"train", odd, "-t", hostile}, {"train", odd, "-t", "y"}, {"train", "iris", "--model", hostile}, {"train", "iris", "--out", hostile + "\x00"},
		{"train", "iris", "--" + hostile}, {"train", "iris", "--loss", hostile}, {"train", "iris", "--optimizer", hostile}, {"train", "iris", "--drop", hostile}, {"train", "iris", "--comma", hostile},
		{"predict", hostile, "iris"}, {"predict", filepath.Join(folder, "model"), odd}, {"predict", filepath.Join(folder, "model"), "iris", "--keep", hostile}, {"predict", filepath.Join(folder, "model"), "iris", "--unknown", hostile},
		{"bench", hostile}, {"bench", "--suite", hostile}, {"bench", "diff", odd, odd}, {"bench", "wine", "--optimizer", hostile}, {"bench", "wine", "--max-memory", hostile},
		{"show", hostile}, {"show", "schedule", hostile}, {"check", "--loss", hostile}, {"lab", hostile}, {"lab", "cubic", "--set", hostile},
		{"grad", hostile}, {"grad", "x", hostile + "=1"}, {"grad", "`" + hostile + "`^2", "`" + hostile + "`=1"}, {"min", hostile}, {"min", "`" + hostile + "`^2", "--start", "`" + hostile + "`=1"}, {"min", "x^2", "--bounds", hostile},
		{"fit", hostile, odd}, {"fit", "y ~ a*x", odd}, {"fit", "`" + hostile + "size` ~ a", filepath.Join(folder, "names.csv"), "--start", "a=1"}, {"help", hostile}, {"completion", hostile},
	}
	for name, args := range examples(folder) {
		if name != "predict" { // whose CSV is for programs, unless a terminal reads it
			calls = append(calls, append(strings.Fields(name), args...))
		}
	}
	for _, args := range calls {
		_, out, errs := descent(args...)
		for _, text := range []string{out, errs} {
			if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || 0x7f <= r && r < 0xa0 }); i >= 0 {
				t.Errorf("%q: %q", args, text[max(i-20, 0):min(i+20, len(text))])
			}
		}
	}
	if _, out, _ := descent("predict", filepath.Join(folder, "model"), filepath.Join(folder, "names.csv")); !strings.Contains(out, hostile+"c") {
		t.Errorf("data for programs are changed: %q", out)
	}
}

// A variable of the environment that means nothing is refused, and what it may be
// is said.
func TestVariablesAreChecked(t *testing.T) {
	command := built(t)
	for _, c := range []struct {
		variable string
		want     []string
	}{
		{"DESCENT_ISA=axv2", []string{"axv2", "portable, avx2, avx512"}},
		{"DESCENT_JIT=0", []string{"0", "on or off"}},
	} {
		for _, args := range [][]string{{"version"}, {"grad", "x^2", "x=1"}} {
			cmd := exec.Command(command, args...)
			cmd.Env = append(os.Environ(), c.variable)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || slices.ContainsFunc(c.want, func(w string) bool { return !strings.Contains(string(out), w) }) {
				t.Errorf("%s %v: %v, %s", c.variable, args, err, out)
			}
		}
	}
}
