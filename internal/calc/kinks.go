package calc

import (
	"fmt"
	"math"
	"slices"

	"descent/graph"
	"descent/ops/formula"
)

// A Remark says that a formula is met at a point where its derivative is a
// matter of convention (a kink or a jump), where a value or a derivative is not
// finite (a trap) and what to write instead (a hint), or that shapes make more of each other than was probably meant.
type Remark struct {
	Kind string `json:"kind"` // "kink", "trap", "hint" or "shapes"
	Text string `json:"text"`
}

// maxRemarks is how many remarks are worth reading.
const maxRemarks = 20

// maxTraced is the number of nodes up to which it is worth finding out where a
// value that is not finite comes from.
const maxTraced = 400

// Remarks lists what is to be said of shapes, the kinks and traps that are met at
// the point, and for traps the forms that have none.
func (e *Expression) Remarks() ([]Remark, error) {
	nodes, out := e.Nodes(), e.Shapes()
	points, err := e.pointRemarks(nodes)
	out = append(out, points...)
	if slices.ContainsFunc(points, func(r Remark) bool { return r.Kind == "trap" }) {
		for _, a := range formula.Stable(e.Node) {
			out = append(out, Remark{"hint", fmt.Sprintf("%s: %s: write %s", a.From, a.Why, a.To)})
		}
	}
	return out, err
}

// Shapes lists what is to be said of shapes.
func (e *Expression) Shapes() (out []Remark) {
	for _, n := range e.Nodes() {
		if how := formula.Stretched(n); how != "" && len(out) < maxRemarks {
			out = append(out, Remark{"shapes", fmt.Sprintf("%s: %s; if element by element was meant, reshape one of them", e.describe(n), how)})
		}
	}
	return out
}

// pointRemarks lists the kinks and traps. Where value and gradient are finite,
// only the operands of what has kinks are computed.
func (e *Expression) pointRemarks(nodes []*graph.Node) ([]Remark, error) {
	scalar := e.Node.Shape().Rank() == 0
	trouble, err := e.trouble(scalar)
	if err != nil {
		return nil, err
	}
	trouble = trouble && len(nodes) <= maxTraced
	var watch []*graph.Node
	for _, n := range nodes {
		if trouble {
			watch = append(watch, n)
		} else if n.Kink().Met != nil {
			watch = append(watch, n)
			for i := range n.Arity() {
				watch = append(watch, n.Arg(i))
			}
		}
	}
	scalar = scalar && trouble
	count := len(watch)
	if scalar {
		watch = append(watch, graph.Grad(e.Node, nodes...)...)
	}
	if count == 0 {
		return nil, nil
	}
	values, err := e.run(watch...)
	if err != nil {
		return nil, err
	}
	at := map[*graph.Node]Value{}
	adjoint := map[*graph.Node]Value{}
	for i, n := range watch[:count] {
		at[n] = values[i]
		if scalar {
			adjoint[n] = values[count+i]
		}
	}
	var out []Remark
	seen := map[string]bool{}
	note := func(kind string, n *graph.Node, why string) {
		text := fmt.Sprintf("%s: %s", e.describe(n), why)
		if why != "" && !seen[text] && len(out) < maxRemarks {
			seen[text] = true
			out = append(out, Remark{kind, text})
		}
	}
	for _, n := range nodes {
		if _, ok := at[n]; !ok || n.Op() == nil {
			continue
		}
		if trouble {
			note("trap", n, trapped(n, at))
		}
		note("kink", n, kink(n, at))
		if scalar {
			note("trap", n, infinite(n, at, adjoint))
		}
	}
	return out, nil
}

// trouble says whether the value, or the gradient of a scalar, is not finite.
func (e *Expression) trouble(scalar bool) (bool, error) {
	watch := []*graph.Node{e.Node}
	if scalar {
		watch = append(watch, graph.Grad(e.Node, e.Params...)...)
	}
	values, err := e.run(watch...)
	for _, v := range values {
		if grade(v) > 0 {
			return true, err
		}
	}
	return false, err
}

// describe is the node as a formula, if that is short.
func (e *Expression) describe(n *graph.Node) string {
	text := formula.Describe(n)
	if r := []rune(text); len(r) > 60 {
		return string(r[:57]) + "..."
	}
	return text
}

// kink says where a node has a kink at its operands, and what is taken for the
// derivative there.
func kink(n *graph.Node, at map[*graph.Node]Value) string {
	k := n.Kink()
	if k.Met == nil {
		return ""
	}
	in := make([][]float64, n.Arity())
	for i := range in {
		in[i] = at[n.Arg(i)].Data
	}
	if l, ok := n.Op().(interface{ Locality() graph.Locality }); !ok || l.Locality() != graph.Elementwise {
		if what := k.Met(in, at[n].Data); what != "" {
			return what + ", " + k.Takes
		}
		return ""
	}
	one := make([][]float64, len(in))
	for i := range at[n].Data {
		for k := range in {
			from := stretched(i, n.Shape(), n.Arg(k).Shape())
			one[k] = in[k][from : from+1]
		}
		if what := k.Met(one, at[n].Data[i:i+1]); what != "" {
			return what + ", " + k.Takes + element(at[n], i)
		}
	}
	return ""
}

// stretched returns which element of an operand is at element i of the result,
// to whose shape it is stretched.
func stretched(i int, to, from graph.Shape) int {
	at, stride := 0, 1
	for k := 1; k <= from.Rank(); k++ {
		n, d := to.Dim(to.Rank()-k), from.Dim(from.Rank()-k)
		at += min(i%n, d-1) * stride
		i /= n
		stride *= d
	}
	return at
}

// element says which one, if there are several.
func element(x Value, i int) string {
	if len(x.Data) < 2 {
		return ""
	}
	return fmt.Sprintf(" (element %d)", i)
}

// grade is 0 for what is finite, 1 for what has infinities, and 2 for what has
// NaN.
func grade(v Value) int {
	worst := 0
	for _, x := range v.Data {
		switch {
		case math.IsNaN(x):
			return 2
		case math.IsInf(x, 0):
			worst = 1
		}
	}
	return worst
}

// first returns the first element of a grade.
func first(v Value, of int) float64 {
	for _, x := range v.Data {
		if grade(Value{Data: []float64{x}}) == of {
			return x
		}
	}
	return 0
}

// trapped says whether a node makes a value that is not finite from operands
// that are, or NaN from infinite ones.
func trapped(n *graph.Node, at map[*graph.Node]Value) string {
	own := grade(at[n])
	if own == 0 {
		return ""
	}
	where := ""
	for i := range n.Arity() {
		x := at[n.Arg(i)]
		if grade(x) >= own {
			return ""
		}
		if len(x.Data) == 1 && n.Arg(i).Op() == nil {
			where += fmt.Sprintf(" at %s = %v", n.Arg(i).Name(), x)
		}
	}
	return fmt.Sprintf("the value is %v%s", first(at[n], own), where) + extremes(n, at)
}

// extremes says which infinity all that a node is made of has.
func extremes(n *graph.Node, at map[*graph.Node]Value) string {
	x := at[n.Arg(0)]
	for _, sign := range []int{-1, 1} {
		if n.Arity() == 1 && len(x.Data) > 1 && !slices.ContainsFunc(x.Data, func(v float64) bool { return !math.IsInf(v, sign) }) {
			return fmt.Sprintf(": all %d elements are %v", len(x.Data), x.Data[0])
		}
	}
	return ""
}

// infinite says whether a node makes a derivative that is not finite from one
// that is, or NaN from an infinite one. What the operand's value explains is
// left out.
func infinite(n *graph.Node, at, adjoint map[*graph.Node]Value) string {
	for i := range n.Arity() {
		x := n.Arg(i)
		if _, constant := x.IsConst(); constant || x.Op() == nil && x.Role() == graph.Computed {
			continue
		}
		if own := grade(adjoint[x]); own > max(grade(adjoint[n]), grade(at[x])) {
			return fmt.Sprintf("the derivative by its operand is %v", first(adjoint[x], own)) + extremes(n, at)
		}
	}
	return ""
}
