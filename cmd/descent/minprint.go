package main

import (
	"fmt"
	"io"
	"math"
	"sort"
	"strings"
)

// printRuns prints a paragraph for each run.
func printRuns(w io.Writer, runs []*minRun) {
	for i, r := range runs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s: %s after %d steps, %d evaluations\n", r.Optimizer, r.Stopped, r.Steps, r.Evaluations)
		names := make([]string, 0, len(r.X))
		for n := range r.X {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			fmt.Fprintf(w, "  %s = %v\n", n, r.X[n])
		}
		fmt.Fprintf(w, "  f = %v, gradient %.2g\n  %s", r.F, r.Gradient.Data[0], r.Kind)
		if len(r.Eigenvalues) > 0 && len(r.Eigenvalues) <= 6 {
			text := make([]string, len(r.Eigenvalues))
			for k, e := range r.Eigenvalues {
				text[k] = fmt.Sprintf("%.4g", e)
			}
			fmt.Fprintf(w, " (the Hessian's eigenvalues: %s)", strings.Join(text, ", "))
		}
		fmt.Fprintln(w)
		printConstraints(w, r)
		if last := r.LastF.Data[0]; last != r.F.Data[0] && !math.IsNaN(r.F.Data[0]) {
			fmt.Fprintf(w, "  this is the best point; the last step ended at f = %v\n", r.LastF)
		}
	}
	if best := bestOf(runs); len(runs) > 1 {
		fmt.Fprintf(w, "\nlowest: %s\n", best.Optimizer)
	}
}

// printConstraints prints how each constraint holds.
func printConstraints(w io.Writer, r *minRun) {
	width := 0
	for _, h := range r.Constraints {
		width = max(width, len([]rune(h.Name)))
	}
	for _, h := range r.Constraints {
		state := fmt.Sprintf("slack %.6g", h.Slack)
		switch {
		case h.Violated > 1e-9:
			state = fmt.Sprintf("violated by %.6g", h.Violated)
		case h.Active:
			state = "multiplier " + fmt.Sprintf("%.8g", h.Multiplier)
		}
		fmt.Fprintf(w, "  %-*s  %s\n", width, h.Name, state)
	}
	if r.KKT != nil {
		fmt.Fprintf(w, "  residual of the conditions of Karush, Kuhn and Tucker: %.2g\n", r.KKT.Data[0])
	}
}

func bestOf(runs []*minRun) *minRun {
	best := runs[0]
	for _, r := range runs {
		if r.F.Data[0] < best.F.Data[0] || math.IsNaN(best.F.Data[0]) {
			best = r
		}
	}
	return best
}
