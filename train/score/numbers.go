package score

import (
	"fmt"
	"math"
)

// Numbers are the rows of a regression.
type Numbers struct {
	Truth, Predicted []float64
	// Weight has the weight of each row; nil if all count the same.
	Weight []float64
}

// Check reports lengths that do not fit.
func (x *Numbers) Check() error {
	n := len(x.Truth)
	switch {
	case len(x.Predicted) != n:
		return fmt.Errorf("score: %d predictions for %d rows", len(x.Predicted), n)
	case x.Weight != nil && len(x.Weight) != n:
		return fmt.Errorf("score: %d weights for %d rows", len(x.Weight), n)
	}
	return nil
}

func (x *Numbers) mean(f func(i int) float64) float64 { return mean(len(x.Truth), x.Weight, f) }

// square is the mean of squared errors.
func (x *Numbers) square() float64 {
	return x.mean(func(i int) float64 { e := x.Truth[i] - x.Predicted[i]; return float64(e * e) })
}

// R2 is the share of the variance that is explained: 1 less the mean of squared
// errors over the variance of the truth. Where that has none R2 is 1 for errors of 0,
// else 0; it is NaN for fewer than two rows.
func (x *Numbers) R2() float64 {
	if len(x.Truth) < 2 {
		return math.NaN()
	}
	middle := x.mean(func(i int) float64 { return x.Truth[i] })
	variance := x.mean(func(i int) float64 { e := x.Truth[i] - middle; return float64(e * e) })
	square := x.square()
	if variance == 0 {
		return one(square == 0)
	}
	return 1 - square/variance
}

// MAE is the mean of absolute errors, in the unit of the target.
func (x *Numbers) MAE() float64 {
	return x.mean(func(i int) float64 { return math.Abs(x.Truth[i] - x.Predicted[i]) })
}

// RMSE is the root of the mean of squared errors, in the unit of the target.
func (x *Numbers) RMSE() float64 { return math.Sqrt(x.square()) }

// MAPE is the mean of absolute errors as shares of the truth, 0.1 for a tenth; a
// truth of 0 counts as 2⁻⁵².
func (x *Numbers) MAPE() float64 {
	return x.mean(func(i int) float64 {
		return math.Abs(x.Truth[i]-x.Predicted[i]) / max(math.Abs(x.Truth[i]), epsilon)
	})
}

// Pinball is the mean of tau times what a prediction is too low by, and 1-tau times
// what it is too high by: the tau-quantile has the least.
func (x *Numbers) Pinball(tau float64) float64 {
	return x.mean(func(i int) float64 {
		e := x.Truth[i] - x.Predicted[i]
		if e < 0 {
			return (tau - 1) * e
		}
		return tau * e
	})
}
