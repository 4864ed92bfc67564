package linalg

import (
	"strings"

	gt "descent/graph/graphtest"
	"descent/internal/spec"
	"descent/ops"
)

// Table has a row for every operation. A test fails when an exported function of this
// package that makes nodes has no row.
var Table = []ops.Row{
	row("solve", "x with a·x = b, for a square matrix a and a vector or matrix b; NaN if a is singular: solve(a, b)", 2,
		func(in []*node, a spec.Args) *node { return system("solve", solve{a.Flag("transposed")}, in[0], in[1]) },
		systems(pivoted, Solve), flag("transposed", "solve aᵀ·x = b")),
	row("solve_triangular", "x with a·x = b for a triangular a, of which one triangle is read: solve_triangular(a, b)", 2,
		func(in []*node, a spec.Args) *node {
			return SolveTriangular(in[0], in[1], Triangle{a.Flag("upper"), a.Flag("transposed"), a.Flag("unit")})
		}, triangles(), flag("upper", "a is what is on the diagonal and above"), flag("transposed", "solve aᵀ·x = b"), flag("unit", "the diagonal is ones, and not read")),
	row("cholesky", "the lower triangular l with l·lᵀ = (a+aᵀ)/2; NaN if that is not positive definite", 1, unary(Cholesky), squares(definite, Cholesky)),
	row("cholesky_solve cho_solve", "x with l·lᵀ·x = b for a factor l of cholesky: cholesky_solve(l, b)", 2,
		func(in []*node, _ spec.Args) *node { return CholeskySolve(in[0], in[1]) }, systems(dominant, CholeskySolve)),
	row("inverse inv", "the inverse of a square matrix; NaN if it is singular", 1, unary(Inverse), squares(pivoted, Inverse)),
	row("det", "the determinant of a square matrix", 1, unary(Det), squares(pivoted, Det)),
	row("cofactor", "the cofactors of a square matrix, which are the gradient of its determinant", 1, unary(Cofactor), squares(pivoted, Cofactor)),
	row("logdet", "the logarithm of the determinant; NaN if that is negative", 1, unary(LogDet), squares(definite, LogDet)),
	row("log_abs_det logabsdet", "the logarithm of the absolute value of the determinant", 1, unary(LogAbsDet), squares(pivoted, LogAbsDet)),
	row("eigenvalues eigvalsh", "the eigenvalues of (a+aᵀ)/2, from the least", 1, unary(Eigenvalues), squares(apart, Eigenvalues)),
	row("eigenvectors", "the eigenvectors of (a+aᵀ)/2 as columns, of length 1 and with a positive largest element", 1, unary(Eigenvectors), squares(apart, Eigenvectors)),
	row("diagonal", "the elements on the diagonal of a matrix", 1, unary(Diagonal), matrices),
	row("diag diag_embed", "a matrix with a vector as its diagonal, and 0 elsewhere", 1, unary(Diag), []gt.Sample{
		gt.One([]int{1}), gt.One([]int{3}), gt.One([]int{2, 3}), gt.One([]int{2, 2, 2}), gt.One([]int{0}), gt.One([]int{3, 0})}),
	row("add_diagonal", "a square matrix with a number or a vector added to its diagonal: add_diagonal(x, v)", 2,
		func(in []*node, _ spec.Args) *node { return AddDiagonal(in[0], in[1]) }, []gt.Sample{
			gt.One([]int{1, 1}, []int{}), gt.One([]int{3, 3}, []int{}), gt.One([]int{3, 3}, []int{3}), gt.One([]int{2, 3, 3}, []int{3}),
			gt.One([]int{2, 2, 2}, []int{2, 2}), gt.One([]int{2, 2}, []int{3, 1}), gt.One([]int{0, 0}, []int{})}),
	row("trace", "the sum of the diagonal of a matrix", 1, unary(Trace), matrices),
}

// row is a row of an operation; names are its own and those of other libraries.
func row(names, doc string, inputs int, make func(in []*node, a spec.Args) *node, samples []gt.Sample, settings ...spec.Setting) ops.Row {
	name := strings.Fields(names)
	return ops.Row{Row: spec.Row{Name: name[0], Aliases: name[1:], Doc: doc, Settings: settings}, Group: "Linear algebra", Inputs: inputs, Make: make, Samples: samples}
}

func unary(f func(*node) *node) func([]*node, spec.Args) *node {
	return func(in []*node, _ spec.Args) *node { return f(in[0]) }
}

func flag(name, doc string) spec.Setting {
	return spec.Setting{Name: name, Doc: doc, Kind: spec.Flag, Default: false}
}

// What is checked are functions of any matrix x that make one which is far from singular.

// dominant has the largest elements on its diagonal, pivoted not on it.
func dominant(x *node) *node { return AddDiagonal(x, x.Graph().Const(5)) }
func pivoted(x *node) *node {
	if x.Err() != nil {
		return x
	}
	return ops.Flip(dominant(x), -2)
}

// definite is symmetric, and positive definite.
func definite(x *node) *node { return AddDiagonal(ops.MatMul(x, mT(x)), x.Graph().Const(1)) }

// apart has eigenvalues that are not near each other.
func apart(x *node) *node {
	if x.Err() != nil {
		return x
	}
	n := x.Shape().Dim(x.Shape().Rank() - 1)
	row, _ := places(x.Graph(), n)
	return AddDiagonal(ops.Scale(0.2, x), ops.Reshape(ops.Scale(3, row), n))
}

// squares are samples of functions of one matrix, or some.
func squares(of, f func(*node) *node) (all []gt.Sample) {
	for _, s := range [][]int{{1, 1}, {2, 2}, {3, 3}, {5, 5}, {2, 3, 3}, {2, 1, 2, 2}, {0, 2, 2}} {
		all = append(all, gt.One(s).By(func(in []*node) *node { return f(of(in[0])) }))
	}
	return all
}

var matrices = []gt.Sample{gt.One([]int{1, 1}), gt.One([]int{3, 3}), gt.One([]int{2, 4}), gt.One([]int{4, 2}), gt.One([]int{2, 3, 3}), gt.One([]int{2, 2, 2, 3}), gt.One([]int{0, 3})}

// equations are shapes of matrices and right sides.
var equations = [][2][]int{{{1, 1}, {1}}, {{3, 3}, {3}}, {{3, 3}, {3, 2}}, {{5, 5}, {5, 3}}, {{2, 3, 3}, {2, 3, 2}}, {{2, 2}, {3, 2, 1}}, {{2, 1, 2, 2}, {3, 2, 2}}, {{0, 2, 2}, {2, 1}}}

// systems are samples of functions of a matrix, or some, and right sides.
func systems(of func(*node) *node, f func(a, b *node) *node) (all []gt.Sample) {
	for _, s := range equations {
		all = append(all, gt.One(s[0], s[1]).By(func(in []*node) *node { return f(of(in[0]), in[1]) }))
	}
	return all
}

// triangles are systems of all kinds of triangles.
func triangles() (all []gt.Sample) {
	for i := range 8 {
		o := Triangle{i&1 != 0, i&2 != 0, i&4 != 0}
		s := equations[i]
		all = append(all, gt.One(s[0], s[1]).By(func(in []*node) *node { return SolveTriangular(dominant(in[0]), in[1], o) }))
		if s[0][0] > 0 {
			square := equations[3]
			all = append(all, gt.One(square[0], square[1]).By(func(in []*node) *node { return SolveTriangular(dominant(in[0]), in[1], o) }))
		}
	}
	return all
}
