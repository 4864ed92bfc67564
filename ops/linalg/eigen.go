package linalg

import (
	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Eigenvalues returns the eigenvalues of (a+aᵀ)/2 for n×n matrices a, from the least to
// the largest. Second derivatives are NaN where two are equal.
func Eigenvalues(a *node) *node { return graph.Apply(eigen{}, a) }

// Eigenvectors returns the eigenvectors of (a+aᵀ)/2 as the columns of n×n matrices, in the
// order of [Eigenvalues], of length 1, and with a positive largest element (the first of
// equal ones). Where two eigenvalues are equal, vectors of theirs are any basis, and the
// gradient is NaN or infinite.
func Eigenvectors(a *node) *node { return graph.Apply(eigen{true}, a) }

type eigen struct{ vectors bool }

func (o eigen) Name() string { return graph.Title(o.Describe()) }
func (o eigen) Describe() graph.Call {
	if o.vectors {
		return graph.CallOf("eigenvectors")
	}
	return graph.CallOf("eigenvalues")
}

func (o eigen) Shape(in []graph.Shape) (graph.Shape, error) {
	n, err := square(in[0])
	if err != nil || o.vectors {
		return in[0], err
	}
	return withLead(lead(in[0], 2), n), nil
}

// Grad: by the values, da = v·diag(dw)·vᵀ; by the vectors, v·(f∘vᵀdv)·vᵀ made symmetric, f
// being 1/(wⱼ-wᵢ), and 0 on the diagonal. https://arxiv.org/abs/1701.00392, section 3.1.
func (o eigen) Grad(y, dy *node) []*node {
	a := y.Arg(0)
	v := Eigenvectors(a)
	if !o.vectors {
		return []*node{ops.MatMul(ops.Mul(v, ops.ExpandDims(dy, -2)), mT(v))}
	}
	w := Eigenvalues(a)
	row, column := places(a.Graph(), a.Shape().Dim(a.Shape().Rank()-1))
	on, off := ops.Equal(row, column), ops.NotEqual(row, column)
	f := ops.Div(off, ops.Add(ops.Sub(ops.ExpandDims(w, -2), ops.ExpandDims(w, -1)), on))
	return []*node{symmetric(ops.MatMul(v, ops.MatMul(ops.Mul(f, ops.MatMul(mT(v), dy)), mT(v))))}
}

func (o eigen) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	n := s.Dim(s.Rank() - 1)
	batch := lead(s, 2)
	out := b.Kernel(lower.Kernel{Name: "eigen", Key: eigen{}, Rows: count(s, 2), Work: 4*n*n*n + 20*n*n,
		F32: func(dst, src [][]float32, lo, hi int) { eigenEach(dst, src[0], n, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { eigenEach(dst, src[0], n, lo, hi) },
	}, []graph.Shape{withLead(batch, n), s, withLead(batch, n*(n+3))}, in[0])
	if o.vectors {
		return out[1]
	}
	return out[0]
}
