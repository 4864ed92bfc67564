package bench

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"descent/bench/inference"
	"descent/internal/digits"
	"descent/internal/numjson"
	"descent/internal/page"
	"descent/internal/plot"
)

//go:embed html/report.html
var reportBody string

// sortScript sorts tables. It is the only script of the page, which allows no other.
//
//go:embed html/sort.js
var sortScript string

//go:embed html/report.css
var pageStyle string

// view is what the page shows. Everything that comes from outside is a plain
// string, which html/template escapes.
type view struct {
	*Results
	Lead      string
	Sentences []string
	Warnings  []string
	Sections  []section
	PlanText  string
	Shown     template.HTML // of all this but the plan
	Live      *Live         // nil is none
	err       error         // of a picture
}

// Live is what a report has that answers questions.
type Live struct {
	Engine        *page.Engine
	Carried       string        // what it is asked about, a text for the engine
	State         string        // what fields have at first, a text for the script
	Body          template.HTML // the fields of questions, and the place of answers
	Script, Style string
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
	Figures []template.HTML
	List    []string
}

// WriteHTML writes the report: one page that needs nothing else, and loads
// nothing. Its only script sorts tables.
func (r *Results) WriteHTML(w io.Writer) error { return r.WriteLive(w, nil) }

// WriteLive writes the report with what answers questions, if that is not nil.
func (r *Results) WriteLive(w io.Writer, live *Live) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	n := len(r.Optimizers) / len(r.Problems)
	p := page.Page{Title: "Optimizers on " + r.Setup.Name, Reload: r.reload()}
	if first := r.Problems[0]; r.suite() {
		p.Title = "Optimizers on the suite " + r.Setup.Name
		p.Subtitle = fmt.Sprintf("%d problems, %d runs each, %d optimizers, %d runs in %.1f s", len(r.Problems), r.Setup.Seeds, n, len(r.Runs)+len(r.Trials), r.Measured.Seconds)
	} else {
		p.Subtitle = fmt.Sprintf("%s, %s, %d optimizers, %d runs in %.1f s", first.Model, first.Loss, n, len(r.Runs)+len(r.Trials), r.Measured.Seconds)
	}
	p.Title = r.soFar(p.Title)
	v.Live = live
	return v.write(w, p)
}

// view is what the page shows of the results.
func (r *Results) view() (*view, error) {
	if len(r.Verdict) == 0 || len(r.Problems) == 0 {
		return nil, errors.New("bench: these results are empty: there is nothing to report")
	}
	v := &view{Results: r}
	if err := v.words(r.Verdict); err != nil {
		return nil, err
	}
	v.fill()
	return v, v.err
}

// write writes a page.
func (v *view) write(w io.Writer, p page.Page) error {
	var m markup
	m.shown(v)
	v.Shown, p.Script, p.Style = m.html(), sortScript, pageStyle
	if v.Live != nil {
		p.Engine, p.Script, p.Style = v.Live.Engine, sortScript+v.Live.Script, pageStyle+v.Live.Style
	}
	return p.Write(w, page.Body(reportBody), v)
}

// Shown is the part of the report that follows from numbers, as HTML: verdict, tables and
// pictures.
func (r *Results) Shown() (string, error) {
	v, err := r.view()
	if err != nil {
		return "", err
	}
	var m markup
	m.shown(v)
	return page.Plain(string(m.html())), nil
}

// words fills in what is written: the verdict, and the plan.
func (v *view) words(verdict []string) error {
	if v.Plan != nil {
		text, err := numjson.Marshal(v.Plan)
		if err != nil {
			return err
		}
		v.PlanText = string(text)
	}
	for i, s := range verdict {
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
	return nil
}

// fill adds the sections: what is over all problems, then each net; of a suite, what a
// reader opens.
func (v *view) fill() {
	var folds, each []folded
	if v.suite() {
		v.overall()
	}
	for i := range v.Problems {
		p := v.part(i)
		if p.function() {
			continue
		}
		runs, tried := p.runs(), p.tried()
		of := []folded{{Summary: fmt.Sprintf("%d scored runs", len(runs.Rows)), Table: runs}}
		if len(tried.Rows) > 0 {
			of = append(of, folded{Summary: fmt.Sprintf("%d trials", len(p.Trials)), Table: tried})
		}
		if !v.suite() {
			v.net(p)
			folds = of
			continue
		}
		each = append(each, folded{Summary: p.Name, Table: p.table(), List: said(append(v.said(p), p.About)...),
			Figures: v.draw(slices.Concat(p.learning(), p.tuned())...)})
	}
	v.add(section{Title: "Each net", Folded: each})
	v.why()
	v.add(crewSection(v.Measured.Crew))
	if v.Finished() { // and steps are timed
		v.add(section{Title: "Cost of tuning", Table: v.cost(), Note: "Gradient evaluations on all problems together. Times are those of evaluations and updates, as a step was timed alone; looking at validation rows is not in them."})
	}
	v.add(section{Title: "Details", Folded: append(folds, folded{Summary: "How it was measured, and what the intervals mean", List: v.method()})})
}

// cost is the table of what trials cost beside a run, nil if there were none.
func (r *Results) cost() *table {
	if len(r.Trials) == 0 {
		return nil
	}
	t := &table{Class: "full", Head: heads("optimizer", "trials", "evaluations of all trials", "of one scored run each", "time of all trials", "")}
	for _, label := range r.labels() {
		evaluations, once, micros := 0.0, 0.0, 0.0
		trials := 0
		for i := range r.Problems {
			p := r.part(i)
			for _, o := range p.trialsOf(label) {
				trials++
				evaluations += float64(o.Budget)
				micros += float64(float64(o.Budget) * r.Measured.of(p.Name, label))
			}
			once += float64(p.Budget)
		}
		t.Rows = append(t.Rows, line{Name: label, Cells: cells(fmt.Sprint(trials), digits.Short(evaluations, 3, 1e7), digits.Short(once, 3, 1e7), fmt.Sprintf("%.2f s", micros/1e6), "")})
	}
	return t
}

// add adds a section, if there is something in it.
func (v *view) add(s section) {
	if s.Table != nil || len(s.Figures)+len(s.Map)+len(s.Folded) > 0 {
		v.Sections = append(v.Sections, s)
	}
}

// about is the table of what the problems are.
func (r *Results) about() *table {
	t := &table{Head: heads("problem", "budget", "score", "what is hard")}
	for _, p := range r.Problems {
		t.Rows = append(t.Rows, line{Name: p.Name, Cells: []cell{{Text: fmt.Sprint(p.Budget)}, {Text: p.Score}, {Text: p.About, Class: "text"}}})
	}
	return t
}

// overall adds the sections about all problems.
func (v *view) overall() {
	critical := inference.CriticalDifference(len(v.Overall), len(v.Problems))
	v.add(section{Title: v.soFar("Results"), Table: v.table(),
		Note: v.interim(fmt.Sprintf("The score is the mean over problems of normalised scores: 0 is a constant, 1 a tuned Adam or, of a function, all targets at once; the middle half is the mean of the middle half of all runs; intervals are for other seeds and cases of these problems. Mean ranks that differ by less than %.2f are not told apart for other problems of the kind (Nemenyi, 5\u2009%%). Default, best trial and one setting are means over the problems of what single trials scored.", critical))})
	v.add(section{Title: "Which differences are shown?", Table: pairTable(labelsOf(v.Overall), only(v.Pairs, "", func(p Pair) string { return p.Problem }), false, func(x float64) string { return fmt.Sprintf("%.3f", x) }),
		Note: "Difference of mean normalised scores over all problems. Coloured: shown; =: equivalent; grey: not shown. A cell's title has its interval and p value, both for all pairs, and how many seeds would show the margin."})
	if v.Finished() {
		v.add(section{Title: "Ranks", Map: v.draw(v.differences()),
			Note: fmt.Sprintf("Mean ranks over problems. Within a bar they differ by no more than %.2f, the critical difference for other problems of the kind: they are not told apart.", critical)})
	}
	v.add(section{Title: "Profiles", Figures: v.draw(v.dataProfile(), v.performanceProfile()),
		Note: "First the share of targets reached within a part of the budget, then the share of runs that reach the main target within so many times the evaluations of the fastest optimizer; with more than two optimizers, leaving one out can change the order of the others there."})
	v.add(section{Title: "Tuning", Figures: v.draw(v.tuning()), Note: "The mean rank, by the score that so many trials are expected to find; lines that cross are optimizers whose order depends on how much is tuned."})
	v.add(section{Title: "Each problem", Map: v.draw(v.heat()), Folded: []folded{{Summary: "What the problems are", Table: v.about()}},
		Note: "Mean normalised scores."})
}

// labelsOf are the optimizers of a suite, best first.
func labelsOf(all []Standing) (out []string) {
	for _, m := range all {
		out = append(out, m.Optimizer)
	}
	return out
}

// learning and tuned are the figures of a net.
func (p *part) learning() []*plot.Figure {
	return []*plot.Figure{p.curves("Training loss", func(o *Outcome) []float64 { return o.TrainLoss }), p.curves("Validation loss", func(o *Outcome) []float64 { return o.ValLoss })}
}

func (p *part) tuned() []*plot.Figure { return []*plot.Figure{p.budgets(), p.rates(), p.scatter()} }

// net adds the sections about a net that is alone.
func (v *view) net(p *part) {
	better, unit := "up", " in points"
	if p.scoring().lower {
		better, unit = "down", ""
	}
	v.add(section{Title: v.soFar("Results"), Table: p.table(),
		Note: v.interim(fmt.Sprintf("Means over %s, their 95\u2009%% intervals below. Steps are the median; > means that half of the runs or more never reached the target. Tuning gains what %d trials are expected to find beyond the default. What a model has to beat is scored on the test rows of the division on which settings were chosen.", p.over(), p.Setup.Trials))})
	v.add(section{Title: "Which differences are shown?", Table: pairTable(p.labels(), p.Pairs, p.scoring().lower, p.plain),
		Note: "Difference of mean test " + p.Score + unit + ". Coloured differences are shown (their intervals, corrected for all pairs, leave 0 out); =: equivalent; grey ones could turn round with other seeds. A cell's title has its interval and p value, both for all pairs, and how many seeds would show the margin."})
	v.add(section{Title: "Learning curves", Note: "Means over seeds; bands go from the lowest run to the highest. A curve ends where a run diverged.",
		Figures: v.draw(p.learning()...)})
	v.add(section{Title: "Tuning and speed", Figures: v.draw(p.tuned()...),
		Note: "First the test score that so many trials are expected to find. A wide, flat valley over the learning rate means that it matters little. In the last picture each point is a run that reached the target: " + better + " and left is better."})
}

// labels are the optimizers, best first.
func (p *part) labels() []string {
	return words(p.Optimizers, func(o *Summary) string { return o.Optimizer })
}

// pairTable is the table of who beats whom, nil if nobody was compared.
func pairTable(labels []string, pairs []Pair, lower bool, plain func(float64) string) *table {
	var compared []string
	for _, o := range labels {
		if slices.ContainsFunc(pairs, func(x Pair) bool { return x.A == o || x.B == o }) {
			compared = append(compared, o)
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
			l.Cells = append(l.Cells, pairCell(pair(pairs, a, b), a, b, lower, plain))
		}
		t.Rows = append(t.Rows, l)
	}
	return t
}

// pairCell is a's score minus b's.
func pairCell(x *Pair, a, b string, lower bool, plain func(float64) string) cell {
	if a == b || x == nil {
		return cell{Class: "self"}
	}
	d, ci, wins := x.Difference, x.CI, x.A == a
	if wins == lower { // the lower loss wins
		d, ci = -d, inference.Interval{Lo: -ci.Hi, Hi: -ci.Lo}
	}
	c := cell{Text: signed(plain(d)), Class: "noise",
		Title: fmt.Sprintf("%s to %s, p = %.2g", plain(ci.Lo), plain(ci.Hi), x.P)}
	switch {
	case x.Verdict == inference.Equivalent:
		c.Text += " ="
	case x.Verdict == inference.Better && wins:
		c.Class = "better"
	case x.Verdict == inference.Better:
		c.Class = "worse"
	case x.Needed > 0:
		c.Title += fmt.Sprintf("; %d seeds for %s", x.Needed, plain(x.Margin))
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

// method describes the protocol.
func (r *Results) method() (out []string) {
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	nets, fresh, parts, absolute := 0, true, false, false
	for _, p := range r.Problems {
		if p.function() {
			parts, absolute = parts || !p.Absolute, absolute || p.Absolute
			continue
		}
		nets++
		fresh = fresh && p.Cases
		target := "no target"
		if p.Target != nil {
			target = "the target is " + p.targetText()
		}
		add("%s: %d rows to train on, %d to validate, %d to test; %d inputs. Model %s, loss %s, batches of %d, %d epochs (%d steps), learning rate by the schedule %s, %s; %s. SHA-256 of the encoded rows: %s.",
			p.Name, p.Train, p.Val, p.Test, p.Features, p.Model, p.Loss, p.Batch, p.Epochs, p.Budget, p.Schedule, p.Dtype, target, p.Data256)
		out = append(out, p.Notes...)
	}
	if absolute {
		add("A function of COCO's is minimised within a budget of gradient evaluations, from a random start: settings are chosen on its first instance, and scored on the %d that follow. Its targets are COCO's: values above the minimum from 100 to 1e-8.", r.Setup.Seeds)
	}
	if parts {
		add("A function is minimised within a budget of gradient evaluations: settings are chosen from its customary start, and scored from %d others near it. A run reaches a target when only that part of the way from its start to the minimum is left.", r.Setup.Seeds)
	}
	if len(r.Trials) > 0 {
		add("Track %s: each optimizer that has something to tune has %d trials beside its default, settings out of its own ranges by one quasi-random sequence. The one with the best validation score is chosen; trial number i has the same seed for every optimizer.", r.Setup.Track, r.Setup.Trials)
	} else {
		add("Track %s: nothing was tuned.", r.Setup.Track)
	}
	if nets > 0 {
		add("An optimizer is run with %d fresh seeds, scored on test rows after the last step. A seed gives every optimizer the same initial weights, rows and order of rows, so runs are compared pair by pair.", r.Setup.Seeds)
		if fresh {
			add("Each of these runs has a fresh division of the rows. A row that is tested on may have been among those by which settings were chosen, as for every optimizer alike.")
		} else {
			add("The division into training and test rows is one and the same in all runs: nothing is known about others.")
		}
		add("An interval is for other seeds and divisions of the same rows. It is Student's, as are p values, both for the number of pairs (Bonferroni), so that an interval leaves 0 out where p is below 5 %%.")
		add("The learning-rate tolerance is the width of the rates whose validation loss is within twice the best; ≥ means that the range ended before.")
	}
	if slices.ContainsFunc(r.Optimizers, func(o Summary) bool { return o.LR == 0 }) {
		add("Methods that search by themselves have no learning rate to choose. Each of their evaluations counts, of the value, the gradient or a product with the Hessian; of a net it is over all training rows, and counts as as many steps as an epoch has.")
	}
	add("A run whose loss is no longer a number has failed. On a net, optimizers with failed runs are ranked last.")
	add("Times of steps were measured while nothing else ran. All other numbers are the same on every machine with these instructions (%s) and with any number of workers.", r.Setup.Instructions)
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
