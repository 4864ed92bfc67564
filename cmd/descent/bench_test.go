package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBench(t *testing.T) {
	dir := t.TempDir()
	args := []string{"bench", "iris", "--optimizer", "sgd", "--optimizer", "adam(beta2=0.99)", "--epochs", "3", "--seeds", "2", "--trials", "2", "--out", dir}
	status, out, errs := descent(args...)
	if status != 0 || errs != "" || !strings.Contains(out, "adam(beta2=0.99)") || !strings.Contains(out, "est mean test accuracy") {
		t.Fatalf("status %d\n%s\n%s", status, out, errs)
	}
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Command string
		Runs    []struct {
			Optimizer    string
			LR           float64
			Seed         uint64
			TestAccuracy *float64  `json:"test_accuracy"`
			TestLoss     *float64  `json:"test_loss"`
			TrainLoss    []float64 `json:"train_loss"`
		}
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Runs) != 4 || r.Runs[0].TestAccuracy == nil || r.Runs[0].TestLoss == nil || len(r.Runs[0].TrainLoss) == 0 {
		t.Errorf("%+v", r.Runs)
	}
	if want := "descent bench iris --optimizer sgd --optimizer 'adam(beta2=0.99)' --epochs 3"; !strings.HasPrefix(r.Command, want) {
		t.Errorf("command %s", r.Command)
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "results.json")
	if status, out, errs := descent("bench", "diff", file, file); status != 0 || strings.Count(out, "identical") != 2 {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
	status, out, _ = descent(append(args, "--json")...)
	if status != 0 || !json.Valid([]byte(out)) {
		t.Errorf("status %d, not JSON:\n%.200s", status, out)
	}
}

func TestBenchCSV(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("size,kind,price\n")
	for i := range 60 {
		rows.WriteString([]string{"1,a,10\n", "2,b,21\n", ",a,15\n", "4,b,40\n", "7,a,68\n"}[i%5])
	}
	file := filepath.Join(dir, "houses.csv")
	if err := os.WriteFile(file, []byte(rows.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out, errs := descent("bench", file, "--target", "price", "--model", "linear", "--optimizer", "sgd", "--epochs", "20", "--out", dir)
	if status != 0 || !strings.Contains(out, "test loss") {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
}

func TestBenchMistakes(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"did you mean":         {"--optimizer", "adma"},
		"given twice":          {"--optimizer", "sgd", "--optimizer", "sgd"},
		"--seeds 0":            {"--seeds", "0"},
		"--workers -1":         {"--workers", "-1"},
		`did you mean "full"`:  {"--track", "ful"},
		"which tunes nothing":  {"--track", "default", "--trials", "3"},
		"has no trials":        {"--track", "default", "-o", "adam(lr=0.1..1)"},
		"prodigy or lbfgs":     {"--track", "self-tuning", "-o", "adam"},
		"cannot be negative":   {"--margin", "-1"},
		"no such file":         {"nosuch"},
		"are given twice":      {"iris", "--data", "wine"},
		"no column":            {"iris", "--target", "nosuch"},
		"closing bracket":      {"--model", "mlp(3"},
		`unknown schedule "x"`: {"--schedule", "x"},
		"there are standard":   {"wine", "--scaling", "x"},
		"there are regression": {"wine", "--task", "x"},
		"is for classes":       {"diabetes", "--loss", "cross_entropy"},
		"no rule in it moves":  {"--optimizer", "clip(1)"},
	} {
		status, out, errs := descent(append([]string{"bench", "--out", dir}, args...)...)
		if status != exitUsage || !strings.Contains(errs, want) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("%v: status %d, want %q\n%s%s", args, status, want, out, errs)
		}
	}
	if status, _, errs := descent("bench", "diff", filepath.Join(dir, "a"), filepath.Join(dir, "b")); status != exitFailure || strings.Count(errs, "\n") != 1 {
		t.Errorf("missing files: status %d\n%s", status, errs)
	}
}

// A folder of images can be compared on.
func TestBenchImages(t *testing.T) {
	dir := t.TempDir()
	images := []byte{0, 0, 8, 3, 0, 0, 0, 60, 0, 0, 0, 2, 0, 0, 0, 2}
	labels := []byte{0, 0, 8, 1, 0, 0, 0, 60}
	for i := range 60 {
		images = append(images, byte(i%3*100), byte(i), 0, 255)
		labels = append(labels, byte(i%3))
	}
	os.WriteFile(filepath.Join(dir, "train-images-idx3-ubyte"), images, 0o644)
	os.WriteFile(filepath.Join(dir, "train-labels-idx1-ubyte"), labels, 0o644)
	status, out, errs := descent("bench", dir, "--out", t.TempDir(), "--optimizer", "sgd(lr=0.1)", "--epochs", "1", "--seeds", "1")
	if status != 0 || !strings.Contains(out, "sgd") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
}

// Methods that search by themselves stand beside rules; the table says that they have
// no rate. What cannot run is a mistake in the command.
func TestBenchMethods(t *testing.T) {
	status, out, errs := descent("bench", "iris", "--out", t.TempDir(), "-o", "adam(lr=0.1)", "-o", "lbfgs", "--epochs", "2", "--seeds", "1")
	if status != 0 || errs != "" || !strings.Contains(out, "lbfgs                  none ") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	for want, args := range map[string][]string{
		"lbfgs, bfgs, newton, cg":  {"iris", "-o", "adam", "-o", "lm"},
		"leave dropout":            {"iris", "-o", "cg", "--model", "dense(4) | dropout(0.2)"},
		"sums of squares":          {"--suite", "classic", "-o", "lm"},
		"--trials has no meaning":  {"iris", "-o", "lbfgs", "--trials", "3"},
		"--schedule has no mean":   {"--suite", "classic", "-o", "lbfgs", "--schedule", "cosine"},
		"stands alone, without | ": {"iris", "-o", "clip(1) | lbfgs"},
	} {
		if status, _, errs := descent(append([]string{"bench", "--out", t.TempDir()}, args...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d, want %q\n%s", args, status, want, errs)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{"adam": "adam", "adam(lr=1)": "'adam(lr=1)'", "": "''", "it's": `'it'\''s'`, "a;b": "'a;b'"} {
		if got := quote(in); got != want {
			t.Errorf("quote(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestBenchSuite(t *testing.T) {
	dir := t.TempDir()
	status, out, errs := descent("bench", "--suite", "classic", "--budget", "50", "--optimizer", "sgd", "--optimizer", "adam", "--trials", "2", "--seeds", "2", "--out", dir)
	if status != 0 || errs != "" || !strings.Contains(out, "mean rank") {
		t.Errorf("status %d\n%s\n%s", status, out, errs)
	}
	file := filepath.Join(dir, "results.json")
	if status, out, errs := descent("bench", "diff", file, file); status != 0 || strings.Count(out, "identical") != 2 {
		t.Errorf("diff of a suite: status %d %s%s", status, out, errs)
	}
	for want, args := range map[string][]string{
		"no meaning":                {"--suite", "classic", "--epochs", "3"},
		"unknown suite":             {"--suite", "nosuch"},
		"either data":               {"iris", "--suite", "classic"},
		"is for a --suite":          {"--budget", "3"},
		"--dim is for --suite bbob": {"--dim", "3"},
		"--dim has no meaning for the suite classic, whose problems have dimensions of their own": {"--suite", "classic", "--dim", "3"},
		"--suite bbob: dimension 41: it is from 2 to 40":                                          {"--suite", "bbob", "--dim", "5,41"},
	} {
		if status, _, errs := descent(append([]string{"bench", "--out", dir}, args...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: status %d, want %q\n%s", args, status, want, errs)
		}
	}
}
