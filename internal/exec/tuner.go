package exec

import "time"

// A tuner decides, from run to run, whether a team shares the steps of a program.
// On an idle machine it does. Where others want the processors too, a helper, or
// the caller beside it, loses its processor for some milliseconds in the middle of
// a step, and sharing takes longer than working alone; how long each takes is
// measured. Results are the same bits either way.
type tuner struct {
	alone bool
	runs  int           // of the window
	took  time.Duration // by them
	solo  time.Duration // of a run, alone, when last measured
	fresh time.Duration // of running, for which solo is still good
	rest  time.Duration // how long the caller works alone when sharing did not pay
	until time.Time     // end of the rest
}

// Means are taken over windows that are longer than the time slices of an
// operating system. How long a run alone takes is known from a glance now and
// then, which may be short: nothing is lost if it seems too long. Sharing is given
// up for restLeast, and each time that it fails again for twice as long, so that
// trials take a small share of the time. What is known of a run stays true while
// there are none: a program that runs now and then shares its first run, too.
const (
	tuneWindow = 10 * time.Millisecond
	tuneGlance = time.Millisecond
	tuneFresh  = 5 * time.Second
	restLeast  = 20 * time.Millisecond
	restMost   = 2 * time.Second
)

// note counts a run that ended now, and sets how the next one is done.
func (p *tuner) note(now time.Time, took time.Duration) {
	p.runs++
	p.took += took
	p.fresh -= took
	window := tuneWindow
	if p.alone && p.rest == 0 {
		window = tuneGlance
	}
	if p.took < window {
		return
	}
	mean := p.took / time.Duration(p.runs)
	p.runs, p.took = 0, 0
	switch {
	case p.alone:
		p.solo, p.fresh = mean, tuneFresh
		p.alone = now.Before(p.until)
	case p.fresh < 0:
		p.alone = true // for a glance, to know how long it takes
	case mean > p.solo:
		p.rest = min(max(2*p.rest, restLeast), restMost)
		p.alone, p.until = true, now.Add(p.rest)
	default:
		p.rest = 0
	}
}
