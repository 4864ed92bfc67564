package bench

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"descent/internal/page"
	"descent/internal/plot"
)

//go:embed html/report.html
var reportBody string

var reportTemplate = page.Body(reportBody)

// view is what the page shows. Everything that comes from outside is a plain
// string, which html/template escapes.
type view struct {
	*Results
	Lead      string
	Sentences []string
	Warnings  []string
	Sections  []section
	err       error // of a picture
}

// A section is a part of the page; what it does not have is left out.
type section struct {
	Title   string
	Table   *table
	Figures []template.HTML
	Map     []template.HTML // a figure as wide as the page
	Note    string
	Folded  []folded
}

// folded is what a reader may open.
type folded struct {
	Summary string
	Table   *table
	List    []string
}

// WriteHTML writes the report: one page that needs nothing else, runs no
// script, and loads nothing.
func (r *Results) WriteHTML(w io.Writer) error {
	if len(r.Verdict) == 0 || len(r.Problems) == 0 {
		return errors.New("bench: these results are empty: there is nothing to report")
	}
	v := &view{Results: r}
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
	n := len(r.Optimizers) / len(r.Problems)
	p := page.Page{Title: "Optimizers on " + r.Setup.Name}
	if first := r.Problems[0]; r.suite() {
		p.Title = "Optimizers on the suite " + r.Setup.Name
		p.Subtitle = fmt.Sprintf("%d problems, %d runs each, %d optimizers, %d runs in %.1f s", len(r.Problems), r.Setup.Seeds, n, len(r.Runs)+len(r.Trials), r.Timing.Seconds)
	} else {
		p.Subtitle = fmt.Sprintf("%s, %s, %d optimizers, %d runs in %.1f s", first.Model, first.Loss, n, len(r.Runs)+len(r.Trials), r.Timing.Seconds)
	}
	if v.fill(); v.err != nil {
		return v.err
	}
	return p.Write(w, reportTemplate, v)
}

// fill adds the sections: what is over all problems, then each net.
func (v *view) fill() {
	folds, name := []folded{}, ""
	if v.suite() {
		v.overall()
	}
	for i := range v.Problems {
		p := v.part(i)
		if p.Exact {
			continue
		}
		if v.suite() {
			name = p.Name + ": "
		}
		v.net(p, name)
		runs := p.runs()
		folds = append(folds, folded{Summary: fmt.Sprintf("%s%d scored runs", name, len(runs.Rows)), Table: runs})
		if tried := p.tried(); len(tried.Rows) > 0 {
			folds = append(folds, folded{Summary: fmt.Sprintf("%s%d runs to choose learning rates", name, p.Trials), Table: tried})
		}
	}
	v.add(section{Title: "Details", Folded: append(folds, folded{Summary: "How it was measured", List: v.method()})})
}

// add adds a section, if there is something in it.
func (v *view) add(s section) {
	if s.Table != nil || len(s.Figures)+len(s.Map)+len(s.Folded) > 0 {
		v.Sections = append(v.Sections, s)
	}
}

// overall adds the sections about all problems.
func (v *view) overall() {
	about := &table{Head: heads("problem", "dimensions", "what is hard")}
	for _, p := range v.Problems {
		about.Rows = append(about.Rows, line{Name: p.Name, Cells: []cell{{Text: fmt.Sprint(p.Dim)}, {Text: p.About, Class: "text"}}})
	}
	v.add(section{Title: "Results", Table: v.table(),
		Note: "The first three columns are with the best learning rate for each problem. A problem is solved if its last target is reached from every start. The score is the area under the first curve below: 1 if every target were reached at once."})
	v.add(section{Title: "Profiles", Figures: v.draw(v.dataProfile(), v.performanceProfile()),
		Note: "First the share of targets reached within a budget, then the share of problems solved to 0.1\u2009‰ within so many times the evaluations of the fastest optimizer; with more than two optimizers, leaving one out can change the order of the others there."})
	v.add(section{Title: "Each problem", Map: v.draw(v.heat()), Folded: []folded{{Summary: "What the problems are", Table: about}},
		Note: "Median gradient evaluations to the target, with the best learning rate for the problem: of a function, until 0.1\u2009‰ of the way to the minimum is left; grey: not within the budget."})
}

// net adds the sections about a net.
func (v *view) net(p *part, name string) {
	better, unit := "up", " in points"
	if p.scoring().lower {
		better, unit = "down", ""
	}
	v.add(section{Title: name + "Results", Table: p.table(),
		Note: fmt.Sprintf("Means over %d seeds, the lowest and highest below. Steps are the median; > means that half of the runs or more never reached the target. The price of the default is the validation loss at the optimizer's default learning rate over that at the best.", p.Seeds)})
	v.add(section{Title: name + "Which differences are real?", Table: p.pairTable(),
		Note: "Difference of mean test " + p.Score + unit + ". Coloured differences are more than noise; grey ones could turn round with other seeds or other test rows."})
	v.add(section{Title: name + "Learning curves", Note: "Means over seeds; bands go from the lowest run to the highest. A curve ends where a run diverged.",
		Figures: v.draw(p.curves("Training loss", func(o *Outcome) []float64 { return o.TrainLoss }), p.curves("Validation loss", func(o *Outcome) []float64 { return o.ValLoss }))})
	v.add(section{Title: name + "Learning rates, quality and speed", Figures: v.draw(p.rates(), p.scatter()),
		Note: "A wide, flat valley over the learning rate means that it matters little. In the other picture each point is a run that reached the target: " + better + " and left is better."})
}

// pairTable is the table of who beats whom, nil if nobody was compared.
func (p *part) pairTable() *table {
	var compared []string
	for _, o := range p.Optimizers {
		if slices.ContainsFunc(p.Pairs, func(x Pair) bool { return x.A == o.Optimizer || x.B == o.Optimizer }) {
			compared = append(compared, o.Optimizer)
		}
	}
	if len(compared) == 0 {
		return nil
	}
	t := &table{Class: "pairs", Head: []column{{"row − column", "", true}}}
	for _, a := range compared {
		t.Head = append(t.Head, column{Page: template.HTML(template.HTMLEscapeString(a))})
		l := line{Name: a}
		for _, b := range compared {
			l.Cells = append(l.Cells, p.pairCell(a, b))
		}
		t.Rows = append(t.Rows, l)
	}
	return t
}

// pairCell is a's score minus b's.
func (p *part) pairCell(a, b string) cell {
	x := p.pair(a, b)
	if a == b || x == nil {
		return cell{Class: "self"}
	}
	d, ci, wins := x.Difference, x.CI, x.A == a
	if wins == p.scoring().lower { // the lower loss wins
		d, ci = -d, Interval{-ci.Hi, -ci.Lo}
	}
	c := cell{Text: signed(p.plain(d)), Class: "noise",
		Title: fmt.Sprintf("%s minus %s: 95 %% interval %s to %s, p = %.2g", a, b, p.plain(ci.Lo), p.plain(ci.Hi), x.P)}
	if x.Clear {
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

// optional formats a number that may be missing.
func optional(x *float64, format func(float64) string) string {
	if x == nil {
		return none
	}
	return format(*x)
}

// heads makes columns of the page alone, the last of which is text.
func heads(names ...template.HTML) (out []column) {
	for i, n := range names {
		out = append(out, column{n, "", i == len(names)-1})
	}
	return out
}

// runs is the table of single runs.
func (p *part) runs() *table {
	first, second := p.Score, p.scoring().beside
	t := &table{Class: "full", Head: heads("optimizer", "learning rate", "seed", template.HTML("test "+first), template.HTML("test "+second), "steps to target", "time per step", "end")}
	for _, run := range p.Runs {
		a, b := optional(run.TestAccuracy, func(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }), optional(run.TestLoss, short)
		if p.scoring().lower {
			a, b = b, optional(run.TestR2, short)
		}
		steps, end, class := none, "finished", ""
		if k := run.hit(); k > 0 {
			steps = fmt.Sprint(k)
		}
		if run.DivergedAt > 0 {
			end, class = fmt.Sprintf("diverged at step %d", run.DivergedAt), "failed"
		}
		t.Rows = append(t.Rows, line{run.Optimizer, class, append(cells(rateOf(run.LR), fmt.Sprint(run.Seed), a, b, steps, micros(run.MicrosPerStep)), cell{Text: end, Class: "text"})})
	}
	return t
}

// tried is the table of the learning rates that were tried.
func (p *part) tried() *table {
	t := &table{Class: "full", Head: heads("optimizer", "learning rate", "mean validation loss", "lowest–highest", "note")}
	for _, o := range p.Optimizers {
		for _, x := range o.Grid {
			end, class := "", ""
			switch {
			case x.Diverged > 0:
				end, class = fmt.Sprintf("%d of %d diverged", x.Diverged, p.TuneSeeds), "failed"
			case x.LR == o.LR:
				end = "chosen"
			}
			spread := none
			if x.Diverged < p.TuneSeeds {
				spread = short(x.Lo) + "–" + short(x.Hi)
			}
			t.Rows = append(t.Rows, line{o.Optimizer, class, append(cells(rateText(x.LR), optional(x.ValLoss, short), spread), cell{Text: end, Class: "text"})})
		}
	}
	return t
}

// method describes the protocol.
func (r *Results) method() (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	nets := 0
	for _, p := range r.Problems {
		if p.Exact {
			continue
		}
		nets++
		add("%s: %d rows to train on, %d to validate, %d to test; %d inputs. Model %s, loss %s, batches of %d, %d epochs (%d steps), learning rate by the schedule %s, %s. The target is a validation loss of %s.",
			p.Name, p.Train, p.Val, p.Test, p.Features, p.Model, p.Loss, p.Batch, p.Epochs, p.Budget, p.Schedule, p.Dtype, short(p.Target))
		out = append(out, p.Notes...)
	}
	if nets < len(r.Problems) {
		add("A function is minimised from its customary start and %d others near it, with every learning rate and a budget of gradient evaluations. A run reaches a target when only that part of the way from its start to the minimum is left.", r.Setup.Seeds-1)
	}
	if len(r.Trials) > 0 {
		add("Each optimizer has the learning rate with the lowest mean validation loss at the end of %d runs, out of a grid of its own in half decades around its default; a grid grows while its best rate is at an end.", r.Setup.TuneSeeds)
	}
	if nets > 0 {
		add("An optimizer is trained with %d fresh seeds. Only these runs are scored on the test rows, after the last step; nothing was chosen on test rows.", r.Setup.Seeds)
		add("A seed gives every optimizer the same initial weights and the same order of rows, so runs are compared pair by pair.")
		add("A difference counts if it is larger than chance at 5 %%, for other seeds and other test rows (seeds and rows as crossed random effects, p values corrected for %d comparisons by Holm's method). Which rows are for training is the same in all runs.", len(r.Pairs)/nets)
		add("The target is %.0f %% above the lowest validation loss that an optimizer ends with; runs that never reach it count as slowest. The learning-rate tolerance is the width of the rates whose validation loss is within twice the best.", 100*(slack-1))
	}
	if slices.ContainsFunc(r.Optimizers, func(o Summary) bool { return o.LR == 0 }) {
		add("Methods that search by themselves have no learning rate to choose. Each of their evaluations counts, of the value, the gradient or a product with the Hessian; of a net it is over all training rows, and counts as as many steps as an epoch has.")
	}
	add("A run whose loss is no longer a number has failed. On a net, optimizers with failed runs are ranked last.")
	add("All numbers but times are the same on every machine of one kind and with any number of workers.")
	return out
}

// draw draws figures that have something in them, half as wide as the page if they
// do not say how wide.
func (v *view) draw(figures ...*plot.Figure) (out []template.HTML) {
	for _, f := range figures {
		if len(f.Layers) == 0 || v.err != nil {
			continue
		}
		if f.Width == 0 {
			f.Width, f.Height = figureWidth, figureHeight
		}
		var s template.HTML
		s, v.err = page.SVG(f)
		out = append(out, s)
	}
	return out
}
