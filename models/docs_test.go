package models_test

import (
	"fmt"
	"strings"
	"testing"

	"descent/internal/docs"
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
	docs.Program(t, page, "net := ", "example_test.go")
}

func layerTable() string {
	var b strings.Builder
	b.WriteString("| layer | what it makes | settings | other names | from |\n|---|---|---|---|---|\n")
	for i := range models.Table {
		row := &models.Table[i]
		cells := []string{row.Doc, docs.Settings(&row.Row), strings.Join(row.Aliases, ", "), row.Source}
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", `\|`)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", row.Name, strings.Join(cells, " | "))
	}
	return b.String()
}
