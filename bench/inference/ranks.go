package inference

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
	"descent/internal/stats"
)

// Ranks returns the ranks of merits, 1 for the largest; equals share the mean of
// theirs.
func Ranks(merits []float64) []float64 {
	out := make([]float64, len(merits))
	for i, x := range merits {
		above, same := 0, 0
		for _, y := range merits {
			if y > x {
				above++
			} else if y == x {
				same++
			}
		}
		out[i] = float64(above) + float64(float64(same+1)/2)
	}
	return out
}

// MeanRanks returns the mean ranks over workloads of merits[workload][entrant].
func MeanRanks(merits [][]float64) []float64 {
	out := make([]float64, len(merits[0]))
	for _, row := range merits {
		for i, r := range Ranks(row) {
			out[i] += r / float64(len(merits))
		}
	}
	return out
}

// CriticalDifference is by how much two mean ranks of k entrants over n workloads must
// differ to be told apart at [Level], for other workloads of the kind: the studentised
// range at infinite degrees of freedom times √(k(k+1)/12n). Nemenyi 1963; Demšar 2006,
// https://jmlr.org/papers/v7/demsar06a.html.
func CriticalDifference(k, n int) float64 {
	if k < 2 {
		return 0
	}
	return float64(rangeQuantile(1-Level, k) * math.Sqrt(float64(k*(k+1))/(12*float64(n))))
}

// rangeQuantile is the p-quantile of the range of k standard normal numbers, by
// halving; its distribution is k∫φ(z)(Φ(z+q)-Φ(z))^(k-1)dz.
func rangeQuantile(p float64, k int) float64 {
	const from, to, step = -8.0, 8.0, 1.0 / 16
	below := func(q float64) (sum float64) {
		for z := from; z <= to; z += step {
			density := elementary.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
			sum += float64(step * float64(k) * density * elementary.Pow(elementary.NormCDF(z+q)-elementary.NormCDF(z), float64(k-1)))
		}
		return sum
	}
	lo, hi := 0.0, 20.0
	for range 50 {
		if mid := float64((lo + hi) / 2); below(mid) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// Groups returns the entrants, by number, that cannot be told apart by mean ranks: each
// group as large as it can be, best first; alone are left out.
func Groups(ranks []float64, critical float64) (out [][]int) {
	order := make([]int, len(ranks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ranks[a], ranks[b]) })
	last := 0
	for i := range order {
		j := i
		for j+1 < len(order) && ranks[order[j+1]]-ranks[order[i]] <= critical {
			j++
		}
		if j > i && j+1 > last {
			out, last = append(out, slices.Clone(order[i:j+1])), j+1
		}
	}
	return out
}

// Improvement is the chance that a run of a is better than one of b on the same
// workload, as the mean over workloads; equals count as half. Agarwal et al. 2021,
// https://arxiv.org/abs/2108.13264.
func Improvement(a, b [][]float64) float64 {
	sum := 0.0
	for w := range a {
		wins := 0.0
		for _, x := range a[w] {
			for _, y := range b[w] {
				switch {
				case x > y:
					wins++
				case x == y:
					wins += 0.5
				}
			}
		}
		sum += wins / float64(len(a[w])*len(b[w]))
	}
	return sum / float64(len(a))
}

// InterquartileMean is the mean of the middle half of all runs on all workloads, the
// runs at its ends counting by their part in it. Agarwal et al. 2021,
// https://arxiv.org/abs/2108.13264.
func InterquartileMean(runs [][]float64) float64 {
	x := slices.Concat(runs...)
	slices.Sort(x)
	n := float64(len(x))
	sum := 0.0
	for i, v := range x {
		part := min(float64(i+1), 3*n/4) - max(float64(i), n/4)
		if part > 0 {
			sum += float64(part * v)
		}
	}
	return sum / (n / 2)
}

// resamples is the number of bootstrap samples: the ends of a 95 % interval are then
// each the 25th of them.
const resamples = 1000

// Bootstrap returns the 95 % percentile interval of a statistic over workloads whose
// runs are drawn again, in each the same numbers of runs for all entrants, since they
// share seeds and splits: merits[entrant][workload][run]. Efron 1979; stratified as in
// Agarwal et al. 2021, https://arxiv.org/abs/2108.13264.
func Bootstrap(merits [][][]float64, statistic func(merits [][][]float64) []float64, seed uint64) []Interval {
	r := rand.New(rand.NewPCG(seed, 1))
	sample := make([][][]float64, len(merits))
	for e := range merits {
		sample[e] = make([][]float64, len(merits[e]))
		for w := range merits[e] {
			sample[e][w] = make([]float64, len(merits[e][w]))
		}
	}
	var values [][]float64
	for range resamples {
		for w := range merits[0] {
			n := len(merits[0][w])
			for i := range n {
				k := r.IntN(n)
				for e := range merits {
					sample[e][w][i] = merits[e][w][k]
				}
			}
		}
		for i, v := range statistic(sample) {
			if i == len(values) {
				values = append(values, nil)
			}
			values[i] = append(values[i], v)
		}
	}
	out := make([]Interval, len(values))
	for i, v := range values {
		slices.Sort(v)
		out[i] = Interval{stats.Quantile(v, 0.025), stats.Quantile(v, 0.975)}
	}
	return out
}
