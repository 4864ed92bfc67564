package fit

import (
	"fmt"
	"strings"
	"testing"

	"descent/internal/docs"
)

// The page of fits lists the shapes as they are.
func TestShapesAreListed(t *testing.T) {
	var b strings.Builder
	b.WriteString("| shape | formula | |\n|---|---|---|\n")
	for _, s := range Shapes {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s (%s) |\n", strings.Join(append([]string{s.Usage()}, s.Aliases...), "`, `"), s.Text(), s.Doc, s.Source)
	}
	docs.Part(t, "../../../docs/fit.md", "shapes", b.String())
}
