package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/internal/atomicfile"
	"descent/internal/calc"
	"descent/optimizers/search"
	"descent/optimizers/search/minimum"

	"github.com/spf13/cobra"
)

type minOptions struct {
	start, optimizers []string
	subjectTo         []string
	bounds            string
	multistart        int
	spread            float64
	anneal            bool
	temperature, cool float64
	plot, animate     string
	surface, json     bool
	seed              uint64

	search minimum.Search
	point  *calc.Expression // at the start
}

// A minRun is what min tells of one method's run.
type minRun struct {
	Optimizer   string                `json:"optimizer"`
	X           map[string]calc.Value `json:"x"`
	F           calc.Value            `json:"f"`
	Gradient    calc.Value            `json:"gradient"` // its largest element
	Steps       int                   `json:"steps"`
	Evaluations int                   `json:"evaluations"`
	Stopped     string                `json:"stopped"`
	LastF       calc.Value            `json:"last_f"` // the value at the last step; F is the best
	Kind        string                `json:"kind"`
	Converged   bool                  `json:"converged"`             // to a point that is stationary
	Directions  []string              `json:"directions,omitempty"`  // that Kind speaks of
	Eigenvalues []float64             `json:"eigenvalues,omitempty"` // of the Hessian
	Constraints []minimum.Held        `json:"constraints,omitempty"`
	KKT         *calc.Value           `json:"kkt,omitempty"` // residual of the conditions, with constraints

	found *minimum.Found
	end   map[string]calc.Value // the last point
	names []string
}

func (o *minOptions) told(name string, f *minimum.Found) *minRun {
	r := &minRun{Optimizer: name, X: o.point.Split(f.X), F: calc.Number(f.F), Gradient: calc.Number(f.Gradient), Steps: f.Steps, Evaluations: f.Evaluations,
		Stopped: f.Stopped, LastF: calc.Number(f.Trace[len(f.Trace)-1]), Kind: f.Kind, Converged: f.Converged, Directions: f.Directions, Eigenvalues: f.Eigenvalues,
		Constraints: f.Constraints, found: f, end: o.point.Split(f.Path[len(f.Path)-1]), names: o.point.Names}
	if f.Constraints != nil {
		kkt := calc.Number(f.KKT)
		r.KKT = &kkt
	}
	return r
}

// failure says why a run is of no use, or "" if it converged.
func (r *minRun) failure() string {
	end := r.at(r.end)
	switch f := r.found; {
	case f.Converged:
		return ""
	case f.Reason == search.Infeasible:
		return fmt.Sprintf("the constraints cannot all hold, as far as was found from this start: nearest is %s, where %s; loosen a constraint, or try another --start", r.at(r.X), r.violations())
	case f.Constraints != nil && f.Open:
		return fmt.Sprintf("not converged after %d steps: the conditions for a minimum hold but for %.2g%s; give it another --start, more --steps, or another method such as newton", f.Steps, f.KKT, r.remain())
	case f.Reason == search.NotFinite && f.Steps == 0:
		return fmt.Sprintf("the value or the gradient is not finite at the start, %s: start inside of the domain", end)
	case f.Reason == search.NotFinite:
		return fmt.Sprintf("diverged: after %d steps the value or the gradient is not finite, at %s; use a smaller rate, or a method with a line search such as lbfgs", f.Steps, end)
	case f.Diverged:
		return fmt.Sprintf("diverged: after %d steps the value is %v, and it was %v at the start; use a smaller rate, or a method with a line search such as lbfgs", f.Steps, r.LastF, calc.Number(f.Trace[0]))
	case f.Reason == search.MaxIterations && f.Open:
		return fmt.Sprintf("not converged after %d steps; give it more --steps, or another method such as newton", f.Steps)
	}
	return r.Kind
}

// at writes a point.
func (r *minRun) at(x map[string]calc.Value) string {
	var out []string
	for _, name := range r.names {
		out = append(out, fmt.Sprintf("%s = %v", name, x[name]))
	}
	return strings.Join(out, ", ")
}

// violations says by how much which constraints do not hold.
func (r *minRun) violations() string {
	var out []string
	for _, h := range r.Constraints {
		if h.Violated > 1e-9 {
			out = append(out, fmt.Sprintf("%s is violated by %.6g", h.Name, h.Violated))
		}
	}
	return strings.Join(out, ", ")
}

// remain is what violations adds to a sentence.
func (r *minRun) remain() string {
	if v := r.violations(); v != "" {
		return ", " + v
	}
	return ""
}

func minCommand() *cobra.Command {
	o := &minOptions{}
	cmd := &cobra.Command{
		Use:   "min EXPR --start name=value,... [name=value ...]",
		Short: "Minimise a formula",
		Long: "Minimise a formula from a start, with one method or several side by side, and say why\n" +
			"each stopped and what kind of point it found. Methods are lbfgs, bfgs, cg, newton,\n" +
			"steepest, cmaes, and every update rule, such as 'adam(lr=0.1)'. Names that are not in\n" +
			"--start have fixed values.\n\n" +
			"With --subject-to constraints hold where the search ends: the method minimises an augmented\n" +
			"Lagrangian, and the multiplier of each constraint is printed. Bounds are never left.\n\n" +
			"A point is a minimum, a maximum or a saddle, maybe at a bound, at a kink, at the edge of\n" +
			"the domain, or flat in directions that are named; or the value is unbounded, or falls\n" +
			"for ever towards a limit (no minimum); or the run has not converged. The exit status is\n" +
			"0 if every run ended at a point where the function is stationary, else 1.",
		Example: "  descent min 'x^2 + 10*sin(x) + y^2 + 5*sin(y)' --start x=4,y=3 \\\n" +
			"      --optimizer 'sgd(lr=0.05)' --optimizer 'adam(lr=0.1)' --steps 50 --plot paths.svg\n" +
			"  descent min '(x-3)^2' --start x=0 --bounds x=0:2\n" +
			"  descent min 'x*y' --maximize --start x=1,y=1 --subject-to 'x+2*y <= 10' --subject-to 'x^2 >= y'\n" +
			"  descent min 'x^4-4*x^3+4*x^2+x^2*sin(2*pi*x)' --start x=0.5 --multistart 20 --animate walk.html",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.execute(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	explainMinus(cmd)
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.start, "start", nil, about("start", ""))
	f.StringArrayVarP(&o.optimizers, "optimizer", "o", nil, about("optimizer", ", or a search such as newton; give it several times to compare (default lbfgs)"))
	f.BoolVar(&o.search.Maximize, "maximize", false, "look for a maximum")
	f.StringVar(&o.bounds, "bounds", "", about("bounds", ""))
	f.StringArrayVar(&o.subjectTo, "subject-to", nil, "constraint, such as 'x^2+y <= 1' or 'x*y = 2'; give it several times for several")
	f.IntVar(&o.search.Steps, "steps", 10000, about("steps", ", no more than this many"))
	f.Float64Var(&o.search.Tolerance, "tol", 1e-8, "stop when no element of the gradient is larger, if the point is stationary")
	f.IntVar(&o.multistart, "multistart", 0, "search from this many starts around --start, and keep the best")
	f.Float64Var(&o.spread, "spread", 2, "standard deviation of the starts of --multistart")
	f.BoolVar(&o.anneal, "anneal", false, "simulated annealing, then down from the best point")
	f.Float64Var(&o.temperature, "temperature", 10, about("temperature", ", at first, by --anneal"))
	f.Float64Var(&o.cool, "cool", 0.995, "factor of the temperature at each step of --anneal")
	seedFlag(f, &o.seed, "")
	f.StringVar(&o.plot, "plot", "", about("plot", ": the curve or contour map with the paths"))
	f.BoolVar(&o.surface, "surface", false, "draw the surface instead of the contour map")
	f.StringVar(&o.animate, "animate", "", "file for a page that plays the paths, .html")
	f.BoolVar(&o.json, "json", false, about("json", ""))
	return cmd
}

func (o *minOptions) execute(ctx context.Context, w, errw io.Writer, args []string) error {
	methods, err := o.prepare(args)
	if err != nil {
		return usage(err)
	}
	if err := writable(o.plot, o.animate); err != nil {
		return err
	}
	var runs []*minRun
	for i, m := range methods {
		f, err := o.search.Run(ctx, m)
		if err != nil {
			return usage(err)
		}
		runs = append(runs, o.told(o.optimizers[i], f))
	}
	if o.anneal {
		f, err := o.search.Anneal(ctx, search.Annealing{Temperature: o.temperature, Cool: o.cool, Sigma: 0.5, Seed: o.seed})
		if err != nil {
			return usage(err)
		}
		runs = append(runs, o.told("annealing, then lbfgs", f))
	}
	remarks := o.point.Shapes()
	if o.json {
		err = printJSON(w, struct {
			Runs    []*minRun     `json:"runs"`
			Remarks []calc.Remark `json:"remarks,omitempty"`
		}{runs, remarks})
		w = errw
	} else {
		printRuns(w, runs)
		printRemarks(w, remarks)
	}
	if err == nil {
		err = o.draw(w, args[0], runs)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = failures(runs)
	}
	return err
}

// failures says which runs did not find what they looked for.
func failures(runs []*minRun) error {
	var list []error
	for _, r := range runs {
		if why := r.failure(); why != "" {
			list = append(list, fmt.Errorf("%s: %s", r.Optimizer, why))
		}
	}
	return errors.Join(list...)
}

// prepare reads the flags.
func (o *minOptions) prepare(args []string) (methods []search.Method, err error) {
	if err := errors.Join(checkPicture("--plot", o.plot), checkPicture("--animate", o.animate, ".html")); err != nil {
		return nil, err
	}
	if err := o.bind(args); err != nil {
		return nil, err
	}
	s := &o.search
	if s.Steps < 1 || !(s.Tolerance >= 0) || o.multistart < 0 || !(o.spread > 0) || !(o.temperature > 0) || !(o.cool > 0 && o.cool < 1) {
		return nil, errors.New("--steps, --spread and --temperature must be positive, --tol and --multistart not negative, --cool between 0 and 1")
	}
	if o.anneal && len(o.subjectTo) > 0 {
		return nil, errors.New("--anneal knows no constraints; --multistart searches from many starts --subject-to them")
	}
	if len(o.optimizers) == 0 && !o.anneal {
		o.optimizers = []string{"lbfgs"}
	}
	for _, name := range o.optimizers {
		m, err := search.ParseMethod(name, o.seed)
		if err != nil {
			return nil, err
		}
		if o.multistart > 0 {
			m = search.MultiStart{Local: m, Starts: o.multistart, Sigma: o.spread, Seed: o.seed, Each: search.Stop{Grad: s.Tolerance, Iterations: s.Steps}}
		}
		methods = append(methods, m)
	}
	return methods, nil
}

// bind reads the formula, the start, the values that are fixed and the bounds.
func (o *minOptions) bind(args []string) error {
	start, err := bindings(o.start...)
	if err != nil {
		return fmt.Errorf("--start: %w", err)
	}
	fixed, err := bindings(args[1:]...)
	if err != nil {
		return err
	}
	bounds, err := parseBounds(o.bounds)
	if err != nil {
		return err
	}
	if len(start) == 0 {
		return errors.New("--start is missing: it names what is varied, such as --start x=4,y=3")
	}
	var names []string
	for _, b := range start {
		names = append(names, b.Name)
	}
	e, relations, err := calc.Under(args[0], o.subjectTo, slices.Concat(start, fixed), names...)
	if err == nil {
		err = e.Scalar()
	}
	if err != nil {
		return err
	}
	for name := range bounds {
		if !slices.Contains(e.Names, name) {
			return fmt.Errorf("--bounds: %s is not varied; there are %s", name, strings.Join(e.Names, ", "))
		}
	}
	for _, r := range relations {
		o.search.Constraints = append(o.search.Constraints, minimum.Constraint{Name: r.Text, Node: r.Node, Equal: r.Equal})
	}
	o.point, o.search.Value, o.search.Params, o.search.Feeds = e, e.Node, e.Params, e.Feeds()
	for _, name := range e.Names {
		o.search.Bounds = append(o.search.Bounds, bounds[name])
	}
	return nil
}

// draw writes the pictures.
func (o *minOptions) draw(w io.Writer, title string, runs []*minRun) error {
	if o.plot == "" && o.animate == "" {
		return nil
	}
	l, err := o.landscape(runs)
	if err != nil {
		return err
	}
	if o.plot != "" {
		fig, err := l.Picture(title, o.surface)
		if err != nil {
			return usage(err)
		}
		if err := save(w, fig, o.plot); err != nil {
			return err
		}
	}
	if o.animate == "" {
		return nil
	}
	var page bytes.Buffer
	if err := l.Animate(&page, title); err != nil {
		return usage(err)
	}
	if err := atomicfile.Write(o.animate, page.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "page: %s\n", o.animate)
	return err
}

// limits adds the constraints to a picture.
func (o *minOptions) limits(l *draw.Landscape) error {
	for _, c := range o.search.Constraints {
		if c.Node.Shape().Rank() > 0 {
			continue // which only several variables have
		}
		p, err := search.ProblemOf(c.Node, o.search.Params, o.search.Feeds...)
		if err != nil {
			return err
		}
		l.Limits = append(l.Limits, draw.Limit{Name: c.Name, F: p.Func, Equal: c.Equal})
	}
	return nil
}

// landscape is the function with the paths of the runs.
func (o *minOptions) landscape(runs []*minRun) (*draw.Landscape, error) {
	p, err := search.ProblemOf(o.search.Value, o.search.Params, o.search.Feeds...)
	if err != nil {
		return nil, err
	}
	l := &draw.Landscape{Names: o.search.Names(), F: p.Func}
	if err := o.limits(l); err != nil {
		return nil, err
	}
	for i, v := range o.search.Params {
		for range v.Shape().Size() {
			l.Bounds = append(l.Bounds, o.search.Bounds[i])
		}
	}
	for _, r := range runs {
		l.Paths = append(l.Paths, draw.Path{Name: r.Optimizer, X: r.found.Path, F: r.found.Trace, Jumps: r.found.Jumps})
	}
	return l, nil
}
