package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"descent/data"
	"descent/internal/atomicfile"
)

// write writes what each row was predicted to be.
func (f *folding) write(rows *data.Divisions, runs []foldRun, names []string) error {
	head := []string{"truth", "prediction"}
	probable := names != nil && runs[0].classes.P != nil
	if probable {
		for _, c := range names {
			head = append(head, "p_"+c)
		}
	}
	return f.writeRows(rows, head, func(fold, k int) []string {
		c := runs[fold].classes
		if c == nil {
			x := runs[fold].numbers
			return []string{exactly(x.Truth[k]), exactly(x.Predicted[k])}
		}
		cells := []string{names[c.Truth[k]], names[c.Decided[k]]}
		if probable {
			for _, p := range c.P[k*c.K : (k+1)*c.K] {
				cells = append(cells, exactly(p))
			}
		}
		return cells
	})
}

// exactly writes a number so that reading it gives the same.
func exactly(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// writeRows writes a line for each row that a fold holds out, with the cells of row k of the
// fold.
func (f *folding) writeRows(rows *data.Divisions, head []string, cells func(fold, k int) []string) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	lines := [][]string{append([]string{"row", "repeat", "fold"}, head...)}
	for i, held := range rows.Held {
		for k, row := range held {
			line := []string{strconv.Itoa(row + 1), strconv.Itoa(i/f.k + 1), strconv.Itoa(i%f.k + 1)}
			lines = append(lines, append(line, cells(i, k)...))
		}
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	return atomicfile.Write(f.oof, []byte(b.String()))
}

// printFolds prints what folds say.
func (r *report) printFolds(w io.Writer, o *trainOptions) {
	f := r.Folds
	if f == nil {
		if r.foldsCost != "" {
			fmt.Fprintln(w, r.foldsCost)
		}
		return
	}
	rows, width := r.foldRows(), 0
	for _, row := range rows {
		width = max(width, len(row[0]))
	}
	fmt.Fprintf(w, "\n%s\n", r.foldsAre())
	for _, row := range rows {
		fmt.Fprintf(w, "  %-*s  %9s  %s\n", width, row[0], row[1], row[2])
	}
	for _, d := range f.Beats {
		fmt.Fprintln(w, d.says(r))
	}
	if o.folding.oof != "" {
		fmt.Fprintf(w, "what each row was predicted to be is in %s\n", o.folding.oof)
	}
}

// foldsAre says how the rows were divided.
func (r *report) foldsAre() string {
	f, times := r.Folds, ""
	if f.Repeats > 1 {
		times = fmt.Sprintf(" x %d", f.Repeats)
	}
	how, intervals := "", "that allow for the overlap of folds"
	switch {
	case f.Time != "":
		how, intervals = fmt.Sprintf(", each predicted by what is before it in %s", f.Time), "of their mean"
	case f.Group != "":
		how = fmt.Sprintf(", rows of one %s together", f.Group)
		if f.Groups < fewGroups {
			intervals += fmt.Sprintf("; of so few groups (%d) they are rough", f.Groups)
		}
	}
	if f.Trials > 0 {
		how += fmt.Sprintf(", a search of %d trials in each", f.Trials)
	}
	return fmt.Sprintf("%d folds%s%s: models trained on %d rows, with 95 %% intervals %s", f.Folds, times, how, f.Trained, intervals)
}

// foldRows are the means of the scores over folds, and their intervals.
func (r *report) foldRows() (rows [][3]string) {
	for _, m := range r.listed() {
		x := r.Folds.Scores[m.Name]
		rows = append(rows, [3]string{r.label(&m), number(x.Mean, m.Unit), fmt.Sprintf("%s to %s", number(x.CI.Lo, m.Unit), number(x.CI.Hi, m.Unit))})
	}
	return rows
}

// says puts a difference in words.
func (d *foldDifference) says(r *report) string {
	than := "always saying the mean"
	switch {
	case d.Than == "linear" && r.Confusion != nil:
		than = "logistic regression"
	case d.Than == "linear":
		than = "linear regression"
	case d.Than == "last":
		than = "always saying the last value"
	case r.Confusion != nil:
		than = "the most frequent class"
	}
	return d.compares(than)
}

// compares says whether the model is shown to be better.
func (d *foldDifference) compares(than string) string {
	interval := fmt.Sprintf("%s by %+.4f, interval %+.4f to %+.4f", d.Score, d.Mean, d.CI.Lo, d.CI.Hi)
	switch {
	case d.CI.Lo > 0:
		return fmt.Sprintf("better than %s: %s", than, interval)
	case d.CI.Hi < 0:
		return fmt.Sprintf("worse than %s: %s", than, interval)
	}
	return fmt.Sprintf("not shown to be better or worse than %s: %s", than, interval)
}

// costs says what folds would take, where there are none.
func (f *folding) costs(o *trainOptions) string {
	if f.k != 0 || o.given("folds") || o.Model.Codes() {
		return ""
	}
	return fmt.Sprintf("how much these scores vary with the rows: --folds %d trains %d models more", foldsDefault, foldsDefault*cmp.Or(f.repeats, 1))
}
