package main

import (
	"bytes"
	"errors"
	"fmt"

	"descent/cmd/descent/internal/engine"
	"descent/cmd/descent/internal/play"
	"descent/internal/atomicfile"

	"github.com/spf13/cobra"
)

func playCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "play --out PAGE.html",
		Short: "Write a page on which optimizers descend any function",
		Long: "Write a page, one file that works offline, on which anybody types a function of one or two\n" +
			"variables, sets a start, chooses optimizers and their settings, and sees them descend: the map\n" +
			"with all paths moving together, value, gradient and length of step, the kind of point that each\n" +
			"reaches, and the learning rate from which on it diverges. On a second tab nets learn points of two\n" +
			"classes. The engine of the page is this program's, as WebAssembly: numbers are those of\n" +
			"DESCENT_ISA=portable.",
		Example: "  descent play --out page.html",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage(errors.New("--out is missing: it names the page to write, such as page.html"))
			}
			if err := checkPicture("--out", out, ".html"); err != nil {
				return usage(err)
			}
			if err := writable(out); err != nil {
				return err
			}
			e, err := engine.Load(version())
			if err != nil {
				return err
			}
			var page bytes.Buffer
			if err := play.Write(&page, e); err != nil {
				return err
			}
			if err := atomicfile.Write(out, page.Bytes()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "page: %s, %s\n", out, amount(int64(page.Len())))
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", about("out", ": a page, .html"))
	return cmd
}
