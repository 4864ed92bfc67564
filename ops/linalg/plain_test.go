package linalg_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
	"descent/ops/linalg"
)

// A full is a matrix of plain numbers.
type full [][]float64

func zeros(n, m int) full {
	x := make(full, n)
	for i := range x {
		x[i] = make([]float64, m)
	}
	return x
}

func random(rng *rand.Rand, n, m int) full {
	x := zeros(n, m)
	for _, r := range x {
		for j := range r {
			r[j] = elementary.Normal(rng)
		}
	}
	return x
}

func (x full) times(y full) full {
	z := zeros(len(x), len(y[0]))
	for i := range x {
		for j := range y[0] {
			for k := range y {
				z[i][j] += float64(x[i][k] * y[k][j])
			}
		}
	}
	return z
}

func (x full) t() full {
	y := zeros(len(x[0]), len(x))
	for i := range x {
		for j := range x[i] {
			y[j][i] = x[i][j]
		}
	}
	return y
}

// norm is the largest sum of a row.
func (x full) norm() float64 {
	most := 0.0
	for _, r := range x {
		s := 0.0
		for _, v := range r {
			s += math.Abs(v)
		}
		most = max(most, s)
	}
	return most
}

func (x full) minus(y full) full {
	z := zeros(len(x), len(x[0]))
	for i := range x {
		for j := range x[i] {
			z[i][j] = x[i][j] - y[i][j]
		}
	}
	return z
}

func identity(n int) full {
	x := zeros(n, n)
	for i := range x {
		x[i][i] = 1
	}
	return x
}

func shaped(x []float64, n int) full { return slices.Collect(slices.Chunk(x, len(x)/n)) }

// covariance is a positive definite matrix.
func covariance(x full) full {
	y := x.times(x.t())
	for i := range y {
		y[i][i]++
	}
	return y
}

// triangle is what Triangle{Upper, Transposed, Unit} reads of x, as a matrix.
func triangle(x full, o linalg.Triangle) full {
	y := zeros(len(x), len(x))
	for i := range x {
		for j := range x {
			switch {
			case i == j && o.Unit:
				y[i][j] = 1
			case i == j, (i < j) == o.Upper:
				y[i][j] = x[i][j]
			}
		}
	}
	if o.Transposed {
		return y.t()
	}
	return y
}

// exactDet expands a determinant in fractions.
func exactDet(x full) float64 {
	n, sign, rows := len(x), int64(1), make([][]*big.Rat, len(x))
	for i := range x {
		for _, v := range x[i] {
			rows[i] = append(rows[i], new(big.Rat).SetFloat64(v))
		}
	}
	det := big.NewRat(1, 1)
	for k := range n {
		p := slices.IndexFunc(rows[k:], func(r []*big.Rat) bool { return r[k].Sign() != 0 })
		if p < 0 {
			return 0
		}
		if p > 0 {
			rows[k], rows[k+p], sign = rows[k+p], rows[k], -sign
		}
		det.Mul(det, rows[k][k])
		for i := k + 1; i < n; i++ {
			f := new(big.Rat).Quo(rows[i][k], rows[k][k])
			for j := k; j < n; j++ {
				rows[i][j] = new(big.Rat).Sub(rows[i][j], new(big.Rat).Mul(f, rows[k][j]))
			}
		}
	}
	d, _ := det.Mul(det, big.NewRat(sign, 1)).Float64()
	return d
}

// minor is the determinant of x without a row and a column, with the sign of a cofactor.
func minor(x full, row, column int) float64 {
	var y full
	for i := range x {
		if i != row {
			y = append(y, slices.Delete(slices.Clone(x[i]), column, column+1))
		}
	}
	if (row+column)%2 == 1 {
		return -exactDet(y)
	}
	return exactDet(y)
}

// jacobi are the eigenvalues of a symmetric matrix, by rotations that make one element
// after the other 0.
func jacobi(a full) []float64 {
	n := len(a)
	for range 30 {
		for p := range n {
			for q := p + 1; q < n; q++ {
				if a[p][q] == 0 {
					continue
				}
				angle := math.Atan2(2*a[p][q], a[q][q]-a[p][p]) / 2
				r := identity(n)
				c, s := math.Cos(angle), math.Sin(angle)
				r[p][p], r[q][q], r[p][q], r[q][p] = c, c, s, -s
				a = r.t().times(a).times(r)
			}
		}
	}
	w := diagonalOf(a)
	slices.Sort(w)
	return w
}

func diagonalOf(a full) (d []float64) {
	for i := range min(len(a), len(a[0])) {
		d = append(d, a[i][i])
	}
	return d
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func same(x full) full { return x }

// symmetric is (x+xᵀ)/2.
func symmetric(x full) full { return x.minus(scaled(x.t(), -1)).scale(0.5) }

func scaled(x full, c float64) full { return x.minus(zeros(len(x), len(x[0]))).scale(c) }

func (x full) scale(c float64) full {
	for _, r := range x {
		for j := range r {
			r[j] *= c
		}
	}
	return x
}

// upsideDown is a matrix with small elements but on the diagonal that rises.
func upsideDown(x full) full {
	n := len(x)
	y := scaled(x, 0.3/math.Sqrt(float64(n)))
	for i := range y {
		y[i][n-1-i] += 2
	}
	return y
}
