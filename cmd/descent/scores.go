package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"descent/train"
	"descent/train/score"
)

// classScores are the scores of a class that is named.
type classScores struct {
	Name string `json:"class"`
	score.Class
}

func metricNames() (names []string) {
	for _, m := range train.Metrics {
		names = append(names, m.Name)
	}
	return names
}

// chooseMetrics adds the metrics that were asked for, of which one may be monitored.
func (o *trainOptions) chooseMetrics(classes []string) error {
	if o.Targets != nil {
		return o.Targets.chooseMetrics(o.metricTexts, o.exploring.by)
	}
	if o.Model.Codes() {
		if len(o.metricTexts) > 0 {
			return fmt.Errorf("--metric %s: an autoencoder has its loss only", o.metricTexts[0])
		}
		return nil
	}
	for _, text := range o.metricTexts {
		if _, err := o.AddMetric(text, classes); err != nil {
			return fmt.Errorf("--metric: %w", err)
		}
	}
	if by := o.exploring.by; by != "" {
		if _, err := o.AddMetric(by, classes); err != nil {
			return fmt.Errorf("--score: %w", err)
		}
	}
	text, validation := strings.CutPrefix(o.run.Stop.Monitor, "val_")
	if !validation || !strings.Contains(text, "(") {
		return nil // a name, which is looked up
	}
	name, err := o.AddMetric(text, classes)
	if err != nil {
		return fmt.Errorf("--monitor: %w", err)
	}
	o.run.Stop.Monitor = "val_" + name
	return nil
}

// printScores prints how good the model is, beside what it has to beat.
func (r *report) printScores(w io.Writer, o *trainOptions) {
	if o.Model.Codes() {
		r.printCoder(w, o)
		return
	}
	fmt.Fprintf(w, "\n%s\n\n", r.headline())
	r.printTable(w)
	fmt.Fprintln(w, r.meant())
	r.printNotes(w)
}

// headline is the score of the model in a line.
func (r *report) headline() string {
	if r.Confusion != nil {
		return fmt.Sprintf("on %s: accuracy %s", r.scored(), number(r.Scores["accuracy"], false))
	}
	return fmt.Sprintf("on %s: R2 %s, RMSE %s", r.scored(), number(r.Scores["r2"], false), number(r.Scores["rmse"], true))
}

// printNotes prints what there is to say of the scores.
func (r *report) printNotes(w io.Writer) {
	r.printCalibration(w)
	for _, line := range append([]string{r.Verdict}, r.Remarks...) {
		if line != "" {
			fmt.Fprintln(w, line)
		}
	}
	if q := r.Residuals; q != nil {
		fmt.Fprintf(w, "residuals (prediction - target): min %.4g  25%% %.4g  median %.4g  75%% %.4g  max %.4g\n", q[0], q[1], q[2], q[3], q[4])
	}
}

// scoreRows are the scores of the model and of the baselines below their names, "" where
// there is none. The loss is that of training, which the baselines do not have.
func (r *report) scoreRows() [][5]string {
	rows := [][5]string{{"", "model", "constant", "linear", "last"}}
	others := []map[string]float64{r.Baselines.Constant, r.Baselines.Linear, r.Baselines.Last}
	for i, other := range others {
		if other == nil {
			rows[0][2+i] = ""
		}
	}
	for _, m := range r.listed() {
		row := [5]string{r.label(&m), number(r.Scores[m.Name], m.Unit)}
		for i, other := range others {
			if x, ok := other[m.Name]; ok {
				row[2+i] = number(x, m.Unit)
			}
		}
		rows = append(rows, row)
	}
	return append(rows, [5]string{"loss", number(r.Scores["loss"], false)})
}

// listed are the metrics that tables have: those that were asked for, and of the others
// those that are no detail of classes.
func (r *report) listed() (rows []train.Metric) {
	for i, m := range slices.Concat(r.more, train.Metrics) {
		_, ok := r.Scores[m.Name]
		if ok && (i < len(r.more) || !m.Detail) && !slices.ContainsFunc(rows, func(x train.Metric) bool { return x.Name == m.Name }) {
			rows = append(rows, m)
		}
	}
	return rows
}

// printTable prints the scores of the model and of the baselines.
func (r *report) printTable(w io.Writer) {
	rows, width := r.scoreRows(), [5]int{}
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	for _, row := range rows {
		line := fmt.Sprintf("  %-*s", width[0], row[0])
		for i := 1; i < len(row); i++ {
			line += "  " + pad(row[i], width[i])
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// label is what a score is called in the table.
func (r *report) label(m *train.Metric) string {
	if m.Averaged && len(r.Classes) > 2 {
		return m.Name + " (macro)"
	}
	return m.Name
}

// meant says what the baselines are.
func (r *report) meant() string {
	says, solved := "the mean of the training rows", "linear regression"
	if r.Confusion != nil {
		says, solved = "the most frequent class, with the frequencies of the training rows as probabilities", "logistic regression"
	}
	text := "constant: always " + says
	if r.Baselines.Linear != nil {
		text += "; linear: " + solved + ", solved"
	}
	if r.Baselines.Last != nil {
		text += "; last: always the target of the latest training row"
	}
	return text
}

// number writes a score for people; one in the unit of the target may have any size.
func number(x float64, unit bool) string {
	switch {
	case math.IsNaN(x):
		return "undefined"
	case unit, math.Abs(x) >= 1e4:
		return fmt.Sprintf("%.5g", x)
	}
	return fmt.Sprintf("%.4f", x)
}

// printClasses prints the scores of each class, and their means.
func (r *report) printClasses(w io.Writer) {
	if len(r.Confusion) > maxConfusion {
		return
	}
	width := len("weighted")
	for _, x := range r.PerClass {
		width = max(width, len([]rune(short(x.Name))))
	}
	rows := "rows"
	if r.weighted {
		rows = "weight"
	}
	line := func(name string, precision, recall, f1 float64, support string) {
		text := fmt.Sprintf("%s%s  %9.4f  %7.4f  %7.4f  %7s", name, strings.Repeat(" ", width-len([]rune(name))), precision, recall, f1, support)
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	fmt.Fprintf(w, "\n%-*s  %9s  %7s  %7s  %7s\n", width, "class", "precision", "recall", "f1", rows)
	for _, x := range r.PerClass {
		line(short(x.Name), x.Precision, x.Recall, x.F1, fmt.Sprintf("%.6g", x.Support))
	}
	for _, mean := range []string{"macro", "weighted"} {
		line(mean, r.Scores["precision_"+mean], r.Scores["recall_"+mean], r.Scores["f1_"+mean], "")
	}
}

// short cuts a name that is too long for a table.
func short(name string) string {
	if runes := []rune(name); len(runes) > 16 {
		return string(runes[:15]) + "…"
	}
	return name
}

// maxConfusion is the largest number of classes whose confusion is printed.
const maxConfusion = 20

// printConfusion prints the confusion matrix: a row for each true class.
func (r *report) printConfusion(w io.Writer) {
	if len(r.Confusion) > maxConfusion {
		fmt.Fprintf(w, "(the confusion matrix of %d classes is in the output of --json)\n", len(r.Confusion))
		return
	}
	names, width := make([]string, len(r.Classes)), len("truth")
	for i, c := range r.Classes {
		names[i] = short(c)
		width = max(width, len([]rune(names[i])))
	}
	fmt.Fprintf(w, "\n%-*s  predicted\n%-*s", width, "", width, "truth")
	for _, n := range names {
		fmt.Fprintf(w, "  %s", pad(n, 5))
	}
	fmt.Fprintln(w)
	for i, row := range r.Confusion {
		fmt.Fprintf(w, "%s%s", names[i], strings.Repeat(" ", width-len([]rune(names[i]))))
		for k, n := range row {
			cell := fmt.Sprint(n)
			if n == 0 {
				cell = "."
			}
			fmt.Fprintf(w, "  %s", pad(cell, max(5, len([]rune(names[k])))))
		}
		fmt.Fprintln(w)
	}
}
