package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/numjson"
	"descent/models/torch"
	"descent/optimizers"
	"descent/train"

	"github.com/spf13/cobra"
)

// An exportFormat is a form in which a model is for other programs.
type exportFormat struct {
	name, doc string
	// write returns the file, and what there is to tell of it, a line each.
	write func(e *exported) (text []byte, told []string, err error)
}

// exportFormats are what a model can be exported as.
var exportFormats = []exportFormat{
	{"onnx", "the whole model: columns go in as they are, scaling, categories, calibration inside", writeONNX},
	{"safetensors", "the weights alone, with PyTorch's names and layouts", writeTorch},
	{"go", "one file of Go that needs no package but math", writeSource},
	{"c", "one header of C99 that needs no library", writeSource},
}

// formatNames are the names of the formats.
func formatNames() (names []string) {
	for _, f := range exportFormats {
		names = append(names, f.name)
	}
	return names
}

// exported is a model on its way into another form.
type exported struct {
	*saved
	*exportOptions
	by *train.Predictor
}

// exportOptions are the flags of export.
type exportOptions struct {
	to, out string
	// Of source that learns:
	train     bool
	optimizer optimizers.Optimizer
	batch     int
}

func exportCommand() *cobra.Command {
	o := &exportOptions{}
	var list strings.Builder
	for _, f := range exportFormats {
		fmt.Fprintf(&list, "\n  %-12s %s", f.name, f.doc)
	}
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write a trained model for other programs",
		Long: "Write the model that train --out DIR has saved as a file for other programs, which\n" +
			"then predict what predict does. There are" + list.String(),
		Example: "  descent train iris --out model\n  descent export model --to safetensors --out model.safetensors",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.execute(cmd.OutOrStdout(), args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.to, "to", "", "what the file is to be: "+strings.Join(formatNames(), ", "))
	f.StringVar(&o.out, "out", "", about("out", ": a file"))
	f.BoolVar(&o.train, "train", false, "of go and c: the training step, too, so that the model goes on learning where it is")
	o.optimizer = must(optimizers.Parse("adam"))
	textFlag(f, &o.optimizer, "optimizer", "o", "adam", about("optimizer", ", that --train learns by"), optimizers.Parse)
	f.IntVarP(&o.batch, "batch", "b", 1, about("batch", " of --train"))
	return cmd
}

func (o *exportOptions) execute(w io.Writer, dir string) error {
	i := slices.IndexFunc(exportFormats, func(f exportFormat) bool { return f.name == o.to })
	switch {
	case i < 0:
		return usage(fmt.Errorf("--to %q: there are %s", o.to, strings.Join(formatNames(), ", ")))
	case o.train && sourceLanguages[o.to].write == nil:
		return usage(fmt.Errorf("--train is for source, --to go or c"))
	case o.batch < 1 || o.batch > 1<<16:
		return usage(fmt.Errorf("--batch %d: from 1 to %d rows", o.batch, 1<<16))
	case o.out == "":
		return usage(fmt.Errorf("--out FILE is missing, such as --out model.%s", o.to))
	}
	if err := writable(o.out); err != nil {
		return err
	}
	m, err := readSaved(dir)
	if err != nil {
		return err
	}
	e := &exported{saved: m, exportOptions: o}
	if e.by, err = m.predictor(); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	text, told, err := exportFormats[i].write(e)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if err := atomicfile.Write(o.out, text); err != nil {
		return err
	}
	for _, line := range told {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "%s: %s of %s, %s\n", o.out, o.to, m.Model, amount(int64(len(text))))
	return err
}

// modelKey is the metadata of an exported file that have the model as model.json has it:
// its layers, how columns become inputs, its classes.
const modelKey = "descent.model"

// about returns the metadata of an exported file.
func (e *exported) about() (map[string]string, error) {
	m := *e.saved
	m.Weights, m.Log, m.Checksum = "", "", "" // the sums of a folder's files
	text, err := numjson.Marshal(&m)
	if err != nil {
		return nil, err
	}
	return map[string]string{modelKey: string(text)}, nil
}

// graph is what the model computes of so many rows.
func (e *exported) graph(rows int) (*graph.Graph, []train.Prediction, error) {
	made, err := e.by.Graph(rows)
	if err != nil {
		return nil, nil, err
	}
	return made[0].Node.Graph(), made, nil
}

// writeTorch is the format for PyTorch.
func writeTorch(e *exported) (text []byte, told []string, err error) {
	g, _, err := e.graph(1)
	if err != nil {
		return nil, nil, err
	}
	meta, err := e.about()
	if err != nil {
		return nil, nil, err
	}
	return torch.Encode(g, meta), torch.Names(g), nil
}
