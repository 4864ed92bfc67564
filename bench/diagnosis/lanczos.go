package diagnosis

import (
	"math"
	"math/rand/v2"

	"descent/internal/elementary"
)

// Ends are the largest and the lowest eigenvalue of a symmetric matrix, as far as they
// are known.
type Ends struct {
	Largest, Lowest float64
	// Error is such that there is an eigenvalue within it of each. None of the two is
	// beyond the spectrum.
	Error    float64
	Products int // with the matrix
}

// Eigenvalues finds the ends of the spectrum of a symmetric matrix of size n by
// Lanczos' method with full reorthogonalisation, from a direction that is drawn of the
// seed. It needs nothing of the matrix but products: product fills out with that with v.
// It ends when the error is below the tolerance times the larger magnitude of the two, or
// after so many products, of which it keeps a vector each.
//
// Golub, Van Loan, Matrix Computations, 4th edition, sections 10.1 and 10.3.
func Eigenvalues(n int, product func(v, out []float64) error, tolerance float64, most int, seed uint64) (Ends, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	v, w := make([]float64, n), make([]float64, n)
	for i := range v {
		v[i] = elementary.Normal(r)
	}
	divide(v, math.Sqrt(inner(v, v)))
	var (
		t     tridiagonal
		basis [][]float64
		ends  Ends
	)
	for {
		basis = append(basis, v)
		if err := product(v, w); err != nil {
			return Ends{}, err
		}
		t.diagonal = append(t.diagonal, inner(v, w))
		for range 2 { // the second time takes off what rounding has left
			for _, q := range basis {
				along := inner(q, w)
				for i := range w {
					w[i] -= float64(along * q[i])
				}
			}
		}
		rest := math.Sqrt(inner(w, w))
		ends = Ends{Lowest: t.end(-1), Largest: t.end(1), Products: len(basis)}
		ends.Error = rest * max(t.last(ends.Lowest), t.last(ends.Largest))
		if !(ends.Error > max(tolerance, rounding)*max(math.Abs(ends.Lowest), math.Abs(ends.Largest))) || len(basis) == min(n, most) {
			return ends, nil
		}
		t.beside = append(t.beside, rest)
		v = append([]float64(nil), w...)
		divide(v, rest)
	}
}

// rounding is what cannot be told from 0 beside 1: a direction that is no longer is none.
const rounding = 1e-13

// divide divides a vector by a number.
func divide(x []float64, by float64) {
	for i := range x {
		x[i] /= by
	}
}

// A tridiagonal is a symmetric matrix with nothing but a diagonal and what is beside it.
type tridiagonal struct {
	diagonal, beside []float64
}

// end is the largest eigenvalue for the sign 1, the lowest for -1, found by bisection
// between Gershgorin's bounds, up to the last bit.
func (t *tridiagonal) end(sign float64) float64 {
	reach := 0.0
	for i, d := range t.diagonal {
		r := math.Abs(d)
		if i > 0 {
			r += math.Abs(t.beside[i-1])
		}
		if i < len(t.beside) {
			r += math.Abs(t.beside[i])
		}
		reach = max(reach, r)
	}
	in, out := -reach, reach // the end lies between, as seen from the sign
	for {
		x := in + float64((out-in)/2)
		if !(in < x && x < out) {
			return sign * out
		}
		if t.within(x, sign) {
			out = x
		} else {
			in = x
		}
	}
}

// within tells whether all eigenvalues, times the sign, are below x: whether the pivots of
// x·I - sign·T are above 0.
func (t *tridiagonal) within(x, sign float64) bool {
	pivot := x - float64(sign*t.diagonal[0])
	for i, b := range t.beside {
		if !(pivot > 0) {
			return false
		}
		pivot = x - float64(sign*t.diagonal[i+1]) - float64(b*b)/pivot
	}
	return pivot > 0
}

// last is the magnitude of the last element of the eigenvector of length 1 of an
// eigenvalue at an end. From the last element on the others follow one by one, mostly
// growing, so that errors do not.
func (t *tridiagonal) last(value float64) float64 {
	next, x, sum := 0.0, 1.0, 1.0
	for i := len(t.diagonal) - 1; i > 0; i-- {
		before := float64((value - t.diagonal[i]) * x)
		if i < len(t.beside) {
			before -= float64(t.beside[i] * next)
		}
		next, x = x, before/t.beside[i-1]
		if sum += float64(x * x); math.IsInf(sum, 1) {
			return 0
		}
	}
	return 1 / math.Sqrt(sum)
}
