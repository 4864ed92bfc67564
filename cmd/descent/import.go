package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"descent/cmd/descent/internal/tabular"
	"descent/data"
	"descent/internal/numjson"
	"descent/losses"
	"descent/models/torch"
	"descent/train"

	"github.com/spf13/cobra"
)

// importOptions are the flags of import.
type importOptions struct {
	setup
	out              string
	columns, classes []string // names, or how many
	numbers          []string // that come out
	labels           bool     // they are labels, of which a row has any number
	lengths          []int    // of pictures
	characters       string   // a text of the tokens of a model of text
	context          int      // that it sees at once
	modules          map[string]string
}

func importCommand() *cobra.Command {
	o := &importOptions{}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a model of a file that another program has written",
		Long: "Make a model of a file of ONNX, or of safetensors, that PyTorch has written, or export, for predict, serve,\n" +
			"generate, train --init and export. What a file of export says of columns and classes is\n" +
			"kept. Of another, ONNX says which layers there are; for safetensors --model does. --columns or --shape name what\n" +
			"goes in, --class-names or --outputs what comes out; of a model of text, --characters and --context do.",
		Example: "  descent import net.onnx --class-names a,b,c --out model\n  descent import net.safetensors --model 'dense(64) | relu | dense(3)' --columns 4 --class-names a,b,c --out model\n" +
			"  descent predict model rows.csv",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.execute(cmd.OutOrStdout(), args[0], cmd.Flags().Changed("model"))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.modelFlags(f, "")
	f.StringSliceVar(&o.columns, "columns", nil, "names of the columns of numbers that go in, separated by commas, or how many")
	f.IntSliceVar(&o.lengths, "shape", nil, about("shape", ", of pictures"))
	f.StringSliceVar(&o.classes, "class-names", nil, "names of the classes in the order of the outputs, separated by commas, or how many")
	f.StringSliceVar(&o.numbers, "outputs", nil, "names of the numbers that come out, separated by commas, where there are no classes (default prediction)")
	f.StringVar(&o.characters, "characters", "", "for a text: a file, or alice, of whose characters each is a token, in their order; bytes are, if it is not given")
	f.IntVar(&o.context, "context", 0, about("context", ", where the file does not say"))
	f.StringToStringVar(&o.modules, "map", nil, "modules whose arrays layers take, where names do not tell, such as dense=fc1,dense2=out")
	f.StringVar(&o.out, "out", "", about("out", ": the model"))
	return cmd
}

func (o *importOptions) execute(w io.Writer, name string, given bool) error {
	if o.out == "" {
		return usage(errors.New("--out DIR is missing, the folder for the model"))
	}
	text, err := readImported(name)
	if err != nil {
		return err
	}
	src, err := o.source(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	m, err := o.saved(name, src, given)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t, taken, err := o.filled(m, src)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	release, err := claim(o.out, modelFile, weightsFile, checkpointFile, logFile, membersFile)
	if err != nil {
		return err
	}
	defer release()
	m.Format, m.Command = savedFormat, strings.Join(os.Args, " ")
	if err := m.write(o.out, t, nil); err != nil {
		return err
	}
	for _, x := range taken {
		if _, err := fmt.Fprintf(w, "%s is %s\n", x.Layer, or(x.Module, "what has no module")); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "saved in %s: %s of %s\n", o.out, m.Model, name)
	return err
}

// readImported reads a file of at most the size that a model's may have.
func readImported(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, usage(fmt.Errorf("%s: not a file of at most 4 GiB", name))
	}
	return os.ReadFile(name)
}

// saved says what the model is: as the file has it, or the flags.
func (o *importOptions) saved(name string, src *importSource, given bool) (*saved, error) {
	if own := src.meta[modelKey]; own != "" && !given {
		m, err := unsealed([]byte(own))
		if err == nil {
			err = m.check()
		}
		if err != nil {
			return nil, fmt.Errorf("what it says of its model: %w", err)
		}
		m.Weights, m.Log, m.Checksum = "", "", ""
		if m.Interval != nil && m.Interval.Models != "" {
			m.Interval = nil // its models are elsewhere
		}
		return m, nil
	}
	if src.net != nil {
		if err := o.ofNet(src, given); err != nil {
			return nil, err
		}
	} else if !given {
		return nil, usage(errors.New("it does not say which layers its weights are of: --model does, such as --model 'dense(64) | relu | dense(3)'"))
	}
	m := &saved{Data: filepath.Base(name), DType: "float32", setup: o.setup}
	parts := []func(*saved) error{o.inputs, o.results}
	if o.Model.Tokens() {
		parts = []func(*saved) error{o.asText}
	}
	for _, part := range parts {
		if err := part(m); err != nil {
			return nil, usage(err)
		}
	}
	return m, nil
}

// inputs says what goes into a model.
func (o *importOptions) inputs(m *saved) error {
	switch {
	case o.Model.Codes():
		return fmt.Errorf("model %s: a file for an autoencoder is taken from export alone, which says what its inputs are", o.Model)
	case o.characters != "" || o.context != 0:
		return fmt.Errorf("--characters and --context are for a text, whose model begins with embed; this one is %s", o.Model)
	case (o.columns == nil) == (o.lengths == nil):
		return errors.New("one of --columns and --shape says what goes in, such as --columns 4 or --shape 1,28,28")
	case o.columns == nil:
		size := 1
		for _, d := range o.lengths {
			if d < 1 || d > tabular.MaxWeights/size {
				return fmt.Errorf("--shape %s: lengths are at least 1, such as 3,32,32, of at most %d numbers", strings.Trim(fmt.Sprint(o.lengths), "[]"), tabular.MaxWeights)
			}
			size *= d
		}
		if m.Shape, m.Features = o.lengths, size; len(m.Shape) == 3 && m.Shape[0] == 1 {
			m.Shape = m.Shape[1:] // as data have pictures of one channel
		}
		return nil
	}
	names, err := namesOf("--columns", "x", o.columns)
	if err != nil {
		return err
	}
	m.Features, m.Schema = len(names), &data.Schema{Unknown: data.UnknownMissing, Shape: []int{len(names)}}
	for _, name := range names {
		m.Schema.Inputs = append(m.Schema.Inputs, data.Input{Name: name, Kind: data.Numeric, Scale: 1})
	}
	return nil
}

// namesOf are names, or as many as a number says, after a prefix.
func namesOf(flag, prefix string, names []string) ([]string, error) {
	if len(names) != 1 {
		return names, nil
	}
	n, err := strconv.Atoi(names[0])
	if err != nil {
		return names, nil
	}
	if n < 1 || n > maxNamed {
		return nil, fmt.Errorf("%s %d: there are 1 to %d", flag, n, maxNamed)
	}
	names = nil
	for i := range n {
		names = append(names, prefix+strconv.Itoa(i+1))
	}
	return names, nil
}

// maxNamed bounds what a slip of the finger may ask for.
const maxNamed = 1 << 20

// results says what comes out of a model.
func (o *importOptions) results(m *saved) (err error) {
	if o.classes != nil && o.numbers != nil {
		return errors.New("--outputs names numbers, and of classes come out probabilities: leave out --outputs")
	}
	if len(o.numbers) == 0 {
		o.numbers = []string{"prediction"}
	}
	m.Target, m.Scale = o.numbers[0], 1
	target := data.Target{Name: m.Target, Task: data.Regression}
	byDefault, several := "mse", o.numbers
	switch {
	case o.classes != nil:
		if m.ClassNames, err = namesOf("--class-names", "", o.classes); err != nil {
			return err
		}
		if m.Classes = len(m.ClassNames); m.Classes < 2 {
			return errors.New("--class-names: there are at least two")
		}
		target.Task, target.Classes, byDefault = data.Classification, m.ClassNames, "cross_entropy"
		m.Scale = 0
	case len(several) > 1 && m.Schema == nil:
		return errors.New("--outputs: several numbers come out for rows of a table alone; of pictures they are classes, which --class-names names")
	case len(several) > 1:
		m.Targets, m.Scale = &targetsSetup{Names: several, Labels: o.labels}, 0
		target.Task, target.Outputs = data.Labels, several
		if byDefault = "bce_logits"; !o.labels {
			m.Targets.Offset, m.Targets.Scale = make([]float64, len(several)), slices.Repeat([]float64{1}, len(several))
			target.Task, byDefault = data.Numbers, "mse"
		}
	}
	if m.Loss == nil {
		m.Loss = must(losses.ByName(byDefault))
	}
	if m.Schema == nil {
		return nil
	}
	m.Schema.Target = target
	text, err := numjson.Marshal(m.Schema)
	if err != nil {
		return err
	}
	return numjson.Unmarshal(text, &m.Schema) // which checks it
}

// filled is a trainer of the model with the weights of the file.
func (o *importOptions) filled(m *saved, src *importSource) (*train.Trainer, []torch.Match, error) {
	task, err := m.task()
	if err != nil {
		return nil, nil, usage(err)
	}
	t, err := train.New(task, nil, dtypes[m.DType], 0)
	if err != nil {
		return nil, nil, err
	}
	if src.own != nil {
		taken, err := startOwn(t, src.own)
		return t, taken, err
	}
	p, err := t.Predictor()
	if err != nil {
		return nil, nil, err
	}
	made, err := p.Graph(1)
	if err != nil {
		return nil, nil, err
	}
	ours, taken, err := torch.Decode(src.weights, made[0].Node.Graph(), o.modules)
	if ambiguous := (*torch.AmbiguousError)(nil); errors.As(err, &ambiguous) {
		return nil, nil, usage(fmt.Errorf("%w: --map %s=%s, or another, says which", err, ambiguous.Layer, ambiguous.Modules[0]))
	}
	if err != nil {
		return nil, nil, err
	}
	_, err = t.Start(ours)
	return t, taken, err
}

// startOwn takes the weights of a file of ours, which has those that predictions need: of a
// vae not those of the variances, which are new.
func startOwn(t *train.Trainer, weights []byte) (fresh []torch.Match, err error) {
	s, err := t.Start(weights)
	if err != nil {
		return nil, err
	}
	for _, name := range s.Fresh {
		if !strings.HasPrefix(name, "log_variance.") {
			return nil, fmt.Errorf("it has no weights for %s", name)
		}
		fresh = append(fresh, torch.Match{Layer: name, Module: "new: the file has what predictions need"})
	}
	return fresh, nil
}
