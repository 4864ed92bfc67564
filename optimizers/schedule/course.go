package schedule

// A Course is a schedule in a run: it remembers the step before, and what its
// plateaus have seen.
type Course struct {
	rate  func(step int) float64
	watch func(step int, metric float64) // nil if nothing in it looks
}

// Start begins a run. larger says that a larger metric is better.
func Start(s Schedule, larger bool) *Course {
	if r, ok := recurrent(s); ok {
		return &Course{rate: inOrder(r, baseOf(s))}
	}
	switch s := s.(type) {
	case PlateauSchedule:
		p := &plateau{PlateauSchedule: s, larger: larger}
		return &Course{func(int) float64 { return p.LR }, func(_ int, metric float64) { p.next(metric) }}
	case Product:
		return product(s, larger)
	case Sequence:
		return sequence(s, larger)
	}
	return &Course{rate: s.At}
}

// Rate returns the rate of a step. It is fast when steps come in order.
func (c *Course) Rate(step int) float64 { return c.rate(step) }

// Watches reports whether a plateau is in the schedule, which wants to be shown
// the metric.
func (c *Course) Watches() bool { return c.watch != nil }

// Watch shows the metric after a step to the plateau that has set its rate, if
// there is one; the rates of later steps follow.
func (c *Course) Watch(step int, metric float64) {
	if c.watch != nil {
		c.watch(step, metric)
	}
}

// inOrder remembers the step before.
func inOrder(r recurrence, base float64) func(step int) float64 {
	at, lr := -1, 0.0
	return func(step int) float64 {
		if step < at || at < 0 {
			at, lr = 0, r.next(base, 0)
		}
		for ; at < step; at++ {
			lr = r.next(lr, at+1)
		}
		return lr
	}
}

// product is the course of one that is no recurrence, but may be made of them.
func product(p Product, larger bool) *Course {
	parts, c := make([]*Course, len(p)), &Course{}
	for i := range p {
		if parts[i] = Start(p[i], larger); parts[i].Watches() {
			c.watch = func(step int, metric float64) {
				for _, part := range parts {
					part.Watch(step, metric)
				}
			}
		}
	}
	c.rate = func(step int) float64 {
		x := 1.0
		for _, part := range parts {
			x *= part.rate(step)
		}
		return x
	}
	return c
}

func sequence(q Sequence, larger bool) *Course {
	phases, c := make([]*Course, len(q)), &Course{}
	for i := range q {
		if phases[i] = Start(q[i].Schedule, larger); phases[i].Watches() {
			c.watch = func(step int, metric float64) {
				i := q.phase(step)
				phases[i].Watch(step-q[i].From, metric)
			}
		}
	}
	c.rate = func(step int) float64 {
		i := q.phase(step)
		return phases[i].rate(step - q[i].From)
	}
	return c
}
