package bench

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

// The table is the same in every form: as many lines and cells, and text that comes
// back.
func TestTableFiles(t *testing.T) {
	for name, study := range kinds {
		r := run(t, study(t))
		lines := r.part(0).table().lines()
		if r.suite() {
			lines = r.table().lines()
		}
		for _, l := range lines {
			if len(l) != len(lines[0]) || len(l) < 5 {
				t.Errorf("%s: %d cells below %q", name, len(l), lines[0])
			}
		}
		var text bytes.Buffer
		if err := r.WriteTableAs(&text, ".csv"); err != nil {
			t.Fatal(err)
		}
		back, err := csv.NewReader(&text).ReadAll()
		if err != nil || len(back) != len(lines) || strings.Join(back[1], "\n") != strings.Join(lines[1], "\n") {
			t.Errorf("%s: as CSV %v, %v", name, back, err)
		}
		for ending, sign := range map[string]string{".md": "|", ".tex": " & "} {
			text.Reset()
			if err := r.WriteTableAs(&text, ending); err != nil {
				t.Fatal(err)
			}
			rows := 0
			for line := range strings.Lines(text.String()) {
				line = strings.ReplaceAll(line, `\|`, "")
				if n := strings.Count(line, sign); n == len(lines[0])+1 && ending == ".md" || n == len(lines[0])-1 && ending == ".tex" {
					rows++
				}
			}
			if ending == ".md" {
				rows-- // the line under the header
			}
			if rows != len(lines) {
				t.Errorf("%s: %d rows as %s, want %d\n%s", name, rows, ending, len(lines), text.String())
			}
		}
		if err := r.WriteTableAs(&text, ".xls"); err == nil || !strings.Contains(err.Error(), ".csv, .md, .tex") {
			t.Error(err)
		}
	}
	var b bytes.Buffer
	if err := writeLaTeX(&b, [][]string{{`a_b % c`, `\x{}$`}}); err != nil || !strings.Contains(b.String(), `a\_b \% c & \textbackslash{}x\{\}\$ \\`) {
		t.Errorf("%s: %v", b.String(), err)
	}
}
