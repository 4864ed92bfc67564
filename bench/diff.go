package bench

import (
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"descent/bench/inference"
	"descent/internal/page"
	"descent/internal/stats"
)

// A Change is how an optimizer did in two studies.
type Change struct {
	Track     string `json:"track,omitempty"` // of leagues
	Optimizer string `json:"optimizer"`
	// Old and New are mean test scores, nil where the optimizer is missing or
	// all its runs diverged.
	Old *float64 `json:"old"`
	New *float64 `json:"new"`
	// Better is by how much the new score is better, over the runs that share
	// a seed; P is the probability of so large a change if there were none.
	Better float64 `json:"better"`
	P      float64 `json:"p"`
	// Verdict is one of the constants below.
	Verdict string  `json:"verdict"`
	Speed   float64 `json:"speed"` // old time per step over new; 0 if unknown
}

// What a change amounts to.
const (
	Identical = "identical" // the same bits
	NotShown  = "not shown"
	Better    = "better"
	Worse     = "worse"
	Missing   = "missing" // in one of the studies
)

// An entry is how an optimizer did in a study, over all problems.
type entry struct {
	label    string
	score    *float64 // nil if all its runs diverged
	diverged int      // runs
	micros   float64
	runs     []*Outcome
	merits   []float64 // of each run: more is better
}

// entries returns the optimizers in the order of their runs. Over several problems
// scores are normalised.
func (r *Results) entries() (out []entry) {
	for _, label := range r.labels() {
		e := entry{label: label}
		var scores []float64
		for i := range r.Problems {
			p := r.part(i)
			for _, run := range p.of(label) {
				score, merit := p.scoreOf(run), p.merit(run)
				if r.suite() {
					score = p.normalised(run)
					merit = score
				}
				if e.runs, e.merits = append(e.runs, run), append(e.merits, merit); run.DivergedAt > 0 {
					e.diverged++
				}
				if !math.IsNaN(score) {
					scores = append(scores, score)
				}
			}
			e.micros += r.Measured.of(p.Name, label)
		}
		if len(scores) > 0 {
			e.score = new(stats.Mean(scores))
		}
		out = append(out, e)
	}
	return out
}

// Compare compares two studies of the same problems, optimizer by optimizer. It is
// an error if what was compared is not the same.
func Compare(before, after *Results) ([]Change, error) {
	if err := before.sameAs(after); err != nil {
		return nil, err
	}
	var out []Change
	nows := after.entries()
	for _, old := range before.entries() {
		i := slices.IndexFunc(nows, func(e entry) bool { return e.label == old.label })
		if i < 0 {
			out = append(out, Change{Optimizer: old.label, Old: old.score, P: 1, Verdict: Missing})
			continue
		}
		out = append(out, change(&old, &nows[i]))
		nows = slices.Delete(nows, i, i+1)
	}
	for _, now := range nows {
		out = append(out, Change{Optimizer: now.label, New: now.score, P: 1, Verdict: Missing})
	}
	return out, nil
}

// CompareLeagues compares two leagues track by track; one track with one, whatever it is.
func CompareLeagues(before, after *League) (out [][]Change, err error) {
	if len(before.Tracks) != len(after.Tracks) {
		return nil, fmt.Errorf("the studies differ in their number of tracks: %d and %d", len(before.Tracks), len(after.Tracks))
	}
	for i, r := range before.Tracks {
		now, track := after.Tracks[i], ""
		if len(before.Tracks) > 1 {
			if track = r.Setup.Track; track != now.Setup.Track {
				return nil, fmt.Errorf("the studies differ in their tracks: %s and %s", track, now.Setup.Track)
			}
		}
		changes, err := Compare(r, now)
		if err != nil {
			return nil, err
		}
		for k := range changes {
			changes[k].Track = track
		}
		out = append(out, changes)
	}
	return out, nil
}

// sameAs reports the first thing in which two studies differ that makes their
// scores different things.
func (r *Results) sameAs(o *Results) error {
	type facts struct{ what, a, b string }
	all := []facts{{"seed", fmt.Sprint(r.Setup.Seed), fmt.Sprint(o.Setup.Seed)}, // of the split too
		{"number of problems", fmt.Sprint(len(r.Problems)), fmt.Sprint(len(o.Problems))}}
	for i := range min(len(r.Problems), len(o.Problems)) {
		a, b := r.Problems[i], o.Problems[i]
		all = append(all, facts{"data", a.Data, b.Data}, facts{"problems", a.Name, b.Name}, facts{"model", a.Model, b.Model}, facts{"loss", a.Loss, b.Loss},
			facts{"test rows", fmt.Sprint(a.Test), fmt.Sprint(b.Test)}, facts{"score", a.Score, b.Score})
		if a.function() {
			all = append(all, facts{"budget", fmt.Sprint(a.Budget), fmt.Sprint(b.Budget)})
		}
		if a.Data256 != "" && b.Data256 != "" { // which earlier formats do not have
			all = append(all, facts{"rows of " + a.Data + " (SHA-256)", a.Data256, b.Data256})
		}
	}
	for _, f := range all {
		if f.a != f.b {
			return fmt.Errorf("the studies differ in their %s: %s and %s", f.what, f.a, f.b)
		}
	}
	return nil
}

// change compares an optimizer's entries.
func change(old, now *entry) Change {
	c := Change{Optimizer: old.label, Old: old.score, New: now.score, P: 1, Verdict: NotShown}
	if now.micros > 0 {
		c.Speed = old.micros / now.micros
	}
	gains, same := gains(old, now)
	var d inference.Difference
	if len(gains) > 0 {
		d = inference.Compare([][]float64{gains}, 1, 0)
		c.Better, c.P = d.Mean, d.P
	}
	switch {
	case same:
		c.Verdict = Identical
	case old.diverged < now.diverged, old.diverged == now.diverged && c.P < inference.Level && d.Mean < 0:
		c.Verdict = Worse
	case old.diverged > now.diverged, c.P < inference.Level:
		c.Verdict = Better
	}
	return c
}

// gains returns by how much each run is better than the one with its seed, and
// whether the runs are the same, curves and all.
func gains(old, now *entry) (out []float64, same bool) {
	same = len(old.runs) == len(now.runs)
	pairs := 0
	for i, a := range old.runs {
		for k, b := range now.runs {
			if a.Problem != b.Problem || a.Seed != b.Seed || a.Case != b.Case {
				continue
			}
			pairs++
			same = same && a.equal(b)
			if gain := now.merits[k] - old.merits[i]; finite(gain) {
				out = append(out, gain)
			}
		}
	}
	return out, same && pairs == len(old.runs)
}

// equal reports whether two runs went the same way, to the last bit.
func (o *Outcome) equal(other *Outcome) bool {
	a, trainedA := o.apart()
	b, trainedB := other.apart()
	return reflect.DeepEqual(a, b) && reflect.DeepEqual(trainedA, trainedB)
}

// apart is the run without what is written in two ways, and what came of its rows.
func (o *Outcome) apart() (Outcome, Trained) {
	c := *o
	c.Schedule, c.Trained = "", nil
	if o.Trained == nil {
		return c, Trained{}
	}
	return c, *o.Trained
}

// WriteChanges writes a comparison as a table. The results say how scores are
// written.
func (r *Results) WriteChanges(w io.Writer, changes []Change) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	what, p := "score", &ProblemInfo{Score: "area"}
	if !r.suite() && len(r.Problems) > 0 {
		p = &r.Problems[0]
		what = "test " + p.Score
	}
	fmt.Fprintf(t, "optimizer\told %s\tnew\tverdict\tp\tspeed\n", what)
	for _, c := range changes {
		score := func(x *float64) string {
			if x == nil {
				return none
			}
			return p.format(*x)
		}
		speed := none
		if c.Speed > 0 {
			speed = fmt.Sprintf("%.2f×", c.Speed)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2g\t%s\n", strings.ReplaceAll(page.Plain(c.Optimizer), "\n", " "), score(c.Old), score(c.New), c.Verdict, c.P, speed)
	}
	return t.Flush()
}
