package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/internal/plot"
	"descent/train"
	"descent/train/score"
)

// writePage makes the page of --report and --watch.
func (r *report) writePage(ctx context.Context, o *trainOptions, t *train.Trainer) error {
	p, err := r.page(o)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if o.Model.Codes() {
		r.printCoder(&text, o)
	} else {
		fmt.Fprintln(&text, r.headline())
		r.printNotes(&text)
	}
	lines := slices.Collect(strings.Lines(strings.TrimSpace(text.String())))
	p.Lead, p.Sentences = lines[0], append(lines[1:], r.leaks(o)...)
	if r.Augment != "" {
		p.Sentences = append(p.Sentences, "Each picture of training was changed in each epoch: "+r.Augment)
	}
	if p.Sections, err = r.sections(ctx, o, t); err != nil {
		return err
	}
	text.Reset()
	if err := p.Write(&text); err != nil {
		return err
	}
	return o.keepPage(text.Bytes())
}

// page is one of a run, as far as it is known before.
func (r *report) page(o *trainOptions) (*draw.Training, error) {
	sum, err := o.summary()
	if err != nil {
		return nil, err
	}
	return &draw.Training{Title: r.Data + ": " + r.Model, Command: r.command, Summary: sum.String(),
		Subtitle: fmt.Sprintf("%d rows for training, %d for validation, %d for testing; loss %s, %s, seed %d", r.Rows.Train, r.Rows.Val, r.Rows.Test, r.Loss, r.Optimizer, r.Seed)}, nil
}

// sections are what the page shows, and fill in what is only there.
func (r *report) sections(ctx context.Context, o *trainOptions, t *train.Trainer) (all []draw.Section, err error) {
	add := func(s draw.Section, there bool) {
		if there {
			all = append(all, s)
		}
	}
	r.Page = &pageNumbers{}
	d, a := r.scoredRows(), newAlbum(r, o, t)
	add(draw.Section{Title: "Scores", Note: "Of " + r.scored() + ". " + r.meant(), Tables: []draw.Table{r.scoreTable()}}, !o.Model.Codes())
	add(r.foldSection())
	add(r.Search.section())
	add(r.Interval.section(r.scored()))
	add(lossSection(r.Epochs))
	var c *score.Classes
	switch {
	case o.Model.Codes():
	case o.Classes > 0:
		if c, err = t.Classes(d); err != nil {
			return nil, err
		}
		add(draw.Section{Title: "What is taken for what", Note: "A row for each true class, a column for each predicted one.",
			Confusion: &draw.Confusion{Classes: r.Classes, Counts: r.Confusion}}, len(r.Confusion) <= maxConfusion)
		add(draw.Section{Title: "Class by class", Tables: []draw.Table{r.classTable()}}, true)
		if c.P != nil {
			all = append(all, r.rankingSection(c), r.reliabilitySection())
		}
		if a == nil {
			add(r.mistakeSection(o, c, d))
		}
	default:
		x, err := t.Numbers(d)
		if err != nil {
			return nil, err
		}
		add(r.residualSection(x), true)
		if a == nil {
			add(r.farSection(o, x, d))
		}
	}
	if a != nil {
		pictures, err := a.sections(c)
		if err != nil {
			return nil, err
		}
		all = append(all, pictures...)
	}
	if r.parts.Schema != nil && !o.Model.Codes() {
		e, err := newExplainer(o, r, t)
		if err == nil {
			r.Page.Explanation, err = e.explain(ctx, &explainOptions{influence: influenceAuto, rows: listedRows, times: shuffles})
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r.Page.Explanation.sections(e)...)
	}
	add(r.dataSection(), true)
	return all, nil
}

// scoreTable has the scores of the model and of the baselines that there are.
func (r *report) scoreTable() (t draw.Table) {
	rows := r.scoreRows()
	for _, row := range rows {
		var line []string
		for i, cell := range row {
			if i == 0 || rows[0][i] != "" {
				line = append(line, cell)
			}
		}
		t.Rows = append(t.Rows, line)
	}
	t.Head, t.Rows = t.Rows[0], t.Rows[1:]
	return t
}

// foldSection has the intervals of the scores over folds, if there are some.
func (r *report) foldSection() (draw.Section, bool) {
	f := r.Folds
	if f == nil {
		return draw.Section{}, false
	}
	t := draw.Table{Head: []string{"", "mean", "95 % interval"}}
	for _, row := range r.foldRows() {
		t.Rows = append(t.Rows, row[:])
	}
	note := r.foldsAre()
	for _, d := range f.Beats {
		note += ". " + strings.ToUpper(d.says(r)[:1]) + d.says(r)[1:]
	}
	return draw.Section{Title: "How much scores vary", Note: note + ".", Tables: []draw.Table{t}}, true
}

// classTable has the scores of each class, and their means.
func (r *report) classTable() draw.Table {
	t := draw.Table{Head: []string{"class", "precision", "recall", "F1", "rows"}}
	if r.weighted {
		t.Head[4] = "weight"
	}
	if len(r.PerClass) > maxConfusion {
		t.Fold = fmt.Sprintf("%d classes", len(r.PerClass))
	}
	line := func(name string, precision, recall, f1 float64, support string) {
		t.Rows = append(t.Rows, []string{name, number(precision, false), number(recall, false), number(f1, false), support})
	}
	for _, x := range r.PerClass {
		line(x.Name, x.Precision, x.Recall, x.F1, fmt.Sprintf("%.6g", x.Support))
	}
	for _, mean := range []string{"macro", "weighted"} {
		line(mean, r.Scores["precision_"+mean], r.Scores["recall_"+mean], r.Scores["f1_"+mean], "")
	}
	return t
}

// lossSection draws the losses by the epoch, if there are some.
func lossSection(epochs []train.Epoch) (draw.Section, bool) {
	loss, val := plot.Line{Name: "training"}, plot.Line{Name: "validation"}
	for _, e := range epochs {
		loss.X, loss.Y = append(loss.X, float64(e.Epoch)), append(loss.Y, e.Loss)
		if x, ok := e.Val["loss"]; ok {
			val.X, val.Y = append(val.X, float64(e.Epoch)), append(val.Y, x)
		}
	}
	f := &plot.Figure{X: plot.Axis{Label: "epoch"}, Y: plot.Axis{Label: "loss"}, Layers: []plot.Layer{loss}, Width: 860, Height: 340}
	if len(val.X) > 0 {
		f.Layers = append(f.Layers, val)
	}
	return draw.Section{Title: "Loss", Figures: []*plot.Figure{f}}, len(loss.X) > 1
}

// wideTable is from how many columns on their table is folded.
const wideTable = 12

// dataSection says what the rows are, and what is odd about them.
func (r *report) dataSection() draw.Section {
	s := draw.Section{Title: "The data"}
	if f := r.Facts; f.Compared > 0 {
		s.Note = fmt.Sprintf("%s, of which %s equal to one before, and %s the inputs of one before and another target.", count(f.Compared, "row"), are(f.Duplicates, "is", "are"), are(f.Contradicting, "has", "have"))
	}
	t := draw.Table{Head: []string{"column", "kind", "missing in training", "training range", "tells alone (R2)"}}
	for _, c := range r.Facts.Columns {
		values := fmt.Sprintf("%d words", c.Words)
		if c.Range != nil {
			values = fmt.Sprintf("%.6g to %.6g", c.Range.Lo, c.Range.Hi)
		}
		t.Rows = append(t.Rows, []string{c.Name, string(c.Kind), fmt.Sprint(c.Missing), values, number(c.Alone, false)})
	}
	if len(t.Rows) > wideTable {
		t.Fold = fmt.Sprintf("%d columns", len(t.Rows))
	}
	out := draw.Table{Head: []string{"not used", "why"}}
	for _, x := range r.Facts.Unused {
		out.Rows = append(out.Rows, []string{x.Name, x.Reason})
	}
	for _, t := range []draw.Table{t, out} {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	return s
}

// are says how many are so.
func are(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
