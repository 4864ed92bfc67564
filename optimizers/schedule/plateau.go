package schedule

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
