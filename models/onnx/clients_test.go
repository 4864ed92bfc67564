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

// clients are programs in Go that run files of ONNX.
var clients = []struct {
	name, file string
	requires   []string
}{
	{"onnx-gomlx 0.3.4, simplego", "gomlx.go.txt", []string{"github.com/gomlx/onnx-gomlx v0.3.4", "github.com/gomlx/gomlx v0.26.0"}},
	{"gonnx 1.1.0", "gonnx.go.txt", []string{"github.com/advancedclimatesystems/gonnx v1.1.0", "gorgonia.org/tensor v0.9.24", "go4.org/unsafe/assume-no-moving-gc v0.0.0-20231121144256-b99613f794b6"}},
}

// lacking finds in what a client says which operator, or setting of one, it has not.
var lacking = regexp.MustCompile(`unimplemented ONNX op "(\w+)"|unsupported operator: (\w+)|(\w+): support for attribute|unsupported attribute (\w+)`)

// TestGoClients: programs in Go compute of layers what ours do, as far as they have the
// operators; the page has a table of that.
func TestGoClients(t *testing.T) {
	if os.Getenv("DESCENT_SLOW") == "" {
		t.Skip("DESCENT_SLOW=1 builds programs of other modules")
	}
	shared, err := os.ReadFile("testdata/clients/client.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	table := "| layer |"
	var answer []func(foreign.Question) (map[string]foreign.Array, string)
	for _, c := range clients {
		text, err := os.ReadFile("testdata/clients/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		answer = append(answer, foreign.GoClient(t, c.requires, map[string]string{"client.go": string(shared), "main.go": string(text)}))
		table += " " + c.name + " |"
	}
	table += "\n|---|" + strings.Repeat("---|", len(clients)) + "\n"
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
		for i, c := range clients {
			out, failed := answer[i](foreign.Question{Name: "q", File: file, Feeds: map[string]foreign.Array{"x": feed}})
			said := "yes"
			if failed != "" {
				said = "no"
				if m := lacking.FindStringSubmatch(failed); m != nil {
					said += ": " + cmp.Or(m[1], m[2], m[3], m[4])
				}
			} else if worst := apart(out["y"].Numbers(), want); !(worst <= 1e-5) {
				t.Errorf("%s: %s is off by %v", c.name, text, worst)
			}
			table += fmt.Sprintf(" %s |", said)
		}
		table += "\n"
	}
	docs.Part(t, "../../docs/export.md", "clients", table)
}
