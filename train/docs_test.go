package train_test

import (
	"fmt"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/train"
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
}
