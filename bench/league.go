package bench

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"descent/bench/inference"
	"descent/bench/tuning"
	"descent/internal/numjson"
	"descent/internal/spec"
	"descent/internal/stats"
)

// A League is one study on several tracks: the same problems and optimizers, tuned in
// other ways.
type League struct {
	Format   int      `json:"format"`
	Command  string   `json:"command"`
	Plan     any      `json:"plan"`
	Revision string   `json:"revision"`
	Verdict  []string `json:"verdict"`
	// Agreements are those of each track with each that follows it.
	Agreements []Agreement `json:"agreements"`
	Tracks     []*Results  `json:"tracks"`
}

// An Agreement says how alike the orders of the optimizers are that take part in two
// tracks: Kendall's τ of their mean ranks, with an interval for other problems of the
// kind.
type Agreement struct {
	A          string             `json:"a"`
	B          string             `json:"b"`
	Optimizers int                `json:"optimizers"`
	Tau        float64            `json:"tau"`
	CI         inference.Interval `json:"ci"`
}

// RunTracks does the study on each of several tracks; an optimizer that a track is not
// for is left out there. Runs have no curves. A study of several problems is needed.
func (s *Study) RunTracks(ctx context.Context, tracks []string) (*League, error) {
	l := &League{Format: resultsFormat, Revision: Revision()}
	err := s.eachTrack(ctx, tracks, func(part *Study) error {
		part.before = append([]*Results{}, l.Tracks...)
		r, err := part.run(ctx, l.covering(part))
		l.Tracks = append(l.Tracks, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	l.compare()
	return l, nil
}

// covering is a track that all optimizers of a study have done, nil if there is none: what it
// has measured and checked is theirs as well.
func (l *League) covering(s *Study) *Results {
	for _, r := range l.Tracks {
		if labels := r.labels(); !slices.ContainsFunc(s.Entrants, func(e Entrant) bool { return !slices.Contains(labels, e.Label) }) {
			return r
		}
	}
	return nil
}

// RunTracksPart is [Study.RunPart] on each of several tracks.
func (s *Study) RunTracksPart(ctx context.Context, tracks []string, number, parts int) (runs int, err error) {
	err = s.eachTrack(ctx, tracks, func(part *Study) error {
		n, err := part.RunPart(ctx, number, parts)
		runs += n
		return err
	})
	return runs, err
}

// eachTrack calls do with the study on each track, all of which share what is compiled.
func (s *Study) eachTrack(ctx context.Context, tracks []string, do func(part *Study) error) error {
	whole := *s
	whole.brief = true
	if len(tracks) > 0 {
		whole.Track = tracks[0]
	}
	for i, name := range tracks {
		if slices.Contains(tracks[:i], name) {
			return &MistakeError{fmt.Errorf("the track %s is given twice", name)}
		}
		part, err := whole.on(name)
		if err != nil {
			return &MistakeError{err}
		}
		if whole.runner == nil {
			first := *part
			first.Entrants = whole.Entrants
			if whole.runner, err = first.prepare(ctx); err != nil && ctx.Err() == nil {
				return &MistakeError{err}
			} else if err != nil {
				return err
			}
			if len(whole.runner.infos) < 2 {
				return &MistakeError{errors.New("tracks are compared over several problems")}
			}
			part.runner = whole.runner
		}
		if part.OnJob != nil {
			part.OnJob = func(t Tally) {
				t.Phase = "track " + name + ", " + t.Phase
				s.OnJob(t)
			}
		}
		if err := do(part); err != nil {
			return err
		}
	}
	return nil
}

// on is the study on a track, with the optimizers that it is for.
func (s *Study) on(name string) (*Study, error) {
	track, err := spec.Find("track", tuning.Tracks, name)
	if err != nil {
		return nil, err
	}
	part := *s
	part.Track, part.Entrants = name, nil
	for _, e := range s.Entrants {
		switch _, err := e.space(track); {
		case err == nil:
			part.Entrants = append(part.Entrants, e)
		case !errors.Is(err, tuning.ErrTrack):
			return nil, err
		}
	}
	if len(part.Entrants) == 0 {
		return nil, fmt.Errorf("no optimizer can take part in the track %s", name)
	}
	return &part, nil
}

// compare fills in what follows from the tracks.
func (l *League) compare() {
	l.Agreements, l.Verdict = []Agreement{}, nil
	for i, a := range l.Tracks {
		for _, b := range l.Tracks[i+1:] {
			if both := shared(a, b); len(both) > 2 {
				x := Agreement{A: a.Setup.Track, B: b.Setup.Track, Optimizers: len(both)}
				x.Tau, x.CI = inference.Agreement(a.merits(both), b.merits(both), true, a.Setup.Seed)
				l.Agreements = append(l.Agreements, x)
			}
		}
	}
	l.Verdict = l.lead()
	var agree []string
	for _, x := range l.Agreements {
		agree = append(agree, fmt.Sprintf("%s and %s by %.2f (%.2f to %.2f, %d optimizers)", x.A, x.B, x.Tau, x.CI.Lo, x.CI.Hi, x.Optimizers))
	}
	l.Verdict = append(l.Verdict, said(l.Tracks[0].sayLeftOut())...)
	if len(agree) > 0 {
		l.Verdict = append(l.Verdict, "How far the orders of two tracks agree (Kendall's τ: 1 is the same order, 0 none in common; 95 % intervals for other problems of the kind): "+list(agree)+".")
	}
}

// lead says who has the first rank on each track, and how little that may say of other
// problems.
func (l *League) lead() []string {
	var firsts, shown, near []string
	for _, r := range l.Tracks {
		best, n := r.Overall[0], len(r.Overall)
		firsts = append(firsts, fmt.Sprintf("%s on %s (%.2f of %d)", best.Optimizer, r.Setup.Track, best.Rank, n))
		if r.shown() {
			shown = append(shown, r.Setup.Track)
		}
		near = append(near, fmt.Sprintf("%d of %d on %s", len(r.within(inference.CriticalDifference(n, len(r.Problems)))), n-1, r.Setup.Track))
	}
	lead := "No track shows a winner"
	if len(shown) > 0 {
		lead = "A winner is shown on " + list(shown)
	}
	return []string{fmt.Sprintf("%s. First mean ranks over %d problems: %s.", lead, len(l.Tracks[0].Problems), list(firsts)),
		fmt.Sprintf("For other problems of the kind, ranks do not tell from the first: %s.", list(near))}
}

// shown tells whether the first of a suite is shown to be better than all others.
func (r *Results) shown() bool {
	over := only(r.Pairs, "", func(p Pair) string { return p.Problem })
	return len(r.Overall) > 1 && !slices.ContainsFunc(r.Overall[1:], func(m Standing) bool {
		x := pair(over, r.Overall[0].Optimizer, m.Optimizer)
		return x == nil || x.A != r.Overall[0].Optimizer || x.Verdict != inference.Better
	})
}

// shared are the optimizers that both have.
func shared(a, b *Results) (out []string) {
	for _, label := range a.labels() {
		if slices.Contains(b.labels(), label) {
			out = append(out, label)
		}
	}
	return out
}

// A Published is a comparison of optimizers by somebody else.
type Published struct {
	Source string `json:"source"`
	What   string `json:"what"`
	Track  string `json:"track"` // that it is most like
	// Scores are those of each problem, by optimizers as [Parse] reads them; NaN of one that
	// diverged.
	Scores map[string]map[string]float64 `json:"scores"`
	// Lower are the problems whose scores are better if they are lower.
	Lower []string `json:"lower_is_better"`
}

// Agree says how far the order of the optimizers on the track that a published comparison
// is most like agrees with it, over those that both have, with an interval for other
// problems of both kinds.
func (l *League) Agree(p *Published) (Agreement, error) {
	i := slices.IndexFunc(l.Tracks, func(r *Results) bool { return r.Setup.Track == p.Track })
	if i < 0 {
		return Agreement{}, fmt.Errorf("the results have no track %q", p.Track)
	}
	r := l.Tracks[i]
	labels := slices.DeleteFunc(r.labels(), func(label string) bool {
		for _, own := range p.Scores {
			if _, ok := own[label]; !ok {
				return true
			}
		}
		return len(p.Scores) == 0
	})
	if len(labels) < 3 {
		return Agreement{}, fmt.Errorf("%d optimizers are in both; an order needs 3", len(labels))
	}
	var table [][]float64
	for _, name := range slices.Sorted(maps.Keys(p.Scores)) {
		var row []float64
		for _, label := range labels {
			x := p.Scores[name][label]
			switch {
			case math.IsNaN(x):
				x = math.Inf(-1)
			case slices.Contains(p.Lower, name):
				x = -x
			}
			row = append(row, x)
		}
		table = append(table, row)
	}
	x := Agreement{A: r.Setup.Track, B: p.Source, Optimizers: len(labels)}
	x.Tau, x.CI = inference.Agreement(table, r.merits(labels), false, r.Setup.Seed)
	return x, nil
}

// merits are the mean normalised scores of optimizers, problem by problem.
func (r *Results) merits(labels []string) [][]float64 {
	out := make([][]float64, len(r.Problems))
	for _, label := range labels {
		for w, own := range r.normal(label) {
			out[w] = append(out[w], stats.Mean(own))
		}
	}
	return out
}

// stated are results as a league has them: without what one problem says, which follows
// from the runs.
func (r *Results) stated() *Results {
	c := *r
	c.Format, c.Command, c.Plan, c.Revision = 0, "", nil, ""
	c.Optimizers, c.Pairs = nil, only(r.Pairs, "", func(p Pair) string { return p.Problem })
	return &c
}

// WriteCompressed writes what WriteJSON does, as gzip.
func (l *League) WriteCompressed(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := l.WriteJSON(z); err != nil {
		return err
	}
	return z.Close()
}

// WriteJSON writes the league.
func (l *League) WriteJSON(w io.Writer) error {
	c := *l
	c.Tracks = nil
	for _, r := range l.Tracks {
		c.Tracks = append(c.Tracks, r.stated())
	}
	return numjson.Write(w, &c, "")
}

// unzipped is a text that may be compressed.
func unzipped(text []byte) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxResults))
	return out, cmp.Or(err, z.Close())
}

// Verify derives each track again, as [Results.Verify] does, and what follows from all.
func (l *League) Verify(ctx context.Context, s *Study, part float64, digits int) (*Verification, error) {
	v := &Verification{Mismatches: []Mismatch{}}
	i := 0
	var tracks []string
	for _, r := range l.Tracks {
		tracks = append(tracks, r.Setup.Track)
	}
	err := s.eachTrack(ctx, tracks, func(study *Study) error {
		r := l.Tracks[i]
		i++
		own, err := r.Verify(ctx, study, part, digits)
		if err != nil {
			return err
		}
		v.Runs, v.Of, v.Values = v.Runs+own.Runs, v.Of+own.Of, v.Values+own.Values
		for _, m := range own.Mismatches {
			m.Where = "track " + r.Setup.Track + ": " + m.Where
			v.Mismatches = append(v.Mismatches, m)
		}
		return nil
	})
	if err != nil || len(v.Mismatches) > 0 {
		return v, err
	}
	again, stated := *l, *l
	again.compare()
	again.Tracks, stated.Tracks = nil, nil
	return v, v.compare("", again, stated, 0)
}
