package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"descent/bench/inference"
	"descent/data"
	"descent/internal/baseline"
	"descent/internal/terminal"
	"descent/train"
	"descent/train/score"

	"github.com/spf13/pflag"
)

// folding is how often models are trained on other rows, to learn how much scores vary.
type folding struct {
	k, repeats int
	oof        string // file for what each row was predicted to be
}

// foldsRows is up to how many rows folds are the default, of tables that are trained
// fast. Tests change it.
var foldsRows = 2000

const (
	foldsRepeats = 4
	foldsDefault = 5
	fewGroups    = 20
	foldsSoon    = 6e8 // products of a weight and an input, in a training
)

func (f *folding) flags(flags *pflag.FlagSet) {
	flags.IntVar(&f.k, "folds", -1, "parts of all rows, each of which is predicted by a model of the others, for intervals of the scores; 0 is none (default 5, for tables of less than 2000 rows that are trained in some 50 ms)")
	flags.IntVar(&f.repeats, "repeats", foldsRepeats, "how often --folds divides the rows, each time anew; rows in the order of time are divided once")
	flags.StringVar(&f.oof, "oof", "", "file for what each row is predicted to be by the models of --folds that have not seen it, .csv")
	flags.Lookup("folds").DefValue = "0" // which help does not print
}

func (f *folding) check(o *trainOptions) error {
	switch {
	case f.k == 1 || f.k < -1 || f.k < 0 && o.given("folds"):
		return fmt.Errorf("--folds %d: at least 2 are needed; 0 is none", f.k)
	case f.repeats < 1:
		return fmt.Errorf("--repeats %d: at least 1 is needed", f.repeats)
	case o.Model.Codes() && (f.k > 0 || f.oof != "" || o.given("repeats")):
		return fmt.Errorf("--folds, --repeats and --oof are for a target; an autoencoder has none")
	case f.k == 0 && (o.given("repeats") || f.oof != ""):
		return fmt.Errorf("--repeats and --oof need --folds, such as --folds %d", foldsDefault)
	}
	return checkPicture("--oof", f.oof, ".csv")
}

// decide chooses whether there are folds, where nobody has said.
func (f *folding) decide(o *trainOptions, parts *data.Parts) {
	if f.k >= 0 {
		return
	}
	if f.k = 0; o.Model.Codes() || o.src.Table == nil || o.spilled != nil {
		return
	}
	rows := parts.Train.Rows() + parts.Val.Rows() + parts.Test.Rows()
	sum, err := o.summary()
	fast := err == nil && float64(sum.Products)*float64(parts.Train.Rows()*o.run.Epochs) <= foldsSoon && o.run.Method == nil
	if f.oof != "" || o.given("repeats") || rows < foldsRows && rows >= 4*foldsDefault && (fast || o.solves(parts.Train)) && !o.rateFlag.find && o.augment == nil {
		f.k = foldsDefault
	}
}

// A foldScore is what the folds say of a score.
type foldScore struct {
	Mean float64            `json:"mean"`
	CI   inference.Interval `json:"ci"` // 95 %, of models trained on that many rows
	Each []float64          `json:"each"`
}

// A foldDifference is how much better the model is than a baseline, by folds.
type foldDifference struct {
	Than  string             `json:"than"` // constant, linear, last
	Score string             `json:"score"`
	Mean  float64            `json:"mean"`
	CI    inference.Interval `json:"ci"`
}

// A foldReport is what train tells of folds.
type foldReport struct {
	Folds   int                  `json:"folds"`
	Repeats int                  `json:"repeats"`
	Trained int                  `json:"trained_on"` // rows, in the mean
	Method  string               `json:"method"`     // of the intervals
	Group   string               `json:"group,omitempty"`
	Groups  int                  `json:"groups,omitempty"` // how many there are
	Time    string               `json:"time,omitempty"`   // column whose order is kept
	Trials  int                  `json:"trials,omitempty"` // of a search within each fold
	Scores  map[string]foldScore `json:"scores"`
	Beats   []foldDifference     `json:"beats"`
}

// What intervals of folds are made by, and those of windows in the order of time.
const (
	intervalMethod = "corrected resampled t (Nadeau, Bengio 2003)"
	windowMethod   = "Student's t over windows"
)

// A foldRun is what came of a fold.
type foldRun struct {
	classes   *score.Classes
	numbers   *score.Numbers
	baselines *baseline.Scores
	several   *targetsHeld // of several targets, in place of these
}

// run trains on each division of the rows and scores what was held out.
func (f *folding) run(ctx context.Context, o *trainOptions, classes []string, w io.Writer) (*foldReport, error) {
	rows, runs, trained, err := f.train(ctx, o, w)
	if err != nil {
		return nil, err
	}
	f.calibrate(o, runs, rows.Time != "")
	if f.oof != "" {
		if err := f.write(rows, runs, classes); err != nil {
			return nil, err
		}
	}
	return f.report(o, rows, trained, runs), nil
}

// train trains on each division of the rows, and returns on how many.
func (f *folding) train(ctx context.Context, o *trainOptions, w io.Writer) (rows *data.Divisions, runs []foldRun, trained []int, err error) {
	if rows, err = f.divide(o, o.src); err != nil {
		return nil, nil, nil, err
	}
	runs = make([]foldRun, rows.Len())
	trained, err = f.over(ctx, o, rows, w, func() (func(context.Context, int, *data.Parts) error, error) {
		own, err := o.forFolds()
		return func(ctx context.Context, i int, p *data.Parts) (err error) {
			runs[i], err = own.fold(ctx, i, p)
			return err
		}, err
	})
	return rows, runs, trained, err
}

// divide divides the rows.
func (f *folding) divide(o *trainOptions, src *data.Source) (*data.Divisions, error) {
	prepare := o.prepareOptions(src)
	prepare.Fractions.Test = 0
	rows, err := src.Folds(o.target, prepare, data.Folds{K: f.k, Repeats: f.repeats})
	if err != nil {
		return nil, usage(o.inFlags(err))
	}
	return rows, nil
}

// over trains on each division by what start returns, for one goroutine each, and returns on
// how many rows.
func (f *folding) over(ctx context.Context, o *trainOptions, rows *data.Divisions, w io.Writer, start func() (func(context.Context, int, *data.Parts) error, error)) ([]int, error) {
	n := rows.Len()
	trained := make([]int, n)
	line := terminal.NewLine(w)
	defer line.Clear()
	var showing sync.Mutex
	done := 0
	return trained, train.CrossValidate(ctx, n, o.run.Workers, func() (func(context.Context, int) error, error) {
		fold, err := start()
		return func(ctx context.Context, i int) error {
			p, err := rows.Parts(i)
			if err != nil {
				return o.inFlags(err)
			}
			trained[i] = p.Train.Rows() + p.Val.Rows()
			err = fold(ctx, i, p)
			showing.Lock()
			defer showing.Unlock()
			done++
			line.Draw(float64(done)/float64(n), func() string { return fmt.Sprintf("%d/%d folds", done, n) })
			return err
		}, err
	})
}

// learned returns on how many rows models were trained, in the mean, how many times as many
// are held out, and by what method intervals allow for that.
func learned(rows *data.Divisions, trained []int) (mean int, share float64, method string) {
	held, all := 0, 0
	for i, n := range trained {
		held += len(rows.Held[i])
		all += n
	}
	mean = int(math.Round(float64(all) / float64(len(trained))))
	if rows.Time != "" { // windows hold out different rows, once
		return mean, 0, windowMethod
	}
	return mean, float64(held) / float64(all), intervalMethod
}

// A folder trains on divisions, one after the other.
type folder struct {
	trainOptions
	trainer *train.Trainer // nil where each division has one of its own
	net     string         // that it trains, in a search
	inputs  int            // that it takes
}

// inUnits gives targets the unit of the loss, by the rows for training.
func (o *trainOptions) inUnits(p *data.Parts, raw bool) error {
	if o.Targets == nil {
		return o.ScaleTarget(p, raw)
	}
	o.Targets, o.truth = o.Targets.inUnits(p)
	return nil
}

// forFolds returns what a goroutine needs for folds.
func (o *trainOptions) forFolds() (*folder, error) {
	own := &folder{trainOptions: *o}
	own.Calibration, own.run.Workers, own.run.OnBatch, own.run.OnEpoch = nil, 1, nil, nil
	if o.Raw || o.Mean != nil { // the target's unit, or the pictures', is part of the net
		return own, nil
	}
	t, err := own.trainOptions.trainer()
	own.trainer, own.inputs = t, own.Features
	return own, err
}

// fold trains on the rows of a division and predicts those that are held out. Its seed is
// that of the run and the number of the division.
func (own *folder) fold(ctx context.Context, i int, p *data.Parts) (r foldRun, err error) {
	if own.Mean != nil && own.origin.of == nil {
		own.Mean, own.Deviation = p.Train.ChannelScale()
	}
	own.Of(p.Train) // what came early may have other inputs, as of the months that there were
	if err := own.inUnits(p, own.Raw); err != nil {
		return r, err
	}
	t := own.trainer
	if t == nil || own.inputs != own.Features {
		if t, err = own.trainOptions.trainer(); err != nil {
			return r, err
		}
	}
	own.run.Seed = own.seed + uint64(i)
	if err := own.reset(t, own.run.Seed); err != nil {
		return r, err
	}
	if err := own.again(ctx, t, p.Train, p.Val); err != nil {
		return r, err
	}
	return own.predicted(ctx, t, p)
}

// predicted is what a trainer, and the baselines, make of the rows that a division holds
// out.
func (own *folder) predicted(ctx context.Context, t *train.Trainer, p *data.Parts) (r foldRun, err error) {
	if own.Targets != nil {
		r.several, err = own.heldTargets(ctx, t, p)
		return r, err
	}
	task, err := own.setup.task()
	if err != nil {
		return r, err
	}
	if r.baselines, err = baseline.Of(ctx, &task, p.Train, p.Test); err != nil {
		return r, err
	}
	if at := p.Latest; at > 0 {
		r.baselines.Last = baseline.LastValue(&task, p.Train, at-1, p.Test)
	}
	if own.Classes > 0 {
		r.classes, err = t.Classes(p.Test)
	} else {
		r.numbers, err = t.Numbers(p.Test)
	}
	return r, err
}

// calibrate corrects the probabilities of each fold, as those of the model are corrected.
func (f *folding) calibrate(o *trainOptions, runs []foldRun, inTime bool) {
	if o.Calibration == nil {
		return
	}
	raw := make([]*score.Classes, len(runs))
	for i := range runs {
		raw[i] = runs[i].classes
	}
	for i, c := range f.corrected(o, o.Calibration, raw, inTime) {
		runs[i].classes = c
	}
}

// corrected are the rows of folds, corrected as a calibration was made, by what the other
// folds of the repeat show; in the order of time, those before it.
func (f *folding) corrected(o *trainOptions, c *score.Calibration, raw []*score.Classes, inTime bool) []*score.Classes {
	all := slices.Clone(raw)
	for i := range raw {
		others := &score.Classes{K: raw[i].K}
		for j := i / f.k * f.k; j < min(len(raw), i/f.k*f.k+f.k); j++ {
			if j < i || j > i && !inTime {
				addRows(others, raw[j])
			}
		}
		if len(others.Truth) == 0 {
			continue
		}
		fitted, err := &score.Calibration{}, error(nil)
		if c.Method != "" {
			fitted, err = score.Calibrate(c.Method, others, o.ClassWeights)
		}
		if err != nil {
			continue // what the others show is too little: the fold stays as it is
		}
		if goal := o.calibration.goal; goal != nil {
			if threshold, err := goal.Choose(fitted.Applied(others)); err == nil {
				fitted.Aimed(*goal, threshold)
			}
		}
		all[i] = fitted.Applied(raw[i])
	}
	return all
}

// scores are those of a fold.
func (r *foldRun) scores(o *trainOptions) *train.Scores {
	if r.classes != nil {
		return train.Classified(r.classes, o.Metrics...)
	}
	return train.Regressed(r.numbers, o.Metrics...)
}

// report makes intervals of the scores.
func (f *folding) report(o *trainOptions, rows *data.Divisions, trained []int, runs []foldRun) *foldReport {
	r := &foldReport{Folds: f.k, Repeats: len(runs) / f.k, Group: o.group, Groups: rows.Groups, Time: rows.Time, Scores: map[string]foldScore{}}
	var share float64
	r.Trained, share, r.Method = learned(rows, trained)
	each := map[string][]float64{}
	var all []*train.Scores
	for i := range runs {
		s := runs[i].scores(o)
		all = append(all, s)
		for name, x := range s.Metrics {
			each[name] = append(each[name], x)
		}
	}
	for name, x := range each {
		mean, ci := inference.Resampled(x, share)
		r.Scores[name] = foldScore{mean, within(name, ci), x}
	}
	name := o.judgedBy(all[0])
	better := map[string][]float64{}
	for i, s := range all {
		b := runs[i].baselines
		for than, base := range map[string]*train.Scores{"constant": b.Constant, "linear": b.Linear, "last": b.Last} {
			if base != nil {
				better[than] = append(better[than], s.Metrics[name]-base.Metrics[name])
			}
		}
	}
	for _, than := range []string{"constant", "linear", "last"} {
		if d := better[than]; len(d) == len(all) && !(than == "linear" && o.Model.String() == "linear") {
			mean, ci := inference.Resampled(d, share)
			r.Beats = append(r.Beats, foldDifference{than, name, mean, ci})
		}
	}
	return r
}

// within keeps an interval where a score can be.
func within(name string, ci inference.Interval) inference.Interval {
	for _, m := range train.Metrics {
		switch {
		case m.Name != name:
		case m.Larger:
			ci.Hi = min(ci.Hi, 1)
		default:
			ci.Lo = max(ci.Lo, 0)
		}
	}
	return ci
}
