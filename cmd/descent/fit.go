package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"descent/data"
	"descent/internal/calc"
	"descent/losses"

	"github.com/spf13/cobra"
)

type fitOptions struct {
	start                   []string
	bounds, loss, optimizer string
	steps                   int
	level                   float64
	seed                    uint64
	plot, predict           string
	json                    bool
}

func fitCommand() *cobra.Command {
	o := &fitOptions{}
	cmd := &cobra.Command{
		Use:   "fit 'RESPONSE ~ FORMULA' FILE.csv --start name=value,...",
		Short: "Fit a formula to a table",
		Long: "Fit the parameters of a formula to the columns of a CSV file by least squares\n" +
			"(Levenberg-Marquardt with the Jacobian of the compiled residuals), or by another loss.\n" +
			"Names in the formula are columns, or parameters that --start names.",
		Example: "  descent fit 'y ~ b1*(1-exp(-b2*x))' Misra1a.csv --start b1=500,b2=1e-4 --plot fit.svg\n" +
			"  descent fit 'log(y) ~ b1-b2*x1*exp(-b3*x2)' Nelson.csv --start b1=2,b2=0.0001,b3=-0.01\n" +
			"  descent fit 'price ~ a*area + b' houses.csv --start a=1,b=0 --loss 'huber(delta=2)'",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.execute(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	explainMinus(cmd)
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.start, "start", nil, "the parameters and where they start, such as b1=500,b2=1e-4")
	f.StringVar(&o.bounds, "bounds", "", "ranges of parameters, such as b1=0:,b2=0:1")
	f.StringVarP(&o.loss, "loss", "l", "", "another loss, such as 'huber(delta=2)' or a formula in pred and target")
	f.StringVarP(&o.optimizer, "optimizer", "o", "", "another method, such as lbfgs or 'adam(lr=0.01)' (default: Levenberg-Marquardt)")
	f.IntVar(&o.steps, "steps", 10000, "largest number of steps")
	f.Float64Var(&o.level, "level", 0.95, "level of the confidence intervals")
	f.Uint64VarP(&o.seed, "seed", "s", 1, "of methods that are random")
	f.StringVar(&o.plot, "plot", "", "draw the data, the curve and its band: .svg or .png")
	f.StringVar(&o.predict, "predict", "", "values of columns such as x=[10,20], or a CSV file, to predict the response for")
	f.BoolVar(&o.json, "json", false, "print JSON, with all digits")
	return cmd
}

func (o *fitOptions) execute(ctx context.Context, w, errw io.Writer, args []string) error {
	model, how, err := o.prepare(args)
	if err != nil {
		return err
	}
	if err := writable(o.plot); err != nil {
		return err
	}
	f, err := model.Fit(ctx, how)
	if err != nil {
		return err
	}
	var rows []calc.Prediction
	if o.predict != "" {
		t, err := o.newRows()
		if err != nil {
			return usage(fmt.Errorf("--predict: %w", err))
		}
		if rows, err = f.Predict(t); err != nil {
			return usage(fmt.Errorf("--predict: %w", err))
		}
	}
	if o.json {
		err = printJSON(w, struct {
			*calc.Fit
			Predictions []calc.Prediction `json:"predictions,omitempty"`
		}{f, rows})
		w = errw
	} else {
		printFit(w, f)
		for i, r := range rows {
			fmt.Fprintf(w, "row %d: %v  %v to %v\n", i+1, r.Value, r.Lower, r.Upper)
		}
	}
	if err != nil || o.plot == "" {
		return err
	}
	fig, err := f.Picture()
	if err != nil {
		return err
	}
	return save(w, fig, o.plot)
}

// prepare reads the flags and the table.
func (o *fitOptions) prepare(args []string) (*calc.Model, calc.How, error) {
	how := calc.How{Steps: o.steps, Level: o.level}
	fail := func(err error) (*calc.Model, calc.How, error) { return nil, how, usage(err) }
	start, err := bindings(o.start...)
	if err != nil {
		return fail(fmt.Errorf("--start: %w", err))
	}
	bounds, err := calc.ParseBounds(o.bounds)
	if err == nil {
		err = checkPicture("--plot", o.plot)
	}
	if err == nil && (o.steps < 1 || !(o.level > 0 && o.level < 1)) {
		err = errors.New("--steps must be positive, and --level between 0 and 1")
	}
	if err != nil {
		return fail(err)
	}
	if o.loss != "" {
		loss, err := losses.ByName(o.loss)
		if err != nil {
			return fail(fmt.Errorf("--loss: %w", err))
		}
		how.Loss = loss.Loss
	}
	if o.optimizer != "" {
		if how.Method, err = calc.Method(o.optimizer, o.seed); err != nil {
			return fail(err)
		}
	}
	table, err := data.OpenCSV(args[1], data.CSVOptions{})
	if err != nil {
		return nil, how, err
	}
	m, err := calc.NewModel(args[0], table, start, bounds)
	return m, how, usage(err)
}

// newRows are the rows to predict.
func (o *fitOptions) newRows() (*data.Table, error) {
	if !strings.Contains(o.predict, "=") {
		return data.OpenCSV(o.predict, data.CSVOptions{})
	}
	given, err := bindings(o.predict)
	if err != nil {
		return nil, err
	}
	rows := 1
	for _, b := range given {
		rows = max(rows, len(b.Value.Data))
	}
	var columns []data.Column
	for _, b := range given {
		values := b.Value.Data
		for len(b.Value.Data) == 1 && len(values) < rows {
			values = append(values, values[0])
		}
		columns = append(columns, data.Column{Name: b.Name, Kind: data.Numeric, Values: values})
	}
	return data.NewTable("--predict", columns...)
}

// printFit prints the table of parameters as R and NIST do.
func printFit(w io.Writer, f *calc.Fit) {
	width := len("parameter")
	for _, n := range f.Names() {
		width = max(width, len([]rune(n)))
	}
	fmt.Fprintf(w, "%-*s  %17s  %14s   %g%% confidence interval\n", width, "parameter", "estimate", "std. error", 100*f.Level)
	for _, n := range f.Names() {
		p := f.Parameters[n]
		fmt.Fprintf(w, "%-*s  %17.10g  %14.6g   %.6g to %.6g\n", width, n, p.Estimate, p.Stderr.Data[0], p.Lower.Data[0], p.Upper.Data[0])
	}
	fmt.Fprintf(w, "\nresidual sum of squares      %v\n", f.RSS)
	fmt.Fprintf(w, "residual standard deviation  %v on %d degrees of freedom (%d rows)\n", f.RSD, f.DOF, f.Rows)
	fmt.Fprintf(w, "R2                           %v\n", f.R2)
	if f.Loss != nil {
		fmt.Fprintf(w, "loss                         %.10g\n", *f.Loss)
	}
	fmt.Fprintf(w, "%s after %d steps, %d evaluations\n", f.Stopped, f.Steps, f.Evaluations)
	if names := f.Names(); f.Correlation != nil && len(names) > 1 {
		fmt.Fprint(w, "\ncorrelation of the estimates\n")
		for i, a := range names[1:] {
			fmt.Fprintf(w, "%-*s", width, a)
			for _, b := range names[:i+1] {
				fmt.Fprintf(w, "  %7.4f", f.Correlation[a][b])
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%-*s", width, "")
		for _, b := range names[:len(names)-1] {
			fmt.Fprintf(w, "  %7s", b)
		}
		fmt.Fprintln(w)
	}
	for _, n := range f.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
}
