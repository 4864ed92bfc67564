package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// An explainOptions are the flags of explain.
type explainOptions struct {
	influence    string
	rows, times  int
	attributions string
	workers      int
	programs     bool // that the model names may run
	json         bool
}

// What is listed, and how often columns are shuffled, unless somebody says.
const (
	listedRows = 10
	shuffles   = 10
)

// The ways to find rows with influence.
const (
	influenceAuto      = "auto"
	influenceExact     = "exact"
	influenceGradients = "gradients"
	influenceNone      = "none"
)

var influenceWays = []string{influenceAuto, influenceExact, influenceGradients, influenceNone}

func explainCommand() *cobra.Command {
	o := &explainOptions{}
	cmd := &cobra.Command{
		Use:   "explain DIR DATA",
		Short: "Say what a trained model goes by",
		Long: "Say what the model that train --out DIR has saved goes by, on the rows of a table with their targets: how much worse it is\n" +
			"without each column, how its predictions follow a column, which rows it is most wrong about and what moved those predictions;\n" +
			"and, where DATA is what it was trained on, which rows have the largest influence: what would change without them.",
		Example: "  descent train houses.csv --target price --out model\n  descent explain model houses.csv\n" +
			"  descent explain model houses.csv --influence exact --attributions why.csv",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd, args[0], args[1]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.flags(cmd)
	return cmd
}

func (o *explainOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.influence, "influence", influenceAuto, "how rows with influence are found: exact, by training without each; gradients, by influence functions; auto, exact where that is soon done; none")
	f.IntVar(&o.rows, "rows", listedRows, "how many rows are listed")
	f.IntVar(&o.times, "permutations", shuffles, "how often each column is shuffled")
	f.StringVar(&o.attributions, "attributions", "", "file for what each column does to each prediction, .csv")
	workersFlag(f, &o.workers, "")
	f.BoolVar(&o.programs, "programs", false, about("programs", ""))
	f.BoolVar(&o.json, "json", false, about("json", ""))
}

// check refuses flags that make no sense.
func (o *explainOptions) check(cmd *cobra.Command) error {
	switch {
	case !slices.Contains(influenceWays, o.influence):
		return fmt.Errorf("--influence %s: there are %s", o.influence, strings.Join(influenceWays, ", "))
	case o.rows < 0 || o.times < 1:
		return fmt.Errorf("--rows %d, --permutations %d: at least 0 rows, and 1 shuffle", o.rows, o.times)
	case cmd.Flags().Changed("workers") && o.workers < 1:
		return fmt.Errorf("--workers %d: at least 1 is needed", o.workers)
	}
	return checkPicture("--attributions", o.attributions, ".csv")
}

func (o *explainOptions) execute(cmd *cobra.Command, dir, name string) error {
	if err := o.check(cmd); err != nil {
		return usage(err)
	}
	if err := writable(o.attributions); err != nil {
		return err
	}
	m, err := readSaved(dir)
	if err != nil {
		return err
	}
	switch {
	case m.Schema == nil || m.Model.Codes():
		return usage(fmt.Errorf("%s: explain is for models of tables with a target", dir))
	case m.TrainedOn == "":
		return usage(fmt.Errorf("%s: it does not say how it was trained: an earlier program made it, or import; train it again", dir))
	}
	e, err := o.explainer(cmd, m, dir, name)
	if err != nil {
		return err
	}
	x, err := e.explain(cmd.Context(), o)
	if err != nil {
		return err
	}
	if o.attributions != "" {
		if err := e.writeAttributions(o.attributions); err != nil {
			return err
		}
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), x)
	}
	x.print(cmd.OutOrStdout(), e)
	return nil
}

// explainer reads the rows, and finds out whether they are those of the training.
func (o *explainOptions) explainer(cmd *cobra.Command, m *saved, dir, name string) (*explainer, error) {
	run, err := m.run(cmd, o.programs)
	if err != nil {
		return nil, err
	}
	if o.workers > 0 {
		run.run.Workers = o.workers
	}
	if run.src, err = run.source(name); err != nil {
		return nil, err
	}
	table := run.src.Table
	if table == nil {
		return nil, usage(fmt.Errorf("%s: pictures; explain is for tables", name))
	}
	r, t, err := m.again(run, dir)
	if err != nil {
		return nil, err
	}
	if r != nil {
		return newExplainer(run, r, t)
	}
	if o.influence == influenceExact || o.influence == influenceGradients {
		return nil, usage(fmt.Errorf("--influence %s: %s is not what %s was trained on, and other rows have no influence on it", o.influence, name, dir))
	}
	d, err := m.Schema.ApplyLabelled(table)
	if err != nil {
		return nil, run.inFlags(err)
	}
	m.unitOf(d)
	p, err := m.predictor()
	if err != nil {
		return nil, err
	}
	return freshExplainer(m, d, p)
}
