package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"descent/data"

	"github.com/spf13/cobra"
)

// tableFlags are the flags of commands that read a table, and how they read it.
type tableFlags struct {
	comma, decimal, thousands string
	noHeader, dayFirst        bool
	missing                   []string
	memory                    memoryLimit
	pictures                  data.PictureOptions
	sample                    int    // rows that are kept, 0 for all
	draw                      uint64 // the seed that draws them

	cmd  *cobra.Command
	read bool            // the standard input
	how  data.CSVOptions // what was opened last was read by
}

// add adds the flags to a command.
func (t *tableFlags) add(cmd *cobra.Command) {
	t.cmd = cmd
	f := cmd.Flags()
	f.StringVar(&t.comma, "comma", "", "separator of the CSV file: a character, tab, or space for any number of them (default: that with which the lines agree)")
	f.BoolVar(&t.noHeader, "no-header", false, "the CSV file has no header; columns are called column_1, column_2, ...")
	f.StringVar(&t.decimal, "decimal", "", "decimal sign of numbers, '.' or ',' (default: what the columns tell)")
	f.StringVar(&t.thousands, "thousands", "", "what separates thousands, such as ',' or space (default: what the columns tell)")
	f.StringSliceVar(&t.missing, "missing", nil, "further words and numbers that stand for a missing cell, such as -999, separated by commas")
	f.BoolVar(&t.dayFirst, "day-first", false, "1/2/2024 is the first of February")
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
// of images.
func (t *tableFlags) open(name string, kinds map[string]data.Kind) (*data.Source, error) {
	csv, err := t.options()
	if err != nil {
		return nil, err
	}
	csv.Kinds, csv.Pictures, csv.Sample, csv.Seed = kinds, t.pictures, t.sample, t.draw
	t.how, t.how.Name = csv, name
	var src *data.Source
	if name == stdin {
		src, err = t.standardInput(csv)
	} else {
		src, err = data.Open(name, csv)
	}
	return src, t.inFlags(err)
}

// options are the flags as package data has them.
func (t *tableFlags) options() (csv data.CSVOptions, err error) {
	if csv.Comma, err = separator(t.comma); err != nil {
		return csv, usage(err)
	}
	csv.NoHeader, csv.Decimal, csv.Thousands, csv.Missing, csv.DayFirst = t.noHeader, t.decimal, t.thousands, t.missing, t.dayFirst
	if csv.Thousands == "space" {
		csv.Thousands = " "
	}
	if csv.Decimal != "" && csv.Decimal != "." && csv.Decimal != "," {
		return csv, usage(fmt.Errorf("--decimal %q: there are '.' and ','", csv.Decimal))
	}
	if csv.Thousands != "" && (!slices.Contains(groups, csv.Thousands) || csv.Thousands == csv.Decimal) {
		return csv, usage(fmt.Errorf("--thousands %q: there are ',', '.', an apostrophe, '_' and space, and not the decimal sign", t.thousands))
	}
	return csv, nil
}

// find refuses, as a slip in the call, the name of something that is not there.
func find(name string) error {
	if name == stdin {
		return nil
	}
	return usage(data.Find(name))
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
	t.tell(src.Table.Notes)
	return src.Table, nil
}

// tell prints notes beside the result.
func (t *tableFlags) tell(notes []data.Note) {
	for _, n := range notes {
		fmt.Fprintf(t.cmd.ErrOrStderr(), "note: %s\n", t.note(n))
	}
}

// A cure says in a flag what package data advises about an option, {} is the
// value.
type cure struct {
	flag, text string
}

// cures are those of options that commands have flags for. What no flag of a
// command can do is not advised there.
var cures = map[string]cure{
	"Comma":     {flag: "comma", text: "give --comma if that is wrong"},
	"NoHeader":  {flag: "no-header", text: "give --no-header"},
	"Decimal":   {flag: "decimal", text: "give --decimal if that is wrong"},
	"Thousands": {flag: "thousands"},
	"DayFirst":  {flag: "day-first", text: "give --day-first if that is wrong"},
	"Missing":   {flag: "missing", text: "give --missing {} if it stands for none"},
	"Kinds":     {flag: "categorical", text: "give --categorical {} if the column has words or codes"},
	"Drop":      {flag: "drop", text: "leave it out with --drop {}"},
	"Weight":    {flag: "weight", text: "give --weight {}"},
	"Group":     {flag: "group", text: "give --group {}"},
	"Time":      {flag: "time", text: "give --time {}"},
	"Text":      {flag: "text", text: "give --text {} if its words are inputs"},
	"Use":       {flag: "use", text: "give --use {} to use it"},
	"Split":     {flag: "split", text: "give --split {} if their order does not matter"},
	"Task":      {flag: "task", text: "give --task {} if that is wrong"},
	"Unknown":   {flag: "unknown", text: "give --unknown {}"},
	"Target":    {flag: "target"},
	"Size":      {flag: "size", text: "give --size {} to resize them"},
	"Colors":    {flag: "colors"},
	"Channels":  {flag: "channels", text: "give --channels {} if that is wrong"},
	"Scaling":   {flag: "scaling"},
	"Schema":    {flag: "init", text: "train without --init"},
}

// inFlags returns an error of package data with its advice in flags that the
// command has.
func (t *tableFlags) inFlags(err error) error {
	e, ok := err.(*data.AdvisedError)
	if !ok {
		return err
	}
	told := errors.New(data.Advise(e.Err.Error(), t.cures(e.Advice)))
	if slices.ContainsFunc(e.Advice, func(a data.Advice) bool { return a.Remove }) {
		return usage(told) // a flag was wrong
	}
	return told
}

// note returns a note of package data with its advice in flags that the command
// has.
func (t *tableFlags) note(n data.Note) string { return data.Advise(n.Text, t.cures(n.Advice)) }

// cures says advice in flags that the command has.
func (t *tableFlags) cures(advice []data.Advice) (texts []string) {
	for _, a := range advice {
		c, known := cures[a.Option]
		value := a.Value
		if f := t.cmd.Flags().Lookup(c.flag); f != nil && f.Value.Type() == "stringSlice" && strings.ContainsAny(value, ",\"") {
			value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"` // as lists are read
		}
		value = shellWord(value)
		switch {
		case strings.ContainsFunc(a.Value, unicode.IsControl): // which nobody can type
		case a.Option == "":
			texts = append(texts, a.Text)
		case !known || t.cmd.Flags().Lookup(c.flag) == nil:
		case a.Remove:
			texts = append(texts, strings.TrimSpace("leave out --"+c.flag+" "+value))
		default:
			texts = append(texts, strings.ReplaceAll(c.text, "{}", value))
		}
	}
	return texts
}

// shellWord quotes a word for the shell if it needs to be.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.,/:+=@%", r)
	}
	if !strings.ContainsFunc(word, plain) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// groups are what separates thousands.
var groups = []string{",", ".", "'", "\u2019", "_", " ", "\u00a0", "\u202f", "\u2009"}

// separator reads the flag --comma.
func separator(text string) (byte, error) {
	switch {
	case text == "":
		return 0, nil
	case text == `\t` || text == "tab":
		return '\t', nil
	case text == "space":
		return ' ', nil
	case len(text) != 1 || text[0] >= utf8.RuneSelf || strings.Contains("\"\r\n", text):
		return 0, fmt.Errorf("--comma %q: one ASCII character is needed, or tab, or space", text)
	}
	return text[0], nil
}
