package schedule

// PlateauSchedule lowers the rate when a metric stops improving: torch's
// ReduceLROnPlateau, with its defaults. A run shows it the metric now and then,
// after each epoch or at each checkpoint, see [Course.Watch]; until then, and
// where nobody does, the rate stays.
type PlateauSchedule struct {
	LR        float64 `help:"learning rate" range:"[0,inf)"`
	Factor    float64 `help:"of each fall" range:"[0,1)"`
	Patience  int     `help:"looks at the metric without improvement before a fall" range:"[0,inf)"`
	Threshold float64 `help:"least improvement, as a part of the best metric" range:"[0,inf)"`
	Absolute  bool    `help:"the threshold is a difference"`
	Cooldown  int     `help:"looks after a fall that do not count" range:"[0,inf)"`
	Least     float64 `help:"rate below which it does not fall" range:"[0,inf)"`
}

// Plateau returns a rate that falls to a tenth after ten looks without
// improvement.
func Plateau(lr float64) PlateauSchedule {
	return PlateauSchedule{LR: lr, Factor: 0.1, Patience: 10, Threshold: 1e-4}
}

// At implements [Schedule].
func (s PlateauSchedule) At(int) float64 { return s.LR }

// A plateau is what one remembers in a run.
type plateau struct {
	PlateauSchedule // whose LR is that of now
	larger          bool
	best            float64
	started         bool
	bad, cooling    int
}

// next takes the metric.
func (p *plateau) next(metric float64) {
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
}

func (p *plateau) better(x float64) bool {
	switch {
	case p.Absolute && p.larger:
		return x > p.best+p.Threshold
	case p.Absolute:
		return x < p.best-p.Threshold
	case p.larger:
		return x > p.best*(1+p.Threshold)
	}
	return x < p.best*(1-p.Threshold)
}
