package bench

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"

	"descent/internal/page"
)

// A Change is how an optimizer did in two studies.
type Change struct {
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
	Noise     = "noise"
	Better    = "better"
	Worse     = "worse"
	Missing   = "missing" // in one of the studies
)

// Compare compares two studies of one problem, optimizer by optimizer. It is an
// error if what was compared is not the same.
func Compare(before, after *Results) ([]Change, error) {
	a, b := before.Setup, after.Setup
	for _, c := range []struct{ what, a, b string }{
		{"data", a.Data, b.Data}, {"model", a.Model, b.Model}, {"loss", a.Loss, b.Loss},
		{"test rows", fmt.Sprint(a.Test), fmt.Sprint(b.Test)}, {"score", a.Score, b.Score},
		{"seed", fmt.Sprint(a.Seed), fmt.Sprint(b.Seed)}, // of the split too
	} {
		if c.a != c.b {
			return nil, fmt.Errorf("the studies differ in their %s: %s and %s", c.what, c.a, c.b)
		}
	}
	var out []Change
	for _, o := range before.Optimizers {
		out = append(out, change(before, after, o.Optimizer))
	}
	for _, o := range after.Optimizers {
		if len(before.byOptimizer(o.Optimizer)) == 0 {
			out = append(out, change(before, after, o.Optimizer))
		}
	}
	return out, nil
}

func change(before, after *Results, label string) Change {
	c := Change{Optimizer: label, Verdict: Missing, P: 1}
	old, now := before.summary(label), after.summary(label)
	if old != nil {
		c.Old = meanOf(before.score(old))
	}
	if now != nil {
		c.New = meanOf(after.score(now))
	}
	if old == nil || now == nil {
		return c
	}
	if now.MicrosPerStep > 0 {
		c.Speed = old.MicrosPerStep / now.MicrosPerStep
	}
	switch {
	case old.Diverged < now.Diverged:
		c.Verdict = Worse
		return c
	case old.Diverged > now.Diverged:
		c.Verdict = Better
		return c
	}
	gains, same := gains(before, after, label)
	c.Verdict = Noise
	if same {
		c.Verdict = Identical
	}
	if len(gains) == 0 {
		return c
	}
	d := paired(gains)
	c.Better, c.P = d.mean, d.p
	if !same && d.p < alpha {
		c.Verdict = Better
		if d.mean < 0 {
			c.Verdict = Worse
		}
	}
	return c
}

// gains returns by how much each run is better than the one with its seed, and
// whether the runs are the same, curves and all.
func gains(before, after *Results, label string) (out []float64, same bool) {
	old, now := before.byOptimizer(label), after.byOptimizer(label)
	same = len(old) == len(now)
	for _, a := range old {
		for _, b := range now {
			if a.Seed != b.Seed {
				continue
			}
			same = same && a.equal(b)
			gain := after.scoreOf(b) - before.scoreOf(a)
			if before.byLoss() {
				gain = -gain
			}
			if finite(gain) {
				out = append(out, gain)
			}
		}
	}
	return out, same && len(out) == len(old)
}

// equal reports whether two runs went the same way, to the last bit.
func (r *Run) equal(o *Run) bool {
	a, b := *r, *o
	for _, x := range []*Run{&a, &b} {
		x.MicrosPerStep, x.StepsToTarget = 0, nil // the target depends on the other optimizers
	}
	return reflect.DeepEqual(a, b)
}

func (r *Results) summary(label string) *Summary {
	for i := range r.Optimizers {
		if r.Optimizers[i].Optimizer == label {
			return &r.Optimizers[i]
		}
	}
	return nil
}

func meanOf(s *Stat) *float64 {
	if s == nil {
		return nil
	}
	return &s.Mean
}

// WriteChanges writes a comparison as a table. The results say how scores are
// written.
func (r *Results) WriteChanges(w io.Writer, changes []Change) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "optimizer\told test %s\tnew\tverdict\tp\tspeed\n", r.Setup.Score)
	for _, c := range changes {
		score := func(x *float64) string {
			if x == nil {
				return none
			}
			return r.format(*x)
		}
		speed := none
		if c.Speed > 0 {
			speed = fmt.Sprintf("%.2f×", c.Speed)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2g\t%s\n", strings.ReplaceAll(page.Plain(c.Optimizer), "\n", " "), score(c.Old), score(c.New), c.Verdict, c.P, speed)
	}
	return t.Flush()
}
