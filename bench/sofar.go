package bench

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// The report of a study that is not finished: of the runs that every optimizer has done on a
// problem, since others cannot be compared. Whoever reads it must not take it for the end:
// nothing is said of differences but on problems all of whose runs are done.

// A sofar makes it.
type sofar struct {
	w *work

	noting sync.Mutex
	by     map[*pairing]map[uint64]*Outcome // scored runs by their seeds

	mu    sync.Mutex
	spare sparing
	text  []byte
}

// share is how many times as long as a report took to make there is none made after it.
const share = 30

// sparing says when something that takes long may be done again.
type sparing struct{ next time.Time }

// done says that it was done from one time to another.
func (s *sparing) done(from, to time.Time) { s.next = to.Add(share * to.Sub(from)) }

// may tells whether it may be done.
func (s *sparing) may(now time.Time) bool { return !now.Before(s.next) }

// note notes the outcome of a scored run.
func (s *sofar) note(p *pairing, o *Outcome) {
	if o.Phase != Score {
		return
	}
	s.noting.Lock()
	defer s.noting.Unlock()
	if s.by[p] == nil {
		s.by[p] = map[uint64]*Outcome{}
	}
	s.by[p][o.Seed] = o
}

// write writes the report; false if there is none yet.
func (s *sofar) write(w io.Writer, t Tally) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.spare.may(now) {
		if r := s.results(t); r != nil {
			var b bytes.Buffer
			if err := r.WriteHTML(&b); err != nil {
				return false, err
			}
			s.text = b.Bytes()
			s.spare.done(now, time.Now())
		}
	}
	if s.text == nil {
		return false, nil
	}
	_, err := w.Write(s.text)
	return true, err
}

// results are those of what is finished: of the track, if there are several, behind those that
// are done; nil if there is nothing yet.
func (s *sofar) results(t Tally) interface{ WriteHTML(io.Writer) error } {
	r := s.part(t)
	switch {
	case r == nil:
		return nil
	case s.w.before == nil:
		return r
	}
	return &League{Revision: r.Revision, Tracks: append(slices.Clone(s.w.before), r), Verdict: r.Verdict}
}

// part are the results of problems of which every optimizer has done a run, and of as many runs
// of each as all have done.
func (s *sofar) part(t Tally) *Results {
	r := s.w.outline()
	all := r.Problems
	r.Problems, r.partial = nil, &t
	complete := map[string]bool{}
	s.noting.Lock()
	for i, n := 0, len(s.w.Entrants); i+n <= len(s.w.pairings); i += n {
		own := s.w.pairings[i : i+n]
		runs := s.common(own)
		if len(runs) == 0 {
			continue
		}
		info := all[i/n]
		r.Problems, r.Runs = append(r.Problems, info), append(r.Runs, runs...)
		complete[info.Name] = len(runs) == n*s.w.Seeds
		for _, p := range own {
			r.Trials = append(r.Trials, p.trials...)
		}
	}
	s.noting.Unlock()
	if len(r.Problems) == 0 {
		return nil
	}
	r.derive()
	r.Pairs = slices.DeleteFunc(r.Pairs, func(p Pair) bool { return !complete[p.Problem] })
	m := &r.Measured
	m.Machine, m.Seconds, m.Workers, m.Crew = ThisMachine(), t.Elapsed.Seconds(), s.w.Workers, t.Crew
	r.Verdict = r.unfinished(len(all), complete)
	return r
}

// common are the runs whose seeds all of some pairings have done, one pairing after the other.
func (s *sofar) common(of []*pairing) (runs []*Outcome) {
	for _, p := range of {
		for rep := range s.w.Seeds {
			seed := seedOf(s.w.Seed, string(Score), rep)
			if !slices.ContainsFunc(of, func(p *pairing) bool { return s.by[p][seed] == nil }) {
				runs = append(runs, s.by[p][seed])
			}
		}
	}
	return runs
}

// unfinished says how far a study of so many problems is, in place of a verdict.
func (r *Results) unfinished(problems int, complete map[string]bool) []string {
	t := r.partial
	out := []string{fmt.Sprintf("Not finished at %s: %s", time.Now().Format(time.TimeOnly), t), "What follows is of the runs that every optimizer has done. Means, ranks and intervals are of these, and will change; which differences are shown is said when all runs are done."}
	if r.suite() {
		n := 0
		for _, done := range complete {
			if done {
				n++
			}
		}
		out = append(out, fmt.Sprintf("Of %d problems %d have runs, and %d all of them; what is said of those is what will be.", problems, len(r.Problems), n))
	}
	return out
}

// String says how far a study is.
func (t *Tally) String() string {
	s := t.Phase
	if t.Crew != nil {
		s += fmt.Sprintf(", by %d workers", Present(t.Crew))
	}
	return fmt.Sprintf("%d of %d runs are done, %d of them diverged; %s: %.1f runs a second, %v to go.", t.Done, t.Total, t.Failed, s, float64(t.Done)/t.Elapsed.Seconds(), t.Remain.Round(time.Second))
}

// said is the verdict on a problem, if all its runs are done.
func (v *view) said(p *part) []string {
	if v.partial != nil && p.Optimizers[0].Runs < v.Setup.Seeds {
		return []string{fmt.Sprintf("%d of %d runs of each optimizer so far: nothing is decided.", p.Optimizers[0].Runs, v.Setup.Seeds)}
	}
	return p.verdict()
}

// soFar marks a title of what is not finished.
func (r *Results) soFar(title string) string {
	if r.partial == nil {
		return title
	}
	return title + " so far"
}

// interim marks a note of what is not finished.
func (r *Results) interim(note string) string {
	if r.partial == nil {
		return note
	}
	return "Of unfinished runs: intervals and ranks are not those of the study. " + note
}

// reload is after how many seconds the report reads itself again, 0 for never.
func (r *Results) reload() int {
	if r.partial == nil {
		return 0
	}
	return again
}

// Finished tells the page whether the study is.
func (v *view) Finished() bool { return v.partial == nil }
