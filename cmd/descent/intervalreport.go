package main

import (
	"fmt"
	"io"
	"slices"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/internal/stats"
	"descent/train"
)

// An intervalReport is what train tells of intervals.
type intervalReport struct {
	Method string `json:"method"`
	Models int    `json:"models"`          // that were trained for it
	Steps  int    `json:"steps,omitempty"` // of each, in the mean
	Rows   int    `json:"rows"`            // that were predicted by models that have not seen them
	Groups int    `json:"groups,omitempty"`
	// Level is that of the rest, in percent, which is of the rows that are scored: how many
	// of them have the truth within, and the median width, or the mean size of a set.
	Level   float64 `json:"level"`
	Covered float64 `json:"covered"`
	Width   float64 `json:"width,omitempty"`
	Size    float64 `json:"size,omitempty"`
	// Targets has both of each of several targets, in place of them. Covered is then how many
	// rows have all of their truths within.
	Targets  []targetInterval `json:"targets,omitempty"`
	seconds  float64
	trainers int // that worked at once
}

// A targetInterval says what the intervals of one of several targets are worth.
type targetInterval struct {
	Target  string  `json:"target"`
	Covered float64 `json:"covered"`
	Width   float64 `json:"width"`
}

// measure looks how many of some rows have their truth within, and how wide that is.
func (b *bounder) measure(t *train.Trainer, d *data.Dataset, told *intervalReport) error {
	p, err := t.Predictor()
	if err != nil {
		return err
	}
	outs, width, err := p.Predict(d)
	if err != nil {
		return err
	}
	bounds, err := b.of(d, func(row int) string { return fmt.Sprintf("row %d of those that are scored", row+1) })
	if err != nil {
		return err
	}
	k, n := b.numbers(), float64(d.Rows())
	sizes, covered, together := make([][]float64, k), make([]float64, k), 0.0
	for i := range d.Rows() {
		x, all := prediction{}, true
		bounds(i, outs[i*width:(i+1)*width], p, &x)
		for j := range k {
			within, size := false, float64(len(x.set))
			if b.Classes > 0 {
				within = slices.Contains(x.set, d.Class[i])
			} else {
				y := b.number(d.Y[i*k:], j)
				within, size = x.bounds[j][0] <= y && y <= x.bounds[j][1], x.bounds[j][1]-x.bounds[j][0]
			}
			if all = all && within; within {
				covered[j] += 1 / n
			}
			sizes[j] = append(sizes[j], size)
		}
		if all {
			together += 1 / n
		}
	}
	told.Covered = together
	if b.Classes > 0 {
		told.Size = stats.Mean(sizes[0])
		return nil
	}
	for j := range k {
		slices.Sort(sizes[j])
		width := stats.Quantile(sizes[j], 0.5)
		if b.Targets == nil {
			told.Width = width
		} else {
			told.Targets = append(told.Targets, targetInterval{b.Targets.Names[j], covered[j], width})
		}
	}
	return nil
}

// section has what the intervals are worth, if there are some.
func (x *intervalReport) section(scored string) (draw.Section, bool) {
	if x == nil {
		return draw.Section{}, false
	}
	return draw.Section{Title: "Intervals", Note: sentence(x.says(scored))}, true
}

// printInterval prints what the intervals are worth.
func (r *report) printInterval(w io.Writer) {
	if r.Interval != nil {
		fmt.Fprintf(w, "\n%s\n", r.Interval.says(r.scored()))
	}
}

// says says it in a few lines, of the rows that are scored.
func (x *intervalReport) says(scored string) string {
	what, size := "intervals", fmt.Sprintf("median width %.5g", x.Width)
	if x.Size > 0 {
		what, size = "sets of classes", fmt.Sprintf("mean size %.3g", x.Size)
	}
	how := fmt.Sprintf("what the model gets wrong on %d rows that were kept from it", x.Rows)
	if x.Models > 0 {
		how = fmt.Sprintf("%s, %d trainings of %d steps each in %.2f s on %s", x.Method, x.Models, x.Steps, x.seconds, count(x.trainers, "processor"))
	}
	text := fmt.Sprintf("%s of %.4g %% (%s): they hold the truth of %.1f %% of %s, %s", what, x.Level, how, 100*x.Covered, scored, size)
	if x.Targets != nil {
		text = fmt.Sprintf("%s of %.4g %% for each target by itself (%s): of %s they hold", what, x.Level, how, scored)
		for _, t := range x.Targets {
			text += fmt.Sprintf(" %s in %.1f %% (median width %.5g),", t.Target, 100*t.Covered, t.Width)
		}
		text += fmt.Sprintf(" all at once in %.1f %%", 100*x.Covered)
	}
	if x.Groups > 0 {
		text += fmt.Sprintf("\nrows of one group are left out together: intervals are for rows of new groups; of %d groups", x.Groups)
		if x.Groups < fewGroups {
			text += " they are rough"
		} else {
			text += " they are made"
		}
	}
	return text
}
