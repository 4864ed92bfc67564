package main

import (
	"fmt"

	"descent/bench"
	"descent/internal/numjson"

	"github.com/spf13/cobra"
)

// benchDiffCommand compares two results.json. Its exit status is 1 if an
// optimizer became worse, so that a script notices.
func benchDiffCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "diff OLD.json NEW.json",
		Short: "Compare the results of two benchmarks",
		Long: "Compare the test scores of two benchmarks of the same problem, run by run where seeds are the\n" +
			"same; of a suite, the areas. The exit status is 1 if an optimizer became worse by more than noise.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			before, err := bench.Read(args[0])
			if err != nil {
				return err
			}
			after, err := bench.Read(args[1])
			if err != nil {
				return err
			}
			all, err := bench.CompareLeagues(before, after)
			if err != nil {
				return err
			}
			var changes []bench.Change
			for i, own := range all {
				changes = append(changes, own...)
				if asJSON {
					continue
				}
				r := after.Tracks[i]
				if len(all) > 1 {
					fmt.Fprintf(cmd.OutOrStdout(), "track %s\n", r.Setup.Track)
				}
				if err := r.WriteChanges(cmd.OutOrStdout(), own); err != nil {
					return err
				}
			}
			if asJSON {
				if err := numjson.Write(cmd.OutOrStdout(), changes, ""); err != nil {
					return err
				}
			}
			worse := 0
			for _, c := range changes {
				if c.Verdict == bench.Worse {
					worse++
				}
			}
			if worse > 0 {
				return fmt.Errorf("%d of %d optimizers became worse", worse, len(changes))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, about("json", " instead of the table"))
	return cmd
}
