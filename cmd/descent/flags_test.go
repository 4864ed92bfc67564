package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyFlag calls f with each flag of each command that help shows.
func everyFlag(f func(cmd *cobra.Command, flag *pflag.Flag)) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if !flag.Hidden && flag.Name != "help" {
				f(cmd, flag)
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	for _, c := range commands {
		walk(c())
	}
}

// Flags of one name mean the same, are written the same and read the same in
// all commands; what a command adds comes after that.
func TestFlagsAgree(t *testing.T) {
	type use struct{ cmd, usage, short, kind string }
	uses := map[string][]use{}
	everyFlag(func(cmd *cobra.Command, f *pflag.Flag) {
		kind := strings.TrimSuffix(f.Value.Type(), "Array") // one, or several
		uses[f.Name] = append(uses[f.Name], use{cmd.Name(), f.Usage, f.Shorthand, kind})
	})
	shorts := map[string]string{}
	for name, all := range uses {
		head, shared := flagHeads[name]
		for _, u := range all {
			switch {
			case shared && !strings.HasPrefix(u.usage, head):
				t.Errorf("%s --%s: %q does not begin with %q", u.cmd, name, u.usage, head)
			case !shared && u.usage != all[0].usage:
				t.Errorf("--%s is %q in %s and %q in %s: it needs a row in flagHeads", name, u.usage, u.cmd, all[0].usage, all[0].cmd)
			}
			if u.short != all[0].short || u.kind != all[0].kind {
				t.Errorf("--%s: -%s %s in %s, -%s %s in %s", name, u.short, u.kind, u.cmd, all[0].short, all[0].kind, all[0].cmd)
			}
			if other, ok := shorts[u.short]; u.short != "" && ok && other != name {
				t.Errorf("-%s is --%s and --%s", u.short, name, other)
			}
			shorts[u.short] = name
		}
		if shared && len(all) < 2 {
			t.Errorf("--%s is in one command only", name)
		}
	}
	for name := range flagHeads {
		if uses[name] == nil {
			t.Errorf("no command has --%s", name)
		}
	}
}

// What is wrong with a flag is a usage error, in one line that names the flag.
func TestWrongFlags(t *testing.T) {
	dir := t.TempDir()
	table := filepath.Join(dir, "t.csv")
	var text strings.Builder
	text.WriteString("x,y\n")
	for i := range 40 {
		fmt.Fprintf(&text, "%d,%d.5\n", i*7%40, i)
	}
	if err := os.WriteFile(table, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(dir, "m")
	if status, _, errs := descent("train", table, "-t", "y", "-q", "--out", model); status != 0 {
		t.Fatal(errs)
	}
	t.Chdir(dir)
	calls := map[string][]string{
		"bench": {"bench", table, "-t", "y"}, "diff": {"bench", "diff", "a.json", "b.json"}, "train": {"train", table, "-t", "y"}, "predict": {"predict", model, table}, "serve": {"serve", model}, "export": {"export", model, "--out", "a"}, "import": {"import", filepath.Join(model, weightsFile), "--model", "mlp(2)", "--columns", "1", "--out", "imported"},
		"show": {"show", "linear"}, "schedule": {"show", "schedule", "cosine"}, "check": {"check"}, "grad": {"grad", "x^2", "x=1"},
		"min": {"min", "x^2", "--start", "x=1"}, "fit": {"fit", "y ~ a*x", table, "--start", "a=1"}, "compare": {"fit", "compare", "y ~ a*x", "y ~ a*x^2", table, "--start", "a=1"}, "lab": {"lab", "cubic"},
	}
	// What is wrong for a flag whose type does not tell; "" for one for which
	// any text may be right.
	wrong := map[string]string{
		"data": "", "drop": "nosuch", "use": "nosuch", "categorical": "nosuch", "missing": "", "out": "", "monitor": "nosuch", "keep": "nosuch",
		"predict": "", "weight": "nosuch", "by": "nosuch", "shared": "nosuch", "sigma": "nosuch", "tensorboard": "", "columns": "", "class-names": "", "outputs": "",
	}
	everyFlag(func(cmd *cobra.Command, f *pflag.Flag) {
		bad, ok := wrong[f.Name]
		if !ok {
			bad = "%%"
		}
		if f.Value.Type() == "bool" || ok && bad == "" {
			return
		}
		args := append(calls[cmd.Name()], "--"+f.Name+"="+bad)
		status, out, errs := descent(args...)
		if status != exitUsage || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("%q: status %d, %q, %q", args, status, out, errs)
		}
		if !strings.Contains(errs, f.Name) && !strings.Contains(errs, bad) {
			t.Errorf("%q: the error says nothing of the flag: %s", args, errs)
		}
	})
}
