package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/internal/baseline"
)

// A Pair compares the test scores of two optimizers, of which A has the better
// mean: the higher accuracy, or the lower loss.
type Pair struct {
	Problem string `json:"problem"`
	A       string `json:"a"`
	B       string `json:"b"`
	// Difference is by how much A's mean score is better, with an interval that
	// 95 % of such studies would have around the true one: other seeds, other
	// test rows, the same training rows.
	Difference float64  `json:"difference"`
	CI         Interval `json:"ci"`
	// P is the probability of so large a difference if there were none,
	// corrected for the number of pairs (Holm).
	P float64 `json:"p"`
	// Clear says that the difference is more than noise: P is below 5 %.
	Clear bool `json:"clear"`
}

const (
	alpha   = 0.05
	fewRows = 100 // a choice by fewer is mostly luck
)

// compare compares each pair of optimizers on a problem of which no run diverged,
// if runs have rows to compare.
func compare(pairings []*pairing) []Pair {
	pairs := []Pair{}
	var p []float64
	ended := func(x *pairing) bool { // nothing follows from one row
		return !slices.ContainsFunc(x.runs, func(o *Outcome) bool { return o.DivergedAt > 0 || len(o.Merits) < 2 })
	}
	for i, second := range pairings {
		for _, first := range pairings[:i] {
			if !ended(first) || !ended(second) {
				continue
			}
			d := crossed(differences(first.runs, second.runs))
			pair := Pair{Problem: first.info.Name, A: first.Label, B: second.Label, Difference: d.mean, CI: d.ci}
			if d.mean < 0 {
				pair.A, pair.B, pair.Difference, pair.CI = pair.B, pair.A, -d.mean, Interval{-d.ci.Hi, -d.ci.Lo}
			}
			pairs, p = append(pairs, pair), append(p, d.p)
		}
	}
	for k, corrected := range holm(p) {
		pairs[k].P = corrected
		pairs[k].Clear = corrected < alpha
	}
	return pairs
}

func differences(a, b []*Outcome) [][]float64 {
	d := make([][]float64, len(a))
	for s := range a {
		d[s] = make([]float64, len(a[s].Merits))
		for r := range d[s] {
			d[s][r] = a[s].Merits[r] - b[s].Merits[r]
		}
	}
	return d
}

// pair returns how a is compared with b, nil if they were not.
func (p *part) pair(a, b string) *Pair {
	for i := range p.Pairs {
		if x := &p.Pairs[i]; x.A == a && x.B == b || x.A == b && x.B == a {
			return x
		}
	}
	return nil
}

// verdict says in words what the numbers say, most important first. Tables are
// ranked already.
func (r *Results) verdict() []string {
	if r.suite() {
		return append(r.sum(), slices.DeleteFunc([]string{sayChecks(r.Checks)}, func(s string) bool { return s == "" })...)
	}
	return r.part(0).verdict()
}

// verdict is that of a problem alone.
func (p *part) verdict() []string {
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	if first := p.Optimizers[0]; p.score(&first) == nil || first.Diverged > 0 {
		if len(p.Optimizers) > 1 {
			add("Every optimizer diverged in at least one run: nothing can be said about which is best. Lower the learning rates.")
		}
	} else {
		add(p.sayBest())
		add(p.sayBaselines())
		add(p.sayOthers())
		add(p.saySpeed())
		add(p.sayTolerance())
		add(p.sayDefault())
	}
	add(p.sayDiverged())
	add(sayChecks(p.Checks))
	add(p.sayEdges())
	if n := p.Val; n < fewRows && p.Trials > 0 {
		add(fmt.Sprintf("Warning: learning rates were chosen on only %d validation rows; another split may choose others.", n))
	}
	return out
}

// sayBaselines says what the best optimizer's model does not beat.
func (p *part) sayBaselines() string {
	s := p.Optimizers[0].Accuracy
	what := "accuracy"
	if s == nil {
		s, what = p.Optimizers[0].R2, "R²"
	}
	if p.Baselines == nil || s == nil {
		return ""
	}
	b := p.Baselines.scores
	if p.Model == "linear" { // that is the other baseline, approached
		b = &baseline.Scores{Constant: b.Constant}
	}
	best, name := b.Best()
	if s.Mean > best || math.IsNaN(best) {
		return ""
	}
	return fmt.Sprintf("Warning: the model does not beat %s, which has a test %s of %.4f; with %s its mean is %.4f.", name, what, best, p.Optimizers[0].Optimizer, s.Mean)
}

func (p *part) sayBest() string {
	b := p.Optimizers[0]
	s := p.score(&b)
	what := "Best mean test"
	if len(p.Optimizers) == 1 {
		what = "Mean test"
	}
	return fmt.Sprintf("%s %s: %s with %s (%s)%s.", what, p.Score, b.Optimizer, p.format(s.Mean), p.spread(s), rateClause(b.LR))
}

// spread says how far the runs are apart.
func (p *part) spread(s *Stat) string {
	if p.Seeds == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%s to %s over %d seeds", p.plain(s.Min), p.format(s.Max), p.Seeds)
}

// sayOthers says who is behind the best, and who cannot be told from it.
func (p *part) sayOthers() string {
	b := p.Optimizers[0].Optimizer
	var same, behind []string
	for _, o := range p.Optimizers[1:] {
		switch x := p.pair(b, o.Optimizer); {
		case x == nil:
		case x.Clear:
			behind = append(behind, fmt.Sprintf("%s by %s (95 %% interval %s to %s)", o.Optimizer, p.plain(x.Difference)+p.scoring().points, p.plain(x.CI.Lo), p.plain(x.CI.Hi)))
		default:
			same = append(same, o.Optimizer)
		}
	}
	var out []string
	if len(behind) > 0 {
		out = append(out, fmt.Sprintf("Behind it: %s.", list(behind)))
	}
	switch {
	case len(same) == 1:
		out = append(out, fmt.Sprintf("The difference to %s is noise: other seeds or other test rows could turn it round.", same[0]))
	case len(same) > 1:
		out = append(out, fmt.Sprintf("The differences to %s are noise: other seeds or other test rows could turn them round.", list(same)))
	}
	return strings.Join(out, " ")
}

// which returns the optimizers that are so.
func (p *part) which(so func(o *Summary) bool) (out []Summary) {
	for _, o := range p.Optimizers {
		if so(&o) {
			out = append(out, o)
		}
	}
	return out
}

// words says something of each.
func words(all []Summary, say func(o *Summary) string) (out []string) {
	for i := range all {
		out = append(out, say(&all[i]))
	}
	return out
}

// saySpeed says who reached the target first.
func (p *part) saySpeed() string {
	fast := p.which(func(o *Summary) bool { return o.Steps != nil })
	if len(fast) == 0 {
		return ""
	}
	slices.SortStableFunc(fast, func(a, b Summary) int { return cmp.Compare(*a.Steps, *b.Steps) })
	when := " first,"
	if len(p.Optimizers) == 1 {
		when = ""
	}
	s := fmt.Sprintf("%s reached the target (validation loss %s)%s after %.0f steps", fast[0].Optimizer, short(p.Target), when, *fast[0].Steps)
	rest := words(fast[1:], func(o *Summary) string {
		many := "about"
		if ratio := *o.Steps / *fast[0].Steps; ratio >= 1.05 {
			many = fmt.Sprintf("%.1f times", ratio)
		}
		return fmt.Sprintf("%s as many for %s", many, o.Optimizer)
	})
	if len(rest) > 0 {
		s += "; it took " + list(rest)
	}
	never := words(p.which(func(o *Summary) bool { return o.Steps == nil }), func(o *Summary) string { return o.Optimizer })
	if len(never) > 0 {
		s += "; " + list(never) + " did not reach it in half of the runs or more"
	}
	return s + "."
}

// sayTolerance says for whom the learning rate matters least.
func (p *part) sayTolerance() string {
	known := p.which(func(o *Summary) bool { return o.Sensitivity != nil })
	if len(known) < 2 {
		return ""
	}
	slices.SortStableFunc(known, func(a, b Summary) int { return cmp.Compare(b.Sensitivity.Decades, a.Sensitivity.Decades) })
	most, least := known[0], known[len(known)-1]
	text := fmt.Sprintf("%s forgives a wrong learning rate most: within %s decades the validation loss stays below twice the best", most.Optimizer, strings.Replace(most.Sensitivity.String(), "≥", "at least", 1))
	if !least.Sensitivity.open() {
		text += fmt.Sprintf("; %s the least, with %s", least.Optimizer, least.Sensitivity)
	}
	return text + "."
}

// open says that the width is only known to be at least so much.
func (s *Sensitivity) open() bool { return s.OpenBelow || s.OpenAbove }

// String formats the width, with ≥ if the grid ended first.
func (s *Sensitivity) String() string {
	text := fmt.Sprintf("%.1f", s.Decades)
	if s.open() {
		text = "≥ " + text
	}
	return text
}

// sayDefault says what it costs not to tune.
func (p *part) sayDefault() string {
	dear := words(p.which(func(o *Summary) bool { return o.PriceOfDefault != nil && *o.PriceOfDefault >= 1.5 }),
		func(o *Summary) string {
			return fmt.Sprintf("%.2g for %s (%s)", *o.PriceOfDefault, o.Optimizer, rateText(o.Default))
		})
	if len(dear) == 0 {
		return ""
	}
	return "Default learning rates are not good enough here: they multiply the validation loss by " + list(dear) + "."
}

func (p *part) sayDiverged() string {
	bad := words(p.which(func(o *Summary) bool { return o.Diverged > 0 }), func(o *Summary) string {
		return fmt.Sprintf("%s diverged in %d of %d runs%s", o.Optimizer, o.Diverged, o.Runs, rateClause(o.LR))
	})
	switch {
	case len(bad) == 0:
		return ""
	case len(p.Optimizers) == 1:
		return bad[0] + ". Lower it."
	}
	return strings.Join(bad, "; ") + ": ranked last."
}

func (p *part) sayEdges() string {
	at := words(p.which(func(o *Summary) bool { return o.AtEnd }), func(o *Summary) string {
		return fmt.Sprintf("%s (%s)", o.Optimizer, rateText(o.LR))
	})
	if len(at) == 0 {
		return ""
	}
	return "Warning: the best learning rate is at an end of the grid for " + list(at) + "; a wider grid may do better."
}

// list joins words: a, b and c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// rateClause says at which learning rate, if there is one.
func rateClause(lr float64) string {
	if lr == 0 {
		return ""
	}
	return " at learning rate " + rateText(lr)
}

// rateText formats a learning rate.
func rateText(x float64) string {
	if x != 0 && (math.Abs(x) < 1e-3 || math.Abs(x) >= 1e5) {
		return fmt.Sprintf("%.3g", x)
	}
	return fmt.Sprint(x)
}
