package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		{[]string{"diabetes"}, []string{"held-out rows: R2", "Do it again", "descent train diabetes"}, 0},
		{[]string{"wine", "--model", "linear"}, []string{"What is taken for what"}, 0},
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
