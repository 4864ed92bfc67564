package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"descent/data"
	"descent/internal/atomicfile"
	"descent/internal/terminal"
	"descent/train"
	"descent/train/conformal"

	"github.com/spf13/pflag"
)

// An boundMethod is a way to learn how far predictions of new rows are from the truth.
type boundMethod struct {
	name  string
	rows  int // of training, up to which it is chosen
	parts func(rows int) int
	doc   string
}

// boundMethods are in the order in which they are chosen.
var boundMethods = []boundMethod{
	{"jackknife+", 100, func(rows int) int { return rows }, "a model without each row"},
	{"cv+", smallTable, func(rows int) int { return min(intervalParts, rows) }, "10 models, each without a tenth of the rows"},
	{"split", math.MaxInt, nil, "no other model: a tenth of the rows, up to 2000, is kept from the model itself"},
	{ensembleMethod, 0, nil, "4 models more of the same rows, with other seeds; rows are kept from all, as by `split`"},
}

const (
	intervalAuto  = "auto"
	intervalParts = 10
	intervalKept  = 2000 // rows that split keeps, at most
	measuredLevel = 90   // that train measures on the held-out rows, in percent
)

func intervalNames() (names []string) {
	for _, m := range boundMethods {
		names = append(names, m.name)
	}
	return names
}

// An intervals is what train does for intervals and sets: it learns what models get wrong
// on rows that they have not seen.
type intervals struct {
	asked  string // a method, or auto; "" is none
	method *boundMethod
	kept   *data.Dataset // rows that split keeps from the model
	groups int           // that rows are in, 0 if in none

	found     *savedInterval
	committee *train.Committee
}

// A savedInterval is what model.json keeps for intervals.
type savedInterval struct {
	Method string `json:"method"`
	missed
	// More is what others of several targets have in place of the first.
	More []missed `json:"more,omitempty"`
	// Models is the SHA-256 of the file with the other models' weights, "" where the errors
	// are those of the model itself.
	Models string `json:"models,omitempty"`
}

// A missed is what models got wrong of one target.
type missed struct {
	conformal.Held
	// Floor is what is added to how far models of an ensemble disagree: errors are in this
	// unit then.
	Floor float64 `json:"floor,omitempty"`
}

// of is what was missed of a target.
func (s *savedInterval) of(target int) *missed {
	if target == 0 {
		return &s.missed
	}
	return &s.More[target-1]
}

// collect takes errors by the target and row, whose models are given by the row.
func (s *savedInterval) collect(models int, model []int, errors [][]float64) {
	for j, e := range errors {
		s.of(j).Held = *conformal.Collect(models, model, e)
	}
}

// check reports what was not saved so, of so many targets.
func (s *savedInterval) check(targets int) error {
	if len(s.More) != targets-1 {
		return fmt.Errorf("intervals of %d targets, there are %d", len(s.More)+1, targets)
	}
	for j := range targets {
		m := s.of(j)
		switch alone := len(m.Scores) == 1; {
		case s.Models == "" && !alone, s.Method == ensembleMethod && !(alone && s.Models != ""), len(m.Scores) != len(s.Scores):
			return fmt.Errorf("an interval by %s of %d models, whose weights are %q", s.Method, len(m.Scores), s.Models)
		case !(m.Floor >= 0) || math.IsInf(m.Floor, 0):
			return fmt.Errorf("an interval whose floor is %v", m.Floor)
		}
		if err := m.Held.Check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *intervals) flags(f *pflag.FlagSet) {
	f.StringVar(&c.asked, "interval", "", about("interval", ": learns how far predictions are from it, for predict --interval 90, by what suits the rows, or --interval=METHOD: "+strings.Join(intervalNames(), ", ")))
	f.Lookup("interval").NoOptDefVal = intervalAuto
}

// check refuses a method that there is not.
func (c *intervals) check() error {
	if c.asked != "" && c.asked != intervalAuto && !slices.Contains(intervalNames(), c.asked) {
		return fmt.Errorf("--interval=%s: there are %s", c.asked, strings.Join(intervalNames(), ", "))
	}
	return nil
}

// begin chooses the method, and keeps the rows for it that the model is not to see. It
// refuses rows that are not exchangeable, of which no such interval is true.
func (c *intervals) begin(o *trainOptions, parts *data.Parts) error {
	if c.asked == "" {
		return nil
	}
	switch {
	case o.Model.Codes():
		return errors.New("--interval is for a target; an autoencoder has none")
	case o.labels():
		return errors.New("--interval is for numbers and classes; of a label its probability says how sure it is, which --calibrate makes that of other rows")
	case o.Weighted:
		return fmt.Errorf("--interval: rows with a --weight do not count the same, so that a share of them says nothing of a new one; leave --weight out")
	case parts.Latest > 0:
		return fmt.Errorf("--interval: rows are held out by time, and what models get wrong on earlier rows says little of later ones; --split random is for rows whose order does not matter, --window for a series, which has an interval of its own")
	case o.Classes > 0 && !o.GivesProbabilities():
		return fmt.Errorf("--interval: sets of classes need probabilities, and loss %s gives none", o.Loss)
	}
	n := parts.Train.Rows()
	at := slices.IndexFunc(boundMethods, func(m boundMethod) bool {
		return m.name == c.asked || c.asked == intervalAuto && n <= m.rows
	})
	c.method = &boundMethods[at]
	if parts.Group != nil {
		c.groups = slices.Max(parts.Group) + 1
	}
	if c.method.parts != nil {
		return enoughRows(n)
	}
	held, err := data.Deal(n, parts.Train.Class, parts.Group, max(intervalParts, n/intervalKept), o.seed)
	if err != nil {
		return fmt.Errorf("--interval=split: %w", err)
	}
	rest := others(n, held[0])
	c.kept, parts.Train = parts.Train.Subset(held[0]), parts.Train.Subset(rest)
	parts.From[0], parts.Group = some(parts.From[0], rest), some(parts.Group, rest)
	return enoughRows(c.kept.Rows())
}

// enoughRows refuses so few that they say nothing at the level that is measured.
func enoughRows(n int) error {
	if conformal.Rank(n, measuredLevel/100.) > n {
		return fmt.Errorf("--interval: %s can be predicted by models that have not seen them, and say nothing above %.3g %%", count(n, "row"), 100*conformal.Largest(n))
	}
	return nil
}

// some are the numbers at some places, nil of none.
func some(numbers, at []int) (out []int) {
	if numbers == nil {
		return nil
	}
	for _, i := range at {
		out = append(out, numbers[i])
	}
	return out
}

// others are the numbers below n that are not among rows, which ascend.
func others(n int, rows []int) (rest []int) {
	for i := range n {
		if _, is := slices.BinarySearch(rows, i); !is {
			rest = append(rest, i)
		}
	}
	return rest
}

// run learns from what models get wrong, and measures the result on the rows that are
// scored.
func (c *intervals) run(ctx context.Context, o *trainOptions, p *data.Parts, scored *data.Dataset, t *train.Trainer, w io.Writer) (*intervalReport, error) {
	began := time.Now()
	told := &intervalReport{Method: c.method.name, Groups: c.groups, Level: measuredLevel}
	found := &savedInterval{Method: c.method.name, More: make([]missed, o.numbers()-1)}
	if c.kept != nil {
		o.unitOf(c.kept)
	}
	var err error
	switch {
	case c.method.name == ensembleMethod:
		err = c.ensemble(ctx, o, p, t, found, told)
	case c.kept != nil:
		var e [][]float64
		if e, err = o.misses(t, c.kept); err == nil {
			found.collect(1, make([]int, c.kept.Rows()), e)
		}
	default:
		err = c.trainings(ctx, o, p, found, told, w)
	}
	if err != nil {
		return nil, err
	}
	told.Rows, told.seconds = found.Rows(), time.Since(began).Seconds()
	b := &bounder{setup: &o.setup, found: found, committee: c.committee, level: measuredLevel}
	if err := b.measure(t, scored, told); err != nil {
		return nil, err
	}
	c.found = found
	return told, nil
}

// trainings train the models that each leave a part of the rows out.
func (c *intervals) trainings(ctx context.Context, o *trainOptions, p *data.Parts, found *savedInterval, told *intervalReport, w io.Writer) error {
	d, k := p.Train, c.method.parts(p.Train.Rows())
	if c.groups > 0 {
		k = min(k, c.groups, intervalParts)
	}
	held, err := data.Deal(d.Rows(), d.Class, p.Group, k, o.seed)
	if err != nil {
		return fmt.Errorf("--interval: %w", err)
	}
	task, err := o.setup.task()
	if err != nil {
		return err
	}
	if c.committee, err = train.NewCommittee(task, dtypes[o.dtype], k); err != nil {
		return err
	}
	wrong, model, steps := make([][]float64, o.numbers()), make([]int, d.Rows()), make([]int, k)
	for j := range wrong {
		wrong[j] = make([]float64, d.Rows())
	}
	line, showing, done := terminal.NewLine(w), sync.Mutex{}, 0
	told.trainers = min(o.run.Workers, k)
	err = train.CrossValidate(ctx, k, o.run.Workers, func() (func(context.Context, int) error, error) {
		own := *o
		own.run.Workers = 1
		t, err := own.trainer()
		return func(ctx context.Context, i int) error {
			if err := own.reset(t, o.seed); err != nil {
				return err
			}
			if err := own.again(ctx, t, d.Subset(others(d.Rows(), held[i])), p.Val); err != nil {
				return err
			}
			e, err := own.misses(t, d.Subset(held[i]))
			if err != nil {
				return err
			}
			for at, row := range held[i] {
				model[row] = i
				for j := range wrong {
					wrong[j][row] = e[j][at]
				}
			}
			steps[i] = t.Steps()
			showing.Lock()
			defer showing.Unlock()
			done++
			line.Draw(float64(done)/float64(k), func() string { return fmt.Sprintf("%d/%d models for the interval", done, k) })
			return c.committee.Seat(i, t)
		}, err
	})
	line.Clear()
	if err != nil {
		return err
	}
	found.collect(k, model, wrong)
	told.Models = k
	for _, n := range steps {
		told.Steps += n
	}
	told.Steps /= k
	return nil
}

// numbers is how many targets have intervals or sets of their own.
func (s *setup) numbers() int {
	if s.Targets != nil {
		return len(s.Targets.Names)
	}
	return 1
}

// number is target j of a row's outputs, or truths, in its own unit.
func (s *setup) number(row []float64, j int) float64 {
	if s.Targets != nil {
		return s.Targets.number(row[j], j)
	}
	return s.Number(row)
}

// unitOf gives targets the unit of training.
func (s *setup) unitOf(d *data.Dataset) {
	switch {
	case s.Targets == nil:
		s.UnitOf(d)
	case !s.Targets.Labels:
		s.Targets.scale(d.Y)
	}
}

// misses are how far predictions of rows are from the truth, as [conformal.Held] has it, by
// the target and row.
func (o *trainOptions) misses(t *train.Trainer, d *data.Dataset) ([][]float64, error) {
	all := make([][]float64, o.numbers())
	if o.Classes == 0 {
		said, width, err := t.Predict(d)
		if err != nil {
			return nil, err
		}
		for i := range d.Rows() {
			for j := range all {
				all[j] = append(all[j], math.Abs(o.number(d.Y[i*len(all):], j)-o.number(said[i*width:], j)))
			}
		}
		return all, nil
	}
	x, err := t.Classes(d)
	if err != nil {
		return nil, err
	}
	for i, class := range x.Truth {
		all[0] = append(all[0], conformal.Miss(x.P[i*x.K:(i+1)*x.K], class))
	}
	return all, nil
}

// keep gives a model what was found.
func (c *intervals) keep(m *saved) (err error) {
	if m.Interval = c.found; c.found == nil || c.committee == nil {
		return nil
	}
	if m.members, err = c.committee.Encode(nil); err == nil {
		c.found.Models = atomicfile.Sum(m.members)
	}
	return err
}
