package train_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/train"
	"descent/train/score"
)

// TestScoresPage: the table of the page is that of the metrics.
func TestScoresPage(t *testing.T) {
	var out strings.Builder
	fmt.Fprint(&out, "| score | of | better | what it is |\n|---|---|---|---|\n")
	for _, m := range train.Metrics {
		of, better := "classes", "smaller"
		if m.Of == train.OfNumbers {
			of = "numbers"
		} else if m.Probabilities {
			of = "classes, with probabilities"
		}
		if m.Larger {
			better = "larger"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", m.Name, of, better, m.Doc)
	}
	docs.Part(t, "../docs/scores.md", "scores", out.String())
	out.Reset()
	fmt.Fprint(&out, "| `--calibrate` | what it does |\n|---|---|\n")
	for _, c := range score.Calibrations {
		fmt.Fprintf(&out, "| `%s` | %s |\n", c.Name, c.Doc)
	}
	docs.Part(t, "../docs/scores.md", "calibrations", out.String())
}

// The programs of docs/intervals.md and docs/explain.md are those of examples.
func TestPagesOfExamples(t *testing.T) {
	for page, begin := range map[string][2]string{"intervals": {"held, err := data.Deal", "committee_test.go"}, "explain": {"all, err := t.Influence", "influence_test.go"}} {
		text, err := os.ReadFile("../docs/" + page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		docs.Program(t, string(text), begin[0], begin[1])
	}
}
