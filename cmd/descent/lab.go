package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"descent/cmd/descent/internal/engine"
	"descent/internal/atomicfile"
	"descent/internal/suggest"
	"descent/lab"

	"github.com/spf13/cobra"
)

type labOptions struct {
	lang, out, plot string
	set             []string
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
			"  descent lab step-sizes --set lr3=0.99,steps=40\n" +
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
	f.StringVar(&o.out, "out", "", about("out", ": the book, or the picture of an experiment (default: this folder)"))
	f.StringVar(&o.plot, "plot", "", about("plot", ": of one experiment (default NAME.svg)"))
	f.StringArrayVar(&o.set, "set", nil, "parameters of one experiment, such as lr=1.1,steps=20; it says which it has")
	f.BoolVar(&o.json, "json", false, about("json", ""))
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
	if o.lang == "zh" && strings.EqualFold(filepath.Ext(o.plot), ".png") {
		return usage(fmt.Errorf("--plot %s: a PNG cannot show Chinese; with --lang zh the picture's name ends in .svg", o.plot))
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
	set, err := settings(e, o.set)
	if err != nil {
		return usage(err)
	}
	return o.one(w, e, set)
}

// settings reads values of an experiment's parameters.
func settings(e *lab.Experiment, texts []string) (map[string]float64, error) {
	given, err := bindings(texts...)
	if err != nil {
		return nil, fmt.Errorf("--set: %w", err)
	}
	set := map[string]float64{}
	for _, b := range given {
		if len(b.Value.Shape) > 0 {
			return nil, fmt.Errorf("--set %s=%v: it is one number", b.Name, b.Value)
		}
		set[b.Name] = b.Value.Data[0]
	}
	if err := e.Check(set); err != nil {
		return nil, fmt.Errorf("--set: %w", err)
	}
	return set, nil
}

// unused refuses flags that would be ignored.
func (o *labOptions) unused(args []string) error {
	draws := len(args) > 0 && args[0] != "verify"
	switch {
	case o.plot != "" && (!draws || args[0] == "all"):
		return errors.New("--plot is for the picture of one experiment")
	case o.out != "" && !draws:
		return errors.New("--out is for the book, or the picture of one experiment")
	case len(o.set) > 0 && (!draws || args[0] == "all"):
		return errors.New("--set is for the parameters of one experiment")
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
		Source   string `json:"source"`
		Title    string `json:"title"`
		Claim    string `json:"claim"`
		Wrong    bool   `json:"wrong"`
	}
	var lines []line
	for _, e := range lab.Table() {
		lines = append(lines, line{e.Name, e.Tutorial, e.Source().In(o.lang), e.Title.In(o.lang), e.Claim.In(o.lang), e.Wrong})
	}
	if o.json {
		return printJSON(w, lines)
	}
	source := ""
	for _, l := range lines {
		mark := " "
		if l.Wrong {
			mark = "x"
		}
		if l.Source != source {
			source = l.Source
			fmt.Fprintf(w, "%s\n", source)
		}
		fmt.Fprintf(w, "%-5s %s %-20s %s\n", l.Tutorial, mark, l.Name, l.Title)
	}
	fmt.Fprintln(w)
	return o.say(w, "listed", len(lines))
}

// say prints a line in the language.
func (o *labOptions) say(w io.Writer, key string, args ...any) error {
	_, err := fmt.Fprintf(w, lab.Word(key, o.lang)+"\n", args...)
	return err
}

// said is numbers whose names are in the language.
func (o *labOptions) said(numbers []lab.Number) []lab.Number {
	out := slices.Clone(numbers)
	for i := range out {
		out[i].Name = lab.Label(out[i].Name).In(o.lang)
	}
	return out
}

// one runs an experiment and draws it.
func (o *labOptions) one(w io.Writer, e *lab.Experiment, set map[string]float64) error {
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
	r := e.Do(set)
	if r.Err != nil {
		return r.Err
	}
	if o.json {
		err = o.asJSON(w, r)
	} else {
		err = o.describe(w, r)
	}
	if err != nil {
		return err
	}
	for i, p := range r.PicturesIn(o.lang) {
		name := path
		if i > 0 {
			ext := filepath.Ext(path)
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), i+1, ext)
		}
		if err := p.Save(name); err != nil {
			return err
		}
		if o.json {
			continue
		}
		if err := o.say(w, "picture", name); err != nil {
			return err
		}
	}
	if !r.OK() {
		return errors.New(lab.Word("off", o.lang))
	}
	return nil
}

// asJSON writes what an experiment found.
func (o *labOptions) asJSON(w io.Writer, r *lab.Run) error {
	type param struct {
		Name    string  `json:"name"`
		Label   string  `json:"label"`
		Value   float64 `json:"value"`
		Default float64 `json:"default"`
		Lo      float64 `json:"lo"`
		Hi      float64 `json:"hi"`
	}
	e, params := r.Experiment, []param{}
	for _, p := range e.Free {
		params = append(params, param{p.Name, p.Label.In(o.lang), r.Param(p.Name), p.Default, p.Lo, p.Hi})
	}
	verdict := ""
	if r.Judged() {
		verdict = r.Verdict(o.lang)
	}
	return printJSON(w, map[string]any{"name": e.Name, "tutorial": e.Tutorial, "source": e.Source().In(o.lang), "claim": e.Claim.In(o.lang), "truth": e.Truth.In(o.lang),
		"holds": r.Holds, "verdict": verdict, "parameters": params, "numbers": o.said(r.Numbers)})
}

// describe writes it for people.
func (o *labOptions) describe(w io.Writer, r *lab.Run) error {
	e := r.Experiment
	fmt.Fprintf(w, "%s (%s, %s)\n\n", e.Title.In(o.lang), e.Source().In(o.lang), e.Tutorial)
	lines := [][2]string{{"claim", e.Claim.In(o.lang)}, {"truth", e.Truth.In(o.lang)}, {"params", e.Params.In(o.lang)}, {"try", e.Try}}
	if r.Judged() {
		key := "verdict"
		if r.Moved() {
			key = "moved"
		}
		lines = slices.Insert(lines, 2, [2]string{key, r.Verdict(o.lang)})
	}
	var free []string
	for _, p := range e.Free {
		free = append(free, fmt.Sprintf("%s=%g (%g..%g)", p.Name, r.Param(p.Name), p.Lo, p.Hi))
	}
	if free != nil {
		lines = append(lines, [2]string{"free", strings.Join(free, ", ")})
	}
	for _, l := range lines {
		fmt.Fprintf(w, "%s%s%s\n", lab.Word(l[0], o.lang), lab.Word("colon", o.lang), l[1])
	}
	fmt.Fprintln(w)
	for _, n := range r.Numbers {
		fmt.Fprintln(w, n.In(o.lang))
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
		r := e.Do(nil)
		numbers += len(r.Numbers)
		if !r.Holds {
			untrue++
		}
		status := "ok"
		if !r.OK() {
			status = "wrong"
			wrong++
		}
		all = append(all, map[string]any{"name": e.Name, "tutorial": e.Tutorial, "ok": r.OK(), "holds": r.Holds, "verdict": r.Verdict(o.lang), "numbers": o.said(r.Numbers)})
		if o.json {
			continue
		}
		fmt.Fprintf(w, "%-5s %-20s %s  %-5s  %s\n", e.Tutorial, e.Name, fmt.Sprintf(lab.Word("numbers", o.lang), len(r.Numbers)), lab.Word(status, o.lang), r.Verdict(o.lang))
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
		fmt.Fprintln(w)
		if err := o.say(w, "verified", len(all), numbers, wrong, untrue); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return fmt.Errorf(lab.Word("offs", o.lang), wrong)
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
		r := e.Do(nil)
		if r.Err != nil {
			return fmt.Errorf("%s: %w", e.Name, r.Err)
		}
		runs = append(runs, r)
	}
	live, none := engine.Load(release())
	if none != nil && !errors.Is(none, engine.ErrNone) {
		return none
	}
	var text bytes.Buffer
	if err := lab.WriteBook(&text, runs, o.lang, live); err != nil {
		return err
	}
	path := filepath.Join(o.out, page)
	if err := atomicfile.Write(path, text.Bytes()); err != nil {
		return err
	}
	if err := o.say(w, "book", path, len(runs)); err != nil || none == nil {
		return err
	}
	return o.say(w, "still")
}
