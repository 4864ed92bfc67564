package main

import (
	"fmt"
	"strings"

	"descent/losses"
	"descent/ops/formula"

	"github.com/spf13/cobra"
)

// formulasTopic is the help on what formulas can call; it is made of the tables.
func formulasTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Formulas have + - * / % ^ @, comparisons, and, or, not, lists, subscripts,\n" +
		"let a = ...; ..., and these functions. Settings with a default may be left out;\n" +
		"all may be given by name, as in sum(x, axis=0).\n")
	group := ""
	for i := range formula.Table {
		row := &formula.Table[i]
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&b, "\n%s:\n", group)
		}
		f := formula.Operation(row)
		fmt.Fprintf(&b, "  %s\n      %s\n", f.Usage(), row.Doc)
	}
	b.WriteString("\nLosses, of a prediction and a target:\n")
	for i := range losses.Table {
		fmt.Fprintf(&b, "  %s\n      %s\n", losses.Table[i].Usage(), losses.Table[i].Doc)
	}
	return &cobra.Command{Use: "formulas", Short: "What formulas can call", Long: strings.TrimSpace(b.String())}
}
