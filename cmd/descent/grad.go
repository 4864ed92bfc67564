package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"descent/cmd/descent/internal/draw"
	"descent/graph"
	"descent/internal/atomicfile"
	"descent/internal/calc"

	"github.com/spf13/cobra"
)

type gradOptions struct {
	wrt                      []string
	hessian, symbolic, check bool
	direction                []string
	graph                    string
	json                     bool
}

func gradCommand() *cobra.Command {
	o := &gradOptions{}
	cmd := &cobra.Command{
		Use:   "grad EXPR [name=value ...]",
		Short: "Differentiate a formula at a point",
		Long: "Print the value of a formula and its gradient with respect to every name, by reverse\n" +
			"mode. Values are numbers or lists. Formulas have + - * / % ^ @, comparisons, where,\n" +
			"sum, mean, exp, ..., all losses, lists, subscripts, and let a = ...; ... .",
		Example: "  descent grad 'x^2 + 3*x*y + y^2' x=1 y=2 --hessian\n" +
			"  descent grad 'mean((w*x+b-y)^2)' w=3 b=1 x=[-1,0,1] y=[-3,0,1] --wrt w,b --symbolic\n" +
			"  descent grad 'x^2 + 3*x*y + y^2' x=1 y=2 --direction x=1,y=1 --check",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.execute(cmd.OutOrStdout(), args) },
	}
	explainMinus(cmd)
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&o.wrt, "wrt", nil, "names to differentiate by, separated by commas (default: all)")
	f.BoolVar(&o.hessian, "hessian", false, "print the second derivatives")
	f.StringArrayVar(&o.direction, "direction", nil, "print the derivative along a direction, such as x=1,y=1")
	f.BoolVar(&o.symbolic, "symbolic", false, "print the derivatives as formulas")
	f.BoolVar(&o.check, "check", false, "compare with finite differences; the exit status is 1 if they disagree")
	f.StringVar(&o.graph, "graph", "", about("graph", ": .dot or .svg"))
	f.BoolVar(&o.json, "json", false, about("json", ""))
	return cmd
}

// A gradReport is what grad tells.
type gradReport struct {
	Value    calc.Value                       `json:"value"`
	Gradient map[string]calc.Value            `json:"gradient"`
	Hessian  map[string]map[string]calc.Value `json:"hessian,omitempty"`
	Along    *directional                     `json:"direction,omitempty"`
	Symbolic map[string]string                `json:"symbolic,omitempty"`
	Check    *checked                         `json:"check,omitempty"`
	Remarks  []calc.Remark                    `json:"remarks,omitempty"`

	names []string
}

type directional struct {
	Derivative calc.Value `json:"derivative"`
	Unit       calc.Value `json:"unit"` // per unit of length
	Largest    calc.Value `json:"largest"`
}

type checked struct {
	Worst      string  `json:"worst"`
	Derivative float64 `json:"derivative"`
	Numeric    float64 `json:"numeric"`
	Error      float64 `json:"error"`
	Agrees     bool    `json:"agrees"`
}

// tolerance is how much derivatives and differences may differ.
const tolerance = 1e-6

func (o *gradOptions) execute(w io.Writer, args []string) error {
	if err := checkPicture("--graph", o.graph, ".dot", ".svg"); err != nil {
		return usage(err)
	}
	point, err := bindings(args[1:]...)
	if err != nil {
		return usage(err)
	}
	e, err := calc.At(args[0], point, o.wrt...)
	if err != nil {
		return usage(err)
	}
	if err := e.Scalar(); err != nil {
		return usage(err)
	}
	if err := writable(o.graph); err != nil {
		return err
	}
	r, err := o.report(e)
	if err != nil {
		return err
	}
	if o.graph != "" {
		if err := saveGraph(e, o.graph, args[0]); err != nil {
			return err
		}
	}
	if o.json {
		err = printJSON(w, r)
	} else {
		r.print(w)
	}
	if err == nil && r.Check != nil {
		err = r.Check.err()
	}
	return err
}

// err says what a comparison has found, if it is not agreement.
func (c *checked) err() error {
	switch {
	case c.Agrees:
		return nil
	case math.IsNaN(c.Error) || math.IsInf(c.Error, 0):
		return errors.New("there is nothing to compare with: values around the point are not finite")
	}
	return fmt.Errorf("the derivative by %s is %v, finite differences say %v", c.Worst, c.Derivative, c.Numeric)
}

// saveGraph writes the expression graph for Graphviz, or drawn.
func saveGraph(e *calc.Expression, path, title string) error {
	var b bytes.Buffer
	var err error
	if strings.HasSuffix(strings.ToLower(path), ".dot") {
		err = writeDOT(&b, title, []*graph.Node{e.Node}, nil)
	} else {
		err = draw.Graph(&b, e.Nodes())
	}
	if err != nil {
		return err
	}
	return atomicfile.Write(path, b.Bytes())
}

// report computes what was asked for.
func (o *gradOptions) report(e *calc.Expression) (*gradReport, error) {
	g, err := e.Gradient()
	if err != nil {
		return nil, err
	}
	r := &gradReport{Value: g.Value, Gradient: map[string]calc.Value{}, names: e.Names}
	for i, n := range e.Names {
		r.Gradient[n] = g.Grads[i]
	}
	if o.hessian {
		h, err := e.Hessian()
		if err != nil {
			return nil, err
		}
		r.Hessian = e.Blocks(h)
	}
	if len(o.direction) > 0 {
		if err := o.along(e, g, r); err != nil {
			return nil, usage(err)
		}
	}
	if o.symbolic {
		s, err := e.Symbolic()
		if err != nil {
			return nil, err
		}
		r.Symbolic = map[string]string{}
		for i, n := range e.Names {
			r.Symbolic[n] = s[i]
		}
	}
	if o.check {
		d, err := e.Check()
		if err != nil {
			return nil, err
		}
		name := d.Name
		if len(r.Gradient[name].Shape) > 0 {
			name = fmt.Sprintf("element %d of %s", d.Element, name)
		}
		r.Check = &checked{name, d.Derivative, d.Numeric, d.Error, d.Error < tolerance}
	}
	r.Remarks, err = e.Remarks()
	return r, err
}

// along computes the directional derivative.
func (o *gradOptions) along(e *calc.Expression, g *calc.Gradient, r *gradReport) error {
	dir, err := bindings(o.direction...)
	if err != nil {
		return err
	}
	slope, length, steepest := 0.0, 0.0, 0.0
	for _, b := range dir {
		d, ok := r.Gradient[b.Name]
		if !ok {
			return fmt.Errorf("--direction: %s is not differentiated by; there are %s", b.Name, strings.Join(e.Names, ", "))
		}
		if len(d.Data) != len(b.Value.Data) {
			return fmt.Errorf("--direction: %s has %d elements, the direction %d", b.Name, len(d.Data), len(b.Value.Data))
		}
		for i, x := range b.Value.Data {
			slope += float64(d.Data[i] * x)
			length += float64(x * x)
		}
	}
	if length == 0 {
		return errors.New("--direction: its length is 0")
	}
	for _, d := range g.Grads {
		for _, x := range d.Data {
			steepest += float64(x * x)
		}
	}
	r.Along = &directional{calc.Number(slope), calc.Number(slope / math.Sqrt(length)), calc.Number(math.Sqrt(steepest))}
	return nil
}

func (r *gradReport) print(w io.Writer) {
	fmt.Fprintf(w, "value  %v\n", r.Value)
	width := 0
	for _, n := range r.names {
		width = max(width, len([]rune(n)))
	}
	for _, n := range r.names {
		fmt.Fprintf(w, "d/d%-*s  %v\n", width, n, r.Gradient[n])
	}
	if r.Symbolic != nil {
		fmt.Fprintln(w)
		for _, n := range r.names {
			fmt.Fprintf(w, "d/d%-*s = %s\n", width, n, r.Symbolic[n])
		}
	}
	if r.Hessian != nil {
		fmt.Fprintln(w)
		for _, a := range r.names {
			for _, b := range r.names {
				fmt.Fprintf(w, "d2/d%s d%s  %v\n", a, b, r.Hessian[a][b])
			}
		}
	}
	if d := r.Along; d != nil {
		fmt.Fprintf(w, "\nalong the direction  %v, per unit of length %v (at most %v)\n", d.Derivative, d.Unit, d.Largest)
	}
	if c := r.Check; c != nil && c.Agrees {
		fmt.Fprintf(w, "\nfinite differences agree: the largest error is %.1e, by %s\n", c.Error, c.Worst)
	}
	printRemarks(w, r.Remarks)
}

// printRemarks prints remarks after an empty line.
func printRemarks(w io.Writer, remarks []calc.Remark) {
	if len(remarks) > 0 {
		fmt.Fprintln(w)
	}
	for _, m := range remarks {
		fmt.Fprintf(w, "%s: %s\n", m.Kind, m.Text)
	}
}
