package optimizers

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

func (s CosineSchedule) String() string { return formatSchedule(s) }

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

func (s RestartsSchedule) String() string { return formatSchedule(s) }

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

func (s OneCycleSchedule) String() string { return formatSchedule(s) }

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

func (s CyclicSchedule) String() string { return formatSchedule(s) }

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

// WarmupSchedule rises from lr·Start to lr in a straight line, and stays.
// Goyal et al. 2017, https://arxiv.org/abs/1706.02677.
type WarmupSchedule struct {
	LR    float64 `help:"learning rate" range:"[0,inf)"`
	Steps int     `help:"steps of the warm-up" range:"[1,inf)"`
	Start float64 `help:"factor of the first step" range:"[0,1]"`
}

// Warmup returns a rate that rises from 0 and stays.
func Warmup(lr float64, steps int) WarmupSchedule { return WarmupSchedule{LR: lr, Steps: steps} }

func (s WarmupSchedule) String() string { return formatSchedule(s) }

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

func (s InverseSqrtSchedule) String() string { return formatSchedule(s) }

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

func (s InverseTimeSchedule) String() string { return formatSchedule(s) }

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

func (s WSDSchedule) String() string { return formatSchedule(s) }

// At implements [Schedule].
func (s WSDSchedule) At(t int) float64 {
	lr := warm(s.LR, t, s.Warmup)
	if fall := t - (s.Steps - s.Decay); fall > 0 {
		lr += float64((s.Final - lr) * part(fall, s.Decay))
	}
	return lr
}

// Plateau lowers the rate when a metric stops improving. It has a memory, so
// it is not a [Schedule]; it is torch's ReduceLROnPlateau.
type Plateau struct {
	LR        float64 // now
	Factor    float64 // of each fall
	Patience  int     // steps without improvement before a fall
	Threshold float64 // least improvement
	Absolute  bool    // the threshold is a difference, not a part of the best
	Maximize  bool    // a larger metric is better
	Cooldown  int     // steps after a fall that do not count
	Least     float64 // least rate

	best    float64
	started bool
	bad     int
	cooling int
}

// NewPlateau returns the schedule with PyTorch's defaults.
func NewPlateau(lr float64) *Plateau {
	return &Plateau{LR: lr, Factor: 0.1, Patience: 10, Threshold: 1e-4}
}

// Next takes the metric of a step and returns the rate of the next.
func (p *Plateau) Next(metric float64) float64 {
	if !p.started || p.better(metric) {
		p.best, p.bad, p.started = metric, 0, true
	} else {
		p.bad++
	}
	if p.cooling > 0 {
		p.cooling--
		p.bad = 0
	}
	if p.bad > p.Patience {
		if lr := max(p.LR*p.Factor, p.Least); p.LR-lr > 1e-8 {
			p.LR = lr
		}
		p.cooling, p.bad = p.Cooldown, 0
	}
	return p.LR
}

func (p *Plateau) better(x float64) bool {
	switch {
	case p.Absolute && p.Maximize:
		return x > p.best+p.Threshold
	case p.Absolute:
		return x < p.best-p.Threshold
	case p.Maximize:
		return x > p.best*(1+p.Threshold)
	}
	return x < p.best*(1-p.Threshold)
}
