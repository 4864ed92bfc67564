package formula

import (
	"math"
	"slices"

	"descent/graph"
	"descent/internal/elementary"
)

// An Advice names a form that has the same values and keeps them where that
// which is written overflows or loses digits.
type Advice struct {
	From string `json:"from"` // as it is written
	To   string `json:"to"`   // what to write
	// Overflow says that From is infinite or NaN where To is not. Other advice is
	// about digits near 0, and about 0·log 0.
	Overflow bool   `json:"overflow"`
	Why      string `json:"why"`
}

// Stable looks for parts of a formula that have a better form, such as
// log(1 + exp(x)), which is softplus(x).
func Stable(n *graph.Node) (out []Advice) {
	a := &algebra{known: map[string]*term{}, terms: map[*graph.Node]*term{}}
	seen := map[*term]bool{}
	var visit func(t *term)
	visit = func(t *term) {
		if seen[t] {
			return
		}
		seen[t] = true
		if better, why, overflow := a.better(t); better != nil {
			out = append(out, Advice{From: write(t), To: write(better), Overflow: overflow, Why: why})
			if t.kind == call { // what is within is part of it
				for _, x := range t.args {
					seen[x] = true
				}
			}
		}
		for _, x := range t.args {
			visit(x)
		}
	}
	done := map[*graph.Node]bool{}
	var each func(n *graph.Node)
	each = func(n *graph.Node) { // what cannot be written as a whole may have parts that can
		if done[n] {
			return
		}
		done[n] = true
		if t, err := a.term(n); err == nil {
			visit(t)
			return
		}
		for i := range n.Arity() {
			each(n.Arg(i))
		}
	}
	each(n)
	return out
}

const (
	whyExp    = "exp overflows"
	whyZero   = "0 within the logarithm makes it infinite"
	whyDigits = "digits are lost where the argument is near 0"
	whyXLogX  = "0*log(0) is NaN"
)

// better returns a better form of a term, or nil.
func (a *algebra) better(t *term) (*term, string, bool) {
	switch {
	case t.kind == call && t.fn == "log":
		return a.betterLog(t, bare(t.args[0]))
	case t.kind == product:
		return a.betterProduct(t)
	case t.kind == sum && len(t.args) == 1 && t.args[0].isCall("exp") && t.k[0] == -t.num && math.Abs(t.num) == 1:
		return a.scaled(t.k[0], a.call("expm1", t.shape, nil, t.args[0].args[0])), whyDigits, false
	}
	return nil, "", false
}

func (t *term) isCall(fn string) bool { return t.kind == call && t.fn == fn }

func (a *algebra) scaled(c float64, t *term) *term { return a.product(c, []*term{t}, []float64{1}) }

// betterLog is a better form of the logarithm of x.
func (a *algebra) betterLog(t, x *term) (*term, string, bool) {
	one := func(fn string, z *term) *term { return a.call(fn, t.shape, nil, z) }
	switch {
	case x.isCall("sigmoid"):
		return one("logsigmoid", x.args[0]), whyZero, true
	case x.isCall("softmax"):
		return a.call("logsoftmax", t.shape, x.set, x.args...), whyZero, true
	case x.isCall("exp"):
		return a.logSoftmax(x.args[0]), whyZero, true
	case x.isCall("sum") && bare(x.args[0]).isCall("exp"):
		return a.call("logsumexp", t.shape, x.set, bare(x.args[0]).args[0]), whyExp, true
	case x.isCall("cosh"):
		z := one("abs", x.args[0])
		return a.sum(-math.Ln2, []*term{z, one("softplus", a.scaled(-2, z))}, []float64{1, 1}), "cosh overflows", true
	case x.kind == product && len(x.args) == 1 && x.k[0] == 1 && x.num > 0 && x.args[0].isCall("sum") && bare(x.args[0].args[0]).isCall("exp"):
		s := x.args[0] // the logarithm of a mean of exponentials
		return a.sum(elementary.Log(x.num), []*term{a.call("logsumexp", t.shape, s.set, bare(s.args[0]).args[0])}, []float64{1}), whyExp, true
	case x.kind != sum:
		return nil, "", false
	}
	exps := !slices.ContainsFunc(x.args, func(y *term) bool { return !y.isCall("exp") })
	ones := !slices.ContainsFunc(x.k, func(k float64) bool { return k != 1 })
	switch first := x.args[0]; {
	case len(x.args) == 1 && x.num == 1 && exps && ones:
		return one("softplus", first.args[0]), whyExp, true
	case len(x.args) == 1 && x.num == 1 && x.k[0] == -1 && first.isCall("sigmoid"):
		return one("logsigmoid", a.scaled(-1, first.args[0])), whyZero, true
	case len(x.args) > 1 && x.num == 0 && exps && ones && t.shape.Rank() == 0:
		z := make([]*term, len(x.args))
		for i, y := range x.args {
			z[i] = y.args[0]
		}
		return one("logsumexp", a.call("vector", graph.Dims(len(z)), nil, z...)), whyExp, true
	case len(x.args) == 2 && x.num == 0 && exps && ones:
		p, q := x.args[0].args[0], x.args[1].args[0] // log(e^p + e^q) = p + log(1 + e^(q-p))
		return a.sum(0, []*term{p, one("softplus", a.sum(0, []*term{q, p}, []float64{1, -1}))}, []float64{1, 1}), whyExp, true
	case x.num == 1:
		return one("log1p", a.sum(0, x.args, x.k)), whyDigits, false
	}
	return nil, "", false
}

// logSoftmax names z - logsumexp(z), or returns z.
func (a *algebra) logSoftmax(z *term) *term {
	if z.kind != sum || len(z.args) != 2 || z.num != 0 || z.k[0]*z.k[1] != -1 {
		return z
	}
	x, y := z.args[0], bare(z.args[1])
	if z.k[0] < 0 {
		x, y = bare(z.args[1]), bare(z.args[0])
	}
	for y.isCall("reshape") {
		y = y.args[0]
	}
	if !y.isCall("logsumexp") || y.args[0] != x {
		return z
	}
	return a.call("logsoftmax", z.shape, y.set, x)
}

// betterProduct is a better form of a quotient of exponentials, or of x·log y.
func (a *algebra) betterProduct(t *term) (*term, string, bool) {
	for i, x := range t.args {
		if x.kind == sum && t.k[i] == -1 && len(x.args) == 1 && x.args[0].isCall("exp") && x.num == 1 && x.k[0] == 1 {
			z := x.args[0]
			for j, y := range t.args {
				if y == z && t.k[j] == 1 { // e^z/(1 + e^z)
					return a.without(t, a.call("sigmoid", x.shape, nil, z.args[0]), i, j), whyExp, true
				}
			}
			return a.without(t, a.call("sigmoid", x.shape, nil, a.scaled(-1, z.args[0])), i), whyExp, true
		}
		if x.isCall("sum") && t.k[i] == -1 && len(x.set) == 0 && bare(x.args[0]).isCall("exp") {
			for j, y := range t.args {
				if y == bare(x.args[0]) && t.k[j] == 1 && y.shape.Rank() == 1 {
					return a.without(t, a.call("softmax", y.shape, nil, y.args[0]), i, j), whyExp, true
				}
			}
		}
		if x.isCall("log") && t.k[i] == 1 {
			if _, _, overflow := a.betterLog(x, bare(x.args[0])); overflow {
				continue
			}
			for j, y := range t.args {
				if j != i && t.k[j] == 1 && y.kind != number {
					return a.without(t, a.call("xlogy", t.shape, nil, y, x.args[0]), i, j), whyXLogX, false
				}
			}
		}
	}
	return nil, "", false
}

// without is a product with a factor in place of some.
func (a *algebra) without(t, by *term, gone ...int) *term {
	args, k := []*term{by}, []float64{1}
	for i, x := range t.args {
		if !slices.Contains(gone, i) {
			args, k = append(args, x), append(k, t.k[i])
		}
	}
	return a.product(t.num, args, k)
}

// Stretched says that an operator makes more of its operands than either is,
// because they have different ranks: 5 and 5x1 make 5x5, which is nearly always
// a mistake where a prediction meets a target. Else it is "".
func Stretched(n *graph.Node) string {
	if n.Op() == nil || n.Arity() != 2 || n.Err() != nil {
		return ""
	}
	if !elementwise(n) {
		return ""
	}
	x, y := n.Arg(0).Shape(), n.Arg(1).Shape()
	if x.Rank() == y.Rank() || x.Rank() == 0 || y.Rank() == 0 || n.Shape().Size() <= max(x.Size(), y.Size()) {
		return ""
	}
	return x.String() + " and " + y.String() + " make " + n.Shape().String()
}
