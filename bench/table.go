package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"descent/internal/digits"
	"descent/internal/page"
)

// WriteTable writes the table and the verdict as text for a terminal.
func (r *Results) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	first, second := r.columns()
	fmt.Fprintf(t, "optimizer\tlearning rate\ttest %s\t\ttest %s\t\tsteps to target\ttime/step\tlr tolerance\n", first, second)
	for _, o := range r.Optimizers {
		c := r.cells(o)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", strings.ReplaceAll(page.Plain(o.Optimizer), "\n", " "), c.LR, c.First, bracket(c.FirstSpread), c.Second, bracket(c.SecondSpread), c.Steps, c.Time, c.Tolerance)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	if r.Setup.Seeds > 1 {
		fmt.Fprintf(&b, "[ ] from the lowest to the highest of the %d scored runs\n", r.Setup.Seeds)
	}
	b.WriteByte('\n')
	for _, s := range r.Verdict {
		b.WriteString(wrap(page.Plain(s), 100) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "[" + s + "]"
}

// row is a line of the table as text.
type row struct {
	LR, First, FirstSpread, Second, SecondSpread, Steps, Time, Tolerance, Price string
}

// columns names the two scores in the table: what optimizers are ranked by, and
// another.
func (r *Results) columns() (first, second string) {
	if r.byLoss() {
		return "loss", "R²"
	}
	return "accuracy", "loss"
}

const none = "–"

// cells formats a summary.
func (r *Results) cells(o Summary) row {
	c := row{LR: rateText(o.LR), First: none, Second: none, Steps: none, Time: none, Tolerance: none, Price: none}
	if s := r.score(&o); s != nil {
		c.First, c.FirstSpread = r.format(s.Mean), r.plain(s.Min)+"–"+r.plain(s.Max)
		c.Time = micros(o.MicrosPerStep)
	}
	second := o.Loss
	if r.byLoss() {
		second = o.R2
	}
	if second != nil {
		c.Second, c.SecondSpread = digits.Short(second.Mean, 3, 1e6), digits.Short(second.Min, 3, 1e6)+"–"+digits.Short(second.Max, 3, 1e6)
	}
	switch {
	case o.Diverged > 0:
		c.First = strings.TrimPrefix(fmt.Sprintf("%s, %d of %d diverged", c.First, o.Diverged, o.Runs), none+", ")
	case r.Setup.Seeds == 1:
		c.FirstSpread, c.SecondSpread = "", ""
	}
	switch {
	case o.Steps != nil:
		c.Steps = fmt.Sprintf("%.0f", *o.Steps)
	case o.Runs > 0:
		c.Steps = fmt.Sprintf("> %d", r.Setup.Steps)
	}
	if o.Steps != nil && o.Reached < o.Runs {
		c.Steps += fmt.Sprintf(" (%d of %d runs)", o.Reached, o.Runs)
	}
	if o.Sensitivity != nil {
		c.Tolerance = o.Sensitivity.String() + " decades"
	}
	if o.AtEnd {
		c.LR += " (end of grid)"
	}
	if o.PriceOfDefault != nil {
		c.Price = fmt.Sprintf("%.2f×", *o.PriceOfDefault)
	}
	return c
}

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
