// Package docs keeps what pages say of tables as the tables are, for tests.
package docs

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"descent/internal/atomicfile"
	"descent/internal/spec"
)

var update = flag.Bool("update", false, "write the page in docs")

// Page holds a page against what it is made of, or with -update writes it so.
func Page(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := atomicfile.Write(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale; run this test with -update", path)
	}
}

// Part is [Page] of what stands between <!-- name --> and <!-- end of name -->. It
// returns the whole page.
func Part(t *testing.T, path, name, want string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no place between %q and %q", path, begin, end)
	}
	page := before + begin + want + end + after
	Page(t, path, page)
	return page
}

// Program demands that the program of a page that begins with a line stands in a file
// of tests, which the compiler and the tests look at.
func Program(t *testing.T, page, begin, file string) {
	t.Helper()
	_, program, ok := strings.Cut(page, "```go\n"+begin)
	program, _, also := strings.Cut(begin+program, "```")
	if !ok || !also {
		t.Fatalf("no program of the page begins with %q", begin)
	}
	tests, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body := "\t" + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(program), "\n", "\n\t"), "\n\t\n", "\n\n")
	if !strings.Contains(string(tests), body) {
		t.Errorf("the program that begins with %q is not in %s", begin, file)
	}
}

// Settings lists the settings of a row with their defaults, for a cell of a table.
func Settings(row *spec.Row) string {
	var list []string
	for _, s := range row.All() {
		name := s.Name
		if s.Default != nil {
			name += "=" + spec.Format(s.Default)
		}
		list = append(list, fmt.Sprintf("`%s` %s", name, s.Doc))
	}
	return strings.Join(list, "; ")
}
