package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// reviewText is sentences that say by a word, after another that turns it round, whether
// they are good, and places of which each adds something of its own.
func reviewText(n int) string {
	r := rand.New(rand.NewPCG(3, 1))
	var b strings.Builder
	b.WriteString("review,place,mark,stars\n")
	for range n {
		good, turned, place := r.IntN(2), r.IntN(2), r.IntN(60)
		words := []string{"dull", "superb"}[good]
		if turned == 1 {
			words = "not " + words
		}
		fmt.Fprintf(&b, "\"The film that I saw on day %d was %s, I think.\",town %d,%s,%d\n", r.IntN(20), words, place, []string{"bad", "good"}[good^turned], 10*(place*place%7)+good)
	}
	return b.String()
}

// TestTextOfTables: a text says the class by pairs of words, and places the stars by rows
// that are learned; what is saved predicts what was scored.
func TestTextOfTables(t *testing.T) {
	table := file(t, "reviews.csv", reviewText(900))
	for _, c := range []struct {
		args  []string
		score string
		least float64
		notes []string
	}{
		{[]string{"--target", "mark", "--drop", "place,stars"}, "accuracy", 0.97, []string{"text, whose words and pairs of words become 1024 inputs; leave it out with --drop review"}},
		{[]string{"--target", "stars", "--drop", "mark"}, "r2", 0.95, []string{"60 different words, such as \"town 0\", which are numbers of rows of a table"}},
		{[]string{"--target", "mark", "--drop", "place,stars", "--folds", "2"}, "accuracy", 0.95, nil},
	} {
		dir := filepath.Join(t.TempDir(), "m")
		args := append([]string{"train", table, "--epochs", "12", "--json", "--out", dir}, c.args...)
		status, out, errs := descent(args...)
		var r struct {
			Scores map[string]float64 `json:"scores"`
			Notes  []string           `json:"notes"`
		}
		if status != 0 || json.Unmarshal([]byte(out), &r) != nil {
			t.Fatalf("%v: status %d: %s", c.args, status, errs)
		}
		if !(r.Scores[c.score] > c.least) {
			t.Errorf("%v: %s %v", c.args, c.score, r.Scores)
		}
		for _, n := range c.notes {
			if !strings.Contains(strings.Join(r.Notes, "\n"), n) {
				t.Errorf("%v: notes %q", c.args, r.Notes)
			}
		}
		news := file(t, "new.csv", "review,place\nIt was not superb,town 3\nIt was superb,town 4000\n,town 3\n")
		status, first, errs := descent("predict", dir, news)
		if _, again, _ := descent("predict", dir, news); status != 0 || strings.Count(first, "\n") != 4 || again != first {
			t.Errorf("%v: status %d: %s%s", c.args, status, first, errs)
		}
	}
}

// TestTextOfTablesResumes: with texts and levels, too, a run goes on bit for bit.
func TestTextOfTablesResumes(t *testing.T) {
	resumes(t, []string{"train", file(t, "reviews.csv", reviewText(200)), "--target", "mark", "--model", "mlp(8)", "--lr", "0.01"}, "--drop", "stars")
}

func TestTextOfTablesMistakes(t *testing.T) {
	table := file(t, "reviews.csv", reviewText(100))
	for _, c := range []struct{ args, want string }{
		{"--text revue", "no column \"revue\""}, {"--text stars", "leave out --text stars"}, {"--embed -1", "--embed -1"},
	} {
		status, _, errs := descent(append([]string{"train", table, "--target", "mark"}, strings.Fields(c.args)...)...)
		if status != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d: %s", c.args, status, errs)
		}
	}
}
