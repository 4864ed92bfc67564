package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/atomicfile"
	"descent/models"
	"descent/ops"
	"descent/optimizers"
	"descent/train"

	"github.com/spf13/cobra"
)

func showCommand() *cobra.Command {
	o := &showOptions{}
	cmd := &cobra.Command{
		Use:   "show MODEL",
		Short: "Show a model: its layers, its expression graph, its compiled program",
		Long: "Show the layers of a model and the program that its training step is compiled to.\n" +
			"MODEL is layers joined by |, or a name that is short for some, as in train --model.",
		Example: "  descent show 'mlp(64,32)'\n" +
			"  descent show 'conv(16,3) | relu | pool(2) | dense(64) | relu' --shape 28,28\n" +
			"  descent show logistic --optimizer momentum --graph step.svg\n" +
			"  descent show 'mlp(8)' --inference --graph -",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd.OutOrStdout(), args[0]) },
	}
	cmd.AddCommand(showScheduleCommand())
	f := cmd.Flags()
	f.SortFlags = false
	o.given = f.Changed
	f.IntVar(&o.Features, "features", 4, "inputs of a row, or tokens of a sequence (default 64)")
	f.IntSliceVar(&o.Shape, "shape", nil, about("shape", " (default: 28,28 for a model of pictures)"))
	f.IntVar(&o.Classes, "classes", -1, "classes of the target, 0 for a number (default: 3, 2 for logistic, 0 for linear, 65 kinds of tokens)")
	f.IntVarP(&o.batch, "batch", "b", 32, about("batch", ""))
	lossFlag(f, &o.Loss, " (default: what suits the model)")
	o.optimizer = must(optimizers.Parse("sgd"))
	textFlag(f, &o.optimizer, "optimizer", "o", "sgd", about("optimizer", ""), optimizers.Parse)
	f.StringVar(&o.dtype, "dtype", "float32", "float32 or float64")
	f.BoolVar(&o.inference, "inference", false, "show what predicts, not what trains")
	f.BoolVar(&o.json, "json", false, about("json", ": layers and program"))
	f.StringVar(&o.graph, "graph", "", about("graph", ": .dot or .gv is text, .svg, .png and .pdf are drawn by Graphviz; - is the standard output, as text"))
	f.Lookup("classes").DefValue = "0" // which help does not print
	return cmd
}

type showOptions struct {
	setup
	batch     int
	optimizer optimizers.Optimizer
	dtype     string
	inference bool
	json      bool
	graph     string
	given     func(flag string) bool // tells whether a flag was given
}

// choose fills in what was not given.
func (o *showOptions) choose(model string) error {
	var err error
	if o.Model, err = models.Parse(model); err != nil {
		return err
	}
	if o.Classes < 0 {
		o.Classes = map[models.Task]int{models.Regression: 0, models.Binary: 2, models.Classification: 3, models.Any: 3}[o.Model.Task()]
	}
	if o.Model.Codes() {
		o.Classes = 0
	}
	if o.Loss == nil {
		o.Loss = o.DefaultLoss()
	}
	if o.json && o.graph == "-" {
		return errors.New("--graph - and --json: the standard output takes one of both")
	}
	if o.graph != "-" {
		if err := checkPicture("--graph", o.graph, ".dot", ".gv", ".svg", ".png", ".pdf"); err != nil {
			return err
		}
	}
	if _, ok := dtypes[o.dtype]; !ok {
		return fmt.Errorf("--dtype %s: there are float32 and float64", o.dtype)
	}
	if o.Model.Tokens() && !o.given("features") && o.Shape == nil {
		o.Features = 64
	}
	if o.Model.Tokens() && !o.given("classes") {
		o.Classes = 65
	}
	if o.Shape == nil && o.Model.Pictures() && !o.Model.Tokens() && !o.given("features") {
		o.Shape = []int{28, 28}
	}
	if o.given("features") && o.Shape != nil {
		return errors.New("--features and --shape: one of them says what a row has")
	}
	if o.Shape != nil {
		o.Features = 1
		for _, d := range o.Shape {
			if o.Features *= max(d, 0); d < 1 || o.Features > 1<<20 || len(o.Shape) > 4 {
				return fmt.Errorf("--shape %v: one to four lengths, of no more than a million numbers together, are wanted", o.Shape)
			}
		}
	}
	if o.Features < 1 || o.batch < 1 || o.Classes == 1 || o.Features > 1<<20 || o.batch > 1<<20 || o.Classes > 1<<20 {
		return fmt.Errorf("--features %d, --batch %d, --classes %d: at least 1 feature, 1 row and 2 classes (or 0) are needed, and no more than a million", o.Features, o.batch, o.Classes)
	}
	return nil
}

func (o *showOptions) execute(w io.Writer, model string) error {
	if err := o.choose(model); err != nil {
		return usage(err)
	}
	fn, err := o.function()
	if err != nil {
		return usage(err)
	}
	if o.graph == "-" {
		return writeDOT(w, model, fn.Outputs, fn.Updates)
	}
	if err := errors.Join(writable(o.graph), drawable(o.graph)); err != nil {
		return err
	}
	s, err := o.summary()
	if err != nil {
		return err
	}
	p, err := fn.Compile()
	if err != nil {
		return err
	}
	if err := o.print(w, s, fn.Outputs[0].Graph().Len(), p); err != nil {
		return err
	}
	if o.graph == "" {
		return nil
	}
	var text bytes.Buffer
	if err := writeDOT(&text, model, fn.Outputs, fn.Updates); err != nil {
		return err
	}
	return writeGraph(o.graph, text.Bytes())
}

// shown is what show prints, as JSON.
type shown struct {
	Model     string       `json:"model"`
	Layers    []shownLayer `json:"layers"`
	Trainable int          `json:"trainable"` // numbers that training changes
	Frozen    int          `json:"frozen"`    // numbers of layers that are frozen
	Kept      int          `json:"kept"`      // that layers keep besides
	Inference bool         `json:"inference"` // what is shown predicts; else it is a training step
	Loss      string       `json:"loss,omitempty"`
	Optimizer string       `json:"optimizer,omitempty"`
	Batch     int          `json:"batch"`
	DType     string       `json:"dtype"`
	Nodes     int          `json:"nodes"`
	Program   []string     `json:"program"` // its lines
}

type shownLayer struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Output []int  `json:"output"` // shape for one row
	Params int    `json:"params"`
	Mults  int    `json:"products"` // of matrix products and convolutions, for one row
	Frozen bool   `json:"frozen"`   // training leaves it as it is
}

// print prints layers and program, as text or JSON.
func (o *showOptions) print(w io.Writer, s *models.Summary, nodes int, p *graph.Program) error {
	if !o.json {
		what := fmt.Sprintf("training step: loss %s, %s", o.Loss, o.optimizer.Text)
		if o.inference {
			what = "inference"
		}
		model := ""
		if long := o.Model.Long(); long != o.Model.String() {
			model = fmt.Sprintf("%s is short for %s\n\n", o.Model, long)
		}
		_, err := fmt.Fprintf(w, "%s%s\n%s; batch %d, %s, %d nodes, %.3g MB for intermediate values\n%v", model, s, what, o.batch, o.dtype, nodes, float64(p.Stats().ArenaBytes)/1e6, p)
		return err
	}
	out := shown{Model: o.Model.String(), Trainable: s.Trainable, Frozen: s.Frozen, Kept: s.Kept, Inference: o.inference, Batch: o.batch, DType: o.dtype, Nodes: nodes,
		Program: strings.Split(strings.TrimRight(p.String(), "\n"), "\n")}
	if !o.inference {
		out.Loss, out.Optimizer = o.Loss.String(), o.optimizer.Text
	}
	for _, r := range s.Rows {
		out.Layers = append(out.Layers, shownLayer{r.Name, r.Kind, r.Output, r.Params, r.Products, r.Frozen})
	}
	return printJSON(w, out)
}

// function builds what is to be shown.
func (o *showOptions) function() (graph.Function, error) {
	var fn graph.Function
	if o.Model.Codes() {
		return o.coderFunction()
	}
	var task train.Task
	var err error
	if !o.Model.Tokens() {
		if task, err = o.task(); err != nil {
			return fn, err
		}
	}
	g := graph.New(dtypes[o.dtype], 1)
	if o.inference {
		g.Evaluation()
	}
	if o.Model.Tokens() {
		return o.tokenFunction(g)
	}
	x := g.Input("x", o.batch, o.Features)
	pred := task.Model(x)
	if o.inference {
		if task.Output != nil {
			pred = task.Output(pred)
		}
		fn.Outputs = []*graph.Node{pred}
		return fn, graph.Mistakes(pred)
	}
	t := optimizers.Descend(task.Loss(pred, task.Target(pred, o.batch)), o.optimizer.Rule)
	fn.Outputs, fn.Updates = []*graph.Node{t.Loss}, t.Updates
	return fn, graph.Mistakes(t.Loss)
}

// coderFunction builds an autoencoder.
func (o *showOptions) coderFunction() (graph.Function, error) {
	var fn graph.Function
	c, _, err := o.coder()
	if err != nil {
		return fn, err
	}
	g := graph.New(dtypes[o.dtype], 1)
	if o.inference {
		g.Evaluation()
	}
	out := o.codesOf(c, g.Input("x", o.batch, o.Features))
	if o.inference {
		fn.Outputs = []*graph.Node{out.again, out.code}
		return fn, graph.Mistakes(fn.Outputs...)
	}
	sum := out.losses[0].Node
	for _, l := range out.losses[1:] {
		sum = ops.Add(sum, ops.Scale(l.Weight, l.Node))
	}
	t := optimizers.Descend(sum, o.optimizer.Rule)
	fn.Outputs, fn.Updates = []*graph.Node{t.Loss}, t.Updates
	return fn, graph.Mistakes(t.Loss)
}

// drawn are the formats that Graphviz draws for us, by the ends of file names.
var drawn = []string{".svg", ".png", ".pdf"}

// format is what Graphviz calls the format that a name asks for, "" for text.
func format(name string) string {
	if end := strings.ToLower(filepath.Ext(name)); slices.Contains(drawn, end) {
		return end[1:]
	}
	return ""
}

// drawable tells whether Graphviz is there, if it is needed.
func drawable(name string) error {
	if _, err := exec.LookPath("dot"); err != nil && format(name) != "" {
		return fmt.Errorf("%s: drawing needs Graphviz's dot, which is not installed; a name that ends in .dot gets the text", name)
	}
	return nil
}

// writeGraph writes DOT text, drawn by Graphviz if the name asks for that.
func writeGraph(name string, text []byte) error {
	if format(name) == "" {
		return atomicfile.Write(name, text)
	}
	cmd := exec.Command("dot", "-T"+format(name))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	picture, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("dot: %w", err)
	}
	return atomicfile.Write(name, picture)
}

// summary lists the layers.
func (o *showOptions) summary() (*models.Summary, error) {
	if o.Model.Tokens() {
		_, s, err := o.Model.ForTokens(o.Features, o.Classes)
		return s, err
	}
	return o.setup.summary()
}

// tokenFunction is that of a model of sequences of so many tokens as there are features,
// of as many kinds as there are classes.
func (o *showOptions) tokenFunction(g *graph.Graph) (fn graph.Function, err error) {
	model, _, err := o.Model.ForTokens(o.Features, o.Classes)
	if err != nil {
		return fn, err
	}
	pred := model(models.Tokens(g, "x", o.batch, o.Features, o.Classes))
	if o.inference {
		fn.Outputs = []*graph.Node{pred}
		return fn, graph.Mistakes(pred)
	}
	n := o.batch * o.Features
	step := optimizers.Descend(o.Loss.Loss(ops.Reshape(pred, n, o.Classes), g.Indices("y", n)), o.optimizer.Rule)
	fn.Outputs, fn.Updates = []*graph.Node{step.Loss}, step.Updates
	return fn, graph.Mistakes(step.Loss)
}
