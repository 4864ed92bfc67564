package graph

// Jacobian returns the derivatives of each element of y by each element of x,
// both in row-major order, as a matrix of y.Size rows and x.Size columns. It is
// one reverse pass for each element of y: meant for small y.
func Jacobian(y, x *Node) *Node {
	for _, n := range []*Node{y, x} {
		if n.err != nil {
			return n
		}
	}
	n := y.shape.Size()
	rows := make([]*Node, n)
	for i := range rows {
		unit := Apply(place{walk{s: Dims(1), stride: [MaxRank]int{1}, offset: i}, Dims(n)}, y.g.Const(1, 1))
		row := VJP([]*Node{y}, []*Node{Reshape(unit, y.shape)}, x)[0]
		rows[i] = Reshape(row, Dims(1, x.shape.Size()))
	}
	if n == 0 {
		return y.g.Const(0, 0, x.shape.Size())
	}
	return Concat(0, rows...)
}

// Hessian returns the second derivatives of a scalar by the elements of x, as a
// square matrix. For its product with a vector, [HVP] is as cheap as two
// gradients.
func Hessian(loss, x *Node) *Node { return Jacobian(Grad(loss, x)[0], x) }
