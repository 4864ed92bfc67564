package elementary

import (
	"math"
	"testing"
)

// The tails are scipy's, scipy.stats.f.sf.
func TestFisher(t *testing.T) {
	for _, c := range []struct{ d1, d2, f, want float64 }{
		{1, 1, 1, 0.5}, {1, 10, 4.965, 0.04999244385736509}, {2, 5, 0.3, 0.7532774095368847}, {3, 8, 13.5, 0.001697118924093678}, {5, 100, 2.31, 0.04959008476596458},
		{10, 3, 0.01, 0.9999999067247471}, {40, 60, 1.9, 0.01189556483066255}, {1, 7, 55, 0.000147380356158177}, {7, 1, 240, 0.04966277159674253},
		{2, 2000, 9, 0.0001284794778962362}, {6, 20, 1e-06, 0.9999999999999999}, {4, 16, 10000, 5.877309943283523e-27}, {3, 4, 0, 1}, {3, 4, -1, 1}, {3, 4, math.Inf(1), 0},
	} {
		if got := FisherTail(c.f, c.d1, c.d2); math.Abs(got-c.want) > (1e-13+1e-15*c.d2)*c.want {
			t.Errorf("tail of %v with %v and %v degrees of freedom: %v, want %v", c.f, c.d1, c.d2, got, c.want)
		}
	}
	// The square of Student's t has one degree of freedom and its own.
	for _, nu := range []float64{1, 3, 20} {
		if a, b := FisherTail(2.5*2.5, 1, nu), 2*StudentTail(2.5, nu); math.Abs(a-b) > 1e-13 {
			t.Errorf("%v and %v with %v", a, b, nu)
		}
	}
	if !math.IsNaN(FisherTail(math.NaN(), 1, 1)) {
		t.Error("a tail of NaN")
	}
}
