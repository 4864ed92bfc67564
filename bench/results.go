package bench

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"descent/internal/baseline"
	"descent/internal/numjson"
	"descent/internal/stats"
)

// Results are what a study found. Its JSON form is described in docs/bench.md.
type Results struct {
	Format  int    `json:"format"`
	Command string `json:"command"`
	Setup   Setup  `json:"setup"`
	// Verdict says in words what follows from the numbers.
	Verdict    []string  `json:"verdict"`
	Optimizers []Summary `json:"optimizers"` // best first
	Pairs      []Pair    `json:"pairs"`
	// Baselines are what a model has to beat; nil if rows have no targets.
	Baselines *Baselines `json:"baselines"`
	// Target is the validation loss that steps to target refer to: a quarter
	// above the lowest that an optimizer ends with, as the mean of its runs.
	Target float64 `json:"target_val_loss"`
	// Checkpoints are the steps after which runs were looked at.
	Checkpoints []int   `json:"checkpoints"`
	Runs        []Run   `json:"runs"`
	Trials      []Trial `json:"trials"`
	Checks      []Check `json:"checks"`
	Machine     Machine `json:"machine"`
	Timing      Timing  `json:"timing"`
}

const resultsFormat = 1

// Baselines are accuracies, or R2, on the test rows: of the most frequent class,
// or the mean; and of the solved linear model, see docs/bench.md.
type Baselines struct {
	Constant float64  `json:"constant"`
	Linear   *float64 `json:"linear"` // nil if it is too large
	scores   *baseline.Scores
}

// A Setup says what was compared on what.
type Setup struct {
	Data      string   `json:"data"`
	Model     string   `json:"model"`
	Loss      string   `json:"loss"`
	Score     string   `json:"score"` // "accuracy" or "R2"
	Train     int      `json:"train_rows"`
	Val       int      `json:"val_rows"`
	Test      int      `json:"test_rows"`
	Features  int      `json:"features"`
	Classes   int      `json:"classes"`
	Epochs    int      `json:"epochs"`
	Batch     int      `json:"batch"`
	Steps     int      `json:"steps"` // of each run
	Seed      uint64   `json:"seed"`
	Seeds     int      `json:"seeds"`
	TuneSeeds int      `json:"tune_seeds"`
	Schedule  string   `json:"schedule"`
	Dtype     string   `json:"dtype"`
	Notes     []string `json:"notes"`
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

// A Summary is an optimizer's row of the table.
type Summary struct {
	Optimizer string  `json:"optimizer"`
	LR        float64 `json:"lr"`
	Runs      int     `json:"runs"`
	Diverged  int     `json:"diverged"` // runs
	// Of the test rows, over the runs that ended; nil if none did, or the task
	// has no such score.
	Accuracy *Stat `json:"test_accuracy"`
	R2       *Stat `json:"test_r2"`
	Loss     *Stat `json:"test_loss"`
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

// describe returns results with what is known before any run.
func (s *Study) describe() *Results {
	score := "loss"
	if s.Task.Classes > 0 {
		score = "accuracy"
	}
	return &Results{Format: resultsFormat, Checkpoints: checkpoints(s.steps()), Machine: ThisMachine(),
		Setup: Setup{Data: s.Data, Model: s.Model, Loss: s.Loss, Score: score,
			Train: s.Parts.Train.Rows(), Val: s.Parts.Val.Rows(), Test: s.Parts.Test.Rows(),
			Features: s.Task.Features, Classes: s.Task.Classes, Epochs: s.Epochs, Batch: s.Batch, Steps: s.steps(),
			Seed: s.Seed, Seeds: s.Seeds, TuneSeeds: s.TuneSeeds, Schedule: s.Schedule.String(), Dtype: s.Dtype.String(), Notes: s.Notes}}
}

// byOptimizer returns the scored runs of one optimizer.
func (r *Results) byOptimizer(label string) []*Run {
	var out []*Run
	for i := range r.Runs {
		if r.Runs[i].Optimizer == label {
			out = append(out, &r.Runs[i])
		}
	}
	return out
}

// slack is how far above the lowest loss the target is.
const slack = 1.25

// setTarget finds the target, and when each run reached it. It is 0 if all
// runs diverged.
func (r *Results) setTarget() float64 {
	low := math.Inf(1)
	ends := map[string][]float64{}
	for _, run := range r.Runs {
		end := math.Inf(1)
		if run.DivergedAt == 0 {
			end = run.ValLoss[len(run.ValLoss)-1]
		}
		ends[run.Optimizer] = append(ends[run.Optimizer], end)
	}
	for _, e := range ends {
		low = min(low, stats.Mean(e))
	}
	if math.IsInf(low, 1) {
		return 0
	}
	target := slack * low
	if low < 0 { // some losses are
		target = low / slack
	}
	for i := range r.Runs {
		if at := slices.IndexFunc(r.Runs[i].ValLoss, func(l float64) bool { return l <= target }); at >= 0 {
			r.Runs[i].StepsToTarget = &r.Checkpoints[at]
		}
	}
	return target
}

// summarise makes the rows of the table, in the order of the entrants.
func (r *Results) summarise(s *Study, chosen []choice) []Summary {
	out := make([]Summary, len(s.Entrants))
	for i, e := range s.Entrants {
		m := Summary{Optimizer: e.Label, LR: chosen[i].lr, Default: e.Default}
		var accuracies, r2s, losses, steps, micros []float64
		for _, run := range r.byOptimizer(e.Label) {
			m.Runs++
			if run.StepsToTarget != nil {
				m.Reached++
				steps = append(steps, float64(*run.StepsToTarget))
			} else {
				steps = append(steps, math.Inf(1))
			}
			if run.DivergedAt > 0 {
				m.Diverged++
				continue
			}
			collect(&accuracies, run.TestAccuracy)
			collect(&r2s, run.TestR2)
			collect(&losses, run.TestLoss)
			micros = append(micros, run.MicrosPerStep)
		}
		m.Accuracy, m.R2, m.Loss = newStat(accuracies, s.Seed), newStat(r2s, s.Seed), newStat(losses, s.Seed)
		if x := stats.Median(steps); finite(x) {
			m.Steps = &x
		}
		if len(micros) > 0 {
			m.MicrosPerStep = stats.Median(micros)
		}
		m.aboutRates(chosen[i])
		out[i] = m
	}
	return out
}

func collect(to *[]float64, x *float64) {
	if x != nil {
		*to = append(*to, *x)
	}
}

// aboutRates fills in what the search for a rate found.
func (m *Summary) aboutRates(c choice) {
	m.Grid, m.AtEnd = c.points, c.atEnd
	b := best(c.points)
	if b < 0 || !(c.points[b].loss() > 0) { // a loss that can be negative has no factors
		return
	}
	m.Sensitivity = new(sensitivity(c.points, b))
	for _, p := range c.points {
		if p.LR == m.Default && p.ValLoss != nil {
			m.PriceOfDefault = new(*p.ValLoss / c.points[b].loss())
		}
	}
}

// byLoss says that optimizers are ranked by test loss, the lowest first, and
// not by accuracy.
func (r *Results) byLoss() bool { return r.Setup.Score == "loss" }

// score is what an optimizer is ranked by.
func (r *Results) score(o *Summary) *Stat {
	if r.byLoss() {
		return o.Loss
	}
	return o.Accuracy
}

// scoreOf is what a run adds to that, NaN if it diverged.
func (r *Results) scoreOf(run *Run) float64 {
	x := run.TestAccuracy
	if r.byLoss() {
		x = run.TestLoss
	}
	if x == nil {
		return math.NaN()
	}
	return *x
}

// rank sorts the table: the best mean score first, and of equals the one with
// the lower loss; those of which a run diverged come last.
func (r *Results) rank() {
	slices.SortStableFunc(r.Optimizers, func(a, b Summary) int {
		x, y := r.score(&a), r.score(&b)
		switch {
		case a.Diverged != b.Diverged:
			return a.Diverged - b.Diverged
		case x == nil || y == nil:
			return 0
		case x.Mean != y.Mean && !r.byLoss():
			return sign(y.Mean - x.Mean)
		}
		return sign(a.Loss.Mean - b.Loss.Mean)
	})
}

func sign(x float64) int {
	switch {
	case x < 0:
		return -1
	case x > 0:
		return 1
	}
	return 0
}

// Summary says how much work it was.
func (r *Results) Summary() string {
	return fmt.Sprintf("%d runs in %.1f s", len(r.Runs)+len(r.Trials), r.Timing.Seconds)
}

// WriteJSON writes the results.
func (r *Results) WriteJSON(w io.Writer) error {
	return numjson.Write(w, r, " ")
}

// maxResults is the largest file that Read takes.
const maxResults = 256 << 20

// Read reads results that WriteJSON has written.
func Read(path string) (*Results, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxResults))
	if err != nil {
		return nil, err
	}
	return parseResults(path, text)
}

// parseResults reads the text of a file of results.
func parseResults(path string, text []byte) (*Results, error) {
	var kind struct{ Suite string }
	if numjson.Unmarshal(text, &kind) == nil && kind.Suite != "" {
		return nil, fmt.Errorf("%s: results of the suite %s; only those of trainings can be compared", path, kind.Suite)
	}
	r := &Results{}
	if err := numjson.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: not the results of a benchmark: %w", path, err)
	}
	if r.Format != resultsFormat {
		return nil, fmt.Errorf("%s: results of format %d; this version reads format %d", path, r.Format, resultsFormat)
	}
	return r, r.check(path)
}

// check refuses what is no study.
func (r *Results) check(path string) error {
	what := ""
	switch s := &r.Setup; {
	case s.Data == "" || s.Model == "" || s.Loss == "" || s.Score == "":
		what = "what was compared"
	case len(r.Optimizers) == 0:
		what = "optimizers"
	case len(r.Runs) == 0:
		what = "runs"
	default:
		return nil
	}
	return fmt.Errorf("%s: not the results of a benchmark: %s is missing", path, what)
}
