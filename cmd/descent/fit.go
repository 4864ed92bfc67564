package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/data"
	"descent/internal/calc"
	"descent/internal/terminal"
	"descent/losses"
	"descent/optimizers/search"
	"descent/optimizers/search/fit"

	"github.com/spf13/cobra"
)

type fitOptions struct {
	tableFlags
	start                   []string
	by                      fit.By
	weights                 fit.Weights
	bounds, loss, optimizer string
	steps                   int
	level                   float64
	intervals               string
	workers                 int
	seed                    uint64
	plot, predict           string
	json                    bool
}

func fitCommand() *cobra.Command {
	o := &fitOptions{}
	cmd := &cobra.Command{
		Use:   "fit 'RESPONSE ~ FORMULA' FILE [--start name=value,...]",
		Short: "Fit a formula to a table",
		Long: "Fit the parameters of a formula to the columns of a CSV file (- is the standard input)\n" +
			"by least squares (Levenberg-Marquardt with the Jacobian of the compiled residuals), or by\n" +
			"another loss. Names in the formula are columns, or parameters that --start names; a column\n" +
			"with spaces in its name stands in backquotes. Shapes, such as logistic4(x), name their own\n" +
			"parameters and find their start: descent fit shapes lists them. Rows of which a cell is missing are left out.\n" +
			"The exit status is 1 if the search has not converged.",
		Example: "  descent fit 'y ~ logistic4(log(x))' file.csv --intervals profile\n" +
			"  descent fit 'y ~ b1*(1-exp(-b2*x))' Misra1a.csv --start b1=500,b2=1e-4 --plot fit.svg\n" +
			"  descent fit 'log(y) ~ b1-b2*x1*exp(-b3*x2)' Nelson.csv --start b1=2,b2=0.0001,b3=-0.01\n" +
			"  descent fit 'price ~ a*area + b' houses.csv --start a=1,b=0 --loss 'huber(delta=2)'\n" +
			"  descent fit 'y ~ a*exp(-k*x)' data.csv --start a=1,k=0.1 --by subject --shared k\n" +
			"  descent fit 't ~ sqrt(2*h/g)' falls.csv --start g=9 --sigma error --absolute-sigma\n" +
			"  descent fit 'y ~ a*`dry weight`+b' - --start a=1,b=0 --comma ';' < plants.csv",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.execute(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	explainMinus(cmd)
	cmd.AddCommand(fitCompareCommand(), fitShapesCommand())
	f := cmd.Flags()
	f.SortFlags = false
	o.modelFlags(cmd)
	f.StringVar(&o.by.Column, "by", "", "`column` of groups, each of which has its own parameters")
	f.StringSliceVar(&o.by.Shared, "shared", nil, "parameters that the groups of --by share, separated by commas")
	f.StringVarP(&o.loss, "loss", "l", "", about("loss", " (default: least squares)"))
	f.StringVarP(&o.optimizer, "optimizer", "o", "", about("optimizer", ", or a search such as lbfgs (default: Levenberg-Marquardt)"))
	f.IntVar(&o.steps, "steps", 10000, about("steps", ", no more than this many"))
	f.Float64Var(&o.level, "level", 0.95, "level of the confidence intervals")
	f.StringVar(&o.intervals, "intervals", "wald", "how intervals are made: wald, profile, 'bootstrap(1000)' or 'bootstrap(1000, resample=rows)'")
	workersFlag(f, &o.workers, ", by the bootstrap")
	seedFlag(f, &o.seed, "")
	f.StringVar(&o.plot, "plot", "", about("plot", ": the data, the curve and its band"))
	f.StringVar(&o.predict, "predict", "", "values of columns such as x=[10,20], or a CSV file, to predict the response for")
	f.BoolVar(&o.json, "json", false, about("json", ", with all digits"))
	return cmd
}

// modelFlags adds the flags of what is fitted to what.
func (o *fitOptions) modelFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.start, "start", nil, about("start", ": the parameters, each with a value; shapes find what is not given"))
	f.StringVar(&o.weights.Weight, "weight", "", about("weight", ": its variance is that of the residuals divided by its weight"))
	f.StringVar(&o.weights.Sigma, "sigma", "", "`column` of standard deviations of the response, up to a common factor")
	f.BoolVar(&o.weights.Absolute, "absolute-sigma", false, "--sigma has no unknown factor: standard errors follow from it alone")
	o.add(cmd)
	f.StringVar(&o.bounds, "bounds", "", about("bounds", ""))
}

// models reads formulas and the table.
func (o *fitOptions) models(texts []string, path string) ([]*fit.Model, error) {
	start, err := bindings(o.start...)
	if err != nil {
		return nil, usage(fmt.Errorf("--start: %w", err))
	}
	bounds, err := parseBounds(o.bounds)
	if err != nil {
		return nil, usage(err)
	}
	params, err := parameters(start, bounds)
	if err != nil {
		return nil, usage(err)
	}
	table, err := o.table(path)
	if err != nil {
		return nil, err
	}
	all, err := fit.NewAll(texts, table, params, o.weights)
	return all, usage(flagged(err))
}

func (o *fitOptions) execute(ctx context.Context, w, errw io.Writer, args []string) error {
	model, how, err := o.prepare(args)
	if err != nil {
		return err
	}
	if err := writable(o.plot); err != nil {
		return err
	}
	line := terminal.NewLine(errw)
	how.Progress = func(done, of int) {
		line.Draw(float64(done)/float64(of), func() string { return fmt.Sprintf("%d/%d replicates", done, of) })
	}
	f, err := model.Fit(ctx, how)
	line.Clear()
	if err != nil {
		return flagged(err)
	}
	var rows []fit.Prediction
	if o.predict != "" {
		t, err := o.newRows(f)
		if err != nil {
			return usage(fmt.Errorf("--predict: %w", err))
		}
		if rows, err = f.Predict(t); err != nil {
			return usage(fmt.Errorf("--predict: %w", err))
		}
	}
	if err := o.print(w, errw, f, rows); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !f.Converged:
		return errors.New("the fit has not converged; try another --start, bounds, or more --steps")
	}
	return nil
}

// print prints the fit and draws it.
func (o *fitOptions) print(w, errw io.Writer, f *fit.Fit, rows []fit.Prediction) (err error) {
	if o.json {
		err = printJSON(w, struct {
			*fit.Fit
			Predictions []fit.Prediction `json:"predictions,omitempty"`
		}{f, rows})
		w = errw
	} else {
		printFit(w, f)
		for i, r := range rows {
			group := ""
			if r.Group != "" {
				group = ", " + f.By + " " + r.Group
			}
			fmt.Fprintf(w, "row %d%s: %.10g  %.10g to %.10g\n", i+1, group, r.Value, r.Lower, r.Upper)
		}
	}
	if err != nil || o.plot == "" {
		return err
	}
	fig, err := draw.Fit(f)
	if err != nil {
		return err
	}
	return save(w, fig, o.plot)
}

// prepare reads the flags and the table.
func (o *fitOptions) prepare(args []string) (*fit.Model, fit.How, error) {
	how := fit.How{Steps: o.steps, Level: o.level, Workers: o.workers}
	fail := func(err error) (*fit.Model, fit.How, error) { return nil, how, usage(err) }
	err := checkPicture("--plot", o.plot)
	if err == nil {
		if how.Intervals, err = fit.ParseIntervals(o.intervals, o.seed); err != nil {
			err = fmt.Errorf("--intervals: %w", err)
		}
	}
	if err == nil && (o.steps < 1 || o.workers < 0 || !(o.level > 0 && o.level < 1)) {
		err = errors.New("--steps must be positive, --workers not negative, and --level between 0 and 1")
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
		if how.Method, err = search.ParseMethod(o.optimizer, o.seed); err != nil {
			return fail(err)
		}
	}
	models, err := o.models(args[:1], args[1])
	if err != nil {
		return nil, how, err
	}
	switch m := models[0]; {
	case o.by.Column != "":
		err = m.Group(o.by)
	case len(o.by.Shared) > 0:
		err = errors.New("--shared parameters are those that groups share: --by names their column")
	}
	if err == nil {
		err = how.Check(models[0])
	}
	return models[0], how, usage(flagged(err))
}

// parameters are what --start and --bounds name; the start is NaN of what --bounds names
// alone.
func parameters(start []calc.Binding, bounds map[string]search.Bound) (out []fit.Parameter, err error) {
	var names []string
	for _, b := range start {
		if len(b.Value.Shape) > 0 {
			return nil, fmt.Errorf("--start: %s has shape %v; parameters are numbers", b.Name, b.Value.Shape)
		}
		names = append(names, b.Name)
		out = append(out, fit.Parameter{Name: b.Name, Start: b.Value.Data[0], Bound: bounds[b.Name]})
	}
	for _, name := range slices.Sorted(maps.Keys(bounds)) {
		if !slices.Contains(names, name) {
			out = append(out, fit.Parameter{Name: name, Start: math.NaN(), Bound: bounds[name]})
		}
	}
	return out, nil
}

// flagged gives the settings in an error about a fit the names of their flags.
func flagged(err error) error {
	var e *fit.Error
	if errors.As(err, &e) {
		return errors.New(e.Text(func(setting string) string { return "--" + setting }))
	}
	return err
}

// newRows are the rows to predict; values that are given are so for each group.
func (o *fitOptions) newRows(f *fit.Fit) (*data.Table, error) {
	if !strings.Contains(o.predict, "=") {
		return o.table(o.predict)
	}
	given, err := bindings(o.predict)
	if err != nil {
		return nil, err
	}
	rows, groups := 1, max(len(f.Groups), 1)
	for _, b := range given {
		rows = max(rows, len(b.Value.Data))
	}
	var columns []data.Column
	for _, b := range given {
		values := b.Value.Data
		for len(b.Value.Data) == 1 && len(values) < rows {
			values = append(values, values[0])
		}
		columns = append(columns, data.Column{Name: b.Name, Kind: data.Numeric, Values: data.ArrayOf(slices.Repeat(values, groups), 1)})
	}
	if f.By != "" {
		var words []string
		for _, g := range f.Groups {
			words = append(words, slices.Repeat([]string{g}, rows)...)
		}
		columns = append(columns, data.Words(f.By, words))
	}
	return data.NewTable("the values given", columns...)
}

// printFit prints the table of parameters as R and NIST do.
func printFit(w io.Writer, f *fit.Fit) {
	width := len("parameter")
	for _, n := range f.Names() {
		width = max(width, len([]rune(n)))
	}
	how := ""
	if f.Intervals != "wald" {
		how = ", " + f.Intervals
	}
	fmt.Fprintf(w, "%-*s  %17s  %14s   %g%% confidence interval%s\n", width, "parameter", "estimate", "std. error", 100*f.Level, how)
	for _, n := range f.Names() {
		p := f.Parameters[n]
		if math.IsNaN(p.Stderr) {
			fmt.Fprintf(w, "%-*s  %17.10g  %14s\n", width, n, p.Estimate, "none")
			continue
		}
		fmt.Fprintf(w, "%-*s  %17.10g  %14.6g   %.6g to %.6g\n", width, n, p.Estimate, p.Stderr, p.Lower, p.Upper)
	}
	kind := ""
	if f.Weighted() {
		kind = "weighted "
	}
	fmt.Fprintf(w, "\n%-27s  %.10g\n", kind+"residual sum of squares", f.RSS)
	fmt.Fprintf(w, "residual standard deviation  %.10g on %s of freedom (%s)\n", f.RSD, count(f.DOF, "degree"), count(f.Rows, "row"))
	fmt.Fprintf(w, "R2                           %.10g\n", f.R2)
	if c := f.Criteria; c != nil {
		fmt.Fprintf(w, "AIC, AICc, BIC               %.7g, %.7g, %.7g (log-likelihood %.7g of %s)\n", c.AIC, c.AICc, c.BIC, c.LogLikelihood, count(c.K, "parameter"))
	}
	if b := f.Bootstrap; b != nil {
		fmt.Fprintf(w, "bootstrap                    percentiles of %d fits to %s drawn anew\n", b.Replicates-b.Failed, b.Resample)
	}
	if f.Loss != nil {
		fmt.Fprintf(w, "loss                         %.10g\n", *f.Loss)
	}
	fmt.Fprintf(w, "%s after %d steps, %d evaluations\n", f.Stopped, f.Steps, f.Evaluations)
	printCorrelation(w, f, width)
	for _, n := range f.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
}

// widest is the number of parameters whose correlations are printed; --json has those of more.
const widest = 12

// printCorrelation prints the correlations of the parameters that the data
// determine, as a triangle.
func printCorrelation(w io.Writer, f *fit.Fit, width int) {
	names := slices.DeleteFunc(f.Names(), func(n string) bool { return f.Correlation[n] == nil })
	if len(names) < 2 || len(names) > widest {
		return
	}
	cell := 7
	for _, n := range names {
		cell = max(cell, len([]rune(n)))
	}
	fmt.Fprint(w, "\ncorrelation of the estimates\n")
	for i, a := range names[1:] {
		fmt.Fprintf(w, "%-*s", width, a)
		for _, b := range names[:i+1] {
			fmt.Fprintf(w, "  %*.4f", cell, f.Correlation[a][b])
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%-*s", width, "")
	for _, b := range names[:len(names)-1] {
		fmt.Fprintf(w, "  %*s", cell, b)
	}
	fmt.Fprintln(w)
}
