package inference

import (
	"math"

	"descent/internal/elementary"
)

// Resampled returns the mean of the scores of folds, with its 95 % interval for the score
// that is expected of models trained on that many rows. Share is how many rows a fold holds
// out for each that it trains on, 1/(K-1) with K folds.
//
// Rows of folds are the same again and again, so that their scores vary less than those of
// fresh rows would: for J folds the variance of the mean is taken for (1/J + share)·s² in
// place of s²/J, with J-1 degrees of freedom (the corrected resampled t test of Nadeau and
// Bengio 2003, https://doi.org/10.1023/A:1024068626366). Scores that are NaN, of folds that
// lack a class, do not count; of fewer than two others the interval is infinite.
func Resampled(scores []float64, share float64) (mean float64, ci Interval) {
	var x []float64
	for _, s := range scores {
		if !math.IsNaN(s) {
			x = append(x, s)
		}
	}
	n := float64(len(x))
	for _, s := range x {
		mean += s / n
	}
	if len(x) < 2 {
		if len(x) == 0 {
			mean = math.NaN()
		}
		return mean, Interval{math.Inf(-1), math.Inf(1)}
	}
	half := float64(elementary.StudentQuantile(1-Level/2, n-1) * math.Sqrt((1/n+share)*squares(x, mean)/(n-1)))
	return mean, Interval{mean - half, mean + half}
}
