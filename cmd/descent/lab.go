package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"descent/internal/atomicfile"
	"descent/internal/suggest"
	"descent/lab"

	"github.com/spf13/cobra"
)

type labOptions struct {
	lang, out, plot string
	json            bool
}

func labCommand() *cobra.Command {
	o := &labOptions{}
	cmd := &cobra.Command{
		Use:   "lab [NAME | verify | all]",
		Short: "Run the tutorials' experiments: claim, truth and verdict",
		Long: "List the experiments; run one, print claim, truth and verdict, and draw its picture;\n" +
			"verify every number of all of them; or make a book of them, one HTML page.",
		Example: "  descent lab\n" +
			"  descent lab sgd-adam\n" +
			"  descent lab verify\n" +
			"  descent lab all --out book --lang zh",
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return labNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.execute(cmd.Context(), cmd.OutOrStdout(), args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.lang, "lang", "en", "en or zh")
	f.StringVar(&o.out, "out", "", "folder for the book, or for the picture (default: this one)")
	f.StringVar(&o.plot, "plot", "", "file for the picture of one experiment: .svg or .png (default NAME.svg)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

func labNames() []string {
	out := []string{"verify", "all"}
	for _, e := range lab.Table() {
		out = append(out, e.Name)
	}
	return out
}

func (o *labOptions) execute(ctx context.Context, w io.Writer, args []string) error {
	if o.lang != "en" && o.lang != "zh" {
		return usage(fmt.Errorf("--lang %s: there are en and zh", o.lang))
	}
	if err := checkPicture("--plot", o.plot); err != nil {
		return usage(err)
	}
	if err := o.unused(args); err != nil {
		return usage(err)
	}
	switch {
	case len(args) == 0:
		return o.list(w)
	case args[0] == "verify":
		return o.verify(ctx, w)
	case args[0] == "all":
		return o.book(ctx, w)
	}
	e, ok := lab.Lookup(args[0])
	if !ok {
		if near := suggest.Nearest(args[0], labNames()); near != "" {
			return usage(fmt.Errorf("no experiment %q; did you mean %q?", args[0], near))
		}
		return usage(fmt.Errorf("no experiment %q; descent lab lists them", args[0]))
	}
	return o.one(w, e)
}

// unused refuses flags that would be ignored.
func (o *labOptions) unused(args []string) error {
	draws := len(args) > 0 && args[0] != "verify"
	switch {
	case o.plot != "" && (!draws || args[0] == "all"):
		return errors.New("--plot is for the picture of one experiment")
	case o.out != "" && !draws:
		return errors.New("--out is for the book, or the picture of one experiment")
	case o.out != "" && o.plot != "":
		return errors.New("--plot names the file, folder and all: --out has no meaning beside it")
	case o.json && draws && args[0] == "all":
		return errors.New("--json has no meaning for the book; descent lab verify --json prints all numbers")
	}
	return nil
}

func (o *labOptions) list(w io.Writer) error {
	type line struct {
		Name     string `json:"name"`
		Tutorial string `json:"tutorial"`
		Title    string `json:"title"`
		Claim    string `json:"claim"`
		Wrong    bool   `json:"wrong"`
	}
	var lines []line
	for _, e := range lab.Table() {
		lines = append(lines, line{e.Name, e.Tutorial, e.Title.In(o.lang), e.Claim.In(o.lang), e.Wrong})
	}
	if o.json {
		return printJSON(w, lines)
	}
	for _, l := range lines {
		mark := " "
		if l.Wrong {
			mark = "x"
		}
		fmt.Fprintf(w, "%-5s %s %-20s %s\n", l.Tutorial, mark, l.Name, l.Title)
	}
	last := lab.Text{EN: "\n%d experiments; x marks a claim that is false. descent lab NAME runs one.\n", ZH: "\n共 %d 个实验；x 表示说法不成立。运行其中一个：descent lab NAME\n"}
	_, err := fmt.Fprintf(w, last.In(o.lang), len(lines))
	return err
}

// one runs an experiment and draws it.
func (o *labOptions) one(w io.Writer, e *lab.Experiment) error {
	path, err := o.plot, error(nil)
	if path != "" {
		err = writable(path)
	} else {
		path = filepath.Join(o.out, e.Name+".svg")
		err = writableIn(filepath.Dir(path), filepath.Base(path))
	}
	if err != nil {
		return err
	}
	r := e.Do()
	if r.Err != nil {
		return r.Err
	}
	label := map[string][5]string{
		"en": {"claim", "truth", "verdict", "parameters", "try"}, "zh": {"说法", "事实", "结论", "参数", "自己试"},
	}[o.lang]
	if o.json {
		if err := printJSON(w, map[string]any{"name": e.Name, "tutorial": e.Tutorial, "claim": e.Claim.In(o.lang), "truth": e.Truth.In(o.lang),
			"holds": r.Holds, "numbers": r.Numbers}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "%s (%s)\n\n%s: %s\n%s: %s\n%s: %s\n%s: %s\n%s: %s\n\n", e.Title.In(o.lang), e.Tutorial, label[0], e.Claim.In(o.lang),
			label[1], e.Truth.In(o.lang), label[2], r.Verdict().In(o.lang), label[3], e.Params, label[4], e.Try)
		for _, n := range r.Numbers {
			fmt.Fprintln(w, n.In(o.lang))
		}
	}
	note := w
	if o.json {
		note = io.Discard
	}
	for i, p := range r.Pictures {
		name := path
		if i > 0 {
			ext := filepath.Ext(path)
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), i+1, ext)
		}
		if err := save(note, p, name); err != nil {
			return err
		}
	}
	if !r.OK() {
		return errors.New("a number is not what it should be")
	}
	return nil
}

// verify runs every experiment and compares every number.
func (o *labOptions) verify(ctx context.Context, w io.Writer) error {
	numbers, wrong, untrue := 0, 0, 0
	var all []map[string]any
	for _, e := range lab.Table() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r := e.Do()
		numbers += len(r.Numbers)
		if !r.Holds {
			untrue++
		}
		status := "ok"
		if !r.OK() {
			status = "WRONG"
			wrong++
		}
		all = append(all, map[string]any{"name": e.Name, "tutorial": e.Tutorial, "ok": r.OK(), "holds": r.Holds, "numbers": r.Numbers})
		if o.json {
			continue
		}
		fmt.Fprintf(w, "%-5s %-20s %2d numbers  %-5s  %s\n", e.Tutorial, e.Name, len(r.Numbers), status, r.Verdict().In(o.lang))
		if r.Err != nil {
			fmt.Fprintf(w, "      %v\n", r.Err)
		}
		for _, n := range r.Numbers {
			if !n.Agrees() {
				fmt.Fprintf(w, "      %v\n", n.In(o.lang))
			}
		}
	}
	if o.json {
		if err := printJSON(w, all); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(w, "\n%d experiments, %d numbers, %d wrong; %d claims are false\n", len(all), numbers, wrong, untrue)
	}
	if wrong > 0 {
		return fmt.Errorf("%d experiments do not give what they should", wrong)
	}
	return nil
}

// book writes all experiments as one page.
func (o *labOptions) book(ctx context.Context, w io.Writer) error {
	if o.out == "" {
		return usage(errors.New("--out is missing: the folder for the book"))
	}
	const page = "index.html"
	if err := writableIn(o.out, page); err != nil {
		return err
	}
	var runs []*lab.Run
	for _, e := range lab.Table() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r := e.Do()
		if r.Err != nil {
			return fmt.Errorf("%s: %w", e.Name, r.Err)
		}
		runs = append(runs, r)
	}
	var text bytes.Buffer
	if err := lab.WriteBook(&text, runs, o.lang); err != nil {
		return err
	}
	path := filepath.Join(o.out, page)
	if err := atomicfile.Write(path, text.Bytes()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %d experiments\n", path, len(runs))
	return err
}
