package bench

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"descent/bench/inference"
	"descent/bench/tuning"
	"descent/internal/numjson"
	"descent/internal/stats"
)

// Results are what a study found: flat tables, whose rows name their problem. All but
// what was run and measured is derived from it. The JSON form is described in
// docs/bench.md.
type Results struct {
	Format  int    `json:"format"`
	Command string `json:"command"`
	// Plan is what the study follows from, as whoever asked for it has written it down.
	Plan     any    `json:"plan"`
	Revision string `json:"revision"` // see [Revision]
	Setup    Setup  `json:"setup"`
	// Verdict says in words what follows from the numbers.
	Verdict    []string      `json:"verdict"`
	Problems   []ProblemInfo `json:"problems"`
	Overall    []Standing    `json:"overall"`    // of a suite: best first
	Optimizers []Summary     `json:"optimizers"` // problem by problem, best first
	Pairs      []Pair        `json:"pairs"`
	Runs       []*Outcome    `json:"runs"`
	Trials     []*Outcome    `json:"trials"`
	// Diagnoses are one for each optimizer on each problem, if they were asked for.
	Diagnoses []Diagnosis `json:"diagnoses,omitempty"`
	Checks    []Check     `json:"checks"`
	Measured  Measured    `json:"measured"`

	partial *Tally // of a study that is not finished, nil of one that is
}

const resultsFormat = 3

// A Setup says how thoroughly it was compared.
type Setup struct {
	Name   string  `json:"name"`
	Seed   uint64  `json:"seed"`
	Seeds  int     `json:"seeds"`
	Track  string  `json:"track"`
	Trials int     `json:"trials"` // beside the default, 0 if nothing was searched for
	Margin float64 `json:"margin"`
	// LeftOut are problems of the suite that could not take part, and why.
	LeftOut []string `json:"left_out,omitempty"`
	// Instructions is the instruction set that made the numbers: avx512, avx2, or
	// portable, whose results are the same bits everywhere.
	Instructions string `json:"instructions"`
}

// A Stat sums up the runs of an optimizer.
type Stat struct {
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	// CI is the 95 % interval of the mean (Student's), for other seeds and cases.
	CI inference.Interval `json:"ci"`
}

func newStat(x []float64) *Stat {
	if len(x) == 0 {
		return nil
	}
	mean, ci := inference.Mean(x)
	return &Stat{mean, stats.Median(x), slices.Min(x), slices.Max(x), ci}
}

// A Summary is an optimizer's row in the table of a problem.
type Summary struct {
	Problem   string  `json:"problem"`
	Optimizer string  `json:"optimizer"`
	Settings  string  `json:"settings"` // that were chosen, without the rate; "" are the optimizer's own
	LR        float64 `json:"lr"`       // 0 for a method, which has none
	Runs      int     `json:"runs"`
	Diverged  int     `json:"diverged"` // runs
	// Of the test rows, over the runs that ended; nil if none did, or the task
	// has no such score.
	Accuracy *Stat `json:"test_accuracy"`
	R2       *Stat `json:"test_r2"`
	Loss     *Stat `json:"test_loss"`
	// Scores are all scores of the test rows by name.
	Scores map[string]*Stat `json:"test_scores,omitempty"`
	// Area is the mean over the targets of a function of 1 - log(evaluations) /
	// log(budget), where a target that was not reached counts as 0.
	Area *Stat `json:"area"`
	// Steps is the median of the steps to the target over all runs, where
	// those that never reached it count as infinitely many; nil if that is the
	// median, or there is no target.
	Steps   *float64 `json:"steps_to_target"`
	Reached int      `json:"reached_target"` // runs

	// BestOf are the scores that k = 0, 1, … trials beside the default are expected to
	// find: the trial with the best validation score, scored on test rows. Empty if
	// nothing was searched for.
	BestOf      []float64    `json:"best_of"`
	Sensitivity *Sensitivity `json:"sensitivity"` // nil if not the rate alone was searched for
}

// results collects what was run, and derives the rest.
func (w *work) results() *Results {
	r := w.outline()
	for _, p := range w.pairings {
		if r.Runs, r.Trials = append(r.Runs, p.runs...), append(r.Trials, p.trials...); p.diagnosis != nil {
			r.Diagnoses = append(r.Diagnoses, *p.diagnosis)
		}
	}
	r.derive()
	return r
}

// outline is what is known before anything is run.
func (w *work) outline() *Results {
	r := &Results{Format: resultsFormat, Revision: Revision(), Setup: Setup{Name: w.Name, Seed: w.Seed, Seeds: w.Seeds, Track: w.Track, Margin: w.Margin, LeftOut: w.LeftOut, Instructions: w.instructions}}
	if w.track.Searches() {
		r.Setup.Trials = w.Trials
	}
	for i := range w.infos {
		info := w.infos[i]
		info.Budget = cmp.Or(w.Budget, info.Budget)
		if w.Schedule != nil {
			info.Schedule = w.Schedule.String()
		}
		if !info.function() {
			info.Checkpoints = Checkpoints(info.Budget)
		}
		r.Problems = append(r.Problems, info)
	}
	return r
}

// derive fills in what follows from problems, runs and trials, but for the verdict.
func (r *Results) derive() {
	r.Overall, r.Optimizers, r.Pairs = nil, nil, []Pair{}
	labels := r.labels()
	for i := range r.Problems {
		p := r.part(i)
		for _, label := range labels {
			p.Optimizers = append(p.Optimizers, p.summary(label))
		}
		p.rank()
		r.Optimizers = append(r.Optimizers, p.Optimizers...)
		r.Pairs = append(r.Pairs, p.compare(r.Setup.Margin)...)
	}
	if r.suite() {
		r.rank(labels)
	}
}

// labels are the optimizers in the order of their runs.
func (r *Results) labels() (out []string) {
	for _, o := range r.Runs {
		if !slices.Contains(out, o.Optimizer) {
			out = append(out, o.Optimizer)
		}
	}
	return out
}

// hit returns the evaluations after which a run reached the target that single
// figures are about, the middle one, 0 if it did not.
func (o *Outcome) hit() int {
	if len(o.Hits) == 0 {
		return 0
	}
	return o.Hits[len(o.Hits)/2]
}

// summary makes the row of an optimizer.
func (p *part) summary(label string) Summary {
	m := Summary{Problem: p.Name, Optimizer: label}
	var accuracies, r2s, losses, areas, steps []float64
	for _, run := range p.of(label) {
		m.Settings, m.LR = run.Settings, run.LR
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
		if run.Trained == nil {
			areas = append(areas, area(run))
			continue
		}
		collect(&accuracies, run.TestAccuracy)
		collect(&r2s, run.TestR2)
		collect(&losses, run.TestLoss)
	}
	m.Accuracy, m.R2, m.Loss, m.Area = newStat(accuracies), newStat(r2s), newStat(losses), newStat(areas)
	if m.Accuracy != nil {
		m.Accuracy.CI.Lo, m.Accuracy.CI.Hi = max(m.Accuracy.CI.Lo, 0), min(m.Accuracy.CI.Hi, 1)
	}
	if x := stats.Median(steps); finite(x) {
		m.Steps = &x
	}
	m.Scores = statsOf(p.of(label))
	trials := p.trialsOf(label)
	m.BestOf = p.bestOf(trials)
	if byRate := byRate(trials); !p.function() && len(byRate) > 1 {
		m.Sensitivity = sensitivity(byRate)
	}
	return m
}

// statsOf sums up all scores of runs.
func statsOf(runs []*Outcome) map[string]*Stat {
	all := map[string][]float64{}
	for _, run := range runs {
		if run.Trained == nil {
			continue
		}
		for name, x := range run.TestScores {
			if finite(x) {
				all[name] = append(all[name], x)
			}
		}
	}
	out := map[string]*Stat{}
	for name, x := range all {
		out[name] = newStat(x)
	}
	return out
}

func collect(to *[]float64, x *float64) {
	if x != nil && finite(*x) {
		*to = append(*to, *x)
	}
}

// bestOf returns the scores that smaller numbers of trials are expected to find.
func (p *ProblemInfo) bestOf(trials []*Outcome) (curve []float64) {
	if len(trials) == 0 {
		return nil
	}
	var scores []float64
	better := -1
	for i, k := range p.order(trials) {
		if k == 0 {
			better = i
			continue
		}
		scores = append(scores, p.scoreOrWorst(trials[k]))
	}
	for k := range trials {
		curve = append(curve, tuning.BestOf(k, scores, better, p.scoreOrWorst(trials[0])))
	}
	return curve
}

// scoreOrWorst is the score of a run, or the worst there can be if it diverged.
func (p *ProblemInfo) scoreOrWorst(o *Outcome) float64 {
	x := p.scoreOf(o)
	switch {
	case !math.IsNaN(x):
		return x
	case p.scoring().lower:
		return math.Inf(1)
	}
	return 0
}

// A part is what the results say of one problem.
type part struct {
	*ProblemInfo
	Setup      Setup
	Optimizers []Summary
	Pairs      []Pair
	Runs       []*Outcome
	Trials     []*Outcome
	Diagnoses  []Diagnosis
	Checks     []Check
	Measured   *Measured
}

// part returns what the results say of problem i.
func (r *Results) part(i int) *part {
	name := r.Problems[i].Name
	run := func(o *Outcome) string { return o.Problem }
	return &part{ProblemInfo: &r.Problems[i], Setup: r.Setup, Checks: r.Checks, Measured: &r.Measured,
		Optimizers: only(r.Optimizers, name, func(s Summary) string { return s.Problem }), Pairs: only(r.Pairs, name, func(p Pair) string { return p.Problem }),
		Runs: only(r.Runs, name, run), Trials: only(r.Trials, name, run), Diagnoses: only(r.Diagnoses, name, func(d Diagnosis) string { return d.Problem })}
}

// only returns the rows of a table that have a name.
func only[T any](rows []T, name string, of func(T) string) (out []T) {
	for _, row := range rows {
		if of(row) == name {
			out = append(out, row)
		}
	}
	return out
}

// of returns the runs of an optimizer, trialsOf its trials.
func (p *part) of(label string) []*Outcome {
	return only(p.Runs, label, func(o *Outcome) string { return o.Optimizer })
}

func (p *part) trialsOf(label string) []*Outcome {
	return only(p.Trials, label, func(o *Outcome) string { return o.Optimizer })
}

// A scoring is what optimizers are ranked by, and what settings are chosen by: the
// same, on other rows.
type scoring struct {
	of     func(*Summary) *Stat
	run    func(*Outcome) *float64 // nil if the run diverged
	chosen func(*Outcome) float64  // the score by which settings are chosen
	lower  bool                    // is better
	plain  func(x float64) string  // a score, or a difference, without its unit
	unit   string
	points string // unit of a difference
	beside string // the other score in the table
	margin float64
}

var scorings = map[string]scoring{
	"accuracy": {of: func(o *Summary) *Stat { return o.Accuracy }, run: func(o *Outcome) *float64 { return o.TestAccuracy },
		chosen: func(o *Outcome) float64 { return last(o.ValAccuracy) },
		plain:  func(x float64) string { return fmt.Sprintf("%.2f", 100*x) }, unit: " %", points: " points", beside: "loss", margin: 0.005},
	"loss": {of: func(o *Summary) *Stat { return o.Loss }, run: func(o *Outcome) *float64 { return o.TestLoss },
		chosen: (*Outcome).end, lower: true, plain: short, beside: "R²"},
	"area": {of: func(o *Summary) *Stat { return o.Area }, run: func(o *Outcome) *float64 { return new(area(o)) }, chosen: area,
		plain: func(x float64) string { return fmt.Sprintf("%.3f", x) }, margin: 0.01},
}

// last is the last point of a curve, NaN of none.
func last(curve []float64) float64 {
	if len(curve) == 0 {
		return math.NaN()
	}
	return curve[len(curve)-1]
}

// scoring is what ranks: a row of scorings, or a score by its name.
func (p *ProblemInfo) scoring() scoring {
	if s, ok := scorings[p.Score]; ok {
		return s
	}
	return scoring{of: func(o *Summary) *Stat { return o.Scores[p.Score] }, run: func(o *Outcome) *float64 {
		if x, ok := o.TestScores[p.Score]; ok && finite(x) {
			return &x
		}
		return nil
	}, chosen: func(o *Outcome) float64 { return last(o.ValScore) }, lower: p.Lower, plain: short, beside: "loss"}
}

// score is the score of an optimizer, nil if all its runs diverged.
func (p *ProblemInfo) score(o *Summary) *Stat { return p.scoring().of(o) }

// scoreOf is that of a run, NaN if it diverged.
func (p *ProblemInfo) scoreOf(run *Outcome) float64 {
	if x := p.scoring().run(run); x != nil {
		return *x
	}
	return math.NaN()
}

// merit is the score of a run, turned so that more is better; NaN if it diverged.
func (p *ProblemInfo) merit(run *Outcome) float64 {
	if p.scoring().lower {
		return -p.scoreOf(run)
	}
	return p.scoreOf(run)
}

// criterion is the merit by which settings are chosen.
func (p *ProblemInfo) criterion(o *Outcome) float64 {
	s := p.scoring()
	switch {
	case o.Trained != nil && (o.DivergedAt > 0 || len(o.ValLoss) == 0):
		return math.Inf(-1)
	case s.lower:
		return -s.chosen(o)
	}
	return s.chosen(o)
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
		case a.Diverged != b.Diverged && !p.function():
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
	return fmt.Sprintf("%d runs in %.1f s", len(r.Runs)+len(r.Trials), r.Measured.Seconds)
}

// WriteJSON writes the results.
func (r *Results) WriteJSON(w io.Writer) error {
	return numjson.Write(w, r, " ")
}
