package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"descent/data"
	"descent/internal/numjson"

	"github.com/spf13/cobra"
)

func predictCommand() *cobra.Command {
	p := &predictOptions{}
	cmd := &cobra.Command{
		Use:   "predict DIR DATA",
		Short: "Apply a trained model to new rows",
		Long: "Apply the model that train --out DIR has saved to the rows of a CSV file (- is the\n" +
			"standard input), an embedded data set or a folder of images. The target may be missing. For each row a line of CSV is\n" +
			"printed: the prediction, and for classes their probabilities.",
		Example: "  descent train iris --out model\n  descent predict model new-flowers.csv > predictions.csv",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.execute(cmd.OutOrStdout(), args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&p.json, "json", false, "print a JSON array with an object for each row")
	p.add(cmd)
	return cmd
}

type predictOptions struct {
	tableFlags
	json bool
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
	rows, err := o.rows(m, name)
	if err != nil {
		return err
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
		return numjson.Write(w, list, "")
	}
	return m.writeCSV(w, list)
}

// rows reads rows as the model's inputs.
func (o *predictOptions) rows(m *saved, name string) (*data.Dataset, error) {
	var kinds map[string]data.Kind
	if m.Schema != nil {
		kinds = m.Schema.Kinds()
	}
	if err := find(name); err != nil {
		return nil, err
	}
	src, err := o.open(name, kinds)
	if err != nil {
		return nil, err
	}
	switch {
	case src.Table != nil && m.Schema != nil:
		rows, err := m.Schema.Apply(src.Table)
		return rows, o.inFlags(err)
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
