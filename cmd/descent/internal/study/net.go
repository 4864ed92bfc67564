package study

import (
	"bytes"
	"fmt"

	"descent/bench"
	"descent/cmd/descent/internal/tabular"
	"descent/data"
	"descent/graph"
	"descent/internal/rng"
	"descent/losses"
	"descent/models"
)

// A Net is a model and a loss that learn a column of rows, as text and numbers.
type Net struct {
	Name, About string // "" is that of the data, and nothing
	Data        string // an embedded set, or what the file is called
	File        *File  // of a set that is not embedded

	Target  string
	Options data.Options // how rows become inputs; the seed is the study's
	// Channels says that the channels of pictures are standardised, in the model.
	Channels bool
	Notes    []string // what is said of the rows

	Model       models.Spec
	Loss        *losses.Spec // nil is what suits the target
	Raw         bool         // the loss sees the target in its own unit
	ClassWeight string       // as --class-weight
	Score       string       // what ranks, as --score
	Epochs      int          // 0 is the default
	Batch       int          // likewise; -1 is all rows
	Dtype       string       // float32 or float64
	Reference   *bench.Reference
}

// A File is the text of a table, and how it is read.
type File struct {
	Text    []byte
	Options data.CSVOptions
}

// Source reads the table.
func (f *File) Source() (*data.Source, error) {
	t, err := data.ReadCSV(bytes.NewReader(f.Text), f.Options)
	if err != nil {
		return nil, err
	}
	return &data.Source{Name: f.Options.Name, Table: t}, nil
}

// Divide divides rows by the seed of a study. Division 0 is that on which settings are
// chosen.
func (n *Net) Divide(src *data.Source, seed uint64, k int) (*data.Parts, error) {
	o := n.Options
	if o.Seed = seed; k > 0 {
		o.Seed = rng.Mix(seed + uint64(k)*rng.Golden)
	}
	return src.Prepare(n.Target, o)
}

// again makes the problem of rows that it reads.
func (n *Net) again(seed uint64) (*bench.Net, error) {
	var src *data.Source
	var err error
	if n.File != nil {
		src, err = n.File.Source()
	} else {
		src, err = data.Open(n.Data, data.CSVOptions{})
	}
	if err != nil {
		return nil, err
	}
	parts, err := n.Divide(src, seed, 0)
	if err != nil {
		return nil, err
	}
	return n.Problem(src, parts, seed)
}

// Problem makes the problem of rows, of which parts are division 0: what the model, the loss
// and the target need is fitted on its training rows.
func (n *Net) Problem(src *data.Source, parts *data.Parts, seed uint64) (*bench.Net, error) {
	s := &tabular.Setup{Model: n.Model, Loss: n.Loss}
	if n.Channels {
		s.Mean, s.Deviation = parts.Train.ChannelScale()
	}
	s.Of(parts.Train)
	if s.Loss == nil {
		s.Loss = s.DefaultLoss()
	}
	if err := s.Weigh(n.ClassWeight, parts.Train); err != nil {
		return nil, err
	}
	if err := s.ScaleTarget(parts, n.Raw); err != nil {
		return nil, err
	}
	out := &bench.Net{Name: n.Name, About: n.About, Data: n.Data, Model: s.Model.String(), Loss: s.LossText(n.ClassWeight), Reference: n.Reference, Parts: parts, Epochs: n.Epochs, Batch: n.Batch}
	if n.Batch < 0 {
		out.Batch = parts.Train.Rows()
	}
	for _, t := range []graph.Dtype{graph.Float32, graph.Float64} {
		if t.String() == n.Dtype {
			out.Dtype = t
		}
	}
	var err error
	if n.Score != "" {
		if out.RankBy, err = s.AddMetric(n.Score, parts.Train.Classes); err != nil {
			return nil, fmt.Errorf("--score: %w", err)
		}
	}
	if out.Task, err = s.Task(); err != nil {
		return nil, err
	}
	if s.Classes == 0 && !s.Raw && (s.Offset != 0 || s.Scale != 1) {
		out.Notes = append(out.Notes, "The target is standardised on the training rows; losses are in these units.")
	}
	out.Notes = append(out.Notes, n.Notes...)
	out.Cases = func(k int) (*data.Parts, error) {
		other, err := n.Divide(src, seed, k)
		if err == nil { // in the unit of division 0
			s.UnitOf(other.Train, other.Val, other.Test)
		}
		return other, err
	}
	return out, nil
}
