package diagnosis

import (
	"math"
	"testing"
)

// rows are gradients of single rows.
var rows = [][]float64{{1, 2}, {3, -1}, {0, 4}, {2, 2}, {-1, 5}, {4, 0.5}}

// batch is the mean gradient of some rows.
func batch(of []int) []float64 {
	sum := make([]float64, 2)
	for _, row := range of {
		for i, g := range rows[row] {
			sum[i] += g / float64(len(of))
		}
	}
	return sum
}

// each calls f with every order of n numbers.
func each(n int, f func(order []int)) {
	var more func(order []int, left uint)
	more = func(order []int, left uint) {
		if left == 0 {
			f(order)
		}
		for i := range n {
			if left&(1<<i) != 0 {
				more(append(order, i), left&^(1<<i))
			}
		}
	}
	more(nil, 1<<n-1)
}

// TestEstimates: over all ways to draw batches, the means of both estimates are the
// covariance's trace and the square of the gradient, whatever part of the rows is drawn.
func TestEstimates(t *testing.T) {
	g := batch([]int{0, 1, 2, 3, 4, 5})
	want := [2]float64{0, g[0]*g[0] + g[1]*g[1]}
	for _, row := range rows {
		want[0] += ((row[0]-g[0])*(row[0]-g[0]) + (row[1]-g[1])*(row[1]-g[1])) / 5
	}
	for _, c := range []struct{ size, batches int }{{1, 2}, {1, 6}, {2, 2}, {2, 3}, {3, 2}} {
		var mean [2]float64
		draws := 0.0
		each(len(rows), func(order []int) {
			var n Noise
			for b := range c.batches {
				n.Add(batch(order[b*c.size : (b+1)*c.size]))
			}
			trace, squared := n.estimates(c.size, len(rows))
			mean[0], mean[1], draws = mean[0]+trace, mean[1]+squared, draws+1
		})
		for i, m := range mean {
			if m /= draws; !(math.Abs(m-want[i]) < 1e-12*want[i]) {
				t.Errorf("%+v: estimate %d is %v on average, want %v", c, i, m, want[i])
			}
		}
	}
}

func TestScale(t *testing.T) {
	of := func(batches ...[]float64) *Noise {
		n := &Noise{}
		for _, b := range batches {
			n.Add(b)
		}
		return n
	}
	for _, c := range []struct {
		what      string
		n         *Noise
		size, all int
		gradient  float64
		scale     float64
		ok        bool
	}{
		{"1, 3 and 5 in one dimension: variance 4, mean 3", of([]float64{1}, []float64{3}, []float64{5}), 1, 3, 3, 4.0 / 9, true},
		{"the same of batches of 10, all rows", of([]float64{1}, []float64{3}, []float64{5}), 10, 30, 3, 40.0 / 9, true},
		{"of infinitely many rows the square is 9-40/30", of([]float64{1}, []float64{3}, []float64{5}), 10, math.MaxInt, 3, 40 / (9 - 4.0/3), true},
		{"no noise", of([]float64{0.1, 0.7}, []float64{0.1, 0.7}, []float64{0.1, 0.7}), 2, 100, math.Sqrt(0.5), 0, true},
		{"noise alone", of([]float64{1}, []float64{-1}), 1, 100, 0, 0, false},
		{"nothing", of([]float64{0}, []float64{0}), 1, 2, 0, 0, false},
		{"one batch", of([]float64{2}), 1, 1, 2, 0, false},
	} {
		scale, ok := c.n.Scale(c.size, c.all)
		if g := c.n.Gradient(); ok != c.ok || ok && math.Abs(scale-c.scale) > 1e-12 || math.Abs(g-c.gradient) > 1e-12 {
			t.Errorf("%s: scale %v, %v, gradient %v", c.what, scale, ok, g)
		}
	}
}
