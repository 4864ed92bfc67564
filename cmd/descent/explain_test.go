package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/internal/numjson"

	"github.com/spf13/cobra"
)

// planted makes a table of n rows: a class that follows a number and a word, two numbers and a
// word that tell nothing; and the rows, from 1, whose class was changed afterwards: clear ones, spread evenly.
func planted(t *testing.T, n, changed int) (path string, wrong []int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 3))
	var b strings.Builder
	b.WriteString("dose,colour,noise,hour,label,well\n")
	for i := range n {
		dose, colour := rng.NormFloat64(), []string{"red", "green", "blue"}[rng.IntN(3)]
		score := 1.5*dose + map[string]float64{"red": 1.5, "blue": -1.5}[colour] + 0.2*rng.NormFloat64()
		well := score > 0
		if i%(n/changed) > 1 && math.Abs(score) > 1 && len(wrong) <= i*changed/n {
			well, wrong = !well, append(wrong, i+1)
		}
		fmt.Fprintf(&b, "%v,%s,%v,%d,%s,%v\n", dose, colour, rng.NormFloat64(), rng.IntN(24), []string{"a", "b", "c", "d"}[rng.IntN(4)], map[bool]string{true: "yes", false: "no"}[well])
	}
	return file(t, "planted.csv", b.String()), wrong
}

// explained trains a model and returns what explain says of it.
func explained(t *testing.T, data, target string, flags ...string) (x explanation) {
	t.Helper()
	model := filepath.Join(t.TempDir(), "m")
	if status, _, errs := descent("train", data, "-t", target, "--folds", "0", "-q", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	status, out, errs := descent(append([]string{"explain", model, data, "--json"}, flags...)...)
	if err := numjson.Unmarshal([]byte(out), &x); status != 0 || err != nil {
		t.Fatalf("status %d, %v: %s", status, err, errs)
	}
	return x
}

// Columns that matter come first, with intervals above 0; those that tell nothing are worth
// next to nothing, and a word is a column. Rows whose class was changed are among those with
// the largest influence, found by training without each row and by influence functions, which
// agree.
func TestExplainPlanted(t *testing.T) {
	path, wrong := planted(t, 300, 12)
	byRow := map[string]map[int]influenceRow{}
	for _, way := range []string{influenceExact, influenceGradients} {
		x := explained(t, path, "well", "--influence", way, "--rows", "300")
		if len(x.Importance) != 5 {
			t.Fatalf("columns %+v", x.Importance)
		}
		for i, c := range x.Importance {
			if useful := c.Column == "dose" || c.Column == "colour"; useful != (i < 2) || useful != (c.CI.Lo > 0) || !useful && c.Mean > 0.05 {
				t.Errorf("%+v is number %d", c, i+1)
			}
		}
		for _, d := range x.Dependence {
			if d.Column == "dose" && !(d.Mean[0][1] < d.Mean[len(d.Mean)-1][1]-0.3) || d.Column == "colour" && (fmt.Sprint(d.At) != "[blue green red]" || d.Mean[0][1] > d.Mean[2][1]) {
				t.Errorf("%+v", d)
			}
		}
		inTraining, found := 0, 0
		byRow[way] = map[int]influenceRow{}
		for _, r := range x.Influence.Rows {
			byRow[way][r.Row] = r
			if slices.Contains(wrong, r.Row) {
				inTraining++
			}
		}
		for _, r := range x.Influence.Rows[:inTraining] {
			if slices.Contains(wrong, r.Row) {
				found++
			}
		}
		if x.Influence.Method != way || len(x.Influence.Rows) != 240 || inTraining < 4 || found < inTraining-1 {
			t.Errorf("%s: %d rows, %d of %d changed classes are found", way, len(x.Influence.Rows), found, inTraining)
		}
	}
	var a, b []float64
	for row, exact := range byRow[influenceExact] {
		a, b = append(a, exact.Own), append(b, byRow[influenceGradients][row].Own)
	}
	if r := pearson(a, b); r < 0.8 {
		t.Errorf("the two ways correlate by %.3f", r)
	}
}

// pearson is the correlation of two columns.
func pearson(a, b []float64) float64 {
	var ma, mb, ab, aa, bb float64
	for i := range a {
		ma, mb = ma+a[i]/float64(len(a)), mb+b[i]/float64(len(a))
	}
	for i := range a {
		ab, aa, bb = ab+(a[i]-ma)*(b[i]-mb), aa+(a[i]-ma)*(a[i]-ma), bb+(b[i]-mb)*(b[i]-mb)
	}
	return ab / math.Sqrt(aa*bb)
}

// A training without a row is, to the bit, that of a trainer that has done no other, and
// what is printed is the same for any number of workers.
func TestLeaveOut(t *testing.T) {
	path, _ := planted(t, 60, 3)
	model := filepath.Join(t.TempDir(), "m")
	if status, _, errs := descent("train", path, "-t", "well", "--folds", "0", "--epochs", "4", "-m", "mlp(16)", "-q", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	m, err := readSaved(model)
	if err != nil {
		t.Fatal(err)
	}
	e, err := (&explainOptions{}).explainer(&cobra.Command{}, m, model, path)
	if err != nil || e.run == nil {
		t.Fatalf("%v, %+v", err, e)
	}
	d := weighed(e.sets[0].d)
	used, err := e.leaver()
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Rows() {
		again, err := used.of(context.Background(), e, d, i)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := e.leaver()
		if err != nil {
			t.Fatal(err)
		}
		alone, err := fresh.of(context.Background(), e, d, i)
		if err != nil {
			t.Fatal(err)
		}
		if again.held != alone.held || again.losses[i] != alone.losses[i] || again.decided != alone.decided {
			t.Fatalf("row %d: %v, alone %v", i, again, alone)
		}
	}
	_, one, _ := descent("explain", model, path, "--json", "--workers", "1")
	if _, two, _ := descent("explain", model, path, "--json", "--workers", "2"); one != two || one == "" {
		t.Errorf("one worker says\n%s\ntwo say\n%s", one, two)
	}
}

// What columns do to predictions adds up to how far they are from that of the mean row, which
// is the same for all.
func TestAttributions(t *testing.T) {
	model, why := filepath.Join(t.TempDir(), "m"), filepath.Join(t.TempDir(), "why.csv")
	if status, _, errs := descent("train", "diabetes", "--folds", "0", "-q", "-m", "mlp(16,act=tanh)", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	if status, _, errs := descent("explain", model, "diabetes", "--influence", "none", "--attributions", why); status != 0 {
		t.Fatal(errs)
	}
	rows, err := csv.NewReader(strings.NewReader(textOf(t, why))).ReadAll()
	if err != nil || len(rows) != 443 || len(rows[0]) != 14 || strings.Join(rows[0][:5], " ") != "row part truth prediction age" {
		t.Fatalf("%v, %d rows, %v", err, len(rows), rows[0])
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, row := range rows[1:] {
		at := 0.0
		for k, cell := range row[3:] {
			x, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			if k > 0 {
				x = -x
			}
			at += x
		}
		lo, hi = min(lo, at), max(hi, at)
	}
	if !(hi-lo < 0.1) {
		t.Errorf("without what columns do, predictions are from %v to %v", lo, hi)
	}
}

// Rows that the model was not trained on are explained as far as they can be; what makes no
// sense is refused, with what to do.
func TestExplainOthers(t *testing.T) {
	path, _ := planted(t, 120, 1)
	other, _ := planted(t, 50, 1)
	model := filepath.Join(t.TempDir(), "m")
	if status, _, errs := descent("train", path, "-t", "well", "--epochs", "2", "-q", "--interval=split", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	status, out, errs := descent("explain", model, other)
	if status != 0 || strings.Contains(out, "influence") || !strings.Contains(out, "among the 50 rows") {
		t.Errorf("other rows: status %d: %s%s", status, out, errs)
	}
	if status, out, errs = descent("explain", model, path); status != 0 || !strings.Contains(out, "86 trainings of") || !strings.Contains(out, "of well=yes") {
		t.Errorf("the rows of training: status %d: %s%s", status, out, errs)
	}
	coded := filepath.Join(t.TempDir(), "coded") // words that are numbers of rows of a table
	if status, _, errs := descent("train", path, "-t", "well", "--embed", "3", "--text", "label", "--folds", "0", "--epochs", "3", "-q", "--out", coded); status != 0 {
		t.Fatal(errs)
	}
	why := filepath.Join(t.TempDir(), "why.csv")
	if status, out, errs = descent("explain", coded, path, "--attributions", why); status != 0 || !strings.Contains(out, "colour  blue: ") || !strings.Contains(out, "label=(text)") || strings.Contains(out, "colour=") {
		t.Errorf("words that are embedded: status %d: %s%s", status, out, errs)
	}
	rows := strings.Split(textOf(t, why), "\n")
	if k := slices.Index(strings.Split(rows[0], ","), "colour"); k < 0 || strings.Split(rows[1], ",")[k] != "" {
		t.Errorf("what embedded words do is not known: %q, %q", rows[0], rows[1])
	}
	coder := filepath.Join(t.TempDir(), "c")
	if status, _, errs := descent("train", "iris", "-m", "autoencoder(2)", "--epochs", "1", "-q", "--out", coder); status != 0 {
		t.Fatal(errs)
	}
	for _, c := range []struct{ args, want string }{
		{model + " " + other + " --influence exact", "have no influence"},
		{model + " " + path + " --influence shapley", "there are auto, exact, gradients, none"},
		{model + " " + path + " --permutations 0", "1 shuffle"},
		{model + " " + path + " --attributions why.txt", ".csv"},
		{model + " nowhere.csv", "no such file"},
		{coder + " iris", "with a target"},
		{saved4 + "/table/model " + path, "train it again"},
	} {
		if status, out, errs := descent(append([]string{"explain"}, strings.Fields(c.args)...)...); status != exitUsage || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: status %d: %s%s", c.args, status, out, errs)
		}
	}
}

// The flags of a model's training are not trusted to write files or to run programs.
func TestFlagsOfOthers(t *testing.T) {
	for flag, want := range map[string]string{"--out=m": "is no flag", "--report=r.html": "is no flag", "rows.csv": "is no flag", "--optimizer=clip(1) | exec: rm -r /": "--programs", "--nothing=1": "unknown flag", "--epochs=-1": "--epochs -1"} {
		if _, err := (&saved{Flags: []string{flag}}).run(&cobra.Command{}, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", flag, err, want)
		}
	}
	o := &trainOptions{}
	cmd := o.command()
	given := []string{"--target=a,b", `--drop=x,"y,z"`, "--metric=mae", "--metric=pinball(tau=0.9)", "--model=mlp(8)", "--lr=0.5", "--val=0.1"}
	if err := cmd.ParseFlags(append(slices.Clone(given), "--out=m", "-q")); err != nil {
		t.Fatal(err)
	}
	o.lr = 0.5 // which check takes of --lr
	flags := o.runFlags(cmd)
	slices.Sort(flags)
	slices.Sort(given)
	if !slices.Equal(flags, given) {
		t.Errorf("flags %q, given %q", flags, given)
	}
}

// The commands of docs/explain.md work, one after the other.
func TestPageOnExplain(t *testing.T) {
	dir := t.TempDir()
	out, done := runPage(t, textOf(t, "../../docs/explain.md"), map[string]string{"m": filepath.Join(dir, "m"), "why.csv": filepath.Join(dir, "why.csv"), "page.html": filepath.Join(dir, "page.html")})
	page := textOf(t, dir, "page.html")
	for _, want := range []string{"What the model goes by", "How predictions follow a column", "Why the worst rows are so", "Rows with influence"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	for _, want := range []string{"by how much R2 falls where a column is shuffled among the 88 held-out rows", "354 trainings of 804 steps, each without a row", "by influence functions"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if done != 5 {
		t.Errorf("%d commands", done)
	}
}
