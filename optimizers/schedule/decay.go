package schedule

import "math"

// WarmupSchedule rises from lr·Start to lr in a straight line, and stays.
// Goyal et al. 2017, https://arxiv.org/abs/1706.02677.
type WarmupSchedule struct {
	LR    float64 `help:"learning rate" range:"[0,inf)"`
	Steps int     `help:"steps of the warm-up" range:"[1,inf)"`
	Start float64 `help:"factor of the first step" range:"[0,1]"`
}

// Warmup returns a rate that rises from 0 and stays.
func Warmup(lr float64, steps int) WarmupSchedule { return WarmupSchedule{LR: lr, Steps: steps} }

// At implements [Schedule].
func (s WarmupSchedule) At(t int) float64 {
	return s.LR * (s.Start + float64((1-s.Start)*part(t, s.Steps)))
}

// InverseSqrtSchedule rises for Warmup steps in a straight line and then falls
// as 1/√t. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.
type InverseSqrtSchedule struct {
	LR     float64 `help:"largest learning rate" range:"[0,inf)"`
	Warmup int     `help:"steps of the warm-up" range:"[1,inf)"`
}

// InverseSqrt returns a rate that falls as 1/√t after a warm-up.
func InverseSqrt(lr float64, warmup int) InverseSqrtSchedule { return InverseSqrtSchedule{lr, warmup} }

// At implements [Schedule].
func (s InverseSqrtSchedule) At(t int) float64 {
	n, w := float64(t+1), float64(s.Warmup)
	return s.LR * math.Min(n/w, math.Sqrt(w/n))
}

// InverseTimeSchedule falls as 1/(1 + decay·t/steps).
// Robbins, Monro 1951, https://doi.org/10.1214/aoms/1177729586.
type InverseTimeSchedule struct {
	LR    float64 `help:"learning rate" range:"[0,inf)"`
	Decay float64 `help:"how fast it falls" range:"[0,inf)"`
	Steps int     `help:"unit of time" range:"[1,inf)"`
}

// InverseTime returns a rate that falls as 1/t.
func InverseTime(lr, decay float64) InverseTimeSchedule { return InverseTimeSchedule{lr, decay, 1} }

// At implements [Schedule].
func (s InverseTimeSchedule) At(t int) float64 {
	return s.LR / (1 + s.Decay*float64(t)/float64(s.Steps))
}

// WSDSchedule warms up, stays, and falls to Final in a straight line at the
// end. Hu et al. 2024, https://arxiv.org/abs/2404.06395.
type WSDSchedule struct {
	LR     float64 `help:"learning rate" range:"[0,inf)"`
	Steps  int     `help:"steps of the whole run" range:"[1,inf)"`
	Warmup int     `help:"steps of the warm-up" range:"[0,inf)"`
	Decay  int     `help:"steps of the fall at the end" range:"[0,inf)"`
	Final  float64 `help:"rate at the end" range:"[0,inf)"`
}

// WSD returns the schedule with a tenth of the steps for the fall.
func WSD(lr float64, steps, warmup int) WSDSchedule {
	return WSDSchedule{LR: lr, Steps: steps, Warmup: warmup, Decay: steps / 10}
}

// At implements [Schedule].
func (s WSDSchedule) At(t int) float64 {
	lr := warm(s.LR, t, s.Warmup)
	if fall := t - (s.Steps - s.Decay); fall > 0 {
		lr += float64((s.Final - lr) * part(fall, s.Decay))
	}
	return lr
}
