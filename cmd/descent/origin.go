package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/data"
	"descent/internal/atomicfile"
	"descent/train"
)

// An origin is a saved model that a training starts from.
type origin struct {
	dir  string
	of   *saved       // nil if there is none
	told *train.Start // what was taken of its weights
}

// A begun is what train tells of it.
type begun struct {
	Folder string `json:"folder"`
	*train.Start
}

// encoded are flags that say how a table becomes inputs.
var encoded = []string{"scaling", "drop", "use", "categorical", "text", "embed", "unknown"}

// read reads the model, which is the default of --model.
func (g *origin) read(o *trainOptions) (err error) {
	if g.dir == "" {
		return nil
	}
	if g.of, err = readSaved(g.dir); err != nil {
		return fmt.Errorf("--init: %w", err)
	}
	if !o.given("model") {
		o.Model = g.of.Model
	}
	o.Sequence = g.of.Sequence
	if kind := g.kind(); kind == "a series" && !o.given("window") {
		return usage(fmt.Errorf("--init %s: it is a model of a series of windows of %d rows; --window and --time say that these rows are one", g.dir, g.of.Series.Window))
	}
	for _, name := range append(slices.Clone(encoded), "tokens") {
		if o.given(name) {
			return usage(fmt.Errorf("--%s: what the inputs are is taken from the model of --init %s; leave one of both out", name, g.dir))
		}
	}
	return nil
}

// kind is what the model is of.
func (g *origin) kind() string {
	switch m := g.of; {
	case m.Text != nil:
		return "a text"
	case m.Series != nil:
		return "a series"
	case m.Schema != nil:
		return "a table"
	}
	return "pictures"
}

// is refuses a model that is of something else.
func (g *origin) is(kind string) error {
	if g.of == nil || g.kind() == kind {
		return nil
	}
	return usage(fmt.Errorf("--init %s: it is a model of %s, and this is %s: their weights have no meaning for each other; train without --init", g.dir, g.kind(), kind))
}

// inputs makes the inputs of a table or of pictures what the model takes.
func (g *origin) inputs(src *data.Source) error {
	if g.of == nil {
		return nil
	}
	kind := "pictures"
	if src.Table != nil {
		kind = "a table"
	}
	if err := g.is(kind); err != nil {
		return err
	}
	if src.Table == nil && channelsOf(src.Images.Shape) != channelsOf(g.of.Shape) {
		return usage(fmt.Errorf("--init %s: it is a model of pictures of %d channels, and these have %d: --colors grey or rgb makes them alike", g.dir, channelsOf(g.of.Shape), channelsOf(src.Images.Shape)))
	}
	return nil
}

// options are those by which a table becomes the inputs of the model.
func (g *origin) options(o data.Options) data.Options {
	if g.of == nil || g.of.Schema == nil {
		return o
	}
	o.Schema, o.Scaling, o.Drop, o.Use, o.Unknown = g.of.Schema, data.Unscaled, nil, nil, ""
	return o
}

// words are the columns of words of the model, which are read as such.
func (g *origin) words(kinds map[string]data.Kind) {
	if g.of == nil || g.of.Schema == nil {
		return
	}
	for _, in := range g.of.Schema.Inputs {
		if in.Kind != data.Numeric && in.Part == "" {
			kinds[in.Name] = data.Categorical
		}
	}
}

// unit lets a target keep the unit that the model has it in.
func (g *origin) unit(s *setup, d *data.Dataset) {
	m := g.of
	if m == nil || m.Classes > 0 || m.Target != d.Target || m.Linked() != s.Linked() {
		return
	}
	if s.Linked() != "" || m.Offset != 0 || m.Scale != 1 {
		s.Unit = &m.Setup
	}
}

// start gives a new trainer the weights of the model.
func (g *origin) start(t *train.Trainer) error {
	if g.of == nil {
		return nil
	}
	told, err := t.Start(g.of.weights)
	if err != nil {
		return fmt.Errorf("--init %s: %w; its model is %s", g.dir, err, g.of.Model)
	}
	if g.told == nil { // others start while it is read
		g.told = told
	}
	return nil
}

// sum says which weights a run begins with.
func (g *origin) sum() string {
	if g.of == nil {
		return "new weights"
	}
	return "weights of sum " + atomicfile.Sum(g.of.weights)[:16]
}

// tell is what a report has of it.
func (g *origin) tell() *begun {
	if g.of == nil {
		return nil
	}
	return &begun{g.dir, g.told}
}

// notes say what was taken and what was not. Data and classes are those of the run.
func (g *origin) notes(name string, classes []string) (notes []string) {
	if g.of == nil {
		return nil
	}
	say := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	say("%d of the model's %d arrays start as they are in %s", len(g.told.Taken), len(g.told.Taken)+len(g.told.Fresh), g.dir)
	if len(g.told.Fresh) > 0 {
		say("new, since %s has none of that name and shape: %s", g.dir, listed(g.told.Fresh))
	}
	if len(g.told.Spare) > 0 {
		say("not taken from %s, since the model has no place for it: %s", g.dir, listed(g.told.Spare))
	}
	if g.of.Data == name {
		say("%s was trained on %s as well: scores of rows that it has learned from are too good", g.dir, name)
	}
	if old := g.of.ClassNames; len(old) == len(classes) && !slices.Equal(old, classes) {
		say("the classes are others: the weights of the last layer are those of %s", listed(old))
	}
	return notes
}

// listed joins names, if they are not too many.
func listed(names []string) string {
	const most = 12
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}
