package main

import (
	"strings"

	"descent/bench"
	"descent/data/augment"
	"descent/internal/spec"
	"descent/losses"
	"descent/models"
	"descent/optimizers"
	"descent/optimizers/schedule"
	"descent/optimizers/search"
	"descent/optimizers/search/fit"

	"github.com/spf13/cobra"
)

// flagWords are what shells complete for the values of flags.
var flagWords = map[string]func() []string{
	"optimizer": func() []string { return append(spec.Names(optimizers.Table), spec.Names(search.Table)...) },
	"loss":      func() []string { return spec.Names(losses.Table) },
	"model":     func() []string { return spec.Names(models.Table) },
	"schedule":  func() []string { return spec.Names(schedule.Table) },
	"augment":   func() []string { return spec.Names(augment.Table) },
	"metric":    metricNames,
	"calibrate": calibrationNames,
	"threshold": func() []string {
		return []string{"f1", "mcc", "balanced_accuracy", "cost=1:10", "recall@precision=0.9"}
	},
	"task":     func() []string { return []string{"regression", "classification"} },
	"scaling":  func() []string { return []string{"standard", "minmax", "none"} },
	"colors":   func() []string { return []string{"grey", "rgb"} },
	"channels": func() []string { return []string{"first", "last"} },
	"split":    func() []string { return []string{"random", "time"} },
	"unknown":  func() []string { return []string{"missing", "refuse"} },
	"dtype":    func() []string { return []string{"float32", "float64"} },
	"lang":     func() []string { return []string{"en", "zh"} },
	"suite":    func() []string { return spec.Names(bench.Suites) },

	"intervals": func() []string { return spec.Names(fit.IntervalTable) },
}

// argumentWords are what shells complete for the argument of a command, beside
// the names of files.
var argumentWords = map[string]func() []string{
	"train": setNames,
	"bench": setNames,
	"show":  func() []string { return spec.Names(models.Table) },

	"schedule": func() []string { return spec.Names(schedule.Table) },
}

// complete teaches a command to complete names.
func complete(cmd *cobra.Command) {
	for flag, words := range flagWords {
		if cmd.Flags().Lookup(flag) == nil {
			continue
		}
		if flag == "optimizer" && cmd.Name() == "show" { // which shows a step
			words = func() []string { return spec.Names(optimizers.Table) }
		}
		_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return beginning(words(), begun), cobra.ShellCompDirectiveNoFileComp
		}) // fails only for a flag that has one already
	}
	if words := argumentWords[cmd.Name()]; words != nil {
		cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return beginning(words(), begun), cobra.ShellCompDirectiveDefault
		}
	}
	for _, sub := range cmd.Commands() {
		complete(sub)
	}
}

// beginning are the words that begin with what has been typed.
func beginning(words []string, begun string) (out []string) {
	for _, w := range words {
		if strings.HasPrefix(w, begun) {
			out = append(out, w)
		}
	}
	return out
}
