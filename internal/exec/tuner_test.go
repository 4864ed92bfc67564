package exec

import (
	"testing"
	"time"
)

// simulate runs a program for a while whose runs take so long shared and alone,
// and returns how much of the time it shared.
func simulate(p *tuner, now time.Time, shared, alone, length time.Duration) (time.Time, float64) {
	var sharing time.Duration
	for end := now.Add(length); now.Before(end); {
		took := shared
		if p.alone {
			took = alone
		} else {
			sharing += took
		}
		now = now.Add(took)
		p.note(now, took)
	}
	return now, sharing.Seconds() / length.Seconds()
}

func TestTuner(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct{ shared, alone time.Duration }{{1 * ms, 2 * ms}, {10 * ms / 100, 15 * ms / 100}, {30 * ms, 40 * ms}} {
		var p tuner
		now, share := simulate(&p, time.Unix(1, 0), c.shared, c.alone, 20*time.Second)
		if share < 0.97 {
			t.Errorf("idle, %v and %v alone: shared %.3f of the time", c.shared, c.alone, share)
		}
		now, share = simulate(&p, now, 2*c.alone, c.alone, 60*time.Second)
		if share > 0.05 {
			t.Errorf("busy, %v and %v alone: shared %.3f of the time", 2*c.alone, c.alone, share)
		}
		now, _ = simulate(&p, now, c.shared, c.alone, restMost+2*tuneWindow+2*c.alone) // idle again
		now, share = simulate(&p, now, c.shared, c.alone, 20*time.Second)
		if share < 0.97 {
			t.Errorf("idle again, %v and %v alone: shared %.3f of the time", c.shared, c.alone, share)
		}
		now, _ = simulate(&p, now, c.shared, c.alone, tuneFresh/2)
		for range 10 { // a turn now and then, as in a benchmark
			now = now.Add(time.Minute)
			if now, share = simulate(&p, now, c.shared, c.alone, 50*time.Millisecond); share < 0.97 {
				t.Errorf("in turns, %v and %v alone: shared %.3f of the time", c.shared, c.alone, share)
			}
		}
	}
}
