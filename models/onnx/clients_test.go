package onnx_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"descent/internal/docs"
	"descent/internal/foreign"
	"descent/models"
)

// lacking finds in what a client says which operator, or setting of one, it has not.
var lacking = regexp.MustCompile(`unimplemented ONNX op "(\w+)"|unsupported operator: (\w+)|(\w+): support for attribute|unsupported attribute (\w+)`)

// TestGoClients: programs in Go compute of layers what ours do, as far as they have the
// operators; the page has a table of that.
func TestGoClients(t *testing.T) {
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("DESCENT_SLOW=1 builds programs of other modules")
	}
	table := "| layer |"
	var answer []func(foreign.Question, ...string) (map[string]foreign.Array, string)
	for _, c := range foreign.Clients {
		answer = append(answer, c.Build(t))
		table += " " + c.Name + " |"
	}
	table += "\n|---|" + strings.Repeat("---|", len(foreign.Clients)) + "\n"
	for _, row := range models.Table {
		text := row.Name
		if len(row.Examples) > 0 {
			text += "(" + row.Examples[0] + ")"
		}
		s := subjectOf(t, text)
		feed, want := s.rows(t, 3)
		file, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		table += "| `" + strings.ReplaceAll(text, "|", `\|`) + "` |"
		for i, c := range foreign.Clients {
			out, failed := answer[i](foreign.Question{Name: "q", File: file, Feeds: map[string]foreign.Array{"x": feed}})
			said := "yes"
			if failed != "" {
				said = "no"
				if m := lacking.FindStringSubmatch(failed); m != nil {
					said += ": " + cmp.Or(m[1], m[2], m[3], m[4])
				}
			} else if worst := apart(out["y"].Numbers(), want); !(worst <= 1e-5) {
				t.Errorf("%s: %s is off by %v", c.Name, text, worst)
			}
			table += fmt.Sprintf(" %s |", said)
		}
		table += "\n"
	}
	docs.Part(t, "../../docs/export.md", "clients", table)
}
