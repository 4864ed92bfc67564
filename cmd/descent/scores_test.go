package main

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"descent/train"
)

// Every score of the JSON that is not class by class is in the table, beside those of
// the baselines, which are of the same rows; means over classes are called so.
func TestScoresAreTold(t *testing.T) {
	for set, args := range map[string][]string{
		"iris":          {"--monitor", "val_recall(class=virginica)", "--metric", "precision(0)"},
		"breast_cancer": {},
		"diabetes":      {"--metric", "pinball(0.9)"},
		"digits":        {"--model", "softmax"},
	} {
		args = append([]string{set}, args...)
		r := trainJSON(t, args...)
		_, out, _ := descent(append([]string{"train", "-q"}, args...)...)
		for _, m := range train.Metrics {
			x, ok := r.Scores[m.Name]
			if !ok || m.Detail {
				continue
			}
			line := regexp.MustCompile(`(?m)^  ` + m.Name + `( \(macro\))? .*$`).FindString(out)
			for _, x := range []float64{x, r.Baselines.Constant[m.Name], r.Baselines.Linear[m.Name]} {
				if !strings.Contains(line, number(x, m.Unit)) {
					t.Errorf("%v: %s %v is not in %q", args, m.Name, x, line)
				}
			}
			if macro := strings.Contains(line, "(macro)"); macro != (m.Averaged && set != "breast_cancer") {
				t.Errorf("%v: %q", args, line)
			}
		}
		for name, x := range r.Baselines.Constant {
			if _, ok := r.Scores[name]; !ok || math.IsNaN(x) {
				t.Errorf("%v: the constant has %s %v, the model none", args, name, x)
			}
		}
		for _, c := range r.PerClass {
			line := regexp.MustCompile(`(?m)^` + c.Class + ` .*$`).FindString(out)
			if want := fmt.Sprintf("%.4f %.4f %.4f %v", c.Precision, c.Recall, c.F1, c.Support); strings.Join(strings.Fields(line)[1:], " ") != want {
				t.Errorf("%v: %q, want %s", args, line, want)
			}
		}
	}
}
