package bench

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"descent/internal/elementary"
	"descent/internal/stats"
)

// An Interval is where a number probably lies.
type Interval struct {
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
}

// resamples is the number of bootstrap samples: the ends of a 95 % interval
// are then each the 50th of them.
const resamples = 2000

// bootstrap returns the percentile interval of a statistic at the given level.
// The same seed gives the same interval. Efron 1979.
func bootstrap(x []float64, stat func([]float64) float64, level float64, seed uint64) Interval {
	rng := rand.New(rand.NewPCG(seed, uint64(len(x))))
	sample, values := make([]float64, len(x)), make([]float64, resamples)
	for k := range values {
		for i := range sample {
			sample[i] = x[rng.IntN(len(x))]
		}
		values[k] = stat(sample)
	}
	slices.Sort(values)
	return Interval{stats.Quantile(values, (1-level)/2), stats.Quantile(values, (1+level)/2)}
}

// A difference is an estimate with its 95 % interval and the probability of
// one as large if there were none.
type difference struct {
	mean float64
	ci   Interval
	p    float64
}

// crossed estimates the mean of d[seed][row], the difference of two methods at
// each seed on each test row, so that it holds for other seeds and other rows.
// Seeds and rows are crossed random effects: the variance of the mean of S
// seeds and R rows is (MS_seeds + MS_rows - MS_rest)/(S·R), its degrees of
// freedom are Satterthwaite's. With one seed nothing is known about others,
// and the interval is about rows alone.
// Searle, Casella, McCulloch 1992, Variance Components, chapter 4.
func crossed(d [][]float64) difference {
	S, R := float64(len(d)), float64(len(d[0]))
	all := 0.0
	seeds, rows := make([]float64, len(d)), make([]float64, len(d[0]))
	for s := range d {
		for r, x := range d[s] {
			seeds[s] += x / R
			rows[r] += x / S
			all += x / (S * R)
		}
	}
	rest := 0.0
	for s := range d {
		for r, x := range d[s] {
			e := x - seeds[s] - rows[r] + all
			rest += float64(e * e)
		}
	}
	msRows, dfRows := S*squares(rows, all)/(R-1), R-1
	if S < 2 {
		return studentised(all, msRows/R, dfRows)
	}
	msSeeds, dfSeeds := R*squares(seeds, all)/(S-1), S-1
	msRest, dfRest := rest/((S-1)*(R-1)), (S-1)*(R-1)
	total := msSeeds + msRows - msRest
	if total <= msRest { // both effects are lost in the rest
		return studentised(all, msRest/(S*R), dfRest)
	}
	df := total * total / (msSeeds*msSeeds/dfSeeds + msRows*msRows/dfRows + msRest*msRest/dfRest)
	return studentised(all, total/(S*R), df)
}

func squares(x []float64, center float64) (sum float64) {
	for _, v := range x {
		sum += float64((v - center) * (v - center))
	}
	return sum
}

// studentised returns the interval and p value of a mean whose variance was
// estimated with df degrees of freedom.
func studentised(mean, variance, df float64) difference {
	switch {
	case !(df > 0): // one number: nothing is known
		return difference{mean, Interval{math.Inf(-1), math.Inf(1)}, 1}
	case variance == 0 && mean == 0:
		return difference{0, Interval{}, 1}
	case variance == 0:
		return difference{mean, Interval{mean, mean}, 0}
	}
	se := math.Sqrt(variance)
	half := float64(se * elementary.StudentQuantile(0.975, df))
	return difference{mean, Interval{mean - half, mean + half}, 2 * elementary.StudentTail(math.Abs(mean)/se, df)}
}

// paired is crossed without rows: the t interval of the mean of differences.
func paired(d []float64) difference {
	m := stats.Mean(d)
	n := float64(len(d))
	return studentised(m, squares(d, m)/(n-1)/n, n-1)
}

// holm returns p values corrected for there being several of them: the chance
// of one false alarm among all stays that of the smallest.
// Holm 1979, https://www.jstor.org/stable/4615733.
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out, top := make([]float64, len(p)), 0.0
	for k, i := range order {
		top = max(top, min(1, p[i]*float64(len(p)-k)))
		out[i] = top
	}
	return out
}
