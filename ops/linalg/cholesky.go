package linalg

import (
	"math"

	"descent/graph"
	"descent/graph/lower"
	"descent/ops"
)

// Cholesky returns the lower triangular l with l·lᵀ = (a+aᵀ)/2 and a positive diagonal. So
// its gradient is symmetric, and what is not symmetric of a does not matter. It is NaN,
// below the diagonal and on it, where that matrix is not positive definite.
func Cholesky(a *node) *node { return graph.Apply(cholesky{}, a) }

type cholesky struct{}

func (o cholesky) Name() string       { return graph.Title(o.Describe()) }
func (cholesky) Describe() graph.Call { return graph.CallOf("cholesky") }
func (cholesky) Shape(in []graph.Shape) (graph.Shape, error) {
	_, err := square(in[0])
	return in[0], err
}

// Grad: with P = lᵀ·dl, of which the lower triangle counts and half of the diagonal,
// da = l⁻ᵀ·P·l⁻¹ made symmetric. https://arxiv.org/abs/1602.07527, eq. 10.
func (cholesky) Grad(l, dl *node) []*node {
	p := ops.Mul(ops.MatMul(mT(l), dl), halves(l.Graph(), l.Shape().Dim(l.Shape().Rank()-1)))
	left := SolveTriangular(l, p, Triangle{Transposed: true})                           // l⁻ᵀ·P
	return []*node{symmetric(SolveTriangular(l, mT(left), Triangle{Transposed: true}))} // (left·l⁻¹)ᵀ
}

func (o cholesky) Lower(b *builder, in []value) value {
	s := b.Shape(in[0])
	n := s.Dim(s.Rank() - 1)
	return b.Kernel(lower.Kernel{Name: "cholesky", Key: o, Rows: count(s, 2), Work: n*n*n/8 + 4*n*n,
		F32: func(dst, src [][]float32, lo, hi int) { choleskyEach(dst[0], src[0], n, lo, hi) },
		F64: func(dst, src [][]float64, lo, hi int) { choleskyEach(dst[0], src[0], n, lo, hi) },
	}, []graph.Shape{s}, in...)[0]
}

func choleskyEach[T float32 | float64](l, a []T, n, lo, hi int) {
	for m := lo; m < hi; m++ {
		x, y := a[m*n*n:][:n*n], l[m*n*n:][:n*n]
		for i := range n {
			for j := range n {
				y[i*n+j] = 0
				if j <= i {
					y[i*n+j] = T((float64(x[i*n+j]) + float64(x[j*n+i])) / 2)
				}
			}
		}
		if factor(dense(y, n), n) {
			continue
		}
		for i := range n {
			fill(y[i*n:][:i+1], nan)
		}
	}
}

// factor replaces the lower triangle of l by its Cholesky factor, tile by tile along rows.
// It reports whether there is one.
func factor[T float32 | float64](l matrix[T], n int) bool {
	t := l.transposed()
	for i := 0; i < n; i += tileRows {
		for j := 0; j < min(i+tileRows, n); j += tileColumns {
			s := tile(&l, &t, i, n, j, n, j)
			for c := j; c < min(j+tileColumns, n); c++ {
				for r := max(i, c); r < min(i+tileRows, n); r++ {
					at := l.at(r, c)
					v := float64(l.x[at]) - s[(r-i)*tileColumns+c-j]
					for k := j; k < c; k++ {
						v -= float64(float64(l.x[l.at(r, k)]) * float64(l.x[l.at(c, k)]))
					}
					switch {
					case r > c:
						v /= float64(l.x[l.at(c, c)])
					case v > 0: // the diagonal is the first of its column
						v = math.Sqrt(v)
					default:
						return false
					}
					l.x[at] = T(v)
				}
			}
		}
	}
	return true
}
