package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
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
	// Targets is the importance for each of several targets by itself.
	Targets    map[string][]explain.Importance `json:"importance_for,omitempty"`
	Dependence []dependence                    `json:"dependence"`
	Worst      []explainedRow                  `json:"worst_rows"`
	Influence  *influenceReport                `json:"influence,omitempty"`
}

// An explainedRow is a row with a large loss.
type explainedRow struct {
	Row         int     `json:"row"` // of the table, from 1
	Part        string  `json:"part,omitempty"`
	Target      string  `json:"target,omitempty"` // of several, that whose loss it is
	Truth       any     `json:"truth"`
	Predicted   any     `json:"predicted"`
	Probability float64 `json:"probability,omitempty"` // of what is predicted
	Loss        float64 `json:"loss"`
	// Moved is what each column does to the prediction, the most first: in its unit, or to
	// the probability of the class that is predicted.
	Moved []moved `json:"moved"`

	d          *data.Dataset
	at, target int
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
		for _, y := range x.shown(e, d.Column) {
			var cells []string
			for i, at := range d.At {
				cells = append(cells, fmt.Sprintf("%s: %.4g", short(valueText(at)), d.Mean[i][y.at]))
			}
			fmt.Fprintf(w, "  %s%s  %s\n", d.Column, y.of, strings.Join(cells, ", "))
		}
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
	switch v := x.(type) {
	case float64:
		return fmt.Sprintf("%.5g", v)
	case map[string]float64: // of several targets
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, fmt.Sprintf("%s %.5g", name, v[name]))
		}
		return strings.Join(all, ", ")
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
	for _, name := range slices.Sorted(maps.Keys(x.Targets)) { // before what is told
		last := len(t.Head) - 1
		t.Head = slices.Insert(t.Head, last, name)
		for i, c := range x.Importance {
			at := slices.IndexFunc(x.Targets[name], func(of explain.Importance) bool { return of.Column == c.Column })
			t.Rows[i] = slices.Insert(t.Rows[i], last, number(x.Targets[name][at].Mean, false))
		}
	}
	return t
}

// followed are the dependences of the columns that matter most.
func (x *explanation) followed() (all []dependence) {
	for _, c := range x.Importance {
		for _, d := range x.Dependence {
			if isOf(d.Column, c.Column) && len(all) < mostFollow {
				all = append(all, d)
			}
		}
	}
	return all
}

// A shownNumber is one of those that are told of a row, at its place, of a target if there
// are several.
type shownNumber struct {
	at int
	of string
}

// shown are the numbers whose dependence on a column is shown: of a class, or of each of
// several targets for which the column matters.
func (x *explanation) shown(e *explainer, column string) (all []shownNumber) {
	if e.Targets == nil {
		return []shownNumber{{at: e.shownClass()}}
	}
	for j, name := range e.Targets.Names {
		if slices.ContainsFunc(x.Targets[name], func(c explain.Importance) bool { return c.CI.Lo > 0 && isOf(column, c.Column) }) {
			all = append(all, shownNumber{j, ", " + name})
		}
	}
	return all
}

// isOf tells whether an input, with the part of a date, is of a column.
func isOf(input, column string) bool {
	return input == column || strings.HasPrefix(input, column+" ")
}

// shownClass is the class whose probability is shown: the second of two.
func (e *explainer) shownClass() int { return min(1, max(0, e.Classes-1)) }

func (e *explainer) followSays() string {
	what := "the mean prediction"
	switch {
	case e.labels():
		what = "the mean probability of labels"
	case e.GivesProbabilities():
		what = fmt.Sprintf("the mean probability of %s=%s", e.schema.Target.Name, e.classes[e.shownClass()])
	case e.Classes > 0:
		what = fmt.Sprintf("the share of rows taken for %s=%s", e.schema.Target.Name, e.classes[e.shownClass()])
	}
	return what + " where a column has a value in all rows, and the others stay as they are:"
}

func (e *explainer) worstSays() string {
	what := "the prediction"
	if e.labels() {
		what = "the probability of the label"
	}
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
	several := len(x.Worst) > 0 && x.Worst[0].Target != ""
	if several {
		t.Head = slices.Insert(t.Head, 2, "target")
	}
	for _, r := range x.Worst {
		var by []string
		for _, m := range r.Moved[:min(mostMoved, len(r.Moved))] {
			by = append(by, fmt.Sprintf("%s=%s %+.3g", m.Column, short(m.Value), m.By))
		}
		row := []string{fmt.Sprint(r.Row), r.Part, valueText(r.Truth), valueText(r.Predicted), number(r.Loss, false), strings.Join(by, ", ")}
		if several {
			row = slices.Insert(row, 2, r.Target)
		}
		t.Rows = append(t.Rows, row)
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
		for _, y := range x.shown(e, d.Column) {
			if f := d.figure(y); f != nil {
				follow.Figures = append(follow.Figures, f)
			}
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
func (d *dependence) figure(of shownNumber) *plot.Figure {
	line := plot.Line{Name: d.Column}
	for i, at := range d.At {
		v, ok := at.(float64)
		if !ok || math.IsNaN(v) {
			return nil
		}
		line.X, line.Y = append(line.X, v), append(line.Y, d.Mean[i][of.at])
	}
	return &plot.Figure{X: plot.Axis{Label: d.Column}, Y: plot.Axis{Label: "mean prediction" + of.of}, Layers: []plot.Layer{line}, Width: 420, Height: 260}
}
