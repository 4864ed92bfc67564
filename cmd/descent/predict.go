package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"descent/data"
	"descent/internal/terminal"
	"descent/train"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func predictCommand() *cobra.Command {
	p := &predictOptions{}
	cmd := &cobra.Command{
		Use:   "predict DIR DATA",
		Short: "Apply a trained model to new rows",
		Long: "Apply the model that train --out DIR has saved to the rows of a table (CSV, JSON, .npy; - is the\n" +
			"standard input), an embedded data set, or images: a folder, or one PNG or JPEG file. Targets may be missing. For each\n" +
			"row a line of CSV is printed: the columns that --keep names, or the file of a picture, the prediction, and for\n" +
			"classes their probabilities. Of a series there is a line for each time that is forecast.",
		Example: "  descent train iris --out model\n  descent predict model new-flowers.csv > predictions.csv\n" +
			"  descent train diabetes --interval --out model\n  descent predict model patients.csv --interval 90 > predictions.csv\n" +
			"  descent predict model new-flowers.csv --keep id > predictions.csv",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.execute(cmd.OutOrStdout(), args[0], args[1])
		},
	}
	cmd.Flags().BoolVar(&p.json, "json", false, about("json", ": an array with an object for each row"))
	cmd.Flags().StringSliceVar(&p.keep, "keep", nil, "columns of DATA to print before the prediction, such as an id, separated by commas")
	cmd.Flags().StringVar(&p.plot, "plot", "", about("plot", ": of a series, the forecast with its interval"))
	p.rowFlags(cmd.Flags())
	p.memory.flag(cmd.Flags())
	p.add(cmd)
	return cmd
}

// rowFlags adds the flags that say what of a row is told.
func (o *predictOptions) rowFlags(f *pflag.FlagSet) {
	f.StringVar(&o.unknown, "unknown", "", about("unknown", " (default: as train was told)"))
	f.BoolVar(&o.outside, "outside", false, about("outside", ""))
	f.StringVar(&o.output, "output", "", "what to print of an autoencoder: code or reconstruction (default code)")
	textFlag(f, &o.level, "interval", "", "", about("interval", ": of so many in a hundred, such as 90, by a model of train --interval"), parseLevel)
}

// parseLevel reads a share of rows.
func parseLevel(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x > 0 && x < 100) {
		return 0, errors.New("a share of rows in percent is above 0 and below 100, such as 90")
	}
	return x, nil
}

type predictOptions struct {
	tableFlags
	output  string
	json    bool
	unknown string
	keep    []string
	outside bool
	plot    string
	level   float64  // of --interval, in percent
	bounds  *bounder // nil without
}

// A prediction is one row of the output.
type prediction struct {
	kept   []string // the cells of the columns that are kept
	number float64
	many   []float64    // of an autoencoder, in place of the number
	class  string       // in place of the number
	labels []string     // any number of them, which class has in one text
	p      []float64    // the probabilities in the order of the classes, nil if there are none
	bounds [][2]float64 // the interval of each number
	set    []int        // the classes that it may be, in place of it

	outside float64 // how far the row is outside the numbers of training
}

func (o *predictOptions) execute(w io.Writer, dir, name string) error {
	if err := checkUnknown(o.unknown); err != nil {
		return usage(err)
	}
	if err := checkPicture("--plot", o.plot); err != nil {
		return usage(err)
	}
	m, err := readSaved(dir)
	if err != nil {
		return err
	}
	if m.Text != nil {
		return usage(fmt.Errorf("%s: a model of text; generate writes on with it", dir))
	}
	if m.Series != nil {
		return o.forecast(w, m, name)
	}
	if o.plot != "" {
		return usage(fmt.Errorf("--plot draws the forecast of a series, and %s is no model of one", dir))
	}
	if err := m.shows(o.output); err != nil {
		return usage(err)
	}
	if err := find(name); err != nil {
		return err
	}
	p, err := o.predictor(m, dir)
	if err != nil {
		return err
	}
	keep := o.keep
	if m.Schema == nil && data.HasFiles(name) {
		keep = append(keep, "picture")
	}
	if !o.json {
		w = terminal.Verbatim(w)
	}
	out := o.begin(m, w, keep, !o.json)
	if m.Schema == nil {
		err = o.images(m, name, p, out)
	} else {
		err = o.stream(m, name, p, out)
	}
	if err != nil {
		return errors.Join(out.flush(), err)
	}
	return out.end()
}

// predictor makes a model of rows ready to predict.
func (o *predictOptions) predictor(m *saved, dir string) (*train.Predictor, error) {
	if err := o.allowModel(m); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	p, err := m.predictor()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if o.cmd.Flags().Changed("interval") {
		if o.bounds, err = m.bounder(dir, o.level); err != nil {
			return nil, err
		}
	}
	if o.outside && (m.Schema == nil || !m.Schema.Spans()) {
		return nil, usage(fmt.Errorf("--outside: %s has no ranges of training: it is a model of pictures, or an earlier program made it", dir))
	}
	if o.unknown != "" && m.Schema != nil {
		m.Schema.Unknown = data.Unknown(o.unknown)
	}
	return p, nil
}

// begin begins to write predictions, with what is kept of each row.
func (o *predictOptions) begin(m *saved, w io.Writer, keep []string, csv bool) output {
	if csv {
		return m.csv(w, keep, o.outside, o.bounds != nil)
	}
	return m.json(w, keep, o.outside, o.bounds != nil)
}

// allowModel refuses a model that needs too much memory.
func (o *predictOptions) allowModel(m *saved) error {
	o.memory.heed()
	task, err := m.task()
	if err != nil {
		return err
	}
	n, err := train.PredictMemory(task, dtypes[m.DType])
	if err != nil {
		return err
	}
	return o.memory.allow("the model", int64(n))
}

// stream predicts the rows of a table as they are read.
func (o *predictOptions) stream(m *saved, name string, p *train.Predictor, out output) error {
	rows, err := o.rows(m, name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		block, err := rows.Next()
		if err == io.EOF {
			o.tell(rows.Notes())
			return nil
		}
		if err != nil {
			return o.inFlags(err)
		}
		kept := func(row int) (cells []string) {
			for i := range o.keep {
				cells = append(cells, rows.Kept(i)[row])
			}
			return cells
		}
		if err := o.block(m, p, block, rows.Where, kept, out); err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
}

// block predicts rows.
func (o *predictOptions) block(m *saved, p predictor, rows *data.Dataset, where func(int) string, kept func(int) []string, out output) error {
	return m.predict(p, o.bounds, rows, where, func(row int, x prediction) error {
		x.kept = kept(row)
		if rows.Outside != nil {
			x.outside = rows.Outside[row]
		}
		return out.row(x)
	})
}

// rows opens a table as the model's inputs.
func (o *predictOptions) rows(m *saved, name string) (*data.Stream, error) {
	csv, err := o.options()
	if err != nil {
		return nil, err
	}
	var rows *data.Stream
	switch {
	case name == stdin:
		csv.Name = called(stdin)
		rows, err = m.Schema.Stream(o.cmd.InOrStdin(), csv)
	case data.IsImages(name):
		return nil, o.otherKind(m, name)
	default:
		rows, err = m.Schema.Open(name, csv)
	}
	if err != nil {
		return nil, o.inFlags(err)
	}
	for _, name := range o.keep {
		if err := rows.Keep(name); err != nil {
			return nil, errors.Join(usage(err), rows.Close())
		}
	}
	return rows, nil
}

func (o *predictOptions) otherKind(m *saved, name string) error {
	return usage(fmt.Errorf("%s: the model was trained on %s; it needs the same kind of data", name, m.Data))
}

// images predicts pictures.
func (o *predictOptions) images(m *saved, name string, p *train.Predictor, out output) error {
	if len(o.keep) > 0 {
		return usage(fmt.Errorf("--keep %s: images have no columns", o.keep[0]))
	}
	if name == stdin || !data.IsImages(name) {
		return o.otherKind(m, name)
	}
	if err := o.memory.allowReading(name); err != nil {
		return err
	}
	o.pictures = m.pictureOptions()
	src, err := o.open(name, nil)
	if err != nil {
		return err
	}
	if !slices.Equal(src.Images.Shape, m.RowShape()) {
		return usage(fmt.Errorf("%s: images of %v; the model was trained on %v, and train --size would have it resize them", name, src.Images.Shape, m.RowShape()))
	}
	names := src.Images.Names
	where := func(row int) string {
		if names != nil {
			return names[row]
		}
		return fmt.Sprintf("%s, image %d", name, row)
	}
	kept := func(row int) []string {
		if names == nil {
			return nil
		}
		return names[row : row+1]
	}
	return o.block(m, p, src.Images, where, kept, out)
}

// predict gives f what the model says of each row. A row for which it says nothing,
// since its numbers are too large for the model, is an error. With bounds there are
// intervals.
func (m *saved) predict(p predictor, bounds *bounder, rows *data.Dataset, where func(row int) string, f func(row int, x prediction) error) error {
	bound := func(int, []float64, decider, *prediction) {}
	if bounds != nil {
		var err error
		if bound, err = bounds.of(rows, where); err != nil {
			return err
		}
	}
	return p.Each(rows, func(first, n int, outputs []train.Output) error {
		values := outputs[m.shown].Values
		width := len(values) / n
		for i := range n {
			out := values[i*width : (i+1)*width]
			for _, v := range out {
				if math.IsNaN(v) {
					return fmt.Errorf("%s: the model computes no number; the row is too far from those that it was trained on", where(first+i))
				}
			}
			x := m.prediction(out, p)
			bound(first+i, out, p, &x)
			if err := f(first+i, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// A predictor computes the outputs of rows.
type predictor interface {
	decider
	Each(rows data.Rows, f func(first, n int, outputs []train.Output) error) error
}

// A decider says what outputs of a classification stand for.
type decider interface {
	Decide(row []float64) int
	Probabilities(row []float64) []float64
}

func (m *saved) prediction(out []float64, by decider) prediction {
	switch {
	case m.Model.Codes():
		return prediction{many: out}
	case m.Targets != nil:
		return m.targetsPrediction(out)
	case m.Classes == 0:
		return prediction{number: m.Number(out)}
	}
	return prediction{class: m.ClassNames[by.Decide(out)], p: by.Probabilities(out)}
}
