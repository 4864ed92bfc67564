package models_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/internal/spec"
	"descent/models"
)

// The table of layers in docs/layers.md is made from models.Table; run
//
//	go test ./models -run TestDocs -update
//
// when it is stale. Its program is that of an example.
func TestDocs(t *testing.T) {
	const path = "../docs/layers.md"
	page := docs.Part(t, path, "layers", layerTable())
	_, program, _ := strings.Cut(page, "```go\n")
	program, _, _ = strings.Cut(program, "```")
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if body := "\t" + strings.ReplaceAll(strings.TrimSpace(program), "\n", "\n\t"); !strings.Contains(string(example), body) {
		t.Errorf("the program of %s is not in example_test.go", path)
	}
}

func layerTable() string {
	var b strings.Builder
	b.WriteString("| layer | what it makes | settings | other names | from |\n|---|---|---|---|---|\n")
	for i := range models.Table {
		row := &models.Table[i]
		var list []string
		for _, s := range row.All() {
			name := s.Name
			if s.Default != nil {
				name += "=" + spec.Format(s.Default)
			}
			list = append(list, fmt.Sprintf("`%s` %s", name, s.Doc))
		}
		cells := []string{row.Doc, strings.Join(list, "; "), strings.Join(row.Aliases, ", "), row.Source}
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", row.Name, strings.Join(cells, " | "))
	}
	return b.String()
}
