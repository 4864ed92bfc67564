package ops

import "descent/graph"

// Products returns how many numbers the operation that made n multiplies, each product
// with an addition, if it is a matrix product or a convolution; else 0.
func Products(n *node) int {
	if o, ok := n.Op().(interface{ products(in []graph.Shape) int }); ok && n.Err() == nil {
		in := make([]graph.Shape, n.Arity())
		for i := range in {
			in[i] = n.Arg(i).Shape()
		}
		return o.products(in)
	}
	return 0
}

func (o matmul) products(in []graph.Shape) int {
	z, err := o.Shape(in)
	x := in[0]
	if err != nil || x.Rank() < 2 {
		return 0
	}
	if o.tx {
		return z.Size() * x.Dim(x.Rank()-2)
	}
	return z.Size() * x.Dim(x.Rank()-1)
}

func (o conv) products([]graph.Shape) int {
	_, w, y := o.shapes()
	return y.Size() * (w.Size() / max(1, w.Dim(0)))
}
