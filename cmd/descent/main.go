// Command descent trains small models, compares optimizers and checks
// gradients.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"descent/internal/jit"
	"descent/internal/kernel"
	"descent/internal/suggest"
	"descent/internal/terminal"

	"github.com/spf13/cobra"
)

// commands are the subcommands. Each is one file; to add one, write the file
// and a row here.
var commands = []func() *cobra.Command{
	benchCommand,
	trainCommand,
	predictCommand,
	serveCommand,
	explainCommand,
	generateCommand,
	exportCommand,
	importCommand,
	showCommand,
	checkCommand,
	gradCommand,
	minCommand,
	playCommand,
	fitCommand,
	labCommand,
	versionCommand,
}

// Exit statuses.
const (
	exitFailure     = 1   // the command could not do its work
	exitUsage       = 2   // it was not told properly what to do
	exitInterrupted = 130 // as shells have it
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the program at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the command and returns its exit status. Errors are one line.
func run(ctx context.Context, args []string, in io.Reader, stdout, stderr io.Writer) int {
	out, err := terminal.NewGuard(stdout), terminal.NewGuard(stderr)
	root := &cobra.Command{
		Use:   "descent",
		Short: "An automatic-differentiation engine for Go",
		Long: "descent trains small models on tables and images, compares optimizers, and checks\n" +
			"gradients. The Go packages behind it are graph, ops, losses, optimizers, models and train.",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	for _, c := range commands {
		cmd := c()
		if check := cmd.Args; check != nil {
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				err := check(cmd, args)
				if err == nil {
					return nil
				}
				if text := err.Error(); strings.HasPrefix(text, "accepts ") || strings.HasPrefix(text, "requires ") { // cobra's
					err = errors.New(count(len(args), "argument") + " given")
				}
				return usage(fmt.Errorf("%w; it is called as %s", err, cmd.UseLine()))
			}
		}
		complete(cmd)
		root.AddCommand(cmd)
	}
	root.AddCommand(formulasTopic())
	e := checkEnvironment()
	if e == nil {
		e = root.ExecuteContext(ctx)
	}
	if e == nil && out.Err() != nil {
		e = fmt.Errorf("the output: %w", out.Err())
	}
	if e == nil {
		return 0
	}
	if told := (*toldError)(nil); errors.As(e, &told) {
		return told.status
	}
	text, interrupted := oneLine(e.Error()), errors.Is(e, context.Canceled)
	if why := context.Canceled.Error(); interrupted && text == why {
		text = "interrupted"
	} else if interrupted {
		text = strings.TrimSuffix(text, ": "+why)
	}
	fmt.Fprintf(err, "descent: %s\n", text)
	var bad *usageError
	switch {
	case interrupted:
		return exitInterrupted
	case errors.As(e, &bad):
		return exitUsage
	}
	return exitFailure
}

// A toldError ends the command with a status, of which another process has said why.
type toldError struct{ status int }

func (e *toldError) Error() string { return fmt.Sprintf("status %d", e.status) }

// checkEnvironment refuses variables that would be ignored.
func checkEnvironment() error {
	_, err := jit.Wanted()
	return usage(errors.Join(kernel.ISAError(), err))
}

// noSuchCommand refuses the arguments of descent itself, which are commands
// that do not exist.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	hint := "; there are " + strings.Join(names, ", ")
	if near := suggest.Nearest(args[0], names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return usage(fmt.Errorf("unknown command %q%s", args[0], hint))
}

// A usageError is a mistake in how the command was called: a bad flag or name,
// an argument that cannot be read.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage marks err, if it is not nil, as a mistake in the call.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// oneLine joins the lines of an error.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// version returns what the binary was built from, for what, and the instruction set
// that it uses.
func version() string {
	return fmt.Sprintf("%s %s/%s %s", release(), runtime.GOOS, runtime.GOARCH, kernel.Active())
}

// release returns the version and the revision that the binary was built from, and by
// which Go.
func release() string {
	v, rev, dirty := "(devel)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				rev = " revision " + s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " (modified)"
			}
		}
	}
	return v + rev + dirty + " " + runtime.Version()
}

// versionCommand does what --version does.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version, its revision and the instruction set in use", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintf(cmd.OutOrStdout(), "descent %s\n", version()) },
	}
}
