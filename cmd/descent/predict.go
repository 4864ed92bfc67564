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
			"printed: the columns that --keep names, the prediction, and for classes their probabilities.",
		Example: "  descent train iris --out model\n  descent predict model new-flowers.csv > predictions.csv\n" +
			"  descent predict model new-flowers.csv --keep id > predictions.csv",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.execute(cmd.OutOrStdout(), args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&p.json, "json", false, about("json", ": an array with an object for each row"))
	cmd.Flags().StringSliceVar(&p.keep, "keep", nil, "columns of DATA to print before the prediction, such as an id, separated by commas")
	cmd.Flags().StringVar(&p.unknown, "unknown", "", about("unknown", " (default: as train was told)"))
	p.add(cmd)
	return cmd
}

type predictOptions struct {
	tableFlags
	json    bool
	unknown string
	keep    []string

	kept []*data.Column
}

// A prediction is one row of the output.
type prediction struct {
	Row           map[string]string  `json:"row,omitempty"` // the columns that are kept
	Prediction    any                `json:"prediction"`    // a number, or the name of a class
	Probabilities map[string]float64 `json:"probabilities,omitempty"`

	p []float64 // in the order of the classes
}

func (o *predictOptions) execute(w io.Writer, dir, name string) error {
	if err := checkUnknown(o.unknown); err != nil {
		return usage(err)
	}
	m, err := readSaved(dir)
	if err != nil {
		return err
	}
	rows, err := o.rows(m, name)
	if err != nil {
		return err
	}
	p, err := m.predictor()
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	out, width, err := p.Predict(rows)
	if err != nil {
		return err
	}
	list := make([]prediction, rows.Rows())
	for i := range list {
		list[i] = m.prediction(out[i*width:(i+1)*width], p.Decide)
		for _, c := range o.kept {
			if list[i].Row == nil {
				list[i].Row = make(map[string]string)
			}
			list[i].Row[c.Name] = c.Text(i)
		}
	}
	if o.json {
		return numjson.Write(w, list, "")
	}
	return m.writeCSV(w, o.keep, list)
}

// rows reads rows as the model's inputs.
func (o *predictOptions) rows(m *saved, name string) (*data.Dataset, error) {
	if err := find(name); err != nil {
		return nil, err
	}
	csv := data.CSVOptions{Schema: m.Schema}
	if m.Schema != nil && o.unknown != "" {
		m.Schema.Unknown = data.Unknown(o.unknown)
	}
	src, err := o.open(name, csv)
	if err != nil {
		return nil, err
	}
	for _, name := range o.keep {
		if src.Table == nil {
			return nil, usage(fmt.Errorf("--keep %s: images have no columns", name))
		}
		c, err := src.Table.Column(name)
		if err != nil {
			return nil, usage(err)
		}
		o.kept = append(o.kept, c)
	}
	switch {
	case src.Table != nil && m.Schema != nil:
		rows, err := m.Schema.Apply(src.Table)
		if err == nil {
			o.tell(slices.Concat(src.Table.Notes, rows.Notes))
		}
		return rows, o.inFlags(err)
	case src.Images == nil || m.Schema != nil:
		return nil, usage(fmt.Errorf("%s: the model was trained on %s; it needs the same kind of data", name, m.Data))
	case !slices.Equal(src.Images.Shape, m.shape()):
		return nil, usage(fmt.Errorf("%s: images of %v; the model was trained on %v", name, src.Images.Shape, m.shape()))
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

func (m *saved) writeCSV(w io.Writer, keep []string, list []prediction) error {
	out := csv.NewWriter(w)
	head := append(slices.Clone(keep), "prediction")
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
		var record []string
		for _, name := range keep {
			record = append(record, x.Row[name])
		}
		record = append(record, cell)
		for _, p := range x.p {
			record = append(record, strconv.FormatFloat(p, 'g', 6, 64))
		}
		records = append(records, record)
	}
	return out.WriteAll(records)
}
