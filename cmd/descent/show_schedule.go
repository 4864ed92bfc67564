package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"descent/internal/digits"
	"descent/internal/plot"
	"descent/optimizers/schedule"

	"github.com/spf13/cobra"
)

// showScheduleCommand is a part of show.
func showScheduleCommand() *cobra.Command {
	steps, file := 0, ""
	cmd := &cobra.Command{
		Use:   "schedule SCHEDULE",
		Short: "Draw a learning-rate schedule",
		Example: "  descent show schedule 'cosine(steps=200, warmup=20)' --steps 250\n" +
			"  descent show schedule onecycle --plot onecycle.svg",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := schedule.Parse(args[0])
			if err != nil {
				return usage(err)
			}
			if !cmd.Flags().Changed("steps") {
				if steps = s.Span(); steps == 0 {
					steps = 100
				}
			}
			if steps < 1 || steps > 1e6 {
				return usage(fmt.Errorf("--steps %d: from 1 to a million", steps))
			}
			if err := checkPicture("--plot", file); err != nil {
				return usage(err)
			}
			if err := writable(file); err != nil {
				return err
			}
			rates, rate := make([]float64, steps), schedule.Rates(s.For(steps))
			for t := range rates {
				rates[t] = rate(t)
			}
			fmt.Fprintln(cmd.OutOrStdout(), s)
			drawRates(cmd.OutOrStdout(), rates)
			if file == "" {
				return nil
			}
			return (&plot.Figure{Title: args[0], X: plot.Axis{Label: "step"}, Y: plot.Axis{Label: "learning rate"},
				Layers: []plot.Layer{plot.Line{Y: rates}}}).Save(file)
		},
	}
	cmd.Flags().IntVar(&steps, "steps", steps, about("steps", " of the run whose rates are drawn (default: what shows all that SCHEDULE names, else 100)"))
	cmd.Flags().StringVar(&file, "plot", "", about("plot", ": the rates"))
	cmd.Flags().StringVar(&file, "graph", "", "the old name of --plot")
	must(0, cmd.Flags().MarkHidden("graph"))
	return cmd
}

// drawRates draws numbers as columns of characters, ten lines high.
func drawRates(w io.Writer, rates []float64) {
	const width, height = 64, 10
	top := 0.0
	for _, r := range rates {
		top = max(top, r)
	}
	cols := min(width, len(rates))
	for line := height; line > 0; line-- {
		label := ""
		switch line {
		case height:
			label = digits.Short(top, 4, 1e9)
		case 1:
			label = "0"
		}
		fmt.Fprintf(w, "%8s ┤", label)
		var b strings.Builder
		for c := range cols {
			b.WriteRune(cell(rates[c*len(rates)/cols], top, line, height))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	last := fmt.Sprint(len(rates) - 1)
	fmt.Fprintf(w, "%8s 0%s step\n", "", pad(last, max(cols-len(last), len(last)+1)))
}

// cell is what a column of value x shows in a line: eighths of a block.
func cell(x, top float64, line, height int) rune {
	if !(top > 0) || !(x > 0) {
		return ' '
	}
	eighths := int(math.Round(x / top * float64(height) * 8))
	switch full := eighths - (line-1)*8; {
	case full >= 8:
		return '█'
	case full > 0:
		return []rune("▁▂▃▄▅▆▇")[full-1]
	}
	return ' '
}
