package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"descent/data"

	"github.com/spf13/cobra"
)

func predictCommand() *cobra.Command {
	var p predictOptions
	cmd := &cobra.Command{
		Use:   "predict DIR DATA",
		Short: "Apply a trained model to new rows",
		Long: "Apply the model that train --out DIR has saved to the rows of a CSV file, an embedded\n" +
			"data set or a folder of images. The target may be missing. For each row a line of CSV is\n" +
			"printed: the prediction, and for classes their probabilities.",
		Example: "  descent train iris --out model\n  descent predict model new-flowers.csv > predictions.csv",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.execute(cmd.OutOrStdout(), args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&p.json, "json", false, "print a JSON array with an object for each row")
	cmd.Flags().StringVar(&p.comma, "comma", ",", "separator of the CSV file, \\t for a tab")
	cmd.Flags().BoolVar(&p.noHeader, "no-header", false, "the CSV file has no header; columns are called column_1, column_2, ...")
	return cmd
}

type predictOptions struct {
	json     bool
	comma    string
	noHeader bool
}

// A prediction is one row of the output.
type prediction struct {
	Prediction    any                `json:"prediction"` // a number, or the name of a class
	Probabilities map[string]float64 `json:"probabilities,omitempty"`

	p []float64 // in the order of the classes
}

func (o *predictOptions) execute(w io.Writer, dir, name string) error {
	m, err := readSaved(dir)
	if err != nil {
		return usage(err)
	}
	comma, err := separator(o.comma)
	if err != nil {
		return usage(err)
	}
	rows, err := m.open(name, data.CSVOptions{Comma: comma, NoHeader: o.noHeader})
	if err != nil {
		return inFlags(err)
	}
	t, err := m.trainer(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	out, width, err := t.Predict(rows)
	if err != nil {
		return err
	}
	list := make([]prediction, rows.Rows())
	for i := range list {
		list[i] = m.prediction(out[i*width:(i+1)*width], t.Decide)
	}
	if o.json {
		return json.NewEncoder(w).Encode(list)
	}
	return m.writeCSV(w, list)
}

// open reads rows as the model's inputs.
func (m *saved) open(name string, o data.CSVOptions) (*data.Dataset, error) {
	if !slices.Contains(setNames(), name) {
		if _, err := os.Stat(name); err != nil {
			_, err = data.Open(name, o) // says it better
			return nil, usage(err)
		}
		if m.Schema != nil {
			o.Kinds = m.Schema.Kinds()
		}
	}
	src, err := data.Open(name, o)
	if err != nil {
		return nil, err
	}
	switch {
	case src.Table != nil && m.Schema != nil:
		return m.Schema.Apply(src.Table)
	case src.Images == nil || m.Schema != nil:
		return nil, usage(fmt.Errorf("%s: the model was trained on %s; it needs the same kind of data", name, m.Data))
	case !slices.Equal(src.Images.Shape, m.Shape):
		return nil, usage(fmt.Errorf("%s: images of %v; the model was trained on %v", name, src.Images.Shape, m.Shape))
	}
	return src.Images, nil
}

func (m *saved) prediction(out []float64, decide func([]float64) int) prediction {
	if m.Classes == 0 {
		return prediction{Prediction: m.number(out)}
	}
	x := prediction{Prediction: m.ClassNames[decide(out)]}
	if p, ok := m.probabilities(out); ok {
		x.p, x.Probabilities = p, map[string]float64{}
		for c, name := range m.ClassNames {
			x.Probabilities[name] = p[c]
		}
	}
	return x
}

func (m *saved) writeCSV(w io.Writer, list []prediction) error {
	out := csv.NewWriter(w)
	head := []string{"prediction"}
	if len(list) > 0 && list[0].p != nil {
		for _, c := range m.ClassNames {
			head = append(head, "p_"+c)
		}
	}
	records := [][]string{head}
	for _, x := range list {
		cell := fmt.Sprint(x.Prediction)
		if v, ok := x.Prediction.(float64); ok {
			cell = strconv.FormatFloat(v, 'g', 8, 64)
		}
		record := []string{cell}
		for _, p := range x.p {
			record = append(record, strconv.FormatFloat(p, 'g', 6, 64))
		}
		records = append(records, record)
	}
	return out.WriteAll(records)
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
