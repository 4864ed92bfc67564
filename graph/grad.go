package graph

import (
	"errors"
	"fmt"
	"slices"
)

var errNotScalar = errors.New("only a scalar has a gradient; reduce it with Sum or Mean")

// Grad returns the gradients of a scalar with respect to other nodes, which may
// be leaves or computed, in one reverse pass that is linear in the number of
// nodes. The result has the shape of each node; it is zero where loss does not
// depend on the node. Grad may be called any number of times, also on what it
// returned.
func Grad(loss *Node, wrt ...*Node) []*Node {
	grads, _ := GradUsed(loss, wrt...)
	return grads
}

// GradUsed is [Grad] that also says which of wrt the loss uses: those that a
// gradient reaches, be it 0. It reaches none through operations that have no
// derivative, such as comparisons and stop_gradient.
func GradUsed(loss *Node, wrt ...*Node) (grads []*Node, used []bool) {
	if loss.err == nil && loss.shape.Rank() != 0 {
		loss = Bad(errNotScalar, "gradient", loss)
	}
	if loss.err != nil {
		return repeated(loss, len(wrt)), make([]bool, len(wrt))
	}
	return vjp([]*Node{loss}, []*Node{loss.g.Const(1)}, wrt, nil)
}

// repeated returns n times x.
func repeated(x *Node, n int) []*Node { return slices.Repeat([]*Node{x}, n) }

// VJP returns the vector-Jacobian products Σ_k seeds[k]ᵀ ∂ys[k]/∂x for each x
// in wrt: reverse mode with the given seeds, which have the shapes of ys.
func VJP(ys, seeds []*Node, wrt ...*Node) []*Node {
	products, _ := vjp(ys, seeds, wrt, nil)
	return products
}

// vjp is VJP that does not go beyond ends, and says which of wrt were reached.
func vjp(ys, seeds, wrt []*Node, ends map[*Node]bool) (out []*Node, reached []bool) {
	out, reached = make([]*Node, len(wrt)), make([]bool, len(wrt))
	if len(ys)+len(wrt) == 0 {
		return out, reached
	}
	g := graphOf("gradient", slices.Concat(ys, wrt))
	defer g.use.give(g.building())
	bad := pairs("gradient", ys, seeds, "seeds")
	if bad == nil {
		bad = g.firstBad("gradient", ys, seeds, wrt)
	}
	if bad != nil {
		return repeated(bad, len(wrt)), reached
	}
	top := 0
	for _, y := range ys {
		top = max(top, y.id)
	}
	on := dependents(g, wrt, top)
	grads := make([]adjoint, top+1)
	accumulate := func(x *Node, a adjoint) {
		if old := grads[x.id]; old.d != nil {
			a = old.plus(a)
		}
		grads[x.id] = a
	}
	for k, y := range ys {
		if on[y.id] {
			accumulate(y, adjoint{d: BroadcastTo(seeds[k], y.shape)})
		}
	}
	stop := make([]bool, top+1) // gradients of wrt are results: keep them
	for _, x := range wrt {
		if x.id <= top {
			stop[x.id] = true
		}
	}
	loops := map[*loop]map[int]*Node{} // gradients of the results of loops
	for id := top; id >= 0; id-- {
		y, own := g.nodes[id], grads[id]
		if ends[y] {
			continue
		}
		if r, ok := y.op.(resultOp); ok {
			r.collect(own, loops, on, accumulate)
			if !stop[id] {
				grads[id] = adjoint{}
			}
			continue
		}
		if own.d == nil || y.op == nil {
			continue
		}
		if !stop[id] {
			grads[id] = adjoint{}
		}
		pass(y, own, on, accumulate)
	}
	for i, x := range wrt {
		if reached[i] = x.id <= top && grads[x.id].d != nil; reached[i] {
			out[i] = grads[x.id].clean()
		} else {
			out[i] = g.Const(0, x.shape.Dims()...)
		}
	}
	return out, reached
}

// collect notes the gradient of a loop's result; with that of the first, which was
// made before the others, all are known, and are passed on.
func (o resultOp) collect(own adjoint, loops map[*loop]map[int]*Node, on []bool, accumulate func(*Node, adjoint)) {
	if own.d != nil {
		if loops[o.loop] == nil {
			loops[o.loop] = map[int]*Node{}
		}
		loops[o.loop][o.i] = own.clean()
	}
	if o.i > 0 || loops[o.loop] == nil {
		return
	}
	wanted := make([]bool, len(o.in))
	for i, x := range o.in {
		wanted[i] = on[x.id]
	}
	for i, d := range o.gradient(loops[o.loop], wanted) {
		if d != nil && wanted[i] {
			accumulate(o.in[i], adjoint{d: d})
		}
	}
}

// firstBad returns a node that cannot be computed if one of the given cannot, or
// is not of g; else nil.
func (g *Graph) firstBad(what string, lists ...[]*Node) *Node {
	for _, list := range lists {
		for _, x := range list {
			if x.err != nil {
				return x
			}
			if x.g != g {
				return Bad(fmt.Errorf("%v belongs to another graph", x), what, lists[0][0], x)
			}
		}
	}
	return nil
}

// pairs returns a bad node if there is not one of b for each of a, else nil.
func pairs(what string, a, b []*Node, name string) *Node {
	if len(a) == len(b) {
		return nil
	}
	return Bad(fmt.Errorf("%d %s for %d nodes", len(b), name, len(a)), what, slices.Concat(a, b)...)
}

// dependents marks the nodes up to id top that depend on one of xs.
func dependents(g *Graph, xs []*Node, top int) []bool {
	on := make([]bool, top+1)
	for _, x := range xs {
		if x.id <= top {
			on[x.id] = true
		}
	}
	for id, n := range g.nodes[:top+1] {
		for _, x := range n.in {
			if on[x.id] {
				on[id] = true
				break
			}
		}
	}
	return on
}

// JVP returns the Jacobian-vector products Σ_k ∂y/∂xs[k] · vs[k] for each y:
// how ys change along the direction vs. It is the derivative of a VJP with
// respect to its seed, which is linear in it.
func JVP(ys, xs, vs []*Node) []*Node {
	out := make([]*Node, len(ys))
	if len(ys) == 0 {
		return out
	}
	if bad := pairs("derivative along a direction", xs, vs, "directions"); bad != nil {
		for i := range out {
			out[i] = bad
		}
		return out
	}
	g := ys[0].g
	defer g.use.give(g.building())
	for i, y := range ys {
		if y.err != nil {
			out[i] = y
			continue
		}
		// The seed's value does not matter: the VJP is linear in it.
		seed := g.Apply(seedOp{len(g.nodes), y.shape})
		back := VJP([]*Node{y}, []*Node{seed}, xs...)
		var dot *Node
		for k, b := range back {
			d := SumTo(Mul(b, vs[k]), Shape{})
			if dot == nil {
				dot = d
			} else {
				dot = Add(dot, d)
			}
		}
		out[i] = g.Const(0, y.shape.Dims()...)
		if dot != nil {
			out[i] = Grad(dot, seed)[0]
		}
	}
	return out
}

// seedOp is a placeholder whose value is never used: each has its own id.
type seedOp struct {
	id int
	s  Shape
}

func (o seedOp) Name() string                      { return Title(o.Describe()) }
func (o seedOp) Describe() Call                    { return CallOf("seed", "id", o.id, "lengths", o.s.Dims()) }
func (o seedOp) Shape([]Shape) (Shape, error)      { return o.s, nil }
func (seedOp) Grad(_, _ *Node) []*Node             { return nil }
func (o seedOp) Lower(b *Builder, _ []Value) Value { return b.Full(0, o.s) }

// Directional returns the derivative of a scalar along the direction vs.
func Directional(loss *Node, xs, vs []*Node) *Node {
	if bad := pairs("derivative along a direction", xs, vs, "directions"); bad != nil {
		return bad
	}
	return dot(loss.g, Grad(loss, xs...), vs)
}

// HVP returns the products of the Hessian of a scalar with the direction vs,
// one for each of xs: the gradient of the directional derivative. It costs
// about two gradients.
func HVP(loss *Node, xs, vs []*Node) []*Node {
	if bad := pairs("derivative along a direction", xs, vs, "directions"); bad != nil {
		return slices.Repeat([]*Node{bad}, len(xs))
	}
	return Grad(dot(loss.g, Grad(loss, xs...), vs), xs...)
}

// dot returns Σ_k Σ a[k]·b[k].
func dot(g *Graph, a, b []*Node) *Node {
	sum := g.Const(0)
	for k := range a {
		d := SumTo(Mul(a[k], b[k]), Shape{})
		if k == 0 {
			sum = d
		} else {
			sum = Add(sum, d)
		}
	}
	return sum
}
