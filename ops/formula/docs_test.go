package formula_test

import (
	"fmt"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/internal/spec"
	"descent/ops/formula"
)

// The table of functions in docs/formulas.md is made from formula.Table; run
//
//	go test ./ops/formula -run TestDocs -update
//
// when it is stale.
func TestDocs(t *testing.T) {
	docs.Part(t, "../../docs/formulas.md", "functions", functions())
}

func functions() string {
	var b strings.Builder
	group := ""
	for i := range formula.Table {
		row := &formula.Table[i]
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&b, "\n### %s\n\n| | what it is | settings | other names |\n|---|---|---|---|\n", group)
		}
		f := formula.Operation(row)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Usage(), cell(row.Doc), settings(row.All()), strings.Join(row.Aliases, ", "))
	}
	return b.String() + "\n"
}

func settings(all []spec.Setting) string {
	var list []string
	for _, s := range all {
		text := fmt.Sprintf("`%s` %s", s.Name, s.Doc)
		if len(s.Aliases) > 0 {
			text += " (`" + strings.Join(s.Aliases, "`, `") + "`)"
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

// cell keeps a bar from ending a table's cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", "&#124;") }

// Rows are filled in, and what they show of calls can be called.
func TestRows(t *testing.T) {
	for i := range formula.Table {
		row := &formula.Table[i]
		if row.Doc == "" || row.Group == "" || strings.HasSuffix(row.Doc, ".") {
			t.Errorf("row %s is not filled in", row.Name)
		}
		for _, s := range row.All() {
			if s.Doc == "" {
				t.Errorf("%s: setting %s has no doc", row.Name, s.Name)
			}
			if s.Required && len(row.Examples) == 0 {
				t.Errorf("%s: %s must be given, and there is no example", row.Name, s.Name)
			}
		}
		for _, example := range row.Examples {
			if _, err := formula.Parse(row.Name + "(" + example + ")"); err != nil {
				t.Errorf("%s(%s): %v", row.Name, example, err)
			}
		}
	}
}
