package bench

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"descent/bench/tuning"
	"descent/internal/page"
	"descent/internal/plot"
	"descent/internal/spec"
)

// order returns the optimizers of a league by their mean ranks on the track that has most
// of them, of equals the last: the best first, and then those that are not on it.
func (l *League) order() (labels []string) {
	widest := l.Tracks[0]
	for _, r := range l.Tracks {
		if len(r.Overall) >= len(widest.Overall) {
			widest = r
		}
	}
	for _, r := range append([]*Results{widest}, l.Tracks...) {
		for _, m := range r.Overall {
			if !slices.Contains(labels, m.Optimizer) {
				labels = append(labels, m.Optimizer)
			}
		}
	}
	return labels
}

// standing is the row of an optimizer, nil if it did not take part.
func (r *Results) standing(label string) *Standing {
	if i := slices.IndexFunc(r.Overall, func(m Standing) bool { return m.Optimizer == label }); i >= 0 {
		return &r.Overall[i]
	}
	return nil
}

// table has the mean ranks, and the scores, of each optimizer on each track.
func (l *League) table() *table {
	t := &table{Class: "full", Head: []column{{"optimizer", "optimizer", false}}}
	for _, what := range []string{"mean rank", "score"} {
		for _, r := range l.Tracks {
			t.Head = append(t.Head, column{template.HTML(what + "<br/>" + template.HTMLEscapeString(r.soFar(r.Setup.Track))), what + " " + r.Setup.Track, false})
		}
	}
	for _, label := range l.order() {
		var ranks, scores []cell
		for _, r := range l.Tracks {
			m := r.standing(label)
			if m == nil {
				ranks, scores = append(ranks, cell{Text: none}), append(scores, cell{Text: none})
				continue
			}
			ranks = append(ranks, cell{Text: fmt.Sprintf("%.2f", m.Rank), Title: fmt.Sprintf("of %d", len(r.Overall))})
			scores = append(scores, cell{Text: fmt.Sprintf("%.3f", m.Score), Small: fmt.Sprintf("%.3f–%.3f", m.CI.Lo, m.CI.Hi)})
		}
		t.Rows = append(t.Rows, line{Name: label, Cells: append(ranks, scores...)})
	}
	return t
}

// WriteTable writes the table and the verdict as text for a terminal.
func (l *League) WriteTable(w io.Writer) error { return writeTable(w, l.table(), l.Verdict) }

// WriteTableAs writes the table as [Results.WriteTableAs] does.
func (l *League) WriteTableAs(w io.Writer, ending string) error {
	return writeTableAs(w, l.table(), ending)
}

// Summary says how much work it was.
func (l *League) Summary() string {
	runs, seconds := 0, 0.0
	for _, r := range l.Tracks {
		runs, seconds = runs+len(r.Runs)+len(r.Trials), seconds+r.Measured.Seconds
	}
	return fmt.Sprintf("%d runs in %.1f s", runs, seconds)
}

// ranks draws the mean rank of each optimizer on each track, as a part of the way from the
// first to the last.
func (l *League) ranks() *plot.Figure {
	labels := l.order()
	f := &plot.Figure{X: plot.Axis{Label: "mean rank, from the first (0) to the last (1) of its track", Min: 0, Max: 1}, Width: 860, Height: 110 + float64(22*float64(len(labels)))}
	for i := range labels {
		f.Y.Names = append(f.Y.Names, labels[len(labels)-1-i])
	}
	var tracks []string
	for _, r := range l.Tracks {
		tracks = append(tracks, r.Setup.Track)
	}
	colors := plot.Colors(tracks...)
	for _, r := range l.Tracks {
		points := plot.Scatter{Name: r.Setup.Track, Color: colors[r.Setup.Track]}
		for i, label := range labels {
			if m := r.standing(label); m != nil && len(r.Overall) > 1 {
				points.X, points.Y = append(points.X, (m.Rank-1)/float64(len(r.Overall)-1)), append(points.Y, float64(len(labels)-1-i))
			}
		}
		f.Layers = append(f.Layers, points)
	}
	return f
}

// WriteHTML writes the report over all tracks: one page, as [Results.WriteHTML] does.
func (l *League) WriteHTML(w io.Writer) error {
	if len(l.Tracks) == 0 || len(l.Verdict) == 0 {
		return errors.New("bench: this league is empty: there is nothing to report")
	}
	first := *l.Tracks[0]
	first.Command, first.Plan, first.Revision, first.partial = l.Command, l.Plan, l.Revision, l.Tracks[len(l.Tracks)-1].partial
	v := &view{Results: &first}
	if err := v.words(l.Verdict); err != nil {
		return err
	}
	v.add(section{Title: "Every track", Table: l.table(), Map: v.draw(l.ranks()),
		Note: "Mean ranks over problems, and mean normalised scores with 95\u2009% intervals: 0 is a constant, 1 a tuned Adam. Ranks are among those that take part in a track; on self-tuning, only what finds the length of its steps itself. How much two ranks must differ to be told apart stands with each track."})
	for _, r := range l.Tracks {
		v.track(r)
	}
	v.add(crewSection(l.Tracks[len(l.Tracks)-1].Measured.Crew))
	v.add(section{Title: "Details", Folded: []folded{{Summary: "What the problems are", Table: first.about()},
		{Summary: "How it was measured, and what the intervals mean", List: said(first.method()...)}}})
	if v.err != nil {
		return v.err
	}
	p := page.Page{Title: first.soFar("A league of optimizers on the suite " + first.Setup.Name), Reload: first.reload(),
		Subtitle: fmt.Sprintf("%d problems, %d optimizers, %d tracks, %s", len(first.Problems), len(l.order()), len(l.Tracks), l.Summary())}
	return v.write(w, p)
}

// track adds the section of a track.
func (v *view) track(r *Results) {
	own := &view{Results: r}
	own.overall()
	v.err = cmp.Or(v.err, own.err)
	s := section{Title: own.soFar("Track " + r.Setup.Track), Note: doc(r.Setup.Track) + "."}
	for i, x := range own.Sections {
		if i == 0 {
			s.Table, s.Note = x.Table, s.Note+" "+x.Note
			s.Folded = append(s.Folded, folded{Summary: "In words", List: r.Verdict})
			continue
		}
		s.Folded = append(s.Folded, folded{Summary: x.Title, Table: x.Table, Figures: append(x.Figures, x.Map...), List: said(x.Note)})
	}
	v.add(s)
}

// doc says what a track is.
func doc(track string) string {
	t, err := spec.Find("track", tuning.Tracks, track)
	if err != nil {
		return track
	}
	return strings.ToUpper(t.Doc[:1]) + t.Doc[1:]
}
