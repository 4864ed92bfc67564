package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"descent/bench/inference"
	"descent/internal/elementary"
	"descent/internal/stats"
)

// A Standing is an optimizer's row in the table of all problems.
type Standing struct {
	Optimizer string `json:"optimizer"`
	// Rank is the mean over problems of the rank by mean score, 1 for the best.
	Rank float64 `json:"mean_rank"`
	// Score is the mean over problems of the mean normalised score, see docs/bench.md,
	// Middle the interquartile mean over all runs of all problems; with intervals for
	// other seeds and cases.
	Score    float64            `json:"score"`
	CI       inference.Interval `json:"ci"`
	Middle   float64            `json:"interquartile_mean"`
	MiddleCI inference.Interval `json:"interquartile_ci"`
	// Reached is the share of (problem, run, target) that was reached, Solved the
	// number of problems whose last target was reached by every run, Diverged the share
	// of runs.
	Reached  float64 `json:"reached"`
	Solved   int     `json:"solved"`
	Diverged float64 `json:"diverged"`
	// Ranks are the mean ranks after k = 0, 1, … trials, of all that have trials or need
	// none; by the score that k trials are expected to find.
	Ranks []float64 `json:"rank_by_trials"`
	// One is the best setting for all problems: its text, its rate, and the mean
	// normalised score of the trials that had it; Tuned and Default are those of the
	// trials that were chosen, and of the defaults. Nil if nothing was searched for.
	One     *Choice  `json:"one_setting"`
	Tuned   *float64 `json:"tuned_score"`
	Default *float64 `json:"default_score"`
}

// A Choice is a setting, and how well it did.
type Choice struct {
	Settings string  `json:"settings"`
	LR       float64 `json:"lr"`
	Score    float64 `json:"score"`
}

// suite says that the results are summed up over problems: there are several, or
// one with targets of its own.
func (r *Results) suite() bool {
	return len(r.Problems) > 1 || len(r.Problems) == 1 && r.Problems[0].function()
}

// area is the area under the share of targets that a run has reached over the
// logarithm of the budget, 1 if all were reached at once.
func area(run *Outcome) (sum float64) {
	for _, h := range run.Hits {
		if h > 0 {
			sum += (1 - elementary.Log(float64(h))/elementary.Log(float64(max(run.Budget, 2)))) / float64(len(run.Hits))
		}
	}
	return sum
}

// normal returns the normalised scores of an optimizer: of each problem, each run.
func (r *Results) normal(label string) (out [][]float64) {
	for i := range r.Problems {
		p := r.part(i)
		var own []float64
		for _, run := range p.of(label) {
			own = append(own, p.normalised(run))
		}
		out = append(out, own)
	}
	return out
}

// rank fills in the table of all problems, and compares over them.
func (r *Results) rank(labels []string) {
	var normal [][][]float64
	for _, label := range labels {
		normal = append(normal, r.normal(label))
	}
	both := func(m [][][]float64) (out []float64) {
		for _, own := range m {
			mean := 0.0
			for _, runs := range own {
				mean += stats.Mean(runs) / float64(len(own))
			}
			out = append(out, mean, inference.InterquartileMean(own))
		}
		return out
	}
	scores, intervals, ranks := both(normal), inference.Bootstrap(normal, both, r.Setup.Seed), ranksOf(normal)
	curves := r.ranksByTrials(labels)
	for k, label := range labels {
		m := Standing{Optimizer: label, Rank: ranks[k], Score: scores[2*k], CI: intervals[2*k], Middle: scores[2*k+1], MiddleCI: intervals[2*k+1]}
		if curves != nil {
			m.Ranks = curves[k]
		}
		r.targets(&m)
		r.choices(&m)
		r.Overall = append(r.Overall, m)
	}
	slices.SortStableFunc(r.Overall, func(a, b Standing) int { return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(b.Score, a.Score)) })
	r.Pairs = append(r.Pairs, r.compareAll(labels, normal)...)
}

// ranksOf returns mean ranks by the means of runs.
func ranksOf(normal [][][]float64) []float64 {
	var merits [][]float64
	for w := range normal[0] {
		var row []float64
		for _, own := range normal {
			row = append(row, stats.Mean(own[w]))
		}
		merits = append(merits, row)
	}
	return inference.MeanRanks(merits)
}

// targets counts what an optimizer has reached.
func (r *Results) targets(m *Standing) {
	runs, targets := 0, 0
	for i := range r.Problems {
		solved := true
		for _, run := range r.part(i).of(m.Optimizer) {
			runs++
			if run.DivergedAt > 0 {
				m.Diverged++
			}
			for _, h := range run.Hits {
				if targets++; h > 0 {
					m.Reached++
				}
			}
			solved = solved && len(run.Hits) > 0 && run.Hits[len(run.Hits)-1] > 0
		}
		if solved {
			m.Solved++
		}
	}
	m.Diverged /= float64(runs)
	m.Reached /= float64(max(targets, 1))
}

// choices compares ways to choose a setting, by the trials: the same draws were tried
// on every problem.
func (r *Results) choices(m *Standing) {
	var sums []float64
	var all []*Outcome
	tuned, n := 0.0, float64(len(r.Problems))
	for i := range r.Problems {
		p := r.part(i)
		trials := p.trialsOf(m.Optimizer)
		if len(trials) == 0 || sums != nil && len(sums) != len(trials) {
			return
		}
		all = append(all, trials...)
		if sums == nil {
			sums = make([]float64, len(trials))
		}
		for k, t := range trials {
			sums[k] += p.normalised(t) / n
		}
		tuned += p.normalised(trials[p.order(trials)[0]]) / n
	}
	best := 0
	for k, x := range sums {
		same := true // a range may be that of a problem
		for i := k; i < len(all); i += len(sums) {
			same = same && all[i].LR == all[k].LR
		}
		if same && x > sums[best] {
			best = k
		}
	}
	m.One, m.Tuned, m.Default = &Choice{all[best].Settings, all[best].LR, sums[best]}, &tuned, &sums[0]
}

// ranksByTrials returns the mean ranks of the optimizers after k trials. One with
// nothing to tune has its mean score whatever k is.
func (r *Results) ranksByTrials(labels []string) [][]float64 {
	if r.Setup.Trials == 0 {
		return nil
	}
	out := make([][]float64, len(labels))
	for k := range r.Setup.Trials + 1 {
		var merits [][]float64
		for i := range r.Problems {
			p := r.part(i)
			var row []float64
			for _, label := range labels {
				row = append(row, p.after(label, k))
			}
			merits = append(merits, row)
		}
		for e, rank := range inference.MeanRanks(merits) {
			out[e] = append(out[e], rank)
		}
	}
	return out
}

// after is the merit of an optimizer after k trials.
func (p *part) after(label string, k int) float64 {
	sign := 1.0
	if p.scoring().lower {
		sign = -1
	}
	for i := range p.Optimizers {
		o := &p.Optimizers[i]
		switch s := p.score(o); {
		case o.Optimizer != label:
		case len(o.BestOf) > 0:
			return sign * o.BestOf[k]
		case s != nil && o.Diverged == 0:
			return sign * s.Mean
		}
	}
	return math.Inf(-1)
}

// flips returns the pairs of optimizers whose order after few trials is not that after
// all, with the number of trials from which on it is.
func (r *Results) flips() (out []string) {
	for i, a := range r.Overall {
		for _, b := range r.Overall[i+1:] {
			last := len(a.Ranks) - 1
			if last < 0 || len(b.Ranks) == 0 || a.Ranks[last] == b.Ranks[last] {
				continue
			}
			first := last
			for first > 0 && (a.Ranks[first-1]-b.Ranks[first-1])*(a.Ranks[last]-b.Ranks[last]) > 0 {
				first--
			}
			if first == 0 {
				continue
			}
			ahead, behind := a.Optimizer, b.Optimizer
			if a.Ranks[last] > b.Ranks[last] {
				ahead, behind = behind, ahead
			}
			out = append(out, fmt.Sprintf("%s is before %s from %d trials on", ahead, behind, first))
		}
	}
	return out
}

// unstable returns the problems without which another optimizer would have the first
// rank.
func (r *Results) unstable() (names []string) {
	if len(r.Problems) < 2 {
		return nil
	}
	var normal [][][]float64
	for _, m := range r.Overall {
		normal = append(normal, r.normal(m.Optimizer))
	}
	for i, p := range r.Problems {
		var left [][][]float64
		for _, own := range normal {
			left = append(left, slices.Delete(slices.Clone(own), i, i+1))
		}
		if ranks := ranksOf(left); slices.Min(ranks) < ranks[0] {
			names = append(names, p.Name)
		}
	}
	return names
}

// sum says in words what the table of all problems says: who is best, with what
// uncertainty; what tuning does; what that depends on.
func (r *Results) sum() []string {
	best := r.Overall[0]
	score := func(m Standing) string {
		return fmt.Sprintf("score %.3f, 95 %% interval %.3f to %.3f", m.Score, m.CI.Lo, m.CI.Hi)
	}
	if len(r.Overall) == 1 {
		return said(fmt.Sprintf("%s reaches %.0f %% of the targets and solves %d of %d problems (%s).", best.Optimizer, 100*best.Reached, best.Solved, len(r.Problems), score(best)), r.sayTuning())
	}
	var others []string
	for _, m := range r.Overall[1:] {
		others = append(others, m.Optimizer)
	}
	over := only(r.Pairs, "", func(p Pair) string { return p.Problem })
	plain := func(x float64) string { return fmt.Sprintf("%.3f", x) }
	rest, shown := sayPairs(over, best.Optimizer, others, r.Setup.Seeds, plain, "")
	critical := inference.CriticalDifference(len(r.Overall), len(r.Problems))
	lead := fmt.Sprintf("No winner is shown over %d problems. The first rank is that of %s: %.2f of %d (%s).", len(r.Problems), best.Optimizer, best.Rank, len(r.Overall), score(best))
	if shown {
		lead = fmt.Sprintf("Over %d problems, %s is best: mean rank %.2f of %d (%s).", len(r.Problems), best.Optimizer, best.Rank, len(r.Overall), score(best))
	}
	out := append([]string{lead}, rest...)
	if near := r.within(critical); len(r.Problems) > 1 && len(near) > 0 {
		out = append(out, fmt.Sprintf("For other problems of the kind, ranks must differ by %.2f: %s cannot be told from it.", critical, list(near)))
	}
	if unstable := r.unstable(); len(unstable) > 0 {
		out = append(out, fmt.Sprintf("The first rank depends on the choice of problems: without %s it would be another's.", list(unstable)))
	} else if len(r.Problems) > 1 {
		out = append(out, "It keeps the first rank whichever problem is left out.")
	}
	return said(append(out, r.sayTuning())...)
}

// within returns the optimizers whose mean rank is less than the critical difference
// behind the first.
func (r *Results) within(critical float64) (out []string) {
	for _, m := range r.Overall[1:] {
		if m.Rank-r.Overall[0].Rank < critical {
			out = append(out, m.Optimizer)
		}
	}
	return out
}

// sayTuning says what trials change.
func (r *Results) sayTuning() string {
	if r.Setup.Trials == 0 {
		return ""
	}
	flips := r.flips()
	switch n := len(flips); {
	case n == 0 && len(r.Overall) > 1:
		return fmt.Sprintf("The order is the same from no trials to %d.", r.Setup.Trials)
	case n > 3:
		return fmt.Sprintf("The order depends on how much is tuned: %s; %d more pairs change places.", list(flips[:3]), n-3)
	case n > 0:
		return "The order depends on how much is tuned: " + list(flips) + "."
	}
	return ""
}
