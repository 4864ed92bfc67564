package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"descent/bench/inference"
)

// A Pair compares two optimizers, of which A has the better mean: the higher accuracy
// or area, or the lower loss; over all problems, the higher normalised score.
type Pair struct {
	Problem string `json:"problem"` // "" is all of a suite
	A       string `json:"a"`
	B       string `json:"b"`
	// Difference is by how much A's mean score is better, with an interval for other
	// seeds and cases that is corrected for the number of pairs, as P is: the
	// probability of so large a difference if there were none. The interval leaves 0 out
	// exactly where P is below 5 %.
	Difference float64            `json:"difference"`
	CI         inference.Interval `json:"ci"`
	P          float64            `json:"p"`
	// Verdict is that A is better, that both are equivalent (the interval lies within
	// the margin), or that neither is shown.
	Verdict inference.Verdict `json:"verdict"`
	Margin  float64           `json:"margin"`
	// Needed is the number of seeds that would show a difference of the margin, 0 if
	// that is not known.
	Needed int `json:"needed"`
	// Improvement is the chance that a run of A is better than one of B on the same
	// problem.
	Improvement float64 `json:"improvement"`
}

const fewRows = 100 // a choice by fewer is mostly luck

// compare compares each pair of optimizers on a problem of which no run diverged.
func (p *part) compare(margin float64) (pairs []Pair) {
	var whole []string
	merits := map[string][]float64{}
	for _, o := range p.Optimizers {
		for _, run := range p.of(o.Optimizer) {
			merits[o.Optimizer] = append(merits[o.Optimizer], p.merit(run))
		}
		if !slices.ContainsFunc(merits[o.Optimizer], math.IsNaN) {
			whole = append(whole, o.Optimizer)
		}
	}
	for i, b := range whole {
		for _, a := range whole[:i] {
			m := cmp.Or(margin, p.scoring().margin, 0.01*min(math.Abs(p.mean(a)), math.Abs(p.mean(b))))
			pairs = append(pairs, pairOf(p.Name, a, b, [][]float64{merits[a]}, [][]float64{merits[b]}, len(whole), m))
		}
	}
	return pairs
}

// mean is the mean score of an optimizer.
func (p *part) mean(label string) float64 {
	i := slices.IndexFunc(p.Optimizers, func(o Summary) bool { return o.Optimizer == label })
	return p.score(&p.Optimizers[i]).Mean
}

// compareAll compares each pair over all problems, whose runs have normalised scores.
func (r *Results) compareAll(labels []string, normal [][][]float64) (pairs []Pair) {
	for i := range labels {
		for k := range i {
			pairs = append(pairs, pairOf("", labels[k], labels[i], normal[k], normal[i], len(labels), cmp.Or(r.Setup.Margin, suiteMargin)))
		}
	}
	return pairs
}

// suiteMargin is the difference of normalised scores that does not matter.
const suiteMargin = 0.01

// pairOf compares the runs of two of so many optimizers, stratum by stratum.
func pairOf(problem, a, b string, x, y [][]float64, optimizers int, margin float64) Pair {
	var gains [][]float64
	for w := range x {
		var own []float64
		for i := range x[w] {
			own = append(own, x[w][i]-y[w][i])
		}
		gains = append(gains, own)
	}
	d := inference.Compare(gains, optimizers*(optimizers-1)/2, margin)
	p := Pair{Problem: problem, A: a, B: b, Difference: d.Mean, CI: d.CI, P: d.P, Verdict: d.Verdict, Margin: margin, Needed: d.Needed, Improvement: inference.Improvement(x, y)}
	if d.Mean < 0 {
		p.A, p.B, p.Difference, p.CI, p.Improvement = b, a, -d.Mean, inference.Interval{Lo: -d.CI.Hi, Hi: -d.CI.Lo}, 1-p.Improvement
	}
	return p
}

// pair returns how a is compared with b, nil if they were not.
func pair(pairs []Pair, a, b string) *Pair {
	for i := range pairs {
		if x := &pairs[i]; x.A == a && x.B == b || x.A == b && x.B == a {
			return x
		}
	}
	return nil
}

// verdict says in words what the numbers say, most important first. Tables are
// ranked already.
func (r *Results) verdict() []string {
	if r.suite() {
		return said(append(r.sum(), sayChecks(r.Checks), r.sayLeftOut(), r.sayGivenUp())...)
	}
	return said(append(r.part(0).verdict(), r.sayGivenUp())...)
}

// sayLeftOut says what of the suite is not in the results.
func (r *Results) sayLeftOut() string {
	if len(r.Setup.LeftOut) == 0 {
		return ""
	}
	return "Warning: left out of the suite: " + list(r.Setup.LeftOut) + "."
}

// said leaves out what has nothing to say.
func said(sentences ...string) []string {
	return slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
}

// verdict is that of a problem alone.
func (p *part) verdict() []string {
	var out []string
	switch first := p.Optimizers[0]; {
	case p.score(&first) != nil && first.Diverged == 0:
		out = append(p.sayBest(), p.sayBaselines(), p.saySpeed(), p.sayTolerance(), p.sayDefault())
	case len(p.Optimizers) > 1:
		out = []string{"Every optimizer diverged in at least one run: nothing can be said about which is best. Lower the learning rates."}
	}
	out = append(out, p.sayDiverged(), sayChecks(p.Checks))
	if n := p.Val; n < fewRows && len(p.Trials) > 0 {
		out = append(out, fmt.Sprintf("Warning: settings were chosen on only %d validation rows; another division may choose others.", n))
	}
	return said(out...)
}

// sayBaselines says what the best optimizer's model does not beat.
func (p *part) sayBaselines() string {
	s, what, sign := p.Optimizers[0].Accuracy, "accuracy", 1.0
	if _, usual := scorings[p.Score]; !usual {
		if s, what = p.score(&p.Optimizers[0]), p.Score; p.Lower {
			sign = -1
		}
	} else if s == nil {
		s, what = p.Optimizers[0].R2, "R²"
	}
	if p.Baselines == nil || s == nil {
		return ""
	}
	best, name := p.Baselines.Constant, "always saying the same"
	if l := p.Baselines.Linear; l != nil && !(sign**l <= sign*best) {
		best, name = *l, "the solved linear model"
	}
	if sign*s.Mean > sign*best || math.IsNaN(best) {
		return ""
	}
	return fmt.Sprintf("The model does not beat %s, which has a test %s of %.4f; with %s its mean is %.4f.", name, what, best, p.Optimizers[0].Optimizer, s.Mean)
}

// sayBest names a winner, if there is one that is shown to be better than all others,
// and says what is known about the others.
func (p *part) sayBest() []string {
	b := p.Optimizers[0]
	s := p.score(&b)
	of := fmt.Sprintf("%s with %s (95 %% interval %s to %s, %s)%s", b.Optimizer, p.format(s.Mean), p.plain(s.CI.Lo), p.format(s.CI.Hi), p.over(), rateClause(b.LR))
	if p.Setup.Seeds == 1 {
		of = fmt.Sprintf("%s with %s (one seed)%s", b.Optimizer, p.format(s.Mean), rateClause(b.LR))
	}
	if len(p.Optimizers) == 1 {
		return []string{fmt.Sprintf("Mean test %s: %s.", p.Score, of)}
	}
	var others []string
	for _, o := range p.Optimizers[1:] {
		others = append(others, o.Optimizer)
	}
	rest, shown := sayPairs(p.Pairs, b.Optimizer, others, p.Setup.Seeds, func(x float64) string { return p.plain(x) }, p.scoring().points)
	if shown {
		return append([]string{fmt.Sprintf("Best mean test %s: %s.", p.Score, of)}, rest...)
	}
	return append([]string{fmt.Sprintf("No winner is shown. The best mean test %s is that of %s.", p.Score, of)}, rest...)
}

// over says over what the runs of an optimizer differ.
func (p *part) over() string {
	if p.Cases {
		return fmt.Sprintf("%d seeds and divisions of the rows", p.Optimizers[0].Runs)
	}
	return fmt.Sprintf("%d seeds", p.Optimizers[0].Runs)
}

// sayPairs says how one optimizer compares with others, and whether it is shown to be
// better than all of them.
func sayPairs(pairs []Pair, first string, others []string, seeds int, plain func(float64) string, points string) (out []string, shown bool) {
	var behind, same, open []string
	needed := 0
	margin := ""
	for _, o := range others {
		switch x := pair(pairs, first, o); {
		case x == nil:
		case x.Verdict == inference.Better && x.A == first:
			behind = append(behind, fmt.Sprintf("%s by %s (%s to %s)", o, plain(x.Difference)+points, plain(x.CI.Lo), plain(x.CI.Hi)))
		case x.Verdict == inference.Equivalent:
			same, margin = append(same, o), plain(x.Margin)+points
		default:
			open, margin = append(open, fmt.Sprintf("%s (%s, %s to %s)", o, plain(x.Difference), plain(x.CI.Lo), plain(x.CI.Hi))), plain(x.Margin)+points
			needed = max(needed, x.Needed)
		}
	}
	if len(behind) > 0 {
		out = append(out, fmt.Sprintf("%s is shown to be better than %s.", first, list(behind)))
	}
	if len(same) > 0 {
		out = append(out, fmt.Sprintf("Equivalent to it, within %s: %s.", margin, list(same)))
	}
	if len(open) > 0 {
		s := fmt.Sprintf("Not shown with %d seeds: the difference to %s", seeds, list(open))
		if needed > seeds {
			s += fmt.Sprintf("; about %d would show %s", needed, margin)
		}
		out = append(out, s+".")
	}
	return out, len(behind) > 0 && len(same)+len(open) == 0
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
	if p.Target == nil || len(fast) == 0 {
		return ""
	}
	slices.SortStableFunc(fast, func(a, b Summary) int { return cmp.Compare(*a.Steps, *b.Steps) })
	when := " first,"
	if len(p.Optimizers) == 1 {
		when = ""
	}
	s := fmt.Sprintf("%s reached the target (%s)%s after %.0f steps", fast[0].Optimizer, p.targetText(), when, *fast[0].Steps)
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

// targetText says what the target is.
func (p *ProblemInfo) targetText() string {
	value := short(*p.Target)
	if p.TargetOf == "accuracy" {
		value = fmt.Sprintf("%.2f %%", 100**p.Target)
	}
	text := "validation " + p.TargetOf + " " + value
	if p.Reference == nil {
		text += ", that of the solved linear model"
	}
	return text
}

// sayTolerance says for whom the learning rate matters most and least, among those of
// whom that is known: a width that the range has cut off is not ranked.
func (p *part) sayTolerance() string {
	known := p.which(func(o *Summary) bool { return o.Sensitivity != nil && !o.Sensitivity.open() })
	if len(known) < 2 {
		return ""
	}
	slices.SortStableFunc(known, func(a, b Summary) int { return cmp.Compare(b.Sensitivity.Decades, a.Sensitivity.Decades) })
	most, least := known[0], known[len(known)-1]
	return fmt.Sprintf("Of the %d whose learning-rate tolerance lies within the range, %s has the largest, %s decades, and %s the smallest, %s.",
		len(known), most.Optimizer, most.Sensitivity, least.Optimizer, least.Sensitivity)
}

// price is by how much trials are expected to improve on the default score, as a
// difference that is positive if they do.
func (p *ProblemInfo) price(o *Summary) float64 {
	if len(o.BestOf) == 0 {
		return math.NaN()
	}
	gain := o.BestOf[len(o.BestOf)-1] - o.BestOf[0]
	if p.scoring().lower {
		return -gain
	}
	return gain
}

// dear says that the default costs more than the margin; of losses, which have none,
// more than a tenth.
func (p *part) dear(o *Summary) bool {
	if len(o.BestOf) == 0 {
		return false
	}
	margin := cmp.Or(p.Setup.Margin, p.scoring().margin, 0.1*math.Abs(o.BestOf[len(o.BestOf)-1]))
	return p.price(o) > margin
}

// sayDefault says what it costs not to tune.
func (p *part) sayDefault() string {
	gains := words(p.which(p.dear), func(o *Summary) string {
		if x := p.price(o); finite(x) {
			return p.plain(x) + p.scoring().points + " for " + o.Optimizer
		}
		return "everything for " + o.Optimizer
	})
	if len(gains) == 0 {
		return ""
	}
	return "Default settings are not good enough here: tuning gains " + list(gains) + "."
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
