package schedule

import "math"

// CosineSchedule falls from lr to Final along half a cosine, after a warm-up
// in a straight line from 0, and stays there. With Periodic it rises again, as
// in PyTorch. Loshchilov, Hutter 2016, https://arxiv.org/abs/1608.03983.
type CosineSchedule struct {
	LR       float64 `help:"learning rate" range:"[0,inf)"`
	Steps    int     `help:"steps until the end, warm-up included" range:"[1,inf)"`
	Warmup   int     `help:"steps of the warm-up" range:"[0,inf)"`
	Final    float64 `help:"rate at the end" range:"[0,inf)"`
	Periodic bool    `help:"rise again after the end"`
}

// Cosine returns a rate that falls to 0 along half a cosine.
func Cosine(lr float64, steps int) CosineSchedule { return CosineSchedule{LR: lr, Steps: steps} }

// At implements [Schedule].
func (s CosineSchedule) At(t int) float64 {
	if t < s.Warmup {
		return warm(s.LR, t, s.Warmup)
	}
	if !s.Periodic {
		t = min(t, max(s.Steps, s.Warmup))
	}
	lr := s.LR
	for k := s.Warmup; k <= t; k++ {
		lr = s.next(lr, k)
	}
	return lr
}

func (s CosineSchedule) next(lr float64, t int) float64 {
	if t <= s.Warmup {
		return warm(s.LR, t, s.Warmup)
	}
	n := max(s.Steps-s.Warmup, 1)
	t -= s.Warmup
	switch {
	case t > n && !s.Periodic:
		return lr
	case t == n && !s.Periodic:
		return s.Final
	case (t-1-n)%(2*n) == 0:
		return lr + float64((s.LR-s.Final)*(1-cos(math.Pi/float64(n)))/2)
	}
	height := func(t int) float64 { return 1 + cos(math.Pi*float64(t)/float64(n)) }
	return float64(height(t)/height(t-1)*(lr-s.Final)) + s.Final
}

// RestartsSchedule falls along half a cosine again and again, each time Growth
// times as long. Loshchilov, Hutter 2016, https://arxiv.org/abs/1608.03983.
type RestartsSchedule struct {
	LR     float64 `help:"learning rate" range:"[0,inf)"`
	Steps  int     `help:"steps of the first fall" range:"[1,inf)"`
	Growth int     `help:"how many times longer the next is" range:"[1,inf)"`
	Final  float64 `help:"rate at the end of each" range:"[0,inf)"`
}

// Restarts returns a rate that falls along cosines of equal length.
func Restarts(lr float64, steps int) RestartsSchedule {
	return RestartsSchedule{LR: lr, Steps: steps, Growth: 1}
}

// At implements [Schedule].
func (s RestartsSchedule) At(t int) float64 {
	n := s.Steps
	if s.Growth == 1 {
		t %= n
	}
	for t >= n {
		t, n = t-n, n*s.Growth
	}
	return s.Final + float64((s.LR-s.Final)*(1+cos(math.Pi*float64(t)/float64(n)))/2)
}
