package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"descent/internal/elementary"
	"descent/internal/page"

	"descent/internal/numjson"
)

// SuiteResults are what a suite found.
type SuiteResults struct {
	Format     int            `json:"format"`
	Suite      string         `json:"suite"`
	Command    string         `json:"command"`
	Budget     int            `json:"budget"` // gradient evaluations
	Starts     int            `json:"starts"`
	Seed       uint64         `json:"seed"`
	Targets    []float64      `json:"targets"`
	Verdict    []string       `json:"verdict"`
	Optimizers []SuiteSummary `json:"optimizers"` // best first
	Problems   []ProblemInfo  `json:"problems"`
	Runs       []SuiteRun     `json:"runs"`
	Machine    Machine        `json:"machine"`
	Timing     Timing         `json:"timing"`
}

// ProblemInfo describes a problem of a suite.
type ProblemInfo struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Dim   int    `json:"dim"`
}

// A Track is how well an optimizer did with one way to choose its rate: the
// share of (problem, start, target) that it reached, and the area under that
// share over the logarithm of the budget, 1 if all were reached at once.
type Track struct {
	Reached float64 `json:"reached"`
	Area    float64 `json:"area"`
}

// A SuiteSummary is an optimizer's row of the table.
type SuiteSummary struct {
	Optimizer string `json:"optimizer"`
	// Tuned has the best rate for each problem, One the best single rate for
	// all, Default the optimizer's own.
	Tuned   Track   `json:"tuned"`
	One     Track   `json:"one_rate"`
	OneRate float64 `json:"one_rate_lr"`
	Default *Track  `json:"default_rate"` // nil if it was not run
	// Solved is the number of problems whose last target was reached from every
	// start, with the best rate.
	Solved   int     `json:"solved"`
	Diverged float64 `json:"diverged"` // share of all runs

	best []SuiteRun // at the best rate for each problem
}

// summarise makes the table and the verdict.
func (r *SuiteResults) summarise(s *Suite) {
	for _, e := range s.Entrants {
		m := SuiteSummary{Optimizer: e.Label}
		byRate := map[float64][]SuiteRun{}
		diverged, n := 0, 0
		for _, run := range r.Runs {
			if run.Optimizer == e.Label {
				byRate[run.LR] = append(byRate[run.LR], run)
				if n++; run.DivergedAt > 0 {
					diverged++
				}
			}
		}
		m.Diverged = float64(diverged) / float64(n)
		rates := s.rates(e)
		for _, p := range s.Problems {
			m.best = append(m.best, r.bestRuns(byRate, rates, p.Name)...)
		}
		m.Tuned = r.track(m.best)
		for _, lr := range rates {
			t := r.track(byRate[lr])
			if t.Area > m.One.Area || m.OneRate == 0 {
				m.One, m.OneRate = t, lr
			}
			if lr == e.Default || e.Rate != nil || e.Method != nil {
				m.Default = &t
			}
		}
		m.Solved = r.solved(m.best)
		r.Optimizers = append(r.Optimizers, m)
	}
	slices.SortStableFunc(r.Optimizers, func(a, b SuiteSummary) int { return sign(b.Tuned.Area - a.Tuned.Area) })
	r.Verdict = r.verdict()
}

// bestRuns returns an optimizer's runs on a problem with the rate that spends
// least on all targets, over all starts.
func (r *SuiteResults) bestRuns(byRate map[float64][]SuiteRun, rates []float64, problem string) (best []SuiteRun) {
	least := math.MaxInt
	for _, lr := range rates {
		var runs []SuiteRun
		spent := 0
		for _, run := range byRate[lr] {
			if run.Problem == problem {
				runs, spent = append(runs, run), spent+run.spent(r.Budget)
			}
		}
		if spent < least {
			best, least = runs, spent
		}
	}
	return best
}

// track measures some runs.
func (r *SuiteResults) track(runs []SuiteRun) (t Track) {
	n := float64(len(runs) * len(r.Targets))
	for _, run := range runs {
		for _, h := range run.Hits {
			if h > 0 {
				t.Reached += 1 / n
				t.Area += (1 - elementary.Log(float64(h))/elementary.Log(float64(r.Budget))) / n
			}
		}
	}
	return t
}

// solved counts the problems of which every run reached the last target.
func (r *SuiteResults) solved(runs []SuiteRun) (n int) {
	failed := map[string]bool{}
	for _, run := range runs {
		if run.Hits[len(run.Hits)-1] == 0 {
			failed[run.Problem] = true
		}
	}
	return len(r.Problems) - len(failed)
}

func (r *SuiteResults) verdict() []string {
	best := r.Optimizers[0]
	reaches := fmt.Sprintf("reaches %.0f %% of the targets within %d gradient evaluations and solves %d of %d problems.",
		100*best.Tuned.Reached, r.Budget, best.Solved, len(r.Problems))
	const tuned, fixed = "With the best learning rate for each problem, ", "With one learning rate for all problems"
	if len(r.Optimizers) == 1 {
		return []string{tuned + best.Optimizer + " " + reaches,
			fmt.Sprintf("%s%s it reaches %.0f %%.", fixed, best.atRate(), 100*best.One.Reached)}
	}
	out := []string{tuned + best.Optimizer + " does best: it " + reaches}
	if unstable := r.unstable(); len(unstable) > 0 {
		out = append(out, fmt.Sprintf("That depends on the choice of problems: without %s it would not be the first.", list(unstable)))
	} else if len(r.Problems) > 1 {
		out = append(out, "It stays the first whichever problem is left out.")
	}
	one := slices.MaxFunc(r.Optimizers, func(a, b SuiteSummary) int { return sign(a.One.Area - b.One.Area) })
	return append(out, fmt.Sprintf("%s it is %s%s with %.0f %%.", fixed, one.Optimizer, one.atRate(), 100*one.One.Reached))
}

// atRate says which rate served all problems, if the optimizer has one.
func (m *SuiteSummary) atRate() string {
	if m.OneRate == 0 {
		return ","
	}
	return ", " + rateText(m.OneRate) + ","
}

// unstable returns the problems without which another optimizer would be first.
func (r *SuiteResults) unstable() (names []string) {
	for _, p := range r.Problems {
		area := func(s SuiteSummary) float64 {
			kept := slices.DeleteFunc(slices.Clone(s.best), func(run SuiteRun) bool { return run.Problem == p.Name })
			return r.track(kept).Area
		}
		for _, o := range r.Optimizers[1:] {
			if area(o) > area(r.Optimizers[0]) {
				names = append(names, p.Name)
				break
			}
		}
	}
	return names
}

// WriteJSON writes the results.
func (r *SuiteResults) WriteJSON(w io.Writer) error {
	return numjson.Write(w, r, " ")
}

// WriteTable writes the table and the verdict as text for a terminal.
func (r *SuiteResults) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "optimizer\tsolved\ttargets reached\tscore\tat one rate\tlr\tat its default\tdiverged")
	for _, m := range r.Optimizers {
		c := r.cells(m)
		fmt.Fprintln(t, strings.ReplaceAll(page.Plain(m.Optimizer), "\n", " ")+"\t"+strings.Join(c, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, s := range r.Verdict {
		if _, err := fmt.Fprintln(w, wrap(page.Plain(s), 100)); err != nil {
			return err
		}
	}
	return nil
}

// cells formats a row of the table, but for the name.
func (r *SuiteResults) cells(m SuiteSummary) []string {
	percent := func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
	byDefault := none
	if m.Default != nil {
		byDefault = percent(m.Default.Reached)
	}
	rate := none
	if m.OneRate > 0 {
		rate = rateText(m.OneRate)
	}
	return []string{fmt.Sprintf("%d of %d", m.Solved, len(r.Problems)), percent(m.Tuned.Reached), fmt.Sprintf("%.3f", m.Tuned.Area),
		percent(m.One.Reached), rate, byDefault, percent(m.Diverged)}
}

// Summary says how much work it was.
func (r *SuiteResults) Summary() string {
	return fmt.Sprintf("%d runs in %.1f s", len(r.Runs), r.Timing.Seconds)
}
