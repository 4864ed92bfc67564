package graph

import (
	"fmt"
	"slices"
)

// Substitute returns ys as they would be with each of from replaced by the
// node of to at its place, which has its shape: the same expression of other
// leaves. What does not depend on from is shared with the original; the cost
// is linear in the number of nodes. Since gradients and updates are nodes,
// this unrolls training steps and evaluates a loss at other parameters.
func Substitute(ys, from, to []*Node) []*Node {
	out := make([]*Node, len(ys))
	top := 0
	for i, y := range ys {
		out[i] = y
		top = max(top, y.id)
	}
	if len(ys) > 0 {
		if bad := pairs("substitute", from, to, "replacements"); bad != nil {
			return slices.Repeat([]*Node{bad}, len(ys))
		}
	}
	if len(ys) == 0 || len(from) == 0 {
		return out
	}
	for i, x := range from {
		if err := Mistakes(x, to[i]); err != nil || x.shape != to[i].shape {
			if err == nil {
				err = fmt.Errorf("%v in place of %v", to[i], x)
			}
			for k := range out {
				out[k] = Bad(err, "substitute", ys[k])
			}
			return out
		}
	}
	g := ys[0].g
	defer g.use.give(g.building())
	if bad := g.firstBad("substitute", ys, from, to); bad != nil {
		for k := range out {
			out[k] = bad
		}
		return out
	}
	on := dependents(g, from, top)
	now := make([]*Node, top+1)
	for i, x := range from {
		if x.id <= top {
			now[x.id] = to[i]
		}
	}
	need := g.needed(ys, on, from)
	loops := map[*loop]*loop{}
	for id, n := range g.nodes[:top+1] {
		if now[id] != nil || !need[id] {
			continue
		}
		in := make([]*Node, len(n.in))
		for k, x := range n.in {
			in[k] = x
			if now[x.id] != nil {
				in[k] = now[x.id]
			}
		}
		if r, ok := n.op.(resultOp); ok {
			if loops[r.loop] == nil {
				loops[r.loop] = r.with(in)
			}
			now[id] = loops[r.loop].results[r.i]
		} else {
			now[id] = g.Apply(n.op, in...)
		}
	}
	for i, y := range ys {
		if now[y.id] != nil {
			out[i] = now[y.id]
		}
	}
	return out
}

// needed marks the nodes that ys are made of and that are on, stopping at the
// leaves of the substitution.
func (g *Graph) needed(ys []*Node, on []bool, stop []*Node) []bool {
	need := make([]bool, len(on))
	for _, y := range ys {
		need[y.id] = on[y.id]
	}
	end := map[*Node]bool{}
	for _, x := range stop {
		end[x] = true
	}
	for id := len(on) - 1; id >= 0; id-- {
		if !need[id] || end[g.nodes[id]] {
			continue
		}
		for _, x := range g.nodes[id].in {
			need[x.id] = need[x.id] || on[x.id]
		}
	}
	return need
}
