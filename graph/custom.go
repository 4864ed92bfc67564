package graph

import "fmt"

// Custom returns a node of y's value whose gradient is not y's but what grad makes
// of dy, the gradient with respect to the result: a gradient of its shape for each
// of xs, or nil for zero. grad is called each time that the node is differentiated;
// what it returns is made of nodes, so it can be differentiated again. So a
// derivative can be passed straight through a step, clipped, turned round, or
// written in a form that is more stable than the chain rule's:
//
//	graph.Custom(ops.Round(x), func(dy *graph.Node) []*graph.Node { return []*graph.Node{dy} }, x)
//
// Bengio, Léonard, Courville 2013, https://arxiv.org/abs/1308.3432, section 4.
func Custom(y *Node, grad func(dy *Node) []*Node, xs ...*Node) *Node {
	if grad == nil {
		return Bad(fmt.Errorf("there is no gradient"), "custom", append([]*Node{y}, xs...)...)
	}
	return Apply(custom{&grad}, append([]*Node{y}, xs...)...)
}

// custom is known by its function, so no two are merged.
type custom struct{ grad *func(dy *Node) []*Node }

func (o custom) Name() string                     { return Title(o.Describe()) }
func (custom) Describe() Call                     { return CallOf("custom") }
func (custom) Shape(in []Shape) (Shape, error)    { return in[0], nil }
func (custom) Lower(_ *Builder, in []Value) Value { return in[0] }

func (o custom) Grad(y, dy *Node) []*Node {
	grads, xs := (*o.grad)(dy), y.in[1:]
	bad := func(format string, args ...any) []*Node {
		no := Bad(fmt.Errorf(format, args...), "custom", y.in...)
		return append([]*Node{nil}, repeated(no, len(xs))...)
	}
	if len(grads) != len(xs) {
		return bad("%d gradients for %d nodes", len(grads), len(xs))
	}
	for i, d := range grads {
		if d != nil && d.err == nil && d.shape != xs[i].shape {
			return bad("the gradient of %v is %v", xs[i], d.shape)
		}
	}
	return append([]*Node{nil}, grads...)
}
