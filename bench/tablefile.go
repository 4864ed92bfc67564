package bench

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"descent/internal/page"
)

// tableWriters write the main table in the forms that files have, by their endings.
var tableWriters = map[string]func(w io.Writer, lines [][]string) error{
	".csv": writeCSV,
	".md":  writeMarkdown,
	".tex": writeLaTeX,
}

// TableFormats are the endings of files that [Results.WriteTableAs] knows.
func TableFormats() []string { return slices.Sorted(maps.Keys(tableWriters)) }

// WriteTableAs writes the main table as CSV, Markdown or LaTeX (booktabs), by the
// ending of a file's name.
func (r *Results) WriteTableAs(w io.Writer, ending string) error {
	return writeTableAs(w, r.main(), ending)
}

func writeTableAs(w io.Writer, t *table, ending string) error {
	write := tableWriters[ending]
	if write == nil {
		return fmt.Errorf("a table ends in %s, not in %q", strings.Join(TableFormats(), ", "), ending)
	}
	return write(w, t.lines())
}

// smallSuffix is in the name of a column that has what is small on the page.
const smallSuffix = ", 95 %"

// lines returns the table as text, the header first; what is small on the page has a
// column of its own.
func (t *table) lines() (out [][]string) {
	small := make([]bool, len(t.Head))
	for _, l := range t.Rows {
		for i, c := range l.Cells {
			small[i+1] = small[i+1] || c.Small != ""
		}
	}
	var head []string
	for i, h := range t.Head {
		if h.Text == "" {
			continue
		}
		if head = append(head, h.Text); small[i] {
			head = append(head, h.Text+smallSuffix)
		}
	}
	out = append(out, head)
	for _, l := range t.Rows {
		row := []string{strings.ReplaceAll(page.Plain(l.Name), "\n", " ")}
		for i, c := range l.Cells {
			if t.Head[i+1].Text == "" {
				continue
			}
			if row = append(row, c.Text); small[i+1] {
				row = append(row, c.Small)
			}
		}
		out = append(out, row)
	}
	return out
}

func writeCSV(w io.Writer, lines [][]string) error {
	return csv.NewWriter(w).WriteAll(lines)
}

func writeMarkdown(w io.Writer, lines [][]string) error {
	var b strings.Builder
	escape := strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`")
	for i, l := range lines {
		for _, c := range l {
			b.WriteString("| " + escape.Replace(c) + " ")
		}
		if b.WriteString("|\n"); i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(l)-1) + "|\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// latex writes characters that LaTeX takes for commands, and those that its fonts may
// not have.
var latex = strings.NewReplacer(`\`, `\textbackslash{}`, "{", `\{`, "}", `\}`, "%", `\%`, "&", `\&`, "#", `\#`, "_", `\_`, "$", `\$`, "^", `\^{}`, "~", `\~{}`,
	"|", `\textbar{}`, "<", `\textless{}`, ">", `\textgreater{}`, "–", "--", "−", "$-$", "≥", `$\geq$`, "µ", `$\mu$`, "²", `$^2$`)

func writeLaTeX(w io.Writer, lines [][]string) error {
	var b strings.Builder
	b.WriteString("% \\usepackage{booktabs}\n\\begin{tabular}{l" + strings.Repeat("r", len(lines[0])-1) + "}\n\\toprule\n")
	for i, l := range lines {
		cells := make([]string, len(l))
		for k, c := range l {
			cells[k] = latex.Replace(c)
		}
		if b.WriteString(strings.Join(cells, " & ") + " \\\\\n"); i == 0 {
			b.WriteString("\\midrule\n")
		}
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	_, err := io.WriteString(w, b.String())
	return err
}
