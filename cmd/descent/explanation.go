package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/internal/plot"
	"descent/train/explain"
)

// An explanation is what a model goes by, as --json prints it.
type explanation struct {
	Part       string               `json:"part,omitempty"` // test, val or train: what columns are measured on
	Rows       int                  `json:"rows"`           // that they are measured on
	Seed       uint64               `json:"seed"`
	Loss       string               `json:"loss"` // what importance is of
	Importance []explain.Importance `json:"importance"`
	Dependence []dependence         `json:"dependence"`
	Worst      []explainedRow       `json:"worst_rows"`
	Influence  *influenceReport     `json:"influence,omitempty"`
}

// An explainedRow is a row with a large loss.
type explainedRow struct {
	Row         int     `json:"row"` // of the table, from 1
	Part        string  `json:"part,omitempty"`
	Truth       any     `json:"truth"`
	Predicted   any     `json:"predicted"`
	Probability float64 `json:"probability,omitempty"` // of what is predicted
	Loss        float64 `json:"loss"`
	// Moved is what each column does to the prediction, the most first: in its unit, or to
	// the probability of the class that is predicted.
	Moved []moved `json:"moved"`

	d  *data.Dataset
	at int
}

type moved struct {
	Column string  `json:"column"`
	Value  string  `json:"value"`
	By     float64 `json:"by"`
}

const (
	mostMoved  = 3 // columns that are told of a row
	mostFollow = 6 // columns whose dependence is shown
)

// print prints it for people.
func (x *explanation) print(w io.Writer, e *explainer) {
	fmt.Fprintf(w, "%s\n", x.importanceSays())
	printColumns(w, x.importanceTable())
	fmt.Fprintf(w, "\n%s\n", e.followSays())
	for _, d := range x.followed() {
		var cells []string
		for i, at := range d.At {
			cells = append(cells, fmt.Sprintf("%s: %.4g", short(valueText(at)), d.Mean[i][e.shownClass()]))
		}
		fmt.Fprintf(w, "  %s  %s\n", d.Column, strings.Join(cells, ", "))
	}
	if len(x.Worst) > 0 {
		fmt.Fprintf(w, "\n%s\n", e.worstSays())
		printColumns(w, x.worstTable())
	}
	if r := x.Influence; r != nil {
		fmt.Fprintf(w, "\n%s\n", r.says())
		if r.Note == "" {
			printColumns(w, r.table())
		}
	}
}

// printColumns prints a table whose first column is aligned to the left.
func printColumns(w io.Writer, t draw.Table) {
	width := make([]int, len(t.Head))
	rows := append([][]string{t.Head}, t.Rows...)
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		line := " "
		for i, cell := range row {
			if i == 0 || i == len(row)-1 {
				line += " " + cell + strings.Repeat(" ", width[i]-len([]rune(cell)))
			} else {
				line += " " + pad(cell, width[i])
			}
			line += " "
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// valueText writes a number or a word.
func valueText(x any) string {
	if v, ok := x.(float64); ok {
		return fmt.Sprintf("%.5g", v)
	}
	return fmt.Sprint(x)
}

// onWhich says which rows columns are measured on.
func (x *explanation) onWhich() string {
	what := map[string]string{"test": "held-out row", "val": "validation row", "train": "training row", "": "row"}[x.Part]
	return count(x.Rows, what)
}

func (x *explanation) importanceSays() string {
	return fmt.Sprintf("by how much %s where a column is shuffled among the %s, with 95 %% intervals:", x.Loss, x.onWhich())
}

// importanceTable has a row for each column; one whose interval has 0 in it is not shown to
// matter.
func (x *explanation) importanceTable() draw.Table {
	t := draw.Table{Head: []string{"column", "by", "from", "to", ""}}
	for _, c := range x.Importance {
		told := ""
		if c.CI.Lo <= 0 {
			told = "not shown to matter"
		}
		t.Rows = append(t.Rows, []string{c.Column, number(c.Mean, false), number(c.CI.Lo, false), number(c.CI.Hi, false), told})
	}
	if len(t.Rows) > wideTable {
		t.Fold = fmt.Sprintf("%d columns", len(t.Rows))
	}
	return t
}

// followed are the dependences of the columns that matter most.
func (x *explanation) followed() (all []dependence) {
	for _, c := range x.Importance {
		for _, d := range x.Dependence {
			if (d.Column == c.Column || strings.HasPrefix(d.Column, c.Column+" ")) && len(all) < mostFollow {
				all = append(all, d)
			}
		}
	}
	return all
}

// shownClass is the class whose probability is shown: the second of two.
func (e *explainer) shownClass() int { return min(1, max(0, e.Classes-1)) }

func (e *explainer) followSays() string {
	what := "the mean prediction"
	switch {
	case e.GivesProbabilities():
		what = fmt.Sprintf("the mean probability of %s=%s", e.schema.Target.Name, e.classes[e.shownClass()])
	case e.Classes > 0:
		what = fmt.Sprintf("the share of rows taken for %s=%s", e.schema.Target.Name, e.classes[e.shownClass()])
	}
	return what + " where a column has a value in all rows, and the others stay as they are:"
}

func (e *explainer) worstSays() string {
	what := "the prediction"
	if e.Classes > 0 {
		what = "the score of the class that is predicted"
	}
	if e.GivesProbabilities() {
		what = "the probability of the class that is predicted"
	}
	return fmt.Sprintf("rows with the largest loss, and which columns moved %s most, from that of the mean row:", what)
}

func (x *explanation) worstTable() draw.Table {
	t := draw.Table{Head: []string{"row", "part", "truth", "predicted", "loss", "moved by"}}
	for _, r := range x.Worst {
		var by []string
		for _, m := range r.Moved[:min(mostMoved, len(r.Moved))] {
			by = append(by, fmt.Sprintf("%s=%s %+.3g", m.Column, short(m.Value), m.By))
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(r.Row), r.Part, valueText(r.Truth), valueText(r.Predicted), number(r.Loss, false), strings.Join(by, ", ")})
	}
	return t
}

// says what influence is.
func (r *influenceReport) says() string {
	if r.Note != "" {
		return "no influences of rows are known: " + r.Note
	}
	how := "by influence functions"
	if r.Trainings > 0 {
		how = fmt.Sprintf("%d trainings of %d steps, each without a row, in %.2f s on %s", r.Trainings, r.Steps, r.seconds, count(r.workers, "processor"))
	}
	return fmt.Sprintf("rows with the largest influence on themselves (%s): by how much the loss would rise without them, of the row and of the %s rows, in the unit of training; look at their targets first:", how, r.On)
}

func (r *influenceReport) table() draw.Table {
	t := draw.Table{Head: []string{"row", "truth", "predicted", "without it", "its loss", "of " + r.On}}
	for _, x := range r.Rows {
		without := ""
		if x.Without != nil {
			without = valueText(x.Without)
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(x.Row), valueText(x.Truth), valueText(x.Predicted), without, fmt.Sprintf("%+.4g", x.Own), fmt.Sprintf("%+.3g", x.Held)})
	}
	return t
}

// sentence is a line that stands over a table, on a page.
func sentence(s string) string { return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ":") + "." }

// sections are those of the page of a training.
func (x *explanation) sections(e *explainer) []draw.Section {
	all := []draw.Section{{Title: "What the model goes by", Note: sentence(x.importanceSays()), Tables: []draw.Table{x.importanceTable()}}}
	follow := draw.Section{Title: "How predictions follow a column", Note: sentence(e.followSays())}
	for _, d := range x.followed() {
		if f := d.figure(e.shownClass()); f != nil {
			follow.Figures = append(follow.Figures, f)
		}
	}
	if len(follow.Figures) > 0 {
		all = append(all, follow)
	}
	all = append(all, draw.Section{Title: "Why the worst rows are so", Note: sentence(e.worstSays()), Tables: []draw.Table{x.worstTable()}})
	if r := x.Influence; r != nil {
		s := draw.Section{Title: "Rows with influence", Note: sentence(r.says())}
		if r.Note == "" {
			s.Tables = []draw.Table{r.table()}
		}
		all = append(all, s)
	}
	return all
}

// figure draws a dependence on a number; of words there is none.
func (d *dependence) figure(class int) *plot.Figure {
	line := plot.Line{Name: d.Column}
	for i, at := range d.At {
		v, ok := at.(float64)
		if !ok || math.IsNaN(v) {
			return nil
		}
		line.X, line.Y = append(line.X, v), append(line.Y, d.Mean[i][class])
	}
	return &plot.Figure{X: plot.Axis{Label: d.Column}, Y: plot.Axis{Label: "mean prediction"}, Layers: []plot.Layer{line}, Width: 420, Height: 260}
}
