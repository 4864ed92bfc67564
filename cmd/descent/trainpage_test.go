package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"descent/internal/numjson"
)

// The page of a training has what the task has to show.
func TestTrainingPage(t *testing.T) {
	folder := digitFiles(t, 200, 8)
	for _, c := range []struct {
		args   []string
		want   []string
		images int // at least
	}{
		{[]string{folder, "--model", "conv(5, 3) | relu | dense(8) | relu", "--augment", "shift(1)"},
			[]string{"Pictures taken for what they are not", ".png", "Filters of the first layer", "What is taken for what", "Each picture of training was changed in each epoch: shift(1)", "img-src data:"}, 6},
		{[]string{"digits", "--model", "mlp(12)", "--loss", "multi_margin"}, []string{"Pictures taken for what they are not", "Filters of the first layer", "logistic regression, solved"}, 13},
		{[]string{folder, "--model", "vae(16, 3)"}, []string{"Reconstructions", "codes of 3 numbers", "Samples", "nats a row"}, 20 + 20 + 16},
		{[]string{"digits", "--model", "autoencoder(3, encoder=conv(4, 3))"}, []string{"Reconstructions", "Filters of the first layer", "always saying the mean of the training rows"}, 20 + 4},
		{[]string{"diabetes", "--folds", "3"}, []string{"held-out rows: R2", "Do it again", "descent train diabetes", "Residuals by the prediction", "Rows that are farthest off", "bmi", "How much scores vary", "3 folds x 4"}, 0},
		{[]string{"wine", "--model", "linear"}, []string{"What is taken for what", "Class by class", "Precision and recall", "Reliability", "The data", "13 columns"}, 0},
		{[]string{"wine", "--model", "mlp(1)", "--loss", "multi_margin"}, []string{"Rows taken for what they are not"}, 0},
	} {
		page := filepath.Join(t.TempDir(), "page.html")
		status, out, errs := descent(append([]string{"train", "--epochs", "2", "--report", page}, c.args...)...)
		text, err := os.ReadFile(page)
		if status != 0 || err != nil || !strings.Contains(out, "report in "+page) {
			t.Errorf("%v: status %d, %v: %s%s", c.args, status, err, out, errs)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(string(text), want) {
				t.Errorf("%v: %q is not in the page", c.args, want)
			}
		}
		if n := strings.Count(string(text), "<img"); n < c.images || c.images == 0 && n > 0 {
			t.Errorf("%v: %d pictures, want %d", c.args, n, c.images)
		}
	}
	if status, _, errs := descent("train", "iris", "--report", "page.pdf"); status != exitUsage || !strings.Contains(errs, "the name must end with .html") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// Rows and counts that only the page shows are in the JSON, and are those of the scores.
func TestPageNumbers(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.html")
	read := func(set string) (r report) {
		status, out, errs := descent("train", set, "--folds", "0", "--report", page, "--json")
		if err := numjson.Unmarshal([]byte(out), &r); status != 0 || err != nil {
			t.Fatalf("%s: status %d, %v: %s", set, status, err, errs)
		}
		return r
	}
	r := read("diabetes")
	n, worst := 0, 0.0
	for _, b := range r.Page.Histogram {
		n += b.Rows
	}
	for _, x := range r.Page.Residuals {
		worst = max(worst, x.Residual, -x.Residual)
	}
	first := r.Page.Worst[0]
	if off := math.Abs(first.Predicted.(float64) - first.Truth.(float64)); n != r.Rows.Test || len(r.Page.Residuals) != n || off != worst || math.Abs(worst-max(-r.Residuals[0], r.Residuals[4])) > 1e-9 {
		t.Errorf("%d rows in bins, %d residuals, the worst %v, of the rows %v, of the scores %v", n, len(r.Page.Residuals), worst, off, r.Residuals)
	}
	if len(first.Row) != mostCells || first.Row["bmi"] == "" {
		t.Errorf("the worst row is %v", first.Row)
	}

	r = read("breast_cancer")
	if len(r.Page.Ranking) != 1 || r.Page.Ranking[0].Class != r.Classes[1] {
		t.Fatalf("%d classes have curves", len(r.Page.Ranking))
	}
	area, recall, wrong := 0.0, 0.0, 0
	last := rankedPoint{}
	for _, p := range r.Page.Ranking[0].Points {
		area += (p.False - last.False) * (p.Recall + last.Recall) / 2
		recall += (p.Recall - last.Recall) * p.Precision
		last = p
	}
	if math.Abs(area-r.Scores["roc_auc"]) > 1e-9 || math.Abs(recall-r.Scores["average_precision"]) > 1e-9 {
		t.Errorf("areas %v and %v, scores %v and %v", area, recall, r.Scores["roc_auc"], r.Scores["average_precision"])
	}
	for i, row := range r.Confusion {
		for k, n := range row {
			if i != k {
				wrong += n
			}
		}
	}
	if len(r.Page.Worst) != min(wrong, mostWorst) {
		t.Errorf("%d wrong rows are shown of %d", len(r.Page.Worst), wrong)
	}
}
