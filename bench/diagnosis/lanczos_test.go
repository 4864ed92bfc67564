package diagnosis

import (
	"errors"
	"math"
	"os"
	"testing"

	"descent/internal/numjson"
)

// made are the matrices of testdata/generate.py.
var made = map[string]func(n int) [][]float64{
	"sines": func(n int) [][]float64 { return square(n, sines) },
	"gram":  gram,
	"negative": func(n int) [][]float64 {
		g := gram(n)
		return square(n, func(i, j float64) float64 { return -g[int(i)-1][int(j)-1] })
	},
	"spiked": func(n int) [][]float64 {
		return square(n, func(i, j float64) float64 { return sines(i, j) + 2*math.Cos(i)*math.Cos(j) })
	},
	"identity": func(n int) [][]float64 {
		return square(n, func(i, j float64) float64 {
			if i == j {
				return 3
			}
			return 0
		})
	},
	"zero": func(n int) [][]float64 { return square(n, func(i, j float64) float64 { return 0 }) },
}

func square(n int, at func(i, j float64) float64) [][]float64 {
	a := make([][]float64, n)
	for i := range a {
		for j := range n {
			a[i] = append(a[i], at(float64(i+1), float64(j+1)))
		}
	}
	return a
}

func sines(i, j float64) float64 { return math.Sin(i*j + i + j) }

func gram(n int) [][]float64 {
	return square(n, func(i, j float64) (sum float64) {
		for k := 1.0; k <= 5; k++ {
			sum += math.Cos(3*i+7*k*k) * math.Cos(3*j+7*k*k)
		}
		return sum
	})
}

// by is the product with a matrix.
func by(a [][]float64) func(v, out []float64) error {
	return func(v, out []float64) error {
		for i, row := range a {
			out[i] = inner(row, v)
		}
		return nil
	}
}

// TestEigenvalues: the ends are LAPACK's, up to rounding where the whole space is seen,
// and as near as was asked for where less is; and never beyond.
func TestEigenvalues(t *testing.T) {
	text, err := os.ReadFile("testdata/eigenvalues.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Kind            string
		N               int
		Lowest, Largest float64
	}
	if err := numjson.Unmarshal(text, &rows); err != nil || len(rows) != 6*len(made) {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		size := max(math.Abs(r.Lowest), math.Abs(r.Largest))
		rounding := 1e-13 * size * math.Sqrt(float64(r.N))
		for _, tolerance := range []float64{0, 1e-2} {
			most := r.N
			if tolerance > 0 {
				most = 48
			}
			e, err := Eigenvalues(r.N, by(made[r.Kind](r.N)), tolerance, most, 7)
			if err != nil {
				t.Fatal(err)
			}
			off := max(math.Abs(e.Largest-r.Largest), math.Abs(e.Lowest-r.Lowest))
			if off > tolerance*size+rounding || e.Largest > r.Largest+rounding || e.Lowest < r.Lowest-rounding {
				t.Errorf("%s of size %d: %+v, LAPACK says %v to %v", r.Kind, r.N, e, r.Lowest, r.Largest)
			}
			if e.Products > most || e.Error > tolerance*size+rounding {
				t.Errorf("%s of size %d: error %v after %d products", r.Kind, r.N, e.Error, e.Products)
			}
			if again, _ := Eigenvalues(r.N, by(made[r.Kind](r.N)), tolerance, most, 7); again != e {
				t.Errorf("%s of size %d: %+v, and again %+v", r.Kind, r.N, e, again)
			}
		}
	}
}

// What goes wrong in a product ends it, as its error or as numbers that are none.
func TestEigenvaluesFail(t *testing.T) {
	mistake := errors.New("mistake")
	if _, err := Eigenvalues(3, func(v, out []float64) error { return mistake }, 0.1, 9, 1); err != mistake {
		t.Errorf("error %v", err)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		e, err := Eigenvalues(3, func(v, out []float64) error { out[0], out[1], out[2] = bad, 1, 1; return nil }, 0.1, 9, 1)
		if err != nil || !math.IsNaN(e.Largest) && !math.IsInf(e.Largest, 0) {
			t.Errorf("%v: %+v, %v", bad, e, err)
		}
	}
}
