package main

import (
	"fmt"
	"slices"
	"strings"

	"descent/bench/tuning"
	"descent/internal/spec"
	"descent/losses"
	"descent/models"
	"descent/optimizers"

	"github.com/spf13/pflag"
)

// A choice is a flag of which a search may choose the value: it may be given several times,
// for alternatives, and with ranges in place of numbers.
type choice struct {
	pflag.Value // of one text without ranges
	name        string
	read        func(text string) (*tuning.Text, error)
	given       []*tuning.Text
}

// chosen are the flags that are choices, in the order of a point's texts.
var chosen = []struct {
	flag string
	read func(text string) (*tuning.Text, error)
}{
	{"model", readRanges(tuning.RowsOf("layer", models.Table), func(string) bool { return false })},
	{"loss", readRanges(tuning.RowsOf("loss", losses.Table), losses.IsFormula)},
	{"optimizer", readRanges(tuning.RowsOf("optimizer", optimizers.Table), optimizers.Unnamed)},
	{"lr", func(text string) (*tuning.Text, error) {
		return tuning.ParseNumber(text, spec.Setting{Name: "lr", Kind: spec.Number, Range: "(0,inf)", Search: &spec.Range{Scale: spec.Log}})
	}},
	{"batch", func(text string) (*tuning.Text, error) {
		return tuning.ParseNumber(text, spec.Setting{Name: "batch", Kind: spec.Whole, Range: "[1,1048576]"})
	}},
}

// readRanges reads texts whose names are rows, but for those that have none.
func readRanges(rows tuning.Rows, nameless func(string) bool) func(string) (*tuning.Text, error) {
	return func(text string) (*tuning.Text, error) {
		if nameless(text) {
			return &tuning.Text{Text: text}, nil
		}
		return tuning.ParseText(text, rows)
	}
}

// choices makes flags of a command choices.
func choices(f *pflag.FlagSet) (all []*choice) {
	for _, c := range chosen {
		flag := f.Lookup(c.flag)
		all = append(all, &choice{Value: flag.Value, name: c.flag, read: c.read})
		flag.Value = all[len(all)-1]
	}
	return all
}

// Set implements [pflag.Value]. Both ends of the ranges must be values of the flag.
func (c *choice) Set(text string) error {
	t, err := c.read(text)
	if err != nil {
		return err
	}
	for _, u := range []float64{1, 0} {
		if err := c.Value.Set(t.At(slices.Repeat([]float64{u}, len(t.Ranges))...)); err != nil {
			return err
		}
	}
	c.given = append(c.given, t)
	return nil
}

// String implements [pflag.Value].
func (c *choice) String() string {
	if texts := c.texts(); len(texts) > 0 {
		return strings.Join(texts, ", ")
	}
	if c.Value == nil { // pflag asks a zero one
		return ""
	}
	return c.Value.String()
}

// texts are the alternatives as they were given.
func (c *choice) texts() (texts []string) {
	for _, t := range c.given {
		texts = append(texts, t.Text)
	}
	return texts
}

// open tells whether there is something to choose.
func (c *choice) open() bool {
	return len(c.given) > 1 || len(c.given) == 1 && len(c.given[0].Ranges) > 0
}

// settle makes one text the value.
func (c *choice) settle(f *pflag.FlagSet, text string) error {
	c.given = nil
	if err := f.Set(c.name, text); err != nil {
		return fmt.Errorf("--%s %s: %w", c.name, text, err)
	}
	return nil
}
