package bench

import (
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

// lead marks the first row of a table that is ranked.
func (t *table) lead() *table {
	if len(t.Rows) > 0 && t.Rows[0].Class == "" {
		t.Rows[0].Class = "first"
	}
	return t
}

// write writes the table for a terminal, with what is small on the page in brackets.
func (t *table) write(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	small := make([]bool, len(t.Head))
	for _, l := range t.Rows {
		for i, c := range l.Cells {
			small[i+1] = small[i+1] || c.Small != ""
		}
	}
	var words []string
	put := func(i int, text, beside string) {
		if t.Head[i].Text != "" {
			words = append(words, text)
			if small[i] {
				words = append(words, beside)
			}
		}
	}
	for i, h := range t.Head {
		put(i, h.Text, "")
	}
	fmt.Fprintln(tw, strings.Join(words, "\t"))
	for _, l := range t.Rows {
		words = words[:0]
		put(0, strings.ReplaceAll(page.Plain(l.Name), "\n", " "), "")
		for i, c := range l.Cells {
			beside := ""
			if c.Small != "" {
				beside = "[" + c.Small + "]"
			}
			put(i+1, c.Text, beside)
		}
		fmt.Fprintln(tw, strings.Join(words, "\t"))
	}
	return tw.Flush()
}

// WriteTable writes the table and the verdict as text for a terminal.
func (r *Results) WriteTable(w io.Writer) error {
	var err error
	if r.suite() {
		err = r.table().write(w)
	} else {
		err = r.part(0).table().write(w)
		if r.Setup.Seeds > 1 {
			fmt.Fprintf(w, "[ ] from the lowest to the highest of the %d scored runs\n", r.Setup.Seeds)
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, s := range r.Verdict {
		if _, err := fmt.Fprintln(w, wrap(page.Plain(s), 100)); err != nil {
			return err
		}
	}
	return nil
}

const none = "–"

// table is the table of a suite.
func (r *Results) table() *table {
	t := &table{Class: "full", Head: []column{{"optimizer", "optimizer", false}, {"problems<br/>solved", "solved", false},
		{"targets<br/>reached", "targets reached", false}, {"score", "score", false}, {"targets at<br/>one rate", "at one rate", false},
		{"the one<br/>rate", "lr", false}, {"targets at<br/>its default", "at its default", false}, {"runs<br/>diverged", "diverged", false}}}
	percent := func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
	reached := func(t *Track) string {
		if t == nil {
			return none
		}
		return percent(t.Reached)
	}
	for _, m := range r.Overall {
		rate := none
		if m.OneRate > 0 {
			rate = rateText(m.OneRate)
		}
		t.Rows = append(t.Rows, line{Name: m.Optimizer, Cells: cells(fmt.Sprintf("%d of %d", m.Solved, len(r.Problems)), percent(m.Tuned.Reached),
			fmt.Sprintf("%.3f", m.Tuned.Area), reached(m.One), rate, reached(m.Default), percent(m.Diverged))})
	}
	if !slices.ContainsFunc(r.Overall, func(m Standing) bool { return m.One != nil }) { // nobody had one rate for all
		t.Head = slices.Delete(t.Head, 4, 7)
		for i := range t.Rows {
			t.Rows[i].Cells = slices.Delete(t.Rows[i].Cells, 3, 6)
		}
	}
	return t.lead()
}

// table is the table of a problem.
func (p *part) table() *table {
	first, second := p.Score, p.scoring().beside
	t := &table{Class: "full", Head: []column{{"optimizer", "optimizer", false}, {"learning<br/>rate", "learning rate", false},
		{template.HTML("test<br/>" + first), "test " + first, false}, {"each run", "", true}, {template.HTML("test<br/>" + second), "test " + second, false},
		{"steps to<br/>target", "steps to target", false}, {"time<br/>per step", "time/step", false},
		{"learning-rate<br/>tolerance", "lr tolerance", false}, {"price of<br/>the default", "", false}}}
	for i := range p.Optimizers {
		o := &p.Optimizers[i]
		l := line{Name: o.Optimizer, Cells: p.cells(o)}
		if o.Diverged > 0 {
			l.Class = "failed"
		}
		t.Rows = append(t.Rows, l)
	}
	return t.lead()
}

// cells formats a summary.
func (p *part) cells(o *Summary) []cell {
	rate, first, second := cell{Text: rateOf(o.LR)}, cell{Text: none}, cell{Text: none}
	steps, time, tolerance, price := none, none, none, none
	if s := p.score(o); s != nil {
		first = cell{Text: p.format(s.Mean), Small: p.plain(s.Min) + "–" + p.plain(s.Max)}
		time = micros(o.MicrosPerStep)
	}
	other := o.Loss
	if p.scoring().lower {
		other = o.R2
	}
	if other != nil {
		second = cell{Text: short(other.Mean), Small: short(other.Min) + "–" + short(other.Max)}
	}
	switch {
	case o.Diverged > 0:
		first.Text = strings.TrimPrefix(fmt.Sprintf("%s, %d of %d diverged", first.Text, o.Diverged, o.Runs), none+", ")
	case p.Seeds == 1:
		first.Small, second.Small = "", ""
	}
	switch {
	case o.Steps != nil:
		steps = fmt.Sprintf("%.0f", *o.Steps)
	case o.Runs > 0:
		steps = fmt.Sprintf("> %d", p.Budget)
	}
	if o.Steps != nil && o.Reached < o.Runs {
		steps += fmt.Sprintf(" (%d of %d runs)", o.Reached, o.Runs)
	}
	if o.Sensitivity != nil {
		tolerance = o.Sensitivity.String() + " decades"
	}
	if o.AtEnd {
		rate.Text += " (end of grid)"
	}
	if o.PriceOfDefault != nil {
		price = fmt.Sprintf("%.2f×", *o.PriceOfDefault)
	}
	return append([]cell{rate, first, {Picture: p.strip(o)}, second}, cells(steps, time, tolerance, price)...)
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
