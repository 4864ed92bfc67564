package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"descent/bench"
	"descent/internal/kernel"
	"descent/internal/numjson"

	"github.com/spf13/cobra"
)

// benchVerifyCommand derives results again.
func benchVerifyCommand() *cobra.Command {
	sample, workers, asJSON, programs := 1.0, 0, false, false
	cmd := &cobra.Command{
		Use:   "verify RESULTS.json",
		Short: "Derive every number of results again",
		Long: "Do the study of a results.json again, as its plan says, and compare: the rows, the runs that follow\n" +
			"from seeds and from choices of settings, every number of each run, and all that is summed up.\n" +
			"The exit status is 1 if anything differs, but for measured times. It runs with the instruction\n" +
			"set that made the results; where this machine does not have it, numbers of runs are compared\n" +
			"to few digits.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(sample > 0 && sample <= 1) {
				return usage(fmt.Errorf("--sample %v: a part of the runs is above 0, and at most 1", sample))
			}
			r, err := bench.Read(args[0])
			if err != nil {
				return err
			}
			digits := 0
			if made := r.Tracks[0].Setup.Instructions; made != kernel.Active().String() {
				if os.Getenv("DESCENT_ISA") != made {
					return again(cmd, args, made)
				}
				digits = fewDigits
				fmt.Fprintf(cmd.ErrOrStderr(), "note: other instruction set (%s, not %s): runs are compared within %d digits\n", kernel.Active(), made, digits)
			}
			v, err := verify(cmd, r, sample, workers, digits, programs)
			if err != nil {
				return err
			}
			if asJSON {
				err = numjson.Write(cmd.OutOrStdout(), v, "")
			} else {
				err = tellVerified(cmd.OutOrStdout(), v)
			}
			if n := len(v.Mismatches); err == nil && n > 0 {
				err = fmt.Errorf("%s not what %s when derived again", count(n, "number"), map[bool]string{true: "it is", false: "they are"}[n == 1])
			}
			return err
		},
	}
	cmd.Flags().Float64Var(&sample, "sample", 1, "part of the runs that is done again, such as 0.1")
	cmd.Flags().BoolVar(&asJSON, "json", false, about("json", " instead of sentences"))
	cmd.Flags().BoolVar(&programs, "programs", false, about("programs", ""))
	workersFlag(cmd.Flags(), &workers, "; each does runs of its own")
	return cmd
}

// fewDigits are those to which runs of another instruction set are compared.
const fewDigits = 2

// verify derives results again from their plan.
func verify(cmd *cobra.Command, r *bench.League, sample float64, workers, digits int, programs bool) (*bench.Verification, error) {
	o, err := planned(cmd, r.Plan, programs)
	if err != nil {
		return nil, err
	}
	o.study.Workers = workers
	show := newMeter(cmd.ErrOrStderr(), false)
	defer show.close()
	o.study.OnJob = show.job
	if len(r.Tracks) == 1 {
		return r.Tracks[0].Verify(cmd.Context(), &o.study, sample, digits)
	}
	return r.Verify(cmd.Context(), &o.study, sample, digits)
}

// planned prepares the study that a plan says, which came as JSON.
func planned(cmd *cobra.Command, from any, programs bool) (*benchOptions, error) {
	text, err := numjson.Marshal(from)
	if err != nil {
		return nil, err
	}
	var p plan
	if err := numjson.Unmarshal(text, &p); err != nil || len(p) == 0 {
		return nil, errors.New("these results have no plan; they were made by an earlier version, or by a program of its own")
	}
	study, o := newBench()
	study.SetErr(cmd.ErrOrStderr())
	if err := cmp.Or(p.harmless(programs), p.set(study.Flags())); err != nil {
		return nil, fmt.Errorf("the plan: %w", err)
	}
	return o, o.ready(study, nil)
}

// tellVerified writes what came of it.
func tellVerified(w io.Writer, v *bench.Verification) error {
	const most = 20
	for i, m := range v.Mismatches {
		if i == most {
			fmt.Fprintf(w, "and %d more\n", len(v.Mismatches)-most)
			break
		}
		fmt.Fprintf(w, "%s: %s is stated, and is %s\n", m.Where, shortened(m.Stated), shortened(m.Derived))
	}
	_, err := fmt.Fprintf(w, "%d of %d runs were done again, and all that follows from them: %s\n", v.Runs, v.Of, count(len(v.Mismatches), "difference"))
	return err
}

// shortened is a value in one line.
func shortened(x any) string {
	text, err := numjson.Marshal(x)
	if err != nil {
		return fmt.Sprint(x)
	}
	if r := []rune(string(text)); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return string(text)
}

// again runs this command with another instruction set, which is chosen when a
// program starts.
func again(cmd *cobra.Command, args []string, instructions string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	words := slices.Concat(strings.Fields(cmd.CommandPath())[1:], givenFlags(cmd.Flags()), []string{"--"}, args)
	c := exec.CommandContext(cmd.Context(), self, words...)
	c.Env = append(os.Environ(), "DESCENT_ISA="+instructions)
	c.Stdin, c.Stdout, c.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	err = c.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return &toldError{exit.ExitCode()}
	}
	return err
}
