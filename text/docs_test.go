package text_test

import (
	"os"
	"testing"

	"descent/internal/docs"
)

// The program of docs/text.md is that of the example.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/text.md")
	if err != nil {
		t.Fatal(err)
	}
	docs.Program(t, string(page), `alice, _ := text.Embedded("alice")`, "example_test.go")
}
