package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"descent/data"
	"descent/internal/atomicfile"
	"descent/internal/elementary"
	"descent/ops"
	"descent/train"
	"descent/train/explain"
)

// A rowSet are rows with their part of the table, and which of its rows they are.
type rowSet struct {
	part string // train, val, test, or "" of fresh rows
	d    *data.Dataset
	from []int
}

// An explainer says what a model goes by.
type explainer struct {
	*setup
	classes []string
	schema  *data.Schema
	columns []explain.Column
	p       *train.Predictor
	sets    []rowSet
	on      rowSet // what columns are measured on
	from    []float64
	slopes  *explain.Gradients
	spread  []float64 // variance of each target of on

	run *trainOptions // nil of fresh rows, which have no influence
	t   *train.Trainer
	val *data.Dataset // rows by which the training stopped
}

// waySteps is the number of points between the mean row and a row.
const waySteps = 128

// mostExplained bounds the rows that columns are measured on.
const mostExplained = 2000

// newExplainer explains a model by the rows of its training and those held out.
func newExplainer(o *trainOptions, r *report, t *train.Trainer) (*explainer, error) {
	p, err := t.Predictor()
	if err != nil {
		return nil, err
	}
	e := &explainer{setup: &o.setup, classes: r.parts.Train.Classes, schema: r.parts.Schema, p: p, run: o, t: t, val: r.parts.Val}
	scored := r.scoredRows()
	for i, d := range []*data.Dataset{r.parts.Train, r.parts.Val, r.parts.Test} {
		if set := (rowSet{[]string{"train", "val", "test"}[i], d, r.parts.From[i]}); d.Rows() > 0 {
			if e.sets = append(e.sets, set); d == scored {
				e.on = set
			}
		}
	}
	return e, e.begin()
}

// freshExplainer explains a model by other rows.
func freshExplainer(m *saved, d *data.Dataset, p *train.Predictor) (*explainer, error) {
	set := rowSet{d: d}
	for i := range d.Rows() {
		set.from = append(set.from, i)
	}
	e := &explainer{setup: &m.setup, classes: m.ClassNames, schema: m.Schema, p: p, sets: []rowSet{set}, on: set}
	return e, e.begin()
}

// begin makes what is needed of the rows.
func (e *explainer) begin() error {
	if n := e.on.d.Rows(); n > mostExplained {
		at := evenly(n, mostExplained)
		e.on = rowSet{e.on.part, e.on.d.Subset(at), some(e.on.from, at)}
	}
	e.columns, e.from = explain.Columns(e.schema), explain.Mean(e.sets[0].d)
	k, n := e.numbers(), float64(e.on.d.Rows())
	e.spread = make([]float64, k)
	for j := range k {
		mean := 0.0
		for i := j; i < len(e.on.d.Y); i += k {
			mean += e.on.d.Y[i] / n
		}
		for i := j; i < len(e.on.d.Y); i += k {
			e.spread[j] += float64((e.on.d.Y[i]-mean)*(e.on.d.Y[i]-mean)) / n
		}
	}
	task, err := e.sloped()
	if err != nil {
		return err
	}
	e.slopes, err = explain.NewGradients(e.p, &task, waySteps)
	return err
}

// sloped is a task whose model gives what is predicted.
func (e *explainer) sloped() (train.Task, error) {
	if e.Targets == nil {
		return e.setup.task()
	}
	model, _, err := e.RowModel(e.numbers())
	task := train.Task{Model: model, Features: e.Features}
	if e.Targets.Labels {
		task.Output = ops.Sigmoid
	}
	return task, err
}

// lossIs says what the losses of rows are.
func (e *explainer) lossIs() string {
	switch {
	case e.labels():
		return "the mean log loss of labels rises"
	case e.Targets != nil:
		return "the mean R2 falls"
	case e.Classes == 0:
		return "R2 falls"
	case e.GivesProbabilities():
		return "the log loss rises"
	}
	return "the share of wrong classes rises"
}

// losses are those of rows, of several targets their means.
func (e *explainer) losses(d *data.Dataset) ([]float64, error) {
	each, err := e.targetLosses(d)
	if err != nil || len(each) == 1 {
		return each[0], err
	}
	mean := make([]float64, d.Rows())
	for _, of := range each {
		for i, l := range of {
			mean[i] += l / float64(len(each))
		}
	}
	return mean, nil
}

// targetLosses are those of rows by the target: of numbers the squared error as a share of the variance, so that
// their mean is 1 less R2; of classes the log loss, or 1 for a wrong class.
func (e *explainer) targetLosses(d *data.Dataset) ([][]float64, error) {
	k := e.numbers()
	all := make([][]float64, k)
	out, width, err := e.p.Predict(d)
	if err != nil {
		return all, err
	}
	for i := range d.Rows() {
		row := out[i*width : (i+1)*width]
		for j := range k {
			l := 0.0
			switch {
			case e.labels():
				p, _ := e.Targets.label(row[j], j)
				l = -elementary.Log(max(1-math.Abs(d.Y[i*k+j]-p), leastProbability))
			case e.Classes == 0:
				wrong := row[j] - d.Y[i*k+j]
				l = float64(wrong*wrong) / e.spread[j]
			case e.GivesProbabilities():
				l = -elementary.Log(max(e.p.Probabilities(row)[d.Class[i]], leastProbability))
			case e.p.Decide(row) != d.Class[i]:
				l = 1
			}
			all[j] = append(all[j], l)
		}
	}
	return all, nil
}

// leastProbability keeps one row from being all of a log loss.
const leastProbability = 1e-9

// told are the numbers that people are told of each row: the prediction in its own unit, the
// probabilities, or 1 for the class that is decided.
func (e *explainer) told(d *data.Dataset) (all []float64, width int, err error) {
	out, n, err := e.p.Predict(d)
	if err != nil {
		return nil, 0, err
	}
	for i := range d.Rows() {
		row := out[i*n : (i+1)*n]
		p := e.p.Probabilities(row)
		switch {
		case e.Targets != nil:
			for j := range row {
				all = append(all, e.said(row, j))
			}
		case e.Classes == 0:
			all = append(all, e.Number(row))
		case p != nil:
			all = append(all, p...)
		default:
			one := make([]float64, e.Classes)
			one[e.p.Decide(row)] = 1
			all = append(all, one...)
		}
	}
	return all, max(e.numbers(), e.Classes), nil
}

// said is what is predicted of target j of several: a number, or how likely a label is.
func (e *explainer) said(row []float64, j int) float64 {
	if e.Targets.Labels {
		p, _ := e.Targets.label(row[j], j)
		return p
	}
	return e.number(row, j)
}

// moved returns what each column does to the prediction of a row: in the unit of a number,
// or to the probability of the class that is decided, as the model has it before it is
// calibrated. It is NaN of a column that is embedded: the number of a level has no slope, and
// stays as it is on the way from the mean row. Of several targets it is that of a number.
func (e *explainer) moved(x, out []float64, target int) ([]float64, error) {
	pick := make([]float64, len(out))
	switch {
	case e.labels():
		pick[target] = 1
	case e.Targets != nil:
		pick[target] = e.Targets.Scale[target]
	case e.Classes == 0 && e.Raw:
		pick[0] = 1
	case e.Classes == 0:
		pick[0] = e.Scale
	case len(out) == 1:
		pick[0] = float64(2*e.p.Decide(out) - 1)
	default:
		pick[e.p.Decide(out)] = 1
	}
	from := slices.Clone(e.from)
	coded := e.schema.Levels() // nil if no column is embedded
	for j, levels := range coded {
		if levels > 0 {
			from[j] = x[j]
		}
	}
	each, err := e.slopes.Of(x, from, pick)
	if err != nil {
		return nil, err
	}
	all := make([]float64, len(e.columns))
	for k, c := range e.columns {
		for _, y := range each[c.From:c.To] {
			all[k] += y
		}
		if coded != nil && coded[c.From] > 0 {
			all[k] = math.NaN()
		}
	}
	return all, nil
}

// decided is the prediction of a row: a number, the name of a class, or what is predicted of
// each of several targets.
func (e *explainer) decided(out []float64) any {
	if e.Targets != nil {
		var all []float64
		for j := range out {
			all = append(all, e.said(out, j))
		}
		return byName(e.Targets.Names, all)
	}
	if e.Classes > 0 {
		return e.classes[e.p.Decide(out)]
	}
	return e.Number(out)
}

// truth is that of a row.
func (e *explainer) truth(d *data.Dataset, row int) any {
	if e.Targets != nil {
		k := e.numbers()
		own := slices.Clone(d.Y[row*k : (row+1)*k])
		return byName(e.Targets.Names, e.Targets.own(own))
	}
	if e.Classes > 0 {
		return e.classes[d.Class[row]]
	}
	return e.Number(d.Y[row : row+1])
}

// cell is what a row has in a column, as a person would write it.
func (e *explainer) cell(c explain.Column, x []float64) string {
	at := 0
	for i := range e.schema.Inputs {
		in := &e.schema.Inputs[i]
		if at == c.From {
			return cellText(in, x[at:at+in.Width()])
		}
		at += in.Width()
	}
	return ""
}

// explain says all of it.
func (e *explainer) explain(ctx context.Context, o *explainOptions) (*explanation, error) {
	x := &explanation{Part: e.on.part, Rows: e.on.d.Rows(), Loss: e.lossIs()}
	if e.run != nil {
		x.Seed = e.run.seed
	}
	var err error
	if x.Importance, err = explain.Permuted(e.on.d, e.columns, o.times, x.Seed, e.losses); err != nil {
		return nil, err
	}
	if err := e.importances(x, o.times); err != nil {
		return nil, err
	}
	if x.Dependence, err = e.dependences(); err != nil {
		return nil, err
	}
	if x.Worst, err = e.worst(o.rows); err != nil {
		return nil, err
	}
	if e.run != nil && o.influence != influenceNone {
		x.Influence, err = e.influences(ctx, o)
	}
	return x, err
}

// mostTargets bounds the targets whose columns are measured one by one.
const mostTargets = 20

// importances measures what each column is worth for each of several targets.
func (e *explainer) importances(x *explanation, times int) (err error) {
	if e.Targets == nil || e.numbers() > mostTargets {
		return nil
	}
	x.Targets = map[string][]explain.Importance{}
	for j, name := range e.Targets.Names {
		x.Targets[name], err = explain.Permuted(e.on.d, e.columns, times, x.Seed, func(d *data.Dataset) ([]float64, error) {
			all, err := e.targetLosses(d)
			return all[j], err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// worst are the rows with the largest losses, of several targets with that which is worst.
func (e *explainer) worst(most int) (all []explainedRow, err error) {
	for _, s := range e.sets {
		losses, err := e.targetLosses(s.d)
		if err != nil {
			return nil, err
		}
		for j, of := range losses {
			for i, l := range of {
				all = append(all, explainedRow{Row: s.from[i] + 1, Part: s.part, Loss: l, d: s.d, at: i, target: j})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b explainedRow) int { return compareDown(a.Loss, b.Loss) })
	all = all[:min(most, len(all))]
	for i := range all {
		if err := e.fill(&all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// compareDown puts the larger first, and NaN last.
func compareDown(a, b float64) int {
	switch {
	case a > b || math.IsNaN(b) && !math.IsNaN(a):
		return -1
	case a < b || math.IsNaN(a) && !math.IsNaN(b):
		return 1
	}
	return 0
}

// fill completes a row: what is predicted, and why.
func (e *explainer) fill(r *explainedRow) error {
	x := r.d.X.Row(nil, r.at)
	out, _, err := e.p.Predict(r.d.Subset([]int{r.at}))
	if err != nil {
		return err
	}
	r.Truth, r.Predicted = e.truth(r.d, r.at), e.decided(out)
	if p := e.p.Probabilities(out); p != nil {
		r.Probability = p[e.p.Decide(out)]
	}
	if e.Targets != nil {
		r.Target = e.Targets.Names[r.target]
		r.Truth, r.Predicted = r.Truth.(map[string]float64)[r.Target], r.Predicted.(map[string]float64)[r.Target]
	}
	each, err := e.moved(x, out, r.target)
	if err != nil {
		return err
	}
	for k, c := range e.columns {
		if !math.IsNaN(each[k]) {
			r.Moved = append(r.Moved, moved{c.Name, e.cell(c, x), each[k]})
		}
	}
	slices.SortStableFunc(r.Moved, func(a, b moved) int { return compareDown(math.Abs(a.By), math.Abs(b.By)) })
	return nil
}

// writeAttributions writes what each column does to each prediction.
func (e *explainer) writeAttributions(path string) error {
	head := []string{"row", "part", "truth", "prediction"}
	if e.Targets != nil {
		head = []string{"row", "part", "target", "truth", "prediction"}
	}
	for _, c := range e.columns {
		head = append(head, c.Name)
	}
	lines := []string{commas(head)}
	for _, s := range e.sets {
		out, width, err := e.p.Predict(s.d)
		if err != nil {
			return err
		}
		for i, row := range s.from {
			own := out[i*width : (i+1)*width]
			for j := range e.numbers() {
				each, err := e.moved(s.d.X.Row(nil, i), own, j)
				if err != nil {
					return err
				}
				line := []string{strconv.Itoa(row + 1), s.part}
				truth, decided := e.truth(s.d, i), e.decided(own)
				if e.Targets != nil {
					name := e.Targets.Names[j]
					line = append(line, name)
					truth, decided = truth.(map[string]float64)[name], decided.(map[string]float64)[name]
				}
				line = append(line, fmt.Sprint(truth), fmt.Sprint(decided))
				for _, x := range each {
					text := ""
					if !math.IsNaN(x) {
						text = strconv.FormatFloat(x, 'g', 6, 64)
					}
					line = append(line, text)
				}
				lines = append(lines, commas(line))
			}
		}
	}
	return atomicfile.Write(path, []byte(strings.Join(lines, "\n")+"\n"))
}
