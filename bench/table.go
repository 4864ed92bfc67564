package bench

import (
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"descent/internal/digits"
	"descent/internal/page"
)

// A table is what the terminal and the page show, cell by cell.
type table struct {
	Class string // of the page's style
	Head  []column
	Rows  []line
	Foot  string // on the terminal
}

// A column's names are those on the page and on the terminal; "" is not there.
type column struct {
	Page template.HTML
	Text string
	Left bool // on the page, text
}

type line struct {
	Name  string
	Class string
	Cells []cell
}

type cell struct {
	Text, Small, Title, Class string
	Picture                   template.HTML
}

func cells(texts ...string) (out []cell) {
	for _, t := range texts {
		out = append(out, cell{Text: t})
	}
	return out
}

// write writes the table for a terminal, with what is small on the page in brackets.
func (t *table) write(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := t.lines()
	for i, l := range lines {
		for k, name := range lines[0] {
			switch _, beside := strings.CutSuffix(name, smallSuffix); {
			case beside && i == 0:
				l = slices.Clone(l)
				l[k] = ""
			case beside && l[k] != "":
				l[k] = "[" + l[k] + "]"
			}
		}
		fmt.Fprintln(tw, strings.Join(l, "\t"))
	}
	return tw.Flush()
}

// WriteTable writes the table and the verdict as text for a terminal.
func (r *Results) WriteTable(w io.Writer) error {
	t := r.main()
	if !r.suite() && r.Setup.Seeds > 1 {
		t.Foot = fmt.Sprintf("[ ] 95 %% intervals of the means of %d scored runs", r.Setup.Seeds)
	}
	return writeTable(w, t, r.Verdict)
}

// main is the table that is shown first.
func (r *Results) main() *table {
	if r.suite() {
		return r.table()
	}
	return r.part(0).table()
}

// writeTable writes a table and a verdict.
func writeTable(w io.Writer, t *table, verdict []string) error {
	if err := t.write(w); err != nil {
		return err
	}
	if t.Foot != "" {
		fmt.Fprintln(w, t.Foot)
	}
	fmt.Fprintln(w)
	for _, s := range verdict {
		if _, err := fmt.Fprintln(w, wrap(page.Plain(s), 100)); err != nil {
			return err
		}
	}
	return nil
}

const none = "–"

// table is the table of a suite.
func (r *Results) table() *table {
	t := &table{Class: "full", Head: []column{{"optimizer", "optimizer", false}, {"mean<br/>rank", "mean rank", false}, {"score", "score", false}, {"middle<br/>half", "", false},
		{"targets<br/>reached", "targets reached", false}, {"problems<br/>solved", "solved", false}, {"score of<br/>its default", "default", false},
		{"best trial<br/>of each", "tuned", false}, {"one setting<br/>for all", "one setting", false}, {"runs<br/>diverged", "diverged", false}}}
	percent := func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
	three := func(x float64) string { return fmt.Sprintf("%.3f", x) }
	several := !slices.ContainsFunc(r.Optimizers, func(o Summary) bool { return o.Runs < 2 })
	for _, m := range r.Overall {
		one, setting := none, ""
		if m.One != nil {
			one, setting = three(m.One.Score), cmp.Or(m.One.Settings, "lr "+rateText(m.One.LR))
		}
		score := cell{Text: three(m.Score)}
		if several {
			score.Small = three(m.CI.Lo) + "–" + three(m.CI.Hi)
		}
		middle := cell{Text: three(m.Middle)}
		if score.Small != "" {
			middle.Small = three(m.MiddleCI.Lo) + "–" + three(m.MiddleCI.Hi)
		}
		l := line{Name: m.Optimizer, Cells: cells(fmt.Sprintf("%.2f", m.Rank), "", "", percent(m.Reached), fmt.Sprintf("%d of %d", m.Solved, len(r.Problems)),
			optional(m.Default, three), optional(m.Tuned, three), one, percent(m.Diverged))}
		l.Cells[1], l.Cells[2], l.Cells[7].Title = score, middle, setting
		t.Rows = append(t.Rows, l)
	}
	if !slices.ContainsFunc(r.Overall, func(m Standing) bool { return m.One != nil }) { // nothing was searched for
		t.Head = slices.Delete(t.Head, 6, 9)
		for i := range t.Rows {
			t.Rows[i].Cells = slices.Delete(t.Rows[i].Cells, 5, 8)
		}
	}
	return t
}

// table is the table of a problem.
func (p *part) table() *table {
	first, second := p.Score, p.scoring().beside
	t := &table{Class: "full", Head: []column{{"optimizer", "optimizer", false}, {"learning<br/>rate", "learning rate", false},
		{template.HTML("test<br/>" + first), "test " + first, false}, {"each run", "", true}, {template.HTML("test<br/>" + second), "test " + second, false},
		{"steps to<br/>target", "steps to target", false}, {"time<br/>per step", "time/step", false},
		{"learning-rate<br/>tolerance", "lr tolerance", false}, {"tuning<br/>gains", "tuning gains", false}}}
	for i := range p.Optimizers {
		o := &p.Optimizers[i]
		l := line{Name: o.Optimizer, Cells: p.cells(o)}
		if o.Diverged > 0 {
			l.Class = "failed"
		}
		t.Rows = append(t.Rows, l)
	}
	return p.baselineRows(t)
}

// baselineRows adds what a model has to beat.
func (p *part) baselineRows(t *table) *table {
	if p.Baselines == nil {
		return t
	}
	add := func(name string, x *float64) {
		l := line{Name: name, Class: "baseline", Cells: cells(slices.Repeat([]string{none}, len(t.Head)-1)...)}
		at, text := 1, optional(x, p.format)
		if p.Score == "loss" {
			at, text = 3, optional(x, short) // R²
		}
		l.Cells[at].Text, l.Cells[2].Text = text, ""
		if x != nil {
			t.Rows = append(t.Rows, l)
		}
	}
	add("(solved linear model)", p.Baselines.Linear)
	add("(always the same)", &p.Baselines.Constant)
	return t
}

// cells formats a summary.
func (p *part) cells(o *Summary) []cell {
	rate, first, second := cell{Text: rateOf(o.LR), Title: o.Settings}, cell{Text: none}, cell{Text: none}
	steps, tolerance, price := none, none, none
	several := p.Setup.Seeds > 1
	if s := p.score(o); s != nil {
		if first.Text = p.format(s.Mean); several && o.Runs-o.Diverged > 1 {
			first.Small = p.plain(s.CI.Lo) + "–" + p.plain(s.CI.Hi)
		}
	}
	other := o.Loss
	if p.Score == "loss" {
		other = o.R2
	}
	if other != nil {
		if second.Text = short(other.Mean); several && o.Runs-o.Diverged > 1 {
			second.Small = short(other.CI.Lo) + "–" + short(other.CI.Hi)
		}
	}
	if o.Diverged > 0 {
		first.Text = strings.TrimPrefix(fmt.Sprintf("%s, %d of %d diverged", first.Text, o.Diverged, o.Runs), none+", ")
	}
	switch {
	case p.Target == nil:
	case o.Steps != nil:
		steps = fmt.Sprintf("%.0f", *o.Steps)
	default:
		steps = fmt.Sprintf("> %d", p.Budget)
	}
	if o.Steps != nil && o.Reached < o.Runs {
		steps += fmt.Sprintf(" (%d of %d runs)", o.Reached, o.Runs)
	}
	if o.Sensitivity != nil {
		tolerance = o.Sensitivity.String() + " decades"
	}
	if x := p.price(o); finite(x) {
		price = p.plain(x) + p.scoring().points
	}
	return append([]cell{rate, first, {Picture: p.strip(o)}, second}, cells(steps, micros(p.Measured.of(p.Name, o.Optimizer)), tolerance, price)...)
}

// rateOf formats the learning rate of an optimizer, which may have none.
func rateOf(lr float64) string {
	if lr == 0 {
		return "none"
	}
	return rateText(lr)
}

func short(x float64) string { return digits.Short(x, 3, 1e6) }

// micros formats a time per step.
func micros(us float64) string {
	switch {
	case !(us > 0):
		return none
	case us >= 1e4:
		return fmt.Sprintf("%.1f ms", us/1e3)
	case us >= 100:
		return fmt.Sprintf("%.0f µs", us)
	}
	return fmt.Sprintf("%.1f µs", us)
}

// wrap breaks lines at spaces.
func wrap(s string, width int) string {
	var b strings.Builder
	n := 0
	for i, word := range strings.Fields(s) {
		l := len([]rune(word))
		switch {
		case i == 0:
		case n+1+l > width:
			b.WriteString("\n  ")
			n = 2
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += l
	}
	return b.String()
}
