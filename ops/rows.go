package ops

import (
	"fmt"

	"descent/graph"
)

// Rows of tables: embeddings, and what an update needs that touches only those
// rows which were used.

// EmbedOptions say how a lookup differs from Take(table, index, 0).
type EmbedOptions struct {
	Pad     bool // the row Padding is looked up, and has gradient 0
	Padding int
	// ByCount divides the gradient of a row by how often the batch has it.
	ByCount bool
}

// Embed returns the rows of table, n×…, at the indices: an array of index's axes
// and a row's. It is [Take] with the options, as PyTorch's embedding has them.
func Embed(table, index *node, o EmbedOptions) *node {
	y := Take(table, index, 0)
	if y.Err() != nil {
		return y
	}
	if n := table.Shape().Dim(0); o.Pad && (o.Padding < 0 || o.Padding >= n) {
		return graph.Bad(fmt.Errorf("padding %d is no row of %v", o.Padding, table.Shape()), "embed", table, index)
	}
	if !o.Pad && !o.ByCount {
		return y
	}
	e := embed{gather{axis: 0}, -1, o.ByCount}
	if o.Pad {
		e.padding = o.Padding
	}
	return graph.Apply(e, table, index)
}

// embed is take with another gradient. A padding of -1 is none.
type embed struct {
	gather
	padding int
	byCount bool
}

func (o embed) Name() string { return graph.Title(o.Describe()) }
func (o embed) Describe() call {
	return graph.CallOf("embed", "padding", o.padding, "by_count", o.byCount)
}
func (o embed) Grad(y, dy *node) []*node {
	table, index := y.Arg(0), y.Arg(1)
	if o.byCount {
		ones := index.Graph().Const(1, index.Shape().Dims()...)
		count := Take(Scatter(ones, index, 0, false, table.Shape().Dim(0)), index, 0)
		for count.Err() == nil && count.Shape().Rank() < dy.Shape().Rank() {
			count = ExpandDims(count, -1)
		}
		dy = Div(dy, count)
	}
	if o.padding >= 0 { // no row of the table
		index = Where(Equal(index, constant(index, float64(o.padding))), constant(index, -1), index)
	}
	return []*node{Scatter(dy, index, 0, false, table.Shape().Dims()...), nil}
}

// Scattered returns x and a vector of indices if d is the gradient of a table of
// which rows were taken: zeros to whose row index[k] row k of x has been added.
func Scattered(d *node) (x, index *node, ok bool) {
	o, is := d.Op().(scatter)
	if !is || o.along || o.axis != 0 || d.Err() != nil {
		return nil, nil, false
	}
	x, index = d.Arg(0), d.Arg(1)
	n := index.Shape().Size()
	return Reshape(x, append([]int{n}, o.to.Dims()[1:]...)...), Reshape(index, n), true
}

// FirstRows returns each of a vector of indices that is the first of its kind and
// in 0..n-1, and -1 for the others: the rows of a table that are used, each once.
// The time that takes depends on the number of indices alone.
func FirstRows(index *node, n int) *node {
	graph.LimitIndex(index, n, nil)
	return graph.Apply(firstRows{n}, index)
}

type firstRows struct{ n int }

func (o firstRows) Name() string   { return graph.Title(o.Describe()) }
func (o firstRows) Describe() call { return graph.CallOf("first_rows", "length", o.n) }
func (firstRows) Shape(in []graph.Shape) (graph.Shape, error) {
	if in[0].Rank() != 1 {
		return graph.Shape{}, fmt.Errorf("indices of shape %v are no vector", in[0])
	}
	return in[0], nil
}
func (firstRows) Grad(_, _ *node) []*node { return nil }
func (o firstRows) Lower(b *builder, in []value) value {
	rows, _ := b.FirstRows(in[0], o.n)
	return rows
}

// SumRows adds to each row of x, k×…, whose index is the first of its kind and in
// 0..n-1 the others of the same index, in their order; rows that are not the first
// become 0. index is a vector of k.
func SumRows(x, index *node, n int) *node {
	graph.LimitIndex(index, n, nil)
	return graph.Apply(sumRows{n}, x, index)
}

type sumRows struct{ n int }

func (o sumRows) Name() string   { return graph.Title(o.Describe()) }
func (o sumRows) Describe() call { return graph.CallOf("sum_rows", "length", o.n) }
func (sumRows) Shape(in []graph.Shape) (graph.Shape, error) {
	if in[1].Rank() != 1 || in[0].Rank() == 0 || in[0].Dim(0) != in[1].Dim(0) {
		return graph.Shape{}, fmt.Errorf("indices of shape %v are not one for each row of %v", in[1], in[0])
	}
	return in[0], nil
}

// Grad: a row has the gradient of the first of its index.
func (o sumRows) Grad(y, dy *node) []*node {
	index := y.Arg(1)
	firsts := Scatter(dy, FirstRows(index, o.n), 0, false, append([]int{o.n}, dy.Shape().Dims()[1:]...)...)
	return []*node{Take(firsts, index, 0), nil}
}
func (o sumRows) Lower(b *builder, in []value) value { return b.SumRows(in[0], in[1], o.n) }

// PutRows returns x, n×…, with the row index[k] replaced by row k of y. An index
// that is no row of x replaces nothing; no row is named twice, as in what
// [FirstRows] returns. As the new value of a variable it costs what y does,
// however long x is.
func PutRows(x, index, y *node) *node { return graph.Apply(putRows{}, x, index, y) }

type putRows struct{}

func (o putRows) Name() string { return graph.Title(o.Describe()) }
func (putRows) Describe() call { return graph.CallOf("put_rows") }
func (putRows) Shape(in []graph.Shape) (graph.Shape, error) {
	x, index, y := in[0], in[1], in[2]
	if index.Rank() == 1 && x.Rank() > 0 && y.Rank() == x.Rank() && y == graph.Dims(append([]int{index.Dim(0)}, x.Dims()[1:]...)...) {
		return x, nil
	}
	return graph.Shape{}, fmt.Errorf("%v with indices of shape %v are not rows of %v", y, index, x)
}
func (o putRows) Grad(z, dz *node) []*node {
	index, y := z.Arg(1), z.Arg(2)
	return []*node{graph.Apply(o, dz, index, y.Graph().Const(0, y.Shape().Dims()...)), nil, Take(dz, index, 0)}
}
func (putRows) Lower(b *builder, in []value) value { return b.PutRows(in[0], in[1], in[2]) }
