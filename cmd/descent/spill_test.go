package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// With --in-memory a model is trained on all rows but those that are held out, and comes out
// the same again; a sample of all rows changes nothing.
func TestSampled(t *testing.T) {
	tall := file(t, "tall.csv", table(3000))
	dir := t.TempDir()
	predict := func(name string, args ...string) (told, predictions string) {
		t.Helper()
		model := filepath.Join(dir, name)
		status, told, errs := descent(append([]string{"train", tall, "-t", "y", "-m", "mlp(8)", "--epochs", "2", "--out", model}, args...)...)
		if status != 0 {
			t.Fatalf("%s: %s", name, errs)
		}
		status, predictions, errs = descent("predict", model, tall)
		if status != 0 {
			t.Fatal(errs)
		}
		return told, predictions
	}
	told, some := predict("some", "--in-memory", "1000")
	for _, want := range []string{"rows: 2800 for training, 0 for validation, 200 for testing", "a sample of 1000 of the 3000 rows", "on 200 held-out rows"} {
		if !strings.Contains(told, want) {
			t.Errorf("no %q in %s", want, told)
		}
	}
	if strings.Contains(told, "--folds") {
		t.Error("folds are advised, and --in-memory refuses them")
	}
	if _, again := predict("again", "--in-memory", "1000"); again != some {
		t.Error("the same command makes another model")
	}
	if _, other := predict("other", "--in-memory", "1000", "--seed", "2"); other == some {
		t.Error("another seed makes the same model")
	}
	_, all := predict("all", "--folds", "0")
	if _, whole := predict("whole", "--in-memory", "3000"); whole != all {
		t.Error("a sample of all rows makes another model")
	}
	if _, resumed := predict("some", "--in-memory", "1000", "--resume"); resumed != some {
		t.Error("a run that had ended goes on to another model")
	}
	for want, args := range map[string][]string{
		"at least one row":             {"--in-memory", "0"},
		"--folds needs all rows":       {"--in-memory", "9", "--folds", "5"},
		"keeps rows as float32":        {"--in-memory", "9", "--dtype", "float64"},
		"searches with all rows":       {"--in-memory", "9", "-o", "lbfgs"},
		"--in-memory is for a target":  {"--in-memory", "9", "-m", "autoencoder(8, 2)"},
		"train a model of each target": {"--in-memory", "999", "-t", "y,z"},
	} {
		status, _, errs := descent(append([]string{"train", tall, "-t", "y", "-q"}, args...)...)
		if status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
	if status, _, errs := descent("train", "alice", "--in-memory", "9", "-m", "nanogpt"); status != exitUsage || !strings.Contains(errs, "--in-memory") {
		t.Errorf("a text: status %d: %s", status, errs)
	}
}

// Rows in an order of time are held out by it, which a sample cannot.
func TestSampledInTime(t *testing.T) {
	var b strings.Builder
	b.WriteString("when,x,y\n")
	for i := range 400 {
		b.WriteString("2024-" + []string{"01", "02", "03", "04"}[i/100] + "-" + string([]byte{'0' + byte(i%100/4/10), '0' + byte(i%100/4%10)}) + "," + []string{"1", "2", "3"}[i%3] + ".5," + []string{"10", "20.5"}[i%2] + "\n")
	}
	path := file(t, "t.csv", strings.ReplaceAll(b.String(), "-00,", "-28,"))
	if status, _, errs := descent("train", path, "-t", "y", "-q", "--in-memory", "100"); status != exitUsage || !strings.Contains(errs, "--split random") {
		t.Errorf("status %d: %s", status, errs)
	}
	if status, _, errs := descent("train", path, "-t", "y", "-q", "--in-memory", "100", "--split", "random", "--epochs", "1"); status != 0 {
		t.Errorf("status %d: %s", status, errs)
	}
}

// A table of 400 MB is trained on with 100 MB of memory of the process's own, without the
// pages of files that the system may forget.
func TestInMemoryIsBounded(t *testing.T) {
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("slow: DESCENT_SLOW=1")
	}
	const columns, rows = 40, 1_000_000
	path := filepath.Join(t.TempDir(), "large.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range columns {
		fmt.Fprintf(w, "x%d,", i)
	}
	w.WriteString("y\n")
	for i := range rows {
		for j := range columns {
			fmt.Fprintf(w, "%d.%06d,", i%(j+2), i%1_000_003)
		}
		fmt.Fprintln(w, i%3)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(built(t), "train", path, "-t", "y", "--task", "regression", "--in-memory", "10000", "-m", "mlp(8)", "--epochs", "1")
	var out strings.Builder
	c.Stdout = &out
	got := most(t, c, "RssAnon:")
	t.Logf("%.0f MB of its own", float64(got)/1e6)
	if got == 0 || got > 100e6 || !strings.Contains(out.String(), "rows: 996500 for training") {
		t.Errorf("%d bytes: %s", got, out.String())
	}
}
