package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"descent/graph/graphtest"
	"descent/losses"
	"descent/ops"
	"descent/ops/formula"

	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	var asJSON bool
	var loss, domain string
	points := 20
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the gradients of every operation and loss",
		Long: "Compare the first and second derivatives of every operation and loss with finite\n" +
			"differences at random points, in float64. The exit status is 1 if one is wrong.\n\n" +
			"With --loss one loss only: also its kinks, and how large predictions may be in float32\n" +
			"and float64. Points where it is not finite, or where differences of two step sizes\n" +
			"disagree, are counted and not judged. A formula that overflows where its value is\n" +
			"small, such as log(1+exp(-target*pred)), exits with 1 and names the stable form.",
		Example: "  descent check\n" +
			"  descent check --loss 'mean(where(abs(pred-target) < 1, (pred-target)^2, abs(pred-target)))'\n" +
			"  descent check --loss 'mean(target*log(target/pred))' --domain pred=0:1,target=0:1",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if points < 1 {
				return usage(fmt.Errorf("--points %d: at least one is needed", points))
			}
			if loss != "" {
				return checkLoss(cmd.OutOrStdout(), loss, domain, points, asJSON)
			}
			if domain != "" {
				return usage(errors.New("--domain is for the loss of --loss"))
			}
			return checkAll(cmd.Context(), cmd.OutOrStdout(), points, asJSON)
		},
	}
	cmd.Flags().StringVarP(&loss, "loss", "l", "", about("loss", ": only it is checked, and its kinks are shown"))
	cmd.Flags().StringVar(&domain, "domain", "", "where the loss is finite, such as pred=0:1,target=0:1 (default: found by trying)")
	cmd.Flags().BoolVar(&asJSON, "json", false, about("json", " instead of the table"))
	cmd.Flags().IntVar(&points, "points", points, "random points for each shape")
	return cmd
}

// checkAll checks every operation and loss, until it is interrupted.
func checkAll(ctx context.Context, w io.Writer, points int, asJSON bool) error {
	var r graphtest.Report
	for _, t := range []struct {
		kind  string
		cases []graphtest.Case
	}{{"op", ops.Cases(formula.Table)}, {"loss", losses.Cases()}} {
		for i := range t.cases {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.Add(t.kind, t.cases[i:i+1], points)
		}
	}
	if asJSON {
		if err := printJSON(w, r); err != nil {
			return err
		}
	} else {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "kind\tname\torder\tworst relative error\tpoints")
		for _, x := range r.Rows {
			fmt.Fprintf(t, "%s\t%s\t%d\t%.2g\t%d\n", x.Kind, x.Name, x.Order, x.Worst, x.Points)
		}
		if err := t.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d rows; worst %.2g (first order), %.2g (second order)\n", len(r.Rows), r.Worst1, r.Worst2)
		for _, p := range r.Problems {
			fmt.Fprintln(w, p)
		}
	}
	if n := len(r.Problems); n > 0 {
		return fmt.Errorf("%d gradients are wrong", n)
	}
	return nil
}
