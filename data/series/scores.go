package series

import (
	"math"
	"slices"

	"descent/internal/stats"
)

// An Interval is around a forecast: from Low to High is added to it, at each step of the
// horizon. They are quantiles of what was forecast too low in rows that were not
// learned from.
type Interval struct {
	Level    float64   `json:"level"` // the share that is to be within
	Low      []float64 `json:"low"`
	High     []float64 `json:"high"`
	Windows  int       `json:"windows"`  // that it was found in
	Coverage float64   `json:"coverage"` // the share of the steps of testing that was within
}

// Scores are means over windows, in the unit of the target.
type Scores struct {
	MAE   float64   `json:"mae"`   // mean absolute error, over the steps
	RMSE  float64   `json:"rmse"`  // root of the mean squared error, over the steps
	Steps []float64 `json:"steps"` // mean absolute error of each step of the horizon
}

// Score compares forecasts with what came, both windows × horizon.
func Score(pred, truth []float64, horizon int) Scores {
	s := Scores{Steps: make([]float64, horizon)}
	n, square := float64(len(truth)), 0.0
	for i, y := range truth {
		e := math.Abs(pred[i] - y)
		s.Steps[i%horizon] += float64(e / n * float64(horizon))
		s.MAE += e / n
		square += float64(e*e) / n
	}
	s.RMSE = math.Sqrt(square)
	return s
}

// Truth returns what comes after each window of a series, windows × horizon.
func (c *Schema) Truth(s *Series) (y []float64) {
	target := s.Target()
	for i := c.Window; i+c.Horizon <= len(target); i++ {
		y = append(y, target[i:i+c.Horizon]...)
	}
	return y
}

// Seasonal forecasts what was a season before, of so many steps; 1 is the last value.
// The season is not longer than the window.
func (c *Schema) Seasonal(s *Series, season int) (pred []float64) {
	target := s.Target()
	for i := c.Window; i+c.Horizon <= len(target); i++ {
		for h := range c.Horizon {
			pred = append(pred, target[i-season+h%season])
		}
	}
	return pred
}

// Season returns the season, up to the window, that forecasts a series with the
// least mean absolute error; 1 if the last value does. A longer one must be better by a
// tenth: two weeks are as good as one.
func (c *Schema) Season(s *Series) int {
	best, least, truth := 1, math.Inf(1), c.Truth(s)
	for season := 1; season <= c.Window; season++ {
		if e := Score(c.Seasonal(s, season), truth, c.Horizon).MAE; e < 0.9*least {
			best, least = season, e
		}
	}
	return best
}

// NewInterval finds the interval of a level from forecasts and what came, windows ×
// horizon.
func NewInterval(level float64, pred, truth []float64, horizon int) *Interval {
	v := &Interval{Level: level, Windows: len(truth) / horizon}
	for h := range horizon {
		var errors []float64
		for i := h; i < len(truth); i += horizon {
			errors = append(errors, truth[i]-pred[i])
		}
		slices.Sort(errors)
		v.Low = append(v.Low, stats.Quantile(errors, (1-level)/2))
		v.High = append(v.High, stats.Quantile(errors, (1+level)/2))
	}
	return v
}

// Covers returns the share of what came that is within the interval of its forecast.
func (v *Interval) Covers(pred, truth []float64) float64 {
	in := 0
	for i, y := range truth {
		if h := i % len(v.Low); pred[i]+v.Low[h] <= y && y <= pred[i]+v.High[h] {
			in++
		}
	}
	return float64(in) / float64(len(truth))
}
