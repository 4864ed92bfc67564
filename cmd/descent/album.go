package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/graph"
	"descent/internal/elementary"
	"descent/train"
	"descent/train/score"
)

// How many pictures a page has of each kind.
const (
	mostMistakes = 48
	mostFilters  = 64
	mostCodes    = 20
)

// An album makes the pictures of a page.
type album struct {
	o     *trainOptions
	t     *train.Trainer
	d, of *data.Dataset // the rows that are scored, and those of training
	shape []int
	lo    float64 // of the numbers of pictures that are columns of a table
	span  float64
}

// newAlbum returns the album of rows that are pictures, else nil.
func newAlbum(r *report, o *trainOptions, t *train.Trainer) *album {
	shape := o.RowShape()
	if len(shape) < 2 {
		return nil
	}
	return &album{o: o, t: t, d: r.scoredRows(), of: r.parts.Train, shape: shape}
}

// sections are what the pictures show. C is what classes are taken for.
func (a *album) sections(c *score.Classes) (all []draw.Section, err error) {
	a.limits()
	add := func(g draw.Section, e error) {
		if err = cmp.Or(err, e); len(g.Pictures) > 0 {
			all = append(all, g)
		}
	}
	if a.o.Model.Codes() {
		add(a.reconstructions())
		if a.o.Model.Beta() > 0 {
			add(a.samples())
		}
	} else if c != nil {
		add(a.mistakes(c), nil)
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
func (a *album) mistakes(c *score.Classes) (g draw.Section) {
	all := mistakes(c)
	g.Title = "Pictures taken for what they are not"
	g.Note = fmt.Sprintf("%d of %d; the class, and what it is taken for, with its probability", len(all), a.d.Rows())
	if len(all) > mostMistakes {
		g.Note += fmt.Sprintf(". These %d are the surest", mostMistakes)
	}
	for _, m := range all[:min(len(all), mostMistakes)] {
		caption := fmt.Sprintf("%s as %s", a.d.Classes[c.Truth[m.row]], a.d.Classes[c.Decided[m.row]])
		if m.p > 0 {
			caption += fmt.Sprintf(", %.0f %%", 100*m.p)
		}
		if a.d.Names != nil {
			caption += "; " + a.d.Names[m.row]
		}
		g.Pictures = append(g.Pictures, a.picture(a.row(a.d, m.row), caption, "a picture of "+caption))
	}
	return g
}

// filters are the weights of the first layer, where they have the shape of pictures.
func (a *album) filters() (g draw.Section) {
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
func (a *album) reconstructions() (g draw.Section, err error) {
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
func (a *album) samples() (g draw.Section, err error) {
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
