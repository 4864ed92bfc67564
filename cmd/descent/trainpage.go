package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/elementary"
	"descent/internal/plot"
	"descent/train"
)

// How many pictures a page has of each kind.
const (
	mostMistakes = 48
	mostFilters  = 64
	mostCodes    = 20
)

// writePage writes the page of --report.
func (r *report) writePage(o *trainOptions, t *train.Trainer, command string) error {
	sum, err := o.summary()
	if err != nil {
		return err
	}
	p := &draw.Training{Title: r.Data + ": " + r.Model, Command: command, Summary: sum.String(), Curve: r.curve(),
		Subtitle: fmt.Sprintf("%d rows for training, %d for validation, %d for testing; loss %s, %s, seed %d", r.Rows.Train, r.Rows.Val, r.Rows.Test, r.Loss, r.Optimizer, r.Seed)}
	var text bytes.Buffer
	if o.Model.Codes() {
		r.printCoder(&text, o)
	} else {
		fmt.Fprintln(&text, r.headline())
		r.printNotes(&text)
	}
	lines := slices.Collect(strings.Lines(strings.TrimSpace(text.String())))
	p.Lead, p.Sentences = lines[0], lines[1:]
	if r.Augment != "" {
		p.Sentences = append(p.Sentences, "Each picture of training was changed in each epoch: "+r.Augment)
	}
	if len(r.Confusion) <= maxConfusion {
		p.Classes, p.Confusion = r.Classes, r.Confusion
	}
	if shape := o.shape(); len(shape) > 1 {
		a := &album{o: o, t: t, d: r.scoredRows(), of: r.parts.Train, shape: shape}
		if p.Galleries, err = a.galleries(); err != nil {
			return err
		}
	}
	text.Reset()
	if err := p.Write(&text); err != nil {
		return err
	}
	return atomicfile.Write(o.report, text.Bytes())
}

// curve draws the losses by the epoch.
func (r *report) curve() *plot.Figure {
	loss, val := plot.Line{Name: "training"}, plot.Line{Name: "validation"}
	for _, e := range r.Epochs {
		loss.X, loss.Y = append(loss.X, float64(e.Epoch)), append(loss.Y, e.Loss)
		if x, ok := e.Val["loss"]; ok {
			val.X, val.Y = append(val.X, float64(e.Epoch)), append(val.Y, x)
		}
	}
	if len(loss.X) < 2 {
		return nil
	}
	f := &plot.Figure{X: plot.Axis{Label: "epoch"}, Y: plot.Axis{Label: "loss"}, Layers: []plot.Layer{loss}, Width: 860, Height: 340}
	if len(val.X) > 0 {
		f.Layers = append(f.Layers, val)
	}
	return f
}

// An album makes the pictures of a page.
type album struct {
	o     *trainOptions
	t     *train.Trainer
	d, of *data.Dataset // the rows that are scored, and those of training
	shape []int
	lo    float64 // of the numbers of pictures that are columns of a table
	span  float64
}

func (a *album) galleries() (all []draw.Gallery, err error) {
	a.limits()
	add := func(g draw.Gallery, e error) {
		if err = cmp.Or(err, e); len(g.Pictures) > 0 {
			all = append(all, g)
		}
	}
	if a.o.Model.Codes() {
		add(a.reconstructions())
		if a.o.Model.Beta() > 0 {
			add(a.samples())
		}
	} else if a.o.Classes > 0 {
		add(a.mistakes())
	}
	add(a.filters(), nil)
	return all, err
}

// own returns inputs as they were before they were scaled.
func (a *album) own(row []float64) []float64 {
	s := a.o.schema
	if s == nil {
		return row
	}
	for k := range row {
		row[k] = float64(row[k]*s.Inputs[k].Scale) + s.Inputs[k].Offset
	}
	return row
}

// row returns the inputs of a row of a set.
func (a *album) row(d *data.Dataset, i int) []float64 {
	x, _ := d.Array("x")
	row := make([]float64, d.Features())
	data.GatherArray(row, x, []int{i})
	return a.own(row)
}

// limits finds between which numbers pictures are: bytes from 0 to 1.
func (a *album) limits() {
	a.lo, a.span = 0, 1
	if a.o.schema == nil {
		return
	}
	hi := 0.0
	for i := range a.of.Rows() {
		row := a.row(a.of, i)
		a.lo, hi = min(a.lo, slices.Min(row)), max(hi, slices.Max(row))
	}
	a.span = max(hi-a.lo, 1e-30)
}

// picture makes a picture of inputs.
func (a *album) picture(row []float64, caption, alt string) draw.Picture {
	values := make([]float64, len(row))
	for k, x := range row {
		values[k] = (x - a.lo) / a.span
	}
	return draw.Picture{Shape: a.shape, Values: values, Caption: caption, Alt: alt}
}

// mistakes are pictures that are taken for what they are not, the surest first.
func (a *album) mistakes() (g draw.Gallery, err error) {
	type mistake struct {
		row, as int
		p       float64 // of the class that it is taken for, 0 if that is not known
	}
	var all []mistake
	out, width, err := a.t.Predict(a.d)
	if err != nil {
		return g, err
	}
	for i, class := range a.d.Class {
		row := out[i*width : (i+1)*width]
		m := mistake{row: i, as: a.t.Decide(row)}
		if p := a.t.Probabilities(row); p != nil {
			m.p = p[m.as]
		}
		if m.as != class {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b mistake) int { return cmp.Compare(b.p, a.p) })
	g.Title = "Pictures taken for what they are not"
	g.Note = fmt.Sprintf("%d of %d; the class, and what it is taken for, with its probability", len(all), a.d.Rows())
	if len(all) > mostMistakes {
		g.Note += fmt.Sprintf(". These %d are the surest", mostMistakes)
	}
	for _, m := range all[:min(len(all), mostMistakes)] {
		caption := fmt.Sprintf("%s as %s", a.d.Classes[a.d.Class[m.row]], a.d.Classes[m.as])
		if m.p > 0 {
			caption += fmt.Sprintf(", %.0f %%", 100*m.p)
		}
		if a.d.Names != nil {
			caption += "; " + a.d.Names[m.row]
		}
		g.Pictures = append(g.Pictures, a.picture(a.row(a.d, m.row), caption, "a picture of "+caption))
	}
	return g, nil
}

// filters are the weights of the first layer, where they have the shape of pictures.
func (a *album) filters() (g draw.Gallery) {
	g.Title = "Filters of the first layer"
	g.Note = "What each number of its output looks for: orange is above 0, blue below, each filter by its own largest number"
	add := func(i int, shape []int, values []float64) {
		g.Pictures = append(g.Pictures, draw.Picture{Shape: shape, Values: values, Signed: true, Alt: fmt.Sprintf("filter %d", i+1)})
	}
	if w := a.t.Store().Lookup("conv.w"); w != nil && w.Shape().Rank() == 4 {
		d, values := w.Shape().Dims(), w.Float64s()
		size := d[1] * d[2] * d[3]
		for i := range min(d[0], mostFilters) {
			add(i, d[1:], values[i*size:(i+1)*size])
		}
		if d[1] == 3 {
			g.Note = "What each number of its output looks for, by colors; grey is 0, each filter by its own largest number"
		}
		return g
	}
	w := a.t.Store().Lookup("dense.w")
	if w == nil || w.Shape().Dim(0) != a.o.Features {
		return g
	}
	units, values := w.Shape().Dim(1), w.Float64s()
	for i := range min(units, mostFilters) {
		column := make([]float64, a.o.Features)
		for k := range column {
			column[k] = values[k*units+i]
		}
		add(i, a.shape, column)
	}
	return g
}

// reconstructions are pictures above what an autoencoder makes of their codes.
func (a *album) reconstructions() (g draw.Gallery, err error) {
	g.Title, g.Note = "Reconstructions", fmt.Sprintf("Pictures that were held out, and below them what their codes of %d numbers tell", a.o.Model.Code())
	var rows []int
	for i := range min(mostCodes, a.d.Rows()) {
		rows = append(rows, i*a.d.Rows()/min(mostCodes, a.d.Rows()))
	}
	some := a.d.Subset(rows)
	out, width, err := a.t.Predict(some)
	if err != nil {
		return g, err
	}
	for i := range rows {
		again := a.picture(a.own(out[i*width:(i+1)*width]), "", "")
		g.Pictures = append(g.Pictures, draw.Stack(a.picture(a.row(some, i), "", fmt.Sprintf("picture %d and its reconstruction", rows[i])), again))
	}
	return g, nil
}

// samples are what a variational autoencoder makes of codes that are drawn from the
// standard normal distribution.
func (a *album) samples() (g draw.Gallery, err error) {
	g.Title, g.Note = "Samples", "What is made of codes that are drawn at random, without any picture"
	p, err := a.o.sampler(a.t)
	if err != nil {
		return g, err
	}
	n, rng := mostCodes, rand.New(rand.NewPCG(a.o.seed, 0))
	codes := make([]float64, n*a.o.Model.Code())
	for i := range codes {
		codes[i] = elementary.Normal(rng)
	}
	z, err := data.NewArray(codes, a.o.Model.Code())
	if err != nil {
		return g, err
	}
	out, width, err := p.Predict(data.Arrays{"z": z})
	if err != nil {
		return g, err
	}
	for i := range n {
		g.Pictures = append(g.Pictures, a.picture(a.own(out[i*width:(i+1)*width]), "", fmt.Sprintf("sample %d", i+1)))
	}
	return g, nil
}

// sampler returns the decoder of a trained autoencoder, which takes codes "z".
func (s *setup) sampler(t *train.Trainer) (*train.Predictor, error) {
	c, _, err := s.coder()
	if err != nil {
		return nil, err
	}
	task := train.Task{Compute: func(b *train.Batch) train.Result {
		out := s.codesOf(c, b.Numbers("x", s.Features)) // which declares the weights
		return train.Result{Losses: out.losses, Predictions: []train.Prediction{{Name: "sample", Node: s.ownUnit(c.Decode(b.Numbers("z", s.Model.Code())))}}}
	}}
	text, err := t.Encode(nil)
	if err != nil {
		return nil, err
	}
	return train.DecodePredictor(task, graph.Float32, text, nil)
}
