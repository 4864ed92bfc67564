package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/internal/baseline"
	"descent/internal/digits"
)

// A Pair compares the test scores of two optimizers, of which A has the better
// mean: the higher accuracy, or the lower loss.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
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

// compare compares each pair of entrants of which no run diverged; runs has
// seeds runs for each entrant.
func compare(entrants []Entrant, runs []*outcome, seeds int) []Pair {
	pairs := []Pair{}
	var p []float64
	of := func(i int) []*outcome { return runs[i*seeds : (i+1)*seeds] }
	ended := func(o []*outcome) bool {
		return !slices.ContainsFunc(o, func(r *outcome) bool { return r.DivergedAt > 0 })
	}
	for i := range entrants {
		for j := range i {
			a, b := of(j), of(i)
			if !ended(a) || !ended(b) || len(a[0].rows) < 2 { // nothing follows from one row
				continue
			}
			d := crossed(differences(a, b))
			pair := Pair{A: entrants[j].Label, B: entrants[i].Label, Difference: d.mean, CI: d.ci}
			if d.mean < 0 {
				pair = Pair{A: pair.B, B: pair.A, Difference: -d.mean, CI: Interval{-d.ci.Hi, -d.ci.Lo}}
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

func differences(a, b []*outcome) [][]float64 {
	d := make([][]float64, len(a))
	for s := range a {
		d[s] = make([]float64, len(a[s].rows))
		for r := range d[s] {
			d[s][r] = a[s].rows[r] - b[s].rows[r]
		}
	}
	return d
}

// pair returns how a is compared with b, nil if they were not.
func (r *Results) pair(a, b string) *Pair {
	for i := range r.Pairs {
		if p := &r.Pairs[i]; p.A == a && p.B == b || p.A == b && p.B == a {
			return p
		}
	}
	return nil
}

// verdict says in words what the numbers say, most important first. The table
// is ranked already.
func (r *Results) verdict() []string {
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	if first := r.Optimizers[0]; r.score(&first) == nil || first.Diverged > 0 {
		if len(r.Optimizers) > 1 {
			add("Every optimizer diverged in at least one run: nothing can be said about which is best. Lower the learning rates.")
		}
	} else {
		add(r.sayBest())
		add(r.sayBaselines())
		add(r.sayOthers())
		add(r.saySpeed())
		add(r.sayTolerance())
		add(r.sayDefault())
	}
	add(r.sayDiverged())
	add(r.sayChecks())
	add(r.sayEdges())
	if n := r.Setup.Val; n < fewRows && len(r.Trials) > 0 {
		add(fmt.Sprintf("Warning: learning rates were chosen on only %d validation rows; another split may choose others.", n))
	}
	return out
}

// sayBaselines says what the best optimizer's model does not beat.
func (r *Results) sayBaselines() string {
	s := r.Optimizers[0].Accuracy
	what := "accuracy"
	if s == nil {
		s, what = r.Optimizers[0].R2, "R²"
	}
	if r.Baselines == nil || s == nil {
		return ""
	}
	b := r.Baselines.scores
	if r.Setup.Model == "linear" { // that is the other baseline, approached
		b = &baseline.Scores{Constant: b.Constant}
	}
	best, name := b.Best()
	if s.Mean > best || math.IsNaN(best) {
		return ""
	}
	return fmt.Sprintf("Warning: the model does not beat %s, which has a test %s of %.4f; with %s its mean is %.4f.", name, what, best, r.Optimizers[0].Optimizer, s.Mean)
}

func (r *Results) sayBest() string {
	b := r.Optimizers[0]
	s := r.score(&b)
	what := "Best mean test"
	if len(r.Optimizers) == 1 {
		what = "Mean test"
	}
	return fmt.Sprintf("%s %s: %s with %s (%s) at learning rate %s.", what, r.Setup.Score, b.Optimizer,
		r.format(s.Mean), r.spread(s), rateText(b.LR))
}

// spread says how far the runs are apart.
func (r *Results) spread(s *Stat) string {
	if r.Setup.Seeds == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%s to %s over %d seeds", r.plain(s.Min), r.format(s.Max), r.Setup.Seeds)
}

// sayOthers says who is behind the best, and who cannot be told from it.
func (r *Results) sayOthers() string {
	b := r.Optimizers[0].Optimizer
	var same, behind []string
	for _, o := range r.Optimizers[1:] {
		switch p := r.pair(b, o.Optimizer); {
		case p == nil:
		case p.Clear:
			behind = append(behind, fmt.Sprintf("%s by %s (95 %% interval %s to %s)", o.Optimizer, r.points(p.Difference), r.plain(p.CI.Lo), r.plain(p.CI.Hi)))
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

// saySpeed says who reached the target first.
func (r *Results) saySpeed() string {
	var fast []Summary
	var never []string
	for _, o := range r.Optimizers {
		if o.Steps != nil {
			fast = append(fast, o)
		} else {
			never = append(never, o.Optimizer)
		}
	}
	if len(fast) == 0 {
		return ""
	}
	slices.SortStableFunc(fast, func(a, b Summary) int { return sign(*a.Steps - *b.Steps) })
	when := " first,"
	if len(r.Optimizers) == 1 {
		when = ""
	}
	s := fmt.Sprintf("%s reached the target (validation loss %s)%s after %.0f steps", fast[0].Optimizer, digits.Short(r.Target, 3, 1e6), when, *fast[0].Steps)
	var rest []string
	for _, o := range fast[1:] {
		many := "about"
		if ratio := *o.Steps / *fast[0].Steps; ratio >= 1.05 {
			many = fmt.Sprintf("%.1f times", ratio)
		}
		rest = append(rest, fmt.Sprintf("%s as many for %s", many, o.Optimizer))
	}
	if len(rest) > 0 {
		s += "; it took " + list(rest)
	}
	if len(never) > 0 {
		s += "; " + list(never) + " did not reach it in half of the runs or more"
	}
	return s + "."
}

// sayTolerance says for whom the learning rate matters least.
func (r *Results) sayTolerance() string {
	var known []Summary
	for _, o := range r.Optimizers {
		if o.Sensitivity != nil {
			known = append(known, o)
		}
	}
	if len(known) < 2 {
		return ""
	}
	slices.SortStableFunc(known, func(a, b Summary) int { return sign(b.Sensitivity.Decades - a.Sensitivity.Decades) })
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
func (r *Results) sayDefault() string {
	var dear []string
	for _, o := range r.Optimizers {
		if o.PriceOfDefault != nil && *o.PriceOfDefault >= 1.5 {
			dear = append(dear, fmt.Sprintf("%.2g for %s (%s)", *o.PriceOfDefault, o.Optimizer, rateText(o.Default)))
		}
	}
	if len(dear) == 0 {
		return ""
	}
	return "Default learning rates are not good enough here: they multiply the validation loss by " + list(dear) + "."
}

func (r *Results) sayDiverged() string {
	var bad []string
	for _, o := range r.Optimizers {
		if o.Diverged > 0 {
			bad = append(bad, fmt.Sprintf("%s diverged in %d of %d runs at learning rate %s", o.Optimizer, o.Diverged, o.Runs, rateText(o.LR)))
		}
	}
	if len(bad) == 0 {
		return ""
	}
	if len(r.Optimizers) == 1 {
		return bad[0] + ". Lower it."
	}
	return strings.Join(bad, "; ") + ": ranked last."
}

func (r *Results) sayEdges() string {
	var at []string
	for _, o := range r.Optimizers {
		if o.AtEnd {
			at = append(at, fmt.Sprintf("%s (%s)", o.Optimizer, rateText(o.LR)))
		}
	}
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

// format formats a score: 97.9 % or 0.512.
func (r *Results) format(x float64) string {
	if r.byLoss() {
		return digits.Short(x, 3, 1e6)
	}
	return r.plain(x) + " %"
}

// plain formats a score or a difference of scores without its unit.
func (r *Results) plain(x float64) string {
	if r.byLoss() {
		return digits.Short(x, 3, 1e6)
	}
	return fmt.Sprintf("%.2f", 100*x)
}

// points formats a difference of scores.
func (r *Results) points(x float64) string {
	if r.byLoss() {
		return r.plain(x)
	}
	return r.plain(x) + " points"
}

// rateText formats a learning rate.
func rateText(x float64) string {
	if x != 0 && (math.Abs(x) < 1e-3 || math.Abs(x) >= 1e5) {
		return fmt.Sprintf("%.3g", x)
	}
	return fmt.Sprint(x)
}
