package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"descent/internal/digits"
	"descent/internal/page"
)

//go:embed html/report.html
var reportBody string

var reportTemplate = page.Body(reportBody)

// view is what the page shows. Everything that comes from outside is a plain
// string, which html/template escapes.
type view struct {
	*Results
	Lead          string
	Sentences     []string
	Warnings      []string
	First, Second string // names of the two scores
	Rows          []viewRow
	Header        []string     // of the pairs
	Pairs         [][]pairCell // row against column
	Curves, Rates []template.HTML
	Details       []detail
	Tried         []detail
	Method        []string
}

type viewRow struct {
	Optimizer string
	Cells     row
	Strip     template.HTML
	Failed    bool
}

// pairCell is the row's score minus the column's.
type pairCell struct {
	Text, Title string
	Class       string // better, worse, noise or self
}

type detail struct {
	Optimizer string
	Cells     []string
	Failed    bool
}

// WriteHTML writes the report: one page that needs nothing else, runs no
// script, and loads nothing.
func (r *Results) WriteHTML(w io.Writer) error {
	v := &view{Results: r}
	v.First, v.Second = r.columns()
	p := page.Page{Title: "Optimizers on " + r.Setup.Data}
	p.Subtitle = fmt.Sprintf("%s, %s, %d optimizers, %d runs in %.1f s", r.Setup.Model, r.Setup.Loss, len(r.Optimizers), len(r.Runs)+len(r.Trials), r.Timing.Seconds)
	for i, s := range r.Verdict {
		warning, is := strings.CutPrefix(s, "Warning: ")
		switch {
		case is:
			v.Warnings = append(v.Warnings, strings.ToUpper(warning[:1])+warning[1:])
		case i == 0:
			v.Lead = s
		default:
			v.Sentences = append(v.Sentences, s)
		}
	}
	for _, o := range r.Optimizers {
		v.Rows = append(v.Rows, viewRow{o.Optimizer, r.cells(o), r.strip(o.Optimizer), o.Diverged > 0})
	}
	v.pairs()
	v.details()
	v.method()
	var err error
	if v.Curves, v.Rates, err = r.figures(); err != nil {
		return err
	}
	return p.Write(w, reportTemplate, v)
}

// pairs fills in the table of who beats whom.
func (v *view) pairs() {
	if len(v.Results.Pairs) == 0 {
		return
	}
	var compared []Summary
	for _, o := range v.Optimizers {
		if slices.ContainsFunc(v.Results.Pairs, func(p Pair) bool { return p.A == o.Optimizer || p.B == o.Optimizer }) {
			compared = append(compared, o)
		}
	}
	for _, a := range compared {
		v.Header = append(v.Header, a.Optimizer)
		var line []pairCell
		for _, b := range compared {
			line = append(line, v.pairCell(a.Optimizer, b.Optimizer))
		}
		v.Pairs = append(v.Pairs, line)
	}
}

func (v *view) pairCell(a, b string) pairCell {
	p := v.pair(a, b)
	if a == b || p == nil {
		return pairCell{Class: "self"}
	}
	d, ci, wins := p.Difference, p.CI, p.A == a
	if wins == v.byLoss() { // the lower loss wins
		d, ci = -d, Interval{-ci.Hi, -ci.Lo}
	}
	c := pairCell{Text: signed(v.plain(d)), Class: "noise",
		Title: fmt.Sprintf("%s minus %s: 95 %% interval %s to %s, p = %.2g", a, b, v.plain(ci.Lo), v.plain(ci.Hi), p.P)}
	if p.Clear {
		c.Class = "better"
		if !wins {
			c.Class = "worse"
		}
	}
	return c
}

// signed writes a number with its sign, and a true minus.
func signed(s string) string {
	if strings.Trim(s, "-0.") == "" {
		return "0"
	}
	if t, ok := strings.CutPrefix(s, "-"); ok {
		return "−" + t
	}
	return "+" + s
}

// details fills in the tables of single runs.
func (v *view) details() {
	optional := func(x *float64, format func(float64) string) string {
		if x == nil {
			return none
		}
		return format(*x)
	}
	short := func(x float64) string { return digits.Short(x, 3, 1e6) }
	percent := func(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }
	for _, run := range v.Runs {
		first, second := optional(run.TestAccuracy, percent), optional(run.TestLoss, short)
		if v.byLoss() {
			first, second = second, optional(run.TestR2, short)
		}
		steps, end := none, "finished"
		if run.StepsToTarget != nil {
			steps = fmt.Sprint(*run.StepsToTarget)
		}
		if run.DivergedAt > 0 {
			end = fmt.Sprintf("diverged at step %d", run.DivergedAt)
		}
		v.Details = append(v.Details, detail{run.Optimizer, []string{rateText(run.LR), fmt.Sprint(run.Seed), first, second, steps, micros(run.MicrosPerStep), end}, run.DivergedAt > 0})
	}
	for _, o := range v.Optimizers {
		for _, p := range o.Grid {
			end := ""
			switch {
			case p.Diverged > 0:
				end = fmt.Sprintf("%d of %d diverged", p.Diverged, v.Setup.TuneSeeds)
			case p.LR == o.LR:
				end = "chosen"
			}
			spread := none
			if p.Diverged < v.Setup.TuneSeeds {
				spread = digits.Short(p.Lo, 3, 1e6) + "–" + digits.Short(p.Hi, 3, 1e6)
			}
			v.Tried = append(v.Tried, detail{o.Optimizer, []string{rateText(p.LR), optional(p.ValLoss, short), spread, end}, p.Diverged > 0})
		}
	}
}

// method describes the protocol.
func (v *view) method() {
	s := v.Setup
	add := func(format string, args ...any) { v.Method = append(v.Method, fmt.Sprintf(format, args...)) }
	add("%s: %d rows to train on, %d to validate, %d to test; %d inputs. Model %s, loss %s, batches of %d, %d epochs (%d steps), learning rate by the schedule %s, %s.",
		s.Data, s.Train, s.Val, s.Test, s.Features, s.Model, s.Loss, s.Batch, s.Epochs, s.Steps, s.Schedule, s.Dtype)
	if len(v.Trials) > 0 {
		add("Each optimizer has the learning rate with the lowest mean validation loss at the end of %d runs, out of a grid of its own in half decades around its default; a grid grows while its best rate is at an end.", s.TuneSeeds)
	}
	add("It was then trained with %d fresh seeds. Only these runs are scored on the test rows, after the last step; nothing was chosen on test rows.", s.Seeds)
	add("A seed gives every optimizer the same initial weights and the same order of rows, so runs are compared pair by pair.")
	add("A difference counts if it is larger than chance at 5 %%, for other seeds and other test rows (seeds and rows as crossed random effects, p values corrected for %d comparisons by Holm's method). Which rows are for training is the same in all runs.", len(v.Results.Pairs))
	add("The target is a validation loss of %s, %.0f %% above the lowest that an optimizer ends with; runs that never reach it count as slowest. The learning-rate tolerance is the width of the rates whose validation loss is within twice the best.", digits.Short(v.Target, 3, 1e6), 100*(slack-1))
	add("A run whose loss is no longer a number has failed; optimizers with failed runs are ranked last.")
	add("All numbers but times are the same on every machine of one kind and with any number of workers.")
}
