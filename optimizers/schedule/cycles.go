package schedule

import "math"

// OneCycleSchedule rises from lr/Div to lr and falls to lr/Div/FinalDiv. With
// Three it falls to lr/Div first, as long as it rose.
// Smith, Topin 2017, https://arxiv.org/abs/1708.07120.
type OneCycleSchedule struct {
	LR       float64 `help:"largest learning rate" range:"[0,inf)"`
	Steps    int     `help:"steps of the whole cycle" range:"[1,inf)"`
	Rise     float64 `help:"part of the steps that rise" range:"(0,1)"`
	Div      float64 `help:"largest rate over first" range:"[1,inf)"`
	FinalDiv float64 `help:"first rate over last" range:"[1,inf)"`
	Linear   bool    `help:"straight lines in place of cosines"`
	Three    bool    `help:"fall to the first rate before the last"`
}

// OneCycle returns the schedule with PyTorch's defaults.
func OneCycle(lr float64, steps int) OneCycleSchedule {
	return OneCycleSchedule{LR: lr, Steps: steps, Rise: 0.3, Div: 25, FinalDiv: 1e4}
}

// At implements [Schedule].
func (s OneCycleSchedule) At(t int) float64 {
	n := float64(s.Steps)
	first := s.LR / s.Div
	last := first / s.FinalDiv
	ends := []float64{float64(s.Rise*n) - 1, n - 1}
	rates := []float64{first, s.LR, last}
	if s.Three {
		ends = []float64{float64(s.Rise*n) - 1, float64(2*s.Rise*n) - 2, n - 1}
		rates = []float64{first, s.LR, first, last}
	}
	at, from := min(float64(t), n-1), 0.0
	for i, end := range ends {
		if at <= end || i == len(ends)-1 {
			part := (at - from) / (end - from)
			if end == from {
				part = 1
			}
			if s.Linear {
				return float64((rates[i+1]-rates[i])*part) + rates[i]
			}
			return rates[i+1] + float64((rates[i]-rates[i+1])/2*(cos(math.Pi*part)+1))
		}
		from = end
	}
	return last
}

// CyclicSchedule goes up and down between Low and lr in straight lines. In mode
// triangular2 each cycle is half as high as the one before, in mode exp the
// height is multiplied by Decay at each step.
// Smith 2015, https://arxiv.org/abs/1506.01186.
type CyclicSchedule struct {
	LR    float64 `help:"largest learning rate" range:"[0,inf)"`
	Low   float64 `help:"least learning rate" range:"[0,inf)"`
	Up    int     `help:"steps up" range:"[1,inf)"`
	Down  int     `help:"steps down" range:"[1,inf)"`
	Mode  string  `help:"triangular, triangular2 or exp" range:"triangular|triangular2|exp"`
	Decay float64 `help:"factor of the height at each step, in mode exp" range:"(0,1]"`
}

// Cyclic returns a rate that goes up and down.
func Cyclic(low, high float64, up, down int) CyclicSchedule {
	return CyclicSchedule{LR: high, Low: low, Up: up, Down: down, Mode: "triangular", Decay: 1}
}

// At implements [Schedule].
func (s CyclicSchedule) At(t int) float64 {
	total := float64(s.Up) + float64(s.Down)
	ratio := float64(s.Up) / total
	cycle := math.Floor(1 + float64(t)/total)
	x := 1 + float64(t)/total - cycle
	height := x / ratio
	if x > ratio {
		height = (x - 1) / (ratio - 1)
	}
	height *= s.LR - s.Low
	switch s.Mode {
	case "triangular2":
		height *= 1 / pow(2, cycle-1)
	case "exp":
		height *= pow(s.Decay, float64(t))
	}
	return s.Low + height
}
