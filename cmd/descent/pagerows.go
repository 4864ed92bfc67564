package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/train/score"
)

// How much of the worst rows a page has.
const (
	mostWorst = 20
	mostCells = 8
)

// A worstRow is one that the model is most wrong about.
type worstRow struct {
	Truth       any               `json:"truth"` // a class or a number
	Predicted   any               `json:"predicted"`
	Probability float64           `json:"probability,omitempty"` // of what is predicted, if that is known
	Row         map[string]string `json:"row,omitempty"`         // the columns that tell most alone
}

// A mistake is a row that is taken for what it is not, with the probability of that, 0 if
// it is not known.
type mistake struct {
	row int
	p   float64
}

// mistakes are all of them, the surest first.
func mistakes(c *score.Classes) (all []mistake) {
	for i, class := range c.Truth {
		if class == c.Decided[i] {
			continue
		}
		m := mistake{row: i}
		if c.P != nil {
			m.p = c.P[i*c.K+c.Decided[i]]
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b mistake) int { return cmp.Compare(b.p, a.p) })
	return all
}

// mistakeSection has the rows that are taken for what they are not.
func (r *report) mistakeSection(o *trainOptions, c *score.Classes, d *data.Dataset) (draw.Section, bool) {
	all := mistakes(c)
	for _, m := range all[:min(len(all), mostWorst)] {
		r.Page.Worst = append(r.Page.Worst, worstRow{r.Classes[c.Truth[m.row]], r.Classes[c.Decided[m.row]], m.p, r.cells(o, d, m.row)})
	}
	s := draw.Section{Title: "Rows taken for what they are not", Note: fmt.Sprintf("%d of %d, the surest first", len(all), len(c.Truth)) + r.said(),
		Tables: []draw.Table{r.worstTable(c.P != nil)}}
	return s, len(all) > 0
}

// farSection has the rows whose prediction is farthest from the target.
func (r *report) farSection(o *trainOptions, x *score.Numbers, d *data.Dataset) (draw.Section, bool) {
	order := make([]int, len(x.Truth))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(math.Abs(x.Predicted[b]-x.Truth[b]), math.Abs(x.Predicted[a]-x.Truth[a]))
	})
	for _, i := range order[:min(len(order), mostWorst)] {
		r.Page.Worst = append(r.Page.Worst, worstRow{Truth: x.Truth[i], Predicted: x.Predicted[i], Row: r.cells(o, d, i)})
	}
	return draw.Section{Title: "Rows that are farthest off", Note: fmt.Sprintf("%d of %d", len(r.Page.Worst), len(order)) + r.said(), Tables: []draw.Table{r.worstTable(false)}}, true
}

// said says which columns are shown.
func (r *report) said() string {
	if all := len(r.Facts.Columns); all > mostCells {
		return fmt.Sprintf(". Of %d columns these %d tell most alone", all, mostCells)
	}
	return ""
}

// shownColumns are the columns that tell most of the target alone, in their order.
func (r *report) shownColumns() (names []string) {
	columns := slices.Clone(r.Facts.Columns)
	type entry struct {
		at    int
		alone float64
	}
	var all []entry
	for i, c := range columns {
		all = append(all, entry{i, c.Alone})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(b.alone, a.alone) })
	all = all[:min(len(all), mostCells)]
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	for _, x := range all {
		names = append(names, columns[x.at].Name)
	}
	return names
}

// worstTable shows the worst rows.
func (r *report) worstTable(sure bool) draw.Table {
	names := r.shownColumns()
	t := draw.Table{Head: []string{r.Target, "predicted"}}
	if sure {
		t.Head = append(t.Head, "probability")
	}
	t.Head = append(t.Head, names...)
	text := func(x any) string {
		if v, ok := x.(float64); ok {
			return fmt.Sprintf("%.5g", v)
		}
		return fmt.Sprint(x)
	}
	for _, w := range r.Page.Worst {
		row := []string{text(w.Truth), text(w.Predicted)}
		if sure {
			row = append(row, number(w.Probability, false))
		}
		for _, name := range names {
			row = append(row, w.Row[name])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// cells are those of a row in the columns that are shown, as they were before they were
// scaled.
func (r *report) cells(o *trainOptions, d *data.Dataset, row int) map[string]string {
	if o.schema == nil {
		return nil
	}
	x, names, out := d.X.Row(nil, row), r.shownColumns(), map[string]string{}
	for i := range o.schema.Inputs {
		in := &o.schema.Inputs[i]
		own := x[:in.Width()]
		x = x[len(own):]
		if name := strings.TrimSpace(in.Name + " " + in.Part); slices.Contains(names, name) {
			out[name] = cellText(in, own)
		}
	}
	return out
}

// cellText is a cell as a person would write it.
func cellText(in *data.Input, x []float64) string {
	switch {
	case in.Kind == data.Text:
		return "(text)"
	case in.Coded && x[0] >= 0:
		return in.Levels[int(x[0])]
	case in.Kind == data.Categorical:
		if k := slices.Index(x, 1); k >= 0 && !in.Coded {
			return in.Levels[k]
		}
		return ""
	}
	v := float64(x[0]*in.Scale) + in.Offset
	if in.Part == "days" {
		return time.Unix(int64(math.Round(v*24*60*60)), 0).UTC().Format(time.DateOnly)
	}
	if in.Missing > 0 && math.Abs(v-in.Impute) <= 1e-12*in.Scale {
		return data.MissingLevel // as far as one can see
	}
	return fmt.Sprintf("%.6g", v)
}
