package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"descent/internal/numjson"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A plan is what a benchmark follows from: values of flags, by their names. Flags that
// say where it is done, and what is shown, are not in it.
type plan map[string]any

// unplanned are the flags that change no number.
var unplanned = []string{"out", "json", "quiet", "workers", "max-memory", "plan", "shard", "table", "programs", "live-report", "watch", "help"}

// always are the flags that a plan has though nobody has given them, trials if there are
// any.
var always = []string{"optimizer", "track", "trials", "seeds", "seed"}

// planOf returns the plan of a command that was given.
func (o *benchOptions) planOf(cmd *cobra.Command) plan {
	p := plan{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		usual := slices.Contains(always, f.Name) && (f.Name != "trials" || o.tunes())
		if slices.Contains(unplanned, f.Name) || !f.Changed && !usual {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			p[f.Name] = list.GetSlice()
		} else {
			p[f.Name] = plain(f)
		}
	})
	if o.suite == "" {
		p["data"] = o.data
	}
	return p
}

// plain is the value of a flag as JSON has it: a number or true or false, if it is
// one that comes back.
func plain(f *pflag.Flag) any {
	text := f.Value.String()
	if x, err := strconv.ParseBool(text); err == nil && f.Value.Type() == "bool" {
		return x
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil && fmt.Sprint(x) == text {
		return x
	}
	return text
}

// followPlan reads the plan that a flag names, and sets its flags.
func (o *benchOptions) followPlan(cmd *cobra.Command, args []string) error {
	if o.plan == "" {
		return nil
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(unplanned, f.Name) {
			args = append(args, "--"+f.Name)
		}
	})
	if len(args) > 0 {
		return fmt.Errorf("--plan: %s is given, too; write it into the plan", args[0])
	}
	text, err := os.ReadFile(o.plan)
	if err != nil {
		return err
	}
	var p plan
	if err := numjson.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("--plan %s: %w", o.plan, err)
	}
	if err := cmp.Or(p.harmless(o.programs), p.set(cmd.Flags())); err != nil {
		return fmt.Errorf("--plan %s: %w", o.plan, err)
	}
	return nil
}

// harmless refuses optimizers that are programs, which a plan would start with the
// rights of its reader, if that is not allowed.
func (p plan) harmless(programs bool) error {
	if text := fmt.Sprint(p["optimizer"]); !programs && strings.Contains(text, "exec:") {
		return fmt.Errorf("it would run programs with your rights: %s; give --programs if you trust them", text)
	}
	return nil
}

// set gives flags the values of a plan. Every member must be a flag that a plan can
// have, with a value that the flag takes.
func (p plan) set(flags *pflag.FlagSet) error {
	if len(p) == 0 {
		return errors.New("the plan is empty")
	}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		f := flags.Lookup(name)
		if f == nil || slices.Contains(unplanned, name) {
			return fmt.Errorf("%q is no member of a plan", name)
		}
		list, several := p[name].([]any)
		if _, isList := f.Value.(pflag.SliceValue); several && !isList {
			return fmt.Errorf("%s: it is one value, without brackets", name)
		}
		if !several {
			list = []any{p[name]}
		}
		var texts []string
		for _, x := range list {
			switch x := x.(type) {
			case string:
				texts = append(texts, x)
			case bool, float64:
				texts = append(texts, fmt.Sprint(x))
			default:
				return fmt.Errorf("%s: %v is not text, a number, true or false", name, x)
			}
		}
		if err := setAll(flags, f, texts); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// setAll sets a flag once, or if it can be given several times, each value.
func setAll(flags *pflag.FlagSet, f *pflag.Flag, texts []string) error {
	if f.Value.Type() == "stringSlice" { // whose elements are quoted as in CSV
		for i, t := range texts {
			texts[i] = `"` + strings.ReplaceAll(t, `"`, `""`) + `"`
		}
	}
	for _, t := range texts {
		if err := flags.Set(f.Name, t); err != nil {
			return err
		}
	}
	return nil
}
