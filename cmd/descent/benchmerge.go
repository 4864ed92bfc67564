package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"descent/bench/journal"

	"github.com/spf13/cobra"
)

// benchMergeCommand joins the journals of shards.
func benchMergeCommand() *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:   "merge JOURNAL...",
		Short: "Join the journals of shards",
		Long: "Add the finished runs of journals to that of a folder. The command of the shards, without\n" +
			"--shard and with this folder as --out, then finds all runs done, and writes the results.",
		Example: "  descent bench wine --shard 1/2 --out a\n  descent bench wine --shard 2/2 --out b\n" +
			"  descent bench merge a/journal.jsonl b/journal.jsonl --out all\n  descent bench wine --out all",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			var parts []*journal.Journal
			for _, path := range args {
				if err := find(path); err != nil {
					return err
				}
				j, err := openJournal(cmd, path)
				if err != nil {
					return err
				}
				parts = append(parts, j)
			}
			release, err := claim(out, journalFile)
			if err != nil {
				return err
			}
			defer release()
			all, err := openJournal(cmd, filepath.Join(out, journalFile))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, all.Close()) }()
			added, err := all.Merge(parts...)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s, %d of them new, are in %s\n", count(all.Len(), "run"), added, filepath.Join(out, journalFile))
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "results", about("out", ": they are added to its journal.jsonl"))
	return cmd
}
