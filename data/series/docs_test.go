package series_test

import (
	"os"
	"testing"

	"descent/internal/docs"
)

// The program of docs/series.md is that of the example.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/series.md")
	if err != nil {
		t.Fatal(err)
	}
	docs.Program(t, string(page), `const days = 300`, "example_test.go")
}
