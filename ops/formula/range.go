package formula

import (
	"math"

	"descent/graph"
	"descent/ops"

	"github.com/expr-lang/expr/ast"
)

const rangeUsage = "axes are written as numbers, and a %s over a range is %s(x^k, k, 1, 5)"

// ranged says whether a call is a sum or a product over a range, as in
// sum(x^k/k, k, 1, 5), and returns the name that runs. What follows the array of
// an ordinary sum are numbers of axes, not names.
func (f *Formula) ranged(name string, args []ast.Node) (string, bool) {
	fn := f.funcs[name].Name
	if fn != "sum" && fn != "prod" || len(args) < 2 {
		return "", false
	}
	id, ok := args[1].(*ast.IdentifierNode)
	if !ok {
		return "", false
	}
	_, constant := constants[id.Value]
	return id.Value, !constant
}

// overRange writes a sum or a product over a range out.
func (l *lowerer) overRange(n ast.Node, name, over string, args []ast.Node) (*graph.Node, error) {
	if _, taken := l.count[over]; taken || l.bind[over] != nil {
		return nil, l.fail(args[1], "%s has a value already: a range needs a name of its own", over)
	}
	var ends [2]float64
	for i, e := range args[2:] {
		x, ok := l.static(e)
		if !ok || x != math.Trunc(x) {
			return nil, l.fail(e, "%s over %s: its ends must be written as whole numbers", name, over)
		}
		ends[i] = x
	}
	if l.terms += int(min(max(ends[1]-ends[0]+1, 0), MaxNodes+1)); l.terms > MaxNodes {
		return nil, l.fail(n, "%s over %s: more than %d terms", name, over, MaxNodes)
	}
	defer delete(l.count, over)
	var total *graph.Node
	for k := ends[0]; k <= ends[1]; k++ {
		l.count[over] = k
		x, err := l.lower(args[0])
		if err != nil {
			return nil, err
		}
		switch {
		case total == nil:
			total = x
			continue
		case l.funcs[name].Name == "sum":
			total = ops.Add(total, x)
		default:
			total = ops.Mul(total, x)
		}
		if total, err = l.made(n, name, total); err != nil {
			return nil, err
		}
	}
	if total == nil {
		return nil, l.fail(n, "%s over %s: nothing is from %v to %v", name, over, ends[0], ends[1])
	}
	return total, nil
}
