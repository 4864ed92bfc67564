package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// weather has two numbers that say others, two labels as 0 and 1, and as words of one
// column.
func weather(n int) string {
	r := rand.New(rand.NewPCG(5, 1))
	var b strings.Builder
	b.WriteString("x,y,heat,rain,hot,wet,tags\n")
	for range n {
		x, y := r.NormFloat64(), r.NormFloat64()
		hot, wet, tags := 0, 0, []string{"air"}
		if x*y > 0 {
			hot, tags = 1, append(tags, "hot")
		}
		if x+y > 0.5 {
			wet, tags = 1, append(tags, "wet")
		}
		fmt.Fprintf(&b, "%.4f,%.4f,%.4f,%.4f,%d,%d,%s\n", x, y, 300+20*x*y, x-y, hot, wet, strings.Join(tags[min(1, len(tags)-1):], "; "))
	}
	return b.String()
}

const few = "x,y\n1.5,1.5\n-1.5,1.5\n"

// TestTargets: several numbers and labels are learned better than by a linear model, the
// same by one worker as by two, and predicted by names.
func TestTargets(t *testing.T) {
	table, news := file(t, "weather.csv", weather(700)), file(t, "new.csv", few)
	for _, c := range []struct {
		args           []string
		task           string
		mean           float64
		names          int
		head           string
		certain, wants []string
	}{
		{[]string{"--target", "heat, rain", "--drop", "hot,wet,tags"}, "numbers", 0.9, 2, "heat,rain", []string{"33", "26"}, []string{`"heat":33`, `"rain":`}},
		{[]string{"--target", "hot,wet", "--drop", "heat,rain,tags", "--calibrate", uncalibrated}, "labels", 0.95, 2, "prediction,p_hot,p_wet", []string{"hot;wet,0.9", ",0.0"}, []string{`"prediction":["hot","wet"]`, `"prediction":[]`}},
		{[]string{"--target", "tags", "--task", "labels", "--drop", "heat,rain,hot,wet", "--calibrate", uncalibrated}, "labels", 0.95, 3, "prediction,p_air,p_hot,p_wet", []string{"hot;wet,", "air,0.9"}, []string{`"prediction":["hot","wet"]`}},
	} {
		var made [2]string
		for i, workers := range []string{"1", "2"} {
			dir, page := filepath.Join(t.TempDir(), "m"), filepath.Join(t.TempDir(), "p.html")
			status, out, errs := descent(append([]string{"train", table, "--json", "--out", dir, "--report", page, "--workers", workers, "--epochs", "60"}, c.args...)...)
			var r targetsReport
			if status != 0 || json.Unmarshal([]byte(out), &r) != nil {
				t.Fatalf("%v: status %d: %s", c.args, status, errs)
			}
			if string(r.Task) != c.task || !(r.Scores.Mean > c.mean) || !(r.Linear.Mean < r.Scores.Mean) || !(r.Constant.Mean < r.Linear.Mean) || len(r.Scores.Targets) != c.names || r.Verdict != "" {
				t.Errorf("%v: %s, %+v, constant %v, linear %v", c.args, r.Task, r.Scores, r.Constant.Mean, r.Linear.Mean)
			}
			if text := textOf(t, page); !strings.Contains(text, r.Targets[1]) || !strings.Contains(text, "a linear model, solved") || !strings.Contains(text, "What the model goes by") {
				t.Errorf("%v: the page is %.200s", c.args, text)
			}
			var predicted string
			if status, predicted, errs = descent("predict", dir, news); status != 0 || !strings.HasPrefix(predicted, c.head+"\n") {
				t.Fatalf("%v: status %d: %s%s", c.args, status, predicted, errs)
			}
			for k, line := range strings.Split(predicted, "\n")[1:3] {
				if !strings.HasPrefix(line, c.certain[k]) {
					t.Errorf("%v: row %d is %s, want %s", c.args, k, line, c.certain[k])
				}
			}
			_, object, _ := descent("predict", dir, news, "--json")
			for _, want := range c.wants {
				if !strings.Contains(object, want) {
					t.Errorf("%v: %q is not in %s", c.args, want, object)
				}
			}
			made[i] = predicted
			want := map[string]string{"labels": "whose probabilities say how sure it is", "numbers": "train --interval makes a model that does"}[c.task]
			if status, _, errs := descent("predict", dir, news, "--interval", "90"); status != exitUsage || !strings.Contains(errs, want) {
				t.Errorf("%v: status %d: %s", c.args, status, errs)
			}
		}
		if made[0] != made[1] {
			t.Errorf("%v: two workers predict %s, one %s", c.args, made[1], made[0])
		}
	}
}

// TestTargetsResume: a run goes on bit for bit, and not with other targets.
func TestTargetsResume(t *testing.T) {
	resumes(t, []string{"train", file(t, "weather.csv", weather(200)), "--target", "heat,rain", "--model", "mlp(8)", "--lr", "0.01"}, "--drop", "x")
}

// TestPageOnTargets runs the commands of docs/targets.md.
func TestPageOnTargets(t *testing.T) {
	places := map[string]string{"weather.csv": file(t, "weather.csv", weather(200)), "new.csv": file(t, "new.csv", few)}
	for _, name := range []string{"m", "l", "t", "c", "i", "s"} {
		places[name] = filepath.Join(t.TempDir(), name)
	}
	commands := pageCommands(t, "targets.md")
	for _, args := range commands {
		for i, a := range args {
			if place, ok := places[a]; ok {
				args[i] = place
			}
		}
		if status, out, errs := descent(args...); status != 0 {
			t.Errorf("%v: status %d: %s%s", args, status, out, errs)
		}
	}
	if len(commands) != 9 {
		t.Errorf("%d commands", len(commands))
	}
}

func TestTargetsMistakes(t *testing.T) {
	table, dir := file(t, "weather.csv", weather(100)), filepath.Join(t.TempDir(), "m")
	if status, _, errs := descent("train", table, "--target", "heat,rain", "--epochs", "1", "--out", dir); status != 0 {
		t.Fatal(errs)
	}
	for _, c := range []struct{ args, want string }{
		{"train T --target heat,snow", `no column "snow"`},
		{"train T --target heat,heat", "is a target twice"},
		{"train T --target heat,tags", `column "tags" has no numbers`},
		{"train T --target heat,rain --drop rain", "leave out --drop rain"},
		{"train T --target heat,rain --task classification", "one column at a time"},
		{"train T --target heat,hot --task labels", "columns of labels have 0 and 1"},
		{"train T --target heat --task labels", "no cell has several labels"},
		{"train T --target heat,rain --loss cross_entropy", "compares numbers"},
		{"train T --target hot,wet --loss mse", "compares logits"},
		{"train T --target heat,rain --folds 1", "--folds 1"},
		{"train T --target heat,rain --calibrate platt", "the targets are numbers"},
		{"train T --target hot,wet --threshold f1@rain=2", "--threshold"},
		{"train T --target heat,rain --test 0", "--test 0"},
		{"train T --target heat,rain -o lbfgs", "learned by a rule"},
		{"train T --target heat,rain --model vae(4,2)", "it has no targets"},
		{"bench T --target heat,rain", "one target"},
		{"predict M T --output code", "--output"},
	} {
		args := strings.Fields(strings.NewReplacer(" T", " "+table, " M", " "+dir).Replace(c.args))
		status, _, errs := descent(args...)
		if status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d: %s", c.args, status, errs)
		}
	}
	for i, damage := range []func(m *saved){
		func(m *saved) { m.Targets.Names = m.Targets.Names[:1] }, func(m *saved) { m.Targets.Labels = true },
		func(m *saved) { m.Targets.Scale[0] = 0 }, func(m *saved) { m.Targets.Offset = nil }, func(m *saved) { m.Features++ }, func(m *saved) { m.Schema = nil },
	} {
		m := &saved{}
		if err := json.Unmarshal([]byte(textOf(t, dir, modelFile)), m); err != nil || m.check() != nil {
			t.Fatal(err, m.check())
		}
		if damage(m); m.check() == nil {
			t.Errorf("damage %d is read", i)
		}
	}
}

// Rows count by their weights: those of weight 0 that are wrong are not learned, and a row of
// weight 2 is scored as two are.
func TestTargetsWeights(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(weather(700)), "\n")
	lines[0] += ",w"
	for i := range lines[1:] {
		cells := strings.Split(lines[i+1], ",")
		if i%2 == 1 {
			cells[2], cells[3], cells[4], cells[5] = "900", "-50", "1", "1"
		}
		lines[i+1] = strings.Join(cells, ",") + fmt.Sprintf(",%d", 2-i%2*2)
	}
	table := file(t, "weather.csv", strings.Join(lines, "\n"))
	for _, c := range [][]string{{"--target", "heat,rain", "--drop", "hot,wet,tags"}, {"--target", "hot,wet", "--drop", "heat,rain,tags"}} {
		var mean [2]float64
		for i, by := range [][]string{{"--weight", "w"}, {"--drop", "w"}} {
			status, out, errs := descent(append(append([]string{"train", table, "--json", "--epochs", "60"}, by...), c...)...)
			var r targetsReport
			if status != 0 || json.Unmarshal([]byte(out), &r) != nil || r.Inputs != 2 {
				t.Fatalf("%v: status %d, %d inputs: %s", by, status, r.Inputs, errs)
			}
			if mean[i] = r.Scores.Mean; i == 0 && !(r.Linear.Mean < mean[0]) {
				t.Errorf("%v: linear %v", c, r.Linear.Mean)
			}
		}
		if !(mean[0] > 0.85) || !(mean[1] < 0.82) {
			t.Errorf("%v: %v with weights, %v without", c, mean[0], mean[1])
		}
	}
	for _, labels := range []bool{false, true} {
		s := &targetsSetup{Names: []string{"a", "b"}, Labels: labels}
		truth, pred, weight := []float64{0, 1, 1, 1, 1, 0, 0, 0}, []float64{0.2, 0.9, 0.4, 0.7, 0.8, 0.6, 0.3, 0.1}, []float64{1, 2, 3, 1}
		var truths, preds []float64
		for i, w := range weight {
			for range int(w) {
				truths, preds = append(truths, truth[2*i:2*i+2]...), append(preds, pred[2*i:2*i+2]...)
			}
		}
		got, want := s.scores(s.rows(truth, pred, weight)), s.scores(s.rows(truths, preds, nil))
		if math.Abs(got.Mean-want.Mean) > 1e-12 || math.Abs(got.All-want.All) > 1e-12 {
			t.Errorf("labels %v: %+v, of repeated rows %+v", labels, got, want)
		}
		for name, of := range want.Targets {
			for metric, x := range of {
				if math.Abs(got.Targets[name][metric]-x) > 1e-12 {
					t.Errorf("labels %v: %s of %s is %v, of repeated rows %v", labels, metric, name, got.Targets[name][metric], x)
				}
			}
		}
	}
	if status, _, errs := descent("train", table, "--target", "heat,rain", "--weight", "w", "--loss", "mse(reduction=sum)"); status != exitUsage || !strings.Contains(errs, "leave the reduction out") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// Metrics that are asked for are those of each target: beside the others in the table, and
// what package train makes of the columns.
func TestTargetsMetrics(t *testing.T) {
	table := file(t, "weather.csv", weather(300))
	for _, c := range []struct {
		args string
		twin string                              // a score that is always there
		same func(of map[string]float64) float64 // which is that of the metrics
		head string
	}{
		{"--target heat,rain --drop hot,wet,tags --metric pinball(tau=0.5)", "mae", func(of map[string]float64) float64 { return 2 * of["pinball"] }, "mae  pinball"},
		{"--target hot,wet --drop heat,rain,tags --metric recall(class=0) --metric recall(class=1)", "balanced_accuracy",
			func(of map[string]float64) float64 { return (of["recall(class=0)"] + of["recall(class=1)"]) / 2 }, "f1  recall(class=0)  recall(class=1)"},
	} {
		args := append([]string{"train", table, "--epochs", "5"}, strings.Fields(c.args)...)
		_, out, errs := descent(append(args, "--json")...)
		var r targetsReport
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatalf("%v: %s", err, errs)
		}
		for name, of := range r.Scores.Targets {
			if got, want := c.same(of), of[c.twin]; !(math.Abs(got-want) < 1e-9) {
				t.Errorf("%s: %s of %s is %v, by the metrics %v", c.args, c.twin, name, want, got)
			}
		}
		if _, out, _ = descent(args...); !strings.Contains(out, c.head) {
			t.Errorf("%s is not in %s", c.head, out)
		}
	}
	for args, want := range map[string]string{
		"--target heat,rain --metric accuracy":         "accuracy",
		"--target hot,wet --metric recall(class=hot)":  "hot",
		"--target heat,rain --metric pinball(tau=1.5)": "tau",
	} {
		if status, _, errs := descent(append([]string{"train", table}, strings.Fields(args)...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d: %s", args, status, errs)
		}
	}
}

// Folds of several targets are trained as the model is, whatever the workers: what a model
// learns of numbers it is shown to, beside the means; and an interval has its mean within.
func TestTargetsFolds(t *testing.T) {
	table := file(t, "weather.csv", weather(300))
	for _, targets := range [][]string{{"--target", "heat,rain", "--drop", "hot,wet,tags"}, {"--target", "hot,wet", "--drop", "heat,rain,tags"}} {
		args := append([]string{"train", table, "--folds", "3", "--repeats", "2", "--epochs", "20", "-q"}, targets...)
		var reports [2]targetsReport
		for i, workers := range []string{"1", "2"} {
			status, out, errs := descent(append(args, "--json", "--workers", workers)...)
			if status != 0 || json.Unmarshal([]byte(out), &reports[i]) != nil {
				t.Fatalf("status %d: %s", status, errs)
			}
		}
		f := reports[0].Folds
		if fmt.Sprint(f) != fmt.Sprint(reports[1].Folds) {
			t.Errorf("%v: two workers have %v, one %v", targets, reports[1].Folds, f)
		}
		if f.Folds != 3 || f.Repeats != 2 || f.Trained != 200 || len(f.Mean.Each) != 6 || len(f.Targets) != 2 || len(f.Beats) != 2 || !(f.Beats[0].CI.Lo > 0) {
			t.Errorf("%v: %+v", targets, f)
		}
		mean := 0.0
		for name, s := range f.Targets {
			if mean += s.Mean / 2; !(s.CI.Lo < s.Mean && s.Mean < s.CI.Hi) {
				t.Errorf("%s: %+v", name, s)
			}
		}
		if math.Abs(mean-f.Mean.Mean) > 1e-12 {
			t.Errorf("%v: the mean is %v, of the targets' %v", targets, f.Mean.Mean, mean)
		}
		if _, out, _ := descent(args...); !strings.Contains(out, "3 folds x 2: models trained on 200 rows") || !strings.Contains(out, "better than always saying the means: ") {
			t.Errorf("%v: %s", targets, out)
		}
	}
}
