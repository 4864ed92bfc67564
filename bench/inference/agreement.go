package inference

import (
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/stats"
)

// Tau is Kendall's τ-b of two lists of ranks: 1 if they have the same order, -1 if one is
// the other's reverse, NaN if all of a list are equal. Kendall 1945,
// https://doi.org/10.1093/biomet/33.3.239.
func Tau(a, b []float64) float64 {
	sum, untiedA, untiedB := 0, 0, 0
	for i := range a {
		for j := range i {
			x, y := order(a[i], a[j]), order(b[i], b[j])
			sum, untiedA, untiedB = sum+x*y, untiedA+x*x, untiedB+y*y
		}
	}
	return float64(sum) / math.Sqrt(float64(untiedA)*float64(untiedB))
}

func order(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// Agreement is [Tau] of the mean ranks of two tables of merits[workload][entrant], and
// its 95 % percentile interval for other workloads of the kinds: those of each table are
// drawn again, of both the same if they have the same workloads. A table of one row stays
// as it is. Efron 1979, https://doi.org/10.1214/aos/1176344552.
func Agreement(a, b [][]float64, same bool, seed uint64) (tau float64, ci Interval) {
	r := rand.New(rand.NewPCG(seed, 2))
	var values []float64
	for range resamples {
		first := resampled(len(a), r)
		second := first
		if !same {
			second = resampled(len(b), r)
		}
		if x := Tau(MeanRanks(chosen(a, first)), MeanRanks(chosen(b, second))); !math.IsNaN(x) {
			values = append(values, x)
		}
	}
	tau = Tau(MeanRanks(a), MeanRanks(b))
	if len(values) == 0 {
		return tau, Interval{-1, 1}
	}
	slices.Sort(values)
	return tau, Interval{stats.Quantile(values, 0.025), stats.Quantile(values, 0.975)}
}

// resampled are n numbers of n rows, with replacement.
func resampled(n int, r *rand.Rand) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = r.IntN(n)
	}
	return rows
}

// chosen are rows of a table.
func chosen(table [][]float64, rows []int) [][]float64 {
	out := make([][]float64, len(rows))
	for i, k := range rows {
		out[i] = table[k]
	}
	return out
}
