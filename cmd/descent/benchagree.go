package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"descent/bench"
	"descent/internal/numjson"

	"github.com/spf13/cobra"
)

// benchAgreeCommand compares orders of optimizers with published ones.
func benchAgreeCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "agree RESULTS PUBLISHED.json",
		Short: "How far an order of optimizers agrees with published ones",
		Long: "Kendall's tau of the mean ranks of the optimizers that both have, 1 for the same order and 0 for\n" +
			"none in common, with a 95 % interval for other problems of both kinds. PUBLISHED.json has\n" +
			"comparisons by their names, as docs/league/published.json.",
		Example: "  descent bench agree docs/league/results.json.gz docs/league/published.json",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := bench.Read(args[0])
			if err != nil {
				return err
			}
			text, err := os.ReadFile(args[1])
			if err != nil {
				return err
			}
			var all map[string]bench.Published
			if err := numjson.UnmarshalStrict(text, &all); err != nil {
				return fmt.Errorf("%s: %w", args[1], err)
			}
			found := map[string]bench.Agreement{}
			for _, name := range slices.Sorted(maps.Keys(all)) {
				p := all[name]
				if found[name], err = l.Agree(&p); err != nil {
					return fmt.Errorf("%s: %s: %w", args[1], name, err)
				}
			}
			if asJSON {
				return numjson.Write(cmd.OutOrStdout(), found, "")
			}
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "published\ttrack\toptimizers\ttau\t95 %")
			for _, name := range slices.Sorted(maps.Keys(found)) {
				x := found[name]
				fmt.Fprintf(t, "%s\t%s\t%d\t%.2f\t%.2f to %.2f\n", name, x.A, x.Optimizers, x.Tau, x.CI.Lo, x.CI.Hi)
			}
			return t.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, about("json", " instead of the table"))
	return cmd
}
