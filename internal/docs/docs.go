// Package docs keeps what pages say of tables as the tables are, for tests.
package docs

import (
	"flag"
	"os"
	"strings"
	"testing"

	"descent/internal/atomicfile"
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
