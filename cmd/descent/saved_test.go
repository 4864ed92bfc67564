package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/bench"
	"descent/internal/atomicfile"
	"descent/internal/kernel"
	"descent/internal/safetensors"
)

// cloned copies the files of a folder to a new one.
func cloned(t *testing.T, folder string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "model")
	if err := os.CopyFS(to, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return to
}

// predicted is what predict prints of a model that must be whole.
func predicted(t *testing.T, model, rows string) string {
	t.Helper()
	status, out, errs := descent("predict", model, rows, "--json")
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	return out
}

// textOf reads a file that must be there.
func textOf(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	saved2  = "testdata/saved2"
	saved3  = "testdata/saved3"
	saved4  = "testdata/saved4"
	saved5  = "testdata/saved5"
	newRows = saved2 + "/table/new.csv"
)

// Files of earlier programs are read, predict the same bits and are resumed. A change
// of how steps are rounded changes what a resumed run predicts, here and in
// resumed.*.json. This test stays, and gets a folder for each format that comes.
func TestFilesOfEarlierPrograms(t *testing.T) {
	isa := kernel.Active().String()
	for folder, rows := range map[string]string{saved2 + "/table": newRows, saved2 + "/number": saved2 + "/number/new.csv", saved2 + "/images": saved2 + "/images/rows", saved3 + "/table": newRows, saved4 + "/table": newRows} {
		want := textOf(t, folder, "predictions."+isa+".json")
		if got := predicted(t, filepath.Join(folder, "model"), rows); got != want {
			t.Errorf("%s predicts\n%s, not\n%s", folder, got, want)
		}
	}
	status, out, errs := descent("predict", saved5+"/table/model", newRows, "--json", "--interval", "80")
	if want := textOf(t, saved5, "table", "predictions."+isa+".json"); status != 0 || out != want {
		t.Errorf("%s predicts\n%s%s, not\n%s", saved5, out, errs, want)
	}
	for folder, note := range map[string]string{saved2: "note: the checkpoint is of an earlier version", saved3: ""} {
		model := cloned(t, filepath.Join(folder, "table", "model"))
		status, _, errs := descent("train", saved2+"/table/rows.csv", "-t", "kind", "--val", "0.2", "--batch", "8", "--model", "dense(6)|batchnorm|tanh|dropout(0.1)",
			"--optimizer", "clip(1)|adam(lr=0.01)", "--schedule", "cosine", "--epochs", "60", "--patience", "0", "--calibrate", "none", "-q", "--out", model, "--resume")
		if status != 0 || !strings.HasPrefix(errs, note) || note == "" && errs != "" {
			t.Fatalf("%s: resumed: status %d: %s", folder, status, errs)
		}
		if got, want := predicted(t, model, newRows), textOf(t, folder, "table", "resumed."+isa+".json"); got != want {
			t.Errorf("%s: resumed, it predicts\n%s, not\n%s", folder, got, want)
		}
		if n := strings.Count(textOf(t, model, logFile), "\n"); n != 60 {
			t.Errorf("%s: resumed, the log has %d lines", folder, n)
		}
	}
}

// So are results.
func TestResultsOfEarlierPrograms(t *testing.T) {
	results := filepath.Join(saved2, "results", "results.json")
	if r, err := bench.Read(results); err != nil || len(r.Tracks[0].Runs) == 0 {
		t.Errorf("%v", err)
	}
	if status, out, errs := descent("bench", "diff", results, results); status != 0 || strings.Count(out, "identical") != 2 {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	if status, _, errs := descent("bench", "diff", results, saved2+"/suite/results.json"); status != exitFailure || !strings.Contains(errs, "of the suite classic") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// fitted trains a small model and returns its folder. Other settings may be given.
func fitted(t *testing.T, more ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "model")
	if status, _, errs := descent(trainArgs(dir, more...)...); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	return dir
}

func trainArgs(dir string, more ...string) []string {
	return append([]string{"train", saved2 + "/table/rows.csv", "-t", "kind", "--model", "mlp(2)", "--optimizer", "adam", "--epochs", "3", "-q", "--out", dir}, more...)
}

// Each bit of a model's files and of a checkpoint counts.
func TestEveryBitCounts(t *testing.T) {
	dir := fitted(t)
	decode := func(text []byte) error {
		_, err := safetensors.Decode(text)
		return err
	}
	for name, read := range map[string]func(text []byte) error{
		modelFile:      func(text []byte) error { _, err := parseSaved(modelFile, text); return err },
		weightsFile:    decode,
		checkpointFile: decode,
	} {
		path := filepath.Join(dir, name)
		whole := []byte(textOf(t, path))
		if err := read(whole); err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(whole) {
			changed := bytes.Clone(whole)
			changed[bit/8] ^= 1 << (bit % 8)
			if read(changed) == nil {
				t.Errorf("%s: bit %d of byte %d goes unseen", name, bit%8, bit/8)
			}
			if name == checkpointFile || bit%101 != 0 {
				continue
			}
			os.WriteFile(path, changed, 0o644)
			if status, out, errs := descent("predict", dir, newRows); status != exitFailure || out != "" || strings.Count(errs, "\n") != 1 {
				t.Errorf("%s: bit %d of byte %d: status %d: %s%s", name, bit%8, bit/8, status, out, errs)
			}
		}
		os.WriteFile(path, whole, 0o644)
	}
}

// Files of two runs do not become one model, whatever was copied.
func TestModelIsOneThing(t *testing.T) {
	a, b := fitted(t), fitted(t, "--seed", "2")
	for name, c := range map[string]struct {
		take []string // from b
		want string
	}{
		"all":          {[]string{modelFile, weightsFile}, ""},
		"the weights":  {[]string{weightsFile}, weightsFile},
		"the schema":   {[]string{modelFile}, weightsFile},
		"a checkpoint": {[]string{checkpointFile}, ""},
	} {
		mixed := cloned(t, a)
		for _, f := range c.take {
			os.WriteFile(filepath.Join(mixed, f), []byte(textOf(t, b, f)), 0o644)
		}
		status, _, errs := descent("predict", mixed, newRows)
		if c.want == "" && status != 0 || c.want != "" && (status != exitFailure || !strings.Contains(errs, c.want)) {
			t.Errorf("%s of another: status %d: %s", name, status, errs)
		}
	}
	os.Remove(filepath.Join(a, weightsFile))
	if status, _, errs := descent("predict", a, newRows); status != exitFailure || !strings.Contains(errs, "no such file") {
		t.Errorf("without weights: status %d: %s", status, errs)
	}
}

// resealed writes the weights of a model again, and sums that fit.
func resealed(t *testing.T, dir string, change func(*safetensors.File)) {
	t.Helper()
	old := []byte(textOf(t, dir, weightsFile))
	f, err := safetensors.Decode(old)
	if err != nil {
		t.Fatal(err)
	}
	change(f)
	weights := safetensors.Encode(*f)
	m := strings.Replace(textOf(t, dir, modelFile), atomicfile.Sum(old), atomicfile.Sum(weights), 1)
	at := strings.Index(m, checksumMember) + len(checksumMember)
	m = m[:at] + atomicfile.Sum([]byte(m[:at])) + lastMember
	os.WriteFile(filepath.Join(dir, weightsFile), weights, 0o644)
	os.WriteFile(filepath.Join(dir, modelFile), []byte(m), 0o644)
}

// What every sum agrees with is refused all the same if it is no model.
func TestNoModel(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*safetensors.File)
		want   string
	}{
		"nothing":            {func(*safetensors.File) {}, ""},
		"NaN":                {func(f *safetensors.File) { f.Tensors[0].F32[0] = float32(math.NaN()) }, "NaN"},
		"infinity":           {func(f *safetensors.File) { f.Tensors[0].F32[0] = float32(math.Inf(1)) }, "Inf"},
		"of another schema":  {func(f *safetensors.File) { f.Meta[schemaKey] = "0" }, schemaKey},
		"without its schema": {func(f *safetensors.File) { delete(f.Meta, schemaKey) }, schemaKey},
		"of another shape":   {func(f *safetensors.File) { f.Tensors[0].Shape = []int{1, len(f.Tensors[0].F32)} }, "model's"},
		"one too few":        {func(f *safetensors.File) { f.Tensors = f.Tensors[1:] }, "it has no"},
	} {
		dir := fitted(t)
		resealed(t, dir, c.change)
		status, _, errs := descent("predict", dir, newRows)
		if c.want == "" && status != 0 || c.want != "" && (status != exitFailure || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1) {
			t.Errorf("%s: status %d: %s", name, status, errs)
		}
	}
}

// Files of a later program are refused by their number, with what to do.
func TestLaterFormats(t *testing.T) {
	dir := fitted(t)
	path := filepath.Join(dir, modelFile)
	old := textOf(t, path)
	os.WriteFile(path, []byte(strings.Replace(old, fmt.Sprintf(`"format": %d,`, savedFormat), fmt.Sprintf(`"format": %d, "more": 1,`, savedFormat+1), 1)), 0o644)
	if status, _, errs := descent("predict", dir, newRows); status != exitFailure || !strings.Contains(errs, fmt.Sprintf("format %d; this program reads formats 1 to %d", savedFormat+1, savedFormat)) || !strings.Contains(errs, "descent version") {
		t.Errorf("status %d: %s", status, errs)
	}
	os.WriteFile(path, []byte(old), 0o644)
	checkpoint := filepath.Join(dir, checkpointFile)
	f, err := safetensors.Decode([]byte(textOf(t, checkpoint)))
	if err != nil {
		t.Fatal(err)
	}
	f.Meta["descent.run"] = strings.Replace(f.Meta["descent.run"], `"format":2`, `"format":3`, 1)
	os.WriteFile(checkpoint, safetensors.Encode(*f), 0o644)
	if status, _, errs := descent(trainArgs(dir, "--resume")...); status != exitFailure || !strings.Contains(errs, "format 3; this program reads formats up to 2") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// A run is resumed as it began; what differs is told, with both values.
func TestResumeCompares(t *testing.T) {
	dir := fitted(t)
	other := file(t, "rows.csv", strings.Replace(textOf(t, saved2, "table", "rows.csv"), ",oak", ",elm", 1))
	for _, c := range []struct{ flags, want string }{
		{"", ""},
		{"--workers 1", ""},
		{"--model mlp(3)", "model was mlp(2) and is mlp(3)"},
		{"--model mlp(2,act=tanh)", "model was mlp(2) and is mlp(2, act=tanh)"},
		{"--loss focal", "loss was cross_entropy and is focal"},
		{"--optimizer adam(beta2=0.99)", "rule was adam and is adam(beta2=0.99)"},
		{"--optimizer sgd", "rule was adam and is sgd"},
		{"--schedule cosine", "schedule was constant and is cosine"},
		{"--lr 0.01", "learning rate was 0.001 and is 0.01"},
		{"--optimizer adam(lr=0.002)", "learning rate was 0.001 and is 0.002"},
		{"--scaling minmax", "scaling was standard and is minmax"},
		{"--dtype float64", "type was float32 and is float64"},
		{"--epochs 4", "epochs was 3 and is 4"},
		{"--patience 3", "early stopping was val_loss, patience 20"},
		{"--batch 8", "batch 31, accumulate 1"},
		{"--seed 2", "seeds 1 and 1"},
		{"--target colour", "target was kind and is colour"},
	} {
		status, _, errs := descent(trainArgs(cloned(t, dir), append(strings.Fields(c.flags), "--resume")...)...)
		if c.want == "" && status != 0 || c.want != "" && (status != exitFailure || !strings.Contains(errs, c.want)) {
			t.Errorf("%s: status %d: %s", c.flags, status, errs)
		}
	}
	args := trainArgs(cloned(t, dir), "--resume")
	args[1] = other
	status, _, errs := descent(args...)
	if was := strings.Contains(errs, "as it began: data was "); status != exitFailure || !was || !strings.Contains(errs, "rows of hash") {
		t.Errorf("other data: status %d: %s", status, errs)
	}
	for _, file := range []string{modelFile, weightsFile, logFile} { // none was touched by runs that were refused
		if got := textOf(t, dir, file); got == "" {
			t.Errorf("%s is empty", file)
		}
	}
}

// The second of two processes is refused, and the first goes on.
func TestTwoProcesses(t *testing.T) {
	dir := fitted(t)
	release, err := claim(dir, modelFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{trainArgs(dir), {"bench", "iris", "--out", dir, "-q"}} {
		if status, _, errs := descent(args...); status != exitFailure || !strings.Contains(errs, "another process is writing there") {
			t.Errorf("%v: status %d: %s", args[:2], status, errs)
		}
	}
	predicted(t, dir, newRows) // readers need no lock
	release()
	if status, _, errs := descent(trainArgs(dir)...); status != 0 {
		t.Errorf("status %d: %s", status, errs)
	}
}

// A run that diverges leaves model and log of the one before, and its own log.
func TestDivergedRunLeavesTheOldModel(t *testing.T) {
	dir := fitted(t)
	want, log := predicted(t, dir, newRows), textOf(t, dir, logFile)
	status, _, errs := descent(trainArgs(dir, "--optimizer", "sgd", "--lr", "1e30", "--loss", "mse", "--epochs", "50")...)
	if status != exitFailure || !strings.Contains(errs, "diverged") {
		t.Fatalf("status %d: %s", status, errs)
	}
	if predicted(t, dir, newRows) != want || textOf(t, dir, logFile) != log {
		t.Error("the old model is no longer whole")
	}
	// And so does one that ends with weights that are not numbers.
	status, _, errs = descent(trainArgs(dir, "--optimizer", "sgd", "--lr", "1e300", "--epochs", "1", "--batch", "0", "--val", "0")...)
	if status != exitFailure || !strings.Contains(errs, "diverged at step 1") {
		t.Fatalf("status %d: %s", status, errs)
	}
	if predicted(t, dir, newRows) != want || textOf(t, dir, logFile) != log {
		t.Error("the old model is no longer whole")
	}
}
