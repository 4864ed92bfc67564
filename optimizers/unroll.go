package optimizers

import "descent/graph"

// Unroll returns the loss after k steps, as an expression of the parameters and
// states before the first, of the inputs, and of the learning rate t.LR: all
// of them can be differentiated with respect to. The expression is k times as
// long as a step.
func Unroll(t *Training, k int) *node {
	targets := make([]*node, len(t.Updates))
	next := make([]*node, len(t.Updates))
	for i, u := range t.Updates {
		targets[i], next[i] = u.Target, u.Value
	}
	now := targets
	for range k {
		now = graph.Substitute(next, targets, now)
	}
	return graph.Substitute([]*node{t.Loss}, targets, now)[0]
}
