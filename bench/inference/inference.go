// Package inference says what follows from runs: differences with intervals that
// match their p values, how many runs would be enough, ranks over workloads. All of
// it is about merits, of which more is better.
package inference

import (
	"math"
	"sort"

	"descent/internal/elementary"
	"descent/internal/stats"
)

// Level is the chance of one false alarm among all comparisons of a study.
const Level = 0.05

// An Interval is where a number probably lies.
type Interval struct {
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
}

// A Verdict is what a comparison shows.
type Verdict string

// The verdicts.
const (
	Better     Verdict = "better"     // the interval leaves 0 out
	Equivalent Verdict = "equivalent" // the interval lies within the margin
	NotShown   Verdict = "not shown"  // neither
)

// A Difference is an estimate of how much better one thing is than another.
type Difference struct {
	Mean float64
	// CI is the interval, at a level that is corrected for all comparisons of the
	// study (Bonferroni): it leaves 0 out exactly where P is below [Level].
	CI Interval
	// P is the chance of so large a difference if there were none, corrected likewise.
	P       float64
	Verdict Verdict
	// Needed is the number of runs with which a difference of the margin would be
	// shown in four of five studies, if runs scatter as these do; 0 if that cannot be
	// told.
	Needed int
}

// Compare estimates a mean of means: of the differences in each stratum, which are
// those of runs that share a seed and a split, on one workload. Strata count alike.
// It holds for other seeds and other splits of the same workloads.
//
// The variance is the sum over strata of s²/n, divided by the square of their number,
// its degrees of freedom Satterthwaite's; with one stratum that is the paired t test.
// Where all differences are equal, as those of accuracies on few rows may be, it is the
// sign test, and the interval reaches to 0 if that shows nothing.
// It is one of so many comparisons. Student 1908, https://doi.org/10.2307/2331554;
// Satterthwaite 1946, https://doi.org/10.2307/3002019.
func Compare(strata [][]float64, comparisons int, margin float64) Difference {
	m, variance, df := pooled(strata)
	c := float64(max(comparisons, 1))
	d := Difference{Mean: m, P: 1, Verdict: NotShown}
	switch {
	case !(df > 0): // one run: nothing is known about others
		d.CI = Interval{math.Inf(-1), math.Inf(1)}
		return d
	case variance == 0 && m == 0:
	case variance == 0: // how far runs scatter is not known: what is, is their sign
		d.P = min(1, 2*c*elementary.Pow(0.5, float64(fewest(strata))))
		if d.CI = (Interval{m, m}); d.P >= Level {
			d.CI = Interval{min(0, 2*m), max(0, 2*m)}
		}
	default:
		se := math.Sqrt(variance)
		half := float64(se * elementary.StudentQuantile(1-Level/(2*c), df))
		d.CI = Interval{m - half, m + half}
		d.P = min(1, 2*c*elementary.StudentTail(math.Abs(m)/se, df))
	}
	switch {
	case d.CI.Lo > 0 || d.CI.Hi < 0:
		d.Verdict = Better
	case d.CI.Lo > -margin && d.CI.Hi < margin:
		d.Verdict = Equivalent
	default:
		d.Needed = needed(strata, variance, df, c, margin)
	}
	return d
}

// pooled returns the mean of the strata's means, its variance, and the degrees of
// freedom of that.
func pooled(strata [][]float64) (mean, variance, df float64) {
	k := float64(len(strata))
	below, single := 0.0, false
	for _, d := range strata {
		n, m := float64(len(d)), stats.Mean(d)
		mean += m / k
		if single = single || n < 2; single {
			continue
		}
		v := squares(d, m) / (n - 1) / n / (k * k)
		variance += v
		below += float64(v * v / (n - 1))
	}
	switch {
	case single:
		return mean, 0, 0
	case variance == 0:
		return mean, 0, 1
	}
	return mean, variance, variance * variance / below
}

// fewest is the number of runs in the smallest stratum.
func fewest(strata [][]float64) int {
	n := len(strata[0])
	for _, d := range strata {
		n = min(n, len(d))
	}
	return n
}

func squares(x []float64, center float64) (sum float64) {
	for _, v := range x {
		sum += float64((v - center) * (v - center))
	}
	return sum
}

const (
	power      = 0.8
	mostNeeded = 10000
)

// needed returns how many runs of each show a difference of the margin. The variance
// falls with their number, the degrees of freedom grow with it.
func needed(strata [][]float64, variance, df, comparisons, margin float64) int {
	if !(margin > 0) {
		return 0
	}
	now := 0.0
	for _, d := range strata {
		now += float64(len(d)) / float64(len(strata))
	}
	shown := func(runs int) bool { // of more runs, too
		n := float64(runs)
		f := df * (n - 1) / (now - 1)
		se := math.Sqrt(variance * now / n)
		return float64(se*(elementary.StudentQuantile(1-Level/(2*comparisons), f)+elementary.StudentQuantile(power, f))) <= margin
	}
	if !shown(mostNeeded) {
		return 0
	}
	return 2 + sort.Search(mostNeeded-2, func(i int) bool { return shown(2 + i) })
}

// Mean returns the mean of runs with its 95 % interval (Student's), infinite of one.
func Mean(x []float64) (float64, Interval) {
	d := Compare([][]float64{x}, 1, 0)
	return d.Mean, d.CI
}
