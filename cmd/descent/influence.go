package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"descent/data"
	"descent/train"
)

const (
	exactSoon  = 5e10   // products of a weight and an input, in the trainings without each row: some 4 s
	stepCosts  = 40_000 // what a step takes besides, in products
	mostSolved = 50     // rows whose own loss influence functions are asked for
)

// An influenceReport has the rows without which the model would be most different.
type influenceReport struct {
	Method string `json:"method"`
	// Trainings is how many there were, of so many steps each.
	Trainings int            `json:"trainings,omitempty"`
	Steps     int            `json:"steps,omitempty"`
	On        string         `json:"on,omitempty"` // which part the mean loss is of
	Rows      []influenceRow `json:"rows,omitempty"`
	Note      string         `json:"note,omitempty"` // why there is none
	seconds   float64
	workers   int
}

// An influenceRow is a row of training, and what would change without it.
type influenceRow struct {
	Row       int `json:"row"` // of the table, from 1
	Truth     any `json:"truth"`
	Predicted any `json:"predicted"`
	Without   any `json:"without,omitempty"` // what would be predicted, if it was trained
	// Own is by how much the row's own loss would be larger, Held by how much the mean
	// loss of rows that were held out: below 0 the row does harm.
	Own  float64 `json:"own"`
	Held float64 `json:"held"`
}

// influences finds the rows with the largest influence on themselves.
func (e *explainer) influences(ctx context.Context, o *explainOptions) (*influenceReport, error) {
	began, d, scored := time.Now(), e.sets[0], e.on
	sum, err := e.run.summary()
	if err != nil {
		return nil, err
	}
	r := &influenceReport{Method: o.influence, On: scored.part}
	if o.influence == influenceAuto {
		r.Method = influenceGradients
		n, steps := d.d.Rows(), data.NewBatches(d.d.Rows(), e.run.run.Batch, 0, false).Steps()
		epoch := float64(sum.Products*n) + float64(stepCosts*steps)
		if epoch*float64(e.run.run.Epochs*n) <= exactSoon {
			r.Method = influenceExact
		}
	}
	var all []train.Influence
	var without []any
	if r.Method == influenceExact {
		all, without, err = e.leaveOut(ctx, r)
	} else {
		all, err = e.t.Influence(ctx, d.d, scored.d, max(mostSolved, o.rows))
	}
	switch {
	case err != nil && o.influence == influenceAuto && ctx.Err() == nil:
		return &influenceReport{Method: influenceNone, Note: oneLine(err.Error())}, nil
	case err != nil:
		return nil, fmt.Errorf("--influence %s: %w", r.Method, err)
	}
	slices.SortStableFunc(all, func(a, b train.Influence) int { return compareDown(a.Own, b.Own) })
	for _, x := range all[:min(o.rows, len(all))] {
		out, _, err := e.p.Predict(d.d.Subset([]int{x.Row}))
		if err != nil {
			return nil, err
		}
		row := influenceRow{Row: d.from[x.Row] + 1, Truth: e.truth(d.d, x.Row), Predicted: e.decided(out), Own: x.Own, Held: x.Held}
		if without != nil {
			row.Without = without[x.Row]
		}
		r.Rows = append(r.Rows, row)
	}
	r.seconds = time.Since(began).Seconds()
	return r, nil
}

// leaveOut trains without each row: as the run did, in the same order, but that the row has
// the weight 0, so that nothing differs but what the row does. What is compared with is a
// training in which all rows have their weights.
func (e *explainer) leaveOut(ctx context.Context, r *influenceReport) ([]train.Influence, []any, error) {
	d, n := weighed(e.sets[0].d), e.sets[0].d.Rows()
	first, err := e.leaver()
	if err != nil {
		return nil, nil, err
	}
	whole, err := first.of(ctx, e, d, -1)
	if err != nil {
		return nil, nil, err
	}
	r.Trainings, r.Steps, r.workers = n, first.t.Steps(), min(e.run.run.Workers, n)
	all, without := make([]train.Influence, n), make([]any, n)
	err = train.CrossValidate(ctx, n, e.run.run.Workers, func() (func(context.Context, int) error, error) {
		own, err := e.leaver()
		return func(ctx context.Context, i int) error {
			x, err := own.of(ctx, e, d, i)
			if err != nil {
				return err
			}
			all[i] = train.Influence{Row: i, Own: x.losses[i] - whole.losses[i], Held: x.held - whole.held}
			without[i] = x.decided
			return nil
		}, err
	})
	return all, without, err
}

// A leaver trains without one row after the other.
type leaver struct {
	trainOptions
	t *train.Trainer
}

func (e *explainer) leaver() (*leaver, error) {
	own := &leaver{trainOptions: *e.run}
	own.Weighted, own.run.Workers = true, 1
	var err error
	own.t, err = own.trainer()
	return own, err
}

// A left is what comes of a training without a row: losses of the rows that were asked for,
// the mean loss of others, and what is predicted of the row.
type left struct {
	losses  map[int]float64
	held    float64
	decided any
}

// of trains without a row; -1 is none, and then the losses of all rows are told.
func (l *leaver) of(ctx context.Context, e *explainer, d *data.Dataset, row int) (*left, error) {
	if err := l.reset(l.t, l.seed); err != nil {
		return nil, err
	}
	rows, asked := *d, []int{row}
	if row < 0 {
		asked = asked[:0]
		for i := range d.Rows() {
			asked = append(asked, i)
		}
	} else {
		rows.Weight = slices.Clone(d.Weight)
		rows.Weight[row] = 0
	}
	if err := l.again(ctx, l.t, &rows, weighed(e.val)); err != nil {
		return nil, err
	}
	x := &left{losses: map[int]float64{}}
	for _, i := range asked {
		one := d.Subset([]int{i})
		s, err := l.t.Evaluate(one, "loss")
		if err != nil {
			return nil, err
		}
		x.losses[i] = s.Loss
	}
	s, err := l.t.Evaluate(weighed(e.on.d), "loss")
	if err != nil {
		return nil, err
	}
	x.held = s.Loss
	if row >= 0 {
		out, _, err := l.t.Predict(d.Subset([]int{row}))
		if err != nil {
			return nil, err
		}
		x.decided = e.decided(out)
	}
	return x, nil
}

// weighed gives rows that have no weights the weight 1 each.
func weighed(d *data.Dataset) *data.Dataset {
	if d == nil || d.Weight != nil {
		return d
	}
	w := *d
	w.Weight = slices.Repeat([]float64{1}, d.Rows())
	return &w
}
