package series_test

import (
	"os"
	"strings"
	"testing"
)

// The program of docs/series.md is that of the example.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/series.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(page), "```go\n")
	program, _, _ = strings.Cut(program, "```")
	body := "\t" + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(program), "\n", "\n\t"), "\n\t\n", "\n\n")
	if !strings.Contains(string(example), body) {
		t.Error("the program of docs/series.md is not in example_test.go")
	}
}
