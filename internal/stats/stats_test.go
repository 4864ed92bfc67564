package stats

import (
	"math"
	"testing"
)

func TestQuantile(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if got != want && !(math.Abs(got-want) < 1e-12) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	x := []float64{1, 2, 4, 8}
	for q, want := range map[float64]float64{0: 1, 1: 8, 0.5: 3, 0.25: 1.75, 0.9: 6.8} {
		near("quantile", Quantile(x, q), want)
	}
	near("mean", Mean(x), 3.75)
	near("median", Median([]float64{5, 1, 3}), 3)
	near("median", Median([]float64{5, 1, 3, 4}), 3.5)
	inf := math.Inf(1)
	near("median with a run that never arrived", Median([]float64{1, inf, 3}), 3)
	near("median with half of the runs", Median([]float64{1, inf, 3, inf}), inf)
	for _, nothing := range []float64{Mean(nil), Median(nil), Quantile(nil, 0.5)} {
		if !math.IsNaN(nothing) {
			t.Errorf("of nothing: %v", nothing)
		}
	}
}
