package bench

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"descent/internal/elementary"
)

// A Track is how well an optimizer did with one way to choose its rate: the
// share of (problem, run, target) that it reached, and the area under that
// share over the logarithm of the budget, 1 if all were reached at once.
type Track struct {
	Reached float64 `json:"reached"`
	Area    float64 `json:"area"`
}

// A Standing is an optimizer's row in the table of all problems.
type Standing struct {
	Optimizer string `json:"optimizer"`
	// Tuned has the best rate for each problem, One the best single rate for
	// all, Default the optimizer's own; nil if it was not run.
	Tuned   Track   `json:"tuned"`
	One     *Track  `json:"one_rate"`
	OneRate float64 `json:"one_rate_lr"`
	Default *Track  `json:"default_rate"`
	// Solved is the number of problems whose last target was reached by every
	// run, with the best rate.
	Solved   int     `json:"solved"`
	Diverged float64 `json:"diverged"` // share of all runs
}

// suite says that the results are summed up over problems: there are several, or
// one with targets of its own.
func (r *Results) suite() bool {
	return len(r.Problems) > 1 || len(r.Problems) == 1 && r.Problems[0].Exact
}

// track measures some runs.
func track(runs ...*Outcome) (t Track) {
	n := 0.0
	for _, run := range runs {
		n += float64(len(run.Hits))
	}
	for _, run := range runs {
		for _, h := range run.Hits {
			if h > 0 {
				t.Reached += 1 / n
				t.Area += (1 - elementary.Log(float64(h))/elementary.Log(float64(max(run.Budget, 2)))) / n
			}
		}
	}
	return t
}

// cheapest returns the rate whose runs spend least on all targets.
func (p *pairing) cheapest() (lr float64) {
	spent := map[float64]int{}
	for _, run := range p.runs {
		for _, h := range run.Hits {
			if h == 0 {
				h = 2 * run.Budget
			}
			spent[run.LR] += h
		}
	}
	return slices.MinFunc(p.rates, func(a, b float64) int { return spent[a] - spent[b] })
}

// standing makes an optimizer's row of its pairings with all problems.
func standing(pairings []*pairing) Standing {
	var all, tuned []*Outcome
	byRate := map[float64][]*Outcome{}
	exact, diverged, failed := true, 0, map[string]bool{}
	for _, p := range pairings {
		exact, all = exact && p.info.Exact, append(all, p.runs...)
		for _, run := range p.runs {
			byRate[run.LR] = append(byRate[run.LR], run)
			if run.DivergedAt > 0 {
				diverged++
			}
			if run.LR == p.lr {
				tuned = append(tuned, run)
				failed[run.Problem] = failed[run.Problem] || run.Hits[len(run.Hits)-1] == 0
			}
		}
	}
	e := pairings[0].Entrant
	m := Standing{Optimizer: e.Label, Tuned: track(tuned...), Diverged: float64(diverged) / float64(len(all))}
	for _, missed := range failed {
		if !missed {
			m.Solved++
		}
	}
	if !exact { // not all rates have seen all problems
		return m
	}
	for _, lr := range slices.Sorted(maps.Keys(byRate)) {
		t := track(byRate[lr]...)
		if m.One == nil || t.Area > m.One.Area {
			m.One, m.OneRate = &t, lr
		}
		if lr == e.Default || e.Rate != nil || e.Method != nil {
			m.Default = &t
		}
	}
	return m
}

// tuned returns the runs of an optimizer at its best rate for each problem.
func (r *Results) tuned(optimizer string) (runs []*Outcome) {
	for i := range r.Problems {
		p := r.part(i)
		for k := range p.Optimizers {
			if o := &p.Optimizers[k]; o.Optimizer == optimizer {
				runs = append(runs, p.of(o)...)
			}
		}
	}
	return runs
}

// sum says in words what the table of all problems says.
func (r *Results) sum() []string {
	best := r.Overall[0]
	budget := fmt.Sprintf("%d gradient evaluations", r.Problems[0].Budget)
	if slices.ContainsFunc(r.Problems, func(p ProblemInfo) bool { return p.Budget != r.Problems[0].Budget }) {
		budget = "the problem's budget"
	}
	reaches := fmt.Sprintf("reaches %.0f %% of the targets within %s and solves %d of %d problems.",
		100*best.Tuned.Reached, budget, best.Solved, len(r.Problems))
	const tuned, fixed = "With the best learning rate for each problem, ", "With one learning rate for all problems"
	if len(r.Overall) == 1 && best.One != nil {
		return []string{tuned + best.Optimizer + " " + reaches, fmt.Sprintf("%s%s it reaches %.0f %%.", fixed, best.atRate(), 100*best.One.Reached)}
	}
	if len(r.Overall) == 1 {
		return []string{tuned + best.Optimizer + " " + reaches}
	}
	out := []string{tuned + best.Optimizer + " does best: it " + reaches}
	if unstable := r.unstable(); len(unstable) > 0 {
		out = append(out, fmt.Sprintf("That depends on the choice of problems: without %s it would not be the first.", list(unstable)))
	} else if len(r.Problems) > 1 {
		out = append(out, "It stays the first whichever problem is left out.")
	}
	if best.One == nil {
		return out
	}
	one := slices.MaxFunc(r.Overall, func(a, b Standing) int { return cmp.Compare(a.One.Area, b.One.Area) })
	return append(out, fmt.Sprintf("%s it is %s%s with %.0f %%.", fixed, one.Optimizer, one.atRate(), 100*one.One.Reached))
}

// atRate says which rate served all problems, if the optimizer has one.
func (m *Standing) atRate() string {
	if m.OneRate == 0 {
		return ","
	}
	return ", " + rateText(m.OneRate) + ","
}

// unstable returns the problems without which another optimizer would be first.
func (r *Results) unstable() (names []string) {
	best := make([][]*Outcome, len(r.Overall))
	for i, o := range r.Overall {
		best[i] = r.tuned(o.Optimizer)
	}
	for _, p := range r.Problems {
		area := func(runs []*Outcome) float64 {
			return track(slices.DeleteFunc(slices.Clone(runs), func(run *Outcome) bool { return run.Problem == p.Name })...).Area
		}
		first := area(best[0])
		if slices.ContainsFunc(best[1:], func(runs []*Outcome) bool { return area(runs) > first }) {
			names = append(names, p.Name)
		}
	}
	return names
}
