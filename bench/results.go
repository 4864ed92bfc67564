package bench

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"descent/internal/numjson"
	"descent/internal/stats"
)

// Results are what a study found: flat tables, whose rows name their problem. The
// JSON form is described in docs/bench.md.
type Results struct {
	Format  int    `json:"format"`
	Command string `json:"command"`
	Setup   Setup  `json:"setup"`
	// Verdict says in words what follows from the numbers.
	Verdict    []string      `json:"verdict"`
	Problems   []ProblemInfo `json:"problems"`
	Overall    []Standing    `json:"overall"`    // of a suite: best first
	Optimizers []Summary     `json:"optimizers"` // problem by problem, best first
	Pairs      []Pair        `json:"pairs"`
	Runs       []*Outcome    `json:"runs"`
	Trials     []*Outcome    `json:"trials"`
	Checks     []Check       `json:"checks"`
	Machine    Machine       `json:"machine"`
	Timing     Timing        `json:"timing"`
}

const resultsFormat = 2

// A Setup says how thoroughly it was compared.
type Setup struct {
	Name      string `json:"name"`
	Seed      uint64 `json:"seed"`
	Seeds     int    `json:"seeds"`
	TuneSeeds int    `json:"tune_seeds"`
}

// Timing is what differs from one machine and one day to the next.
type Timing struct {
	Seconds float64 `json:"seconds"`
	Workers int     `json:"workers"`
}

// A Stat sums up the runs of an optimizer.
type Stat struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// CI is the 95 % percentile bootstrap interval of the mean over seeds. It
	// is too narrow for fewer than about ten seeds.
	CI Interval `json:"ci"`
}

func newStat(x []float64, seed uint64) *Stat {
	if len(x) == 0 {
		return nil
	}
	return &Stat{stats.Mean(x), stats.Median(x), slices.Min(x), slices.Max(x), bootstrap(x, stats.Mean, 0.95, seed)}
}

// A Summary is an optimizer's row in the table of a problem.
type Summary struct {
	Problem   string  `json:"problem"`
	Optimizer string  `json:"optimizer"`
	LR        float64 `json:"lr"` // 0 for a method, which has none
	Runs      int     `json:"runs"`
	Diverged  int     `json:"diverged"` // runs
	// Of the test rows, over the runs that ended; nil if none did, or the task
	// has no such score.
	Accuracy *Stat `json:"test_accuracy"`
	R2       *Stat `json:"test_r2"`
	Loss     *Stat `json:"test_loss"`
	// Area is the mean over the targets of a function of 1 - log(evaluations) /
	// log(budget), where a target that was not reached counts as 0.
	Area *Stat `json:"area"`
	// Steps is the median of the steps to the target over all runs, where
	// those that never reached it count as infinitely many; nil if that is the
	// median.
	Steps         *float64 `json:"steps_to_target"`
	Reached       int      `json:"reached_target"` // runs
	MicrosPerStep float64  `json:"us_per_step"`

	// About the choice of the learning rate; empty if it was given.
	Grid        []Point      `json:"grid"`
	AtEnd       bool         `json:"at_end_of_grid"`
	Sensitivity *Sensitivity `json:"sensitivity"`
	Default     float64      `json:"default_lr"`
	// PriceOfDefault is the validation loss at the default rate over that at
	// the best; nil if the default was not tried or diverged.
	PriceOfDefault *float64 `json:"price_of_default"`
}

// results sums up all runs.
func (w *work) results() *Results {
	r := &Results{Format: resultsFormat, Machine: ThisMachine(), Trials: w.trials, Pairs: []Pair{},
		Setup: Setup{Name: w.Name, Seed: w.Seed, Seeds: w.Seeds, TuneSeeds: w.TuneSeeds}}
	for i := range w.infos {
		info := &w.infos[i]
		info.Budget = cmp.Or(w.Budget, info.Budget)
		if w.Schedule != nil {
			info.Schedule = w.Schedule.String()
		}
		own := w.pairings[i*len(w.Entrants) : (i+1)*len(w.Entrants)]
		if !info.Exact {
			info.Checkpoints = Checkpoints(info.Budget)
			info.setTarget(own)
		}
		part := &part{ProblemInfo: info}
		for _, p := range own {
			r.Runs = append(r.Runs, p.runs...)
			part.Optimizers = append(part.Optimizers, p.summary(w.Seed))
		}
		part.rank()
		r.Problems = append(r.Problems, *info)
		r.Optimizers = append(r.Optimizers, part.Optimizers...)
		if !info.Exact {
			r.Pairs = append(r.Pairs, compare(own)...)
		}
	}
	if r.suite() {
		for k := range w.Entrants {
			var own []*pairing
			for i := k; i < len(w.pairings); i += len(w.Entrants) {
				own = append(own, w.pairings[i])
			}
			r.Overall = append(r.Overall, standing(own))
		}
		slices.SortStableFunc(r.Overall, func(a, b Standing) int { return cmp.Compare(b.Tuned.Area, a.Tuned.Area) })
	}
	for _, o := range r.Runs {
		if o.Trained != nil {
			o.Merits = nil
		}
	}
	return r
}

// slack is how far above the lowest loss the target is.
const slack = 1.25

// setTarget finds the target of a net, and when each run reached it. It is 0 if
// all runs diverged.
func (p *ProblemInfo) setTarget(pairings []*pairing) {
	low := math.Inf(1)
	for _, x := range pairings {
		var ends []float64
		for _, run := range x.runs {
			ends = append(ends, run.end())
		}
		low = min(low, stats.Mean(ends))
	}
	if math.IsInf(low, 1) {
		low = 0
	}
	p.Target = slack * low
	if low < 0 { // some losses are
		p.Target = low / slack
	}
	for _, x := range pairings {
		for _, run := range x.runs {
			run.Hits = []int{0}
			if at := slices.IndexFunc(run.ValLoss, func(l float64) bool { return l <= p.Target }); at >= 0 {
				run.Hits[0] = p.Checkpoints[at]
			}
		}
	}
}

// hit returns the evaluations after which a run reached the target that single
// figures are about, 0 if it did not.
func (o *Outcome) hit() int {
	if len(o.Hits) == 0 {
		return 0
	}
	return o.Hits[min(mainTarget, len(o.Hits)-1)]
}

// summary makes the row of the table.
func (p *pairing) summary(seed uint64) Summary {
	m := Summary{Problem: p.info.Name, Optimizer: p.Label, LR: p.lr, Default: p.Default}
	var accuracies, r2s, losses, areas, steps, micros []float64
	for _, run := range p.runs {
		if run.LR != p.lr { // on an exact problem
			continue
		}
		m.Runs++
		if k := run.hit(); k > 0 {
			m.Reached++
			steps = append(steps, float64(k))
		} else {
			steps = append(steps, math.Inf(1))
		}
		if run.DivergedAt > 0 {
			m.Diverged++
		}
		if p.info.Exact {
			areas = append(areas, track(run).Area)
		}
		if p.info.Exact || run.DivergedAt > 0 {
			continue
		}
		collect(&accuracies, run.TestAccuracy)
		collect(&r2s, run.TestR2)
		collect(&losses, run.TestLoss)
		micros = append(micros, run.MicrosPerStep)
	}
	m.Accuracy, m.R2, m.Loss, m.Area = newStat(accuracies, seed), newStat(r2s, seed), newStat(losses, seed), newStat(areas, seed)
	if x := stats.Median(steps); finite(x) {
		m.Steps = &x
	}
	if len(micros) > 0 {
		m.MicrosPerStep = stats.Median(micros)
	}
	m.aboutRates(p)
	return m
}

func collect(to *[]float64, x *float64) {
	if x != nil {
		*to = append(*to, *x)
	}
}

// aboutRates fills in what the search for a rate found.
func (m *Summary) aboutRates(p *pairing) {
	m.Grid, m.AtEnd = p.points, p.atEnd
	b := best(p.points)
	if b < 0 || !(p.points[b].loss() > 0) { // a loss that can be negative has no factors
		return
	}
	m.Sensitivity = new(sensitivity(p.points, b))
	for _, x := range p.points {
		if x.LR == m.Default && x.ValLoss != nil {
			m.PriceOfDefault = new(*x.ValLoss / p.points[b].loss())
		}
	}
}

// A part is what the results say of one problem.
type part struct {
	*ProblemInfo
	Seeds      int // of the setup
	TuneSeeds  int
	Optimizers []Summary
	Pairs      []Pair
	Runs       []*Outcome
	Checks     []Check
	Trials     int // runs that chose rates
}

// part returns what the results say of problem i.
func (r *Results) part(i int) *part {
	name := r.Problems[i].Name
	run := func(o *Outcome) string { return o.Problem }
	return &part{ProblemInfo: &r.Problems[i], Seeds: r.Setup.Seeds, TuneSeeds: r.Setup.TuneSeeds, Checks: r.Checks,
		Optimizers: only(r.Optimizers, name, func(s Summary) string { return s.Problem }), Pairs: only(r.Pairs, name, func(p Pair) string { return p.Problem }),
		Runs: only(r.Runs, name, run), Trials: len(only(r.Trials, name, run))}
}

// only returns the rows of a table that are about a problem.
func only[T any](rows []T, problem string, of func(T) string) (out []T) {
	for _, row := range rows {
		if of(row) == problem {
			out = append(out, row)
		}
	}
	return out
}

// of returns the runs of an optimizer at its rate.
func (p *part) of(o *Summary) (runs []*Outcome) {
	for _, run := range p.Runs {
		if run.Optimizer == o.Optimizer && run.LR == o.LR {
			runs = append(runs, run)
		}
	}
	return runs
}

// A scoring is what optimizers are ranked by.
type scoring struct {
	of     func(*Summary) *Stat
	run    func(*Outcome) *float64 // nil if the run diverged
	lower  bool                    // is better
	plain  func(x float64) string  // a score, or a difference, without its unit
	unit   string
	points string // unit of a difference
	beside string // the other score in the table
}

var scorings = map[string]scoring{
	"accuracy": {of: func(o *Summary) *Stat { return o.Accuracy }, run: func(o *Outcome) *float64 { return o.TestAccuracy },
		plain: func(x float64) string { return fmt.Sprintf("%.2f", 100*x) }, unit: " %", points: " points", beside: "loss"},
	"loss": {of: func(o *Summary) *Stat { return o.Loss }, run: func(o *Outcome) *float64 { return o.TestLoss }, lower: true, plain: short, beside: "R²"},
	"area": {of: func(o *Summary) *Stat { return o.Area }, run: func(o *Outcome) *float64 { return new(track(o).Area) },
		plain: func(x float64) string { return fmt.Sprintf("%.3f", x) }},
}

func (p *ProblemInfo) scoring() scoring { return scorings[p.Score] }

// score is the score of an optimizer, nil if all its runs diverged.
func (p *ProblemInfo) score(o *Summary) *Stat { return p.scoring().of(o) }

// scoreOf is that of a run, NaN if it diverged.
func (p *ProblemInfo) scoreOf(run *Outcome) float64 {
	if x := p.scoring().run(run); x != nil {
		return *x
	}
	return math.NaN()
}

// plain formats a score or a difference of scores, format a score with its unit.
func (p *ProblemInfo) plain(x float64) string  { return p.scoring().plain(x) }
func (p *ProblemInfo) format(x float64) string { return p.plain(x) + p.scoring().unit }

// rank sorts the table: the best mean score first, and of equals the one with
// the lower loss; those of which a run diverged come last.
func (p *part) rank() {
	slices.SortStableFunc(p.Optimizers, func(a, b Summary) int {
		x, y := p.score(&a), p.score(&b)
		switch {
		case a.Diverged != b.Diverged:
			return a.Diverged - b.Diverged
		case x == nil || y == nil:
			return 0
		case x.Mean != y.Mean && !p.scoring().lower:
			return cmp.Compare(y.Mean, x.Mean)
		case a.Loss == nil || b.Loss == nil:
			return 0
		}
		return cmp.Compare(a.Loss.Mean, b.Loss.Mean)
	})
}

// Summary says how much work it was.
func (r *Results) Summary() string {
	return fmt.Sprintf("%d runs in %.1f s", len(r.Runs)+len(r.Trials), r.Timing.Seconds)
}

// WriteJSON writes the results.
func (r *Results) WriteJSON(w io.Writer) error {
	return numjson.Write(w, r, " ")
}
