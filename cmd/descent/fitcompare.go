package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"descent/optimizers/search/fit"

	"github.com/spf13/cobra"
)

// fitCompareCommand fits several formulas to one table and sets them side by side.
func fitCompareCommand() *cobra.Command {
	o, nested := &fitOptions{}, false
	cmd := &cobra.Command{
		Use:   "compare 'RESPONSE ~ FORMULA' 'RESPONSE ~ FORMULA' ... FILE",
		Short: "Compare formulas fitted to a table",
		Long: "Fit formulas of one response by least squares to the rows in which none of them lacks a cell, and\n" +
			"compare them by AIC, AICc, BIC and weights, and with --nested by F tests of each model against the\n" +
			"one with the next fewer parameters. --start and --bounds are of all formulas: each takes what it uses.",
		Example: "  descent fit compare 'y ~ exponential(x)' 'y ~ decay(x)' file.csv --nested\n" +
			"  descent fit compare 'y ~ a*x/(b+x)' 'y ~ a*(1-exp(-b*x))' file.csv --start a=1,b=1",
		Args: cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.compare(cmd.Context(), cmd.OutOrStdout(), args, nested)
		},
	}
	explainMinus(cmd)
	f := cmd.Flags()
	f.SortFlags = false
	o.modelFlags(cmd)
	f.BoolVar(&nested, "nested", false, "each formula is within the one with more parameters: test it by F")
	f.IntVar(&o.steps, "steps", 10000, about("steps", ", no more than this many"))
	f.BoolVar(&o.json, "json", false, about("json", ", with all digits"))
	return cmd
}

func (o *fitOptions) compare(ctx context.Context, w io.Writer, args []string, nested bool) error {
	if o.steps < 1 {
		return usage(errors.New("--steps must be positive"))
	}
	models, err := o.models(args[:len(args)-1], args[len(args)-1])
	if err != nil {
		return err
	}
	c, err := fit.Compare(ctx, models, fit.How{Steps: o.steps, Level: 0.95}, nested)
	if err != nil {
		return usage(flagged(err))
	}
	if o.json {
		err = printJSON(w, c)
	} else {
		printComparison(w, c)
	}
	if err == nil {
		err = ctx.Err()
	}
	for _, m := range c.Models {
		if err == nil && !m.Converged {
			err = fmt.Errorf("the fit of %s has not converged; try another --start, bounds, or more --steps", m.Model)
		}
	}
	return err
}

// printComparison prints a line for each model.
func printComparison(w io.Writer, c *fit.Comparison) {
	width := len("model")
	for _, m := range c.Models {
		width = max(width, len([]rune(m.Model)))
	}
	fmt.Fprintf(w, "%-*s  %3s  %4s  %14s  %10s  %10s  %10s  %6s\n", width, "model", "k", "dof", "RSS", "AIC", "AICc", "BIC", "weight")
	for _, m := range c.Models {
		k := m.Criteria
		fmt.Fprintf(w, "%-*s  %3d  %4d  %14.8g  %10.6g  %10.6g  %10.6g  %6.4f\n", width, m.Model, k.K, m.DOF, m.RSS, k.AIC, k.AICc, k.BIC, c.Weight(&m))
	}
	fmt.Fprintf(w, "\nleast %s: %s (%s; weights are those of %[1]s)\n", c.By, c.Best, count(c.Rows, "row"))
	for _, m := range c.Models {
		if f := m.F; f != nil {
			fmt.Fprintf(w, "F = %.6g on %d and %d degrees of freedom, p = %.4g: %s against the one before\n", f.F, f.Numerator, f.Denominator, f.P, m.Model)
		}
	}
	if c.Dropped > 0 {
		fmt.Fprintf(w, "note: %s left out because a cell is missing or the weight is 0\n", count(c.Dropped, "row"))
	}
	for _, n := range c.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
}

// fitShapesCommand lists the formulas that have names.
func fitShapesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "shapes",
		Short: "List the formulas that have names and find their own start",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			for i, s := range fit.Shapes {
				if i > 0 {
					fmt.Fprintln(w)
				}
				fmt.Fprintf(w, "%s: %s\n  %s\n", strings.Join(append([]string{s.Usage()}, s.Aliases...), ", "), s.Doc, s.Text())
				for _, p := range s.Params {
					fmt.Fprintf(w, "  %-6s  %s\n", p.Name, p.Doc)
				}
			}
			return nil
		},
	}
}
