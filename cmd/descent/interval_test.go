package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/internal/numjson"
	"descent/internal/stats"
)

// noisy makes a table of n rows: a number that is noise around a curve, its sign as a class,
// and a group of each ten rows, which has an offset of its own if so wanted.
func noisy(t *testing.T, n int, seed uint64, apart float64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	var b strings.Builder
	b.WriteString("x,z,group,number,class\n")
	offset := 0.0
	for i := range n {
		if i%10 == 0 {
			offset = apart * rng.NormFloat64()
		}
		x, z := rng.NormFloat64(), rng.NormFloat64()
		y := x*x - z + 0.5*rng.NormFloat64() + offset
		fmt.Fprintf(&b, "%v,%v,g%d,%v,%v\n", x, z, i/10, y, map[bool]string{true: "more", false: "less"}[y > 0.5])
	}
	return file(t, "noisy.csv", b.String())
}

// A bounded is a row of predict --interval --json.
type bounded struct {
	Row        map[string]string
	Prediction any
	Interval   []float64
	Set        []string
}

func bounds(t *testing.T, model, rows string, level float64) (all []bounded) {
	t.Helper()
	status, out, errs := descent("predict", model, rows, "--json", "--keep", "number,class", "--interval", fmt.Sprint(level))
	if err := numjson.Unmarshal([]byte(out), &all); status != 0 || err != nil {
		t.Fatalf("%s: status %d, %v: %s", model, status, err, errs)
	}
	return all
}

// covers counts how many rows have their truth within.
func covers(all []bounded) (share float64) {
	for _, x := range all {
		within := slices.Contains(x.Set, x.Row["class"])
		if x.Interval != nil {
			y, _ := strconv.ParseFloat(x.Row["number"], 64)
			within = x.Interval[0] <= y && y <= x.Interval[1]
		}
		if within {
			share += 1 / float64(len(all))
		}
	}
	return share
}

// Intervals and sets of each method cover what they say of rows that are as those of
// training, at several levels, each of which is within the next; what train says of the
// held-out rows is about that.
func TestIntervals(t *testing.T) {
	rows, fresh := noisy(t, 400, 1, 0), noisy(t, 2000, 2, 0)
	for _, c := range []struct {
		method, target string
		rows           string
		models         int
	}{
		{"auto", "number", rows, intervalParts},
		{"auto", "class", rows, intervalParts},
		{"auto", "number", noisy(t, 100, 3, 0), 80},
		{"split", "number", noisy(t, 2500, 4, 0), 0},
		{"split", "class", noisy(t, 2500, 4, 0), 0},
		{"ensemble", "number", noisy(t, 2500, 4, 0), ensembleSize - 1},
		{"ensemble", "class", noisy(t, 2500, 4, 0), ensembleSize - 1},
	} {
		model := filepath.Join(t.TempDir(), "model")
		drop := map[string]string{"number": "class,group", "class": "number,group"}[c.target]
		status, out, errs := descent("train", c.rows, "-t", c.target, "--drop", drop, "--interval="+c.method, "--folds", "0", "--json", "-q", "--out", model)
		var told struct{ Interval intervalReport }
		if err := numjson.Unmarshal([]byte(out), &told); status != 0 || err != nil {
			t.Fatalf("%v: status %d, %v: %s", c, status, err, errs)
		}
		name := fmt.Sprintf("%s of %s", told.Interval.Method, c.target)
		if x := told.Interval; x.Models != c.models || x.Covered < 0.75 || (x.Width > 0) != (c.target == "number") || (x.Size >= 1) != (c.target == "class") {
			t.Errorf("%s: %+v", name, x)
		}
		var inner []bounded
		for _, level := range []float64{50, 80, 90} {
			all := bounds(t, model, fresh, level)
			// The bound of a set is one-sided: nearly all rows are right where classes are easy.
			if got := 100 * covers(all); got < level-6 || got > level+10 && c.target == "number" {
				t.Errorf("%s: %v %% are to be covered, %.1f %% are", name, level, got)
			}
			for i, x := range all {
				if c.target == "class" && !slices.Contains(x.Set, x.Prediction.(string)) {
					t.Fatalf("%s: row %d is predicted %v, not in %v", name, i, x.Prediction, x.Set)
				}
				if y, ok := x.Prediction.(float64); ok && !(x.Interval[0] <= y && y <= x.Interval[1]) {
					t.Fatalf("%s: row %d is predicted %v, not in %v", name, i, y, x.Interval)
				}
				if inner != nil && (x.Interval != nil && (x.Interval[0] > inner[i].Interval[0] || x.Interval[1] < inner[i].Interval[1]) || len(x.Set) < len(inner[i].Set)) {
					t.Fatalf("%s: row %d: %v at %v %%, and %v at less", name, i, x, level, inner[i])
				}
			}
			inner = all
		}
	}
}

// A model with intervals is the same files for any number of workers; as CSV it says the
// same as in JSON.
func TestIntervalFiles(t *testing.T) {
	rows := noisy(t, 200, 1, 0)
	train := func(target, workers string) string {
		dir := filepath.Join(t.TempDir(), "model")
		if status, _, errs := descent("train", rows, "-t", target, "--drop", "group", "--interval", "--folds", "0", "--epochs", "5", "-q", "--workers", workers, "--out", dir); status != 0 {
			t.Fatal(errs)
		}
		return dir
	}
	for target, column := range map[string]string{"number": "prediction,lower,upper", "class": "prediction,p_less,p_more,set"} {
		one, two := train(target, "1"), train(target, "2")
		if textOf(t, one, membersFile) != textOf(t, two, membersFile) {
			t.Errorf("%s: two workers make other models", target)
		}
		all := bounds(t, one, rows, 90)
		status, out, errs := descent("predict", one, rows, "--interval", "90")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if status != 0 || lines[0] != column || len(lines) != len(all)+1 {
			t.Fatalf("status %d, %d lines, %q: %s", status, len(lines), lines[0], errs)
		}
		for i, line := range lines[1:] {
			cells := strings.Split(line, ",")
			if target == "class" && cells[len(cells)-1] != strings.Join(all[i].Set, "|") {
				t.Errorf("%s, and %v", line, all[i].Set)
			}
			if lo, _ := strconv.ParseFloat(cells[1], 64); target == "number" && math.Abs(lo-all[i].Interval[0]) > 1e-6 {
				t.Errorf("%s, and %v", line, all[i].Interval)
			}
		}
		members := filepath.Join(one, membersFile)
		text := []byte(textOf(t, members))
		text[len(text)-1] ^= 1
		os.WriteFile(members, text, 0o644)
		if status, _, errs := descent("predict", one, rows, "--interval", "90"); status != exitFailure || !strings.Contains(errs, membersFile) {
			t.Errorf("damaged models: status %d: %s", status, errs)
		}
		if status, _, errs := descent("predict", one, rows); status != 0 {
			t.Errorf("without intervals they are not needed: %s", errs)
		}
	}
}

// Intervals of an ensemble are wider where its models disagree, far from what they have
// learned; those of one model are not.
func TestEnsembleWidens(t *testing.T) {
	rows, far := noisy(t, 1200, 1, 0), file(t, "far.csv", "x,z,number,class\n0,0,0,less\n8,0,64,more\n")
	for method, wider := range map[string]bool{"split": false, ensembleMethod: true} {
		model := filepath.Join(t.TempDir(), "m")
		if status, _, errs := descent("train", rows, "-t", "number", "--drop", "class,group", "--interval="+method, "--folds", "0", "-q", "--out", model); status != 0 {
			t.Fatal(errs)
		}
		all := bounds(t, model, far, 90)
		near, there := all[0].Interval[1]-all[0].Interval[0], all[1].Interval[1]-all[1].Interval[0]
		if (there > 1.3*near) != wider {
			t.Errorf("%s: %.3g wide amidst the rows, %.3g far away", method, near, there)
		}
	}
}

// Rows of groups that differ: intervals are for new groups only if groups are left out
// together.
func TestIntervalsOfGroups(t *testing.T) {
	rows, fresh := noisy(t, 400, 5, 2), noisy(t, 2000, 6, 2)
	model := filepath.Join(t.TempDir(), "model")
	status, out, errs := descent("train", rows, "-t", "number", "--drop", "class", "--group", "group", "--interval", "--folds", "0", "--json", "--out", model, "-q")
	var told struct{ Interval intervalReport }
	if err := numjson.Unmarshal([]byte(out), &told); status != 0 || err != nil || told.Interval.Groups < 25 {
		t.Fatalf("status %d, %v, %+v: %s", status, err, told, errs)
	}
	if got := covers(bounds(t, model, fresh, 90)); got < 0.85 || got > 0.96 {
		t.Errorf("rows of new groups are covered in %.3f", got)
	}
	if _, out, _ := descent("train", rows, "-t", "number", "--drop", "class", "--group", "group", "--interval", "--folds", "0"); !strings.Contains(out, "intervals are for rows of new groups") {
		t.Errorf("nothing is said of groups:\n%s", out)
	}
}

// What makes no sense, or no true interval, is refused, with what to do.
func TestIntervalsAreRefused(t *testing.T) {
	rows := noisy(t, 60, 1, 0)
	train := func(flags string) []string {
		return append([]string{"train", rows, "--folds", "0", "--epochs", "2", "-q", "--interval"}, strings.Fields(flags)...)
	}
	plain, split := fitted(t), filepath.Join(t.TempDir(), "split")
	if status, _, errs := descent("train", rows, "-t", "number", "--interval=jackknife+", "--epochs", "2", "-q", "--out", split); status != 0 {
		t.Fatal(errs)
	}
	predict := func(model string, level string) []string {
		return []string{"predict", model, rows, "--interval=" + level}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{train("-t number --interval=bootstrap"), "there are jackknife+, cv+, split, ensemble"},
		{[]string{"train", file(t, "w.csv", "x,w,y\n1,1,2\n2,2,3.5\n3,1,1.5\n4,1,2\n5,3,4\n"), "-t", "y", "--weight", "w", "--interval"}, "leave --weight out"},
		{train("-t number --time x"), "--split random"},
		{train("-t class --loss multi_margin"), "gives none"},
		{train("-t class -m autoencoder(2)"), "autoencoder has none"},
		{train("-t number --interval=split"), "say nothing above"},
		{predict(plain, "90"), "train --interval"},
		{predict(split, "0"), "in percent"},
		{predict(split, "100"), "in percent"},
		{predict(split, "99"), "the 48 rows of"},
	} {
		if status, out, errs := descent(c.args...); status != exitUsage || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%v: status %d: %s%s, want %q", c.args, status, out, errs, c.want)
		}
	}
}

// intervalTables are tables beside the repository, with their targets; most are those of
// bench/tables.
var intervalTables = []struct{ name, target, task string }{
	{"titanic", "survived", "classification"}, {"penguins_sex", "sex", "classification"}, {"german", "column_21", "classification"},
	{"telco", "Churn", "classification"}, {"bank4521", "deposit", "classification"}, {"pima", "column_9", "classification"},
	{"ionosphere", "column_35", "classification"}, {"cleveland", "diagnosis", "classification"},
	{"mpg", "mpg", "regression"}, {"auto_imports", "column_26", "regression"}, {"wine_red", "quality", "regression"},
	{"abalone", "column_9", "regression"}, {"bike", "bike_rides", "regression"}, {"forestfires", "area", "regression"},
}

// Of public tables, 20 splits of each (DESCENT_SLOW=1, else of two tables): intervals of 90 %
// cover 88 to 93 % in the mean over tables and 85 to 96 % of each, sets at least 88 %; the
// median width is at most 1.1 times that of split conformal prediction.
func TestIntervalsOfTables(t *testing.T) {
	folder := "../../../shared/data/tables"
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("skipped: the tables are not there: %v", err)
	}
	all, splits := intervalTables, 20
	if os.Getenv("DESCENT_SLOW") == "" {
		all, splits = []struct{ name, target, task string }{intervalTables[1], intervalTables[8]}, 8 // small ones
	}
	covered := map[string]float64{}
	count := map[string]float64{}
	for _, c := range all {
		mean := func(method string) (share float64, size float64) {
			var sizes []float64
			for seed := range splits {
				status, out, errs := descent("train", filepath.Join(folder, c.name+".csv"), "-t", c.target, "--task", c.task, "--split", "random", "--test", "0.25",
					"--folds", "0", "--seed", strconv.Itoa(seed+1), "--interval="+method, "--json", "-q")
				var told struct{ Interval intervalReport }
				if err := numjson.Unmarshal([]byte(out), &told); status != 0 || err != nil {
					t.Fatalf("%s: status %d, %v: %s", c.name, status, err, errs)
				}
				share += told.Interval.Covered / float64(splits)
				sizes = append(sizes, told.Interval.Width+told.Interval.Size)
			}
			return share, stats.Mean(sizes)
		}
		share, size := mean(intervalAuto)
		_, other := mean("split")
		covered[c.task] += share
		count[c.task]++
		t.Logf("%-14s covered %.3f, size %.4g, %.2f of split's", c.name, share, size, size/other)
		if share < 0.85 || share > 0.96 && c.task == "regression" {
			t.Errorf("%s: %.3f are covered", c.name, share)
		}
		if size > 1.1*other {
			t.Errorf("%s: the size is %.4g, of split conformal prediction %.4g", c.name, size, other)
		}
	}
	for task, sum := range covered {
		mean := sum / count[task]
		t.Logf("%s: %.3f", task, mean)
		if mean < 0.88 || mean > 0.93 && task == "regression" {
			t.Errorf("%s: %.3f are covered", task, mean)
		}
	}
}

// The commands of docs/intervals.md work, and its table is that of the methods.
func TestPageOnIntervals(t *testing.T) {
	var table strings.Builder
	fmt.Fprint(&table, "| `--interval=` | rows of training | trains |\n|---|---|---|\n")
	for _, m := range boundMethods {
		rows := fmt.Sprintf("up to %d", m.rows)
		if m.rows == math.MaxInt || m.rows == 0 {
			rows = "any number"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", m.name, rows, m.doc)
	}
	page := docs.Part(t, "../../docs/intervals.md", "methods", table.String())
	out, done := runPage(t, page, map[string]string{"m": filepath.Join(t.TempDir(), "m")})
	if done != 2 || !strings.Contains(out, "intervals of 90 % (cv+, 10 trainings of 670 steps each") || !strings.Contains(out, "prediction,lower,upper") {
		t.Errorf("%d commands print\n%s", done, out)
	}
}
