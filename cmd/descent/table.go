package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"descent/data"

	"github.com/spf13/cobra"
)

// tableFlags are the flags of commands that read a table, and how they read it.
type tableFlags struct {
	comma    string
	noHeader bool

	cmd  *cobra.Command
	read bool // the standard input
}

// add adds the flags to a command.
func (t *tableFlags) add(cmd *cobra.Command) {
	t.cmd = cmd
	cmd.Flags().StringVar(&t.comma, "comma", ",", "separator of the CSV file, \\t for a tab")
	cmd.Flags().BoolVar(&t.noHeader, "no-header", false, "the CSV file has no header; columns are called column_1, column_2, ...")
}

// stdin is the name of the table that comes from the standard input.
const stdin = "-"

// called is what messages call the data of that name.
func called(name string) string {
	if name == stdin {
		return "standard input"
	}
	return name
}

// open opens an embedded data set, a CSV file, the standard input, or a folder
// of images; kinds are those of columns, if they are known.
func (t *tableFlags) open(name string, kinds map[string]data.Kind) (*data.Source, error) {
	comma, err := separator(t.comma)
	if err != nil {
		return nil, usage(err)
	}
	csv := data.CSVOptions{NoHeader: t.noHeader, Comma: comma}
	if !slices.Contains(setNames(), name) {
		csv.Kinds = kinds
	}
	var src *data.Source
	if name == stdin {
		src, err = t.standardInput(csv)
	} else {
		src, err = data.Open(name, csv)
	}
	return src, t.inFlags(err)
}

// find refuses, as a slip in the call, the name of something that is not there.
func find(name string) error {
	if name == stdin || slices.Contains(setNames(), name) {
		return nil
	}
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	_, err := data.Open(name, data.CSVOptions{}) // says it best
	return usage(err)
}

func (t *tableFlags) standardInput(csv data.CSVOptions) (*data.Source, error) {
	if t.read {
		return nil, usage(errors.New("the standard input (-) can be read once only"))
	}
	t.read = true
	csv.Name = called(stdin)
	table, err := data.ReadCSV(t.cmd.InOrStdin(), csv)
	if err != nil {
		return nil, err
	}
	return &data.Source{Name: csv.Name, Table: table}, nil
}

// table opens what must be a table.
func (t *tableFlags) table(name string) (*data.Table, error) {
	src, err := t.open(name, nil)
	switch {
	case err != nil:
		return nil, err
	case src.Table == nil:
		return nil, usage(fmt.Errorf("%s: a folder of images; a table is needed", name))
	}
	return src.Table, nil
}

// A cure says in a flag what package data advises about an option, {} is the
// value.
type cure struct {
	flag, text string
	elsewhere  bool // the flag is train's, and the advice good in other commands
}

// cures are those of options that commands have flags for. What no flag of a
// command can do is not advised there.
var cures = map[string]cure{
	"Comma":    {flag: "comma", text: `if its fields are separated by '{}', give that to --comma (\t for a tab)`},
	"NoHeader": {flag: "no-header", text: "give --no-header"},
	"Drop":     {flag: "drop", text: "leave it out with --drop"},
	"Task":     {flag: "task", text: "give --task {} if it is a number"},
	"Unknown":  {flag: "unknown", text: "train with --unknown {}", elsewhere: true},
	"Target":   {flag: "target"},
	"Scaling":  {flag: "scaling"},
}

// inFlags returns an error of package data with its advice in flags that the
// command has.
func (t *tableFlags) inFlags(err error) error {
	e, ok := err.(*data.AdvisedError)
	if !ok {
		return err
	}
	var texts []string
	for _, a := range e.Advice {
		c, known := cures[a.Option]
		value := strings.ReplaceAll(a.Value, "\t", `\t`)
		switch {
		case a.Option == "":
			texts = append(texts, a.Text)
		case !known || !c.elsewhere && t.cmd.Flags().Lookup(c.flag) == nil:
		case a.Remove:
			texts = append(texts, strings.TrimSpace("leave out --"+c.flag+" "+value))
		default:
			texts = append(texts, strings.ReplaceAll(c.text, "{}", value))
		}
	}
	return errors.New(data.Advise(e.Err.Error(), texts))
}

// separator reads the flag --comma.
func separator(text string) (byte, error) {
	switch {
	case text == `\t`:
		return '\t', nil
	case len(text) != 1:
		return 0, fmt.Errorf("--comma %q: one ASCII character is needed", text)
	case text == ",":
		return 0, nil // the default, which also data without a separator accept
	}
	return text[0], nil
}
