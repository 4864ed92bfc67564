package calc

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/graph"
	"descent/internal/suggest"
	"descent/losses"
	"descent/ops/formula"
	"descent/optimizers/search"
)

// A Binding is a name with a value.
type Binding struct {
	Name  string
	Value Value
}

// An Expression is a formula at a point.
type Expression struct {
	Formula *losses.Formula
	Graph   *graph.Graph
	Node    *graph.Node
	Names   []string      // what it is differentiated by
	Params  []*graph.Node // their nodes
	start   []Value
	feeds   []graph.Feed
	all     []*losses.Formula // those that the names belong to
}

// At binds the names of a formula to values. It is differentiated by wrt, or
// by all names if there are none.
func At(text string, point []Binding, wrt ...string) (*Expression, error) {
	e, _, err := Under(text, nil, point, wrt...)
	return e, err
}

// Under is At with relations between formulas of the same names.
func Under(text string, relations []string, point []Binding, wrt ...string) (*Expression, []*Relation, error) {
	f, err := losses.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	e := &Expression{Formula: f, Graph: graph.New(graph.Float64, 0), all: []*losses.Formula{f}}
	var rs []*Relation
	for _, text := range relations {
		r, err := parseRelation(text)
		if err != nil {
			return nil, nil, err
		}
		rs, e.all = append(rs, r), append(e.all, r.left, r.right)
	}
	if err := e.check(point, wrt); err != nil {
		return nil, nil, err
	}
	bind := map[string]*graph.Node{}
	for _, b := range point {
		n, err := e.leaf(b, len(wrt) == 0 || slices.Contains(wrt, b.Name))
		if err != nil {
			return nil, nil, err
		}
		bind[b.Name] = n
	}
	if e.Node, err = f.Build(e.Graph, bind); err != nil {
		return nil, nil, err
	}
	for _, r := range rs {
		if err := r.build(e.Graph, bind); err != nil {
			return nil, nil, err
		}
	}
	return e, rs, nil
}

// uses tells whether a formula uses a name, indexed whether as an index.
func (e *Expression) uses(name string) bool {
	return slices.ContainsFunc(e.all, func(f *losses.Formula) bool { return f.Uses(name) })
}

func (e *Expression) indexed(name string) bool {
	return slices.ContainsFunc(e.all, func(f *losses.Formula) bool { return f.IsIndex(name) })
}

// names are those of all formulas.
func (e *Expression) names() (out []string) {
	for _, f := range e.all {
		for _, n := range f.Names() {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// explain is what there is to say of a name that has no value.
func (e *Expression) explain(name string) error {
	for _, f := range e.all {
		if err := f.Explain(name); err != nil {
			return err
		}
	}
	return nil
}

// leaf declares a name: an index and what is not differentiated are inputs.
func (e *Expression) leaf(b Binding, vary bool) (*graph.Node, error) {
	switch {
	case e.indexed(b.Name):
		whole := make([]int, len(b.Value.Data))
		for i, x := range b.Value.Data {
			if whole[i] = int(x); float64(whole[i]) != x {
				return nil, fmt.Errorf("%s is used as an index, and %v is not a whole number", b.Name, x)
			}
		}
		n := e.Graph.Indices(b.Name, b.Value.Shape...)
		e.feeds = append(e.feeds, graph.Let(n, whole))
		return n, nil
	case vary:
		n := e.Graph.Param(b.Name, graph.From(b.Value.Data...), b.Value.Shape...)
		e.Names, e.Params, e.start = append(e.Names, b.Name), append(e.Params, n), append(e.start, b.Value)
		return n, nil
	}
	n := e.Graph.Input(b.Name, b.Value.Shape...)
	e.feeds = append(e.feeds, graph.Let(n, b.Value.Data))
	return n, nil
}

// check finds values that are missing, given twice or not used.
func (e *Expression) check(point []Binding, wrt []string) error {
	var given, spare []string
	for _, b := range point {
		if slices.Contains(given, b.Name) {
			return fmt.Errorf("%s is given twice", b.Name)
		}
		given = append(given, b.Name)
		if !e.uses(b.Name) {
			spare = append(spare, b.Name)
		}
	}
	var missing []string
	for _, n := range e.names() {
		if !slices.Contains(given, n) {
			missing = append(missing, n)
		}
	}
	for _, n := range missing {
		if err := e.explain(n); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		hint := fmt.Sprintf("add %s=1", missing[0])
		if near := suggest.Nearest(missing[0], spare); near != "" {
			hint = fmt.Sprintf("did you mean %q? It is given and not used", near)
		}
		return fmt.Errorf("no value is given for %s: %s", strings.Join(missing, ", "), hint)
	}
	if len(spare) > 0 {
		if err := e.explain(spare[0]); err != nil {
			return err
		}
		return fmt.Errorf("%s is given, but it is not in the formula, which has %s", spare[0], or(strings.Join(e.names(), ", "), "no names"))
	}
	for _, w := range wrt {
		if !slices.Contains(given, w) {
			return fmt.Errorf("no name %q in the formula, which has %s", w, or(strings.Join(e.names(), ", "), "no names"))
		}
		if e.indexed(w) {
			return fmt.Errorf("%s is an index: there is no derivative by it", w)
		}
	}
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Scalar reports what is wrong if the value is not one number.
func (e *Expression) Scalar() error {
	if s := e.Node.Shape(); s.Rank() > 0 {
		return fmt.Errorf("the value has shape %v, and only a number has a gradient: write sum(...) or mean(...) around it", s)
	}
	return nil
}

// Gradient is the value of an expression and its derivative by each name.
type Gradient struct {
	Value Value
	Grads []Value // one for each of Names
}

// Gradient computes the value and the gradient.
func (e *Expression) Gradient() (*Gradient, error) {
	if err := e.Scalar(); err != nil {
		return nil, err
	}
	out, err := e.run(append([]*graph.Node{e.Node}, graph.Grad(e.Node, e.Params...)...)...)
	if err != nil {
		return nil, err
	}
	return &Gradient{out[0], out[1:]}, nil
}

// run computes nodes at the point.
func (e *Expression) run(nodes ...*graph.Node) ([]Value, error) {
	p, err := graph.Compile(nodes...)
	if err != nil {
		return nil, err
	}
	if err := p.Run(e.feeds...); err != nil {
		return nil, err
	}
	out := make([]Value, len(nodes))
	for i, n := range nodes {
		out[i] = Value{n.Shape().Dims(), p.Float64s(n)}
	}
	return out, nil
}

// MaxHessian is the number of variables up to which the Hessian is computed.
const MaxHessian = 1000

// Size is the number of variables: the elements of all names.
func (e *Expression) Size() (n int) {
	for _, v := range e.start {
		n += len(v.Data)
	}
	return n
}

// Hessian returns the second derivatives: the rows of a symmetric matrix whose
// order is that of the elements of all names.
func (e *Expression) Hessian() ([]float64, error) {
	n := e.Size()
	if err := e.Scalar(); err != nil || n == 0 {
		return nil, err
	}
	if n > MaxHessian {
		return nil, fmt.Errorf("the Hessian of %d variables is too large; at most %d are possible", n, MaxHessian)
	}
	p, err := search.ProblemOf(e.Node, e.Params, e.feeds...)
	if err != nil {
		return nil, err
	}
	return p.Hessian(p.Start)
}

// Blocks divides a Hessian by names: the block of a and b has the axes of a,
// then those of b.
func (e *Expression) Blocks(h []float64) map[string]map[string]Value {
	n := e.Size()
	out := map[string]map[string]Value{}
	row := 0
	for i, a := range e.Names {
		out[a] = map[string]Value{}
		rows, col := len(e.start[i].Data), 0
		for k, b := range e.Names {
			cols := len(e.start[k].Data)
			v := Value{Shape: slices.Concat(e.start[i].Shape, e.start[k].Shape)}
			for r := range rows {
				at := (row+r)*n + col
				v.Data = append(v.Data, h[at:at+cols]...)
			}
			out[a][b] = v
			col += cols
		}
		row += rows
	}
	return out
}

// Split divides the elements of all names, one after the other, by names.
func (e *Expression) Split(x []float64) map[string]Value {
	out := map[string]Value{}
	for i, name := range e.Names {
		n := len(e.start[i].Data)
		out[name] = Value{e.start[i].Shape, x[:n]}
		x = x[n:]
	}
	return out
}

// Nodes are all nodes of the expression, operands first.
func (e *Expression) Nodes() []*graph.Node { return graph.Below(e.Node) }

// Feeds are the values of what it is not differentiated by.
func (e *Expression) Feeds() []graph.Feed { return e.feeds }

// Symbolic returns the gradient as formulas, one for each of Names.
func (e *Expression) Symbolic() ([]string, error) {
	if err := e.Scalar(); err != nil {
		return nil, err
	}
	return formula.Text(graph.Grad(e.Node, e.Params...)...)
}

// A Difference is a derivative beside a finite difference.
type Difference struct {
	Name                string
	Element             int
	Derivative, Numeric float64
	Error               float64 // relative to the larger of both and 1
}

var errNoCheck = errors.New("there is nothing to differentiate by")

// Check compares each element of the gradient with a difference of four values
// and returns the worst.
func (e *Expression) Check() (worst Difference, err error) {
	g, err := e.Gradient()
	if err != nil {
		return worst, err
	}
	if e.Size() == 0 {
		return worst, errNoCheck
	}
	prog, err := graph.Compile(e.Node)
	if err != nil {
		return worst, err
	}
	worst.Error = -1
	for i, p := range e.Params {
		for k := range e.start[i].Data {
			d := Difference{Name: e.Names[i], Element: k, Derivative: g.Grads[i].Data[k]}
			if err := e.compare(&d, prog, p, i); err != nil {
				return worst, err
			}
			if !(d.Error <= worst.Error) {
				worst = d
			}
		}
	}
	return worst, nil
}

// compare fills in the difference of four values around an element, for the
// step that suits the function best: a wrong derivative agrees with none.
func (e *Expression) compare(d *Difference, prog *graph.Program, p *graph.Node, name int) error {
	for i, step := range []float64{2.5e-4, 1e-5, 1e-7} {
		num, err := e.difference(prog, p, e.start[name].Data, d.Element, step)
		if err != nil {
			return err
		}
		worse := math.Abs(d.Derivative-num) / max(1, math.Abs(d.Derivative), math.Abs(num))
		if i == 0 || worse < d.Error || math.IsNaN(d.Error) {
			d.Numeric, d.Error = num, worse
		}
		if d.Error < 1e-8 {
			break
		}
	}
	return p.Variable().Set(e.start[name].Data)
}

func (e *Expression) difference(prog *graph.Program, p *graph.Node, start []float64, k int, step float64) (float64, error) {
	x := slices.Clone(start)
	h := step * max(1, math.Abs(x[k]))
	var f [4]float64
	for j, t := range []float64{-2, -1, 1, 2} {
		x[k] = start[k] + float64(t*h)
		if err := p.Variable().Set(x); err != nil {
			return 0, err
		}
		if err := prog.Run(e.feeds...); err != nil {
			return 0, err
		}
		f[j] = prog.Scalar(e.Node)
	}
	return (float64(8*(f[2]-f[1])) - (f[3] - f[0])) / (12 * h), nil
}
