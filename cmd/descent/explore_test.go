package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"descent/internal/numjson"
)

// searchTold is what train --json tells of a search.
type searchTold struct {
	Model  string
	Notes  []string
	Scores map[string]float64
	Search struct {
		searchReport
	}
	Folds *foldReport
}

func searchedBy(t *testing.T, args ...string) (r searchTold) {
	t.Helper()
	status, out, err := descent(append([]string{"train"}, append(args, "--json", "-q")...)...)
	if status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, err)
	}
	if err := numjson.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// weak writes a table of n rows with 8 inputs, of which signal times the first decides about
// the class, beside noise. Half of the rows are of each class: else all who say the more
// frequent one would be right more often in these rows than in fresh ones.
func weak(t *testing.T, name string, n int, signal float64, rng *rand.Rand) string {
	t.Helper()
	rows, y := make([]string, n), make([]float64, n)
	for i := range rows {
		y[i] = rng.NormFloat64()
		for k := range 8 {
			x := rng.NormFloat64()
			if k == 0 {
				y[i] += signal * x
			}
			rows[i] += fmt.Sprintf("%.4f,", x)
		}
	}
	middle := slices.Sorted(slices.Values(y))[n/2]
	for i := range rows {
		rows[i] += map[bool]string{true: "yes", false: "no"}[y[i] >= middle]
	}
	return file(t, name, "a,b,c,d,e,f,g,h,y\n"+strings.Join(rows, "\n")+"\n")
}

// Over simulated tables the nested score is what the saved model does on fresh rows, and the
// score by which it was chosen is too good: where there is nothing to learn, and where there
// is something.
func TestNestedIsHonest(t *testing.T) {
	const tables = 12
	for _, signal := range []float64{0, 0.7} {
		rng := rand.New(rand.NewPCG(7, uint64(10*signal)))
		var optimistic, honest, fresh float64
		for range tables {
			dir := t.TempDir()
			r := searchedBy(t, weak(t, "rows.csv", 60, signal, rng), "--target", "y", "--search", "18", "--folds", "5", "--out", dir,
				"--model", "mlp(8)", "--lr", "1e-3..1", "--batch", "4..48", "--epochs", "6", "--val", "0", "--calibrate", "none")
			optimistic += r.Search.Optimistic / tables
			honest += r.Search.Honest.Mean / tables
			fresh += accuracyOn(t, dir, weak(t, "fresh.csv", 2000, signal, rng)) / tables
		}
		if d := honest - fresh; d > 0.05 || d < -0.05 {
			t.Errorf("signal %v: the honest score is %.3f, and %.3f on fresh rows", signal, honest, fresh)
		}
		if optimistic-fresh < 0.04 || optimistic-honest < 0.04 {
			t.Errorf("signal %v: the score by which models were chosen is %.3f, %.3f on fresh rows and honest %.3f", signal, optimistic, fresh, honest)
		}
		t.Logf("signal %v: chosen by %.3f, honest %.3f, fresh rows %.3f", signal, optimistic, honest, fresh)
	}
}

// accuracyOn predicts a table and counts.
func accuracyOn(t *testing.T, dir, table string) float64 {
	t.Helper()
	status, out, err := descent("predict", dir, table)
	if status != 0 {
		t.Fatalf("predict: status %d: %s", status, err)
	}
	text := strings.Split(strings.TrimSpace(textOf(t, table)), "\n")[1:]
	right, lines := 0, strings.Split(strings.TrimSpace(out), "\n")[1:]
	if len(lines) != len(text) {
		t.Fatalf("%d predictions of %d rows", len(lines), len(text))
	}
	for i, line := range lines {
		if strings.HasSuffix(text[i], ","+strings.Split(line, ",")[0]) {
			right++
		}
	}
	return float64(right) / float64(len(text))
}

// A setting that is planted is found, and what matters is told: of a wave only a wide net
// learns, at rates that are not tiny.
func TestSearchFindsThePlanted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteString("x,z,y\n")
	for range 240 {
		x, z := 2*rng.Float64()-1, rng.Float64()
		fmt.Fprintf(&b, "%.4f,%.4f,%.4f\n", x, z, math.Sin(5*x)+0.1*rng.NormFloat64())
	}
	table := file(t, "wave.csv", b.String())
	common := []string{table, "--target", "y", "--epochs", "40", "--val", "0", "--folds", "0", "--batch", "16"}
	for _, c := range []struct {
		args    []string
		flag    string
		right   func(text string) bool
		matters string
	}{
		{[]string{"--search", "9", "--model", "linear", "--model", "mlp(1)", "--model", "mlp(64)", "--lr", "0.01"}, "model", func(text string) bool { return text == "mlp(64)" }, ""},
		{[]string{"--search", "18", "--model", "mlp(32)", "--lr", "1e-7..1"}, "lr", func(text string) bool { x := number0(text); return x > 1e-3 && x < 0.5 }, "--lr: lr"},
		{[]string{"--search", "18", "--model", "dense(1..64) | tanh", "--lr", "0.02"}, "model", func(text string) bool { return number0(strings.TrimPrefix(text, "dense(")) >= 6 }, "--model: units"},
		{[]string{"--search", "18", "--model", "mlp(32)", "-o", "decay(1e-3..1e3) | adam(lr=0.01)"}, "optimizer", func(text string) bool { return number0(strings.TrimPrefix(text, "decay(")) < 30 }, "--optimizer: lambda"},
		{[]string{"--search", "4", "--model", "mlp(32)", "--lr", "0.01", "--loss", "mse", "--loss", "pinball(tau=0.99)", "--score", "rmse"}, "loss", func(text string) bool { return text == "mse" }, ""},
	} {
		r := searchedBy(t, slices.Concat(common, c.args)...)
		if text := r.Search.Found[c.flag]; !c.right(text) {
			t.Errorf("%v: found %s", c.args, text)
		}
		if c.matters != "" && (len(r.Search.Mattered) == 0 || r.Search.Mattered[0].What != c.matters || r.Search.Mattered[0].Share < 0.3) {
			t.Errorf("%v: what mattered is %v, want %s", c.args, r.Search.Mattered, c.matters)
		}
	}
}

// number0 is the number that a text begins with.
func number0(text string) float64 {
	x, _ := strconv.ParseFloat(text[:strings.IndexFunc(text+")", func(r rune) bool { return r == ')' || r == ',' })], 64)
	return x
}

// smallSearch is a search that takes little time.
var smallSearch = []string{"iris", "--search", "12", "--model", "mlp(2..16, dropout=0..0.3)", "-o", "decay(0.1..1) | adam(lr=1e-3..1e-1)", "-o", "momentum(lr=1e-3..1)", "--batch", "16..64",
	"--epochs", "3", "--folds", "3", "--seed", "2"}

// The same seed finds the same, whatever the number of workers; what is found is what train
// trains when it is given that; and --for says which --search does the same.
func TestSearchAgain(t *testing.T) {
	one, three := t.TempDir(), t.TempDir()
	r := searchedBy(t, append(smallSearch, "--workers", "1", "--out", one)...)
	if again := searchedBy(t, append(smallSearch, "--workers", "3", "--out", three)...); !reflect.DeepEqual(r.Search.Each, again.Search.Each) || !reflect.DeepEqual(r.Folds, again.Folds) || !reflect.DeepEqual(arraysOf(t, one), arraysOf(t, three)) {
		t.Error("three workers find something else")
	}
	if n := r.Search.Trainings; len(r.Search.Each) != 12 || r.Search.Fresh != n || n != 4*(9+6+2+3+2+2) {
		t.Errorf("%d trials, %d trainings", len(r.Search.Each), n)
	}
	alone := t.TempDir()
	args := []string{"train", "iris", "--epochs", "3", "--seed", "2", "--folds", "0", "--out", alone}
	for flag, text := range r.Search.Found {
		args = append(args, "--"+flag, text)
	}
	if status, _, err := descent(args...); status != 0 {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(arraysOf(t, one), arraysOf(t, alone)) {
		t.Errorf("%v trains another model", args)
	}
	timed := slices.Concat(smallSearch[:1], smallSearch[3:], []string{"--for", "1ms"})
	a := searchedBy(t, timed...)
	b := searchedBy(t, slices.Concat(smallSearch[:1], smallSearch[3:], []string{"--search", fmt.Sprint(a.Search.Trials)})...)
	if a.Search.Trials != searchGroup || !reflect.DeepEqual(a.Search.Each, b.Search.Each) || !reflect.DeepEqual(a.Search.Found, b.Search.Found) {
		t.Errorf("--for did %d trials and found %v, --search %v", a.Search.Trials, a.Search.Found, b.Search.Found)
	}
}

// A search that is interrupted, or whose journal was cut short as by the end of a process,
// goes on and finds the same; what was finished is not done again. More trials go on as well.
func TestSearchGoesOn(t *testing.T) {
	dir, whole := t.TempDir(), searchedBy(t, smallSearch...)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for ctx.Err() == nil {
			if text, err := os.ReadFile(filepath.Join(dir, journalFile)); err == nil && bytes.Count(text, []byte("\n")) > 10 {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var errs bytes.Buffer
	if status := run(ctx, append([]string{"train", "--out", dir}, smallSearch...), nil, io.Discard, &errs); status != exitInterrupted || !strings.Contains(errs.String(), "the same command goes on from there") {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	path := filepath.Join(dir, journalFile)
	text := textOf(t, path)
	if err := os.WriteFile(path, []byte(text[:len(text)-20]), 0o644); err != nil {
		t.Fatal(err)
	}
	finished := strings.Count(text, "\n") - 1
	r := searchedBy(t, append(smallSearch, "--out", dir)...)
	if r.Search.Fresh != r.Search.Trainings-finished || !reflect.DeepEqual(r.Search.Each, whole.Search.Each) || !reflect.DeepEqual(r.Folds, whole.Folds) {
		t.Errorf("%d of %d trainings were done again, %d were finished; or it found something else", r.Search.Fresh, r.Search.Trainings, finished)
	}
	more := slices.Clone(smallSearch)
	more[2] = "18"
	if r := searchedBy(t, append(more, "--out", dir)...); r.Search.Fresh >= r.Search.Trainings || r.Search.Trials != 18 {
		t.Errorf("%d of %d trainings of more trials were new", r.Search.Fresh, r.Search.Trainings)
	}
}

// Rows in groups, in the order of time, with weights, pictures, and weights to start from.
func TestSearchOnKinds(t *testing.T) {
	var b strings.Builder
	b.WriteString("day,who,w,a,y\n")
	for i := range 120 {
		fmt.Fprintf(&b, "%d,p%d,%d,%d,%d.5\n", i, i%15, 1+i%3, i*7%13, 3*(i*7%13)+i%5)
	}
	table := file(t, "kinds.csv", b.String())
	m, _ := savedBy(t, "iris", "--model", "mlp(8)", "--epochs", "1")
	for _, args := range [][]string{
		{table, "--target", "y", "--group", "who"}, {table, "--target", "y", "--time", "day"}, {table, "--target", "y", "--weight", "w"}, {table, "--target", "y", "--interval"},
		{"iris", "--init", m, "--repeats", "2"}, {"iris", "--class-weight", "balanced"}, {"iris", "--score", "recall(class=virginica)"}, {"iris", "--score", "log_loss"}, {"digits", "--model", "conv(2..4, 3) | relu | pool(4)", "--augment", "shift(1)", "--folds", "0"},
		{table, "--target", "y", "--raw-target", "--loss", "huber(delta=0.5..5)"},
	} {
		if !slices.Contains(args, "--folds") {
			args = append(args, "--folds", "3")
		}
		r := searchedBy(t, append(args, "--search", "3", "--lr", "1e-3..1e-2", "--epochs", "2")...)
		if r.Search.Trials != 3 || len(r.Search.Found) == 0 || (r.Search.Honest == nil) != slices.Contains(args, "digits") {
			t.Errorf("%v: %+v", args, r.Search.searchReport)
		}
	}
}

// Where nothing is a range, published and usual ranges are searched, and told.
func TestSearchByDefault(t *testing.T) {
	for _, c := range []struct {
		args []string
		says []string
	}{
		{nil, []string{"--model 'mlp(16..256, dropout=0..0.5)'", "--optimizer 'decay(0.1..10) | adam(lr=0.001..0.01)'", "--batch 16..128", "--schedule cosine", "--val 0"}},
		{[]string{"-o", "nadam", "--model", "mlp(4)"}, []string{"--optimizer 'nadam(lr=", "beta2=", "--batch 16..128"}},
		{[]string{"-o", "nadam", "--model", "mlp(4)", "--lr", "0.01"}, []string{"--optimizer 'nadam(beta1="}},
		{[]string{"-o", "lbfgs"}, []string{"--model 'mlp(4..64)'"}},
	} {
		status, out, err := descent(append([]string{"train", "iris", "--search", "1", "--folds", "0", "--epochs", "1"}, c.args...)...)
		if status != 0 {
			t.Fatalf("%v: status %d: %s", c.args, status, err)
		}
		told, _, _ := strings.Cut(out, "\n")
		for _, say := range c.says {
			if !strings.Contains(told, say) {
				t.Errorf("%v: %q does not say %s", c.args, told, say)
			}
		}
	}
}

func TestSearchMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--lr", "1e-3..1e-1"}, "--lr 1e-3..1e-1: a range is for --search N or --for 60s"},
		{[]string{"--search", "0"}, "--search 0"},
		{[]string{"--for", "0s"}, "--for 0s"},
		{[]string{"--search", "3", "--for", "3s"}, "one of both"},
		{[]string{"--score", "mcc"}, "--score is what --search"},
		{[]string{"--search", "3", "--score", "mccc"}, "unknown metric"},
		{[]string{"--search", "3", "--score", "r2"}, "r2"},
		{[]string{"--search", "3", "--lr", "find"}, "--lr find"},
		{[]string{"--search", "3", "--oof", "x.csv"}, "--oof"},
		{[]string{"--search", "3", "--model", "vae(2)"}, "learns its inputs"},
		{[]string{"--search", "3", "--model", "mlp(0..9)"}, "units=0 is not in"},
		{[]string{"--search", "3", "--model", "mlp(9..4)"}, "a range goes from a smaller to a larger"},
		{[]string{"--search", "3", "--model", "mlp(1.5..4)"}, "whole numbers"},
		{[]string{"--search", "3", "--model", "dropout(0..1)"}, "rate=1 is not in [0,1)"},
		{[]string{"--search", "3", "--model", "mpl(1..4)"}, `did you mean "mlp"`},
		{[]string{"--search", "3", "--batch", "1..x"}, "a range is two numbers"},
		{[]string{"--search", "3", "-o", "adam(lr=0..1)"}, "above 0"},
		{[]string{"--search", "3", "-o", "adam(amsgrad=0..1)"}, "true or false"},
		{[]string{"--search", "3", "-o", "adam", "-o", "lbfgs"}, "no alternative to rules"},
		{[]string{"--search", "3", "-o", "adam(lr=0.1)", "--lr", "1e-3..1e-1"}, "given twice"},
		{[]string{"--search", "3", "--model", "conv(2..4, 3) | conv(2, 99, padding=0)"}, "conv(2, 99"},
	} {
		status, _, err := descent(append([]string{"train", "iris", "--epochs", "1"}, c.args...)...)
		if status != exitUsage || !strings.Contains(err, c.says) {
			t.Errorf("%v: status %d: %s", c.args, status, err)
		}
	}
}

// TestPageOnSearch runs the commands of docs/search.md.
func TestPageOnSearch(t *testing.T) {
	page := textOf(t, "../../docs/search.md")
	t.Chdir(t.TempDir())
	done := 0
	for line := range strings.Lines(page) {
		command, ok := strings.CutPrefix(line, "    descent ")
		if !ok {
			continue
		}
		status, out, err := descent(words(strings.Replace(command, "--for 5s", "--for 10ms --epochs 2", 1))...)
		if status != 0 || !strings.Contains(out, "flattered") {
			t.Fatalf("%s: status %d: %s%s", command, status, out, err)
		}
		done++
	}
	if done != 3 {
		t.Errorf("%d commands", done)
	}
}
